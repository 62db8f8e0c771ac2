//! What page and worker say to each other.
//!
//! Messages have no version: page and worker are one compiled module.
//!
//! May not enter: behaviour.
//! Invariant: the worker speaks first ([`FromWorker::Ready`]); the page sends nothing before it.
//! One worker does one thing at a time; the engine and the analysis are two workers of the same
//! program.
//! Tests: beside the code; tests/protocol_docs.rs reads the examples of docs/protocol.md; both ends
//! in tests/browser and tests/e2e.

use std::hash::{DefaultHasher, Hash, Hasher};

use serde::{Deserialize, Serialize};

use fwit_engine::controls::Control;
use fwit_engine::trial::TrialStep;
use fwit_report::check::NodeCheck;
use fwit_report::experiment::view::{ExperimentView, Progress};
use fwit_report::run::intervals::RunIntervals;
use fwit_report::run::select::{Selected, Selection};
use fwit_report::run::view::{Calibration, Disturbance, Live, Measure, RunView};

/// Page to worker.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum ToWorker {
    /// Carry out a plan.
    Start(Box<Start>),
    /// Carry out an experiment: `plan_json` is its file.
    Experiment(Box<Start>),
    /// End the run or the experiment now; what was measured counts.
    Stop,
    /// What the user does to a run under way.
    Control(Control),
    /// Something that can disturb a run begins or ends in the page.
    Note {
        /// What.
        trouble: Disturbance,
        /// Whether it begins.
        begins: bool,
    },
    /// Measure how fast this browser is against a server that does nothing: the page's own.
    Calibrate {
        /// The plan whose slots are used, as JSON text.
        plan_json: String,
    },
    /// Look at every address of a plan's nodes.
    Check {
        /// The plan, as JSON text.
        plan_json: String,
        /// Never saved.
        api_key: Option<String>,
    },
    /// Look whether the lanes of a plan's nodes lead to them, for about a second.
    FindLanes {
        /// The plan, as JSON text; its lanes are what is asked.
        plan_json: String,
        /// Only where the user asked for lanes. Never saved.
        api_key: Option<String>,
    },
    /// Send one request of each operation of a plan.
    Try {
        /// The plan, as JSON text.
        plan_json: String,
        /// Never saved.
        api_key: Option<String>,
    },
    /// Send the next [`FromWorker::RunKept`] from the first second on.
    KeepWhole,
    /// Make a run whole from what was kept of it: a [`FromWorker::Opened`] answers.
    Recover {
        /// Comes back with the answer.
        request: u32,
        /// Its newest head.
        head: String,
        /// Its parts, in the order in which they were kept.
        parts: Vec<String>,
    },
    /// Read a saved file.
    Open {
        /// Comes back with the answer.
        request: u32,
        /// Its name, for messages only.
        name: String,
        /// What is in it.
        bytes: Vec<u8>,
    },
    /// Read the file that comes with the message, of any tool and in any packing. News of the
    /// progress and what is found come one after another; [`FromWorker::ImportOver`] is the last.
    Import {
        /// Its name.
        name: String,
    },
    /// Make intervals of these runs; the first is the one the others are compared with.
    CompareRuns {
        /// Comes back with every answer.
        request: u32,
        /// The latency looked at.
        measure: Measure,
        /// The runs. What the worker does not remember of them it asks for.
        runs: Vec<RunKey>,
    },
    /// A run that the worker asked for, one a message.
    Add {
        /// The request it belongs to.
        request: u32,
        /// Its place among the runs.
        place: u32,
        /// The run file.
        json: String,
    },
    /// Make the numbers of a part of a run: a [`FromWorker::Selected`] answers.
    Select {
        /// Comes back with the answer.
        request: u32,
        /// The run.
        run: RunKey,
        /// Its file, where it is not the run of the last such message.
        json: Option<String>,
        /// The part.
        selection: Selection,
    },
    /// Write a run in another form: a [`FromWorker::Exported`] answers.
    Export {
        /// Comes back with the answer.
        request: u32,
        /// The run.
        run: RunKey,
        /// Its file, as with [`ToWorker::Select`].
        json: Option<String>,
        /// The form's name (`fwit_export::Form`).
        form: String,
    },
    /// The page no longer needs the answer to this request.
    Cancel {
        /// The request.
        request: u32,
    },
}

