//! The engine in its worker, as the page sees it: start, stop, check, calibrate, and its snapshots.
//!
//! Invariant: snapshots are written to signals at most once a frame.

mod asks;
mod keep;
mod signs;
mod watchdog;

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;
use std::sync::Arc;

use leptos::prelude::*;

pub use self::asks::{Check, Trial};
use self::keep::lock_run;
pub use self::keep::{Keep, name_of_load, run_lock};
use self::signs::Watchdog;
use super::item::Item;
use crate::browser::environment;
use crate::browser::frame::FramePump;
use crate::browser::listener::Listener;
use crate::browser::locks::Held;
use crate::browser::page_lifecycle::PageLifecycle;
use crate::browser::worker_link::{LinkError, WorkerLink};
use crate::protocol::{Failure, FromWorker, Start, ToWorker};
use fwit_engine::controls::Control;
use fwit_model::plan::{Plan, wire};
use fwit_present::inbox::{Inbox, extend_history};
use fwit_report::check::NodeCheck;
use fwit_report::experiment::Experiment;
use fwit_report::experiment::view::Progress;
use fwit_report::experiment::wire::PeriodFile;
use fwit_report::run::view::{Calibration, Live, Second};

/// What the engine does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Status {
    /// Nothing was started yet.
    Idle,
    /// A run is being started.
    Starting,
    /// A run is under way.
    Running,
    /// A run is being stopped.
    Stopping,
    /// The last run ended well, and has this id.
    Done(String),
    /// The last run could not start or go on, for these reasons.
    Failed(Vec<String>),
}

impl Status {
    /// Returns whether a run is under way.
    pub fn is_busy(&self) -> bool {
        matches!(self, Status::Starting | Status::Running | Status::Stopping)
    }

    /// Returns the value of the root element's `data-fwit`.
    pub fn name(&self) -> &'static str {
        match self {
            Status::Idle => "idle",
            Status::Starting | Status::Running | Status::Stopping => "running",
            Status::Done(_) => "done",
            Status::Failed(_) => "error",
        }
    }
}

/// How fast this browser is, as far as it was measured.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Calibrated {
    /// The newest measurement. It is kept for later runs.
    pub known: Option<Calibration>,
    /// Whether a measurement is under way.
    pub running: bool,
    /// Why the last one failed.
    pub failure: Option<String>,
}

/// How a run ended: the run or the experiment, or why there is none.
pub type RunEnd = Result<Item, Failure>;

/// Is told how a run ended.
type OnEnd = Box<dyn FnOnce(RunEnd)>;

/// Is told what there is of what is under way.
type OnKept = Box<dyn Fn(&Keep)>;

/// Is told what a calibration found.
type OnCalibrated = Box<dyn FnOnce(Result<Calibration, String>)>;

/// Is told what addresses answered to a look for lanes.
type OnLanesLooked = Box<dyn FnOnce(&[NodeCheck])>;

/// An experiment under way.
#[derive(Clone, Debug, PartialEq)]
pub struct UnderWay {
    /// Its name.
    pub name: String,
    /// Its arms' names.
    pub arms: Vec<String>,
    /// Its set-up with half the load, as JSON text, and that load in words: the next step where the
    /// browser can't keep up.
    pub lighter: Option<(String, String)>,
    /// `None` until the first period begins.
    pub progress: Option<Progress>,
}

/// The engine.
#[derive(Clone, Copy)]
pub struct Engine {
    /// What it does.
    pub status: RwSignal<Status>,
    /// The plan of the run under way, or of the last one.
    pub plan: RwSignal<Option<Plan>>,
    /// The experiment under way, or the last one; `None` when it was a single run.
    pub experiment: RwSignal<Option<UnderWay>>,
    /// The newest snapshot.
    pub live: RwSignal<Live>,
    /// All seconds so far.
    pub history: RwSignal<Vec<Second>>,
    /// The connection check.
    pub check: RwSignal<Check>,
    /// One request of each operation.
    pub trial: RwSignal<Trial>,
    /// Whether lanes are looked for.
    pub looking: RwSignal<bool>,
    /// For how many seconds the worker has given no sign of a run under way, from five on.
    pub silent_s: RwSignal<Option<u32>>,
    /// How fast this browser is.
    pub calibration: RwSignal<Calibrated>,
    /// When the run was started, on the page's clock, s.
    began_s: StoredValue<f64>,
    inner: StoredValue<Inner, LocalStorage>,
}

