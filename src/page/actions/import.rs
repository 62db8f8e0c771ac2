//! Opening files: picked, dropped, pasted, or named by a link.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::{Actions, IDS_TRIED};
use crate::browser::files::{FOLDER_MAX, Picked};
use crate::browser::links::fetch_blob;
use crate::browser::store::StoreError;
use crate::page::state::{Item, go};
use crate::protocol::ImportedItem;
use fwit_model::plan::wire;
use fwit_present::library_edit::Edit;
use fwit_present::route::{Prefill, Route};
use fwit_report::run::rename::{free_id, rename, same_run, with_id};

/// Most files whose errors are told one by one.
const ERRORS_SHOWN: usize = 5;
/// So many runs of one opening are shown side by side; more are found in the library.
const SIDE_BY_SIDE: usize = 12;

/// What opening some files came to.
#[derive(Default)]
pub struct Opened {
    /// Where what was opened is shown.
    pub routes: Vec<Route>,
    /// What could not be opened: the file, and why.
    pub errors: Vec<(String, String)>,
    /// The user wanted no more.
    pub cancelled: bool,
}

impl Actions {
    /// Opens files that the user picked, dropped or pasted: runs go to the library, a plan into the
    /// form. A file that can't be read is told of, and the others are read all the same.
    pub fn import(self, files: Vec<Picked>) {
        if files.len() >= FOLDER_MAX {
            self.notices.wrong(format!("Of these files only the first {FOLDER_MAX} are opened."));
        }
        leptos::task::spawn_local(async move {
            let opened = self.open_all(files, &[]).await;
            self.show(opened, false);
        });
    }

    /// Opens files from addresses, and shows them; each may have a name of its own.
    pub async fn import_links(self, links: &[String], titles: &[String]) {
        let (mut files, mut names) = (Vec::new(), Vec::new());
        let mut opened = Opened::default();
        for (i, link) in links.iter().enumerate() {
            match fetch_blob(link).await {
                Ok(blob) => {
                    let path = link.split(['?', '#']).next().unwrap_or(link);
                    let name = path.rsplit('/').find(|part| !part.is_empty()).unwrap_or(link);
                    files.push(Picked::blob(name, blob));
                    names.push(titles.get(i).cloned().unwrap_or_default());
                }
                Err(error) => opened.errors.push((link.clone(), error)),
            }
        }
        let read = self.open_all(files, &names).await;
        opened.errors.extend(read.errors);
        opened.routes = read.routes;
        opened.cancelled = read.cancelled;
        self.show(opened, true);
    }

    /// Opens files and keeps what is in them. `titles` name the first run of each file, where they
    /// are not empty.
    pub async fn open_all(self, files: Vec<Picked>, titles: &[String]) -> Opened {
        let mut opened = Opened::default();
        let mut titles = titles.to_vec();
        let cancelled = self
            .imports
            .read(files, async |(place, name, item)| {
                let item = match item {
                    Ok(ImportedItem::Run(run)) => {
                        let mut run = *run;
                        let title = titles.get_mut(place).map(std::mem::take).unwrap_or_default();
                        if !title.trim().is_empty()
                            && let Some(json) = rename(&run.json, &title)
                        {
                            run.view.name = title;
                            run.json = json;
                        }
                        Ok(Item::Run(Arc::new(run)))
                    }
                    Ok(ImportedItem::Experiment(experiment)) => {
                        Ok(Item::Experiment(Arc::new(*experiment)))
                    }
                    Ok(ImportedItem::Plan(text)) => {
                        match self.plan_into_form(&name, &text) {
                            Ok(route) => opened.routes.push(route),
                            Err(error) => opened.errors.push((name, error)),
                        }
                        return;
                    }
                    Err(error) => Err(error),
                };
                let kept = match item {
                    Ok(item) => self.add_opened(&name, item).await,
                    Err(error) => Err(error),
                };
                match kept {
                    Ok(route) => opened.routes.push(route),
                    Err(error) => opened.errors.push((name, error)),
                }
            })
            .await;
        opened.cancelled = cancelled;
        opened
    }

