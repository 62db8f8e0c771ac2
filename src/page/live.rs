//! The run under way: progress, big numbers, rates and latencies over time, operations, errors,
//! entities.

use leptos::prelude::*;

use super::charts::LiveCharts;
use super::live_controls::LiveControls;
use super::parts::{Headlines, Health, Icon, PartsPanel, Tile, TimeSource, Verdict};
use super::state::{Engine, Status};
use fwit_present::figure;
use fwit_present::simulated::{self, Done};
use fwit_present::table::{Column, failures};
use fwit_present::{parts, sentence};
use fwit_quantities::units::{Micros, three_digits};
use fwit_report::run::view::{ErrorGroup, Live, Measure, Phase, Shown};

/// The live view. Without a run it says what to do next.
#[component]
pub fn LiveView() -> impl IntoView {
    let engine = expect_context::<Engine>();
    let stage = Memo::new(move |_| Stage::of(engine.status.get()));
    move || match stage.get() {
        Stage::Nothing => view! { <Nothing /> }.into_any(),
        Stage::Over(id) => {
            let what = if engine.experiment.with_untracked(Option::is_some) {
                "experiment"
            } else {
                "run"
            };
            view! { <Over id what /> }.into_any()
        }
        Stage::Failed(messages) => view! { <Failed messages /> }.into_any(),
        Stage::Running => view! { <Running engine /> }.into_any(),
    }
}

/// What the view shows. While a run stops, its view stays as it is.
#[derive(Clone, PartialEq)]
enum Stage {
    Nothing,
    Running,
    Over(String),
    Failed(Vec<String>),
}

impl Stage {
    fn of(status: Status) -> Stage {
        match status {
            Status::Idle => Stage::Nothing,
            Status::Starting | Status::Running | Status::Stopping => Stage::Running,
            Status::Done(id) => Stage::Over(id),
            Status::Failed(messages) => Stage::Failed(messages),
        }
    }
}

#[component]
fn Nothing() -> impl IntoView {
    view! {
        <section class="empty">
            <h1>"No run is under way"</h1>
            <p>"Plan one, start it, and watch it here."</p>
            <p>
                <a class="button button-main" href="#/">"Plan a run"</a>
                " "
                <a class="button" href="#/runs">"See your runs"</a>
            </p>
        </section>
    }
}

#[component]
fn Over(id: String, what: &'static str) -> impl IntoView {
    view! {
        <section class="empty">
            <h1>{format!("The {what} is over")}</h1>
            <p>
                <a class="button button-main" href=format!("#/{what}/{id}")>"See its result"</a>
                " "
                <a class="button" href="#/">"Plan another"</a>
            </p>
        </section>
    }
}

#[component]
fn Failed(messages: Vec<String>) -> impl IntoView {
    view! {
        <section class="empty">
            <h1>"The run did not go on"</h1>
            <ul class="wrong-list" role="alert">
                {messages.into_iter().map(|m| view! { <li>{m}</li> }).collect_view()}
            </ul>
            <p>
                <a class="button button-main" href="#/">"Back to the plan"</a>
            </p>
        </section>
    }
}

/// Tells of a worker that gives no sign, and offers to end it.
#[component]
pub fn Silent(engine: Engine) -> impl IntoView {
    move || {
        engine.silent_s.get().map(|s| {
            view! {
                <div class="note note-warn" role="alert">
                    <p>
                        {format!(
                            "fwit's worker has given no sign for {s} s: the browser may have \
                             stopped it. What was kept until then is not lost.",
                        )}
                    </p>
                    <button type="button" class="button" on:click=move |_| engine.give_up()>
                        <Icon name="stop" />
                        "End it now"
                    </button>
                </div>
            }
        })
    }
}

#[component]
fn Running(engine: Engine) -> impl IntoView {
    let name = move || engine.plan.with(|p| p.as_ref().map(|p| p.name.clone()).unwrap_or_default());
    let about = move || engine.plan.with(|p| p.as_ref().map(sentence::plan).unwrap_or_default());
    let sources = Memo::new(move |_| engine.live.with(|l| l.time_sources.label()));
    let health = Memo::new(move |_| engine.live.with(|l| (l.health.clone(), l.thresholds.clone())));
    let headlines = Memo::new(move |_| engine.live.with(|l| l.headlines.clone()));
    let word = Memo::new(move |_| health.with(|(h, _)| h.verdict));
    let marks = Memo::new(move |_| {
        engine
            .live
            .with(|l| (l.health.annotations.clone(), l.timeline.clone(), l.leadership.clone()))
    });
    let warmup_s =
        engine.plan.with_untracked(|p| p.as_ref().map_or(0.0, |p| p.load.warmup.as_secs()));
    // The verdict on the instrument shows from the measured window on.
    let measuring = Memo::new(move |_| {
        engine.live.with(|l| matches!(l.phase, Phase::Measuring | Phase::Draining))
    });
    let simulated = engine.is_simulated();
    view! {
        <Silent engine />
        <div class="view-head">
            <h1>{name}</h1>
            <p class="lead">{about}</p>
            <p class="badges">
                {move || {
                    // Read, not only tracked: a memo runs only when it is read.
                    sources.with(|_| ());
                    let sources = engine.live.with_untracked(|l| l.time_sources);
                    view! { <TimeSource sources simulated /> }
                }}
                {move || {
                    word.with(|_| ());
                    let health = engine.live.with_untracked(|l| l.health.clone());
                    (!simulated).then(|| view! { <Health health /> })
                }}
            </p>
        </div>
        <Progress engine />
        {move || view! { <Headlines lines=headlines.get() /> }}
        {move || {
            let (health, thresholds) = health.get();
            measuring.get().then(|| view! { <Verdict health thresholds simulated /> })
        }}
        <Tiles engine />
        {(!simulated && engine.experiment.with_untracked(Option::is_none))
            .then(|| view! { <LiveControls engine /> })}
        <LiveCharts history=engine.history marks warmup_s />
        <Operations engine />
        <div class="columns">
            <Errors engine />
            <Entities engine />
        </div>
    }
}

