//! The charts of each view: `present::charts` makes them, [`super::chart`] shows them.

use std::sync::Arc;

use leptos::prelude::*;

use super::chart::Slot;
use super::intervals::Intervals;
use super::parts::MethodLink;
use super::selection::SelectionPanel;
use crate::protocol::Opened;
use fwit_chart::figure::ChartError;
use fwit_present::charts::{self, By, Drawn, Marks, Over, series_measure};
use fwit_present::method::SECTIONS;
use fwit_present::vitals;
use fwit_report::run::view::{Annotation, Leadership, Measure, RunView, Second, TimelineEvent};

/// What is marked in the live charts.
pub type LiveMarks = (Vec<Annotation>, Vec<TimelineEvent>, Option<Leadership>);

/// The live view's charts.
#[component]
pub fn LiveCharts(
    history: RwSignal<Vec<Second>>,
    /// What disturbed the instrument so far, what was done, and who led.
    marks: Memo<LiveMarks>,
    warmup_s: f64,
) -> impl IntoView {
    let cursor = RwSignal::new(None);
    let draw = move |make: fn(&[Second], charts::Marks) -> Result<Drawn, ChartError>| {
        history.with(|h| {
            marks.with(|(annotations, timeline, leadership)| {
                let leadership = leadership.as_ref();
                make(
                    h,
                    charts::Marks { warmup_s, annotations, timeline, leadership, foreign: false },
                )
            })
        })
    };
    view! {
        <section class="panel charts" aria-label="Over time">
            <Slot make=move || draw(charts::throughput) height=220.0 cursor=Some(cursor) />
            <Slot
                make=move || draw(|h, m| charts::latency(h, m, Measure::Cluster))
                height=220.0
                cursor=Some(cursor)
            />
        </section>
    }
}

/// A chart of one run, of the chosen latency.
#[component]
fn RunSlot(
    run: Arc<Opened>,
    measure: RwSignal<Measure>,
    make: fn(&RunView, Measure) -> Result<Drawn, ChartError>,
    #[prop(default = "Nothing was recorded.")] empty: &'static str,
    #[prop(default = 260.0)] height: f64,
    #[prop(optional)] time: Option<Time>,
) -> impl IntoView {
    let make = move || make(&run.view, measure.get());
    let (cursor, stretch) = (time.map(|t| t.cursor), time.map(|t| t.stretch));
    view! { <Slot make empty height cursor stretch /> }
}

/// What the charts over time share: the cursor, and the part of the run that they show.
#[derive(Clone, Copy)]
struct Time {
    cursor: RwSignal<Option<f64>>,
    stretch: RwSignal<Option<[f64; 2]>>,
}

/// A run's charts.
#[component]
pub fn ResultCharts(run: Arc<Opened>, measure: RwSignal<Measure>) -> impl IntoView {
    let time = Time { cursor: RwSignal::new(None), stretch: RwSignal::new(None) };
    let r = || run.clone();
    // Files of other tools may lack what a chart needs: the view says which and why.
    let own = run.view.source.is_none();
    let has = |some: bool| own || some;
    let timed = has(run.view.seconds.iter().any(|s| s.cluster_us.is_some()));
    let heat = has(!run.view.heat.counts.is_empty());
    view! {
        {has(!run.view.cluster_curves.is_empty())
            .then(|| view! { <Distribution run=r() measure /> })}
        {has(!run.view.seconds.is_empty())
            .then(|| view! { <OverTime run=r() measure time timed heat /> })}
        {has(!run.view.entities.is_empty()).then(|| view! { <Entities run=r() measure /> })}
    }
}

