//! The run that the user looks at, read once, and the numbers of its parts.

use std::cell::RefCell;

use crate::protocol::RunKey;
use fwit_report::run;
use fwit_report::run::select::{Selected, Selection, select};
use fwit_report::run::wire::RunFile;

/// The last run of which a part was asked for.
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
        if let Some(json) = json {
            let file = run::read(json.as_bytes()).map_err(|error| error.to_string())?;
            self.run.replace(Some((key.clone(), file)));
        }
        match &*self.run.borrow() {
            Some((own, file)) if own == key => {
                select(file, selection).map_err(|error| error.to_string())
            }
            _ => Err("The run is not at hand any more: open it again.".into()),
        }
    }
}
