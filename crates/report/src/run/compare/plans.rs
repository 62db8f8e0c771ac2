//! What differs between the plans of runs.

use serde::Serialize;
use serde_json::Value;

use crate::run::view::RunView;

/// One setting in which the plans differ.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PlanDifference {
    /// Path in the plan file: `load.entities`.
    pub field: String,
    /// The value a run, as JSON text; a dash where the plan lacks it.
    pub values: Vec<String>,
}

/// The settings in which the plans differ, but for their names.
pub(super) fn plan_differences(runs: &[&RunView]) -> Vec<PlanDifference> {
    // What another tool ran is not known as a plan.
    if runs.iter().any(|run| run.source.is_some()) {
        return Vec::new();
    }
    let plans: Vec<Vec<(String, String)>> = runs
        .iter()
        .map(|run| {
            let mut fields = Vec::new();
            if let Ok(value) = fwit_model::json::read::<Value>(run.plan_json.as_bytes()) {
                flatten(&value, "", &mut fields);
            }
            fields
        })
        .collect();
    let mut names: Vec<&String> = Vec::new();
    for (name, _) in plans.iter().flatten() {
        if name != "name" && !names.contains(&name) {
            names.push(name);
        }
    }
    names
        .into_iter()
        .filter_map(|name| {
            let values: Vec<String> = plans
                .iter()
                .map(|plan| {
                    plan.iter()
                        .find(|(n, _)| n == name)
                        .map_or_else(|| "–".to_string(), |(_, v)| v.clone())
                })
                .collect();
            let differ = values.windows(2).any(|pair| pair[0] != pair[1]);
            differ.then(|| PlanDifference { field: name.clone(), values })
        })
        .collect()
}

fn flatten(value: &Value, path: &str, out: &mut Vec<(String, String)>) {
    let at = |key: &str| if path.is_empty() { key.to_string() } else { format!("{path}.{key}") };
    match value {
        Value::Object(map) => map.iter().for_each(|(key, v)| flatten(v, &at(key), out)),
        Value::Array(list) => {
            list.iter().enumerate().for_each(|(i, v)| flatten(v, &at(&i.to_string()), out));
        }
        Value::String(text) => out.push((path.into(), text.clone())),
        other => out.push((path.into(), fwit_model::json::write(other))),
    }
}
