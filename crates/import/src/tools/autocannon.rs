//! Reads autocannon's JSON (`-j`). Spec: <https://github.com/mcollina/autocannon>, README.md and
//! `lib/aggregateResult.js`. Made with: `autocannon -j -c 10 -d 4 URL`, version 9.0.0.
//!
//! Reads: url, start, duration, connections, statuses, errors, timeouts, requests sent, latency.
//! Ignores: the distributions of `requests` and `throughput`, because they are of counts a second,
//! without their order.
//! Clock: milliseconds; start and finish with the time of day.
//! Loses: what single seconds were like, what went wrong beyond timeouts.

use std::collections::BTreeMap;

use fwit_model::dialect::Kind;
use fwit_quantities::sample::Outcome;
use fwit_report::run::source::{Carries, Correction};
use serde::Deserialize;
use serde_json::Value;

use super::Importer;
use super::figures::{self, ENTRIES_MAX, Given};
use crate::draft::{About, Draft};
use crate::error::ImportError;
use crate::input::Input;
use crate::units::rfc3339;

/// The importer.
pub const JSON: Importer = Importer { tool: "autocannon", form: "JSON", recognizes, read };

fn recognizes(head: &[u8]) -> bool {
    let own = ["\"non2xx\"", "\"pipelining\"", "\"timeouts\"", "\"latency\"", "\"throughput\""];
    figures::has_all(head, &own)
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct File {
    title: Value,
    url: Value,
    connections: Value,
    pipelining: Value,
    workers: Value,
    duration: Value,
    start: Value,
    errors: Value,
    timeouts: Value,
    mismatches: Value,
    resets: Value,
    #[serde(rename = "1xx")]
    informed: Value,
    #[serde(rename = "2xx")]
    done: Value,
    #[serde(rename = "3xx")]
    moved: Value,
    #[serde(rename = "4xx")]
    refused: Value,
    #[serde(rename = "5xx")]
    failed: Value,
    #[serde(rename = "statusCodeStats")]
    statuses: BTreeMap<String, Value>,
    latency: BTreeMap<String, Value>,
    requests: Requests,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Requests {
    sent: Value,
}

fn read(input: &mut Input<'_>) -> Result<Vec<Draft>, ImportError> {
    // Several runs (`--forever`) are a document a line.
    let (files, damage) = figures::documents::<File>("autocannon JSON", &input.text()?)?;
    let mut drafts: Vec<Draft> = files.iter().map(draft).collect();
    if let (Some(last), Some(damage)) = (drafts.last_mut(), damage) {
        last.warn(damage);
    }
    Ok(drafts)
}

fn draft(file: &File) -> Draft {
    let mut draft = Draft::new(About {
        tool: "autocannon",
        form: "JSON",
        unit: "ms, whole",
        carries: Carries::Percentiles,
        corrected: Correction::Unknown,
        latency: "from sending a request to the end of its answer; answers of any status",
    });
    draft.name = file.title.as_str().unwrap_or_default().to_string();
    draft.duration_s = figures::length(&file.duration, 1.0);
    draft.started_us = file.start.as_str().and_then(rfc3339);
    let connections = figures::count(&file.connections).filter(|n| *n <= 1_000_000);
    draft.entities_planned = connections.and_then(|n| u32::try_from(n).ok());
    let pipelining = figures::count(&file.pipelining).unwrap_or_default();
    let workers = figures::count(&file.workers).unwrap_or_default();
    for (label, n) in [("pipelining", pipelining), ("workers", workers)] {
        if n > 0 {
            draft.facts.push((label.to_string(), n.to_string()));
        }
    }
    let url = match &file.url {
        Value::String(url) => url.as_str(),
        Value::Array(urls) => match urls.as_slice() {
            [Value::String(url)] => url.as_str(),
            _ => {
                draft.warn("Several addresses were asked: autocannon does not tell them apart.");
                ""
            }
        },
        _ => "",
    };
    let place = draft.place(figures::path(url), Kind::Read, url);
    let answers = answers(&mut draft, place, file);
    let timeouts = figures::count(&file.timeouts).unwrap_or_default();
    // Its errors are connections that failed, and the timeouts.
    let errors = figures::count(&file.errors).unwrap_or_default();
    figures::failures(&mut draft, place, "timeout", timeouts);
    figures::failures(&mut draft, place, "connection failed", errors.saturating_sub(timeouts));
    if let Some(sent) = figures::count(&file.requests.sent) {
        let ended = answers.all.saturating_add(errors.max(timeouts));
        // What was under way at the end.
        let rest = sent.saturating_sub(ended);
        draft.count(place, Outcome::Aborted, rest);
        if rest > connections.unwrap_or(rest).saturating_mul(pipelining.max(1)) {
            draft.warn(
                "autocannon counts more requests as sent than could be under way at the end (it \
                 does so with a rate): they stand as aborted.",
            );
        }
    }
    for (value, text) in [
        (
            &file.mismatches,
            "answers did not have the body that was expected; they count as answers",
        ),
        (&file.resets, "times the request pipeline was reset"),
    ] {
        if let Some(n) = figures::count(value).filter(|n| *n > 0) {
            draft.warn(format!("{n} {text}."));
        }
    }
    latency(&mut draft, place, file, &answers);
    draft
}

struct Answers {
    all: u64,
    done: u64,
}

/// Counts the statuses: one by one, or by hundreds in old files.
fn answers(draft: &mut Draft, place: crate::draft::Place, file: &File) -> Answers {
    let hundreds = [
        (&file.informed, 100),
        (&file.done, 200),
        (&file.moved, 300),
        (&file.refused, 400),
        (&file.failed, 500),
    ];
    let done = figures::count(&file.done).unwrap_or_default();
    let mut listed = BTreeMap::new();
    let mut sum = 0_u64;
    for (code, stats) in file.statuses.iter().take(ENTRIES_MAX) {
        let n = stats.get("count").cloned().unwrap_or_default();
        sum = sum.saturating_add(figures::count(&n).unwrap_or_default());
        listed.insert(code.clone(), n);
    }
    let counts = hundreds.map(|(n, code)| (figures::count(n).unwrap_or_default(), code));
    let all = counts.iter().fold(0_u64, |sum, (n, _)| sum.saturating_add(*n));
    if sum > 0 {
        figures::statuses(draft, place, &listed);
        return Answers { all: sum, done };
    }
    for (n, code) in counts {
        figures::status_count(draft, place, code, n);
    }
    Answers { all, done }
}

fn latency(draft: &mut Draft, place: crate::draft::Place, file: &File, answers: &Answers) {
    let told = file.latency.get("totalCount").and_then(figures::count);
    draft.about.corrected = match told {
        // It has added latencies of requests that would have been sent meanwhile.
        Some(timed) if timed > answers.all => Correction::Corrected,
        Some(timed) if timed == answers.all || timed == answers.done => Correction::Uncorrected,
        _ => Correction::Unknown,
    };
    if draft.about.corrected == Correction::Corrected {
        draft.warn(format!(
            "autocannon corrected the latencies: {} are of answers, {} were added by it.",
            answers.all,
            told.unwrap_or_default().saturating_sub(answers.all)
        ));
    }
    if told.is_some_and(|timed| timed < answers.all) {
        draft.warn("The latencies are of 2xx answers only (--excludeErrorStats).");
    }
    let named = |(key, value): (&String, &Value)| Some((percent(key)?, figures::time(value, 1e3)?));
    let of = |key: &str| file.latency.get(key);
    let lowest = of("min").and_then(|v| figures::time(v, 1e3)).map(|us| (0.0, us));
    let mean = of("mean").or_else(|| of("average"));
    let given = Given {
        count: told.unwrap_or(answers.all),
        mean_us: mean.and_then(|v| figures::exact(v, 1e3)),
        max_us: of("max").and_then(|v| figures::time(v, 1e3)),
        percent: lowest.into_iter().chain(file.latency.iter().filter_map(named)).collect(),
        ..Given::default()
    };
    given.only(draft, place);
}

/// `p97_5` is 97.5; `p999`, `p9999` and `p99999` of old files are 99.9, 99.99 and 99.999.
fn percent(key: &str) -> Option<f64> {
    let digits = key.strip_prefix('p').filter(|d| d.starts_with(|c: char| c.is_ascii_digit()))?;
    match digits.split_once('_') {
        Some((whole, part)) => format!("{whole}.{part}").parse().ok(),
        None if digits.len() > 2 && digits.bytes().all(|b| b == b'9') => {
            format!("99.{}", &digits[2..]).parse().ok()
        }
        None => digits.parse().ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_of_old_and_new_files_are_read() {
        for (key, value) in [
            ("p50", Some(50.0)),
            ("p97_5", Some(97.5)),
            ("p0_001", Some(0.001)),
            ("p99_9", Some(99.9)),
            ("p99_999", Some(99.999)),
            ("p999", Some(99.9)),
            ("p9999", Some(99.99)),
            ("p99999", Some(99.999)),
            ("p", None),
            ("ping", None),
            ("p1_2_3", None),
            ("pé", None),
        ] {
            assert_eq!(percent(key), value, "{key}");
        }
    }

    #[test]
    fn a_damaged_run_leaves_those_before_it() {
        let one = r#"{"url":"http://u:secret@a:1/x?y","pipelining":1,"timeouts":0,"throughput":{},
            "2xx":10,"non2xx":0,"duration":1,"latency":{"mean":2,"totalCount":10},"requests":{}}"#;
        let text = format!("{one}\n{one}\n{}", &one[..60]);
        let mut input = Input::new("x", text.as_bytes()).unwrap();
        let drafts = read(&mut input).unwrap();
        assert_eq!(drafts.len(), 2);
        assert!(drafts[1].warnings().iter().any(|w| w.contains("line 5")), "{drafts:?}");
        assert!(!format!("{drafts:?}").contains("secret"));
    }
}
