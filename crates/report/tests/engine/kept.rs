//! Promises that a cluster keeps or breaks: lost writes, stale reads, counters that do not add up.
//! The pretend cluster's own books tell what must be found.

use fwit_model::plan::{Model, Plan};
use fwit_quantities::units::Micros;
use fwit_report::run::view::{Verification, Violation};

use super::cluster::Pretend;
use super::cluster::store::Kept;
use super::{carry_out, plan};

/// Sets, gets, deletes and increments on few keys.
fn checked(entities: u32) -> Plan {
    let mut plan = plan();
    plan.verify = true;
    plan.load.entities = entities;
    plan.keys.space = 40;
    let weight = |op: &str| match op {
        "set" | "get" => 4,
        "delete" | "bump" => 1,
        _ => 0,
    };
    plan.mix.iter_mut().for_each(|(op, w)| *w = weight(op));
    plan
}

fn run_over(plan: Plan, kept: Kept) -> (Verification, Kept) {
    let cluster = Pretend::new(5.0);
    cluster.state.kept.replace(Some(kept));
    let found = carry_out(plan, &cluster, None).1.verification.unwrap();
    (found, cluster.state.kept.take().unwrap())
}

#[test]
fn a_cluster_that_keeps_its_word_is_found_to() {
    for entities in [1, 30] {
        let (found, books) = run_over(checked(entities), Kept::default());
        assert_eq!(books.wrong(), (0, 0));
        assert_eq!((found.lost(), found.stale(), found.foreign, found.unchecked), (0, 0, 0, 0));
        assert!(found.present >= 38 && found.counters.right > 30, "{found:?}");
        assert!(found.reads.iter().map(|r| r.checked).sum::<u64>() > 200, "{found:?}");
        assert!(found.findings.is_empty() && found.headline().is_none());
    }
}

#[test]
fn lost_writes_are_counted_exactly() {
    // One entity does one thing after another: what it reads must be what it wrote last.
    let (found, books) = run_over(checked(1), Kept { loses: 20, ..Kept::default() });
    assert_eq!((found.missing, found.outdated), books.wrong());
    assert!(found.missing > 0 && found.outdated > 0, "{found:?}");
    // The read-back looks three times at what is wrong.
    let under_load = books.untrue - 3 * (found.missing + found.outdated);
    assert_eq!((found.stale(), found.counters.lost), (under_load, books.lost_bumps));
    assert!(found.stale() > 0 && found.counters.lost > 0 && found.counters.extra == 0);
    assert!(found.headline().is_some_and(|h| h.starts_with("Acknowledged writes were lost: ")));
    let samples = |what| found.findings.iter().filter(move |f| f.what == what);
    assert!(samples(Violation::StaleRead).all(|f| f.entity == Some(0) && f.stale_us.is_some()));
    assert!(samples(Violation::Missing).count() > 0 && samples(Violation::CounterLow).count() > 0);
}

#[test]
fn one_lost_write_in_a_thousand_is_found() {
    let mut plan = checked(1);
    plan.load.duration = Micros::from_secs(300.0);
    plan.load.model = Model::Closed { think: Micros::ZERO, jitter: Micros::ZERO };
    let (found, books) = run_over(plan.clone(), Kept { loses: 1_000, ..Kept::default() });
    let lost = (found.missing, found.outdated, found.counters.lost);
    let under_load = books.untrue - 3 * (found.missing + found.outdated);
    println!("{} stale reads, {lost:?} of {} writes", found.stale(), books.writes);
    assert!(books.writes > 10_000 && found.stale() > 0);
    assert_eq!((found.missing, found.outdated), books.wrong());
    assert_eq!((found.stale(), found.counters.lost), (under_load, books.lost_bumps));
    let (found, _) = run_over(plan, Kept::default());
    assert_eq!((found.lost(), found.stale(), found.counters.lost), (0, 0, 0), "{found:?}");
}

#[test]
fn stale_reads_are_counted_exactly_and_are_no_loss() {
    let (behind, until) = (Micros::from_millis(200.0), Micros::from_secs(20.0));
    let (found, books) = run_over(checked(1), Kept { behind, until, ..Kept::default() });
    assert_eq!((found.lost(), found.foreign), (0, 0), "{found:?}");
    assert_eq!(found.stale(), books.untrue);
    let most = found.reads.iter().map(|r| r.stale_max_us).max().unwrap();
    assert!(found.stale() > 10 && most < 200_000 && most > 50_000, "{found:?}");
}

#[test]
fn increments_that_were_made_twice_are_counted() {
    let (found, books) = run_over(checked(30), Kept { doubles: 10, ..Kept::default() });
    assert_eq!(found.counters.extra, books.doubled_bumps);
    assert!(found.counters.extra > 0 && found.counters.lost == 0 && found.stale() == 0);
}

#[test]
fn a_write_without_an_answer_may_be_there_or_not() {
    let cluster = Pretend::new(5.0);
    cluster.state.kept.replace(Some(Kept::default()));
    cluster.state.silent_every.set(15);
    let mut plan = checked(10);
    plan.load.timeout = Micros::from_millis(100.0);
    let (file, view) = carry_out(plan, &cluster, None);
    let found = view.verification.unwrap();
    assert!(view.total.errors() > 20 && file.totals["set"].timeout > 5);
    assert_eq!((found.lost(), found.stale(), found.counters.extra), (0, 0, 0), "{found:?}");
}
