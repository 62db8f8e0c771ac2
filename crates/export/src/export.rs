//! The way to all forms.

use fwit_present::library::file_name;
use fwit_report::run::view::RunView;
use fwit_report::run::wire::RunFile;

use crate::error::ExportError;
use crate::form::{Choice, Document, Form};
use crate::{hgrm, hlog, html, markdown, metrics, seconds, summary};

/// A run in a form.
///
/// # Errors
/// Where the run does not hold what the form needs ([`Form::why_not`]; or nothing of the chosen
/// operation and measure), or its file contradicts itself.
pub fn export(
    form: Form,
    file: &RunFile,
    view: &RunView,
    choice: &Choice,
) -> Result<Document, ExportError> {
    if let Some(why) = form.why_not(view) {
        return Err(ExportError::Without(why));
    }
    let text = match form {
        Form::Report => html::report(view)?,
        Form::Markdown => markdown::run(view),
        Form::Seconds => seconds::csv(file, view)?,
        Form::Summary => summary::csv(view)?,
        Form::Percentiles => hgrm::text(file, choice)?,
        Form::Log => hlog::text(file, choice.measure)?,
        Form::Metrics => metrics::text(file, view)?,
    };
    let name = file_name(&view.name, &view.id);
    let name = name.strip_suffix(".fwit.json").unwrap_or(&name);
    // The parts of names that are of a run alone; an id of a hostile file may hold anything.
    let safe = |c: char| if c.is_alphanumeric() || "-_.".contains(c) { c } else { '-' };
    let name: String = name.chars().map(safe).take(120).collect();
    Ok(Document { name: name + form.ending(), mime: form.mime(), text })
}
