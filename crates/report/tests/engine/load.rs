//! Load that changes, thresholds that end a run, and open load on a clock with coarse timers.

use std::cell::Cell;
use std::future::Future;

use fwit_engine::environment::{Call, Clock, NoAnswer, Reply, Transport};
use fwit_engine::instrument::Disturbance;
use fwit_engine::live_run::{LiveRun, Stop};
use fwit_engine::sim::clock::VirtualClock;
use fwit_model::dialect;
use fwit_model::plan::{BaseUrl, stages};
use fwit_quantities::sample::WireTiming;
use fwit_report::run::build::{About, RunReport};
use fwit_report::run::view::HealthVerdict;

use super::*;
use crate::cluster::Stream;

/// Timers fire at whole multiples of `step`, and none between `stall`'s ends.
#[derive(Clone, Debug)]
pub struct Rough {
    pub inner: VirtualClock,
    pub step: u64,
    pub stall: (u64, u64),
}

impl Clock for Rough {
    fn now(&self) -> Micros {
        self.inner.now()
    }

    fn sleep_until(&self, at: Micros) -> impl Future<Output = ()> {
        let at = if at > self.now() { at.0.div_ceil(self.step) * self.step } else { at.0 };
        let at = if (self.stall.0..self.stall.1).contains(&at) { self.stall.1 } else { at };
        self.inner.sleep_until(Micros(at))
    }
}

/// The pretend cluster behind a reference, so that any clock can stand beside it.
pub struct Behind<'a>(pub &'a Pretend);

impl Transport for Behind<'_> {
    type Events = Stream;

    fn send(&self, call: &Call) -> impl Future<Output = Result<Reply, NoAnswer>> {
        self.0.send(call)
    }

    fn take_wire(&self) -> Vec<(u64, Option<WireTiming>)> {
        self.0.take_wire()
    }

    fn subscribe(&self, base: &BaseUrl, stream: &dialect::Stream) -> Stream {
        self.0.subscribe(base, stream)
    }
}

/// A run on a rough clock.
pub fn on_rough(plan: Plan, cluster: &Pretend, step: u64, stall: (u64, u64)) -> (RunFile, RunView) {
    let clock = Rough { inner: cluster.clock.clone(), step, stall };
    let run = LiveRun::new(plan, Behind(cluster), clock, "r1".into(), None, Stop::default());
    let sent = Cell::new(0);
    let ended = cluster
        .clock
        .run(run.carry_out(|run| {
            let live = RunReport::of(run).live(sent.get());
            sent.set(sent.get() + live.seconds.len());
        }))
        .unwrap()
        .unwrap();
    let file = RunReport::of(&run).file(ended, &About::default());
    let (_, view) = run::open(&serde_json::to_vec(&file).unwrap()).unwrap();
    (file, view)
}

fn open(rate_per_s: f64) -> Plan {
    let mut open = plan();
    open.load.model = Model::Open { rate_per_s, arrivals: Arrivals::Poisson };
    (open.load.warmup, open.load.duration) = (Micros(1_000_000), Micros(10_000_000));
    open.load.entities = 200;
    for (i, node) in open.cluster.nodes.iter_mut().enumerate() {
        let lane = |l: usize| format!("http://l{l}.localhost:{}", 7_101 + i);
        node.lanes = (0..9).map(|l| fwit_model::plan::BaseUrl::parse(&lane(l)).unwrap()).collect();
    }
    open
}