#[component]
fn Progress(engine: Engine) -> impl IntoView {
    let stopping = Memo::new(move |_| engine.status.get() == Status::Stopping);
    let phase = Memo::new(move |_| engine.live.with(|l| l.phase));
    let takes = engine.plan.with_untracked(|p| p.as_ref().and_then(simulated::run_takes));
    // A period of an experiment is not what one waits for: its simulated time alone says little.
    let of_experiment = engine.experiment.with_untracked(Option::is_some);
    let left = Memo::new(move |_| {
        engine.live.with(|l| match (&takes, l.phase) {
            (Some(_), _) if of_experiment => String::new(),
            (Some(takes), _) => simulated::left(Done {
                elapsed_us: l.elapsed_us,
                total_us: l.total_us,
                passed_s: engine.passed_s(),
            })
            .unwrap_or_else(|| takes.clone()),
            (None, Phase::Starting) => String::new(),
            (None, Phase::Draining) => "a few seconds left".to_string(),
            _ => format!("{} left", figure::clock(l.total_us.saturating_sub(l.elapsed_us))),
        })
    });
    let share = Memo::new(move |_| {
        engine.live.with(|l| {
            (1_000 * l.elapsed_us.min(l.total_us)).checked_div(l.total_us).unwrap_or(0) as u32
        })
    });
    // For screen readers: a sentence that changes at each tenth of the run.
    let spoken = Memo::new(move |_| engine.live.with(sentence::progress));
    view! {
        <div class="progress">
            <progress
                max="1000"
                prop:value=move || share.get()
                aria-label="Progress of the run"
            ></progress>
            <span
                class="progress-phase"
                data-phase=move || format!("{:?}", phase.get()).to_ascii_lowercase()
            >
                {move || if stopping.get() { "stopping" } else { sentence::phase(phase.get()) }}
            </span>
            <span class="progress-left">{left}</span>
            <button
                type="button"
                class="button button-stop"
                disabled=move || stopping.get()
                title="End the run now; what was measured counts (s)"
                on:click=move |_| engine.stop()
            >
                <Icon name="stop" />
                "Stop"
            </button>
            <p class="visually-hidden" aria-live="polite">{spoken}</p>
        </div>
    }
}

/// The big numbers so far.
#[component]
pub fn Tiles(engine: Engine) -> impl IntoView {
    let of = move |text: fn(&Live) -> String| Signal::derive(move || engine.live.with(text));
    view! {
        <dl class="tiles">
            <Tile
                name="Throughput"
                unit="/s"
                value=of(|l| three_digits(l.total.rate_per_s))
                note=of(|l| format!("{} answers", figure::count(l.total.answers())))
            />
            <Tile
                name="p50, cluster time"
                unit="ms"
                value=of(|l| Column::Percentile(0).cell(&l.total, Measure::Cluster).text)
                note=of(|l| format!("mean {} ms", figure::mean_and_max(&l.total.cluster).0))
            />
            <Tile
                name="p99, cluster time"
                unit="ms"
                value=of(|l| Column::Percentile(3).cell(&l.total, Measure::Cluster).text)
                note=of(|l| format!("max {} ms", figure::mean_and_max(&l.total.cluster).1))
            />
            <Tile
                name="Errors"
                value=of(|l| figure::count(l.total.errors()))
                note=of(|l| match l.total.errors() {
                    0 => "none".to_string(),
                    _ => failures(&l.total),
                })
                tone=Signal::derive(move || {
                    if engine.live.with(|l| l.total.errors() > 0) { "bad" } else { "" }
                })
            />
            <Tile
                name="Effective concurrency"
                value=of(|l| three_digits(l.concurrency.effective))
                note=of(|l| format!(
                    "of {} entities; {} wait for a slot",
                    l.concurrency.entities,
                    three_digits(l.concurrency.waiting)
                ))
                tone=Signal::derive(move || {
                    let limit = engine.live.with(|l| sentence::client_limit(&l.concurrency));
                    if limit.is_some() { "warn" } else { "" }
                })
            />
        </dl>
    }
}

