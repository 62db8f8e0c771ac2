//! Reading an experiment file: from bytes of unknown origin to an experiment, or to an error that
//! says what is wrong.

use serde::Deserialize;
use serde_json::Value;

use super::model::{ARMS_MAX, Experiment, PAIRS_MAX, repeats_max};
use super::view::ExperimentView;
use super::wire::{ExperimentFile, VERSION};
use crate::run::plausible;
use crate::run::upgrade::upgrade;
use crate::run::{FILE_MAX, RunError, unpacked};
use fwit_model::plan::Problem;

/// Why a file can't be opened as an experiment.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ExperimentError {
    /// It is something else.
    #[error("This is not a fwit experiment: {0}.")]
    NotAnExperiment(String),
    /// It was written by a newer fwit.
    #[error(
        "This experiment has version {found}; this fwit reads up to version {known}. Open it with \
         a newer fwit."
    )]
    TooNew {
        /// The file's version.
        found: u64,
        /// The newest this program knows.
        known: u32,
    },
    /// It is larger than anything fwit writes.
    #[error("This file is too large: more than {} MB unpacked.", FILE_MAX / 1024 / 1024)]
    TooLarge,
    /// It is an experiment, but damaged.
    #[error("This experiment is damaged at {place}: {what}.")]
    Broken {
        /// Where.
        place: String,
        /// What.
        what: String,
    },
    /// It can't be carried out.
    #[error("{}", list(.0))]
    Invalid(Vec<Problem>),
}

impl From<RunError> for ExperimentError {
    fn from(error: RunError) -> Self {
        match error {
            RunError::TooLarge => ExperimentError::TooLarge,
            RunError::Broken { place, what } => ExperimentError::Broken { place, what },
            other => {
                ExperimentError::Broken { place: "a run in it".into(), what: other.to_string() }
            }
        }
    }
}

