//! What the set-up form of an experiment holds: text, checked as a whole, so that every field can
//! be marked at once.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

use super::changes;
use super::fields::arm_names;
use super::model::{Experiment, defaults};
use super::wire::{ArmFile, DesignFile, ExperimentFile, MarginsFile};
use fwit_model::plan::wire::to_file;
use fwit_model::plan::{Model, Plan, PlanDraft, Problem, plan_field, validate};
use fwit_quantities::units::decimal;

/// The form's fields as typed. Field paths of problems are those of the experiment file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ExperimentDraft {
    pub name: String,
    pub arms: Vec<ArmDraft>,
    /// Fields that were picked for the table of the arms: paths in the plan file.
    pub picked: Vec<String>,
    pub pairs: String,
    pub period_s: String,
    pub settle_s: String,
    /// Orders by coins: pairs may be added later.
    pub extendable: bool,
    /// The primary metric whose decision ends it; empty for none.
    pub stop_when_decided: String,
    /// Percent: throughput, p50, p90, p99.
    pub margins: [String; 4],
}

/// One arm of the form.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ArmDraft {
    /// Empty for a name by what differs.
    pub name: String,
    /// One change a line: `load.entities = 50`.
    pub changes: String,
}

/// Paths of the margins, in the order of [`ExperimentDraft::margins`].
const MARGINS: [&str; 4] = ["throughput", "p50", "p90", "p99"];

/// A ready-made question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Template {
    /// With leader stickiness and without.
    Sticky,
    /// As many entities as the plan has, and twice as many.
    Entities,
    /// The plan's think time, and none.
    Think,
    /// The same plan twice: how far does the same setting move by itself?
    Same,
}

impl Template {
    /// All of them.
    pub const ALL: [Template; 4] =
        [Template::Sticky, Template::Entities, Template::Think, Template::Same];

    /// Its question.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Template::Sticky => "Sticky or not?",
            Template::Entities => "Twice the entities?",
            Template::Think => "Think time or none?",
            Template::Same => "The same twice (A-A)",
        }
    }

    /// Whether it can be asked of a plan: the open model has no think time.
    #[must_use]
    pub fn fits(self, base: &PlanDraft) -> bool {
        self != Template::Think || !base.open
    }

    fn arms(self, plan: &Plan) -> Vec<ArmFile> {
        let arm = |name: String, path: &str, value: Value| ArmFile {
            name,
            changes: BTreeMap::from_iter([(path.to_string(), value)]),
        };
        let entities = plan.load.entities;
        let of = |n: u32| arm(format!("{n} entities"), "load.entities", n.into());
        let think = match plan.load.model {
            Model::Closed { think, .. } => think.as_millis(),
            Model::Open { .. } => 0.0,
        };
        match self {
            Template::Sticky => super::sticky_or_not(plan).arms,
            Template::Entities => vec![of(entities), of(entities.saturating_mul(2))],
            Template::Think => {
                let mut none = arm("no think time".into(), "load.think_ms", 0.0.into());
                none.changes.insert("load.think_jitter_ms".into(), 0.0.into());
                vec![arm(format!("{think} ms think time"), "load.think_ms", think.into()), none]
            }
            Template::Same => ["first", "second"]
                .map(|name| ArmFile { name: name.into(), changes: BTreeMap::new() })
                .into(),
        }
    }
}

impl ExperimentDraft {
    /// The form filled with a ready-made question on a plan.
    #[must_use]
    pub fn of(template: Template, plan: &Plan) -> ExperimentDraft {
        Self::from_file(&defaults(plan, template.label(), template.arms(plan)))
    }

