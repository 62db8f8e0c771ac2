//! What the library holds: a run or an experiment, opened.

use std::sync::Arc;

use crate::protocol::{Opened, OpenedExperiment};
use fwit_present::library::Card;
use fwit_present::route::Route;
use fwit_report::experiment::view::ExperimentView;
use fwit_report::run::view::{Labels, RunView};

/// A run or an experiment.
#[derive(Clone)]
pub enum Item {
    /// A run.
    Run(Arc<Opened>),
    /// An experiment.
    Experiment(Arc<OpenedExperiment>),
}

impl Item {
    /// Returns its id.
    pub fn id(&self) -> &str {
        match self {
            Item::Run(run) => &run.view.id,
            Item::Experiment(experiment) => &experiment.view.id,
        }
    }

    /// Returns the text of its file, JSON.
    pub fn json(&self) -> &str {
        match self {
            Item::Run(run) => &run.json,
            Item::Experiment(experiment) => &experiment.json,
        }
    }

    /// Returns what the user says of it.
    pub fn labels(&self) -> &Labels {
        match self {
            Item::Run(run) => &run.view.labels,
            Item::Experiment(experiment) => &experiment.view.labels,
        }
    }

    /// Returns what the list shows of it.
    pub fn card(&self) -> Card {
        match self {
            Item::Run(run) => Card::of(&run.view, run.json.len() as u64),
            Item::Experiment(experiment) => {
                Card::of_experiment(&experiment.view, experiment.json.len() as u64)
            }
        }
    }

    /// Returns where it is shown.
    pub fn route(&self) -> Route {
        match self {
            Item::Run(run) => Route::Result(run.view.id.clone()),
            Item::Experiment(experiment) => Route::Experiment(Some(experiment.view.id.clone())),
        }
    }

    /// Returns it with another name and other labels; `json` is its file with them.
    pub fn with_names(self, json: String, name: String, labels: Labels) -> Item {
        match self {
            Item::Run(run) => {
                let view = RunView { name, labels, ..run.view.clone() };
                Item::Run(Arc::new(Opened { json, view }))
            }
            Item::Experiment(experiment) => {
                let view = ExperimentView { name, labels, ..experiment.view.clone() };
                Item::Experiment(Arc::new(OpenedExperiment { json, view }))
            }
        }
    }

    /// Returns it with another id; `json` is its file with that id.
    pub fn with_id(self, id: &str, json: String) -> Item {
        match self {
            Item::Run(run) => {
                let mut view = run.view.clone();
                view.id = id.to_string();
                Item::Run(Arc::new(Opened { json, view }))
            }
            Item::Experiment(experiment) => {
                let mut view = experiment.view.clone();
                view.id = id.to_string();
                Item::Experiment(Arc::new(OpenedExperiment { json, view }))
            }
        }
    }
}
