//! From a plan's file form to a valid plan, or to the list of everything that is wrong with it.

use std::sync::Arc;

use super::file::{ClusterFile, LoadFile, PlanFile};
use super::nodes::nodes;
use super::problem::{NAME_MAX, Problem, Problems};
use super::trusted::trusted;
use super::{
    Arrivals, BaseUrl, Cluster, Keys, Load, Model, Node, Plan, QUEUE_MAX, SimCluster, lines, stages,
};
use crate::dialect::{self, BUILT_IN, CUSTOM, Dialect, SIMULATED, built_in};
use fwit_quantities::units::Micros;

/// Connections that a browser opens to an origin over HTTP/1.1.
const CONNECTIONS: usize = 6;

/// Checks a plan file whole.
///
/// # Errors
/// Every problem it has, in the order of the form.
pub fn validate(file: &PlanFile) -> Result<Plan, Vec<Problem>> {
    let mut found = Problems::default();
    if file.name.chars().count() > NAME_MAX {
        found.add("name", format!("is longer than {NAME_MAX} characters"));
    }
    let dialect = dialect(&file.cluster, &mut found);
    let is_simulated = file.cluster.dialect == SIMULATED;
    let (nodes, sim) = if is_simulated {
        simulated(file, &mut found)
    } else {
        (nodes(&file.cluster.nodes, &mut found), None)
    };
    if !is_simulated && file.cluster.sim.is_some() {
        found.add(
            "cluster.sim",
            "belongs to a simulated cluster: set \"dialect\": \"sim\", or leave it out",
        );
    }
    let trusted_origins = trusted(&file.cluster, is_simulated, &mut found);
    let load = load(&file.load, &mut found);
    let mix = mix(file, dialect.as_deref(), &mut found);
    let keys =
        Keys { space: file.keys.space, known: file.keys.known, value_bytes: file.keys.value_bytes };
    found.range("keys.space", f64::from(keys.space), 1.0, 1_000_000.0);
    found.range("keys.known", f64::from(keys.known), 1.0, 10_000.0);
    found.range("keys.value_bytes", f64::from(keys.value_bytes), 1.0, 1_048_576.0);
    found.range("subscribers", f64::from(file.subscribers), 0.0, 100.0);
    if file.subscribers > 0 && dialect.as_ref().is_some_and(|d| !d.has_events()) {
        found.add("subscribers", "this protocol has no event stream to listen to: write 0");
    }
    let most = listeners_most(&nodes);
    if dialect.as_ref().is_some_and(|d| d.stream_takes_a_connection()) && file.subscribers > most {
        found.add(
            "subscribers",
            format!(
                "each takes one of the browser's six connections to an address: up to {most} here"
            ),
        );
    }
    let thresholds = lines::thresholds(&file.thresholds, dialect.as_deref(), &mut found);
    let chaos = lines::chaos(file, dialect.as_deref(), &nodes, &mut found);
    match (dialect, found.list.is_empty()) {
        (Some(dialect), true) => Ok(Plan {
            name: file.name.trim().to_string(),
            seed: file.seed,
            cluster: Cluster { dialect, nodes, trusted_origins, sim },
            load,
            mix,
            keys,
            disable_leader_stickiness: file.disable_leader_stickiness,
            subscribers: file.subscribers,
            verify: file.verify,
            thresholds,
            chaos,
        }),
        _ => Err(found.list),
    }
}

/// Most listeners whose streams take a connection: they go to nodes in turn and to their lanes in
/// turn, and each lane keeps one connection for requests. Lanes of one origin share its six.
fn listeners_most(nodes: &[Node]) -> u32 {
    let lanes: Vec<Vec<&BaseUrl>> = nodes.iter().map(|n| n.lane_urls().collect()).collect();
    let sharing = |lane: &BaseUrl| {
        lanes.iter().flatten().filter(|other| other.root() == lane.root()).count().max(1)
    };
    let mut taken: Vec<Vec<usize>> = lanes.iter().map(|l| vec![0; l.len()]).collect();
    for listener in 0..1_000 {
        let node = listener % nodes.len().max(1);
        let Some(of_node) = lanes.get(node).filter(|l| !l.is_empty()) else { return 0 };
        let place = listener / nodes.len().max(1) % of_node.len();
        taken[node][place] += 1;
        if taken[node][place] >= (CONNECTIONS / sharing(of_node[place])).max(1) {
            return listener as u32;
        }
    }
    1_000
}

