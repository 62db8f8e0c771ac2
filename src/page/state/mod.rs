//! What the page knows: state that outlives every view, because it stands above the route.
//!
//! Each type is a context of its own, so that a view takes what it needs with `expect_context`.
//! `frame` makes them and puts them there. All are `Copy` handles to signals.
//!
//! May not enter: views, and acts that concern several of these (`actions` has them).
//! Tests: what is pure is tested in `present` and `plan`; the whole in tests/e2e.

mod analysis;
mod checks;
mod engine;
mod experiment_form;
mod imports;
mod item;
mod library;
mod library_list;
mod navigation;
mod notices;
mod plan_form;
mod theme;

pub use self::analysis::{ComparisonUpdate, PendingComparison};
pub use self::checks::Checks;
pub use self::engine::{Check, Engine, Keep, RunEnd, Status, Trial, name_of_load, run_lock};
pub use self::experiment_form::ExperimentForm;
pub use self::imports::{Imports, Progress};
pub use self::item::Item;
pub use self::library::Library;
pub use self::library::edit::EditError;
pub use self::library_list::LibraryList;
pub use self::navigation::{CurrentRoute, go};
pub use self::notices::{Notice, Notices, Tone};
pub use self::plan_form::PlanForm;
pub use self::theme::{ColorScheme, Theme};
