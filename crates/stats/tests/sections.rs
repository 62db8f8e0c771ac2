//! How often the intervals of a single run hold the truth: a fast subset of
//! examples/single_run_coverage.rs, with the same seeds on every machine.

#[path = "common/sections.rs"]
mod common;

use common::coverage;
use fwit_stats::special::clopper_pearson;

#[test]
fn intervals_hold_the_truth_about_as_often_as_they_say() {
    for (seconds, phi, least_given, most_given) in
        [(60, 0.0, 0.98, 1.0), (60, 0.7, 0.85, 0.99), (60, 0.9, 0.2, 0.6), (120, 0.7, 0.95, 1.0)]
    {
        for (i, hits) in coverage(seconds, phi, 300).into_iter().enumerate() {
            let given = hits.given as f64 / hits.runs as f64;
            assert!((least_given..=most_given).contains(&given), "{seconds} {phi} {i}: {hits:?}");
            let held = hits.held as f64 / hits.given as f64;
            assert!(held >= 0.93, "{seconds} {phi} {i}: {hits:?}");
        }
    }
}

/// By scipy: `beta.ppf(.025, 940, 61)`, `beta.ppf(.975, 941, 60)`.
#[test]
fn shares_have_exact_intervals() {
    let [low, high] = clopper_pearson(940, 1_000, 0.95);
    assert!(
        (low - 0.923439509596).abs() < 1e-9 && (high - 0.953904964578).abs() < 1e-9,
        "{low} {high}"
    );
    assert_eq!((clopper_pearson(0, 5, 0.95)[0], clopper_pearson(5, 5, 0.95)[1]), (0.0, 1.0));
}
