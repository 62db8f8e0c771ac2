//! Reading a run file: from bytes of unknown origin to a run, or to an error that says what is
//! wrong.

use fwit_model::json::{self, JsonError};
use serde::Deserialize;
use serde_json::Value;

use super::gzip::{self, GzipError};
use super::wire::{RunFile, VERSION};

/// Largest run file, unpacked.
pub const FILE_MAX: usize = 256 * 1024 * 1024;

/// Why a file can't be opened as a run.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RunError {
    /// It is something else.
    #[error("This is not a fwit run: {0}.")]
    NotARun(String),
    /// It was written by a newer fwit.
    #[error(
        "This run has version {found}; this fwit reads up to version {known}. Open it with a newer \
         fwit."
    )]
    TooNew {
        /// The file's version.
        found: u64,
        /// The newest this program knows.
        known: u32,
    },
    /// It is larger than anything fwit writes.
    #[error("This file is too large: more than {} MB unpacked.", FILE_MAX / 1024 / 1024)]
    TooLarge,
    /// It is a run, but damaged.
    #[error("This run is damaged at {place}: {what}.")]
    Broken {
        /// Where.
        place: String,
        /// What.
        what: String,
    },
}

/// Reads a run file; gzip is unpacked.
///
/// # Errors
/// See [`RunError`].
pub fn read(bytes: &[u8]) -> Result<RunFile, RunError> {
    read_json(&unpacked(bytes)?)
}

/// A file's bytes without gzip around them, at most [`FILE_MAX`].
///
/// # Errors
/// Larger, or broken gzip.
pub fn unpacked(bytes: &[u8]) -> Result<std::borrow::Cow<'_, [u8]>, RunError> {
    if bytes.len() > FILE_MAX {
        return Err(RunError::TooLarge);
    }
    if !gzip::is_gzip(bytes) {
        return Ok(bytes.into());
    }
    let plain = gzip::unpack(bytes, FILE_MAX).map_err(|e| match e {
        GzipError::TooLarge => RunError::TooLarge,
        other => RunError::Broken { place: "its gzip".into(), what: other.to_string() },
    })?;
    Ok(plain.into())
}

fn read_json(bytes: &[u8]) -> Result<RunFile, RunError> {
    // The head alone tells what it is, and it is told before anything else is believed.
    let broken = |e: JsonError| RunError::Broken { place: e.place, what: clip(&e.what) };
    let head: Head = json::read_file(bytes).map_err(|e| {
        if looks_like_a_run(bytes) {
            broken(e)
        } else {
            RunError::NotARun("it is not JSON, or it is cut off".into())
        }
    })?;
    match head.format.as_ref().map(|f| f.as_str().unwrap_or("?")) {
        Some("fwit-run") => {}
        Some(other) => return Err(RunError::NotARun(format!("it calls itself “{}”", clip(other)))),
        None => return Err(RunError::NotARun("it has no “format”".into())),
    }
    match head.version.as_ref().and_then(Value::as_u64) {
        Some(v) if v > u64::from(VERSION) => {
            return Err(RunError::TooNew { found: v, known: VERSION });
        }
        Some(1 | 2) => {}
        _ => {
            return Err(RunError::Broken {
                place: "version".into(),
                what: "it is missing, or not a version".into(),
            });
        }
    }
    let mut file: RunFile = json::read(bytes).map_err(broken)?;
    super::upgrade::upgrade(&mut file);
    Ok(file)
}

/// What every file of fwit has.
#[derive(Deserialize)]
struct Head {
    format: Option<Value>,
    version: Option<Value>,
}

fn looks_like_a_run(bytes: &[u8]) -> bool {
    let head = bytes.get(..bytes.len().min(4096)).unwrap_or_default();
    head.windows(10).any(|w| w == b"\"fwit-run\"")
}

fn clip(text: &str) -> String {
    text.chars().take(200).collect()
}
