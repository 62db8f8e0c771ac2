//! Lines of fwit-t's text: what each is, and what stands in it.
//!
//! Invariant: nothing here remembers a line before.
//! Tests: beside the code.

use std::borrow::Cow;

use fwit_model::dialect::Kind;
use fwit_quantities::sample::Outcome;

use crate::draft::{failure_of, origin};
use crate::units::{LONGEST_US, go_duration, rfc3339};

/// Operations that fwit-t knows: the beginning of their column's name, name, kind.
pub const OPS: [(&str, &str, Kind); 9] = [
    ("sets", "set", Kind::Write),
    ("gets", "get", Kind::Read),
    ("deletes", "delete", Kind::Write),
    ("caches", "cache_set", Kind::Write),
    ("publishes", "publish", Kind::Publish),
    ("bumps", "bump", Kind::Write),
    ("blob sets", "blob_set", Kind::Write),
    ("blob gets", "blob_get", Kind::Read),
    ("blob dels", "blob_delete", Kind::Write),
];

/// Ends of paths, and words where there is no path, by which an error tells its operation. What is
/// special comes first.
const TOLD_BY: [(&str, usize); 13] = [
    ("/blob/set", 6),
    ("/blob/get", 7),
    ("/blob/delete", 8),
    ("/cache/set", 3),
    ("/v1/events", 4),
    ("/v1/bump", 5),
    ("/v1/delete", 2),
    ("/v1/set", 0),
    ("/v1/get", 1),
    ("blob upload", 6),
    ("get blob", 7),
    ("delete blob", 8),
    ("publish", 4),
];

/// More calls than an entity makes in a cell.
const CELL_MAX: u64 = 1_000_000_000;

