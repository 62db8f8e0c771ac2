//! What the form holds: text, checked as a whole, so that every field can be marked at once.

use super::wire::{self, ClusterFile, KeysFile, LoadFile, NodeFile, PlanFile, StageFile};
use super::{Plan, Problem, QUEUE_MAX, SimCluster, sim_index, stages, validate};
use crate::dialect::file::DialectFile;
use crate::dialect::{CUSTOM, Dialect, SIMULATED, built_in};
use fwit_quantities::units::decimal;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The form's fields as typed. Field paths of problems are those of the plan file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PlanDraft {
    pub name: String,
    pub seed: String,
    pub dialect: String,
    pub nodes: Vec<NodeDraft>,
    /// Origins besides the nodes' own that the API key may be sent to, one a line.
    pub trusted_origins: String,
    /// The simulated cluster's parameters, JSON text; counts where the dialect is `sim`.
    pub sim: String,
    /// A dialect of the plan's own, JSON text; counts where the dialect is `custom`.
    pub custom: String,
    /// Open instead of closed model.
    pub open: bool,
    pub entities: String,
    pub think_ms: String,
    pub think_jitter_ms: String,
    pub rate_per_s: String,
    pub queue_max: String,
    /// `poisson` or `constant`.
    pub arrivals: String,
    pub warmup_s: String,
    pub duration_s: String,
    pub timeout_ms: String,
    /// Operation and weight.
    pub mix: Vec<(String, String)>,
    pub key_space: String,
    pub known_keys: String,
    pub value_bytes: String,
    pub disable_leader_stickiness: bool,
    pub subscribers: String,
    /// `0→50 in 30s, 50 for 2m`; empty for a load that does not change.
    pub stages: String,
    /// One condition a line.
    pub thresholds: String,
    /// One a line.
    #[serde(default)]
    pub chaos: String,
    /// Read back acknowledged keys after the load.
    pub verify: bool,
}

/// One node of the form.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct NodeDraft {
    pub name: String,
    pub url: String,
    /// One address a line.
    pub lanes: String,
}

impl PlanDraft {
    /// The form filled with a plan.
    #[must_use]
    pub fn from_plan(plan: &Plan) -> PlanDraft {
        let file = wire::to_file(plan);
        let text = |n: Option<f64>, or: f64| n.unwrap_or(or).to_string();
        // The nodes of a simulated cluster follow from it, unless only some of them are to be
        // asked.
        let follow =
            plan.cluster.sim.as_ref().is_some_and(|sim| sim.addresses() == plan.cluster.nodes);
        let nodes = if follow { Vec::new() } else { file.cluster.nodes };
        PlanDraft {
            name: file.name,
            seed: file.seed.to_string(),
            dialect: file.cluster.dialect,
            nodes: nodes
                .into_iter()
                .map(|n| NodeDraft { name: n.name, url: n.url, lanes: n.lanes.join("\n") })
                .collect(),
            trusted_origins: file.cluster.trusted_origins.join("\n"),
            sim: file.cluster.sim.as_ref().map(sim_text).unwrap_or_default(),
            custom: file.cluster.custom.as_ref().map(crate::json::pretty).unwrap_or_default(),
            open: file.load.model == "open",
            entities: file.load.entities.to_string(),
            think_ms: text(file.load.think_ms, 10.0),
            think_jitter_ms: text(file.load.think_jitter_ms, 10.0),
            rate_per_s: text(file.load.rate_per_s, 100.0),
            queue_max: file.load.queue_max.unwrap_or(QUEUE_MAX).to_string(),
            arrivals: file.load.arrivals.unwrap_or_else(|| "poisson".into()),
            warmup_s: file.load.warmup_s.to_string(),
            duration_s: file.load.duration_s.to_string(),
            timeout_ms: file.load.timeout_ms.to_string(),
            mix: plan.mix.iter().map(|(op, weight)| (op.clone(), weight.to_string())).collect(),
            key_space: file.keys.space.to_string(),
            known_keys: file.keys.known.to_string(),
            value_bytes: file.keys.value_bytes.to_string(),
            disable_leader_stickiness: file.disable_leader_stickiness,
            subscribers: file.subscribers.to_string(),
            stages: stages::to_text(&plan.load.stages),
            thresholds: file.thresholds.join("\n"),
            chaos: file.chaos.as_deref().unwrap_or_default().join("\n"),
            verify: file.verify,
        }
    }

