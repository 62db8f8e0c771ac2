//! Comparing runs in the worker. What runs say of their seconds is remembered from when they were opened; what is not
//! there is asked for. The bootstrap goes on in slices, so that a message that cancels it is heard between two of them.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;

use gloo_timers::future::TimeoutFuture;

use super::Port;
use crate::protocol::{FromWorker, RunKey};
use crate::run::contrast::{Contrast, Job, Seconds};
use crate::run::view::Measure;
use crate::run::wire::RunFile;

/// Resamples of one run at a time.
const STEP: u32 = 250;
/// How long a slice lasts before other messages are heard, ms.
const SLICE_MS: f64 = 50.0;
/// Most cells of histograms remembered, of 8 bytes each: two dozen runs of ten minutes.
const REMEMBERED: usize = 16_000_000;

/// A run's seconds in service and in response times.
type Both = [Rc<Seconds>; 2];

/// The comparisons that somebody waits for, and the runs that were seen last.
#[derive(Clone, Debug, Default)]
pub(super) struct Contrasts {
    inner: Rc<RefCell<Inner>>,
}

#[derive(Debug, Default)]
struct Inner {
    open: Vec<Open>,
    seen: VecDeque<(RunKey, Both)>,
}

/// A comparison that somebody waits for.
#[derive(Debug)]
struct Open {
    request: u32,
    measure: Measure,
    resamples: u32,
    keys: Vec<RunKey>,
    runs: Vec<Option<Both>>,
}

impl Inner {
    fn open(&self, request: u32) -> Option<&Open> {
        self.open.iter().find(|open| open.request == request)
    }

    fn open_mut(&mut self, request: u32) -> Option<&mut Open> {
        self.open.iter_mut().find(|open| open.request == request)
    }
}

impl Contrasts {
    /// Keeps what a run says of its seconds.
    pub(super) fn remember(&self, key: RunKey, file: &RunFile) -> Both {
        let both = [Measure::Service, Measure::Response].map(|m| Rc::new(Seconds::of(file, m)));
        let mut inner = self.inner.borrow_mut();
        inner.seen.retain(|(other, _)| *other != key);
        inner.seen.push_back((key, both.clone()));
        let cells = |(_, both): &(RunKey, Both)| both.iter().map(|s| s.cells_held()).sum::<usize>();
        while inner.seen.len() > 1 && inner.seen.iter().map(cells).sum::<usize>() > REMEMBERED {
            inner.seen.pop_front();
        }
        both
    }

    /// Forgets a comparison; one under way stops at its next slice.
    pub(super) fn forget(&self, request: u32) {
        self.inner.borrow_mut().open.retain(|open| open.request != request);
    }

    /// Takes a comparison up: it starts as soon as all runs are there.
    pub(super) fn ask(&self, port: &Port, request: u32, measure: Measure, resamples: u32, keys: Vec<RunKey>) {
        let mut inner = self.inner.borrow_mut();
        let seen = |key: &RunKey| inner.seen.iter().find(|s| s.0 == *key).map(|s| s.1.clone());
        let runs: Vec<Option<Both>> = keys.iter().map(seen).collect();
        let places = runs.iter().enumerate().filter(|(_, r)| r.is_none()).map(|(i, _)| i as u32);
        let places: Vec<u32> = places.collect();
        inner.open.retain(|open| open.request != request);
        inner.open.push(Open { request, measure, resamples, keys, runs });
        drop(inner);
        if places.is_empty() {
            self.start(port, request);
        } else {
            port.send(&FromWorker::Wanted { request, places });
        }
    }

    /// Takes a run that was asked for.
    pub(super) fn add(&self, port: &Port, request: u32, place: u32, json: &str) {
        let key = self.inner.borrow().open(request).and_then(|o| o.keys.get(place as usize).cloned());
        // Cancelled meanwhile: nobody waits.
        let Some(key) = key else { return };
        let both = match crate::run::read(json.as_bytes()) {
            Ok(file) => self.remember(key, &file),
            Err(error) => {
                self.forget(request);
                let result = Err(error.to_string());
                return port.send(&FromWorker::Contrasted { request, result, over: true });
            }
        };
        let whole = self.inner.borrow_mut().open_mut(request).is_some_and(|open| {
            if let Some(slot) = open.runs.get_mut(place as usize) {
                *slot = Some(both);
            }
            open.runs.iter().all(Option::is_some)
        });
        if whole {
            self.start(port, request);
        }
    }

    fn start(&self, port: &Port, request: u32) {
        let inner = self.inner.borrow();
        let Some(open) = inner.open(request) else { return };
        let which = usize::from(open.measure != Measure::Service);
        let runs = open.runs.iter().flatten().filter_map(|both| both.get(which).cloned()).collect();
        let job = Job::new(runs, open.measure, open.resamples);
        drop(inner);
        let (all, port) = (self.clone(), port.clone());
        wasm_bindgen_futures::spawn_local(async move {
            if let Some(contrast) = all.carry_out(&port, request, job).await {
                all.forget(request);
                let result = Ok(Box::new(contrast));
                port.send(&FromWorker::Contrasted { request, result, over: true });
            }
        });
    }

    /// The whole contrast; `None` where it was cancelled.
    async fn carry_out(&self, port: &Port, request: u32, mut job: Job) -> Option<Contrast> {
        let mut told = false;
        let now = || port.scope.performance().map_or(0.0, |p| p.now());
        let mut since = now();
        while job.step(STEP) {
            if !told && !job.so_far().scopes.is_empty() {
                told = true;
                let result = Ok(Box::new(job.so_far().clone()));
                port.send(&FromWorker::Contrasted { request, result, over: false });
            }
            if (0.0..SLICE_MS).contains(&(now() - since)) {
                continue;
            }
            port.send(&FromWorker::Progress { request, done: job.progress() });
            TimeoutFuture::new(0).await;
            self.inner.borrow().open(request)?;
            since = now();
        }
        Some(job.contrast())
    }
}
