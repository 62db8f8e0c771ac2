//! The analysis worker as a function: bytes in, run or experiment out. Started on first use, started anew after it died.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

use futures_channel::oneshot;

use super::runs::Item;
use crate::browser::worker_link::WorkerLink;
use crate::protocol::{FromWorker, ToWorker};

type Answer = Result<Item, String>;

/// The analysis worker.
#[derive(Clone, Default)]
pub struct Analysis {
    inner: Rc<RefCell<Inner>>,
}

#[derive(Default)]
struct Inner {
    link: Option<WorkerLink>,
    waiting: HashMap<u32, oneshot::Sender<Answer>>,
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
                Ok(_) => {}
                Err(error) => client.died(&error.to_string()),
            });
            inner.link = Some(link.map_err(|error| error.to_string())?);
        }
        let request = inner.next;
        inner.next = inner.next.wrapping_add(1);
        inner.waiting.insert(request, send);
        let message = ToWorker::Open { request, name: name.to_string(), bytes };
        inner.link.as_ref().map_or(Ok(()), |link| link.send(message)).map_err(|error| error.to_string())
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
            let waiting = {
                let mut inner = client.inner.borrow_mut();
                inner.link = None;
                std::mem::take(&mut inner.waiting)
            };
            for (_, send) in waiting {
                let _ = send.send(Err(why.clone()));
            }
        });
    }
}
