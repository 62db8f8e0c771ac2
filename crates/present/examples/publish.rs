//! Publishes run files beside a hosted page: copies them into its `runs/` and lists them in
//! `runs/index.json`. `cargo xtask publish` runs it. An example of this crate, so that a file is
//! judged by the reader of the page itself.

use std::fs;
use std::path::{Path, PathBuf};

use fwit_present::published::{BYTES_MAX, PublishedRun, PublishedRuns, is_file_name};

fn main() -> Result<(), String> {
    let mut words = std::env::args_os().skip(1).map(PathBuf::from);
    let folder = words.next().ok_or("arguments: the page's folder, and run files")?;
    for line in publish(&folder.join("runs"), &words.collect::<Vec<_>>())? {
        println!("{line}");
    }
    Ok(())
}

/// Puts the files into the folder `runs`; gives a line about each. All are read before any is
/// copied.
///
/// # Errors
/// The first file that is no run of fwit's or has a name that an address can't have, and what else
/// is in the way.
fn publish(runs: &Path, files: &[PathBuf]) -> Result<Vec<String>, String> {
    let index = runs.join("index.json");
    let at = |path: &Path, error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
    let mut list = if index.exists() {
        let text = fs::read_to_string(&index).map_err(|error| at(&index, &error))?;
        PublishedRuns::read(&text).map_err(|error| at(&index, &error))?
    } else {
        PublishedRuns::default()
    };
    let mut read = Vec::new();
    for path in files {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if !is_file_name(&name) {
            return Err(at(path, &"rename it: its name must be letters, digits, “-”, “_” and “.”"));
        }
        let bytes = fs::read(path).map_err(|error| at(path, &error))?;
        let (_, view) = fwit_report::run::open(&bytes).map_err(|error| at(path, &error))?;
        let run = PublishedRun::of(&view, &name, bytes.len() as u64);
        list.put(run.clone()).map_err(|error| at(path, &error))?;
        read.push((run, bytes));
    }
    let json = list.to_json()?;
    if json.len() > BYTES_MAX {
        return Err(at(&index, &"the list would be too long for the page"));
    }
    fs::create_dir_all(runs).map_err(|error| at(runs, &error))?;
    let mut lines = Vec::new();
    for (run, bytes) in read {
        let path = runs.join(&run.file);
        fs::write(&path, bytes).map_err(|error| at(&path, &error))?;
        lines.push(format!("{}: “{}”, {}", path.display(), run.name, run.about));
    }
    fs::write(&index, json + "\n").map_err(|error| at(&index, &error))?;
    Ok(lines)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    /// The run of docs/format.md.
    fn run() -> &'static str {
        let page = include_str!("../../../docs/format.md");
        page.split("```json run\n").nth(1).unwrap().split("```").next().unwrap()
    }

    #[test]
    fn runs_are_copied_and_listed_and_nothing_else_is() {
        let folder = std::env::temp_dir().join(format!("fwit-publish-{}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        let file = |name: &str, text: &str| {
            let path = folder.join(name);
            fs::write(&path, text).unwrap();
            path
        };
        let runs = folder.join("page/runs");
        let (a, b) = (file("a.json", run()), file("b.json", run()));
        let lines = publish(&runs, &[a.clone(), b]).unwrap();
        assert!(lines.len() == 2 && lines[0].contains("a.json: “"), "{lines:?}");
        // Once more: it is listed once.
        publish(&runs, std::slice::from_ref(&a)).unwrap();
        let read = || PublishedRuns::read(&fs::read_to_string(runs.join("index.json")).unwrap());
        let files: Vec<String> = read().unwrap().runs.into_iter().map(|run| run.file).collect();
        assert_eq!(files, ["a.json", "b.json"]);
        assert_eq!(fs::read_to_string(runs.join("a.json")).unwrap(), run());
        assert_eq!(read().unwrap().runs[0].bytes, run().len() as u64);

        let wrong = |path: PathBuf| publish(&runs, &[a.clone(), path]).unwrap_err();
        assert!(wrong(file("c.json", "{}")).contains("c.json: "));
        assert!(wrong(file("my run.json", run())).contains("rename it"));
        assert!(wrong(folder.join("none.json")).contains("none.json: "));
        assert!(!runs.join("c.json").exists() && read().unwrap().runs.len() == 2);
        fs::write(runs.join("index.json"), "[]").unwrap();
        assert!(wrong(a.clone()).contains("index.json: It is no such list"));
        fs::remove_dir_all(&folder).unwrap();
    }
}
