//! The plan form's fields: which control shows a problem, what it is called, and lanes in one click.

use crate::plan::{BaseUrl, NodeDraft, PlanDraft, Problem};

/// Lanes that one click adds to a loopback node.
pub const LOOPBACK_LANES: usize = 9;

/// The control that shows a problem of this field: problems of a single lane stand at the node's lanes,
/// problems of what has no control stand at the form.
#[must_use]
pub fn control(field: &str) -> String {
    let parts: Vec<&str> = field.split('.').collect();
    match parts.as_slice() {
        ["cluster", "nodes", i, "lanes", _] => format!("cluster.nodes.{i}.lanes"),
        ["format" | "version" | "chaos"] => String::new(),
        ["thresholds", ..] => "thresholds".into(),
        _ => field.to_string(),
    }
}

/// The id of a control in the page.
#[must_use]
pub fn control_id(field: &str) -> String {
    let mut id = String::from("f");
    for part in control(field).split('.').filter(|p| !p.is_empty()) {
        id.push('-');
        id.extend(part.chars().map(|c| if c.is_ascii_alphanumeric() || c == '_' { c } else { '-' }));
    }
    id
}

/// What a field is called in the page.
#[must_use]
pub fn label(field: &str) -> String {
    let parts: Vec<&str> = field.split('.').collect();
    let number = |i: &str| i.parse::<usize>().map_or_else(|_| i.to_string(), |i| (i + 1).to_string());
    match parts.as_slice() {
        ["cluster", "nodes", i, "url"] => format!("Node {}, address", number(i)),
        ["cluster", "nodes", i, "name"] => format!("Node {}, name", number(i)),
        ["cluster", "nodes", i, "lanes", j] => format!("Node {}, lane {}", number(i), number(j)),
        ["cluster", "nodes", i, ..] => format!("Node {}, lanes", number(i)),
        ["mix", op] => format!("Weight of {op}"),
        ["mix"] => "Mix".into(),
        ["thresholds", i] => format!("Threshold {}", number(i)),
        _ => match field {
            "" => "Plan".into(),
            "name" => "Name".into(),
            "seed" => "Seed".into(),
            "cluster.dialect" => "Protocol".into(),
            "cluster.nodes" => "Nodes".into(),
            "load.model" => "Load model".into(),
            "load.entities" => "Entities".into(),
            "load.think_ms" => "Think time".into(),
            "load.think_jitter_ms" => "Think time, jitter".into(),
            "load.rate_per_s" => "Rate".into(),
            "load.arrivals" => "Arrivals".into(),
            "load.warmup_s" => "Warm-up".into(),
            "load.duration_s" => "Duration".into(),
            "load.timeout_ms" => "Timeout".into(),
            "keys.space" => "Keys".into(),
            "keys.known" => "Known keys".into(),
            "keys.value_bytes" => "Value size".into(),
            "disable_leader_stickiness" => "Leader stickiness off".into(),
            "subscribers" => "Subscribers".into(),
            "thresholds" => "Thresholds".into(),
            "load.stages" => "Stages".into(),
            "verify" => "Read back after the load".into(),
            other => other.to_string(),
        },
    }
}

/// Whether the field's control stands under "More settings".
#[must_use]
pub fn is_extra(field: &str) -> bool {
    let control = control(field);
    let short = ["", "cluster.nodes", "name", "load.entities", "load.duration_s"];
    let of_node = control.starts_with("cluster.nodes.") && !control.ends_with(".lanes");
    !(of_node || short.contains(&control.as_str()))
}

/// Problems in the order in which the form shows their fields.
pub fn sort_problems(problems: &mut Vec<Problem>) {
    const ORDER: [&str; 12] = [
        "",
        "cluster.nodes",
        "name",
        "load.entities",
        "load.duration_s",
        "load.",
        "thresholds",
        "mix",
        "keys.",
        "subscribers",
        "seed",
        "cluster.dialect",
    ];
    let rank = |problem: &Problem| {
        let field = control(&problem.field);
        let exact = ORDER.iter().position(|at| *at == field);
        let begins = || ORDER.iter().skip(1).position(|at| field.starts_with(at)).map(|i| i + 1);
        exact.or_else(begins).unwrap_or(ORDER.len())
    };
    crate::units::sort_small(problems, |a, b| rank(a).cmp(&rank(b)));
}

/// The sentences to show at a control.
#[must_use]
pub fn messages_at(problems: &[Problem], field: &str) -> Vec<String> {
    let (own, mut list) = (control(field), Vec::new());
    for problem in problems.iter().filter(|p| control(&p.field) == own) {
        let text = if problem.field == own {
            problem.message.clone()
        } else {
            format!("{} {}", label(&problem.field), problem.message)
        };
        list.push(capital(&text));
    }
    list
}

