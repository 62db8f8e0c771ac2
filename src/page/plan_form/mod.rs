//! The plan form: a short form first, everything else under "More settings".
//!
//! May not enter: rules of the plan (`fwit_model::plan` has them), words
//! (`fwit_present::form` has them).
//! Invariant: the draft is the only state, and problems are derived from it. The API key is kept
//! here and nowhere else.
//! Tests: `present::form` and `plan`; the whole in tests/e2e.

mod action_bar;
mod check;
mod field;
mod lanes;
mod load;
mod nodes;
mod protocol;
mod reach;
mod summary;
mod trial;
mod trusted;

pub use field::{Area, Field, Select, Switch};
pub use lanes::{LaneButtons, LaneNotes, find_and, find_before_start};
pub use summary::Summary;

use leptos::prelude::*;

use self::action_bar::{ActionBar, valid};
use self::check::CheckReport;
use self::load::{EssentialLoad, MoreSettings};
use self::nodes::Nodes;
use self::trial::TrialReport;
use super::actions::Actions;
use super::state::{Engine, Notices, PlanForm};
use fwit_model::plan::PRESETS;
use fwit_present::form::{is_preset, label};
use fwit_present::route::Prefill;

/// The form.
#[component]
pub fn PlanView(prefill: Prefill) -> impl IntoView {
    let (form, notices) = (expect_context::<PlanForm>(), expect_context::<Notices>());
    let actions = expect_context::<Actions>();
    form.prefill(&prefill, notices);
    let engine = expect_context::<Engine>();
    lanes::follow(form, engine);
    let start = move || {
        let Some(plan) = valid(form) else { return };
        form.remember(&plan);
        notices.check(actions.start(plan, form.key(), None, false));
    };
    let waits = StoredValue::new(false);
    let submit = move || {
        if valid(form).is_none() || waits.get_value() {
            return;
        }
        waits.set_value(true);
        // `try_set_value` gives `None` where it is set, and what was to be set where the user went
        // elsewhere meanwhile.
        reach::ask_first(form, notices, move |may| {
            if !may {
                waits.try_set_value(false);
                return;
            }
            lanes::find_before_start(form, engine, notices, move || {
                if waits.try_set_value(false).is_none() {
                    start();
                }
            });
        });
    };
    view! {
        <form
            class="plan"
            novalidate
            autocomplete="off"
            on:submit=move |event| {
                event.prevent_default();
                submit();
            }
            on:keydown=move |event| {
                if event.key() == "Enter" && (event.ctrl_key() || event.meta_key()) {
                    event.prevent_default();
                    submit();
                }
            }
        >
            <div class="view-head">
                <h1>"New run"</h1>
                <p class="lead">
                    "Entities in this page load a cluster with a random mix of operations; the \
                     page measures what each one took."
                </p>
            </div>
            <Summary
                form
                title="The run can't start yet"
                label
                show=move |field: String| form.show(&field)
            />
            <Presets form />
            <Nodes form />
            <CheckReport />
            <TrialReport />
            <EssentialLoad form />
            <MoreSettings form />
            <ActionBar />
        </form>
    }
}

#[component]
fn Presets(form: PlanForm) -> impl IntoView {
    view! {
        <fieldset class="presets">
            <legend>"Preset"</legend>
            {PRESETS
                .map(|preset| {
                    let on = Memo::new(move |_| form.draft.with(|d| is_preset(d, preset.name)));
                    view! {
                        <button
                            type="button"
                            class="choice"
                            aria-pressed=move || if on.get() { "true" } else { "false" }
                            on:click=move |_| form.apply_preset(preset.name)
                        >
                            <strong>{preset.name}</strong>
                            <span>{preset.about}</span>
                        </button>
                    }
                })}
        </fieldset>
    }
}