fn list(problems: &[Problem]) -> String {
    problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

/// What every file of fwit has.
#[derive(Deserialize)]
struct Head {
    format: Option<Value>,
    version: Option<Value>,
}

/// Reads an experiment file, with or without results; gzip is unpacked.
///
/// # Errors
/// See [`ExperimentError`].
pub fn read(bytes: &[u8]) -> Result<(ExperimentFile, Experiment), ExperimentError> {
    let mut file = read_json(&unpacked(bytes)?)?;
    let experiment = Experiment::from_file(&file).map_err(ExperimentError::Invalid)?;
    let broken = |place: String, what: &str| ExperimentError::Broken { place, what: what.into() };
    if file.periods.len() > (PAIRS_MAX + repeats_max(PAIRS_MAX)) as usize * ARMS_MAX {
        return Err(broken("periods".into(), "there are more than any experiment has"));
    }
    if let Some(problem) = file.labels.problem() {
        return Err(broken("labels".into(), problem.trim_end_matches('.')));
    }
    let mut last = f64::NEG_INFINITY;
    for (i, period) in file.periods.iter().enumerate() {
        let place = || format!("periods[{i}]");
        if period.arm as usize >= file.arms.len() || period.pair >= file.design.pairs {
            return Err(broken(place(), "this experiment has no such arm or pair"));
        }
        if !period.started_s.is_finite() || period.started_s <= last {
            return Err(broken(place(), "it does not start after the one before"));
        }
        last = period.started_s;
        if period.run.format != "fwit-run" || period.run.version > crate::run::wire::VERSION {
            return Err(broken(place(), "its run has a version that this fwit does not know"));
        }
    }
    // Version 3 adds fields, whose defaults are what older files mean: orders are balanced, and
    // nothing was extended.
    file.version = VERSION;
    for (i, period) in file.periods.iter_mut().enumerate() {
        upgrade(&mut period.run);
        plausible::check(&period.run)
            .map_err(|wrong| broken(format!("periods[{i}].run.{}", wrong.place), &wrong.what))?;
    }
    Ok((file, experiment))
}

fn read_json(bytes: &[u8]) -> Result<ExperimentFile, ExperimentError> {
    let clip = |text: String| text.chars().take(200).collect::<String>();
    let head: Head = fwit_model::json::read_file(bytes)
        .map_err(|_| ExperimentError::NotAnExperiment("it is not JSON, or it is cut off".into()))?;
    match head.format.as_ref().map(|f| f.as_str().unwrap_or("?")) {
        Some("fwit-experiment") => {}
        Some(other) => {
            return Err(ExperimentError::NotAnExperiment(format!(
                "it calls itself “{}”",
                clip(other.into())
            )));
        }
        None => return Err(ExperimentError::NotAnExperiment("it has no “format”".into())),
    }
    match head.version.as_ref().map(Value::as_u64) {
        Some(Some(v)) if v > u64::from(VERSION) => {
            return Err(ExperimentError::TooNew { found: v, known: VERSION });
        }
        None | Some(Some(1..=3)) => {}
        _ => {
            return Err(ExperimentError::Broken {
                place: "version".into(),
                what: "it is not a version".into(),
            });
        }
    }
    fwit_model::json::read(bytes)
        .map_err(|e| ExperimentError::Broken { place: e.place, what: clip(e.what) })
}

/// Reads an experiment file and makes its view.
///
/// # Errors
/// See [`ExperimentError`].
pub fn open(bytes: &[u8]) -> Result<(ExperimentFile, ExperimentView), ExperimentError> {
    let (mut file, _) = read(bytes)?;
    let view = super::analyze(&file)?;
    file.comparisons.clone_from(&view.comparisons);
    Ok((file, view))
}

#[cfg(test)]
mod tests {
    use super::super::compare::tests::experiment;
    use super::*;

    #[test]
    fn what_is_written_opens_again() {
        let file = experiment(1.1);
        let json = serde_json::to_vec(&file).unwrap();
        let (mut again, view) = open(&json).unwrap();
        assert!(again.comparisons == view.comparisons && view.comparisons.len() == 1);
        let written = serde_json::to_vec(&again).unwrap();
        assert!(serde_json::to_vec(&open(&written).unwrap().0).unwrap() == written);
        again.comparisons.clear();
        assert!(again == file);
        // Twenty runs of two operations.
        assert!(json.len() < 1_000_000, "{}", json.len());
    }

    #[test]
    fn hostile_files_give_errors() {
        let json = serde_json::to_string(&experiment(1.0)).unwrap();
        for cut in (0..json.len()).step_by(json.len() / 40) {
            assert!(read(&json.as_bytes()[..cut]).is_err());
        }
        let change = |from: &str, to: &str| {
            assert!(json.contains(from), "{from}");
            read(json.replacen(from, to, 1).as_bytes()).unwrap_err()
        };
        assert!(matches!(
            change("\"version\":3", "\"version\":9"),
            ExperimentError::TooNew { found: 9, .. }
        ));
        assert!(matches!(
            change("fwit-experiment", "fwit-plan"),
            ExperimentError::NotAnExperiment(_)
        ));
        assert!(matches!(change("\"pairs\":10", "\"pairs\":1"), ExperimentError::Invalid(_)));
        assert!(matches!(change("\"pair\":9", "\"pair\":10"), ExperimentError::Broken { .. }));
        assert!(matches!(
            change("\"started_s\":11.0", "\"started_s\":-1.0"),
            ExperimentError::Broken { .. }
        ));
        assert!(matches!(change("\"id\":\"\"", "\"idd\":\"\""), ExperimentError::Broken { .. }));
        let mut broken = experiment(1.0);
        broken.periods[3].run.latency[0].hist = "AAAA".into();
        let error = open(&serde_json::to_vec(&broken).unwrap()).unwrap_err();
        assert!(matches!(error, ExperimentError::Broken { .. }), "{error:?}");
    }
}
