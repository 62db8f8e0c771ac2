//! The run as OpenMetrics text (version 1.0): counters of requests, histograms of latencies, in
//! seconds and bytes, at the time of the run's end.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use fwit_quantities::sample::{Measure, Outcome};
use fwit_report::run::view::{HealthVerdict, RunView};
use fwit_report::run::wire::{CountsFile, RunFile};
use hdrhistogram::Histogram;

use crate::error::ExportError;
use crate::histograms::{self, Answers};
use crate::when;

/// Upper bounds of the buckets, µs: 1, 2, 5 a decade. Prometheus interpolates between them.
const BOUNDS_US: [u64; 19] = [
    100,
    200,
    500,
    1_000,
    2_000,
    5_000,
    10_000,
    20_000,
    50_000,
    100_000,
    200_000,
    500_000,
    1_000_000,
    2_000_000,
    5_000_000,
    10_000_000,
    20_000_000,
    50_000_000,
    100_000_000,
];

/// Labels of one sample: names and values.
type Labels<'a> = Vec<(&'a str, &'a str)>;

/// The text.
pub(crate) fn text(file: &RunFile, view: &RunView) -> Result<String, ExportError> {
    let mut w = Writer { out: String::new(), at: timestamp(file) };
    let text = |label: &str| file.environment.get(label).map_or_else(String::new, Clone::clone);
    let fwit = text("fwit");
    w.family("fwit_run", "info", None, "The run that all of these are of.");
    w.sample(
        "fwit_run_info",
        &vec![
            ("id", &view.id),
            ("name", &view.name),
            ("started_at", &view.started_at),
            ("dialect", &file.plan.cluster.dialect),
            ("fwit", &fwit),
            ("tool", view.source.as_ref().map_or("fwit", |s| &s.tool)),
        ],
        1.0,
    );
    w.gauge("fwit_measured_seconds", "seconds", "Length of the measured window.", view.measured_s);
    w.gauge("fwit_warmup_seconds", "seconds", "Length of the warm-up before it.", view.warmup_s);
    requests(&mut w, file);
    latencies(&mut w, file)?;
    parts(&mut w, file);
    w.gauge_plain(
        "fwit_requests_in_flight",
        "Requests in flight, averaged over the measured window.",
        view.concurrency.effective,
    );
    w.gauge_plain(
        "fwit_requests_waiting",
        "Requests that waited for a slot, averaged over the measured window.",
        view.concurrency.waiting,
    );
    if view.source.is_none() {
        health(&mut w, view);
    }
    if !view.thresholds.is_empty() {
        w.family("fwit_threshold_passed", "gauge", None, "1 where a threshold of the plan held.");
        // A plan may say one threshold twice; a sample may not come twice.
        let judged: BTreeMap<&str, bool> =
            view.thresholds.iter().filter_map(|t| Some((t.text.as_str(), t.pass?))).collect();
        for (name, pass) in judged {
            w.sample(
                "fwit_threshold_passed",
                &vec![("threshold", name)],
                f64::from(u8::from(pass)),
            );
        }
    }
    events(&mut w, view);
    memory(&mut w, view);
    w.out.push_str("# EOF\n");
    Ok(w.out)
}

/// When the run ended, in seconds since 1970; `None` where the file does not say it.
fn timestamp(file: &RunFile) -> Option<f64> {
    when::started_s(&file.finished_at)
}

fn requests(w: &mut Writer, file: &RunFile) {
    w.family(
        "fwit_requests",
        "counter",
        None,
        "Requests issued in the measured window, by how they ended.",
    );
    let mut counts: BTreeMap<(&str, &str), [u64; 10]> = BTreeMap::new();
    let mut redirected: BTreeMap<(&str, &str), u64> = BTreeMap::new();
    let add = |sum: &mut [u64; 10], counts: &CountsFile| {
        let both = sum.iter_mut().zip(counts.outcomes());
        both.for_each(|(a, b)| *a = a.saturating_add(b));
    };
    for entry in &file.counts {
        let key = (entry.op.as_str(), entry.node.as_str());
        add(counts.entry(key).or_default(), &entry.counts);
        let sum = redirected.entry(key).or_default();
        *sum = sum.saturating_add(entry.redirected);
    }
    for ((op, node), sums) in &counts {
        for (outcome, n) in Outcome::ALL.into_iter().zip(sums).filter(|(_, n)| **n > 0) {
            let labels = vec![("op", *op), ("node", *node), ("outcome", outcome.name())];
            w.sample("fwit_requests_total", &labels, *n as f64);
        }
    }
    w.family("fwit_requests_redirected", "counter", None, "Of them, those that were redirected.");
    for ((op, node), n) in &redirected {
        w.sample("fwit_requests_redirected_total", &vec![("op", *op), ("node", *node)], *n as f64);
    }
}

