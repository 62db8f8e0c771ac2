//! Figures of a summary: counts, times and percentiles of files that may hold anything in their
//! place, and documents of JSON with the place of what is wrong in them.
//!
//! Invariant: what comes out is finite, not negative and not beyond what a run holds.

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::draft::{Draft, Place};
use crate::error::ImportError;
use crate::units::LONGEST_US;
use fwit_report::run::source::GivenFile;

/// Largest count that is believed.
const COUNT_MAX: f64 = 1e12;
/// Longest run that is believed, s: a year.
const YEAR_S: f64 = 366.0 * 86_400.0;
/// Entries of a list that are looked at.
pub(super) const ENTRIES_MAX: usize = 1_000;

/// Whether a file that begins like this is a JSON object with all of these in it.
pub(super) fn has_all(head: &[u8], texts: &[&str]) -> bool {
    let object = head.trim_ascii_start().first() == Some(&b'{');
    object && texts.iter().all(|text| head.windows(text.len()).any(|w| w == text.as_bytes()))
}

/// A JSON document.
///
/// # Errors
/// What is wrong with it, and in which line and column.
pub(super) fn document<T: DeserializeOwned>(form: &str, text: &str) -> Result<T, ImportError> {
    serde_json::from_str(text).map_err(|e| broken(form, &e))
}

/// JSON documents after each other. Damage after the first whole one is told as a text.
///
/// # Errors
/// What is wrong with the first.
pub(super) fn documents<T: DeserializeOwned>(
    form: &str,
    text: &str,
) -> Result<(Vec<T>, Option<String>), ImportError> {
    let mut all = Vec::new();
    for one in serde_json::Deserializer::from_str(text).into_iter::<T>() {
        match one {
            Ok(one) => all.push(one),
            Err(error) if all.is_empty() => return Err(broken(form, &error)),
            Err(error) => {
                let text = format!(
                    "What comes after this run is damaged at line {}, column {}.",
                    error.line(),
                    error.column()
                );
                return Ok((all, Some(text)));
            }
        }
        if all.len() >= ENTRIES_MAX {
            break;
        }
    }
    Ok((all, None))
}

/// What the JSON parser said, as an error with its place.
pub(super) fn broken(form: &str, error: &serde_json::Error) -> ImportError {
    let place = format!("line {}, column {}", error.line(), error.column());
    let what = match error.classify() {
        serde_json::error::Category::Eof => "it is cut off there".to_string(),
        _ => error.to_string(),
    };
    ImportError::broken(form, place, what)
}

/// The path of an address, as the name of an operation. Without what follows a `?`, which may be a
/// secret, or differ request by request.
pub(super) fn path(url: &str) -> &str {
    let after = url.find("://").map_or(0, |at| at + 3);
    let rest = url.get(after..).unwrap_or_default();
    let rest = rest.split(['?', '#']).next().unwrap_or_default();
    match rest.find('/').and_then(|at| rest.get(at..)) {
        Some(path) => path,
        None if url.is_empty() => "request",
        None => "/",
    }
}

/// A finite number, also where it is written as a text.
pub(super) fn number(value: &Value) -> Option<f64> {
    let number = match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    };
    number.filter(|n: &f64| n.is_finite())
}

/// A count.
pub(super) fn count(value: &Value) -> Option<u64> {
    number(value).filter(|n| (0.0..=COUNT_MAX).contains(n)).map(|n| n.round() as u64)
}

/// A length of a run in a unit of so many seconds, s.
pub(super) fn length(value: &Value, unit_s: f64) -> Option<f64> {
    number(value).map(|n| n * unit_s).filter(|s| (1e-6..=YEAR_S).contains(s))
}

/// A time in a unit of so many µs, not rounded, µs.
pub(super) fn exact(value: &Value, unit_us: f64) -> Option<f64> {
    number(value).map(|n| n * unit_us).filter(|us| (0.0..=LONGEST_US).contains(us))
}

/// A time in a unit of so many µs, µs.
pub(super) fn time(value: &Value, unit_us: f64) -> Option<u64> {
    exact(value, unit_us).map(|us| us.round() as u64)
}

/// A rate.
pub(super) fn rate(value: &Value) -> Option<f64> {
    number(value).filter(|n| *n > 0.0 && *n <= COUNT_MAX)
}

/// Latencies without a distribution.
#[derive(Clone, Debug, Default)]
pub(super) struct Given {
    /// Requests that they are of.
    pub count: u64,
    /// Mean, µs.
    pub mean_us: Option<f64>,
    /// Largest, µs.
    pub max_us: Option<u64>,
    /// Percentile (0 to 100) and value, µs, in any order.
    pub percent: Vec<(f64, u64)>,
    /// Further points of the same kind, of a histogram: those that agree with the percentiles are
    /// taken.
    pub more: Vec<(f64, u64)>,
}

