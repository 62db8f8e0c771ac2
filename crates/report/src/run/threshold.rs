//! Thresholds held against the numbers so far.

use super::verdict::{HealthVerdict, ThresholdResult};
use super::view::{PERCENTILES, Row, Shown, Summary, shown};
use fwit_model::plan::Threshold;
use fwit_model::plan::threshold::{Metric, Stat};
use fwit_quantities::units::{Micros, three_digits};

/// Below this much of the measured window there is no rate, s.
const RATE_FROM_S: f64 = 2.0;
/// Below so many requests there is no share of errors.
const ERRORS_FROM: u64 = 20;

/// Holds a threshold against the totals, the operations' rows, the verdict, and the seconds
/// measured so far.
#[must_use]
pub fn check(
    threshold: &Threshold,
    total: &Row,
    by_op: &[Row],
    verdict: HealthVerdict,
    measured_s: f64,
) -> ThresholdResult {
    let row = match &threshold.op {
        None => Some(total),
        Some(op) => by_op.iter().find(|row| row.op.as_ref() == Some(op)),
    };
    let value = row.and_then(|row| match threshold.metric {
        Metric::Latency(measure, stat) => latency(row.measure(measure), stat),
        Metric::Errors => (row.answers() + row.errors() >= ERRORS_FROM).then(|| row.error_share()),
        Metric::Rate => (measured_s >= RATE_FROM_S).then_some(row.rate_per_s),
        Metric::Health => (verdict != HealthVerdict::NotJudged).then(|| f64::from(verdict as u8)),
    });
    let shown_value = |value: f64| match threshold.metric {
        Metric::Latency(..) => Micros(value.round() as u64).to_string(),
        Metric::Errors => format!("{}%", three_digits(100.0 * value)),
        Metric::Rate => format!("{}/s", three_digits(value)),
        Metric::Health => verdict.name().to_string(),
    };
    ThresholdResult {
        text: threshold.text.clone(),
        value: value.map(|v| match threshold.metric {
            Metric::Latency(..) => v / 1e3,
            _ => v,
        }),
        words: value.map_or_else(|| "too few requests to say".into(), shown_value),
        pass: value.map(|value| threshold.sign.holds(value, threshold.limit)),
        stopped: false,
    }
}

/// µs; `None` where the table would not show it either.
fn latency(summary: &Summary, stat: Stat) -> Option<f64> {
    match stat {
        _ if summary.samples() == 0 => None,
        Stat::Mean if summary.count == 0 => None,
        Stat::Mean => Some(summary.mean_us),
        Stat::Max => Some(summary.max_us as f64),
        Stat::Percentile(p) => {
            let i = PERCENTILES.iter().position(|q| *q == p)?;
            (shown(p, summary.samples()) != Shown::Hidden).then(|| summary.at_us[i] as f64)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use fwit_model::plan::threshold::parse;

    #[test]
    fn thresholds_are_held_against_the_rows() {
        let service = Summary {
            count: 1_000,
            mean_us: 6e3,
            max_us: 90_000,
            at_us: [5_000, 6_000, 47_000, 60_000, 0],
            ..Summary::default()
        };
        let mut total = Row { rate_per_s: 210.0, service, ..Row::default() };
        (total.outcomes[0], total.outcomes[7]) = (990, 10);
        let get = Row { op: Some("get".into()), rate_per_s: 20.0, ..Row::default() };
        let of = |text: &str| {
            let t = parse(text, &["get", "set"]).unwrap();
            let r = check(&t, &total, std::slice::from_ref(&get), HealthVerdict::Doubtful, 5.0);
            (r.value, r.words, r.pass)
        };
        assert_eq!(of("service.p95 < 50ms"), (Some(47.0), "47.0 ms".into(), Some(true)));
        assert_eq!(of("errors < 0.1%"), (Some(0.01), "1.00%".into(), Some(false)));
        assert_eq!(of("rate > 200/s").2, Some(true));
        assert_eq!(of("get.rate > 200/s").2, Some(false));
        assert_eq!(of("health = healthy"), (Some(1.0), "doubtful".into(), Some(false)));
        assert_eq!(of("health <= doubtful").2, Some(true));
        // Nothing is said of what has too few samples.
        assert_eq!(of("service.p99.9 < 1ms").2, None);
        assert_eq!(of("get.service.p50 < 1ms").2, None);
        assert_eq!(of("set.errors < 1%").2, None);
    }
}