#[test]
fn entities_come_and_go_between_requests() {
    let mut staged = plan();
    staged.load.stages = stages::parse("0→40 in 10s, 40 for 10s, 5 for 10s").unwrap();
    (staged.load.entities, staged.load.warmup, staged.load.duration) =
        (40, Micros(4_000_000), Micros(26_000_000));
    for node in 0..staged.cluster.nodes.len() {
        let port = 7_101 + node;
        let lane = |l: usize| {
            fwit_model::plan::BaseUrl::parse(&format!("http://l{l}.localhost:{port}")).unwrap()
        };
        staged.cluster.nodes[node].lanes = (0..9).map(lane).collect();
    }
    let (file, view) = carry_out(staged, &Pretend::new(20.0), None);
    let rate = |s: usize| f64::from(view.seconds[s].answers);
    // 20 ms and 15 ms of thinking: some 28 a second an entity.
    for (second, wanted) in [(5, 22.0), (15, 40.0), (25, 5.0)] {
        assert!((rate(second) / wanted - 28.5).abs() < 3.0, "{second}: {}", rate(second));
        assert_eq!(view.seconds[second].target, Some(wanted as f32));
    }
    assert_eq!(
        view.total.errors() + view.total.count(Outcome::Aborted),
        view.total.count(Outcome::Aborted)
    );
    assert!(view.total.count(Outcome::Aborted) <= 5, "no request is cut when the load falls");
    assert!(
        (view.concurrency.littles_law_ratio.unwrap() - 1.0).abs() < 0.02,
        "{:?}",
        view.concurrency
    );
    assert!(view.seconds.iter().skip(6).all(|s| (s.littles_law_ratio.unwrap() - 1.0).abs() < 0.1));
    assert_eq!((file.window.warmup_s, file.window.measured_s), (4.0, 26.0));
    assert!(view.health.hints.is_empty(), "a load that changes is no warm-up");
}

#[test]
fn an_open_ramp_keeps_its_schedule() {
    let mut staged = open(1.0);
    staged.load.stages = stages::parse("0→200 in 5s, 200 for 6s").unwrap();
    let (file, view) = carry_out(staged, &Pretend::new(5.0), None);
    assert!((f64::from(view.seconds[9].answers) - 200.0).abs() < 60.0);
    let due = file.concurrency.due.unwrap() as f64;
    assert!((due - 1_700.0).abs() < 130.0, "{due}");
    assert_eq!(view.health.verdict, HealthVerdict::Healthy, "{:?}", view.health.signs);
}

#[test]
fn a_threshold_that_fails_ends_the_run_where_it_may() {
    let of = |texts: &[&str]| {
        let mut plan = open(100.0);
        let parse = |t: &&str| fwit_model::plan::threshold::parse(t, &["get", "set"]).unwrap();
        plan.thresholds = texts.iter().map(parse).collect();
        carry_out(plan, &Pretend::new(30.0), None)
    };
    let (file, view) =
        of(&["service.p50 < 50ms", "get.service.p50 < 10ms", "errors < 1%", "rate > 80/s"]);
    assert_eq!(file.ended, Ended::Completed);
    let passed: Vec<_> = view.thresholds.iter().map(|t| (t.pass, t.stopped)).collect();
    assert_eq!(
        passed,
        [(Some(true), false), (Some(false), false), (Some(true), false), (Some(true), false)]
    );
    assert!((view.thresholds[0].value.unwrap() - 30.0).abs() < 0.1);

    let (file, view) = of(&["service.p50 < 50ms", "abort: service.p50 < 10ms"]);
    assert_eq!((file.ended, view.thresholds[1].stopped), (Ended::Stopped, true));
    assert!(file.window.measured_s < 6.0, "{:?}", file.window);
    let words = &view.thresholds[1].words;
    assert!(words.contains("p50 at least 30.") && words.ends_with("the limit 10.0 ms"), "{words}");

    // A figure that only may be past its limit ends nothing, whatever it is at the end.
    let (file, view) = of(&["abort: rate > 99/s", "abort: errors < 1%"]);
    assert_eq!(file.ended, Ended::Completed, "{:?}", view.thresholds);
    let (file, view) = of(&["abort: rate > 200/s"]);
    assert_eq!((file.ended, view.thresholds[0].stopped), (Ended::Stopped, true));
    assert!(view.thresholds[0].words.contains("rate at most 1"), "{:?}", view.thresholds);
}

