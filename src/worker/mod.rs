//! The worker: receives a message, calls what does the work, and sends the answer.
//!
//! May not enter: policy, statistics, parsing, views.
//! Invariant: it speaks first ([`FromWorker::Ready`]), and answers every message, if need be with
//! an error.
//! Tests: tests/browser and tests/e2e.

mod at_hand;
mod calibrate;
mod check;
mod environment;
mod experiment;
mod import;
mod load;
mod separate_runs;
mod trial;
mod watch;

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use futures_channel::mpsc::{Receiver, Sender, channel};
use js_sys::{Array, Uint8Array};
use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::*;
use web_sys::{Blob, DedicatedWorkerGlobalScope, MessageEvent};

use crate::protocol::{self, Failure, FromWorker, Opened, OpenedExperiment, ToWorker};
use fwit_engine::controls::Control;
use fwit_engine::live_run::{CannotStart, Stop};
use fwit_report::experiment::ExperimentError;
use fwit_report::run::view::Disturbance;
use fwit_report::run::{self, RunError};

/// What the user does may wait so far.
const CONTROLS_MAX: usize = 64;

/// The worker's side of the conversation.
#[derive(Clone, Debug)]
struct Port {
    scope: DedicatedWorkerGlobalScope,
}

impl Port {
    fn send(&self, message: &FromWorker) {
        let sent = protocol::encode(message).ok().and_then(|bytes| {
            let buffer = Uint8Array::from(bytes.as_slice()).buffer();
            self.scope.post_message_with_transfer(&buffer, &Array::of1(&buffer)).ok()
        });
        // The page must not wait for a message that is too large; a small one can still be sent.
        if sent.is_none() && !matches!(message, FromWorker::Failed(_)) {
            self.fail(vec![
                "The worker could not hand its result to the page: it is too large.".into(),
            ]);
        }
    }

    fn fail(&self, messages: Vec<String>) {
        self.send(&FromWorker::Failed(messages.into()));
    }
}

impl From<CannotStart> for Failure {
    fn from(error: CannotStart) -> Failure {
        Failure { untrusted: error.untrusted(), ..error.to_string().into() }
    }
}

/// Starts listening, and says so.
pub fn start() {
    console_error_panic_hook::set_once();
    let scope: DedicatedWorkerGlobalScope = js_sys::global().unchecked_into();
    let port = Port { scope: scope.clone() };
    let running: RefCell<Option<Running>> = RefCell::new(None);
    let comparisons = separate_runs::Comparisons::default();
    let at_hand = at_hand::AtHand::default();
    let inside = port.clone();
    let listener = Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| {
        // A file comes beside the message that speaks of it.
        let (message, file) = match event.data().dyn_into::<Array>() {
            Ok(both) => (both.get(0), both.get(1).dyn_into::<Blob>().ok()),
            Err(message) => (message, None),
        };
        let bytes = Uint8Array::new(&message).to_vec();
        match protocol::decode::<ToWorker>(&bytes) {
            Ok(ToWorker::Import { name }) => import::read(&inside, &name, file),
            Ok(message) => receive(&inside, &running, &comparisons, &at_hand, message),
            Err(error) => inside.fail(vec![error.to_string()]),
        }
    });
    scope.set_onmessage(Some(listener.as_ref().unchecked_ref()));
    // The worker listens as long as it lives.
    listener.forget();
    port.send(&FromWorker::Ready);
}

/// The run under way or over, as messages reach it.
#[derive(Clone, Debug)]
struct Running {
    stop: Stop,
    /// What the user does comes in here.
    controls: Rc<RefCell<Sender<Control>>>,
    notes: Notes,
    /// Keep the run from its first second on again.
    keep_whole: Rc<Cell<bool>>,
}

/// What the page told of itself since the last snapshot, and when (ms of the worker's clock).
type Notes = Rc<RefCell<Vec<(Disturbance, bool, f64)>>>;

