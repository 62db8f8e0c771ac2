//! An experiment's result: the verdict first, then tables, intervals, shift function, periods,
//! curves, control.

use std::sync::Arc;

use leptos::prelude::*;

use super::more::MorePairs;
use super::table::{Drift, Invalid, Lines, Metrics};
use crate::browser::environment::local_time;
use crate::browser::files;
use crate::page::actions::Actions;
use crate::page::chart::Slot;
use crate::page::labels::LabelsLine;
use crate::page::latency_groups::GroupsFinding;
use crate::page::parts::{Badge, Icon, MethodLink, PartsPanel, Simulated, Tone};
use crate::page::state::{Library, Notices, go};
use crate::protocol::OpenedExperiment;
use fwit_present::library::{Card, file_name};
use fwit_present::method::{CAMPS, CONTROL, SHIFT};
use fwit_present::parts::{self, PartsBar};
use fwit_present::route::Route;
use fwit_present::{charts, experiment as words, sentence};
use fwit_report::experiment::view::{ComparisonView, ExperimentView};
use fwit_report::run::view::Ended;

/// Opens an experiment of the library by its id, and shows it.
#[component]
pub fn ExperimentResult(id: String) -> impl IntoView {
    let library = expect_context::<Library>();
    let state = RwSignal::new(None::<Result<Arc<OpenedExperiment>, String>>);
    // Not cancelled with the view: the store calls back, also when the future is dropped.
    leptos::task::spawn_local(async move {
        let opened = library.open_experiment(&id).await;
        state.try_set(Some(opened));
    });
    move || match state.get() {
        None => view! { <p class="busy">"Opening the experiment…"</p> }.into_any(),
        Some(Err(message)) => view! {
            <section class="empty">
                <h1>"The experiment can't be shown"</h1>
                <p role="alert">{message}</p>
                <p>
                    <a class="button button-main" href="#/runs">"See your runs"</a>
                </p>
            </section>
        }
        .into_any(),
        Some(Ok(opened)) => view! { <Whole opened /> }.into_any(),
    }
}

#[component]
fn Whole(opened: Arc<OpenedExperiment>) -> impl IntoView {
    let view = Arc::new(opened.view.clone());
    let name = if view.name.is_empty() {
        "Experiment without a name".to_string()
    } else {
        view.name.clone()
    };
    let ended = view.ended.map(|ended| {
        let tone = if ended == Ended::Completed { Tone::Good } else { Tone::Warn };
        view! { <Badge text=sentence::ended(ended) tone /> }
    });
    let about = format!(
        "{} · {} · {} of {} pairs count, periods of {} s, {} s of each left out",
        local_time(&view.started_at),
        view.id,
        view.pairs_used,
        view.pairs,
        view.period_s,
        view.settle_s
    );
    let notes =
        view.notes.iter().cloned().map(|n| view! { <p class="note">{n}</p> }).collect_view();
    let comparisons = (0..view.comparisons.len())
        .map(|i| view! { <Compared view=view.clone() i /> })
        .collect_view();
    let arms = view
        .arms
        .iter()
        .map(|arm| {
            let changes = arm
                .changes
                .iter()
                .map(|(path, value)| format!("{path} = {value}"))
                .collect::<Vec<_>>();
            view! {
                <dt>{arm.name.clone()}</dt>
                <dd>
                    {if changes.is_empty() {
                        "the plan as it is".to_string()
                    } else {
                        changes.join(", ")
                    }}
                </dd>
            }
        })
        .collect_view();
    let facts = |list: &[(String, String)]| {
        list.iter()
            .cloned()
            .map(|(label, text)| view! { <dt>{label}</dt><dd>{text}</dd> })
            .collect_view()
    };
    view! {
        <article class="result experiment">
            <header class="view-head">
                <h1>{name}</h1>
                <p class="hint">{about}</p>
                <LabelsLine id=view.id.clone() />
                <p class="badges">
                    {ended} {view.is_simulated().then(|| view! { <Simulated /> })}
                </p>
                {view
                    .comparisons
                    .iter()
                    .map(|c| {
                        view! {
                            <p class="outcome experiment-verdict">{c.headline.clone()}</p>
                            <Lines rows=c.primaries.clone() />
                        }
                    })
                    .collect_view()}
                {notes}
            </header>
            <Acts opened />
            <MorePairs view=view.clone() />
            {comparisons}
            {time_parts(&view)}
            {(view.pairs_used > 0)
                .then(|| {
                    view! {
                        <Curves view=view.clone() />
                        <LatencyGroups view=view.clone() />
                    }
                })}
            <section class="panel">
                <h2>"What does not count, and why"</h2>
                <Invalid view=view.clone() />
            </section>
            <details class="panel">
                <summary>"Arms, plan, browser and machine"</summary>
                <dl class="facts">{arms} {facts(&view.calibration)} {facts(&view.environment)}</dl>
                <pre class="code">{view.plan_json.clone()}</pre>
            </details>
        </article>
    }
}

