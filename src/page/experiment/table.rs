//! The tables of an experiment: metrics of two arms, periods that do not count. Every figure names its method.

use leptos::prelude::*;

use crate::experiment::view::{ExperimentView, MetricView};
use crate::present::experiment::{change, interval, p_value, tone, value};
use crate::present::figure;

/// Where the methods are explained; below the repository's address, which a hosted page does not know.
const DOCUMENT: &str = "https://github.com/fwit/fwit/blob/main/docs/statistics.md#";

/// What a figure is, and how it was made: a tooltip, and a link to the method.
fn method(text: String, title: &'static str, anchor: &'static str) -> AnyView {
    view! {
        <a class="how" href=format!("{DOCUMENT}{anchor}") title=title target="_blank" rel="noreferrer">
            {text}
        </a>
    }
    .into_any()
}

/// Rows of metrics.
#[component]
pub fn Metrics(
    caption: &'static str,
    a: String,
    b: String,
    rows: Vec<MetricView>,
    /// Whether p-values are corrected over the rows.
    corrected: bool,
) -> impl IntoView {
    let p_title = if corrected {
        "Exact sign-flip permutation test on the pairs' log ratios, corrected over the primary metrics by Holm's method"
    } else {
        "Exact sign-flip permutation test on the pairs' log ratios; not corrected, exploratory"
    };
    let p_anchor = if corrected { "holm" } else { "sign-flip-test" };
    let median = "Median over the periods that count; percentiles are of service times";
    let rows = rows
        .into_iter()
        .map(|m| {
            let p = if corrected { m.p_corrected } else { m.p };
            let equivalence = m.p_equivalence.map_or_else(|| "–".to_string(), p_value);
            view! {
                <tr>
                    <th scope="row">{m.name.clone()}</th>
                    <td class="number" title=median>{value(m.unit, m.a)}</td>
                    <td class="number" title=median>{value(m.unit, m.b)}</td>
                    <td class="number">
                        {method(
                            change(m.ratio),
                            "Hodges-Lehmann estimate: the median of all averages of two pairs' log ratios",
                            "hodges-lehmann",
                        )}
                    </td>
                    <td class="number">
                        {method(
                            interval(m.ci95),
                            "Exact 95 % Wilcoxon interval of that estimate",
                            "wilcoxon-interval",
                        )}
                    </td>
                    <td class="number">{method(p_value(p), p_title, p_anchor)}</td>
                    <td class="number">
                        {method(
                            format!("±{} ({equivalence})", figure::percent(m.margin)),
                            "Your margin, and p of equivalence within it: two one-sided tests; the verdict uses the 90 % interval",
                            "equivalence-tost",
                        )}
                    </td>
                    <td class="verdict" data-tone=tone(&m)>
                        {method(verdict(&m), "One of four fixed verdicts, from the intervals, the corrected test and the margin", "verdicts")}
                    </td>
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
                        <th scope="col">"metric"</th>
                        <th scope="col" class="number">{a}</th>
                        <th scope="col" class="number">{b}</th>
                        <th scope="col" class="number">"change"</th>
                        <th scope="col" class="number">"95 % interval"</th>
                        <th scope="col" class="number">"p"</th>
                        <th scope="col" class="number">"margin (p of equivalence)"</th>
                        <th scope="col">"verdict"</th>
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
    }
}

fn verdict(m: &MetricView) -> String {
    let more = m.more_pairs.map(|n| format!("; about {n} more pairs"));
    format!("{}{}", m.verdict.words(), more.unwrap_or_default())
}

/// Whether the reference drifts.
#[component]
pub fn Drift(view: std::sync::Arc<ExperimentView>) -> impl IntoView {
    let of = view.arms.first().map(|a| a.name.clone()).unwrap_or_default();
    let items = view
        .drift
        .iter()
        .map(|d| {
            let text = if d.drifts {
                format!("{} {} a minute", d.name, change(1.0 + d.per_minute))
            } else {
                format!("{}: none", d.name)
            };
            view! {
                <li>
                    {method(
                        text,
                        "Mann-Kendall test on the arm's periods in time order, |z| > 1.96; slope by Theil and Sen over the median",
                        "drift",
                    )}
                </li>
            }
        })
        .collect_view();
    (!view.drift.is_empty()).then(|| {
        view! {
            <p class="hint">{format!("Drift of “{of}” from period to period, which pairing takes out:")}</p>
            <ul class="row hint">{items}</ul>
        }
    })
}

/// Periods that do not count, and why.
#[component]
pub fn Invalid(view: std::sync::Arc<ExperimentView>) -> impl IntoView {
    let rows: Vec<_> = view
        .periods
        .iter()
        .filter_map(|p| {
            let why = p.excluded.clone()?;
            let arm = view.arms.get(p.arm as usize).map(|a| a.name.clone());
            Some((p.pair + 1, p.attempt, arm, figure::clock((p.started_s * 1e6) as u64), why))
        })
        .collect();
    if rows.is_empty() {
        return view! { <p class="hint">"Every period counts."</p> }.into_any();
    }
    let rows = rows
        .into_iter()
        .map(|(pair, attempt, arm, at, why)| {
            view! {
                <tr>
                    <td class="number">{pair}</td>
                    <td class="number">{attempt}</td>
                    <td>{arm}</td>
                    <td class="number">{at}</td>
                    <td class="wrap">{why}</td>
                </tr>
            }
        })
        .collect_view();
    view! {
        <div class="table-scroll" tabindex="0" role="region" aria-label="Periods that do not count">
            <table class="table">
                <thead>
                    <tr>
                        <th scope="col" class="number">"pair"</th>
                        <th scope="col" class="number">"try"</th>
                        <th scope="col">"arm"</th>
                        <th scope="col" class="number">"at"</th>
                        <th scope="col">"why"</th>
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
    }
    .into_any()
}