#[test]
fn a_thousand_a_second_keep_their_due_times_on_timers_of_four_milliseconds() {
    let cluster = Pretend::new(5.0);
    let (file, view) = on_rough(open(1_000.0), &cluster, 4_000, (0, 0));
    assert!((view.concurrency.offered_per_s.unwrap() - 1_000.0).abs() < 40.0);
    assert_eq!(
        view.total.issued + file.warmup_totals.values().map(|c| c.issued).sum::<u64>(),
        file.concurrency.due.unwrap()
    );
    // A request is issued at the next tick after its due time: 2 ms later on average, never more
    // than 4.
    let wait = view.total.wait;
    assert!(wait.max_us <= 4_010 && (wait.mean_us - 2_000.0).abs() < 200.0, "{wait:?}");
    assert!(view.health.signs.is_empty(), "{:?}", view.health.signs);
}

#[test]
fn a_rate_that_is_not_reached_is_a_verdict() {
    let mut plan = open(500.0);
    plan.cluster.nodes.iter_mut().for_each(|n| n.lanes.clear());
    let (_, view) = carry_out(plan, &Pretend::new(50.0), None);
    let sign = &view.health.signs[0];
    assert!(sign.starts_with("Offered 49") || sign.starts_with("Offered 50"), "{sign}");
    assert!(sign.contains("reached 1") && sign.contains("slots"), "{sign}");
    assert_ne!(view.health.verdict, HealthVerdict::Healthy);
}

#[test]
fn what_finds_a_full_queue_is_dropped_and_counted() {
    let mut plan = open(500.0);
    plan.load.queue_max = 40;
    plan.cluster.nodes.iter_mut().for_each(|n| n.lanes.clear());
    let (file, view) = carry_out(plan.clone(), &Pretend::new(50.0), None);
    let issued: u64 =
        file.totals.values().chain(file.warmup_totals.values()).map(|c| c.issued).sum();
    let (due, dropped) = (file.concurrency.due.unwrap(), file.concurrency.dropped);
    // What was neither issued nor dropped waited when the load ended.
    assert_eq!(due - dropped - issued, 40);
    assert!(dropped > 2_000, "{dropped}");
    assert!(view.concurrency.waiting < 41.0, "{:?}", view.concurrency);
    // Six at a time take 50 ms: a queue of 40 is a third of a second long.
    assert!(view.total.wait.max_us < 450_000, "{:?}", view.total.wait);
    let sign = &view.health.signs[0];
    assert!(sign.contains("were dropped when they were due: 40 waited"), "{sign}");
    // With room for all nothing is dropped, and the file has no word of it.
    plan.load.queue_max = 100_000;
    let (file, _) = carry_out(plan, &Pretend::new(50.0), None);
    assert_eq!(file.concurrency.dropped, 0);
    assert!(!serde_json::to_string(&file).unwrap().contains("dropped"));
}

#[test]
fn an_open_load_outlives_a_stall_of_the_engine_itself() {
    let cluster = Pretend::new(5.0);
    let (file, view) = on_rough(open(200.0), &cluster, 1_000, (4_000_000, 6_000_000));
    let issued: u64 =
        file.totals.values().chain(file.warmup_totals.values()).map(|c| c.issued).sum();
    assert_eq!(Some(issued), file.concurrency.due, "what was due in the stall is sent after it");
    assert!(view.total.response.at_us[3] > 1_700_000, "{:?}", view.total.response);
    let stood: Vec<_> =
        view.health.annotations.iter().filter(|a| a.kind == Disturbance::StoodStill).collect();
    assert!(stood.len() == 1 && (stood[0].until_s - stood[0].at_s - 2.0).abs() < 0.05, "{stood:?}");
    assert!(view.health.signs.iter().any(|s| s.contains("stood still")), "{:?}", view.health.signs);
}
