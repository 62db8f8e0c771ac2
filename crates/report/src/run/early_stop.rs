//! Thresholds that end a run: only where the figure is past its limit for certain.
//!
//! A figure of the first seconds moves about, and a run is looked at every second: held against
//! the limit each time, a p95 of 48 ms is above 50 ms in one look of half of all runs. So the
//! confidence bound is held against it, by [`fwit_stats::sequential`].

use fwit_engine::environment::{Clock, Transport};
use fwit_engine::live_run::LiveRun;
use fwit_model::plan::Threshold;
use fwit_model::plan::threshold::{Metric, Sign, Stat};
use fwit_quantities::sample::Measure;
use fwit_quantities::units::{Micros, three_digits};
use fwit_stats::recorder::{Recorder, new_histogram};
use fwit_stats::sequential::{self, Batches, Bounds};
use hdrhistogram::Histogram;

use super::build::RunReport;
use super::compare::percentile_name;
use super::hist;
use super::verdict::ThresholdResult;
use super::view::{Live, Phase, Row};

/// Nothing ends a run before so much of it was measured.
const GRACE: Micros = Micros(1_000_000);

/// What the looks at a run have seen so far: kept from one look to the next.
#[derive(Debug, Default)]
pub struct Looks {
    /// Whole seconds of the measured window at the last look.
    seconds: u64,
    /// One a threshold of the plan.
    batches: Vec<Batches>,
    /// Whether a request of the measured window had ended at the last look.
    ended: bool,
}

impl<T: Transport, C: Clock> RunReport<'_, T, C> {
    /// Ends the run where a threshold that may end it is past its limit for certain. Looks once in
    /// a second of the measured window, however often it is called.
    pub fn enforce(&self, live: &Live, looks: &mut Looks) {
        let run: &LiveRun<T, C> = self.run;
        let recorder = run.shared.recorder.borrow();
        let (start, from, to) = recorder.windows();
        let measured = Micros(live.elapsed_us).since(from.since(start));
        let seconds = measured.0 / GRACE.0;
        let over = run.stopped_by.borrow().is_some();
        if live.phase != Phase::Measuring || seconds <= looks.seconds || over {
            return;
        }
        looks.seconds = seconds;
        let thresholds = &run.shared.plan.thresholds;
        let may_end = thresholds.iter().filter(|t| t.abort).count();
        let planned = to.since(from).0.div_ceil(GRACE.0);
        let alpha = sequential::alpha_of_a_look(planned, may_end);
        let ended = live.total.answers() + live.total.errors() > 0;
        let begins = ended && !looks.ended;
        looks.ended = ended;
        looks.batches.resize(thresholds.len(), Batches::default());
        let list = thresholds.iter().zip(&live.thresholds).zip(&mut looks.batches);
        let mut failed = None;
        for ((threshold, result), batches) in list.filter(|((t, _), _)| t.abort) {
            let look = Look { recorder: &recorder, live, measured, ended, begins, alpha };
            let ops = || run.shared.dialect.operations().iter().map(|o| &o.name);
            let op = threshold.op.as_ref().and_then(|op| ops().position(|name| name == op));
            let bounds = look.bounds(threshold, op, result, batches);
            if let (None, Some(bounds)) = (&failed, bounds)
                && past(threshold.sign, threshold.limit, bounds)
            {
                failed = Some((threshold.text.clone(), words(threshold, bounds)));
            }
        }
        drop(recorder);
        if failed.is_some() {
            run.stopped_by.replace(failed);
            run.stop();
        }
    }
}

/// One look at a run.
struct Look<'a> {
    recorder: &'a Recorder,
    live: &'a Live,
    measured: Micros,
    /// A request of the measured window has ended.
    ended: bool,
    /// It is the first look at which one had.
    begins: bool,
    alpha: f64,
}