    /// Shows what was opened, and tells what was not.
    fn show(self, opened: Opened, linked: bool) {
        let Opened { routes, errors, cancelled } = opened;
        if cancelled {
            self.notices.done("The opening was cancelled. What was opened until then is in Runs.");
        }
        for (name, error) in errors.iter().take(ERRORS_SHOWN) {
            self.notices.wrong(format!("“{name}” was not opened. {error}"));
        }
        if errors.len() > ERRORS_SHOWN {
            let more = errors.len() - ERRORS_SHOWN;
            self.notices.wrong(format!("{more} more files were not opened."));
        }
        let distinct: BTreeSet<String> = routes.iter().map(ToString::to_string).collect();
        let runs: Vec<String> = routes
            .iter()
            .filter_map(|route| match route {
                Route::Result(id) => Some(id.clone()),
                _ => None,
            })
            .collect();
        match routes.as_slice() {
            [] if linked => go(&Route::LIBRARY),
            [] => {}
            [route, ..] if distinct.len() == 1 => go(route),
            many => {
                self.notices.done(format!("{} runs opened.", distinct.len()));
                if linked && runs.len() == many.len() && runs.len() <= SIDE_BY_SIDE {
                    go(&Route::Compare(runs));
                } else {
                    go(&Route::LIBRARY);
                }
            }
        }
    }

    fn plan_into_form(self, name: &str, text: &str) -> Result<Route, String> {
        let plan = wire::read(text).map_err(|problems| {
            problems.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
        })?;
        self.plan_form.fill(&plan);
        self.notices.done(format!("The plan of “{name}” is in the form."));
        Ok(Route::Plan(Prefill::default()))
    }

    /// Opens a run's or an experiment's file and keeps it. Returns where it is shown. An experiment
    /// that was not carried out goes into the set-up form.
    ///
    /// # Errors
    /// What is wrong with the file.
    pub async fn open(self, name: &str, bytes: Vec<u8>) -> Result<Route, String> {
        self.add_opened(name, self.library.read(name, bytes).await?).await
    }

    /// A run that is here already, opened once more: where it has no tags and no note here, those
    /// of the file are taken.
    async fn take_labels(self, stored: &Item, opened: &Item) {
        if stored.labels().is_empty() && !opened.labels().is_empty() {
            let labels = Some(opened.labels().clone());
            let was = Some(stored.labels().clone());
            let edit = Edit { name: None, labels, was };
            // Labels that another tab has given it meanwhile stay.
            let _ = self.library.edit(stored.id(), edit).await;
        }
    }

    async fn add_opened(self, name: &str, mut item: Item) -> Result<Route, String> {
        if let Item::Experiment(experiment) = &item
            && experiment.view.ended.is_none()
        {
            self.experiment_form.fill(self.plan_form, &experiment.json)?;
            return Ok(Route::Experiment(None));
        }
        let id = item.id().to_string();
        if !fwit_present::route::is_id(&id) {
            return Err(format!(
                "Its id “{id}” has other characters than letters, digits, “-”, “_” and “.”."
            ));
        }
        if let Item::Run(run) = &item {
            for warning in &run.view.warnings {
                self.notices.wrong(format!("“{name}”: {warning}"));
            }
        }
        self.library.ready().await;
        for _ in 0..IDS_TRIED {
            let id = item.id().to_string();
            if self.library.has(&id) {
                if let Ok(stored) = self.library.item(&id).await
                    && same_run(stored.json(), item.json())
                {
                    self.take_labels(&stored, &item).await;
                    return Ok(stored.route());
                }
                // Another run has the same id: keep both, unless both are there already.
                for copy in (2..100).map(|n| format!("{id}-{n}")) {
                    if !self.library.has(&copy) {
                        break;
                    }
                    if let (Ok(stored), Some(own)) =
                        (self.library.item(&copy).await, with_id(item.json(), &copy))
                        && same_run(stored.json(), &own)
                    {
                        self.take_labels(&stored, &item).await;
                        return Ok(stored.route());
                    }
                }
                let free = free_id(&id, |id| self.library.has(id));
                let json = with_id(item.json(), &free).ok_or("The file has no id to change.")?;
                item = item.with_id(&free, json);
                self.notices.done(format!(
                    "There is another run with the id “{id}” here. Both are kept: this one is now \
                     “{free}”."
                ));
            }
            match self.library.add_new(item.clone()).await {
                // Another tab took the id at this moment: now it is known.
                Err(StoreError::Taken) => self.library.refresh().await,
                Err(error) => {
                    self.notices.wrong(format!("The run is not kept in this browser. {error}"));
                    return Ok(item.route());
                }
                Ok(()) => return Ok(item.route()),
            }
        }
        Err("Its id is taken again and again by other tabs. Try once more.".into())
    }
}