/// What a line is.
#[derive(Debug, PartialEq)]
pub enum Mark<'a> {
    /// A command line, from the tool's name on.
    Command(&'a str),
    /// Something that is said before a run begins; the cluster, where it says it.
    Setup(Option<&'a str>),
    /// The run begins: planned µs, entities, whether chaos deletes some.
    Started { planned_us: Option<f64>, entities: Option<u32>, chaos: Option<bool> },
    /// It was stopped by hand.
    Stopped,
    /// The title of the table.
    Summary,
    /// The title of what subscribers received.
    Subscribers,
    /// The title of the failures.
    Errors,
    /// A subscriber's number, its entity, and events that it received.
    Received(u32, &'a str, u64),
    /// A subscriber ended: its number and why.
    Left(u32, &'a str),
    /// When, whose, and what went wrong.
    Failed(Option<i64>, &'a str, &'a str),
    /// A line of a log with its time.
    Log(i64),
    /// A heading.
    Heading(&'a str),
    /// Fences and prompts: no output of the tool.
    Between,
    /// Anything else.
    Other,
}

/// What a line is. It has neither colours nor spaces around it.
#[must_use]
pub fn mark(line: &str) -> Mark<'_> {
    if let Some(at) = log_time(line) {
        return Mark::Log(at);
    }
    if let Some(failed) = failed(line) {
        return failed;
    }
    if let Some(command) = command(line) {
        return Mark::Command(command);
    }
    let has = |what: &str| line.contains(what);
    let after = |what: &str| line.split_once(what).map(|(_, rest)| rest.trim());
    if let Some(rest) = after("Stress test started!") {
        return started(rest);
    }
    let title = line.ends_with("---") && line.trim_start_matches(['#', ' ']).starts_with("---");
    match () {
        () if title && has("Stress Test Summary") => return Mark::Summary,
        () if title && has("Subscriber Summary") => return Mark::Subscribers,
        () if title && has("Detailed Error Log") => return Mark::Errors,
        () if has("Shutdown signal received, stopping stress test") => return Mark::Stopped,
        () => {}
    }
    if let Some(rest) = after("Subscriber ") {
        let (number, rest) = rest.split_once(' ').unwrap_or((rest, ""));
        let number: Option<u32> = number.parse().ok();
        if rest.starts_with("is listening to events") {
            return Mark::Setup(None);
        }
        let why = rest.strip_prefix("exited with error:");
        if let (Some(number), Some(why)) = (number, why) {
            return Mark::Left(number, why.trim());
        }
        let received =
            rest.strip_prefix("(listening to ").and_then(|r| r.split_once(") received "));
        let events = received.and_then(|(_, r)| r.strip_suffix(" events")?.trim().parse().ok());
        if let (Some(number), Some((entity, _)), Some(events)) = (number, received, events) {
            return Mark::Received(number, entity.trim(), events);
        }
    }
    if let Some(from) = after("Using existing cluster configuration from:") {
        return Mark::Setup(Some(from));
    }
    if let Some(size) = after("Starting a new local cluster of ") {
        return Mark::Setup(Some(size));
    }
    if has("(one goroutine per entity)") || (has("Starting ") && has(" event subscribers")) {
        return Mark::Setup(None);
    }
    if line.starts_with("```") || line.starts_with("~~~") || is_prompt(line) {
        return Mark::Between;
    }
    match line.strip_prefix('#').map(|rest| rest.trim_start_matches('#')) {
        Some(text) if text.starts_with(' ') => Mark::Heading(text.trim()),
        _ => Mark::Other,
    }
}

/// From `10m0s, Entities: 50 (Chaos Monkey Disabled)` with a word before it.
fn started(rest: &str) -> Mark<'_> {
    let field = |name: &str, end: char| {
        let from = rest.split_once(name)?.1;
        from.split_once(end).map(|(value, _)| value.trim())
    };
    let chaos = |word: &str| rest.contains(&format!("Chaos Monkey {word}"));
    Mark::Started {
        planned_us: field("Duration:", ',').and_then(go_duration),
        entities: field("Entities:", '(').and_then(|n| n.parse().ok()),
        chaos: if chaos("Disabled") { Some(false) } else { chaos("Enabled").then_some(true) },
    }
}

/// A command line that runs the tool, from its name on: what stands before may be secrets.
fn command(line: &str) -> Option<&str> {
    let mut rest = line;
    while let Some(at) = rest.find("fwit-t") {
        let (before, here) = (rest.get(..at)?, rest.get(at..)?);
        let after = here.get("fwit-t".len()..)?;
        let flag = |text: &str| {
            let letters = text.trim_start_matches('-');
            text.starts_with('-') && letters.starts_with(|c: char| c.is_ascii_lowercase())
        };
        let called = before.ends_with('/');
        let alone = before.is_empty() || before.ends_with([' ', '/']);
        let flags = after.starts_with(' ') && flag(after.trim_start());
        if alone && (flags || (called && after.trim().is_empty())) {
            return Some(here.trim_end_matches(['`', ' ']));
        }
        rest = after;
    }
    None
}

/// The value of a flag of a command line: `--name value`, `-name=value`.
#[must_use]
pub fn flag<'a>(command: &'a str, name: &str) -> Option<&'a str> {
    let mut words = command.split_whitespace();
    while let Some(word) = words.next() {
        let Some(bare) = word.strip_prefix('-').map(|w| w.strip_prefix('-').unwrap_or(w)) else {
            continue;
        };
        match bare.split_once('=') {
            Some((own, value)) if own == name => return Some(value),
            None if bare == name => return words.next(),
            _ => {}
        }
    }
    None
}

fn is_prompt(line: &str) -> bool {
    let shell = ["➜", "❯", "$ ", "% "].iter().any(|p| line.starts_with(p));
    shell || line.ends_with(['$', '%', '✗']) && line.len() < 200
}

fn log_time(line: &str) -> Option<i64> {
    let json = line.starts_with(['{', '"']);
    let at = line.find("\"time\":\"").filter(|at| json && *at < 3)?;
    rfc3339(line.get(at + 8..)?.split_once('"')?.0)
}

