//! Tests of the comparison.

use super::*;
use crate::run::sample::sample;
use crate::run::view::TimeSources;
use fwit_model::plan::{preset, wire};
use fwit_quantities::sample::Outcome;

fn find<'a>(c: &'a Comparison, op: Option<&str>, name: &str) -> &'a Metric {
    c.metrics.iter().find(|m| m.op.as_deref() == op && m.name == name).unwrap()
}

#[test]
fn differences_are_told_from_the_first_run() {
    let (a, b) = (sample("a", 1.0), sample("b", 0.5));
    let c = compare(&[&a, &b], &[], Measure::Cluster);
    let throughput = find(&c, None, "throughput");
    let change = throughput.changes[1].as_ref().unwrap();
    assert_eq!((change.difference, change.ratio), (100.0, Some(2.0)));
    assert_eq!((change.tendency, change.words.as_str()), (Tendency::Better, "2.00 times as high"));
    let p99 = find(&c, Some("get"), "p99").changes[1].as_ref().unwrap();
    assert_eq!((p99.tendency, p99.words.as_str()), (Tendency::Better, "half as long"));
    assert_eq!(throughput.changes[0], None);
    let swapped = compare(&[&b, &a], &[], Measure::Cluster);
    assert_eq!(find(&swapped, None, "p50").changes[1].as_ref().unwrap().tendency, Tendency::Worse);
}

#[test]
fn percentiles_of_few_samples_claim_nothing() {
    let (a, b) = (sample("a", 1.0), sample("b", 0.5));
    let c = compare(&[&a, &b], &[], Measure::Cluster);
    // 2,000 answers: two lie above p99.9, too few even for a hint.
    assert_eq!(find(&c, None, "p99.9").values, [None, None]);
    let mut few = sample("b", 0.5);
    few.total.cluster.count = 400;
    let c = compare(&[&a, &few], &[], Measure::Cluster);
    let p99 = find(&c, None, "p99");
    assert_eq!(p99.reliable, [true, false]);
    assert_eq!(p99.changes[1].as_ref().unwrap().tendency, Tendency::Neutral);
}

#[test]
fn percentiles_are_compared_between_two_samples() {
    let (a, mut b) = (sample("a", 1.0), sample("b", 1.0));
    b.total.between_us[0] = Some([4_400.0, 0.0, 0.0, 0.0, 0.0]);
    let c = compare(&[&a, &b], &[], Measure::Cluster);
    let p50 = find(&c, None, "p50");
    assert_eq!(p50.values, [Some(4_000.0), Some(4_400.0)]);
    assert_eq!(p50.changes[1].as_ref().unwrap().words, "10.0 % slower");
}

#[test]
fn what_differs_between_the_plans_is_named_once() {
    let a = sample("a", 1.0);
    let mut b = sample("b", 1.0);
    let mut plan = preset("quick").unwrap();
    plan.name = "another".into();
    plan.disable_leader_stickiness = true;
    plan.cluster.nodes.truncate(2);
    b.plan_json = wire::to_json(&plan);
    let c = compare(&[&a, &b], &[], Measure::Cluster);
    let fields: Vec<_> = c.plan_differences.iter().map(|d| d.field.as_str()).collect();
    assert_eq!(
        fields,
        ["cluster.nodes.2.name", "cluster.nodes.2.url", "disable_leader_stickiness"]
    );
    assert_eq!(c.plan_differences[2].values, ["false", "true"]);
    assert_eq!(c.plan_differences[0].values[1], "–");
}

#[test]
fn the_reader_is_warned() {
    let a = sample("a", 1.0);
    let mut b = sample("b", 1.0);
    assert_eq!(compare(&[&a, &b], &[], Measure::Cluster).notes.len(), 1);
    b.time_sources = TimeSources { wire: 0, page_clock: 5 };
    b.measured_s = 40.0;
    b.health.signs.push("the tab froze".into());
    let c = compare(&[&a, &b], &["before".into(), " ".into()], Measure::Cluster);
    assert_eq!((c.runs[0].label.as_str(), c.runs[1].label.as_str()), ("before", "B"));
    assert_eq!(c.notes.len(), 4);
    assert_eq!(c.notes[3], "B: the tab froze");
}

#[test]
fn simulated_runs_are_not_taken_for_real_ones() {
    let simulated = |id| RunView { simulated: true, ..sample(id, 1.0) };
    let (a, b, real) = (simulated("a"), simulated("b"), sample("c", 0.5));
    let only = compare(&[&a, &b], &[], Measure::Cluster);
    assert_eq!(only.mixture(), Mixture::Simulated);
    assert!(only.notes[0].starts_with("These runs are simulated"), "{:?}", only.notes);
    assert!(only.notes.iter().all(|n| !n.contains("hour") && !n.contains("wire")));
    assert_eq!(only.runs[0].time_source, "simulated");
    assert!(only.metrics.iter().all(|m| !m.name.contains("browser")));
    let both = compare(&[&a, &real], &[], Measure::Cluster);
    assert_eq!((both.mixture(), both.notes.len()), (Mixture::Both, 1), "{:?}", both.notes);
    assert!(both.notes[0].starts_with("Simulated runs (A) are compared with real ones (B)"));
    let two_real = compare(&[&real, &a, &sample("d", 1.0)], &[], Measure::Cluster);
    assert!(two_real.notes[0].starts_with("Simulated runs (B)"), "{:?}", two_real.notes);
    assert!(two_real.notes[1].starts_with("A, C: These runs were made one after the other"));
}

