//! Twenty minutes of load at full rate: the page's memory after them is that after five.
//!
//! Runs where `FWIT_SOAK_S` says how long (`cargo xtask prove soak`).

use std::time::Duration;

use fwit_e2e::{Browser, Cluster, Page};
use serde_json::json;

use crate::runs::{PATIENCE, start};

/// The memory of page and workers, bytes, after the browser has collected its garbage.
fn memory(browser: &Browser) -> f64 {
    let script = "return (await performance.measureUserAgentSpecificMemory()).bytes;";
    browser.eval(script, &[]).unwrap().as_f64().unwrap()
}

#[test]
fn memory_does_not_grow_with_the_length_of_a_run() {
    let Ok(seconds) = std::env::var("FWIT_SOAK_S") else {
        println!("skipped: `cargo xtask prove soak` runs it");
        return;
    };
    let seconds: u64 = seconds.parse().expect("FWIT_SOAK_S is a number");
    let (page, cluster) = (Page::serve().unwrap(), Cluster::start(3, &[]).unwrap());
    let browser = Browser::shared().unwrap();
    browser.open(&page.url("#/runs")).unwrap();
    browser.wait("window.fwit", PATIENCE).unwrap();
    let nodes = cluster.plan_nodes();
    let plan = json!({
        "format": "fwit-plan", "name": "soak",
        "cluster": { "dialect": "insi", "nodes": nodes },
        "load": { "entities": 50, "think_ms": 0, "think_jitter_ms": 0, "warmup_s": 0,
            "duration_s": seconds + 60 },
        "mix": { "set": 1, "get": 2, "bump": 1, "cache_set": 1 },
    });
    start(&browser, &plan);
    browser.wait("document.documentElement.dataset.fwit === 'running'", PATIENCE).unwrap();
    let mut at = [0.0; 2];
    for (i, after) in [seconds / 4, seconds - seconds / 4].into_iter().enumerate() {
        std::thread::sleep(Duration::from_secs(after));
        at[i] = memory(&browser);
        println!("{:.1} MB", at[i] / 1e6);
    }
    browser.eval("fwit.stop();", &[]).unwrap();
    browser.wait("document.documentElement.dataset.fwit === 'done'", PATIENCE).unwrap();
    let issued = "const { run } = await over;
        return Object.values(run.totals).reduce((n, c) => n + c.issued, 0);";
    let issued = browser.eval(issued, &[]).unwrap();
    let grew = at[1] / at[0] - 1.0;
    println!("{issued} requests in {seconds} s; memory grew by {:.1} %", 100.0 * grew);
    assert!(grew < 0.10, "memory grew by {:.1} %", 100.0 * grew);
}
