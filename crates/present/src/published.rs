//! Runs that are published with the page: the list beside it, `runs/index.json`, which
//! `cargo xtask publish` writes and the page reads.
//!
//! May not enter: files, the browser.
//! Invariant: a list that was read names files of its own folder only, and is of bounded length.
//! Tests: beside the code; tests/e2e opens one.

use fwit_quantities::units::Micros;
use fwit_report::run::view::RunView;
use serde::{Deserialize, Serialize};

use crate::{figure, sentence};

/// Version of the list's form.
pub const VERSION: u32 = 1;

/// Most runs of a list.
pub const RUNS_MAX: usize = 1_000;

/// Longest list that is read, bytes: more than [`RUNS_MAX`] entries need.
pub const BYTES_MAX: usize = 1_000_000;

/// The list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublishedRuns {
    /// [`VERSION`].
    pub version: u32,
    /// The runs, in the order in which they are shown.
    pub runs: Vec<PublishedRun>,
}

/// One run of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublishedRun {
    /// Its name.
    pub name: String,
    /// Its file, in the folder of the list.
    pub file: String,
    /// The file's size, bytes.
    pub bytes: u64,
    /// RFC 3339, UTC.
    pub started_at: String,
    /// One line about it.
    #[serde(default)]
    pub about: String,
}

impl Default for PublishedRuns {
    fn default() -> PublishedRuns {
        PublishedRuns { version: VERSION, runs: Vec::new() }
    }
}

impl PublishedRuns {
    /// Reads a list.
    ///
    /// # Errors
    /// What is wrong with it: its form, its version, its length, or a file that is elsewhere.
    pub fn read(text: &str) -> Result<PublishedRuns, String> {
        if text.len() > BYTES_MAX {
            return Err(format!("It is longer than {}.", figure::bytes(BYTES_MAX as u64)));
        }
        let list: PublishedRuns =
            serde_json::from_str(text).map_err(|error| format!("It is no such list: {error}."))?;
        if list.version != VERSION {
            return Err(format!("It is of version {}, not {VERSION}.", list.version));
        }
        if list.runs.len() > RUNS_MAX {
            return Err(format!("It has more than {RUNS_MAX} runs."));
        }
        match list.runs.iter().find(|run| !is_file_name(&run.file)) {
            Some(run) => Err(format!("“{}” is no file of its folder.", run.file)),
            None => Ok(list),
        }
    }

    /// Adds a run, or takes the place of the one with the same file. The newest comes first.
    ///
    /// # Errors
    /// When the list is full.
    pub fn put(&mut self, run: PublishedRun) -> Result<(), String> {
        self.runs.retain(|other| other.file != run.file);
        if self.runs.len() >= RUNS_MAX {
            return Err(format!("The list has {RUNS_MAX} runs already."));
        }
        self.runs.push(run);
        self.runs.sort_by(|a, b| b.started_at.cmp(&a.started_at).then(a.file.cmp(&b.file)));
        Ok(())
    }

    /// The list as JSON.
    ///
    /// # Errors
    /// Never for such a list; the serializer's all the same.
    pub fn to_json(&self) -> Result<String, String> {
        serde_json::to_string_pretty(self).map_err(|error| error.to_string())
    }
}

impl PublishedRun {
    /// The entry of a run whose file has so many bytes.
    #[must_use]
    pub fn of(view: &RunView, file: &str, bytes: u64) -> PublishedRun {
        PublishedRun {
            name: view.name.clone(),
            file: file.to_string(),
            bytes,
            started_at: view.started_at.clone(),
            about: about(view),
        }
    }
}

/// Whether a text is a plain file name: letters, digits, `-`, `_` and `.`, so that it leads to no
/// other folder and stands in an address as it is; and not the list's own.
#[must_use]
pub fn is_file_name(text: &str) -> bool {
    crate::route::is_id(text) && !text.starts_with('.') && text != "index.json"
}

/// The measured rate and median of a run in one line, with what its load was.
fn about(view: &RunView) -> String {
    let mut parts = Vec::new();
    if view.simulated {
        parts.push("simulated".to_string());
    }
    if view.concurrency.entities > 0 {
        parts.push(format!("{} entities", figure::count(view.concurrency.entities.into())));
    }
    if !view.nodes.is_empty() {
        parts.push(format!("{} nodes", view.nodes.len()));
    }
    parts.push(sentence::span(Micros::from_secs(view.measured_s.round())));
    parts.push(format!("{} requests", figure::count(view.total.answers())));
    if let Some(tool) = &view.source {
        parts.push(format!("from {}", tool.tool));
    }
    parts.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use fwit_report::run::sample::sample;

    fn entry(file: &str, started_at: &str) -> PublishedRun {
        let mut run = PublishedRun::of(&sample("a", 1.0), file, 1_234);
        run.started_at = started_at.to_string();
        run
    }

    #[test]
    fn a_list_survives_its_file_and_has_the_newest_first() {
        let mut list = PublishedRuns::default();
        list.put(entry("a.json", "2026-11-21T10:00:00Z")).unwrap();
        list.put(entry("b.json.gz", "2026-11-22T10:00:00Z")).unwrap();
        // The same file again takes the place of the first.
        list.put(PublishedRun { bytes: 5, ..entry("a.json", "2026-11-23T10:00:00Z") }).unwrap();
        let read = PublishedRuns::read(&list.to_json().unwrap()).unwrap();
        assert_eq!(read, list);
        let short: Vec<_> = read.runs.iter().map(|r| (r.file.as_str(), r.bytes)).collect();
        assert_eq!(short, [("a.json", 5), ("b.json.gz", 1_234)]);
        assert_eq!(read.runs[0].name, "run a");
        let requests = format!(" s, {} requests", figure::count(2_000));
        assert!(read.runs[0].about.ends_with(&requests), "{}", read.runs[0].about);
    }

    #[test]
    fn a_strange_list_is_refused_with_a_reason() {
        let list = |file: &str, version: u32| {
            let runs = vec![entry(file, "2026-11-21T10:00:00Z")];
            PublishedRuns { version, runs }.to_json().unwrap()
        };
        for file in ["../a.json", "/a.json", "https://x/a", "", ".hidden", "a b", "index.json"] {
            let wrong = PublishedRuns::read(&list(file, 1)).unwrap_err();
            assert!(wrong.contains("no file of its folder"), "{file}: {wrong}");
        }
        assert!(PublishedRuns::read(&list("a.json", 2)).unwrap_err().contains("version 2"));
        assert!(PublishedRuns::read("<!DOCTYPE html>").unwrap_err().contains("no such list"));
        assert!(PublishedRuns::read(&" ".repeat(BYTES_MAX + 1)).unwrap_err().contains("longer"));
        let runs = vec![entry("a.json", ""); RUNS_MAX];
        let mut full = PublishedRuns { version: VERSION, runs };
        for (i, run) in full.runs.iter_mut().enumerate() {
            run.file = format!("{i}.json");
        }
        assert!(full.put(entry("new.json", "")).unwrap_err().contains("already"));
        full.put(entry("7.json", "")).unwrap();
    }
}
