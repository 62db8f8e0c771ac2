//! Names of plans that nobody named: they say what is run.

use super::presets::PRESET_NAME;
use super::{Model, Plan, SIM_PRESETS, SimCluster, Stage, sim_preset};

/// What a simulation is called that is no preset.
pub const OWN_SCENARIO: &str = "own simulation";

/// What a plan's own name is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NameParts {
    /// Scenario of a simulated cluster; `None` for a real one.
    pub scenario: Option<String>,
    /// `50 entities`, `200/s`.
    pub who: String,
    /// Whether leader stickiness is on.
    pub sticky: bool,
    /// Number of nodes.
    pub nodes: usize,
}

impl NameParts {
    /// The parts of a plan's name.
    #[must_use]
    pub fn of(plan: &Plan) -> NameParts {
        let load = &plan.load;
        let level = match load.model {
            Model::Closed { .. } => load.entities.to_string(),
            Model::Open { rate_per_s, .. } => rate_per_s.to_string(),
        };
        let open = matches!(load.model, Model::Open { .. });
        NameParts {
            scenario: plan.cluster.sim.as_ref().map(scenario),
            who: who(open, &level, &load.stages),
            sticky: !plan.disable_leader_stickiness,
            nodes: plan.cluster.nodes.len(),
        }
    }

    /// The name: `three regions, 50 entities, sticky`, `200/s, not sticky, 3 nodes`.
    #[must_use]
    pub fn name(&self) -> String {
        self.join(true)
    }

    /// The name, with stickiness left out where that is not one thing.
    #[must_use]
    pub fn join(&self, with_sticky: bool) -> String {
        let mut parts = Vec::from_iter(self.scenario.clone());
        parts.push(self.who.clone());
        if with_sticky {
            parts.push(if self.sticky { "sticky" } else { "not sticky" }.into());
        }
        if self.scenario.is_none() {
            parts.push(format!("{} node{}", self.nodes, if self.nodes == 1 { "" } else { "s" }));
        }
        parts.join(", ")
    }
}

/// Who sends: so many entities, or so many requests a second; with stages, at most.
#[must_use]
pub fn who(open: bool, level: &str, stages: &[Stage]) -> String {
    let highest = stages.iter().map(|stage| stage.target).fold(0.0, f64::max).to_string();
    let (at_most, level) =
        if stages.is_empty() { ("", level) } else { ("up to ", highest.as_str()) };
    match (open, level) {
        (true, _) => format!("{at_most}{level}/s"),
        (false, "1") => format!("{at_most}1 entity"),
        (false, _) => format!("{at_most}{level} entities"),
    }
}

/// What is simulated: a preset's name, or [`OWN_SCENARIO`].
#[must_use]
pub fn scenario(sim: &SimCluster) -> String {
    SIM_PRESETS
        .iter()
        .find(|p| sim_preset(p.name).as_ref() == Some(sim))
        .map_or_else(|| OWN_SCENARIO.into(), |p| p.name.into())
}

/// Whether nobody chose this name: it is empty, or a preset's unchanged one.
#[must_use]
pub fn is_default(name: &str) -> bool {
    name.trim().is_empty() || name == PRESET_NAME
}

impl Plan {
    /// The plan, with a name that says what it runs where nobody chose one.
    #[must_use]
    pub fn named(mut self) -> Plan {
        if is_default(&self.name) {
            self.name = NameParts::of(&self).name();
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{Arrivals, preset, stages};

    #[test]
    fn a_name_nobody_chose_says_what_is_run() {
        let mut plan = preset("quick").unwrap();
        assert_eq!(plan.clone().named().name, "50 entities, sticky, 3 nodes");
        plan.disable_leader_stickiness = true;
        plan.load.entities = 1;
        plan.cluster.nodes.truncate(1);
        assert_eq!(plan.clone().named().name, "1 entity, not sticky, 1 node");
        plan.load.model = Model::Open { rate_per_s: 200.0, arrivals: Arrivals::Poisson };
        plan.name = " ".into();
        assert_eq!(plan.clone().named().name, "200/s, not sticky, 1 node");
        plan.load.stages = stages::parse("0→50 in 5s, 350 for 10s, 350→0 in 5s").unwrap();
        assert_eq!(plan.clone().named().name, "up to 350/s, not sticky, 1 node");
        plan.name = "before the change".into();
        assert_eq!(plan.named().name, "before the change");
    }

    #[test]
    fn a_simulated_plan_keeps_the_name_of_its_scenario() {
        let mut plan = preset("three regions").unwrap();
        assert_eq!(plan.clone().named().name, "three regions, 50 entities, sticky");
        if let Some(sim) = &mut plan.cluster.sim {
            sim.drift.per_minute = 1.01;
        }
        assert_eq!(plan.named().name, "own simulation, 50 entities, sticky");
    }
}