    /// The plan that the form describes.
    ///
    /// # Errors
    /// All problems: what is no number first, then what the numbers break.
    pub fn plan(&self) -> Result<Plan, Vec<Problem>> {
        let mut problems = Vec::new();
        let file = self.file(&mut problems);
        let unread: Vec<String> = problems.iter().map(|p: &Problem| p.field.clone()).collect();
        match validate(&file) {
            Ok(plan) if problems.is_empty() => Ok(plan),
            Ok(_) => Err(problems),
            Err(more) => {
                // A field that could not be read stands in the file as a guess: don't report the
                // guess.
                problems.extend(more.into_iter().filter(|p| !unread.contains(&p.field)));
                Err(problems)
            }
        }
    }

    /// The text of a field, as the form shows it.
    #[must_use]
    pub fn text(&self, path: &str) -> Option<String> {
        if path == "disable_leader_stickiness" {
            return Some(self.disable_leader_stickiness.to_string());
        }
        // The paths stand once, in `text_mut`: a copy is cheaper than a second list of them.
        self.clone().text_mut(path).cloned()
    }

    /// The text of a field that holds one.
    pub fn text_mut(&mut self, path: &str) -> Option<&mut String> {
        Some(match path {
            "name" => &mut self.name,
            "seed" => &mut self.seed,
            "load.entities" => &mut self.entities,
            "load.think_ms" => &mut self.think_ms,
            "load.think_jitter_ms" => &mut self.think_jitter_ms,
            "load.rate_per_s" => &mut self.rate_per_s,
            "load.queue_max" => &mut self.queue_max,
            "load.arrivals" => &mut self.arrivals,
            "load.warmup_s" => &mut self.warmup_s,
            "load.duration_s" => &mut self.duration_s,
            "load.timeout_ms" => &mut self.timeout_ms,
            "keys.space" => &mut self.key_space,
            "keys.known" => &mut self.known_keys,
            "keys.value_bytes" => &mut self.value_bytes,
            "subscribers" => &mut self.subscribers,
            _ => {
                let op = path.strip_prefix("mix.")?;
                &mut self.mix.iter_mut().find(|(name, _)| name == op)?.1
            }
        })
    }

    /// Whether it describes a simulated cluster.
    #[must_use]
    pub fn is_simulated(&self) -> bool {
        self.dialect == SIMULATED
    }

    /// The dialect that it names, where it can be read.
    #[must_use]
    pub fn dialect(&self) -> Option<Arc<Dialect>> {
        if self.dialect == CUSTOM {
            return crate::dialect::read(CUSTOM, &self.custom).ok().map(Arc::new);
        }
        built_in(&self.dialect)
    }

    /// Fits the mix to the dialect's operations: weights of those that stay are kept, and of one
    /// that is being renamed; new ones get the weight 1. Nothing changes while the dialect can't be
    /// read.
    pub fn follow_dialect(&mut self) {
        let Some(dialect) = self.dialect() else { return };
        let old = std::mem::take(&mut self.mix);
        let same_count = old.len() == dialect.operations().len();
        let weight = |(place, name): (usize, &str)| {
            let known = old.iter().find(|(other, _)| other == name);
            let known = known.or_else(|| old.get(place).filter(|_| same_count));
            known.map_or_else(|| "1".to_string(), |(_, weight)| weight.clone())
        };
        let names = dialect.operations().iter().map(|o| o.name.as_str()).enumerate();
        self.mix = names.map(|o| (o.1.to_string(), weight(o))).collect();
    }

