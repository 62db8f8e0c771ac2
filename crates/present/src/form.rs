//! The plan form's fields: which control shows a problem, and what it is called.

use fwit_model::dialect::SIMULATED;
use fwit_model::plan::name::{self, NameParts};
use fwit_model::plan::{
    BaseUrl, FieldKind, Node, NodeDraft, PlanDraft, Problem, SIM_PRESETS, default_nodes,
    plan_field, sim_index, sim_preset, sim_text, stages,
};

/// The control that shows a problem of this field: problems of a single lane stand at the node's
/// lanes, problems of what has no control stand at the form.
#[must_use]
pub fn control(field: &str) -> String {
    let parts: Vec<&str> = field.split('.').collect();
    match parts.as_slice() {
        ["cluster", "nodes", i, "lanes", _] => format!("cluster.nodes.{i}.lanes"),
        ["format" | "version"] => String::new(),
        ["thresholds", ..] => "thresholds".into(),
        ["chaos", ..] => "chaos".into(),
        ["cluster", "sim", ..] => "cluster.sim".into(),
        ["cluster", "custom", ..] => "cluster.custom".into(),
        ["cluster", "trusted_origins", ..] => "cluster.trusted_origins".into(),
        _ => field.to_string(),
    }
}

/// The id of a control in the page; `form` is that of its form.
#[must_use]
pub fn control_id(form: &str, field: &str) -> String {
    let mut id = String::from(form);
    for part in control(field).split('.').filter(|p| !p.is_empty()) {
        id.push('-');
        id.extend(
            part.chars().map(|c| if c.is_ascii_alphanumeric() || c == '_' { c } else { '-' }),
        );
    }
    id
}

/// A value of a plan's field (JSON text) as [`label`] names the field: the file has the opposite of
/// "Leader-sticky", and people read yes and no.
#[must_use]
pub fn value_words(field: &str, value: &str) -> String {
    match (field, value) {
        ("disable_leader_stickiness", "true") => "no".into(),
        ("disable_leader_stickiness", "false") | (_, "true") => "yes".into(),
        (_, "false") => "no".into(),
        _ => value.into(),
    }
}

/// What a field is called in the page.
#[must_use]
pub fn label(field: &str) -> String {
    let parts: Vec<&str> = field.split('.').collect();
    let number =
        |i: &str| i.parse::<usize>().map_or_else(|_| i.to_string(), |i| (i + 1).to_string());
    match parts.as_slice() {
        ["cluster", "nodes", i, "url"] => format!("Node {}, address", number(i)),
        ["cluster", "nodes", i, "name"] => format!("Node {}, name", number(i)),
        ["cluster", "nodes", i, "lanes", j] => format!("Node {}, lane {}", number(i), number(j)),
        ["cluster", "nodes", i, ..] => format!("Node {}, lanes", number(i)),
        ["cluster", "custom"] => "Protocol".into(),
        ["cluster", "custom", rest @ ..] => format!("Protocol, {}", rest.join(".")),
        ["cluster", "sim"] => "Simulated cluster".into(),
        ["cluster", "sim", rest @ ..] => format!("Simulated cluster, {}", rest.join(".")),
        ["cluster", "trusted_origins"] => "Trusted origins".into(),
        ["cluster", "trusted_origins", i, ..] => format!("Trusted origin {}", number(i)),
        ["mix", op] => format!("Weight of {op}"),
        ["mix"] => "Mix".into(),
        ["thresholds", i] => format!("Threshold {}", number(i)),
        ["chaos", i] => format!("What happens, line {}", number(i)),
        _ => match field {
            "" => "Plan".into(),
            "cluster.dialect" => "Protocol".into(),
            "cluster.nodes" => "Nodes".into(),
            "load.model" => "Load model".into(),
            "disable_leader_stickiness" => "Leader-sticky".into(),
            "thresholds" => "Thresholds".into(),
            "chaos" => "What happens meanwhile".into(),
            "load.stages" => "Stages".into(),
            "verify" => "Check correctness".into(),
            other => plan_field(other).map_or_else(|| other.into(), |f| f.label.into_owned()),
        },
    }
}

/// The keyboard that a phone shows for a field.
#[must_use]
pub fn keyboard(kind: FieldKind) -> &'static str {
    match kind {
        FieldKind::Whole => "numeric",
        FieldKind::Number => "decimal",
        FieldKind::Text | FieldKind::Choice(_) => "text",
    }
}

