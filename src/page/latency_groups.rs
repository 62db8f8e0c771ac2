//! The camps of a run: what was found, the camps side by side, and the evidence. Results,
//! comparisons and experiments show them.

use leptos::prelude::*;

use super::parts::MethodLink;
use fwit_chart::figure::Sign;
use fwit_chart::ink::Ink;
use fwit_chart::number::fixed;
use fwit_chart::scene::Shape;
use fwit_chart::sign;
use fwit_present::figure::{count, ms};
use fwit_present::method::CAMPS;
use fwit_report::run::latency_groups::LatencyGroupsView;

/// A panel on the camps of one run.
#[component]
pub fn LatencyGroupsPanel(groups: LatencyGroupsView) -> impl IntoView {
    view! {
        <section class="panel camps" id="camps">
            <div class="panel-head">
                <h2>"Camps" <MethodLink method=CAMPS /></h2>
            </div>
            <GroupsFinding groups />
        </section>
    }
}

/// The camps of several runs, one below the other, each under its label.
#[component]
pub fn LatencyGroupsSideBySide(runs: Vec<(String, LatencyGroupsView)>) -> impl IntoView {
    let items = runs
        .into_iter()
        .map(|(label, groups)| {
            view! {
                <section class="camps-run">
                    <h3>{label}</h3>
                    <GroupsFinding groups />
                </section>
            }
        })
        .collect_view();
    view! {
        <section class="panel camps" id="camps">
            <h2>"Camps" <MethodLink method=CAMPS /></h2>
            <div class="camps-runs">{items}</div>
        </section>
    }
}

/// Headline, sentences, the table of camps, the evidence.
#[component]
pub fn GroupsFinding(groups: LatencyGroupsView) -> impl IntoView {
    let sentences = groups.sentences.iter().cloned().map(|s| view! { <p>{s}</p> }).collect_view();
    view! {
        <p class="outcome">{groups.headline.clone()}</p>
        {sentences}
        {groups.found().then(|| table(&groups))}
        {evidence(&groups)}
    }
}

/// The sign of a camp, as in the chart of entities.
fn mark(i: usize) -> impl IntoView {
    let svg = sign::svg(Sign::Marker(Shape::of_series(i)), Ink::series(i));
    view! { <span class="camp-sign" aria-hidden="true" inner_html=svg></span> }
}

fn table(groups: &LatencyGroupsView) -> impl IntoView + use<> {
    let heads = groups
        .groups
        .iter()
        .enumerate()
        .map(|(i, c)| {
            let who = format!(
                "{} on {}",
                c.entities.len(),
                if c.place.is_empty() { "unknown nodes" } else { &c.place }
            );
            view! {
                <th scope="colgroup" colspan="2" title=c.entities.join(", ")>
                    {mark(i)} {c.name.clone()} <small>{who}</small>
                </th>
            }
        })
        .collect_view();
    let sub = groups
        .groups
        .iter()
        .map(|_| {
            view! {
                <th scope="col" class="number">"mean" <small>"ms"</small></th>
                <th scope="col" class="number">"answers"</th>
            }
        })
        .collect_view();
    let two = groups.groups.len() == 2;
    let rows = groups
        .ops
        .iter()
        .enumerate()
        .map(|(op, name)| {
            let means: Vec<_> =
                groups.groups.iter().map(|c| c.ops.get(op).copied().flatten()).collect();
            let ratio = match means.as_slice() {
                [Some(a), Some(b)] if a.mean_us > 0.0 => {
                    Some(format!("{:.2}", b.mean_us / a.mean_us))
                }
                _ => None,
            };
            let cells = means
                .iter()
                .map(|m| {
                    let (mean, n) = m.map_or_else(
                        || ("–".into(), "0".into()),
                        |m| (ms(m.mean_us), count(m.count)),
                    );
                    view! {
                        <td class="number" title="Mean cluster time (redirects and service) of all the camp’s answers">
                            {mean}
                        </td>
                        <td class="number">{n}</td>
                    }
                })
                .collect_view();
            view! {
                <tr>
                    <th scope="row">{name.clone()}</th>
                    {cells}
                    {two.then(|| {
                        view! { <td class="number">{ratio.unwrap_or_else(|| "–".into())}</td> }
                    })}
                </tr>
            }
        })
        .collect_view();
    view! {
        <div class="table-scroll" tabindex="0" role="region" aria-label="Camps side by side">
            <table class="table">
                <caption class="visually-hidden">
                    "Camps side by side, operation by operation"
                </caption>
                <thead>
                    <tr>
                        <td></td>
                        {heads}
                        {two.then(|| view! { <td></td> })}
                    </tr>
                    <tr>
                        <th scope="col">"operation"</th>
                        {sub}
                        {two
                            .then(|| {
                                view! {
                                    <th
                                        scope="col"
                                        class="number"
                                        title="The second camp’s mean over the first’s"
                                    >
                                        "ratio"
                                    </th>
                                }
                            })}
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
    }
}

/// What eta squared is, on hover.
const ETA_SQUARED: &str = "Eta squared: the share of the variation of ln latency that the label \
                           explains; camps from 0.5 on";

fn evidence(groups: &LatencyGroupsView) -> impl IntoView + use<> {
    let entities = groups
        .evidence
        .iter()
        .map(|e| view! { <li title=CAMPS.title()>{e.words.clone()}</li> })
        .collect_view();
    let requests = groups
        .requests
        .iter()
        .map(|r| {
            let labels: Vec<String> =
                r.labels.iter().map(|l| format!("{} {:.2}", l.name, l.eta_squared)).collect();
            view! {
                <tr>
                    <th scope="row">{r.op.clone()}</th>
                    <td class="number">{count(r.count)}</td>
                    <td class="wrap">{r.words.clone()}</td>
                    <td title=ETA_SQUARED>
                        {if labels.is_empty() { "–".into() } else { labels.join(", ") }}
                    </td>
                </tr>
            }
        })
        .collect_view();
    let correlation = groups.rank_correlation.zip(groups.correlation).map(|(rank, plain)| {
        let (rank, plain) = (fixed(rank, 2), fixed(plain, 2));
        let text = format!(
            "Read and write means over the entities: rank correlation {rank} (Spearman), {plain} \
             (Pearson)."
        );
        view! { <li>{text}</li> }
    });
    let table = (!groups.requests.is_empty()).then(|| {
        view! {
            <div
                class="table-scroll"
                tabindex="0"
                role="region"
                aria-label="Groups among the requests"
            >
                <table class="table">
                    <caption class="visually-hidden">
                        "Groups among the requests of each operation"
                    </caption>
                    <thead>
                        <tr>
                            <th scope="col">"operation"</th>
                            <th scope="col" class="number">"answers"</th>
                            <th scope="col">"its requests"</th>
                            <th scope="col">"eta squared"</th>
                        </tr>
                    </thead>
                    <tbody>{requests}</tbody>
                </table>
            </div>
        }
    });
    view! {
        <details class="camps-evidence">
            <summary>"Evidence"</summary>
            <ul>{entities} {correlation}</ul>
            {table}
        </details>
    }
}
