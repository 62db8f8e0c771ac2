//! The report's tables of latencies: by operation, by node, by both, of each measure.

use fwit_present::browser_share::{self, BrowserShare, MARK, MARK_WORDS};
use fwit_present::figure;
use fwit_present::table::Column;
use fwit_quantities::sample::Measure;
use fwit_report::run::view::{Row, RunView, Shown};

use super::text::{Cell, Section, Table, folded, hint, section};

/// By operation.
pub(super) fn by_operation(run: &RunView) -> Option<Section> {
    let own = run.source.is_none();
    let share = browser_share::of_run(run);
    let mut body = String::new();
    if own {
        let words = about(Measure::Cluster);
        body += &hint(&format!("Cluster time: {words}."));
        body += &browser_share::sentence(run).map_or_else(String::new, |text| hint(&text));
    }
    let table = |measure: Measure| {
        let label = "Latency by operation";
        let rows = &run.by_op;
        let mut out = latencies(label, &["operation"], rows, Some(&run.total), measure, share);
        out += &figure::answers_alone(run.total.measure(measure))
            .map_or_else(String::new, |text| hint(&text));
        out
    };
    body += &table(Measure::Cluster);
    body += &hint(
        "≈ and – mark percentiles of too few answers: ten must lie above one for it to be certain.",
    );
    if own {
        for measure in [Measure::Service, Measure::Wait, Measure::Response] {
            let name = fwit_quantities::units::capital(measure.name());
            body += &folded(&format!("{name} time: {}", about(measure)), &table(measure));
        }
    }
    section("operations", "By operation", &body)
}

/// By the node asked, and by operation and node. Files of other tools may not name the nodes.
pub(super) fn by_node(run: &RunView) -> Option<Section> {
    if run.source.is_some() && run.nodes.len() < 2 {
        return None;
    }
    let share = browser_share::of_run(run);
    let (rows, total) = (&run.by_node, Some(&run.total));
    let mut body =
        latencies("Latency by node asked", &["node"], rows, total, Measure::Cluster, share);
    let both = latencies(
        "Latency by operation and node",
        &["operation", "node"],
        &run.by_op_node,
        None,
        Measure::Cluster,
        share,
    );
    if !both.is_empty() {
        body += &folded("By operation and node", &both);
    }
    section("nodes-asked", "By node asked", &body)
}

fn about(measure: Measure) -> &'static str {
    match measure {
        Measure::Cluster => "redirects and service, what the cluster took in all",
        Measure::Service => "the last hop, request start to last byte",
        Measure::Wait => "waiting for slots, the browser's own queue, which is kept in front of it",
        Measure::Response => "due to done, what a user would have waited",
    }
}

/// A table of counts, rates, latencies and errors, with what its marks mean.
fn latencies(
    label: &'static str,
    names: &[&str],
    rows: &[Row],
    total: Option<&Row>,
    measure: Measure,
    share: Option<BrowserShare>,
) -> String {
    let unit = |column: Column| {
        if column.is_latency() { format!("{}, ms", column.heading()) } else { column.heading() }
    };
    let columns = Column::ALL.map(unit);
    let names_then = names.iter().map(|name| (*name, false));
    let headings: Vec<(&str, bool)> =
        names_then.chain(columns.iter().map(|c| (c.as_str(), true))).collect();
    let mut table = Table::new(label, &headings);
    let mut marked = false;
    let mut cells = |row: &Row| -> Vec<Cell> {
        let figures = Column::ALL.map(|column| {
            let mark = share.is_some_and(|share| share.marks(column, row, measure));
            marked |= mark;
            figure_cell(column, row, measure, mark)
        });
        figures.into()
    };
    for row in rows {
        let (op, node) = (row.op.clone().unwrap_or_default(), row.node.clone().unwrap_or_default());
        let heads = match (names, &row.op) {
            ([_, _], _) => vec![Cell::text(op), Cell::text(node)],
            (_, Some(_)) => vec![Cell::text(op)],
            (_, None) => vec![Cell::text(node)],
        };
        table.row(heads.into_iter().chain(cells(row)));
    }
    if let Some(total) = total {
        table.total(std::iter::once(Cell::text("all")).chain(cells(total)));
    }
    let legend = share.filter(|_| marked).map_or_else(String::new, |s| hint(&s.legend()));
    table.html() + &legend
}

fn figure_cell(column: Column, row: &Row, measure: Measure, mark: bool) -> Cell {
    let cell = column.cell(row, measure);
    let class = match (cell.shown, column) {
        (Shown::Greyed | Shown::Hidden, _) => "number greyed",
        (Shown::Full, Column::Errors) if row.errors() > 0 => "number wrong",
        (Shown::Full, _) => "number",
    };
    // An uncertain figure is marked by a sign too, not by its colour alone.
    let sign = if cell.shown == Shown::Greyed { "≈" } else { "" };
    let why = match (cell.why, mark) {
        (Some(why), true) => Some(format!("{why} It is {MARK_WORDS}.")),
        (None, true) => Some(MARK_WORDS.to_string()),
        (why, false) => why,
    };
    let mark = if mark { MARK } else { "" };
    Cell::number(format!("{sign}{}{mark}", cell.text)).class(class).title(why)
}
