//! What no compiler checks: who imports whom, how long files get, and that a document was looked at
//! when the source it describes changed.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Who may import whom among the modules of the page's package: a module, and the modules it may
/// name. A new arrow is a change of the architecture: docs/architecture.md says what each is for.
const ARROWS: &[(&str, &[&str])] = &[
    ("json", &[]),
    ("units", &["json"]),
    ("sample", &["units"]),
    ("dialect", &["json", "sample"]),
    ("plan", &["json", "units", "sample", "dialect"]),
    ("stats", &["units", "sample"]),
    ("entity", &["units", "sample", "plan", "dialect", "stats"]),
    ("sim", &["units", "sample", "plan", "dialect", "stats", "entity"]),
    ("run", &["json", "units", "sample", "plan", "dialect", "stats", "entity"]),
    ("experiment", &["json", "units", "sample", "plan", "dialect", "stats", "entity", "run"]),
    ("chart", &["units", "stats", "run"]),
    ("check", &["plan"]),
    ("route", &["dialect", "plan"]),
    (
        "present",
        &[
            "json",
            "units",
            "sample",
            "plan",
            "dialect",
            "run",
            "experiment",
            "check",
            "protocol",
            "chart",
        ],
    ),
    ("protocol", &["units", "plan", "run", "experiment", "check"]),
    ("browser", &["units", "sample", "entity", "protocol", "chart"]),
    (
        "worker",
        &[
            "json",
            "units",
            "sample",
            "plan",
            "dialect",
            "stats",
            "entity",
            "sim",
            "run",
            "experiment",
            "check",
            "protocol",
            "browser",
        ],
    ),
    (
        "page",
        &[
            "json",
            "units",
            "sample",
            "plan",
            "dialect",
            "stats",
            "entity",
            "run",
            "experiment",
            "chart",
            "check",
            "route",
            "present",
            "protocol",
            "browser",
        ],
    ),
];

/// Files above this many lines hold a second idea.
const LINES_MAX: usize = 500;

/// Documents, and the sources they describe.
const DOCUMENTS: &[(&str, &[&str])] = &[
    ("docs/format.md", &["src/plan/wire.rs", "src/run/wire.rs", "src/experiment/wire.rs"]),
    (
        "docs/protocol.md",
        &[
            "src/protocol.rs",
            "src/run/view.rs",
            "src/run/verdict.rs",
            "src/run/camps/view.rs",
            "src/run/contrast/view.rs",
            "src/experiment/view.rs",
            "src/check.rs",
        ],
    ),
];

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

fn module_of(path: &Path) -> Option<String> {
    let below = path.strip_prefix(root().join("src")).ok()?;
    let first = below.components().next()?.as_os_str().to_str()?;
    let name = first.strip_suffix(".rs").unwrap_or(first);
    (!matches!(name, "lib" | "main" | "bin")).then(|| name.to_string())
}

/// The lines of a file that are neither comments nor its tests at the end.
fn code(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let end = text.find("#[cfg(test)]\nmod tests").unwrap_or(text.len());
    text[..end].lines().enumerate().filter(|(_, line)| !line.trim_start().starts_with("//"))
}

#[test]
fn imports_follow_the_arrows() {
    let allowed: BTreeMap<&str, &[&str]> = ARROWS.iter().copied().collect();
    let mut wrong = Vec::new();
    for path in rust_files(&root().join("src")) {
        let Some(module) = module_of(&path) else { continue };
        if path
            .file_stem()
            .is_some_and(|n| n.to_string_lossy().ends_with("tests") || n == "vectors")
        {
            continue;
        }
        let Some(may) = allowed.get(module.as_str()) else {
            wrong.push(format!("{}: the module “{module}” has no line in ARROWS", path.display()));
            continue;
        };
        let text = fs::read_to_string(&path).unwrap();
        for (number, line) in code(&text) {
            for part in line.split("crate::").skip(1) {
                let names: Vec<&str> = if let Some(list) = part.strip_prefix('{') {
                    list.split(['}', ';'])
                        .next()
                        .unwrap_or_default()
                        .split(',')
                        .map(str::trim)
                        .collect()
                } else {
                    vec![part]
                };
                for name in names {
                    let target: String =
                        name.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
                    if !target.is_empty() && target != module && !may.contains(&target.as_str()) {
                        wrong.push(format!(
                            "{}:{}: {module} may not import {target}",
                            path.display(),
                            number + 1
                        ));
                    }
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn arrows_make_no_circle() {
    let arrows: BTreeMap<&str, &[&str]> = ARROWS.iter().copied().collect();
    let mut done: BTreeSet<&str> = BTreeSet::new();
    while done.len() < arrows.len() {
        let ready: Vec<&str> = arrows
            .iter()
            .filter(|(m, may)| !done.contains(*m) && may.iter().all(|t| done.contains(t)))
            .map(|(m, _)| *m)
            .collect();
        assert!(
            !ready.is_empty(),
            "a circle among {:?}",
            arrows.keys().filter(|m| !done.contains(*m)).collect::<Vec<_>>()
        );
        done.extend(ready);
    }
}

#[test]
fn files_hold_one_idea() {
    let long: Vec<String> = ["src", "cluster", "xtask", "tests"]
        .iter()
        .flat_map(|folder| rust_files(&root().join(folder)))
        .filter_map(|path| {
            let lines = fs::read_to_string(&path).unwrap().lines().count();
            (lines > LINES_MAX).then(|| format!("{}: {lines} lines", path.display()))
        })
        .collect();
    assert!(long.is_empty(), "split these:\n{}", long.join("\n"));
}

#[test]
fn every_module_says_what_it_owns() {
    let silent: Vec<String> = rust_files(&root().join("src"))
        .into_iter()
        .filter(|path| !fs::read_to_string(path).unwrap().starts_with("//!"))
        .map(|path| path.display().to_string())
        .collect();
    assert!(
        silent.is_empty(),
        "these files don't open with what they are for:\n{}",
        silent.join("\n")
    );
}

/// FNV-1a over the sources, white space folded, so that formatting alone changes nothing.
fn hash(sources: &[&str]) -> String {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for source in sources {
        let text = fs::read_to_string(root().join(source)).unwrap();
        for word in text.split_whitespace() {
            for byte in word.bytes().chain([b' ']) {
                hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
            }
        }
    }
    format!("{hash:016x}")
}

#[test]
fn documents_were_looked_at_when_their_sources_changed() {
    for (document, sources) in DOCUMENTS {
        let line = format!("<!-- describes {} as of {} -->", sources.join(", "), hash(sources));
        let text = fs::read_to_string(root().join(document)).unwrap();
        assert!(
            text.trim_end().ends_with(&line),
            "{document}: look whether it still says what {} do, then end it with\n{line}",
            sources.join(" and ")
        );
    }
}
