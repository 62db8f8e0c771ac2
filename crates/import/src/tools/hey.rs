//! Reads hey's `-o csv`. Spec: <https://github.com/rakyll/hey>, `requester/print.go`. Made with:
//! `hey -n 2000 -c 10 -o csv URL`, version 0.1.4 (Debian).
//!
//! Reads: response-time, status-code, offset. Ignores: the parts of a response (DNS, write, delay,
//! read), because a run of fwit has them as means only.
//! Clock: offsets are seconds from the start of the test to the start of the request.
//! Loses: failed requests (hey does not list them), times below 0.1 ms, the address.

use fwit_report::run::source::{Carries, Correction};

use super::Importer;
use super::answers::{self, Names};
use super::skipped::Skipped;
use crate::draft::{About, Draft};
use crate::error::ImportError;
use crate::input::Input;

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
    let names = Names { began: "offset", took: "response-time", status: "status-code" };
    let mut skipped = Skipped::default();
    let left_out = |_: &mut Draft, line| skipped.line(line);
    let Some(read) = answers::read(input, &mut draft, &names, 0..=u16::MAX, left_out)? else {
        return Err(ImportError::at_line(FORM, 1, "there is no column “status-code”"));
    };
    skipped.tell(&mut draft, "it has no time or no status");
    if read.cut_off {
        draft.warn("The file is cut off in its last line.");
    }
    if read.rows >= 1_000_000 {
        draft.warn("hey lists a million requests at most: there may have been more.");
    }
    draft.warn("hey does not list requests that failed without an answer: they are not counted.");
    Ok(vec![draft])
}
