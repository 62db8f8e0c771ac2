//! A run under way is never lost: its tab is reloaded, closed, crashed, or its worker ended, and
//! the next visit finds what was measured until then.
//!
//! `FWIT_KILLS` sets how often (`cargo xtask prove kills`).

use std::time::{Duration, Instant};

use fwit_e2e::{Browser, Cluster, Page};
use fwit_report::run::view::Ended;
use fwit_report::run::wire::RunFile;
use serde_json::{Value, json};

use crate::runs::PATIENCE;

/// What is kept is at most five seconds and a snapshot old, and was written a moment later: on a
/// busy machine that moment has some room.
const LOST_MAX_S: f64 = 6.0 + 3.0;

/// What happens to the run.
#[derive(Clone, Copy, Debug)]
enum Way {
    Reload,
    Close,
    Crash,
    Worker,
}

const WAYS: [Way; 4] = [Way::Reload, Way::Close, Way::Crash, Way::Worker];

fn long_plan(cluster: &Cluster) -> Value {
    let nodes = cluster.plan_nodes();
    json!({
        "format": "fwit-plan", "name": "to be cut off",
        "cluster": { "dialect": "insi", "nodes": nodes },
        "load": { "entities": 10, "think_ms": 10, "warmup_s": 1, "duration_s": 300 },
        "mix": { "get": 2, "set": 1, "bump": 1 },
    })
}

/// Opens the page in the tab in front, with a hand on its workers.
fn open(browser: &Browser, page: &Page) {
    // A visit of its own, also where the page is there already.
    browser.open("about:blank").unwrap();
    browser.open(&page.url("#/runs")).unwrap();
    browser.wait("window.fwit", PATIENCE).unwrap();
    let hook = "const W = Worker; window.workers = [];
        window.Worker = class extends W {
            constructor(...a) { super(...a); window.workers.push(this); }
        };
        // The question before the page is left would wait for an answer.
        addEventListener('beforeunload', (e) => e.stopImmediatePropagation(), true);";
    browser.eval(hook, &[]).unwrap();
}

/// Starts the run; returns its id once it is under way.
fn start(browser: &Browser, plan: &Value) -> String {
    let script = "window.over = fwit.start(args[0]).then((run) => ({ run }), (error) => \
                  ({ error: String(error) }));";
    browser.eval(script, std::slice::from_ref(plan)).unwrap();
    let id = "(window.lock = (await navigator.locks.query()).held
        .map((l) => l.name).find((n) => n.startsWith('fwit-run ')))?.split(' ')[1]";
    let script = format!(
        "for (let i = 0; i < 600; i += 1) {{
            const id = {id};
            if (id) return id;
            await new Promise((r) => setTimeout(r, 100));
        }}
        return null;"
    );
    browser.eval(&script, &[]).unwrap().as_str().expect("the run holds its lock").to_string()
}

/// Waits until so much of the run has passed, ms, and something is kept of it.
fn wait_until_kept(browser: &Browser, ms: f64) {
    let script = "const db = await new Promise((ok, no) => {
            const r = indexedDB.open('fwit'); r.onsuccess = () => ok(r.result); r.onerror = no; });
        const heads = () => new Promise((ok) => {
            const r = db.transaction('under_way').objectStore('under_way').count();
            r.onsuccess = () => ok(r.result); });
        const until = performance.now() + 60000;
        while (!(await heads())) {
            if (performance.now() > until) return false;
            await new Promise((r) => setTimeout(r, 50));
        }
        await new Promise((r) => setTimeout(r, args[0]));
        db.close();
        return true;";
    assert_eq!(browser.eval(script, &[json!(ms)]).unwrap(), json!(true), "nothing was kept");
}

/// Cuts the run off. Returns when, ms since 1970.
fn cut(browser: &Browser, way: Way) -> f64 {
    let now = || browser.eval("return Date.now();", &[]).unwrap().as_f64().unwrap();
    let at = now();
    match way {
        Way::Reload => browser.open("about:blank").unwrap(),
        Way::Close => {
            browser.run("close the tab", async |client| client.close_window().await).unwrap();
        }
        // The command has no answer: who would give it is gone.
        Way::Crash => drop(browser.devtools("Page.crash", &json!({}))),
        Way::Worker => {
            browser.eval("workers.forEach((w) => w.terminate());", &[]).unwrap();
        }
    }
    at
}