/// Columns of the live table; the result's table has all.
const COLUMNS: [Column; 6] = [
    Column::Count,
    Column::Rate,
    Column::Percentile(0),
    Column::Percentile(1),
    Column::Percentile(3),
    Column::Errors,
];

#[component]
fn Operations(engine: Engine) -> impl IntoView {
    let names = Memo::new(move |_| {
        engine.live.with(|l| l.by_op.iter().filter_map(|r| r.op.clone()).collect::<Vec<_>>())
    });
    let simulated = engine.is_simulated();
    let bars = Memo::new(move |_| engine.live.with(|l| parts::bars(&l.total, &l.by_op, simulated)));
    view! {
        <PartsPanel bars />
        <section class="panel">
            <h2>"Operations"</h2>
            <div class="table-scroll" tabindex="0" role="region" aria-label="Operations so far">
                <table class="table">
                    <thead>
                        <tr>
                            <th scope="col">"operation"</th>
                            {COLUMNS
                                .map(|c| {
                                    view! {
                                        <th scope="col" class="number">
                                            {c.heading()}
                                            {c.is_latency().then(|| view! { <small>"ms"</small> })}
                                        </th>
                                    }
                                })}
                        </tr>
                    </thead>
                    <tbody>
                        <For each=move || names.get() key=Clone::clone let:op>
                            <OperationRow engine op />
                        </For>
                    </tbody>
                </table>
            </div>
            <Show when=move || names.with(Vec::is_empty)>
                <p class="hint">"No answer yet."</p>
            </Show>
        </section>
    }
}

#[component]
fn OperationRow(engine: Engine, op: String) -> impl IntoView {
    let name = op.clone();
    let row = Memo::new(move |_| {
        engine.live.with(|l| {
            l.by_op
                .iter()
                .find(|r| r.op.as_deref() == Some(&op))
                .map(|r| COLUMNS.map(|c| c.cell(r, Measure::Cluster)))
        })
    });
    view! {
        <tr>
            <th scope="row" class="name">{name}</th>
            {(0..COLUMNS.len())
                .map(|i| {
                    let text = Memo::new(move |_| {
                        row.with(|r| {
                            r.as_ref().and_then(|cells| cells.get(i)).map(mark).unwrap_or_default()
                        })
                    });
                    view! { <td class="number">{text}</td> }
                })
                .collect_view()}
        </tr>
    }
}

/// Returns the text of a cell. An uncertain figure is marked by a sign, as in the result's tables.
fn mark(cell: &figure::Cell) -> String {
    if cell.shown == Shown::Greyed { format!("≈{}", cell.text) } else { cell.text.clone() }
}

#[component]
fn Errors(engine: Engine) -> impl IntoView {
    let groups = Memo::new(move |_| engine.live.with(|l| l.errors.clone()));
    view! {
        <section class="panel">
            <h2>"Errors"</h2>
            {move || {
                let groups = groups.get();
                if groups.is_empty() {
                    view! { <p class="hint">"None so far."</p> }.into_any()
                } else {
                    view! {
                        <ul class="error-list">
                            {groups.into_iter().take(8).map(error_line).collect_view()}
                        </ul>
                    }
                        .into_any()
                }
            }}
        </section>
    }
}

fn error_line(group: ErrorGroup) -> impl IntoView {
    view! {
        <li>
            <span class="wrong">
                {format!("{} × {}", figure::count(group.count), group.outcome.label())}
            </span>
            <span class="hint">
                {format!(" {} on {}, last at {}", group.op, group.node, Micros(group.last_us))}
            </span>
            <span class="error-text" title=group.text>{group.text.clone()}</span>
        </li>
    }
}

#[component]
fn Entities(engine: Engine) -> impl IntoView {
    let latched = Memo::new(move |_| engine.live.with(|l| l.latched.clone()));
    let total = Memo::new(move |_| engine.live.with(|l| l.concurrency.entities.max(1)));
    let sticky =
        engine.plan.with_untracked(|p| p.as_ref().is_some_and(|p| !p.disable_leader_stickiness));
    let events = Memo::new(move |_| engine.live.with(|l| figure::count(l.events_received)));
    view! {
        <section class="panel">
            <h2>"Entities on the leader"</h2>
            {move || {
                let latched = latched.get();
                if !sticky {
                    view! {
                        <p class="hint">
                            "Stickiness is off: every entity keeps asking its own node."
                        </p>
                    }.into_any()
                } else if latched.iter().all(|(_, n)| *n == 0) {
                    view! { <p class="hint">"No entity has found the leader yet."</p> }.into_any()
                } else {
                    latched
                        .into_iter()
                        .filter(|(_, n)| *n > 0)
                        .map(|(node, n)| {
                            view! {
                                <p class="meter-line">
                                    <span>{node}</span>
                                    <meter min="0" max=total.get_untracked() value=n></meter>
                                    <span class="number">{n}</span>
                                </p>
                            }
                        })
                        .collect_view()
                        .into_any()
                }
            }}
            <p class="hint">{move || format!("{} events received by subscribers", events.get())}</p>
        </section>
    }
}