/// The dialect that a plan names, or brings.
fn dialect(file: &ClusterFile, found: &mut Problems) -> Option<Arc<Dialect>> {
    if file.custom.is_some() && file.dialect != CUSTOM {
        let text = "belongs to a plan with \"dialect\": \"custom\": set that, or leave it out";
        found.add("cluster.custom", text);
    }
    if file.dialect == CUSTOM {
        let Some(custom) = &file.custom else {
            found.add("cluster.custom", "is missing: the plan's dialect is “custom”");
            return None;
        };
        return match dialect::compile(CUSTOM, custom.clone()) {
            Ok(dialect) => Some(Arc::new(dialect)),
            Err(problems) => {
                for (field, message) in problems {
                    let dot = if field.is_empty() { "" } else { "." };
                    found.add(&format!("cluster.custom{dot}{field}"), message);
                }
                None
            }
        };
    }
    let dialect = built_in(&file.dialect);
    if dialect.is_none() {
        let known = BUILT_IN.iter().chain(&[SIMULATED, CUSTOM]).copied().collect::<Vec<_>>();
        found.add(
            "cluster.dialect",
            format!("“{}” is not known; choose one of: {}", file.dialect, known.join(", ")),
        );
    }
    dialect
}

/// A simulated cluster and those of its nodes that entities may ask: all where the plan names none.
fn simulated(file: &PlanFile, found: &mut Problems) -> (Vec<Node>, Option<SimCluster>) {
    let dialect = built_in(SIMULATED);
    let operations: Vec<&str> =
        dialect.iter().flat_map(|d| d.operations()).map(|o| o.name.as_str()).collect();
    let sim = super::sim::check(file.cluster.sim.as_ref(), &operations, found);
    let all = sim.as_ref().map(SimCluster::addresses).unwrap_or_default();
    if file.cluster.nodes.is_empty() {
        return (all, sim);
    }
    let mut some = nodes(&file.cluster.nodes, found);
    for (i, node) in some.iter_mut().enumerate() {
        match all.iter().find(|n| n.url == node.url) {
            Some(own) if node.lanes.is_empty() => node.name.clone_from(&own.name),
            Some(_) => found.add(
                &format!("cluster.nodes.{i}.lanes"),
                "a simulated node has no lanes: its clients share no browser",
            ),
            None => found.add(
                &format!("cluster.nodes.{i}.url"),
                "is not a node of the simulated cluster: leave the list empty, and all of its nodes \
                 are asked",
            ),
        }
    }
    (some, sim)
}

