//! An arm's plan: the base plan with some fields changed, named by their path in the plan file.

use std::collections::BTreeMap;

use serde_json::Value;

/// Fields that the experiment sets itself, or that would make arms incomparable.
pub(super) const FIXED: [&str; 6] =
    ["format", "version", "seed", "load.warmup_s", "load.duration_s", "verify"];

/// Sets fields of a plan file's value. Each path that leads nowhere is a problem: (path, sentence).
pub(super) fn apply(plan: &mut Value, changes: &BTreeMap<String, Value>) -> Vec<(String, String)> {
    let mut problems = Vec::new();
    for (path, value) in changes {
        let told = if FIXED.iter().any(|f| path == f) {
            Some("is the experiment's to set: arms can't differ in it".to_string())
        } else {
            set(plan, path, value).err()
        };
        problems.extend(told.map(|message| (path.clone(), message)));
    }
    problems
}

/// The last name of a path may be new (a field the plan file leaves out); those before it must be
/// there.
fn set(plan: &mut Value, path: &str, value: &Value) -> Result<(), String> {
    let mut at = plan;
    let (parents, last) = path.rsplit_once('.').unwrap_or(("", path));
    for name in parents.split('.').filter(|p| !p.is_empty()) {
        let inside = match at {
            Value::Object(map) => map.get_mut(name),
            Value::Array(list) => name.parse::<usize>().ok().and_then(|i| list.get_mut(i)),
            _ => None,
        };
        at = inside.ok_or_else(|| format!("there is no “{name}” in the base plan"))?;
    }
    match at {
        Value::Object(map) if !last.is_empty() => {
            map.insert(last.to_string(), value.clone());
            Ok(())
        }
        Value::Array(list) => {
            let place = last.parse::<usize>().ok().and_then(|i| list.get_mut(i));
            *place.ok_or_else(|| format!("there is no number “{last}” in that list"))? =
                value.clone();
            Ok(())
        }
        _ => Err("is not a path of a plan file: such a path is “load.entities”".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn paths_lead_into_objects_and_lists() {
        let mut plan =
            json!({ "load": { "entities": 5 }, "cluster": { "nodes": [{ "url": "a" }] } });
        let changes = BTreeMap::from([
            ("load.entities".to_string(), json!(9)),
            ("cluster.nodes.0.url".to_string(), json!("b")),
            ("disable_leader_stickiness".to_string(), json!(true)),
        ]);
        assert!(apply(&mut plan, &changes).is_empty());
        assert_eq!(plan["load"]["entities"], 9);
        assert_eq!(plan["cluster"]["nodes"][0]["url"], "b");
        assert_eq!(plan["disable_leader_stickiness"], true);
    }

    #[test]
    fn every_wrong_path_is_told() {
        let mut plan = json!({ "load": { "entities": 5 }, "nodes": [1] });
        let wrong = [
            "seed",
            "load.warmup_s",
            "lod.entities",
            "nodes.7",
            "nodes.x.y",
            "load.entities.x",
            "",
        ];
        let changes = wrong.iter().map(|p| ((*p).to_string(), json!(1))).collect();
        let told = apply(&mut plan, &changes);
        assert_eq!(told.len(), wrong.len(), "{told:?}");
    }
}
