//! Lanes that the plan form finds by itself, and what they do to a run.

use std::collections::BTreeSet;
use std::time::Duration;

use fwit_e2e::server::{Options, Pace, Server};
use fwit_e2e::{Browser, Cluster, Page};
use fwit_report::run::wire::RunFile;
use serde_json::{Value, json};

use crate::runs::PATIENCE;

/// Opens the plan form as a new visitor's.
fn open_form(browser: &Browser, page: &Page, nodes: &str) {
    // From a blank page, or a change of the hash alone would load nothing.
    browser.open("about:blank").unwrap();
    browser.open(&page.url(&format!("#/?nodes={nodes}"))).unwrap();
    browser.wait("window.fwit && document.querySelector('.node')", PATIENCE).unwrap();
}

/// Types a text into a field.
fn fill(browser: &Browser, id: &str, text: &str) {
    let script = "const field = document.getElementById(args[0]);
        field.value = args[1];
        field.dispatchEvent(new Event('input', { bubbles: true }));";
    browser.eval(script, &[json!(id), json!(text)]).unwrap();
}

fn click(browser: &Browser, label: &str) {
    let script = "[...document.querySelectorAll('main button')]
        .find((button) => button.innerText.trim() === args[0]).click();";
    browser.eval(script, &[json!(label)]).unwrap();
}

/// The lanes of a node in the form, as soon as there are so many.
fn lanes(browser: &Browser, node: usize, count: usize) -> Vec<String> {
    let lines = format!(
        "document.getElementById('f-cluster-nodes-{node}-lanes').value.split('\\n').filter(Boolean)"
    );
    let found = format!("{lines}.length === {count} && {lines}");
    serde_json::from_value(browser.wait(&found, PATIENCE).unwrap()).unwrap()
}

/// Presses Start and returns the run's file once it is over.
fn run(browser: &Browser) -> RunFile {
    click(browser, "Start");
    browser.wait("document.documentElement.dataset.fwit === 'running'", PATIENCE).unwrap();
    browser.wait("location.hash.startsWith('#/run/')", PATIENCE).unwrap();
    let script = "const id = decodeURIComponent(location.hash.split('/').pop());
        const asked = (request) => new Promise((done, fail) => {
            [request.onsuccess, request.onerror] = [() => done(request.result), fail];
        });
        const runs = (await asked(indexedDB.open('fwit'))).transaction('runs').objectStore('runs');
        return asked(runs.get(id));";
    let text = browser.eval(script, &[]).unwrap();
    fwit_report::run::open(text.as_str().unwrap().as_bytes()).unwrap().0
}

/// A hundred milliseconds a request: 50 entities want nearly 50 at a time.
fn server() -> Server {
    Server::start(Options::paced(Pace::Fixed(Duration::from_millis(100)))).unwrap()
}

fn fill_load(browser: &Browser) {
    for (id, text) in [
        ("f-load-warmup_s", "1"),
        ("f-load-duration_s", "3"),
        ("f-load-think_ms", "0"),
        ("f-load-think_jitter_ms", "0"),
        ("f-subscribers", "0"),
    ] {
        fill(browser, id, text);
    }
}

#[test]
fn fifty_entities_get_nine_lanes_and_are_under_way_at_once() {
    let (page, server, browser) = (Page::serve().unwrap(), server(), Browser::shared().unwrap());
    let own = server.url("127.0.0.1");
    open_form(&browser, &page, &own);
    let mut expected = vec![own.clone()];
    expected.extend((1..9).map(|i| server.url(&format!("l{i}.localhost"))));
    assert_eq!(lanes(&browser, 0, 9), expected);
    let said = browser.eval("return document.querySelector('.lane-notes').innerText;", &[]);
    let said = said.unwrap().as_str().unwrap().to_string();
    assert!(said.contains("9 lanes found for n1: 54 connections."), "{said}");
    // The node and two names, once each and without the load's books.
    let counts = server.counts();
    assert_eq!((counts.status, counts.requests, counts.with_key), (3, 3, 0), "{counts:?}");

    fill_load(&browser);
    server.reset();
    let file = run(&browser);
    assert_eq!(file.nodes[0].lanes, expected);
    assert!(file.concurrency.effective > 30.0, "{:?}", file.concurrency);
    assert!(server.peak() > 40, "{}", server.peak());
    let with_lanes = file.concurrency.effective;

    // The same with one lane: it stays one, also in the plan that is kept for the next visit.
    browser.eval("location.hash = '#/';", &[]).unwrap();
    assert_eq!(lanes(&browser, 0, 9), expected);
    click(&browser, "Remove lanes");
    let one = vec![own];
    assert_eq!(lanes(&browser, 0, 1), one);
    browser
        .wait("/44 wait/.test(document.querySelector('.lane-notes').innerText)", PATIENCE)
        .unwrap();
    server.reset();
    let file = run(&browser);
    assert_eq!(file.nodes[0].lanes, one);
    assert_eq!(server.peak(), 6);
    assert!(file.concurrency.effective < 6.1, "{:?}", file.concurrency);
    println!("under way: {with_lanes:.1} with lanes, {:.1} with one", file.concurrency.effective);

    browser.open("about:blank").unwrap();
    browser.open(&page.url("#/")).unwrap();
    assert_eq!(lanes(&browser, 0, 1), one);
    click(&browser, "Add lanes to all nodes");
    assert_eq!(lanes(&browser, 0, 9), expected);
    assert_eq!(browser.console_errors().unwrap(), Vec::<String>::new());
}

