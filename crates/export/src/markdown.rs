//! A run as Markdown, for a pull request or a chat: outcome, verdict, the table of operations, the
//! plan in one line. Its tables are those of GitHub's and GitLab's Markdown.

use std::fmt::Write as _;

use fwit_model::plan::wire;
use fwit_present::source::about;
use fwit_present::table::{Column, failures, outcomes};
use fwit_present::{figure, sentence};
use fwit_quantities::sample::Measure;
use fwit_report::run::view::{Row, RunView, Shown};

use crate::when;

/// The columns of the table, but for the operation's.
const COLUMNS: [Column; 8] = [
    Column::Count,
    Column::Rate,
    Column::Percentile(0),
    Column::Percentile(1),
    Column::Percentile(3),
    Column::Percentile(4),
    Column::Max,
    Column::Errors,
];

/// Longest name that is written out.
const NAME_MAX: usize = 200;

/// The text of a run.
pub(crate) fn run(view: &RunView) -> String {
    let name = if view.name.is_empty() { "Run without a name" } else { &view.name };
    let mut out = format!("### {}\n\n", escaped(name));
    // `write!` to a String never fails.
    for line in &view.headlines {
        let _ = write!(out, "> **{}**\n\n", escaped(line));
    }
    if let Some(source) = &view.source {
        let version = source.version.as_deref().unwrap_or_default();
        let tool = format!("{} {version}", source.tool);
        let _ = write!(
            out,
            "Made by {} ({}). {}\n\n",
            escaped(tool.trim()),
            escaped(&source.form),
            escaped(&about(source))
        );
    }
    if view.total.issued > 0 {
        let _ = write!(out, "{}\n\n", escaped(&sentence::outcome(view)));
    }
    out.push_str(&verdict(view));
    out.push_str(&table(view));
    out.push_str(&errors(view));
    if view.source.is_none()
        && let Ok(plan) = wire::read(&view.plan_json)
    {
        let _ = write!(out, "Plan: {}\n\n", escaped(&sentence::plan(&plan)));
    }
    let _ = writeln!(
        out,
        "<sub>{} · {} · {} · written by fwit {}</sub>",
        escaped(&when::start(view)),
        escaped(sentence::ended(view.ended)),
        escaped(&view.id),
        env!("CARGO_PKG_VERSION")
    );
    out
}

/// What the instrument says of itself, and the thresholds.
fn verdict(view: &RunView) -> String {
    let mut out = String::new();
    if view.source.is_none() {
        let (word, meaning) = sentence::verdict(view.health.verdict, view.simulated);
        let _ = write!(out, "**{word}** {}\n\n", escaped(meaning));
        let signs: Vec<&String> = view.health.limits.iter().chain(&view.health.signs).collect();
        for sign in &signs {
            let _ = writeln!(out, "- {}", escaped(sign));
        }
        out.push_str(if signs.is_empty() { "" } else { "\n" });
    }
    if let Some((_, text)) = sentence::thresholds(&view.thresholds) {
        let _ = write!(out, "{}\n\n", escaped(&text));
        for t in &view.thresholds {
            let word = match t.pass {
                Some(true) => "holds",
                Some(false) => "**failed**",
                None => "not known",
            };
            let _ = writeln!(out, "- {word}: {} ({})", code(&t.text), escaped(&t.words));
        }
        out.push('\n');
    }
    out
}

fn table(view: &RunView) -> String {
    let latency = if view.source.is_some() { "latencies" } else { "cluster times" };
    let mut out = String::from("| operation |");
    for column in COLUMNS {
        let _ = write!(out, " {} |", column.heading());
    }
    out.push_str("\n| --- |");
    out.push_str(&" ---: |".repeat(COLUMNS.len()));
    out.push('\n');
    for row in &view.by_op {
        let _ = writeln!(out, "{}", line(&escaped(row.op.as_deref().unwrap_or_default()), row));
    }
    let _ = write!(out, "{}\n\n", line("**all**", &view.total));
    let _ = write!(out, "Times are {latency} in ms");
    let greyed =
        |row: &Row| COLUMNS.iter().any(|c| c.cell(row, Measure::Cluster).shown != Shown::Full);
    if view.by_op.iter().chain([&view.total]).any(greyed) {
        out.push_str("; ≈ and – mark percentiles of too few answers");
    }
    out.push_str(".\n\n");
    if let Some(alone) = figure::answers_alone(&view.total.cluster) {
        let _ = write!(out, "{}\n\n", escaped(&alone));
    }
    out
}

