//! Which fields of a plan arms may differ in, and what arms are called by what differs.

use super::apply::FIXED;
use super::changes;
use fwit_model::plan::name::who;
use fwit_model::plan::{PlanDraft, PlanField, plan_fields};

/// The fields that the arms of an experiment on this plan may differ in, in the form's order.
#[must_use]
pub fn fields(base: &PlanDraft) -> Vec<PlanField> {
    let operations = base.mix.iter().map(|(op, _)| op.as_str());
    let of_other_model: [&str; 2] = if base.open {
        ["load.think_ms", "load.think_jitter_ms"]
    } else {
        ["load.rate_per_s", "load.arrivals"]
    };
    plan_fields(operations)
        .into_iter()
        .filter(|f| f.path != "name" && !FIXED.contains(&&*f.path))
        .filter(|f| !of_other_model.contains(&&*f.path))
        .collect()
}

/// Names of arms, by what differs between them: `100 entities, not sticky`. Where more than two
/// fields differ, an arm is called by what it does not have of the plan. Arms that differ in
/// nothing that can be named are numbered.
#[must_use]
pub fn arm_names(base: &PlanDraft, arms: &[&str]) -> Vec<String> {
    const NUMBERS: [&str; 8] =
        ["first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth"];
    let values = |field: &PlanField| -> Vec<String> {
        let value = |arm: &&str| changes::get(arm, &field.path).or_else(|| base.text(&field.path));
        arms.iter().map(|arm| value(arm).unwrap_or_default().trim().to_string()).collect()
    };
    let all = fields(base).into_iter();
    let mut differ: Vec<(PlanField, Vec<String>)> =
        all.map(|field| (field.clone(), values(&field))).collect();
    differ.retain(|(_, values)| values.iter().any(|v| Some(v) != values.first()));
    // Who thinks less has less jitter too: that says nothing more.
    if differ.iter().any(|(field, _)| field.path == "load.think_ms") {
        differ.retain(|(field, _)| field.path != "load.think_jitter_ms");
    }
    let mut names: Vec<String> = Vec::with_capacity(arms.len());
    for i in 0..arms.len() {
        let is_told = |field: &PlanField, value: &String| {
            differ.len() <= 2 || base.text(&field.path).as_ref() != Some(value)
        };
        let parts = differ.iter().filter_map(|(field, values)| {
            values.get(i).filter(|value| is_told(field, value)).map(|value| words(field, value))
        });
        let name = match parts.collect::<Vec<_>>().join(", ") {
            none if none.is_empty() && differ.is_empty() => {
                NUMBERS.get(i).map_or("more", |n| n).into()
            }
            none if none.is_empty() => "as in the plan".into(),
            name => name,
        };
        let numbered = (1..).map(|n| if n == 1 { name.clone() } else { format!("{name} ({n})") });
        let free = numbered.into_iter().find(|n| !names.contains(n));
        names.push(free.unwrap_or(name));
    }
    names
}

fn words(field: &PlanField, value: &str) -> String {
    let (label, unit) = (field.label.to_lowercase(), field.unit);
    match (&*field.path, value) {
        ("load.entities", _) => who(false, value, &[]),
        ("load.rate_per_s", _) => who(true, value, &[]),
        ("disable_leader_stickiness", "true") => "not sticky".into(),
        ("disable_leader_stickiness", _) => "sticky".into(),
        ("load.think_ms", "0") => "no think time".into(),
        ("load.think_ms", _) => format!("{value} ms think time"),
        ("load.arrivals", _) => format!("{value} arrivals"),
        _ => format!("{label} {value} {unit}").trim_end().to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use fwit_model::plan::preset;

    fn base() -> PlanDraft {
        PlanDraft::from_plan(&preset("quick").unwrap())
    }

    #[test]
    fn fields_are_those_that_an_arm_may_change() {
        let paths = |base: &PlanDraft| -> Vec<String> {
            fields(base).into_iter().map(|f| f.path.into_owned()).collect()
        };
        let closed = paths(&base());
        for path in ["load.entities", "disable_leader_stickiness", "load.think_ms", "mix.get"] {
            assert!(closed.iter().any(|p| p == path), "{path} in {closed:?}");
        }
        for fixed in ["name", "seed", "load.warmup_s", "load.duration_s", "load.rate_per_s"] {
            assert!(!closed.iter().any(|p| p == fixed), "{fixed} in {closed:?}");
        }
        let open = paths(&PlanDraft { open: true, ..base() });
        assert!(open.iter().any(|p| p == "load.arrivals"), "{open:?}");
        assert!(!open.iter().any(|p| p == "load.think_ms"), "{open:?}");
    }

    #[test]
    fn arms_are_called_by_what_differs() {
        let names = |arms: &[&str]| arm_names(&base(), arms);
        assert_eq!(names(&["", "load.entities = 100"]), ["50 entities", "100 entities"]);
        let sticky = "disable_leader_stickiness = true";
        assert_eq!(names(&[sticky, ""]), ["not sticky", "sticky"]);
        let both = format!("{sticky}\nload.entities = 1");
        assert_eq!(names(&[&both, ""]), ["1 entity, not sticky", "50 entities, sticky"]);
        assert_eq!(
            names(&["load.think_ms = 0\nload.think_jitter_ms = 0", "keys.value_bytes = 64"]),
            ["no think time, value size 18 bytes", "10 ms think time, value size 64 bytes"]
        );
        let three = format!("{both}\nmix.get = 3");
        assert_eq!(
            names(&[&three, "", "mix.get = 2"]),
            ["1 entity, not sticky, get 3", "as in the plan", "get 2"]
        );
        // What is written and is the plan's does not differ.
        assert_eq!(names(&["load.entities = 50", "mix.get = 1"]), ["first", "second"]);
        assert_eq!(names(&["mix.get = 3", "", ""]), ["get 3", "get 1", "get 1 (2)"],);
    }
}
