//! From what was read to a run's file.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use fwit_model::plan::wire::{ClusterFile, KeysFile, LoadFile, NodeFile as PlanNode, PlanFile};
use fwit_quantities::sample::{Measure, Outcome, TimeSources};
use fwit_report::run::hist;
use fwit_report::run::source::{IMPORTED, Source};
use fwit_report::run::view::{Ended, HealthVerdict, HealthView};
use fwit_report::run::wire::{
    ConcurrencyFile, CountsFile, EntityFile, EntityOpFile, LatencyFile, NodeCountsFile, NodeFile,
    OperationFile, RunFile, SecondFile, SecondOpFile, SeriesFile, VERSION, WindowFile,
};

use crate::draft::{Cell, Draft, SECONDS_MAX};
use crate::error::ImportError;
use crate::units::to_rfc3339;
use fwit_report::run::labels::Labels;

/// Longest run that is believed, s: a year.
const LONGEST_S: f64 = 366.0 * 86_400.0;

impl Draft {
    /// The run's file. `file`: the name of the tool's file.
    ///
    /// # Errors
    /// It has no request.
    pub fn finish(mut self, file: &str) -> Result<RunFile, ImportError> {
        if self.is_empty() {
            let form = format!("{} {}", self.about.tool, self.about.form);
            return Err(ImportError::empty(&form, "it counts none"));
        }
        let (start_us, shift) = self.start();
        let measured_s = self.measured_s();
        let name = if self.name.trim().is_empty() {
            format!("{}: {}", self.about.tool, stem(file))
        } else {
            crate::error::clip(&self.name)
        };
        let nodes: Vec<String> = (0..self.nodes.len()).map(|i| self.node_name(i)).collect();
        let series = self.series(shift);
        let (counts, totals) = self.counts(&nodes);
        let latency = self.latency_entries(&nodes);
        let effective = self.effective(measured_s);
        let mut errors = self.errors.clone();
        for (group, span) in errors.iter_mut().zip(self.error_bases.chunks_exact(2)) {
            let since = |us: i64| us.saturating_sub(start_us).max(0).unsigned_abs();
            (group.first_us, group.last_us) = (since(span[0]), since(span[1]).max(since(span[0])));
            for sample in &mut group.samples {
                let at = i64::try_from(sample.at_us).unwrap_or(i64::MAX);
                sample.at_us = since(at);
            }
        }
        errors.sort_by_key(|group| std::cmp::Reverse(group.count));
        let started_us = self.started_us.unwrap_or(start_us).max(0);
        let finished_us = started_us.saturating_add((measured_s * 1e6) as i64);
        let mut run = RunFile {
            format: "fwit-run".into(),
            version: VERSION,
            id: String::new(),
            name: name.clone(),
            labels: Labels::default(),
            plan: self.plan(name, measured_s),
            started_at: to_rfc3339(started_us),
            finished_at: to_rfc3339(finished_us),
            ended: Ended::Completed,
            window: WindowFile { warmup_s: 0.0, measured_s },
            environment: self.facts.iter().cloned().collect(),
            time_sources: TimeSources::default(),
            operations: self
                .ops
                .iter()
                .map(|(name, kind)| OperationFile { name: name.clone(), kind: *kind })
                .collect(),
            nodes: self.node_files(),
            totals,
            warmup_totals: BTreeMap::new(),
            counts,
            latency,
            given: std::mem::take(&mut self.given),
            censored: Vec::new(),
            parts: Vec::new(),
            series,
            entities: self.entity_files(&nodes),
            subscribers: std::mem::take(&mut self.subscribers),
            errors,
            concurrency: ConcurrencyFile {
                entities: self.entities_planned.unwrap_or(self.entities.len() as u32),
                effective,
                waiting: 0.0,
                littles_law_ratio: None,
                due: None,
                dropped: 0,
                offered_per_s: self.offered_per_s,
            },
            health: HealthView { verdict: HealthVerdict::NotJudged, ..HealthView::default() },
            thresholds: std::mem::take(&mut self.thresholds),
            verification: None,
            leadership: None,
            timeline: Vec::new(),
            vitals: None,
            source: Some(self.source(file)),
        };
        run.id = id(&run, started_us);
        Ok(run)
    }

    fn source(&self, file: &str) -> Source {
        Source {
            tool: self.about.tool.to_string(),
            version: self.version.as_deref().map(crate::error::clip),
            form: self.about.form.to_string(),
            file: crate::error::clip(file),
            unit: self.about.unit.to_string(),
            carries: self.about.carries,
            corrected: self.about.corrected,
            latency: self.about.latency.to_string(),
            warnings: self.warnings(),
        }
    }

