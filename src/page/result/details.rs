//! The details of a run: errors with samples, subscribers, nodes, environment, the plan's text.

use std::sync::Arc;

use leptos::prelude::*;

use crate::page::parts::{Badge, Tone};
use crate::protocol::Opened;
use fwit_present::figure::count;
use fwit_present::simulated::facts;
use fwit_present::subscribers;
use fwit_present::table::node_words;
use fwit_quantities::units::{Micros, three_digits};
use fwit_report::run::view::{ErrorGroup, NodeView, SubscriberView};

/// Errors, most frequent first.
#[component]
pub fn ErrorsPanel(run: Arc<Opened>) -> impl IntoView {
    let groups = run.view.errors.clone();
    if groups.is_empty() {
        return view! {
            <section class="panel">
                <h2>"Errors"</h2>
                <p class="hint">"No request failed."</p>
            </section>
        }
        .into_any();
    }
    view! {
        <section class="panel">
            <h2>"Errors"</h2>
            <div class="table-scroll" tabindex="0" role="region" aria-label="Errors">
                <table class="table">
                    <thead>
                        <tr>
                            <th scope="col">"kind"</th>
                            <th scope="col" class="number">"count"</th>
                            <th scope="col">"operation"</th>
                            <th scope="col">"node"</th>
                            <th scope="col" class="number">"first"</th>
                            <th scope="col" class="number">"last"</th>
                            <th scope="col">"what was said"</th>
                        </tr>
                    </thead>
                    <tbody>{groups.into_iter().map(error_row).collect_view()}</tbody>
                </table>
            </div>
        </section>
    }
    .into_any()
}

fn error_row(group: ErrorGroup) -> impl IntoView {
    let samples = group.samples.clone();
    // Other tools may not say when.
    let timed = group.last_us > 0 || !samples.is_empty();
    let when = |us: u64| if timed { Micros(us).to_string() } else { "–".to_string() };
    let text = if group.text.is_empty() { "nothing".to_string() } else { group.text.clone() };
    view! {
        <tr>
            <th scope="row" class="wrong">{group.outcome.label()}</th>
            <td class="number">{count(group.count)}</td>
            <td>{group.op}</td>
            <td>{group.node}</td>
            <td class="number">{when(group.first_us)}</td>
            <td class="number">{when(group.last_us)}</td>
            <td class="error-cell">
                {if samples.is_empty() {
                    view! { <span>{text}</span> }.into_any()
                } else {
                    view! {
                        <details>
                            <summary>{text}</summary>
                            <ul>
                                {samples
                                    .into_iter()
                                    .map(|s| {
                                        let status = match s.status {
                                            0 => "no status".to_string(),
                                            status => format!("HTTP {status}"),
                                        };
                                        view! {
                                            <li>
                                                {format!(
                                                    "at {}, entity {}: {status} after {}",
                                                    Micros(s.at_us),
                                                    s.entity,
                                                    Micros(s.took_us),
                                                )}
                                            </li>
                                        }
                                    })
                                    .collect_view()}
                            </ul>
                        </details>
                    }
                        .into_any()
                }}
            </td>
        </tr>
    }
}