/// What a field lets choose from: values with their words.
#[must_use]
pub fn choices(path: &str) -> Vec<(String, String)> {
    match plan_field(path).map(|field| field.kind) {
        Some(FieldKind::Choice(all)) => {
            all.iter().map(|(value, words)| ((*value).into(), (*words).into())).collect()
        }
        _ => Vec::new(),
    }
}

/// Whether the field's control stands under "More settings".
#[must_use]
pub fn is_extra(field: &str) -> bool {
    let control = control(field);
    let short = [
        "",
        "cluster.nodes",
        "cluster.trusted_origins",
        "cluster.sim",
        "cluster.dialect",
        "cluster.custom",
        "name",
        "load.entities",
        "load.duration_s",
    ];
    let of_node = control.starts_with("cluster.nodes.") && !control.ends_with(".lanes");
    !(of_node || short.contains(&control.as_str()))
}

/// Problems in the order in which the form shows their fields.
pub fn sort_problems(problems: &mut [Problem]) {
    const ORDER: [&str; 16] = [
        "",
        "cluster.dialect",
        "cluster.custom",
        "cluster.nodes",
        "cluster.trusted_origins",
        "cluster.sim",
        "name",
        "load.entities",
        "load.duration_s",
        "load.",
        "thresholds",
        "chaos",
        "mix",
        "keys.",
        "subscribers",
        "seed",
    ];
    let rank = |problem: &Problem| {
        let field = control(&problem.field);
        let exact = ORDER.iter().position(|at| *at == field);
        let begins = || ORDER.iter().skip(1).position(|at| field.starts_with(at)).map(|i| i + 1);
        exact.or_else(begins).unwrap_or(ORDER.len())
    };
    problems.sort_by_key(|a| rank(a));
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

/// Problems are written to follow a field's name; alone they begin with a capital.
pub use fwit_quantities::units::capital;

/// The name that a draft gets by itself: that of its plan, and of a draft that is no plan yet what
/// it has of one.
#[must_use]
pub fn auto_name(draft: &PlanDraft) -> String {
    let level = if draft.open { draft.rate_per_s.trim() } else { draft.entities.trim() };
    let stages = stages::parse(&draft.stages).unwrap_or_default();
    let scenario = || simulated_preset(draft).unwrap_or(name::OWN_SCENARIO).to_string();
    let parts = NameParts {
        scenario: draft.is_simulated().then(scenario),
        who: name::who(draft.open, level, &stages),
        sticky: !draft.disable_leader_stickiness,
        nodes: draft.nodes.iter().filter(|n| !n.url.trim().is_empty()).count(),
    };
    parts.name()
}

/// Changes a draft; a name that was made by [`auto_name`] follows the change.
pub fn edit(draft: &mut PlanDraft, change: impl FnOnce(&mut PlanDraft)) {
    let made = made_name(draft);
    change(draft);
    if made.is_some_and(|name| draft.name == name) {
        draft.name = auto_name(draft);
    }
}

/// The name of a draft, where fwit made it and not the user.
fn made_name(draft: &PlanDraft) -> Option<String> {
    let made = name::is_default(&draft.name) || draft.name == auto_name(draft);
    made.then(|| draft.name.clone())
}

/// The preset's draft on the nodes of another draft, where that has any.
#[must_use]
pub fn apply_preset(draft: &PlanDraft, name: &str) -> Option<PlanDraft> {
    let mut new = PlanDraft::from_plan(&fwit_model::plan::preset(name)?);
    if draft.nodes.iter().any(|n| !n.url.trim().is_empty()) {
        new.nodes.clone_from(&draft.nodes);
    }
    new.trusted_origins.clone_from(&draft.trusted_origins);
    // The name of a simulated cluster brings its own.
    if !new.is_simulated() {
        (new.dialect, new.sim) = (draft.dialect.clone(), draft.sim.clone());
        new.custom.clone_from(&draft.custom);
        new.take_dialect();
    }
    new.disable_leader_stickiness = draft.disable_leader_stickiness;
    new.name = auto_name(&new);
    Some(new)
}

/// The draft on the simulated cluster of that name; the addresses of the real one wait in it.
pub fn simulate(draft: &mut PlanDraft, name: &str) {
    if let Some(sim) = sim_preset(name) {
        edit(draft, |draft| {
            draft.dialect = SIMULATED.into();
            draft.take_dialect();
            draft.sim = sim_text(&sim);
            draft.nodes.retain(|n| sim_index(&n.url).is_none());
        });
    }
}

/// The draft on the user's own cluster again: on its addresses, or on those of the local one.
pub fn use_own_cluster(draft: &mut PlanDraft) {
    edit(draft, |draft| {
        draft.dialect = "insi".into();
        draft.take_dialect();
        draft.nodes.retain(|n| sim_index(&n.url).is_none());
        if draft.nodes.is_empty() {
            let node =
                |n: Node| NodeDraft { name: n.name, url: n.url.to_string(), lanes: String::new() };
            draft.nodes = default_nodes().into_iter().map(node).collect();
        }
    });
}

/// The name of the simulated cluster that a draft describes; `None` where its parameters are its
/// own.
#[must_use]
pub fn simulated_preset(draft: &PlanDraft) -> Option<&'static str> {
    SIM_PRESETS
        .iter()
        .map(|p| p.name)
        .find(|name| sim_preset(name).is_some_and(|s| sim_text(&s) == draft.sim))
}

