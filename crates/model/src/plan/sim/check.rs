//! From `cluster.sim` to parameters that can be simulated, or all that is wrong with them.

use std::collections::BTreeSet;

use super::super::problem::{NAME_MAX, Problems};
use super::{Delay, SIM_PRESETS, Service, Shape, SimCluster, sim_preset};

/// Most nodes of a simulated cluster.
const NODES_MAX: usize = 64;
/// Longest time anything may take, ms.
const MS_MAX: f64 = 600_000.0;

/// The parameters of a plan's simulated cluster; where the plan has none, those of the first
/// preset.
pub fn check(
    file: Option<&SimCluster>,
    operations: &[&str],
    found: &mut Problems,
) -> Option<SimCluster> {
    let Some(sim) = file else { return sim_preset(SIM_PRESETS[0].name) };
    if sim.preset.is_empty() {
        whole(sim, operations, found);
        return Some(sim.clone());
    }
    if *sim != (SimCluster { preset: sim.preset.clone(), ..SimCluster::default() }) {
        found.add(
            "cluster.sim.preset",
            "stands beside parameters: give the preset's name alone, or parameters alone",
        );
    }
    let preset = sim_preset(&sim.preset);
    if preset.is_none() {
        let known: Vec<_> = SIM_PRESETS.iter().map(|p| p.name).collect();
        let text = format!("“{}” is not known; choose one of: {}", sim.preset, known.join(", "));
        found.add("cluster.sim.preset", text);
    }
    preset
}

fn whole(sim: &SimCluster, operations: &[&str], found: &mut Problems) {
    let path = |part: String| format!("cluster.sim.{part}");
    if sim.nodes.is_empty() {
        found.add("cluster.sim.nodes", "there is no node: describe at least one");
    }
    if sim.nodes.len() > NODES_MAX {
        found.add(
            "cluster.sim.nodes",
            format!("{} nodes are too many: up to {NODES_MAX}", sim.nodes.len()),
        );
    }
    let mut names = BTreeSet::new();
    for (i, node) in sim.nodes.iter().enumerate() {
        let name = sim.node_name(i);
        let at = path(format!("nodes.{i}"));
        if name.chars().count() > NAME_MAX {
            found.add(&format!("{at}.name"), format!("is longer than {NAME_MAX} characters"));
        }
        if !names.insert(name.clone()) {
            found.add(&format!("{at}.name"), format!("“{name}” is the name of another node too"));
        }
        delay(&format!("{at}.distance"), node.distance, found);
        service(&format!("{at}.read"), node.read, found);
        service(&format!("{at}.write"), node.write, found);
        service(&format!("{at}.redirect"), node.redirect, found);
    }
    let known = |field: String, name: &str, found: &mut Problems| {
        if sim.position(name).is_none() {
            found.add(&path(field), format!("“{name}” is not a node of this cluster"));
        }
    };
    if !sim.leader.trim().is_empty() {
        known("leader".into(), &sim.leader, found);
    }
    delay("cluster.sim.between", sim.between, found);
    for (i, link) in sim.links.iter().enumerate() {
        known(format!("links.{i}.from"), &link.from, found);
        known(format!("links.{i}.to"), &link.to, found);
        delay(&path(format!("links.{i}.delay")), link.delay, found);
    }
    service("cluster.sim.fsync", sim.fsync, found);
    delay("cluster.sim.election", sim.election, found);
    for (i, outage) in sim.outages.iter().enumerate() {
        known(format!("outages.{i}.node"), &outage.node, found);
        found.range(&path(format!("outages.{i}.at_s")), outage.at_s, 0.0, 1e6);
        if let Some(back) = outage.back_s {
            found.range(&path(format!("outages.{i}.back_s")), back, outage.at_s.max(0.0), 1e6);
        }
    }
    if sim.outages.len() > 1_000 {
        found.add("cluster.sim.outages", "more than 1000 outages are too many");
    }
    if let Some(limit) = sim.rate_limit {
        found.range("cluster.sim.rate_limit.per_s", limit.per_s, 0.01, 1e6);
        found.range("cluster.sim.rate_limit.burst", limit.burst, 1.0, 1e6);
    }
    if let Some(connections) = sim.connections {
        found.range("cluster.sim.connections", f64::from(connections), 1.0, 1e6);
    }
    delay("cluster.sim.events.delay", sim.events.delay, found);
    found.range("cluster.sim.events.loss", sim.events.loss, 0.0, 1.0);
    found.range("cluster.sim.events.duplication", sim.events.duplication, 0.0, 1.0);
    found.range("cluster.sim.drift.per_minute", sim.drift.per_minute, 0.5, 2.0);
    found.range("cluster.sim.drift.sigma", sim.drift.sigma, 0.0, 1.0);
    found.range("cluster.sim.drift.persistence", sim.drift.persistence, 0.0, 1.0);
    for (op, factor) in &sim.factors {
        let at = path(format!("factors.{op}"));
        if !operations.contains(&op.as_str()) {
            found.add(&at, format!("is not an operation; there are: {}", operations.join(", ")));
        }
        found.range(&at, *factor, 0.0, 1_000.0);
    }
}

