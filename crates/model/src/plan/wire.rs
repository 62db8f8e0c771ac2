//! The plan's file form, version 1: JSON with durations whose names carry their unit.
//!
//! Frozen: a change of meaning is a new version with an upgrade step. Fields that are missing take the
//! values of the preset `fwit-t`; unknown fields are refused, so that a misspelt one is not lost.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Arrivals, Model, Plan, Problem, Ramp, SimCluster, Stage, validate};

/// The newest version of the plan's file form.
pub const VERSION: u32 = 1;

/// A plan as its file has it; see docs/format.md.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlanFile {
    /// Always `fwit-plan`.
    #[serde(default = "format_name")]
    pub format: String,
    /// Version of the form.
    #[serde(default = "version")]
    pub version: u32,
    #[serde(default)]
    pub name: String,
    #[serde(default = "one")]
    pub seed: u64,
    pub cluster: ClusterFile,
    #[serde(default)]
    pub load: LoadFile,
    #[serde(default = "even_mix")]
    pub mix: BTreeMap<String, u32>,
    #[serde(default)]
    pub keys: KeysFile,
    #[serde(default)]
    pub disable_leader_stickiness: bool,
    #[serde(default)]
    pub subscribers: u32,
    #[serde(default)]
    pub verify: bool,
    /// Reserved; must be `null`.
    #[serde(default)]
    pub chaos: Option<serde_json::Value>,
    #[serde(default)]
    pub thresholds: Vec<String>,
}

/// `cluster` of a plan file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClusterFile {
    pub dialect: String,
    /// Empty only where `sim` says which there are.
    #[serde(default)]
    pub nodes: Vec<NodeFile>,
    /// The simulated cluster, for the dialect `sim`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sim: Option<SimCluster>,
}

/// One of `cluster.nodes`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NodeFile {
    #[serde(default)]
    pub name: String,
    pub url: String,
    #[serde(default)]
    pub lanes: Vec<String>,
}

/// `load` of a plan file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LoadFile {
    /// `closed` or `open`.
    pub model: String,
    pub entities: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub think_ms: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub think_jitter_ms: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rate_per_s: Option<f64>,
    /// `poisson` or `constant`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub arrivals: Option<String>,
    pub warmup_s: f64,
    pub duration_s: f64,
    pub timeout_ms: f64,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub stages: Vec<StageFile>,
}

/// One of `load.stages`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StageFile {
    pub duration_s: f64,
    /// Closed model: entities at its end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entities: Option<f64>,
    /// Open model: arrivals a second at its end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate_per_s: Option<f64>,
    /// `linear` or `step`.
    #[serde(default = "linear")]
    pub ramp: String,
}

impl StageFile {
    /// A stage as the file has it.
    #[must_use]
    pub fn new(stage: &Stage, open: bool) -> StageFile {
        StageFile {
            duration_s: stage.duration.as_secs(),
            entities: (!open).then_some(stage.target),
            rate_per_s: open.then_some(stage.target),
            ramp: if stage.ramp == Ramp::Linear { linear() } else { "step".into() },
        }
    }
}

impl Default for LoadFile {
    fn default() -> Self {
        LoadFile {
            model: "closed".into(),
            entities: 50,
            think_ms: None,
            think_jitter_ms: None,
            rate_per_s: None,
            arrivals: None,
            warmup_s: 10.0,
            duration_s: 600.0,
            timeout_ms: 10_000.0,
            stages: Vec::new(),
        }
    }
}

/// `keys` of a plan file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct KeysFile {
    pub space: u32,
    pub known: u32,
    pub value_bytes: u32,
}

impl Default for KeysFile {
    fn default() -> Self {
        KeysFile { space: 1_000, known: 100, value_bytes: 18 }
    }
}

