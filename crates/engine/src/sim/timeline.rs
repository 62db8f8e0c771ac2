//! Which nodes are up and which one leads, from the start of the simulated cluster to its end. All
//! of it follows from the plan's outages and the seed, so it is computed beforehand.

use super::law::one_way;
use fwit_model::plan::SimCluster;
use fwit_quantities::units::Micros;
use fwit_stats::random::Stream;

/// The story of the cluster's members.
#[derive(Debug)]
pub struct Timeline {
    /// Of each node: when it went and when it was back, in order of time, without overlap.
    down: Vec<Vec<(Micros, Micros)>>,
    /// From when on who leads, in order of time.
    leaders: Vec<(Micros, Option<usize>)>,
}

impl Timeline {
    /// The story that the plan tells.
    #[must_use]
    pub fn new(sim: &SimCluster, seed: u64) -> Timeline {
        let mut down = vec![Vec::new(); sim.nodes.len()];
        for outage in &sim.outages {
            let place = sim.position(&outage.node).and_then(|i| down.get_mut(i));
            if let Some(list) = place {
                let back = outage.back_s.map_or(Micros::MAX, Micros::from_secs);
                list.push((Micros::from_secs(outage.at_s), back));
            }
        }
        down.iter_mut().for_each(merge);
        let first = sim.position(&sim.leader).unwrap_or_default();
        let mut timeline = Timeline { down, leaders: vec![(Micros::ZERO, Some(first))] };
        timeline.elect(sim, first, seed);
        timeline
    }

    /// Elections: after a leader that goes, or that has no majority left, no node leads for a
    /// while, then one drawn from those that are up.
    fn elect(&mut self, sim: &SimCluster, first: usize, seed: u64) {
        let nodes = self.down.len();
        let mut random = Stream::new(seed, "sim election", 0);
        let mut changes: Vec<Micros> =
            self.down.iter().flatten().flat_map(|(at, back)| [*at, *back]).collect();
        changes.retain(|t| *t < Micros::MAX);
        changes.sort_by(Ord::cmp);
        changes.dedup();
        changes.push(Micros::MAX);
        let (mut leader, mut due) = (Some(first), None);
        for change in changes {
            // An election ends once the candidates have agreed, if no change came before.
            if let Some(at) = due.take_if(|at| *at <= change) {
                let up: Vec<usize> = (0..nodes).filter(|n| self.is_up(*n, at)).collect();
                leader = up.get(random.below(up.len() as u32) as usize).copied();
                self.leaders.push((at, leader));
            }
            if change == Micros::MAX {
                break;
            }
            let majority = (0..nodes).filter(|n| self.is_up(*n, change)).count() > nodes / 2;
            if leader.is_some_and(|l| !majority || !self.is_up(l, change)) {
                leader = None;
                self.leaders.push((change, None));
            }
            if !majority {
                due = None;
            } else if leader.is_none() && due.is_none() {
                // Both ways of the delay: it is given as a whole.
                let wait = one_way(sim.election, &mut random) + one_way(sim.election, &mut random);
                due = Some(change + wait);
            }
        }
    }

    /// Whether a node is up.
    #[must_use]
    pub fn is_up(&self, node: usize, at: Micros) -> bool {
        self.down
            .get(node)
            .is_some_and(|list| list.iter().all(|(from, to)| at < *from || at >= *to))
    }

    /// When a node goes next after an instant at which it was up; the far end of time where it does
    /// not.
    #[must_use]
    pub fn goes_after(&self, node: usize, at: Micros) -> Micros {
        let list = self.down.get(node).map_or(&[][..], Vec::as_slice);
        list.iter().map(|(from, _)| *from).find(|from| *from > at).unwrap_or(Micros::MAX)
    }

    /// Who leads.
    #[must_use]
    pub fn leader(&self, at: Micros) -> Option<usize> {
        let past = self.leaders.partition_point(|(from, _)| *from <= at);
        self.leaders.get(past.checked_sub(1)?)?.1
    }
}

/// Sorts outages and joins those that overlap.
fn merge(list: &mut Vec<(Micros, Micros)>) {
    list.sort_by(Ord::cmp);
    let mut joined: Vec<(Micros, Micros)> = Vec::new();
    for (from, to) in list.drain(..) {
        match joined.last_mut() {
            Some(last) if from <= last.1 => last.1 = last.1.max(to),
            _ => joined.push((from, to)),
        }
    }
    *list = joined;
}

#[cfg(test)]
mod tests {
    use super::*;
    use fwit_model::plan::{Delay, Outage, SimNode};

    fn timeline(outages: &[(&str, f64, Option<f64>)]) -> Timeline {
        let outage = |(node, at_s, back_s): &(&str, f64, Option<f64>)| Outage {
            node: (*node).into(),
            at_s: *at_s,
            back_s: *back_s,
        };
        let sim = SimCluster {
            nodes: vec![SimNode::default(); 3],
            leader: "n2".into(),
            election: Delay { mean_ms: 1_000.0, jitter_ms: 0.0 },
            outages: outages.iter().map(outage).collect(),
            ..SimCluster::default()
        };
        Timeline::new(&sim, 1)
    }

    fn leader(t: &Timeline, s: f64) -> Option<usize> {
        t.leader(Micros::from_secs(s))
    }

    #[test]
    fn a_lost_leader_is_followed_after_the_election() {
        let t = timeline(&[("n2", 10.0, Some(30.0))]);
        assert_eq!((leader(&t, 0.0), leader(&t, 9.99), leader(&t, 10.5)), (Some(1), Some(1), None));
        let new = leader(&t, 11.0).unwrap();
        assert!(new != 1 && leader(&t, 1_000.0) == Some(new));
        assert!(t.is_up(1, Micros::from_secs(9.9)) && !t.is_up(1, Micros::from_secs(20.0)));
        assert!(t.is_up(1, Micros::from_secs(30.0)));
        assert_eq!(t.goes_after(1, Micros::ZERO), Micros::from_secs(10.0));
        assert_eq!(t.goes_after(0, Micros::ZERO), Micros::MAX);
    }

    #[test]
    fn without_a_majority_no_node_leads() {
        let t = timeline(&[("n1", 5.0, None), ("n3", 10.0, Some(20.0)), ("n3", 15.0, Some(25.0))]);
        assert_eq!((leader(&t, 7.0), leader(&t, 10.0), leader(&t, 25.9)), (Some(1), None, None));
        assert!(matches!(leader(&t, 26.0), Some(1 | 2)));
        let gone = timeline(&[("n1", 1.0, None), ("n2", 1.0, None)]);
        assert_eq!((leader(&gone, 0.5), leader(&gone, 1e5)), (Some(1), None));
    }

    #[test]
    fn a_leader_that_is_back_before_the_election_is_a_candidate() {
        let winners: Vec<_> = (0..40)
            .map(|seed| {
                let sim = SimCluster {
                    nodes: vec![SimNode::default(); 3],
                    outages: vec![Outage { node: "n1".into(), at_s: 1.0, back_s: Some(1.1) }],
                    ..SimCluster::default()
                };
                Timeline::new(&sim, seed).leader(Micros::from_secs(9.0)).unwrap()
            })
            .collect();
        assert!((0..3).all(|n| winners.contains(&n)), "{winners:?}");
    }
}
