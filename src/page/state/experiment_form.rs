//! What the set-up form of an experiment holds.

use leptos::prelude::*;

use super::checks::Checks;
use super::plan_form::PlanForm;
use crate::browser::prefs;
use fwit_model::json;
use fwit_model::plan::{PlanDraft, PlanField, Problem, wire};
use fwit_present::experiment_form::place;
use fwit_report::experiment::{self, Experiment, ExperimentDraft, Template};

/// Under this name the tab holds the draft over a reload.
const DRAFT: &str = "experiment-draft";

/// The set-up form of an experiment.
#[derive(Clone, Copy)]
pub struct ExperimentForm {
    /// The fields as typed; `None` before a question was chosen.
    pub draft: RwSignal<Option<ExperimentDraft>>,
    /// Whether the arms' changes are shown as text, not as a table.
    pub as_text: RwSignal<bool>,
    /// The experiment of both forms, or all that is wrong with it; `None` before a question was
    /// chosen.
    pub made: Memo<Option<Result<Experiment, Vec<Problem>>>>,
    /// The rows of the arms' table: the fields that differ.
    pub rows: Memo<Vec<PlanField>>,
    /// All that is wrong with it, at the controls that show it.
    pub checks: Checks,
    /// The set-up, as JSON text, that the form is filled with when the experiment under way ends.
    pub next: StoredValue<Option<String>>,
}

impl ExperimentForm {
    /// Holds what it held before a reload; else no question was chosen yet.
    pub fn new(form: PlanForm) -> ExperimentForm {
        let before = prefs::of_tab(DRAFT);
        let before = before.and_then(|text| json::read::<Option<_>>(text.as_bytes()).ok());
        let draft: RwSignal<Option<ExperimentDraft>> = RwSignal::new(before.flatten());
        Effect::new(move |_| prefs::set_of_tab(DRAFT, &draft.with(json::write)));
        let as_text = RwSignal::new(false);
        let made = Memo::new(move |_| {
            let plan = form.draft.with(PlanDraft::plan).map_err(|problems| {
                let at = |p: Problem| Problem::new(format!("base.{}", p.field), p.message);
                problems.into_iter().map(at).collect::<Vec<_>>()
            });
            draft.with(|d| d.as_ref().map(|d| plan.and_then(|plan| d.experiment(&plan))))
        });
        let rows = Memo::new(move |_| {
            draft
                .with(|d| d.as_ref().map(|d| form.draft.with(|base| d.rows(base))))
                .unwrap_or_default()
        });
        let problems = Memo::new(move |_| {
            let problems = made.with(|made| match made {
                Some(Err(problems)) => problems.clone(),
                _ => Vec::new(),
            });
            if as_text.get() {
                place(problems, &[])
            } else {
                rows.with(|rows| place(problems, rows))
            }
        });
        ExperimentForm {
            draft,
            as_text,
            made,
            rows,
            checks: Checks::new("x", problems),
            next: StoredValue::new(None),
        }
    }

    /// Fills the form with a ready-made question on the plan of the plan form, when that is
    /// complete.
    pub fn ask(self, form: PlanForm, template: Template) {
        if let Ok(plan) = form.draft.with_untracked(PlanDraft::plan) {
            self.draft.set(Some(ExperimentDraft::of(template, &plan)));
            self.checks.begin_anew();
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
        self.checks.begin_anew();
        Ok(())
    }

    /// Changes the draft.
    pub fn edit(self, change: impl FnOnce(&mut ExperimentDraft)) {
        self.draft.update(|draft| {
            if let Some(draft) = draft {
                change(draft);
            }
        });
    }

    /// Returns a text of the draft, and tracks it.
    pub fn text(self, get: impl Fn(&ExperimentDraft) -> String) -> String {
        self.draft.with(|draft| draft.as_ref().map(get).unwrap_or_default())
    }
}

impl From<ExperimentForm> for Checks {
    fn from(form: ExperimentForm) -> Checks {
        form.checks
    }
}
