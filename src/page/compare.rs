//! Two or more runs side by side.

use std::sync::Arc;

use leptos::prelude::*;

use super::intervals::Intervals;
use super::latency_groups::LatencyGroupsSideBySide;
use super::parts::{Icon, MeasureSwitch, MethodLink, PartsPanel, Simulated};
use super::separate_runs::{SeparateRuns, ShiftPanel};
use super::state::{Library, Notices, go};
use crate::browser::environment::local_time;
use crate::browser::files;
use crate::protocol::Opened;
use fwit_present::figure;
use fwit_present::form::{label, value_words};
use fwit_present::method::{CONTROL, PERCENTILES, SECTIONS};
use fwit_present::parts;
use fwit_present::route::Route;
use fwit_present::source::has_time;
use fwit_present::table::{folded, metric_value};
use fwit_quantities::ratio::{ratio_range, ratio_signs};
use fwit_quantities::units::three_digits;
use fwit_report::run::compare::{
    Change, Comparison, Metric, Mixture, PlanDifference, Tendency, Unit, compare, letter,
};
use fwit_report::run::intervals::apply;
use fwit_report::run::view::Measure;

/// Opens the runs, then shows them side by side.
#[component]
pub fn CompareView(ids: Vec<String>) -> impl IntoView {
    let library = expect_context::<Library>();
    let state = RwSignal::new(None::<Result<Arc<Vec<Arc<Opened>>>, String>>);
    let wanted = ids.clone();
    // Not cancelled with the view: the store calls back, also when the future is dropped.
    leptos::task::spawn_local(async move {
        let mut runs = Vec::new();
        for id in &wanted {
            match library.open(id).await {
                Ok(run) => runs.push(run),
                Err(message) => {
                    state.try_set(Some(Err(message)));
                    return;
                }
            }
        }
        state.try_set(Some(Ok(Arc::new(runs))));
    });
    move || match state.get() {
        None => view! { <p class="busy">"Opening the runs…"</p> }.into_any(),
        Some(Err(message)) => view! {
            <section class="empty">
                <h1>"The runs can't be compared"</h1>
                <p role="alert">{message}</p>
                <p>
                    <a class="button button-main" href="#/runs">"See your runs"</a>
                </p>
            </section>
        }
        .into_any(),
        Some(Ok(runs)) => view! { <SideBySide ids=ids.clone() runs /> }.into_any(),
    }
}

