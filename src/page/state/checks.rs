//! Which problems a form shows, and where: what its fields need to know.

use std::collections::BTreeSet;

use leptos::prelude::*;

use fwit_model::plan::Problem;
use fwit_present::form::{control, control_id, messages_at};

/// The problems of a form. A field's show once the user has left it, or a start was tried.
#[derive(Clone, Copy)]
pub struct Checks {
    /// What the ids of its controls begin with.
    prefix: &'static str,
    /// All that is wrong.
    pub problems: Memo<Vec<Problem>>,
    /// Whether a start was tried: all problems show then.
    pub attempted: RwSignal<bool>,
    touched: RwSignal<BTreeSet<String>>,
}

impl Checks {
    /// No field was left yet.
    pub fn new(prefix: &'static str, problems: Memo<Vec<Problem>>) -> Checks {
        Checks {
            prefix,
            problems,
            attempted: RwSignal::new(false),
            touched: RwSignal::new(BTreeSet::new()),
        }
    }

    /// Returns the id of a field's control in the page.
    pub fn id(self, field: &str) -> String {
        control_id(self.prefix, field)
    }

    /// Notes that the user has left a field: its problems may show.
    pub fn touch(self, field: &str) {
        self.touched.update(|t| {
            t.insert(control(field));
        });
    }

    /// Forgets which fields the user has left: they are others now.
    pub fn untouch(self) {
        self.touched.update(BTreeSet::clear);
    }

    /// Forgets that a start was tried, too.
    pub fn begin_anew(self) {
        self.untouch();
        self.attempted.set(false);
    }

    /// Returns whether a field's problems show.
    pub fn is_open(self, field: &str) -> bool {
        self.attempted.get() || self.touched.with(|t| t.contains(&control(field)))
    }

    /// Returns the problems that show at a field.
    pub fn messages(self, field: &str) -> Vec<String> {
        if self.is_open(field) { self.problems.with(|p| messages_at(p, field)) } else { Vec::new() }
    }
}
