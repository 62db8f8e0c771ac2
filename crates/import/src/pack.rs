//! Several of fwit's own files as one zip, which [`crate::open`] reads back.
//!
//! Invariant: it is made file by file, and what was made is handed out at once: memory holds one
//! file and its packed form. Names inside are safe on every system, and each is there once.
//! Tests: beside the code.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::io::Write;
use std::rc::Rc;

use zip::write::{SimpleFileOptions, StreamWriter, ZipWriter};

use crate::error::clip;
use crate::unpack::FILES_MAX;

/// Most characters of a name inside.
const NAME_CHARS_MAX: usize = 150;
/// Quick rather than small: the histograms in a run are packed already.
const LEVEL: i64 = 3;

/// Why an archive can't be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PackError {
    /// More files than an archive may have when it is opened.
    #[error("An archive holds up to {FILES_MAX} files: export fewer at once.")]
    TooMany,
    /// It grew too large, or could not be packed.
    #[error("The archive can't be made: {0}.")]
    Failed(String),
}

/// An archive in the making.
pub struct Packer {
    zip: ZipWriter<StreamWriter<Out>>,
    out: Out,
    names: BTreeSet<String>,
}

impl std::fmt::Debug for Packer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Packer").field("files", &self.names.len()).finish_non_exhaustive()
    }
}

impl Default for Packer {
    fn default() -> Packer {
        Packer::new()
    }
}

impl Packer {
    /// An archive without files.
    #[must_use]
    pub fn new() -> Packer {
        let out = Out::default();
        Packer { zip: ZipWriter::new_stream(out.clone()), out, names: BTreeSet::new() }
    }

    /// Adds a file. Returns the archive's next bytes.
    ///
    /// # Errors
    /// One file too many, or the archive grew too large.
    pub fn add(&mut self, name: &str, text: &[u8]) -> Result<Vec<u8>, PackError> {
        if self.names.len() >= FILES_MAX {
            return Err(PackError::TooMany);
        }
        let name = self.free_name(name);
        let options = SimpleFileOptions::default().compression_level(Some(LEVEL));
        self.zip.start_file(name, options).map_err(|e| failed(&e))?;
        self.zip.write_all(text).map_err(|e| failed(&e))?;
        Ok(self.out.take())
    }

    /// Ends the archive. Returns its last bytes.
    ///
    /// # Errors
    /// It grew too large.
    pub fn finish(self) -> Result<Vec<u8>, PackError> {
        self.zip.finish().map_err(|e| failed(&e))?;
        Ok(self.out.take())
    }

    /// A safe name that no file has yet, capitals or not.
    fn free_name(&mut self, name: &str) -> String {
        let safe = |c: char| if c.is_alphanumeric() || "-_.".contains(c) { c } else { '-' };
        // Files whose names begin with a dot are hidden.
        let name: String = name.trim_start_matches('.').chars().map(safe).collect();
        let (stem, ending) = name.split_once('.').unwrap_or((&name, "json"));
        let stem: String = stem.chars().take(NAME_CHARS_MAX).collect();
        let stem = if stem.is_empty() { "run" } else { &stem };
        let mut free = format!("{stem}.{ending}");
        for n in 2.. {
            if self.names.insert(free.to_lowercase()) {
                break;
            }
            free = format!("{stem}-{n}.{ending}");
        }
        free
    }
}

fn failed(error: &dyn std::error::Error) -> PackError {
    PackError::Failed(clip(&error.to_string()).trim_end_matches('.').to_string())
}

/// Bytes that were written and not taken yet.
#[derive(Clone, Default)]
struct Out(Rc<RefCell<Vec<u8>>>);

impl Out {
    fn take(&self) -> Vec<u8> {
        std::mem::take(&mut *self.0.borrow_mut())
    }
}

impl Write for Out {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.borrow_mut().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;
    use crate::{Item, open};
    use fwit_report::run::labels::Labels;
    use fwit_report::run::rename::{rename, with_labels};

    /// A run's file, made of another tool's.
    fn run_json() -> String {
        let text = include_bytes!("../tests/fixtures/oha/get.json");
        let mut found = None;
        open("a.json", Cursor::new(&text[..]), &mut |_| true, &mut |f| found = Some(f.item));
        let Some(Ok(Item::Run(run))) = found else { panic!("{found:?}") };
        fwit_model::json::write(&*run)
    }

    #[test]
    fn what_is_packed_is_read_back() {
        let plain = run_json();
        let labels = Labels::typed("base line, é", "two\nlines").unwrap();
        let labelled = with_labels(&rename(&plain, "b").unwrap(), &labels).unwrap();
        let mut packer = Packer::new();
        let mut bytes = Vec::new();
        for json in [&plain, &labelled] {
            bytes.extend(packer.add("run.fwit.json", json.as_bytes()).unwrap());
            // Nothing of it stays.
            assert!(packer.out.0.borrow().is_empty());
        }
        bytes.extend(packer.finish().unwrap());
        assert!(bytes.len() < plain.len() + labelled.len());
        let mut found = Vec::new();
        open("all.zip", Cursor::new(&bytes), &mut |_| true, &mut |f| {
            let Ok(Item::Run(run)) = f.item else { panic!("{:?}", f.item) };
            found.push((f.name, fwit_model::json::write(&*run)));
        });
        assert_eq!(found[0], ("run.fwit.json".into(), plain));
        assert_eq!(found[1], ("run-2.fwit.json".into(), labelled));
        assert_eq!(found.len(), 2);
    }

    #[test]
    fn names_are_safe_and_each_is_there_once() {
        let mut packer = Packer::new();
        let mut name = |name: &str| packer.free_name(name);
        assert_eq!(name("a/b\\c:d é.json"), "a-b-c-d-é.json");
        assert_eq!(name("a/../b"), "a-..-b");
        assert_eq!(name("...x.fwit.json"), "x.fwit.json");
        assert_eq!(name("X.fwit.json"), "X-2.fwit.json");
        assert_eq!(name("x.FWIT.json"), "x-3.FWIT.json");
        assert_eq!(name("..."), "run.json");
        assert!(name(&"é".repeat(900)).chars().count() <= NAME_CHARS_MAX + 5);
    }

    #[test]
    fn more_files_than_an_archive_may_have_are_refused() {
        let mut packer = Packer::new();
        for n in 0..FILES_MAX {
            packer.add(&format!("{n}.json"), b"{}").unwrap();
        }
        assert_eq!(packer.add("one-more.json", b"{}"), Err(PackError::TooMany));
        assert!(packer.finish().is_ok());
    }
}
