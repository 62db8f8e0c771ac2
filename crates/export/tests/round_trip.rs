//! What fwit's own importers and a CSV reader read back of each form is what the run holds.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "common/simulated.rs"]
mod simulated;

use std::collections::BTreeMap;
use std::io::Cursor;

use fwit_export::{Choice, Form, export};
use fwit_import::{Item, open};
use fwit_quantities::sample::{Measure, Outcome};
use fwit_report::run::summary;
use fwit_report::run::view::RunView;
use fwit_report::run::wire::RunFile;

fn run() -> (RunFile, RunView) {
    let file = simulated::file(20.0);
    let view = summary::view(&file).unwrap();
    (file, view)
}

/// What fwit reads of a text of another tool's form.
fn imported(text: &str) -> (RunFile, RunView) {
    let mut found = Vec::new();
    open("x", Cursor::new(text.as_bytes()), &mut |_| true, &mut |f| found.push(f));
    assert_eq!(found.len(), 1);
    match found.remove(0).item.unwrap() {
        Item::Run(run) => {
            let view = summary::view(&run).unwrap();
            (*run, view)
        }
        other => panic!("{other:?}"),
    }
}

/// Relative difference at most.
fn near(a: f64, b: f64, within: f64) {
    assert!((a - b).abs() <= within * b.abs(), "{a} is not {b}");
}

#[test]
fn percentiles_come_back() {
    let (file, view) = run();
    let row = |op: &str| view.by_op.iter().find(|r| r.op.as_deref() == Some(op)).unwrap();
    for (op, of) in [(None, &view.total), (Some("get"), row("get")), (Some("set"), row("set"))] {
        for measure in [Measure::Cluster, Measure::Service, Measure::Response] {
            let choice = Choice { op: op.map(String::from), measure };
            let text = export(Form::Percentiles, &file, &view, &choice).unwrap().text;
            let (_, back) = imported(&text);
            let (was, now) = (of.measure(measure), &back.total.cluster);
            assert_eq!(now.count, was.count, "{op:?} {measure:?}");
            near(now.mean_us, was.mean_us, 0.000_1);
            near(now.max_us as f64, was.max_us as f64, 0.001);
            // Those at which the text has a row are exact, to its three decimals of a ms.
            near(now.at_us[0] as f64, was.at_us[0] as f64, 0.001);
            near(now.at_us[1] as f64, was.at_us[1] as f64, 0.001);
            near(now.at_us[3] as f64, was.at_us[3] as f64, 0.01);
        }
    }
}

#[test]
fn the_log_comes_back_second_by_second() {
    let (file, view) = run();
    let text = export(Form::Log, &file, &view, &Choice::default()).unwrap().text;
    let (back, back_view) = imported(&text);
    let measured = || {
        let seconds = file.series.seconds.iter();
        seconds.filter(|s| (2.0..22.0).contains(&f64::from(s.t_s)))
    };
    let mut by_op: BTreeMap<&str, u64> = BTreeMap::new();
    for (op, cell) in measured().flat_map(|s| &s.ops) {
        *by_op.entry(op).or_default() += u64::from(cell.answers);
    }
    assert!(by_op.len() == 9 && by_op.values().all(|n| *n > 100), "{by_op:?}");
    for (op, n) in by_op {
        assert_eq!(back.totals[op].ok, n, "{op}");
    }
    assert_eq!(back_view.total.answers(), view.total.completed);
    // Each second of it has the operations' answers and histograms of the run's.
    for (was, now) in measured().zip(&back.series.seconds) {
        for (op, cell) in was.ops.iter().filter(|(_, cell)| cell.answers > 0) {
            assert_eq!(now.ops[op].answers, cell.answers, "{op} in second {}", was.t_s);
            assert_eq!(now.ops[op].cluster, cell.cluster, "{op} in second {}", was.t_s);
        }
    }
    assert_eq!(back.started_at, "2026-11-21T10:00:02.250Z", "the measured window's beginning");
    near(back_view.measured_s, 20.0, 0.001);
}

#[test]
fn a_measure_without_seconds_is_one_interval_each() {
    let (file, view) = run();
    let choice = Choice { op: None, measure: Measure::Service };
    let text = export(Form::Log, &file, &view, &choice).unwrap().text;
    assert_eq!(text.lines().filter(|l| l.starts_with("Tag=")).count(), 9);
    let (back, back_view) = imported(&text);
    for row in &view.by_op {
        assert_eq!(back.totals[row.op.as_deref().unwrap()].ok, row.service.count);
    }
    let (was, now) = (view.total.service, back_view.total.cluster);
    assert_eq!((now.count, now.at_us), (was.count, was.at_us));
}

