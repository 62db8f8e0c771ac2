//! Shows a chart, or a sentence while there is none.

use std::sync::Arc;

use leptos::prelude::*;

use super::figure::ChartFigure;
use fwit_chart::figure::{Chart, ChartError};
use fwit_present::charts::Drawn;

/// Shows the figure of a chart, or a sentence while there is none.
#[component]
pub fn Slot(
    /// Makes the chart; runs again when a signal in it changes.
    make: impl Fn() -> Result<Drawn, ChartError> + Send + Sync + 'static,
    /// Shown while there is nothing to draw.
    #[prop(default = "Nothing to draw yet.")]
    empty: &'static str,
    /// Height of the plot, CSS pixels.
    #[prop(default = 260.0)]
    height: f64,
    /// Charts with the same signal share their cursor.
    #[prop(optional_no_strip)]
    cursor: Option<RwSignal<Option<f64>>>,
    /// Charts with the same signal show the same part of the x axis.
    #[prop(optional_no_strip)]
    stretch: Option<RwSignal<Option<[f64; 2]>>>,
) -> impl IntoView {
    let made = Memo::new_with_compare(move |_| make().map_err(|e| e.to_string()), |_, _| true);
    let state = Memo::new(move |_| {
        made.with(|made| match made {
            Ok(chart) => Ok(chart.is_some()),
            Err(error) => Err(error.clone()),
        })
    });
    move || match (state.get(), made.with_untracked(|made| made.clone().ok().flatten())) {
        (Ok(_), Some(first)) => {
            let chart = Signal::derive(move || -> Arc<dyn Chart> {
                made.with(|made| made.clone().ok().flatten()).unwrap_or_else(|| first.clone())
            });
            view! { <ChartFigure chart height cursor stretch /> }.into_any()
        }
        (Err(error), _) => view! { <p class="wrong">{error}</p> }.into_any(),
        _ => view! { <p class="hint">{empty}</p> }.into_any(),
    }
}
