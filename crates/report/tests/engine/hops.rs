//! Redirects hop by hop: every hop has a slot of its own and a part of the response time.

use super::*;
use fwit_report::run::wire::{LatencyFile, PartsFile};

/// Not sticky, so that every write of an entity elsewhere is redirected.
fn not_sticky() -> Plan {
    Plan { disable_leader_stickiness: true, ..plan() }
}

fn sum(parts: &PartsFile) -> u64 {
    let parts = &parts.sums;
    parts.wait_us + parts.redirect_us + parts.browser_us + parts.service_us + parts.page_us
}

#[test]
fn a_redirect_is_a_part_of_the_response_and_not_of_the_service() {
    let cluster = Pretend::new(5.0);
    let (file, view) = carry_out(not_sticky(), &cluster, None);
    assert!(file.entities.iter().all(|e| e.latched.is_none()));
    let writes_elsewhere: u64 =
        file.counts.iter().filter(|c| c.node != "n1").map(|c| c.redirected).sum();
    assert!(writes_elsewhere > 1_000);
    assert_eq!(view.total.redirected, writes_elsewhere);
    let mean = |redirected: bool, measure| {
        let of = |l: &&LatencyFile| l.redirected == redirected && l.measure == measure;
        file.latency.iter().find(of).unwrap().mean_us
    };
    // The follower takes 1 ms, the leader 5.
    for (redirected, measure, us) in [
        (true, Measure::Service, 5_000.0),
        (true, Measure::Cluster, 6_000.0),
        (false, Measure::Service, 5_000.0),
        (false, Measure::Cluster, 5_000.0),
    ] {
        assert!((mean(redirected, measure) - us).abs() < 20.0, "{redirected} {measure:?}");
    }
    let redirected = file.parts.iter().filter(|p| p.redirected);
    assert!(
        redirected.clone().all(|p| p.sums.redirect_us == 1_000 * p.sums.answers),
        "{:?}",
        file.parts
    );
    // Once a second the node that redirected is asked who leads, and, as its status names no one,
    // all three.
    // … but for the poll once a second, and the question for vitals, which is given up after three.
    let polled = 3 * file.leadership.as_ref().unwrap().polls + 3 * 3;
    let asked = file.nodes.iter().map(|n| n.status_requests).sum::<u64>() - polled;
    assert!((10..=4 * 24).contains(&asked), "{asked} status requests");
}

#[test]
fn every_hop_has_a_slot_and_the_parts_are_the_response() {
    let cluster = Pretend::new(20.0);
    let (file, view) = carry_out(not_sticky(), &cluster, None);
    // Redirected requests wait for the leader's six slots like all others.
    assert_eq!(cluster.state.most_in_flight.get(), 6);
    let response: f64 = file
        .latency
        .iter()
        .filter(|l| l.measure == Measure::Response)
        .map(|l| l.mean_us * l.count as f64)
        .sum();
    let parts = file.parts.iter().map(sum).sum::<u64>() as f64;
    assert!((parts / response - 1.0).abs() < 1e-3, "{parts} of {response}");
    let total = view.total.parts.unwrap();
    assert_eq!(total.answers, view.total.response.count);
    assert!(total.wait_us > 5.0 * total.service_us, "{total:?}");
    assert!((total.response_us() / view.total.response.mean_us - 1.0).abs() < 1e-3);
    for op in &view.by_op {
        let parts = op.parts.unwrap();
        assert!((parts.response_us() / op.response.mean_us - 1.0).abs() < 1e-3, "{:?}", op.op);
    }
    // What was counted as in flight at a node never passed its slots.
    assert!(file.nodes.iter().all(|n| n.in_flight <= 6.0), "{:?}", file.nodes);
}

#[test]
fn where_no_status_names_the_leader_a_learning_request_finds_it() {
    let cluster = Pretend::new(5.0);
    cluster.state.mute.set(true);
    let (file, view) = carry_out(not_sticky(), &cluster, None);
    assert_eq!(view.total.errors(), 0, "{:?}", view.errors);
    assert!(view.total.redirected > 1_000);
    assert!(file.parts.iter().filter(|p| p.redirected).all(|p| p.sums.answers > 0));
}

