//! What the page does that concerns more than one of its states: start a run, import, open,
//! delete, share.
//!
//! May not enter: views. The acts of a single state are methods of that state.
//! Tests: tests/e2e.

mod import;
mod library;
mod recover;

use std::rc::Rc;
use std::sync::Arc;

use leptos::prelude::*;

use super::state::{
    CurrentRoute, Engine, ExperimentForm, Imports, Item, Keep, Library, Notices, PlanForm, RunEnd,
    go,
};
use crate::browser::{clipboard, document};
use crate::protocol::Failure;
use fwit_model::plan::{Plan, Problem, to_link};
use fwit_model::secret::key_problem;
use fwit_present::route::Route;
use fwit_present::sentence::{self, trust_question};
use fwit_report::experiment::wire::{ExperimentFile, PeriodFile};
use fwit_report::experiment::{self, Experiment};

/// How many ids a file may get until one is free.
const IDS_TRIED: usize = 5;

/// Is told how a run ended.
pub type OnEnd = Rc<dyn Fn(RunEnd)>;

/// Starts again what did not start, with these origins trusted. It outlives the view that started.
type Trust = Arc<dyn Fn(&[String]) + Send + Sync>;

/// Refuses an API key that no header can hold.
fn check_key(key: Option<&str>) -> Result<(), String> {
    match key.and_then(key_problem) {
        Some(why) => Err(format!("The API key {why}.")),
        None => Ok(()),
    }
}

/// The acts, over the states that they change.
#[derive(Clone, Copy)]
pub struct Actions {
    route: CurrentRoute,
    engine: Engine,
    library: Library,
    plan_form: PlanForm,
    experiment_form: ExperimentForm,
    notices: Notices,
    imports: Imports,
    /// Whether what there is of the run under way is saved as a file with its next news.
    to_save: StoredValue<bool>,
}

impl Actions {
    /// Takes the states from the context.
    pub fn from_context() -> Actions {
        Actions {
            route: expect_context(),
            engine: expect_context(),
            library: expect_context(),
            plan_form: expect_context(),
            experiment_form: expect_context(),
            notices: expect_context(),
            imports: expect_context(),
            to_save: StoredValue::new(false),
        }
    }

    /// Starts a run and goes to the live view. `on_end` is told how it ends. A plan that nobody
    /// named is named by what it runs. While another tab runs a load it does not start: who clicked
    /// is asked; a script says `beside` where it wants that.
    ///
    /// # Errors
    /// When a run is under way already.
    pub fn start(
        self,
        plan: Plan,
        api_key: Option<String>,
        on_end: Option<OnEnd>,
        beside: bool,
    ) -> Result<(), String> {
        self.engine.is_free()?;
        check_key(api_key.as_deref())?;
        let plan = plan.named();
        let alone = beside || plan.cluster.sim.is_some();
        self.unless_another_tab_runs(alone, on_end, move |on_end| {
            self.start_now(plan.clone(), api_key.clone(), on_end)
        });
        Ok(())
    }

    fn start_now(
        self,
        plan: Plan,
        api_key: Option<String>,
        on_end: Option<OnEnd>,
    ) -> Result<(), String> {
        let (again, key) = (plan.clone(), api_key.clone());
        let trust: Trust = Arc::new(move |origins| {
            let mut plan = again.clone();
            if plan.cluster.trust(origins).is_ok() {
                self.plan_form.trust(origins);
                self.plan_form.remember(&plan);
                self.notices.check(self.start(plan, key.clone(), None, false));
            }
        });
        let ended = Box::new(move |end| self.ended(end, on_end, trust));
        self.library.begin_under_way();
        self.engine.start(plan, api_key, Box::new(move |kept| self.keep_so_far(kept)), ended)?;
        self.notices.withdraw_question();
        go(&Route::Live);
        Ok(())
    }

