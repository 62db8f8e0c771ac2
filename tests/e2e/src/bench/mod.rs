//! The engine beside a hand-written JavaScript loop that only fetches: same browser, server and
//! concurrency, in alternating rounds, so that a machine that is busy with other things is so for
//! both.

use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use serde_json::json;

use crate::bare::in_worker;
use crate::server::{Options, Pace, Server};
use crate::{Browser, Page};

/// How long the page may take to start.
const PATIENCE: Duration = Duration::from_secs(60);

/// What is measured.
#[derive(Debug, Clone, Copy)]
pub struct Setting {
    /// Rounds of one run each.
    pub rounds: u32,
    /// Requests at the same time.
    pub concurrency: u32,
    /// Names of this machine, six connections each.
    pub lanes: u32,
    /// Seconds before counting begins.
    pub warmup_s: u32,
    /// Seconds counted.
    pub measured_s: u32,
    /// As many writes as reads, instead of reads alone.
    pub writes: bool,
}

/// What one round found, in completed requests a second.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Round {
    /// The engine: the whole page as users have it, live view and all.
    pub engine: f64,
    /// The loop.
    pub script: f64,
}

impl Round {
    /// The engine's rate over the loop's.
    #[must_use]
    pub fn ratio(&self) -> f64 {
        self.engine / self.script
    }
}

/// Runs all rounds; `after` is told of each.
///
/// # Errors
/// When a browser, the page or a run fails.
pub fn rounds(setting: &Setting, mut after: impl FnMut(u32, Round)) -> Result<Vec<Round>> {
    let page = Page::serve()?;
    let server = Server::start(Options::paced(Pace::AtOnce))?;
    let browser = Browser::start()?;
    let mut rounds = Vec::new();
    for number in 0..setting.rounds {
        // Who goes first takes turns too.
        let mut round = Round { engine: 0.0, script: 0.0 };
        for engine in [number % 2 == 0, number % 2 == 1] {
            // Both start from a page that was just opened and rests.
            browser.open(&page.url(""))?;
            browser.wait("window.fwit", PATIENCE)?;
            browser
                .eval("return new Promise((done) => requestIdleCallback(() => done(0)));", &[])?;
            server.reset();
            if engine {
                round.engine = of_engine(&browser, &server, setting)?;
            } else {
                round.script = of_script(&browser, &server, setting)?;
            }
        }
        after(number + 1, round);
        rounds.push(round);
    }
    Ok(rounds)
}

fn bases(server: &Server, setting: &Setting) -> Vec<String> {
    (1..=setting.lanes).map(|n| server.url(&format!("l{n}.localhost"))).collect()
}

fn of_engine(browser: &Browser, server: &Server, setting: &Setting) -> Result<f64> {
    let node =
        json!({ "name": "n1", "url": server.url("127.0.0.1"), "lanes": bases(server, setting) });
    let plan = json!({
        "name": "bench",
        "cluster": { "dialect": "insi", "nodes": [node] },
        "load": { "entities": setting.concurrency, "think_ms": 0, "think_jitter_ms": 0,
            "warmup_s": setting.warmup_s, "duration_s": setting.measured_s },
        "mix": if setting.writes { json!({ "get": 1, "set": 1 }) } else { json!({ "get": 1 }) },
    });
    let run = browser.eval("return fwit.start(args[0]);", &[plan])?;
    let (_, view) =
        fwit_report::run::open(run.to_string().as_bytes()).context("the run is none")?;
    if view.total.errors() > 0 {
        bail!("requests failed: {:?}", view.errors);
    }
    Ok(view.total.rate_per_s)
}

fn of_script(browser: &Browser, server: &Server, setting: &Setting) -> Result<f64> {
    let told = json!({ "bases": bases(server, setting), "concurrency": setting.concurrency,
        "warmup_ms": setting.warmup_s * 1000, "measured_ms": setting.measured_s * 1000,
        "post_share": if setting.writes { 0.5 } else { 0.0 } });
    let rate = in_worker(browser, include_str!("loop.js"), told)?;
    rate.as_f64().filter(|rate| *rate > 0.0).context("the loop counted nothing")
}

/// The middle of some values (the mean of the two in the middle); 0 of none.
#[must_use]
pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let half = values.len() / 2;
    match (values.get(half), values.len() % 2) {
        (Some(high), 0) => values.get(half - 1).map_or(*high, |low| f64::midpoint(*low, *high)),
        (Some(middle), _) => *middle,
        (None, _) => 0.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_in_the_middle() {
        assert!(median(vec![]).abs() < f64::EPSILON);
        assert!((median(vec![3.0, 1.0, 2.0]) - 2.0).abs() < f64::EPSILON);
        assert!((median(vec![4.0, 1.0, 2.0, 3.0]) - 2.5).abs() < f64::EPSILON);
    }
}