/// Which run, and which state of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunKey {
    /// Its id.
    pub id: String,
    /// A hash of its file.
    pub content: u64,
}

impl RunKey {
    /// The key of a run.
    #[must_use]
    pub fn of(run: &Opened) -> RunKey {
        let mut hash = DefaultHasher::new();
        run.json.hash(&mut hash);
        RunKey { id: run.view.id.clone(), content: hash.finish() }
    }
}

/// A run in another form.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExportedFile {
    /// The file's name.
    pub name: String,
    /// Its MIME type.
    pub mime: String,
    /// Its text.
    pub text: String,
}

/// What a run needs to start.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct Start {
    /// The plan, as JSON text.
    pub plan_json: String,
    /// Never saved, never printed.
    pub api_key: Option<String>,
    /// The run's id: letters, digits and `-`.
    pub run_id: String,
    /// Wall clock at the start, RFC 3339.
    pub started_at: String,
    /// What the page knows of browser and machine: label and text.
    pub environment: Vec<(String, String)>,
    /// How fast this browser is, where that was measured.
    pub calibration: Option<Calibration>,
}

impl std::fmt::Debug for Start {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The API key stays out of every log.
        f.debug_struct("Start").field("run_id", &self.run_id).finish_non_exhaustive()
    }
}

/// Why a run could not start or go on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// All that is wrong, a sentence each.
    pub messages: Vec<String>,
    /// Origins where the leader was said to be: trusted by the plan, the run could start.
    pub untrusted: Vec<String>,
}

impl From<Vec<String>> for Failure {
    fn from(messages: Vec<String>) -> Failure {
        Failure { messages, untrusted: Vec::new() }
    }
}

impl From<String> for Failure {
    fn from(message: String) -> Failure {
        message.lines().map(ToString::to_string).collect::<Vec<_>>().into()
    }
}

impl From<&str> for Failure {
    fn from(message: &str) -> Failure {
        message.to_string().into()
    }
}

/// Worker to page.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum FromWorker {
    /// The worker runs and listens.
    Ready,
    /// The load is on.
    Started {
        /// The run's id.
        run_id: String,
    },
    /// About once a second while a run is under way.
    Snapshot(Box<Live>),
    /// Every five seconds of a run over the network: what is kept until it is over.
    RunKept(Box<KeptRun>),
    /// The run is over.
    Finished(Box<Opened>),
    /// A period of an experiment begins; its snapshots follow.
    Period(Progress),
    /// A pair of an experiment is over: all so far, so that it can be kept.
    ExperimentKept(Box<OpenedExperiment>),
    /// The experiment is over.
    ExperimentFinished(Box<OpenedExperiment>),
    /// The run could not start or go on.
    Failed(Failure),
    /// What the connection check found.
    Checked {
        /// A node each.
        nodes: Vec<NodeCheck>,
    },
    /// Answer to [`ToWorker::FindLanes`].
    LanesLooked {
        /// What each address answered; nothing where none could be asked.
        nodes: Vec<NodeCheck>,
    },
    /// Answer to [`ToWorker::Try`].
    Tried {
        /// A request of each operation, or why none could be sent.
        result: Result<Vec<TrialStep>, String>,
    },
    /// Answer to [`ToWorker::Calibrate`].
    Calibrated {
        /// How fast, or why it can't be told.
        result: Result<Calibration, String>,
    },
    /// Answer to [`ToWorker::Open`].
    Opened {
        /// The request it answers.
        request: u32,
        /// The run, or what is wrong with the file.
        result: Result<Box<Opened>, String>,
    },
    /// Answer to [`ToWorker::Open`] where the file is an experiment.
    OpenedExperiment {
        /// The request it answers.
        request: u32,
        /// The experiment.
        opened: Box<OpenedExperiment>,
    },
    /// How far a [`ToWorker::Import`] is.
    Importing {
        /// Bytes of the file that were read.
        read: u64,
    },
    /// Something that a [`ToWorker::Import`] found.
    Imported {
        /// The file, or the one of the archive, that it was in.
        name: String,
        /// What it is, or why it can't be opened.
        item: Result<ImportedItem, String>,
    },
    /// A [`ToWorker::Import`] is over.
    ImportOver,
    /// Runs of a [`ToWorker::CompareRuns`] that the worker needs to be sent.
    Wanted {
        /// The request.
        request: u32,
        /// Their places among the runs.
        places: Vec<u32>,
    },
    /// How far a [`ToWorker::CompareRuns`] is.
    Progress {
        /// The request.
        request: u32,
        /// 0 to 1.
        done: f64,
    },
    /// Answer to [`ToWorker::Select`].
    Selected {
        /// The request.
        request: u32,
        /// The numbers, or what is wrong.
        result: Result<Box<Selected>, String>,
    },
    /// Answer to [`ToWorker::Export`].
    Exported {
        /// The request.
        request: u32,
        /// The file, or why there is none.
        result: Result<Box<ExportedFile>, String>,
    },
    /// Answer to [`ToWorker::CompareRuns`]: first of all operations together, at the end of each as
    /// well.
    Compared {
        /// The request.
        request: u32,
        /// The intervals, or why there are none.
        result: Result<Box<RunIntervals>, String>,
        /// Whether it is the last answer.
        over: bool,
    },
}

