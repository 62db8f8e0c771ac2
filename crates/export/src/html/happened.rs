//! The report's findings: camps, where the time goes, leader and events, correctness.

use fwit_chart::figure::Sign as Mark;
use fwit_chart::ink::Ink;
use fwit_chart::number::fixed;
use fwit_chart::scene::Shape;
use fwit_chart::sign;
use fwit_present::figure::{count, ms, percent};
use fwit_present::verification::Sign;
use fwit_present::{happened, parts, verification, vitals};
use fwit_quantities::units::Micros;
use fwit_report::run::latency_groups::LatencyGroupsView;
use fwit_report::run::view::{ReadsView, RunView, Verification};

use super::text::{Cell, Section, Table, element, esc, folded, hint, list, p, section};

/// The camps of entities and requests.
pub(super) fn groups(run: &RunView) -> Option<Section> {
    let g = &run.latency_groups;
    if g.headline.is_empty() {
        return None;
    }
    let mut body = element("p class=\"outcome\"", &g.headline);
    body += &g.sentences.iter().map(|text| p(text)).collect::<String>();
    if g.found() {
        body += &side_by_side(g);
    }
    section("camps", "Camps", &(body + &evidence(g)))
}

fn side_by_side(g: &LatencyGroupsView) -> String {
    let legend: String = g
        .groups
        .iter()
        .enumerate()
        .map(|(i, camp)| {
            let place = if camp.place.is_empty() { "unknown nodes" } else { &camp.place };
            let sign = sign::svg(Mark::Marker(Shape::of_series(i)), Ink::series(i));
            let words = format!("{}: {} entities on {place}", camp.name, camp.entities.len());
            format!("<li>{sign} {}</li>\n", esc(&words))
        })
        .collect();
    let two = g.groups.len() == 2;
    let mut heads = vec![("operation".to_string(), false)];
    for camp in &g.groups {
        heads.push((format!("{}: mean, ms", camp.name), true));
        heads.push(("answers".into(), true));
    }
    heads.extend(two.then(|| ("ratio".to_string(), true)));
    let heads: Vec<(&str, bool)> = heads.iter().map(|(text, n)| (text.as_str(), *n)).collect();
    let mut table = Table::new("Camps side by side", &heads);
    for (i, op) in g.ops.iter().enumerate() {
        let means: Vec<_> = g.groups.iter().map(|c| c.ops.get(i).copied().flatten()).collect();
        let mut cells = vec![Cell::text(op)];
        for mean in &means {
            let (mean, n) =
                mean.map_or_else(|| ("–".into(), "0".into()), |m| (ms(m.mean_us), count(m.count)));
            cells.extend([Cell::number(mean), Cell::number(n)]);
        }
        let ratio = match means.as_slice() {
            [Some(a), Some(b)] if a.mean_us > 0.0 => format!("{:.2}", b.mean_us / a.mean_us),
            _ => "–".into(),
        };
        cells.extend(two.then(|| Cell::number(ratio)));
        table.row(cells);
    }
    format!("<ul class=\"legend\">\n{legend}</ul>\n{}", table.html())
}

fn evidence(g: &LatencyGroupsView) -> String {
    let mut words: Vec<String> = g.evidence.iter().map(|e| e.words.clone()).collect();
    words.extend(g.rank_correlation.zip(g.correlation).map(|(rank, plain)| {
        let (rank, plain) = (fixed(rank, 2), fixed(plain, 2));
        format!(
            "Read and write means over the entities: rank correlation {rank} (Spearman), {plain} \
             (Pearson)."
        )
    }));
    let heads =
        [("operation", false), ("answers", true), ("its requests", false), ("eta squared", false)];
    let mut table = Table::new("Groups among the requests of each operation", &heads);
    for r in &g.requests {
        let labels: Vec<String> =
            r.labels.iter().map(|l| format!("{} {:.2}", l.name, l.eta_squared)).collect();
        let labels = if labels.is_empty() { "–".into() } else { labels.join(", ") };
        table.row([
            Cell::text(&r.op),
            Cell::number(count(r.count)),
            Cell::text(&r.words).class("wrap"),
            Cell::text(labels),
        ]);
    }
    let body = list("ul", &words) + &table.html();
    if body.is_empty() { body } else { folded("Evidence", &body) }
}

/// Where the time goes.
pub(super) fn parts(run: &RunView) -> Option<Section> {
    if run.source.is_some() {
        return None;
    }
    let bars = parts::bars(&run.total, &run.by_op, run.simulated);
    let mut body = String::new();
    if let Some(words) = run.total.parts.as_ref().and_then(|v| parts::largest(v, run.simulated)) {
        body += &p(&words);
    }
    if run.total.parts.is_none() && run.total.answers() > 0 {
        body +=
            &hint("Not split: this run was saved by an older fwit, which did not keep the parts.");
    }
    if !bars.is_empty() {
        body += &stacked(&bars);
        body += &parts::not_split(&bars).map_or_else(String::new, |text| hint(&text));
    }
    section("parts", "Where the time goes", &body)
}

