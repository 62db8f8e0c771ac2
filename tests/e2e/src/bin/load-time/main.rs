//! Prints how long pages take from navigation until they can be used: fwit, and two that people use
//! for such work. Needs FWIT_DIST, CHROME and CHROMEDRIVER, and for the other pages pip and npm.
//! Argument: ROUNDS (7 if none).
//!
//! Each load has a fresh browser, with nothing in its cache. Rounds alternate the pages, so that
//! what else the machine does meets all of them. A page can be used when its first control is in
//! the document.

mod host;
mod pages;

use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use fwit_e2e::Browser;
use fwit_e2e::bench::median;
use serde_json::json;

use pages::Page;

/// A page that is not ready after so long is not measured but an error.
const PATIENCE: Duration = Duration::from_secs(60);

/// A network between browser and host, as Chromium emulates it.
struct Link {
    name: &'static str,
    /// Bits a second and milliseconds until an answer begins; none for loopback as it is.
    limits: Option<(u32, u32)>,
}

const LINKS: [Link; 2] = [
    Link { name: "loopback", limits: None },
    Link { name: "10 Mbit/s, 40 ms", limits: Some((10_000_000, 40)) },
];

fn main() -> Result<()> {
    let rounds: usize = match std::env::args().nth(1) {
        Some(word) => word.parse().with_context(|| format!("`{word}` is no number of rounds"))?,
        None => 7,
    };
    ensure!(rounds > 0, "there must be a round");
    let pages = pages::all()?;
    for link in &LINKS {
        eprintln!("\n{}", link.name);
        let mut times = vec![Vec::new(); pages.len()];
        let mut bytes = vec![0.0; pages.len()];
        for round in 1..=rounds {
            for (place, page) in pages.iter().enumerate() {
                let (time, received) =
                    load(page, link).with_context(|| format!("cannot load {}", page.name))?;
                eprintln!("  round {round} of {rounds}: {time:>6.0} ms  {}", page.name);
                times[place].push(time);
                bytes[place] = received;
            }
        }
        println!(
            "\n| {} | kB received | ready after, median [range] | fwit's time ÷ its, median of \
             rounds |",
            link.name
        );
        println!("| --- | ---: | ---: | ---: |");
        for (place, page) in pages.iter().enumerate() {
            let ratios = times[0].iter().zip(&times[place]).map(|(ours, its)| ours / its).collect();
            let (low, high) = range(&times[place]);
            println!(
                "| {} | {:.0} | {:.0} ms [{low:.0}–{high:.0}] | {:.2} |",
                page.name,
                bytes[place] / 1000.0,
                median(times[place].clone()),
                median(ratios)
            );
        }
    }
    Ok(())
}

/// Milliseconds from navigation until the page can be used, and the bytes that came.
fn load(page: &Page, link: &Link) -> Result<(f64, f64)> {
    let browser = Browser::start()?;
    if let Some((bits, latency)) = link.limits {
        browser.devtools("Network.enable", &json!({}))?;
        let speed = f64::from(bits) / 8.0;
        let limits = json!({
            "offline": false, "latency": latency, "downloadThroughput": speed, "uploadThroughput": speed,
        });
        browser.devtools("Network.emulateNetworkConditions", &limits)?;
    }
    // Looks whenever the document changes.
    let watch = format!(
        "{{
            const observer = new MutationObserver(() => {{
                if (!({})) return;
                observer.disconnect();
                window.readyAfter = performance.now();
            }});
            observer.observe(document, {{ childList: true, subtree: true }});
        }}",
        page.ready
    );
    browser.devtools("Page.addScriptToEvaluateOnNewDocument", &json!({ "source": watch }))?;
    browser.open(&page.url)?;
    let time = browser.wait("window.readyAfter", PATIENCE)?.as_f64().context("no time")?;
    let received = browser.eval(
        "const entries = performance.getEntries().filter((entry) => entry.transferSize > 0);
         return entries.reduce((sum, entry) => sum + entry.transferSize, 0);",
        &[],
    )?;
    Ok((time, received.as_f64().context("no size")?))
}

fn range(values: &[f64]) -> (f64, f64) {
    let low = values.iter().copied().fold(f64::INFINITY, f64::min);
    let high = values.iter().copied().fold(0.0, f64::max);
    (low, high)
}
