//! The report's details: errors with samples, subscribers, nodes, environment, plan, and what a
//! file of another tool can't show.

use fwit_present::figure::count;
use fwit_present::simulated::facts;
use fwit_present::source;
use fwit_present::subscribers as words;
use fwit_present::table::node_words;
use fwit_quantities::units::{Micros, three_digits};
use fwit_report::run::view::{ErrorGroup, RunView};

use super::happened::tone;
use super::text::{Cell, Section, Table, esc, folded, hint, p, section};

/// Groups of errors that are shown at once; the others are folded away.
const ERRORS_SHOWN: usize = 15;

/// Errors, most frequent first.
pub(super) fn errors(run: &RunView) -> Option<Section> {
    if run.errors.is_empty() {
        // Other tools may count errors and not say what they were.
        let body = match run.total.errors() {
            0 => hint("No request failed."),
            _ => hint("The file does not say what the errors were."),
        };
        return section("errors", "Errors", &body);
    }
    let heads = [
        ("kind", false),
        ("count", true),
        ("operation", false),
        ("node", false),
        ("first", true),
        ("last", true),
        ("what was said", false),
    ];
    let row = |group: &ErrorGroup| {
        // Other tools may not say when.
        let timed = group.last_us > 0 || !group.samples.is_empty();
        let when = |us: u64| if timed { Micros(us).to_string() } else { "–".to_string() };
        [
            Cell::text(group.outcome.label()).class("wrong"),
            Cell::number(count(group.count)),
            Cell::text(&group.op),
            Cell::text(&group.node),
            Cell::number(when(group.first_us)),
            Cell::number(when(group.last_us)),
            Cell::html(said(group)).class("wrap"),
        ]
    };
    let table = |label: &'static str, groups: &[ErrorGroup]| {
        let mut table = Table::new(label, &heads);
        groups.iter().for_each(|group| table.row(row(group)));
        table.html()
    };
    let (first, more) = run.errors.split_at(run.errors.len().min(ERRORS_SHOWN));
    let mut body = table("Errors", first);
    if !more.is_empty() {
        let rest: u64 = more.iter().map(|group| group.count).sum();
        let summary = format!("{} more groups, {} errors", more.len(), count(rest));
        body += &folded(&summary, &table("More errors", more));
    }
    section("errors", "Errors", &body)
}

/// What the node or the browser said, with samples.
fn said(group: &ErrorGroup) -> String {
    let text = if group.text.is_empty() { "nothing" } else { &group.text };
    if group.samples.is_empty() {
        return esc(text);
    }
    let one = |s: &fwit_report::run::view::ErrorSample| {
        let status = match s.status {
            0 => "no status".to_string(),
            status => format!("HTTP {status}"),
        };
        let (at, took) = (Micros(s.at_us), Micros(s.took_us));
        format!("<li>{}</li>", esc(&format!("at {at}, entity {}: {status} after {took}", s.entity)))
    };
    let samples: String = group.samples.iter().map(one).collect();
    format!("<details><summary>{}</summary><ul>{samples}</ul></details>", esc(text))
}

/// What subscribers received.
pub(super) fn subscribers(run: &RunView) -> Option<Section> {
    let view = &run.subscribers;
    if view.list.is_empty() {
        return None;
    }
    let mut body = String::new();
    // What another tool's file says of them proves no loss and none.
    if run.source.is_none() {
        let (text, sign) = words::badge(view);
        body += &format!("<p><span class=\"badge {}\">{}</span></p>\n", tone(sign), esc(&text));
        body += &words::sentences(view).iter().map(|text| p(text)).collect::<String>();
    }
    let heads = [
        ("at node", false),
        ("received", true),
        ("lost", true),
        ("duplicates", true),
        ("reordered", true),
        ("disconnects", true),
        ("down, s", true),
        ("last trouble", false),
    ];
    let mut table = Table::new("Subscribers", &heads);
    for s in &view.list {
        table.row([
            Cell::text(&s.node),
            Cell::number(count(s.received)),
            Cell::number(count(s.lost)).class(if s.lost > 0 { "number wrong" } else { "number" }),
            Cell::number(count(s.duplicates)),
            Cell::number(count(s.reordered)),
            Cell::number(count(u64::from(s.disconnects))),
            Cell::number(three_digits(s.down_s)),
            Cell::text(s.trouble.as_deref().unwrap_or("none")).class("wrap"),
        ]);
    }
    section("subscribers", "Subscribers", &(body + &table.html()))
}

/// The nodes and their lanes.
pub(super) fn nodes(run: &RunView) -> Option<Section> {
    let heads = [
        ("node", false),
        ("address", false),
        ("role", false),
        ("protocol", false),
        ("timing header", false),
        ("in flight", true),
        ("slots", true),
        ("lanes", false),
    ];
    let mut table = Table::new("Nodes", &heads);
    for n in &run.nodes {
        let (role, timing) = node_words(n);
        let found = if n.discovered { " (found by redirect)" } else { "" };
        let slots = if n.slots < 1_000_000 { n.slots.to_string() } else { "no limit".to_string() };
        table.row([
            Cell::text(format!("{}{found}", n.name)),
            Cell::html(format!("<code>{}</code>", esc(&n.url))),
            Cell::text(role),
            Cell::text(&n.protocol),
            Cell::text(timing),
            Cell::number(three_digits(n.in_flight)),
            Cell::number(slots),
            Cell::text(n.lanes.join(" ")).class("wrap"),
        ]);
    }
    section("nodes", "Nodes", &table.html())
}

/// The browser, the machine, and the facts of the instrument.
pub(super) fn environment(run: &RunView) -> Option<Section> {
    let own = facts(run).into_iter().chain(run.environment.clone());
    let list: String = own
        .map(|(label, text)| format!("<dt>{}</dt><dd>{}</dd>\n", esc(&label), esc(&text)))
        .collect();
    let body = if list.is_empty() { list } else { format!("<dl class=\"facts\">\n{list}</dl>\n") };
    section("environment", "Instrument and environment", &body)
}

/// The plan as the run file has it.
pub(super) fn plan(run: &RunView) -> Option<Section> {
    let text = esc(&run.plan_json);
    let body = format!(
        "<details>\n<summary>As JSON, for fwit to open</summary>\n\
         <pre tabindex=\"0\">{text}</pre>\n</details>\n"
    );
    section("plan", "Plan", &body)
}

/// What a file of another tool can't show, each with the reason.
pub(super) fn missing(run: &RunView) -> Option<Section> {
    let row =
        |(name, why): (&str, String)| format!("<dt>{}</dt><dd>{}</dd>\n", esc(name), esc(&why));
    let list: String = source::missing(run).into_iter().map(row).collect();
    let body = if list.is_empty() { list } else { format!("<dl class=\"facts\">\n{list}</dl>\n") };
    section("missing", "What this file can't show", &body)
}
