//! The numbers are the cluster's: each is held against what a server that sleeps exactly wrote down
//! itself, and against a bare JavaScript loop in the same browser, at the same server, in
//! alternating rounds of the same test. What the machine adds, it adds to both. No bound is an
//! absolute time: those are printed.

mod attention;
mod firefox;
mod hops;
mod key;
mod latency;
mod open;
mod preflights;
mod slots;

use std::time::Duration;

use fwit_e2e::bare::{self, Load};
use fwit_e2e::server::{Options, Records, Server};
use fwit_e2e::{Browser, Page};
use fwit_report::run::hist;
use fwit_report::run::view::{Measure, RunView};
use fwit_report::run::wire::RunFile;
use serde_json::{Value, json};

use crate::runs::{PATIENCE, finish, merge, start};

/// Warm-up and measured window of a run of its own.
const WARMUP_S: f64 = 1.0;
const MEASURED_S: f64 = 3.0;

/// Warm-up and measured window of a round beside the bare loop.
const ROUND_WARMUP: Duration = Duration::from_millis(500);
const ROUND_MEASURED: Duration = Duration::from_millis(1_500);

/// Rounds of engine and loop: these always, and more while the machine is too restless for a word
/// on 5 %.
const ROUNDS: usize = 4;
const ROUNDS_MAX: usize = 12;

/// How sure the mean of the rounds' ratios has to be before rounds end: its standard error.
const SURE: f64 = 0.012;

/// How far the engine may be from the bare loop, as a share.
const CLOSE: f64 = 0.05;