struct Inner {
    link: Option<WorkerLink>,
    inbox: Rc<RefCell<Inbox>>,
    pump: FramePump,
    on_end: Option<OnEnd>,
    on_kept: Option<OnKept>,
    /// The id of the run under way, or of the last one.
    run_id: String,
    /// Tell other tabs that this one runs a load, until it is over and kept.
    locks: Vec<Held>,
    watchdog: Watchdog,
    /// All that wait for a calibration.
    on_calibrated: Vec<OnCalibrated>,
    /// Looks for lanes: the one under way, whose message is sent, then those that wait.
    looks: VecDeque<(Option<ToWorker>, OnLanesLooked)>,
    /// Tells the worker when the page is hidden or frozen during a run.
    lifecycle: Option<PageLifecycle>,
    /// Asks before the page is left during a run.
    guard: Option<Listener>,
    /// Catches up when a hidden tab is shown again.
    _visible: Option<Listener>,
}

impl Engine {
    /// No worker yet: the first run or check starts it.
    pub fn new() -> Engine {
        let (live, history) = (RwSignal::new(Live::default()), RwSignal::new(Vec::new()));
        let inbox = Rc::new(RefCell::new(Inbox::default()));
        let read = inbox.clone();
        let pump = FramePump::new(move || {
            let update = read.borrow_mut().take();
            if let Some(update) = update {
                // Most snapshots bring no new second: what is drawn over time stays as it is.
                if !update.seconds.is_empty() {
                    history.update(|h| extend_history(h, update.seconds));
                }
                live.set(update.live);
            }
        });
        let again = pump.clone();
        let visible = Listener::on_document("visibilitychange", move |_| again.request());
        let inner = Inner {
            link: None,
            inbox,
            pump,
            on_end: None,
            on_kept: None,
            run_id: String::new(),
            locks: Vec::new(),
            watchdog: Watchdog::default(),
            on_calibrated: Vec::new(),
            looks: VecDeque::new(),
            lifecycle: None,
            guard: None,
            _visible: visible,
        };
        Engine {
            status: RwSignal::new(Status::Idle),
            plan: RwSignal::new(None),
            experiment: RwSignal::new(None),
            live,
            history,
            check: RwSignal::new(Check::None),
            trial: RwSignal::new(Trial::None),
            looking: RwSignal::new(false),
            silent_s: RwSignal::new(None),
            calibration: RwSignal::new(Calibrated::default()),
            began_s: StoredValue::new(0.0),
            inner: StoredValue::new_local(inner),
        }
    }

    /// Returns whether the run or the experiment under way, or the last one, is simulated.
    pub fn is_simulated(self) -> bool {
        self.plan.with_untracked(|p| p.as_ref().is_some_and(|p| p.cluster.sim.is_some()))
    }

    /// Returns the real time since the run was started, s.
    pub fn passed_s(self) -> f64 {
        environment::now_s() - self.began_s.get_value()
    }

    /// Starts a run. `on_end` is told once how it ended.
    ///
    /// # Errors
    /// When a run is under way, or the worker can't be started.
    pub fn start(
        self,
        plan: Plan,
        api_key: Option<String>,
        on_kept: OnKept,
        on_end: OnEnd,
    ) -> Result<(), String> {
        self.begin(ToWorker::Start, wire::to_json(&plan), plan, api_key, None, on_end)?;
        self.inner.update_value(|inner| inner.on_kept = Some(on_kept));
        Ok(())
    }

    /// Starts an experiment, as [`Engine::start`]; one that has `periods` goes on from there, under
    /// its own id. `on_kept` is told after each pair what there is.
    ///
    /// # Errors
    /// As [`Engine::start`].
    pub fn start_experiment(
        self,
        experiment: &Experiment,
        periods: Vec<PeriodFile>,
        api_key: Option<String>,
        on_kept: OnKept,
        on_end: OnEnd,
    ) -> Result<(), String> {
        let mut file = experiment.file.clone();
        let begun = (!periods.is_empty()).then(|| (file.id.clone(), file.started_at.clone()));
        file.periods = periods;
        let json = fwit_model::json::write(&file);
        let plan = experiment.arms.first().map(|arm| arm.plan.clone()).ok_or("It has no arms.")?;
        let lighter = fwit_report::experiment::lighter(&file);
        let under_way = UnderWay {
            lighter: lighter.map(|(half, words)| (fwit_model::json::write(&half), words)),
            name: experiment.file.name.clone(),
            arms: experiment.arms.iter().map(|arm| arm.name.clone()).collect(),
            progress: None,
        };
        self.begin(ToWorker::Experiment, json, plan, api_key, Some((under_way, begun)), on_end)?;
        self.inner.update_value(|inner| inner.on_kept = Some(on_kept));
        Ok(())
    }

