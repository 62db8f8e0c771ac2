//! The fields of a plan that forms show: what they are called, and how their text is read.

use std::borrow::Cow;

use serde_json::Value;

use super::draft::{number, whole};

/// A field of a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlanField {
    /// Its path in the plan file.
    pub path: Cow<'static, str>,
    /// The part of the form that it stands in.
    pub group: &'static str,
    pub label: Cow<'static, str>,
    /// Empty where it has none.
    pub unit: &'static str,
    /// Empty where the label says it all.
    pub hint: &'static str,
    pub kind: FieldKind,
}

/// What stands in a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FieldKind {
    /// Any text.
    Text,
    /// A whole number.
    Whole,
    /// A number.
    Number,
    /// One of these: the value in the file, and its words.
    Choice(&'static [(&'static str, &'static str)]),
}

use FieldKind::{Choice, Number, Text, Whole};

const LOAD: &str = "Load";
const MODEL: &str = "Load model";
const MIX: &str = "Mix";
const KEYS: &str = "Keys, events, seed";

const fn field(
    (path, group): (&'static str, &'static str),
    (label, unit, hint): (&'static str, &'static str, &'static str),
    kind: FieldKind,
) -> PlanField {
    PlanField { path: Cow::Borrowed(path), group, label: Cow::Borrowed(label), unit, hint, kind }
}

/// The fields, in the form's order; the weights of operations are beside them ([`weight`]).
static FIELDS: [PlanField; 16] = [
    field(("name", LOAD), ("Name", "", "Shown wherever the run is shown."), Text),
    field(
        ("load.entities", LOAD),
        ("Entities", "", "Simulated clients, each with a node of its own choice."),
        Whole,
    ),
    field(
        ("load.duration_s", LOAD),
        ("Duration", "s", "The measured window, after the warm-up."),
        Number,
    ),
    field(
        ("disable_leader_stickiness", LOAD),
        ("Leader-sticky", "", ""),
        Choice(&[("false", "on"), ("true", "off")]),
    ),
    field(("load.think_ms", MODEL), ("Think time", "ms", "Pause after each answer."), Number),
    field(
        ("load.think_jitter_ms", MODEL),
        ("Think time, jitter", "ms", "Up to this much more, at random."),
        Number,
    ),
    field(("load.rate_per_s", MODEL), ("Rate", "/s", "Requests a second over all nodes."), Number),
    field(
        ("load.queue_max", MODEL),
        ("Queue", "requests", "Due requests that may wait; more are dropped and counted."),
        Whole,
    ),
    field(
        ("load.arrivals", MODEL),
        ("Arrivals", "", ""),
        Choice(&[("poisson", "Poisson (independent)"), ("constant", "constant (equal gaps)")]),
    ),
    field(("load.warmup_s", MODEL), ("Warm-up", "s", "Runs before; counts in no table."), Number),
    field(("load.timeout_ms", MODEL), ("Timeout", "ms", "A request is given up after it."), Number),
    field(("keys.space", KEYS), ("Keys", "", "Distinct keys of set and cache."), Whole),
    field(
        ("keys.known", KEYS),
        ("Known keys", "", "Keys an entity remembers for get and delete."),
        Whole,
    ),
    field(("keys.value_bytes", KEYS), ("Value size", "bytes", ""), Whole),
    field(
        ("subscribers", KEYS),
        ("Subscribers", "", "WebSocket clients that check that every event arrives."),
        Whole,
    ),
    field(
        ("seed", KEYS),
        ("Seed", "", "The same seed gives the same operations, keys and think times."),
        Whole,
    ),
];

/// The weight of an operation.
fn weight(operation: &str) -> PlanField {
    PlanField {
        path: Cow::Owned(format!("mix.{operation}")),
        group: MIX,
        label: Cow::Owned(operation.to_string()),
        unit: "",
        hint: "",
        kind: Whole,
    }
}

/// All fields of a plan with these operations, in the form's order.
#[must_use]
pub fn plan_fields<'a>(operations: impl IntoIterator<Item = &'a str>) -> Vec<PlanField> {
    let (before, after) = FIELDS.split_at(FIELDS.partition_point(|f| f.group != KEYS));
    let weights = operations.into_iter().map(weight);
    before.iter().cloned().chain(weights).chain(after.iter().cloned()).collect()
}

/// The field of a path.
#[must_use]
pub fn plan_field(path: &str) -> Option<PlanField> {
    match path.strip_prefix("mix.") {
        Some(operation) => Some(weight(operation)),
        None => FIELDS.iter().find(|f| f.path == path).cloned(),
    }
}

impl PlanField {
    /// The value that a text stands for.
    ///
    /// # Errors
    /// What is wrong with it, in the words of the plan's form.
    pub fn read(&self, text: &str) -> Result<Value, String> {
        match self.kind {
            Text => Ok(text.into()),
            Whole => whole(&self.path, text).map(Value::from),
            Number => number(text).map(Value::from),
            Choice(all) => {
                let text = text.trim();
                if all.iter().any(|(value, _)| *value == text) {
                    let json = crate::json::read(text.as_bytes());
                    return Ok(json.unwrap_or_else(|_| text.into()));
                }
                let known: Vec<_> = all.iter().map(|(value, _)| *value).collect();
                Err(format!("“{text}” is not known; choose {}", known.join(" or ")))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{PlanDraft, preset};
    use super::*;

    #[test]
    fn every_field_has_a_text_in_the_draft_and_a_place_in_the_file() {
        let closed = preset("quick").unwrap();
        let mut open = closed.clone();
        open.load.model = super::super::Model::Open {
            rate_per_s: 5.0,
            arrivals: super::super::Arrivals::Constant,
        };
        let mut in_files = 0;
        for plan in [closed, open] {
            let draft = PlanDraft::from_plan(&plan);
            let file = serde_json::to_value(super::super::wire::to_file(&plan)).unwrap();
            for field in plan_fields(plan.mix.iter().map(|(op, _)| op.as_str())) {
                let text = draft.text(&field.path).expect("a text");
                assert_eq!(plan_field(&field.path), Some(field.clone()));
                let Some(value) = file.pointer(&format!("/{}", field.path.replace('.', "/")))
                else {
                    continue;
                };
                in_files += 1;
                assert_eq!(field.read(&text).as_ref(), Ok(value), "{}", field.path);
            }
        }
        // Of each model's own two fields the other plan's file has none.
        assert_eq!(in_files, 2 * (15 + 9 - 2));
    }

    #[test]
    fn what_can_not_be_read_is_told_as_the_form_tells_it() {
        let mut draft = PlanDraft::from_plan(&preset("quick").unwrap());
        for (path, text) in [("load.entities", "many"), ("mix.get", "-1"), ("load.think_ms", "x")] {
            *draft.text_mut(path).unwrap() = text.into();
            let told = plan_field(path).unwrap().read(text).unwrap_err();
            let problems = draft.plan().unwrap_err();
            assert!(problems.iter().any(|p| p.field == path && p.message == told), "{problems:?}");
        }
        assert_eq!(
            plan_field("load.arrivals").unwrap().read("rare").unwrap_err(),
            "“rare” is not known; choose poisson or constant"
        );
        assert_eq!(plan_field("load.think_ms").unwrap().read("2,5"), Ok(2.5.into()));
    }
}
