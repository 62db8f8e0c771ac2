//! A part of a run in words and in lines of a table.

use fwit_quantities::units::three_digits;
use fwit_report::run::select::{Selected, SelectedRow, Selection};
use fwit_report::run::view::{Measure, Row, RunView, Summary};

use super::figure;

/// The whole seconds of a stretch of a chart over time: all that it touches, at least one.
#[must_use]
pub fn seconds_of([from, to]: [f64; 2]) -> (u32, u32) {
    let from = from.max(0.0).floor() as u32;
    (from, (to.max(0.0).ceil() as u32).max(from.saturating_add(1)))
}

/// What is selected, as a sentence.
#[must_use]
pub fn about(selection: &Selection) -> String {
    if selection.is_all() {
        return "Drag over a chart over time, or choose operations or nodes: their numbers stand \
                here, above those of the whole run."
            .into();
    }
    let mut parts = Vec::new();
    if let Some((from, to)) = selection.seconds {
        parts.push(format!("seconds {from} to {to} of the run"));
    }
    if !selection.ops.is_empty() {
        parts.push(selection.ops.join(", "));
    }
    if !selection.nodes.is_empty() && selection.seconds.is_none() {
        parts.push(format!("asked at {}", selection.nodes.join(", ")));
    }
    let mut text = format!("{}.", fwit_quantities::units::capital(&parts.join(" · ")));
    if selection.seconds.is_some() {
        text.push_str(" Latencies are of answers alone.");
    }
    if !selection.nodes.is_empty() && selection.seconds.is_some() {
        text.push_str(
            " Of all nodes: a run file keeps its seconds by operation, not by node. Show all to see \
             nodes apart.",
        );
    }
    text
}

/// A row of the table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SelectionLine {
    /// What it is of.
    pub name: String,
    /// Its cells, as [`SelectionLine::HEADINGS`] names them.
    pub cells: [String; 7],
    /// It is of the whole run.
    pub whole: bool,
}

impl SelectionLine {
    /// Names and units of the columns.
    pub const HEADINGS: [(&'static str, &'static str); 7] = [
        ("answers", ""),
        ("per second", ""),
        ("failed", ""),
        ("p50", "ms"),
        ("p90", "ms"),
        ("p99", "ms"),
        ("max", "ms"),
    ];
}

/// The table's rows: all of the selection, by operation, by node, and the whole run.
#[must_use]
pub fn lines(selected: &Selected, run: &RunView, measure: Measure) -> Vec<SelectionLine> {
    let of = |row: &SelectedRow, name: String| {
        let summary = if measure == Measure::Cluster { &row.cluster } else { &row.response };
        line(name, (row.answers, row.rate_per_s, row.errors), summary, false)
    };
    let named = |row: &SelectedRow| {
        let name = row.op.as_ref().or(row.node.as_ref()).cloned().unwrap_or_default();
        of(row, name)
    };
    let whole = |row: &Row| {
        let counts = (row.completed, row.rate_per_s, row.errors());
        line("whole run".into(), counts, row.measure(measure), true)
    };
    let mut list = vec![of(&selected.total, "selection".into())];
    for rows in [&selected.by_op, &selected.by_node] {
        // One alone is the selection itself.
        if rows.len() > 1 {
            list.extend(rows.iter().map(named));
        }
    }
    list.push(whole(&run.total));
    list
}

fn line(name: String, counts: (u64, f64, u64), summary: &Summary, whole: bool) -> SelectionLine {
    let (answers, rate, errors) = counts;
    let at = |i: usize| figure::percentile_cell(summary, i).text;
    let max = if summary.samples() > 0 { figure::ms(summary.max_us as f64) } else { "–".into() };
    let cells = [
        figure::count(answers),
        three_digits(rate),
        figure::count(errors),
        at(0),
        at(1),
        at(3),
        max,
    ];
    SelectionLine { name, cells, whole }
}

#[cfg(test)]
mod tests {
    use super::*;
    use fwit_report::run::sample::sample;

    #[test]
    fn a_stretch_becomes_whole_seconds() {
        assert_eq!(seconds_of([3.2, 7.9]), (3, 8));
        assert_eq!(seconds_of([-4.0, 0.0]), (0, 1));
        assert_eq!(seconds_of([5.0, 5.0]), (5, 6));
    }

    #[test]
    fn a_selection_is_told_and_what_a_file_can_not_say_too() {
        assert!(about(&Selection::default()).starts_with("Drag over"));
        let mut selection = Selection {
            seconds: Some((3, 9)),
            ops: vec!["get".into(), "set".into()],
            nodes: Vec::new(),
        };
        assert_eq!(
            about(&selection),
            "Seconds 3 to 9 of the run · get, set. Latencies are of answers alone."
        );
        selection.nodes.push("n2".into());
        assert!(about(&selection).contains("not by node"));
        selection.seconds = None;
        assert_eq!(about(&selection), "Get, set · asked at n2.");
    }

    #[test]
    fn the_whole_run_stands_below() {
        let run = sample("a", 1.0);
        let row =
            |op: &str| SelectedRow { op: Some(op.into()), answers: 4, ..SelectedRow::default() };
        let mut selected = Selected { by_op: vec![row("get")], ..Selected::default() };
        let list = lines(&selected, &run, Measure::Cluster);
        assert_eq!(
            list.iter().map(|l| l.name.as_str()).collect::<Vec<_>>(),
            ["selection", "whole run"]
        );
        assert_eq!(list[0].cells[3], "–");
        assert_eq!(list[1].cells[0], figure::count(run.total.completed));
        selected.by_op.push(row("set"));
        assert_eq!(lines(&selected, &run, Measure::Response).len(), 4);
    }
}
