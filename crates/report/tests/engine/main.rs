//! Whole runs of the engine against a pretend cluster on a virtual clock: minutes in milliseconds.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod chaos;
mod cluster;
mod ends;
mod hops;
mod instrument;
mod kept;
mod load;
mod queueing;
mod recovery;
mod select;
mod sim;
#[path = "../common/simulated.rs"]
mod simulated;
mod trust;

use std::cell::{Cell, RefCell};
use std::pin::pin;

use cluster::Pretend;
use futures_util::future::{Either, select};
use fwit_engine::environment::Clock;
use fwit_engine::live_run::{CannotStart, LiveRun, Stop};
use fwit_model::plan::{Arrivals, BaseUrl, Model, Plan, preset};
use fwit_quantities::sample::Outcome;
use fwit_quantities::units::Micros;
use fwit_report::run::build::{About, RunReport};
use fwit_report::run::early_stop::Looks;
use fwit_report::run::view::{Ended, Measure, RunView};
use fwit_report::run::wire::RunFile;
use fwit_report::run::{self, RunError};

fn plan() -> Plan {
    preset("quick").unwrap()
}

fn carry_out(plan: Plan, cluster: &Pretend, stop_at: Option<Micros>) -> (RunFile, RunView) {
    carry_out_with(None, plan, cluster, stop_at).unwrap()
}

/// With an API key, or without one.
fn carry_out_with(
    key: Option<&str>,
    plan: Plan,
    cluster: &Pretend,
    stop_at: Option<Micros>,
) -> Result<(RunFile, RunView), CannotStart> {
    let (stop, clock) = (Stop::default(), cluster.clock.clone());
    let key = key.map(ToString::to_string);
    let run = LiveRun::new(plan, cluster.clone(), clock, "r1".into(), key, stop.clone());
    let (sent, looks) = (Cell::new(0), RefCell::new(Looks::default()));
    let work = run.carry_out(|run| {
        let live = RunReport::of(run).live(sent.get());
        sent.set(sent.get() + live.seconds.len());
        RunReport::of(run).enforce(&live, &mut looks.borrow_mut());
    });
    let hand = async {
        if let Some(at) = stop_at {
            cluster.clock.sleep_until(at).await;
            stop.stop();
        }
        std::future::pending::<()>().await;
    };
    let both = async {
        match select(pin!(work), pin!(hand)).await {
            Either::Left((ended, _)) => ended,
            Either::Right(_) => unreachable!("the hand never leaves"),
        }
    };
    let ended = cluster.clock.run(both).unwrap()?;
    let file = RunReport::of(&run).file(ended, &About::default());
    // What is saved opens again to the same.
    let json = serde_json::to_vec(&file).unwrap();
    let (again, view) = run::open(&json).unwrap();
    assert_eq!(again, file);
    for (op, counts) in file.totals.iter().chain(&file.warmup_totals) {
        assert!(counts.is_conserved(), "{op}: {counts:?}");
    }
    for measure in [Measure::Service, Measure::Cluster] {
        let count: u64 =
            file.latency.iter().filter(|l| l.measure == measure).map(|l| l.count).sum();
        assert_eq!(count, view.total.answers(), "{measure:?}");
    }
    // Every request that was due in the window has a response time, a bound, or failed.
    let law = view.concurrency.littles_law_ratio;
    assert!(law.is_none_or(|ratio| (ratio - 1.0).abs() < 0.02), "{law:?}");
    Ok((file, view))
}

fn issued(file: &RunFile) -> u64 {
    file.totals.values().chain(file.warmup_totals.values()).map(|c| c.issued).sum()
}

