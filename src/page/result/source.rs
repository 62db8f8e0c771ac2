//! The head of a run that another tool made, and what its file can't show.

use std::sync::Arc;

use leptos::prelude::*;

use super::head::{Acts, NameLine};
use crate::browser::environment::local_time;
use crate::page::labels::LabelsLine;
use crate::page::parts::{Badge, Headlines, Thresholds, Tile, Tone};
use crate::protocol::Opened;
use fwit_present::source::{about, badges, has_time, missing};
use fwit_present::table::{Column, failures};
use fwit_present::{figure, sentence};
use fwit_quantities::units::{Micros, three_digits};
use fwit_report::run::view::{Measure, RunView, Source};

/// Name, tool, what its numbers are, and the big ones.
#[component]
pub fn SourceHead(run: Arc<Opened>, renamed: Callback<Arc<Opened>>) -> impl IntoView {
    let view = &run.view;
    let Some(source) = view.source.clone() else { return ().into_any() };
    let when = if has_time(&view.started_at) {
        local_time(&view.started_at)
    } else {
        "when it ran is not in the file".to_string()
    };
    let badges = badges(&source)
        .into_iter()
        .map(|(text, title, doubt)| {
            let tone = if doubt { Tone::Warn } else { Tone::Plain };
            view! { <Badge text title tone /> }
        })
        .collect_view();
    view! {
        <header class="view-head">
            <NameLine run=run.clone() renamed />
            <p class="hint">{format!("{when} · {} · from “{}”", view.id, source.file)}</p>
            <p class="lead">{about(&source)}</p>
            <LabelsLine id=view.id.clone() />
            <p class="badges">{badges}</p>
            <Headlines lines=view.headlines.clone() />
            {(view.total.issued > 0).then(|| view! { <p class="outcome">{sentence::outcome(view)}</p> })}
            <Thresholds thresholds=view.thresholds.clone() />
            <Warnings source view=view.warnings.clone() />
        </header>
        <Numbers run=run.clone() />
        <Acts run plan=None />
    }
    .into_any()
}

/// What was skipped or is doubtful.
#[component]
fn Warnings(source: Source, view: Vec<String>) -> impl IntoView {
    let lines: Vec<String> = source.warnings.into_iter().chain(view).collect();
    (!lines.is_empty()).then(|| {
        let one = |line: String| view! { <li>{line}</li> };
        view! {
            <div class="note note-warn">
                <p>"To know of this file:"</p>
                <ul>{lines.into_iter().map(one).collect_view()}</ul>
            </div>
        }
    })
}

#[component]
fn Numbers(run: Arc<Opened>) -> impl IntoView {
    let v: &RunView = &run.view;
    let total = &v.total;
    let cell = |i| Column::Percentile(i).cell(total, Measure::Cluster).text;
    let text = |t: String| Signal::stored(t);
    let (mean, max) = figure::mean_and_max(&total.cluster);
    let errors = match total.errors() {
        0 => "none".to_string(),
        _ => failures(total),
    };
    let error_tone = if total.errors() > 0 { "bad" } else { "" };
    let span = Micros::from_secs(v.measured_s);
    let effective = if v.concurrency.entities > 0 {
        format!("of {} entities; by Little's law, from latencies and time", v.concurrency.entities)
    } else {
        "by Little's law, from latencies and time".to_string()
    };
    view! {
        <dl class="tiles">
            <Tile
                name="Throughput"
                unit="/s"
                value=text(if v.measured_s > 0.0 { three_digits(total.rate_per_s) } else { "–".into() })
                note=text(format!("{} answers in {span}", figure::count(total.completed)))
            />
            <Tile name="p50" unit="ms" value=text(cell(0)) note=text(format!("mean {mean} ms")) />
            <Tile name="p99" unit="ms" value=text(cell(3)) note=text(format!("max {max} ms")) />
            <Tile
                name="Errors"
                value=text(figure::count(total.errors()))
                note=text(errors)
                tone=Signal::stored(error_tone)
            />
            <Tile
                name="Effective concurrency"
                value=text(
                    if v.concurrency.effective > 0.0 {
                        three_digits(v.concurrency.effective)
                    } else {
                        "–".into()
                    },
                )
                note=text(effective)
            />
        </dl>
    }
}

/// The views that the file can't carry, each with the reason.
#[component]
pub fn MissingViews(run: Arc<Opened>) -> impl IntoView {
    let rows = missing(&run.view)
        .into_iter()
        .map(|(name, why)| {
            view! {
                <div class="missing-view">
                    <dt>{name}</dt>
                    <dd>{why}</dd>
                </div>
            }
        })
        .collect_view();
    view! {
        <section class="panel">
            <h2>"What this file can't show"</h2>
            <dl class="missing-views">{rows}</dl>
        </section>
    }
}
