//! Why a file can't be opened.

/// Why a file, or one of an archive's, can't be opened.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ImportError {
    /// No importer knows it.
    #[error("fwit does not know this kind of file: {0}.")]
    Unknown(String),
    /// It is an importer's, but damaged.
    #[error("This {form} file is damaged at {place}: {what}.")]
    Broken {
        /// Which file it would be: `k6 summary`.
        form: String,
        /// Where: a line, a field, a byte.
        place: String,
        /// What is wrong there.
        what: String,
    },
    /// It is known, but holds nothing that could be shown.
    #[error("This {form} file has no requests in it: {what}.")]
    Empty {
        /// Which file it is.
        form: String,
        /// What is missing.
        what: String,
    },
    /// It is known, and can't be read; the text says what to do.
    #[error("{0}")]
    Refused(String),
    /// It is larger than can be read.
    #[error("This file is too large: {0}.")]
    TooLarge(String),
    /// What it is read from failed.
    #[error("It can't be read: {0}.")]
    Read(String),
    /// The user wanted no more of it.
    #[error("It was not opened: cancelled.")]
    Cancelled,
}

impl ImportError {
    /// Damage at a line.
    #[must_use]
    pub fn at_line(form: &str, line: u64, what: impl Into<String>) -> ImportError {
        ImportError::broken(form, format!("line {line}"), what)
    }

    /// Damage at a place.
    #[must_use]
    pub fn broken(form: &str, place: impl Into<String>, what: impl Into<String>) -> ImportError {
        ImportError::Broken { form: form.into(), place: place.into(), what: clip(&what.into()) }
    }

    /// Nothing in it.
    #[must_use]
    pub fn empty(form: &str, what: impl Into<String>) -> ImportError {
        ImportError::Empty { form: form.into(), what: what.into() }
    }
}

/// At most 200 characters of a text, on one line.
#[must_use]
pub fn clip(text: &str) -> String {
    let line: String =
        text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(200).collect();
    line.trim().trim_end_matches('.').to_string()
}
