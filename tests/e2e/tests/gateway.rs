//! The page through fwit-gateway: the key stays there, a follower's redirect names the leader, and
//! nodes without timing headers are timed.

use fwit_e2e::gateway::Gateway;
use fwit_e2e::{Browser, Cluster, Etcd};
use serde_json::{Value, json};

use crate::runs::{PATIENCE, finish, start};

const KEY: &str = "gateway-key-that-no-page-may-see";

/// The nodes of the form that the gateway's address opened, as the page's plan has them.
fn nodes_of_form(browser: &Browser) -> Value {
    let script = "return [...document.querySelectorAll('[id$=\"-url\"][id^=\"f-cluster-nodes\"]')]\
                  .map((field, i) => ({ name: `n${i + 1}`, url: field.value }));";
    browser.eval(script, &[]).unwrap()
}

fn plan(name: &str, dialect: &str, nodes: &Value) -> Value {
    json!({
        "format": "fwit-plan", "name": name,
        "cluster": { "dialect": dialect, "nodes": nodes },
        "load": { "entities": 12, "think_ms": 10, "warmup_s": 1, "duration_s": 6 },
        "disable_leader_stickiness": true,
    })
}

#[test]
fn the_key_stays_at_the_gateway_and_a_redirect_names_the_leader() {
    let cluster = Cluster::start(3, &["--api-key", KEY]).unwrap();
    let nodes: Vec<String> =
        cluster.nodes().iter().map(|n| format!("{}={}", n.name, n.url)).collect();
    let gateway = Gateway::start(&nodes, Some(("Bearer ", KEY))).unwrap();
    let browser = Browser::shared().unwrap();
    browser.open(&gateway.open).unwrap();
    browser.wait("window.fwit", PATIENCE).unwrap();
    let nodes = nodes_of_form(&browser);
    assert_eq!(nodes.as_array().map(Vec::len), Some(3), "{nodes}");
    start(&browser, &plan("through the gateway", "insi", &nodes));
    let (text, file, view) = finish(&browser);
    println!(
        "{} requests, {} sent on, {} preflights, {} errors; {:?}",
        view.total.issued,
        view.total.redirected,
        view.total.preflights,
        view.total.errors(),
        view.errors
    );
    assert!(view.total.answers() > 0 && view.total.redirected > 0);
    assert_eq!((view.total.preflights, view.total.errors()), (0, 0), "{:?}", view.errors);
    // Nobody else than these three was found, and none was asked who leads again and again.
    assert_eq!(view.nodes.len(), 3);
    // … beside the poll once a second, and the vitals.
    let polls = view.leadership.as_ref().unwrap().polls;
    let readings = view.vitals.as_ref().map_or(0, |v| v.t_s.len() as u64);
    let all: u64 = view.nodes.iter().map(|n| n.status_requests).sum();
    let vitals = view.vitals.as_ref().unwrap();
    for node in &vitals.nodes {
        let memory = node.memory_bytes.iter().flatten().filter(|bytes| **bytes > 0.0).count();
        assert!(memory > 1 && node.tasks.iter().flatten().count() > 1, "{node:?}");
    }
    let asked = all.saturating_sub(3 * (polls + readings));
    assert!(asked <= 12, "{asked} status requests for {} refusals", view.total.redirected);
    assert!(!text.contains(KEY));
    let everywhere = browser
        .eval("return document.documentElement.outerHTML + JSON.stringify({...localStorage});", &[])
        .unwrap();
    assert!(!everywhere.as_str().unwrap().contains(KEY));
    assert!(file.totals.values().map(|c| c.ok).sum::<u64>() > 0);
}

/// etcd's members as the gateway takes them.
fn members(etcd: &Etcd) -> Vec<String> {
    let nodes = etcd.nodes();
    let member =
        |n: &Value| format!("{}={}", n["name"].as_str().unwrap(), n["url"].as_str().unwrap());
    nodes.as_array().unwrap().iter().map(member).collect()
}

#[test]
fn etcd_is_timed_through_the_gateway_which_alone_has_the_token() {
    let Some(etcd) = Etcd::start().unwrap() else { return };
    let token = etcd.demand_token().unwrap();
    let gateway = Gateway::start(&members(&etcd), Some(("", &token))).unwrap();
    let browser = Browser::shared().unwrap();
    browser.open(&gateway.open).unwrap();
    browser.wait("window.fwit", PATIENCE).unwrap();
    start(&browser, &plan("etcd through the gateway", "etcd", &nodes_of_form(&browser)));
    let (text, _, view) = finish(&browser);
    println!("{} requests, {} timed on the wire", view.total.issued, view.time_sources.wire);
    assert_eq!((view.total.errors(), view.total.preflights), (0, 0), "{:?}", view.errors);
    assert!(view.time_sources.wire * 10 > view.total.answers() * 9);
    assert!(!text.contains(&token));
}
