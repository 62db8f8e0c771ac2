//! A result's head: name, verdicts, big numbers, and what can be done with the run.

use std::sync::Arc;

use leptos::prelude::*;

use super::export::ExportMenu;
use crate::browser::environment::{local_day, local_time};
use crate::browser::files;
use crate::page::actions::Actions;
use crate::page::labels::LabelsLine;
use crate::page::parts::{
    Badge, Headlines, Health, Icon, RenameForm, Tile, TimeSource, Tone, Verdict,
};
use crate::page::plan_form::find_and;
use crate::page::state::{Engine, Library, Notices, PlanForm, Status, go};
use crate::protocol::Opened;
use fwit_model::plan::wire;
use fwit_present::library::file_name;
use fwit_present::route::{Prefill, Route};
use fwit_present::table::{Column, failures};
use fwit_present::{figure, sentence};
use fwit_quantities::units::{Micros, three_digits};
use fwit_report::run::view::{Ended, Measure, RunView};

/// As many requests as a browser has under way at one address without lanes.
const SLOTS_OF_A_NODE: u32 = fwit_engine::environment::Room::BROWSER.lane;

/// The head.
#[component]
pub fn ResultHead(run: Arc<Opened>, renamed: Callback<Arc<Opened>>) -> impl IntoView {
    let view = &run.view;
    let plan = wire::read(&view.plan_json).ok();
    let simulated = view.simulated;
    let about = plan.as_ref().map(sentence::plan).unwrap_or_default();
    let when = format!("{} · {}", local_time(&view.started_at), view.id);
    let ended = match view.ended {
        Ended::Completed => view! { <Badge text=sentence::ended(view.ended) tone=Tone::Good /> },
        other => {
            view! {
                <Badge
                    text=sentence::ended(other)
                    tone=Tone::Warn
                    title="What was measured until then counts."
                />
            }
        }
    };
    view! {
        <header class="view-head">
            <NameLine run=run.clone() renamed />
            <p class="hint">{when}</p>
            <p class="lead">{about}</p>
            <LabelsLine id=view.id.clone() />
            <p class="badges">
                {ended}
                {(!simulated).then(|| view! { <Health health=view.health.clone() /> })}
                <TimeSource sources=view.time_sources simulated />
                <Badge text=if view.sticky { "leader-sticky" } else { "not sticky" } />
            </p>
            <Recovered run=run.clone() />
            <Headlines lines=view.headlines.clone() />
            <p class="outcome">{sentence::outcome(view)}</p>
            <Verdict
                health=view.health.clone()
                thresholds=view.thresholds.clone()
                simulated
            />
            {(!view.health.limits.is_empty() && !simulated)
                .then(|| plan.clone().map(|plan| view! { <Advice plan /> }))}
            {view
                .warnings
                .iter()
                .cloned()
                .map(|w| view! { <p class="note note-warn">{w}</p> })
                .collect_view()}
        </header>
        <Numbers run=run.clone() />
        <Acts run plan />
    }
}

/// Of a recovered run that nobody kept: when it goes, and a button that keeps it.
#[component]
fn Recovered(run: Arc<Opened>) -> impl IntoView {
    let (library, notices) = (expect_context::<Library>(), expect_context::<Notices>());
    let id = run.view.id.clone();
    let own = StoredValue::new(id.clone());
    let goes = Memo::new(move |_| library.goes_at(&id));
    let keep = move |_| {
        let id = own.get_value();
        leptos::task::spawn_local(async move {
            notices.check(library.keep_for_good(&id).await);
        });
    };
    move || {
        goes.get().map(|at| {
            view! {
                <div class="note note-warn">
                    <p>
                        {format!(
                            "This run was recovered. It goes on {}, or sooner where there is no \
                             room.",
                            local_day(&at),
                        )}
                    </p>
                    <button type="button" class="button" on:click=keep>
                        "Keep it"
                    </button>
                </div>
            }
        })
    }
}

