//! A run of fwit-t, from what its text says to what a draft is told.
//!
//! Invariant: what the totals say counts; rows count where there are none. A failure is counted
//! once, listed or not.
//! Tests: over fixtures.

use std::collections::{BTreeMap, HashMap, HashSet};

use fwit_model::dialect::Kind;
use fwit_quantities::sample::Outcome;
use fwit_report::run::source::{Carries, Correction, GivenFile};
use fwit_report::run::view::{SubscriberView, SubscribersView};

use super::lines::{Column, OPS, clean, flag, is_cut_off, operation_of, outcome};
use crate::draft::{About, Draft};
use crate::units::go_duration;

/// How far the text of a run is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Stage {
    #[default]
    Nothing,
    Command,
    Setup,
    Started,
    Summary,
    Subscribers,
    Errors,
}

/// Names of entities, failures that wait for the end of the run, subscribers.
const NAMES_MAX: usize = 100_000;
const WAITING_MAX: usize = 50_000;
pub const SUBSCRIBERS_MAX: usize = 1_000;
/// More than any run has: sums stay below what a run's file may have.
pub const SUM_MAX: u64 = 1 << 49;
/// Failures that are counted and not listed.
const UNKNOWN: &str = "(not said)";

/// Calls of an operation and the sum of their times, µs.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sum {
    count: u64,
    us: f64,
    timed: bool,
}

impl Sum {
    pub fn add(&mut self, (count, mean_us): (u64, Option<f64>)) {
        self.count = self.count.saturating_add(count).min(SUM_MAX);
        self.us += mean_us.unwrap_or_default() * count as f64;
        self.timed |= mean_us.is_some();
    }

    fn given(&self, op: Option<&str>) -> GivenFile {
        let mean_us = (self.timed && self.count > 0).then(|| self.us / self.count as f64);
        GivenFile { op: op.map(Into::into), count: self.count, mean_us, ..GivenFile::default() }
    }
}

/// A row of the table, or its totals.
#[derive(Clone, Debug, Default)]
pub struct Sums {
    pub ops: [Sum; OPS.len()],
    pub failures: u64,
}

/// An entity's failures: by the table, in the list, and those that the end of the run cut off.
#[derive(Clone, Copy, Debug, Default)]
pub struct Failures {
    told: u64,
    listed: u64,
    cut_off: u64,
}

/// A failure that may be one that the end of the run cut off.
#[derive(Debug)]
pub struct Waiting {
    at: Option<i64>,
    entity: String,
    text: String,
}

#[derive(Debug)]
pub struct Run {
    pub stage: Stage,
    pub draft: Draft,
    pub planned_us: Option<f64>,
    pub stopped: bool,
    /// First and last time of a log before the line of the start, and after it.
    pub before: Option<(i64, i64)>,
    pub after: Option<(i64, i64)>,
    pub columns: Option<Vec<Column>>,
    pub in_table: bool,
    names: HashSet<String>,
    rows: Sums,
    pub totals: Option<Sums>,
    published: HashMap<String, u64>,
    failures: BTreeMap<String, Failures>,
    waiting: Vec<Waiting>,
    /// When the first failure was.
    failed_us: Option<i64>,
    pub hosts: HashMap<String, String>,
    subscribers: BTreeMap<u32, (String, Option<u64>, Option<String>)>,
    deleted: Vec<String>,
    /// Rows that can't be read: how many, and the line of the first.
    damaged: (u64, u64),
}

impl Default for Run {
    fn default() -> Run {
        Run {
            stage: Stage::Nothing,
            draft: Draft::new(About {
                tool: "fwit-t",
                form: "text",
                unit: "Go's durations",
                carries: Carries::Means,
                corrected: Correction::Uncorrected,
                latency: "from the call of the client to its return, redirects and retries \
                          included; successful calls only, “key not found” among them",
            }),
            planned_us: None,
            stopped: false,
            before: None,
            after: None,
            columns: None,
            in_table: false,
            names: HashSet::new(),
            rows: Sums::default(),
            totals: None,
            published: HashMap::new(),
            failures: BTreeMap::new(),
            waiting: Vec::new(),
            failed_us: None,
            hosts: HashMap::new(),
            subscribers: BTreeMap::new(),
            deleted: Vec::new(),
            damaged: (0, 0),
        }
    }
}

/// A stretch of time, longer by a moment.
pub fn longer(span: &mut Option<(i64, i64)>, at: i64) {
    let (first, last) = span.unwrap_or((at, at));
    *span = Some((first.min(at), last.max(at)));
}

impl Run {
    pub fn fact(&mut self, label: &str, text: Option<&str>) {
        if let Some(text) = text.filter(|t| !t.is_empty()) {
            self.draft.facts.retain(|(own, _)| own != label);
            self.draft.facts.push((label.to_string(), crate::error::clip(&clean(text))));
        }
    }

