//! Short messages at the page's edge: what was done, or what went wrong.

use std::time::Duration;

use leptos::prelude::*;

/// How long a notice of something done stays.
const STAY: Duration = Duration::from_secs(8);
/// And one with a button, such as “Undo”.
const STAY_WITH_BUTTON: Duration = Duration::from_secs(20);

/// How serious a notice is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// Something was done. The notice goes away by itself.
    Done,
    /// Something went wrong. The notice stays until it is closed.
    Wrong,
    /// A question. It stays until it is answered, or is no question any more.
    Question,
}

/// A way to answer, or to undo what was done: the button's label and what it does.
pub type Action = (String, Callback<()>);

/// One notice.
#[derive(Clone)]
pub struct Notice {
    /// Its number.
    pub id: u32,
    /// How serious it is.
    pub tone: Tone,
    /// What it says.
    pub text: String,
    /// What can be done about it; each closes the notice.
    pub actions: Vec<Action>,
}

/// All notices that are shown.
#[derive(Clone, Copy)]
pub struct Notices {
    list: RwSignal<Vec<Notice>>,
    next: RwSignal<u32>,
}

impl Notices {
    /// No notices yet.
    pub fn new() -> Notices {
        Notices { list: RwSignal::new(Vec::new()), next: RwSignal::new(0) }
    }

    /// Returns the notices that are shown, and tracks them.
    pub fn all(self) -> Vec<Notice> {
        self.list.get()
    }

    /// Says that something was done.
    pub fn done(self, text: impl Into<String>) {
        self.add(Tone::Done, text.into(), Vec::new());
    }

    /// Says that something was done, with a button that undoes it.
    pub fn done_with(self, text: impl Into<String>, action: Action) {
        self.add(Tone::Done, text.into(), vec![action]);
    }

    /// Says something that stays until it is closed, with a button.
    pub fn tell(self, text: impl Into<String>, action: Action) {
        self.add(Tone::Question, text.into(), vec![action]);
    }

    /// Says that something went wrong, with a button that helps.
    pub fn warn_with(self, text: impl Into<String>, action: Action) {
        self.add(Tone::Wrong, text.into(), vec![action]);
    }

    /// Says that something went wrong.
    pub fn wrong(self, text: impl Into<String>) {
        self.add(Tone::Wrong, text.into(), Vec::new());
    }

    /// Asks a question, in the place of an earlier one.
    pub fn ask(self, text: impl Into<String>, answers: Vec<Action>) {
        self.withdraw_question();
        self.add(Tone::Question, text.into(), answers);
    }

    /// Takes the question away.
    pub fn withdraw_question(self) {
        self.list.update(|list| list.retain(|n| n.tone != Tone::Question));
    }

    /// Returns what went well; shows the error of what did not.
    pub fn check<T, E: std::fmt::Display>(self, result: Result<T, E>) -> Option<T> {
        result.map_err(|error| self.wrong(error.to_string())).ok()
    }

    /// Takes a notice away.
    pub fn close(self, id: u32) {
        self.list.update(|list| list.retain(|n| n.id != id));
    }

    fn add(self, tone: Tone, text: String, actions: Vec<Action>) {
        let stay = if actions.is_empty() { STAY } else { STAY_WITH_BUTTON };
        let id = self.next.get_untracked();
        self.next.set(id + 1);
        self.list.update(|list| {
            // The same text is shown once. A notice with an action stays: each undoes its own act.
            list.retain(|n| !n.actions.is_empty() || n.text != text);
            list.push(Notice { id, tone, text, actions });
        });
        if tone == Tone::Done {
            set_timeout(move || self.close(id), stay);
        }
    }
}
