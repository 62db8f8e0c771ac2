//! Experiments: arms that differ in named fields of a plan, run in interleaved periods and compared
//! pair by pair.
//!
//! May not enter: browser types, real clocks, drawing, statistical formulas (`fwit-stats` has
//! them).
//! Invariant: the replicate is the pair of periods, never the request. Every period that was
//! carried out to its end is kept in the file, those that do not count with the reason. Both arms
//! of a pair have the same seed and warm connections.
//! Tests: beside the code; whole experiments on virtual time in tests/experiment/.

mod analyze;
mod answer;
mod apply;
mod changes;
mod check;
mod compare;
mod draft;
mod extend;
mod fields;
mod lighter;
mod merge;
mod metrics;
mod model;
mod name;
mod period;
mod picks;
mod planned;
mod read;
mod runner;
pub mod view;
pub mod wire;

pub use analyze::analyze;
pub use compare::{Compared, compare};
pub use draft::{ArmDraft, ExperimentDraft, Template};
pub use extend::{combine, extend};
pub use fwit_stats::verdict::more;
pub use lighter::lighter;
#[cfg(test)]
pub(crate) use merge::tests::a_run;
pub use metrics::PRIMARY_NAMES;
pub use model::{
    ARMS_MAX, Arm, Experiment, claim_pairs, defaults, pairs_for_claim, repeats_max, sticky_or_not,
};
pub use period::{PeriodEnvironment, Which, carry_out as carry_out_period};
pub use planned::{Earlier, Planned};
pub use read::{ExperimentError, open, read};
pub use runner::{About, Carried, Event, ExperimentEnvironment, carry_out, finish};
