//! Runs that are empty, foreign, or hold names that are no names: each form is whole or says why
//! not, and nothing of a run becomes markup, a formula or a line of its own.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "common/simulated.rs"]
mod simulated;

use std::io::Cursor;

use fwit_export::{Choice, ExportError, Form, comparison, export};
use fwit_import::{Item, open};
use fwit_quantities::sample::Measure;
use fwit_report::run::compare::compare;
use fwit_report::run::view::RunView;
use fwit_report::run::wire::RunFile;
use fwit_report::run::{hist, summary};
use proptest::prelude::*;
use serde_json::Value;

/// What may not come through as it is.
const HOSTILE: &str = "=cmd|' /C calc'!A0\"><script>alert(1)</script><img src=x onerror=y>\n| a | \
                       `b` [c](javascript:d) @all\u{202e}\u{0}\\";

fn viewed(file: RunFile) -> (RunFile, RunView) {
    let view = summary::view(&file).unwrap();
    (file, view)
}

/// All forms of a run, by all measures, or why not.
fn all(file: &RunFile, view: &RunView) -> Vec<(Form, Result<String, ExportError>)> {
    let mut out = Vec::new();
    for form in Form::ALL {
        let measures: &[Measure] =
            if form.choices().1 { &Measure::ALL } else { &[Measure::Cluster] };
        for measure in measures {
            let choice = Choice { op: None, measure: *measure };
            let result = export(form, file, view, &choice).map(|document| document.text);
            if form.why_not(view).is_some() {
                assert!(matches!(result, Err(ExportError::Without(_))), "{form:?}");
            } else if *measure == Measure::Cluster {
                assert!(result.is_ok(), "{form:?}: {result:?}");
            }
            out.push((form, result));
        }
    }
    out
}

/// A run whose names are replaced: of operation `get`, of node `near-1`, of itself, of entities;
/// and what nodes said.
fn renamed(name: &str) -> (RunFile, RunView) {
    fn replace(value: &mut Value, name: &str) {
        match value {
            Value::String(text) if text == "get" || text == "near-1" => *text = name.into(),
            Value::Array(list) => list.iter_mut().for_each(|v| replace(v, name)),
            Value::Object(map) => {
                let own = map.remove("get");
                map.extend(own.map(|own| (name.to_string(), own)));
                map.values_mut().for_each(|v| replace(v, name));
            }
            _ => {}
        }
    }
    let mut value = serde_json::to_value(simulated::file(6.0)).unwrap();
    let plan = value["plan"].take();
    replace(&mut value, name);
    value["plan"] = plan;
    for place in ["name", "id", "started_at", "finished_at"] {
        value[place] = name.into();
    }
    let mut file: RunFile = serde_json::from_value(value).unwrap();
    file.errors.iter_mut().for_each(|e| e.text = name.into());
    file.entities.iter_mut().for_each(|e| e.name = name.into());
    file.environment.insert(name.into(), name.into());
    file.health.signs.push(name.into());
    file.timeline.push(fwit_report::run::view::TimelineEvent {
        words: name.into(),
        ..serde_json::from_value(
            serde_json::json!({"at_s": 1.0, "until_s": 2.0, "kind": "note", "words": ""}),
        )
        .unwrap()
    });
    viewed(file)
}

#[test]
fn no_name_becomes_anything_else() {
    let (file, view) = renamed(HOSTILE);
    for (form, text) in all(&file, &view) {
        let Ok(text) = text else { continue };
        match form {
            Form::Report => {
                for open in ["<script", "<img", "\"><", "\u{202e}", "\u{0}"] {
                    // The report's own attributes end before elements of ours.
                    let own = open == "\"><" && !text.contains("A0\"><");
                    assert!(own || !text.contains(open), "{open}");
                }
                assert!(text.contains("&lt;script&gt;"));
            }
            Form::Markdown => {
                assert!(!text.contains("<script") && !text.contains("<img"), "{text}");
                assert!(!text.contains("[c](") && !text.contains("@all"), "{text}");
                let table = text.lines().filter(|l| l.starts_with('|'));
                for line in table {
                    assert_eq!(line.replace("\\|", "").matches('|').count(), 10, "{line}");
                }
            }
            Form::Summary | Form::Seconds => {
                let mut reader = csv::Reader::from_reader(text.as_bytes());
                let mut seen = false;
                for record in reader.records().map(Result::unwrap) {
                    for cell in &record {
                        assert!(!cell.starts_with(['=', '+', '@', '\t']), "{cell}");
                        seen |= cell.starts_with("'=cmd");
                    }
                }
                assert!(seen, "the name is there, as a text");
            }
            Form::Log => {
                for line in text.lines().filter(|l| l.starts_with("Tag=")) {
                    let cells: Vec<&str> = line.split(',').collect();
                    assert_eq!(cells.len(), 5, "{line}");
                    assert!(hist::decode(cells[4]).is_ok() && !cells[0].contains(' '));
                }
                let other = text.lines().filter(|l| !l.starts_with("Tag=")).count();
                assert_eq!(other, 5, "no name opens a line");
            }
            Form::Metrics => {
                for line in text.lines() {
                    let own = line.starts_with("fwit_") || line.starts_with("# ");
                    assert!(own, "{line}");
                }
            }
            Form::Percentiles => {}
        }
    }
    let c = compare(&[&view, &view], &[HOSTILE.into()], Measure::Cluster);
    let text = comparison(&c).text;
    assert!(!text.contains("<script") && !text.contains("@all"), "{text}");
}

