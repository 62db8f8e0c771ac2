//! Clusters that fwit did not write: etcd and Redis, each by its own dialect, against its own
//! books.

use std::time::Duration;

use fwit_e2e::{Browser, Etcd, Page, Webdis};
use fwit_report::run::wire::{CountsFile, RunFile};
use serde_json::{Value, json};

use crate::runs::{PATIENCE, finish, start};

/// How long a run of these tests is measured, seconds.
const SECONDS: u64 = 20;

fn plan(name: &str, dialect: &str, nodes: &Value, more: Value) -> Value {
    let mut plan = json!({
        "format": "fwit-plan", "name": name,
        "cluster": { "dialect": dialect, "nodes": nodes },
        "load": { "entities": 20, "think_ms": 10, "warmup_s": 1, "duration_s": SECONDS,
            "timeout_ms": 15_000 },
    });
    crate::runs::merge(&mut plan, more);
    plan
}

fn open(page: &Page) -> std::sync::MutexGuard<'static, Browser> {
    let browser = Browser::shared().unwrap();
    browser.open(&page.url("#/runs")).unwrap();
    browser.wait("window.fwit", PATIENCE).unwrap();
    browser
}

/// What became of some operations, warm-up and all.
fn counts<'a>(file: &'a RunFile, ops: &'a [&str]) -> impl Iterator<Item = &'a CountsFile> {
    let all = file.totals.iter().chain(&file.warmup_totals);
    all.filter(|(op, _)| ops.contains(&op.as_str())).map(|(_, counts)| counts)
}

/// Whether an operation was answered and did not fail in the last whole seconds.
fn all_is_well_at_the_end(file: &RunFile, op: &str) -> bool {
    let last = file.series.seconds.iter().rev().skip(1).take(4);
    let of_op: Vec<_> = last.map(|second| second.ops.get(op)).collect();
    of_op.iter().all(|op| op.is_some_and(|op| op.answers > 0 && op.errors == 0))
}

#[test]
fn etcds_own_books_say_the_same() {
    let Some(etcd) = Etcd::start().unwrap() else { return };
    let page = Page::serve().unwrap();
    let browser = open(&page);
    let methods = ["Put", "Range", "DeleteRange", "Txn"];
    let handled = || methods.map(|method| etcd.handled(method).unwrap());
    let before = handled();
    // A minute, as long as a first look of a user.
    let more = json!({ "subscribers": 2, "load": { "duration_s": 60 } });
    start(&browser, &plan("etcd", "etcd", &etcd.nodes(), more));
    let (_, file, view) = finish(&browser);
    let after = handled();
    let of_method = [
        &["put", "publish"][..],
        &["get", "get_serializable"],
        &["delete"],
        &["put_new", "compare_and_put"],
    ];
    for (i, ops) in of_method.into_iter().enumerate() {
        let answered: u64 = counts(&file, ops).map(|c| c.ok + c.not_found + c.conflict).sum();
        let unknown: u64 = counts(&file, ops).map(|c| c.aborted + c.network + c.timeout).sum();
        let theirs = after[i] - before[i];
        println!(
            "{}: {theirs} by etcd's books, {answered} answered, {unknown} cut off",
            methods[i]
        );
        assert!((answered..=answered + unknown).contains(&theirs), "{}", methods[i]);
        assert!(answered > 0);
    }
    for op in ["get", "compare_and_put", "put_new"] {
        let ops = [op];
        let own: Vec<&CountsFile> = counts(&file, &ops).collect();
        assert!(own.iter().any(|c| c.ok > 0), "{op}: {own:?}");
    }
    let errors = view.total.errors();
    assert_eq!(errors, 0, "{:?}", view.errors);
    for subscriber in &view.subscribers.list {
        assert!(subscriber.received > 0 && subscriber.lost == 0, "{subscriber:?}");
    }
    assert!(view.subscribers.published > 0);
}

#[test]
fn etcd_without_its_leader_loses_no_acknowledged_write() {
    let Some(mut etcd) = Etcd::start().unwrap() else { return };
    let page = Page::serve().unwrap();
    let browser = open(&page);
    let mix = json!({ "put": 2, "get": 1, "publish": 1 });
    let more =
        json!({ "mix": mix, "verify": true, "keys": { "space": 100_000 }, "subscribers": 3 });
    start(&browser, &plan("etcd, leader killed", "etcd", &etcd.nodes(), more));
    browser.wait("document.documentElement.dataset.fwit === 'running'", PATIENCE).unwrap();
    std::thread::sleep(Duration::from_secs(5));
    let leader = etcd.leader().unwrap();
    etcd.kill(leader);
    std::thread::sleep(Duration::from_secs(6));
    etcd.restart(leader).unwrap();
    let (_, file, view) = finish(&browser);
    let found = file.verification.clone().unwrap();
    let keys = etcd.keys("stress-key-").unwrap();
    println!(
        "{} issued, {} errors; read back {found:?}; etcdctl has {} keys",
        view.total.issued,
        view.total.errors(),
        keys.len()
    );
    assert_eq!((found.missing, found.outdated), (0, 0), "{found:?}");
    println!("{:?}", view.subscribers);
    // Every watch went on from the revision where it was cut off.
    let events = &view.subscribers;
    assert!(events.published > 0);
    assert!(events.list.iter().all(|s| s.received > 0 && s.lost == 0), "{events:?}");
    assert!(events.list.iter().any(|s| s.disconnects > 0), "{events:?}");
    assert!(found.present > 0 && keys.len() as u64 >= found.present, "{found:?}");
    // Who was asked at the dead member was refused, and went on with the new leader.
    let failed: u64 = counts(&file, &["put", "get"]).map(|c| c.network + c.timeout).sum();
    assert!(failed > 0, "the kill was not felt");
    assert!(all_is_well_at_the_end(&file, "put"), "the new leader was not found");
}

#[test]
fn redis_replicas_refuse_with_200_and_a_failover_is_followed() {
    let Some(redis) = Webdis::start().unwrap() else { return };
    let page = Page::serve().unwrap();
    let browser = open(&page);
    let more = json!({ "disable_leader_stickiness": true, "subscribers": 1 });
    start(&browser, &plan("redis", "redis-webdis", &redis.nodes(), more));
    browser.wait("document.documentElement.dataset.fwit === 'running'", PATIENCE).unwrap();
    std::thread::sleep(Duration::from_secs(8));
    redis.fail_over(1).unwrap();
    let (_, file, view) = finish(&browser);
    let writes = ["set", "set_new", "delete", "increment"];
    let ok: u64 = counts(&file, &writes).map(|c| c.ok).sum();
    let refused: u64 = counts(&file, &writes).map(|c| c.not_leader).sum();
    let sent_on = view.total.redirected;
    println!(
        "{ok} writes done, {refused} refused, {sent_on} sent on by READONLY; {:?}",
        view.errors
    );
    // Two of three nodes are replicas at any time: their writes go on to the master.
    assert!(ok > 0 && sent_on > 0);
    assert!(refused * 20 < ok, "{refused} of {ok}");
    assert_eq!(redis.role(1).as_deref(), Some("master"));
    assert!(all_is_well_at_the_end(&file, "increment"), "the new master was not found");
}
