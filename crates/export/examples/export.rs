//! Writes a run's file in another form: `export FILE FORM OUT [OPERATION] [MEASURE]`. With the file
//! alone it lists the forms that the run can have. `export simulated SECONDS OUT` makes a run's
//! file to try it with.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "an example ends at an error")]

use std::fs;

use fwit_export::{Choice, Form, export};
use fwit_quantities::sample::Measure;
use fwit_report::run;

#[path = "../tests/common/simulated.rs"]
mod simulated;

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    match args.as_slice() {
        ["simulated", seconds, out] => {
            let file = simulated::file(seconds.parse().expect("seconds are a number"));
            fs::write(out, serde_json::to_vec(&file).unwrap()).unwrap();
        }
        [path] => {
            let (_, view) = run::open(&fs::read(path).unwrap()).unwrap();
            for form in Form::ALL {
                let why = form.why_not(&view).unwrap_or_else(|| form.about().into());
                println!("{:12} {why}", form.name());
            }
        }
        [path, form, out, rest @ ..] => {
            let (file, view) = run::open(&fs::read(path).unwrap()).unwrap();
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
