//! Which runs have the same setting: their plans are equal but for name and seed.

use serde_json::{Map, Value};

use crate::run::source::IMPORTED;

/// What makes two plans the same setting: the plan without its name and seed. `None` where it is no
/// plan.
fn setting(plan_json: &str) -> Option<Value> {
    let Value::Object(plan) = fwit_model::json::read(plan_json.as_bytes()).ok()? else {
        return None;
    };
    // What another tool ran is not known.
    if plan.get("cluster").and_then(|c| c.get("dialect")).and_then(Value::as_str) == Some(IMPORTED)
    {
        return None;
    }
    let mut setting = Map::new();
    for (field, value) in plan.into_iter().filter(|(field, _)| field != "name" && field != "seed") {
        setting.insert(field, value);
    }
    Some(setting.into())
}

/// Whether two plans (JSON texts) are the same setting.
#[must_use]
pub fn same_setting(a: &str, b: &str) -> bool {
    setting(a).is_some_and(|a| Some(a) == setting(b))
}

/// A number that equal settings share, for cards; 0 where it is no plan. Two settings of one number
/// are next to impossible, and [`same_setting`] decides.
#[must_use]
pub fn setting_key(plan_json: &str) -> u64 {
    let Some(setting) = setting(plan_json) else { return 0 };
    // FNV-1a; objects are written with their keys in order. 53 bits, so that no JSON reader rounds
    // it.
    let hash = fwit_model::json::write(&setting)
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |h, b| (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3));
    (hash >> 11).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn name_and_seed_are_no_setting() {
        let a = r#"{"name":"a","seed":1,"load":{"entities":50}}"#;
        let b = r#"{"seed":2,"load":{"entities":50},"name":"b"}"#;
        let c = r#"{"name":"a","seed":1,"load":{"entities":51}}"#;
        assert!(same_setting(a, b) && setting_key(a) == setting_key(b));
        assert!(!same_setting(a, c) && setting_key(a) != setting_key(c));
        assert!(!same_setting("no json", "no json") && setting_key("[]") == 0);
    }
}
