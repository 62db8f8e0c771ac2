//! The page's state: above the route, so that it outlives every view.

use leptos::prelude::*;

use super::engine::Engine;
use super::notices::Notices;
use super::plan_form::Form;
use super::runs::Runs;
use crate::browser::files::Picked;
use crate::browser::{document, prefs};
use crate::plan::Plan;
use crate::protocol::Opened;
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
        self.engine.start(plan, api_key, move |end| app.ended(end, waiter))?;
        self.go(&Route::Live);
        Ok(())
    }

    /// A run is over: keep it, show it, tell whoever waits.
    fn ended(self, end: Result<Box<Opened>, Vec<String>>, waiter: Option<Waiter>) {
        leptos::task::spawn_local(async move {
            let end = match end {
                Ok(opened) => Ok(self.keep(*opened).await),
                Err(messages) => Err(messages),
            };
            match &end {
                // A run that is in memory only still asks before the page is left.
                Ok((opened, kept)) => self.engine.done(&opened.view.id, *kept),
                Err(messages) => self.engine.failed(messages.clone()),
            }
            let end = end.map(|(opened, _)| opened);
            if let (Ok(opened), Route::Live) = (&end, self.route.get_untracked()) {
                document::replace(&Route::Result(opened.view.id.clone()).to_string());
                self.route.set(Route::Result(opened.view.id.clone()));
            }
            if let Some(waiter) = waiter {
                waiter(end);
            }
        });
    }

    async fn keep(self, opened: Opened) -> (std::sync::Arc<Opened>, bool) {
        let opened = std::sync::Arc::new(opened);
        let added = self.runs.add(opened.clone()).await;
        if let Err(error) = &added {
            self.notices.wrong(format!("The run is not kept in this browser. {error}"));
        }
        (opened, added.is_ok())
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
                Ok(Some(id)) => kept.push(id),
                Ok(None) => {}
                Err(error) => self.notices.wrong(format!("“{}” was not opened. {error}", file.name)),
            }
        }
        match kept.as_slice() {
            [] => {}
            [id] => self.go(&Route::Result(id.clone())),
            many => {
                self.notices.done(format!("{} runs opened.", many.len()));
                self.go(&Route::Library);
            }
        }
    }

    async fn import_one(self, file: &Picked) -> Result<Option<String>, String> {
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

    /// Opens a run file's bytes and keeps the run; its id.
    ///
    /// # Errors
    /// What is wrong with the file.
    pub async fn open(self, name: &str, bytes: Vec<u8>) -> Result<String, String> {
        let mut opened = self.runs.read(name, bytes).await?;
        let mut id = opened.view.id.clone();
        if !crate::route::is_id(&id) {
            return Err(format!("Its id “{id}” is none: letters, digits, “-”, “_” and “.” are."));
        }
        for warning in &opened.view.warnings {
            self.notices.wrong(format!("“{name}”: {warning}"));
        }
        self.runs.ready().await;
        if self.runs.has(&id)
            && let Ok(stored) = self.runs.open(&id).await
        {
            if same_run(&stored.json, &opened.json) {
                return Ok(id);
            }
            // Another run that calls itself the same: neither is lost.
            let free = free_id(&id, |id| self.runs.has(id));
            opened.json = with_id(&opened.json, &free).ok_or("The run’s file has no id to change.")?;
            opened.view.id.clone_from(&free);
            self.notices.done(format!(
                "There is another run with the id “{id}” here. Both are kept: this one is now “{free}”."
            ));
            id = free;
        }
        self.keep(*opened).await;
        Ok(id)
    }
}

/// Who waits for a run's end.
pub type Waiter = Box<dyn FnOnce(Result<std::sync::Arc<Opened>, Vec<String>>)>;

/// The page's state, from the context.
pub fn use_app() -> App {
    expect_context::<App>()
}
