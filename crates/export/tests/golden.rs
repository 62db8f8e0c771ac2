//! The small forms of a fixed run, as files beside this test that people read: `UPDATE_GOLDEN=1`
//! writes them anew. What a compressor writes is left out of them.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "common/simulated.rs"]
mod simulated;

use std::path::PathBuf;

use fwit_export::{Choice, Form, export};
use fwit_quantities::sample::Measure;
use fwit_report::run::{hist, summary};

fn check(name: &str, text: &str) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
    // The version of fwit changes without a change of forms.
    let text = text.replace(concat!("fwit ", env!("CARGO_PKG_VERSION")), "fwit VERSION");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, &text).unwrap();
    }
    let golden = std::fs::read_to_string(&path).unwrap_or_default();
    for (i, (now, was)) in text.lines().zip(golden.lines()).enumerate() {
        assert_eq!(now, was, "{name}, line {}", i + 1);
    }
    assert_eq!(text, golden, "{name}: UPDATE_GOLDEN=1 writes it anew");
}

#[test]
fn each_small_form_is_as_it_was_read() {
    let file = simulated::small();
    let view = summary::view(&file).unwrap();
    let of = |form, choice: &Choice| export(form, &file, &view, choice).unwrap().text;
    let all = Choice::default();
    check("run.md", &of(Form::Markdown, &all));
    check("summary.csv", &of(Form::Summary, &all));
    check("seconds.csv", &of(Form::Seconds, &all));
    check("run.openmetrics.txt", &of(Form::Metrics, &all));
    check("all.hgrm", &of(Form::Percentiles, &all));
    let get = Choice { op: Some("get".into()), measure: Measure::Response };
    check("get.hgrm", &of(Form::Percentiles, &get));
}

#[test]
fn the_log_has_its_lines_as_they_were_read() {
    let file = simulated::small();
    let view = summary::view(&file).unwrap();
    let log = export(Form::Log, &file, &view, &Choice::default()).unwrap().text;
    let line = |line: &str| match line.rsplit_once(",HIST") {
        Some((head, packed)) => {
            let h = hist::decode(&format!("HIST{packed}")).unwrap();
            format!("{head},({} values up to {})\n", h.len(), h.max())
        }
        None => format!("{line}\n"),
    };
    check("run.hlog", &log.lines().map(line).collect::<String>());
}

#[test]
fn each_form_has_a_name_and_what_it_is() {
    let file = simulated::small();
    let view = summary::view(&file).unwrap();
    for form in Form::ALL {
        let document = export(form, &file, &view, &Choice::default()).unwrap();
        assert!(document.name.starts_with("50-entities-sticky-fixed."), "{}", document.name);
        assert_eq!(document.mime, form.mime());
        assert!(!document.text.contains(simulated::KEY), "{form:?} holds the API key");
    }
}
