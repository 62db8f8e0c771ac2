//! A run that was cut off: made whole from what was kept of it while it went on.
//!
//! Every few seconds a *head* is kept, which replaces the one before (a run file with all sums, and
//! no seconds), and a *part* with the newest seconds, which is added to those before.
//!
//! Tests: tests/engine/recovery.rs.

use super::read::{RunError, read};
use super::view::Ended;
use super::wire::{CountsFile, RunFile, SecondFile};
use fwit_model::json;

/// A part begins so many seconds before the end of the part before: wire timings, which come after
/// the answer, may have changed them.
pub const OVERLAP: usize = 3;

/// What is kept of a run under way, made of its file so far ([`super::build::RunReport::so_far`]).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// The head, as JSON text.
    pub head: String,
    /// The part, as JSON text: a list of seconds.
    pub seconds: String,
}

impl Kept {
    /// Splits a file.
    #[must_use]
    pub fn of(mut file: RunFile) -> Kept {
        let seconds = json::write(&file.series.seconds);
        file.series.seconds.clear();
        Kept { head: json::write(&file), seconds }
    }
}

/// The run, from its newest head and all its parts, in the order in which they were kept.
///
/// # Errors
/// A head or a part that can't be read.
pub fn recovered(head: &str, parts: &[String]) -> Result<RunFile, RunError> {
    let mut file = read(head.as_bytes())?;
    let mut seconds: Vec<SecondFile> = Vec::new();
    for (i, part) in parts.iter().enumerate() {
        let newer: Vec<SecondFile> = json::read(part.as_bytes()).map_err(|e| RunError::Broken {
            place: format!("part {} of its seconds, {}", i + 1, e.place),
            what: e.what,
        })?;
        if let Some(first) = newer.first() {
            seconds.retain(|s| s.t_s < first.t_s);
        }
        seconds.extend(newer);
    }
    file.ended = Ended::Recovered;
    cut_off(&mut file, &mut seconds);
    let ran_s = file.window.warmup_s + file.window.measured_s;
    file.health.hints.push(format!(
        "It was cut off after {}: its page was closed, or stopped working. What was kept until \
         then is here; requests that were under way count as aborted.",
        fwit_quantities::units::Micros::from_secs(ran_s.round())
    ));
    file.series.seconds = seconds;
    Ok(file)
}

/// Counts what was issued and has not ended as aborted, in the last second too.
fn cut_off(file: &mut RunFile, seconds: &mut [SecondFile]) {
    let abort = |counts: &mut CountsFile| {
        let ended: u64 = counts.outcomes().iter().sum();
        let open = counts.issued.saturating_sub(ended);
        counts.aborted = counts.aborted.saturating_add(open);
        open
    };
    for entry in &mut file.counts {
        abort(&mut entry.counts);
    }
    for (op, counts) in file.totals.iter_mut().chain(file.warmup_totals.iter_mut()) {
        let open = abort(counts);
        if open > 0
            && let Some(last) = seconds.last_mut()
        {
            let of_op = last.ops.entry(op.clone()).or_default();
            of_op.aborted = of_op.aborted.saturating_add(open.min(u64::from(u32::MAX)) as u32);
        }
    }
}