/// What happened when, one chart under the other.
#[component]
fn OverTime(
    run: Arc<Opened>,
    measure: RwSignal<Measure>,
    time: Time,
    /// Whether there are latencies by second.
    timed: bool,
    /// Whether there are histograms by second.
    heat: bool,
) -> impl IntoView {
    let r = || run.clone();
    let own = run.view.source.is_none();
    let busy = own || run.view.seconds.iter().any(|s| s.in_flight > 0.0);
    view! {
        <section class="panel">
            <h2>"Over time"</h2>
            <div class="charts">
                <RunSlot
                    run=r()
                    measure
                    make=|r, _| charts::throughput(charts::whole(r), Marks::of(r))
                    time
                />
                {timed
                    .then(|| {
                        view! {
                            <RunSlot
                                run=r()
                                measure
                                make=|r, m| charts::latency(charts::whole(r), Marks::of(r), m)
                                time
                            />
                        }
                    })}
                {heat
                    .then(|| {
                        view! {
                            <div class="charts-wide">
                                <RunSlot
                                    run=r()
                                    measure
                                    make=|r, _| charts::heat(r)
                                    height=300.0
                                    time
                                />
                            </div>
                        }
                    })}
                {heat.then(|| view! { <RunSlot run=r() measure make=charts::by_operation time /> })}
                {busy
                    .then(|| {
                        view! {
                            <RunSlot
                                run=r()
                                measure
                                make=|r, _| charts::concurrency(charts::whole(r), Marks::of(r))
                                time
                            />
                        }
                    })}
                {own
                    .then(|| {
                        view! {
                            <RunSlot
                                run=r()
                                measure
                                make=|r, _| {
                                    charts::littles_law_ratio(charts::whole(r), Marks::of(r))
                                }
                                empty="Little's law is checked in closed loads only."
                                time
                            />
                        }
                    })}
                {run
                    .view
                    .vitals
                    .as_ref()
                    .map(vitals::known)
                    .unwrap_or_default()
                    .into_iter()
                    .map(|vital| {
                        let run = r();
                        let make = move || {
                            vitals::chart(run.view.vitals.as_ref(), Marks::of(&run.view), vital)
                        };
                        view! { <Slot make height=180.0 cursor=Some(time.cursor) stretch=Some(time.stretch) /> }
                    })
                    .collect_view()}
            </div>
            <SelectionPanel run=r() stretch=time.stretch measure />
        </section>
    }
}

/// The strip of the entities' means.
#[component]
fn Entities(run: Arc<Opened>, measure: RwSignal<Measure>) -> impl IntoView {
    view! {
        <section class="panel">
            <h2>"Entities"</h2>
            <p class="hint">
                {if run.view.latency_groups.found() {
                    "A dot is one entity’s mean for an operation, with the colour and the shape \
                     of its camp."
                } else {
                    "A dot is one entity’s mean for an operation. Two groups of dots in one row \
                     would be two camps: see which node each chose."
                }}
            </p>
            <RunSlot
                run
                measure
                make=|r, _| charts::latency_groups(r)
                height=480.0
                empty="No entity had an answer."
            />
        </section>
    }
}

/// Percentile curves and the histogram, with switches for what they show.
#[component]
fn Distribution(run: Arc<Opened>, measure: RwSignal<Measure>) -> impl IntoView {
    let by = RwSignal::new(By::Operation);
    let op = RwSignal::new(None::<String>);
    let ops: Vec<String> = run.view.histograms.iter().filter_map(|h| h.op.clone()).collect();
    let spreads = run.view.source.is_none() || !run.view.histograms.is_empty();
    let several = run.view.source.is_none() || run.view.nodes.len() > 1;
    let (curves, spread) = (run.clone(), run);
    let choice = move |value: By, label: &'static str| {
        view! {
            <label>
                <input
                    type="radio"
                    name="curves"
                    prop:checked=move || by.get() == value
                    on:change=move |_| by.set(value)
                />
                <span>{label}</span>
            </label>
        }
    };
    view! {
        <section class="panel">
            <h2>"Distribution"</h2>
            <div class="charts">
                <div>
                    <div class="chart-options">
                        {several
                            .then(|| {
                                view! {
                                    <fieldset class="switch">
                                        <legend class="visually-hidden">"Curves"</legend>
                                        {choice(By::Operation, "by operation")}
                                        {choice(By::Node, "by node")}
                                    </fieldset>
                                }
                            })}
                        <InPlace measure />
                    </div>
                    <Slot
                        make=move || charts::percentiles(&curves.view, measure.get(), by.get())
                        height=320.0
                    />
                </div>
                {spreads
                    .then(|| {
                        view! {
                            <div>
                                <div class="chart-options">
                                    <OpSelect ops op />
                                </div>
                                <Slot
                                    make=move || charts::spread(&spread.view, op.get().as_deref())
                                    height=320.0
                                />
                            </div>
                        }
                    })}
            </div>
        </section>
    }
}

