//! The experiment's file form, version 3: what to run, and what came of it. Described in
//! docs/format.md; frozen: a change of meaning is a new version with an upgrade step.
//!
//! One form serves for both: a file without periods is an experiment that has yet to be carried
//! out.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::view::ComparisonView;
use crate::run::labels::Labels;
use crate::run::wire::RunFile;
use fwit_engine::live_run::Ended;
use fwit_model::plan::wire::PlanFile;

/// The newest version of the experiment's file form.
pub const VERSION: u32 = 3;

/// An experiment as its file has it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExperimentFile {
    /// Always `fwit-experiment`.
    #[serde(default = "format_name")]
    pub format: String,
    /// Version of the form.
    #[serde(default = "version")]
    pub version: u32,
    /// Letters, digits and `-`; empty until it is carried out.
    #[serde(default)]
    pub id: String,
    #[serde(default)]
    pub name: String,
    /// What the user says of it; left out where that is nothing.
    #[serde(default, skip_serializing_if = "Labels::is_empty")]
    pub labels: Labels,
    /// Order of periods, and the seeds of all pairs, follow from it.
    #[serde(default = "one")]
    pub seed: u64,
    /// The plan that the arms share; its seed and its lengths are the experiment's to set.
    pub base: PlanFile,
    pub arms: Vec<ArmFile>,
    #[serde(default)]
    pub design: DesignFile,
    #[serde(default)]
    pub margins: MarginsFile,
    /// RFC 3339, UTC; empty until it is carried out.
    #[serde(default)]
    pub started_at: String,
    #[serde(default)]
    pub finished_at: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<Ended>,
    /// Why it ended before its time, where that was not asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trouble: Option<String>,
    /// Browser and machine: label to text.
    #[serde(default)]
    pub environment: BTreeMap<String, String>,
    /// What a calibration before the start found: label to text. Empty without one.
    #[serde(default)]
    pub calibration: BTreeMap<String, String>,
    /// How many pairs were planned before each extension: pairs that were added after a look.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub extended: Vec<u32>,
    /// What fwit made of the periods, for scripts; computed anew whenever the file is opened.
    #[serde(default)]
    pub comparisons: Vec<ComparisonView>,
    /// Every period that was carried out to its end, in time order, those that do not count too.
    #[serde(default)]
    pub periods: Vec<PeriodFile>,
}

/// One of `arms`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ArmFile {
    pub name: String,
    /// Path in the plan file to the value it has in this arm.
    #[serde(default)]
    pub changes: BTreeMap<String, Value>,
}

/// `design`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DesignFile {
    pub pairs: u32,
    pub period_s: f64,
    /// The start of a period that is left out.
    pub settle_s: f64,
    /// Arm numbers (from 0) in the order of their periods, a list each pair. Empty: drawn from the
    /// seed.
    pub order: Vec<Vec<u32>>,
    /// Every order is tossed by a fair coin, so that pairs may be added after a look. Otherwise
    /// orders are balanced, and there are no e-values.
    pub extendable: bool,
    /// It ends before its time when this primary metric is decided, such as `throughput`. Needs
    /// `extendable`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stop_when_decided: Option<String>,
}

impl Default for DesignFile {
    fn default() -> Self {
        DesignFile {
            pairs: 10,
            period_s: 30.0,
            settle_s: 5.0,
            order: Vec::new(),
            extendable: false,
            stop_when_decided: None,
        }
    }
}

/// `margins`: the smallest ratio that matters, less 1.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct MarginsFile {
    pub throughput: f64,
    pub p50: f64,
    pub p90: f64,
    pub p99: f64,
}

impl Default for MarginsFile {
    fn default() -> Self {
        MarginsFile { throughput: 0.05, p50: 0.05, p90: 0.1, p99: 0.2 }
    }
}

/// One of `periods`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PeriodFile {
    /// Number of the pair, from 0.
    pub pair: u32,
    /// Which try of the pair this was, from 1.
    pub attempt: u32,
    /// Number of the arm, from 0.
    pub arm: u32,
    /// Since the experiment's start.
    pub started_s: f64,
    /// Node that led at the start and at the end; null where none said so.
    pub leader: [Option<String>; 2],
    /// Why it does not count; null where it does.
    pub invalid: Option<String>,
    /// Its run, without the sparse histograms of response times.
    pub run: RunFile,
}

fn format_name() -> String {
    "fwit-experiment".into()
}
fn version() -> u32 {
    VERSION
}
fn one() -> u64 {
    1
}