impl Look<'_> {
    /// Counts this look, and tells between what the figure lies; `None` where it can't be told.
    fn bounds(
        &self,
        threshold: &Threshold,
        op: Option<usize>,
        result: &ThresholdResult,
        batches: &mut Batches,
    ) -> Option<Bounds> {
        let none = Row::default();
        let row = match &threshold.op {
            None => &self.live.total,
            Some(op) => self.live.by_op.iter().find(|r| r.op.as_ref() == Some(op)).unwrap_or(&none),
        };
        match threshold.metric {
            Metric::Latency(measure, stat) => {
                let histogram = self.histogram(measure, op);
                let n = histogram.len() as f64;
                match stat {
                    // The largest so far can only grow.
                    Stat::Max => (n > 0.0)
                        .then(|| Bounds { low: histogram.max() as f64, high: f64::INFINITY }),
                    Stat::Mean => {
                        batches.look(histogram.mean() * n, n);
                        sequential::mean(&histogram, batches, self.alpha)
                    }
                    Stat::Percentile(p) => {
                        batches.look(above(&histogram, threshold.limit), n);
                        sequential::quantile(&histogram, p, batches, self.alpha)
                    }
                }
            }
            Metric::Errors => {
                let (errors, answers) = (row.errors() as f64, row.answers() as f64);
                batches.look(errors, errors + answers);
                sequential::share(batches, self.alpha)
            }
            // Before the first request of the window has ended there is nothing to count: that is
            // how long requests take, and no rate.
            Metric::Rate => {
                let (answers, seconds) = (row.answers() as f64, self.measured.as_secs());
                if self.begins || !self.ended {
                    batches.begin(answers, seconds);
                } else {
                    batches.look(answers, seconds);
                }
                sequential::rate(batches, self.alpha)
            }
            Metric::Health => result.value.map(|v| Bounds { low: v, high: v }),
        }
    }

    fn histogram(&self, measure: Measure, op: Option<usize>) -> Histogram<u64> {
        let mut all = new_histogram();
        let own = self.recorder.histograms();
        own.filter(|(key, m, _)| *m == measure && op.is_none_or(|op| usize::from(key.op) == op))
            .for_each(|(_, _, h)| hist::add(&mut all, h));
        all
    }
}

/// How many values are at a limit or above.
fn above(histogram: &Histogram<u64>, limit: f64) -> f64 {
    let at_least = |value: u64| histogram.lowest_equivalent(value) as f64 >= limit;
    let cells = histogram.iter_recorded();
    let counts = cells.filter(|c| at_least(c.value_iterated_to())).map(|c| c.count_at_value());
    counts.sum::<u64>() as f64
}

/// Whether all that the figure may be is past the limit.
fn past(sign: Sign, limit: f64, Bounds { low, high }: Bounds) -> bool {
    match sign {
        Sign::Less => low >= limit,
        Sign::AtMost => low > limit,
        Sign::More => high <= limit,
        Sign::AtLeast => high < limit,
        Sign::Equal => low > limit || high < limit,
    }
}

/// What was certain when the run was ended: “p95 at least 51.2 ms, with the limit 50.0 ms”.
fn words(threshold: &Threshold, Bounds { low, high }: Bounds) -> String {
    let below = match threshold.sign {
        Sign::Less | Sign::AtMost => false,
        Sign::More | Sign::AtLeast => true,
        Sign::Equal => high < threshold.limit,
    };
    let (bound, side) = if below { (high, "at most") } else { (low, "at least") };
    let figure = |value: f64| match threshold.metric {
        Metric::Latency(..) => Micros(value.round() as u64).to_string(),
        Metric::Errors => format!("{}%", three_digits(100.0 * value)),
        _ => format!("{}/s", three_digits(value)),
    };
    let name = match threshold.metric {
        Metric::Latency(_, Stat::Percentile(p)) => percentile_name(p),
        Metric::Latency(_, Stat::Mean) => "mean".into(),
        Metric::Latency(_, Stat::Max) => "max".into(),
        Metric::Errors => "errors".into(),
        Metric::Rate => "rate".into(),
        // It is one of three words, and the sign's own text has it.
        Metric::Health => return String::new(),
    };
    format!("{name} {side} {}, with the limit {}", figure(bound), figure(threshold.limit))
}

#[cfg(test)]
mod tests {
    use super::*;
    use fwit_model::plan::threshold::parse;

    #[test]
    fn a_bound_and_not_the_value_is_held_against_the_limit() {
        let of = |text: &str, low: f64, high: f64| {
            let t = parse(text, &["get"]).unwrap();
            let bounds = Bounds { low, high };
            past(t.sign, t.limit, bounds).then(|| words(&t, bounds))
        };
        assert_eq!(of("service.p95 < 50ms", 49e3, 70e3), None);
        let text = of("get.service.p95 < 50ms", 51_234.0, 70e3).unwrap();
        assert_eq!(text, "p95 at least 51.2 ms, with the limit 50.0 ms");
        assert_eq!(of("service.mean <= 50ms", 50e3, 70e3), None);
        // More is wanted: the upper bound counts.
        assert_eq!(of("rate > 200/s", 150.0, 210.0), None);
        let text = of("rate > 200/s", 150.0, 180.0).unwrap();
        assert_eq!(text, "rate at most 180/s, with the limit 200/s");
        // A largest value may still come.
        assert_eq!(of("service.max >= 50ms", 20e3, f64::INFINITY), None);
        let text = of("errors = 0", 0.012, 0.03).unwrap();
        assert_eq!(text, "errors at least 1.20%, with the limit 0%");
        assert_eq!(of("health = healthy", 1.0, 1.0), Some(String::new()));
    }

    #[test]
    fn values_at_the_limit_count_as_above() {
        let mut histogram = new_histogram();
        [10, 50, 51, 90].into_iter().for_each(|v| histogram.record(v).unwrap());
        assert_eq!(above(&histogram, 50.0), 3.0);
    }
}
