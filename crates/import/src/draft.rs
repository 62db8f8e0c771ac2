//! What an importer has found of one run so far: counts, latencies, seconds, entities, errors.
//!
//! An importer tells it samples, or sums; [`Draft::finish`] makes the run's file of them.
//!
//! May not enter: any tool's format.
//! Invariant: memory is bounded by the number of operations, nodes, seconds, entities and error
//! texts, which have limits; what is beyond a limit is counted and told in a warning.
//! Tests: beside the code.

use std::collections::{BTreeMap, HashMap};

use fwit_model::dialect::Kind;
use fwit_quantities::sample::Outcome;
use fwit_report::run::source::{Carries, Correction, GivenFile};
use fwit_report::run::view::{ErrorGroup, ErrorSample, SubscribersView, ThresholdResult};
use fwit_stats::recorder::new_histogram;
use fwit_stats::sparse::Sparse;
use hdrhistogram::Histogram;

pub use crate::judge::{failure_of, kind_of, origin, outcome_of};

/// Operations that a run keeps apart; the rest are `(others)`.
pub const OPS_MAX: usize = 60;
/// Nodes that a run keeps apart.
pub const NODES_MAX: usize = 16;
/// Entities that a run keeps apart.
pub const ENTITIES_MAX: usize = 2_000;
/// Seconds of a run that are kept one by one: a day.
pub const SECONDS_MAX: i64 = 86_400;
/// Users, or requests in flight, that are believed.
pub(crate) const USERS_MAX: f64 = 1e9;
/// Error groups.
const ERRORS_MAX: usize = 200;
/// What does not fit is of this name.
const OTHERS: &str = "(others)";

/// Which tool's which file, and what its numbers are.
#[derive(Clone, Debug)]
pub struct About {
    /// `k6`, `Locust` …
    pub tool: &'static str,
    /// Which of its files: `summary`, `JSON lines` …
    pub form: &'static str,
    /// In what the file has its times.
    pub unit: &'static str,
    /// How finely it tells latencies.
    pub carries: Carries,
    /// Whether they were corrected for coordinated omission.
    pub corrected: Correction,
    /// What a latency is there: one sentence without its full stop, for people.
    pub latency: &'static str,
}

/// One finished request of a tool that tells of each.
#[derive(Clone, Debug)]
pub struct Sample<'a> {
    /// Its operation, as the tool names requests.
    pub op: &'a str,
    /// Whether it reads or writes.
    pub kind: Kind,
    /// Its address, of which the origin counts; empty where it is not known.
    pub url: &'a str,
    /// When it began, µs since 1970 or since any other moment; `None` where it is not known.
    pub began_us: Option<i64>,
    /// How long it took, µs. `None`: it has no latency, it counts only.
    pub latency_us: Option<u64>,
    /// How it ended.
    pub outcome: Outcome,
    /// Whether its answer was a redirect.
    pub redirected: bool,
    /// Who sent it: a virtual user, a thread.
    pub entity: Option<&'a str>,
    /// Status, 0 without one.
    pub status: u16,
    /// What went wrong, where something did.
    pub error: &'a str,
}

/// Where counts and latencies belong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    pub(crate) op: usize,
    pub(crate) node: usize,
}

/// Counts and latencies of an operation at a node.
#[derive(Clone, Debug)]
pub(crate) struct Cell {
    pub outcomes: [u64; 10],
    pub redirected: u64,
    pub latencies: Histogram<u64>,
    /// Exact sum and maximum of the latencies, µs: a histogram rounds.
    pub sum_us: f64,
    pub max_us: u64,
}

/// An operation's share of a second.
#[derive(Clone, Debug, Default)]
pub(crate) struct SecondOp {
    pub answers: u64,
    pub errors: u64,
    pub latencies: Sparse,
}

/// A second of the run.
#[derive(Clone, Debug, Default)]
pub(crate) struct Second {
    pub ops: BTreeMap<usize, SecondOp>,
    /// p50 and p99 that the tool gave, µs.
    pub given_us: Option<[u32; 2]>,
    /// Requests in flight, or users.
    pub in_flight: Option<f32>,
}

/// Count, mean and spread of an entity's answers of an operation (Welford).
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct EntityOp {
    pub count: u64,
    pub mean_us: f64,
    pub m2: f64,
}

/// An entity.
#[derive(Clone, Debug, Default)]
pub(crate) struct Entity {
    pub ops: BTreeMap<usize, EntityOp>,
    pub errors: u64,
    pub home: Option<usize>,
}