    pub fn command(&mut self, command: &str) {
        self.fact("Command", Some(command));
        let entities = flag(command, "entities").and_then(|n| n.parse().ok());
        self.draft.entities_planned = entities;
        self.planned_us = flag(command, "duration").and_then(go_duration);
    }

    pub fn subscriber(&mut self, id: u32) -> Option<&mut (String, Option<u64>, Option<String>)> {
        let room = self.subscribers.len() < SUBSCRIBERS_MAX || self.subscribers.contains_key(&id);
        room.then(|| self.subscribers.entry(id).or_default())
    }

    pub fn damage(&mut self, line: u64) {
        self.damaged =
            (self.damaged.0 + 1, if self.damaged.0 == 0 { line } else { self.damaged.1 });
    }

    pub fn entity(&mut self, name: &str, sums: &Sums, line: u64) {
        // A fire after its name: chaos deleted it.
        let (name, fire) = name.split_once(' ').unwrap_or((name, ""));
        if name.is_empty() || self.names.len() >= NAMES_MAX || !self.names.insert(name.to_string())
        {
            return self.damage(line);
        }
        if fire.contains('🔥') {
            self.deleted.push(crate::error::clip(name));
        }
        for ((sum, all), (_, op, kind)) in sums.ops.iter().zip(&mut self.rows.ops).zip(OPS) {
            let mean_us = sum.timed.then(|| sum.us / sum.count.max(1) as f64);
            all.add((sum.count, mean_us));
            if sum.count > 0 {
                self.draft.entity_sums(name, (op, kind), sum.count, mean_us.unwrap_or_default());
            }
            if kind == Kind::Publish {
                self.published.insert(name.to_string(), sum.count);
            }
        }
        self.rows.failures = self.rows.failures.saturating_add(sums.failures);
        self.draft.entity_errors(name, 0);
        self.failures.entry(name.to_string()).or_default().told = sums.failures;
    }

    pub fn failed(&mut self, at: Option<i64>, entity: &str, text: &str) {
        let text = clean(text);
        self.failed_us = self.failed_us.into_iter().chain(at).min();
        let known = self.failures.contains_key(entity) || self.failures.len() < NAMES_MAX;
        let entity = if known { entity } else { "" };
        self.failures.entry(entity.to_string()).or_default().listed += 1;
        if is_cut_off(&text) && self.waiting.len() < WAITING_MAX {
            self.waiting.push(Waiting { at, entity: entity.to_string(), text });
        } else {
            self.error(at, outcome(&text), &text);
        }
    }

    fn error(&mut self, at: Option<i64>, outcome: Outcome, text: &str) {
        let (_, op, kind) = operation_of(text).and_then(|op| OPS.get(op).copied()).unwrap_or((
            "",
            UNKNOWN,
            Kind::Write,
        ));
        let place = self.draft.place(op, kind, "");
        self.draft.count(place, outcome, 1);
        self.draft.errors(place, outcome, text, 1, at.map(|at| (at, at)));
    }

    /// Makes of what was read what a draft is told.
    pub fn finish(&mut self) {
        let end = self.clock();
        let cut_off = self.cut_off(end);
        let sums = self.totals.clone().unwrap_or_else(|| self.rows.clone());
        let mut all = Sum::default();
        for (sum, (_, op, kind)) in sums.ops.iter().zip(OPS).filter(|(sum, _)| sum.count > 0) {
            let place = self.draft.place(op, kind, "");
            self.draft.count(place, Outcome::Ok, sum.count);
            all.add((sum.count, sum.timed.then(|| sum.us / sum.count as f64)));
            self.draft.given.push(sum.given(Some(op)));
        }
        if all.count > 0 {
            self.draft.given.insert(0, all.given(None));
        }
        let unlisted = self.unlisted();
        self.subscribers();
        self.warnings(cut_off, unlisted);
    }

    /// When it began and how long it took; its planned end.
    fn clock(&mut self) -> Option<i64> {
        let planned = self.planned_us.filter(|us| (1.0..3.2e13).contains(us));
        // Without subscribers the first line of a log after the start may be one of the end.
        let late = |after: i64, before: i64| {
            planned.is_some_and(|us| (after.saturating_sub(before)) as f64 >= us - 1e6)
        };
        let start = match (self.before, self.after) {
            (Some((_, before)), Some((after, _))) if late(after, before) => Some(before),
            (_, Some((after, _))) => Some(after),
            (Some((before, _)), None) => Some(before),
            (None, None) => None,
        };
        let last = self.after.or(self.before).map(|(_, last)| last);
        let seen = start.zip(last).map(|(start, last)| last.saturating_sub(start) as f64);
        let took = match planned {
            Some(us) if !self.stopped => Some(us),
            _ => seen.filter(|us| *us > 0.0),
        };
        if planned.is_none() && took.is_some() {
            self.draft.warn(
                "It does not say how long it was to run: its duration is from the first to the \
                 last line of its log.",
            );
        } else if took.is_none() {
            self.draft.warn("It does not say how long it ran: there are no rates.");
        }
        self.draft.duration_s = took.map(|us| us / 1e6);
        let stamps = self.waiting.iter().filter_map(|w| w.at);
        let end = match (start, took) {
            (Some(start), Some(took)) => Some(start.saturating_add(took as i64)),
            // What the end cut off tells when it was.
            _ => stamps.max(),
        };
        let back = || Some(end?.saturating_sub(took? as i64));
        self.draft.started_us = start.or_else(back).or(self.failed_us).filter(|us| *us > 0);
        end
    }