#[component]
fn SideBySide(ids: Vec<String>, runs: Arc<Vec<Arc<Opened>>>) -> impl IntoView {
    // Runs that two clocks timed have one latency in common: the choice is none.
    let common = {
        let views: Vec<_> = runs.iter().map(|run| &run.view).collect();
        compare(&views, &[], Measure::Cluster).measure
    };
    // Runs of other tools have one latency.
    let own = runs.iter().all(|run| run.view.source.is_none());
    let shifts = own || runs.iter().any(|run| !run.view.seconds.is_empty());
    let measure = RwSignal::new(common);
    let labels = RwSignal::new((0..runs.len()).map(letter).collect::<Vec<_>>());
    let (data, compared) = (runs.clone(), runs.clone());
    let plain = Memo::new(move |_| {
        let views: Vec<_> = data.iter().map(|run| &run.view).collect();
        labels.with(|labels| compare(&views, labels, measure.get()))
    });
    let own_control = plain.with_untracked(|c| c.control.is_some());
    let intervals = Intervals::new(runs.clone(), own_control, measure);
    let comparison = Memo::new(move |_| {
        let mut comparison = plain.get();
        let control = intervals.control(comparison.control.clone());
        match intervals.known.get() {
            Some(intervals) => apply(&mut comparison, &intervals, control),
            None => comparison.control = control,
        }
        comparison
    });
    let latency_groups = Memo::new(move |_| {
        plain.with(|c| {
            c.runs
                .iter()
                .map(|r| r.label.clone())
                .zip(c.latency_groups.iter().cloned())
                .collect::<Vec<_>>()
        })
    });
    let notices = expect_context::<Notices>();
    let save = move |_| {
        let document = comparison.with_untracked(fwit_export::comparison);
        notices.check(files::save(&document.name, document.mime, &document.text));
    };
    let swapped = {
        let mut ids = ids;
        ids.rotate_left(1);
        Route::Compare(ids)
    };
    let heads = runs
        .iter()
        .enumerate()
        .map(|(i, run)| {
            let view = &run.view;
            view! {
                <li>
                    <input
                        type="text"
                        class="label-input"
                        maxlength="24"
                        aria-label=format!("Label of run {}", i + 1)
                        prop:value=move || labels.with(|l| l.get(i).cloned().unwrap_or_default())
                        on:input:target=move |event| {
                            labels
                                .update(|l| {
                                    if let Some(label) = l.get_mut(i) {
                                        *label = event.target().value();
                                    }
                                });
                        }
                    />
                    <a href=format!("#/run/{}", view.id) title=view.name.clone()>
                        {view.name.clone()}
                    </a>
                    <span class="row hint">
                        {view.simulated.then(|| view! { <Simulated /> })}
                        {has_time(&view.started_at).then(|| local_time(&view.started_at))}
                    </span>
                </li>
            }
        })
        .collect_view();
    view! {
        <article class="compare">
            <div class="view-head view-head-row">
                <div>
                    <h1>"Comparison"</h1>
                    <p class="lead">
                        "Every run is compared with the first. The labels can be changed."
                    </p>
                </div>
                <div class="row">
                    <button
                        type="button"
                        class="button"
                        title="The table of numbers, for a pull request"
                        on:click=save
                    >
                        <Icon name="down" />
                        "Save Markdown"
                    </button>
                    <button type="button" class="button" on:click=move |_| go(&swapped)>
                        <Icon name="swap" />
                        {if runs.len() == 2 { "Swap" } else { "Next first" }}
                    </button>
                </div>
            </div>
            <ol class="compare-heads">{heads}</ol>
            <SeparateRuns comparison intervals />
            {move || plain.with(notes)}
            {own.then_some(move || plain.with(plans))}
            {move || time_parts(&labels.get(), &compared)}
            <section class="panel">
                <div class="panel-head">
                    <h2>"Numbers" <MethodLink method=PERCENTILES /></h2>
                    {(common == Measure::Cluster && own).then(|| view! { <MeasureSwitch measure /> })}
                </div>
                {move || comparison.with(|c| table(c, "Whole runs", |m| m.op.is_none()))}
            </section>
            <details class="panel" open>
                <summary>"Operation by operation"</summary>
                {move || {
                    comparison.with(|c| table(c, "Operation by operation", |m| m.op.is_some()))
                }}
            </details>
            {shifts.then(|| view! { <ShiftPanel comparison /> })}
            <super::charts::CompareCharts runs labels measure intervals />
            {move || view! { <LatencyGroupsSideBySide runs=latency_groups.get() /> }}
        </article>
    }
}

/// Returns a bar for each run: where its time went.
fn time_parts(labels: &[String], runs: &[Arc<Opened>]) -> impl IntoView + use<> {
    let bars = parts::run_bars(labels.iter().cloned().zip(runs.iter().map(|run| &run.view)));
    view! { <PartsPanel bars=Signal::stored(bars) /> }
}

fn notes(c: &Comparison) -> impl IntoView + use<> {
    // The first note is shown with what the runs can say.
    c.notes.iter().skip(1).cloned().map(|n| view! { <p class="note">{n}</p> }).collect_view()
}

fn plans(c: &Comparison) -> impl IntoView + use<> {
    let heads =
        c.runs.iter().map(|r| view! { <th scope="col">{r.label.clone()}</th> }).collect_view();
    let row = |d: &PlanDifference| {
        let values = d.values.iter().map(|v| value_words(&d.field, v));
        let values = values.map(|v| view! { <td class="wrap">{v}</td> }).collect_view();
        view! {
            <tr>
                <th scope="row" title=d.field.clone()>{label(&d.field)}</th>
                {values}
            </tr>
        }
    };
    let (folded, shown) = folded(c);
    let rows = shown.into_iter().map(row).collect_view();
    let count = folded.len();
    let parameters = folded.into_iter().map(row).collect_view();
    let parameters = (count > 0).then(|| {
        view! {
            <details>
                <summary>{format!("Parameters of the simulation ({count})")}</summary>
                <div class="table-scroll" tabindex="0" role="region" aria-label="Parameters">
                    <table class="table">
                        <tbody>{parameters}</tbody>
                    </table>
                </div>
            </details>
        }
    });
    let none = c.plan_differences.is_empty();
    let nothing = if c.mixture() == Mixture::Simulated {
        "Nothing: with the same seed they are the same run."
    } else {
        "Nothing: what differs below is the cluster's, the browser's, or chance."
    };
    view! {
        <section class="panel">
            <h2>"What differs between the plans"</h2>
            {if none {
                view! {
                    <p class="hint">{nothing}</p>
                }.into_any()
            } else {
                view! {
                    <div
                        class="table-scroll"
                        tabindex="0"
                        role="region"
                        aria-label="What differs between the plans"
                    >
                        <table class="table">
                            <thead>
                                <tr>
                                    <th scope="col">"setting"</th>
                                    {heads}
                                </tr>
                            </thead>
                            <tbody>{rows}</tbody>
                        </table>
                    </div>
                    {parameters}
                }
                    .into_any()
            }}
        </section>
    }
}