    /// Whether a run may start.
    ///
    /// # Errors
    /// What is under way.
    pub fn is_free(self) -> Result<(), String> {
        if self.status.get_untracked().is_busy() {
            return Err("A run is under way: stop it first.".into());
        }
        if self.check.get_untracked() == Check::Running {
            return Err("The connection check is under way: wait for its end.".into());
        }
        if self.calibration.with_untracked(|c| c.running) {
            return Err("The browser's speed is being measured: wait for its end.".into());
        }
        Ok(())
    }

    fn begin(
        self,
        message: fn(Box<Start>) -> ToWorker,
        plan_json: String,
        plan: Plan,
        api_key: Option<String>,
        experiment: Option<(UnderWay, Option<(String, String)>)>,
        on_end: OnEnd,
    ) -> Result<(), String> {
        self.is_free()?;
        let (experiment, begun) = experiment.unzip();
        let (run_id, started_at) = begun
            .flatten()
            .unwrap_or_else(|| (environment::new_run_id(), environment::now_rfc3339()));
        let simulated = plan.cluster.sim.is_some();
        let locks = if simulated { Vec::new() } else { lock_run(&run_id, &plan.name) };
        let message = message(Box::new(Start {
            plan_json,
            api_key,
            run_id: run_id.clone(),
            started_at,
            environment: environment::facts(),
            calibration: self.calibration.with_untracked(|c| c.known.clone()),
        }));
        self.send(message).map_err(|error| error.to_string())?;
        let lifecycle = PageLifecycle::watch(move |trouble, begins| {
            // A worker that is gone needs no note.
            let _ = self.send(ToWorker::Note { trouble, begins });
        });
        self.inner.update_value(|inner| {
            *inner.inbox.borrow_mut() = Inbox::default();
            inner.on_end = Some(on_end);
            inner.on_kept = None;
            (inner.run_id, inner.locks) = (run_id, locks);
            inner.lifecycle = Some(lifecycle);
            inner.guard = Listener::on_window("beforeunload", |event| event.prevent_default());
        });
        self.began_s.set_value(environment::now_s());
        self.live.set(Live::default());
        self.history.set(Vec::new());
        self.plan.set(Some(plan));
        self.experiment.set(experiment);
        self.status.set(Status::Starting);
        self.watch();
        Ok(())
    }

    /// Returns the id of the run under way, or of the last one.
    pub fn run_id(self) -> String {
        self.inner.with_value(|inner| inner.run_id.clone())
    }

    /// Ends the run now; what was measured counts. Does nothing without a run.
    pub fn stop(self) {
        if matches!(self.status.get_untracked(), Status::Starting | Status::Running) {
            self.status.set(Status::Stopping);
            self.watch_stop();
            if let Err(error) = self.send(ToWorker::Stop) {
                self.end(Err(error.to_string().into()));
            }
        }
    }

    /// Does something to the run under way. Nothing happens without a run.
    pub fn control(self, control: Control) {
        if self.status.get_untracked() == Status::Running {
            // A worker that is gone is told of by the watchdog.
            let _ = self.send(ToWorker::Control(control));
        }
    }

    /// Notes that the run has this id; `kept` when it is in the browser's store.
    pub fn done(self, id: &str, kept: bool) {
        if kept {
            self.inner.update_value(|inner| inner.guard = None);
        }
        self.status.set(Status::Done(id.to_string()));
        self.let_go();
    }

    /// Notes that the run could not start or go on.
    pub fn failed(self, messages: Vec<String>) {
        self.inner.update_value(|inner| inner.guard = None);
        self.status.set(Status::Failed(messages));
        self.let_go();
    }

    fn send(self, message: ToWorker) -> Result<(), LinkError> {
        let has_link = self.inner.with_value(|inner| inner.link.is_some());
        if !has_link {
            let link = WorkerLink::spawn("fwit engine", move |message| self.receive(message))?;
            self.inner.update_value(|inner| inner.link = Some(link));
        }
        self.inner.with_value(|inner| inner.link.as_ref().map_or(Ok(()), |link| link.send(message)))
    }