    /// Begins at once where this tab is `alone`; else looks first whether another one runs a load.
    fn unless_another_tab_runs(
        self,
        alone: bool,
        on_end: Option<OnEnd>,
        begin: impl Fn(Option<OnEnd>) -> Result<(), String> + Send + Sync + 'static,
    ) {
        leptos::task::spawn_local(async move {
            let other = if alone { None } else { self.library.other_tab_runs().await };
            let failed = |message: String| match &on_end {
                Some(on_end) => on_end(Err(message.into())),
                None => self.notices.wrong(message),
            };
            match other {
                None => {
                    if let Err(message) = begin(on_end.clone()) {
                        failed(message);
                    }
                }
                Some(name) if on_end.is_some() => failed(format!(
                    "{} Stop it there first, or give the option `beside: true`.",
                    sentence::other_tab_runs(&name)
                )),
                Some(name) => {
                    let yes = Callback::new(move |()| {
                        self.notices.check(begin(None));
                    });
                    let no = ("Don't".to_string(), Callback::new(|()| {}));
                    let text = sentence::other_tab_runs(&name);
                    self.notices.ask(text, vec![("Start all the same".into(), yes), no]);
                }
            }
        });
    }

    /// Starts an experiment and shows its progress. `on_end` is told how it ends.
    ///
    /// # Errors
    /// As [`Actions::start`].
    pub fn start_experiment(
        self,
        experiment: &Experiment,
        api_key: Option<String>,
        on_end: Option<OnEnd>,
        beside: bool,
    ) -> Result<(), String> {
        self.go_on(experiment.clone().named(), Vec::new(), api_key, on_end, beside)
    }

    /// Adds pairs to an experiment of the library, or with none carries out those that it lacks,
    /// and shows its progress. `on_end` is told how it ends.
    ///
    /// # Errors
    /// What can't be extended; as [`Actions::start`].
    pub async fn extend_experiment(
        self,
        id: &str,
        more: u32,
        api_key: Option<String>,
        on_end: Option<OnEnd>,
        beside: bool,
    ) -> Result<(), String> {
        let file = self.experiment_file(id).await?;
        let file = if more == 0 {
            file
        } else {
            experiment::extend(&file, more).map_err(|problem| problem.to_string())?
        };
        let texts = |problems: Vec<Problem>| {
            problems.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
        };
        let made = Experiment::from_file(&file).map_err(texts)?;
        self.go_on(made, file.periods, api_key, on_end, beside)
    }

    async fn experiment_file(self, id: &str) -> Result<ExperimentFile, String> {
        let opened = self.library.open_experiment(id).await?;
        let (file, _) =
            experiment::read(opened.json.as_bytes()).map_err(|error| error.to_string())?;
        Ok(file)
    }

