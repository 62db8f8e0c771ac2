//! The arms of the set-up form as a table: a row for each field that differs, a column for each
//! arm. The text of the changes is all there is: the table is a view of it.

use super::changes;
use super::draft::{ArmDraft, ExperimentDraft};
use super::fields::fields;
use super::model::ARMS_MAX;
use fwit_model::plan::{PlanDraft, PlanField};

impl ExperimentDraft {
    /// The rows: fields that were picked, or that an arm changes, in the form's order.
    #[must_use]
    pub fn rows(&self, base: &PlanDraft) -> Vec<PlanField> {
        let mut rows = fields(base);
        rows.retain(|field| {
            let changed = |arm: &ArmDraft| changes::get(&arm.changes, &field.path).is_some();
            self.picked.iter().any(|path| *path == field.path) || self.arms.iter().any(changed)
        });
        rows
    }

    /// The fields that have no row yet.
    #[must_use]
    pub fn free_fields(&self, base: &PlanDraft) -> Vec<PlanField> {
        let rows = self.rows(base);
        fields(base).into_iter().filter(|field| !rows.contains(field)).collect()
    }

    /// What an arm changes a field to; empty for what the plan has.
    #[must_use]
    pub fn cell(&self, arm: usize, path: &str) -> String {
        self.arms.get(arm).and_then(|arm| changes::get(&arm.changes, path)).unwrap_or_default()
    }

    /// Lets an arm change a field; with an empty text it has what the plan has.
    pub fn set_cell(&mut self, arm: usize, path: &str, text: &str) {
        // Its row stays while it is typed into.
        self.pick(path);
        if let Some(arm) = self.arms.get_mut(arm) {
            arm.changes = changes::set(&arm.changes, path, text);
        }
    }

    /// Adds a field's row.
    pub fn pick(&mut self, path: &str) {
        if !self.picked.iter().any(|picked| picked == path) {
            self.picked.push(path.to_string());
        }
    }

    /// Removes a field's row: all arms have what the plan has.
    pub fn unpick(&mut self, path: &str) {
        self.picked.retain(|picked| picked != path);
        for arm in &mut self.arms {
            arm.changes = changes::set(&arm.changes, path, "");
        }
    }

    /// What an arm changes beside the fields of the table.
    #[must_use]
    pub fn rest(&self, arm: usize, base: &PlanDraft) -> Vec<String> {
        let fields = fields(base);
        let in_table = |line: &str| {
            changes::split(line).is_some_and(|(path, _)| fields.iter().any(|f| f.path == path))
        };
        let lines = self.arms.get(arm).map(|arm| changes::lines(&arm.changes));
        lines.into_iter().flatten().filter(|l| !in_table(l)).map(ToString::to_string).collect()
    }

    /// Adds an arm that is as the plan is, where there may be one more.
    pub fn add_arm(&mut self) {
        if self.arms.len() < ARMS_MAX {
            self.arms.push(ArmDraft::default());
        }
    }

    /// Removes an arm, where there are more than two.
    pub fn remove_arm(&mut self, arm: usize) {
        if self.arms.len() > 2 && arm < self.arms.len() {
            self.arms.remove(arm);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Template;
    use super::*;
    use fwit_model::plan::{Plan, preset};

    fn quick() -> (Plan, PlanDraft) {
        let plan = preset("quick").unwrap();
        let base = PlanDraft::from_plan(&plan);
        (plan, base)
    }

    fn paths(rows: &[PlanField]) -> Vec<&str> {
        rows.iter().map(|field| &*field.path).collect()
    }

    #[test]
    fn a_picked_field_is_changed_arm_by_arm() {
        let (plan, base) = quick();
        let mut draft = ExperimentDraft::of(Template::Same, &plan);
        assert!(draft.rows(&base).is_empty());
        draft.pick("mix.get");
        draft.pick("load.entities");
        draft.pick("mix.get");
        assert_eq!(paths(&draft.rows(&base)), ["load.entities", "mix.get"]);
        assert!(!paths(&draft.free_fields(&base)).contains(&"load.entities"));
        draft.set_cell(1, "load.entities", "100");
        assert_eq!([0, 1].map(|arm| draft.cell(arm, "load.entities")), ["", "100"]);
        let experiment = draft.experiment(&plan).unwrap();
        let arms = experiment.arms.iter();
        let told: Vec<_> = arms.map(|a| (a.name.as_str(), a.plan.load.entities)).collect();
        assert_eq!(told, [("50 entities", 50), ("100 entities", 100)]);
        // An emptied cell is the plan's, and its row stays.
        draft.set_cell(1, "load.entities", "");
        assert_eq!(draft.experiment(&plan).unwrap().arms[1].plan.load.entities, 50);
        assert_eq!(draft.rows(&base).len(), 2);
        draft.set_cell(0, "subscribers", "3");
        draft.set_cell(0, "subscribers", "");
        assert_eq!(draft.rows(&base).len(), 3);
        draft.unpick("subscribers");
        draft.unpick("load.entities");
        assert_eq!(paths(&draft.rows(&base)), ["mix.get"]);
    }

    #[test]
    fn what_is_wrong_in_a_cell_has_its_arm_and_path() {
        let (plan, base) = quick();
        let mut draft = ExperimentDraft::of(Template::Same, &plan);
        draft.set_cell(0, "load.entities", "many");
        draft.set_cell(1, "mix.get", "-1");
        draft.set_cell(1, "load.timeout_ms", "0");
        let problems = draft.experiment(&plan).unwrap_err();
        let mut told: Vec<&str> = problems.iter().map(|p| p.field.as_str()).collect();
        told.sort_unstable();
        assert_eq!(told, ["arms.0.load.entities", "arms.1.load.timeout_ms", "arms.1.mix.get"]);
        let mut form = base;
        form.timeout_ms = "0".into();
        let same = &form.plan().unwrap_err()[0].message;
        assert!(problems.iter().any(|p| p.message == *same), "{problems:?}");
    }

    #[test]
    fn what_is_no_field_of_the_table_stays_as_text() {
        let (plan, base) = quick();
        let mut draft = ExperimentDraft::of(Template::Sticky, &plan);
        let rest = "load.model = open\nnonsense";
        draft.arms[1].changes = format!("{rest}\nload.entities = 7");
        draft.set_cell(1, "load.entities", "8");
        draft.unpick("disable_leader_stickiness");
        draft.set_cell(1, "load.entities", "");
        assert_eq!(draft.rest(1, &base).join("\n"), rest);
        assert_eq!(draft.arms[1].changes, rest);
        assert_eq!(draft.arms[0].changes, "");
    }

    #[test]
    fn there_are_two_to_eight_arms() {
        let (plan, base) = quick();
        let mut draft = ExperimentDraft::of(Template::Entities, &plan);
        for _ in 0..9 {
            draft.add_arm();
        }
        assert_eq!(draft.arms.len(), ARMS_MAX);
        assert_eq!(
            draft.names(&base)[..4],
            ["50 entities", "100 entities", "50 entities (2)", "50 entities (3)"]
        );
        assert!(draft.experiment(&plan).is_ok());
        for _ in 0..9 {
            draft.remove_arm(0);
        }
        assert_eq!(draft.arms.len(), 2);
    }
}
