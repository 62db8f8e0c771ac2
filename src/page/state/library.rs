//! The runs and experiments of this browser: the list of cards, the store behind it, and the last
//! few that were opened.

mod deleted;
mod deletion;
pub(super) mod edit;
mod export;
mod under_way;

use std::collections::VecDeque;
use std::rc::Rc;
use std::sync::Arc;

use futures_util::FutureExt as _;
use futures_util::future::{LocalBoxFuture, Shared};
use leptos::prelude::*;

use self::deletion::Deletion;
use super::analysis::{Analysis, ComparisonUpdate, PendingComparison};
use super::item::Item;
use crate::browser::channel::Channel;
use crate::browser::environment::now_rfc3339;
use crate::browser::store::{Store, StoreError, Stored};
use crate::protocol::{ExportedFile, Opened, OpenedExperiment, RunKey};
use fwit_export::Form;
use fwit_present::library::{Card, expired, first_to_go, nearest, sort, until_of};
use fwit_report::run::intervals::{RunIntervals, same_setting, setting_key};
use fwit_report::run::select::{Selected, Selection};
use fwit_report::run::view::Measure;

/// How many opened runs stay in memory: enough for a comparison of twelve, its control, and the run
/// before it, so that a comparison does not read each run again.
const KEEP: usize = 14;

/// And no more than so many bytes of them.
const KEEP_BYTES: usize = 200_000_000;

/// Said while another tab is in the way.
const BLOCKED: &str = "Another tab has this page open in an older version, and your runs can't be \
                       read as long as it does: close that tab, or reload it. This page then goes \
                       on by itself.";

/// Whether the store is being opened, or is open still.
fn is_good(opening: &Opening) -> bool {
    match opening.peek() {
        None => true,
        Some(Ok(store)) => !store.is_closed(),
        Some(Err(_)) => false,
    }
}

/// The library.
#[derive(Clone, Copy)]
pub struct Library {
    /// The cards, newest first; `None` until they were read.
    pub cards: RwSignal<Option<Vec<Card>>>,
    /// Why the browser keeps nothing, when it does not.
    pub trouble: RwSignal<Option<String>>,
    /// Names of recovered runs that went to make room.
    pub made_room: RwSignal<Vec<String>>,
    inner: StoredValue<Inner, LocalStorage>,
}

/// The store, once it is open. All who need it wait for one opening.
type Opening = Shared<LocalBoxFuture<'static, Result<Rc<Store>, StoreError>>>;

#[derive(Default)]
struct Inner {
    store: Option<Opening>,
    analysis: Analysis,
    /// The opened items, the last used at the end.
    opened: VecDeque<Item>,
    /// Items that the store could not keep. They stay in memory until the page closes.
    unkept: Vec<Item>,
    /// The last comparisons of separate runs, with the keys of their runs.
    comparisons: VecDeque<(Vec<RunKey>, Arc<RunIntervals>)>,
    /// To the other tabs: the ids of what changed.
    channel: Option<Channel>,
    /// What was deleted and may come back.
    deleted: VecDeque<Deletion>,
    /// How often something was deleted.
    deletions: u32,
    /// How often the cards began to be read, and the number of the newest reading that ended.
    refreshes: u32,
    refreshed: u32,
    /// How many parts are kept of the run under way.
    parts: u32,
    /// Whether it was told that the run under way can't be kept.
    told: bool,
}

impl Library {
    /// Nothing is read yet.
    pub fn new() -> Library {
        Library {
            cards: RwSignal::new(None),
            trouble: RwSignal::new(None),
            made_room: RwSignal::new(Vec::new()),
            inner: StoredValue::new_local(Inner::default()),
        }
    }

    /// Follows what other tabs change from now on.
    pub fn follow_other_tabs(self) {
        let channel = Channel::open("fwit-library", move |id| {
            self.inner.update_value(|inner| inner.opened.retain(|item| item.id() != id));
            leptos::task::spawn_local(self.refresh());
        });
        self.inner.update_value(|inner| inner.channel = channel);
    }

    /// Tells the other tabs that an item changed.
    fn changed(self, id: &str) {
        self.inner.with_value(|inner| {
            if let Some(channel) = &inner.channel {
                channel.post(id);
            }
        });
    }

    async fn store(self) -> Result<Rc<Store>, StoreError> {
        let opening = self.inner.try_update_value(|inner| match &inner.store {
            Some(opening) if is_good(opening) => opening.clone(),
            _ => {
                let opening = self.open_store().boxed_local().shared();
                inner.store = Some(opening.clone());
                opening
            }
        });
        match opening {
            Some(opening) => opening.await,
            None => Err(StoreError::Failed("the page closes".into())),
        }
    }

