//! The report's head: name, verdicts, what is to be read first, the big numbers.

use fwit_model::plan::wire;
use fwit_present::source::{about, badges};
use fwit_present::table::{Column, failures};
use fwit_present::{figure, sentence};
use fwit_quantities::sample::Measure;
use fwit_quantities::units::{Micros, three_digits};
use fwit_report::run::view::{Ended, HealthVerdict, RunView, ThresholdResult};

use super::text::{element, esc, list, p};
use crate::when;

/// The head.
pub(super) fn head(run: &RunView, name: &str) -> String {
    let mut out = String::from("<header>\n");
    out += &element("h1", name);
    let of = run.source.as_ref().map_or_else(String::new, |s| format!(" · from “{}”", s.file));
    out += &element("p class=\"hint\"", &format!("{} · {}{of}", when::start(run), run.id));
    match &run.source {
        Some(source) => out += &element("p class=\"lead\"", &about(source)),
        None => {
            if let Ok(plan) = wire::read(&run.plan_json) {
                out += &element("p class=\"lead\"", &sentence::plan(&plan));
            }
        }
    }
    out += &signs(run);
    let headlines: String = run
        .headlines
        .iter()
        .map(|line| format!("<p><strong>{}</strong></p>\n", esc(line)))
        .collect();
    if !headlines.is_empty() {
        out += &format!("<div class=\"verdict bad\">\n{headlines}</div>\n");
    }
    if run.source.is_none() || run.total.issued > 0 {
        out += &element("p class=\"outcome\"", &sentence::outcome(run));
    }
    out += &thresholds(&run.thresholds);
    if run.source.is_none() {
        out += &verdict(run);
    }
    let foreign = run.source.iter().flat_map(|source| &source.warnings);
    let warnings: Vec<&String> = foreign.chain(&run.warnings).collect();
    if !warnings.is_empty() {
        let about = if run.source.is_some() { p("To know of this file:") } else { String::new() };
        out += &format!("<div class=\"verdict warn\">\n{about}{}</div>\n", list("ul", warnings));
    }
    out + "</header>\n" + &tiles(run)
}

fn badge(text: &str, tone: &str, title: &str) -> String {
    let title = if title.is_empty() { String::new() } else { format!(" title=\"{}\"", esc(title)) };
    format!("<span class=\"badge {tone}\"{title}>{}</span>\n", esc(text))
}

/// The badges.
fn signs(run: &RunView) -> String {
    let mut out = String::from("<p class=\"badges\">\n");
    if let Some(source) = &run.source {
        for (text, title, doubt) in badges(source) {
            out += &badge(&text, if doubt { "warn" } else { "plain" }, title);
        }
        return out + "</p>\n";
    }
    let ended = sentence::ended(run.ended);
    out += &match run.ended {
        Ended::Completed => badge(ended, "good", ""),
        _ => badge(ended, "warn", "What was measured until then counts."),
    };
    if run.simulated {
        out += &badge("simulated", "plain", "Nothing was sent: a model answered");
    } else {
        let tone = match run.health.verdict {
            HealthVerdict::Healthy => "good",
            HealthVerdict::Doubtful => "warn",
            HealthVerdict::ClientLimited => "bad",
            HealthVerdict::NotJudged => "plain",
        };
        out += &badge(&format!("instrument {}", run.health.verdict.name()), tone, "");
        let (tone, title) = match (run.time_sources.wire, run.time_sources.page_clock) {
            (0, 0) => ("plain", "No answer."),
            (_, 0) => ("good", "Service times were taken by the browser's network stack."),
            _ => ("warn", "Service times include what the browser itself costs."),
        };
        out += &badge(&format!("time: {}", run.time_sources.label()), tone, title);
    }
    out += &badge(if run.sticky { "leader-sticky" } else { "not sticky" }, "plain", "");
    out + "</p>\n"
}

