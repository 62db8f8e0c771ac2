//! Faults of a plan, caused from the page: on the local cluster and on etcd, held against what the
//! nodes say of themselves.

use fwit_e2e::{Browser, Cluster, Etcd, Page};
use fwit_report::run::leadership::Gap;
use fwit_report::run::view::{EventKind, Recovery, RunView};
use serde_json::{Value, json};

use crate::runs::{PATIENCE, finish, start};

fn carry_out(page: &Page, plan: &Value) -> RunView {
    let browser = Browser::shared().unwrap();
    browser.open(&page.url("#/runs")).unwrap();
    browser.wait("window.fwit", PATIENCE).unwrap();
    start(&browser, plan);
    let (_, _, view) = finish(&browser);
    println!("{:?}\n{:?}\n{:?}", view.timeline, view.leadership, view.episodes);
    view
}

#[test]
fn a_cluster_is_paused_crashes_and_comes_back_by_the_plan() {
    let page = Page::serve().unwrap();
    let origin = page.origin();
    let flags = ["--faults", "--restart-s", "1", "--page-origin", &origin];
    let cluster = Cluster::start(3, &flags).unwrap();
    let before = cluster.leader().unwrap().name.clone();
    let view = carry_out(
        &page,
        &json!({
            "format": "fwit-plan", "name": "chaos",
            "cluster": { "dialect": "insi", "nodes": cluster.plan_nodes() },
            "load": { "entities": 20, "think_ms": 10, "warmup_s": 1, "duration_s": 24, "timeout_ms": 5_000 },
            "mix": { "set": 2, "get": 2, "bump": 1 }, "verify": true,
            "chaos": ["at 5s: pause leader for 3s", "at 14s: crash leader", "at 20s: remove an entity"],
        }),
    );
    let words: Vec<&str> = view.timeline.iter().map(|e| e.words.as_str()).collect();
    assert_eq!(words[0], format!("pause {before} for 3.00 s"));
    assert!(
        words[1].starts_with("crash n") && words[1].len() == 8 && words[2] == "an entity removed",
        "{words:?}"
    );
    let pause = &view.timeline[0];
    assert!(pause.until_s - pause.at_s >= 3.0 && pause.kind == EventKind::Fault, "{pause:?}");
    let leadership = view.leadership.as_ref().unwrap();
    let elections = leadership.elections();
    assert!(elections.len() >= 2, "{elections:?}");
    assert!(elections.iter().all(|e| e.term.is_some()));
    // While the leader stood still nothing was acknowledged until another one led.
    assert!(leadership.gaps.iter().any(|g| g.from_s < 6.0 && g.until_s > 5.0), "{leadership:?}");
    // The node whose leader was paused is there again, and the crashed one was started again.
    let found = view.verification.as_ref().unwrap();
    assert_eq!((found.missing, found.outdated, found.counters.low), (0, 0, 0), "{found:?}");
    let recovered = |r: &Recovery| matches!(r, Recovery::After(_) | Recovery::Undisturbed);
    assert!(recovered(&view.episodes[0].recovery), "{:?}", view.episodes[0]);
    let terms: Vec<u64> = leadership.spans.iter().filter_map(|s| s.term).collect();
    // As the nodes' own metrics have it at the end.
    // Who leads now says since when: within the time without acknowledged writes, and not after the
    // page saw it.
    let browser = Browser::shared().unwrap();
    let start = browser.eval("return Date.parse(args[0]);", &[json!(view.started_at)]).unwrap();
    let start = start.as_f64().unwrap() / 1e3;
    let since = |node| cluster.metrics(node).unwrap()["fwit_raft_leading_since_seconds"];
    let since = cluster.nodes().iter().map(since).fold(0.0, f64::max) - start;
    let seen = leadership.spans.last().unwrap();
    println!(
        "{:?} leads since {since:.3} s by its own metrics, seen at {:.3} s",
        seen.node, seen.from_s
    );
    // Clocks of one machine, cut to milliseconds.
    let around = |g: &&Gap| g.from_s - 0.01 <= since && since <= g.until_s + 0.01;
    let gap = leadership.gaps.iter().find(around);
    assert!(seen.from_s >= since - 0.01, "{since} {leadership:?}");
    assert!(gap.is_some(), "{since} {leadership:?}");
    let term = |node| cluster.metrics(node).unwrap()["fwit_raft_term"] as u64;
    let latest = cluster.nodes().iter().map(term).max();
    assert_eq!(terms.last().copied(), latest);
}

#[test]
fn etcds_leader_is_moved_by_the_plan() {
    let Some(etcd) = Etcd::start().unwrap() else { return };
    let page = Page::serve().unwrap();
    let before = etcd.leader().unwrap();
    let view = carry_out(
        &page,
        &json!({
            "format": "fwit-plan", "name": "move-leader",
            "cluster": { "dialect": "etcd", "nodes": etcd.nodes() },
            "load": { "entities": 10, "think_ms": 10, "warmup_s": 1, "duration_s": 14, "timeout_ms": 10_000 },
            "mix": { "put": 2, "get": 1, "publish": 1 }, "subscribers": 2, "verify": true,
            "chaos": ["at 6s: move-leader"],
        }),
    );
    let after = etcd.leader().unwrap();
    assert_ne!(before, after);
    assert_eq!(view.timeline.len(), 1);
    assert!(view.timeline[0].words.starts_with("move-leader "), "{:?}", view.timeline);
    assert!(!view.timeline[0].words.contains(':'), "{:?}", view.timeline);
    let elections = view.leadership.as_ref().unwrap().elections();
    assert_eq!(elections.len(), 1, "{elections:?}");
    let found = view.verification.as_ref().unwrap();
    assert_eq!(found.lost(), 0, "{found:?}");
    assert!(view.subscribers.list.iter().all(|s| s.lost == 0), "{:?}", view.subscribers);
}
