//! The shift function as a chart, and bands on percentile curves: how intervals are drawn.

use std::sync::Arc;

use crate::drawn::Drawn;
use fwit_chart::axis::Axis;
use fwit_chart::figure::ChartError;
use fwit_chart::ink::Ink;
use fwit_chart::number::Quantity;
use fwit_chart::percentile::{Curve, PercentileChart};
use fwit_report::run::compare::ShiftPoint;
use fwit_report::run::intervals::{RANKS, RunSpread};

/// How each series differs from `reference` at every percentile: a curve of relative changes with
/// its band each, 0 being no change. Series without points are left out; colours follow the places
/// in the list.
///
/// # Errors
/// Where percentiles do not rise.
pub fn shift(reference: &str, series: &[(String, Vec<ShiftPoint>)]) -> Result<Drawn, ChartError> {
    let mut curves = Vec::new();
    let (mut first, mut last) = (f64::INFINITY, 0.0_f64);
    for (i, (label, points)) in series.iter().enumerate().filter(|(_, s)| !s.1.is_empty()) {
        let list = |of: fn(&ShiftPoint) -> f64| points.iter().map(of).collect::<Vec<f64>>();
        let ranks = list(|s| s.p);
        first = ranks.first().map_or(first, |p| first.min(*p));
        last = ranks.last().map_or(last, |p| last.max(*p));
        curves.push(Curve {
            label: label.clone(),
            ink: Ink::series(i),
            ranks,
            values: list(|s| s.ratio - 1.0),
            band: Some([list(|s| s.interval[0] - 1.0), list(|s| s.interval[1] - 1.0)]),
            trusted: 1.0,
        });
    }
    if curves.is_empty() || last <= first {
        return Ok(None);
    }
    curves.push(Curve {
        label: format!("{reference} (no change)"),
        ink: Ink::Muted,
        ranks: vec![first, last],
        values: vec![0.0, 0.0],
        band: None,
        trusted: 1.0,
    });
    let title = format!("Shift function: latency against {reference}, by percentile");
    let axis = Axis::linear("change", Quantity::Change);
    Ok(Some(Arc::new(PercentileChart::new(&title, axis, curves)?)))
}

/// The band of a curve from a run's intervals: linear in the logarithm between the percentiles that
/// have one.
#[must_use]
pub fn band(ranks: &[f64], values: &[f64], run: &RunSpread) -> [Vec<f64>; 2] {
    let known: Vec<(f64, f64, f64)> = RANKS
        .iter()
        .zip(&run.at)
        .filter_map(|(p, s)| {
            s.filter(|s| s.value > 0.0).map(|s| (*p, s.low / s.value, s.high / s.value))
        })
        .collect();
    let mut out = [Vec::with_capacity(ranks.len()), Vec::with_capacity(ranks.len())];
    for (p, value) in ranks.iter().zip(values) {
        let after = known.partition_point(|k| k.0 < *p);
        let (low, high) = match (after.checked_sub(1).and_then(|i| known.get(i)), known.get(after))
        {
            (Some(a), Some(b)) => {
                let t = (p - a.0) / (b.0 - a.0);
                (a.1.powf(1.0 - t) * b.1.powf(t), a.2.powf(1.0 - t) * b.2.powf(t))
            }
            (None, Some(b)) if b.0 <= *p => (b.1, b.2),
            _ => (f64::NAN, f64::NAN),
        };
        // A curve steps where its band is smooth: it stays inside.
        out[0].push((value * low).min(*value));
        out[1].push((value * high).max(*value));
        if low.is_nan() {
            out.iter_mut().for_each(|side| {
                side.pop();
                side.push(f64::NAN);
            });
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use fwit_report::run::intervals::Spread;

    #[test]
    fn a_shift_is_a_curve_a_run_and_the_line_of_no_change() {
        let point = |p, ratio: f64| ShiftPoint { p, ratio, interval: [ratio * 0.9, ratio * 1.1] };
        let series = [
            ("A".to_string(), vec![]),
            ("B".to_string(), vec![point(0.1, 0.8), point(0.5, 0.9), point(0.99, 1.2)]),
        ];
        let chart = shift("A", &series).unwrap().unwrap();
        let legend: Vec<String> = chart.legend().into_iter().map(|e| e.label).collect();
        assert_eq!(legend, ["B", "A (no change)"]);
        assert!(chart.sentence().contains("B: \u{2212}10.0 % at 50%"), "{}", chart.sentence());
        assert!(shift("A", &series[..1]).unwrap().is_none());
    }

    #[test]
    fn a_band_is_there_between_known_percentiles_only() {
        let at = RANKS
            .iter()
            .map(|p| (*p <= 0.9).then_some(Spread { value: 100.0, low: 80.0, high: 125.0 }));
        let run = RunSpread { at: at.collect(), ..RunSpread::default() };
        let [low, high] =
            band(&[0.01, 0.1, 0.45, 0.9, 0.99], &[10.0, 10.0, 50.0, 90.0, 200.0], &run);
        assert!(low[0].is_nan() && high[4].is_nan());
        assert!(
            (low[2] - 40.0).abs() < 1e-9
                && (high[3] - 112.5).abs() < 1e-9
                && (low[1] - 8.0).abs() < 1e-9
        );
    }
}