/// What subscribers received; empty when the plan had none.
#[component]
pub fn SubscribersPanel(run: Arc<Opened>) -> impl IntoView {
    let view = run.view.subscribers.clone();
    (!view.list.is_empty()).then(|| {
        let (text, sign) = subscribers::badge(&view);
        let tone = Tone::from(sign);
        // What another tool's file says of them proves no loss and none.
        let own = run.view.source.is_none();
        let badge = own.then(|| view! { <Badge text tone /> });
        let sentences = if own { subscribers::sentences(&view) } else { Vec::new() };
        view! {
            <section class="panel">
                <div class="panel-head">
                    <h2>"Subscribers"</h2>
                    {badge}
                </div>
                {sentences
                    .into_iter()
                    .map(|words| view! { <p>{words}</p> })
                    .collect_view()}
                <div class="table-scroll" tabindex="0" role="region" aria-label="Subscribers">
                    <table class="table">
                        <thead>
                            <tr>
                                <th scope="col">"at node"</th>
                                <th scope="col" class="number">"received"</th>
                                <th scope="col" class="number">"lost"</th>
                                <th scope="col" class="number">"duplicates"</th>
                                <th scope="col" class="number">"reordered"</th>
                                <th scope="col" class="number">"disconnects"</th>
                                <th scope="col" class="number">"down, s"</th>
                                <th scope="col">"last trouble"</th>
                            </tr>
                        </thead>
                        <tbody>{view.list.into_iter().map(subscriber).collect_view()}</tbody>
                    </table>
                </div>
            </section>
        }
    })
}

fn subscriber(s: SubscriberView) -> impl IntoView {
    view! {
        <tr>
            <th scope="row">{s.node}</th>
            <td class="number">{count(s.received)}</td>
            <td class="number" class:wrong=s.lost != 0>{count(s.lost)}</td>
            <td class="number">{count(s.duplicates)}</td>
            <td class="number">{count(s.reordered)}</td>
            <td class="number">{s.disconnects}</td>
            <td class="number">{three_digits(s.down_s)}</td>
            <td>{s.trouble.unwrap_or_else(|| "none".into())}</td>
        </tr>
    }
}

/// The nodes and their lanes.
#[component]
pub fn NodesPanel(run: Arc<Opened>) -> impl IntoView {
    view! {
        <details class="panel">
            <summary>"Nodes"</summary>
            <div class="table-scroll" tabindex="0" role="region" aria-label="Nodes">
                <table class="table">
                    <thead>
                        <tr>
                            <th scope="col">"node"</th>
                            <th scope="col">"address"</th>
                            <th scope="col">"role"</th>
                            <th scope="col">"protocol"</th>
                            <th scope="col">"timing header"</th>
                            <th scope="col" class="number">"in flight"</th>
                            <th scope="col" class="number">"slots"</th>
                            <th scope="col">"lanes"</th>
                        </tr>
                    </thead>
                    <tbody>{run.view.nodes.iter().cloned().map(node).collect_view()}</tbody>
                </table>
            </div>
        </details>
    }
}

fn node(n: NodeView) -> impl IntoView {
    let (role, timing) = node_words(&n);
    let name = if n.discovered { format!("{} (found by redirect)", n.name) } else { n.name };
    view! {
        <tr>
            <th scope="row" class="name" title=name>{name.clone()}</th>
            <td>
                <code>{n.url}</code>
            </td>
            <td>{role}</td>
            <td>{n.protocol}</td>
            <td>{timing}</td>
            <td class="number">{three_digits(n.in_flight)}</td>
            <td class="number">
                {if n.slots < 1_000_000 { n.slots.to_string() } else { "no limit".to_string() }}
            </td>
            <td class="lanes">{n.lanes.join(" ")}</td>
        </tr>
    }
}

/// The browser, the machine, and the facts of the instrument.
#[component]
pub fn EnvironmentPanel(run: Arc<Opened>) -> impl IntoView {
    let list = facts(&run.view).into_iter().chain(run.view.environment.clone());
    view! {
        <details class="panel">
            <summary>"Instrument and environment"</summary>
            <dl class="facts">
                {list
                    .map(|(label, text)| {
                        view! {
                            <dt>{label}</dt>
                            <dd>{text}</dd>
                        }
                    })
                    .collect_view()}
            </dl>
        </details>
    }
}

/// The plan as the run file has it.
#[component]
pub fn PlanPanel(run: Arc<Opened>) -> impl IntoView {
    view! {
        <details class="panel">
            <summary>"Plan"</summary>
            <pre class="code" tabindex="0">{run.view.plan_json.clone()}</pre>
        </details>
    }
}
