//! A run that is cut off is whole again from what was kept of it every five seconds.

use super::*;
use fwit_report::run::recovery::{Kept, OVERLAP, recovered};

/// What the page keeps of a run: at each snapshot of whole five seconds, until `cut_s`.
fn kept_until(cut_s: f64, plan: Plan, cluster: &Pretend) -> (Kept, Vec<String>, RunFile) {
    let clock = cluster.clock.clone();
    let run = LiveRun::new(plan, cluster.clone(), clock, "r1".into(), None, Stop::default());
    let (last, parts) = (RefCell::new(None), RefCell::new(Vec::new()));
    let known = Cell::new(0_usize);
    let ended = cluster.clock.run(run.carry_out(|run| {
        let (start, ..) = run.shared.windows.get();
        let passed = run.shared.clock.now().since(start).as_secs();
        let due = passed >= known.get() as f64 + 5.0 && passed <= cut_s;
        if due && run.phase.get() != fwit_report::run::view::Phase::Starting {
            let report = RunReport::of(run);
            let file = report.so_far(&About::default(), known.get().saturating_sub(OVERLAP));
            known.set(file.series.seconds.last().map_or(0, |s| s.t_s as usize + 1));
            let kept = Kept::of(file);
            parts.borrow_mut().push(kept.seconds.clone());
            last.replace(Some(kept));
        }
    }));
    let whole = RunReport::of(&run).file(ended.unwrap().unwrap(), &About::default());
    (last.take().unwrap(), parts.take(), whole)
}

#[test]
fn it_has_what_was_measured_until_then_and_counts_what_was_under_way_as_aborted() {
    let cluster = Pretend::new(5.0);
    let (last, parts, whole) = kept_until(14.0, plan(), &cluster);
    assert!(parts.len() >= 2, "{}", parts.len());
    let file = recovered(&last.head, &parts).unwrap();
    assert_eq!(file.ended, Ended::Recovered);
    // It opens like any other, without a doubt.
    let json = serde_json::to_vec(&file).unwrap();
    let (again, view) = run::open(&json).unwrap();
    assert_eq!((again, &view.warnings), (file.clone(), &Vec::new()));
    // Conserved; six requests were under way in the leader's slots.
    for counts in file.totals.values().chain(file.warmup_totals.values()) {
        assert!(counts.is_conserved(), "{counts:?}");
    }
    assert!(file.counts.iter().all(|c| c.counts.is_conserved()));
    let aborted = |file: &RunFile| file.totals.values().map(|c| c.aborted).sum::<u64>();
    assert_eq!((aborted(&file), aborted(&whole)), (6, 0));
    // Every second that the part before had cut short is whole.
    let n = file.series.seconds.len();
    assert!(n >= 10 && file.series.seconds.iter().enumerate().all(|(i, s)| s.t_s as usize == i));
    for (ours, theirs) in file.series.seconds.iter().zip(&whole.series.seconds).take(n - OVERLAP) {
        assert_eq!((&ours.ops, ours.in_flight), (&theirs.ops, theirs.in_flight), "{}", ours.t_s);
    }
    // Sums and series are of the same requests.
    let ended: u64 =
        file.totals.values().chain(file.warmup_totals.values()).map(|c| c.issued).sum();
    let in_seconds = file.series.seconds.iter().flat_map(|s| s.ops.values());
    assert_eq!(ended, in_seconds.map(|o| u64::from(o.answers + o.errors + o.aborted)).sum::<u64>());
    assert!((file.window.measured_s + file.window.warmup_s - n as f64).abs() <= 1.0);
    assert!(file.health.hints.iter().any(|h| h.starts_with("It was cut off after")));
}

#[test]
fn it_may_be_cut_off_in_the_warm_up() {
    let mut plan = plan();
    plan.load.warmup = Micros::from_secs(20.0);
    let (last, parts, _) = kept_until(9.0, plan, &Pretend::new(5.0));
    let file = recovered(&last.head, &parts).unwrap();
    assert_eq!(file.window.measured_s, 0.0);
    let (_, view) = run::open(&serde_json::to_vec(&file).unwrap()).unwrap();
    assert_eq!(view.headlines, ["No request was measured."]);
}

#[test]
fn damaged_parts_are_errors_with_their_place() {
    let (last, mut parts, _) = kept_until(14.0, plan(), &Pretend::new(5.0));
    parts.push("[{\"t_s\":".into());
    let error = recovered(&last.head, &parts).unwrap_err().to_string();
    assert!(error.contains(&format!("part {}", parts.len())), "{error}");
    assert!(recovered("{", &[]).is_err());
}