fn latencies(w: &mut Writer, file: &RunFile) -> Result<(), ExportError> {
    w.family(
        "fwit_latency_seconds",
        "histogram",
        Some("seconds"),
        "Latencies of answers: cluster (redirects and service), service, wait, response.",
    );
    let mut longest = Vec::new();
    for measure in Measure::ALL {
        let all =
            histograms::by(file, measure, |op, node| Some((op.to_string(), node.to_string())))?;
        for ((op, node), answers) in all.into_iter().filter(|(_, a)| !a.histogram.is_empty()) {
            let labels: Labels = vec![("op", &op), ("node", &node), ("measure", measure.name())];
            histogram(w, &labels, &answers);
            longest.push((op, node, measure, answers.max_us));
        }
    }
    w.family("fwit_latency_max_seconds", "gauge", Some("seconds"), "The longest of them.");
    for (op, node, measure, max_us) in &longest {
        let labels: Labels = vec![("op", op), ("node", node), ("measure", measure.name())];
        w.sample("fwit_latency_max_seconds", &labels, *max_us as f64 / 1e6);
    }
    let mut given_up: BTreeMap<(&str, &str, &str), u64> = BTreeMap::new();
    for entry in &file.censored {
        let key = (entry.op.as_str(), entry.node.as_str(), entry.measure.name());
        let sum = given_up.entry(key).or_default();
        *sum = sum.saturating_add(entry.count);
    }
    if !given_up.is_empty() {
        w.family(
            "fwit_latency_given_up",
            "counter",
            None,
            "Requests given up without an answer: in no histogram, longer than was waited.",
        );
        for ((op, node, measure), n) in given_up {
            let labels = vec![("op", op), ("node", node), ("measure", measure)];
            w.sample("fwit_latency_given_up_total", &labels, n as f64);
        }
    }
    Ok(())
}

fn histogram(w: &mut Writer, labels: &Labels, answers: &Answers) {
    let h: &Histogram<u64> = &answers.histogram;
    let mut below = 0;
    for bound in BOUNDS_US {
        // Counts of values that share a bucket with the bound belong below it: 0.1 % at most.
        below = h.count_between(0, bound).max(below);
        let le = bound as f64 / 1e6;
        // All of them, also above the longest: series are summed by their bounds.
        w.bucket(labels, &float(le), below);
    }
    w.bucket(labels, "+Inf", h.len());
    w.sample("fwit_latency_seconds_count", labels, h.len() as f64);
    w.sample("fwit_latency_seconds_sum", labels, answers.sum_us / 1e6);
}

fn parts(w: &mut Writer, file: &RunFile) {
    let mut sums: BTreeMap<(&str, &str), [u64; 5]> = BTreeMap::new();
    for entry in &file.parts {
        let s = &entry.sums;
        let own = [s.wait_us, s.redirect_us, s.browser_us, s.service_us, s.page_us];
        let sum = sums.entry((entry.op.as_str(), entry.node.as_str())).or_default();
        sum.iter_mut().zip(own).for_each(|(a, b)| *a = a.saturating_add(b));
    }
    if sums.is_empty() {
        return;
    }
    let name = "fwit_response_part_seconds";
    w.family(name, "counter", Some("seconds"), "Where the response times of answers went, summed.");
    for ((op, node), own) in &sums {
        for (part, us) in ["wait", "redirect", "browser", "service", "page"].into_iter().zip(own) {
            let labels = vec![("op", *op), ("node", *node), ("part", part)];
            w.sample("fwit_response_part_seconds_total", &labels, *us as f64 / 1e6);
        }
    }
}

