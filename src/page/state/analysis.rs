//! The analysis worker as functions: it reads files, and makes the intervals of separate runs.
//!
//! It is started on first use, and again on the next use after it died.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

use futures_channel::oneshot;
use gloo_timers::future::TimeoutFuture;

use super::item::Item;
use crate::browser::worker_link::WorkerLink;
use crate::protocol::{ExportedFile, FromWorker, Opened, RunKey, ToWorker};
use fwit_export::Form;
use fwit_report::run::intervals::RunIntervals;
use fwit_report::run::select::{Selected, Selection};
use fwit_report::run::view::Measure;

type Answer = Result<Item, String>;

/// What is said to who waits for a worker that died.
const STOPPED: &str = "The worker that reads files stopped. Try again.";

/// News of a comparison of separate runs.
#[derive(Clone, Debug)]
pub enum ComparisonUpdate {
    /// How much of it is done, 0 to 1.
    Progress(f64),
    /// The intervals so far; `true` when they are complete.
    Known(Arc<RunIntervals>, bool),
    /// It can't be made, for this reason.
    Failed(String),
}

/// A comparison that the worker was asked for.
struct Comparison {
    request: u32,
    on_update: Rc<dyn Fn(ComparisonUpdate)>,
    runs: Vec<Arc<Opened>>,
}

/// A comparison that was asked for. Dropping it cancels it; no more updates come then.
pub struct PendingComparison {
    client: Analysis,
    request: u32,
}

impl Drop for PendingComparison {
    fn drop(&mut self) {
        self.client.forget(self.request);
    }
}

/// The analysis worker.
#[derive(Clone, Default)]
pub struct Analysis {
    inner: Rc<RefCell<Inner>>,
}

#[derive(Default)]
struct Inner {
    link: Option<WorkerLink>,
    waiting: HashMap<u32, oneshot::Sender<Answer>>,
    comparisons: Vec<Comparison>,
    selecting: HashMap<u32, oneshot::Sender<Result<Selected, String>>>,
    exporting: HashMap<u32, oneshot::Sender<Result<ExportedFile, String>>>,
    /// The run whose file the worker has at hand for selections.
    at_hand: Option<RunKey>,
    next: u32,
}

impl Analysis {
    /// Reads a run's or an experiment's file.
    ///
    /// # Errors
    /// What is wrong with the file or with the worker.
    pub async fn open(&self, name: &str, bytes: Vec<u8>) -> Answer {
        let name = name.to_string();
        self.ask(|request| ToWorker::Open { request, name, bytes }).await
    }

    /// Makes a run of what was kept of it: its newest head, and all parts.
    ///
    /// # Errors
    /// As [`Analysis::open`].
    pub async fn recover(&self, head: String, parts: Vec<String>) -> Answer {
        self.ask(|request| ToWorker::Recover { request, head, parts }).await
    }

    /// Makes the numbers of a part of a run.
    ///
    /// # Errors
    /// What is wrong with the file or with the worker.
    pub async fn select(
        &self,
        (run, key): (&Opened, RunKey),
        selection: Selection,
    ) -> Result<Selected, String> {
        let (send, receive) = oneshot::channel();
        let request = self.number()?;
        self.inner.borrow_mut().selecting.insert(request, send);
        let json = self.lacks(run, &key);
        let sent = self.send(ToWorker::Select { request, run: key, json, selection });
        self.or_forgotten(match sent {
            Ok(()) => receive.await.unwrap_or_else(|_| Err(STOPPED.into())),
            Err(error) => Err(error),
        })
    }

    /// Writes a run in another form.
    ///
    /// # Errors
    /// Why it can't be written.
    pub async fn export(&self, run: &Opened, form: Form) -> Result<ExportedFile, String> {
        let (send, receive) = oneshot::channel();
        let request = self.number()?;
        self.inner.borrow_mut().exporting.insert(request, send);
        let key = RunKey::of(run);
        let json = self.lacks(run, &key);
        let form = form.name().into();
        let sent = self.send(ToWorker::Export { request, run: key, json, form });
        self.or_forgotten(match sent {
            Ok(()) => receive.await.unwrap_or_else(|_| Err(STOPPED.into())),
            Err(error) => Err(error),
        })
    }

    /// The run's file, where the worker does not have it at hand.
    fn lacks(&self, run: &Opened, key: &RunKey) -> Option<String> {
        let mut inner = self.inner.borrow_mut();
        let known = inner.at_hand.as_ref() == Some(key);
        inner.at_hand = Some(key.clone());
        (!known).then(|| run.json.clone())
    }

    /// After an error it is not known what the worker has at hand.
    fn or_forgotten<R>(&self, result: Result<R, String>) -> Result<R, String> {
        result.inspect_err(|_| self.inner.borrow_mut().at_hand = None)
    }

    async fn ask(&self, message: impl FnOnce(u32) -> ToWorker) -> Answer {
        let (send, receive) = oneshot::channel();
        let request = self.number()?;
        self.inner.borrow_mut().waiting.insert(request, send);
        self.send(message(request))?;
        receive.await.unwrap_or_else(|_| Err(STOPPED.into()))
    }

