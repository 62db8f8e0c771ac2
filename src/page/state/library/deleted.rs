//! Items that were deleted, and come back while they can: for a minute, and not over a reload.

use std::time::Duration;

use leptos::prelude::*;

use super::Library;
use super::deletion::Deletion;
use crate::page::state::Item;
use fwit_present::library::Card;

/// So long they can come back: longer than the notice that offers it.
const KEPT: Duration = Duration::from_secs(60);

impl Library {
    /// Removes items, all or none. Returns the number that [`Library::restore`] brings them back
    /// by.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn delete(self, cards: &[Card]) -> Result<u32, String> {
        let ids: Vec<&str> = cards.iter().map(|card| card.id.as_str()).collect();
        let is_one = |item: &Item| ids.contains(&item.id());
        let taken = match self.store().await {
            Ok(store) => store.take(&ids).await.map_err(|error| error.to_string())?,
            // Without a store some are in memory; others can't be deleted now.
            Err(error) => {
                let here =
                    |id: &&str| self.inner.with_value(|i| i.unkept.iter().any(|u| u.id() == *id));
                if !ids.iter().all(here) {
                    return Err(error.to_string());
                }
                Vec::new()
            }
        };
        let number = self.inner.try_update_value(|inner| {
            inner.deletions += 1;
            let number = inner.deletions;
            let (unkept, left) = inner.unkept.drain(..).partition(is_one);
            inner.unkept = left;
            inner.opened.retain(|item| !is_one(item));
            let ids = ids.iter().map(ToString::to_string).collect();
            inner.deleted.push_back(Deletion { number, ids, taken, unkept });
            number
        });
        let number = number.unwrap_or_default();
        set_timeout(
            move || {
                self.inner.try_update_value(|inner| inner.deleted.retain(|d| d.number != number));
            },
            KEPT,
        );
        self.refresh().await;
        ids.iter().for_each(|id| self.changed(id));
        Ok(number)
    }

    /// Brings deleted items back. Returns their ids.
    ///
    /// # Errors
    /// When their time is over, or the store fails.
    pub async fn restore(self, number: u32) -> Result<Vec<String>, String> {
        let deletion = self.inner.try_update_value(|inner| {
            let place = inner.deleted.iter().position(|d| d.number == number)?;
            inner.deleted.remove(place)
        });
        let Some(deletion) = deletion.flatten() else {
            return Err("They can't be brought back any more.".into());
        };
        if !deletion.taken.is_empty() {
            let put = match self.store().await {
                Ok(store) => store.put_back(&deletion.taken).await,
                Err(error) => Err(error),
            };
            if let Err(error) = put {
                // It can be tried again.
                self.inner.update_value(|inner| inner.deleted.push_front(deletion));
                return Err(error.to_string());
            }
        }
        self.inner.update_value(|inner| inner.unkept.extend(deletion.unkept));
        self.refresh().await;
        deletion.ids.iter().for_each(|id| self.changed(id));
        Ok(deletion.ids)
    }
}
