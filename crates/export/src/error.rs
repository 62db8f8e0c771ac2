//! Why a run can't go out in a form.

use fwit_report::run::RunError;

/// Why a run can't go out in a form.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The run does not hold what the form needs: a sentence.
    #[error("{0}")]
    Without(String),
    /// The run's file contradicts itself.
    #[error(transparent)]
    File(#[from] RunError),
    /// A chart could not be made of the run.
    #[error("The chart “{title}” can't be drawn: {source}.")]
    Chart {
        /// Which.
        title: &'static str,
        /// Why.
        source: fwit_chart::figure::ChartError,
    },
    /// Records that can't be written as CSV.
    #[error("The table can't be written ({0}).")]
    Csv(String),
}
