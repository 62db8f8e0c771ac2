//! Tests of the intervals of separate runs, and of the sentences on them.

use super::*;
use crate::run::compare::{Control, compare};
use crate::run::sample::sample;
use fwit_stats::random::Stream;

/// A run of so many seconds: lognormal latencies around a median, so many a second.
fn seconds(seed: u64, n: usize, median: f64, rate: u32) -> Seconds {
    let mut s = Stream::new(seed, "contrast", 0);
    let cells = (0..n)
        .map(|_| {
            let mut cell = Sparse::default();
            let k = rate + s.below(rate / 5 + 1);
            (0..k).for_each(|_| cell.record(s.lognormal(median, 0.4) as u64));
            cell
        })
        .collect();
    Seconds { ops: vec![("get".into(), cells)], count: n }
}

fn intervals(runs: Vec<Seconds>) -> RunIntervals {
    let mut job = Job::new(runs.into_iter().map(Rc::new).collect(), Measure::Cluster);
    let mut last = 0.0;
    while job.step() {
        assert!(job.progress() >= last && job.progress() <= 1.0);
        last = job.progress();
    }
    job.comparison()
}

#[test]
fn a_shift_is_seen_at_every_percentile_and_a_repetition_is_not() {
    let runs = vec![
        seconds(1, 120, 4_000.0, 40),
        seconds(2, 120, 3_000.0, 40),
        seconds(3, 120, 4_000.0, 40),
    ];
    let c = intervals(runs.clone());
    assert_eq!((c.scopes.len(), c.seconds.clone(), c.problems.len()), (2, vec![120; 3], 0));
    let all = c.scope(None).unwrap();
    assert!(all.ratios[0].is_none());
    let b = all.ratios[1].as_ref().unwrap();
    for (p, at) in RANKS.iter().zip(&b.at).take(10) {
        let s = at.unwrap();
        assert!((s.value - 0.75).abs() < 0.05 && s.high < 0.9 && s.low <= s.value, "p{p}: {s:?}");
    }
    let rate = b.rate.unwrap();
    assert!(rate.low < 1.0 && rate.high > 1.0);
    let same = all.ratios[2].as_ref().unwrap().at[4].unwrap();
    assert!(same.low < 1.0 && same.high > 1.0, "{same:?}");
    // Of some 440 answers of a section p99.9 has under three above it.
    let short = intervals(vec![seconds(1, 60, 4_000.0, 40), seconds(2, 60, 4_000.0, 40)]);
    let short = &short.scopes[0];
    assert!(
        short.runs[0].as_ref().unwrap().at[11].is_none()
            && short.ratios[1].as_ref().unwrap().at[11].is_none()
    );
    assert_eq!(intervals(runs), c, "the same runs give the same intervals");
}

#[test]
fn a_run_too_short_is_named_with_what_to_do_and_the_others_go_on() {
    let c =
        intervals(vec![seconds(1, 60, 2e3, 30), seconds(2, 20, 2e3, 30), seconds(3, 60, 2e3, 30)]);
    assert_eq!(c.problems.len(), 1);
    let problem = &c.problems[0];
    assert!(problem.starts_with("B has no intervals: its measured window of 20 s is"), "{problem}");
    assert!(problem.contains("they take 60 s. A longer run has intervals"), "{problem}");
    assert!(c.scopes[0].ratios[1].is_none() && c.scopes[0].ratios[2].is_some());
    assert!(intervals(vec![Seconds::default(), Seconds::default()]).scopes[0].runs[0].is_none());
}

#[test]
fn seconds_that_hang_together_for_too_long_get_no_interval_but_a_sentence() {
    // Twice as slow at the end as at the beginning.
    let mut s = Stream::new(5, "drift", 0);
    let cells = (0..60).map(|t| {
        let mut cell = Sparse::default();
        let median = 4_000.0 * (1.0 + f64::from(t) / 60.0);
        (0..200).for_each(|_| cell.record(s.lognormal(median, 0.2) as u64));
        cell
    });
    let drifting = Seconds { ops: vec![("get".into(), cells.collect())], count: 60 };
    let c = intervals(vec![seconds(1, 60, 4e3, 200), drifting]);
    let [steady, drifting] = [0, 1].map(|i| c.scopes[0].runs[i].as_ref().unwrap());
    assert!(steady.rate.is_some() && steady.at[4].is_some());
    assert!(drifting.at.iter().all(Option::is_none));
    assert!(c.scopes[0].ratios[1].as_ref().unwrap().at[4].is_none());
    let problem = &c.problems[0];
    assert!(problem.starts_with("B has no intervals of latencies: its seconds"), "{problem}");
    assert!(problem.contains("a section of 10 s") && problem.contains("experiment"), "{problem}");
}

#[test]
fn a_comparison_gains_intervals_and_careful_words() {
    let (a, mut b, mut again) = (sample("a", 1.0), sample("b", 0.75), sample("again", 1.01));
    b.plan_json = b.plan_json.replace("\"entities\": ", "\"entities\": 1");
    again.name = "the same again".into();
    let views = [&a, &b];
    let mut with = compare(&views, &[], Measure::Cluster);
    assert_eq!(with.control, None, "B has another setting");
    let c = intervals(vec![
        seconds(1, 60, 4e3, 90),
        seconds(2, 60, 3e3, 90),
        seconds(3, 60, 4.04e3, 90),
    ]);
    let control = Control { run: None, id: "again".into(), name: again.name };
    apply(&mut with, &c, Some(control));
    let p50 = with.metrics.iter().find(|m| m.op.is_none() && m.name == "p50").unwrap();
    let change = p50.changes[1].as_ref().unwrap();
    let [low, high] = change.interval.unwrap();
    assert!(low < 0.75 && 0.75 < high && high < 0.85, "{change:?}");
    assert!((change.control.unwrap() - 1.01).abs() < 0.03);
    assert!(
        with.findings[0].starts_with("B against A, with 95 % intervals: throughput "),
        "{:?}",
        with.findings
    );
    assert!(with.findings[0].contains("p50 25.0 % faster (−"), "{:?}", with.findings);
    let largest = &with.findings[1];
    assert!(largest.starts_with("The largest of ") && largest.contains(" differences, B "));
    assert!(largest.ends_with("was picked for its size: measured again, expect a smaller one."));
    assert!(
        with.control_says[0].contains("“the same again”, in this browser’s library,"),
        "{:?}",
        with.control_says
    );
    assert!(
        with.control_says[1].contains("p50") && with.control_says[1].contains("not a proof"),
        "{:?}",
        with.control_says
    );
    assert!(with.notes[0].contains("not what changed between them"));
    assert!(with.shift[0].is_empty() && with.shift[1].len() >= 11);
    // A wait has no series: percentiles of it get no interval.
    let mut wait = compare(&views, &[], Measure::Wait);
    apply(&mut wait, &c, None);
    let p50 = wait.metrics.iter().find(|m| m.op.is_none() && m.name == "p50").unwrap();
    assert!(p50.changes[1].as_ref().is_none_or(|c| c.interval.is_none()));
}

#[test]
fn a_run_of_the_first_setting_among_the_compared_is_the_control() {
    let (a, mut b, again) = (sample("a", 1.0), sample("b", 0.75), sample("again", 1.0));
    b.plan_json = b.plan_json.replace("\"entities\": ", "\"entities\": 1");
    let c = compare(&[&a, &b, &again], &[], Measure::Cluster);
    assert_eq!(c.control.map(|c| (c.run, c.id)), Some((Some(2), "again".into())));
}