/// The entity that a line of a log is of, and the host that it connects to.
#[must_use]
pub fn connects(line: &str) -> Option<(&str, &str)> {
    let quoted = |start: &str, skip: usize| {
        let at = line.find(start)? + skip;
        line.get(at..)?.split_once('"').map(|(value, _)| value)
    };
    let url = quoted("\"url\":\"ws", 7)?;
    let origin = origin(url);
    Some((quoted("\"entity-", 1)?, origin.split_once("://").map_or(origin, |(_, host)| host)))
}

/// `[2026-01-31T12:00:00+01:00] Entity 'entity-6': what went wrong`.
fn failed(line: &str) -> Option<Mark<'_>> {
    let (at, rest) = line.strip_prefix('[')?.split_once("] Entity '")?;
    let (entity, text) = rest.split_once("':")?;
    Some(Mark::Failed(rfc3339(at), entity, text.trim()))
}

/// The operation that a text tells of, a place in [`OPS`].
#[must_use]
pub fn operation_of(text: &str) -> Option<usize> {
    TOLD_BY.iter().find(|(words, _)| text.contains(words)).map(|(_, op)| *op)
}

/// Whether a request ended because the run did, if it was at its end.
#[must_use]
pub fn is_cut_off(text: &str) -> bool {
    text.contains("context deadline exceeded") || text.contains("context canceled")
}

/// How a request ended by what the client said.
#[must_use]
pub fn outcome(text: &str) -> Outcome {
    let lower = text.to_ascii_lowercase();
    let status = |word: &str| {
        let rest = lower.split_once(word)?.1;
        rest.get(..3)?.parse::<u16>().ok().filter(|n| (400..600).contains(n))
    };
    if let Some(status) = status("status ").or_else(|| status("status: ")) {
        return failure_of(status, "");
    }
    let any = |words: &[&str]| words.iter().any(|w| lower.contains(w));
    match () {
        () if any(&["rate limit"]) => Outcome::RateLimited,
        // The tool counts a lost race as a failure.
        () if any(&["api key", "tombstone", "limit exceeded", "(404)", "conflict"]) => {
            Outcome::Rejected
        }
        () if any(&["redirects, last", "missing location"]) => Outcome::NotLeader,
        () => failure_of(0, text),
    }
}

/// A text without names, passwords and queries in its addresses: keys and tokens may be there.
#[must_use]
pub fn clean(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find("://") {
        let (before, here) = rest.split_at(at + 3);
        let end = here.find(|c: char| c.is_whitespace() || "\"'<>)".contains(c));
        let (url, after) = here.split_at(end.unwrap_or(here.len()));
        let path = url.find(['/', '?', '#']).unwrap_or(url.len());
        let host = url.get(..path).map_or("", |host| host.rsplit('@').next().unwrap_or(host));
        let path = url.get(path..).unwrap_or_default();
        let query = path.find(['?', '#']).unwrap_or(path.len());
        out.push_str(before);
        out.push_str(host);
        out.push_str(path.get(..query).unwrap_or_default());
        // `…/get?key=a: what went wrong`, where it has no quotes.
        out.push_str(if query < path.len() && url.ends_with(':') { ":" } else { "" });
        rest = after;
    }
    out.push_str(rest);
    out
}

/// A cell: calls, and their mean in µs where it has one. `None`: it is not whole.
#[must_use]
pub fn cell(text: &str) -> Option<(u64, Option<f64>)> {
    let number = |n: &str| n.trim().parse().ok().filter(|n| *n <= CELL_MAX);
    let Some((count, mean)) = text.split_once('(') else {
        return Some((number(text)?, None));
    };
    let mean = mean.trim().strip_suffix(')')?.trim();
    match number(count)? {
        0 => Some((0, None)),
        _ if mean == "n/a" => None,
        count => go_duration(mean).filter(|us| *us <= LONGEST_US).map(|us| (count, Some(us))),
    }
}

/// What a column is: an operation, or failures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Column {
    Op(usize),
    Failures,
    Unknown,
}

