use crate::protocol::Opened;
use crate::run::view::{Measure, Second};
use leptos::prelude::*;
use std::sync::Arc;
#[component]
pub fn LiveCharts(history: RwSignal<Vec<Second>>, warmup_s: f64) -> impl IntoView {
    let _ = (history, warmup_s);
}
#[component]
pub fn ResultCharts(run: Arc<Opened>, measure: RwSignal<Measure>) -> impl IntoView {
    let _ = (run, measure);
}
#[component]
pub fn CompareCharts(
    runs: Arc<Vec<Arc<Opened>>>,
    labels: RwSignal<Vec<String>>,
    measure: RwSignal<Measure>,
) -> impl IntoView {
    let _ = (runs, labels, measure);
}
