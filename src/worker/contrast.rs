//! Comparing runs in the worker: run by run they come in, then the bootstrap goes on in slices, so that a message
//! that cancels it is heard between two of them.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use gloo_timers::future::TimeoutFuture;

use super::Port;
use crate::protocol::FromWorker;
use crate::run::contrast::{Job, Seconds};
use crate::run::view::Measure;

/// Resamples of one run a slice: some 20 ms.
const SLICE: u32 = 500;

/// The comparisons that somebody waits for.
#[derive(Clone, Debug, Default)]
pub(super) struct Contrasts {
    open: Rc<RefCell<BTreeMap<u32, Vec<Result<Seconds, String>>>>>,
}

impl Contrasts {
    /// Takes one run of a comparison.
    pub(super) fn add(&self, request: u32, measure: Measure, json: &str) {
        let seconds = crate::run::read(json.as_bytes())
            .map(|file| Seconds::of(&file, measure))
            .map_err(|error| error.to_string());
        self.open.borrow_mut().entry(request).or_default().push(seconds);
    }

    /// Forgets a comparison; one under way stops at its next slice.
    pub(super) fn forget(&self, request: u32) {
        self.open.borrow_mut().remove(&request);
    }

    /// Starts a comparison of the runs added.
    pub(super) fn start(&self, port: Port, request: u32, measure: Measure, resamples: u32) {
        let all = self.clone();
        wasm_bindgen_futures::spawn_local(async move {
            let runs = all.open.borrow_mut().get_mut(&request).map(std::mem::take);
            // Cancelled before it began: nobody waits.
            let Some(runs) = runs else { return };
            let result = match runs.into_iter().collect::<Result<Vec<_>, _>>() {
                Ok(runs) => all.carry_out(&port, request, Job::new(runs, measure, resamples)).await,
                Err(error) => Some(Err(error)),
            };
            if let Some(result) = result {
                all.forget(request);
                port.send(&FromWorker::Contrasted { request, result, over: true });
            }
        });
    }

    /// The whole contrast; `None` where it was cancelled.
    async fn carry_out(
        &self,
        port: &Port,
        request: u32,
        mut job: Job,
    ) -> Option<Result<Box<crate::run::contrast::Contrast>, String>> {
        let mut told = 0;
        while job.step(SLICE) {
            if told == 0 && !job.so_far().scopes.is_empty() {
                told = 1;
                let result = Ok(Box::new(job.so_far().clone()));
                port.send(&FromWorker::Contrasted { request, result, over: false });
            }
            port.send(&FromWorker::Progress { request, done: job.progress() });
            TimeoutFuture::new(0).await;
            if !self.open.borrow().contains_key(&request) {
                return None;
            }
        }
        Some(Ok(Box::new(job.contrast())))
    }
}