/// Says which latency is drawn when the chosen one has no curve of its own.
#[component]
fn InPlace(measure: RwSignal<Measure>) -> impl IntoView {
    let other =
        Memo::new(move |_| Some(series_measure(measure.get())).filter(|m| *m != measure.get()));
    move || {
        other.get().map(|m| {
            let text = format!(
                "There are no {} curves; the {} ones are shown.",
                measure.get().name(),
                m.name()
            );
            view! { <span class="hint">{text}</span> }
        })
    }
}

/// Chooses an operation, or all.
#[component]
fn OpSelect(ops: Vec<String>, op: RwSignal<Option<String>>) -> impl IntoView {
    view! {
        <select
            aria-label="Operation"
            on:change:target=move |event| {
                op.set(Some(event.target().value()).filter(|v| !v.is_empty()));
            }
        >
            <option value="">"all operations"</option>
            {ops.into_iter().map(|o| view! { <option value=o>{o.clone()}</option> }).collect_view()}
        </select>
    }
}

/// The charts of several runs, laid over each other.
#[component]
pub fn CompareCharts(
    runs: Arc<Vec<Arc<Opened>>>,
    labels: RwSignal<Vec<String>>,
    measure: RwSignal<Measure>,
    intervals: Intervals,
) -> impl IntoView {
    let op = RwSignal::new(None::<String>);
    let mut ops: Vec<String> = Vec::new();
    for row in runs.iter().flat_map(|run| &run.view.by_op) {
        if let Some(op) = row.op.as_ref().filter(|op| !ops.contains(op)) {
            ops.push(op.clone());
        }
    }
    let (curves, cursor, stretch) = (runs.clone(), RwSignal::new(None), RwSignal::new(None));
    let series = |over: fn(Measure) -> Over| {
        let runs = runs.clone();
        move || {
            let views: Vec<&RunView> = runs.iter().map(|run| &run.view).collect();
            labels.with(|labels| charts::compared_series(&views, labels, over(measure.get())))
        }
    };
    let percentiles = move || {
        let views: Vec<&RunView> = curves.iter().map(|run| &run.view).collect();
        let known = intervals.known.get();
        labels.with(|labels| {
            charts::compared_percentiles(
                &views,
                labels,
                measure.get(),
                op.get().as_deref(),
                known.as_deref(),
            )
        })
    };
    // Files of other tools may have no distribution, or no seconds.
    let own = runs.iter().any(|run| run.view.source.is_none());
    let curved = own || runs.iter().any(|run| !run.view.cluster_curves.is_empty());
    let timed = own || runs.iter().any(|run| !run.view.seconds.is_empty());
    view! {
        {curved
            .then(|| {
                view! {
                    <section class="panel">
                        <h2>"Distribution"</h2>
                        <p class="hint">
                            "Bands are 95 % intervals of the noise within each run."
                            <MethodLink method=SECTIONS />
                        </p>
                        <div class="chart-options">
                            <OpSelect ops op />
                            {own.then(|| view! { <InPlace measure /> })}
                        </div>
                        <Slot
                            make=percentiles
                            height=340.0
                            empty="No run has answers of this operation."
                        />
                    </section>
                }
            })}
        {timed
            .then(|| {
                view! {
                    <section class="panel">
                        <h2>"Over time"</h2>
                        <div class="charts">
                            <Slot make=series(|_| Over::Throughput) cursor=Some(cursor) stretch=Some(stretch) />
                            <Slot make=series(|m| Over::Latency(0, m)) cursor=Some(cursor) stretch=Some(stretch) />
                            <Slot make=series(|m| Over::Latency(1, m)) cursor=Some(cursor) stretch=Some(stretch) />
                        </div>
                    </section>
                }
            })}
    }
}
