//! What the engine's worker is asked beside runs: the connection check, one request of each
//! operation, the look for lanes, the calibration.

use leptos::prelude::*;

use super::{Engine, Inner, OnCalibrated, OnLanesLooked};
use crate::browser::document;
use crate::protocol::ToWorker;
use fwit_engine::trial::TrialStep;
use fwit_model::plan::{Plan, wire};
use fwit_present::browser_share;
use fwit_report::check::NodeCheck;
use fwit_report::run::view::Calibration;

/// The state of the connection check.
#[derive(Clone, Debug, PartialEq)]
pub enum Check {
    /// There was none.
    None,
    /// Under way.
    Running,
    /// What it found, node by node.
    Done(Vec<NodeCheck>),
    /// It could not be carried out, for this reason.
    Failed(String),
}

/// One request of each operation: what became of it.
#[derive(Clone, Debug, PartialEq)]
pub enum Trial {
    /// There was none.
    None,
    /// Under way.
    Running,
    /// What was sent, and what came.
    Done(Vec<TrialStep>),
    /// Nothing could be sent, for this reason.
    Failed(String),
}

impl Engine {
    /// Checks every address of the plan's nodes.
    pub fn check(self, plan: &Plan, api_key: Option<String>) {
        if self.status.get_untracked().is_busy() || self.check.get_untracked() == Check::Running {
            return;
        }
        self.check.set(Check::Running);
        if let Err(error) = self.send(ToWorker::Check { plan_json: wire::to_json(plan), api_key }) {
            self.check.set(Check::Failed(error.to_string()));
        }
    }

    /// Sends one request of each operation of the plan.
    pub fn try_each(self, plan: &Plan, api_key: Option<String>) {
        if self.status.get_untracked().is_busy() || self.trial.get_untracked() == Trial::Running {
            return;
        }
        self.trial.set(Trial::Running);
        if let Err(error) = self.send(ToWorker::Try { plan_json: wire::to_json(plan), api_key }) {
            self.trial.set(Trial::Failed(error.to_string()));
        }
    }

    /// Looks which lanes of a plan lead to its nodes, for about a second; one look after another.
    /// `tell` is told once what the addresses answered.
    pub fn look_for_lanes(self, asked: &Plan, api_key: Option<String>, tell: OnLanesLooked) {
        let message = ToWorker::FindLanes { plan_json: wire::to_json(asked), api_key };
        self.inner.update_value(|inner| inner.looks.push_back((Some(message), tell)));
        if !self.looking.get_untracked() {
            self.looking.set(true);
            self.next_look();
        }
    }

    /// Begins the look that has waited longest.
    fn next_look(self) {
        let next = |inner: &mut Inner| inner.looks.front_mut().and_then(|(ask, _)| ask.take());
        match self.inner.try_update_value(next).flatten().map(|ask| self.send(ask)) {
            Some(Ok(())) => {}
            Some(Err(_)) => self.lanes_looked(&[]),
            None => self.looking.set(false),
        }
    }

    pub(super) fn lanes_looked(self, nodes: &[NodeCheck]) {
        let over = self.inner.try_update_value(|inner| inner.looks.pop_front()).flatten();
        if let Some((_, tell)) = over {
            self.next_look();
            tell(nodes);
        }
    }

    /// Measures how fast this browser is, with the slots of one address. `tell` is told once. No
    /// run and no check can start meanwhile. A page of another machine is refused: it may not be
    /// loaded.
    pub fn calibrate(self, plan: &Plan, tell: OnCalibrated) {
        if let Err(why) = browser_share::may_measure(&document::host()) {
            return tell(Err(why));
        }
        if self.status.get_untracked().is_busy() || self.check.get_untracked() == Check::Running {
            return tell(Err("A run or a check is under way: wait for its end.".into()));
        }
        self.inner.update_value(|inner| inner.on_calibrated.push(tell));
        if self.calibration.with_untracked(|c| c.running) {
            return;
        }
        self.calibration.update(|c| (c.running, c.failure) = (true, None));
        if let Err(error) = self.send(ToWorker::Calibrate { plan_json: wire::to_json(plan) }) {
            self.calibrated(Err(error.to_string()));
        }
    }

    pub(super) fn calibrated(self, result: Result<Calibration, String>) {
        self.calibration.update(|c| {
            c.running = false;
            match &result {
                Ok(known) => c.known = Some(known.clone()),
                Err(error) => c.failure = Some(error.clone()),
            }
        });
        let waiting = self.inner.try_update_value(|inner| std::mem::take(&mut inner.on_calibrated));
        for tell in waiting.unwrap_or_default() {
            tell(result.clone());
        }
    }
}