fn load(file: &LoadFile, found: &mut Problems) -> Load {
    found.range("load.entities", f64::from(file.entities), 1.0, 10_000.0);
    found.range("load.warmup_s", file.warmup_s, 0.0, 86_400.0);
    found.range("load.duration_s", file.duration_s, 1.0, 86_400.0);
    found.range("load.timeout_ms", file.timeout_ms, 1.0, 600_000.0);
    found.range("load.queue_max", f64::from(file.queue_max.unwrap_or(1)), 1.0, 1_000_000.0);
    let model = match file.model.as_str() {
        "open" => {
            for (field, there) in
                [("think_ms", file.think_ms), ("think_jitter_ms", file.think_jitter_ms)]
            {
                if there.is_some() {
                    found.add(
                        &format!("load.{field}"),
                        "belongs to the closed model: the open one has no think time",
                    );
                }
            }
            let rate_per_s = file.rate_per_s.unwrap_or_default();
            found.range("load.rate_per_s", rate_per_s, 0.01, 100_000.0);
            let arrivals = match file.arrivals.as_deref() {
                None | Some("poisson") => Arrivals::Poisson,
                Some("constant") => Arrivals::Constant,
                Some(other) => {
                    found.add(
                        "load.arrivals",
                        format!("“{other}” is not known; choose poisson or constant"),
                    );
                    Arrivals::Poisson
                }
            };
            Model::Open { rate_per_s, arrivals }
        }
        model => {
            if model != "closed" {
                found.add("load.model", format!("“{model}” is not known; choose closed or open"));
            }
            if file.queue_max.is_some() {
                found.add(
                    "load.queue_max",
                    "belongs to the open model: in the closed one no more wait than there are \
                     entities",
                );
            }
            if file.rate_per_s.is_some() || file.arrivals.is_some() {
                found.add("load.rate_per_s", "belongs to the open model: set \"model\": \"open\"");
            }
            let (think, jitter) =
                (file.think_ms.unwrap_or(10.0), file.think_jitter_ms.unwrap_or(10.0));
            found.range("load.think_ms", think, 0.0, 3_600_000.0);
            found.range("load.think_jitter_ms", jitter, 0.0, 3_600_000.0);
            Model::Closed { think: Micros::from_millis(think), jitter: Micros::from_millis(jitter) }
        }
    };
    let mut load = Load {
        model,
        entities: file.entities,
        warmup: Micros::from_secs(file.warmup_s),
        duration: Micros::from_secs(file.duration_s),
        timeout: Micros::from_millis(file.timeout_ms),
        queue_max: file.queue_max.unwrap_or(QUEUE_MAX),
        stages: stages::validate(file, found),
    };
    if !load.stages.is_empty() {
        // What follows from the stages is written once: there.
        let most = load.stages.iter().map(|s| s.target).fold(0.0, f64::max);
        load.duration = stages::total(&load.stages) - load.warmup;
        match &mut load.model {
            Model::Closed { .. } => load.entities = most as u32,
            Model::Open { rate_per_s, .. } => *rate_per_s = most,
        }
    }
    load
}

