//! The runs and experiments of this browser: the list of cards, the store behind it, and the last few opened ones.

use std::collections::VecDeque;
use std::rc::Rc;
use std::sync::Arc;

use leptos::prelude::*;

use super::item::Item;
use super::worker_client::{Analysis, Asked, Heard};
use crate::browser::store::{Store, StoreError};
use crate::markup::RwSignal;
use crate::present::library::{Card, nearest, sort};
use crate::protocol::{Opened, OpenedExperiment};
use crate::run::contrast::{Contrast, same_setting, setting_key};
use crate::run::rename::rename;
use crate::run::view::Measure;

/// How many opened runs stay in memory: a comparison of twelve, its control, and the run before it. Fewer, and a
/// comparison would read every run of it anew.
const KEEP: usize = 14;

/// The library as the page sees it.
#[derive(Clone, Copy)]
pub struct Runs {
    /// The cards, newest first; `None` until they were read.
    pub cards: RwSignal<Option<Vec<Card>>>,
    /// Why nothing is kept, where it isn't.
    pub trouble: RwSignal<Option<String>>,
    inner: StoredValue<Inner, LocalStorage>,
}

#[derive(Default)]
struct Inner {
    store: Option<Rc<Store>>,
    analysis: Analysis,
    /// Newest use last.
    opened: VecDeque<Item>,
    /// Runs that the store could not keep: they stay in memory until the page closes.
    unkept: Vec<Item>,
    /// The last contrasts, with the runs each is of.
    contrasts: VecDeque<(Vec<String>, Arc<Contrast>)>,
}

/// A deleted run, to bring it back.
#[derive(Clone)]
pub struct Deleted {
    card: Card,
    json: String,
}

impl Runs {
    /// Nothing read yet.
    pub fn new() -> Runs {
        Runs {
            cards: RwSignal::new(None),
            trouble: RwSignal::new(None),
            inner: StoredValue::new_local(Inner::default()),
        }
    }

    async fn store(self) -> Result<Rc<Store>, StoreError> {
        if let Some(store) = self.inner.with_value(|inner| inner.store.clone()) {
            return Ok(store);
        }
        let store = Rc::new(Store::open().await?);
        self.inner.update_value(|inner| inner.store = Some(store.clone()));
        Ok(store)
    }

    /// Reads the cards. Cards of an older fwit are made anew from their runs.
    pub async fn refresh(self) {
        let mut cards = match self.stored().await {
            Ok(cards) => {
                self.trouble.set(None);
                cards
            }
            Err(error) => {
                self.trouble.set(Some(error.to_string()));
                Vec::new()
            }
        };
        self.inner.with_value(|inner| {
            cards.extend(inner.unkept.iter().map(Item::card));
        });
        sort(&mut cards);
        self.cards.set(Some(cards));
    }

    async fn stored(self) -> Result<Vec<Card>, StoreError> {
        let store = self.store().await?;
        let mut cards = Vec::new();
        for (id, text) in store.cards().await? {
            if let Some(card) = Card::read(&text) {
                cards.push(card);
            } else if let Some(json) = store.run(&id).await?
                && let Ok(opened) = self.read(&id, json.into_bytes()).await
            {
                let card = opened.card();
                store.put(&id, opened.json(), &card.to_json()).await?;
                cards.push(card);
            }
        }
        Ok(cards)
    }

    /// Keeps a run. Where the store can't, it stays in memory until the page closes.
    ///
    /// # Errors
    /// Why the store could not keep it.
    pub async fn add(self, item: Item) -> Result<(), StoreError> {
        self.remember(item.clone());
        let card = item.card();
        let kept = match self.store().await {
            Ok(store) => store.put(&card.id, item.json(), &card.to_json()).await,
            Err(error) => Err(error),
        };
        self.inner.update_value(|inner| {
            inner.unkept.retain(|other| other.id() != card.id);
            if kept.is_err() {
                inner.unkept.push(item);
            }
        });
        self.refresh().await;
        kept
    }

    /// Waits until the cards were read.
    pub async fn ready(self) {
        if self.cards.with_untracked(Option::is_none) {
            self.refresh().await;
        }
    }

    /// Whether a run of this id is kept, in the store or in memory.
    pub fn has(self, id: &str) -> bool {
        let card = self.cards.with_untracked(|cards| cards.iter().flatten().any(|card| card.id == id));
        card || self.inner.with_value(|inner| inner.unkept.iter().any(|item| item.id() == id))
    }

    /// Reads a file in the worker.
    ///
    /// # Errors
    /// What is wrong with it.
    pub async fn read(self, name: &str, bytes: Vec<u8>) -> Result<Item, String> {
        let analysis = self.inner.with_value(|inner| inner.analysis.clone());
        analysis.open(name, bytes).await
    }

    /// Makes intervals of separate runs in the worker, or remembers them; see [`Analysis::contrast`].
    ///
    /// # Errors
    /// Where there is no worker.
    pub fn contrast(
        self,
        runs: Vec<Arc<Opened>>,
        measure: Measure,
        hear: impl Fn(Heard) + 'static,
    ) -> Result<Asked, String> {
        let ids: Vec<String> = runs.iter().map(|run| run.view.id.clone()).collect();
        let (analysis, known) = self.inner.with_value(|inner| {
            let known = inner.contrasts.iter().find(|(of, c)| *of == ids && c.measure == measure);
            (inner.analysis.clone(), known.map(|(_, c)| c.clone()))
        });
        if let Some(known) = known {
            hear(Heard::Known(known, true));
            return Ok(analysis.nothing());
        }
        analysis.contrast(runs, measure, move |heard| {
            if let Heard::Known(contrast, true) = &heard {
                self.inner.try_update_value(|inner| {
                    inner.contrasts.push_back((ids.clone(), contrast.clone()));
                    if inner.contrasts.len() > KEEP {
                        inner.contrasts.pop_front();
                    }
                });
            }
            hear(heard);
        })
    }

