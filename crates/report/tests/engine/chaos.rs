//! Faults of the plan and of the user, and what the run says of them.

use std::pin::pin;

use futures_util::future::{Either, select};
use fwit_engine::controls::Control;
use fwit_engine::environment::Clock;
use fwit_engine::live_run::{LiveRun, Stop};
use fwit_model::plan::{Arrivals, Model, Plan, chaos};
use fwit_quantities::units::Micros;
use fwit_report::run::build::{About, RunReport};
use fwit_report::run::summary;
use fwit_report::run::view::{EventKind, RunView};
use fwit_report::run::wire::RunFile;

use super::cluster::Pretend;
use super::{carry_out, plan};

/// A plan with a line of chaos.
fn with(line: &str) -> Plan {
    let mut plan = plan();
    let names: Vec<String> = plan.cluster.nodes.iter().map(|n| n.name.clone()).collect();
    plan.chaos = vec![chaos::parse(line, &plan.cluster.dialect, &names).unwrap()];
    plan
}

/// A run whose user does this, each at its second.
fn by_hand(plan: Plan, cluster: &Pretend, acts: &[(f64, Control)]) -> (RunFile, RunView) {
    let clock = cluster.clock.clone();
    let run = LiveRun::new(plan, cluster.clone(), clock, "r1".into(), None, Stop::default());
    let (mut hand, controls) = futures_channel::mpsc::channel(8);
    run.controls.replace(Some(controls));
    let work = run.carry_out(|_| ());
    let acting = async {
        for (at, control) in acts {
            cluster.clock.sleep_until(Micros::from_secs(*at)).await;
            hand.try_send(control.clone()).unwrap();
        }
        std::future::pending::<()>().await;
    };
    let both = async {
        match select(pin!(work), pin!(acting)).await {
            Either::Left((ended, _)) => ended,
            Either::Right(_) => unreachable!("the hand never leaves"),
        }
    };
    let ended = cluster.clock.run(both).unwrap().unwrap();
    let file = RunReport::of(&run).file(ended, &About::default());
    let view = summary::view(&file).unwrap();
    (file, view)
}

fn told(view: &RunView) -> Vec<(f64, f64, EventKind, &str)> {
    let round = |s: f64| (s * 10.0).round() / 10.0;
    let one = |e| {
        let e: &fwit_report::run::view::TimelineEvent = e;
        (round(e.at_s), round(e.until_s), e.kind, e.words.as_str())
    };
    view.timeline.iter().map(one).collect()
}

#[test]
fn a_leader_that_is_paused_goes_on_again_and_the_gap_is_told() {
    let cluster = Pretend::new(5.0);
    let (_, view) = carry_out(with("at 8s: pause leader for 3s"), &cluster, None);
    assert_eq!(told(&view), [(8.0, 11.0, EventKind::Fault, "pause n1 for 3.00 s")]);
    assert!(cluster.state.paused.borrow().is_empty());
    let leadership = view.leadership.unwrap();
    let spans: Vec<_> = leadership.spans.iter().map(|s| s.node.as_deref()).collect();
    assert_eq!(spans, [Some("n1"), None, Some("n1")], "{leadership:?}");
    assert_eq!(leadership.gaps.len(), 1);
    let gap = leadership.gaps[0];
    assert!((gap.from_s - 8.0).abs() < 0.1 && (gap.until_s - 11.0).abs() < 0.1, "{gap:?}");
    let election = &leadership.elections()[0];
    assert!(election.no_writes_s.is_some_and(|s| (s - 3.0).abs() < 0.1), "{election:?}");
    // Sticky entities ask the leader.
    assert!(leadership.writes > 100 && leadership.to_leader * 10 > leadership.writes * 8);
}

#[test]
fn a_node_that_is_paused_twice_goes_on_after_the_later_end() {
    let cluster = Pretend::new(5.0);
    let mut plan = with("at 8s: pause n2 for 4s");
    plan.chaos.extend(with("at 10s: pause n2 for 5s").chaos);
    let (_, view) = carry_out(plan, &cluster, None);
    let resumed = cluster.state.resumed.take();
    assert_eq!(resumed.len(), 1, "{resumed:?}");
    assert!(resumed[0] >= Micros::from_secs(15.0), "{resumed:?}");
    let until: Vec<f64> = told(&view).iter().map(|e| e.1).collect();
    assert_eq!(until, [12.0, 15.0]);
}