    /// When it began (µs, as samples have it), and how far its seconds are moved so that the first
    /// is 0.
    fn start(&self) -> (i64, i64) {
        let base = self.base_us.or(self.started_us).unwrap_or_default();
        let first = self.first_us.saturating_sub(base).div_euclid(1_000_000);
        let shift = first.min(self.seconds.keys().next().copied().unwrap_or(first));
        let shift = if self.base_us.is_none() { 0 } else { shift };
        (base.saturating_add(shift.saturating_mul(1_000_000)), shift)
    }

    fn measured_s(&self) -> f64 {
        let spanned = self.last_us.saturating_sub(self.first_us).max(0) as f64 / 1e6;
        // Shorter than a microsecond is none: rates would have no end.
        let told = self.duration_s.filter(|s| s.is_finite() && *s >= 1e-6);
        told.unwrap_or(spanned).min(LONGEST_S)
    }

    /// Requests in flight on the average, by Little's law: all their latencies over the time.
    fn effective(&self, measured_s: f64) -> f64 {
        let listed: f64 = self.cells.values().map(|c| c.sum_us).sum();
        let given = |g: &fwit_report::run::source::GivenFile| {
            g.mean_us.map_or(0.0, |mean| mean * g.count as f64)
        };
        let whole = self.given.iter().find(|g| g.op.is_none() && g.node.is_none());
        let sum = if listed > 0.0 { listed } else { whole.map_or(0.0, given) };
        if measured_s > 0.0 { sum / 1e6 / measured_s } else { 0.0 }
    }

    fn plan(&self, name: String, measured_s: f64) -> PlanFile {
        let nodes = self.nodes.iter().enumerate().filter(|(_, url)| url.contains("://"));
        let nodes = nodes.map(|(i, url)| PlanNode {
            name: self.node_name(i),
            url: url.clone(),
            lanes: Vec::new(),
        });
        let mut load = LoadFile { warmup_s: 0.0, duration_s: measured_s, ..LoadFile::default() };
        if let Some(entities) = self.entities_planned {
            load.entities = entities;
        }
        PlanFile {
            format: "fwit-plan".into(),
            version: 1,
            name,
            seed: 1,
            cluster: ClusterFile {
                dialect: IMPORTED.into(),
                nodes: nodes.collect(),
                trusted_origins: Vec::new(),
                sim: None,
                custom: None,
            },
            load,
            mix: BTreeMap::new(),
            keys: KeysFile::default(),
            disable_leader_stickiness: false,
            subscribers: 0,
            verify: false,
            chaos: None,
            thresholds: Vec::new(),
        }
    }

    fn node_files(&self) -> Vec<NodeFile> {
        let one = |(i, url): (usize, &String)| NodeFile {
            name: self.node_name(i),
            url: url.clone(),
            lanes: Vec::new(),
            leads: None,
            protocol: "unknown".into(),
            timing_header: None,
            in_flight: 0.0,
            slots: 0,
            new_connections: 0,
            hops: 0,
            status_requests: 0,
            discovered: false,
        };
        self.nodes.iter().enumerate().map(one).collect()
    }

    fn counts(&self, nodes: &[String]) -> (Vec<NodeCountsFile>, BTreeMap<String, CountsFile>) {
        let mut totals: BTreeMap<String, [u64; 10]> = BTreeMap::new();
        let mut list = Vec::new();
        for (place, cell) in &self.cells {
            let op = self.ops.get(place.op).map(|o| o.0.clone()).unwrap_or_default();
            let sum = totals.entry(op.clone()).or_default();
            sum.iter_mut().zip(cell.outcomes).for_each(|(a, b)| *a = a.saturating_add(b));
            list.push(NodeCountsFile {
                op,
                node: nodes.get(place.node).cloned().unwrap_or_default(),
                redirected: cell.redirected,
                preflights: 0,
                completed: Some(completed(cell)),
                counts: counted(cell.outcomes),
            });
        }
        (list, totals.into_iter().map(|(op, c)| (op, counted(c))).collect())
    }