/// A change: its sign, its size, and the tendency in words, so that colour alone says nothing.
fn change(metric: &Metric, change: &Change) -> impl IntoView + use<> {
    let (class, tendency) = match change.tendency {
        Tendency::Better => ("change change-better", "better"),
        Tendency::Worse => ("change change-worse", "worse"),
        Tendency::Same | Tendency::Neutral => ("change", ""),
    };
    let sign = if change.tendency == Tendency::Same {
        "="
    } else if change.difference > 0.0 {
        "▲"
    } else {
        "▼"
    };
    let d = change.difference.abs();
    let size = match metric.unit {
        Unit::PerSecond => format!("{}/s", three_digits(d)),
        Unit::Micros => format!("{} ms", figure::ms(d)),
        Unit::Share => format!("{} points", three_digits(d * 100.0)),
        Unit::Count => three_digits(d),
    };
    let title = format!("{} by {size}", if change.difference < 0.0 { "lower" } else { "higher" });
    let ends = change.interval.map(|[low, high]| {
        let held = if low <= 1.0 && high >= 1.0 { " It holds no change as well." } else { "" };
        let mut title = format!("95 % interval of the change.{held} {}", SECTIONS.title());
        if let Some(moved) = change.control {
            title += &format!("\n{}: {} by itself.", CONTROL.name, ratio_signs(moved));
        }
        view! { <small class="interval" title=title>{ratio_range(low, high)}</small> }
    });
    view! {
        <span class=class title=title>
            <span aria-hidden="true">{sign}</span>
            " "
            {change.words.clone()}
            {(!tendency.is_empty()).then(|| format!(", {tendency}"))}
        </span>
        {ends}
    }
}

fn table(
    c: &Comparison,
    caption: &'static str,
    keep: fn(&Metric) -> bool,
) -> impl IntoView + use<> {
    let first = c.runs.first().map(|r| r.label.clone()).unwrap_or_default();
    let heads = c
        .runs
        .iter()
        .enumerate()
        .map(|(i, r)| {
            let against =
                (i > 0).then(|| view! { <th scope="col">{format!("against {first}")}</th> });
            view! {
                <th scope="col" class="number">{r.label.clone()}</th>
                {against}
            }
        })
        .collect_view();
    let by_op = c.metrics.iter().any(|m| keep(m) && m.op.is_some());
    let mut last: Option<String> = None;
    let rows = c
        .metrics
        .iter()
        .filter(|m| keep(m))
        .map(|m| {
            // An operation's name is visible in its first row; screen readers read it in each.
            let fresh = m.op != last;
            last.clone_from(&m.op);
            let op = m.op.clone().map(|op| {
                let class = (!fresh).then_some("visually-hidden");
                view! {
                    <th scope="rowgroup" class="op">
                        <span class=class>{op}</span>
                    </th>
                }
            });
            let cells = (0..m.values.len())
                .map(|i| {
                    let against = (i > 0).then(|| {
                        view! {
                            <td>
                                {m.changes.get(i).and_then(Option::as_ref).map(|ch| change(m, ch))}
                            </td>
                        }
                    });
                    view! {
                        <td class="number" class:greyed=m.reliable.get(i) == Some(&false)>
                            {metric_value(m, i)}
                        </td>
                        {against}
                    }
                })
                .collect_view();
            view! {
                <tr class:group-start=fresh && m.op.is_some()>
                    {op}
                    <th scope="row">{m.name.clone()}</th>
                    {cells}
                </tr>
            }
        })
        .collect_view();
    view! {
        <div class="table-scroll" tabindex="0" role="region" aria-label=caption>
            <table class="table">
                <caption class="visually-hidden">{caption}</caption>
                <thead>
                    <tr>
                        {by_op.then(|| view! { <th scope="col">"operation"</th> })}
                        <th scope="col">"metric"</th>
                        {heads}
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
    }
}