#[test]
fn a_leader_that_is_busy_is_not_taken_for_silent() {
    // All its slots wait for answers of 2.5 s, which come now and then.
    let cluster = Pretend::new(2_500.0);
    let mut plan = plan();
    plan.load.timeout = Micros::from_secs(30.0);
    plan.load.duration = Micros::from_secs(60.0);
    let (_, view) = carry_out(plan, &cluster, None);
    let leadership = view.leadership.unwrap();
    let spans: Vec<_> = leadership.spans.iter().map(|s| s.node.as_deref()).collect();
    assert_eq!(spans, [Some("n1")], "{leadership:?}");
}

#[test]
fn a_fault_that_lasts_is_undone_at_the_end_and_at_stop() {
    for stop_at in [None, Some(Micros::from_secs(12.0))] {
        let cluster = Pretend::new(5.0);
        let (_, view) = carry_out(with("at 8s: pause n2"), &cluster, stop_at);
        assert!(cluster.state.paused.borrow().is_empty(), "{stop_at:?}");
        let until = told(&view)[0].1;
        assert!((until - stop_at.map_or(22.0, Micros::as_secs)).abs() < 0.3, "{until}");
    }
}

#[test]
fn a_fault_without_an_end_is_a_moment_and_a_refusal_is_told() {
    let (_, view) = carry_out(with("at 5s: step-down"), &Pretend::new(5.0), None);
    assert_eq!(told(&view), [(5.0, 5.0, EventKind::Fault, "step-down n1")]);
    assert_eq!(view.leadership.unwrap().elections()[0].to.as_deref(), Some("n2"));
    let (_, view) = carry_out(with("at 5s: crash n3"), &Pretend::new(5.0), None);
    assert_eq!(told(&view)[0].3, "crash n3: refused with HTTP 404: no");
}

#[test]
fn chaos_comes_by_the_seed_again_and_again() {
    let run =
        || carry_out(with("every 1s with 50%: remove an entity for 2s"), &Pretend::new(5.0), None);
    let (first, second) = (run().1, run().1);
    assert_eq!(told(&first), told(&second));
    let times = first.timeline.len();
    assert!((4..=18).contains(&times), "{times}");
}

#[test]
fn the_load_can_be_changed_by_hand() {
    let mut closed = plan();
    closed.load.entities = 5;
    let acts = [(12.0, Control::Level(15.0)), (13.0, Control::Note(" looked ".into()))];
    let (file, view) = by_hand(closed, &Pretend::new(5.0), &acts);
    let rate = |from: u32, to: u32| -> u32 {
        view.seconds.iter().filter(|s| (from..to).contains(&s.t_s)).map(|s| s.answers).sum()
    };
    let (before, after) = (rate(6, 11), rate(15, 20));
    assert!(after > 2 * before && after < 4 * before, "{before} {after}");
    assert_eq!(file.entities.len(), 15);
    let said: Vec<_> = told(&view).iter().map(|e| (e.2, e.3)).collect();
    assert_eq!(said, [(EventKind::Level, "15 entities"), (EventKind::Note, "looked")]);

    let mut open = plan();
    open.load.model = Model::Open { rate_per_s: 50.0, arrivals: Arrivals::Constant };
    let (file, view) = by_hand(open, &Pretend::new(5.0), &[(12.0, Control::Level(100.0))]);
    let due = file.concurrency.due.unwrap();
    assert!((due as f64 - (12.0 * 50.0 + 10.0 * 100.0)).abs() < 40.0, "{due}");
    assert_eq!(told(&view)[0].3, "100 requests/s");
}

#[test]
fn what_is_asked_of_the_user_counts_when_it_is_done() {
    let acts = [
        (3.0, Control::Done(0)),
        (9.0, Control::Done(0)),
        (10.0, Control::Done(0)),
        (11.0, Control::Act("pause n3 for 1s".into())),
        (12.0, Control::Act("fly n3".into())),
    ];
    let (_, view) = by_hand(with("at 5s: say Pull the plug of n2"), &Pretend::new(5.0), &acts);
    let said = told(&view);
    assert_eq!(said[0], (9.0, 9.0, EventKind::Fault, "Pull the plug of n2"));
    assert_eq!(said[1], (11.0, 12.0, EventKind::Fault, "pause n3 for 1.00 s"));
    assert!(said[2].3.starts_with("fly n3: “fly” is no fault"), "{said:?}");
}
