//! Reads oha's JSON (`--output-format json`, older `-j`) and its CSV. Spec:
//! <https://github.com/hatoo/oha>, `schema.json` and `src/printer.rs`. Made with:
//! `oha --no-tui --output-format json -n 2000 -c 10 URL`, version 1.10.0.
//!
//! Reads: JSON: summary (total, average, slowest, fastest), percentiles, statuses, errors. CSV:
//! start, duration, status. Ignores: requests a second of `rps`, because they are of 10 ms each;
//! the histogram of ten bins, because the percentiles are finer; times of connecting and of the
//! first byte, because a run of fwit has them as means only.
//! Clock: JSON: none. CSV: seconds from the start of the test to the start of the request.
//! Loses: the address, the time of day; in CSV the requests that failed.

use std::collections::BTreeMap;

use fwit_model::dialect::Kind;
use fwit_quantities::sample::Outcome;
use fwit_report::run::source::{Carries, Correction};
use serde::Deserialize;
use serde_json::Value;

use super::Importer;
use super::answers::{self, Names};
use super::figures::{self, ENTRIES_MAX, Given};
use crate::draft::{About, Draft};
use crate::error::ImportError;
use crate::input::Input;

/// The importer of the JSON.
pub const JSON: Importer =
    Importer { tool: "oha", form: "JSON", recognizes: recognizes_json, read: read_json };
/// The importer of the CSV.
pub const CSV: Importer =
    Importer { tool: "oha", form: "CSV", recognizes: recognizes_csv, read: read_csv };

const HEADER: &str = "request-start,DNS,DNS+dialup,";
/// What oha says of a request that was under way when the time was over.
const CUT_OFF: &str = "aborted due to deadline";

fn about(form: &'static str, carries: Carries) -> About {
    About {
        tool: "oha",
        form,
        unit: "s",
        carries,
        corrected: Correction::Unknown,
        latency: "from the start of a request, connecting included (with --latency-correction: from \
                  when it was due), to the last byte of its answer; answers of any status",
    }
}

fn recognizes_json(head: &[u8]) -> bool {
    figures::has_all(head, &["\"summary\"", "\"responseTimeHistogram\"", "\"latencyPercentiles\""])
}

#[derive(Deserialize)]
struct File {
    #[serde(default)]
    summary: Summary,
    #[serde(default, rename = "latencyPercentiles")]
    percentiles: BTreeMap<String, Value>,
    #[serde(default, rename = "statusCodeDistribution")]
    statuses: BTreeMap<String, Value>,
    #[serde(default, rename = "errorDistribution")]
    errors: BTreeMap<String, Value>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Summary {
    total: Value,
    slowest: Value,
    fastest: Value,
    average: Value,
}

fn read_json(input: &mut Input<'_>) -> Result<Vec<Draft>, ImportError> {
    let file: File = figures::document("oha JSON", &input.text()?)?;
    let mut draft = Draft::new(about("JSON", Carries::Percentiles));
    draft.duration_s = figures::length(&file.summary.total, 1.0);
    let place = draft.place("request", Kind::Read, "");
    figures::statuses(&mut draft, place, &file.statuses);
    let answered = file.statuses.values().take(ENTRIES_MAX).filter_map(figures::count).sum();
    for (text, n) in file.errors.iter().take(ENTRIES_MAX) {
        let Some(n) = figures::count(n) else {
            draft.warn("Errors without a count were left out.");
            continue;
        };
        if text == CUT_OFF {
            draft.count(place, Outcome::Aborted, n);
        } else {
            figures::failures(&mut draft, place, text, n);
        }
    }
    let named = |(key, value): (&String, &Value)| {
        let p = key.strip_prefix('p')?.parse().ok()?;
        Some((p, figures::time(value, 1e6)?))
    };
    let fastest = figures::time(&file.summary.fastest, 1e6).map(|us| (0.0, us));
    let given = Given {
        count: answered,
        mean_us: figures::exact(&file.summary.average, 1e6),
        max_us: figures::time(&file.summary.slowest, 1e6),
        percent: fastest.into_iter().chain(file.percentiles.iter().filter_map(named)).collect(),
        ..Given::default()
    };
    given.only(&mut draft, place);
    draft.warn("oha's JSON does not say which address was asked, nor when.");
    Ok(vec![draft])
}

fn recognizes_csv(head: &[u8]) -> bool {
    head.starts_with(HEADER.as_bytes())
}

fn read_csv(input: &mut Input<'_>) -> Result<Vec<Draft>, ImportError> {
    let mut draft = Draft::new(about("CSV", Carries::Samples));
    let names = Names { began: "request-start", took: "request-duration", status: "status" };
    let mut first_bad = None;
    let left_out = |draft: &mut Draft, line| {
        let first = *first_bad.get_or_insert(line);
        draft.warn(format!(
            "Rows without a duration or a status were left out, the first in line {first}."
        ));
    };
    let Some(read) = answers::read(input, &mut draft, &names, 100..=999, left_out)? else {
        let what = "there is no column “request-duration” or “status”";
        return Err(ImportError::at_line("oha CSV", 1, what));
    };
    if read.cut_off {
        draft.warn("The file is cut off in its last line.");
    }
    draft.warn("oha does not list requests that failed without an answer: they are not counted.");
    Ok(vec![draft])
}
