//! What the user does to a run under way: notes, another load, faults by hand.

use futures_channel::mpsc::Receiver;
use futures_util::StreamExt;
use futures_util::future::{Either, select};
use futures_util::stream::FuturesUnordered;
use fwit_model::plan::{Model, chaos};
use serde::{Deserialize, Serialize};

use super::environment::{Clock, Transport, next_or_never};
use super::shared::Shared;
use super::timeline::EventKind;

/// One thing that the user does to a run under way.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Control {
    /// So many entities of a closed load, or requests a second of an open one, from now on.
    Level(f64),
    /// The user notes something.
    Note(String),
    /// A fault, as a plan's line has it: `pause leader for 5s`.
    Act(String),
    /// What the user was asked to do is done: its place in what is asked.
    Done(u32),
}

/// Largest rate that can be set by hand, a second.
const RATE_MAX: f64 = 100_000.0;

impl<T: Transport, C: Clock> Shared<T, C> {
    /// How many entities a run may have, with those that the user may add to a closed load.
    #[must_use]
    pub fn capacity(&self) -> u32 {
        let entities = self.plan.load.entities;
        let may_grow =
            matches!(self.plan.load.model, Model::Closed { .. }) && self.plan.cluster.sim.is_none();
        if may_grow {
            entities.saturating_mul(4).clamp(100, 10_000).max(entities)
        } else {
            entities
        }
    }

    /// Does what the user does, as it comes. Ends with the way that it comes by.
    pub async fn obey(&self, mut controls: Receiver<Control>) {
        let mut acts = FuturesUnordered::new();
        let mut open = true;
        while open || !acts.is_empty() {
            let act = next_or_never(&mut acts);
            let control = async {
                if !open {
                    std::future::pending::<()>().await;
                }
                controls.next().await
            };
            let control = match select(std::pin::pin!(control), std::pin::pin!(act)).await {
                Either::Left((control, _)) => control,
                Either::Right(_) => continue,
            };
            match control {
                None => open = false,
                Some(Control::Level(level)) => self.set_level(level),
                Some(Control::Note(words)) => self.note(EventKind::Note, &words),
                Some(Control::Done(place)) => self.was_done(place as usize),
                Some(Control::Act(text)) => {
                    let names: Vec<String> =
                        self.plan.cluster.nodes.iter().map(|n| n.name.clone()).collect();
                    match chaos::parse_action(&text, &self.dialect, &names) {
                        Ok(action) => acts.push(async move {
                            self.carry_out(&action, &mut self.by_hand()).await;
                        }),
                        Err(error) => self.note(EventKind::Fault, &format!("{text}: {error}")),
                    }
                }
            }
        }
    }

    /// Adds a moment to the timeline.
    pub fn note(&self, kind: EventKind, words: &str) {
        if !words.trim().is_empty() {
            self.timeline.borrow_mut().add(kind, words, self.clock.now());
        }
    }

    /// Another load from now on.
    fn set_level(&self, level: f64) {
        if !level.is_finite() || level < 0.0 {
            return;
        }
        let (level, words) = match self.plan.load.model {
            Model::Closed { .. } => {
                let level = level.round().min(f64::from(self.capacity()));
                (level, format!("{level} entities"))
            }
            Model::Open { .. } => {
                let level = level.clamp(0.01, RATE_MAX);
                (level, format!("{level} requests/s"))
            }
        };
        self.level.set(Some(level));
        self.removed.set(0);
        self.want_entities();
        self.note(EventKind::Level, &words);
    }

    /// What the plan or the user wants now: entities, or requests a second.
    #[must_use]
    pub fn wanted(&self) -> f64 {
        let (start, _, _) = self.windows.get();
        let planned = || self.plan.load.target(self.clock.now().since(start));
        self.level.get().unwrap_or_else(planned)
    }
}