#[test]
fn a_share_is_told_in_points_also_where_it_was_zero() {
    let (a, mut b) = (sample("a", 1.0), sample("b", 1.0));
    b.total.outcomes[Outcome::Timeout.index()] = 20;
    let c = compare(&[&a, &b], &[], Measure::Response);
    let errors = find(&c, None, "errors").changes[1].clone().unwrap();
    assert_eq!(
        (errors.ratio, errors.tendency, errors.words.as_str()),
        (None, Tendency::Worse, "+0.99 points")
    );
    assert_eq!(find(&c, Some("get"), "errors").changes[1].as_ref().unwrap().words, "the same");
    let waiting = change(0.0, 3.0, Unit::Count, Better::Lower, true);
    assert_eq!((waiting.ratio, waiting.words.as_str()), (None, "up from 0"));
}

#[test]
fn letters_never_run_out() {
    assert_eq!([letter(0), letter(25), letter(26)], ["A", "Z", "A2"]);
}

#[test]
fn a_run_of_which_more_failed_is_not_called_better() {
    let (a, mut b) = (sample("a", 1.0), sample("b", 0.5));
    b.total.outcomes[Outcome::Timeout.index()] = 40;
    let c = compare(&[&a, &b], &[], Measure::Cluster);
    for name in ["throughput", "p50", "p99"] {
        let change = find(&c, None, name).changes[1].as_ref().unwrap();
        assert_eq!(change.tendency, Tendency::Neutral, "{name}");
        assert!(change.words.ends_with(", but more failed"), "{}", change.words);
    }
    let errors = find(&c, None, "errors").changes[1].as_ref().unwrap();
    assert_eq!(errors.tendency, Tendency::Worse);
    let back = compare(&[&b, &a], &[], Measure::Cluster);
    assert_eq!(find(&back, None, "p50").changes[1].as_ref().unwrap().tendency, Tendency::Neutral);
}

#[test]
fn runs_of_two_clocks_are_compared_by_response_times() {
    let (a, mut b) = (sample("a", 1.0), sample("b", 0.5));
    assert_eq!(compare(&[&a, &b], &[], Measure::Cluster).measure, Measure::Cluster);
    b.time_sources = TimeSources { wire: 1_900, page_clock: 100 };
    let c = compare(&[&a, &b], &[], Measure::Cluster);
    assert_eq!(c.measure, Measure::Response);
    assert!(c.notes.iter().any(|n| n.contains("by the same clock")), "{:?}", c.notes);
}

#[test]
fn runs_of_other_tools_say_what_can_not_be_compared() {
    use crate::run::source::{Carries, Correction, GivenFile, Source, summary};
    let source = |tool: &str, corrected, unit: &str| Source {
        tool: tool.into(),
        version: None,
        form: "summary".into(),
        file: "a.json".into(),
        unit: unit.into(),
        carries: Carries::Percentiles,
        corrected,
        latency: format!("what {tool} calls one"),
        warnings: Vec::new(),
    };
    let foreign = |id: &str, source: Source| {
        let percentiles = vec![(0.5, 4_000), (0.99, 20_000)];
        let given =
            GivenFile { count: 2_000, max_us: Some(9), percentiles, ..GivenFile::default() };
        let mut run = RunView { source: Some(source), ..sample(id, 1.0) };
        run.total.cluster = summary(&given);
        run.by_op.clear();
        run
    };
    let own = sample("own", 1.0);
    let k6 = foreign("k6", source("k6", Correction::Uncorrected, "ms"));
    let wrk = foreign("wrk", source("wrk2", Correction::Corrected, "ms"));
    let c = compare(&[&k6, &wrk, &own], &[], Measure::Cluster);
    let all = c.notes.join("\n");
    for part in
        ["made by different tools", "A: what k6 calls one; B:", "due or sent", "different steps"]
    {
        assert!(all.contains(part), "{part}: {all}");
    }
    // What a file does not hold is no value, and no row where no file holds it.
    assert_eq!(find(&c, None, "p99").values, [Some(20_000.0), Some(20_000.0), Some(20_000.0)]);
    assert_eq!(find(&c, None, "p90").values, [None, None, Some(8_000.0)]);
    assert_eq!(find(&c, None, "mean").values, [None, None, Some(5_000.0)]);
    let c = compare(&[&k6, &wrk], &[], Measure::Cluster);
    assert!(c.metrics.iter().all(|m| m.name != "p90" && m.name != "waiting in the browser"));
    assert_eq!(c.plan_differences, []);
    // Two alike say nothing of the kind.
    let notes = compare(&[&k6, &k6], &[], Measure::Cluster).notes.join("\n");
    assert!(!notes.contains("different"), "{notes}");
}
