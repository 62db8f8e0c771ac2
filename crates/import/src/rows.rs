//! Rows of CSV files whose rows grow with the requests, and what was left out of a file.
//!
//! May not enter: any tool's columns.
//! Invariant: a row, or another parser's piece, has at most [`PIECE_MAX`] bytes.
//! Tests: beside the code.

use std::borrow::Cow;
use std::cell::Cell;
use std::io::{BufRead, Read};
use std::rc::Rc;

use crate::draft::Draft;
use crate::error::ImportError;

/// Longest piece that a parser may ask for at a time, bytes.
pub const PIECE_MAX: usize = 16 * 1024 * 1024;
const TOO_LONG: &str = "one piece of it has more than 16 MB";

/// A reader for parsers that read by themselves: no piece of a file is without end.
#[derive(Debug)]
pub struct Bounded<R> {
    inner: R,
    left: Rc<Cell<usize>>,
}

/// How much a [`Bounded`] reader may give until the next piece.
#[derive(Clone, Debug)]
pub struct Allowance(Rc<Cell<usize>>);

impl Allowance {
    /// A piece has ended, the next begins.
    pub fn renew(&self) {
        self.0.set(PIECE_MAX);
    }
}

impl<R: BufRead> Bounded<R> {
    /// The reader, and its allowance.
    pub fn new(inner: R) -> (Bounded<R>, Allowance) {
        let left = Rc::new(Cell::new(PIECE_MAX));
        (Bounded { inner, left: Rc::clone(&left) }, Allowance(left))
    }
}

impl<R: BufRead> Read for Bounded<R> {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        let some = self.fill_buf()?;
        let n = some.len().min(out.len());
        if let (Some(to), Some(from)) = (out.get_mut(..n), some.get(..n)) {
            to.copy_from_slice(from);
        }
        self.consume(n);
        Ok(n)
    }
}

impl<R: BufRead> BufRead for Bounded<R> {
    fn fill_buf(&mut self) -> std::io::Result<&[u8]> {
        if self.left.get() == 0 {
            return Err(std::io::Error::other(TOO_LONG));
        }
        self.inner.fill_buf()
    }

    fn consume(&mut self, n: usize) {
        self.left.set(self.left.get().saturating_sub(n));
        self.inner.consume(n);
    }
}

/// Whether reading ended at a piece that is too long.
#[must_use]
pub fn too_long(error: &std::io::Error) -> bool {
    error.to_string() == TOO_LONG
}

/// The rows of a CSV file, one in memory.
#[derive(Debug)]
pub struct Rows<R: BufRead> {
    csv: csv::Reader<Bounded<R>>,
    allowance: Allowance,
    row: csv::ByteRecord,
    /// Whether it ended at a row that is too long.
    pub too_long: bool,
}

impl<R: BufRead> Rows<R> {
    /// Rows whose columns this byte parts.
    pub fn new(reader: R, delimiter: u8) -> Rows<R> {
        let (reader, allowance) = Bounded::new(reader);
        let csv = csv::ReaderBuilder::new()
            .flexible(true)
            .has_headers(false)
            .delimiter(delimiter)
            .from_reader(reader);
        Rows { csv, allowance, row: csv::ByteRecord::new(), too_long: false }
    }

    /// Goes to the next row; `false` at the end.
    ///
    /// # Errors
    /// What the reading said.
    pub fn advance(&mut self) -> Result<bool, ImportError> {
        self.allowance.renew();
        match self.csv.read_byte_record(&mut self.row) {
            Ok(more) => Ok(more),
            Err(error) => match error.into_kind() {
                csv::ErrorKind::Io(io) if too_long(&io) => {
                    self.too_long = true;
                    Ok(false)
                }
                csv::ErrorKind::Io(io) => Err(crate::input::failed(&io)),
                other => Err(ImportError::Read(crate::error::clip(&format!("{other:?}")))),
            },
        }
    }

    /// Columns of this row.
    #[must_use]
    pub fn columns(&self) -> usize {
        self.row.len()
    }

    /// The line in which this row begins.
    #[must_use]
    pub fn line(&self) -> u64 {
        self.row.position().map_or(0, csv::Position::line)
    }

    /// A column's text, empty where there is none. What is no UTF-8 in it is replaced.
    #[must_use]
    pub fn text(&self, column: Option<usize>) -> Cow<'_, str> {
        let bytes = column.and_then(|at| self.row.get(at)).unwrap_or_default();
        match String::from_utf8_lossy(bytes) {
            Cow::Borrowed(text) => Cow::Borrowed(text.trim()),
            Cow::Owned(text) => Cow::Owned(text.trim().to_string()),
        }
    }

    /// All columns of this row.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        (0..self.columns()).map(|at| self.text(Some(at)).into_owned()).collect()
    }
}

/// Lines of a file that were left out for one reason.
#[derive(Clone, Debug, Default)]
pub struct Skipped {
    first: u64,
    last: u64,
    count: u64,
}

impl Skipped {
    /// Leaves out the one in this line.
    pub fn skip(&mut self, line: u64) {
        if self.count == 0 {
            self.first = line;
        }
        self.last = line;
        self.count += 1;
    }

    /// Whether the last of them is in the file's last line: the file is cut off there. It is no
    /// longer counted then.
    pub fn cut_off(&mut self, last_line: u64) -> bool {
        let cut = self.count > 0 && self.last == last_line;
        self.count -= u64::from(cut);
        cut
    }

    /// Says it. `what`: `Rows without a time`; `unit`: what was counted, `line` or `sample`.
    pub fn tell(&self, draft: &mut Draft, what: &str, unit: &str) {
        if self.count > 0 {
            let Skipped { first, count, .. } = self;
            draft.warn(format!("{what} were left out: {count}, the first in {unit} {first}."));
        }
    }
}

/// The beginning of a text that may be a name: names without end are not remembered.
#[must_use]
pub fn short(text: &str) -> &str {
    const LETTERS: usize = 2_000;
    text.char_indices().nth(LETTERS).and_then(|(end, _)| text.get(..end)).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_without_end_ends_the_file() {
        let endless = std::io::BufReader::new((&b"a,b\n1,\""[..]).chain(std::io::repeat(b'x')));
        let mut rows = Rows::new(endless, b',');
        assert!(rows.advance().unwrap());
        assert_eq!(rows.names(), ["a", "b"]);
        assert!(!rows.advance().unwrap());
        assert!(rows.too_long);
    }

    #[test]
    fn a_quoted_column_may_span_lines() {
        let mut rows = Rows::new(&b"1;\"two\nlines\"\n3; four "[..], b';');
        assert!(rows.advance().unwrap());
        assert_eq!((rows.line(), &*rows.text(Some(1))), (1, "two\nlines"));
        assert!(rows.advance().unwrap());
        assert_eq!((rows.line(), &*rows.text(Some(1)), &*rows.text(Some(9))), (3, "four", ""));
        assert!(!rows.advance().unwrap());
    }
}
