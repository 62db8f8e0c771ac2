//! What is kept of runs under way, and what becomes of it when a run is cut off.

use super::Library;
use crate::browser::environment::{now_rfc3339, rfc3339_in_days, seconds_since};
use crate::browser::locks;
use crate::browser::store::{Store, StoreError, UnderWay};
use crate::page::state::{Item, name_of_load};
use crate::protocol::KeptRun;

use leptos::prelude::*;

/// So long a recovered run stays that nobody keeps.
const STAY_DAYS: u32 = 30;

/// A run of which nothing was kept for so long is over: something is, every five seconds.
const QUIET_S: f64 = 20.0;

/// Returns when a head was kept, RFC 3339.
fn kept_at(head: &str) -> Option<String> {
    #[derive(serde::Deserialize)]
    struct Kept {
        finished_at: String,
    }
    fwit_model::json::read_file::<Kept>(head.as_bytes()).ok().map(|kept| kept.finished_at)
}

impl Library {
    /// A run begins: nothing is kept of it yet.
    pub fn begin_under_way(self) {
        self.inner.update_value(|inner| (inner.parts, inner.told) = (0, false));
    }

    /// Keeps what there is of the run under way.
    ///
    /// # Errors
    /// Why the store could not keep it; told once a run.
    pub async fn keep_under_way(self, id: &str, kept: &KeptRun) -> Result<(), StoreError> {
        let number = self.inner.try_update_value(|inner| {
            inner.parts += 1;
            inner.parts
        });
        let kept = match self.store().await {
            Ok(store) => store.keep(id, &kept.head, number.unwrap_or(1), &kept.part).await,
            Err(error) => Err(error),
        };
        let told = self.inner.try_update_value(|inner| {
            let told = inner.told;
            inner.told |= kept.is_err();
            told
        });
        kept.or_else(|error| if told == Some(true) { Ok(()) } else { Err(error) })
    }

    /// Makes a run of what was kept of it; `None` when nothing was. It is not in the library yet.
    ///
    /// # Errors
    /// What can't be read.
    pub async fn made_whole(self, id: &str) -> Result<Option<Item>, String> {
        let store = self.store().await.map_err(|error| error.to_string())?;
        match store.under_way(id).await.map_err(|error| error.to_string())? {
            Some(UnderWay { head, parts }) => {
                let analysis = self.inner.with_value(|inner| inner.analysis.clone());
                analysis.recover(head, parts).await.map(Some)
            }
            None => Ok(None),
        }
    }

    /// Makes a run of one head and one part that begins with its first second.
    ///
    /// # Errors
    /// What can't be read.
    pub async fn whole_of(self, kept: KeptRun) -> Result<Item, String> {
        let analysis = self.inner.with_value(|inner| inner.analysis.clone());
        analysis.recover(kept.head, vec![kept.part]).await
    }

    /// Forgets what was kept of a run as under way: it is over, and kept as a whole.
    pub async fn forget_under_way(self, id: &str) {
        if let Ok(store) = self.store().await {
            // What stays is recovered at the next visit, and is then the same run twice at worst.
            let _ = store.forget_under_way(id).await;
        }
    }

    /// Ids of runs of which something is kept; of some of them a tab may be carrying them out.
    pub async fn ids_under_way(self) -> Vec<String> {
        let Ok(store) = self.store().await else { return Vec::new() };
        let ids = store.ids_under_way().await.unwrap_or_default();
        if locks::held().await.is_some() { ids } else { self.long_ago(&store, ids).await }
    }

    /// Where nothing is known of other tabs: those of which nothing was kept for a while.
    async fn long_ago(self, store: &Store, ids: Vec<String>) -> Vec<String> {
        let mut old = Vec::new();
        for id in ids {
            let head = store.under_way(&id).await.ok().flatten().map(|kept| kept.head);
            let kept_at = head.and_then(|head| kept_at(&head));
            if kept_at.and_then(|at| seconds_since(&at)).is_none_or(|s| s.abs() > QUIET_S) {
                old.push(id);
            }
        }
        old
    }

    /// Returns the name of the run that another tab has under way.
    pub async fn other_tab_runs(self) -> Option<String> {
        let held = locks::held().await?;
        held.iter().find_map(|lock| name_of_load(lock).map(ToString::to_string))
    }

    /// Adds a recovered run: it goes in 30 days, unless somebody keeps it.
    ///
    /// # Errors
    /// As [`Library::add_new`].
    pub async fn add_recovered(self, item: Item) -> Result<(), StoreError> {
        let mut card = item.card();
        card.until = rfc3339_in_days(STAY_DAYS);
        self.put(item, card, true).await
    }

    /// Returns when a recovered run goes, RFC 3339; `None` for one that stays.
    pub fn goes_at(self, id: &str) -> Option<String> {
        self.cards.with(|cards| {
            let card = cards.iter().flatten().find(|card| card.id == id)?;
            let over = card.until.as_str() <= now_rfc3339().as_str();
            Some(card.until.clone()).filter(|until| !until.is_empty() && !over)
        })
    }
}