#[test]
fn sticky_entities_latch_onto_the_leader_and_redirects_stop() {
    let cluster = Pretend::new(5.0);
    let (file, view) = carry_out(plan(), &cluster, None);
    let arrived: u64 = cluster.state.arrived.borrow().values().sum();
    assert!(file.entities.iter().all(|e| e.latched.as_deref().unwrap_or(&e.home) == "n1"));
    // Only the first write of an entity elsewhere is redirected.
    let elsewhere = file.entities.iter().filter(|e| e.home != "n1").count() as u64;
    assert_eq!(cluster.state.redirects.get(), elsewhere);
    assert_eq!(arrived, issued(&file) + elsewhere, "every hop that the cluster saw is counted");
    assert_eq!((file.ended, view.total.errors()), (Ended::Completed, 0));
    // One lane to the leader: six slots, and the plan's fifty entities wait for them.
    assert!((5.9..6.01).contains(&view.concurrency.effective), "{:?}", view.concurrency);
    assert!(view.concurrency.waiting > 25.0 && !view.health.limits.is_empty());
    assert_eq!(cluster.state.most_in_flight.get(), 6);
    // Service is the cluster's 5 ms whatever the queue; response has the wait in it.
    let (service, response) = (view.total.service, view.total.response);
    assert!(service.at_us.iter().all(|v| v.abs_diff(5_000) <= 5), "{service:?}");
    assert!(response.at_us[0] > 25_000, "{response:?}");
    assert!((view.concurrency.littles_law_ratio.unwrap() - 1.0).abs() < 0.02);
}

#[test]
fn a_leader_found_by_a_redirect_keeps_its_base_path() {
    let cluster = Pretend::new(5.0);
    cluster.state.base_path.set("/insi");
    let mut plan = plan();
    plan.cluster.nodes.truncate(1);
    plan.cluster.nodes[0].name = "n2".into();
    plan.cluster.nodes[0].url = BaseUrl::parse("http://127.0.0.1:7102/insi").unwrap();
    let (file, view) = carry_out(plan, &cluster, None);
    let nodes: Vec<_> = file.nodes.iter().map(|n| (n.url.as_str(), n.discovered)).collect();
    let leader = ("http://127.0.0.1:7101/insi", true);
    assert_eq!(nodes, [("http://127.0.0.1:7102/insi", false), leader]);
    assert!(file.entities.iter().any(|e| e.latched.as_deref() == Some(leader.0)));
    assert_eq!(view.total.count(Outcome::NotFound), 0);
}

#[test]
fn camps_of_a_run_are_found_and_named_by_role() {
    // A write at a follower is redirected, which costs a millisecond; reads cost the same
    // everywhere.
    let plan = || Plan { disable_leader_stickiness: true, ..plan() };
    let (file, view) = carry_out(plan(), &Pretend::new(3.0), None);
    let at_leader = file.entities.iter().filter(|e| e.home == "n1").count();
    let latency_groups = &view.latency_groups;
    assert_eq!(latency_groups.by.as_deref(), Some("writes"));
    let others = file.entities.len() - at_leader;
    assert_eq!(
        latency_groups.headline,
        format!(
            "Two camps of entities: {at_leader} on n1 (leader) and {others} on n2, n3 (followers)."
        )
    );
    assert!(
        latency_groups.sentences[0].contains("writes 1.3 times faster (3.00 ms instead of 4.00)"),
        "{latency_groups:?}"
    );
    for (entity, group) in view.entities.iter().zip(&latency_groups.of_entity) {
        assert_eq!(*group, Some(u32::from(entity.home != "n1")), "{}", entity.name);
    }
    let set = latency_groups.requests.iter().find(|r| r.op == "set").unwrap();
    assert!(set.labels[0].explains() && set.labels[0].eta_squared > 0.99, "{set:?}");
    let sticky =
        carry_out(Plan { disable_leader_stickiness: false, ..plan() }, &Pretend::new(3.0), None).1;
    assert!(
        !sticky.latency_groups.found() && sticky.latency_groups.headline.starts_with("One camp"),
        "{}",
        sticky.latency_groups.headline
    );
}

#[test]
fn a_seed_makes_the_same_run_again() {
    let runs: Vec<_> = (0..2).map(|_| carry_out(plan(), &Pretend::new(3.0), None).0).collect();
    assert_eq!(runs[0], runs[1]);
    let other = carry_out(Plan { seed: 2, ..plan() }, &Pretend::new(3.0), None).0;
    assert_ne!(runs[0].totals, other.totals);
}

#[test]
fn when_the_leader_dies_entities_find_the_new_one_and_errors_are_classed() {
    let cluster = Pretend::new(5.0);
    cluster.state.dies_at.set(Some(Micros(10_000_000)));
    let (file, view) = carry_out(plan(), &cluster, None);
    assert!(
        file.entities.iter().all(|e| e.latched.as_deref().unwrap_or(&e.home) == "n3"),
        "all end on the new leader"
    );
    assert!(view.total.count(Outcome::Network) > 0);
    assert!(
        view.errors.iter().all(|e| matches!(e.outcome, Outcome::Network | Outcome::Unavailable)),
        "{:?}",
        view.errors
    );
    assert!(view.errors.iter().any(|e| e.text == "Failed to fetch" && !e.samples.is_empty()));
    let after = view.seconds.iter().filter(|s| s.t_s >= 13 && s.t_s < 20);
    assert!(after.clone().count() == 7 && after.clone().all(|s| s.errors == 0 && s.answers > 500));
}

