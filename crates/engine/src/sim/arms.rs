//! The simulated clusters of an experiment's arms, on one clock.

use super::clock::VirtualClock;
use super::transport::SimTransport;
use fwit_model::plan::SimCluster;

/// A transport for each arm: arms with the same parameters meet the same cluster, others one of
/// their own, from the same seed, so that all share the hour's drift.
#[must_use]
pub fn transports(arms: &[&SimCluster], seed: u64, clock: &VirtualClock) -> Vec<SimTransport> {
    let mut list: Vec<SimTransport> = Vec::with_capacity(arms.len());
    for (i, sim) in arms.iter().enumerate() {
        let same =
            arms.iter().take(i).position(|other| other == sim).and_then(|at| list.get(at).cloned());
        list.push(same.unwrap_or_else(|| SimTransport::new(sim, seed, clock.clone())));
    }
    list
}

#[cfg(test)]
mod tests {
    use super::*;
    use fwit_model::plan::sim_preset;

    #[test]
    fn equal_arms_meet_one_cluster() {
        let (a, mut b) = (sim_preset("drifting").unwrap(), sim_preset("drifting").unwrap());
        b.between.mean_ms *= 2.0;
        let clock = VirtualClock::default();
        let list = transports(&[&a, &b, &a], 1, &clock);
        assert!(list[0].is_same(&list[2]) && !list[0].is_same(&list[1]));
    }
}