fn line(name: &str, row: &Row) -> String {
    let mut out = format!("| {name} |");
    for column in COLUMNS {
        let cell = column.cell(row, Measure::Cluster);
        let sign = if cell.shown == Shown::Greyed { "≈" } else { "" };
        let _ = write!(out, " {sign}{} |", escaped(&cell.text));
    }
    out
}

/// What failed, by operation.
fn errors(view: &RunView) -> String {
    if view.total.errors() == 0 {
        return String::new();
    }
    let mut out = format!("Errors: {}.", escaped(&failures(&view.total)));
    let failed = view.by_op.iter().filter(|row| row.errors() > 0);
    let each = failed.map(|row| {
        let op = escaped(row.op.as_deref().unwrap_or_default());
        format!("{op}: {}", escaped(&outcomes(row)))
    });
    let each: Vec<String> = each.collect();
    if each.len() > 1 || view.by_op.len() > 1 {
        let _ = write!(out, " By operation: {}.", each.join("; "));
    }
    out.push_str("\n\n");
    out
}

/// A text that stays a text: nothing of it is markup, HTML, a link, a mention or another line.
pub(crate) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut before = ' ';
    let mut chars = text.chars().enumerate().peekable();
    while let Some((i, c)) = chars.next() {
        if i >= NAME_MAX * 10 {
            out.push('…');
            break;
        }
        let after = chars.peek().map_or(' ', |(_, c)| *c);
        let within = before.is_alphanumeric() && after.is_alphanumeric();
        before = c;
        match c {
            // Within a word it means nothing, and `cache_set` reads better without.
            '_' if within => out.push('_'),
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '~' | '#' | '!' | '$' => {
                out.push('\\');
                out.push(c);
            }
            // A bare address would become a link.
            ':' if after == '/' => out.push_str("&#58;"),
            '.' if out.ends_with("www") || out.ends_with("WWW") => out.push_str("&#46;"),
            // A mention would call a stranger; an entity does not.
            '@' => out.push_str("&#64;"),
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {}
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    // What would begin a list, a number or a rule where it stands first.
    match out.trim_start().chars().next() {
        Some('-' | '+' | '=') => format!("\\{}", out.trim_start()),
        Some(c) if c.is_ascii_digit() => {
            let rest = out.trim_start().trim_start_matches(|c: char| c.is_ascii_digit());
            let place = out.len() - rest.len();
            // Only with a space behind it; in “1.5” it is a number.
            if rest.starts_with(". ") || rest.starts_with(") ") {
                format!("{}\\{rest}", &out[..place])
            } else {
                out
            }
        }
        _ => out,
    }
}

/// A text as code, in a table or not.
pub(crate) fn code(text: &str) -> String {
    let plain: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    if plain.contains('`') || plain.contains('|') {
        return escaped(&plain);
    }
    format!("`{plain}`")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_becomes_markup() {
        let text = escaped("a|b `c` <img src=x onerror=alert(1)> [x](y) @you *b*\n# d");
        assert!(!text.contains(['\n', '<', '>', '@']), "{text}");
        for sign in ['|', '`', '[', ']', '*', '#'] {
            let bare =
                text.match_indices(sign).find(|(at, _)| *at == 0 || &text[at - 1..*at] != "\\");
            assert_eq!(bare.filter(|_| sign != '#'), None, "{sign} in {text}");
        }
        assert_eq!(escaped("- x"), "\\- x");
        assert_eq!(escaped("cache_set _x_"), "cache_set \\_x\\_");
        assert_eq!(escaped("12.3"), "12.3");
        // Nothing begins a list or becomes a link by itself.
        assert_eq!(escaped("12. x"), "12\\. x");
        assert_eq!(escaped("see http://a.b www.c.d"), "see http&#58;//a.b www&#46;c.d");
        assert_eq!(code("p99 < 5 ms"), "`p99 < 5 ms`");
        assert_eq!(code("a`b"), "a\\`b");
    }
}
