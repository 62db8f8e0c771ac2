//! HdrHistogram's percentile distribution (`.hgrm`) of one latency, as the Java library's
//! `outputPercentileDistribution` prints it: values in ms, five ticks a half distance.

use std::fmt::Write as _;

use fwit_report::run::wire::RunFile;
use hdrhistogram::Histogram;

use crate::error::ExportError;
use crate::form::Choice;
use crate::histograms;

/// Ticks a half distance: what all the libraries have as their default.
const TICKS: u32 = 5;
/// µs in a ms.
const SCALE: f64 = 1_000.0;

/// The text of the chosen latency.
pub(crate) fn text(file: &RunFile, choice: &Choice) -> Result<String, ExportError> {
    let wanted = choice.op.as_deref();
    let all = histograms::by(file, choice.measure, |op, _| {
        wanted.is_none_or(|wanted| wanted == op).then_some(())
    })?;
    let answers = all.into_values().next().filter(|a| !a.histogram.is_empty());
    answers.map(|answers| distribution(&answers.histogram)).ok_or_else(|| {
        let of = wanted.map_or_else(String::new, |op| format!(" of “{op}”"));
        ExportError::Without(format!("The run has no {} times{of}.", choice.measure.name()))
    })
}

fn distribution(h: &Histogram<u64>) -> String {
    let mut out = format!(
        "{:>12} {:>14} {:>10} {:>14}\n\n",
        "Value", "Percentile", "TotalCount", "1/(1-Percentile)"
    );
    for at in h.iter_quantiles(TICKS) {
        let (value, p) =
            (at.value_iterated_to() as f64 / SCALE, at.quantile_iterated_to().min(1.0));
        let counted = h.count_between(0, at.value_iterated_to());
        // `write!` to a String never fails.
        let _ = if p < 1.0 {
            writeln!(out, "{value:12.3} {p:2.12} {counted:10} {:14.2}", 1.0 / (1.0 - p))
        } else {
            writeln!(out, "{value:12.3} {p:2.12} {counted:10}")
        };
    }
    // The sizes that the bucket structure of these digits has in all the libraries.
    let largest = 2 * 10_u64.pow(u32::from(h.sigfig()));
    let _ = write!(
        out,
        "#[Mean    = {:12.3}, StdDeviation   = {:12.3}]\n\
         #[Max     = {:12.3}, Total count    = {:12}]\n\
         #[Buckets = {:12}, SubBuckets     = {:12}]\n",
        h.mean() / SCALE,
        h.stdev() / SCALE,
        h.max() as f64 / SCALE,
        h.len(),
        h.buckets(),
        largest.next_power_of_two(),
    );
    out
}
