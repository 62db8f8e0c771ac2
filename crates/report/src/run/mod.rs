//! The saved run: its file form per version, its upgrades, and the view that a page shows.
//!
//! May not enter: measuring.
//! Invariant: every version ever written opens; a file is taken as hostile until it was read whole.
//! Tests: beside the code and in tests/.

pub mod build;
pub mod compare;
mod counted;
pub mod early_stop;
pub mod episodes;
mod gzip;
mod headlines;
mod health;
pub mod hist;
pub mod intervals;
pub mod labels;
pub mod latency_groups;
pub mod leadership;
mod littles_law;
pub mod needs;
mod numbers;
pub mod percentiles;
pub(crate) mod plausible;
mod read;
pub mod recovery;
pub mod rename;
#[cfg(any(test, feature = "sample"))]
pub mod sample;
pub mod select;
mod settled;
pub mod source;
pub mod summary;
pub mod threshold;
pub mod timeline;
pub(crate) mod upgrade;
pub mod verdict;
pub mod verification;
pub mod view;
pub mod vitals;
pub mod wire;

pub use read::{FILE_MAX, RunError, read, unpacked};

/// Reads a run file and makes its view.
///
/// # Errors
/// See [`RunError`].
pub fn open(bytes: &[u8]) -> Result<(wire::RunFile, view::RunView), RunError> {
    let file = read(bytes)?;
    let view = summary::view(&file)?;
    Ok((file, view))
}