/// One run, as far as it was read.
#[derive(Clone, Debug)]
pub struct Draft {
    /// Which tool's which file.
    pub about: About,
    /// The tool's version.
    pub version: Option<String>,
    /// The run's name; empty: it is made of the file's.
    pub name: String,
    /// When it began, µs since 1970, where the file says so elsewhere than in its samples.
    pub started_us: Option<i64>,
    /// How long it took by the tool, s. `None`: from the first sample to the last.
    pub duration_s: Option<f64>,
    /// Virtual users, connections, threads.
    pub entities_planned: Option<u32>,
    /// Requests a second that the tool was asked for, where it was.
    pub offered_per_s: Option<f64>,
    /// What the file says of browser, machine, command: label and text.
    pub facts: Vec<(String, String)>,
    /// Latencies without a distribution.
    pub given: Vec<GivenFile>,
    /// The tool's thresholds.
    pub thresholds: Vec<ThresholdResult>,
    /// What subscribers received, where the tool has some.
    pub subscribers: SubscribersView,
    pub(crate) ops: Vec<(String, Kind)>,
    pub(crate) nodes: Vec<String>,
    pub(crate) cells: BTreeMap<Place, Cell>,
    pub(crate) seconds: BTreeMap<i64, Second>,
    pub(crate) base_us: Option<i64>,
    pub(crate) first_us: i64,
    pub(crate) last_us: i64,
    pub(crate) entities: Vec<(String, Entity)>,
    entity_places: HashMap<String, usize>,
    pub(crate) errors: Vec<ErrorGroup>,
    pub(crate) error_bases: Vec<i64>,
    warnings: BTreeMap<String, u64>,
    known: HashMap<String, usize>,
    origins: HashMap<String, usize>,
}

impl Draft {
    /// Nothing is known yet.
    #[must_use]
    pub fn new(about: About) -> Draft {
        Draft {
            about,
            version: None,
            name: String::new(),
            started_us: None,
            duration_s: None,
            entities_planned: None,
            offered_per_s: None,
            facts: Vec::new(),
            given: Vec::new(),
            thresholds: Vec::new(),
            subscribers: SubscribersView::default(),
            ops: Vec::new(),
            nodes: Vec::new(),
            cells: BTreeMap::new(),
            seconds: BTreeMap::new(),
            base_us: None,
            first_us: 0,
            last_us: 0,
            entities: Vec::new(),
            entity_places: HashMap::new(),
            errors: Vec::new(),
            error_bases: Vec::new(),
            warnings: BTreeMap::new(),
            known: HashMap::new(),
            origins: HashMap::new(),
        }
    }

    /// Says that something was skipped or is doubtful: a sentence. What is said again is counted.
    pub fn warn(&mut self, text: impl Into<String>) {
        let text = text.into();
        let room = self.warnings.len() < 100;
        if let Some(times) = self.warnings.get_mut(&text) {
            *times += 1;
        } else if room {
            self.warnings.insert(text, 1);
        }
    }

    /// The warnings so far.
    #[must_use]
    pub fn warnings(&self) -> Vec<String> {
        let one = |(text, times): (&String, &u64)| match times {
            1 => text.clone(),
            n => format!("{text} ({n} times)"),
        };
        self.warnings.iter().map(one).collect()
    }