/// The page, opened.
fn open_page(browser: &Browser, page: &Page) {
    browser.open(&page.url("#/runs")).unwrap();
    browser.wait("window.fwit", PATIENCE).unwrap();
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

/// A run, and what the server wrote down: of the measured window, and of all.
struct Told {
    file: RunFile,
    view: RunView,
    records: Records,
    all: Records,
}

fn run(browser: &Browser, server: &Server, plan: &Value) -> Told {
    server.reset();
    start(browser, plan);
    let told = told(browser, server);
    told.assert_whole();
    told
}

fn told(browser: &Browser, server: &Server) -> Told {
    let (_, file, view) = finish(browser);
    let all = server.records();
    let seconds = |s: f64| Duration::from_secs_f64(s);
    let records = all.within(seconds(file.window.warmup_s), seconds(file.window.measured_s));
    Told { file, view, records, all }
}

/// A run of its own against a server of these options, over so many lanes (0: the node's own
/// address).
fn run_against(options: Options, lane_count: usize, changes: Value) -> (Told, Server) {
    let page = Page::serve().unwrap();
    let server = Server::start(options).unwrap();
    let browser = Browser::shared().unwrap();
    open_page(&browser, &page);
    let told = run(&browser, &server, &plan(&server, &lanes(&server, lane_count), changes));
    told.print();
    assert_eq!(browser.console_errors().unwrap(), Vec::<String>::new());
    (told, server)
}

/// What one side saw: its own service times and the server's of the same requests, ms.
#[derive(Default)]
struct Side {
    seen: Vec<f64>,
    server: Vec<f64>,
}

impl Side {
    fn add(&mut self, seen: Vec<f64>, records: &Records) {
        assert!(seen.len() > 20 && records.0.len() > 20, "{} and {}", seen.len(), records.0.len());
        self.seen.extend(seen);
        self.server.extend(records.0.iter().map(|r| r.took().as_secs_f64() * 1e3));
    }

    /// How many times the server's own percentile the client saw.
    fn stretch(&self, p: f64) -> f64 {
        percentile(&self.seen, p) / percentile(&self.server, p)
    }
}

/// Engine and bare loop at one server.
struct Beside {
    /// The engine and the loop, round by round.
    rounds: Vec<[Side; 2]>,
    engine: Side,
    bare: Side,
    /// The engine's last run.
    last: Told,
    server: Server,
}

impl Beside {
    /// The engine's percentile over the bare loop's, each as a multiple of the server's own: the
    /// draws of a server that has a spread are not the same for both.
    fn ratio(&self, p: f64) -> f64 {
        self.engine.stretch(p) / self.bare.stretch(p)
    }

    /// How far the engine may be from the loop at this percentile: 5 %, and what the rounds
    /// themselves disagree by there. On a machine that other programs take away all the time that
    /// is more, and in a tail more than in the middle.
    fn allowed(&self, p: f64) -> f64 {
        CLOSE + 2.0 * restless(&self.rounds, p)
    }

    /// At this percentile the engine says what the bare loop says.
    fn assert_close(&self, p: f64) {
        let ratio = self.ratio(p);
        let ms = |side: &Side| (percentile(&side.seen, p), percentile(&side.server, p));
        let ((engine, at_engine), (bare, at_bare)) = (ms(&self.engine), ms(&self.bare));
        println!(
            "p{}: engine {engine:.2} ms (server {at_engine:.2}), loop {bare:.2} ms (server \
             {at_bare:.2}), ratio {ratio:.3}, allowed {:.3}; {} and {} answers",
            100.0 * p,
            self.allowed(p),
            self.engine.seen.len(),
            self.bare.seen.len()
        );
        assert!(
            (ratio - 1.0).abs() <= self.allowed(p),
            "p{}: engine over loop is {ratio:.3}",
            100.0 * p
        );
    }
}

/// Rounds of the engine and of the bare loop against a server of these options. `concurrency` is
/// how many requests the plan has at the server at a time: six a lane, or one an entity where lanes
/// leave room for all.
fn beside_the_loop(
    browser: &Browser,
    options: Options,
    lane_count: usize,
    concurrency: usize,
    changes: Value,
) -> Beside {
    let page = Page::serve().unwrap();
    let server = Server::start(options).unwrap();
    open_page(browser, &page);
    let lanes = lanes(&server, lane_count);
    let (warmup, measured) = (ROUND_WARMUP, ROUND_MEASURED);
    let mut plan = plan(&server, &lanes, changes);
    plan["load"]["warmup_s"] = json!(warmup.as_secs_f64());
    plan["load"]["duration_s"] = json!(measured.as_secs_f64());
    let think = |name: &str| plan["load"][name].as_f64().unwrap();
    let load = Load {
        bases: if lanes.is_empty() { vec![server.url("127.0.0.1")] } else { lanes },
        concurrency,
        think_ms: [think("think_ms"), think("think_jitter_ms")],
        warmup,
        measured,
        wire: options.timing_headers,
        body: String::new(),
        post_share: 0.0,
    };
    let (mut engine, mut bare) = (Side::default(), Side::default());
    let mut last = None;
    let mut rounds: Vec<[Side; 2]> = Vec::new();
    let mut parts: [Vec<[f64; 2]>; 2] = Default::default();
    while rounds.len() < ROUNDS || (rounds.len() < ROUNDS_MAX && restless(&rounds, 0.5) > SURE) {
        let mut round = [Side::default(), Side::default()];
        // Who goes first takes turns.
        for of_engine in [rounds.len().is_multiple_of(2), rounds.len() % 2 == 1] {
            if of_engine {
                let told = run(browser, &server, &plan);
                round[0].add(told.service_times(), &told.records);
                let own = told.view.total.parts.unwrap_or_default();
                parts[0].push([own.browser_us / 1e3, own.page_us / 1e3]);
                last = Some(told);
            } else {
                server.reset();
                let found = bare::run(browser, &load).unwrap();
                parts[1].push([&found.browser_ms, &found.page_ms].map(|list| mean(list)));
                round[1]
                    .add(found.times_ms, &server.records().within(found.warmup, found.measured));
            }
        }
        for (all, round) in [&mut engine, &mut bare].into_iter().zip(&round) {
            all.seen.extend(&round.seen);
            all.server.extend(&round.server);
        }
        rounds.push(round);
    }
    let ratios: Vec<_> = logs(&rounds, 0.5).iter().map(|log| format!("{:.3}", log.exp())).collect();
    let by = restless(&rounds, 0.5);
    println!("medians of the rounds, engine over loop, ±{by:.3}: {}", ratios.join(" "));
    if options.timing_headers {
        assert_parts(&parts, 1.3);
    }
    if browser.has_console() {
        assert_eq!(browser.console_errors().unwrap(), Vec::<String>::new());
    }
    let beside = Beside { rounds, engine, bare, last: last.unwrap(), server };
    beside.assert_close(0.5);
    beside
}

/// Of each round, the logarithm of the engine's percentile over the loop's, each as a multiple of
/// the server's own.
fn logs(rounds: &[[Side; 2]], p: f64) -> Vec<f64> {
    rounds.iter().map(|[engine, bare]| (engine.stretch(p) / bare.stretch(p)).ln()).collect()
}

/// How restless the machine was: the standard error of the mean of the rounds' logarithms.
fn restless(rounds: &[[Side; 2]], p: f64) -> f64 {
    standard_error(&logs(rounds, p))
}

/// What the browser and the page take of a request, ms, in the engine's rounds and in the loop's:
/// no more than `most` times as much. A tenth more is aimed at and printed; a machine that other
/// programs take away is granted more, as these are the parts of a millisecond that it takes from.
fn assert_parts(parts: &[Vec<[f64; 2]>; 2], most: f64) {
    let [engine, bare] = parts
        .each_ref()
        .map(|side| side.iter().map(|[browser, page]| browser + page).collect::<Vec<_>>());
    let logs: Vec<f64> = engine.iter().zip(&bare).map(|(e, b)| (e / b).ln()).collect();
    let (ratio, restless) = (mean(&logs).exp(), standard_error(&logs));
    println!("browser and page, engine over loop: {ratio:.3} ± {restless:.3}");
    assert!(ratio.ln().abs() < most.ln() + 2.0 * restless, "{ratio}");
    for (i, name) in ["browser", "page"].into_iter().enumerate() {
        let [engine, bare] =
            parts.each_ref().map(|side| side.iter().map(|part| part[i]).collect::<Vec<_>>());
        let ratio = mean(&engine) / mean(&bare);
        println!("{name}: engine {engine:.2?}, loop {bare:.2?} ms, ratio {ratio:.3}");
    }
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len().max(1) as f64
}

/// Of the mean of some values.
fn standard_error(values: &[f64]) -> f64 {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let squares = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>();
    (squares / (n - 1.0) / n).sqrt()
}

/// By the nearest rank; p from 0 to 1.
fn percentile(values: &[f64], p: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let rank = (p * sorted.len() as f64).ceil() as usize;
    sorted[rank.saturating_sub(1)]
}

impl Told {
    /// The service times that the run's histograms hold, ms.
    fn service_times(&self) -> Vec<f64> {
        let mut times = Vec::new();
        for entry in self.file.latency.iter().filter(|l| l.measure == Measure::Service) {
            let histogram = hist::decode(&entry.hist).unwrap();
            for cell in histogram.iter_recorded() {
                let ms = histogram.median_equivalent(cell.value_iterated_to()) as f64 / 1e3;
                times.extend(std::iter::repeat_n(ms, cell.count_at_value() as usize));
            }
        }
        times
    }

    /// A percentile of the service time, ms: 0 is p50, 3 is p99.
    fn service_ms(&self, place: usize) -> f64 {
        self.view.total.measure(Measure::Service).at_us[place] as f64 / 1e3
    }

    fn print(&self) {
        let (ours, theirs) = (self.service_ms(0), self.records.percentile_ms(0.5));
        println!(
            "service p50 {ours:.2} ms, server {theirs:.2} ms ({:+.1} %); p99 {:.2} ms, server \
             {:.2} ms; {:.0}/s, in flight {:.2}",
            100.0 * (ours / theirs - 1.0),
            self.service_ms(3),
            self.records.percentile_ms(0.99),
            self.view.total.rate_per_s,
            self.file.concurrency.effective,
        );
    }

    /// What was measured was counted, nothing failed, and the server wrote down as many requests as
    /// the run says it sent: neither is one lost, nor was one sent twice.
    fn assert_whole(&self) {
        assert_eq!(self.view.total.errors(), 0, "{:?}", self.view.errors);
        // Service by issue. Responses are of what was due in the window: of requests that waited
        // when it began or ended, one side or the other.
        for measure in [Measure::Service, Measure::Cluster] {
            assert_eq!(self.view.total.measure(measure).count, self.view.total.answers());
        }
        let (total, waiting) = (&self.view.total, u64::from(self.file.concurrency.entities));
        assert!(total.response.count.abs_diff(total.answers()) <= waiting, "{total:?}");
        let sources = self.view.time_sources;
        assert_eq!(sources.wire + sources.page_clock, self.view.total.answers());
        let counts = || self.file.totals.values().chain(self.file.warmup_totals.values());
        let issued: u64 = counts().map(|c| c.issued).sum();
        let unseen: u64 = counts().map(|c| c.aborted).sum();
        let seen = self.all.0.len() as u64;
        assert!(
            (issued - unseen..=issued).contains(&seen),
            "{issued} issued, {unseen} aborted, {seen} at the server"
        );
    }

    /// The five parts are the response. How large the browser's and the page's are depends on the
    /// machine: they are printed.
    fn assert_adds_up(&self) {
        let (parts, response) = (self.view.total.parts.unwrap(), self.view.total.response.mean_us);
        println!("mean response {response:.0} µs: {parts:?}");
        // The histograms' means are true to 0.1 %.
        assert!((parts.response_us() / response - 1.0).abs() < 1e-3, "{parts:?}");
        assert_eq!(parts.redirect_us, 0.0);
    }

    /// Requests at the server at a time, by its own records, are those in flight in the page, but
    /// for the part of the time that a request was elsewhere: Little's law over one rate.
    fn assert_same_load(&self) {
        let in_flight = self.file.concurrency.effective;
        let [wait, response] =
            [Measure::Wait, Measure::Response].map(|m| self.view.total.measure(m).mean_us / 1e3);
        let expected = in_flight * self.records.mean_ms() / (response - wait);
        // What was under way at the end was cut off and is in no book: the window's last part is
        // left out.
        let (skip, length) = (self.file.window.warmup_s, self.file.window.measured_s - 0.5);
        let at_server =
            self.all.concurrency(Duration::from_secs_f64(skip), Duration::from_secs_f64(length));
        println!(
            "{in_flight:.2} in flight, so {expected:.2} at the server; by its books {at_server:.2}"
        );
        assert!(
            (at_server / expected - 1.0).abs() < CLOSE,
            "{at_server} at the server, not {expected}"
        );
    }
}
