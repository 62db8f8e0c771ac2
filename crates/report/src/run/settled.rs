//! Whether the warm-up was long enough: MSER-5 over the seconds of the measured window, after the
//! run.

use super::view::Second;
use fwit_stats::warmup::mser5;

/// Below so many seconds there are too few batches of five to say anything.
const SECONDS_MIN: usize = 30;
/// Below so many seconds it is not said that a run never settled: half of it is too few batches.
const NEVER_MIN: usize = 60;
/// What is left out must differ from the rest by this share of it to be worth a word.
const WORTH: f64 = 0.05;

/// A sentence where the start of the measured window still looks like warm-up. `seconds` are those
/// of the run, whole ones; the measured window begins at `warmup_s`. Only for a load that does not
/// change.
#[must_use]
pub fn hint(seconds: &[Second], warmup_s: f64) -> Option<String> {
    let first = warmup_s.ceil();
    let window: Vec<&Second> = seconds.iter().filter(|s| f64::from(s.t_s) >= first).collect();
    if window.len() < SECONDS_MIN {
        return None;
    }
    let rate: Vec<f64> = window.iter().map(|s| f64::from(s.answers)).collect();
    // A second without an answer has no latency: the one before stands in.
    let latency: Vec<f64> = window
        .iter()
        .scan(0.0, |last, s| {
            *last = s.response_us.map_or(*last, |[p50, _]| f64::from(p50));
            Some(*last)
        })
        .collect();
    let (mut drop, mut settled) = (0, true);
    for series in [rate, latency] {
        let Ok(warmup) = mser5(&series) else { continue };
        let head = series.get(..warmup.drop).unwrap_or_default();
        let mean = head.iter().sum::<f64>() / head.len().max(1) as f64;
        if warmup.drop > 0 && (mean - warmup.mean_after).abs() > WORTH * warmup.mean_after.abs() {
            drop = drop.max(warmup.drop);
            settled &= warmup.steady;
        }
    }
    if !settled {
        let text = "Rate or latency still changed at half of the measured window: it never \
                    settled. Measure longer, or look what changed.";
        return (window.len() >= NEVER_MIN).then(|| text.into());
    }
    let wanted = first + drop as f64;
    (drop > 0).then(|| {
        format!(
            "The first {drop} s of the measured window still look like warm-up: set the \
                 warm-up to {wanted} s."
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(rate: impl Fn(u32) -> f64) -> Vec<Second> {
        let one = |t| Second {
            t_s: t,
            answers: rate(t) as u32,
            response_us: Some([5_000, 9_000]),
            ..Second::default()
        };
        (0..62).map(one).collect()
    }

    #[test]
    fn a_start_that_is_slower_is_told_from_a_level() {
        let noise = |t: u32| f64::from(t * 7_919 % 13);
        assert_eq!(hint(&run(|t| 500.0 + noise(t)), 2.0), None);
        let slow = hint(&run(|t| if t < 12 { 200.0 } else { 500.0 } + noise(t)), 2.0).unwrap();
        assert!(slow.contains("first 10 s") && slow.contains("to 12 s"), "{slow}");
        assert!(
            hint(&run(|t| 100.0 + 20.0 * f64::from(t)), 2.0).unwrap().contains("never settled")
        );
        assert_eq!(hint(&run(f64::from)[..30], 2.0), None, "too short to say");
    }
}