/// The first letter in upper case: problems are written to follow a field's name.
#[must_use]
pub fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars
        .next()
        .map_or_else(String::new, |first| [first.to_ascii_uppercase()].into_iter().chain(chars).collect())
}

/// How further origins of a node on this machine are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LaneKind {
    /// `l1.localhost`, `l2.localhost`, …
    Names,
    /// `127.0.0.2`, `127.0.0.3`, …
    Addresses,
}

/// Whether lanes on this machine can be made for this node.
#[must_use]
pub fn can_add_lanes(node: &NodeDraft) -> bool {
    BaseUrl::parse(&node.url).is_ok_and(|url| url.is_loopback()) && node.lanes.trim().is_empty()
}

/// Adds the node's own address and more names or addresses of this machine as lanes, where it has none and is on this
/// machine.
pub fn add_loopback_lanes(node: &mut NodeDraft, kind: LaneKind) {
    if let (true, Ok(url)) = (can_add_lanes(node), BaseUrl::parse(&node.url)) {
        let host = |i: usize| match kind {
            LaneKind::Names => format!("l{i}.localhost"),
            LaneKind::Addresses => format!("127.0.0.{}", i + 1),
        };
        let names = (1..LOOPBACK_LANES).map(|i| url.with_host(&host(i)).to_string());
        node.lanes = std::iter::once(url.to_string()).chain(names).collect::<Vec<_>>().join("\n");
    }
}

/// The name that a draft gets by itself: what tells runs apart at a glance.
#[must_use]
pub fn auto_name(draft: &PlanDraft) -> String {
    let who = if draft.open {
        format!("{}/s {}", draft.rate_per_s.trim(), draft.arrivals)
    } else {
        format!("{} entities", draft.entities.trim())
    };
    format!("{who}, {}", if draft.disable_leader_stickiness { "not sticky" } else { "sticky" })
}

/// Changes a draft; a name that was made by [`auto_name`] follows the change.
pub fn edit(draft: &mut PlanDraft, change: impl FnOnce(&mut PlanDraft)) {
    let before = auto_name(draft);
    let follows = draft.name.trim().is_empty() || draft.name == before;
    let name = draft.name.clone();
    change(draft);
    if follows && draft.name == name {
        draft.name = auto_name(draft);
    }
}

/// The preset's draft on the nodes of another draft, where that has any.
#[must_use]
pub fn apply_preset(draft: &PlanDraft, name: &str) -> Option<PlanDraft> {
    let mut new = PlanDraft::from_plan(&crate::plan::preset(name)?);
    if draft.nodes.iter().any(|n| !n.url.trim().is_empty()) {
        new.nodes.clone_from(&draft.nodes);
    }
    new.disable_leader_stickiness = draft.disable_leader_stickiness;
    new.name = auto_name(&new);
    Some(new)
}

/// Whether a draft is that preset, but for nodes, stickiness and name.
#[must_use]
pub fn is_preset(draft: &PlanDraft, name: &str) -> bool {
    apply_preset(draft, name).is_some_and(|preset| {
        PlanDraft { name: String::new(), ..preset } == PlanDraft { name: String::new(), ..draft.clone() }
    })
}

/// The draft with these nodes; nodes without a name get one.
#[must_use]
pub fn with_nodes(mut draft: PlanDraft, nodes: &[(String, String)]) -> PlanDraft {
    draft.nodes.clear();
    for (name, url) in nodes {
        let name = if name.is_empty() { free_name(&draft) } else { name.clone() };
        draft.nodes.push(NodeDraft { name, url: url.clone(), lanes: String::new() });
    }
    draft
}

/// The text of a file, where it is one that wants to be a plan: small, and with the plan's format in it.
#[must_use]
pub fn plan_text(bytes: &[u8]) -> Option<&str> {
    if bytes.len() > 1_000_000 {
        return None;
    }
    let text = std::str::from_utf8(bytes).ok()?;
    let value: serde_json::Value = serde_json::from_slice(text.as_bytes()).ok()?;
    let format = value.get("format").and_then(|f| f.as_str());
    (format == Some("fwit-plan") || (format.is_none() && value.get("cluster").is_some())).then_some(text)
}

