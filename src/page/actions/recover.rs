//! Runs that were cut off: found when the page opens, and when the worker of one stops.

use leptos::prelude::*;

use super::Actions;
use crate::browser::store::StoreError;
use crate::browser::{files, locks};
use crate::page::state::{Item, Keep, go, run_lock};
use fwit_present::library::file_name;
use fwit_present::sentence;

impl Actions {
    /// Adds what was cut off in this browser to the library, and says so. A run that another tab
    /// has under way is waited for: that tab may be closed.
    pub fn recover_all(self) {
        leptos::task::spawn_local(async move {
            for id in self.library.ids_under_way().await {
                leptos::task::spawn_local(async move {
                    let _held = locks::wait_for(&run_lock(&id)).await;
                    self.recover(&id).await;
                });
            }
        });
    }

    /// Adds a run that nobody carries out any more, unless it ended well meanwhile.
    async fn recover(self, id: &str) {
        let item = match self.library.made_whole(id).await {
            Ok(Some(item)) => item,
            Ok(None) => return,
            Err(error) => {
                let id = id.to_string();
                let forget = Callback::new(move |()| {
                    let id = id.clone();
                    leptos::task::spawn_local(async move {
                        self.library.forget_under_way(&id).await;
                    });
                });
                self.notices.warn_with(
                    format!("A run that was cut off can't be read. {error}"),
                    ("Forget it".into(), forget),
                );
                return;
            }
        };
        match self.library.add_recovered(item.clone()).await {
            Ok(()) => {
                self.library.forget_under_way(id).await;
                let route = item.route();
                let show = Callback::new(move |()| go(&route));
                self.notices.tell(sentence::recovered(&item.card()), ("Show".into(), show));
            }
            // One that has a place in the library was recovered, or finished, before.
            Err(StoreError::Taken) => self.library.forget_under_way(id).await,
            Err(error) => self.notices.wrong(error.to_string()),
        }
    }

    /// Keeps what there is of what is under way.
    pub(super) fn keep_so_far(self, kept: &Keep) {
        match kept {
            Keep::Experiment(item) => {
                let item = item.clone();
                leptos::task::spawn_local(async move {
                    // The whole is kept, and told of, at its end.
                    let _ = self.library.add(item).await;
                });
            }
            Keep::Run(kept) => {
                let (id, kept) = (self.engine.run_id(), kept.clone());
                if kept.whole && self.to_save.get_value() {
                    self.to_save.set_value(false);
                    let kept = kept.clone();
                    leptos::task::spawn_local(async move {
                        if let Some(item) = self.notices.check(self.library.whole_of(kept).await) {
                            self.save(&item);
                        }
                    });
                }
                leptos::task::spawn_local(async move {
                    if let Err(error) = self.library.keep_under_way(&id, &kept).await {
                        let save = Callback::new(move |()| {
                            self.to_save.set_value(true);
                            self.engine.keep_whole();
                        });
                        self.notices.warn_with(
                            format!(
                                "The run under way can't be kept: it is lost if this page closes \
                                 before its end. {error}"
                            ),
                            ("Save what there is".into(), save),
                        );
                    }
                });
            }
        }
    }

    fn save(self, item: &Item) {
        let name = file_name(&item.card().name, item.id());
        self.notices.check(files::save(&name, "application/json", item.json()));
    }

    /// Returns what was kept of what was under way until its worker stopped, and keeps it as over.
    pub(super) async fn rescued(self, why: &str) -> Option<Item> {
        let id = self.engine.run_id();
        let item = match self.library.made_whole(&id).await {
            Ok(Some(item)) => {
                if self.notices.check(self.library.add_recovered(item.clone()).await).is_some() {
                    self.library.forget_under_way(&id).await;
                }
                item
            }
            Ok(None) if self.library.has(&id) => self.library.item(&id).await.ok()?,
            Ok(None) => return None,
            Err(error) => {
                self.notices.wrong(error);
                return None;
            }
        };
        self.notices.wrong(format!("{why} {}", sentence::recovered(&item.card())));
        Some(item)
    }
}
