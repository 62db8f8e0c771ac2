//! docs/protocol.md has an example of each message between page and worker, and they are read as
//! such messages.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use fwit::protocol::{FromWorker, ToWorker, decode, encode};
use serde::{Serialize, de::DeserializeOwned};

const PAGE: &str = include_str!("../docs/protocol.md");

/// The text of the block “```json KIND”.
fn block(kind: &str) -> &str {
    let start = format!("```json {kind}\n");
    let at = PAGE.find(&start).unwrap_or_else(|| panic!("docs/protocol.md has no `{start}`"));
    let body = &PAGE[at + start.len()..];
    &body[..body.find("```").expect("the block has no end")]
}

/// The messages of a block, one after the other. The names of views stand for their blocks.
fn messages<T: DeserializeOwned + Serialize + PartialEq>(kind: &str) -> Vec<T> {
    let mut text = block(kind).to_string();
    for view in ["live", "run-view", "experiment-view"] {
        text = text.replace(&format!("\"<{view}>\""), block(view));
    }
    let read = serde_json::Deserializer::from_str(&text).into_iter::<T>();
    let read: Vec<T> = read
        .enumerate()
        .map(|(i, message)| message.unwrap_or_else(|e| panic!("`{kind}`, message {i}: {e}")))
        .collect();
    for (i, message) in read.iter().enumerate() {
        let arrived: T = decode(&encode(message).unwrap()).unwrap();
        assert!(arrived == *message, "`{kind}`: message {i} does not survive the way");
    }
    read
}

/// How many messages there are in each direction: one more than the last number below.
const TO_WORKER: usize = 18;
const FROM_WORKER: usize = 23;

/// The number of a message. A new one gets the next, and raises the count above.
fn to_worker(message: &ToWorker) -> usize {
    match message {
        ToWorker::Start(..) => 0,
        ToWorker::Experiment(..) => 1,
        ToWorker::Stop => 2,
        ToWorker::Note { .. } => 3,
        ToWorker::Calibrate { .. } => 4,
        ToWorker::Check { .. } => 5,
        ToWorker::Open { .. } => 6,
        ToWorker::CompareRuns { .. } => 7,
        ToWorker::Add { .. } => 8,
        ToWorker::Cancel { .. } => 9,
        ToWorker::FindLanes { .. } => 10,
        ToWorker::KeepWhole => 11,
        ToWorker::Recover { .. } => 12,
        ToWorker::Import { .. } => 13,
        ToWorker::Try { .. } => 14,
        ToWorker::Control(..) => 15,
        ToWorker::Select { .. } => 16,
        ToWorker::Export { .. } => 17,
    }
}

fn from_worker(message: &FromWorker) -> usize {
    match message {
        FromWorker::Ready => 0,
        FromWorker::Started { .. } => 1,
        FromWorker::Snapshot(..) => 2,
        FromWorker::Finished(..) => 3,
        FromWorker::Period(..) => 4,
        FromWorker::ExperimentFinished(..) => 5,
        FromWorker::Failed { .. } => 6,
        FromWorker::Checked { .. } => 7,
        FromWorker::Calibrated { .. } => 8,
        FromWorker::Opened { .. } => 9,
        FromWorker::OpenedExperiment { .. } => 10,
        FromWorker::Wanted { .. } => 11,
        FromWorker::Progress { .. } => 12,
        FromWorker::Compared { .. } => 13,
        FromWorker::LanesLooked { .. } => 14,
        FromWorker::ExperimentKept(..) => 15,
        FromWorker::RunKept(..) => 16,
        FromWorker::Tried { .. } => 17,
        FromWorker::Importing { .. } => 18,
        FromWorker::Imported { .. } => 19,
        FromWorker::ImportOver => 20,
        FromWorker::Selected { .. } => 21,
        FromWorker::Exported { .. } => 22,
    }
}

fn all_are_there(kind: &str, numbers: impl Iterator<Item = usize>, count: usize) {
    let mut seen = vec![false; count];
    numbers.for_each(|number| seen[number] = true);
    let missing: Vec<usize> = (0..count).filter(|number| !seen[*number]).collect();
    assert!(missing.is_empty(), "`{kind}` lacks examples of the messages numbered {missing:?}");
}

#[test]
fn each_message_to_the_worker_has_an_example() {
    let read = messages::<ToWorker>("to-worker");
    all_are_there("to-worker", read.iter().map(to_worker), TO_WORKER);
}

#[test]
fn each_message_from_the_worker_has_an_example() {
    let read = messages::<FromWorker>("from-worker");
    all_are_there("from-worker", read.iter().map(from_worker), FROM_WORKER);
}
