//! Notices a worker that gives no sign of the run under way: a worker may stop without an error.

use std::time::Duration;

use leptos::prelude::*;

use super::signs::Watchdog;
use super::{Engine, Status};
use crate::browser::environment::now_s;
use fwit_report::run::view::Phase;

/// How often it looks.
const LOOK: Duration = Duration::from_secs(1);
/// A look that comes so much later than the one before was held back with the whole page (a laptop
/// that slept): the worker stood still as well.
const PAGE_STOOD_STILL_S: f64 = 4.0;
/// So long without a sign is told. Snapshots come once a second.
const SILENT_S: f64 = 5.0;
/// The same before an experiment's first period, when the browser is measured.
const SILENT_AT_THE_START_S: f64 = 15.0;
/// The same at the end of a run, when the worker makes its file.
const SILENT_AT_THE_END_S: f64 = 60.0;
/// How long a silent worker has for an answer to Stop.
const STOP_PATIENCE: Duration = Duration::from_secs(2);

impl Engine {
    /// Notes a message of the worker.
    pub(super) fn sign(self) {
        self.inner.update_value(|inner| inner.watchdog.last_sign_s = now_s());
        if self.silent_s.with_untracked(Option::is_some) {
            self.silent_s.set(None);
        }
    }

    /// Watches from now on.
    pub(super) fn watch(self) {
        self.unwatch();
        let looks = set_interval_with_handle(move || self.look(), LOOK).ok();
        let now = now_s();
        let watchdog = Watchdog { last_sign_s: now, last_look_s: now, looks };
        self.inner.update_value(|inner| inner.watchdog = watchdog);
    }

    /// Watches no longer.
    pub(super) fn unwatch(self) {
        self.inner.update_value(|inner| {
            if let Some(looks) = inner.watchdog.looks.take() {
                looks.clear();
            }
        });
        self.silent_s.set(None);
    }

    fn look(self) {
        let now = now_s();
        let silent = self.inner.try_update_value(|inner| {
            let dog = &mut inner.watchdog;
            if now - dog.last_look_s > PAGE_STOOD_STILL_S {
                dog.last_sign_s = now;
            }
            dog.last_look_s = now;
            now - dog.last_sign_s
        });
        let limit = match self.live.with_untracked(|live| live.phase) {
            Phase::Starting => SILENT_AT_THE_START_S,
            Phase::Warmup | Phase::Measuring => SILENT_S,
            Phase::Draining => SILENT_AT_THE_END_S,
        };
        let silent = silent.filter(|s| *s >= limit).map(|s| s as u32);
        if self.silent_s.get_untracked() != silent {
            self.silent_s.set(silent);
        }
    }

    /// Stop was pressed: a worker that is silent already has a moment to answer.
    pub(super) fn watch_stop(self) {
        if self.silent_s.with_untracked(Option::is_none) {
            return;
        }
        set_timeout(
            move || {
                if self.silent_s.with_untracked(Option::is_some) {
                    self.give_up();
                }
            },
            STOP_PATIENCE,
        );
    }

    /// Ends the worker of the run under way; what was kept of the run counts.
    pub fn give_up(self) {
        if !matches!(
            self.status.get_untracked(),
            Status::Idle | Status::Done(_) | Status::Failed(_)
        ) {
            self.end_worker();
            self.end(Err("The worker gave no sign any more, and was ended.".into()));
        }
    }
}