    /// The same, awaited to its end.
    ///
    /// # Errors
    /// Where there is no worker, or a run can't be read.
    pub async fn contrasted(self, runs: Vec<Arc<Opened>>, measure: Measure) -> Result<Arc<Contrast>, String> {
        let (send, receive) = futures_channel::oneshot::channel();
        let send = std::cell::RefCell::new(Some(send));
        let _asked = self.contrast(runs, measure, move |heard| {
            let answer = match heard {
                Heard::Known(contrast, true) => Ok(contrast),
                Heard::Failed(error) => Err(error),
                Heard::Known(..) | Heard::Progress(_) => return,
            };
            if let Some(send) = send.borrow_mut().take() {
                // Whoever asked may have gone.
                let _ = send.send(answer);
            }
        })?;
        receive.await.unwrap_or_else(|_| Err("The worker that compares runs stopped. Try again.".into()))
    }

    /// A run of the library with the setting of the first of these and none of them: it tells what that setting
    /// moves by itself.
    pub async fn control(self, runs: &[Arc<Opened>]) -> Option<Arc<Opened>> {
        let first = &runs.first()?.view;
        self.ready().await;
        let key = setting_key(&first.plan_json);
        let others: Vec<&str> = runs.iter().map(|r| r.view.id.as_str()).collect();
        let id =
            self.cards.with_untracked(|cards| nearest(cards.as_deref()?, key, &others, &first.started_at))?;
        let run = self.open(&id).await.ok()?;
        same_setting(&first.plan_json, &run.view.plan_json).then_some(run)
    }

    /// A run of the library, opened.
    ///
    /// # Errors
    /// Where there is none of this id, or it can't be read.
    pub async fn open(self, id: &str) -> Result<Arc<Opened>, String> {
        match self.item(id).await? {
            Item::Run(run) => Ok(run),
            Item::Experiment(_) => Err(format!("“{id}” is an experiment, not a run.")),
        }
    }

    /// An experiment of the library, opened.
    ///
    /// # Errors
    /// As [`Runs::open`].
    pub async fn open_experiment(self, id: &str) -> Result<Arc<OpenedExperiment>, String> {
        match self.item(id).await? {
            Item::Experiment(experiment) => Ok(experiment),
            Item::Run(_) => Err(format!("“{id}” is a run, not an experiment.")),
        }
    }

    /// A run or an experiment of the library, opened.
    ///
    /// # Errors
    /// As [`Runs::open`].
    pub async fn item(self, id: &str) -> Result<Item, String> {
        let item = match self.in_memory(id) {
            Some(item) => item,
            None => {
                let json = self.json(id).await?;
                self.read(id, json.into_bytes()).await?
            }
        };
        self.remember(item.clone());
        Ok(item)
    }

    async fn json(self, id: &str) -> Result<String, String> {
        if let Some(item) = self.in_memory(id) {
            return Ok(item.json().to_string());
        }
        let missing = || {
            format!(
                "This browser has no run “{id}”. Runs stay in the browser that made or opened them: open its file here."
            )
        };
        let store = self.store().await.map_err(|error| error.to_string())?;
        store.run(id).await.map_err(|error| error.to_string())?.ok_or_else(missing)
    }

    /// Gives a run another name.
    ///
    /// # Errors
    /// Where it can't be read or kept.
    pub async fn rename(self, id: &str, name: &str) -> Result<Arc<Opened>, String> {
        let run = self.open(id).await?;
        let json = rename(&run.json, name).ok_or("The run's file has no name to change.")?;
        let mut view = run.view.clone();
        view.name = name.to_string();
        let run = Arc::new(Opened { json, view });
        self.add(Item::Run(run.clone())).await.map_err(|error| error.to_string())?;
        Ok(run)
    }

    /// Removes a run; what comes back brings it back.
    ///
    /// # Errors
    /// Where the store fails.
    pub async fn delete(self, card: &Card) -> Result<Deleted, String> {
        let json = self.json(&card.id).await?;
        if let Ok(store) = self.store().await {
            store.delete(&card.id).await.map_err(|error| error.to_string())?;
        }
        self.inner.update_value(|inner| {
            inner.unkept.retain(|item| item.id() != card.id);
            inner.opened.retain(|item| item.id() != card.id);
        });
        self.refresh().await;
        Ok(Deleted { card: card.clone(), json })
    }

    /// Brings a deleted run back.
    ///
    /// # Errors
    /// Where the store fails.
    pub async fn restore(self, deleted: Deleted) -> Result<(), String> {
        // As any other run: where the browser keeps nothing, it stays in memory.
        let item = self.read(&deleted.card.id, deleted.json.into_bytes()).await?;
        self.add(item).await.map_err(|error| error.to_string())
    }

    fn in_memory(self, id: &str) -> Option<Item> {
        self.inner.with_value(|inner| {
            inner.opened.iter().chain(&inner.unkept).find(|item| item.id() == id).cloned()
        })
    }

    fn remember(self, item: Item) {
        self.inner.update_value(|inner| {
            inner.opened.retain(|other| other.id() != item.id());
            inner.opened.push_back(item);
            if inner.opened.len() > KEEP {
                inner.opened.pop_front();
            }
        });
    }
}
