//! The intervals of separate runs, in the worker.
//!
//! The seconds of runs that were opened here are remembered; the page is asked for other runs. The
//! work is done in slices, so that a message that cancels it is read between two of them.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;

use gloo_timers::future::TimeoutFuture;

use super::Port;
use crate::protocol::{FromWorker, RunKey};
use fwit_report::run::intervals::{Job, RunIntervals, Seconds};
use fwit_report::run::view::Measure;
use fwit_report::run::wire::RunFile;

/// How long a slice lasts before other messages are read, ms.
const SLICE_MS: f64 = 50.0;
/// How many cells of histograms are remembered, of 8 bytes each: two dozen runs of ten minutes.
const REMEMBERED: usize = 16_000_000;

/// A run's seconds in service and in response times.
type Both = [Rc<Seconds>; 2];

/// The comparisons that the page waits for, and the seconds of the last runs.
#[derive(Clone, Debug, Default)]
pub(super) struct Comparisons {
    inner: Rc<RefCell<Inner>>,
}

#[derive(Debug, Default)]
struct Inner {
    waiting: Vec<Waiting>,
    remembered: VecDeque<(RunKey, Both)>,
}

/// A comparison that the page waits for.
#[derive(Debug)]
struct Waiting {
    request: u32,
    measure: Measure,
    keys: Vec<RunKey>,
    runs: Vec<Option<Both>>,
}

impl Inner {
    fn waiting(&self, request: u32) -> Option<&Waiting> {
        self.waiting.iter().find(|w| w.request == request)
    }

    fn waiting_mut(&mut self, request: u32) -> Option<&mut Waiting> {
        self.waiting.iter_mut().find(|w| w.request == request)
    }
}

impl Comparisons {
    /// Remembers the seconds of a run, and returns them.
    pub(super) fn remember(&self, key: RunKey, file: &RunFile) -> Both {
        let both = [Measure::Cluster, Measure::Response].map(|m| Rc::new(Seconds::of(file, m)));
        let mut inner = self.inner.borrow_mut();
        inner.remembered.retain(|(other, _)| *other != key);
        inner.remembered.push_back((key, both.clone()));
        let cells = |(_, both): &(RunKey, Both)| both.iter().map(|s| s.cells_held()).sum::<usize>();
        while inner.remembered.len() > 1
            && inner.remembered.iter().map(cells).sum::<usize>() > REMEMBERED
        {
            inner.remembered.pop_front();
        }
        both
    }

    /// Forgets a comparison. One that is under way stops at its next slice.
    pub(super) fn forget(&self, request: u32) {
        self.inner.borrow_mut().waiting.retain(|w| w.request != request);
    }

    /// Takes a comparison on. It starts as soon as all its runs are there.
    pub(super) fn ask(&self, port: &Port, request: u32, measure: Measure, keys: Vec<RunKey>) {
        let mut inner = self.inner.borrow_mut();
        let remembered =
            |key: &RunKey| inner.remembered.iter().find(|s| s.0 == *key).map(|s| s.1.clone());
        let runs: Vec<Option<Both>> = keys.iter().map(remembered).collect();
        let places = runs.iter().enumerate().filter(|(_, r)| r.is_none()).map(|(i, _)| i as u32);
        let places: Vec<u32> = places.collect();
        inner.waiting.retain(|w| w.request != request);
        inner.waiting.push(Waiting { request, measure, keys, runs });
        drop(inner);
        if places.is_empty() {
            self.start(port, request);
        } else {
            port.send(&FromWorker::Wanted { request, places });
        }
    }

    /// Takes a run that the page was asked for.
    pub(super) fn add(&self, port: &Port, request: u32, place: u32, json: &str) {
        let key =
            self.inner.borrow().waiting(request).and_then(|w| w.keys.get(place as usize).cloned());
        // The comparison was cancelled meanwhile.
        let Some(key) = key else { return };
        let both = match fwit_report::run::read(json.as_bytes()) {
            Ok(file) => self.remember(key, &file),
            Err(error) => {
                self.forget(request);
                let result = Err(error.to_string());
                return port.send(&FromWorker::Compared { request, result, over: true });
            }
        };
        let whole = self.inner.borrow_mut().waiting_mut(request).is_some_and(|waiting| {
            if let Some(slot) = waiting.runs.get_mut(place as usize) {
                *slot = Some(both);
            }
            waiting.runs.iter().all(Option::is_some)
        });
        if whole {
            self.start(port, request);
        }
    }

    fn start(&self, port: &Port, request: u32) {
        let inner = self.inner.borrow();
        let Some(waiting) = inner.waiting(request) else { return };
        let which = usize::from(waiting.measure != Measure::Cluster);
        let runs =
            waiting.runs.iter().flatten().filter_map(|both| both.get(which).cloned()).collect();
        let job = Job::new(runs, waiting.measure);
        drop(inner);
        let (all, port) = (self.clone(), port.clone());
        wasm_bindgen_futures::spawn_local(async move {
            if let Some(intervals) = all.carry_out(&port, request, job).await {
                all.forget(request);
                let result = Ok(Box::new(intervals));
                port.send(&FromWorker::Compared { request, result, over: true });
            }
        });
    }

    /// Returns the complete intervals; `None` when the comparison was cancelled.
    async fn carry_out(&self, port: &Port, request: u32, mut job: Job) -> Option<RunIntervals> {
        let mut told = false;
        let now = || port.scope.performance().map_or(0.0, |p| p.now());
        let mut since = now();
        while job.step() {
            if !told && !job.so_far().scopes.is_empty() {
                told = true;
                let result = Ok(Box::new(job.so_far().clone()));
                port.send(&FromWorker::Compared { request, result, over: false });
            }
            if (0.0..SLICE_MS).contains(&(now() - since)) {
                continue;
            }
            port.send(&FromWorker::Progress { request, done: job.progress() });
            TimeoutFuture::new(0).await;
            self.inner.borrow().waiting(request)?;
            since = now();
        }
        Some(job.comparison())
    }
}