    /// Fills the set-up form with an experiment's file, and shows it.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn set_up(self, json: &str) -> Result<(), String> {
        self.experiment_form.fill(self.plan_form, json)?;
        go(&Route::Experiment(None));
        Ok(())
    }

    /// Ends the experiment under way; then the set-up form is filled with this file.
    pub fn stop_and_set_up(self, json: String) {
        self.experiment_form.next.set_value(Some(json));
        self.engine.stop();
    }

    /// Makes one experiment of several of the library, keeps it and shows it. Returns its id.
    ///
    /// # Errors
    /// What can't be combined, or read.
    pub async fn combine_experiments(self, ids: &[String]) -> Result<String, String> {
        let mut files = Vec::new();
        for id in ids {
            files.push(self.experiment_file(id).await?);
        }
        let all = experiment::combine(&files).map_err(|problem| problem.to_string())?;
        let json = fwit_model::json::write(&all);
        let route = self.open(&all.name, json.into_bytes()).await?;
        go(&route);
        Ok(match route {
            Route::Experiment(Some(id)) => id,
            _ => all.id,
        })
    }

    fn go_on(
        self,
        experiment: Experiment,
        periods: Vec<PeriodFile>,
        api_key: Option<String>,
        on_end: Option<OnEnd>,
        beside: bool,
    ) -> Result<(), String> {
        self.engine.is_free()?;
        check_key(api_key.as_deref())?;
        let alone = beside || experiment.arms.iter().any(|arm| arm.plan.cluster.sim.is_some());
        self.unless_another_tab_runs(alone, on_end, move |on_end| {
            self.go_on_now(experiment.clone(), periods.clone(), api_key.clone(), on_end)
        });
        Ok(())
    }

    fn go_on_now(
        self,
        experiment: Experiment,
        periods: Vec<PeriodFile>,
        api_key: Option<String>,
        on_end: Option<OnEnd>,
    ) -> Result<(), String> {
        let (again, key, before) = (experiment.clone(), api_key.clone(), periods.clone());
        let trust: Trust = Arc::new(move |origins| {
            if let Ok(experiment) = again.trusting(origins) {
                self.plan_form.trust(origins);
                let (before, key) = (before.clone(), key.clone());
                self.notices.check(self.go_on(experiment, before, key, None, false));
            }
        });
        let ended = Box::new(move |end| self.ended(end, on_end, trust));
        let kept = Box::new(move |kept: &Keep| self.keep_so_far(kept));
        self.experiment_form.next.set_value(None);
        self.engine.start_experiment(&experiment, periods, api_key, kept, ended)?;
        self.notices.withdraw_question();
        go(&Route::Experiment(None));
        Ok(())
    }

    /// Keeps a run that is over, shows it, and tells `on_end`. Where it did not start because the
    /// leader's origin is not trusted, the user who started it is asked: `trust` starts it again.
    fn ended(self, end: RunEnd, on_end: Option<OnEnd>, trust: Trust) {
        leptos::task::spawn_local(async move {
            let end = match end {
                Ok(item) => {
                    let kept = self.keep(item).await;
                    // What is not in the store stays there as under way.
                    if kept.1 {
                        self.library.forget_under_way(kept.0.id()).await;
                    }
                    Ok(kept)
                }
                Err(failure) if failure.untrusted.is_empty() => {
                    match self.rescued(&failure.messages.join(" ")).await {
                        Some(item) => Ok((item, true)),
                        None => Err(failure),
                    }
                }
                Err(failure) => Err(failure),
            };
            match &end {
                // A run that is in memory only still asks before the page is left.
                Ok((item, kept)) => self.engine.done(item.id(), *kept),
                Err(failure) => self.engine.failed(failure.messages.clone()),
            }
            if let Err(Failure { untrusted, .. }) = &end
                && !untrusted.is_empty()
                && on_end.is_none()
            {
                let origins = untrusted.clone();
                let yes = Callback::new(move |()| trust(&origins));
                let [text, label] = trust_question(untrusted);
                let no = ("Don't".to_string(), Callback::new(|()| {}));
                self.notices.ask(text, vec![(label, yes), no]);
            }
            let end = end.map(|(item, _)| item);
            let next = self.experiment_form.next.try_update_value(Option::take).flatten();
            if let Some(json) = next {
                self.notices.check(self.set_up(&json));
            } else if let (Ok(item), Route::Live | Route::Experiment(None)) =
                (&end, self.route.get_untracked())
            {
                self.route.replace(item.route());
            }
            if let Some(on_end) = on_end {
                on_end(end);
            }
        });
    }

    /// Adds an item to the library. Returns it, and whether the browser's store took it.
    async fn keep(self, item: Item) -> (Item, bool) {
        let added = self.library.add(item.clone()).await;
        if let Err(error) = &added {
            self.notices.wrong(format!("The run is not kept in this browser. {error}"));
        }
        (item, added.is_ok())
    }

    /// Puts a link to a plan on the clipboard.
    pub fn copy_plan_link(self, plan: &Plan) {
        let link = format!("{}#/?plan={}", document::address(), to_link(plan));
        leptos::task::spawn_local(async move {
            if self.notices.check(clipboard::write(&link).await).is_some() {
                self.notices.done("The plan's link is on the clipboard. It holds no API key.");
            }
        });
    }
}
