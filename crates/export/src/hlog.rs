//! HdrHistogram's interval log (`.hlog`, format 1.3): a histogram a second of the measured window
//! for each operation, its tag; one interval where the run has no histograms by second.
//!
//! Values are µs; the column of largest values is in ms, as the libraries' writers have it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use hdrhistogram::Histogram;

use fwit_quantities::sample::Measure;
use fwit_report::run::wire::{RunFile, SecondOpFile};
use fwit_report::run::{RunError, hist};
use fwit_stats::sparse::{Sparse, bucket_range};

use crate::error::ExportError;
use crate::seconds::{Phase, phase};
use crate::{histograms, when};

/// One line of the log.
struct Interval {
    op: String,
    start_s: f64,
    length_s: f64,
    histogram: Histogram<u64>,
}

/// The text of the log.
pub(crate) fn text(file: &RunFile, measure: Measure) -> Result<String, ExportError> {
    let (intervals, of) = match by_second(file, measure)? {
        seconds if !seconds.is_empty() => (seconds, "a second and operation"),
        _ => (whole(file, measure)?, "an operation over the whole measured window"),
    };
    if intervals.is_empty() {
        let name = measure.name();
        return Err(ExportError::Without(format!("The run has no {name} times.")));
    }
    let start_s = when::started_s(&file.started_at).unwrap_or(0.0);
    let mut out = String::new();
    // `write!` to a String never fails.
    let _ = write!(
        out,
        "#[Logged with fwit {}; {} times, an interval {of}; values in µs, Interval_Max in ms]\n\
         #[Histogram log format version 1.3]\n\
         #[StartTime: {start_s:.3} (seconds since epoch), {}]\n\
         #[BaseTime: {start_s:.3} (seconds since epoch)]\n\
         \"StartTimestamp\",\"Interval_Length\",\"Interval_Max\",\"Interval_Compressed_Histogram\"\n",
        env!("CARGO_PKG_VERSION"),
        measure.name(),
        when::at_second(&file.started_at, 0),
    );
    let tags = tags(intervals.iter().map(|i| i.op.as_str()));
    for interval in &intervals {
        let tag = tags.get(interval.op.as_str()).map_or("", String::as_str);
        let max_ms = interval.histogram.max() as f64 / 1_000.0;
        let _ = writeln!(
            out,
            "Tag={tag},{:.3},{:.3},{max_ms:.3},{}",
            interval.start_s,
            interval.length_s,
            hist::encode(&interval.histogram)
        );
    }
    Ok(out)
}

/// A tag for each operation: commas, blanks and line breaks are not allowed in one.
fn tags<'a>(ops: impl Iterator<Item = &'a str>) -> BTreeMap<&'a str, String> {
    let names: BTreeSet<&str> = ops.collect();
    let (mut used, mut out) = (BTreeSet::new(), BTreeMap::new());
    for name in names {
        let fit = |c: char| {
            if c == ',' || c.is_whitespace() || c.is_control() { '_' } else { c }
        };
        let plain: String = name.chars().map(fit).collect();
        let plain = if plain.is_empty() { "request".to_string() } else { plain };
        let mut tag = plain.clone();
        let mut n = 2;
        while !used.insert(tag.clone()) {
            tag = format!("{plain}-{n}");
            n += 1;
        }
        out.insert(name, tag);
    }
    out
}

/// The seconds of the measured window; empty where the run has none, or none of this measure.
fn by_second(file: &RunFile, measure: Measure) -> Result<Vec<Interval>, RunError> {
    let gaps: fn(&SecondOpFile) -> &[u32] = match measure {
        Measure::Cluster => |op| &op.cluster,
        Measure::Response => |op| &op.response,
        Measure::Service | Measure::Wait => return Ok(Vec::new()),
    };
    let mut out = Vec::new();
    let measured = file.series.seconds.iter();
    for second in measured.filter(|s| phase(file, s.t_s) == Phase::Measured) {
        for (op, cell) in &second.ops {
            let sparse = Sparse::from_gaps(gaps(cell)).ok_or_else(|| RunError::Broken {
                place: format!("series, second {}", second.t_s),
                what: "its numbers are not a sparse histogram".into(),
            })?;
            let Some(histogram) = unfolded(&sparse) else { continue };
            out.push(Interval {
                op: op.clone(),
                start_s: f64::from(second.t_s),
                length_s: 1.0,
                histogram,
            });
        }
    }
    Ok(out)
}

/// A sparse histogram as an HdrHistogram of two digits, whose buckets are the same; `None` without
/// values.
fn unfolded(sparse: &Sparse) -> Option<Histogram<u64>> {
    if sparse.is_empty() {
        return None;
    }
    let mut out = Histogram::new_with_bounds(1, 2, 2).ok()?;
    out.auto(true);
    for &(bucket, count) in sparse.cells() {
        // Hostile files may hold values that no histogram of this size can.
        let (low, _) = bucket_range(bucket);
        out.record_n(low.min(LARGEST_US), u64::from(count)).ok();
    }
    Some(out)
}

/// What values beyond are counted as, µs: a year, as `hist::decode` takes it at most.
const LARGEST_US: u64 = 1 << 40;

fn whole(file: &RunFile, measure: Measure) -> Result<Vec<Interval>, RunError> {
    let by_op = histograms::by(file, measure, |op, _| Some(op.to_string()))?;
    let some = by_op.into_iter().filter(|(_, answers)| !answers.histogram.is_empty());
    let interval = |(op, answers): (String, histograms::Answers)| Interval {
        op,
        start_s: file.window.warmup_s,
        length_s: file.window.measured_s,
        histogram: answers.histogram,
    };
    Ok(some.map(interval).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_have_no_commas_and_stay_apart() {
        let tags = tags(["a b", "a,b", "a_b", "", "get"].into_iter());
        let all: BTreeSet<&String> = tags.values().collect();
        assert_eq!(all.len(), 5);
        assert!(all.iter().all(|t| !t.contains([',', ' ']) && !t.is_empty()), "{all:?}");
        assert_eq!(tags["get"], "get");
    }

    #[test]
    fn two_digits_keep_every_count_and_percentile() {
        let mut sparse = Sparse::default();
        (0..40_000_u64).step_by(7).for_each(|v| sparse.record(v * v / 9));
        let h = unfolded(&sparse).unwrap();
        assert_eq!(h.len(), sparse.count());
        for p in [0.1, 0.5, 0.9, 0.99, 1.0] {
            assert_eq!(Some(h.value_at_quantile(p)), sparse.at(p), "{p}");
        }
        let mut far = Sparse::default();
        far.record(u64::MAX);
        assert_eq!(unfolded(&far).unwrap().len(), 1);
    }
}
