//! A plan from its JSON text, and back.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::file::format_name;
pub use super::file::*;
use super::{Arrivals, BaseUrl, Model, Plan, Problem, QUEUE_MAX, Ramp, Stage, validate};
use crate::dialect::CUSTOM;

/// Reads a plan from its JSON text.
///
/// # Errors
/// All that is wrong with it, each with the field's path in the file.
pub fn read(json: &str) -> Result<Plan, Vec<Problem>> {
    let one = |field: &str, message: String| vec![Problem::new(field, message)];
    let head: Head = crate::json::read_file(json.as_bytes())
        .map_err(|e| one("", format!("This is not JSON: {e}.")))?;
    let format = head.format.as_ref().map_or("fwit-plan", |f| f.as_str().unwrap_or("?"));
    if format != "fwit-plan" {
        return Err(one("format", format!("This file is a “{format}”, not a “fwit-plan”.")));
    }
    match head.version.as_ref().map(|v| (v.as_u64(), v)) {
        Some((None | Some(0), v)) => {
            let text = crate::json::write(v);
            return Err(one(
                "version",
                format!("{text} is not a version: this fwit reads version 1."),
            ));
        }
        Some((Some(v), _)) if v > u64::from(VERSION) => {
            let text = format!(
                "This plan has version {v}; this fwit reads up to {VERSION}. Use a newer fwit."
            );
            return Err(one("version", text));
        }
        _ => {}
    }
    let file: PlanFile = crate::json::read(json.as_bytes())
        .map_err(|e| one("", format!("The plan does not fit: {e}.")))?;
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
            trusted_origins: plan.cluster.trusted_origins.iter().map(BaseUrl::origin).collect(),
            sim: plan.cluster.sim.clone(),
            custom: (plan.cluster.dialect.name() == CUSTOM)
                .then(|| plan.cluster.dialect.file().clone()),
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
            queue_max: Some(plan.load.queue_max)
                .filter(|queue| model == "open" && *queue != QUEUE_MAX),
            stages: plan.load.stages.iter().map(|s| StageFile::new(s, model == "open")).collect(),
        },
        mix: BTreeMap::from_iter(plan.mix.iter().cloned()),
        keys: KeysFile {
            space: plan.keys.space,
            known: plan.keys.known,
            value_bytes: plan.keys.value_bytes,
        },
        disable_leader_stickiness: plan.disable_leader_stickiness,
        subscribers: plan.subscribers,
        verify: plan.verify,
        chaos: (!plan.chaos.is_empty())
            .then(|| plan.chaos.iter().map(|c| c.text.clone()).collect()),
        thresholds: plan.thresholds.iter().map(|t| t.text.clone()).collect(),
    }
}

/// The plan as JSON text for people, two spaces deep.
#[must_use]
pub fn to_json(plan: &Plan) -> String {
    // Plain strings, numbers and lists always serialize.
    crate::json::pretty(&to_file(plan))
}

impl StageFile {
    /// A stage as the file has it.
    #[must_use]
    pub fn new(stage: &Stage, open: bool) -> StageFile {
        StageFile {
            duration_s: stage.duration.as_secs(),
            entities: (!open).then_some(stage.target),
            rate_per_s: open.then_some(stage.target),
            ramp: if stage.ramp == Ramp::Linear { "linear" } else { "step" }.into(),
        }
    }
}
