//! Whether the cluster kept its word: keys and counters read back, reads checked under load.

use std::sync::Arc;

use leptos::prelude::*;

use crate::page::parts::{Badge, Tone};
use crate::protocol::Opened;
use fwit_present::figure::count;
use fwit_present::verification::{self, Sign, violation};
use fwit_quantities::units::Micros;
use fwit_report::run::view::{FindingView, ReadsView};

/// What the checks found; empty when the plan did not ask for them.
#[component]
pub fn VerificationPanel(run: Arc<Opened>) -> impl IntoView {
    run.view.verification.clone().map(|v| {
        let (text, sign) = verification::badge(&v);
        let tone = Tone::from(sign);
        let wrong = |r: &ReadsView| r.stale + r.foreign + r.unjudged > 0;
        let reads = if v.reads.iter().any(wrong) { v.reads.clone() } else { Vec::new() };
        view! {
            <section class="panel">
                <div class="panel-head">
                    <h2>"Correctness"</h2>
                    <Badge text tone />
                </div>
                {verification::sentences(&v)
                    .into_iter()
                    .map(|(sign, words)| {
                        view! { <p class:wrong=sign == Sign::Bad>{words}</p> }
                    })
                    .collect_view()}
                {(!reads.is_empty()).then(|| view! { <Reads reads /> })}
                {(!v.findings.is_empty()).then(|| view! { <Findings findings=v.findings.clone() /> })}
            </section>
        }
    })
}

#[component]
fn Reads(reads: Vec<ReadsView>) -> impl IntoView {
    let row = |r: ReadsView| {
        let ms = |us: f64| if r.stale > 0 { Micros(us as u64).to_string() } else { "–".into() };
        view! {
            <tr>
                <th scope="row" class="name">{r.op}</th>
                <td>{r.node}</td>
                <td class="number">{count(r.checked)}</td>
                <td class="number" class:wrong=r.stale != 0>{count(r.stale)}</td>
                <td class="number">{ms(r.stale_mean_us)}</td>
                <td class="number">{ms(r.stale_max_us as f64)}</td>
                <td class="number">{count(r.foreign)}</td>
                <td class="number">{count(r.unjudged)}</td>
            </tr>
        }
    };
    view! {
        <div class="table-scroll" tabindex="0" role="region" aria-label="Reads checked under load">
            <table class="table">
                <thead>
                    <tr>
                        <th scope="col">"operation"</th>
                        <th scope="col">"answered by"</th>
                        <th scope="col" class="number">"checked"</th>
                        <th scope="col" class="number">"stale"</th>
                        <th scope="col" class="number">"by, mean"</th>
                        <th scope="col" class="number">"at most"</th>
                        <th scope="col" class="number">"unknown value"</th>
                        <th scope="col" class="number">"not judged"</th>
                    </tr>
                </thead>
                <tbody>{reads.into_iter().map(row).collect_view()}</tbody>
            </table>
        </div>
    }
}

#[component]
fn Findings(findings: Vec<FindingView>) -> impl IntoView {
    let row = |f: FindingView| {
        let by = f.entity.map_or_else(|| "read-back".to_string(), |e| format!("entity {e}"));
        view! {
            <tr>
                <th scope="row" class="wrong">{violation(f.what)}</th>
                <td>
                    <code>{f.key}</code>
                </td>
                <td>{f.words}</td>
                <td class="number">{Micros(f.at_us).to_string()}</td>
                <td>{format!("{} on {}, {by}", f.op, f.node)}</td>
            </tr>
        }
    };
    view! {
        <details>
            <summary>{format!("Samples: {}, the first of each kind", findings.len())}</summary>
            <div class="table-scroll" tabindex="0" role="region" aria-label="Samples">
                <table class="table">
                    <thead>
                        <tr>
                            <th scope="col">"what"</th>
                            <th scope="col">"key"</th>
                            <th scope="col">"found"</th>
                            <th scope="col" class="number">"at"</th>
                            <th scope="col">"by"</th>
                        </tr>
                    </thead>
                    <tbody>{findings.into_iter().map(row).collect_view()}</tbody>
                </table>
            </div>
        </details>
    }
}
