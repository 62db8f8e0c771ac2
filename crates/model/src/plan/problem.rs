//! What is wrong with a plan: problems, as they are found.

use std::fmt;

/// One thing that is wrong with a plan: which field (its path in the file, such as `load.entities`
/// or `cluster.nodes.0.url`; empty for the whole), and a sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Path of the field.
    pub field: String,
    /// What is wrong and what to write instead.
    pub message: String,
}

impl Problem {
    /// A problem of a field.
    #[must_use]
    pub fn new(field: impl Into<String>, message: impl Into<String>) -> Problem {
        Problem { field: field.into(), message: message.into() }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.field.is_empty() {
            write!(f, "{}", self.message)
        } else {
            write!(f, "{}: {}", self.field, self.message)
        }
    }
}

/// Longest name of a plan or a node, in characters.
pub const NAME_MAX: usize = 200;

/// What is found wrong, as it is found.
#[derive(Default)]
pub(super) struct Problems {
    pub(super) list: Vec<Problem>,
}

impl Problems {
    pub(super) fn add(&mut self, field: &str, message: impl Into<String>) {
        self.list.push(Problem::new(field, message));
    }

    pub(super) fn range(&mut self, field: &str, value: f64, least: f64, most: f64) {
        if !(least..=most).contains(&value) {
            self.add(field, format!("{value} is out of range: from {least} to {most}"));
        }
    }
}