/// Returns a bar for each arm and, of each arm, for each operation: where the time went.
fn time_parts(view: &ExperimentView) -> impl IntoView + use<> {
    let runs = || view.arms.iter().filter_map(|arm| Some((&arm.name, arm.run.as_ref()?)));
    let mut bars = parts::run_bars(runs().map(|(name, run)| (name.clone(), run)));
    for (name, run) in runs() {
        let rows = run.by_op.iter().filter_map(|row| Some((row.op.clone()?, row.parts?)));
        bars.extend(rows.map(|(op, p)| PartsBar::new(format!("{name}, {op}"), &p, run.simulated)));
    }
    view! { <PartsPanel bars=Signal::stored(bars) /> }
}

#[component]
fn Acts(opened: Arc<OpenedExperiment>) -> impl IntoView {
    let (actions, notices) = (expect_context::<Actions>(), expect_context::<Notices>());
    let library = expect_context::<Library>();
    let lighter = opened.view.lighter.clone();
    let (saved, again, removed) = (opened.clone(), opened.clone(), opened);
    view! {
        <div class="row acts">
            <button
                type="button"
                class="button"
                on:click=move |_| {
                    let name = file_name(&saved.view.name, &saved.view.id);
                    let saved = saved.clone();
                    leptos::task::spawn_local(async move {
                        let kept = library.file(&saved.view.id).await;
                        let json = kept.unwrap_or_else(|_| saved.json.clone());
                        notices.check(files::save(&name, "application/json", &json));
                    });
                }
            >
                <Icon name="down" />
                "Save JSON"
            </button>
            <button
                type="button"
                class="button"
                on:click=move |_| {
                    notices.check(actions.set_up(&again.json));
                }
            >
                <Icon name="play" />
                "Use this set-up"
            </button>
            {lighter
                .map(|(json, load)| {
                    view! {
                        <button
                            type="button"
                            class="button"
                            on:click=move |_| {
                                notices.check(actions.set_up(&json));
                            }
                        >
                            <Icon name="play" />
                            {format!("Set it up with {load}")}
                        </button>
                    }
                })}
            <span class="spacer"></span>
            <button
                type="button"
                class="button-quiet"
                on:click=move |_| {
                    let card = Card::of_experiment(&removed.view, removed.json.len() as u64);
                    actions.delete_all(vec![card]);
                    go(&Route::LIBRARY);
                }
            >
                <Icon name="trash" />
                "Delete"
            </button>
        </div>
    }
}

