//! The API key goes only where the plan names or trusts the origin, whoever leads.

use super::*;
use fwit_report::experiment::{self, Experiment, ExperimentEnvironment, sticky_or_not};

const FAR: &str = "http://10.0.0.9:7101/insi";
const ORIGIN: &str = "http://10.0.0.9:7101";
const WORDS: &str = "names http://10.0.0.9:7101 as the leader; the plan does not name it, so the \
                     API key is not sent there: add the node or trust its origin";

/// A cluster whose leader is elsewhere from an instant on, by this name.
fn led_from(at_s: f64, name: &'static str) -> Pretend {
    let cluster = Pretend::new(5.0);
    cluster.state.elsewhere.replace(Some((FAR.into(), Micros::from_secs(at_s), name)));
    cluster
}

fn with_key(plan: Plan, cluster: &Pretend) -> Result<(RunFile, RunView), CannotStart> {
    let run = carry_out_with(Some("secret"), plan, cluster, None);
    let own = |url: &String| url.contains("//127.0.0.1:710");
    assert!(cluster.state.streams.borrow().iter().all(own), "event streams hold the key");
    run
}

/// Nothing was ever sent to anyone but the plan's nodes.
fn assert_no_stranger(cluster: &Pretend) {
    let bases = cluster.state.bases.borrow();
    assert!(bases.len() == 3 && bases.keys().all(|b| b.contains("//127.0.0.1:710")), "{bases:?}");
}

fn trusting(mut plan: Plan) -> Plan {
    plan.cluster.trust(&[ORIGIN.into()]).unwrap();
    plan
}

#[test]
fn a_run_whose_leader_is_a_stranger_does_not_start() {
    let cluster = led_from(0.0, "");
    let error = with_key(plan(), &cluster).unwrap_err();
    assert_eq!(error.untrusted(), [ORIGIN]);
    assert!(error.to_string().ends_with(&format!("{WORDS}.")), "{error}");
    assert_no_stranger(&cluster);
    assert!(cluster.state.arrived.borrow().is_empty(), "no load was sent");
}

#[test]
fn a_stranger_elected_in_mid_run_is_not_leader_and_the_verdict_names_it() {
    for (sticky, mute) in [(true, false), (false, false), (true, true), (false, true)] {
        let cluster = led_from(8.0, "");
        cluster.state.mute.set(mute);
        let plan = Plan { disable_leader_stickiness: !sticky, ..plan() };
        let (file, view) = with_key(plan, &cluster).unwrap();
        assert_no_stranger(&cluster);
        let failed = view.total.count(Outcome::NotLeader);
        assert!(failed > 100, "{:?}", view.errors);
        let other: Vec<_> = view.errors.iter().filter(|e| !e.text.ends_with(WORDS)).collect();
        assert!(other.is_empty(), "sticky {sticky}, mute {mute}: {other:?}");
        assert!(file.nodes.iter().all(|n| !n.discovered));
        let signs = &view.health.signs;
        let sign = format!(
            "The leader was said to be at {ORIGIN}, which the plan does not name: the API key was \
             not sent there ({failed} requests failed as not leader)."
        );
        assert!(signs[0].starts_with(&sign), "{signs:?}");
    }
}

#[test]
fn a_trusted_leader_elsewhere_gets_the_load() {
    for (from, mute) in [(0.0, false), (8.0, false), (8.0, true)] {
        let cluster = led_from(from, "");
        cluster.state.mute.set(mute);
        let (file, view) = with_key(trusting(plan()), &cluster).unwrap();
        assert_eq!(view.total.errors(), 0, "{:?}", view.errors);
        assert!(cluster.state.bases.borrow()[FAR] > 500, "with its base path");
        let last = file.nodes.last().unwrap();
        assert_eq!((last.url.as_str(), last.discovered), (FAR, true));
        assert!(!view.health.signs.iter().any(|s| s.contains("does not name")));
    }
}

#[test]
fn another_path_of_a_nodes_origin_is_no_stranger() {
    let cluster = led_from(0.0, "");
    let mut plan = plan();
    plan.cluster.nodes[2].lanes = vec![BaseUrl::parse(&format!("{ORIGIN}/other")).unwrap()];
    assert!(with_key(plan, &cluster).is_ok());
    assert!(cluster.state.bases.borrow()[FAR] > 500);
}

#[test]
fn a_stranger_that_takes_a_nodes_name_gets_nothing() {
    let cluster = led_from(8.0, "n1");
    cluster.state.mute.set(true);
    let (_, view) = with_key(plan(), &cluster).unwrap();
    assert_no_stranger(&cluster);
    assert!(view.total.count(Outcome::NotLeader) > 100, "{:?}", view.errors);
}

#[test]
fn without_a_key_a_leader_may_be_anywhere() {
    let cluster = led_from(0.0, "");
    let (_, view) = carry_out(plan(), &cluster, None);
    assert_eq!(view.total.errors(), 0, "{:?}", view.errors);
    assert!(cluster.state.bases.borrow()[FAR] > 500);
}

/// An experiment of six pairs with a key, and how many periods of it counted.
fn experiment_with_key(mut plan: Plan, cluster: &Pretend) -> Result<usize, CannotStart> {
    plan.load.entities = 3;
    let mut file = sticky_or_not(&plan);
    (file.design.pairs, file.design.period_s, file.design.settle_s) = (6, 5.0, 1.0);
    let experiment = Experiment::from_file(&file).unwrap();
    let world = ExperimentEnvironment {
        transport: &|_| cluster.clone(),
        clock: cluster.clock.clone(),
        api_key: Some("secret".into()),
        stop: Stop::default(),
        id: "x".into(),
        calibration: None,
        watch: &|_, _| {},
        before: Vec::new(),
        since_start: Micros::ZERO,
    };
    let periods = Cell::new(0);
    let on = |event: experiment::Event<'_>| {
        periods.set(periods.get() + usize::from(matches!(event, experiment::Event::Period(_))));
    };
    let carried = cluster.clock.run(experiment::carry_out(&experiment, world, &on)).unwrap();
    if carried.is_err() {
        assert_eq!(periods.get(), 0, "refused before the first period");
    }
    carried.map(|carried| carried.periods.iter().filter(|p| p.invalid.is_none()).count())
}

#[test]
fn an_experiment_is_refused_in_the_same_words() {
    let cluster = led_from(0.0, "");
    let error = experiment_with_key(plan(), &cluster).unwrap_err();
    assert!(error.to_string().ends_with(&format!("{WORDS}.")), "{error}");
    assert_no_stranger(&cluster);
    let cluster = led_from(0.0, "");
    assert_eq!(experiment_with_key(trusting(plan()), &cluster).unwrap(), 12);
    assert!(cluster.state.bases.borrow()[FAR] > 500);
}
