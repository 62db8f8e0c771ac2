//! Reads Gatling's `js/stats.json` and `js/global_stats.json` of its HTML report, and its
//! `simulation.log` as text, as versions 2 to 3.11 wrote it. Spec:
//! <https://github.com/gatling/gatling>, `StatsJsonTemplate` and `LogFileDataWriter`. Made with:
//! `gatling.sh -s Simulation`, 3.9 (by hand).
//!
//! Reads: counts, mean, maximum and percentiles of each request and of all; of the log each request
//! and when users came and went. Ignores: groups and their times, because they are sums of requests
//! and pauses; minimum and deviation.
//! Clock: the log has the start and the end of each request, ms since 1970; the reports have none.
//! Loses: methods and addresses, which Gatling does not write; of the reports why requests failed,
//! and everything over time. The binary log of 3.12 and after is not described: it is refused.

use std::collections::BTreeMap;

use fwit_model::dialect::Kind;
use fwit_quantities::sample::Outcome;
use fwit_report::run::source::{Carries, Correction, GivenFile};
use serde::Deserialize;
use serde_json::Value;

use super::Importer;
use crate::draft::{About, Draft, Sample, failure_of, kind_of};
use crate::error::ImportError;
use crate::input::Input;
use crate::units::from_ms;

/// The reports' figures.
pub const STATS: Importer =
    Importer { tool: "Gatling", form: "statistics", recognizes: is_stats, read: read_stats };
/// The log as text.
pub const LOG: Importer =
    Importer { tool: "Gatling", form: "simulation.log", recognizes: is_log, read: read_log };
/// What is known and can't be read.
pub const OTHERS: Importer =
    Importer { tool: "Gatling", form: "other file", recognizes: is_other, read: refuse };

/// Percentiles that Gatling gives unless it is told otherwise.
const PERCENTILES: [f64; 4] = [0.5, 0.75, 0.95, 0.99];
/// Groups in groups.
const DEPTH_MAX: usize = 50;
/// More requests than a run has.
const COUNT_MAX: f64 = 1e12;

fn has(head: &[u8], what: &[u8]) -> bool {
    head.windows(what.len()).any(|w| w == what)
}

fn is_stats(head: &[u8]) -> bool {
    let object = head.trim_ascii_start().first() == Some(&b'{');
    object && has(head, b"\"numberOfRequests\"") && has(head, b"\"percentiles1\"")
}

fn is_log(head: &[u8]) -> bool {
    let line = |l: &[u8]| l.starts_with(b"RUN\t") && l.iter().filter(|b| **b == b'\t').count() >= 4;
    head.split(|b| *b == b'\n').take(100).any(line)
}

fn is_binary(head: &[u8]) -> bool {
    // A record's kind, 0, the length of the version, and the version.
    let length = head.get(1..5).and_then(|b| <[u8; 4]>::try_from(b).ok()).map(u32::from_be_bytes);
    let version = head.get(5..7) == Some(b"3.");
    head.first() == Some(&0) && length.is_some_and(|n| (3..40).contains(&n)) && version
}

fn is_other(head: &[u8]) -> bool {
    let script = head.starts_with(b"var stats = {") && has(head, b"numberOfRequests");
    script || is_binary(head)
}

fn refuse(input: &mut Input<'_>) -> Result<Vec<Draft>, ImportError> {
    Err(ImportError::Refused(if is_binary(input.head()) {
        "This is Gatling’s simulation.log in the binary form of 3.12 and after, which is not \
         described. Open js/stats.json of its HTML report instead."
            .into()
    } else {
        "This is js/stats.js of Gatling’s HTML report, a script. Open js/stats.json beside it \
         instead."
            .into()
    }))
}

fn about(form: &'static str, carries: Carries) -> About {
    About {
        tool: "Gatling",
        form,
        unit: "ms",
        carries,
        corrected: Correction::Uncorrected,
        latency: "from the sending of a request to the last byte of its answer, connecting \
                  included; failed requests too",
    }
}

/// A figure of all requests, of those that passed, and of those that failed: numbers, or texts with
/// spaces and commas, or `-`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Three {
    total: Value,
    ok: Value,
    ko: Value,
}

fn number(value: &Value) -> Option<f64> {
    let found = match value {
        Value::Number(n) => n.as_f64(),
        Value::String(text) => text.trim().replace(',', "").parse().ok(),
        _ => None,
    };
    found.filter(|n| n.is_finite() && *n >= 0.0)
}