#[test]
fn a_loop_ends_after_one_look_and_says_so() {
    let cluster = Pretend::new(5.0);
    cluster.state.loops.set(true);
    let (file, view) = carry_out(not_sticky(), &cluster, None);
    assert!(view.total.count(Outcome::NotLeader) > 100, "{:?}", view.errors);
    let said = |text: &str| view.errors.iter().any(|e| e.text.contains(text));
    assert!(said("n1 redirects, although it says that it leads"), "{:?}", view.errors);
    let hits: u64 = cluster.state.redirects.get();
    let issued: u64 = issued(&file);
    assert!(hits <= 6 * issued, "{hits} redirects for {issued} requests");
}

#[test]
fn nodes_that_blame_each_other_end_a_request_after_five_further_hops() {
    let cluster = Pretend::new(5.0);
    cluster.state.blames_next.set(true);
    let plan = Plan { mix: vec![("set".into(), 1)], ..not_sticky() };
    let (file, view) = carry_out(plan, &cluster, None);
    assert!(view.total.count(Outcome::NotLeader) > 100, "{:?}", view.errors);
    assert!(view.errors.iter().any(|e| e.text.contains("sent on 5 times")), "{:?}", view.errors);
    let (hits, issued) = (cluster.state.redirects.get(), issued(&file));
    assert!(hits <= 6 * issued, "{hits} redirects for {issued} requests");
}

#[test]
fn our_own_queue_at_the_leader_does_not_eat_the_time_out() {
    let cluster = Pretend::new(100.0);
    let mut plan = not_sticky();
    // Some fifty entities with six slots at the leader wait 0.7 s there.
    plan.load.timeout = Micros(300_000);
    let (_, view) = carry_out(plan, &cluster, None);
    let mean = view.total.parts.unwrap();
    assert!(mean.wait_us > 300_000.0, "{mean:?}");
    assert_eq!(view.total.count(Outcome::Timeout), 0, "{:?}", view.errors);
}

#[test]
fn a_leader_that_went_away_is_asked_for_again() {
    let cluster = Pretend::new(5.0);
    cluster.state.dies_at.set(Some(Micros(6_000_000)));
    let (_, view) = carry_out(not_sticky(), &cluster, None);
    let late = view.seconds.iter().filter(|s| (9..22).contains(&s.t_s));
    // n1 stays away: entities at home there fail, all others are served by way of n2's new leader.
    assert!(late.clone().all(|s| s.answers > 200), "{:?}", late.collect::<Vec<_>>());
    let misled = view.errors.iter().filter(|e| e.node != "n1" && e.last_us > 9_000_000);
    assert_eq!(misled.count(), 0, "{:?}", view.errors);
}

#[test]
fn a_leader_that_a_refusal_names_is_gone_to_without_asking() {
    let cluster = Pretend::new(5.0);
    cluster.state.names_leader.set(true);
    let mut not_sticky = plan();
    not_sticky.disable_leader_stickiness = true;
    let (_, view) = carry_out(not_sticky, &cluster, None);
    assert_eq!(view.total.errors(), 0, "{:?}", view.errors);
    assert!(view.total.redirected > 100);
    assert!(cluster.state.redirects.get() >= view.total.redirected);
    // The looks at the start and at the end ask each of the three, and nobody asks in between.
    // … but for the poll once a second that all runs have.
    let polled = 3 * view.leadership.as_ref().unwrap().polls;
    assert_eq!(cluster.state.pings.get() - polled, 6);
}

#[test]
fn where_nothing_says_who_leads_nobody_searches() {
    let cluster = Pretend::new(5.0);
    let mut plain = plan();
    let mut file = plain.cluster.dialect.file().clone();
    file.leader = None;
    let plain_dialect = fwit_model::dialect::compile("custom", file).unwrap();
    plain.cluster.dialect = std::sync::Arc::new(plain_dialect);
    let (_, view) = carry_out(plain, &cluster, None);
    // Writes that a follower redirects fail then, and say why.
    let why = view.errors.iter().find(|e| e.text.contains("names no leader"));
    assert!(why.is_some() && view.total.answers() > 0, "{:?}", view.errors);
    assert_eq!(cluster.state.pings.get(), 0, "it is asked for `/`");
}