    fn receive(self, message: Result<FromWorker, LinkError>) {
        self.sign();
        match message {
            Ok(FromWorker::Snapshot(snapshot)) => self.inner.with_value(|inner| {
                inner.inbox.borrow_mut().merge(*snapshot);
                inner.pump.request();
            }),
            Ok(FromWorker::Started { .. }) => {
                if self.status.get_untracked() == Status::Starting {
                    self.status.set(Status::Running);
                }
            }
            Ok(FromWorker::Period(progress)) => {
                // Each period counts its own seconds.
                self.inner.with_value(|inner| *inner.inbox.borrow_mut() = Inbox::default());
                self.history.set(Vec::new());
                self.experiment.update(|e| {
                    if let Some(e) = e {
                        e.progress = Some(progress);
                    }
                });
            }
            Ok(FromWorker::RunKept(kept)) => self.tell_kept(&Keep::Run(*kept)),
            Ok(FromWorker::Finished(opened)) => self.end(Ok(Item::Run(Arc::from(opened)))),
            Ok(FromWorker::ExperimentKept(opened)) => {
                self.tell_kept(&Keep::Experiment(Item::Experiment(Arc::from(opened))));
            }
            Ok(FromWorker::ExperimentFinished(opened)) => {
                self.end(Ok(Item::Experiment(Arc::from(opened))));
            }
            Ok(FromWorker::Failed(failure)) => self.fail(failure),
            Ok(FromWorker::Checked { nodes }) => self.check.set(Check::Done(nodes)),
            Ok(FromWorker::Tried { result }) => {
                self.trial.set(result.map_or_else(Trial::Failed, Trial::Done));
            }
            Ok(FromWorker::LanesLooked { nodes }) => self.lanes_looked(&nodes),
            Ok(FromWorker::Calibrated { result }) => self.calibrated(result),
            Ok(
                FromWorker::Ready
                | FromWorker::Opened { .. }
                | FromWorker::OpenedExperiment { .. }
                | FromWorker::Importing { .. }
                | FromWorker::Imported { .. }
                | FromWorker::ImportOver
                | FromWorker::Wanted { .. }
                | FromWorker::Progress { .. }
                | FromWorker::Compared { .. }
                | FromWorker::Selected { .. }
                | FromWorker::Exported { .. },
            ) => {}
            Err(error) => {
                // The link can't be dropped here: this runs inside one of its own listeners.
                leptos::task::spawn_local(async move { self.end_worker() });
                self.fail(error.to_string().into());
                self.lanes_looked(&[]);
            }
        }
    }

    /// Ends what is under way, a check, a calibration or a run, with these errors.
    fn fail(self, failure: Failure) {
        if self.check.get_untracked() == Check::Running {
            self.check.set(Check::Failed(failure.messages.join(" ")));
        }
        if self.trial.get_untracked() == Trial::Running {
            self.trial.set(Trial::Failed(failure.messages.join(" ")));
        }
        if self.calibration.with_untracked(|c| c.running) {
            self.calibrated(Err(failure.messages.join(" ")));
        }
        if self.status.get_untracked().is_busy() {
            self.end(Err(failure));
        }
    }

    fn tell_kept(self, kept: &Keep) {
        self.inner.with_value(|inner| {
            if let Some(on_kept) = &inner.on_kept {
                on_kept(kept);
            }
        });
    }

    /// Asks for the whole of what there is of the run under way, with its next [`Keep`].
    pub fn keep_whole(self) {
        // Where the worker is gone, its run ends, and says so.
        let _ = self.send(ToWorker::KeepWhole);
    }

    fn end_worker(self) {
        self.inner.update_value(|inner| inner.link = None);
    }

    /// The run is over and kept, or there is none. What it took of memory, the browser gets back
    /// with its worker only: the next one is made when it is needed.
    fn let_go(self) {
        self.inner.update_value(|inner| inner.locks.clear());
        let is_asked = self.looking.get_untracked()
            || self.check.get_untracked() == Check::Running
            || self.calibration.with_untracked(|c| c.running);
        if !is_asked {
            self.end_worker();
        }
    }

    fn end(self, end: RunEnd) {
        self.unwatch();
        let on_end = self.inner.try_update_value(|inner| {
            inner.lifecycle = None;
            inner.on_end.take()
        });
        if let Some(on_end) = on_end.flatten() {
            on_end(end);
        }
    }
}
