//! Writes a run's file, fwit's or another tool's, in another form: `export FILE FORM OUT
//! [OPERATION] [MEASURE]`. With the file alone it lists the forms that the run can have. `export
//! simulated SECONDS OUT` makes a run's file to try it with.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "an example ends at an error")]

use std::fs;

use fwit_export::{Choice, Form, export};
use fwit_import::Item;
use fwit_quantities::sample::Measure;
use fwit_report::run;
use fwit_report::run::view::RunView;
use fwit_report::run::wire::RunFile;

#[path = "../tests/common/simulated.rs"]
mod simulated;

/// The first run of a file.
fn opened(path: &str) -> (RunFile, RunView) {
    let mut runs = Vec::new();
    let file = fs::File::open(path).expect("the file is there");
    fwit_import::open(path, file, &mut |_| true, &mut |found| runs.push(found.item));
    let run = runs.into_iter().find_map(|item| match item.expect("a run's file") {
        Item::Run(run) => Some(*run),
        _ => None,
    });
    let file = run.expect("a run's file, no experiment or plan");
    let view = run::summary::view(&file).expect("a run's file");
    (file, view)
}

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    match args.as_slice() {
        ["simulated", seconds, out] => {
            let file = simulated::file(seconds.parse().expect("seconds are a number"));
            fs::write(out, serde_json::to_vec(&file).unwrap()).unwrap();
        }
        [path] => {
            let (_, view) = opened(path);
            for form in Form::ALL {
                let why = form.why_not(&view).unwrap_or_else(|| form.about().into());
                println!("{:12} {why}", form.name());
            }
        }
        [path, form, out, rest @ ..] => {
            let (file, view) = opened(path);
            let form = Form::of_name(form).expect("a form: run it with the file alone for a list");
            let op = rest.first().filter(|op| !op.is_empty()).map(ToString::to_string);
            let named = |name: &&&str| Measure::ALL.into_iter().find(|m| m.name() == **name);
            let measure = rest.get(1).as_ref().and_then(named).unwrap_or(Measure::Cluster);
            let document = export(form, &file, &view, &Choice { op, measure }).unwrap();
            println!("{} ({}), {} bytes", document.name, document.mime, document.text.len());
            fs::write(out, document.text).unwrap();
        }
        _ => println!("export FILE [FORM OUT [OPERATION] [MEASURE]]"),
    }
}