    /// Counts the failures that wait; how many the end of the run cut off.
    fn cut_off(&mut self, end: Option<i64>) -> u64 {
        let mut count = 0;
        for Waiting { at, entity, text } in std::mem::take(&mut self.waiting) {
            let since = |end: i64| at.is_some_and(|at| at >= end.saturating_sub(1_000_000));
            if end.is_some_and(since) {
                count += 1;
                self.failures.entry(entity).or_default().cut_off += 1;
                self.error(at, Outcome::Aborted, &text);
            } else {
                self.error(at, outcome(&text), &text);
            }
        }
        count
    }

    /// Counts the failures that are not in the list; how many they are.
    fn unlisted(&mut self) -> u64 {
        let mut unlisted: u64 = 0;
        for (entity, f) in &self.failures {
            unlisted = unlisted.saturating_add(f.told.saturating_sub(f.listed));
            self.draft.entity_errors(entity, f.told.max(f.listed).saturating_sub(f.cut_off));
        }
        // Rows may be missing where the totals are there.
        let totals = self.totals.as_ref().map_or(0, |t| t.failures);
        let known = self.failures.values().fold(0, |sum: u64, f| sum.saturating_add(f.listed));
        let unlisted = unlisted.max(totals.saturating_sub(known)).min(SUM_MAX);
        if unlisted > 0 {
            let place = self.draft.place(UNKNOWN, Kind::Write, "");
            let text = "failed; the text does not say how";
            self.draft.count(place, Outcome::Network, unlisted);
            self.draft.errors(place, Outcome::Network, text, unlisted, None);
        }
        unlisted
    }

    fn subscribers(&mut self) {
        let mut heard = BTreeMap::new();
        let mut unknown = false;
        let mut list = Vec::new();
        for (entity, received, trouble) in std::mem::take(&mut self.subscribers).into_values() {
            let Some(received) = received else { continue };
            let published = self.published.get(&entity).copied();
            unknown |= published.is_none();
            let lost = published.unwrap_or_default().saturating_sub(received);
            let host = self.hosts.get(&entity).map_or(String::new(), |host| format!(" at {host}"));
            list.push(SubscriberView {
                node: crate::error::clip(&format!("{entity}{host}")),
                received,
                lost,
                trouble: trouble.map(|t| crate::error::clip(&t)),
                ..SubscriberView::default()
            });
            heard.insert(entity, published.unwrap_or_default());
        }
        if list.is_empty() {
            return;
        }
        let published = if unknown { 0 } else { heard.values().sum() };
        self.draft.subscribers = SubscribersView { list, published, ..SubscribersView::default() };
        self.draft.warn(
            "Events that a subscriber lost are what its entity published less what it received: \
             the text does not say when it began to listen.",
        );
    }

    fn warnings(&mut self, cut_off: u64, unlisted: u64) {
        let draft = &mut self.draft;
        if cut_off > 0 {
            draft.warn(format!(
                "Requests that the end of the run cut off count as aborted, not as failed as \
                 fwit-t counts them: {cut_off}."
            ));
        }
        if unlisted > 0 {
            draft.warn(format!(
                "Failures whose operation and reason are not listed: {unlisted}. The end of the \
                 run may have cut off some of them."
            ));
        }
        if self.damaged.0 > 0 {
            let (count, line) = self.damaged;
            draft.warn(format!(
                "Rows of the table that can't be read, or are there twice, were left out: \
                 {count}, the first in line {line}."
            ));
        }
        if self.stopped {
            draft.warn("It was stopped by hand before its planned end.");
        }
        if !self.deleted.is_empty() {
            let some = self.deleted.get(..self.deleted.len().min(5)).unwrap_or_default().join(", ");
            draft.warn(format!(
                "Chaos deleted entities while it ran, {} in all ({some}): failures of theirs \
                 come of that.",
                self.deleted.len()
            ));
        }
        match &self.totals {
            None if !self.names.is_empty() => draft.warn(
                "The table ends before its totals: the text may be cut off. Its rows are counted.",
            ),
            Some(totals) => {
                let counts = |s: &Sums| s.ops.map(|op| op.count);
                let same = counts(totals) == counts(&self.rows);
                if !same || totals.failures != self.rows.failures {
                    draft.warn("The rows of the table do not add up to its totals: those count.");
                }
            }
            None => {}
        }
    }
}
