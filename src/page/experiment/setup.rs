//! The set-up of an experiment: the question, the arms, pairs and periods, how long it takes.

use leptos::prelude::*;

use super::arms::Arms;
use super::design::{Extension, PlannedPairs};
use crate::browser::document;
use crate::browser::files::{self, Picked};
use crate::page::actions::Actions;
use crate::page::parts::Icon;
use crate::page::plan_form::{Field, LaneButtons, LaneNotes, Summary, find_before_start};
use crate::page::state::{Engine, ExperimentForm, Notices, PlanForm, Status};
use fwit_model::plan::PlanDraft;
use fwit_present::lane_words::connections;
use fwit_present::{experiment as words, experiment_form, sentence};
use fwit_report::experiment::{Experiment, ExperimentDraft, Template, pairs_for_claim};

/// Reads a text of the draft, and writes it.
type Text = (fn(&ExperimentDraft) -> String, fn(&mut ExperimentDraft, String));

/// Path, label, unit, hint and text of the plain fields.
const FIELDS: [(&str, &str, &str, &str, Text); 4] = [
    (
        "name",
        "Name",
        "",
        "Shown wherever the experiment is shown.",
        (|d| d.name.clone(), |d, t| d.name = t),
    ),
    (
        "design.pairs",
        "Pairs",
        "",
        "A period of each arm. From 6 on a difference can be claimed between two arms; 2 are a pilot, which tells how many it takes.",
        (|d| d.pairs.clone(), |d, t| d.pairs = t),
    ),
    (
        "design.period_s",
        "Period",
        "s",
        "Load of one arm at a stretch.",
        (|d| d.period_s.clone(), |d, t| d.period_s = t),
    ),
    (
        "design.settle_s",
        "Settle",
        "s",
        "The start of every period that is left out.",
        (|d| d.settle_s.clone(), |d, t| d.settle_s = t),
    ),
];

/// Path, label and index of each margin.
const MARGINS: [(&str, &str, usize); 3] =
    [("margins.throughput", "Throughput", 0), ("margins.p50", "p50", 1), ("margins.p99", "p99", 3)];

/// The form.
#[component]
pub fn SetUp() -> impl IntoView {
    let (plan_form, form) = (expect_context::<PlanForm>(), expect_context::<ExperimentForm>());
    let engine = expect_context::<Engine>();
    let (actions, notices) = (expect_context::<Actions>(), expect_context::<Notices>());
    let start = move || {
        if valid(form).is_none() {
            return;
        }
        find_before_start(plan_form, engine, notices, move || {
            let Some(experiment) = valid(form) else { return };
            if let Ok(plan) = plan_form.draft.with_untracked(PlanDraft::plan) {
                plan_form.remember(&plan);
            }
            notices.check(actions.start_experiment(&experiment, plan_form.key(), None, false));
        });
    };
    let tight = Memo::new(move |_| {
        let plan = plan_form.draft.with(PlanDraft::plan).ok()?;
        plan_form.lane_book.with(|book| Some(connections(&plan, book)?.tight))
    });
    let few = fwit_engine::environment::Room::BROWSER.lane;
    if form.draft.with_untracked(Option::is_none) {
        form.ask(plan_form, Template::Sticky);
    }
    let has_draft = Memo::new(move |_| form.draft.with(Option::is_some));
    let fitting = Memo::new(move |_| {
        plan_form
            .draft
            .with(|d| Template::ALL.into_iter().filter(|t| t.fits(d)).collect::<Vec<_>>())
    });
    let question = move |template: Template| {
        view! {
            <button
                type="button"
                class="choice"
                on:click=move |_| form.ask(plan_form, template)
            >
                <strong>{template.label()}</strong>
            </button>
        }
    };
    let plan = Memo::new(move |_| {
        plan_form.draft.with(|d| {
            d.plan().map_or_else(
                |_| "The plan in the form can't start yet: see what it lacks there.".to_string(),
                |plan| sentence::plan(&plan),
            )
        })
    });
    let failed = move || match engine.status.get() {
        Status::Failed(messages) if engine.experiment.with_untracked(Option::is_some) => {
            Some(view! {
                <ul class="wrong-list" role="alert">
                    {messages.into_iter().map(|m| view! { <li>{m}</li> }).collect_view()}
                </ul>
            })
        }
        _ => None,
    };
    view! {
        <form
            class="plan"
            novalidate
            autocomplete="off"
            on:submit=move |event| {
                event.prevent_default();
                start();
            }
        >
            <div class="view-head">
                <h1>"Experiment"</h1>
                <p class="lead">
                    "Two settings of one plan in short periods, in turn and in random order, \
                     compared pair by pair: so the hour is not mistaken for the change."
                </p>
            </div>
            {failed}
            <Summary
                form
                title="The experiment can't start yet"
                label=experiment_form::label
                show=move |field: String| {
                    let id = form.checks.id(&field);
                    request_animation_frame(move || document::focus(&id));
                }
            />
            <section class="panel" id=form.checks.id("base") tabindex="-1">
                <h2>"Plan"</h2>
                <p>{plan}</p>
                <p class="hint">
                    "The plan in the form, but for its duration and warm-up. "
                    <a href="#/">"Change it"</a>
                </p>
                <Show when=move || tight.get() == Some(true)>
                    <LaneNotes form=plan_form />
                    <p class="row">
                        <LaneButtons form=plan_form />
                        <button
                            type="button"
                            class="button"
                            on:click=move |_| {
                                plan_form.draft.update(|draft| draft.entities = few.to_string());
                            }
                        >
                            {format!("{few} entities")}
                        </button>
                    </p>
                </Show>
            </section>
            <fieldset class="presets">
                <legend>"Question"</legend>
                {move || fitting.get().into_iter().map(question).collect_view()}
            </fieldset>
            <Show when=move || has_draft.get()>
                <Design form />
                <Arms form />
                <ActionBar />
            </Show>
        </form>
    }
}