    /// The form filled with a file's experiment.
    #[must_use]
    pub fn from_file(file: &ExperimentFile) -> ExperimentDraft {
        let m = &file.margins;
        let lines = |arm: &ArmFile| {
            let lines = arm.changes.iter().map(|(path, value)| changes::line(path, value));
            lines.collect::<Vec<_>>().join("\n")
        };
        let arms = file.arms.iter();
        let mut draft = ExperimentDraft {
            name: file.name.clone(),
            arms: arms.map(|a| ArmDraft { name: a.name.clone(), changes: lines(a) }).collect(),
            picked: Vec::new(),
            pairs: file.design.pairs.to_string(),
            period_s: file.design.period_s.to_string(),
            settle_s: file.design.settle_s.to_string(),
            extendable: file.design.extendable,
            stop_when_decided: file.design.stop_when_decided.clone().unwrap_or_default(),
            margins: [m.throughput, m.p50, m.p90, m.p99]
                .map(|v| ((v * 1e6).round() / 1e4).to_string()),
        };
        // A name that says what differs follows what is changed.
        if let Ok(base) = validate(&file.base) {
            let names = draft.names(&PlanDraft::from_plan(&base));
            for (arm, name) in draft.arms.iter_mut().zip(names) {
                if arm.name == name {
                    arm.name.clear();
                }
            }
        }
        draft
    }

    /// The names that its arms have by what differs between them.
    #[must_use]
    pub fn names(&self, base: &PlanDraft) -> Vec<String> {
        let changes: Vec<&str> = self.arms.iter().map(|arm| arm.changes.as_str()).collect();
        arm_names(base, &changes)
    }

    /// The experiment that the form describes, on a plan.
    ///
    /// # Errors
    /// All problems: what is no number or no change first, then what they break.
    pub fn experiment(&self, plan: &Plan) -> Result<Experiment, Vec<Problem>> {
        let mut problems = Vec::new();
        let mut number = |field: String, text: &str, or: f64| {
            let value = decimal(&text.replace(',', "."));
            value.unwrap_or_else(|| {
                problems.push(Problem::new(field, format!("“{}” is not a number", text.trim())));
                or
            })
        };
        let default = DesignFile::default();
        let pairs = number("design.pairs".into(), &self.pairs, 10.0);
        let design = DesignFile {
            pairs: if pairs.fract() == 0.0 && (0.0..1e6).contains(&pairs) {
                pairs as u32
            } else {
                0
            },
            period_s: number("design.period_s".into(), &self.period_s, default.period_s),
            settle_s: number("design.settle_s".into(), &self.settle_s, default.settle_s),
            order: Vec::new(),
            extendable: self.extendable,
            stop_when_decided: Some(self.stop_when_decided.clone()).filter(|m| !m.is_empty()),
        };
        let mut margin = |i: usize| {
            let text = self.margins.get(i).map_or("", String::as_str);
            number(format!("margins.{}", MARGINS.get(i).copied().unwrap_or_default()), text, 5.0)
                / 100.0
        };
        let margins =
            MarginsFile { throughput: margin(0), p50: margin(1), p90: margin(2), p99: margin(3) };
        let mut arms = Vec::with_capacity(self.arms.len());
        let names = self.names(&PlanDraft::from_plan(plan));
        for (i, (arm, name)) in self.arms.iter().zip(names).enumerate() {
            let (changes, wrong) = read_changes(&arm.changes);
            let at = |p: Problem| Problem::new(format!("arms.{i}.{}", p.field), p.message);
            problems.extend(wrong.into_iter().map(at));
            let name = if arm.name.trim().is_empty() { name } else { arm.name.clone() };
            arms.push(ArmFile { name, changes });
        }
        let mut file = defaults(plan, &self.name, arms);
        file.base = to_file(plan);
        (file.design, file.margins) = (design, margins);
        match Experiment::from_file(&file) {
            Ok(experiment) if problems.is_empty() => Ok(experiment),
            Ok(_) => Err(problems),
            Err(more) => {
                let unread: Vec<String> = problems.iter().map(|p| p.field.clone()).collect();
                problems.extend(more.into_iter().filter(|p| !unread.contains(&p.field)));
                Err(problems)
            }
        }
    }
}

