//! Reads a file that the user picked, piece by piece: the worker has the blob, not what is in it.

use web_sys::Blob;

use super::Port;
use crate::browser::blob::Pieces;
use crate::protocol::{FromWorker, ImportedItem, Opened, OpenedExperiment};
use fwit_import::{Found, Item};

/// Tells the page what is in the file, one find after another. It ends with the last; a page that
/// wants no more ends the worker.
pub(super) fn read(port: &Port, name: &str, file: Option<Blob>) {
    let pieces = file.ok_or("There is no file.".to_string()).and_then(|file| Pieces::of(&file));
    match pieces {
        Ok(pieces) => {
            let mut go_on = |read| {
                port.send(&FromWorker::Importing { read });
                true
            };
            fwit_import::open(name, pieces, &mut go_on, &mut |found| {
                port.send(&imported(found));
            });
        }
        Err(error) => {
            port.send(&FromWorker::Imported { name: name.to_string(), item: Err(error) });
        }
    }
    port.send(&FromWorker::ImportOver);
}

fn imported(Found { name, item }: Found) -> FromWorker {
    let item = item.map_err(|error| error.to_string()).and_then(|item| match item {
        Item::Run(file) => {
            let view = fwit_report::run::summary::view(&file).map_err(|error| error.to_string())?;
            let json = fwit_model::json::write(&*file);
            Ok(ImportedItem::Run(Box::new(Opened { json, view })))
        }
        Item::Experiment(bytes) => {
            let (file, view) = fwit_report::experiment::open(&bytes).map_err(|e| e.to_string())?;
            let json = fwit_model::json::write(&file);
            Ok(ImportedItem::Experiment(Box::new(OpenedExperiment { json, view })))
        }
        Item::Plan(text) => Ok(ImportedItem::Plan(text)),
    });
    FromWorker::Imported { name, item }
}
