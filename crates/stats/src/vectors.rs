//! The reference values of tests/fixtures/vectors.json, for the tests beside the code.

use serde_json::Value;

/// The whole file.
pub(crate) fn all() -> Value {
    serde_json::from_str(include_str!("../../../tests/fixtures/vectors.json")).unwrap()
}

/// A JSON array of numbers.
pub(crate) fn list(v: &Value) -> Vec<f64> {
    v.as_array().unwrap().iter().map(num).collect()
}

/// A JSON number.
pub(crate) fn num(v: &Value) -> f64 {
    v.as_f64().unwrap()
}

/// Every value within `tolerance` of its reference.
#[track_caller]
pub(crate) fn assert_close(found: &[f64], wanted: &[f64], tolerance: f64) {
    assert_eq!(found.len(), wanted.len());
    for (i, (a, b)) in found.iter().zip(wanted).enumerate() {
        assert!((a - b).abs() <= tolerance, "position {i}: {a} is not {b} (tolerance {tolerance})");
    }
}