/// One arm, compared with the first.
#[component]
fn Compared(view: Arc<ExperimentView>, i: usize) -> impl IntoView {
    let c = view.comparisons.get(i)?.clone();
    let metric = RwSignal::new(0_usize);
    let choices = view
        .metrics
        .iter()
        .enumerate()
        .map(|(i, (name, _))| view! { <option value=i.to_string()>{name.clone()}</option> })
        .collect_view();
    let of = {
        let view = view.clone();
        move |make: fn(&ComparisonView) -> Result<charts::Drawn, fwit_chart::figure::ChartError>| {
            let view = view.clone();
            move || view.comparisons.get(i).map_or(Ok(None), make)
        }
    };
    let paired = {
        let view = view.clone();
        move || view.comparisons.get(i).map_or(Ok(None), |c| words::paired(&view, c, metric.get()))
    };
    Some(view! {
        <section class="panel">
            <h2>{format!("{} against {}", c.b, c.a)}</h2>
            <Metrics
                caption="Primary metrics"
                a=c.a.clone()
                b=c.b.clone()
                rows=c.primaries.clone()
                corrected=true
            />
            <p class="hint">
                "Intervals and shift function " <MethodLink method=SHIFT />
                {format!(": {}", words::bands(&c))}
            </p>
            <div class="charts">
                <Slot
                    make=of(words::intervals)
                    height=420.0
                    empty="Below 6 pairs there are no intervals."
                />
                <Slot
                    make=of(words::shift)
                    height=420.0
                    empty="Too few answers for a shift function."
                />
            </div>
        </section>
        <section class="panel">
            <h2>"Period by period"</h2>
            <div class="chart-options">
                <select
                    aria-label="Metric"
                    on:change:target=move |event| {
                        metric.set(event.target().value().parse().unwrap_or_default());
                    }
                >
                    {choices}
                </select>
            </div>
            <Slot make=paired height=300.0 empty="No period has a value of this metric." />
            <Drift view />
        </section>
        <details class="panel">
            <summary>
                "The same setting against itself (A-A control) "
                <MethodLink method=CONTROL />
            </summary>
            <p class="hint">
                "Neighbouring periods of each arm against each other, through the same analysis. \
                 There is nothing to find here: what it finds nevertheless is how far the cluster \
                 moves by itself."
            </p>
            <Metrics
                caption="A-A control"
                a="one half".to_string()
                b="the other half".to_string()
                rows=c.control.clone()
                corrected=true
            />
        </details>
        <details class="panel">
            <summary>"Further metrics (exploratory)"</summary>
            <p class="hint">
                "Not corrected for their number: of twenty without a difference, one looks \
                 different. Use them to find questions, not answers."
            </p>
            <Metrics caption="Further metrics" a=c.a b=c.b rows=c.exploratory corrected=false />
        </details>
    })
}

/// Percentile curves of all arms.
#[component]
fn Curves(view: Arc<ExperimentView>) -> impl IntoView {
    let mut names: Vec<String> = Vec::new();
    for curve in &view.curves {
        if !names.contains(&curve.of) {
            names.push(curve.of.clone());
        }
    }
    let of = RwSignal::new(names.first().cloned().unwrap_or_default());
    let options =
        names.into_iter().map(|n| view! { <option value=n>{n.clone()}</option> }).collect_view();
    view! {
        <section class="panel">
            <h2>"Distribution"</h2>
            <div class="chart-options">
                <select
                    aria-label="Operations"
                    on:change:target=move |event| of.set(event.target().value())
                >
                    {options}
                </select>
                <span class="hint">
                    "At each percentile the centre of the periods that count, with its 95 % interval."
                </span>
            </div>
            <Slot
                make=move || words::curves(&view, &of.get())
                height=340.0
                empty="Nothing was recorded."
            />
        </section>
    }
}

/// The entities' means, arm by arm.
#[component]
fn LatencyGroups(view: Arc<ExperimentView>) -> impl IntoView {
    let arms = (0..view.arms.len())
        .map(|i| {
            let own = view.clone();
            let make = move || {
                own.arms
                    .get(i)
                    .and_then(|a| a.run.as_ref())
                    .map_or(Ok(None), charts::latency_groups)
            };
            let latency_groups =
                view.arms.get(i).and_then(|a| a.run.as_ref()).map(|run| run.latency_groups.clone());
            let finding = latency_groups
                .map(|latency_groups| view! { <GroupsFinding groups=latency_groups /> });
            view! {
                <div>
                    <h3>{view.arms.get(i).map(|a| a.name.clone())}</h3>
                    {finding}
                    <Slot make height=420.0 empty="No entity had an answer." />
                </div>
            }
        })
        .collect_view();
    view! {
        <section class="panel camps" id="camps">
            <h2>"Camps " <MethodLink method=CAMPS /></h2>
            <p class="hint">
                "A dot is one entity's mean in one pair, coloured by the node it chose. Entities \
                 choose anew in each pair, so each counts once a pair. Two groups in one row are \
                 two camps."
            </p>
            <div class="charts">{arms}</div>
        </section>
    }
}
