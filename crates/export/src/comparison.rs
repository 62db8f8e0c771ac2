//! Runs side by side as Markdown: the whole runs' figures, what differs between their plans, and
//! what to keep in mind.

use std::fmt::Write as _;

use fwit_present::table::metric_value;
use fwit_report::run::compare::{Comparison, Metric, Tendency};

use crate::form::Document;
use crate::markdown::{code, escaped};

/// A comparison as Markdown, with the figures and the words of the page's view of it.
#[must_use]
pub fn comparison(c: &Comparison) -> Document {
    let labels: Vec<String> = c.runs.iter().map(|run| escaped(&run.label)).collect();
    let mut out = format!("### {}\n\n", labels.join(" against "));
    // `write!` to a String never fails.
    for (run, label) in c.runs.iter().zip(&labels) {
        let _ = writeln!(
            out,
            "- {label}: {} ({}, {})",
            escaped(&run.name),
            escaped(&run.id),
            escaped(&run.time_source)
        );
    }
    out.push('\n');
    for finding in c.findings.iter().chain(&c.control_says) {
        let _ = write!(out, "{}\n\n", escaped(finding));
    }
    out.push_str(&table(c, &labels));
    if !c.plan_differences.is_empty() {
        let list: Vec<String> = c.plan_differences.iter().map(|d| code(&d.field)).collect();
        let shown = list.len().min(DIFFERENCES_MAX);
        let more = list.len() - shown;
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        let list = list.get(..shown).unwrap_or_default().join(", ");
        let _ = write!(out, "Their plans differ in {list}{more}.\n\n");
    }
    for note in &c.notes {
        let _ = write!(out, "> {}\n\n", escaped(note));
    }
    let _ = writeln!(out, "<sub>Written by fwit {}</sub>", env!("CARGO_PKG_VERSION"));
    Document { name: "comparison.md".into(), mime: "text/markdown;charset=utf-8", text: out }
}

/// As many fields in which plans differ are named.
const DIFFERENCES_MAX: usize = 12;

fn table(c: &Comparison, labels: &[String]) -> String {
    let mut out = String::from("| | metric |");
    for (i, label) in labels.iter().enumerate() {
        let _ = write!(out, " {label} |");
        if i > 0 {
            let _ = write!(out, " against {} |", labels.first().map_or("", String::as_str));
        }
    }
    out.push_str("\n| --- | --- |");
    out.push_str(&" ---: |".repeat(2 * labels.len().max(1) - 1));
    out.push('\n');
    for metric in &c.metrics {
        let op = metric.op.as_deref().map_or_else(|| "**all**".into(), escaped);
        let _ = write!(out, "| {op} | {} |", escaped(&metric.name));
        for i in 0..labels.len() {
            let _ = write!(out, " {} |", value(metric, i));
            if i > 0 {
                let _ = write!(out, " {} |", change(metric, i));
            }
        }
        out.push('\n');
    }
    let _ = write!(out, "\nPercentiles are of {} times.\n\n", c.measure.name());
    out
}

/// A metric's value of a run.
fn value(metric: &Metric, i: usize) -> String {
    escaped(&metric_value(metric, i))
}

fn change(metric: &Metric, i: usize) -> String {
    let Some(change) = metric.changes.get(i).and_then(Option::as_ref) else { return "–".into() };
    let interval = change.interval.map_or_else(String::new, |[low, high]| {
        format!(" ({:+.1} to {:+.1} %)", 100.0 * (low - 1.0), 100.0 * (high - 1.0))
    });
    let tendency = match change.tendency {
        Tendency::Better => ", better",
        Tendency::Worse => ", worse",
        Tendency::Same | Tendency::Neutral => "",
    };
    escaped(&format!("{}{interval}{tendency}", change.words))
}

#[cfg(test)]
mod tests {
    use fwit_report::run::compare::compare;
    use fwit_report::run::sample::sample;
    use fwit_report::run::view::Measure;

    use super::*;

    #[test]
    fn runs_stand_side_by_side() {
        let (mut a, b) = (sample("a", 1.0), sample("b", 2.0));
        a.name = "slow | <b>".into();
        let labels = ["before".to_string(), "after".to_string()];
        let text = comparison(&compare(&[&a, &b], &labels, Measure::Cluster)).text;
        assert!(text.contains("- before: slow \\| &lt;b&gt; (a, "), "{text}");
        let columns = text
            .lines()
            .filter(|l| l.starts_with('|'))
            .map(|l| l.replace("\\|", "").matches('|').count());
        let columns: Vec<usize> = columns.collect();
        assert!(columns.len() > 4 && columns.iter().all(|n| *n == 6), "{text}");
        assert!(text.contains("4.00 ms") && text.contains("8.00 ms") && text.contains("worse"));
    }
}
