//! Files that are being opened: a worker of their own reads them, one after another, so that it can
//! be ended at once and gives its memory back.

use std::cell::RefCell;
use std::rc::Rc;

use futures_channel::mpsc::{Receiver, channel};
use futures_util::StreamExt;
use futures_util::lock::Mutex;
use leptos::prelude::*;

use crate::browser::files::Picked;
use crate::browser::worker_link::{LinkError, WorkerLink};
use crate::protocol::{FromWorker, ImportedItem, ToWorker};

/// How far the opening is.
#[derive(Clone, Debug, PartialEq)]
pub struct Progress {
    /// The file that is read.
    pub name: String,
    /// Bytes of it that were read, and its size.
    pub read: u64,
    /// Its size, bytes.
    pub size: u64,
    /// Its place among the files, from 1, and how many there are.
    pub place: [usize; 2],
}

/// Something that was found: the place of its file among those that are opened (from 0), the name
/// of the file or of the one of an archive, and what it is or why it can't be opened.
pub type Found = (usize, String, Result<ImportedItem, String>);

/// What was found and waits to be kept: more than a file gives (`fwit_import::ITEMS_MAX`), so that
/// nothing of it is dropped.
const WAITING: usize = fwit_import::ITEMS_MAX + 100;

/// The files that are being opened.
#[derive(Clone, Copy)]
pub struct Imports {
    /// How far it is; `None` where nothing is being opened.
    pub under_way: RwSignal<Option<Progress>>,
    inner: StoredValue<Inner, LocalStorage>,
}

#[derive(Default)]
struct Inner {
    /// Counts the times that the user wanted no more.
    cancelled: u32,
    link: Option<WorkerLink>,
    /// Who opens files now: the next wait until they are done.
    turn: Rc<Mutex<()>>,
}

impl Imports {
    /// Nothing is being opened.
    pub fn new() -> Imports {
        Imports { under_way: RwSignal::new(None), inner: StoredValue::new_local(Inner::default()) }
    }

    /// Ends the opening of all files, also of those that wait.
    pub fn cancel(self) {
        self.under_way.set(None);
        self.inner.update_value(|inner| {
            inner.cancelled += 1;
            // The messages' channel ends with it.
            inner.link = None;
        });
    }

    /// How often the user wanted no more.
    fn cancelled(self) -> u32 {
        self.inner.with_value(|inner| inner.cancelled)
    }

    /// Reads files, and tells `found` what is in them as it is found. What others open comes first.
    /// Returns whether it was cancelled.
    pub async fn read(self, files: Vec<Picked>, mut found: impl AsyncFnMut(Found)) -> bool {
        let before = self.cancelled();
        let turn = self.inner.with_value(|inner| inner.turn.clone());
        let _turn = turn.lock().await;
        let count = files.len();
        for (i, file) in files.into_iter().enumerate() {
            if self.cancelled() != before {
                return true;
            }
            if file.size == 0 {
                found((i, file.name, Err("It is empty.".into()))).await;
                continue;
            }
            self.under_way.set(Some(Progress {
                name: file.name.clone(),
                read: 0,
                size: file.size,
                place: [i + 1, count],
            }));
            if let Err(error) = self.one(i, &file, before, &mut found).await {
                found((i, file.name, Err(error))).await;
            }
        }
        self.under_way.set(None);
        self.cancelled() != before
    }

    async fn one(
        self,
        place: usize,
        file: &Picked,
        before: u32,
        found: &mut impl AsyncFnMut(Found),
    ) -> Result<(), String> {
        let mut messages = self.start(file).map_err(|error| error.to_string())?;
        loop {
            let message = messages.next().await;
            // What was found and is not kept yet is no more wanted.
            if self.cancelled() != before {
                return Ok(());
            }
            let Some(message) = message else {
                return Err("Its worker stopped before the end. Open it once more.".into());
            };
            match message {
                Ok(FromWorker::Imported { name, item }) => found((place, name, item)).await,
                Ok(FromWorker::ImportOver) => break,
                Ok(FromWorker::Failed(failure)) => return Err(failure.messages.join(" ")),
                Ok(_) => {}
                Err(error) => {
                    self.inner.update_value(|inner| inner.link = None);
                    return Err(format!(
                        "{error} The file may need more memory than the browser gives a page."
                    ));
                }
            }
        }
        // What the file took of memory, the browser gets back with the worker only.
        self.inner.update_value(|inner| inner.link = None);
        Ok(())
    }

    /// Starts a worker with the file. Returns its messages; they end when the worker is ended.
    fn start(self, file: &Picked) -> Result<Receiver<Result<FromWorker, LinkError>>, LinkError> {
        let (send, receive) = channel(WAITING);
        let send = Rc::new(RefCell::new(send));
        let link = WorkerLink::spawn("fwit import", move |message| {
            if let Ok(FromWorker::Importing { read }) = message {
                self.under_way.update(|progress| {
                    if let Some(progress) = progress {
                        progress.read = read.min(progress.size);
                    }
                });
                return;
            }
            // It fails where nobody listens any more.
            let _ = send.borrow_mut().try_send(message);
        })?;
        link.send_with(ToWorker::Import { name: file.name.clone() }, Some(file.file()))?;
        self.inner.update_value(|inner| inner.link = Some(link));
        Ok(receive)
    }
}