/// What is kept of a run under way: see `fwit_report::run::recovery`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptRun {
    /// Its head: takes the place of the one before.
    pub head: String,
    /// Its newest seconds: one more part.
    pub part: String,
    /// Whether the part begins with the first second.
    pub whole: bool,
}

/// A run: its file and what to show of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Opened {
    /// The run file, JSON text.
    pub json: String,
    /// What to show.
    pub view: RunView,
}

/// What a file may hold.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum ImportedItem {
    /// A run, fwit's or another tool's.
    Run(Box<Opened>),
    /// An experiment.
    Experiment(Box<OpenedExperiment>),
    /// A plan: its text.
    Plan(String),
}

/// An experiment: its file and what to show of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OpenedExperiment {
    /// The experiment file, JSON text.
    pub json: String,
    /// What to show.
    pub view: ExperimentView,
}

/// A message that could not be read.
#[derive(Debug, thiserror::Error)]
#[error("A message between page and worker could not be read ({0}). Reload the page.")]
pub struct ProtocolError(#[from] postcard::Error);

/// A message as bytes.
///
/// # Errors
/// Where a type can't be written; none of ours.
pub fn encode<T: Serialize>(message: &T) -> Result<Vec<u8>, ProtocolError> {
    Ok(postcard::to_stdvec(message)?)
}

/// A message from bytes.
///
/// # Errors
/// Where the bytes are no such message.
pub fn decode<T: for<'a> Deserialize<'a>>(bytes: &[u8]) -> Result<T, ProtocolError> {
    Ok(postcard::from_bytes(bytes)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_survive_the_way() {
        let message = FromWorker::Snapshot(Box::default());
        assert_eq!(decode::<FromWorker>(&encode(&message).unwrap()).unwrap(), message);
    }

    #[test]
    fn broken_messages_are_errors() {
        let bytes =
            encode(&ToWorker::Open { request: 1, name: "a".into(), bytes: vec![1; 50] }).unwrap();
        for cut in 0..bytes.len() {
            assert!(decode::<ToWorker>(&bytes[..cut]).is_err());
        }
    }

    #[test]
    fn the_key_is_not_printed() {
        let start = Start {
            plan_json: String::new(),
            api_key: Some("secret".into()),
            run_id: "r".into(),
            started_at: String::new(),
            environment: Vec::new(),
            calibration: None,
        };
        assert!(!format!("{:?}", ToWorker::Start(Box::new(start))).contains("secret"));
    }
}
