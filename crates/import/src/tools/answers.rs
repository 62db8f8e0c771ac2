//! Answered requests as hey and oha list them: a line each, nothing quoted, seconds.
//!
//! Tests: the fixtures of both.

use std::ops::RangeInclusive;

use fwit_model::dialect::Kind;

use crate::draft::{Draft, Sample, outcome_of};
use crate::error::ImportError;
use crate::input::Input;
use crate::units::from_s;

/// Names of the columns that are read.
pub(super) struct Names {
    /// Since the start of the test; may be missing.
    pub began: &'static str,
    pub took: &'static str,
    pub status: &'static str,
}

/// What was read.
pub(super) struct Read {
    /// Requests.
    pub rows: u64,
    /// Whether the last line lacks columns.
    pub cut_off: bool,
}

/// Reads the rows below a header. `None` where that lacks a column. Lines without a time, or whose
/// status is not believed, go to `left_out`.
pub(super) fn read(
    input: &mut Input<'_>,
    draft: &mut Draft,
    names: &Names,
    statuses: RangeInclusive<u16>,
    mut left_out: impl FnMut(&mut Draft, u64),
) -> Result<Option<Read>, ImportError> {
    let header = input.line()?.unwrap_or_default().into_owned();
    let columns = header.split(',').count();
    let column = |name: &str| header.split(',').position(|h| h.trim() == name);
    let (Some(took), Some(status)) = (column(names.took), column(names.status)) else {
        return Ok(None);
    };
    let start = column(names.began);
    let mut read = Read { rows: 0, cut_off: false };
    loop {
        let line = input.line_number() + 1;
        let Some(text) = input.line()? else { break };
        if text.is_empty() {
            continue;
        }
        let row: Vec<&str> = text.split(',').take(columns).map(str::trim).collect();
        let number = |at: usize| row.get(at).and_then(|text| text.parse::<f64>().ok());
        read.cut_off = row.len() < columns;
        let status = row.get(status).and_then(|s| s.parse::<u16>().ok());
        let status = status.filter(|s| statuses.contains(s));
        let (Some(latency_us), Some(status)) = (number(took).and_then(from_s), status) else {
            left_out(draft, line);
            continue;
        };
        read.rows += 1;
        let began = start.and_then(number).filter(|s| (-1e6..1e6).contains(s));
        draft.sample(&Sample {
            op: "request",
            kind: Kind::Read,
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
    Ok(Some(read))
}