fn format_name() -> String {
    "fwit-plan".into()
}
fn linear() -> String {
    "linear".into()
}
fn version() -> u32 {
    VERSION
}
fn one() -> u64 {
    1
}
fn even_mix() -> BTreeMap<String, u32> {
    BTreeMap::from_iter(super::presets::NINE.iter().map(|op| ((*op).to_string(), 1)))
}

/// Reads a plan from its JSON text.
///
/// # Errors
/// All that is wrong with it, each with the field's path in the file.
pub fn read(json: &str) -> Result<Plan, Vec<Problem>> {
    let one = |field: &str, message: String| vec![Problem::new(field, message)];
    let head: Head =
        crate::json::read(json.as_bytes()).map_err(|e| one("", format!("This is no JSON: {e}.")))?;
    let format = head.format.as_ref().map_or("fwit-plan", |f| f.as_str().unwrap_or("?"));
    if format != "fwit-plan" {
        return Err(one("format", format!("This file is a “{format}”, not a “fwit-plan”.")));
    }
    match head.version.as_ref().map(|v| (v.as_u64(), v)) {
        Some((None | Some(0), v)) => {
            let text = crate::json::write(v);
            return Err(one("version", format!("{text} is no version; this fwit reads version 1.")));
        }
        Some((Some(v), _)) if v > u64::from(VERSION) => {
            let text =
                format!("This plan has version {v}; this fwit reads up to {VERSION}. Use a newer fwit.");
            return Err(one("version", text));
        }
        _ => {}
    }
    let file: PlanFile =
        crate::json::read(json.as_bytes()).map_err(|e| one("", format!("The plan does not fit: {e}.")))?;
    validate(&file)
}

/// What every file of fwit has.
#[derive(Deserialize)]
struct Head {
    format: Option<serde_json::Value>,
    version: Option<serde_json::Value>,
}

/// The plan's file form.
#[must_use]
pub fn to_file(plan: &Plan) -> PlanFile {
    let (model, think, jitter, rate, arrivals) = match plan.load.model {
        Model::Closed { think, jitter } => {
            ("closed", Some(think.as_millis()), Some(jitter.as_millis()), None, None)
        }
        Model::Open { rate_per_s, arrivals } => {
            let name = match arrivals {
                Arrivals::Poisson => "poisson",
                Arrivals::Constant => "constant",
            };
            ("open", None, None, Some(rate_per_s), Some(name.to_string()))
        }
    };
    PlanFile {
        format: format_name(),
        version: VERSION,
        name: plan.name.clone(),
        seed: plan.seed,
        cluster: ClusterFile {
            dialect: plan.cluster.dialect.name().into(),
            nodes: plan
                .cluster
                .nodes
                .iter()
                .map(|n| NodeFile {
                    name: n.name.clone(),
                    url: n.url.to_string(),
                    lanes: n.lanes.iter().map(ToString::to_string).collect(),
                })
                .collect(),
            sim: plan.cluster.sim.clone(),
        },
        load: LoadFile {
            model: model.into(),
            entities: plan.load.entities,
            think_ms: think,
            think_jitter_ms: jitter,
            rate_per_s: rate,
            arrivals,
            warmup_s: plan.load.warmup.as_secs(),
            duration_s: plan.load.duration.as_secs(),
            timeout_ms: plan.load.timeout.as_millis(),
            stages: plan.load.stages.iter().map(|s| StageFile::new(s, model == "open")).collect(),
        },
        mix: BTreeMap::from_iter(plan.mix.iter().cloned()),
        keys: KeysFile { space: plan.keys.space, known: plan.keys.known, value_bytes: plan.keys.value_bytes },
        disable_leader_stickiness: plan.disable_leader_stickiness,
        subscribers: plan.subscribers,
        verify: plan.verify,
        chaos: None,
        thresholds: plan.thresholds.iter().map(|t| t.text.clone()).collect(),
    }
}

/// The plan as JSON text for people, two spaces deep.
#[must_use]
pub fn to_json(plan: &Plan) -> String {
    // Plain strings, numbers and lists always serialize.
    crate::json::pretty(&to_file(plan))
}