#[test]
fn a_huge_name_is_a_name() {
    let huge = "x".repeat(100_000);
    let (file, view) = renamed(&huge);
    for (form, text) in all(&file, &view) {
        assert!(text.is_ok(), "{form:?}");
    }
    let name = export(Form::Summary, &file, &view, &Choice::default()).unwrap().name;
    assert!(name.len() < 200 && name.ends_with(".summary.csv"), "{name}");
}

#[test]
fn an_empty_run_is_a_run() {
    let mut file = simulated::small();
    file.counts.clear();
    file.latency.clear();
    file.censored.clear();
    file.parts.clear();
    file.totals.clear();
    file.warmup_totals.clear();
    file.series.seconds.clear();
    file.entities.clear();
    file.errors.clear();
    file.nodes.clear();
    file.operations.clear();
    file.environment.clear();
    file.window.measured_s = 0.0;
    file.name = String::new();
    file.started_at = String::new();
    let (file, view) = viewed(file);
    for (form, text) in all(&file, &view) {
        let none = matches!(form, Form::Seconds | Form::Percentiles | Form::Log);
        assert_eq!(text.is_err(), none, "{form:?}");
    }
}

#[test]
fn a_run_without_seconds_has_one_interval_an_operation() {
    let mut file = simulated::small();
    file.series.seconds.clear();
    let (file, view) = viewed(file);
    let why = Form::Seconds.why_not(&view).unwrap();
    assert!(why.ends_with('.'), "{why}");
    let log = export(Form::Log, &file, &view, &Choice::default()).unwrap().text;
    assert_eq!(log.lines().filter(|l| l.starts_with("Tag=")).count(), 2);
    assert!(log.contains("whole measured window"));
    all(&file, &view);
}

#[test]
fn what_is_not_there_is_said() {
    let (file, view) = viewed(simulated::small());
    let choice = Choice { op: Some("fly".into()), measure: Measure::Wait };
    let error = export(Form::Percentiles, &file, &view, &choice).unwrap_err();
    assert_eq!(error.to_string(), "The run has no wait times of “fly”.");
}

/// A file of a tool from the importers' fixtures.
fn imported(path: &str) -> (RunFile, RunView) {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../import/tests/fixtures/");
    let bytes = std::fs::read(format!("{folder}{path}")).unwrap();
    let mut found = Vec::new();
    open(path, Cursor::new(bytes), &mut |_| true, &mut |f| found.push(f));
    match found.remove(0).item.unwrap() {
        Item::Run(run) => viewed(*run),
        other => panic!("{other:?}"),
    }
}

#[test]
fn runs_of_other_tools_go_out_as_far_as_they_can() {
    for (path, distribution, seconds) in [
        ("k6/legacy.json", false, false),
        ("k6/points.json", true, true),
        ("wrk/latency.txt", false, false),
        ("oha/get.json", false, false),
        ("oha/get.csv", true, true),
        ("jmeter/mix.csv.jtl", true, true),
    ] {
        let (file, view) = imported(path);
        let tool = &view.source.as_ref().unwrap().tool;
        for (form, text) in all(&file, &view) {
            if let Err(ExportError::Without(why)) = &text {
                // Another tool's file has one latency, told as the cluster's.
                assert!(why.contains(tool) || why.starts_with("The run has no "), "{path}: {why}");
            }
            if let (Form::Report | Form::Markdown, Ok(text)) = (form, &text) {
                assert!(text.contains(tool), "{path} {form:?}");
                assert!(!text.contains("Healthy."), "{path}: it has no verdict");
            }
        }
        assert_eq!(Form::Percentiles.why_not(&view).is_none(), distribution, "{path}");
        assert_eq!(Form::Seconds.why_not(&view).is_none(), seconds, "{path}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    /// No text as a name makes a form panic, and each CSV and log stays readable.
    #[test]
    fn any_name_does(name in "\\PC{0,30}|[\\x00-\\x7f]{0,30}") {
        let mut file = simulated::small();
        for entry in file.counts.iter_mut().filter(|c| c.op == "get") {
            entry.op.clone_from(&name);
        }
        for entry in file.latency.iter_mut().filter(|c| c.op == "get") {
            entry.op.clone_from(&name);
        }
        for operation in file.operations.iter_mut().filter(|o| o.name == "get") {
            operation.name.clone_from(&name);
        }
        file.name.clone_from(&name);
        let (file, view) = viewed(file);
        for (form, text) in all(&file, &view) {
            if let (Form::Summary, Ok(text)) = (form, &text) {
                let mut reader = csv::Reader::from_reader(text.as_bytes());
                prop_assert!(reader.records().all(|r| r.is_ok()));
            }
        }
    }
}
