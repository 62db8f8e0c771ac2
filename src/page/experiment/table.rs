//! The tables of an experiment: the metrics of two arms, and the periods that do not count. Every
//! figure names its method.

use leptos::prelude::*;

use fwit_present::experiment::{self as words, change, e_value, interval, p_value, tone, value};
use fwit_present::figure;
use fwit_present::method::{self, Method};
use fwit_report::experiment::view::{ExperimentView, MetricView};

/// A figure that names its method on hover, and links to its explanation.
fn how(text: String, method: Method) -> AnyView {
    view! {
        <a class="how" href=method.link() title=method.title() target="_blank" rel="noopener">
            {text}
        </a>
    }
    .into_any()
}

/// A table of metrics.
#[component]
pub fn Metrics(
    caption: &'static str,
    a: String,
    b: String,
    rows: Vec<MetricView>,
    /// Whether p-values are corrected over the rows.
    corrected: bool,
) -> impl IntoView {
    let p_method = if corrected { method::WESTFALL_YOUNG } else { method::RANDOMIZATION };
    let mean = "Geometric mean over the periods that count; percentiles are of cluster times (redirects and service)";
    let has_e = rows.iter().any(|m| m.e.is_some());
    let has_all = rows.iter().any(|m| m.all_periods.is_some());
    let rows = rows
        .into_iter()
        .map(|m| {
            let p = if corrected { m.p_corrected } else { m.p };
            let p = if m.p_valid { p_value(p) } else { "no longer valid".to_string() };
            let equivalence =
                m.p_equivalence.filter(|_| m.p_valid).map_or_else(|| "–".to_string(), p_value);
            let all = m.all_periods.map_or_else(|| "–".to_string(), change);
            view! {
                <tr>
                    <th scope="row">{m.name.clone()}</th>
                    <td class="number" title=mean>{value(m.unit, m.a)}</td>
                    <td class="number" title=mean>{value(m.unit, m.b)}</td>
                    <td class="number">
                        {how(change(m.ratio), method::RANDOMIZATION)}
                    </td>
                    <td class="number">
                        {how(interval(m.ci95), method::RANDOMIZATION)}
                    </td>
                    {has_all.then(|| view! { <td class="number">{all}</td> })}
                    <td class="number">{how(p, p_method)}</td>
                    {has_e
                        .then(|| {
                            view! {
                                <td class="number">{how(e_value(m.e), method::E_VALUES)}</td>
                            }
                        })}
                    <td class="number">
                        {how(
                            format!("±{} ({equivalence})", figure::percent(m.margin)),
                            method::TOST,
                        )}
                    </td>
                    <td class="verdict" data-tone=tone(&m)>
                        {how(verdict(&m), method::VERDICTS)}
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
                        {has_all
                            .then(|| {
                                view! {
                                    <th
                                        scope="col"
                                        class="number"
                                        title="Of all periods, those that do not count too"
                                    >
                                        "all periods"
                                    </th>
                                }
                            })}
                        <th scope="col" class="number">"p"</th>
                        {has_e.then(|| view! { <th scope="col" class="number">"e-value"</th> })}
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
    format!("{} {}", words::sign(m), words::verdict(m))
}

/// What was found, a line a metric, with the sign that its colour stands for.
#[component]
pub fn Lines(rows: Vec<MetricView>) -> impl IntoView {
    let lines = rows
        .into_iter()
        .map(|m| {
            view! {
                <li data-tone=tone(&m)>
                    <span class="sign" aria-hidden="true">{words::sign(&m)}</span>
                    {m.text.clone()}
                </li>
            }
        })
        .collect_view();
    view! { <ul class="verdict-lines">{lines}</ul> }
}

/// How much the first arm drifts.
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
                    {how(text, method::DRIFT)}
                </li>
            }
        })
        .collect_view();
    (!view.drift.is_empty()).then(|| {
        view! {
            <p class="hint">{format!("Drift of “{of}” from period to period, which orders and \
                                      pairs take out:")}</p>
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
