//! "Where the time goes": stacked bars of the parts of mean response times.

use leptos::prelude::*;

use fwit_present::figure::percent;
use fwit_present::parts::{PartsBar, legend, ms, not_split};

/// The bars in a panel of their own; nothing where there is no bar.
#[component]
pub fn PartsPanel(
    /// The bars.
    #[prop(into)]
    bars: Signal<Vec<PartsBar>>,
) -> impl IntoView {
    view! {
        <Show when=move || bars.with(|b| !b.is_empty())>
            <section class="panel">
                <h2>"Where the time goes"</h2>
                <PartsBars bars />
            </section>
        </Show>
    }
}

/// The bars, on one scale, with their legend.
#[component]
pub fn PartsBars(
    /// The bars.
    #[prop(into)]
    bars: Signal<Vec<PartsBar>>,
) -> impl IntoView {
    let most = move || bars.with(|b| b.iter().map(|b| b.response_us).fold(0.0, f64::max));
    let used = Memo::new(move |_| bars.with(|bars| legend(bars)));
    let legend = move || {
        let name = |(place, name, about): (usize, &'static str, &'static str)| {
            view! {
                <li title=about>
                    <span class=format!("parts-key part-{place}") aria-hidden="true"></span>
                    {name}
                </li>
            }
        };
        used.get().into_iter().map(name).collect_view()
    };
    view! {
        <ul class="parts-legend">{legend}</ul>
        <div class="parts-bars">
            {move || {
                let most = most();
                bars.get().into_iter().map(|bar| line(&bar, most)).collect_view()
            }}
        </div>
        {move || bars.with(|b| not_split(b)).map(|text| view! { <p class="hint">{text}</p> })}
    }
}

fn line(bar: &PartsBar, most: f64) -> impl IntoView + use<> {
    let width = |us: f64| format!("{:.3}%", 100.0 * us / most.max(1.0));
    let parts = bar
        .parts
        .iter()
        .map(|part| {
            let title = format!(
                "{}: {} ms, {}: {}",
                part.name,
                ms(part.us),
                percent(bar.share(part)),
                part.about
            );
            // A text that would not fit is left to the title; a narrow page has room for less.
            let share = part.us / most.max(1.0);
            let text = (share > 0.06).then(|| ms(part.us));
            let small = if share < 0.2 { " part-small" } else { "" };
            let class = format!("part part-{}{small}", part.place);
            view! {
                <span class=class style:width=width(part.us) title=title>
                    {text}
                </span>
            }
        })
        .collect_view();
    view! {
        <div class="parts-label" title=bar.label.clone()>{bar.label.clone()}</div>
        <div class="parts-bar" role="img" aria-label=bar.words()>{parts}</div>
        <div class="parts-sum">{ms(bar.response_us)} <small>" ms"</small></div>
    }
}
