//! Reading a run file: from bytes of unknown origin to a run, or to an error that says what is
//! wrong.

use std::borrow::Cow;

use fwit_model::json::{self, JsonError};
use fwit_model::text::{NotUtf16, utf8};
use serde::Deserialize;
use serde_json::Value;

use super::gzip::{self, GzipError};
use super::plausible::Implausible;
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

/// A file's text as UTF-8: without gzip around it, a byte order mark, UTF-16; at most [`FILE_MAX`].
///
/// # Errors
/// Larger, broken gzip, or broken UTF-16.
pub fn unpacked(bytes: &[u8]) -> Result<Cow<'_, [u8]>, RunError> {
    // UTF-16 has two bytes a letter.
    if bytes.len() > 2 * FILE_MAX {
        return Err(RunError::TooLarge);
    }
    let broken = |place: &str, what: String| RunError::Broken { place: place.into(), what };
    let encoding = |e: NotUtf16| broken("its encoding", e.to_string());
    let plain = if gzip::is_gzip(bytes) {
        let plain = gzip::unpack(bytes, FILE_MAX).map_err(|e| match e {
            GzipError::TooLarge => RunError::TooLarge,
            other => broken("its gzip", other.to_string()),
        })?;
        match utf8(&plain).map_err(encoding)? {
            Cow::Owned(text) => Cow::Owned(text),
            Cow::Borrowed(text) if text.len() == plain.len() => Cow::Owned(plain),
            Cow::Borrowed(text) => Cow::Owned(text.to_vec()),
        }
    } else {
        utf8(bytes).map_err(encoding)?
    };
    if plain.len() > FILE_MAX { Err(RunError::TooLarge) } else { Ok(plain) }
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
    super::plausible::check(&file)
        .map_err(|Implausible { place, what }| RunError::Broken { place, what })?;
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
