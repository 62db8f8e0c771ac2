//! The fields of the plan's file form, version 1: JSON with durations whose names carry their unit.
//!
//! Frozen: a change of meaning is a new version with an upgrade step. Fields that are missing take
//! the values of the preset `fwit-t`; unknown fields are refused, so that a misspelt one is not
//! lost.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::sim::SimCluster;
use crate::dialect::file::DialectFile;

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
    /// Left out for all operations of the dialect alike.
    #[serde(default)]
    pub mix: BTreeMap<String, u32>,
    #[serde(default)]
    pub keys: KeysFile,
    #[serde(default)]
    pub disable_leader_stickiness: bool,
    #[serde(default)]
    pub subscribers: u32,
    #[serde(default)]
    pub verify: bool,
    /// Null for none.
    #[serde(default)]
    pub chaos: Option<Vec<String>>,
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
    /// Origins besides the nodes' own that an API key may be sent to.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub trusted_origins: Vec<String>,
    /// The simulated cluster, for the dialect `sim`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sim: Option<SimCluster>,
    /// The plan's own dialect, where `dialect` is `custom`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub custom: Option<DialectFile>,
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
    /// Left out for 100,000.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub queue_max: Option<u32>,
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

impl Default for LoadFile {
    fn default() -> Self {
        LoadFile {
            model: "closed".into(),
            entities: 50,
            think_ms: None,
            think_jitter_ms: None,
            rate_per_s: None,
            arrivals: None,
            queue_max: None,
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

pub(super) fn format_name() -> String {
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
