//! Simulated clusters to start from.

use std::collections::BTreeMap;

use super::{Delay, Drift, Events, Service, Shape, SimCluster, SimNode};

/// A named simulated cluster.
#[derive(Clone, Copy, Debug)]
pub struct SimPreset {
    /// Its name in plans and in the form.
    pub name: &'static str,
    /// What it shows, in one sentence.
    pub about: &'static str,
}

/// All of them; the first is what a first visitor gets.
pub const SIM_PRESETS: [SimPreset; 4] = [
    SimPreset {
        name: "three regions",
        about: "Two followers near the clients, the leader far away: local reads are fast, writes \
                pay for the way.",
    },
    SimPreset {
        name: "busy leader",
        about: "Three nodes side by side whose leader is nearly saturated: sticky reads queue \
                behind writes.",
    },
    SimPreset {
        name: "drifting",
        about: "Three nodes that get slower by the minute, and waver: what makes one run after the \
                other misleading.",
    },
    SimPreset {
        name: "no difference",
        about: "One node without followers: stickiness changes nothing, and nothing should be \
                found.",
    },
];

/// The simulated cluster of that name.
#[must_use]
pub fn sim_preset(name: &str) -> Option<SimCluster> {
    let delay = |mean_ms, jitter_ms| Delay { mean_ms, jitter_ms };
    let lognormal = |mean_ms, sigma| Service {
        shape: Shape::Lognormal,
        sigma,
        ..Service::exponential(mean_ms)
    };
    let node = |name: &str, distance, read, write| SimNode {
        name: name.into(),
        distance,
        read,
        write,
        redirect: Service::exponential(0.15),
    };
    // Blobs weigh more than values, the cache less.
    let factors: BTreeMap<String, f64> = [("blob_set", 1.5), ("blob_get", 1.5), ("cache_set", 0.8)]
        .map(|(op, f)| (op.to_string(), f))
        .into();
    let events = Events { delay: delay(2.0, 1.0), ..Events::default() };
    let base = SimCluster { factors, events, ..SimCluster::default() };
    let side_by_side = || {
        (1..=3)
            .map(|i| {
                node(
                    &format!("n{i}"),
                    delay(1.0, 0.3),
                    Service::exponential(0.4),
                    Service::exponential(2.0),
                )
            })
            .collect()
    };
    match name {
        "three regions" => {
            let (read, write) = (lognormal(1.0, 0.4), lognormal(3.0, 0.4));
            Some(SimCluster {
                nodes: vec![
                    node("leader-far", delay(80.0, 4.0), read, write),
                    node("near-1", delay(40.0, 2.0), read, write),
                    node("near-2", delay(40.0, 2.0), read, write),
                ],
                between: delay(95.0, 5.0),
                fsync: lognormal(5.0, 0.3),
                ..base
            })
        }
        "busy leader" => Some(SimCluster {
            nodes: side_by_side(),
            between: delay(2.0, 0.5),
            fsync: lognormal(2.0, 0.5),
            ..base
        }),
        "drifting" => Some(SimCluster {
            nodes: side_by_side(),
            between: delay(2.0, 0.5),
            fsync: lognormal(2.0, 0.5),
            drift: Drift { per_minute: 1.02, sigma: 0.01, persistence: 0.98 },
            ..base
        }),
        "no difference" => Some(SimCluster {
            nodes: vec![node(
                "n1",
                delay(5.0, 1.0),
                Service::exponential(0.4),
                Service::exponential(2.0),
            )],
            fsync: lognormal(2.0, 0.5),
            ..base
        }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::{preset, validate, wire};
    use super::*;

    #[test]
    fn every_preset_is_valid_when_spelled_out() {
        for p in SIM_PRESETS {
            let mut file = wire::to_file(&preset("quick").unwrap());
            file.cluster.dialect = "sim".into();
            file.cluster.nodes.clear();
            let sim = sim_preset(p.name).unwrap();
            file.cluster.sim = Some(sim.clone());
            assert_eq!(validate(&file).map(|plan| plan.cluster.sim), Ok(Some(sim)), "{}", p.name);
        }
        assert_eq!(sim_preset("none"), None);
    }
}