fn thresholds(all: &[ThresholdResult]) -> String {
    let Some((failed, text)) = sentence::thresholds(all) else { return String::new() };
    let tone = if failed { "bad" } else { "good" };
    let mut out = format!("<div class=\"verdict {tone}\">\n{}<ul>\n", p(&text));
    for t in all {
        let (word, tone) = match t.pass {
            Some(true) => ("holds", "good"),
            Some(false) if t.stopped => ("failed: ended the run", "bad"),
            Some(false) => ("failed", "bad"),
            None => ("not known", "plain"),
        };
        let badge = badge(word, tone, "");
        out += &format!("<li>{badge}<code>{}</code>: {}</li>\n", esc(&t.text), esc(&t.words));
    }
    out + "</ul>\n</div>\n"
}

/// The instrument's verdict on the numbers.
fn verdict(run: &RunView) -> String {
    let health = &run.health;
    let tone = match health.verdict {
        HealthVerdict::Healthy if run.simulated => "",
        _ if run.simulated => "warn",
        HealthVerdict::Healthy => "good",
        HealthVerdict::Doubtful => "warn",
        HealthVerdict::ClientLimited => "bad",
        HealthVerdict::NotJudged => "",
    };
    let (word, meaning) = sentence::verdict(health.verdict, run.simulated);
    let marked = sentence::marked(&health.annotations);
    format!(
        "<div class=\"verdict {tone}\">\n<p><strong>{}</strong> {}</p>\n{}{}</div>\n",
        esc(word),
        esc(meaning),
        list("ul", health.limits.iter().chain(&health.signs)),
        list("ul class=\"hint\"", health.hints.iter().chain(&marked)),
    )
}

/// The big numbers.
fn tiles(run: &RunView) -> String {
    let (total, own) = (&run.total, run.source.is_none());
    let cell = |i| Column::Percentile(i).cell(total, Measure::Cluster).text;
    let (mean, max) = figure::mean_and_max(&total.cluster);
    let span = Micros::from_secs(run.measured_s);
    let time = if own { ", cluster time" } else { "" };
    let c = &run.concurrency;
    let effective = match (own, c.entities) {
        (true, entities) => {
            let ratio = c
                .littles_law_ratio
                .map_or_else(String::new, |r| format!("; Little's law: {}", figure::percent(r)));
            let waited = three_digits(c.waiting);
            format!("of {entities} entities; {waited} waited for a slot{ratio}")
        }
        (false, 0) => "by Little's law, from latencies and time".into(),
        (false, n) => format!("of {n} entities; by Little's law, from latencies and time"),
    };
    let known = |is: bool, value: f64| if is { three_digits(value) } else { "–".into() };
    let errors = match total.errors() {
        0 => "none".to_string(),
        _ => failures(total),
    };
    let list = [
        (
            "Throughput".to_string(),
            known(own || run.measured_s > 0.0, total.rate_per_s),
            "/s",
            format!("{} answers in {span}", figure::count(total.completed)),
        ),
        (format!("p50{time}"), cell(0), "ms", format!("mean {mean} ms")),
        (format!("p99{time}"), cell(3), "ms", format!("max {max} ms")),
        ("Errors".into(), figure::count(total.errors()), "", errors),
        (
            "Effective concurrency".into(),
            known(own || c.effective > 0.0, c.effective),
            "",
            effective,
        ),
    ];
    let one = |(name, value, unit, note): &(String, String, &str, String)| {
        let bad = name == "Errors" && total.errors() > 0;
        format!(
            "<div{}><dt>{}</dt><dd><b>{}</b> <span>{}</span><small>{}</small></dd></div>\n",
            if bad { " class=\"bad\"" } else { "" },
            esc(name),
            esc(value),
            esc(unit),
            esc(note)
        )
    };
    let tiles: String = list.iter().map(one).collect();
    format!("<dl class=\"tiles\">\n{tiles}</dl>\n")
}
