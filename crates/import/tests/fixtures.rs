//! Every importer, over what the real tools wrote. A folder a tool in tests/fixtures, and in it:
//!
//! * `NAME`: a file that the tool wrote (README.md says with which command, or that it was made by
//!   hand);
//! * `NAME.printed`: what the tool itself printed of that run, where it did;
//! * `NAME.truth.json`: figures of it that the run must have: see [`Truth`];
//! * `NAME.golden`: what fwit makes of it, short, to be read by people. `UPDATE_GOLDEN=1` writes
//!   it.
//!
//! Each passes: its truth, its golden summary, the same run under another name and packed, written
//! and read again, no other importer's, and no panic when it is cut off or damaged anywhere.

#![allow(clippy::panic, reason = "a test says what is wrong")]

mod common;

use common::{Fixture, fixtures, golden, imported, runs};
use fwit_import::{Found, ImportError, Item, tools};
use fwit_report::run::wire::RunFile;

#[test]
fn each_fixture_is_its_importers_alone() {
    for fixture in fixtures() {
        let head = &fixture.bytes[..fixture.bytes.len().min(64 * 1024)];
        let knows = |i: &&&tools::Importer| (i.recognizes)(head);
        let who: Vec<String> =
            tools::ALL.iter().filter(knows).map(|i| format!("{} {}", i.tool, i.form)).collect();
        assert_eq!(who.len(), 1, "{}: {who:?}", fixture.name);
        let own = fixture.folder.replace('-', "").to_lowercase();
        let tool = who[0].to_lowercase().replace(['-', ' '], "");
        assert!(tool.starts_with(&own), "{} is in the folder {}", who[0], fixture.folder);
    }
}

#[test]
fn each_fixture_gives_what_the_tool_printed() {
    for fixture in fixtures() {
        let runs = runs(&fixture);
        let Some(truth) = &fixture.truth else { continue };
        for (i, truth) in truth.iter().enumerate() {
            let run = runs.get(i).unwrap_or_else(|| panic!("{}: no run {i}", fixture.name));
            truth.check(&format!("{}, run {}", fixture.name, i + 1), run);
        }
        assert_eq!(runs.len(), truth.len(), "{}: runs", fixture.name);
    }
}

#[test]
fn each_fixture_gives_its_golden_summary() {
    let mut wrong = Vec::new();
    for fixture in fixtures() {
        let now: Vec<String> = runs(&fixture).iter().map(golden).collect();
        let now = now.join("\n");
        if std::env::var("UPDATE_GOLDEN").is_ok() {
            std::fs::write(fixture.path.with_file_name(format!("{}.golden", fixture.name)), &now)
                .unwrap();
        } else if fixture.golden.as_deref() != Some(now.as_str()) {
            wrong.push(format!("{}/{}:\n{now}", fixture.folder, fixture.name));
        }
    }
    assert!(wrong.is_empty(), "UPDATE_GOLDEN=1 writes them:\n{}", wrong.join("\n\n"));
}

#[test]
fn a_name_and_a_wrapping_change_nothing() {
    for fixture in fixtures() {
        let plain = runs(&fixture);
        let mut bom = b"\xef\xbb\xbf".to_vec();
        bom.extend(&fixture.bytes);
        let text = std::str::from_utf8(&fixture.bytes).ok();
        for (what, bytes) in
            [("gzip", common::gzip(&fixture.bytes)), ("zip", common::zip(&fixture.bytes))]
                .into_iter()
                .chain(text.map(|_| ("byte order mark", bom)))
        {
            let again: Vec<RunFile> = imported("x", &bytes).into_iter().map(common::run).collect();
            assert_eq!(again.len(), plain.len(), "{} in {what}", fixture.name);
            for (a, b) in plain.iter().zip(&again) {
                assert_eq!(without_names(a), without_names(b), "{} in {what}", fixture.name);
                // So it opens as the run that is there already.
                let [a, b] = [a, b].map(fwit_model::json::write);
                assert!(fwit_report::run::rename::same_run(&a, &b), "{} in {what}", fixture.name);
            }
        }
    }
}

fn without_names(run: &RunFile) -> RunFile {
    let mut run = run.clone();
    run.name.clear();
    run.plan.name.clear();
    if let Some(source) = &mut run.source {
        source.file.clear();
    }
    run
}

#[test]
fn what_is_written_is_read_again() {
    for fixture in fixtures() {
        for run in runs(&fixture) {
            let json = fwit_model::json::write(&run);
            let (again, view) = fwit_report::run::open(json.as_bytes())
                .unwrap_or_else(|error| panic!("{}: {error}", fixture.name));
            assert_eq!(again, run, "{}", fixture.name);
            assert_eq!(view.warnings, Vec::<String>::new(), "{}", fixture.name);
            assert!(view.source.is_some());
        }
    }
}

/// Cut off anywhere, a file gives an error or fewer runs: no panic, and what was whole stays.
#[test]
fn files_that_are_cut_off_are_errors_or_shorter() {
    for fixture in fixtures() {
        let whole = fixture.bytes.len();
        let step = (whole / 120).max(1);
        for cut in (0..whole.min(400)).chain((0..whole).step_by(step)) {
            look_at(&fixture, &fixture.bytes[..cut], &format!("cut at {cut}"));
        }
    }
}

/// Bytes changed, lines doubled and taken away, numbers made huge, negative or no numbers.
#[test]
fn damaged_files_are_errors_or_runs() {
    for fixture in fixtures() {
        let mut random = common::Random::new(fixture.bytes.len() as u64);
        for round in 0..common::rounds() {
            let bytes = random.damage(&fixture.bytes);
            look_at(&fixture, &bytes, &format!("damage {round}"));
        }
    }
}

/// Whatever comes of it must be valid.
#[allow(clippy::panic, reason = "it fails the test that calls it")]
fn look_at(fixture: &Fixture, bytes: &[u8], how: &str) {
    let seen = imported(&fixture.name, bytes);
    for Found { item, .. } in seen {
        match item {
            Ok(Item::Run(run)) => {
                let json = fwit_model::json::write(&run);
                if let Err(error) = fwit_report::run::open(json.as_bytes()) {
                    panic!("{}, {how}: its run is invalid: {error}", fixture.name);
                }
            }
            Ok(_) => {}
            Err(ImportError::Broken { place, what, .. }) => {
                assert!(!place.is_empty() && !what.is_empty(), "{}, {how}", fixture.name);
            }
            Err(error) => assert!(!error.to_string().is_empty()),
        }
    }
}
