//! What the user changes of an item: its name, its labels, that it stays. Each change is made on
//! what is kept at that moment, in one transaction: two tabs lose nothing of each other's.

use std::rc::Rc;
use std::sync::Arc;

use leptos::prelude::*;

use super::Library;
use crate::browser::store::{Store, StoreError, Stored};
use crate::page::state::Item;
use crate::protocol::Opened;
use fwit_present::library::Card;
use fwit_present::library_edit::Edit;
use fwit_report::run::labels::Labels;

/// Why nothing was changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EditError {
    /// Another tab has changed the labels meanwhile, to these.
    #[error("Another tab has changed tags or note meanwhile.")]
    Changed(Labels),
    /// There is none of this id.
    #[error("It is gone: another tab has deleted it.")]
    Gone,
    /// The file can't hold it.
    #[error("Its file has no name, so it can't be changed.")]
    Nameless,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Library {
    /// Gives a run another name.
    ///
    /// # Errors
    /// When it can't be read or kept.
    pub async fn rename(self, id: &str, name: &str) -> Result<Arc<Opened>, String> {
        let edit = Edit { name: Some(name.to_string()), ..Edit::default() };
        self.edit(id, edit).await.map_err(|error| error.to_string())?;
        self.open(id).await
    }

    /// Keeps a recovered item for good.
    ///
    /// # Errors
    /// As [`Library::edit`].
    pub async fn keep_for_good(self, id: &str) -> Result<(), EditError> {
        self.edit(id, Edit::default()).await
    }

    /// Changes a run or an experiment.
    ///
    /// # Errors
    /// See [`EditError`].
    pub async fn edit(self, id: &str, edit: Edit) -> Result<(), EditError> {
        let (mut gone, mut conflict) = (true, None);
        let change = |before: &Stored| {
            gone = false;
            conflict = Card::read(&before.card).and_then(|card| edit.conflict(&card).cloned());
            if conflict.is_some() {
                return None;
            }
            let run = edit.file(&before.run)?;
            // A card of another fwit is made anew from the run.
            let card = Card::read(&before.card)
                .map_or_else(|| before.card.clone(), |card| edit.card(card, run.len()).to_json());
            Some(Stored { run, card })
        };
        let kept = match self.store().await {
            Ok(store) => store.edit(id, change).await,
            Err(error) => Err(error),
        };
        let unkept = self.unkept(id);
        let item = match (kept, unkept) {
            (Ok(Some(kept)), _) => {
                // What was opened shows it too.
                let card = Card::read(&kept.card);
                self.opened(id)
                    .zip(card)
                    .map(|(item, card)| item.with_names(kept.run, card.name, card.labels))
            }
            (_, Some(item)) => {
                let json = edit.file(item.json()).ok_or(EditError::Nameless)?;
                let card = edit.card(item.card(), json.len());
                let item = item.with_names(json, card.name, card.labels);
                self.inner.update_value(|inner| {
                    inner.unkept.retain(|other| other.id() != id);
                    inner.unkept.push(item.clone());
                });
                Some(item)
            }
            (Ok(None), None) => {
                return Err(match conflict {
                    Some(now) => EditError::Changed(now),
                    None if gone => EditError::Gone,
                    None => EditError::Nameless,
                });
            }
            (Err(error), None) => return Err(EditError::Store(error)),
        };
        self.inner.update_value(|inner| inner.opened.retain(|other| other.id() != id));
        if let Some(item) = item {
            self.remember(item);
        }
        self.refresh().await;
        self.changed(id);
        Ok(())
    }

    /// Writes an item in the place of one of its id, whose name and labels stay.
    pub(super) async fn replace(
        self,
        store: &Rc<Store>,
        item: &Item,
        card: &Card,
    ) -> Result<Item, StoreError> {
        let mut written = item.clone();
        let kept = store
            .edit(&card.id, |before| {
                let names = Card::read(&before.card).map(|old| Edit::of(&old));
                let (run, card) = match names.and_then(|edit| Some((edit.file(item.json())?, edit)))
                {
                    Some((run, edit)) => {
                        let until = card.until.clone();
                        let card = Card { until, ..edit.card(card.clone(), run.len()) };
                        written = item.clone().with_names(
                            run.clone(),
                            card.name.clone(),
                            card.labels.clone(),
                        );
                        (run, card)
                    }
                    None => (item.json().to_string(), card.clone()),
                };
                Some(Stored { run, card: card.to_json() })
            })
            .await?;
        if kept.is_none() {
            store.put(&card.id, item.json(), &card.to_json(), false).await?;
        }
        Ok(written)
    }

    fn opened(self, id: &str) -> Option<Item> {
        self.inner.with_value(|inner| inner.opened.iter().find(|item| item.id() == id).cloned())
    }

    fn unkept(self, id: &str) -> Option<Item> {
        self.inner.with_value(|inner| inner.unkept.iter().find(|item| item.id() == id).cloned())
    }
}
