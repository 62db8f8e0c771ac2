//! What no compiler checks: that no files of a crate import each other, which crates know of which,
//! how long files and lines get, and that each file says what it is for.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

#[path = "tidy/circles.rs"]
mod circles;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Which crates of ours each crate may import. Cargo refuses circles; a new arrow is a change of
/// the architecture, and docs/architecture.md says what each is for.
const ARROWS: &[(&str, &[&str])] = &[
    ("quantities", &[]),
    ("stats", &["quantities"]),
    ("chart", &[]),
    ("model", &["quantities"]),
    ("engine", &["quantities", "model", "stats"]),
    ("report", &["quantities", "model", "stats", "engine"]),
    ("import", &["quantities", "model", "stats", "report"]),
    ("present", &["quantities", "model", "engine", "report", "chart"]),
    ("export", &["quantities", "model", "stats", "report", "chart", "present"]),
];

/// Files above this many lines hold a second idea.
const LINES_MAX: usize = 500;

/// Columns of a comment.
const COLUMNS_MAX: usize = 100;

/// Folders with Rust sources of ours.
const FOLDERS: [&str; 6] = ["src", "crates", "cluster", "gateway", "xtask", "tests"];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let path = entry.path();
        if path.is_dir() {
            if entry.file_name() != "target" {
                found.extend(rust_files(&path));
            }
        } else if path.extension().is_some_and(|e| e == "rs") {
            found.push(path);
        }
    }
    found.sort();
    found
}

fn all_files() -> Vec<PathBuf> {
    FOLDERS.iter().flat_map(|folder| rust_files(&root().join(folder))).collect()
}

#[test]
fn no_files_import_each_other() {
    let mut packages = vec![root()];
    packages.extend(["cluster", "gateway", "xtask", "tests/e2e"].map(|name| root().join(name)));
    packages.extend(ARROWS.iter().map(|(name, _)| root().join("crates").join(name)));
    let found: Vec<String> = packages
        .iter()
        .flat_map(|package| circles::of(&package.join("src")))
        .map(|files| files.join(" <-> "))
        .collect();
    assert!(found.is_empty(), "these files import each other:\n{}", found.join("\n"));
}

#[test]
fn crates_import_what_the_map_allows() {
    let folders: BTreeSet<String> = fs::read_dir(root().join("crates"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    let listed = ARROWS.iter().map(|(name, _)| (*name).to_string()).collect();
    assert_eq!(folders, listed, "each crate has a line in ARROWS");
    for (name, may) in ARROWS {
        let manifest =
            fs::read_to_string(root().join("crates").join(name).join("Cargo.toml")).unwrap();
        let dependencies = manifest.split("[dependencies]").nth(1).unwrap();
        let dependencies = dependencies.split("\n[").next().unwrap();
        for line in dependencies.lines() {
            if let Some((krate, _)) = line.strip_prefix("fwit-").and_then(|l| l.split_once('.')) {
                assert!(may.contains(&krate), "{name} may not import {krate}");
            }
        }
    }
}

#[test]
fn files_hold_one_idea() {
    let long: Vec<String> = all_files()
        .into_iter()
        .filter_map(|path| {
            let lines = fs::read_to_string(&path).unwrap().lines().count();
            (lines > LINES_MAX).then(|| format!("{}: {lines} lines", path.display()))
        })
        .collect();
    assert!(long.is_empty(), "split these:\n{}", long.join("\n"));
}

/// rustfmt keeps code within its width; comments are ours to keep.
#[test]
fn comments_fit_the_width() {
    let mut wide = Vec::new();
    for path in all_files() {
        for (number, line) in fs::read_to_string(&path).unwrap().lines().enumerate() {
            let comment = line.trim_start().starts_with("//") && !line.contains("http");
            if comment && !line.contains('|') && line.chars().count() > COLUMNS_MAX {
                wide.push(format!("{}:{}", path.display(), number + 1));
            }
        }
    }
    assert!(wide.is_empty(), "wider than {COLUMNS_MAX} columns:\n{}", wide.join("\n"));
}

#[test]
fn every_file_says_what_it_is_for() {
    let silent: Vec<String> = all_files()
        .into_iter()
        .filter(|path| !fs::read_to_string(path).unwrap().starts_with("//!"))
        .map(|path| path.display().to_string())
        .collect();
    assert!(silent.is_empty(), "these don't open with what they are for:\n{}", silent.join("\n"));
}

#[test]
fn crates_say_what_they_own() {
    for (name, _) in ARROWS {
        let text = fs::read_to_string(root().join("crates").join(name).join("src/lib.rs")).unwrap();
        for word in ["Owns:", "May not enter:", "Tests:"] {
            assert!(text.contains(word), "crates/{name}/src/lib.rs has no “{word}”");
        }
    }
}