#[test]
fn stopping_at_any_moment_gives_a_valid_run() {
    for at_ms in [0.0, 700.0, 2_600.0, 7_777.0] {
        let (file, view) = carry_out(plan(), &Pretend::new(40.0), Some(Micros::from_millis(at_ms)));
        assert_eq!(file.ended, Ended::Stopped);
        assert!(file.window.measured_s < 8.5 && view.seconds.len() < 12);
        if at_ms > 2_500.0 {
            assert!(view.total.count(Outcome::Aborted) > 0, "what was in flight is aborted");
            assert!(
                (file.window.measured_s - (at_ms / 1e3 - 2.0)).abs() < 0.1,
                "{:?}",
                file.window
            );
        }
    }
}

#[test]
fn slow_answers_time_out_and_late_ones_wait_for_their_wire_times() {
    let cluster = Pretend::new(500.0);
    let mut slow = plan();
    slow.load.timeout = Micros(100_000);
    let (_, view) = carry_out(slow, &cluster, None);
    assert_eq!(view.total.answers(), 0);
    assert!(view.total.count(Outcome::Timeout) > 500);
    assert_eq!(view.errors[0].text, "no answer within the timeout");

    let (_, view) = carry_out(plan(), &Pretend::new(20.0), None);
    assert_eq!(view.time_sources.page_clock, 0, "late wire times are not lost");
    let cluster = Pretend::new(20.0);
    cluster.state.no_timing.set(true);
    let (_, view) = carry_out(plan(), &cluster, None);
    assert_eq!((view.time_sources.wire, view.time_sources.label().as_str()), (0, "page clock"));
    assert!(view.health.signs.iter().any(|s| s.contains("page's clock")));
}

#[test]
fn published_events_are_accounted_for() {
    let cluster = Pretend::new(5.0);
    let (file, view) = carry_out(plan(), &cluster, None);
    assert_eq!(file.subscribers.list.len(), 2);
    for s in &file.subscribers.list {
        assert_eq!(
            (s.received, s.lost, s.duplicates, s.reordered),
            (file.subscribers.published, 0, 0, 0)
        );
    }
    assert!(file.subscribers.published > 1_000 && view.subscribers.delivery.at_us[0] > 5_000);

    let cluster = Pretend::new(5.0);
    cluster.state.lose_every.set(10);
    let (file, _) = carry_out(plan(), &cluster, None);
    let s = &file.subscribers.list[0];
    assert_eq!(s.received + s.lost, file.subscribers.published);
    assert!(s.lost.abs_diff(file.subscribers.published / 10) <= 1, "{s:?}");
}

#[test]
fn a_rate_limit_is_counted_and_its_pause_kept() {
    let mut one = plan();
    one.load.entities = 1;
    one.load.warmup = Micros::ZERO;
    one.mix.iter_mut().for_each(|(op, weight)| *weight = u32::from(op == "publish"));
    let (_, view) = carry_out(one, &Pretend::new(5.0), None);
    assert_eq!(view.total.count(Outcome::RateLimited), 1);
    assert!(
        view.seconds[1].answers == 0 && view.seconds[3].answers > 20,
        "silent for the two seconds asked for"
    );
}

#[test]
fn an_open_load_keeps_its_schedule_and_a_stall_shows_in_the_response() {
    let mut open = plan();
    open.load.model = Model::Open { rate_per_s: 200.0, arrivals: Arrivals::Constant };
    open.load.warmup = Micros::ZERO;
    open.load.duration = Micros(10_000_000);
    let cluster = Pretend::new(5.0);
    cluster.state.stalled.set((Micros(4_000_000), Micros(6_000_000)));
    let (file, view) = carry_out(open, &cluster, None);
    assert_eq!(file.concurrency.due, Some(1_999));
    assert!(view.total.issued >= 1_998, "nothing is dropped: {}", view.total.issued);
    assert!(view.total.response.at_us[3] > 1_800_000, "{:?}", view.total.response);
    assert!(view.total.service.at_us[3] < 6_010, "{:?}", view.total.service);
}