#[test]
fn start_looks_first_and_scripts_and_links_keep_their_plan() {
    let (page, server, browser) = (Page::serve().unwrap(), server(), Browser::shared().unwrap());
    let own = server.url("127.0.0.1");
    open_form(&browser, &page, &own);
    fill_load(&browser);
    // Pressed before the address has settled, or after: the run has lanes.
    let file = run(&browser);
    assert_eq!(file.nodes[0].lanes.len(), 9);

    let script = "const plan = fwit.preset('quick');
        plan.cluster.nodes = [{ name: 'n1', url: args[0] }];
        Object.assign(plan.load, { warmup_s: 0, duration_s: 1 });
        plan.subscribers = 0;
        const run = await fwit.start(plan);
        const found = await fwit.findLanes(plan);
        return [run.plan.cluster.nodes[0].lanes ?? [], found.cluster.nodes[0].lanes.length];";
    let told = browser.eval(script, &[json!(own)]).unwrap();
    assert_eq!(told, json!([[], 9]));

    // A plan that came as a whole is not changed until the user asks.
    let script = "const plan = fwit.preset('quick');
        plan.cluster.nodes = [{ name: 'n1', url: args[0] }];
        const files = new DataTransfer();
        files.items.add(new File([JSON.stringify(plan)], 'plan.json'));
        location.hash = '#/';
        await new Promise((drawn) => setTimeout(drawn, 100));
        const input = document.querySelector('input[aria-label=\"Plan file\"]');
        input.files = files.files;
        input.dispatchEvent(new Event('change', { bubbles: true }));";
    browser.eval(script, &[json!(own)]).unwrap();
    browser.wait("/is in the form/.test(document.body.innerText)", PATIENCE).unwrap();
    server.reset();
    fill(&browser, "f-load-duration_s", "1");
    fill(&browser, "f-subscribers", "0");
    let file = run(&browser);
    assert!(file.nodes[0].lanes.len() == 1 && server.peak() == 6, "{:?}", file.nodes[0].lanes);
}

#[test]
fn every_node_of_a_cluster_gets_lanes_of_its_own() {
    let page = Page::serve().unwrap();
    let cluster = Cluster::start(3, &[]).unwrap();
    let browser = Browser::shared().unwrap();
    let nodes: Vec<String> =
        cluster.nodes().iter().map(|n| format!("{}={}", n.name, n.url)).collect();
    open_form(&browser, &page, &nodes.join(","));
    let mut all = BTreeSet::new();
    for (i, node) in cluster.nodes().iter().enumerate() {
        let lanes = lanes(&browser, i, 9);
        let port = node.url.rsplit(':').next().unwrap();
        assert!(lanes.iter().all(|lane| lane.ends_with(port)), "{lanes:?}");
        all.extend(lanes);
    }
    assert_eq!(all.len(), 27);
    // What was found is in the plan that is shared.
    let opened = "162 connections: 9 lanes × 6 at each of 3 nodes";
    let said = format!("document.querySelector('.lane-notes').innerText.includes('{opened}')");
    assert_eq!(browser.wait(&said, PATIENCE).unwrap(), Value::Bool(true));
    cluster.stop().unwrap();
}