/// The columns after the name, where a line is the table's header.
#[must_use]
pub fn header(cells: &[&str]) -> Option<Vec<Column>> {
    let (first, rest) = cells.split_first()?;
    let column = |cell: &&str| {
        let name = cell.to_ascii_lowercase();
        let name = name.split('(').next().unwrap_or_default().trim();
        match OPS.iter().position(|(own, ..)| *own == name) {
            Some(op) => Column::Op(op),
            None if name == "failures" => Column::Failures,
            None => Column::Unknown,
        }
    };
    let columns: Vec<Column> = rest.iter().map(column).collect();
    let whole = columns.last() == Some(&Column::Failures) && columns.len() > 1;
    (first.eq_ignore_ascii_case("entity") && whole).then_some(columns)
}

/// The columns of a table that lost its header, by their number.
#[must_use]
pub fn usual(cells: usize) -> Option<Vec<Column>> {
    let ops = match cells {
        11 => 9,
        8 => 6,
        _ => return None,
    };
    Some((0..ops).map(Column::Op).chain([Column::Failures]).collect())
}

/// A line without what colours it in a terminal.
#[must_use]
pub fn plain(line: &str) -> Cow<'_, str> {
    if !line.contains(['\u{1b}', '\r']) {
        return Cow::Borrowed(line);
    }
    let mut out = String::with_capacity(line.len());
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        match c {
            '\u{1b}' => match chars.next() {
                Some('[') => drop(chars.find(|c| ('@'..='~').contains(c))),
                Some(']') => drop(chars.find(|c| matches!(c, '\u{7}' | '\u{1b}'))),
                _ => {}
            },
            '\r' => {}
            c => out.push(c),
        }
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn command_lines_are_told_from_prose_and_begin_at_the_tools_name() {
        let asked = "TOKEN=abc ./fwit-t --config-file prod.yaml -duration=10m";
        assert_eq!(mark(asked), Mark::Command("fwit-t --config-file prod.yaml -duration=10m"));
        assert_eq!(flag("fwit-t --config-file prod.yaml -duration=10m", "duration"), Some("10m"));
        assert_eq!(flag("fwit-t --entities 50", "entities"), Some("50"));
        assert_eq!(mark("$ ./build/fwit-t"), Mark::Command("fwit-t"));
        for prose in
            ["The tool `fwit-t` - a hammer", "fwit-t is simple", "about fwit-t", "fwit-t -"]
        {
            assert!(!matches!(mark(prose), Mark::Command(_)), "{prose}");
        }
    }

    #[test]
    fn cells_are_whole_or_none() {
        assert_eq!(cell("294   (270.966655ms)"), Some((294, Some(270_966.655))));
        assert_eq!(cell("0 (n/a)"), Some((0, None)));
        assert_eq!(cell("12"), Some((12, None)));
        let wrong = ["", "x", "-1 (1ms)", "5 (n/a)", "294 (270.96", "3 (1e9h)", "99999999999 (1s)"];
        for text in wrong {
            assert_eq!(cell(text), None, "{text}");
        }
    }

    #[test]
    fn addresses_lose_what_is_secret() {
        let text = "Get \"https://me:pw@host:443/v1/get?key=k-1\": EOF";
        assert_eq!(clean(text), "Get \"https://host:443/v1/get\": EOF");
        assert_eq!(clean("for GET http://a/b?token=x: no"), "for GET http://a/b: no");
        assert_eq!(clean("http://me:pw@"), "http://");
    }

    #[test]
    fn outcomes_by_what_the_client_says() {
        for (text, wanted) in [
            ("server error (status 401): TOMBSTONE - the key is gone", Outcome::Rejected),
            ("server returned status 503 for POST http://a/b: no leader", Outcome::Unavailable),
            ("rate limited (limit: 10, burst: 20)", Outcome::RateLimited),
            ("http request failed: dial tcp 127.0.0.1:9: connection refused", Outcome::Network),
            ("Post \"http://a\": context deadline exceeded", Outcome::Timeout),
            ("unknown api key", Outcome::Rejected),
            ("stopped after 10 redirects, last URL: http://a", Outcome::NotLeader),
        ] {
            assert_eq!(outcome(text), wanted, "{text}");
        }
    }
}
