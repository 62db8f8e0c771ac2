//! What is run: the plan, and the dialects that turn its operations into requests.
//!
//! Owns: [`plan`] (its model, file form, draft of a form, presets and link; a `Plan` is valid by
//! construction), [`dialect`] (operations as requests, answers as outcomes) and [`json`] (how every
//! file of fwit is read and written).
//!
//! May not enter: how a plan is carried out, clocks, statistics, anything of a browser. Imports
//! `fwit-quantities` alone.
//!
//! Tests: beside the code, `cargo test -p fwit-model`.

pub mod dialect;
pub mod json;
pub mod plan;
pub mod secret;
pub mod text;