    async fn open_store(self) -> Result<Rc<Store>, StoreError> {
        Store::open(move || self.trouble.set(Some(BLOCKED.into()))).await.map(Rc::new)
    }

    /// Reads the cards. A card of an older fwit is made again from its run; recovered runs whose
    /// time is over go.
    pub async fn refresh(self) {
        let number = self.inner.try_update_value(|inner| {
            inner.refreshes += 1;
            inner.refreshes
        });
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
        // One that began later may have ended before, and knows more.
        let newer = self.inner.try_update_value(|inner| {
            let newer = number > Some(inner.refreshed);
            inner.refreshed = inner.refreshed.max(number.unwrap_or_default());
            newer
        });
        if newer == Some(true) {
            self.cards.set(Some(cards));
        }
    }

    async fn stored(self) -> Result<Vec<Card>, StoreError> {
        let store = self.store().await?;
        let mut cards = Vec::new();
        for (id, text) in store.cards().await? {
            if let Some(card) = Card::read(&text) {
                cards.push(card);
            } else if let Some(json) = store.run(&id).await?
                && let Ok(opened) = self.read(&id, json.clone().into_bytes()).await
            {
                let card = Card { until: until_of(&text), ..opened.card() };
                let new = card.to_json();
                // What another tab has changed meanwhile is read at the next time.
                let kept = store
                    .edit(&id, |now| {
                        (now.run == json).then(|| Stored { run: json.clone(), card: new })
                    })
                    .await?;
                if kept.is_some() {
                    cards.push(card);
                }
            }
        }
        for id in expired(&cards, &now_rfc3339()) {
            store.delete(&id).await?;
            cards.retain(|card| card.id != id);
        }
        Ok(cards)
    }

    /// The numbers of a part of a run.
    ///
    /// # Errors
    /// See [`Analysis::select`].
    pub async fn select(
        self,
        run: (&Opened, RunKey),
        selection: Selection,
    ) -> Result<Selected, String> {
        let analysis = self.inner.with_value(|inner| inner.analysis.clone());
        analysis.select(run, selection).await
    }

    /// A run in another form.
    ///
    /// # Errors
    /// See [`Analysis::export`].
    pub async fn written_as(self, run: &Opened, form: Form) -> Result<ExportedFile, String> {
        let analysis = self.inner.with_value(|inner| inner.analysis.clone());
        analysis.export(run, form).await
    }

    /// Keeps an item. When the store can't, it stays in memory until the page closes. One of the
    /// same id goes, but what the user has changed of it stays: its name and labels.
    ///
    /// # Errors
    /// Why the store could not keep it.
    pub async fn add(self, item: Item) -> Result<(), StoreError> {
        let card = item.card();
        self.put(item, card, false).await
    }

    /// Keeps an item as [`Library::add`], in nobody's place.
    ///
    /// # Errors
    /// As [`Library::add`]; [`StoreError::Taken`] where its id is another's: it is not kept then.
    pub async fn add_new(self, item: Item) -> Result<(), StoreError> {
        let card = item.card();
        self.put(item, card, true).await
    }

    /// Writes an item; returns it as it is kept. Where there is no room, recovered runs that nobody
    /// kept go first.
    async fn write(self, item: &Item, card: &Card, new: bool) -> Result<Item, StoreError> {
        let store = self.store().await?;
        loop {
            let put = if new {
                store.put(&card.id, item.json(), &card.to_json(), true).await.map(|()| item.clone())
            } else {
                self.replace(&store, item, card).await
            };
            let Err(StoreError::Full) = put else { return put };
            let first = self.cards.with_untracked(|cards| {
                let cards = cards.as_deref().unwrap_or_default();
                first_to_go(cards).filter(|first| first.id != card.id).cloned()
            });
            let Some(first) = first else { return put };
            store.delete(&first.id).await?;
            self.made_room.update(|names| names.push(first.name.clone()));
            self.cards
                .update(|cards| cards.iter_mut().for_each(|c| c.retain(|c| c.id != first.id)));
            self.changed(&first.id);
        }
    }

    async fn put(self, item: Item, card: Card, new: bool) -> Result<(), StoreError> {
        let (item, kept) = match self.write(&item, &card, new).await {
            Ok(kept) => (kept, Ok(())),
            Err(StoreError::Taken) => return Err(StoreError::Taken),
            Err(error) => (item, Err(error)),
        };
        self.remember(item.clone());
        self.inner.update_value(|inner| {
            inner.unkept.retain(|other| other.id() != card.id);
            if kept.is_err() {
                inner.unkept.push(item);
            }
        });
        self.refresh().await;
        self.changed(&card.id);
        kept
    }

    /// Returns when the cards were read.
    pub async fn ready(self) {
        if self.cards.with_untracked(Option::is_none) {
            self.refresh().await;
        }
    }

