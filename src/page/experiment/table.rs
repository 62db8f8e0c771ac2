//! The tables of an experiment: the metrics of two arms, and the periods that do not count. Every
//! figure names its method.

use leptos::prelude::*;

use fwit_present::experiment::{self as words, change, interval, p_value, tone, value};
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
    let p_method = if corrected { method::HOLM } else { method::SIGN_FLIP };
    let median = "Median over the periods that count; percentiles are of cluster times (redirects and service)";
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
                        {how(change(m.ratio), method::HODGES_LEHMANN)}
                    </td>
                    <td class="number">
                        {how(interval(m.ci95), method::WILCOXON)}
                    </td>
                    <td class="number">{how(p_value(p), p_method)}</td>
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
    let more = m.more_pairs.map(|n| format!("; about {}", fwit_stats::verdict::more(n)));
    format!("{}{}", words::verdict(m), more.unwrap_or_default())
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
            <p class="hint">{format!("Drift of “{of}” from period to period, which pairing takes \
                                      out:")}</p>
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
