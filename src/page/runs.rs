//! The runs and experiments of this browser: the list of cards, the store behind it, and the last few opened ones.

use std::collections::VecDeque;
use std::rc::Rc;
use std::sync::Arc;

use leptos::prelude::*;

use super::worker_client::Analysis;
use crate::browser::store::{Store, StoreError};
use crate::present::library::{Card, sort};
use crate::protocol::{Opened, OpenedExperiment};
use crate::route::Route;
use crate::run::rename::rename;

/// How many opened runs stay in memory.
const KEEP: usize = 6;

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
}

/// What the library holds.
#[derive(Clone)]
pub enum Item {
    /// A run.
    Run(Arc<Opened>),
    /// An experiment.
    Experiment(Arc<OpenedExperiment>),
}

impl Item {
    /// Its id.
    pub fn id(&self) -> &str {
        match self {
            Item::Run(run) => &run.view.id,
            Item::Experiment(experiment) => &experiment.view.id,
        }
    }

    /// Its file, JSON text.
    pub fn json(&self) -> &str {
        match self {
            Item::Run(run) => &run.json,
            Item::Experiment(experiment) => &experiment.json,
        }
    }

    /// What the list shows of it.
    pub fn card(&self) -> Card {
        match self {
            Item::Run(run) => Card::of(&run.view, run.json.len() as u64),
            Item::Experiment(experiment) => {
                Card::of_experiment(&experiment.view, experiment.json.len() as u64)
            }
        }
    }

    /// Where it is shown.
    pub fn route(&self) -> Route {
        match self {
            Item::Run(run) => Route::Result(run.view.id.clone()),
            Item::Experiment(experiment) => Route::Experiment(Some(experiment.view.id.clone())),
        }
    }
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

    /// Reads a file in the worker.
    ///
    /// # Errors
    /// What is wrong with it.
    pub async fn read(self, name: &str, bytes: Vec<u8>) -> Result<Item, String> {
        let analysis = self.inner.with_value(|inner| inner.analysis.clone());
        analysis.open(name, bytes).await
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

    async fn item(self, id: &str) -> Result<Item, String> {
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