fn mix(file: &PlanFile, dialect: Option<&Dialect>, found: &mut Problems) -> Vec<(String, u32)> {
    let Some(dialect) = dialect else { return Vec::new() };
    let operations = dialect.operations();
    if file.mix.is_empty() {
        return operations.iter().map(|op| (op.name.clone(), 1)).collect();
    }
    for (name, weight) in &file.mix {
        if !operations.iter().any(|op| op.name == *name) {
            let known: Vec<_> = operations.iter().map(|op| op.name.as_str()).collect();
            let text =
                format!("is not an operation of {}; it has: {}", dialect.name(), known.join(", "));
            found.add(&format!("mix.{name}"), text);
        }
        found.range(&format!("mix.{name}"), f64::from(*weight), 0.0, 1_000_000.0);
    }
    let weights: Vec<_> = operations
        .iter()
        .map(|op| (op.name.clone(), file.mix.get(&op.name).copied().unwrap_or_default()))
        .collect();
    if weights.iter().all(|(_, weight)| *weight == 0) {
        found.add("mix", "every weight is 0: give at least one operation a weight");
    }
    weights
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::{preset, wire};
    use super::*;

    fn fields(problems: &[Problem]) -> Vec<&str> {
        problems.iter().map(|p| p.field.as_str()).collect()
    }

    #[test]
    fn all_problems_come_at_once_each_with_its_field() {
        let json = r#"{ "cluster": { "dialect": "insi", "nodes": [
              { "name": "a", "url": "http://x:1" }, { "name": "a", "url": "ftp://y" }, { "url": "http://x:1" } ] },
            "load": { "model": "closed", "entities": 0, "duration_s": -1, "warmup_s": 0, "timeout_ms": 10, "rate_per_s": 5 },
            "mix": { "fly": 1 }, "keys": { "space": 0, "known": 1, "value_bytes": 1 }, "subscribers": 101 }"#;
        let problems = wire::read(json).unwrap_err();
        assert_eq!(
            fields(&problems),
            [
                "cluster.nodes.1.name",
                "cluster.nodes.1.url",
                "cluster.nodes.2.url",
                "load.entities",
                "load.duration_s",
                "load.rate_per_s",
                "mix.fly",
                "mix",
                "keys.space",
                "subscribers"
            ]
        );
    }

    #[test]
    fn a_plan_survives_its_file() {
        let plan = preset("fwit-t").unwrap();
        assert_eq!(wire::read(&wire::to_json(&plan)), Ok(plan));
    }

    #[test]
    fn newer_and_foreign_files_are_told_apart() {
        let field = |json: &str| wire::read(json).unwrap_err()[0].field.clone();
        assert_eq!(field(r#"{"format":"fwit-plan","version":2}"#), "version");
        assert_eq!(field(r#"{"format":"fwit-run","version":1}"#), "format");
        assert!(wire::read("{").unwrap_err()[0].message.contains("not JSON"));
        assert!(
            wire::read(r#"{"cluster":{"dialect":"insi","nodes":[]},"lod":{}}"#).unwrap_err()[0]
                .message
                .contains("lod")
        );
    }

    #[test]
    fn stages_and_thresholds_survive_and_set_what_follows_from_them() {
        for (open, unit) in [(false, "entities"), (true, "rate_per_s")] {
            let model = if open { r#""model":"open","rate_per_s":1,"# } else { "" };
            let json = format!(
                r#"{{"cluster":{{"dialect":"insi","nodes":[{{"url":"http://a:1"}}]}},"thresholds":["errors < 1%",""," abort: rate > 5"],
                    "load":{{{model}"warmup_s":5,"stages":[{{"duration_s":10,"{unit}":80}},{{"duration_s":30,"{unit}":20,"ramp":"step"}}]}}}}"#
            );
            let plan = wire::read(&json).unwrap();
            assert_eq!(
                (plan.load.total(), plan.load.duration),
                (Micros(40_000_000), Micros(35_000_000))
            );
            assert_eq!(
                (plan.load.target(Micros(5_000_000)), plan.load.target(Micros(15_000_000))),
                (40.0, 20.0)
            );
            assert_eq!(plan.load.entities, if open { 50 } else { 80 });
            assert_eq!(plan.thresholds.len(), 2);
            assert_eq!(wire::read(&wire::to_json(&plan)), Ok(plan.clone()));
            assert_eq!(super::super::PlanDraft::from_plan(&plan).plan(), Ok(plan));
        }
        let json = r#"{"cluster":{"dialect":"insi","nodes":[{"url":"http://a:1"}]},"thresholds":["rate > 1","rate > x"],
            "load":{"warmup_s":60,"stages":[{"duration_s":10,"entities":0,"ramp":"bent"},{"duration_s":1,"rate_per_s":3}]}}"#;
        let problems = wire::read(json).unwrap_err();
        assert_eq!(
            fields(&problems),
            ["load.stages"; 4].into_iter().chain(["thresholds.1"]).collect::<Vec<_>>()
        );
    }

    #[test]
    fn listeners_leave_a_connection_of_every_lane() {
        let problems = |subscribers: u32, nodes: &str| {
            let json = format!(
                r#"{{"cluster":{{"dialect":"redis-webdis","nodes":[{nodes}]}},"subscribers":{subscribers}}}"#
            );
            wire::read(&json).err().unwrap_or_default()
        };
        let one = r#"{"url":"http://a:1"}"#;
        assert_eq!(problems(5, one), []);
        assert!(problems(6, one)[0].message.contains("up to 5 here"));
        // Two nodes behind one origin share its six.
        let shared = r#"{"url":"http://a:1/x"},{"url":"http://a:1/y"}"#;
        assert!(problems(9, shared)[0].message.contains("up to 4 here"));
        let uneven =
            r#"{"url":"http://a:1"},{"url":"http://b:1","lanes":["http://b:1","http://c:1"]}"#;
        assert!(problems(100, uneven)[0].message.contains("up to 10 here"));
        // WebSockets take none.
        let etcd =
            r#"{"cluster":{"dialect":"etcd","nodes":[{"url":"http://a:1"}]},"subscribers":50}"#;
        assert!(wire::read(etcd).is_ok());
        let none =
            r#"{"cluster":{"dialect":"consul","nodes":[{"url":"http://a:1"}]},"subscribers":1}"#;
        assert_eq!(wire::read(none).unwrap_err()[0].field, "subscribers");
    }

    #[test]
    fn a_plan_may_bring_its_dialect_and_its_mistakes_are_named() {
        let plan = |dialect: &str, custom: &str| {
            wire::read(&format!(
                r#"{{"cluster":{{"dialect":"{dialect}","custom":{custom},"nodes":[{{"url":"http://a:1"}}]}},
                    "thresholds":["get.service.p95 < 50ms"]}}"#
            ))
        };
        let get =
            r#"{"name":"get","kind":"read","key":"any","request":{"method":"GET","path":"/a"}}"#;
        let own = format!(r#"{{"title":"x","operations":[{get}]}}"#);
        let read = plan("custom", &own).unwrap();
        assert_eq!((read.cluster.dialect.name(), read.mix), ("custom", vec![("get".into(), 1)]));
        assert_eq!(fields(&plan("etcd", &own).unwrap_err())[0], "cluster.custom");
        let wrong = plan("custom", &own.replace("/a", "a b")).unwrap_err();
        // The thresholds are not blamed for it.
        assert!(
            wrong.iter().all(|p| p.field == "cluster.custom.operations.0.request.path"),
            "{wrong:?}"
        );
        assert_eq!(fields(&plan("custom", "null").unwrap_err()), ["cluster.custom"]);
    }

    proptest! {
        /// Any plan that is valid comes back from its file, its form and its link as it was.
        #[test]
        fn any_plan_survives_file_form_and_link(
            name in "[ -~äß日本]{0,40}",
            seed in any::<u64>(),
            nodes in 1..8_u16,
            lanes in 0..5_u16,
            entities in 1..10_000_u32,
            think in proptest::option::of((0..100_000_u64, 0..100_000_u64)),
            rate in 1..1_000_000_u32,
            (warmup, duration, timeout) in (0..86_400_000_u64, 1_000..86_400_000_u64, 1..600_000_u64),
            weights in proptest::collection::vec(0..1_000_u32, 9),
            (space, known, value_bytes) in (1..=1_000_000_u32, 1..=10_000_u32, 1..=1_048_576_u32),
            (sticky, verify, constant) in any::<(bool, bool, bool)>(),
            subscribers in 0..=100_u32,
        ) {
            let mut plan = preset("quick").unwrap();
            (plan.name, plan.seed) = (name.trim().to_string(), seed);
            plan.cluster.nodes = (0..nodes)
                .map(|i| Node {
                    name: format!("node {i}"),
                    url: BaseUrl::parse(&format!("https://h{i}.example:{}/base", 1 + i)).unwrap(),
                    lanes: (0..lanes).map(|l| BaseUrl::parse(&format!("http://l{l}.h{i}.localhost")).unwrap()).collect(),
                })
                .collect();
            plan.load = Load {
                model: match think {
                    Some((think, jitter)) => Model::Closed { think: Micros(think * 10), jitter: Micros(jitter * 10) },
                    None => Model::Open {
                        rate_per_s: f64::from(rate) / 100.0,
                        arrivals: if constant { Arrivals::Constant } else { Arrivals::Poisson },
                    },
                },
                entities,
                warmup: Micros(warmup * 1_000),
                duration: Micros(duration * 1_000),
                timeout: Micros(timeout * 1_000),
                queue_max: if think.is_none() { 1 + rate / 10 } else { QUEUE_MAX },
                stages: Vec::new(),
            };
            plan.mix.iter_mut().zip(&weights).for_each(|(m, w)| m.1 = *w);
            plan.mix[0].1 += 1;
            plan.keys = Keys { space, known, value_bytes };
            (plan.disable_leader_stickiness, plan.verify, plan.subscribers) = (!sticky, verify, subscribers);
            prop_assert_eq!(wire::read(&wire::to_json(&plan)), Ok(plan.clone()));
            prop_assert_eq!(super::super::from_link(&super::super::to_link(&plan)), Ok(plan.clone()));
            prop_assert_eq!(super::super::PlanDraft::from_plan(&plan).plan(), Ok(plan));
        }

        /// Whatever text is opened as a plan, the answer is a plan or a list of problems.
        #[test]
        fn any_text_is_a_plan_or_has_problems(text in "[\\PC]{0,200}", at in any::<usize>(), bit in 0..7_u8) {
            prop_assert!(wire::read(&text).is_err());
            let mut json = wire::to_json(&preset("quick").unwrap()).into_bytes();
            let at = at % json.len();
            json[at] ^= 1 << bit;
            if let Ok(json) = String::from_utf8(json)
                && let Err(problems) = wire::read(&json)
            {
                prop_assert!(!problems.is_empty());
            }
        }
    }
}