    /// Returns whether a run of this id is kept, in the store or in memory.
    pub fn has(self, id: &str) -> bool {
        let card =
            self.cards.with_untracked(|cards| cards.iter().flatten().any(|card| card.id == id));
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

    /// Asks for the intervals of separate runs, or takes them from memory: see
    /// [`Analysis::compare_separate_runs`].
    ///
    /// # Errors
    /// When the worker can't be started.
    pub fn compare_separate_runs(
        self,
        runs: Vec<Arc<Opened>>,
        measure: Measure,
        on_update: impl Fn(ComparisonUpdate) + 'static,
    ) -> Result<PendingComparison, String> {
        let ids: Vec<RunKey> = runs.iter().map(|run| RunKey::of(run)).collect();
        let (analysis, known) = self.inner.with_value(|inner| {
            let known = inner.comparisons.iter().find(|(of, c)| *of == ids && c.measure == measure);
            (inner.analysis.clone(), known.map(|(_, c)| c.clone()))
        });
        if let Some(known) = known {
            on_update(ComparisonUpdate::Known(known, true));
            return Ok(analysis.completed());
        }
        analysis.compare_separate_runs(runs, measure, move |update| {
            if let ComparisonUpdate::Known(intervals, true) = &update {
                self.inner.try_update_value(|inner| {
                    inner.comparisons.push_back((ids.clone(), intervals.clone()));
                    if inner.comparisons.len() > KEEP {
                        inner.comparisons.pop_front();
                    }
                });
            }
            on_update(update);
        })
    }

    /// Returns the complete intervals of separate runs.
    ///
    /// # Errors
    /// When the worker can't be started, or a run can't be read.
    pub async fn compare_separate_runs_to_end(
        self,
        runs: Vec<Arc<Opened>>,
        measure: Measure,
    ) -> Result<Arc<RunIntervals>, String> {
        let (send, receive) = futures_channel::oneshot::channel();
        let send = std::cell::RefCell::new(Some(send));
        let _pending = self.compare_separate_runs(runs, measure, move |update| {
            let answer = match update {
                ComparisonUpdate::Known(intervals, true) => Ok(intervals),
                ComparisonUpdate::Failed(error) => Err(error),
                ComparisonUpdate::Known(..) | ComparisonUpdate::Progress(_) => return,
            };
            if let Some(send) = send.borrow_mut().take() {
                // The caller may be gone.
                let _ = send.send(answer);
            }
        })?;
        receive
            .await
            .unwrap_or_else(|_| Err("The worker that compares runs stopped. Try again.".into()))
    }

    /// Returns another run of the library with the setting of the first of these runs: it tells how
    /// much that setting moves by itself.
    pub async fn control(self, runs: &[Arc<Opened>]) -> Option<Arc<Opened>> {
        let first = &runs.first()?.view;
        self.ready().await;
        let key = setting_key(&first.plan_json);
        let others: Vec<&str> = runs.iter().map(|r| r.view.id.as_str()).collect();
        let id = self
            .cards
            .with_untracked(|cards| nearest(cards.as_deref()?, key, &others, &first.started_at))?;
        let run = self.open(&id).await.ok()?;
        same_setting(&first.plan_json, &run.view.plan_json).then_some(run)
    }

    /// Returns a run of the library.
    ///
    /// # Errors
    /// When there is none of this id, or it can't be read.
    pub async fn open(self, id: &str) -> Result<Arc<Opened>, String> {
        match self.item(id).await? {
            Item::Run(run) => Ok(run),
            Item::Experiment(_) => Err(format!("“{id}” is an experiment, not a run.")),
        }
    }

    /// Returns an experiment of the library.
    ///
    /// # Errors
    /// As [`Library::open`].
    pub async fn open_experiment(self, id: &str) -> Result<Arc<OpenedExperiment>, String> {
        match self.item(id).await? {
            Item::Experiment(experiment) => Ok(experiment),
            Item::Run(_) => Err(format!("“{id}” is a run, not an experiment.")),
        }
    }

    /// Returns a run or an experiment of the library.
    ///
    /// # Errors
    /// As [`Library::open`].
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
                "This browser has no run “{id}”. Runs stay in the browser that made or opened \
                 them: open its file here."
            )
        };
        let store = self.store().await.map_err(|error| error.to_string())?;
        store.run(id).await.map_err(|error| error.to_string())?.ok_or_else(missing)
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
            let bytes = |inner: &Inner| inner.opened.iter().map(|o| o.json().len()).sum::<usize>();
            while inner.opened.len() > KEEP || (inner.opened.len() > 1 && bytes(inner) > KEEP_BYTES)
            {
                inner.opened.pop_front();
            }
        });
    }
}