    /// As [`PlanDraft::follow_dialect`], of a dialect that was chosen: nobody listens where there
    /// are no events.
    pub fn take_dialect(&mut self) {
        self.follow_dialect();
        if self.dialect().is_some_and(|dialect| !dialect.has_events()) {
            self.subscribers = "0".into();
        }
    }

    fn file(&self, problems: &mut Vec<Problem>) -> PlanFile {
        let mut read = Reader { problems };
        let whole = |read: &mut Reader, field: &str, text: &str| read.whole(field, text) as u32;
        let simulated = self.is_simulated();
        PlanFile {
            format: "fwit-plan".into(),
            version: wire::VERSION,
            name: self.name.clone(),
            seed: read.whole("seed", &self.seed),
            cluster: ClusterFile {
                dialect: self.dialect.clone(),
                nodes: self
                    .nodes
                    .iter()
                    // Addresses of a real cluster wait in the draft until it is chosen again.
                    .filter(|n| !simulated || sim_index(&n.url).is_some())
                    .map(|n| NodeFile {
                        name: n.name.clone(),
                        url: n.url.clone(),
                        lanes: n.lanes.split_whitespace().map(ToString::to_string).collect(),
                    })
                    .collect(),
                trusted_origins: self
                    .trusted_origins
                    .split_whitespace()
                    .filter(|_| !simulated)
                    .map(ToString::to_string)
                    .collect(),
                sim: if simulated { read.sim(&self.sim) } else { None },
                custom: if self.dialect == CUSTOM { read.custom(&self.custom) } else { None },
            },
            load: LoadFile {
                model: if self.open { "open".into() } else { "closed".into() },
                entities: whole(&mut read, "load.entities", &self.entities),
                think_ms: (!self.open).then(|| read.number("load.think_ms", &self.think_ms)),
                think_jitter_ms: (!self.open)
                    .then(|| read.number("load.think_jitter_ms", &self.think_jitter_ms)),
                rate_per_s: self.open.then(|| read.number("load.rate_per_s", &self.rate_per_s)),
                arrivals: self.open.then(|| self.arrivals.clone()),
                queue_max: self
                    .open
                    .then(|| whole(&mut read, "load.queue_max", &self.queue_max))
                    .filter(|queue| *queue != QUEUE_MAX),
                warmup_s: read.number("load.warmup_s", &self.warmup_s),
                duration_s: read.number("load.duration_s", &self.duration_s),
                timeout_ms: read.number("load.timeout_ms", &self.timeout_ms),
                stages: read.stages(&self.stages, self.open),
            },
            mix: BTreeMap::from_iter(
                self.mix.iter().map(|(op, weight)| {
                    (op.clone(), whole(&mut read, &format!("mix.{op}"), weight))
                }),
            ),
            keys: KeysFile {
                space: whole(&mut read, "keys.space", &self.key_space),
                known: whole(&mut read, "keys.known", &self.known_keys),
                value_bytes: whole(&mut read, "keys.value_bytes", &self.value_bytes),
            },
            disable_leader_stickiness: self.disable_leader_stickiness,
            subscribers: whole(&mut read, "subscribers", &self.subscribers),
            verify: self.verify,
            chaos: (!self.chaos.trim().is_empty())
                .then(|| self.chaos.lines().map(ToString::to_string).collect()),
            thresholds: self.thresholds.lines().map(ToString::to_string).collect(),
        }
    }
}

/// A simulated cluster's parameters as the text that the form holds.
#[must_use]
pub fn sim_text(sim: &SimCluster) -> String {
    crate::json::pretty(sim)
}

struct Reader<'a> {
    problems: &'a mut Vec<Problem>,
}

