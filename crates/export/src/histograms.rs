//! The latency histograms of a run's file, added up as a form needs them.

use std::collections::BTreeMap;

use hdrhistogram::Histogram;

use fwit_quantities::sample::Measure;
use fwit_report::run::wire::RunFile;
use fwit_report::run::{RunError, hist};
use fwit_stats::recorder::new_histogram;

/// The histogram of the answers of some operations and nodes, and the sum of their times.
#[derive(Clone, Debug)]
pub(crate) struct Answers {
    /// How many took how long, µs.
    pub(crate) histogram: Histogram<u64>,
    /// All their times together, µs: from the file's means, which are finer than buckets.
    pub(crate) sum_us: f64,
    /// The longest, µs, as the file has it.
    pub(crate) max_us: u64,
}

impl Default for Answers {
    fn default() -> Answers {
        Answers { histogram: new_histogram(), sum_us: 0.0, max_us: 0 }
    }
}

/// The answers of one measure by what `key` makes of operation and node; `None` leaves them out.
///
/// # Errors
/// Where a histogram of the file can't be read.
pub(crate) fn by<K: Ord>(
    file: &RunFile,
    measure: Measure,
    key: impl Fn(&str, &str) -> Option<K>,
) -> Result<BTreeMap<K, Answers>, RunError> {
    let mut out = BTreeMap::new();
    for (i, entry) in file.latency.iter().enumerate().filter(|(_, e)| e.measure == measure) {
        let Some(key) = key(&entry.op, &entry.node) else { continue };
        let decoded = hist::decode(&entry.hist).map_err(|what| RunError::Broken {
            place: format!("latency[{i}] ({}, {})", entry.op, entry.node),
            what,
        })?;
        let sum: &mut Answers = out.entry(key).or_default();
        // A growing histogram takes every value; adding fails only where it may not grow.
        sum.histogram.add(&decoded).ok();
        if entry.mean_us.is_finite() {
            sum.sum_us += entry.mean_us * entry.count as f64;
        }
        sum.max_us = sum.max_us.max(entry.max_us);
    }
    Ok(out)
}