fn receive(
    port: &Port,
    running: &RefCell<Option<Running>>,
    comparisons: &separate_runs::Comparisons,
    at_hand: &at_hand::AtHand,
    message: ToWorker,
) {
    match message {
        ToWorker::Start(start) => {
            if let Some((run, controls)) = begin(port, running) {
                let work = load::carry_out(port.clone(), *start, run, controls);
                wasm_bindgen_futures::spawn_local(work);
            }
        }
        ToWorker::Experiment(start) => {
            if let Some((run, _)) = begin(port, running) {
                wasm_bindgen_futures::spawn_local(experiment::carry_out(port.clone(), *start, run));
            }
        }
        ToWorker::Stop => {
            if let Some(run) = &*running.borrow() {
                run.stop.stop();
            }
        }
        ToWorker::Control(control) => {
            if let Some(run) = &*running.borrow() {
                // A run that is over takes none, and one takes no more at once than hands give.
                let _ = run.controls.borrow_mut().try_send(control);
            }
        }
        ToWorker::Note { trouble, begins } => {
            if let Some(run) = &*running.borrow() {
                let now = port.scope.performance().map_or(0.0, |p| p.now());
                run.notes.borrow_mut().push((trouble, begins, now));
            }
        }
        ToWorker::Calibrate { plan_json } => {
            wasm_bindgen_futures::spawn_local(calibrate::measure(port.clone(), plan_json));
        }
        ToWorker::Check { plan_json, api_key } => {
            wasm_bindgen_futures::spawn_local(check::look(port.clone(), plan_json, api_key));
        }
        ToWorker::FindLanes { plan_json, api_key } => {
            let look = check::look_for_lanes(port.clone(), plan_json, api_key);
            wasm_bindgen_futures::spawn_local(look);
        }
        ToWorker::Try { plan_json, api_key } => {
            wasm_bindgen_futures::spawn_local(trial::send(port.clone(), plan_json, api_key));
        }
        ToWorker::KeepWhole => {
            if let Some(run) = &*running.borrow() {
                run.keep_whole.set(true);
            }
        }
        ToWorker::Recover { request, head, parts } => {
            let file = run::recovery::recovered(&head, &parts);
            let result = file.and_then(|file| {
                let view = run::summary::view(&file)?;
                Ok(Box::new(Opened { json: fwit_model::json::write(&file), view }))
            });
            let result = result.map_err(|error| error.to_string());
            port.send(&FromWorker::Opened { request, result });
        }
        // Handled where the file is.
        ToWorker::Import { .. } => {}
        ToWorker::Open { request, bytes, .. } => {
            port.send(&open(comparisons, request, &bytes));
        }
        ToWorker::CompareRuns { request, measure, runs } => {
            comparisons.ask(port, request, measure, runs);
        }
        ToWorker::Add { request, place, json } => comparisons.add(port, request, place, &json),
        ToWorker::Select { request, run, json, selection } => {
            let result = at_hand.select(&run, json, &selection);
            port.send(&FromWorker::Selected { request, result: result.map(Box::new) });
        }
        ToWorker::Export { request, run, json, form } => {
            let result = at_hand.export(&run, json, &form);
            port.send(&FromWorker::Exported { request, result: result.map(Box::new) });
        }
        ToWorker::Cancel { request } => comparisons.forget(request),
    }
}

/// Registers a run that begins; `None` when another is under way.
fn begin(port: &Port, running: &RefCell<Option<Running>>) -> Option<(Running, Receiver<Control>)> {
    if running.borrow().as_ref().is_some_and(|run| !run.stop.is_over()) {
        port.fail(vec!["A run is under way already: stop it first.".into()]);
        return None;
    }
    let (hand, controls) = channel(CONTROLS_MAX);
    let run = Running {
        stop: Stop::default(),
        controls: Rc::new(RefCell::new(hand)),
        notes: Notes::default(),
        keep_whole: Rc::default(),
    };
    running.replace(Some(run.clone()));
    Some((run, controls))
}

/// Reads a run's or an experiment's file.
fn open(comparisons: &separate_runs::Comparisons, request: u32, bytes: &[u8]) -> FromWorker {
    let text = |error: &dyn std::fmt::Display| error.to_string();
    let result = match run::open(bytes) {
        Ok((file, view)) => {
            let opened = Opened { json: fwit_model::json::write(&file), view };
            comparisons.remember(protocol::RunKey::of(&opened), &file);
            Ok(Box::new(opened))
        }
        Err(RunError::NotARun(what)) => match fwit_report::experiment::open(bytes) {
            Ok((file, view)) => {
                let opened =
                    Box::new(OpenedExperiment { json: fwit_model::json::write(&file), view });
                return FromWorker::OpenedExperiment { request, opened };
            }
            Err(ExperimentError::NotAnExperiment(_)) => Err(text(&RunError::NotARun(what))),
            Err(error) => Err(text(&error)),
        },
        Err(error) => Err(text(&error)),
    };
    FromWorker::Opened { request, result }
}
