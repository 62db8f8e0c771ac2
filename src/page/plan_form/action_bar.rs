//! What can be done with the plan: start it, check its nodes, share, save and load it.

use leptos::prelude::*;

use crate::browser::document;
use crate::browser::files::{self, Picked};
use crate::page::actions::Actions;
use crate::page::parts::Icon;
use crate::page::state::{Check, Engine, ExperimentForm, Notices, PlanForm, Status, Trial, go};
use fwit_engine::preflights::forecast;
use fwit_model::plan::{Plan, PlanDraft, wire};
use fwit_present::route::Route;
use fwit_present::{browser_share, preflights, sentence, simulated};
use fwit_report::experiment::Template;

/// Returns the plan. When the draft is not a plan yet, shows what is wrong and puts the focus
/// there.
pub fn valid(form: PlanForm) -> Option<Plan> {
    let plan = form.draft.with_untracked(PlanDraft::plan).ok();
    if plan.is_none() {
        form.checks.attempted.set(true);
        request_animation_frame(|| document::focus("f"));
    }
    plan
}

/// The bar with the buttons at the end of the form.
#[component]
pub fn ActionBar() -> impl IntoView {
    let (form, experiment_form) =
        (expect_context::<PlanForm>(), expect_context::<ExperimentForm>());
    let (engine, notices) = (expect_context::<Engine>(), expect_context::<Notices>());
    let actions = expect_context::<Actions>();
    let busy = Memo::new(move |_| engine.status.with(Status::is_busy));
    let is_simulated = Memo::new(move |_| form.draft.with(PlanDraft::is_simulated));
    let checking = Memo::new(move |_| engine.check.get() == Check::Running);
    let sentence = Memo::new(move |_| {
        form.draft.with(|d| {
            d.plan().map_or_else(
                |_| String::new(),
                |plan| {
                    let takes = simulated::run_takes(&plan);
                    let takes = takes.map(|t| format!(" Takes {t}.")).unwrap_or_default();
                    let needs = sentence::needs(&plan).map(|n| format!(" {n}"));
                    format!("{}{takes}{}", sentence::plan(&plan), needs.unwrap_or_default())
                },
            )
        })
    });
    let has_key = Memo::new(move |_| form.api_key.with(|key| !key.trim().is_empty()));
    let asked = Memo::new(move |_| {
        let has_key = has_key.get();
        let plan = form.draft.with(|d| d.plan().ok())?;
        let nodes = engine.check.with(|check| match check {
            Check::Done(nodes) => nodes.clone(),
            _ => Vec::new(),
        });
        let assumed = preflights::assumed(&nodes);
        let list = forecast(&plan, has_key, assumed);
        preflights::forecast(&list, has_key, assumed, !nodes.is_empty())
    });
    let measuring = Memo::new(move |_| engine.calibration.with(|c| c.running));
    let speed = Memo::new(move |_| {
        engine.calibration.with(|c| match (c.running, &c.failure, &c.known) {
            (true, ..) => Some("Measuring how fast this browser is…".to_string()),
            (_, Some(failure), _) => Some(failure.clone()),
            (_, _, Some(known)) => Some(sentence::calibration(known)),
            _ => None,
        })
    });
    // The host of a page does not change. A refusal stands below the buttons all the time, for a
    // button that is disabled and does not say why is a riddle.
    let refused = browser_share::may_measure(&document::host()).err();
    let may_measure = refused.is_none();
    let calibrate = move |_| {
        if let Some(plan) = valid(form) {
            engine.calibrate(&plan, Box::new(|_| {}));
        }
    };
    let check = move |_| {
        if let Some(plan) = valid(form) {
            engine.check(&plan, form.key());
            request_animation_frame(|| document::focus("check"));
        }
    };
    let trying = Memo::new(move |_| engine.trial.get() == Trial::Running);
    let try_each = move |_| {
        if let Some(plan) = valid(form) {
            engine.try_each(&plan, form.key());
            request_animation_frame(|| document::focus("trial"));
        }
    };
    let copy = move |_| {
        let Some(plan) = valid(form) else { return };
        actions.copy_plan_link(&plan);
    };
    let save = move |_| {
        let Some(plan) = valid(form) else { return };
        let name = fwit_present::library::file_name(&plan.name, "plan");
        notices.check(files::save(&name, "application/json", &wire::to_json(&plan)));
    };
    let load = NodeRef::<leptos::html::Input>::new();
    let loaded = move |_| {
        let Some(input) = load.get_untracked() else { return };
        let files = Picked::all(input.files());
        input.set_value("");
        actions.import(files);
    };
    view! {
        {move || asked.get().map(|text| view! { <p class="note note-warn">{text}</p> })}
        <p class="hint" aria-live="polite">{speed}</p>
        <div class="actions">
            <p class="actions-sentence">{sentence}</p>
            <div class="row">
                <button
                    type="submit"
                    class="button button-main"
                    disabled=move || busy.get() || measuring.get()
                    title="Ctrl + Enter"
                >
                    <Icon name="play" />
                    "Start"
                </button>
                <button
                    type="button"
                    class="button"
                    hidden=move || is_simulated.get()
                    disabled=move || busy.get() || checking.get()
                    on:click=check
                >
                    <Icon name="check" />
                    "Check connections"
                </button>
                <button
                    type="button"
                    class="button"
                    hidden=move || is_simulated.get()
                    disabled=move || busy.get() || trying.get()
                    title="One request of each operation, to see that protocol and nodes fit"
                    on:click=try_each
                >
                    "Send one of each"
                </button>
                <button
                    type="button"
                    class="button"
                    title="Asks the page's own server, which does nothing, for four seconds: what \
                           is left is the browser's share"
                    disabled=move || {
                        !may_measure || busy.get() || checking.get() || measuring.get()
                    }
                    aria-describedby=(!may_measure).then_some("not-measured")
                    on:click=calibrate
                >
                    "How fast is this browser?"
                </button>
                <button
                    type="button"
                    class="button"
                    disabled=move || busy.get()
                    title="An experiment: this plan with leader stickiness and without, in turn"
                    on:click=move |_| {
                        if valid(form).is_some() {
                            experiment_form.ask(form, Template::Sticky);
                            go(&Route::Experiment(None));
                        }
                    }
                >
                    <Icon name="swap" />
                    "Sticky or not?"
                </button>
                <span class="spacer"></span>
                <button type="button" class="button-quiet" on:click=copy>
                    <Icon name="link" />
                    "Copy link"
                </button>
                <button type="button" class="button-quiet" on:click=save>
                    <Icon name="down" />
                    "Save plan"
                </button>
                <button
                    type="button"
                    class="button-quiet"
                    on:click=move |_| {
                        if let Some(input) = load.get_untracked() {
                            input.click();
                        }
                    }
                >
                    <Icon name="up" />
                    "Load plan"
                </button>
                <input
                    type="file"
                    accept=".json,application/json"
                    class="visually-hidden"
                    tabindex="-1"
                    aria-label="Plan file"
                    node_ref=load
                    on:change=loaded
                />
            </div>
            {refused
                .map(|why| {
                    view! { <p class="hint" id="not-measured">"How fast is this browser? " {why}</p> }
                })}
            <Show when=move || busy.get()>
                <p class="hint">
                    "A run is under way: " <a href="#/run">"see it live"</a>
                    " or stop it there before the next."
                </p>
            </Show>
        </div>
    }
}