fn stacked(bars: &[parts::PartsBar]) -> String {
    let most = bars.iter().map(|bar| bar.response_us).fold(1.0, f64::max);
    let mut out = String::from("<ul class=\"legend\">\n");
    for (place, name, about) in parts::legend(bars) {
        let key = format!("<i class=\"key part-{place}\"></i>");
        out += &format!("<li title=\"{}\">{key}{}</li>\n", esc(about), esc(name));
    }
    out += "</ul>\n<div class=\"bars\">\n";
    for bar in bars {
        out += &format!(
            "<div class=\"bar-label\">{}</div>\n<div class=\"bar\" role=\"img\" aria-label=\"{}\">",
            esc(&bar.label),
            esc(&bar.words())
        );
        for part in &bar.parts {
            let share = part.us / most;
            let (part_ms, of) = (parts::ms(part.us), percent(bar.share(part)));
            let title = format!("{}: {part_ms} ms, {of}: {}", part.name, part.about);
            // A text that would not fit is left to the title.
            let text = if share > 0.06 { part_ms } else { String::new() };
            out += &format!(
                "<span class=\"part-{}{}\" style=\"width:{:.3}%\" title=\"{}\">{}</span>",
                part.place,
                if share < 0.2 { " small" } else { "" },
                100.0 * share,
                esc(&title),
                esc(&text)
            );
        }
        let sum = esc(&parts::ms(bar.response_us));
        out += &format!("</div>\n<div class=\"bar-sum\">{sum} <small>ms</small></div>\n");
    }
    out + "</div>\n"
}

/// Who led, and what was done, with the numbers around it.
pub(super) fn events(run: &RunView) -> Option<Section> {
    let mut said: Vec<String> =
        run.leadership.as_ref().map(happened::leadership).unwrap_or_default();
    said.extend(happened::redirect_tax(run));
    if run.source.is_some() || (said.is_empty() && run.episodes.is_empty()) {
        return None;
    }
    said.extend(vitals::sentences(run));
    let mut body: String = said.iter().map(|text| p(text)).collect();
    let heads = [
        ("what", false),
        ("when", true),
        ("before", false),
        ("during", false),
        ("after", false),
        ("throughput back", false),
    ];
    let mut table = Table::new("What happened", &heads);
    for e in &run.episodes {
        table.row([
            Cell::text(&e.words).class("wrap"),
            Cell::number(happened::time(e)),
            Cell::text(happened::stretch(e.before.as_ref())).class("brief"),
            Cell::text(happened::stretch(e.during.as_ref())).class("brief"),
            Cell::text(happened::stretch(e.after.as_ref())).class("brief"),
            Cell::text(happened::recovery(e)).class("brief"),
        ]);
    }
    if !run.episodes.is_empty() {
        body += &table.html();
        body += &hint(
            "Answers a second, and the cluster’s p50 and p99, of up to half a minute before and \
             after. Back: when three seconds together reach 90 % of before, from the beginning.",
        );
    }
    section("events", "Leader and events", &body)
}

/// Whether the cluster kept its word.
pub(super) fn verification(run: &RunView) -> Option<Section> {
    let v = run.verification.as_ref()?;
    let (text, sign) = verification::badge(v);
    let tone = tone(sign);
    let mut body = format!("<p><span class=\"badge {tone}\">{}</span></p>\n", esc(text));
    for (sign, words) in verification::sentences(v) {
        body += &element(if sign == Sign::Bad { "p class=\"wrong\"" } else { "p" }, &words);
    }
    section("correctness", "Correctness", &(body + &reads(v) + &findings(v)))
}

/// The tone of a sign.
pub(super) fn tone(sign: Sign) -> &'static str {
    match sign {
        Sign::Good => "good",
        Sign::Bad => "bad",
        _ => "warn",
    }
}

fn reads(v: &Verification) -> String {
    let wrong = |r: &ReadsView| r.stale + r.foreign + r.unjudged > 0;
    if !v.reads.iter().any(wrong) {
        return String::new();
    }
    let heads = [
        ("operation", false),
        ("answered by", false),
        ("checked", true),
        ("stale", true),
        ("by, mean", true),
        ("at most", true),
        ("unknown value", true),
        ("not judged", true),
    ];
    let mut table = Table::new("Reads checked under load", &heads);
    for r in &v.reads {
        let ms = |us: f64| if r.stale > 0 { Micros(us as u64).to_string() } else { "–".into() };
        let stale = if r.stale > 0 { "number wrong" } else { "number" };
        table.row([
            Cell::text(&r.op),
            Cell::text(&r.node),
            Cell::number(count(r.checked)),
            Cell::number(count(r.stale)).class(stale),
            Cell::number(ms(r.stale_mean_us)),
            Cell::number(ms(r.stale_max_us as f64)),
            Cell::number(count(r.foreign)),
            Cell::number(count(r.unjudged)),
        ]);
    }
    table.html()
}

fn findings(v: &Verification) -> String {
    if v.findings.is_empty() {
        return String::new();
    }
    let heads = [("what", false), ("key", false), ("found", false), ("at", true), ("by", false)];
    let mut table = Table::new("Samples", &heads);
    for f in &v.findings {
        let by = f.entity.map_or_else(|| "read-back".to_string(), |e| format!("entity {e}"));
        table.row([
            Cell::text(verification::violation(f.what)).class("wrong"),
            Cell::html(format!("<code>{}</code>", esc(&f.key))),
            Cell::text(&f.words).class("wrap"),
            Cell::number(Micros(f.at_us).to_string()),
            Cell::text(format!("{} on {}, {by}", f.op, f.node)),
        ]);
    }
    folded(&format!("Samples: {}, the first of each kind", v.findings.len()), &table.html())
}