/// What would let the browser keep up, as buttons: each changes the plan and runs it.
#[component]
fn Advice(plan: fwit_model::plan::Plan) -> impl IntoView {
    let (actions, form) = (expect_context::<Actions>(), expect_context::<PlanForm>());
    let (engine, notices) = (expect_context::<Engine>(), expect_context::<Notices>());
    let plan = StoredValue::new(plan);
    let start = move || {
        let plan = form.draft.with_untracked(fwit_model::plan::PlanDraft::plan);
        match plan {
            Ok(plan) => {
                form.remember(&plan);
                notices.check(actions.start(plan, form.key(), None, false));
            }
            Err(_) => go(&Route::Plan(Prefill::default())),
        }
    };
    let with_lanes = move |_| {
        plan.with_value(|plan| form.fill(plan));
        find_and(form, engine, start);
    };
    let fewer = move |_| {
        plan.with_value(|plan| form.fill(plan));
        form.draft.update(|draft| draft.entities = SLOTS_OF_A_NODE.to_string());
        start();
    };
    let busy = move || engine.looking.get() || engine.status.with(Status::is_busy);
    view! {
        <p class="row">
            <button type="button" class="button" disabled=busy on:click=with_lanes>
                <Icon name="add" />
                "Add lanes to all nodes and run again"
            </button>
            <button type="button" class="button" disabled=busy on:click=fewer>
                <Icon name="play" />
                {format!("Run again with {SLOTS_OF_A_NODE} entities")}
            </button>
        </p>
    }
}

/// The name, which can be changed.
#[component]
pub(super) fn NameLine(run: Arc<Opened>, renamed: Callback<Arc<Opened>>) -> impl IntoView {
    let (library, notices) = (expect_context::<Library>(), expect_context::<Notices>());
    let editing = RwSignal::new(false);
    let name = if run.view.name.is_empty() {
        "Run without a name".to_string()
    } else {
        run.view.name.clone()
    };
    let (own, id) = (run.view.name.clone(), run.view.id.clone());
    let done = Callback::new(move |new: Option<String>| {
        editing.set(false);
        let Some(name) = new else { return };
        let id = id.clone();
        leptos::task::spawn_local(async move {
            if let Some(run) = notices.check(library.rename(&id, &name).await) {
                // The view may be gone when the run is stored.
                renamed.try_run(run);
            }
        });
    });
    move || {
        if editing.get() {
            let name = own.clone();
            view! { <RenameForm name label="Name of the run" done /> }.into_any()
        } else {
            view! {
                <div class="name-line">
                    <h1 title=name.clone()>{name.clone()}</h1>
                    <button
                        type="button"
                        class="button-icon"
                        aria-label="Rename this run"
                        title="Rename"
                        on:click=move |_| editing.set(true)
                    >
                        <Icon name="pen" />
                    </button>
                </div>
            }
            .into_any()
        }
    }
}

#[component]
fn Numbers(run: Arc<Opened>) -> impl IntoView {
    let v: &RunView = &run.view;
    let total = &v.total;
    let cell = |i| Column::Percentile(i).cell(total, Measure::Cluster).text;
    let text = |t: String| Signal::stored(t);
    let errors = match total.errors() {
        0 => "none".to_string(),
        _ => failures(total),
    };
    let error_tone = if total.errors() > 0 { "bad" } else { "" };
    let littles_law_ratio =
        v.concurrency.littles_law_ratio.map(|c| format!("; Little's law: {}", figure::percent(c)));
    view! {
        <dl class="tiles">
            <Tile
                name="Throughput"
                unit="/s"
                value=text(three_digits(total.rate_per_s))
                note=text(
                    format!(
                        "{} answers in {}",
                        figure::count(total.completed),
                        Micros::from_secs(v.measured_s),
                    ),
                )
            />
            <Tile
                name="p50, cluster time"
                unit="ms"
                value=text(cell(0))
                note=text(format!("mean {} ms", figure::mean_and_max(&total.cluster).0))
            />
            <Tile
                name="p99, cluster time"
                unit="ms"
                value=text(cell(3))
                note=text(format!("max {} ms", figure::mean_and_max(&total.cluster).1))
            />
            <Tile
                name="Errors"
                value=text(figure::count(total.errors()))
                note=text(errors)
                tone=Signal::stored(error_tone)
            />
            <Tile
                name="Effective concurrency"
                value=text(three_digits(v.concurrency.effective))
                note=text(
                    format!(
                        "of {} entities; {} waited for a slot{}",
                        v.concurrency.entities,
                        three_digits(v.concurrency.waiting),
                        littles_law_ratio.unwrap_or_default(),
                    ),
                )
            />
        </dl>
    }
}

