//! Reads hey's `-o csv`. Spec: <https://github.com/rakyll/hey>, `requester/print.go`. Made with:
//! `hey -n 2000 -c 10 -o csv URL`, version 0.1.4 (Debian).
//!
//! Reads: response-time, status-code, offset. Ignores: the parts of a response (DNS, write, delay,
//! read), because a run of fwit has them as means only.
//! Clock: offsets are seconds from the start of the test to the start of the request.
//! Loses: failed requests (hey does not list them), times below 0.1 ms, the address.

use fwit_report::run::source::{Carries, Correction};

use super::Importer;
use super::skipped::Skipped;
use crate::draft::{About, Draft, Sample, outcome_of};
use crate::error::ImportError;
use crate::input::Input;
use crate::units::from_s;

/// The importer.
pub const CSV: Importer = Importer { tool: "hey", form: "CSV", recognizes, read };

const FORM: &str = "hey CSV";
const HEADER: &str = "response-time,DNS+dialup,DNS,Request-write,Response-delay,Response-read";

fn recognizes(head: &[u8]) -> bool {
    head.starts_with(HEADER.as_bytes())
}

fn read(input: &mut Input<'_>) -> Result<Vec<Draft>, ImportError> {
    let mut draft = Draft::new(About {
        tool: "hey",
        form: "CSV",
        unit: "s, four decimals",
        carries: Carries::Samples,
        corrected: Correction::Uncorrected,
        latency: "from the start of a request, connecting included, to the last byte of its answer; \
                  answered requests only",
    });
    let header = input.line()?.unwrap_or_default().into_owned();
    let columns = header.split(',').count();
    let column = |name: &str| header.split(',').position(|h| h.trim() == name);
    let (Some(took), Some(status)) = (column("response-time"), column("status-code")) else {
        return Err(ImportError::at_line(FORM, 1, "there is no column “status-code”"));
    };
    let offset = column("offset");
    let (mut rows, mut cut_off) = (0_u64, false);
    let mut skipped = Skipped::default();
    // hey quotes nothing: a line is a row.
    loop {
        let line = input.line_number() + 1;
        let Some(text) = input.line()? else { break };
        if text.is_empty() {
            continue;
        }
        let row: Vec<&str> = text.split(',').take(columns).map(str::trim).collect();
        let number = |at: usize| row.get(at).and_then(|text| text.parse::<f64>().ok());
        cut_off = row.len() < columns;
        let status = row.get(status).and_then(|s| s.parse::<u16>().ok());
        let (Some(latency_us), Some(status)) = (number(took).and_then(from_s), status) else {
            skipped.line(line);
            continue;
        };
        rows += 1;
        let began = offset.and_then(number).filter(|s| (-1e6..1e6).contains(s));
        draft.sample(&Sample {
            op: "request",
            kind: fwit_model::dialect::Kind::Read,
            url: "",
            began_us: began.map(|s| (s * 1e6) as i64),
            latency_us: Some(latency_us),
            outcome: outcome_of(status),
            redirected: (300..400).contains(&status),
            entity: None,
            status,
            error: "",
        });
    }
    skipped.tell(&mut draft, "it has no time or no status");
    if cut_off {
        draft.warn("The file is cut off in its last line.");
    }
    if rows >= 1_000_000 {
        draft.warn("hey lists a million requests at most: there may have been more.");
    }
    draft.warn("hey does not list requests that failed without an answer: they are not counted.");
    Ok(vec![draft])
}
