//! A worker, spoken to in typed messages.
//!
//! Messages are postcard bytes in a transferred `ArrayBuffer`, both ways; one to the worker may
//! have a file beside it. What is sent before the
//! worker's `Ready` waits here. A worker that can't start or that dies is reported once, as a
//! [`LinkError`]; after that nothing is sent. Dropping the link ends the worker.

use std::cell::RefCell;
use std::rc::Rc;

use js_sys::{Array, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Blob, ErrorEvent, Event, MessageEvent, Url, Worker, WorkerOptions, WorkerType};

use super::listener::Listener;
use crate::protocol::{self, FromWorker, ProtocolError, ToWorker};

/// The worker's loader, beside the page's glue code.
const LOADER: &str = "worker_loader.js";

/// What can go wrong between page and worker.
#[derive(Debug, thiserror::Error)]
pub enum LinkError {
    /// The browser could not make it.
    #[error("The browser could not start fwit's worker: {0}. Reload the page.")]
    Spawn(String),
    /// Its program could not be loaded, or it stopped with an error.
    #[error("fwit's worker stopped: {0}.")]
    Died(String),
    /// A message could not be read or written.
    #[error(transparent)]
    Message(#[from] ProtocolError),
    /// The browser could not hand a message over.
    #[error("The browser could not hand a message over between page and worker. Reload the page.")]
    Transfer,
}

/// Is called with each message of a worker, or with the error that ends the link.
type Callback = Rc<dyn Fn(Result<FromWorker, LinkError>)>;

/// A running worker.
#[derive(Debug)]
pub struct WorkerLink {
    shared: Rc<Shared>,
    _listeners: [Listener; 3],
}

struct Shared {
    worker: Worker,
    state: RefCell<State>,
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shared").finish_non_exhaustive()
    }
}

enum State {
    Starting(Vec<(ToWorker, Option<Blob>)>),
    Ready,
    Broken,
}

impl WorkerLink {
    /// Starts a worker. `on_message` is called with all messages but `Ready`; an error is the last
    /// call.
    ///
    /// # Errors
    /// When the browser refuses to make a worker.
    pub fn spawn(
        name: &str,
        on_message: impl Fn(Result<FromWorker, LinkError>) + 'static,
    ) -> Result<WorkerLink, LinkError> {
        let options = WorkerOptions::new();
        options.set_type(WorkerType::Module);
        options.set_name(name);
        let start = || -> Result<Worker, JsValue> {
            let glue = glue()?;
            let loader = Url::new_with_base(LOADER, &glue)?.href();
            let worker = Worker::new_with_options(&loader, &options)?;
            // What the page runs is the first message, and the only one that the loader reads.
            worker.post_message(&Array::of2(&glue.into(), &wasm_bindgen::module()))?;
            Ok(worker)
        };
        let worker = start().map_err(|error| LinkError::Spawn(super::describe(&error)))?;
        ALIVE.with(|alive| alive.borrow_mut().push(worker.clone()));
        let shared = Rc::new(Shared { worker, state: RefCell::new(State::Starting(Vec::new())) });
        let callback: Callback = Rc::new(on_message);
        let (on_data, data) = (callback.clone(), shared.clone());
        let message =
            Listener::new(&shared.worker, "message", move |event| data.receive(&event, &on_data));
        let (on_error, data) = (callback.clone(), shared.clone());
        let error = Listener::new(&shared.worker, "error", move |event| {
            // The worker has reported it to the console already.
            event.prevent_default();
            data.fail(LinkError::Died(error_text(&event)), &on_error);
        });
        let data = shared.clone();
        let unreadable = Listener::new(&shared.worker, "messageerror", move |_| {
            data.fail(LinkError::Transfer, &callback);
        });
        Ok(WorkerLink { shared, _listeners: [message, error, unreadable] })
    }

    /// Sends a message, at once or as soon as the worker is ready.
    ///
    /// # Errors
    /// When it can't be handed over, or the worker is gone.
    pub fn send(&self, message: ToWorker) -> Result<(), LinkError> {
        self.send_with(message, None)
    }

    /// Sends a message with the file that it speaks of: the page does not hold what is in it.
    ///
    /// # Errors
    /// As [`WorkerLink::send`].
    pub fn send_with(&self, message: ToWorker, file: Option<Blob>) -> Result<(), LinkError> {
        if let State::Starting(waiting) = &mut *self.shared.state.borrow_mut() {
            waiting.push((message, file));
            return Ok(());
        }
        self.shared.post(&message, file.as_ref())
    }
}

/// Returns the address of the page's glue code: Trunk names it by a hash, in a preload line of the
/// page's head.
fn glue() -> Result<String, JsValue> {
    let document = web_sys::window().and_then(|w| w.document()).ok_or("there is no document")?;
    let line = document
        .query_selector("link[rel=modulepreload]")?
        .ok_or("the page's head names no glue code")?;
    let href = line.get_attribute("href").unwrap_or_default();
    Ok(Url::new_with_base(&href, &document.base_uri()?.unwrap_or_default())?.href())
}

thread_local! {
    /// All workers: a page that has failed must not leave a load running.
    static ALIVE: RefCell<Vec<Worker>> = const { RefCell::new(Vec::new()) };
}

/// Ends every worker, after the page has failed.
pub fn terminate_all() {
    ALIVE.with(|alive| {
        if let Ok(alive) = alive.try_borrow() {
            alive.iter().for_each(Worker::terminate);
        }
    });
}

impl Drop for WorkerLink {
    fn drop(&mut self) {
        ALIVE.with(|alive| alive.borrow_mut().retain(|other| *other != self.shared.worker));
        self.shared.worker.terminate();
    }
}

impl Shared {
    fn post(&self, message: &ToWorker, file: Option<&Blob>) -> Result<(), LinkError> {
        if matches!(*self.state.borrow(), State::Broken) {
            return Err(LinkError::Died("it is gone".into()));
        }
        let buffer = Uint8Array::from(protocol::encode(message)?.as_slice()).buffer();
        let transferred = Array::of1(&buffer);
        let sent = match file {
            Some(file) => {
                let both = Array::of2(&buffer, file);
                self.worker.post_message_with_transfer(&both, &transferred)
            }
            None => self.worker.post_message_with_transfer(&buffer, &transferred),
        };
        sent.map_err(|_| LinkError::Transfer)
    }

    fn receive(&self, event: &Event, callback: &Callback) {
        if matches!(*self.state.borrow(), State::Broken) {
            return;
        }
        let Some(event) = event.dyn_ref::<MessageEvent>() else { return };
        let bytes = Uint8Array::new(&event.data()).to_vec();
        match protocol::decode::<FromWorker>(&bytes) {
            Ok(FromWorker::Ready) => self.ready(callback),
            Ok(message) => callback(Ok(message)),
            Err(error) => self.fail(error.into(), callback),
        }
    }

    fn ready(&self, callback: &Callback) {
        let State::Starting(waiting) = self.state.replace(State::Ready) else { return };
        for (message, file) in waiting {
            if let Err(error) = self.post(&message, file.as_ref()) {
                self.fail(error, callback);
                return;
            }
        }
    }

    fn fail(&self, error: LinkError, callback: &Callback) {
        if !matches!(self.state.replace(State::Broken), State::Broken) {
            self.worker.terminate();
            callback(Err(error));
        }
    }
}

fn error_text(event: &Event) -> String {
    let text = event.dyn_ref::<ErrorEvent>().map(ErrorEvent::message).unwrap_or_default();
    if text.is_empty() { "its program could not be loaded (worker_loader.js)".into() } else { text }
}
