//! Short messages at the page's edge: what was done, with a way back, or what went wrong.

use crate::markup::{For, RwSignal, view};
use leptos::prelude::*;

use super::parts::Icon;

/// How serious a notice is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// Something was done. Goes away by itself.
    Done,
    /// Something went wrong. Stays until it is closed.
    Wrong,
}

/// A way back: its label and what it does.
pub type Action = (String, Callback<()>);

/// One notice.
#[derive(Clone)]
pub struct Notice {
    id: u32,
    tone: Tone,
    text: String,
    action: Option<Action>,
}

/// All notices on show.
#[derive(Clone, Copy)]
pub struct Notices {
    list: RwSignal<Vec<Notice>>,
    next: RwSignal<u32>,
}

/// How long a notice of something done stays, ms.
const STAY_MS: u32 = 8_000;

impl Notices {
    /// None yet.
    pub fn new() -> Notices {
        Notices { list: RwSignal::new(Vec::new()), next: RwSignal::new(0) }
    }

    /// Says that something was done.
    pub fn done(self, text: impl Into<String>) {
        self.add(Tone::Done, text.into(), None);
    }

    /// Says that something was done, with a way back.
    pub fn done_with(self, text: impl Into<String>, action: Action) {
        self.add(Tone::Done, text.into(), Some(action));
    }

    /// Says that something went wrong.
    pub fn wrong(self, text: impl Into<String>) {
        self.add(Tone::Wrong, text.into(), None);
    }

    /// What comes of a fallible act: nothing where it went well.
    pub fn check<T, E: std::fmt::Display>(self, result: Result<T, E>) -> Option<T> {
        result.map_err(|error| self.wrong(error.to_string())).ok()
    }

    fn add(self, tone: Tone, text: String, action: Option<Action>) {
        let id = self.next.get_untracked();
        self.next.set(id + 1);
        self.list.update(|list| {
            // The same trouble twice is shown once; what can be undone stays, each by itself.
            list.retain(|n| n.action.is_some() || n.text != text);
            list.push(Notice { id, tone, text, action });
        });
        if tone == Tone::Done {
            set_timeout(move || self.close(id), std::time::Duration::from_millis(u64::from(STAY_MS)));
        }
    }

    fn close(self, id: u32) {
        self.list.update(|list| list.retain(|n| n.id != id));
    }
}

/// The notices at the bottom of the page.
#[component]
pub fn NoticeList(notices: Notices) -> impl IntoView {
    view! {
        <div class="notices" role="region" aria-label="Notices">
            <div aria-live="polite" aria-relevant="additions">
                <For each=move || notices.list.get() key=|n| n.id let:notice>
                    <NoticeCard notices notice />
                </For>
            </div>
        </div>
    }
}

#[component]
fn NoticeCard(notices: Notices, notice: Notice) -> impl IntoView {
    let id = notice.id;
    let (class, role) = match notice.tone {
        Tone::Done => ("notice", "status"),
        Tone::Wrong => ("notice notice-wrong", "alert"),
    };
    view! {
        <div class=class role=role>
            <p>{notice.text}</p>
            {notice
                .action
                .map(|(label, act)| {
                    view! {
                        <button
                            type="button"
                            class="button-quiet"
                            on:click=move |_| {
                                notices.close(id);
                                act.run(());
                            }
                        >
                            {label}
                        </button>
                    }
                })}
            <button type="button" class="button-icon" aria-label="Close" on:click=move |_| notices.close(id)>
                <Icon name="close" />
            </button>
        </div>
    }
}