fn delay(at: &str, delay: Delay, found: &mut Problems) {
    found.range(&format!("{at}.mean_ms"), delay.mean_ms, 0.0, MS_MAX);
    if !(0.0..=delay.mean_ms).contains(&delay.jitter_ms) {
        let text = format!("{} is out of range: from 0 to the mean", delay.jitter_ms);
        found.add(&format!("{at}.jitter_ms"), text);
    }
}

fn service(at: &str, service: Service, found: &mut Problems) {
    found.range(&format!("{at}.mean_ms"), service.mean_ms, 0.0, MS_MAX);
    found.range(&format!("{at}.sigma"), service.sigma, 0.0, 3.0);
    if service.shape == Shape::Bimodal {
        found.range(&format!("{at}.slow_share"), service.slow_share, 0.0, 1.0);
        found.range(&format!("{at}.slow_factor"), service.slow_factor, 1.0, 10_000.0);
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::wire::{self, PlanFile};
    use super::super::super::{Plan, Problem};
    use super::*;

    fn read(sim: &str) -> Result<Plan, Vec<Problem>> {
        wire::read(&format!(r#"{{"cluster":{{"dialect":"sim"{sim}}}}}"#))
    }

    fn fields(sim: &str) -> Vec<String> {
        read(sim).unwrap_err().into_iter().map(|p| p.field).collect()
    }

    #[test]
    fn a_name_or_nothing_is_a_preset_and_its_nodes_are_filled_in() {
        let plan = read(r#","sim":{"preset":"busy leader"}"#).unwrap();
        assert_eq!(plan.cluster.sim, sim_preset("busy leader"));
        assert_eq!(plan.cluster.nodes, plan.cluster.sim.clone().unwrap().addresses());
        assert_eq!(plan.cluster.nodes[1].url.to_string(), "http://n2.sim");
        assert_eq!(read("").unwrap().cluster.sim, sim_preset("three regions"));
        assert_eq!(fields(r#","sim":{"preset":"four regions"}"#), ["cluster.sim.preset"]);
        assert_eq!(
            fields(r#","sim":{"preset":"drifting","reads":"forward"}"#),
            ["cluster.sim.preset"]
        );
        // A plan is saved with its parameters spelled out, so that another fwit's presets change
        // nothing.
        assert!(wire::to_json(&plan).contains("\"mean_ms\""));
        assert_eq!(wire::read(&wire::to_json(&plan)), Ok(plan));
    }

    #[test]
    fn entities_may_be_given_some_of_the_nodes() {
        let plan = read(
            r#","nodes":[{"name":"far","url":"http://n1.sim"}],"sim":{"nodes":[{"name":"far"},{}]}"#,
        );
        assert_eq!(plan.unwrap().cluster.nodes.len(), 1);
        assert_eq!(
            fields(r#","nodes":[{"url":"http://n9.sim"}],"sim":{"nodes":[{}]}"#),
            ["cluster.nodes.0.url"]
        );
        assert_eq!(fields(r#","nodes":[{"url":"http://127.0.0.1:1"}]"#), ["cluster.nodes.0.url"]);
        let other = r#"{"cluster":{"dialect":"insi","nodes":[{"url":"http://a"}],"sim":{"preset":"drifting"}}}"#;
        assert_eq!(wire::read(other).unwrap_err()[0].field, "cluster.sim");
    }

    #[test]
    fn every_parameter_is_checked_at_its_place() {
        let bad = r#","sim":{"nodes":[{"name":"a","read":{"mean_ms":-1}},{"name":"a","distance":{"mean_ms":1,"jitter_ms":2}}],
            "leader":"b","links":[{"from":"a","to":"c","delay":{"mean_ms":1e9}}],"fsync":{"shape":"bimodal","slow_factor":0},
            "outages":[{"node":"z","at_s":5,"back_s":4}],"rate_limit":{"per_s":0,"burst":0},
            "events":{"loss":2},"drift":{"per_minute":9},"factors":{"fly":2}}"#;
        assert_eq!(
            fields(bad),
            [
                "cluster.sim.nodes.0.read.mean_ms",
                "cluster.sim.nodes.1.name",
                "cluster.sim.nodes.1.distance.jitter_ms",
                "cluster.sim.leader",
                "cluster.sim.links.0.to",
                "cluster.sim.links.0.delay.mean_ms",
                "cluster.sim.fsync.slow_factor",
                "cluster.sim.outages.0.node",
                "cluster.sim.outages.0.back_s",
                "cluster.sim.rate_limit.per_s",
                "cluster.sim.rate_limit.burst",
                "cluster.sim.events.loss",
                "cluster.sim.drift.per_minute",
                "cluster.sim.factors.fly",
            ]
        );
        assert!(
            serde_json::from_str::<PlanFile>(r#"{"cluster":{"dialect":"sim","sim":{"nodez":[]}}}"#)
                .is_err()
        );
    }
}
