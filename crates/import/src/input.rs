//! What an importer reads from: text in pieces, with its place, and never more in memory than is
//! asked for.
//!
//! Invariant: a line, and a text as a whole, are bounded; what is longer is an error.
//! Tests: beside the code.

use std::io::{BufRead, BufReader, Cursor, Read};

use crate::error::ImportError;

/// How much of the beginning importers may look at, bytes.
pub const HEAD: usize = 64 * 1024;
/// Longest line, bytes.
pub const LINE_MAX: usize = 16 * 1024 * 1024;
/// Longest text that is read as a whole, bytes.
pub const TEXT_MAX: u64 = 256 * 1024 * 1024;

/// One file's text.
pub struct Input<'a> {
    name: String,
    head: Vec<u8>,
    inner: BufReader<Box<dyn Read + 'a>>,
    line: u64,
    buffer: Vec<u8>,
    ended: bool,
}

impl std::fmt::Debug for Input<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Input").field("name", &self.name).finish_non_exhaustive()
    }
}

impl<'a> Input<'a> {
    /// Reads the beginning. A byte order mark is left out.
    ///
    /// # Errors
    /// What the reading said.
    pub fn new(name: &str, mut from: impl Read + 'a) -> Result<Input<'a>, ImportError> {
        let mut head = Vec::new();
        from.by_ref().take(HEAD as u64).read_to_end(&mut head).map_err(|e| failed(&e))?;
        if head.starts_with(b"\xef\xbb\xbf") {
            head.drain(..3);
        }
        let all: Box<dyn Read + 'a> = Box::new(Cursor::new(head.clone()).chain(from));
        Ok(Input {
            name: name.to_string(),
            head,
            inner: BufReader::with_capacity(HEAD, all),
            line: 0,
            buffer: Vec::new(),
            ended: true,
        })
    }

    /// The file's name, for texts.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The beginning, up to [`HEAD`] bytes.
    #[must_use]
    pub fn head(&self) -> &[u8] {
        &self.head
    }

    /// Number of the line that was read last, from 1.
    #[must_use]
    pub fn line_number(&self) -> u64 {
        self.line
    }

    /// The next line without its end. What is no UTF-8 in it is replaced. `None` at the end.
    ///
    /// # Errors
    /// A line beyond [`LINE_MAX`], or what the reading said.
    pub fn line(&mut self) -> Result<Option<std::borrow::Cow<'_, str>>, ImportError> {
        self.buffer.clear();
        let mut limited = (&mut self.inner).take(LINE_MAX as u64 + 1);
        let read = limited.read_until(b'\n', &mut self.buffer).map_err(|e| failed(&e))?;
        if read == 0 {
            return Ok(None);
        }
        self.line += 1;
        if read > LINE_MAX {
            let what = format!("line {} has more than {} MB", self.line, LINE_MAX / 1024 / 1024);
            return Err(ImportError::TooLarge(what));
        }
        self.ended = self.buffer.ends_with(b"\n");
        while self.buffer.last().is_some_and(|b| matches!(b, b'\n' | b'\r')) {
            self.buffer.pop();
        }
        Ok(Some(String::from_utf8_lossy(&self.buffer)))
    }

    /// All that is left, as text.
    ///
    /// # Errors
    /// More than [`TEXT_MAX`], or what the reading said.
    pub fn text(&mut self) -> Result<String, ImportError> {
        let bytes = self.bytes()?;
        Ok(match String::from_utf8(bytes) {
            Ok(text) => text,
            Err(error) => String::from_utf8_lossy(error.as_bytes()).into_owned(),
        })
    }

    /// All that is left.
    ///
    /// # Errors
    /// As [`Input::text`].
    pub fn bytes(&mut self) -> Result<Vec<u8>, ImportError> {
        let mut all = Vec::new();
        (&mut self.inner).take(TEXT_MAX + 1).read_to_end(&mut all).map_err(|e| failed(&e))?;
        if all.len() as u64 > TEXT_MAX {
            let what = format!("more than {} MB that must be read at once", TEXT_MAX / 1024 / 1024);
            return Err(ImportError::TooLarge(what));
        }
        Ok(all)
    }

    /// For parsers that read by themselves.
    pub fn reader(&mut self) -> &mut (impl BufRead + use<'a>) {
        &mut self.inner
    }

    /// Whether the line that was read last had an end: otherwise the file may be cut off in it.
    #[must_use]
    pub fn line_has_end(&self) -> bool {
        self.ended
    }
}

/// What reading said, as an error. [`cancelled`] comes out as that.
#[must_use]
pub fn failed(error: &std::io::Error) -> ImportError {
    if error.kind() == std::io::ErrorKind::Interrupted || error.to_string() == CANCELLED {
        return ImportError::Cancelled;
    }
    ImportError::Read(crate::error::clip(&error.to_string()))
}

const CANCELLED: &str = "cancelled by the user";

/// What a reader returns when the user wants no more.
#[must_use]
pub fn cancelled() -> std::io::Error {
    std::io::Error::other(CANCELLED)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_have_numbers_and_no_ends() {
        let mut input = Input::new("a", &b"\xef\xbb\xbfone\r\ntwo\n\nlast"[..]).unwrap();
        assert_eq!(input.head(), b"one\r\ntwo\n\nlast");
        let mut lines = Vec::new();
        while let Some(line) = input.line().unwrap() {
            lines.push(line.into_owned());
        }
        assert_eq!(lines, ["one", "two", "", "last"]);
        assert_eq!(input.line_number(), 4);
    }

    #[test]
    fn a_line_without_end_is_refused() {
        let mut input = Input::new("a", std::io::repeat(b'x')).unwrap();
        assert!(matches!(input.line(), Err(ImportError::TooLarge(_))));
    }
}