    fn latency_entries(&self, nodes: &[String]) -> Vec<LatencyFile> {
        let some = self.cells.iter().filter(|(_, cell)| !cell.latencies.is_empty());
        some.map(|(place, cell)| {
            let count = cell.latencies.len();
            LatencyFile {
                op: self.ops.get(place.op).map(|o| o.0.clone()).unwrap_or_default(),
                node: nodes.get(place.node).cloned().unwrap_or_default(),
                redirected: false,
                measure: Measure::Cluster,
                count,
                mean_us: hist::short(cell.sum_us / count as f64),
                max_us: cell.max_us,
                hist: hist::encode(&cell.latencies),
            }
        })
        .collect()
    }

    fn series(&self, shift: i64) -> SeriesFile {
        let mut seconds = Vec::new();
        for (at, second) in &self.seconds {
            let at = at.saturating_sub(shift);
            if !(0..=SECONDS_MAX).contains(&at) {
                continue;
            }
            let small = |n: u64| u32::try_from(n).unwrap_or(u32::MAX);
            let ops = second.ops.iter().map(|(op, sums)| {
                let file = SecondOpFile {
                    answers: small(sums.answers),
                    errors: small(sums.errors),
                    aborted: 0,
                    cluster: sums.latencies.to_gaps(),
                    response: Vec::new(),
                };
                (self.ops.get(*op).map(|o| o.0.clone()).unwrap_or_default(), file)
            });
            seconds.push(SecondFile {
                t_s: u32::try_from(at).unwrap_or_default(),
                in_flight: second.in_flight.unwrap_or_default(),
                waiting: 0.0,
                littles_law_ratio: None,
                target: None,
                given_us: second.given_us,
                ops: ops.collect(),
            });
        }
        SeriesFile { interval_s: 1, seconds }
    }

    fn entity_files(&self, nodes: &[String]) -> Vec<EntityFile> {
        let one = |(name, entity): &(String, crate::draft::Entity)| {
            let ops = entity.ops.iter().map(|(op, m)| {
                let sd = if m.count > 1 { (m.m2 / (m.count - 1) as f64).sqrt() } else { 0.0 };
                let file = EntityOpFile {
                    count: m.count,
                    mean_us: hist::short(m.mean_us),
                    sd_us: hist::short(sd),
                };
                (self.ops.get(*op).map(|o| o.0.clone()).unwrap_or_default(), file)
            });
            let named = |node: &&String| *node != "unknown";
            let only = || if nodes.len() == 1 { nodes.first() } else { None };
            let home = entity.home.and_then(|node| nodes.get(node)).or_else(only).filter(named);
            EntityFile {
                name: name.clone(),
                home: home.cloned().unwrap_or_default(),
                latched: None,
                errors: entity.errors,
                ops: ops.collect(),
            }
        };
        self.entities.iter().map(one).collect()
    }
}

/// Requests that make the rate: answers, as in every run. A tool's own rate may count failed ones.
fn completed(cell: &Cell) -> u64 {
    let all = Outcome::ALL.into_iter().zip(cell.outcomes);
    all.filter(|(o, _)| o.is_answer()).fold(0, |sum, (_, n)| sum.saturating_add(n))
}

fn counted(outcomes: [u64; 10]) -> CountsFile {
    CountsFile::new(outcomes.iter().fold(0, |a: u64, b| a.saturating_add(*b)), outcomes)
}

/// A file's name without its endings.
pub(crate) fn stem(file: &str) -> &str {
    let name = file.rsplit(['/', '\\']).next().unwrap_or(file);
    let stem = name.split('.').next().unwrap_or(name);
    if stem.is_empty() { name } else { stem }
}

/// An id that the same file gets again.
fn id(run: &RunFile, started_us: i64) -> String {
    let mut hash = DefaultHasher::new();
    for entry in &run.latency {
        (&entry.op, &entry.node, entry.count, &entry.hist).hash(&mut hash);
    }
    for (op, c) in &run.totals {
        (op, c.outcomes()).hash(&mut hash);
    }
    for g in &run.given {
        (&g.op, g.count, g.max_us).hash(&mut hash);
        g.percentiles.iter().for_each(|(p, us)| (p.to_bits(), us).hash(&mut hash));
    }
    for e in &run.entities {
        e.name.hash(&mut hash);
        e.ops.values().for_each(|o| (o.count, o.mean_us.to_bits()).hash(&mut hash));
    }
    (run.window.measured_s.to_bits(), started_us).hash(&mut hash);
    let tool = run.source.as_ref().map_or("run", |s| s.tool.as_str()).to_ascii_lowercase();
    let tool: String = tool.chars().filter(char::is_ascii_alphanumeric).collect();
    format!("{tool}-{:012x}", hash.finish() & 0xffff_ffff_ffff)
}
