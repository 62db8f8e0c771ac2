//! How much room the runs take, and whether the browser keeps them.

use leptos::prelude::*;

use crate::browser::{document, storage};
use crate::page::state::{Library, Notices};
use fwit_present::library_words::{self, Storage};

/// The room, and a button that asks the browser to keep it.
#[component]
pub(super) fn StoragePanel() -> impl IntoView {
    let (library, notices) = (expect_context::<Library>(), expect_context::<Notices>());
    let state = RwSignal::new(Storage::default());
    // The runs that are kept change how much is stored.
    Effect::new(move |_| {
        library.cards.track();
        leptos::task::spawn_local(async move {
            let (usage, quota) = storage::estimate().await;
            let persistent = storage::is_persistent().await;
            // The view may be gone by now.
            state.try_set(Storage { usage, quota, persistent });
        });
    });
    let keep = move |_| {
        leptos::task::spawn_local(async move {
            let kept = storage::keep().await;
            let answer = library_words::answer(kept);
            if kept == Some(true) {
                notices.done(answer);
            } else {
                notices.wrong(answer);
            }
            if kept.is_some() {
                state.try_update(|state| state.persistent = kept);
            }
        });
    };
    let room = move || {
        let storage = state.get();
        library
            .cards
            .with(|cards| library_words::storage(cards.as_deref().unwrap_or_default(), storage))
    };
    view! {
        <section class="storage hint" aria-label="Storage">
            <p>
                {room} " " {move || library_words::lasts(state.get(), document::is_secure_context())}
            </p>
            <Show when=move || state.get().persistent == Some(false)>
                <button type="button" class="button" on:click=keep>
                    "Keep this storage"
                </button>
            </Show>
        </section>
    }
}
