//! The page's state: above the route, so that it outlives every view.

use leptos::prelude::*;

use super::engine::Engine;
use super::experiment::Lab;
use super::item::Item;
use super::notices::Notices;
use super::plan_form::Form;
use super::runs::Runs;
use crate::browser::files::Picked;
use crate::browser::{document, prefs};
use crate::experiment::Experiment;
use crate::markup::RwSignal;
use crate::plan::Plan;
use crate::route::Route;
use crate::run::rename::{free_id, same_run, with_id};

/// Everything that outlives a view.
#[derive(Clone, Copy)]
pub struct App {
    /// Where the user is.
    pub route: RwSignal<Route>,
    /// The run under way, and the last one.
    pub engine: Engine,
    /// The runs of this browser.
    pub runs: Runs,
    /// What the plan form holds.
    pub form: Form,
    /// What the experiment's set-up form holds.
    pub lab: Lab,
    /// Short messages.
    pub notices: Notices,
    /// Light, dark, or as the system has it.
    pub theme: RwSignal<Theme>,
}

/// The colour scheme.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Theme {
    /// As the system has it.
    System,
    /// Light.
    Light,
    /// Dark.
    Dark,
}

impl Theme {
    /// The next in turn, for a button that cycles.
    pub fn next(self) -> Theme {
        match self {
            Theme::System => Theme::Light,
            Theme::Light => Theme::Dark,
            Theme::Dark => Theme::System,
        }
    }

    /// As stored and as the root element's `data-theme`; `None` as the system has it.
    pub fn name(self) -> Option<&'static str> {
        match self {
            Theme::System => None,
            Theme::Light => Some("light"),
            Theme::Dark => Some("dark"),
        }
    }

    fn read() -> Theme {
        match prefs::get("theme").as_deref() {
            Some("light") => Theme::Light,
            Some("dark") => Theme::Dark,
            _ => Theme::System,
        }
    }
}

impl App {
    /// The state at the start.
    pub fn new() -> App {
        let notices = Notices::new();
        App {
            route: RwSignal::new(Route::parse(&document::hash())),
            engine: Engine::new(),
            runs: Runs::new(),
            form: Form::new(),
            lab: Lab::new(),
            notices,
            theme: RwSignal::new(Theme::read()),
        }
    }

    /// Goes somewhere; the browser's back button comes back.
    pub fn go(self, route: &Route) {
        document::go(&route.to_string());
    }

    /// Starts a run and goes to the live view. `waiter` hears how it ends.
    ///
    /// # Errors
    /// Where a run is under way already, or the worker can't be started.
    pub fn start(self, plan: Plan, api_key: Option<String>, waiter: Option<Waiter>) -> Result<(), String> {
        let app = self;
        self.engine.start(plan, api_key, Box::new(move |end| app.ended(end, waiter)))?;
        self.go(&Route::Live);
        Ok(())
    }

    /// Starts an experiment and shows its progress. `waiter` hears how it ends.
    ///
    /// # Errors
    /// As [`App::start`].
    pub fn start_experiment(
        self,
        experiment: &Experiment,
        api_key: Option<String>,
        waiter: Option<Waiter>,
    ) -> Result<(), String> {
        let app = self;
        self.engine.start_experiment(experiment, api_key, Box::new(move |end| app.ended(end, waiter)))?;
        self.go(&Route::Experiment(None));
        Ok(())
    }

    /// A run is over: keep it, show it, tell whoever waits.
    fn ended(self, end: Result<Item, Vec<String>>, waiter: Option<Waiter>) {
        leptos::task::spawn_local(async move {
            let end = match end {
                Ok(item) => Ok(self.keep(item).await),
                Err(messages) => Err(messages),
            };
            match &end {
                // A run that is in memory only still asks before the page is left.
                Ok((item, kept)) => self.engine.done(item.id(), *kept),
                Err(messages) => self.engine.failed(messages.clone()),
            }
            let end = end.map(|(item, _)| item);
            if let (Ok(item), Route::Live | Route::Experiment(None)) = (&end, self.route.get_untracked()) {
                document::replace(&item.route().to_string());
                self.route.set(item.route());
            }
            if let Some(waiter) = waiter {
                waiter(end);
            }
        });
    }

    async fn keep(self, item: Item) -> (Item, bool) {
        let added = self.runs.add(item.clone()).await;
        if let Err(error) = &added {
            self.notices.wrong(format!("The run is not kept in this browser. {error}"));
        }
        (item, added.is_ok())
    }

    /// Reads files that the user picked or dropped: runs go to the library, a plan into the form. Trouble with one
    /// is shown and does not keep the others out.
    pub fn import(self, files: Vec<Picked>) {
        leptos::task::spawn_local(async move { self.import_all(files).await });
    }

    async fn import_all(self, files: Vec<Picked>) {
        let mut kept = Vec::new();
        for file in files {
            match self.import_one(&file).await {
                Ok(Some(route)) => kept.push(route),
                Ok(None) => {}
                Err(error) => self.notices.wrong(format!("“{}” was not opened. {error}", file.name)),
            }
        }
        match kept.as_slice() {
            [] => {}
            [route] => self.go(route),
            many => {
                self.notices.done(format!("{} runs opened.", many.len()));
                self.go(&Route::Library);
            }
        }
    }

    async fn import_one(self, file: &Picked) -> Result<Option<Route>, String> {
        let bytes = file.read().await?;
        if let Some(text) = super::plan_form::plan_text(&bytes) {
            let plan = crate::plan::wire::read(text)
                .map_err(|problems| problems.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "))?;
            self.form.fill(&plan);
            self.notices.done(format!("The plan of “{}” is in the form.", file.name));
            self.go(&Route::Plan(crate::route::Prefill::default()));
            return Ok(None);
        }
        Ok(Some(self.open(&file.name, bytes).await?))
    }

    /// Opens a run's or an experiment's file and keeps it; where it is shown. An experiment that was not carried
    /// out goes into the set-up form.
    ///
    /// # Errors
    /// What is wrong with the file.
    pub async fn open(self, name: &str, bytes: Vec<u8>) -> Result<Route, String> {
        let mut item = self.runs.read(name, bytes).await?;
        if let Item::Experiment(experiment) = &item
            && experiment.view.ended.is_none()
        {
            self.lab.fill(self.form, &experiment.json)?;
            return Ok(Route::Experiment(None));
        }
        let id = item.id().to_string();
        if !crate::route::is_id(&id) {
            return Err(format!("Its id “{id}” is none: letters, digits, “-”, “_” and “.” are."));
        }
        if let Item::Run(run) = &item {
            for warning in &run.view.warnings {
                self.notices.wrong(format!("“{name}”: {warning}"));
            }
        }
        self.runs.ready().await;
        if self.runs.has(&id)
            && let Ok(stored) = self.runs.item(&id).await
        {
            if same_run(stored.json(), item.json()) {
                return Ok(stored.route());
            }
            // Another that calls itself the same: neither is lost.
            let free = free_id(&id, |id| self.runs.has(id));
            let json = with_id(item.json(), &free).ok_or("The file has no id to change.")?;
            item = item.with_id(&free, json);
            self.notices.done(format!(
                "There is another run with the id “{id}” here. Both are kept: this one is now “{free}”."
            ));
        }
        let route = item.route();
        self.keep(item).await;
        Ok(route)
    }
}

/// Who waits for a run's end.
pub type Waiter = Box<dyn FnOnce(Result<Item, Vec<String>>)>;

/// The page's state, from the context.
pub fn use_app() -> App {
    expect_context::<App>()
}