/// Waits for the recovered run in the library.
fn recovered(browser: &Browser, id: &str) -> RunFile {
    let script = "const until = performance.now() + args[1];
        for (;;) {
            try { return JSON.stringify(await fwit.run(args[0])); } catch (error) {
                if (performance.now() > until) return String(error) + document.body.innerText;
                await new Promise((r) => setTimeout(r, 100));
            }
        }";
    let text = browser.eval(script, &[json!(id), json!(30_000)]).unwrap();
    let text = text.as_str().unwrap();
    let (file, view) =
        fwit_report::run::open(text.as_bytes()).unwrap_or_else(|e| panic!("{e} {text}"));
    assert_eq!((file.ended, &view.warnings), (Ended::Recovered, &Vec::new()));
    for counts in file.totals.values().chain(file.warmup_totals.values()) {
        assert!(counts.is_conserved(), "{counts:?}");
    }
    assert!(view.total.answers() > 0);
    file
}

#[test]
fn what_was_measured_until_a_run_was_cut_off_is_found_again() {
    let (page, cluster) = (Page::serve().unwrap(), Cluster::start(3, &[]).unwrap());
    let kills =
        std::env::var("FWIT_KILLS").map_or(4, |n| n.parse().expect("FWIT_KILLS is a number"));
    let browser = Browser::shared().unwrap();
    let began = Instant::now();
    let mut most = 0.0_f64;
    for i in 0..kills {
        let way = WAYS[i % WAYS.len()];
        let before = browser.new_tab().unwrap();
        open(&browser, &page);
        let id = start(&browser, &long_plan(&cluster));
        // Anywhere between two of the things that are kept: by the golden ratio.
        wait_until_kept(&browser, 5_000.0 * (i as f64 * 0.618).fract());
        let at = cut(&browser, way);
        if matches!(way, Way::Worker) {
            // The page notices, and Stop ends it.
            browser.wait("document.querySelector('[role=alert] button')", PATIENCE).unwrap();
            let pressed = Instant::now();
            browser.eval("fwit.stop();", &[]).unwrap();
            browser.wait("document.documentElement.dataset.fwit === 'done'", PATIENCE).unwrap();
            println!("Stop took {:.1} s", pressed.elapsed().as_secs_f64());
            let ended = "return (await over).run.ended;";
            assert_eq!(browser.eval(ended, &[]).unwrap(), json!("recovered"));
        } else {
            let crashed = matches!(way, Way::Crash);
            if crashed || matches!(way, Way::Close) {
                browser.show(before.clone()).unwrap();
            }
            open(&browser, &page);
        }
        let file = recovered(&browser, &id);
        let kept = "return Date.parse(args[0]);";
        let kept = browser.eval(kept, &[json!(file.finished_at)]).unwrap().as_f64().unwrap();
        let lost = (at - kept) / 1e3;
        most = most.max(lost);
        let measured = file.window.measured_s;
        println!("{way:?}: {measured:.1} s measured, the last {lost:.1} s are lost");
        assert!(lost <= LOST_MAX_S, "{way:?}: {lost} s are lost");
        let told = "document.body.innerText.includes('was cut off')";
        browser.wait(told, PATIENCE).unwrap();
        if matches!(way, Way::Worker) {
            browser.open("about:blank").unwrap();
            browser.show(before).unwrap();
        }
    }
    println!("{kills} kills in {:.0} s: at most {most:.1} s lost", began.elapsed().as_secs_f64());
    browser.open(&page.url("#/runs")).unwrap();
    browser.wait("document.querySelectorAll('.table-runs tbody tr').length > 0", PATIENCE).unwrap();
    let rows =
        "return [...document.querySelectorAll('.table-runs tbody tr')].map((r) => r.innerText);";
    let rows = browser.eval(rows, &[]).unwrap();
    let rows: Vec<&str> = rows.as_array().unwrap().iter().filter_map(Value::as_str).collect();
    assert_eq!(rows.len(), kills, "{rows:?}");
    assert!(rows.iter().all(|r| r.contains("recovered") && r.contains("goes on")), "{rows:?}");
    // One that somebody keeps stays.
    browser.eval("document.querySelector('.table-runs tbody a').click();", &[]).unwrap();
    let keep = "[...document.querySelectorAll('button')].find((b) => b.textContent === 'Keep it')";
    browser.wait(keep, PATIENCE).unwrap();
    browser.eval(&format!("{keep}.click();"), &[]).unwrap();
    browser.wait(&format!("!({keep})"), Duration::from_secs(20)).unwrap();
    assert_eq!(browser.console_errors().unwrap(), Vec::<String>::new());
}
