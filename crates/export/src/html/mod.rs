//! A run's report: one HTML file with all that the page shows of it, its words, tables and charts,
//! for people without fwit. No script and nothing fetched: its policy forbids both.

mod charts;
mod details;
mod happened;
mod head;
mod tables;
mod text;

use fwit_report::run::view::RunView;

use self::text::{Section, esc};
use crate::error::ExportError;
use crate::when;

/// What the report may do: style itself and show the pictures that it holds.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; \
                      base-uri 'none'; form-action 'none'";

/// The report's style.
const STYLE: &str = include_str!("report.css");

/// The report of a run.
///
/// # Errors
/// Where a chart can't be made of it.
pub(crate) fn report(run: &RunView) -> Result<String, ExportError> {
    let own = run.source.is_none();
    let groups = (own || !run.entities.is_empty()).then(|| happened::groups(run)).flatten();
    let sections: Vec<Section> = [
        groups,
        happened::parts(run),
        happened::events(run),
        happened::verification(run),
        tables::by_operation(run),
        tables::by_node(run),
        charts::distribution(run)?,
        charts::over_time(run)?,
        charts::entities(run)?,
        details::errors(run),
        details::subscribers(run),
        if own { details::nodes(run) } else { None },
        details::environment(run),
        if own { details::plan(run) } else { details::missing(run) },
    ]
    .into_iter()
    .flatten()
    .collect();
    let name = if run.name.is_empty() { "Run without a name" } else { &run.name };
    let contents: String = sections
        .iter()
        .map(|s| format!("<li><a href=\"#{}\">{}</a></li>\n", s.id, s.heading))
        .collect();
    let body: String = sections.iter().map(|s| s.html.as_str()).collect();
    Ok(format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"{POLICY}\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <meta name=\"referrer\" content=\"no-referrer\">\n\
         <meta name=\"generator\" content=\"fwit {version}\">\n\
         <title>{title}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<main>\n{head}\
         <nav aria-label=\"Contents\">\n<ul>\n{contents}</ul>\n</nav>\n{body}</main>\n{foot}\
         </body>\n</html>\n",
        version = env!("CARGO_PKG_VERSION"),
        title = esc(&format!("{name}: fwit report")),
        head = head::head(run, name),
        foot = foot(run),
    ))
}

/// What made the report, and of what.
fn foot(run: &RunView) -> String {
    let made = run.environment.iter().find(|(label, _)| label == "fwit").map(|(_, text)| text);
    let by = match (&run.source, made) {
        (Some(source), _) => format!("measured by {}, opened in fwit", source.tool),
        (None, Some(version)) => format!("measured by fwit {version}"),
        (None, None) => "measured by fwit".into(),
    };
    let words = format!(
        "Report of run {} ({}), {by}; written by fwit {}. Its numbers are those of fwit’s page. \
         Dates are in UTC; other times count from the start of the run.",
        run.id,
        when::start(run),
        env!("CARGO_PKG_VERSION")
    );
    format!("<footer>\n{}</footer>\n", text::p(&words))
}
