//! A bare loop of JavaScript in a worker of the page: what this browser, on this machine, measures
//! of a server when no engine is there. The engine's times are held against it, in alternating
//! rounds of one test.

use std::time::Duration;

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

use crate::Browser;

/// What the loop does.
#[derive(Debug, Clone)]
pub struct Load {
    /// Where it sends, in turn.
    pub bases: Vec<String>,
    /// Requests at the same time.
    pub concurrency: usize,
    /// Pause after each answer, and up to how much more, ms.
    pub think_ms: [f64; 2],
    /// Before counting begins.
    pub warmup: Duration,
    /// Counted.
    pub measured: Duration,
    /// Times from the wire (Resource Timing) instead of the page's clock.
    pub wire: bool,
    /// The body of POSTs.
    pub body: String,
    /// The share of requests that are POSTs; the others are GETs.
    pub post_share: f64,
}

/// What the loop found.
#[derive(Debug, Clone)]
pub struct Found {
    /// How long each request of the window took, ms.
    pub times_ms: Vec<f64>,
    /// Of each with times from the wire: issue to request start, ms.
    pub browser_ms: Vec<f64>,
    /// Of each with times from the wire: last byte to the loop's code, ms.
    pub page_ms: Vec<f64>,
    /// All requests, before and after the window too.
    pub requests: u64,
    /// Lengths that were really run.
    pub warmup: Duration,
    /// The window's length.
    pub measured: Duration,
}

/// Runs the loop in a worker of the page that is open.
///
/// # Errors
/// When a request fails, or the loop counted nothing.
pub fn run(browser: &Browser, load: &Load) -> Result<Found> {
    let found = in_worker(browser, SOURCE, load.told())?;
    let number =
        |name: &str| found[name].as_f64().with_context(|| format!("the loop told no {name}"));
    let time = |name: &str| Ok::<_, anyhow::Error>(Duration::from_secs_f64(number(name)? / 1e3));
    let list = |name: &str| -> Vec<f64> {
        found[name].as_array().into_iter().flatten().filter_map(Value::as_f64).collect()
    };
    anyhow::ensure!(!list("times").is_empty(), "the loop counted nothing");
    Ok(Found {
        times_ms: list("times"),
        browser_ms: list("browser"),
        page_ms: list("page"),
        requests: number("requests")? as u64,
        warmup: time("warmup_ms")?,
        measured: time("measured_ms")?,
    })
}

/// Starts the loop and leaves it to itself: it ends with the page.
///
/// # Errors
/// When the browser refuses.
pub fn start(browser: &Browser, load: &Load) -> Result<()> {
    let begin =
        format!("{WORKER} window.bare = begin(...args).answer; window.bare.catch(() => {{}});");
    browser.eval(&begin, &[json!(SOURCE), load.told()]).map(drop)
}

impl Load {
    fn told(&self) -> Value {
        let ms = |time: Duration| time.as_secs_f64() * 1e3;
        let [think, jitter] = self.think_ms;
        json!({ "bases": self.bases, "concurrency": self.concurrency, "think_ms": think,
            "think_jitter_ms": jitter, "warmup_ms": ms(self.warmup), "measured_ms": ms(self.measured),
            "wire": self.wire, "body": self.body,
            "post_share": self.post_share })
    }
}

const SOURCE: &str = include_str!("bare.js");

/// A promise that is rejected in a worker is no error of the worker by itself.
const WORKER: &str = "const begin = (source, told) => {
        const rejected = 'onunhandledrejection = (e) => setTimeout(() => { throw e.reason; });';
        const url = URL.createObjectURL(new Blob([rejected, source], { type: 'text/javascript' }));
        const worker = new Worker(url);
        const answer = new Promise((done, fail) => {
            const end = (act, what) => { worker.terminate(); URL.revokeObjectURL(url); act(what); };
            worker.onmessage = ({ data }) => end(done, data);
            worker.onerror = (error) => end(fail, new Error(error.message));
        });
        worker.postMessage(told);
        return { answer };
    };";

/// Starts a worker with this source, sends it one message, and gives the one that it answers with.
///
/// # Errors
/// When it throws.
pub(crate) fn in_worker(browser: &Browser, source: &str, told: Value) -> Result<Value> {
    browser.eval(&format!("{WORKER} return begin(...args).answer;"), &[json!(source), told])
}