#[test]
fn a_cluster_that_is_not_there_is_an_error() {
    let cluster = Pretend::new(5.0);
    let mut plan = plan();
    plan.cluster.nodes.truncate(1);
    cluster.state.dies_at.set(Some(Micros::ZERO));
    let run = LiveRun::new(
        plan,
        cluster.clone(),
        cluster.clock.clone(),
        "r".into(),
        None,
        Stop::default(),
    );
    let error = cluster.clock.run(run.carry_out(|_| {})).unwrap().unwrap_err();
    assert_eq!(error, CannotStart::NobodyAnswers);
}

#[test]
fn damaged_and_foreign_files_give_typed_errors() {
    let mut small = plan();
    (small.load.entities, small.load.warmup) = (4, Micros::ZERO);
    let (file, _) = carry_out(small, &Pretend::new(40.0), Some(Micros(1_500_000)));
    let json = serde_json::to_vec(&file).unwrap();
    for cut in (0..json.len() - 1).step_by(json.len() / 200) {
        assert!(run::open(&json[..cut]).is_err(), "cut at {cut}");
    }
    for at in (0..json.len()).step_by(json.len() / 300) {
        for bit in [0, 3, 6] {
            let mut flipped = json.clone();
            flipped[at] ^= 1 << bit;
            // An error or a run, never a panic.
            let _ = run::open(&flipped);
        }
    }
    assert!(matches!(run::open(b"not json"), Err(RunError::NotARun(_))));
    assert!(matches!(run::open(b"{}"), Err(RunError::NotARun(_))));
    assert!(matches!(
        run::open(br#"{"format":"fwit-plan","version":1}"#),
        Err(RunError::NotARun(_))
    ));
    assert!(matches!(
        run::open(br#"{"format":"fwit-run","version":99}"#),
        Err(RunError::TooNew { found: 99, known: 2 })
    ));
    assert!(matches!(run::open(br#"{"format":"fwit-run"}"#), Err(RunError::Broken { .. })));
    assert!(matches!(run::open(&json[..json.len() / 2]), Err(RunError::Broken { .. })));
    let mut lying = file.clone();
    lying.latency[0].count += 1;
    assert!(matches!(
        run::open(&serde_json::to_vec(&lying).unwrap()),
        Err(RunError::Broken { .. })
    ));
    // Packed files open too.
    let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    std::io::Write::write_all(&mut gz, &json).unwrap();
    assert_eq!(run::open(&gz.finish().unwrap()).unwrap().0, file);
}

#[test]
fn acknowledged_keys_are_read_back_and_what_a_second_look_finds_is_no_loss() {
    let mut sets = plan();
    sets.verify = true;
    sets.mix
        .iter_mut()
        .for_each(|(op, weight)| *weight = u32::from(op == "set" || op == "blob_set"));
    let (file, view) = carry_out(sets.clone(), &Pretend::new(5.0), None);
    let whole = view.verification.unwrap();
    let blobs = file.totals["blob_set"].ok + file.warmup_totals["blob_set"].ok;
    assert_eq!((whole.missing, whole.unchecked, whole.present), (0, 0, blobs + 1_000));

    let cluster = Pretend::new(5.0);
    cluster.state.forgets.set(100);
    let lossy = carry_out(sets, &cluster, None).1.verification.unwrap();
    assert!(lossy.late >= whole.present / 100 && lossy.missing == 0, "{lossy:?}");
    assert!(carry_out(plan(), &Pretend::new(5.0), None).1.verification.is_none());
}

#[test]
fn stop_cuts_the_read_back_short_and_keeps_what_was_read() {
    let mut sets = plan();
    sets.verify = true;
    sets.mix.iter_mut().for_each(|(op, weight)| *weight = u32::from(op == "set"));
    let cluster = Pretend::new(100.0);
    // The load ends at 22 s; reading back some 700 keys six at a time would take twelve seconds
    // more.
    let (file, view) = carry_out(sets, &cluster, Some(Micros(23_000_000)));
    let read = view.verification.unwrap();
    assert_eq!(file.ended, Ended::Completed);
    assert!(read.present > 60 && read.unchecked > 100 && read.missing == 0, "{read:?}");
    assert!(cluster.clock.now() < Micros(27_000_000), "{}", cluster.clock.now());
}