fn health(w: &mut Writer, view: &RunView) {
    w.family("fwit_health", "stateset", None, "The instrument's verdict on its own numbers.");
    for verdict in [
        HealthVerdict::Healthy,
        HealthVerdict::Doubtful,
        HealthVerdict::ClientLimited,
        HealthVerdict::NotJudged,
    ] {
        let is = f64::from(u8::from(verdict == view.health.verdict));
        w.sample("fwit_health", &vec![("fwit_health", verdict.name())], is);
    }
}

fn events(w: &mut Writer, view: &RunView) {
    let list = &view.subscribers.list;
    if list.is_empty() {
        return;
    }
    w.family("fwit_events", "counter", None, "Published events, by what became of them.");
    let mut sums: BTreeMap<&str, [u64; 4]> = BTreeMap::new();
    for s in list {
        let sum = sums.entry(s.node.as_str()).or_default();
        let own = [s.received, s.lost, s.duplicates, s.reordered];
        sum.iter_mut().zip(own).for_each(|(a, b)| *a = a.saturating_add(b));
    }
    for (node, own) in sums {
        for (what, n) in ["received", "lost", "duplicate", "reordered"].into_iter().zip(own) {
            w.sample("fwit_events_total", &vec![("node", node), ("event", what)], n as f64);
        }
    }
}

fn memory(w: &mut Writer, view: &RunView) {
    let mut largest: BTreeMap<&str, f64> = BTreeMap::new();
    for node in view.vitals.iter().flat_map(|vitals| &vitals.nodes) {
        let most = node.memory_bytes.iter().flatten().copied().reduce(f64::max);
        largest.extend(most.map(|most| (node.node.as_str(), most)));
    }
    if largest.is_empty() {
        return;
    }
    let name = "fwit_node_memory_max_bytes";
    w.family(name, "gauge", Some("bytes"), "Most resident memory that a node told.");
    for (node, most) in largest {
        w.sample(name, &vec![("node", node)], most);
    }
}

/// Writes families and their samples.
struct Writer {
    out: String,
    /// The time of all samples, s since 1970.
    at: Option<f64>,
}

impl Writer {
    fn family(&mut self, name: &str, kind: &str, unit: Option<&str>, help: &str) {
        // `write!` to a String never fails.
        let _ = writeln!(self.out, "# TYPE {name} {kind}");
        if let Some(unit) = unit {
            let _ = writeln!(self.out, "# UNIT {name} {unit}");
        }
        let _ = writeln!(self.out, "# HELP {name} {help}");
    }

    fn gauge(&mut self, name: &str, unit: &str, help: &str, value: f64) {
        self.family(name, "gauge", Some(unit), help);
        self.sample(name, &Vec::new(), value);
    }

    fn gauge_plain(&mut self, name: &str, help: &str, value: f64) {
        self.family(name, "gauge", None, help);
        self.sample(name, &Vec::new(), value);
    }

    fn bucket(&mut self, labels: &Labels, le: &str, n: u64) {
        let mut all = labels.clone();
        all.push(("le", le));
        self.sample("fwit_latency_seconds_bucket", &all, n as f64);
    }

    fn sample(&mut self, name: &str, labels: &Labels, value: f64) {
        self.out.push_str(name);
        for (i, (label, text)) in labels.iter().enumerate() {
            self.out.push(if i == 0 { '{' } else { ',' });
            let _ = write!(self.out, "{label}=\"{}\"", escaped(text));
        }
        if !labels.is_empty() {
            self.out.push('}');
        }
        let _ = write!(self.out, " {}", float(value));
        if let Some(at) = self.at {
            let _ = write!(self.out, " {at:.3}");
        }
        self.out.push('\n');
    }
}

/// A label's value: backslash, quote and line feed are written as the format has them.
fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n").replace('\r', " ")
}

fn float(value: f64) -> String {
    if value.is_nan() {
        "NaN".into()
    } else if value.is_infinite() {
        if value > 0.0 { "+Inf".into() } else { "-Inf".into() }
    } else {
        value.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_labels_stay_within_their_quotes() {
        assert_eq!(escaped("a\"b\\c\nd"), "a\\\"b\\\\c\\nd");
        assert_eq!(
            [1e15, 0.0001, f64::NAN, f64::INFINITY].map(float)[1..],
            ["0.0001", "NaN", "+Inf"]
        );
    }
}
