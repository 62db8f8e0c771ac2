//! The analysis worker as functions: bytes in, run or experiment out; runs in, intervals out, bit by bit. Started on
//! first use, started anew after it died.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

use futures_channel::oneshot;
use gloo_timers::future::TimeoutFuture;

use super::item::Item;
use crate::browser::worker_link::WorkerLink;
use crate::protocol::{FromWorker, Opened, RunKey, ToWorker};
use crate::run::contrast::{Contrast, RESAMPLES};
use crate::run::view::Measure;

type Answer = Result<Item, String>;

/// What is heard of a contrast.
#[derive(Clone, Debug)]
pub enum Heard {
    /// How far it is, 0 to 1.
    Progress(f64),
    /// What is known so far; `true` when that is all.
    Known(Arc<Contrast>, bool),
    /// It can't be made.
    Failed(String),
}

/// Somebody who waits for a contrast.
struct Hearing {
    request: u32,
    hear: Rc<dyn Fn(Heard)>,
    runs: Vec<Arc<Opened>>,
}

/// A contrast that was asked for; dropping it cancels it, and nothing more is heard.
pub struct Asked {
    client: Analysis,
    request: u32,
}

impl Drop for Asked {
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
    hearing: Vec<Hearing>,
    next: u32,
}

impl Analysis {
    /// Reads a run's or an experiment's file.
    ///
    /// # Errors
    /// What is wrong with the file, or with the worker.
    pub async fn open(&self, name: &str, bytes: Vec<u8>) -> Answer {
        let (send, receive) = oneshot::channel();
        self.ask(name, bytes, send)?;
        receive.await.unwrap_or_else(|_| Err("The worker that reads files stopped. Try again.".into()))
    }

    fn ask(&self, name: &str, bytes: Vec<u8>, send: oneshot::Sender<Answer>) -> Result<(), String> {
        let request = self.number()?;
        self.inner.borrow_mut().waiting.insert(request, send);
        self.send(ToWorker::Open { request, name: name.to_string(), bytes })
    }

    /// The number of the next request, with a worker that lives.
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
                Ok(FromWorker::Wanted { request, places }) => client.supply(request, places),
                Ok(FromWorker::Progress { request, done }) => client.tell(request, Heard::Progress(done)),
                Ok(FromWorker::Contrasted { request, result, over }) => {
                    let heard = match result {
                        Ok(contrast) => Heard::Known(Arc::from(contrast), over),
                        Err(error) => Heard::Failed(error),
                    };
                    client.tell(request, heard);
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
        inner.link.as_ref().map_or(Ok(()), |link| link.send(message)).map_err(|error| error.to_string())
    }

    /// Makes intervals of separate runs; the first is the one the others are compared with. `hear` is called as they
    /// come, never after the answer was dropped.
    ///
    /// # Errors
    /// Where there is no worker.
    pub fn contrast(
        &self,
        runs: Vec<Arc<Opened>>,
        measure: Measure,
        hear: impl Fn(Heard) + 'static,
    ) -> Result<Asked, String> {
        let request = self.number()?;
        let keys = runs.iter().map(|run| RunKey::of(run)).collect();
        self.inner.borrow_mut().hearing.push(Hearing { request, hear: Rc::new(hear), runs });
        self.send(ToWorker::Contrast { request, measure, resamples: RESAMPLES, runs: keys })
            .inspect_err(|_| self.forget(request))?;
        Ok(Asked { client: self.clone(), request })
    }

    /// Sends the runs that the worker does not remember.
    fn supply(&self, request: u32, places: Vec<u32>) {
        let client = self.clone();
        leptos::task::spawn_local(async move {
            for place in places {
                // A run file has megabytes: one a task, and none for nobody.
                TimeoutFuture::new(0).await;
                let json = client
                    .inner
                    .borrow()
                    .hearing
                    .iter()
                    .find(|h| h.request == request)
                    .and_then(|h| h.runs.get(place as usize).map(|run| run.json.clone()));
                let Some(json) = json else { return };
                if let Err(error) = client.send(ToWorker::Add { request, place, json }) {
                    client.tell(request, Heard::Failed(error));
                }
            }
        });
    }

    /// An answer that is there already.
    #[must_use]
    pub fn nothing(&self) -> Asked {
        Asked { client: self.clone(), request: 0 }
    }

    fn tell(&self, request: u32, heard: Heard) {
        let hear = self.inner.borrow().hearing.iter().find(|h| h.request == request).map(|h| h.hear.clone());
        if let Some(hear) = hear {
            hear(heard);
        }
    }

    fn forget(&self, request: u32) {
        self.inner.borrow_mut().hearing.retain(|h| h.request != request);
        // A worker that is gone has nothing to forget.
        let _ = self.send(ToWorker::Cancel { request });
    }

    fn answer(&self, request: u32, result: Answer) {
        let waiting = self.inner.borrow_mut().waiting.remove(&request);
        if let Some(send) = waiting {
            // The asker may have gone away meanwhile.
            let _ = send.send(result);
        }
    }

    fn died(&self, why: &str) {
        let client = self.clone();
        let why = why.to_string();
        // Not here: this runs inside one of the link's own listeners.
        leptos::task::spawn_local(async move {
            let (waiting, hearing) = {
                let mut inner = client.inner.borrow_mut();
                inner.link = None;
                (std::mem::take(&mut inner.waiting), std::mem::take(&mut inner.hearing))
            };
            for hearing in hearing {
                (hearing.hear)(Heard::Failed(why.clone()));
            }
            for (_, send) in waiting {
                let _ = send.send(Err(why.clone()));
            }
        });
    }
}