/// What can be done with the run.
#[component]
pub(super) fn Acts(run: Arc<Opened>, plan: Option<fwit_model::plan::Plan>) -> impl IntoView {
    let (library, notices) = (expect_context::<Library>(), expect_context::<Notices>());
    let (actions, form) = (expect_context::<Actions>(), expect_context::<PlanForm>());
    let own = run.view.id.clone();
    let saved = run.clone();
    let save = move |_| {
        let name = file_name(&saved.view.name, &saved.view.id);
        let run = saved.clone();
        leptos::task::spawn_local(async move {
            // As it is kept, with tags and note; what is gone from there is saved all the same.
            let json = library.file(&run.view.id).await.unwrap_or_else(|_| run.json.clone());
            notices.check(files::save(&name, "application/json", &json));
        });
    };
    let removed = run.clone();
    let delete = move |_| {
        let card = fwit_present::library::Card::of(&removed.view, removed.json.len() as u64);
        actions.delete_all(vec![card]);
        go(&Route::LIBRARY);
    };
    let others = Memo::new(move |_| {
        library.cards.with(|cards| {
            cards
                .iter()
                .flatten()
                .filter(|c| c.id != own)
                .map(|c| (c.id.clone(), c.name.clone(), c.started_at.clone()))
                .collect::<Vec<_>>()
        })
    });
    let (id, out) = (run.view.id.clone(), run.clone());
    let compare = move |other: String| {
        if !other.is_empty() {
            go(&Route::Compare(vec![id.clone(), other]));
        }
    };
    let linked = plan;
    view! {
        <div class="row acts">
            <button type="button" class="button" on:click=save>
                <Icon name="down" />
                "Save JSON"
            </button>
            <ExportMenu run=out />
            {linked
                .map(|plan| {
                    let again = plan.clone();
                    view! {
                        <button
                            type="button"
                            class="button"
                            on:click=move |_| actions.copy_plan_link(&plan)
                        >
                            <Icon name="link" />
                            "Copy plan link"
                        </button>
                        <button
                            type="button"
                            class="button"
                            on:click=move |_| {
                                form.fill(&again);
                                go(&Route::Plan(Prefill::default()));
                            }
                        >
                            <Icon name="play" />
                            "Use this plan"
                        </button>
                    }
                })}
            <Show when=move || others.with(|o| !o.is_empty())>
                <select
                    class="button"
                    aria-label="Compare with another run"
                    on:change:target={
                        let compare = compare.clone();
                        move |event| compare(event.target().value())
                    }
                >
                    <option value="">"Compare with…"</option>
                    {move || {
                        others
                            .get()
                            .into_iter()
                            .map(|(id, name, at)| {
                                let label = format!("{name} ({})", local_time(&at));
                                view! { <option value=id>{label}</option> }
                            })
                            .collect_view()
                    }}
                </select>
            </Show>
            <span class="spacer"></span>
            <button type="button" class="button-quiet" on:click=delete>
                <Icon name="trash" />
                "Delete"
            </button>
        </div>
    }
}
