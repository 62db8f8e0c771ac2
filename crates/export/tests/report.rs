//! The HTML report: the page's numbers, its size, and that it is what it says: one closed file.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "common/simulated.rs"]
mod simulated;

use fwit_export::{Choice, Form, export};
use fwit_present::table::Column;
use fwit_quantities::sample::Measure;
use fwit_report::run::summary;
use fwit_report::run::view::{HealthVerdict, RunView, Shown, ThresholdResult};

fn report(file: &fwit_report::run::wire::RunFile) -> (String, RunView) {
    let view = summary::view(file).unwrap();
    let text = export(Form::Report, file, &view, &Choice::default()).unwrap().text;
    // No number breaks at its thin spaces.
    assert!(!text.contains('\u{2009}'));
    (text.replace('\u{202f}', "\u{2009}"), view)
}

/// The part of a report with this id.
fn section<'t>(html: &'t str, id: &str) -> &'t str {
    let from = html.find(&format!("<section id=\"{id}\">")).unwrap_or_else(|| panic!("no {id}"));
    let rest = &html[from..];
    &rest[..rest.find("</section>").unwrap()]
}

/// The rows of a part's tables: the texts of their cells.
fn rows(html: &str) -> Vec<Vec<String>> {
    let cells = |row: &str| {
        let mut out = Vec::new();
        for piece in row.split("<t").skip(1).filter(|p| p.starts_with(['h', 'd'])) {
            let text = piece.split_once('>').unwrap().1;
            out.push(text.split('<').next().unwrap().to_string());
        }
        out
    };
    html.split("<tr").skip(1).map(|row| cells(row.split("</tr>").next().unwrap())).collect()
}

#[test]
fn its_numbers_are_those_of_the_page() {
    let (html, view) = report(&simulated::file(20.0));
    let found = rows(section(&html, "operations"));
    let measures = [Measure::Cluster, Measure::Service, Measure::Wait, Measure::Response];
    for measure in measures {
        for row in view.by_op.iter().chain([&view.total]) {
            let mut wanted = vec![row.op.clone().unwrap_or_else(|| "all".into())];
            for column in Column::ALL {
                let cell = column.cell(row, measure);
                let sign = if cell.shown == Shown::Greyed { "≈" } else { "" };
                wanted
                    .push(format!("{sign}{}", cell.text).replace('<', "&lt;").replace('>', "&gt;"));
            }
            assert!(found.contains(&wanted), "{measure:?}: {wanted:?}");
        }
    }
    let found = rows(section(&html, "nodes-asked"));
    assert!(view.by_node.iter().all(|row| {
        let p99 = Column::Percentile(3).cell(row, Measure::Cluster).text;
        found.iter().any(|r| Some(&r[0]) == row.node.as_ref() && r[7].ends_with(&p99))
    }));
    let html = html.replace('\u{2009}', " ");
    for words in [
        fwit_present::sentence::outcome(&view),
        view.headlines[0].clone(),
        view.latency_groups.headline.clone(),
        "50 entities, sticky".into(),
        "2026-11-21 10:00:00 UTC".into(),
        "Report of run fixed (2026-11-21 10:00:00 UTC), measured by fwit 0.1.0".into(),
    ] {
        let words = words.replace(['\u{2009}', '\u{202f}'], " ");
        assert!(!words.is_empty() && html.contains(&words), "{words}");
    }
}

