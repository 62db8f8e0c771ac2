//! The set-up form of an experiment: where its problems stand, and what its fields are called.

use super::form;
use fwit_model::plan::{FieldKind, PlanField, Problem};

/// What a field of the form is called.
#[must_use]
pub fn label(field: &str) -> String {
    let parts: Vec<&str> = field.splitn(3, '.').collect();
    let arm = |i: &str| i.parse::<usize>().map_or_else(|_| "Arm".into(), arm_label);
    match parts.as_slice() {
        ["name"] => "Name".into(),
        ["base"] => "Plan".into(),
        ["design", "pairs"] => "Pairs".into(),
        ["design", "period_s"] => "Period".into(),
        ["design", "settle_s"] => "Settle".into(),
        ["design", "stop_when_decided"] => "Stop when decided".into(),
        ["margins", "throughput"] => "Margin of throughput".into(),
        ["margins", of] => format!("Margin of {of}"),
        ["arms"] => "Arms".into(),
        ["arms", i, "name"] => format!("{}, name", arm(i)),
        ["arms", i, "changes"] => arm(i),
        ["arms", i, path] => format!("{}, {}", arm(i), field_label(path)),
        _ => field.into(),
    }
}

/// What an arm is called beside its name.
#[must_use]
pub fn arm_label(arm: usize) -> String {
    format!("Arm {}", arm + 1)
}

/// What a field of the plan is called in the table of the arms.
#[must_use]
pub fn field_label(path: &str) -> String {
    form::label(path)
}

/// Problems of an experiment at the controls that show them, in the form's order. Those of the
/// plan stand at the plan, those of an arm's change that has no cell among `rows` at the arm.
#[must_use]
pub fn place(problems: Vec<Problem>, rows: &[PlanField]) -> Vec<Problem> {
    let moved = |to: String, path: &str, message: &str| {
        Problem::new(to, format!("{} {message}", form::label(path)))
    };
    let place = |p: Problem| match p.field.split_once('.') {
        Some(("base", path)) => moved("base".into(), path, &p.message),
        Some(("arms", rest)) => match rest.split_once('.') {
            Some((_, "name" | "changes")) | None => p,
            Some((_, path)) if rows.iter().any(|row| row.path == path) => p,
            Some((arm, path)) => moved(format!("arms.{arm}.changes"), path, &p.message),
        },
        _ => p,
    };
    let mut placed: Vec<Problem> = problems.into_iter().map(place).collect();
    let part = |p: &Problem| p.field.split('.').next().map(ToString::to_string);
    placed.sort_by_key(|p| {
        ["base", "name", "design", "margins", "arms"]
            .iter()
            .position(|at| part(p).as_deref() == Some(*at))
    });
    placed
}

/// What a cell lets choose from: values with their words; nothing where it is a field of text. The
/// first is the plan's own.
#[must_use]
pub fn options(field: &PlanField, plan: &str, cell: &str) -> Vec<(String, String)> {
    let FieldKind::Choice(all) = field.kind else { return Vec::new() };
    let words = |value: &str| {
        let known = all.iter().find(|(v, _)| *v == value);
        known.map_or(value, |(_, words)| words).to_string()
    };
    let mut list = vec![(String::new(), format!("plan: {}", words(plan)))];
    list.extend(all.iter().map(|(value, _)| ((*value).to_string(), words(value))));
    // What was written as text is shown, though it is wrong.
    if !list.iter().any(|(value, _)| value == cell) {
        list.push((cell.into(), cell.into()));
    }
    list
}

#[cfg(test)]
mod tests {
    use super::*;
    use fwit_model::plan::plan_field;

    fn rows() -> Vec<PlanField> {
        ["load.entities", "mix.get"].iter().filter_map(|path| plan_field(path)).collect()
    }

    #[test]
    fn a_problem_stands_in_its_cell_or_at_its_arm() {
        let problems = [
            "arms.0.mix.get",
            "arms.1.load.model",
            "arms.1.changes",
            "design.pairs",
            "base.load.entities",
            "arms.1.name",
        ];
        let problems = problems.map(|field| Problem::new(field, "is wrong")).to_vec();
        let placed = place(problems.clone(), &rows());
        let told: Vec<_> = placed.iter().map(|p| (p.field.as_str(), p.message.as_str())).collect();
        assert_eq!(
            told,
            [
                ("base", "Entities is wrong"),
                ("design.pairs", "is wrong"),
                ("arms.0.mix.get", "is wrong"),
                ("arms.1.changes", "Load model is wrong"),
                ("arms.1.changes", "is wrong"),
                ("arms.1.name", "is wrong"),
            ]
        );
        let as_text = place(problems, &[]);
        assert_eq!(as_text[2], Problem::new("arms.0.changes", "Weight of get is wrong"));
    }

    #[test]
    fn fields_have_names_of_the_page() {
        for (field, name) in [
            ("design.pairs", "Pairs"),
            ("arms.1.mix.get", "Arm 2, Weight of get"),
            ("arms.0.disable_leader_stickiness", "Arm 1, Leader-sticky"),
            ("arms.0.changes", "Arm 1"),
            ("margins.p50", "Margin of p50"),
        ] {
            assert_eq!(label(field), name);
        }
    }

    #[test]
    fn a_cell_shows_the_plans_own_choice_first() {
        let sticky = plan_field("disable_leader_stickiness").unwrap();
        let words = |cell: &str| -> Vec<String> {
            options(&sticky, "true", cell).into_iter().map(|(_, words)| words).collect()
        };
        assert_eq!(words("false"), ["plan: off", "on", "off"]);
        assert_eq!(words("yes"), ["plan: off", "on", "off", "yes"]);
        assert!(options(&rows()[0], "50", "").is_empty());
    }
}
