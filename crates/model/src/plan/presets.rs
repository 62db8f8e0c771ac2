//! Plans to start from.

use super::{BaseUrl, Cluster, Keys, Load, Model, Node, Plan, sim_preset};
use crate::dialect::{SIMULATED, built_in};
use fwit_quantities::units::Micros;

/// The nine operations of the seed tool, in its order.
const NINE: [&str; 9] =
    ["set", "get", "delete", "cache_set", "publish", "bump", "blob_set", "blob_get", "blob_delete"];

/// The name that every preset's plan has before it is changed.
pub(super) const PRESET_NAME: &str = "50 entities, sticky";

/// A named plan to start from.
#[derive(Clone, Copy, Debug)]
pub struct Preset {
    /// Its name in [`preset`] and in the form.
    pub name: &'static str,
    /// What it is for, in one sentence.
    pub about: &'static str,
    warmup_s: f64,
    duration_s: f64,
}

/// All presets.
pub const PRESETS: [Preset; 2] = [
    Preset {
        name: "quick",
        about: "50 entities, all operations, 20 seconds: a first look.",
        warmup_s: 2.0,
        duration_s: 20.0,
    },
    Preset {
        name: "fwit-t",
        about: "50 entities, all operations, 10 minutes: the length of the seed tool's runs.",
        warmup_s: 10.0,
        duration_s: 600.0,
    },
];

/// The nodes of the local cluster as `cargo xtask demo` starts it.
#[must_use]
pub fn default_nodes() -> Vec<Node> {
    (0..3)
        .filter_map(|i| {
            let url = BaseUrl::parse(&format!("http://127.0.0.1:{}", 7101 + i)).ok()?;
            Some(Node { name: format!("n{}", i + 1), url, lanes: Vec::new() })
        })
        .collect()
}

/// The preset of that name, against the local cluster's default nodes; the name of a simulated
/// cluster gives the preset `fwit-t` on it.
#[must_use]
pub fn preset(name: &str) -> Option<Plan> {
    let sim = sim_preset(name);
    let load = if sim.is_some() { "fwit-t" } else { name };
    let preset = PRESETS.iter().find(|p| p.name == load)?;
    let cluster = match sim {
        Some(sim) => Cluster {
            dialect: built_in(SIMULATED)?,
            nodes: sim.addresses(),
            trusted_origins: Vec::new(),
            sim: Some(sim),
        },
        None => Cluster {
            dialect: built_in("insi")?,
            nodes: default_nodes(),
            trusted_origins: Vec::new(),
            sim: None,
        },
    };
    Some(Plan {
        name: PRESET_NAME.into(),
        seed: 1,
        cluster,
        load: Load {
            model: Model::Closed { think: Micros(10_000), jitter: Micros(10_000) },
            entities: 50,
            warmup: Micros::from_secs(preset.warmup_s),
            duration: Micros::from_secs(preset.duration_s),
            timeout: Micros(10_000_000),
            queue_max: super::QUEUE_MAX,
            stages: Vec::new(),
        },
        mix: NINE.iter().map(|op| ((*op).to_string(), 1)).collect(),
        keys: Keys { space: 1_000, known: 100, value_bytes: 18 },
        disable_leader_stickiness: false,
        subscribers: 2,
        verify: false,
        thresholds: Vec::new(),
        chaos: Vec::new(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{validate, wire};

    #[test]
    fn every_preset_is_a_valid_plan() {
        let names = PRESETS.iter().map(|p| p.name);
        for name in names.chain(crate::plan::SIM_PRESETS.iter().map(|p| p.name)) {
            let plan = preset(name).unwrap();
            assert_eq!(validate(&wire::to_file(&plan)), Ok(plan));
        }
        assert!(preset("none").is_none());
    }
}