#[test]
fn verdicts_come_before_numbers() {
    let file = simulated::small();
    let mut view = summary::view(&file).unwrap();
    view.simulated = false;
    view.environment.clear();
    view.health.verdict = HealthVerdict::ClientLimited;
    view.health.signs = vec!["Timers were late.".into()];
    view.thresholds = vec![ThresholdResult {
        text: "p99 < 5 ms".into(),
        value: Some(9.0),
        words: "9.00 ms".into(),
        pass: Some(false),
        stopped: false,
    }];
    view.warnings = vec!["The counts do not add up.".into()];
    let html = export(Form::Report, &file, &view, &Choice::default()).unwrap().text;
    let tiles = html.find("<dl class=\"tiles\">").unwrap();
    for words in [
        "Client-limited.",
        "Timers were late.",
        "instrument client-limited",
        "failed",
        "<code>p99 &lt; 5 ms</code>: 9.00 ms",
        "The counts do not add up.",
    ] {
        assert!(html.find(words).is_some_and(|at| at < tiles), "{words}");
    }
    let markdown = export(Form::Markdown, &file, &view, &Choice::default()).unwrap().text;
    let table = markdown.find("| operation |").unwrap();
    for words in
        ["**Client-limited.**", "- Timers were late.", "- **failed**: `p99 < 5 ms` (9.00 ms)"]
    {
        assert!(markdown.find(words).is_some_and(|at| at < table), "{words}");
    }
}

#[test]
fn it_has_every_part_of_the_page() {
    let (html, _) = report(&simulated::file(20.0));
    for id in [
        "camps",
        "parts",
        "events",
        "correctness",
        "operations",
        "nodes-asked",
        "distribution",
        "time",
        "entities",
        "errors",
        "subscribers",
        "nodes",
        "environment",
        "plan",
    ] {
        assert!(section(&html, id).len() > 100, "{id}");
        assert!(html.contains(&format!("<a href=\"#{id}\">")), "{id} is in no table of contents");
    }
    let names = html.matches("role=\"img\" aria-label=\"").count();
    assert!(names > 20 && !html.contains("role=\"img\" aria-label=\"\""), "{names}");
}

#[test]
fn it_is_one_closed_file() {
    let (html, _) = report(&simulated::file(20.0));
    assert!(
        html.contains("content=\"default-src 'none'; style-src 'unsafe-inline'; img-src data:")
    );
    for open in ["<script", "<link", "<iframe", "<object", "<form", "@import", " onload", "url(h"] {
        assert!(!html.contains(open), "{open}");
    }
    for (at, _) in html.match_indices("href=\"") {
        let target = &html[at + 6..];
        assert!(
            target.starts_with('#') || target.starts_with("data:image/bmp;"),
            "{}",
            &target[..60]
        );
    }
    // The names that pictures refer to within the file are there once.
    for (at, _) in html.match_indices("url(#") {
        let name = html[at + 5..].split(')').next().unwrap();
        assert_eq!(html.matches(&format!(" id=\"{name}\"")).count(), 1, "{name}");
    }
    well_formed(&html);
}

/// Every element is closed in its order, every attribute quoted.
fn well_formed(html: &str) {
    const VOID: [&str; 2] = ["meta", "!doctype"];
    let (mut open, mut rest) = (Vec::<&str>::new(), html);
    while let Some(from) = rest.find('<') {
        assert!(!rest[..from].contains('>') || open.last() == Some(&"style"), "{}", &rest[..from]);
        let end = from + rest[from..].find('>').unwrap();
        let tag = &rest[from + 1..end];
        assert!(tag.matches('"').count().is_multiple_of(2), "{tag}");
        let name = tag.trim_start_matches('/').split([' ', '/']).next().unwrap();
        if tag.starts_with('/') {
            assert_eq!(
                open.pop(),
                Some(name),
                "before {}",
                &rest[from..(end + 40).min(rest.len())]
            );
        } else if !tag.ends_with('/') && !VOID.contains(&name) {
            open.push(name);
        }
        rest = &rest[end + 1..];
    }
    assert!(open.is_empty(), "{open:?}");
}

/// Ten minutes of nine operations and fifty entities: two megabytes are what mail and chats take.
#[test]
fn ten_minutes_fit_a_mail() {
    let (html, view) = report(&simulated::file(600.0));
    assert!(view.seconds.len() >= 600 && view.total.issued > 50_000);
    assert!(html.len() < 2_000_000, "{} bytes", html.len());
}
