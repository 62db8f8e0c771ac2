//! The numbers are the cluster's: each is held against what a server that sleeps exactly wrote down itself,
//! in the same run. No bound is an absolute time: the machine may be busy.

mod attention;
mod latency;
mod open;
mod slots;

use std::time::Duration;

use fwit_e2e::server::{Options, Records, Server};
use fwit_e2e::{Browser, Page};
use fwit_report::run::view::{Measure, RunView};
use fwit_report::run::wire::RunFile;
use serde_json::{Value, json};

use crate::runs::{PATIENCE, finish, merge, start};

/// Warm-up and measured window of these runs.
const WARMUP_S: u64 = 1;
const MEASURED_S: u64 = 6;

/// A browser at the page.
fn at_the_page(page: &Page, further: &[&str]) -> Browser {
    let browser = Browser::start_with(further).unwrap();
    browser.open(&page.url("#/runs")).unwrap();
    browser.wait("window.fwit", PATIENCE).unwrap();
    browser
}

/// 50 entities that never think, all GET, one node at `127.0.0.1` with these lanes.
fn plan(server: &Server, lanes: &[String], changes: Value) -> Value {
    let mut plan = json!({
        "name": "truth",
        "cluster": { "dialect": "insi", "nodes": [{ "name": "n1", "url": server.url("127.0.0.1"), "lanes": lanes }] },
        "load": { "entities": 50, "think_ms": 0, "think_jitter_ms": 0, "warmup_s": WARMUP_S, "duration_s": MEASURED_S },
        "mix": { "get": 1 },
    });
    merge(&mut plan, changes);
    plan
}

/// So many names of this machine, each with six connections of its own.
fn lanes(server: &Server, count: usize) -> Vec<String> {
    (1..=count).map(|n| server.url(&format!("l{n}.localhost"))).collect()
}

/// A run, and what the server wrote down in its measured window.
struct Told {
    file: RunFile,
    view: RunView,
    records: Records,
}

fn run(browser: &Browser, server: &Server, plan: &Value) -> Told {
    server.reset();
    start(browser, plan);
    told(browser, server)
}

fn told(browser: &Browser, server: &Server) -> Told {
    let (_, file, view) = finish(browser);
    let seconds = |s: f64| Duration::from_secs_f64(s);
    let records = server.records().window(seconds(file.window.warmup_s), seconds(file.window.measured_s));
    assert!(records.0.len() > 100, "{} requests", records.0.len());
    Told { file, view, records }
}

/// How often a run is made before its median counts as wrong: another program that takes the machine away for a
/// moment does so once, an engine that is wrong is so always.
const TRIES: usize = 3;

/// A run against a server of these options, over so many lanes (0: the node's own address), whose median service
/// time is the server's, give or take a share of it.
fn run_against(options: Options, lane_count: usize, changes: Value, share: f64) -> (Told, Server) {
    let page = Page::serve().unwrap();
    let server = Server::start(options).unwrap();
    let browser = at_the_page(&page, if options.tls { &["--ignore-certificate-errors"] } else { &[] });
    let plan = plan(&server, &lanes(&server, lane_count), changes);
    for _ in 0..TRIES {
        let told = run(&browser, &server, &plan);
        told.assert_whole();
        assert_eq!(browser.console_errors().unwrap(), Vec::<String>::new());
        if told.median_off().abs() <= share {
            return (told, server);
        }
    }
    panic!("the median service time is more than {:.0} % off, {TRIES} times in a row", 100.0 * share);
}

impl Told {
    /// A percentile of the service time, ms: 0 is p50, 3 is p99.
    fn service_ms(&self, place: usize) -> f64 {
        self.view.total.measure(Measure::Service).at_us[place] as f64 / 1e3
    }

    /// How far the page's median service time is from the server's, as a share of it.
    fn median_off(&self) -> f64 {
        let (ours, theirs) = (self.service_ms(0), self.records.percentile_ms(0.5));
        println!(
            "service p50 {ours:.2} ms, server {theirs:.2} ms ({:+.1} %); p99 {:.2} ms, server {:.2} ms; {:.0}/s, in flight {:.2}, server {:.2}",
            100.0 * (ours / theirs - 1.0),
            self.service_ms(3),
            self.records.percentile_ms(0.99),
            self.view.total.rate_per_s,
            self.file.concurrency.effective,
            self.records.concurrency(),
        );
        ours / theirs - 1.0
    }

    /// What was measured was counted, and nothing failed.
    fn assert_whole(&self) {
        assert_eq!(self.view.total.errors(), 0, "{:?}", self.view.errors);
        for measure in Measure::ALL {
            assert_eq!(self.view.total.measure(measure).count, self.view.total.answers());
        }
    }

    /// Response is wait and service, and a page's own part, the time between its clock and the wire, that is no
    /// larger than a share of the response.
    fn assert_adds_up(&self, share: f64) {
        let [service, wait, response] = Measure::ALL.map(|m| self.view.total.measure(m).mean_us / 1e3);
        let own = response - wait - service;
        println!("mean response {response:.2} = wait {wait:.2} + service {service:.2} + page {own:.2} ms");
        // The histograms' means are true to 0.1 %.
        assert!(own > -0.002 * response, "parts of {own} ms");
        assert!(own < share * response, "the page took {own} ms of {response} ms");
    }
}