/// The rows of a CSV text, by column.
fn rows(text: &str) -> Vec<BTreeMap<String, String>> {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let names = reader.headers().unwrap().clone();
    let row = |record: csv::StringRecord| {
        names.iter().map(String::from).zip(record.iter().map(String::from)).collect()
    };
    reader.records().map(|record| row(record.unwrap())).collect()
}

#[test]
fn seconds_add_up_to_the_run() {
    let (file, view) = run();
    let text = export(Form::Seconds, &file, &view, &Choice::default()).unwrap().text;
    let rows = rows(&text);
    let sum = |scope: &str, column: &str| -> u64 {
        let wanted = rows.iter().filter(|r| r["phase"] == "measured" && r["scope"] == scope);
        wanted.map(|r| r[column].parse::<u64>().unwrap()).sum()
    };
    for scope in ["run", "operation"] {
        assert_eq!(sum(scope, "answers"), view.total.completed, "{scope}");
    }
    assert_eq!(sum("run", "errors"), sum("operation", "errors"));
    assert!(sum("run", "errors") > 0);
    // The run's percentiles are those of the page's series.
    for (second, row) in view.seconds.iter().zip(rows.iter().filter(|r| r["scope"] == "run")) {
        let [p50, p99] = second.cluster_us.unwrap();
        assert_eq!(row["cluster_p50_us"], p50.to_string());
        assert_eq!(row["cluster_p99_us"], p99.to_string());
    }
    assert_eq!(rows[0]["time_utc"], "2026-11-21T10:00:00.250Z");
    assert_eq!(rows[0]["phase"], "warm-up");
    assert!(text.ends_with("\r\n"));
}

#[test]
fn the_summary_holds_the_tables() {
    let (file, view) = run();
    let text = export(Form::Summary, &file, &view, &Choice::default()).unwrap().text;
    let rows = rows(&text);
    assert_eq!(rows.len(), 4 * (1 + view.by_op.len() + view.by_node.len() + view.by_op_node.len()));
    for row in &view.by_op {
        let op = row.op.as_deref().unwrap();
        let own = |r: &&BTreeMap<_, _>| {
            r["scope"] == "operation" && r["operation"] == op && r["measure"] == "cluster"
        };
        let own = rows.iter().find(own).unwrap();
        assert_eq!(own["p50_us"], row.cluster.at_us[0].to_string());
        assert_eq!(own["p99_9_us"], "", "{op}: too few answers for it");
        assert_eq!(own["uncertain"], "p99");
        assert_eq!(own["errors"], row.errors().to_string());
        for outcome in Outcome::ALL {
            assert_eq!(own[outcome.name()], row.count(outcome).to_string());
        }
    }
}

#[test]
fn metrics_count_what_the_run_counts() {
    let (file, view) = run();
    let text = export(Form::Metrics, &file, &view, &Choice::default()).unwrap().text;
    let sum = |start: &str, part: &str| -> f64 {
        let lines = text.lines().filter(|l| l.starts_with(start) && l.contains(part));
        lines.map(|l| l.rsplit(' ').nth(1).unwrap().parse::<f64>().unwrap()).sum()
    };
    assert_eq!(sum("fwit_requests_total{", "") as u64, view.total.issued);
    assert_eq!(sum("fwit_latency_seconds_count{", "\"cluster\"") as u64, view.total.cluster.count);
    let inf = sum("fwit_latency_seconds_bucket{", "\"cluster\",le=\"+Inf\"");
    assert_eq!(inf as u64, view.total.cluster.count);
    let cluster = &view.total.cluster;
    let mean_s = sum("fwit_latency_seconds_sum{", "\"cluster\"") / cluster.count as f64;
    near(mean_s * 1e6, cluster.mean_us, 0.001);
    assert!(text.ends_with("# EOF\n"));
    // No sample stands there twice.
    let mut names: Vec<&str> = text
        .lines()
        .filter(|l| !l.starts_with('#'))
        .map(|l| l.rsplitn(3, ' ').nth(2).unwrap())
        .collect();
    let all = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), all);
}