    /// Returns the number of the next request, and starts the worker where there is none.
    fn number(&self) -> Result<u32, String> {
        let mut inner = self.inner.borrow_mut();
        if inner.link.is_none() {
            let client = self.clone();
            let link = WorkerLink::spawn("fwit analysis", move |message| match message {
                Ok(FromWorker::Opened { request, result }) => {
                    client.answer(request, result.map(|run| Item::Run(Arc::from(run))));
                }
                Ok(FromWorker::OpenedExperiment { request, opened }) => {
                    client.answer(request, Ok(Item::Experiment(Arc::from(opened))));
                }
                Ok(FromWorker::Selected { request, result }) => {
                    let waiting = client.inner.borrow_mut().selecting.remove(&request);
                    if let Some(send) = waiting {
                        // The view that asked may be gone.
                        let _ = send.send(result.map(|selected| *selected));
                    }
                }
                Ok(FromWorker::Exported { request, result }) => {
                    let waiting = client.inner.borrow_mut().exporting.remove(&request);
                    if let Some(send) = waiting {
                        let _ = send.send(result.map(|file| *file));
                    }
                }
                Ok(FromWorker::Wanted { request, places }) => client.supply(request, places),
                Ok(FromWorker::Progress { request, done }) => {
                    client.tell(request, ComparisonUpdate::Progress(done));
                }
                Ok(FromWorker::Compared { request, result, over }) => {
                    let update = match result {
                        Ok(intervals) => ComparisonUpdate::Known(Arc::from(intervals), over),
                        Err(error) => ComparisonUpdate::Failed(error),
                    };
                    client.tell(request, update);
                }
                Ok(_) => {}
                Err(error) => client.died(&error.to_string()),
            });
            inner.link = Some(link.map_err(|error| error.to_string())?);
        }
        inner.next = inner.next.wrapping_add(1);
        Ok(inner.next)
    }

    fn send(&self, message: ToWorker) -> Result<(), String> {
        let inner = self.inner.borrow();
        let sent = inner.link.as_ref().map_or(Ok(()), |link| link.send(message));
        sent.map_err(|error| error.to_string())
    }

    /// Asks for the intervals of separate runs; the others are compared with the first. `on_update`
    /// is called as they come, and not after the returned value was dropped.
    ///
    /// # Errors
    /// When the worker can't be started.
    pub fn compare_separate_runs(
        &self,
        runs: Vec<Arc<Opened>>,
        measure: Measure,
        on_update: impl Fn(ComparisonUpdate) + 'static,
    ) -> Result<PendingComparison, String> {
        let request = self.number()?;
        let keys = runs.iter().map(|run| RunKey::of(run)).collect();
        let comparison = Comparison { request, on_update: Rc::new(on_update), runs };
        self.inner.borrow_mut().comparisons.push(comparison);
        self.send(ToWorker::CompareRuns { request, measure, runs: keys })
            .inspect_err(|_| self.forget(request))?;
        Ok(PendingComparison { client: self.clone(), request })
    }

    /// Sends the runs that the worker does not remember.
    fn supply(&self, request: u32, places: Vec<u32>) {
        let client = self.clone();
        leptos::task::spawn_local(async move {
            for place in places {
                // A run file has megabytes: send one a task, and none after a cancellation.
                TimeoutFuture::new(0).await;
                let json = client
                    .inner
                    .borrow()
                    .comparisons
                    .iter()
                    .find(|c| c.request == request)
                    .and_then(|c| c.runs.get(place as usize).map(|run| run.json.clone()));
                let Some(json) = json else { return };
                if let Err(error) = client.send(ToWorker::Add { request, place, json }) {
                    client.tell(request, ComparisonUpdate::Failed(error));
                }
            }
        });
    }

    /// Returns a comparison that is complete already.
    pub fn completed(&self) -> PendingComparison {
        PendingComparison { client: self.clone(), request: 0 }
    }

    fn tell(&self, request: u32, update: ComparisonUpdate) {
        let inner = self.inner.borrow();
        let comparison = inner.comparisons.iter().find(|c| c.request == request);
        let on_update = comparison.map(|c| c.on_update.clone());
        drop(inner);
        if let Some(on_update) = on_update {
            on_update(update);
        }
    }

    fn forget(&self, request: u32) {
        self.inner.borrow_mut().comparisons.retain(|c| c.request != request);
        // A worker that is gone has nothing to forget.
        let _ = self.send(ToWorker::Cancel { request });
    }

    fn answer(&self, request: u32, result: Answer) {
        let waiting = self.inner.borrow_mut().waiting.remove(&request);
        if let Some(send) = waiting {
            // The view that asked may be gone.
            let _ = send.send(result);
        }
    }

    fn died(&self, why: &str) {
        let client = self.clone();
        let why = why.to_string();
        // The link can't be dropped here: this runs inside one of its own listeners.
        leptos::task::spawn_local(async move {
            let (waiting, comparisons) = {
                let mut inner = client.inner.borrow_mut();
                (inner.link, inner.at_hand) = (None, None);
                inner.selecting.clear();
                inner.exporting.clear();
                (std::mem::take(&mut inner.waiting), std::mem::take(&mut inner.comparisons))
            };
            for comparison in comparisons {
                (comparison.on_update)(ComparisonUpdate::Failed(why.clone()));
            }
            for (_, send) in waiting {
                let _ = send.send(Err(why.clone()));
            }
        });
    }
}