fn counted(value: &Value) -> Option<u64> {
    number(value).filter(|n| *n <= COUNT_MAX && n.fract() == 0.0).map(|n| n as u64)
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Stats {
    name: String,
    number_of_requests: Three,
    max_response_time: Three,
    mean_response_time: Three,
    percentiles1: Three,
    percentiles2: Three,
    percentiles3: Three,
    percentiles4: Three,
    mean_number_of_requests_per_second: Three,
}

impl Stats {
    fn counts(&self) -> Option<[u64; 3]> {
        let Three { total, ok, ko } = &self.number_of_requests;
        let (total, ok) = (counted(total)?, counted(ok)?);
        // Nothing that failed is `-` in some versions.
        let ko = counted(ko).unwrap_or(total.saturating_sub(ok));
        (ok + ko == total).then_some([total, ok, ko])
    }

    fn given(&self, op: Option<&str>, count: u64) -> GivenFile {
        let us = |three: &Three| number(&three.total).and_then(from_ms);
        let all = [&self.percentiles1, &self.percentiles2, &self.percentiles3, &self.percentiles4];
        let mut percentiles: Vec<(f64, u64)> = Vec::new();
        for (p, us) in PERCENTILES.into_iter().zip(all.map(us)) {
            let last = percentiles.last().map_or(0, |(_, us)| *us);
            percentiles.extend(us.filter(|us| *us >= last).map(|us| (p, us)));
        }
        GivenFile {
            op: op.map(Into::into),
            node: None,
            count,
            mean_us: us(&self.mean_response_time).map(|us| us as f64),
            max_us: us(&self.max_response_time),
            percentiles,
        }
    }
}

/// A group or a request of `stats.json`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Node {
    #[serde(rename = "type")]
    kind: String,
    name: String,
    path: String,
    stats: Stats,
    contents: BTreeMap<String, Node>,
}

fn read_stats(input: &mut Input<'_>) -> Result<Vec<Draft>, ImportError> {
    let text = input.text()?;
    let form = "Gatling statistics";
    let broken = |e: serde_json::Error| {
        let place = format!("line {}, column {}", e.line(), e.column());
        ImportError::broken(form, place, e.to_string())
    };
    let mut draft = Draft::new(about("statistics", Carries::Percentiles));
    let whole: Value = serde_json::from_str(&text).map_err(broken)?;
    let stats = if whole.get("contents").is_some() || whole.get("stats").is_some() {
        let root: Node = serde_json::from_str(&text).map_err(broken)?;
        request_rows(&mut draft, &root, 0);
        root.stats
    } else {
        let stats: Stats = serde_json::from_str(&text).map_err(broken)?;
        draft.warn("It has the figures of all requests together only.");
        one(&mut draft, "all requests", &stats);
        stats
    };
    let Some([total, ..]) = stats.counts() else {
        return Err(ImportError::broken(form, "numberOfRequests", "its counts do not add up"));
    };
    draft.given.insert(0, stats.given(None, total));
    let rate = number(&stats.mean_number_of_requests_per_second.total).filter(|r| *r > 0.0);
    draft.duration_s = rate.map(|rate| total as f64 / rate);
    draft.warn(
        "The percentiles are taken as 50, 75, 95 and 99, as Gatling has them unless it is told \
         otherwise: the file does not say which they are.",
    );
    draft.warn("Its duration is its requests over their rate: the file does not say it.");
    Ok(vec![draft])
}

fn request_rows(draft: &mut Draft, node: &Node, depth: usize) {
    if node.kind == "REQUEST" {
        let name = [&node.path, &node.name, &node.stats.name].into_iter().find(|n| !n.is_empty());
        one(draft, name.map_or("", String::as_str), &node.stats);
    }
    if depth < DEPTH_MAX {
        node.contents.values().for_each(|child| request_rows(draft, child, depth + 1));
    }
}

fn one(draft: &mut Draft, name: &str, stats: &Stats) {
    let Some([total, ok, ko]) = stats.counts() else {
        draft.warn("Requests whose counts are missing or do not add up were left out.");
        return;
    };
    let place = draft.place(name, kind(name), "");
    draft.count(place, Outcome::Ok, ok);
    if ko > 0 {
        let outcome = failure_of(0, "");
        draft.count(place, outcome, ko);
        draft.errors(place, outcome, "KO; the file does not say why", ko, None);
    }
    if total > 0 && draft.given.iter().all(|g| g.op.as_deref() != Some(name)) {
        draft.given.push(stats.given(Some(name), total));
    }
}

/// A name may begin with the method; else nobody knows.
fn kind(name: &str) -> Kind {
    let word = name.rsplit(" / ").next().unwrap_or(name).split_whitespace().next();
    let known = ["GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"];
    word.filter(|w| known.contains(w)).map_or(Kind::Read, kind_of)
}

