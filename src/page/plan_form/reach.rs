//! What the browser lets this page ask, said before the start; and its question to the user,
//! answered before the load.

use leptos::prelude::*;

use crate::browser::{document, permissions};
use crate::page::state::{Notices, PlanForm};
use fwit_model::plan::{BaseUrl, PlanDraft};
use fwit_present::reach::{Permission, Reach, Space, reach};

/// What the browser says of the ways to this machine and to the local network.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Said {
    loopback: Option<Permission>,
    local: Option<Permission>,
}

async fn ask_browser() -> Said {
    let of = async |space: Space| {
        permissions::state(space.permissions()).await.map(|state| Permission::of_state(&state))
    };
    Said { loopback: of(Space::Loopback).await, local: of(Space::Local).await }
}

fn look(draft: &PlanDraft, said: Said) -> Reach {
    let Ok(page) = BaseUrl::parse(&document::origin()) else { return Reach::default() };
    if draft.is_simulated() {
        return Reach::default();
    }
    let addresses = draft
        .nodes
        .iter()
        .flat_map(|node| std::iter::once(node.url.as_str()).chain(node.lanes.split_whitespace()));
    let addresses: Vec<BaseUrl> = addresses.filter_map(|a| BaseUrl::parse(a).ok()).collect();
    reach(&page, document::is_secure_context(), &addresses, |space| match space {
        Space::Loopback => said.loopback,
        Space::Local => said.local,
        Space::Public => None,
    })
}

/// What the browser will allow.
#[component]
pub fn ReachNotes(form: PlanForm) -> impl IntoView {
    let said = RwSignal::new(Said::default());
    leptos::task::spawn_local(async move {
        let answer = ask_browser().await;
        said.try_set(answer);
    });
    let found = Memo::new(move |_| form.draft.with(|d| look(d, said.get())));
    view! {
        <div aria-live="polite">
            {move || {
                let Reach { blocked, notes, .. } = found.get();
                view! {
                    {blocked
                        .into_iter()
                        .map(|text| view! { <p class="note note-warn">{text}</p> })
                        .collect_view()}
                    {notes.into_iter().map(|text| view! { <p class="hint">{text}</p> }).collect_view()}
                }
            }}
        </div>
    }
}

/// Goes on once the browser's question is answered, where it would ask one: at once where it would
/// not. Where the browser lets the page ask nothing, it says so and does not go on.
pub fn ask_first(form: PlanForm, notices: Notices, go_on: impl FnOnce(bool) + 'static) {
    if form.draft.with_untracked(|d| look(d, EVERY_PROMPT)) == Reach::default() {
        return go_on(true);
    }
    leptos::task::spawn_local(async move {
        let now = async || {
            let said = ask_browser().await;
            form.draft.try_with_untracked(|d| look(d, said))
        };
        let Some(mut found) = now().await else { return };
        if let Some(node) = found.ask_first.take() {
            notices.done("Waiting for your answer to the browser’s question…");
            document::answers(&node.to_string()).await;
            let Some(after) = now().await else { return };
            found = after;
        }
        match found.blocked.into_iter().next() {
            Some(why) => {
                notices.wrong(why);
                go_on(false);
            }
            None => go_on(true),
        }
    });
}

/// As if the browser would ask for everything.
const EVERY_PROMPT: Said =
    Said { loopback: Some(Permission::Prompt), local: Some(Permission::Prompt) };
