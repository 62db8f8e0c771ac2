//! What is done to the cluster or the load while a run goes on: faults, notes, changes.

use fwit_quantities::units::Micros;
use serde::{Deserialize, Serialize};

/// Most that is kept of a run.
const LIST_MAX: usize = 1_000;
/// Longest words of one, in characters.
const WORDS_MAX: usize = 200;

/// What kind of thing was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EventKind {
    /// A fault, or what should have been one.
    Fault,
    /// What the user noted.
    Note,
    /// The load was changed.
    Level,
}

/// One thing that was done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Happening {
    /// When.
    pub at: Micros,
    /// Until when; `None` while it lasts.
    pub until: Option<Micros>,
    /// What kind.
    pub kind: EventKind,
    /// What, for people.
    pub words: String,
}

/// All that was done, in order.
#[derive(Clone, Debug, Default)]
pub struct Timeline {
    list: Vec<Happening>,
}

impl Timeline {
    /// Adds something that begins now, and lasts until [`Timeline::end`]. Returns its place; beyond
    /// a thousand nothing more is kept.
    pub fn begin(&mut self, kind: EventKind, words: &str, at: Micros) -> usize {
        if self.list.len() < LIST_MAX {
            let words = words.trim().chars().take(WORDS_MAX).collect();
            self.list.push(Happening { at, until: None, kind, words });
            return self.list.len() - 1;
        }
        LIST_MAX
    }

    /// Adds a moment.
    pub fn add(&mut self, kind: EventKind, words: &str, at: Micros) {
        let place = self.begin(kind, words, at);
        self.end(place, at, None);
    }

    /// What began ends; `more` is added to its words.
    pub fn end(&mut self, place: usize, at: Micros, more: Option<&str>) {
        if let Some(happening) = self.list.get_mut(place) {
            happening.until = Some(at);
            if let Some(more) = more {
                happening.words = format!("{}: {more}", happening.words);
            }
        }
    }

    /// Adds to the words of what began and lasts.
    pub fn remark(&mut self, place: usize, more: &str) {
        if let Some(happening) = self.list.get_mut(place) {
            happening.words = format!("{}: {more}", happening.words);
        }
    }

    /// The load begins: what was before it is no part of it.
    pub fn clear(&mut self) {
        self.list.clear();
    }

    /// All that was done, in order.
    #[must_use]
    pub fn list(&self) -> &[Happening] {
        &self.list
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lasts_has_an_end_and_a_moment_is_its_own() {
        let mut timeline = Timeline::default();
        let pause = timeline.begin(EventKind::Fault, " pause n1 ", Micros(5));
        timeline.add(EventKind::Note, "looked at the logs", Micros(7));
        assert_eq!(timeline.list()[0].until, None);
        timeline.end(pause, Micros(9), Some("HTTP 500"));
        assert_eq!(timeline.list()[0].until, Some(Micros(9)));
        assert_eq!(timeline.list()[0].words, "pause n1: HTTP 500");
        assert_eq!(timeline.list()[1].until, Some(Micros(7)));
        for _ in 0..2_000 {
            timeline.add(EventKind::Note, &"x".repeat(900), Micros(8));
        }
        assert!(timeline.list().len() == 1_000 && timeline.list()[999].words.len() == 200);
    }
}
