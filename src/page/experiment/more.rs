//! More pairs for an experiment that is over: how many it takes, and the button that adds them.

use std::sync::Arc;

use leptos::prelude::*;

use crate::page::actions::Actions;
use crate::page::parts::{Icon, MethodLink};
use crate::page::state::{Engine, Notices, PlanForm, Status};
use fwit_present::experiment as words;
use fwit_present::method::POWER;
use fwit_quantities::units::decimal;
use fwit_report::experiment::view::ExperimentView;

/// Most pairs that are proposed at once.
const PROPOSED_MAX: u64 = 40;

/// What it takes, metric by metric, and the buttons "Go on" (where it was cut off) and "Add pairs".
#[component]
pub fn MorePairs(view: Arc<ExperimentView>) -> impl IntoView {
    let engine = expect_context::<Engine>();
    let (actions, notices) = (expect_context::<Actions>(), expect_context::<Notices>());
    let plan_form = expect_context::<PlanForm>();
    let open = || view.comparisons.iter().flat_map(|c| &c.primaries);
    let lines: Vec<String> = open()
        .filter(|m| m.pairs >= 2 && m.more_pairs.is_some())
        .filter_map(words::more_pairs)
        .collect();
    let needed = open().filter_map(|m| m.more_pairs).filter(|n| *n <= PROPOSED_MAX).max();
    let lacks = view.pairs.saturating_sub(view.pairs_used);
    let was_cut_off = view.ended.is_some() && lacks > 0 && !view.periods.is_empty();
    let pairs = RwSignal::new(needed.unwrap_or(10).to_string());
    let busy = Memo::new(move |_| engine.status.with(Status::is_busy));
    let id = StoredValue::new(view.id.clone());
    let go_on = move |more: u32| {
        let id = id.get_value();
        leptos::task::spawn_local(async move {
            let started = actions.extend_experiment(&id, more, plan_form.key(), None, false).await;
            notices.check(started);
        });
    };
    let add = move |_| match decimal(&pairs.get_untracked()) {
        Some(n) if n >= 1.0 && n.fract() == 0.0 && n < 1e6 => go_on(n as u32),
        _ => notices.wrong("Pairs to add: give a whole number, 1 or more.".to_string()),
    };
    if lines.is_empty() && !was_cut_off && !view.extendable {
        return None;
    }
    let lines = lines.into_iter().map(|line| view! { <li>{line}</li> }).collect_view();
    Some(view! {
        <section class="panel" id="more-pairs">
            <h2>"More pairs " <MethodLink method=POWER /></h2>
            <ul>{lines}</ul>
            <div class="row">
                {was_cut_off
                    .then(|| {
                        view! {
                            <button
                                type="button"
                                class="button button-main"
                                disabled=move || busy.get()
                                on:click=move |_| go_on(0)
                            >
                                <Icon name="play" />
                                {format!("Go on: {lacks} pairs are missing")}
                            </button>
                        }
                    })}
                {view
                    .extendable
                    .then(|| {
                        view! {
                            <label for="pairs-to-add">"Pairs to add"</label>
                            <input
                                id="pairs-to-add"
                                class="input-short"
                                inputmode="numeric"
                                prop:value=move || pairs.get()
                                on:input:target=move |event| pairs.set(event.target().value())
                            />
                            <button
                                type="button"
                                class="button"
                                disabled=move || busy.get()
                                on:click=add
                            >
                                <Icon name="add" />
                                "Add pairs"
                            </button>
                        }
                    })}
            </div>
            <p class="hint">
                {if view.extendable {
                    "Orders were tossed by coins, so pairs can be added after a look. The verdicts \
                     are by e-values from then on, and p-values are no longer valid."
                } else {
                    "The orders of this experiment were balanced: pairs that are added after a \
                     look could not be judged. A new experiment can be set up so that it may be \
                     extended."
                }}
            </p>
        </section>
    })
}
