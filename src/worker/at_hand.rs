//! The run that the user looks at, read once: the numbers of its parts, and its other forms.

use std::cell::RefCell;

use crate::protocol::{ExportedFile, RunKey};
use fwit_export::{Choice, Document, Form, export};
use fwit_report::run;
use fwit_report::run::select::{Selected, Selection, select};
use fwit_report::run::wire::RunFile;

/// The last run of which something was asked for.
#[derive(Default)]
pub struct AtHand {
    run: RefCell<Option<(RunKey, RunFile)>>,
}

impl AtHand {
    /// The numbers of a part of a run, whose file comes along where it is not at hand.
    ///
    /// # Errors
    /// What is wrong with the file; or it is neither here nor there.
    pub fn select(
        &self,
        key: &RunKey,
        json: Option<String>,
        selection: &Selection,
    ) -> Result<Selected, String> {
        self.with(key, json, |file| select(file, selection).map_err(|error| error.to_string()))
    }

    /// A run in another form, whose file comes along where it is not at hand.
    ///
    /// # Errors
    /// As [`AtHand::select`]; or the run has nothing of what the form needs.
    pub fn export(
        &self,
        key: &RunKey,
        json: Option<String>,
        form: &str,
    ) -> Result<ExportedFile, String> {
        let form = Form::of_name(form).ok_or_else(|| format!("“{form}” is no form of a run."))?;
        self.with(key, json, |file| {
            let view = run::summary::view(file).map_err(|error| error.to_string())?;
            let made = export(form, file, &view, &Choice::default());
            let Document { name, mime, text } = made.map_err(|error| error.to_string())?;
            Ok(ExportedFile { name, mime: mime.into(), text })
        })
    }

    fn with<R>(
        &self,
        key: &RunKey,
        json: Option<String>,
        make: impl FnOnce(&RunFile) -> Result<R, String>,
    ) -> Result<R, String> {
        if let Some(json) = json {
            let file = run::read(json.as_bytes()).map_err(|error| error.to_string())?;
            self.run.replace(Some((key.clone(), file)));
        }
        match &*self.run.borrow() {
            Some((own, file)) if own == key => make(file),
            _ => Err("The run is not at hand any more: open it again.".into()),
        }
    }
}