/// What a visitor's form begins with, where the address says nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Beginning {
    /// The plan that was used last.
    Last,
    /// The local cluster, if it answers; else the simulated one.
    Ask,
    /// The simulated cluster at once: from a hosted page, asking this machine would raise the
    /// browser's prompt for access to the local network before the visitor has done anything.
    Simulated,
}

/// What the form begins with. `host` is the page's own.
#[must_use]
pub fn beginning(has_last: bool, host: &str) -> Beginning {
    let local = BaseUrl::parse(&format!("http://{host}")).is_ok_and(|url| url.is_loopback());
    match (has_last, local) {
        (true, _) => Beginning::Last,
        (false, true) => Beginning::Ask,
        (false, false) => Beginning::Simulated,
    }
}

/// Whether a draft is that preset, but for nodes, stickiness and name.
#[must_use]
pub fn is_preset(draft: &PlanDraft, name: &str) -> bool {
    apply_preset(draft, name).is_some_and(|preset| {
        PlanDraft { name: String::new(), ..preset }
            == PlanDraft { name: String::new(), ..draft.clone() }
    })
}

/// The draft with these nodes; nodes without a name get one.
#[must_use]
pub fn with_nodes(mut draft: PlanDraft, nodes: &[(String, String)]) -> PlanDraft {
    edit(&mut draft, |draft| {
        draft.nodes.clear();
        for (name, url) in nodes {
            let name = if name.is_empty() { free_name(draft) } else { name.clone() };
            draft.nodes.push(NodeDraft { name, url: url.clone(), lanes: String::new() });
        }
    });
    draft
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
    use fwit_model::plan::{Plan, preset};

    fn draft() -> PlanDraft {
        PlanDraft::from_plan(&preset("quick").unwrap())
    }

    #[test]
    fn a_first_visitor_gets_a_cluster_that_answers() {
        assert_eq!(beginning(true, "example.org"), Beginning::Last);
        for local in ["localhost:7080", "127.0.0.1", "[::1]:80", "x.localhost"] {
            assert_eq!(beginning(false, local), Beginning::Ask, "{local}");
        }
        for hosted in ["fwit.example", "192.168.1.5:80", ""] {
            assert_eq!(beginning(false, hosted), Beginning::Simulated, "{hosted}");
        }
    }

    #[test]
    fn between_the_own_cluster_and_a_simulated_one_nothing_is_lost() {
        let mut own = draft();
        edit(&mut own, |_| {});
        let mut changed = own.clone();
        simulate(&mut changed, "busy leader");
        assert_eq!(
            (changed.is_simulated(), simulated_preset(&changed)),
            (true, Some("busy leader"))
        );
        let plan = changed.plan().unwrap();
        assert_eq!(plan.cluster.nodes.len(), 3);
        assert_eq!(PlanDraft::from_plan(&plan).plan(), Ok(plan.clone()));
        assert!(is_preset(&changed, "quick"));
        use_own_cluster(&mut changed);
        assert_eq!(changed.plan(), own.plan());
        // A simulated plan from a link has no addresses of its own.
        let mut linked = PlanDraft::from_plan(&plan);
        use_own_cluster(&mut linked);
        assert_eq!(linked.plan().unwrap().cluster.nodes, default_nodes());
        linked.sim = "{".into();
        assert!(linked.plan().is_ok() && simulated_preset(&linked).is_none());
        linked.dialect = "sim".into();
        let problems = linked.plan().unwrap_err();
        assert_eq!(messages_at(&problems, "cluster.sim").len(), 1, "{problems:?}");
        linked.sim = r#"{"nodes":[{"read":{"mean_ms":-1}}]}"#.into();
        assert_eq!(
            messages_at(&linked.plan().unwrap_err(), "cluster.sim"),
            ["Simulated cluster, nodes.0.read.mean_ms -1 is out of range: from 0 to 600000"]
        );
    }

    #[test]
    fn every_problem_finds_a_control_and_a_name() {
        assert_eq!(control("cluster.nodes.0.lanes.3"), "cluster.nodes.0.lanes");
        assert_eq!(control_id("f", "cluster.nodes.0.lanes.3"), "f-cluster-nodes-0-lanes");
        assert_eq!(control_id("f", "mix.fly \"<"), "f-mix-fly---");
        assert_eq!(control_id("f", ""), "f");
        assert_eq!(label("cluster.nodes.1.url"), "Node 2, address");
        assert_eq!(label("cluster.nodes.0.lanes.3"), "Node 1, lane 4");
        assert!(
            is_extra("mix")
                && is_extra("cluster.nodes.0.lanes.1")
                && !is_extra("cluster.nodes.0.url")
        );
    }

    #[test]
    fn problems_stand_in_the_forms_order() {
        let fields = [
            "seed",
            "load.timeout_ms",
            "mix.get",
            "load.entities",
            "cluster.nodes.1.url",
            "format",
        ];
        let mut problems = fields.map(|f| Problem::new(f, "is wrong")).to_vec();
        sort_problems(&mut problems);
        let sorted: Vec<String> = problems.into_iter().map(|p| p.field).collect();
        assert_eq!(
            sorted,
            [
                "format",
                "cluster.nodes.1.url",
                "load.entities",
                "load.timeout_ms",
                "mix.get",
                "seed"
            ]
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
        assert_eq!(draft.name, "50 entities, not sticky, 3 nodes");
        simulate(&mut draft, "busy leader");
        assert_eq!(draft.name, "busy leader, 50 entities, not sticky");
        assert_eq!(
            draft.plan().map(|p| Plan { name: String::new(), ..p }.named().name),
            Ok(draft.name.clone()),
            "as a run of it would be named"
        );
        use_own_cluster(&mut draft);
        edit(&mut draft, |d| d.name = "mine".into());
        edit(&mut draft, |d| d.entities = "60".into());
        assert_eq!(draft.name, "mine");
        edit(&mut draft, |d| d.name = String::new());
        edit(&mut draft, |d| d.open = true);
        assert_eq!(draft.name, "100/s, not sticky, 3 nodes");
        edit(&mut draft, |d| d.stages = "0→300 in 5s, 300 for 15s".into());
        assert_eq!(draft.name, "up to 300/s, not sticky, 3 nodes");
    }

    #[test]
    fn presets_keep_the_users_nodes() {
        let mut draft = with_nodes(
            draft(),
            &[(String::new(), "http://a:1".into()), ("x".into(), "http://b:1".into())],
        );
        assert_eq!(draft.nodes.iter().map(|n| n.name.as_str()).collect::<Vec<_>>(), ["n1", "x"]);
        draft.disable_leader_stickiness = true;
        assert!(is_preset(&draft, "quick") && !is_preset(&draft, "fwit-t"));
        let long = apply_preset(&draft, "fwit-t").unwrap();
        assert_eq!(long.nodes, draft.nodes);
        assert!(long.disable_leader_stickiness && is_preset(&long, "fwit-t"));
        assert!(apply_preset(&draft, "none").is_none());
    }

    #[test]
    fn values_are_told_in_words() {
        assert_eq!(value_words("disable_leader_stickiness", "true"), "no");
        assert_eq!(value_words("disable_leader_stickiness", "false"), "yes");
        assert_eq!(value_words("verify", "true") + &value_words("seed", "7"), "yes7");
    }
}