/// A field of one line.
fn field(
    form: ExperimentForm,
    (path, label, unit, hint): (&'static str, &'static str, &'static str, &'static str),
    value: Signal<String>,
    set: Callback<String>,
) -> impl IntoView {
    let keyboard = if path == "name" { "text" } else { "decimal" };
    view! { <Field form field=path label unit hint keyboard value set /> }
}

#[component]
fn Design(form: ExperimentForm) -> impl IntoView {
    let plain = FIELDS.map(|(path, label, unit, hint, (get, set))| {
        field(
            form,
            (path, label, unit, hint),
            Signal::derive(move || form.text(get)),
            Callback::new(move |text| form.edit(|d| set(d, text))),
        )
    });
    let margins = MARGINS.map(|(path, label, i)| {
        field(
            form,
            (path, label, "%", ""),
            Signal::derive(move || form.text(|d| d.margins.get(i).cloned().unwrap_or_default())),
            Callback::new(move |text: String| {
                form.edit(|d| {
                    if let Some(margin) = d.margins.get_mut(i) {
                        *margin = text;
                    }
                });
            }),
        )
    });
    view! {
        <fieldset class="panel">
            <legend>"Design"</legend>
            <div class="fields">{plain}</div>
            <PlannedPairs form />
            <Extension form />
        </fieldset>
        <fieldset class="panel">
            <legend>"Margins"</legend>
            <p class="hint">
                "The smallest difference that matters to you. Set before the start, and kept in \
                 the file."
            </p>
            <div class="fields">{margins}</div>
        </fieldset>
    }
}

#[component]
fn ActionBar() -> impl IntoView {
    let form = expect_context::<ExperimentForm>();
    let (engine, notices) = (expect_context::<Engine>(), expect_context::<Notices>());
    let actions = expect_context::<Actions>();
    let save = move |_| {
        let Some(experiment) = valid(form) else { return };
        let name = fwit_present::library::file_name(&experiment.file.name, "experiment");
        let json = fwit_model::json::pretty(&experiment.file);
        notices.check(files::save(&name, "application/json", &json));
    };
    let busy = Memo::new(move |_| engine.status.with(Status::is_busy));
    let about = Memo::new(move |_| {
        form.made.with(|made| match made {
            Some(Ok(experiment)) => {
                let (pairs, needed) = (
                    experiment.pairs() as u32,
                    pairs_for_claim(experiment.arms.len(), experiment.file.design.extendable),
                );
                let few = (pairs < needed)
                    .then(|| format!(" From {needed} pairs on a difference can be claimed."));
                format!("{}{}", words::about(experiment), few.unwrap_or_default())
            }
            Some(Err(problems)) => match problems.len() {
                1 => "One field is to be mended before it can start.".to_string(),
                n => format!("{n} fields are to be mended before it can start."),
            },
            None => String::new(),
        })
    });
    let load = NodeRef::<leptos::html::Input>::new();
    let loaded = move |_| {
        let Some(input) = load.get_untracked() else { return };
        let files = Picked::all(input.files());
        input.set_value("");
        actions.import(files);
    };
    view! {
        <div class="actions">
            <p class="actions-sentence">{about}</p>
            <div class="row">
                <button type="submit" class="button button-main" disabled=move || busy.get()>
                    <Icon name="play" />
                    "Start"
                </button>
                <span class="spacer"></span>
                <button type="button" class="button-quiet" on:click=save>
                    <Icon name="down" />
                    "Save experiment"
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
                    "Load experiment"
                </button>
                <input
                    type="file"
                    accept=".json,.gz,application/json,application/gzip"
                    class="visually-hidden"
                    tabindex="-1"
                    aria-label="Experiment file"
                    node_ref=load
                    on:change=loaded
                />
            </div>
            <Show when=move || busy.get()>
                <p class="hint">
                    "A run is under way: " <a href="#/run">"see it live"</a>
                    " or stop it there first."
                </p>
            </Show>
        </div>
    }
}

/// Returns the experiment. When the form holds none yet, shows what is wrong and puts the focus
/// there.
fn valid(form: ExperimentForm) -> Option<Experiment> {
    let made = form.made.get_untracked()?;
    made.map_err(|_| {
        form.checks.attempted.set(true);
        let id = form.checks.id("");
        request_animation_frame(move || document::focus(&id));
    })
    .ok()
}
