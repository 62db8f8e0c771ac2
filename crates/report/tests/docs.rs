//! docs/format.md describes the files that this code reads: its examples open, and it names each
//! field that is written.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::collections::BTreeSet;

use fwit_model::plan::wire as plan;
use fwit_report::experiment::view::ComparisonView;
use fwit_report::experiment::wire::PeriodFile;
use fwit_report::{experiment, run};
use fwit_stats::sparse::{Sparse, bucket};
use serde_json::Value;

const PAGE: &str = include_str!("../../../docs/format.md");

/// The page's text without its examples, and the examples: what each is of, and its JSON.
fn page() -> (String, Vec<(String, String)>) {
    let (mut text, mut examples) = (String::new(), Vec::new());
    let mut inside: Option<(String, String)> = None;
    for line in PAGE.lines() {
        inside = match (inside, line.strip_prefix("```")) {
            (None, Some(info)) => Some((info.into(), String::new())),
            (None, None) => {
                text += line;
                text.push('\n');
                None
            }
            (Some(example), Some(_)) => {
                examples.push(example);
                None
            }
            (Some((info, body)), None) => Some((info, body + line + "\n")),
        };
    }
    assert!(inside.is_none(), "an example has no end");
    (text, examples)
}

/// What an example is written as once it was read: with every field.
fn written_again(info: &str, body: &str, run: &str) -> Value {
    let failed = |why: &dyn std::fmt::Debug| -> ! { panic!("the example `{info}`: {why:?}") };
    match info {
        "json plan" => {
            let read = plan::read(body).unwrap_or_else(|e| failed(&e));
            serde_json::to_value(plan::to_file(&read)).unwrap()
        }
        "json run" => {
            let (read, view) = run::open(body.as_bytes()).unwrap_or_else(|e| failed(&e));
            assert_eq!(view.warnings, Vec::<String>::new());
            let (mut given, mut written) = (BTreeSet::new(), BTreeSet::new());
            let again = serde_json::to_value(read).unwrap();
            names(&serde_json::from_str(body).unwrap(), &mut given);
            if view.source.is_some() {
                // Another tool's run leaves out what the first example has.
                names(&serde_json::from_str(run).unwrap(), &mut given);
            }
            names(&again, &mut written);
            let lacks: Vec<&String> = written.difference(&given).collect();
            assert!(lacks.is_empty(), "the run in docs/format.md lacks the fields {lacks:?}");
            again
        }
        "json sparse" => {
            let gaps: Vec<u32> = serde_json::from_str(body).unwrap_or_else(|e| failed(&e));
            let sparse = Sparse::from_gaps(&gaps).unwrap_or_else(|| failed(&gaps));
            assert_eq!(sparse.cells(), [(300, 2), (301, 5)]);
            assert_eq!((bucket(344), bucket(345), bucket(346)), (300, 300, 301));
            Value::Null
        }
        "json experiment" => {
            let read = experiment::open(body.as_bytes()).unwrap_or_else(|e| failed(&e));
            serde_json::to_value(read.0).unwrap()
        }
        "json period" => {
            let whole = body.replace("\"<run>\"", run);
            let read: PeriodFile = serde_json::from_str(&whole).unwrap_or_else(|e| failed(&e));
            serde_json::to_value(read).unwrap()
        }
        "json comparison" => {
            let read: ComparisonView = serde_json::from_str(body).unwrap_or_else(|e| failed(&e));
            serde_json::to_value(read).unwrap()
        }
        other => panic!("docs/format.md: no reader is known for ```{other}"),
    }
}

/// Collects the names of all fields, at any depth. What is below `environment` and `changes` is
/// data; docs/simulation.md describes what is below `sim`.
fn names(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                found.insert(name.clone());
                if !matches!(name.as_str(), "environment" | "changes" | "sim") {
                    names(value, found);
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| names(item, found)),
        _ => {}
    }
}

#[test]
fn examples_open_and_their_fields_are_described() {
    let (text, examples) = page();
    let kinds: Vec<&str> = examples.iter().map(|(info, _)| info.as_str()).collect();
    for kind in ["plan", "run", "sparse", "experiment", "period", "comparison"] {
        assert!(kinds.contains(&format!("json {kind}").as_str()), "no example of a {kind}");
    }
    let run = examples.iter().find(|(info, _)| info == "json run").map(|(_, body)| body.as_str());
    let mut fields = BTreeSet::new();
    for (info, body) in &examples {
        names(&written_again(info, body, run.unwrap()), &mut fields);
    }
    let described: BTreeSet<&str> =
        text.split(|c: char| !c.is_alphanumeric() && c != '_').collect();
    let missing: Vec<&String> =
        fields.iter().filter(|name| !described.contains(name.as_str())).collect();
    assert!(missing.is_empty(), "docs/format.md does not describe the fields {missing:?}");
}
