//! What the experiment's set-up form holds, above the route.

use crate::markup::RwSignal;

use crate::experiment::{self, Experiment, ExperimentDraft, Template};
use crate::page::plan_form::Form;
use crate::plan::{Problem, wire};

/// The set-up form's state.
#[derive(Clone, Copy)]
pub struct Lab {
    /// The fields as typed; `None` until a question was asked.
    pub draft: RwSignal<Option<ExperimentDraft>>,
    /// Whether a start was tried: all problems show.
    pub attempted: RwSignal<bool>,
}

impl Lab {
    /// Nothing asked yet.
    pub fn new() -> Lab {
        Lab { draft: RwSignal::new(None), attempted: RwSignal::new(false) }
    }

    /// Fills the form with a ready-made question on the plan form's plan, where that is a plan.
    pub fn ask(self, form: Form, template: Template) {
        if let Ok(plan) = form.draft.with_untracked(crate::plan::PlanDraft::plan) {
            self.draft.set(Some(ExperimentDraft::of(template, &plan)));
            self.attempted.set(false);
        }
    }

    /// Fills both forms with an experiment's file.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn fill(self, form: Form, json: &str) -> Result<(), String> {
        let (file, _) = experiment::read(json.as_bytes()).map_err(|error| error.to_string())?;
        let base = crate::json::write(&file.base);
        let plan = wire::read(&base).map_err(|_| "Its plan can't be read.".to_string())?;
        form.fill(&plan);
        self.draft.set(Some(ExperimentDraft::from_file(&file)));
        self.attempted.set(false);
        Ok(())
    }

    /// The experiment of both forms. `None` before a question was asked.
    pub fn experiment(self, form: Form) -> Option<Result<Experiment, Vec<Problem>>> {
        let plan = form.draft.with(crate::plan::PlanDraft::plan);
        self.draft.with(|draft| draft.as_ref().map(|draft| plan.and_then(|plan| draft.experiment(&plan))))
    }
}