impl Reader<'_> {
    fn whole(&mut self, field: &str, text: &str) -> u64 {
        whole(field, text).unwrap_or_else(|message| {
            self.problems.push(Problem::new(field, message));
            1
        })
    }

    fn stages(&mut self, text: &str, open: bool) -> Vec<StageFile> {
        match stages::parse(text) {
            Ok(list) => list.iter().map(|s| StageFile::new(s, open)).collect(),
            Err(message) => {
                self.problems.push(Problem::new("load.stages", message));
                Vec::new()
            }
        }
    }

    fn sim(&mut self, text: &str) -> Option<SimCluster> {
        if text.trim().is_empty() {
            return None;
        }
        match crate::json::read(text.as_bytes()) {
            Ok(sim) => Some(sim),
            Err(e) => {
                self.problems.push(Problem::new("cluster.sim", format!("can't be read: {e}")));
                None
            }
        }
    }

    fn custom(&mut self, text: &str) -> Option<DialectFile> {
        match crate::json::read_file(text.as_bytes()) {
            Ok(custom) => Some(custom),
            Err(e) => {
                self.problems.push(Problem::new("cluster.custom", format!("can't be read: {e}")));
                None
            }
        }
    }

    fn number(&mut self, field: &str, text: &str) -> f64 {
        number(text).unwrap_or_else(|message| {
            self.problems.push(Problem::new(field, message));
            1.0
        })
    }
}

/// The whole number of a field's text, or what is wrong with it.
pub(super) fn whole(field: &str, text: &str) -> Result<u64, String> {
    let limit = if field == "seed" { u64::MAX } else { u64::from(u32::MAX) };
    let number = text.trim().parse::<u64>().ok().filter(|n| *n <= limit);
    number.ok_or_else(|| format!("“{}” is not a whole number from 0 up", text.trim()))
}

/// The number of a text, or what is wrong with it.
pub(super) fn number(text: &str) -> Result<f64, String> {
    decimal(&text.replace(',', ".")).ok_or_else(|| format!("“{}” is not a number", text.trim()))
}

#[cfg(test)]
mod tests {
    use super::super::{PRESETS, preset};
    use super::*;

    #[test]
    fn the_form_gives_back_the_plan_it_was_filled_with() {
        for p in PRESETS {
            let plan = preset(p.name).unwrap();
            assert_eq!(PlanDraft::from_plan(&plan).plan(), Ok(plan));
        }
    }

    #[test]
    fn text_that_is_no_number_and_numbers_out_of_range_are_reported_together() {
        let mut draft = PlanDraft::from_plan(&preset("quick").unwrap());
        draft.entities = "many".into();
        draft.duration_s = "0".into();
        draft.think_ms = "1,5".into();
        let fields: Vec<_> = draft.plan().unwrap_err().into_iter().map(|p| p.field).collect();
        assert_eq!(fields, ["load.entities", "load.duration_s"]);
    }

    #[test]
    fn a_changed_protocol_keeps_the_weights_of_what_stays() {
        let mut draft = PlanDraft::from_plan(&preset("quick").unwrap());
        draft.mix[1].1 = "7".into();
        draft.dialect = "etcd".into();
        draft.take_dialect();
        let weight = |draft: &PlanDraft, op: &str| draft.text(&format!("mix.{op}"));
        assert_eq!((weight(&draft, "get").as_deref(), draft.mix.len()), (Some("7"), 7));
        assert!(draft.plan().is_ok() && draft.subscribers == "2");
        // While a name is typed its weight stays.
        let mut file = built_in("consul").unwrap().file().clone();
        draft.dialect = CUSTOM.into();
        draft.custom = crate::json::write(&file);
        draft.take_dialect();
        assert_eq!(draft.subscribers, "0", "it has no events");
        *draft.text_mut("mix.set").unwrap() = "9".into();
        file.operations[0].name = "set_it".into();
        draft.custom = crate::json::write(&file);
        draft.follow_dialect();
        assert_eq!(weight(&draft, "set_it").as_deref(), Some("9"));
        draft.custom = "{".into();
        draft.follow_dialect();
        assert_eq!(weight(&draft, "set_it").as_deref(), Some("9"));
        assert_eq!(draft.plan().unwrap_err()[0].field, "cluster.custom");
    }
}
