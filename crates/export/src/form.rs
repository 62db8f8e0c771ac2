//! The forms that a run goes out in, and which of them a run can have.

use fwit_quantities::sample::Measure;
use fwit_report::run::view::RunView;

/// A form of a run that other tools or people read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// One HTML file with everything that the page shows, without a script.
    Report,
    /// A Markdown text for a pull request or a chat.
    Markdown,
    /// CSV: a row a second and operation.
    Seconds,
    /// CSV: a row an operation, node and measure.
    Summary,
    /// HdrHistogram's percentile distribution.
    Percentiles,
    /// HdrHistogram's interval log.
    Log,
    /// OpenMetrics text.
    Metrics,
}

impl Form {
    /// All of them, in the order of a menu.
    pub const ALL: [Form; 7] = [
        Form::Report,
        Form::Markdown,
        Form::Summary,
        Form::Seconds,
        Form::Percentiles,
        Form::Log,
        Form::Metrics,
    ];

    /// Its name in programs and command lines.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Form::Report => "html",
            Form::Markdown => "markdown",
            Form::Seconds => "seconds-csv",
            Form::Summary => "summary-csv",
            Form::Percentiles => "hgrm",
            Form::Log => "hlog",
            Form::Metrics => "openmetrics",
        }
    }

    /// The form of a [`Form::name`].
    #[must_use]
    pub fn of_name(name: &str) -> Option<Form> {
        Form::ALL.into_iter().find(|form| form.name() == name)
    }

    /// Its name in a menu.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Form::Report => "Report (HTML)",
            Form::Markdown => "Markdown",
            Form::Seconds => "Seconds (CSV)",
            Form::Summary => "Summary (CSV)",
            Form::Percentiles => "HdrHistogram percentiles (.hgrm)",
            Form::Log => "HdrHistogram log (.hlog)",
            Form::Metrics => "OpenMetrics",
        }
    }

    /// What it is for, in one line of a menu.
    #[must_use]
    pub fn about(self) -> &'static str {
        match self {
            Form::Report => "One file with all tables and charts, for people without fwit",
            Form::Markdown => "Outcome, verdict and table of operations, for a pull request",
            Form::Seconds => "Each second of each operation, for spreadsheets and notebooks",
            Form::Summary => "Counts, errors and percentiles, for spreadsheets and notebooks",
            Form::Percentiles => "One latency distribution, for HdrHistogram's plotters",
            Form::Log => "A histogram a second and operation, for HdrHistogram's tools",
            Form::Metrics => "Counters and histograms, for Prometheus and what reads its files",
        }
    }

    /// Its MIME type.
    #[must_use]
    pub fn mime(self) -> &'static str {
        match self {
            Form::Report => "text/html;charset=utf-8",
            Form::Markdown => "text/markdown;charset=utf-8",
            Form::Seconds | Form::Summary => "text/csv;charset=utf-8",
            Form::Percentiles | Form::Log => "text/plain;charset=utf-8",
            Form::Metrics => "application/openmetrics-text;version=1.0.0;charset=utf-8",
        }
    }

    /// What its files' names end with.
    #[must_use]
    pub fn ending(self) -> &'static str {
        match self {
            Form::Report => ".html",
            Form::Markdown => ".md",
            Form::Seconds => ".seconds.csv",
            Form::Summary => ".summary.csv",
            Form::Percentiles => ".hgrm",
            Form::Log => ".hlog",
            Form::Metrics => ".openmetrics.txt",
        }
    }

    /// Whether operation and measure of a [`Choice`] make a difference to it.
    #[must_use]
    pub fn choices(self) -> (bool, bool) {
        match self {
            Form::Percentiles => (true, true),
            Form::Log => (false, true),
            _ => (false, false),
        }
    }

    /// Why this run can't go out in it, in a sentence; `None` where it can. It looks at the view
    /// alone, so that a menu can ask it.
    #[must_use]
    pub fn why_not(self, run: &RunView) -> Option<String> {
        let counted = run.total.issued > 0 || run.total.cluster.samples() > 0;
        match self {
            Form::Report | Form::Markdown | Form::Summary | Form::Metrics => None,
            Form::Seconds if run.seconds.is_empty() => Some(match &run.source {
                Some(source) => {
                    format!("{}'s {} does not say when what happened.", source.tool, source.form)
                }
                None => "The run has no whole second.".into(),
            }),
            Form::Seconds => None,
            Form::Percentiles | Form::Log if run.histograms.is_empty() => Some(match &run.source {
                Some(source) if counted => format!(
                    "{}'s {} has no distribution of latencies, only figures of it.",
                    source.tool, source.form
                ),
                _ => "Nothing was answered: there is no latency.".into(),
            }),
            Form::Percentiles | Form::Log => None,
        }
    }
}

/// Which part of a run goes out, for forms that hold one part alone ([`Form::choices`]).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// The operation; `None` for all together.
    pub op: Option<String>,
    /// Which latency.
    pub measure: Measure,
}

impl Default for Choice {
    fn default() -> Choice {
        Choice { op: None, measure: Measure::Cluster }
    }
}

/// A file to be saved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    /// Its name: of the run's name and id.
    pub name: String,
    /// Its MIME type.
    pub mime: &'static str,
    /// Its text, UTF-8.
    pub text: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_endings_tell_forms_apart() {
        for (i, form) in Form::ALL.into_iter().enumerate() {
            assert_eq!(Form::of_name(form.name()), Some(form));
            assert!(Form::ALL.iter().skip(i + 1).all(|o| o.ending() != form.ending()));
            assert!(!form.about().ends_with('.') && form.about().len() < 80);
        }
        assert_eq!(Form::of_name("pdf"), None);
    }
}
