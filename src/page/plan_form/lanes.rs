//! Lanes that the page finds by itself, and what the form says of connections.

use std::time::Duration;

use leptos::leptos_dom::helpers::TimeoutHandle;
use leptos::prelude::*;

use crate::browser::document;
use crate::page::parts::Icon;
use crate::page::state::{Engine, Notices, PlanForm, Status};
use fwit_model::plan::PlanDraft;
use fwit_present::form::{Beginning, beginning};
use fwit_present::lane_words::{connections, looked};
use fwit_present::lanes::Look;

/// How long a node's address has to stand in the form before it is asked.
const SETTLED: Duration = Duration::from_millis(400);

/// Looks for lanes, and goes on when that is over, at once where there is nothing to ask. An API
/// key goes along only where the user asked for lanes.
fn find(form: PlanForm, engine: Engine, look: Look, then: impl FnOnce() + 'static) {
    form.fit_lanes();
    let Some(asked) = untrack(|| form.lanes_wanted(look)) else { return then() };
    let key = form.key().filter(|_| look == Look::User);
    let tell = move |answers: &[_]| {
        form.take_lanes(look, answers);
        then();
    };
    engine.look_for_lanes(&asked, key, Box::new(tell));
}

/// Looks for lanes because the user asked for them, and goes on when that is over.
pub fn find_and(form: PlanForm, engine: Engine, then: impl FnOnce() + 'static) {
    find(form, engine, Look::User, then);
}

/// The lanes of all nodes in the form.
fn all_lanes(form: PlanForm) -> Vec<String> {
    form.draft.with_untracked(|d| d.nodes.iter().map(|n| n.lanes.clone()).collect())
}

/// Looks for lanes before a run. What was found is said, for the form is left at once.
pub fn find_before_start(
    form: PlanForm,
    engine: Engine,
    notices: Notices,
    then: impl FnOnce() + 'static,
) {
    let before = all_lanes(form);
    find(form, engine, Look::Start, move || {
        let plan = form.draft.with_untracked(PlanDraft::plan);
        if let (Ok(plan), true) = (plan, all_lanes(form) != before) {
            let said = form.lane_book.with_untracked(|book| looked(&plan, book));
            notices.done(said.join(" "));
        }
        then();
    });
}

/// Looks for lanes whenever a node without any settles in the form, and lets those that were found
/// follow the number of entities. A page that came from elsewhere does so at the start only: asking
/// this machine raises the browser's prompt.
pub fn follow(form: PlanForm, engine: Engine) {
    let is_local = beginning(false, &document::host()) == Beginning::Ask;
    let timer = StoredValue::new(None::<TimeoutHandle>);
    let clear = move || {
        if let Some(Some(timer)) = timer.try_update_value(Option::take) {
            timer.clear();
        }
    };
    // What lanes follow from; a change of it starts the wait anew.
    let cause = Memo::new(move |_| {
        let asked = form.lanes_wanted(Look::Settled).map(|p| p.cluster);
        let needed = form.draft.with(|d| d.plan().ok()).map(|p| fwit_report::lanes::needed(&p));
        (asked, needed, engine.status.with(Status::is_busy))
    });
    Effect::new(move |_| {
        clear();
        let (_, needed, busy) = cause.get();
        if busy || needed.is_none() {
            return;
        }
        let settled = move || {
            if is_local {
                find(form, engine, Look::Settled, || ());
            } else {
                form.fit_lanes();
            }
        };
        timer.set_value(set_timeout_with_handle(settled, SETTLED).ok());
    });
    on_cleanup(clear);
}

/// The buttons for the lanes of all nodes.
#[component]
pub fn LaneButtons(form: PlanForm) -> impl IntoView {
    let engine = expect_context::<Engine>();
    let can_add = Memo::new(move |_| form.lanes_wanted(Look::User).is_some());
    let can_remove = Memo::new(move |_| {
        form.draft.with(|d| d.nodes.iter().any(|n| n.lanes.split_whitespace().count() > 1))
    });
    let busy = move || engine.looking.get() || engine.status.with(Status::is_busy);
    view! {
        <button
            type="button"
            class="button"
            title="Asks the nodes of this machine under names such as l1.localhost, and writes as \
                   many lanes as the entities need"
            disabled=move || busy() || !can_add.get()
            on:click=move |_| find_and(form, engine, || ())
        >
            <Icon name="add" />
            "Add lanes to all nodes"
        </button>
        <button
            type="button"
            class="button"
            title="One lane a node: its own address"
            disabled=move || !can_remove.get()
            on:click=move |_| form.remove_lanes()
        >
            "Remove lanes"
        </button>
    }
}

/// What was found, and how many connections the plan opens.
#[component]
pub fn LaneNotes(form: PlanForm) -> impl IntoView {
    let engine = expect_context::<Engine>();
    let said = Memo::new(move |_| {
        let plan = form.draft.with(PlanDraft::plan).ok()?;
        form.lane_book.with(|book| Some((looked(&plan, book), connections(&plan, book)?)))
    });
    view! {
        <div class="lane-notes" aria-live="polite">
            {move || engine.looking.get().then(|| view! { <p class="busy">"Looking for lanes…"</p> })}
            {move || {
                let (looked, connections) = said.get()?;
                let class = if connections.tight { "note note-warn" } else { "hint" };
                Some(view! {
                    {looked.into_iter().map(|text| view! { <p class="hint">{text}</p> }).collect_view()}
                    <p class=class>{connections.text}</p>
                    {connections.advice.map(|text| view! { <p class="hint">{text}</p> })}
                })
            }}
        </div>
    }
}
