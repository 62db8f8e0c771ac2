//! What the set-up form of an experiment holds.

use leptos::prelude::*;

use super::plan_form::PlanForm;
use fwit_model::plan::{Problem, wire};
use fwit_report::experiment::{self, Experiment, ExperimentDraft, Template};

/// The set-up form of an experiment.
#[derive(Clone, Copy)]
pub struct ExperimentForm {
    /// The fields as typed; `None` before a question was chosen.
    pub draft: RwSignal<Option<ExperimentDraft>>,
    /// Whether a start was tried: all problems show then.
    pub attempted: RwSignal<bool>,
}

impl ExperimentForm {
    /// No question was chosen yet.
    pub fn new() -> ExperimentForm {
        ExperimentForm { draft: RwSignal::new(None), attempted: RwSignal::new(false) }
    }

    /// Fills the form with a ready-made question on the plan of the plan form, when that is
    /// complete.
    pub fn ask(self, form: PlanForm, template: Template) {
        if let Ok(plan) = form.draft.with_untracked(fwit_model::plan::PlanDraft::plan) {
            self.draft.set(Some(ExperimentDraft::of(template, &plan)));
            self.attempted.set(false);
        }
    }

    /// Fills both forms with an experiment's file.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn fill(self, form: PlanForm, json: &str) -> Result<(), String> {
        let (file, _) = experiment::read(json.as_bytes()).map_err(|error| error.to_string())?;
        let base = fwit_model::json::write(&file.base);
        let plan = wire::read(&base).map_err(|_| "Its plan can't be read.".to_string())?;
        form.fill(&plan);
        self.draft.set(Some(ExperimentDraft::from_file(&file)));
        self.attempted.set(false);
        Ok(())
    }

    /// Returns the experiment of both forms; `None` before a question was chosen.
    pub fn experiment(self, form: PlanForm) -> Option<Result<Experiment, Vec<Problem>>> {
        let plan = form.draft.with(fwit_model::plan::PlanDraft::plan);
        self.draft
            .with(|draft| draft.as_ref().map(|draft| plan.and_then(|plan| draft.experiment(&plan))))
    }
}
