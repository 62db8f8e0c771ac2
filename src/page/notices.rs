//! The notices at the page's edge.

use leptos::prelude::*;

use super::parts::Icon;
use super::state::{Notice, Notices, Tone};

/// The notices at the bottom of the page.
#[component]
pub fn NoticeList() -> impl IntoView {
    let notices = expect_context::<Notices>();
    view! {
        <div class="notices" role="region" aria-label="Notices">
            <div aria-live="polite" aria-relevant="additions">
                <For each=move || notices.all() key=|n| n.id let:notice>
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
        Tone::Question => ("notice", "alert"),
    };
    view! {
        <div class=class role=role>
            <p>{notice.text}</p>
            {notice
                .actions
                .into_iter()
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
                })
                .collect_view()}
            <button
                type="button"
                class="button-icon"
                aria-label="Close"
                on:click=move |_| notices.close(id)
            >
                <Icon name="close" />
            </button>
        </div>
    }
}
