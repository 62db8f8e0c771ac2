//! Rows of a file that were left out: how many, and where the first was.

use crate::draft::Draft;

/// Rows that were left out for one reason.
#[derive(Debug, Default)]
pub(super) struct Skipped {
    count: u64,
    first: u64,
}

impl Skipped {
    /// The row in this line is left out.
    pub(super) fn line(&mut self, line: u64) {
        if self.count == 0 {
            self.first = line;
        }
        self.count += 1;
    }

    /// Says so in a warning. `why`: the end of a sentence.
    pub(super) fn tell(&self, draft: &mut Draft, why: &str) {
        match self.count {
            0 => {}
            1 => draft.warn(format!("Line {} was left out: {why}.", self.first)),
            n => draft.warn(format!(
                "{n} lines were left out, the first of them line {}: {why}.",
                self.first
            )),
        }
    }
}
