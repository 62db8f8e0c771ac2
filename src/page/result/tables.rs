//! The tables by operation, by node, and by both.

use std::sync::Arc;

use leptos::prelude::*;

use crate::page::parts::{LatencyTable, MeasureSwitch, TableRow};
use crate::protocol::Opened;
use fwit_present::browser_share::{self, BrowserShare};
use fwit_present::figure;
use fwit_report::run::view::{Measure, Row};

fn rows(
    list: &[Row],
    name: fn(&Row) -> Option<&String>,
    second: fn(&Row) -> Option<&String>,
) -> Signal<Arc<Vec<TableRow>>> {
    let rows = list
        .iter()
        .map(|row| TableRow {
            name: name(row).cloned().unwrap_or_default(),
            second: second(row).cloned(),
            row: row.clone(),
        })
        .collect();
    Signal::stored(Arc::new(rows))
}

/// The three tables, all of the chosen latency.
#[component]
pub fn Tables(run: Arc<Opened>, measure: RwSignal<Measure>) -> impl IntoView {
    let view = &run.view;
    let by_op = rows(&view.by_op, |r| r.op.as_ref(), |_| None);
    let by_node = rows(&view.by_node, |r| r.node.as_ref(), |_| None);
    let by_both = rows(&view.by_op_node, |r| r.op.as_ref(), |r| r.node.as_ref());
    let total = Signal::stored(Some(view.total.clone()));
    let all = StoredValue::new(view.total.clone());
    let own = view.source.is_none();
    // Files of other tools may not name the nodes.
    let several = own || view.nodes.len() > 1;
    let (share, added) = (browser_share::of_run(view), browser_share::sentence(view));
    view! {
        <section class="panel">
            <div class="panel-head">
                <h2>"By operation"</h2>
                {own.then(|| view! { <MeasureSwitch measure /> })}
            </div>
            {added.filter(|_| own).map(|text| view! { <p class="hint">{text}</p> })}
            <LatencyTable
                caption="Latency by operation"
                headings=vec!["operation"]
                rows=by_op
                total
                measure
                share
            />
            {move || {
                let alone = all.with_value(|row| figure::answers_alone(row.measure(measure.get())));
                alone.map(|text| view! { <p class="hint">{text}</p> })
            }}
            <p class="hint">
                "≈ and – mark percentiles of too few answers: ten must lie above one for it to be \
                 certain. Hover for the count it needs."
            </p>
        </section>
        {several.then(|| view! { <ByNode by_node by_both total measure share /> })}
    }
}

/// By the node asked, and by operation and node.
#[component]
fn ByNode(
    by_node: Signal<Arc<Vec<TableRow>>>,
    by_both: Signal<Arc<Vec<TableRow>>>,
    total: Signal<Option<Row>>,
    measure: RwSignal<Measure>,
    #[prop(optional_no_strip)] share: Option<BrowserShare>,
) -> impl IntoView {
    view! {
        <section class="panel">
            <h2>"By node asked"</h2>
            <LatencyTable
                caption="Latency by node asked"
                headings=vec!["node"]
                rows=by_node
                total
                measure
                share
            />
        </section>
        <details class="panel">
            <summary>"By operation and node"</summary>
            <LatencyTable
                caption="Latency by operation and node"
                headings=vec!["operation", "node"]
                rows=by_both
                total=Signal::stored(None)
                measure
                share
            />
        </details>
    }
}