impl Given {
    /// As a file has it: rising. What falls is left out, with a warning.
    fn tidy(mut self, draft: &mut Draft) -> GivenFile {
        self.percent.retain(|(p, _)| (0.0..=100.0).contains(p));
        self.percent.truncate(ENTRIES_MAX);
        let own = std::mem::take(&mut self.more);
        let agrees = |(p, us): &(f64, u64)| {
            let fits = |(q, v): &(f64, u64)| (q <= p || v >= us) && (q >= p || v <= us);
            self.percent.iter().all(|one| one.0 != *p && fits(one))
        };
        let own: Vec<(f64, u64)> = own.into_iter().filter(agrees).collect();
        self.percent.extend(own.into_iter().filter(|(p, _)| (0.0..=100.0).contains(p)));
        self.percent.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        let mut percentiles: Vec<(f64, u64)> = Vec::new();
        for (p, us) in self.percent {
            let p = (p * 1e7).round() / 1e9;
            match percentiles.last() {
                Some((last, _)) if *last >= p => {}
                Some((_, below)) if *below > us => {
                    draft.warn("Percentiles that are below a lower one were left out.");
                }
                _ => percentiles.push((p, us)),
            }
        }
        GivenFile {
            op: None,
            node: None,
            count: self.count,
            mean_us: self.mean_us.map(fwit_report::run::hist::short),
            max_us: self.max_us,
            percentiles,
        }
    }

    /// Gives them to the whole run, and to its node where it has one only.
    pub fn all(self, draft: &mut Draft) {
        let given = self.tidy(draft);
        if draft.nodes.len() == 1 {
            give(draft, None, Some(draft.node_name(0)), given.clone());
        }
        give(draft, None, None, given);
    }

    /// Gives them to the operation of a place.
    pub fn op(self, draft: &mut Draft, place: Place) {
        let given = self.tidy(draft);
        let op = draft.op_name(place);
        give(draft, Some(op), None, given);
    }

    /// Gives them to the whole run, which has one operation and one node: those of a place.
    pub fn only(self, draft: &mut Draft, place: Place) {
        let given = self.tidy(draft);
        let (op, node) = (draft.op_name(place), draft.node_name(place.node));
        for (op, node) in [(None, None), (Some(&op), None), (None, Some(&node))] {
            give(draft, op.cloned(), node.cloned(), given.clone());
        }
        give(draft, Some(op), Some(node), given);
    }
}

fn give(draft: &mut Draft, op: Option<String>, node: Option<String>, given: GivenFile) {
    if given.count > 0 {
        draft.given.push(GivenFile { op, node, ..given });
    }
}

/// Counts requests by their status, and failures as errors. `statuses`: a status and how many.
pub(super) fn statuses(draft: &mut Draft, place: Place, statuses: &BTreeMap<String, Value>) {
    for (status, n) in statuses.iter().take(ENTRIES_MAX) {
        let code: Option<u16> = status.trim().parse().ok();
        let (Some(code), Some(n)) = (code.filter(|c| *c < 1_000), count(n)) else {
            draft.warn("Counts of something that is no status were left out.");
            continue;
        };
        status_count(draft, place, code, n);
    }
}

/// Counts so many requests of a status.
pub(super) fn status_count(draft: &mut Draft, place: Place, status: u16, n: u64) {
    if n == 0 {
        return;
    }
    let outcome = crate::draft::outcome_of(status);
    draft.count(place, outcome, n);
    if (300..400).contains(&status) {
        draft.redirected(place, n);
    }
    if outcome.is_error() {
        let text = if status == 0 { "no answer".to_string() } else { format!("HTTP {status}") };
        draft.errors(place, outcome, &text, n, None);
    }
}

/// Counts requests that ended without an answer that is one.
pub(super) fn failures(draft: &mut Draft, place: Place, text: &str, n: u64) {
    if n > 0 {
        let outcome = crate::draft::failure_of(0, text);
        draft.count(place, outcome, n);
        draft.errors(place, outcome, text, n, None);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_read_from_anything() {
        use serde_json::json;
        assert_eq!(number(&json!("12.5")), Some(12.5));
        for bad in [json!("NaN"), json!("inf"), json!(null), json!([1]), json!(true)] {
            assert_eq!(number(&bad), None, "{bad}");
        }
        assert_eq!(count(&json!("4")), Some(4));
        assert_eq!((count(&json!(-1)), count(&json!(1e13))), (None, None));
        assert_eq!(length(&json!(5_000_000_000_u64), 1e-9), Some(5.0));
        assert_eq!((length(&json!(0), 1.0), length(&json!(1e12), 1.0)), (None, None));
        assert_eq!(time(&json!(0.0015), 1e6), Some(1_500));
    }

    #[test]
    fn a_path_has_no_query_and_no_password() {
        for (url, wanted) in [
            ("http://a:1/kv/a?token=x#y", "/kv/a"),
            ("http://u:p@a:1", "/"),
            ("http://u:p@a?x=/y", "/"),
            ("http://a/", "/"),
            ("/kv/a?b", "/kv/a"),
            ("", "request"),
        ] {
            assert_eq!(path(url), wanted, "{url}");
        }
    }

    #[test]
    fn damage_has_its_place() {
        let cut = document::<Value>("x", "{\"a\":\n1,").unwrap_err().to_string();
        assert!(cut.contains("line 2, column 2") && cut.contains("cut off"), "{cut}");
        let (all, damage) = documents::<Value>("x", "{}\n{}\n{\"a\"").unwrap();
        assert_eq!(all.len(), 2);
        assert!(damage.unwrap().contains("line 3"));
    }
}