fn read_log(input: &mut Input<'_>) -> Result<Vec<Draft>, ImportError> {
    let mut draft = Draft::new(about("simulation.log", Carries::Samples));
    let (mut users, mut most) = (0_u32, 0_u32);
    let (mut wrong, mut first, mut number) = (0_u64, 0, 0);
    while let Some(line) = input.line()? {
        number += 1;
        let fields: Vec<&str> = line.split('\t').collect();
        let read = match fields.first() {
            Some(&"RUN") => run(&mut draft, &fields),
            Some(&"REQUEST") => request(&mut draft, &fields),
            Some(&"USER") => {
                if fields.contains(&"START") {
                    users = users.saturating_add(1);
                } else if fields.contains(&"END") {
                    users = users.saturating_sub(1);
                }
                most = most.max(users);
                Some(())
            }
            // Others are groups, assertions, errors of the script.
            _ => Some(()),
        };
        if read.is_none() {
            wrong += 1;
            first = if wrong == 1 { number } else { first };
        }
    }
    if wrong > 0 {
        draft.warn(format!(
            "Lines that can't be read were left out: {wrong}, the first is line {first}. The file \
             may be cut off."
        ));
    }
    draft.entities_planned = (most > 0).then_some(most);
    Ok(vec![draft])
}

/// A time, ms since 1970, as µs.
fn time(text: &str) -> Option<i64> {
    let ms: i64 = text.parse().ok()?;
    (1_000_000_000_000..7_300_000_000_000).contains(&ms).then(|| ms * 1_000)
}

fn run(draft: &mut Draft, fields: &[&str]) -> Option<()> {
    let at = fields.iter().position(|f| time(f).is_some())?;
    draft.started_us = fields.get(at).and_then(|f| time(f));
    let text = |field: Option<&&str>| field.map(|f| f.trim().to_string()).filter(|f| !f.is_empty());
    draft.version = text(fields.get(at + 2));
    let said = text(fields.get(at + 1)).or_else(|| text(fields.get(1)));
    draft.name = said.map(|said| format!("Gatling: {said}")).unwrap_or_default();
    Some(())
}

/// `REQUEST`, of old the scenario and the user, then groups, name, start, end, status, message.
fn request(draft: &mut Draft, fields: &[&str]) -> Option<()> {
    let is = |i: usize, what: &str| fields.get(i) == Some(&what);
    let at = (4..8_usize).find(|i| {
        let timed = |back: usize| i.checked_sub(back).and_then(|i| time(fields.get(i)?)).is_some();
        (is(*i, "OK") || is(*i, "KO")) && timed(1) && timed(2)
    })?;
    let field = |back: usize| at.checked_sub(back).and_then(|i| fields.get(i)).copied();
    let (began, ended) = (time(field(2)?)?, time(field(1)?)?);
    let took = u64::try_from(ended.checked_sub(began)?).ok()?;
    let latency_us = from_ms(took as f64 / 1e3)?;
    let name = field(3).filter(|n| !n.is_empty())?;
    let groups = if at > 4 { field(4)? } else { "" };
    let path: Vec<&str> = groups.split(',').chain([name]).filter(|g| !g.is_empty()).collect();
    let op = path.join(" / ");
    let message = fields.get(at + 1).map_or("", |m| m.trim());
    // `status.find.in(200,201), found 404`
    let found = message.rsplit_once("found ").and_then(|(_, n)| n.get(..3)?.parse().ok());
    let status = found.filter(|n| (100..600).contains(n)).unwrap_or_default();
    draft.sample(&Sample {
        op: &op,
        kind: kind(&op),
        url: "",
        began_us: Some(began),
        latency_us: Some(latency_us),
        outcome: if is(at, "OK") { Outcome::Ok } else { failure_of(status, message) },
        redirected: false,
        entity: None,
        status,
        error: message,
    });
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_not_be_read_is_refused_with_what_to_do() {
        let log = b"\0\0\0\0\x063.12.0\0\0\0\x09computed".to_vec();
        let script = b"var stats = {\n type: \"GROUP\", \"numberOfRequests\": {".to_vec();
        for (bytes, file) in [(log, "binary"), (script, "script")] {
            let mut said = String::new();
            crate::open("x", std::io::Cursor::new(bytes), &mut |_| true, &mut |found| {
                said = found.item.unwrap_err().to_string();
            });
            assert!(said.contains(file) && said.contains("js/stats.json"), "{said}");
        }
    }

    #[test]
    fn counts_are_numbers_or_texts() {
        let of = |text: &str| counted(&serde_json::from_str(text).unwrap());
        assert_eq!((of("388"), of("\"   32,682\""), of("\"-\"")), (Some(388), Some(32_682), None));
        assert_eq!((of("-1"), of("1e300"), of("1.5")), (None, None, None));
    }
}
