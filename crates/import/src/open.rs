//! A file of any kind: what is in it, one find after another.

use std::cell::Cell;
use std::io::{Read, Seek, SeekFrom};

use fwit_report::run::RunError;
use fwit_report::run::wire::RunFile;

use crate::error::ImportError;
use crate::input::{Input, cancelled};
use crate::tools::{self, RUNS_MAX};
use crate::unpack::{ReadSeek, unpack};

/// Finds that one file, or all files of an archive together, may give.
pub const ITEMS_MAX: usize = 4_000;
/// News of the progress come after so many bytes.
const STEP: u64 = 1024 * 1024;

/// Something in a file.
#[derive(Clone, Debug)]
pub enum Item {
    /// A run: fwit's own or another tool's.
    Run(Box<RunFile>),
    /// fwit's experiment: its file.
    Experiment(Vec<u8>),
    /// fwit's plan: its text.
    Plan(String),
}

/// A file, or one of an archive's, and what was in it.
#[derive(Clone, Debug)]
pub struct Found {
    /// Its name.
    pub name: String,
    /// What it is, or why it can't be opened.
    pub item: Result<Item, ImportError>,
}

/// Opens a file. `found` is told of everything in it; `go_on` is told about once a megabyte how
/// many bytes of the file were read, and ends the reading when it says `false`.
pub fn open(
    name: &str,
    file: impl ReadSeek,
    go_on: &mut dyn FnMut(u64) -> bool,
    found: &mut dyn FnMut(Found),
) {
    let watched = Watched { inner: file, at: 0, told: 0, go_on };
    let all = Cell::new(0);
    unpack(name, watched, &mut |name, text| {
        let mut tell = |item: Result<Item, ImportError>| {
            all.set(all.get() + 1);
            found(Found { name: name.to_string(), item });
        };
        let items = text.and_then(|text| one(name, text));
        match items {
            Ok(mut items) => {
                let more = items.len() > RUNS_MAX;
                items.truncate(RUNS_MAX);
                if let (true, Some(Ok(Item::Run(run)))) = (more, items.first_mut())
                    && let Some(source) = &mut run.source
                {
                    let text = format!("The file has more runs: the first {RUNS_MAX} were opened.");
                    source.warnings.push(text);
                }
                items.into_iter().for_each(&mut tell);
            }
            Err(ImportError::Cancelled) => {
                tell(Err(ImportError::Cancelled));
                return false;
            }
            Err(error) => tell(Err(error)),
        }
        if all.get() + RUNS_MAX + 2 > ITEMS_MAX {
            let what = format!("what comes after its first {} finds was not opened", all.get());
            tell(Err(ImportError::TooLarge(what)));
            return false;
        }
        true
    });
}

/// What is in one text.
fn one(
    name: &str,
    text: Box<dyn Read + '_>,
) -> Result<Vec<Result<Item, ImportError>>, ImportError> {
    let mut input = Input::new(name, text)?;
    if input.head().is_empty() {
        return Err(ImportError::Unknown("it is empty".into()));
    }
    if let Some(own) = own(&mut input) {
        return own.map(|item| vec![Ok(item)]);
    }
    let Some(importer) = tools::ALL.iter().find(|i| (i.recognizes)(input.head())) else {
        return Err(ImportError::Unknown(tools::unknown(input.head())));
    };
    let drafts = (importer.read)(&mut input)?;
    if drafts.is_empty() {
        let form = format!("{} {}", importer.tool, importer.form);
        return Err(ImportError::empty(&form, "it ends before the first"));
    }
    Ok(drafts
        .into_iter()
        .map(|draft| draft.finish(name).map(|run| Item::Run(Box::new(run))))
        .collect())
}

/// fwit's own files.
fn own(input: &mut Input<'_>) -> Option<Result<Item, ImportError>> {
    let head = input.head().get(..input.head().len().min(4096)).unwrap_or_default();
    let json = head.trim_ascii_start().first() == Some(&b'{');
    let names = |what: &[u8]| json && head.windows(what.len()).any(|w| w == what);
    if names(b"\"fwit-run\"") {
        let run = |bytes: Vec<u8>| {
            fwit_report::run::read(&bytes).map_err(|error| match error {
                RunError::Broken { place, what } => ImportError::broken("fwit run", place, what),
                other => ImportError::Refused(other.to_string()),
            })
        };
        return Some(input.bytes().and_then(run).map(|run| Item::Run(Box::new(run))));
    }
    if names(b"\"fwit-experiment\"") {
        return Some(input.bytes().map(Item::Experiment));
    }
    if names(b"\"fwit-plan\"") || (json && is_bare_plan(input.head())) {
        return Some(input.text().map(Item::Plan));
    }
    None
}

/// Whether a short file is a plan without its `format`, as a plan may be.
fn is_bare_plan(head: &[u8]) -> bool {
    #[derive(serde::Deserialize)]
    struct Plan {
        format: Option<serde_json::Value>,
        cluster: Option<serde_json::Value>,
    }
    let read = fwit_model::json::read::<Plan>(head);
    read.is_ok_and(|plan| plan.format.is_none() && plan.cluster.is_some_and(|c| c.is_object()))
}

/// A reader that tells how far it is.
struct Watched<'w, R> {
    inner: R,
    at: u64,
    told: u64,
    go_on: &'w mut dyn FnMut(u64) -> bool,
}

impl<R: Read> Read for Watched<'_, R> {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        if self.at >= self.told + STEP {
            self.told = self.at;
            if !(self.go_on)(self.at) {
                return Err(cancelled());
            }
        }
        let read = self.inner.read(out)?;
        self.at += read as u64;
        Ok(read)
    }
}

impl<R: Seek> Seek for Watched<'_, R> {
    fn seek(&mut self, to: SeekFrom) -> std::io::Result<u64> {
        let at = self.inner.seek(to)?;
        self.at = at;
        self.told = self.told.min(at);
        Ok(at)
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Cursor, Write};

    use super::*;

    /// However many files an archive has, what it gives is bounded, and said.
    #[test]
    fn an_archive_gives_no_more_than_can_wait() {
        let log = "### Run\n```\nStress test started! Duration: 1s, Entities: 1\n```\n".repeat(30);
        let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
        for i in 0..1_900 {
            let options = zip::write::SimpleFileOptions::default();
            zip.start_file(format!("{i}.txt"), options).unwrap();
            zip.write_all(if i % 2 == 0 { log.as_bytes() } else { b"no result" }).unwrap();
        }
        let bytes = Cursor::new(zip.finish().unwrap().into_inner());
        let mut finds = Vec::new();
        open("a.zip", bytes, &mut |_| true, &mut |found| finds.push(found.item));
        assert!((1_900..=ITEMS_MAX).contains(&finds.len()), "{}", finds.len());
        let last = finds.pop().unwrap();
        assert!(last.is_err(), "{last:?}");
    }

    #[test]
    fn a_plan_needs_no_format_and_a_cancelled_file_says_so() {
        let one = |text: &str, go_on: bool| {
            let mut found = Vec::new();
            let file = Cursor::new(text.as_bytes().to_vec());
            open("a", file, &mut |_| go_on, &mut |f| found.push(f.item));
            found.remove(0)
        };
        assert!(matches!(one("{\"cluster\": {}}", true), Ok(Item::Plan(_))));
        assert!(matches!(one("", true), Err(ImportError::Unknown(_))));
        let long = format!("{{\"format\": \"fwit-run\", \"x\": \"{}\"}}", "y".repeat(3_000_000));
        assert!(matches!(one(&long, false), Err(ImportError::Cancelled)));
    }
}
