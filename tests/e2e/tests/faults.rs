//! Under load nodes are killed, paused and started again: no acknowledged write is lost, every
//! request is counted once, every event came or is counted as lost.
//!
//! `FWIT_FAULT_ROUNDS` sets how often (`cargo xtask prove faults`).
#![cfg(unix)]

use std::time::Duration;

use fwit_e2e::{Browser, Cluster, Page, Restarted};
use serde_json::json;

use crate::runs::{PATIENCE, finish, start};

const FLAGS: [&str; 1] = ["--faults"];
const SECONDS: u64 = 14;

/// A small generator: which node, which fault, how long. The same each time.
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: u64) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % n
    }
}

/// What was done to the cluster.
#[derive(Default, Debug)]
struct Done {
    kills: u32,
    restarts: u32,
    pauses: u32,
}

/// Breaks and mends nodes for about ten seconds, one at a time, so that a majority is there.
fn break_and_mend(
    cluster: &Cluster,
    data: &std::path::Path,
    again: &mut [Option<Restarted>],
    dice: &mut Dice,
    done: &mut Done,
) {
    let mut spent = Duration::ZERO;
    while spent < Duration::from_secs(9) {
        let i = dice.below(3) as usize;
        let node = &cluster.nodes()[i];
        let away = Duration::from_millis(500 + dice.below(2_000));
        let rest = Duration::from_millis(800 + dice.below(700));
        if dice.below(3) == 0 {
            cluster.fault(node, "pause").unwrap();
            std::thread::sleep(away);
            cluster.fault(node, "resume").unwrap();
            done.pauses += 1;
        } else {
            match again[i].take() {
                Some(restarted) => restarted.kill(),
                None => cluster.kill(&node.name).unwrap(),
            }
            done.kills += 1;
            std::thread::sleep(away);
            again[i] = Some(cluster.restart(&node.name, data, &FLAGS).unwrap());
            done.restarts += 1;
        }
        std::thread::sleep(rest);
        spent += away + rest;
    }
}

#[test]
fn nodes_that_die_and_come_back_lose_no_acknowledged_write() {
    let rounds = std::env::var("FWIT_FAULT_ROUNDS")
        .map_or(1, |n| n.parse::<u32>().expect("FWIT_FAULT_ROUNDS is a number"));
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path();
    let page = Page::serve().unwrap();
    let flags = ["--faults", "--data", data.to_str().unwrap()];
    let cluster = Cluster::start(3, &flags).unwrap();
    let browser = Browser::shared().unwrap();
    browser.open(&page.url("#/runs")).unwrap();
    browser.wait("window.fwit", PATIENCE).unwrap();
    let nodes = cluster.plan_nodes();
    let plan = json!({
        "format": "fwit-plan", "name": "faults",
        "cluster": { "dialect": "insi", "nodes": nodes },
        "load": { "entities": 50, "think_ms": 20, "warmup_s": 1, "duration_s": SECONDS,
            "timeout_ms": 5_000 },
        "mix": { "set": 3, "get": 2, "bump": 1, "publish": 1 },
        "subscribers": 3, "verify": true,
    });
    let mut again: Vec<Option<Restarted>> = vec![None, None, None];
    let (mut dice, mut done) = (Dice(7), Done::default());
    let (mut written, mut issued) = (0, 0);
    for round in 1..=rounds {
        start(&browser, &plan);
        browser.wait("document.documentElement.dataset.fwit === 'running'", PATIENCE).unwrap();
        break_and_mend(&cluster, data, &mut again, &mut dice, &mut done);
        let (_, file, view) = finish(&browser);
        let found = file.verification.clone().expect("the keys were read back");
        let events = &view.subscribers;
        let lost: u64 = events.list.iter().map(|s| s.lost).sum();
        let received: u64 = events.list.iter().map(|s| s.received).sum();
        println!(
            "round {round}: {} issued, {} errors; {found:?}; {} events published, {received} \
             received, {lost} lost by 3 subscribers",
            view.total.issued,
            view.total.errors(),
            events.published
        );
        assert_eq!(found.missing, 0, "{found:?}");
        assert!(found.present > 0, "{found:?}");
        written += found.present;
        issued += view.total.issued;
    }
    println!(
        "{rounds} rounds, {done:?}: {issued} requests, {written} keys read back, none missing"
    );
}
