//! One run's result: verdicts first, then tables, charts, and what lies behind them.
//!
//! May not enter: arithmetic (`run::view` and `present` have it).
//! Invariant: everything shown comes from the view of the run's file, so a run that was opened from
//! a file looks the same as one that was made here.
//! Tests: `present` and `run`; the whole in tests/e2e.

mod details;
mod export;
mod happened;
mod head;
mod source;
mod tables;
mod verification;

use std::sync::Arc;

use leptos::prelude::*;

use self::details::{EnvironmentPanel, ErrorsPanel, NodesPanel, PlanPanel, SubscribersPanel};
use self::happened::HappenedPanel;
use self::head::ResultHead;
use self::source::{MissingViews, SourceHead};
use self::tables::Tables;
use self::verification::VerificationPanel;
use super::parts::PartsBars;
use super::state::Library;
use crate::protocol::Opened;
use fwit_present::parts;
use fwit_report::run::view::Measure;

/// Opens a run of the library by its id, and shows it.
#[component]
pub fn ResultView(id: String) -> impl IntoView {
    let library = expect_context::<Library>();
    let state = RwSignal::new(None::<Result<Arc<Opened>, String>>);
    let wanted = id;
    // Not cancelled with the view: the store calls back, also when the future is dropped.
    leptos::task::spawn_local(async move {
        let opened = library.open(&wanted).await;
        state.try_set(Some(opened));
    });
    // A renamed run keeps its id: show it in the place of the old one.
    let renamed = Callback::new(move |run: Arc<Opened>| {
        state.try_set(Some(Ok(run)));
    });
    move || match state.get() {
        None => view! { <p class="busy">"Opening the run…"</p> }.into_any(),
        Some(Err(message)) => view! { <Missing message /> }.into_any(),
        Some(Ok(run)) => view! { <Whole run renamed /> }.into_any(),
    }
}

#[component]
fn Missing(message: String) -> impl IntoView {
    view! {
        <section class="empty">
            <h1>"The run can't be shown"</h1>
            <p role="alert">{message}</p>
            <p>
                <a class="button button-main" href="#/runs">"See your runs"</a>
            </p>
        </section>
    }
}

#[component]
fn Whole(run: Arc<Opened>, renamed: Callback<Arc<Opened>>) -> impl IntoView {
    let measure = RwSignal::new(Measure::Cluster);
    if run.view.source.is_some() {
        return view! { <Foreign run renamed measure /> }.into_any();
    }
    view! {
        <article class="result">
            <ResultHead run=run.clone() renamed />
            <crate::page::latency_groups::LatencyGroupsPanel groups=run.view.latency_groups.clone() />
            <PartsPanel run=run.clone() />
            <HappenedPanel run=run.clone() />
            <VerificationPanel run=run.clone() />
            <Tables run=run.clone() measure />
            <super::charts::ResultCharts run=run.clone() measure />
            <ErrorsPanel run=run.clone() />
            <SubscribersPanel run=run.clone() />
            <NodesPanel run=run.clone() />
            <EnvironmentPanel run=run.clone() />
            <PlanPanel run />
        </article>
    }
    .into_any()
}

/// A run of another tool: the views that its file can carry, then those that it can't, and why.
#[component]
fn Foreign(
    run: Arc<Opened>,
    renamed: Callback<Arc<Opened>>,
    measure: RwSignal<Measure>,
) -> impl IntoView {
    let view = &run.view;
    let charts = !view.cluster_curves.is_empty() || !view.seconds.is_empty();
    view! {
        <article class="result">
            <SourceHead run=run.clone() renamed />
            {(!view.entities.is_empty())
                .then(|| {
                    let groups = view.latency_groups.clone();
                    view! { <crate::page::latency_groups::LatencyGroupsPanel groups /> }
                })}
            <Tables run=run.clone() measure />
            {(charts || !view.entities.is_empty())
                .then(|| view! { <super::charts::ResultCharts run=run.clone() measure /> })}
            <ErrorsPanel run=run.clone() />
            {(!view.subscribers.list.is_empty())
                .then(|| view! { <SubscribersPanel run=run.clone() /> })}
            {(!view.environment.is_empty())
                .then(|| view! { <EnvironmentPanel run=run.clone() /> })}
            <MissingViews run />
        </article>
    }
}

/// The parts of response times, and the largest of them in words.
#[component]
fn PartsPanel(run: Arc<Opened>) -> impl IntoView {
    let total = &run.view.total;
    let bars = parts::bars(total, &run.view.by_op, run.view.simulated);
    let words = total.parts.as_ref().and_then(|p| parts::largest(p, run.view.simulated));
    let none = total.parts.is_none() && total.answers() > 0;
    (none || !bars.is_empty()).then(|| {
        view! {
            <section class="panel">
                <h2>"Where the time goes"</h2>
                {words.map(|words| view! { <p>{words}</p> })}
                {if none {
                    view! {
                        <p class="hint">
                            "Not split: this run was saved by an older fwit, which did not keep the parts."
                        </p>
                    }
                    .into_any()
                } else {
                    view! { <PartsBars bars=Signal::stored(bars) /> }.into_any()
                }}
            </section>
        }
    })
}