    /// Whether it has no request at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        let counted = self.cells.values().any(|c| c.outcomes.iter().any(|n| *n > 0));
        let timed = self.cells.values().any(|c| !c.latencies.is_empty());
        !counted && !timed && self.given.iter().all(|g| g.count == 0)
    }

    /// Where an operation's counts at a node belong. `url`: its origin counts; empty where it is
    /// not known.
    pub fn place(&mut self, op: &str, kind: Kind, url: &str) -> Place {
        let op = self.op(op, kind);
        Place { op, node: self.node(url) }
    }

    pub(crate) fn op(&mut self, name: &str, kind: Kind) -> usize {
        if let Some(at) = self.known.get(name) {
            return *at;
        }
        if self.ops.len() >= OPS_MAX && name != OTHERS {
            self.warn(format!(
                "It has more than {OPS_MAX} kinds of requests: the rest are one, “{OTHERS}”."
            ));
            // Names without end are not remembered.
            return self.op(OTHERS, kind);
        }
        let shown = if name.is_empty() { "request".to_string() } else { crate::error::clip(name) };
        let at = self.ops.iter().position(|(n, _)| *n == shown).unwrap_or(self.ops.len());
        if at == self.ops.len() {
            self.ops.push((shown, kind));
        }
        self.known.insert(name.to_string(), at);
        at
    }

    fn node(&mut self, url: &str) -> usize {
        let origin = origin(url);
        if let Some(at) = self.origins.get(origin) {
            return *at;
        }
        // One of another scheme is the same node: nodes are named by their hosts.
        let host = |origin: &str| origin.split_once("://").map_or(origin, |(_, h)| h).to_string();
        if let Some(at) = self.nodes.iter().position(|node| host(node) == host(origin)) {
            self.origins.insert(origin.to_string(), at);
            return at;
        }
        if self.nodes.len() >= NODES_MAX && origin != OTHERS {
            self.warn(format!("It has more than {NODES_MAX} addresses: the rest are one."));
            return self.node(OTHERS);
        }
        self.nodes.push(origin.to_string());
        self.origins.insert(origin.to_string(), self.nodes.len() - 1);
        self.nodes.len() - 1
    }

    pub(crate) fn cell(&mut self, place: Place) -> &mut Cell {
        self.cells.entry(place).or_insert_with(|| Cell {
            outcomes: [0; 10],
            redirected: 0,
            latencies: new_histogram(),
            sum_us: 0.0,
            max_us: 0,
        })
    }

    /// Counts requests that ended in this way.
    pub fn count(&mut self, place: Place, outcome: Outcome, n: u64) {
        if let Some(slot) = self.cell(place).outcomes.get_mut(outcome.index()) {
            *slot = slot.saturating_add(n);
        }
    }

    /// Counts redirects among the requests of a place.
    pub fn redirected(&mut self, place: Place, n: u64) {
        let cell = self.cell(place);
        cell.redirected = cell.redirected.saturating_add(n);
    }

    /// Adds `n` latencies of so many µs.
    pub fn latency(&mut self, place: Place, us: u64, n: u64) {
        let cell = self.cell(place);
        // A histogram that grows takes every value.
        cell.latencies.record_n(us, n).ok();
        cell.sum_us += us as f64 * n as f64;
        cell.max_us = cell.max_us.max(us);
    }

    /// The exact mean and maximum of all latencies of a place, where the tool says them apart.
    pub fn exact(&mut self, place: Place, mean_us: Option<f64>, max_us: Option<u64>) {
        let cell = self.cell(place);
        if let Some(mean) = mean_us {
            cell.sum_us = mean * cell.latencies.len() as f64;
        }
        cell.max_us = max_us.unwrap_or(cell.max_us);
    }

    /// One request.
    pub fn sample(&mut self, s: &Sample<'_>) {
        let place = self.place(s.op, s.kind, s.url);
        self.count(place, s.outcome, 1);
        if s.redirected {
            self.redirected(place, 1);
        }
        if let Some(us) = s.latency_us {
            self.latency(place, us, 1);
        }
        let took = s.latency_us.unwrap_or_default();
        let ended = s.began_us.map(|began| began.saturating_add_unsigned(took));
        if let (Some(began), Some(ended)) = (s.began_us, ended) {
            self.spans(began, ended);
            let second = self.second_of(ended);
            if let Some(cell) = self.second(second) {
                let op = cell.ops.entry(place.op).or_default();
                op.answers += u64::from(s.outcome.is_answer());
                op.errors += u64::from(s.outcome.is_error());
                if let Some(us) = s.latency_us {
                    op.latencies.record(us);
                }
            }
        }
        let number = s.entity.and_then(|name| self.entity_sample(name, place, s));
        if s.outcome.is_error() {
            self.error(place, s, ended, number);
        }
    }

    /// The entity of this name; `None` where there are too many.
    fn entity(&mut self, name: &str) -> Option<(u32, &mut Entity)> {
        let at = match self.entity_places.get(name) {
            Some(at) => *at,
            None if self.entities.len() >= ENTITIES_MAX => {
                self.warn(format!(
                    "It has more than {ENTITIES_MAX} entities: the strip shows the first of them."
                ));
                return None;
            }
            None => {
                self.entities.push((crate::error::clip(name), Entity::default()));
                self.entity_places.insert(name.to_string(), self.entities.len() - 1);
                self.entities.len() - 1
            }
        };
        let entity = self.entities.get_mut(at)?;
        Some((u32::try_from(at).unwrap_or(u32::MAX), &mut entity.1))
    }

    fn entity_sample(&mut self, name: &str, place: Place, s: &Sample<'_>) -> Option<u32> {
        let (number, entity) = self.entity(name)?;
        entity.errors += u64::from(s.outcome.is_error());
        if let (Some(us), true) = (s.latency_us, s.outcome.is_answer()) {
            let op = entity.ops.entry(place.op).or_default();
            op.count += 1;
            let off = us as f64 - op.mean_us;
            op.mean_us += off / op.count as f64;
            op.m2 += off * (us as f64 - op.mean_us);
            entity.home = match entity.home {
                None => Some(place.node),
                Some(home) if home == place.node => Some(home),
                // It asked several: it has no home.
                Some(_) => Some(usize::MAX),
            };
        }
        Some(number)
    }

    /// An entity of a tool that tells counts and means: answers and their mean of an operation.
    pub fn entity_sums(&mut self, name: &str, op: (&str, Kind), count: u64, mean_us: f64) {
        let op = self.op(op.0, op.1);
        if let Some((_, entity)) = self.entity(name) {
            entity.ops.insert(op, EntityOp { count, mean_us, m2: 0.0 });
        }
    }

    /// An entity's failures.
    pub fn entity_errors(&mut self, name: &str, errors: u64) {
        if let Some((_, entity)) = self.entity(name) {
            entity.errors = entity.errors.saturating_add(errors);
        }
    }

    fn error(&mut self, place: Place, s: &Sample<'_>, ended: Option<i64>, entity: Option<u32>) {
        let text = match (s.error.trim(), s.status) {
            ("", 0) => s.outcome.label().to_string(),
            ("", status) => format!("HTTP {status}"),
            (text, 0) => text.to_string(),
            (text, status) if text.starts_with(&status.to_string()) => text.to_string(),
            (text, status) => format!("HTTP {status}: {text}"),
        };
        let at = ended.unwrap_or_default();
        let took = s.latency_us.unwrap_or_default();
        let sample = ended.map(|at| ErrorSample {
            at_us: at.max(0).unsigned_abs(),
            entity: entity.unwrap_or_default(),
            status: s.status,
            took_us: took,
        });
        self.error_group(place, s.outcome, &text, 1, Some((at, at)), sample);
    }

    /// Failures of one text that the tool counted, with the first and the last moment where it
    /// tells them.
    pub fn errors(
        &mut self,
        place: Place,
        outcome: Outcome,
        text: &str,
        count: u64,
        span_us: Option<(i64, i64)>,
    ) {
        self.error_group(place, outcome, text, count, span_us, None);
    }

    fn error_group(
        &mut self,
        place: Place,
        outcome: Outcome,
        text: &str,
        count: u64,
        span_us: Option<(i64, i64)>,
        sample: Option<ErrorSample>,
    ) {
        let op = self.ops.get(place.op).map(|o| o.0.clone()).unwrap_or_default();
        let node = self.node_name(place.node);
        let mut text = crate::error::clip(text);
        let same = |g: &ErrorGroup, text: &str| {
            g.outcome == outcome && g.op == op && g.node == node && g.text == text
        };
        let mut at = self.errors.iter().position(|g| same(g, &text));
        if at.is_none() && self.errors.len() >= ERRORS_MAX {
            text = "other texts".to_string();
            at = self.errors.iter().position(|g| same(g, &text));
        }
        let (first, last) = span_us.unwrap_or_default();
        let at = at.unwrap_or_else(|| {
            self.errors.push(ErrorGroup {
                outcome,
                op: op.clone(),
                node: node.clone(),
                text: text.clone(),
                count: 0,
                first_us: 0,
                last_us: 0,
                samples: Vec::new(),
            });
            self.error_bases.extend([first, last]);
            self.errors.len() - 1
        });
        if let [from, to] = &mut self.error_bases[2 * at..2 * at + 2] {
            (*from, *to) = ((*from).min(first), (*to).max(last));
        }
        let group = &mut self.errors[at];
        group.count = group.count.saturating_add(count);
        if group.samples.len() < 5 {
            group.samples.extend(sample);
        }
    }

    pub(crate) fn node_name(&self, node: usize) -> String {
        match self.nodes.get(node).map(String::as_str) {
            None | Some("") => "unknown".to_string(),
            Some(origin) => origin.split_once("://").map_or(origin, |(_, host)| host).to_string(),
        }
    }

    /// The name of a place's operation, as it is shown.
    pub(crate) fn op_name(&self, place: Place) -> String {
        self.ops.get(place.op).map(|o| o.0.clone()).unwrap_or_default()
    }

    /// How many latencies a place has so far.
    pub(crate) fn timed(&self, place: Place) -> u64 {
        self.cells.get(&place).map_or(0, |cell| cell.latencies.len())
    }
}
