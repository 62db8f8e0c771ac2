//! The numbers of a run so far: rows of the tables, health, thresholds, seconds. Snapshots and the
//! file are made of the same ones.

use hdrhistogram::Histogram;
use std::collections::BTreeMap;

use super::build::{RunReport, add_tally, answers, errors, sum_tallies};
use super::headlines::{self, SecondFacts};
use super::health::{self, Facts};
use super::hist::{self, short};
use super::summary;
use super::view::{ErrorGroup, HealthView, Measure, PartsView, Phase, Row, ThresholdResult};
use super::wire::{SecondFile, SecondOpFile, SeriesFile};
use super::{littles_law, threshold};
use fwit_engine::environment::{Clock, Transport};
use fwit_model::plan::Model;
use fwit_quantities::sample::Outcome;
use fwit_quantities::units::Micros;
use fwit_stats::recorder::{PartSums, Recorder, Window, new_histogram};

impl<T: Transport, C: Clock> RunReport<'_, T, C> {
    /// All operations, and a row each: of the measured window up to `now`, in the warm-up of the
    /// warm-up.
    pub(super) fn rows(&self, recorder: &Recorder, now: Micros) -> (Row, Vec<Row>) {
        let shared = &self.run.shared;
        let (start, from, to) = recorder.windows();
        let warming = now < from;
        let window = if warming { Window::Warmup } else { Window::Measured };
        let seconds = if warming { now.since(start) } else { now.min(to).since(from) }.as_secs();
        let nodes = recorder.nodes().len();
        let mut total = Row::default();
        let mut total_parts = PartSums::default();
        let mut total_histograms: [Histogram<u64>; 4] = std::array::from_fn(|_| new_histogram());
        let mut total_censored: [Histogram<u64>; 4] = std::array::from_fn(|_| new_histogram());
        let mut by_op = Vec::new();
        for (op, operation) in shared.dialect.operations().iter().enumerate() {
            let tally = sum_tallies(recorder, window, nodes, op);
            if tally.issued == 0 && shared.plan.mix.get(op).is_none_or(|(_, weight)| *weight == 0) {
                continue;
            }
            let mut row = Row { op: Some(operation.name.clone()), ..Row::default() };
            add_tally(&mut row, &tally);
            add_tally(&mut total, &tally);
            for measure in Measure::ALL {
                let mut all = new_histogram();
                let keys = recorder
                    .histograms()
                    .filter(|(k, m, _)| usize::from(k.op) == op && *m == measure);
                keys.for_each(|(_, _, h)| hist::add(&mut all, h));
                hist::add(&mut total_histograms[measure as usize], &all);
                let keys = recorder
                    .censored()
                    .filter(|(k, m, _)| usize::from(k.op) == op && *m == measure);
                let mut cut = new_histogram();
                keys.for_each(|(_, _, h)| hist::add(&mut cut, h));
                hist::add(&mut total_censored[measure as usize], &cut);
                *summary::measure_mut(&mut row, measure) = summary::summarize_cut(&all, &cut);
            }
            let mut parts = PartSums::default();
            let own = recorder.parts().filter(|(k, _)| usize::from(k.op) == op);
            own.for_each(|(_, sums)| parts.merge(&sums));
            total_parts.merge(&parts);
            row.parts = PartsView::of(&parts);
            row.rate_per_s = summary::rate(row.completed, seconds);
            by_op.push(row);
        }
        for measure in Measure::ALL {
            *summary::measure_mut(&mut total, measure) = summary::summarize_cut(
                &total_histograms[measure as usize],
                &total_censored[measure as usize],
            );
        }
        total.parts = PartsView::of(&total_parts);
        total.rate_per_s = summary::rate(total.completed, seconds);
        (total, by_op)
    }

    /// What the instrument says of itself.
    pub(super) fn health(&self, recorder: &Recorder, now: Micros, total: &Row) -> HealthView {
        health::judge(&Facts {
            plan: &self.run.shared.plan,
            recorder,
            instrument: &self.run.shared.instrument.borrow(),
            now,
            due: self.run.due_measured.get(),
            dropped: self.run.dropped_measured.get(),
            service_p50_us: if total.service.count > 0 { total.service.at_us[0] } else { 0 },
            calibration: self.run.calibration.borrow().as_ref(),
            trust: &self.run.shared.trust.borrow(),
            over: self.is_over(),
        })
    }

    /// What is to be read first, of the measured window so far.
    pub(super) fn headlines(
        &self,
        recorder: &Recorder,
        now: Micros,
        total: &Row,
        errors: &[ErrorGroup],
    ) -> Vec<String> {
        let (start, from, to) = recorder.windows();
        if now <= from {
            return Vec::new();
        }
        let second = |at: Micros| (at.since(start).0 / 1_000_000) as usize;
        let cells = recorder.seconds();
        let facts = (second(from)..second(now.min(to))).map(|s| SecondFacts {
            t_s: s as u32,
            answers: cells.get(s).map_or(0, |cell| cell.ops.iter().map(answers).sum()),
            wanted: (recorder.gauges().0.second(s) + recorder.gauges().1.second(s)) as f32,
        });
        // Right after the warm-up nothing may have ended yet.
        let early = total.issued == 0 || total.answers() + total.errors() == 0;
        let facts: Vec<_> = facts.collect();
        if early { Vec::new() } else { headlines::sentences(total, errors, &facts) }
    }

    /// Whether every request is over and booked.
    pub(super) fn is_over(&self) -> bool {
        let recorder = self.run.shared.recorder.borrow();
        self.run.phase.get() == Phase::Draining
            && recorder.in_system() == 0
            && recorder.pending() == 0
    }

    /// Little's law over the measured window; `None` while requests are under way.
    pub(super) fn littles_law_ratio(&self, recorder: &Recorder, now: Micros) -> Option<f64> {
        recorder.littles_law_ratio(now).filter(|_| self.is_over())
    }

    /// Arrivals a second that were due in the measured window so far; `None` in the closed model.
    pub(super) fn offered_per_s(&self, recorder: &Recorder, now: Micros) -> Option<f64> {
        let (_, from, to) = recorder.windows();
        let seconds = now.min(to).since(from).as_secs();
        let open = matches!(self.run.shared.plan.load.model, Model::Open { .. });
        (open && seconds > 0.0).then(|| self.run.due_measured.get() as f64 / seconds)
    }

    /// What became of the thresholds so far; nothing before the measured window.
    pub(super) fn thresholds(
        &self,
        total: &Row,
        by_op: &[Row],
        health: &HealthView,
        now: Micros,
    ) -> Vec<ThresholdResult> {
        let (_, from, to) = self.run.shared.recorder.borrow().windows();
        let measured_s = now.min(to).since(from).as_secs();
        let (empty, none) = (Row::default(), Vec::new());
        // What the warm-up showed is no measurement.
        let (total, by_op) = if measured_s > 0.0 { (total, by_op) } else { (&empty, &none[..]) };
        let stopped = self.run.stopped_by.borrow();
        let list = self.run.shared.plan.thresholds.iter().map(|t| {
            let mut result = threshold::check(t, total, by_op, health.verdict, measured_s);
            if measured_s <= 0.0 {
                (result.value, result.pass) = (None, None);
            }
            if let Some((_, why)) = stopped.as_ref().filter(|(text, _)| *text == t.text) {
                // What was certain then stays so, whatever came in after it.
                (result.stopped, result.pass) = (true, Some(false));
                if !why.is_empty() {
                    result.words = format!("{}; ended when it was certain: {why}", result.words);
                }
            }
            result
        });
        list.collect()
    }

    /// Little's law at a second, and what the plan wants in its middle where that changes.
    pub(super) fn ratio_and_target(
        &self,
        recorder: &Recorder,
        second: usize,
    ) -> (Option<f32>, Option<f32>) {
        let load = &self.run.shared.plan.load;
        let middle = Micros(second as u64 * 1_000_000 + 500_000);
        let target = (!load.stages.is_empty()).then(|| short(load.target(middle)) as f32);
        let ratio = if self.is_over() { littles_law::at(recorder, second) } else { None };
        (ratio.map(|c| short(c) as f32), target)
    }

    pub(super) fn series(
        &self,
        recorder: &Recorder,
        from_second: usize,
        op_name: impl Fn(usize) -> String,
    ) -> SeriesFile {
        let seconds = recorder.seconds().iter().enumerate().skip(from_second);
        let seconds = seconds.map(|(s, cell)| {
            let ops =
                cell.ops.iter().enumerate().filter(|(_, op)| op.outcomes.iter().any(|n| *n > 0));
            let (littles_law_ratio, target) = self.ratio_and_target(recorder, s);
            SecondFile {
                t_s: s as u32,
                in_flight: short(recorder.gauges().0.second(s)) as f32,
                waiting: short(recorder.gauges().1.second(s)) as f32,
                littles_law_ratio,
                target,
                given_us: None,
                ops: BTreeMap::from_iter(ops.map(|(i, op)| {
                    let file = SecondOpFile {
                        answers: answers(op),
                        errors: errors(op),
                        aborted: op.outcomes[Outcome::Aborted.index()],
                        cluster: op.cluster.to_gaps(),
                        response: op.response.to_gaps(),
                    };
                    (op_name(i), file)
                })),
            }
        });
        SeriesFile { interval_s: 1, seconds: seconds.collect() }
    }
}