/// An arm's changes by their paths, and the lines that are none.
fn read_changes(text: &str) -> (BTreeMap<String, Value>, Vec<Problem>) {
    let (mut read, mut problems) = (BTreeMap::new(), Vec::new());
    for line in changes::lines(text) {
        let Some((path, value)) = changes::split(line) else {
            let message = format!(
                "“{line}” is not a change: write a field's path, “=” and its value, such as \
                 load.entities = 50"
            );
            problems.push(Problem::new("changes", message));
            continue;
        };
        // `null` leaves a field out, as in a file.
        let value = match plan_field(path).filter(|_| value != "null") {
            Some(field) => field.read(&changes::plain(value)),
            None => Ok(changes::json(value)),
        };
        match value {
            Ok(value) => {
                read.insert(path.to_string(), value);
            }
            Err(message) => problems.push(Problem::new(path, message)),
        }
    }
    (read, problems)
}

#[cfg(test)]
mod tests {
    use super::*;
    use fwit_model::plan::preset;

    fn fields(draft: &ExperimentDraft) -> Vec<String> {
        let plan = preset("quick").unwrap();
        draft.experiment(&plan).unwrap_err().into_iter().map(|p| p.field).collect()
    }

    #[test]
    fn every_template_can_be_started() {
        let plan = preset("quick").unwrap();
        for template in Template::ALL {
            let draft = ExperimentDraft::of(template, &plan);
            let experiment = draft.experiment(&plan).unwrap();
            assert_eq!((experiment.arms.len(), experiment.pairs()), (2, 10));
            assert_eq!(ExperimentDraft::from_file(&experiment.file), draft);
            assert!(draft.arms.iter().all(|arm| arm.name.is_empty()), "{draft:?}");
            let differ = experiment.arms[0].plan != experiment.arms[1].plan;
            assert_eq!(differ, template != Template::Same, "{template:?}");
        }
    }

    #[test]
    fn every_question_that_fits_an_open_plan_can_be_started() {
        let mut plan = preset("quick").unwrap();
        plan.load.model =
            Model::Open { rate_per_s: 50.0, arrivals: fwit_model::plan::Arrivals::Poisson };
        let base = PlanDraft::from_plan(&plan);
        for template in Template::ALL {
            let can = ExperimentDraft::of(template, &plan).experiment(&plan).is_ok();
            assert_eq!(template.fits(&base), can, "{template:?}");
        }
    }

    #[test]
    fn a_closed_plan_has_an_open_arm_by_its_text() {
        let plan = preset("quick").unwrap();
        let mut draft = ExperimentDraft::of(Template::Same, &plan);
        draft.arms[1].changes = "load.model = open\nload.rate_per_s = 2,5\nload.think_ms = null\n\
            load.think_jitter_ms = null\nload.arrivals = constant"
            .into();
        let experiment = draft.experiment(&plan).unwrap();
        assert_eq!(
            experiment.arms[1].plan.load.model,
            Model::Open { rate_per_s: 2.5, arrivals: fwit_model::plan::Arrivals::Constant }
        );
    }

    #[test]
    fn what_is_typed_is_checked_as_a_whole() {
        let mut draft = ExperimentDraft::of(Template::Sticky, &preset("quick").unwrap());
        draft.pairs = "many".into();
        draft.margins[1] = "x".into();
        draft.period_s = "1".into();
        draft.arms[0].changes = "load.entities\nload.think_ms = 5".into();
        draft.arms[1].changes = "load.model = fast".into();
        let told = fields(&draft);
        for field in [
            "design.pairs",
            "margins.p50",
            "design.period_s",
            "arms.0.changes",
            "arms.1.load.model",
        ] {
            assert!(told.iter().any(|f| f == field), "{field} in {told:?}");
        }
        assert_eq!(told.iter().filter(|f| *f == "design.pairs").count(), 1);
        draft.arms[1].changes = "load.entities = many\nload.timeout_ms = 0\nload.fly = 1".into();
        let told = fields(&draft);
        for field in ["arms.1.load.entities", "arms.1.changes"] {
            assert!(told.iter().any(|f| f == field), "{field} in {told:?}");
        }
        draft = ExperimentDraft::of(Template::Sticky, &preset("quick").unwrap());
        draft.pairs = "7.5".into();
        assert_eq!(fields(&draft), ["design.pairs"]);
    }
}
