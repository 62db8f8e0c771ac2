//! What concerns several runs of the library: deleting them, exporting them.

use leptos::prelude::*;

use super::Actions;
use crate::browser::document;
use crate::browser::environment::now_rfc3339;
use crate::browser::save::PieceByPiece;
use fwit_import::FILES_MAX;
use fwit_import::pack::{PackError, Packer};
use fwit_present::library::{Card, file_name};
use fwit_present::library_words;

impl Actions {
    /// Deletes runs and experiments, all or none, and offers to bring them back.
    pub fn delete_all(self, cards: Vec<Card>) {
        let Actions { library, notices, .. } = self;
        if cards.is_empty() {
            return;
        }
        leptos::task::spawn_local(async move {
            let Some(number) = notices.check(library.delete(&cards).await) else { return };
            let undo = Callback::new(move |()| {
                leptos::task::spawn_local(async move {
                    let Some(ids) = notices.check(library.restore(number).await) else { return };
                    if let Some(id) = ids.first() {
                        // Where the list is shown; else the focus stays.
                        document::focus_soon(&format!("delete-{id}"));
                    }
                });
            });
            notices.done_with(library_words::deleted(&cards), ("Undo".into(), undo));
        });
    }

    /// Saves runs and experiments as one zip. `progress` tells how far it is; whoever sets it to
    /// `None` ends it. Memory holds one run at a time, and the packed rest is the browser's.
    pub fn export(self, cards: Vec<Card>, progress: RwSignal<Option<[usize; 2]>>) {
        let notices = self.notices;
        if cards.is_empty() || progress.get_untracked().is_some() {
            return;
        }
        if cards.len() > FILES_MAX {
            return notices.wrong(PackError::TooMany.to_string());
        }
        progress.set(Some([0, cards.len()]));
        leptos::task::spawn_local(async move {
            let packed = self.packed(&cards, progress).await;
            let cancelled = progress.get_untracked().is_none();
            progress.set(None);
            let Some((pieces, missing)) = notices.check(packed) else { return };
            if cancelled {
                return notices.done("The export was cancelled: nothing was saved.");
            }
            let name = format!("fwit-runs-{}.zip", now_rfc3339().get(..10).unwrap_or_default());
            if let Err(error) = pieces.save(&name, "application/zip") {
                let why = crate::browser::describe(&error);
                return notices.wrong(format!("The browser could not save “{name}”: {why}."));
            }
            let kept = library_words::runs(cards.len() - missing.len());
            notices.done(format!("{kept} in “{name}”. Open it here or in another browser."));
            if !missing.is_empty() {
                notices.wrong(format!("Not exported: {}", missing.join(" ")));
            }
        });
    }

    /// The archive, and what could not be read.
    async fn packed(
        self,
        cards: &[Card],
        progress: RwSignal<Option<[usize; 2]>>,
    ) -> Result<(PieceByPiece, Vec<String>), String> {
        let (pieces, mut missing) = (PieceByPiece::default(), Vec::new());
        let mut packer = Packer::new();
        for (i, card) in cards.iter().enumerate() {
            if progress.get_untracked().is_none() {
                break;
            }
            match self.library.file(&card.id).await {
                Ok(json) => {
                    let packed = packer.add(&file_name(&card.name, &card.id), json.as_bytes());
                    pieces.push(&packed.map_err(|error| error.to_string())?);
                }
                Err(error) => missing.push(format!("“{}”: {error}", card.name)),
            }
            progress.update(|progress| {
                if let Some([done, _]) = progress {
                    *done = i + 1;
                }
            });
        }
        pieces.push(&packer.finish().map_err(|error| error.to_string())?);
        Ok((pieces, missing))
    }
}