/// A name for one more node: `n1`, `n2` … the first that is free.
#[must_use]
pub fn free_name(draft: &PlanDraft) -> String {
    let taken = |name: &str| draft.nodes.iter().any(|n| n.name.trim() == name);
    (1..).map(|i| format!("n{i}")).find(|name| !taken(name)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::preset;

    fn draft() -> PlanDraft {
        PlanDraft::from_plan(&preset("quick").unwrap())
    }

    #[test]
    fn every_problem_finds_a_control_and_a_name() {
        assert_eq!(control("cluster.nodes.0.lanes.3"), "cluster.nodes.0.lanes");
        assert_eq!(control_id("cluster.nodes.0.lanes.3"), "f-cluster-nodes-0-lanes");
        assert_eq!(control_id("mix.fly \"<"), "f-mix-fly---");
        assert_eq!(control_id(""), "f");
        assert_eq!(label("cluster.nodes.1.url"), "Node 2, address");
        assert_eq!(label("cluster.nodes.0.lanes.3"), "Node 1, lane 4");
        assert!(is_extra("mix") && is_extra("cluster.nodes.0.lanes.1") && !is_extra("cluster.nodes.0.url"));
    }

    #[test]
    fn problems_stand_in_the_forms_order() {
        let fields = ["seed", "load.timeout_ms", "mix.get", "load.entities", "cluster.nodes.1.url", "format"];
        let mut problems = fields.map(|f| Problem::new(f, "is wrong")).to_vec();
        sort_problems(&mut problems);
        let sorted: Vec<String> = problems.into_iter().map(|p| p.field).collect();
        assert_eq!(
            sorted,
            ["format", "cluster.nodes.1.url", "load.entities", "load.timeout_ms", "mix.get", "seed"]
        );
    }

    #[test]
    fn a_field_shows_its_problems_only() {
        let problems = [
            Problem::new("cluster.nodes.0.lanes.1", "is empty"),
            Problem::new("cluster.nodes.0.url", "is empty"),
        ];
        assert_eq!(messages_at(&problems, "cluster.nodes.0.url"), ["Is empty"]);
        assert_eq!(messages_at(&problems, "cluster.nodes.0.lanes"), ["Node 1, lane 2 is empty"]);
        assert!(messages_at(&problems, "name").is_empty());
    }

    #[test]
    fn lanes_of_a_loopback_node_are_valid_and_others_get_none() {
        let mut draft = draft();
        let mut other = draft.nodes[0].clone();
        add_loopback_lanes(&mut other, LaneKind::Addresses);
        assert!(
            other.lanes.lines().nth(1).is_some_and(|l| l.starts_with("http://127.0.0.2:")),
            "{}",
            other.lanes
        );
        draft.nodes.iter_mut().for_each(|n| add_loopback_lanes(n, LaneKind::Names));
        let plan = draft.plan().unwrap();
        assert!(plan.cluster.nodes.iter().all(|n| n.lanes.len() == LOOPBACK_LANES));
        let mut far = NodeDraft { url: "http://10.0.0.1:1".into(), ..NodeDraft::default() };
        add_loopback_lanes(&mut far, LaneKind::Names);
        assert!(far.lanes.is_empty() && !can_add_lanes(&draft.nodes[0]));
    }

    #[test]
    fn names_of_new_nodes_are_free() {
        let mut draft = draft();
        assert_eq!(free_name(&draft), "n4");
        draft.nodes.remove(0);
        assert_eq!(free_name(&draft), "n1");
    }

    #[test]
    fn a_name_made_here_follows_the_plan_and_a_users_own_stays() {
        let mut draft = draft();
        edit(&mut draft, |d| d.disable_leader_stickiness = true);
        assert_eq!(draft.name, "50 entities, not sticky");
        edit(&mut draft, |d| d.name = "mine".into());
        edit(&mut draft, |d| d.entities = "60".into());
        assert_eq!(draft.name, "mine");
        edit(&mut draft, |d| d.name = String::new());
        edit(&mut draft, |d| d.open = true);
        assert_eq!(draft.name, "100/s poisson, not sticky");
    }

    #[test]
    fn presets_keep_the_users_nodes() {
        let mut draft =
            with_nodes(draft(), &[(String::new(), "http://a:1".into()), ("x".into(), "http://b:1".into())]);
        assert_eq!(draft.nodes.iter().map(|n| n.name.as_str()).collect::<Vec<_>>(), ["n1", "x"]);
        draft.disable_leader_stickiness = true;
        assert!(is_preset(&draft, "quick") && !is_preset(&draft, "fwit-t"));
        let long = apply_preset(&draft, "fwit-t").unwrap();
        assert_eq!(long.nodes, draft.nodes);
        assert!(long.disable_leader_stickiness && is_preset(&long, "fwit-t"));
        assert!(apply_preset(&draft, "none").is_none());
    }

    #[test]
    fn plans_are_told_from_runs() {
        assert!(plan_text(br#"{"format":"fwit-plan"}"#).is_some());
        assert!(plan_text(br#"{"cluster":{}}"#).is_some());
        assert!(plan_text(br#"{"format":"fwit-run","cluster":1}"#).is_none());
        assert!(plan_text(b"{").is_none() && plan_text(&[255]).is_none());
    }
}
