//! Runs in a real browser against a real cluster: what the run counts is what the cluster counted.

use std::collections::BTreeMap;
use std::time::Instant;

use fwit_e2e::{Browser, Cluster, Page, Python};
use fwit_quantities::sample::Outcome;
use fwit_report::run::view::Measure;
use fwit_report::run::wire::RunFile;
use serde_json::{Value, json};

use crate::runs::{PATIENCE, finish, merge, start};

/// The preset `quick` against a cluster, with changes: 50 entities, all nine operations.
fn plan(browser: &Browser, cluster: &Cluster, changes: Value) -> Value {
    let mut plan = browser.eval("return fwit.preset('quick');", &[]).unwrap();
    let nodes = cluster.plan_nodes();
    plan["cluster"]["nodes"] = nodes;
    merge(&mut plan, changes);
    plan
}

/// Redirects are counted under this name.
const REDIRECTS: &str = "307";

/// What clients asked of all nodes, by operation; redirects are counted apart.
fn asked(cluster: &Cluster) -> BTreeMap<String, u64> {
    let mut sums = BTreeMap::new();
    for node in cluster.nodes() {
        let Ok(metrics) = cluster.metrics(node) else { continue };
        for (series, count) in metrics {
            let label = |name: &str| {
                Some(series.split(&format!("{name}=\"")).nth(1)?.split('"').next()?.to_string())
            };
            if series.starts_with("fwit_requests_total{")
                && label("via").as_deref() == Some("client")
                && label("method").as_deref() != Some("OPTIONS")
                && let Some(route) = label("route")
            {
                let redirect = label("code").as_deref() == Some(REDIRECTS);
                let name = if redirect { REDIRECTS.to_string() } else { route };
                *sums.entry(name).or_default() += count as u64;
            }
        }
    }
    sums
}

/// Waits until clients have asked the cluster for an operation so many times.
fn wait_until_asked(cluster: &Cluster, op: &str, times: u64) {
    let deadline = Instant::now() + PATIENCE;
    while asked(cluster).get(op).is_none_or(|n| *n < times) {
        assert!(Instant::now() < deadline, "the load does not start");
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
}

/// The run's counts and the cluster's: equal but for requests whose answer was not seen.
fn assert_counted_exactly(
    file: &RunFile,
    before: &BTreeMap<String, u64>,
    after: &BTreeMap<String, u64>,
) {
    for (op, measured) in &file.totals {
        let warmup = file.warmup_totals[op];
        let issued = measured.issued + warmup.issued;
        let unseen =
            [measured, &warmup].iter().map(|c| c.aborted + c.timeout + c.network).sum::<u64>();
        let seen = after.get(op).unwrap_or(&0) - before.get(op).unwrap_or(&0);
        assert!(
            (issued - unseen..=issued).contains(&seen),
            "{op}: {issued} issued, {unseen} unseen, {seen} at the cluster"
        );
        assert!(measured.ok + measured.not_found > 0, "{op}: {measured:?}");
    }
}

fn leader_now(file: &RunFile) -> &str {
    &file.nodes.iter().find(|n| n.leads == Some(true)).expect("a leader at the end").name
}

#[test]
fn fifty_entities_sticky_and_not() {
    let page = Page::serve().unwrap();
    let cluster = Cluster::start(3, &[]).unwrap();
    let browser = Browser::shared().unwrap();
    browser.open(&page.url("#/runs")).unwrap();
    browser.wait("window.fwit", PATIENCE).unwrap();
    assert_eq!(
        browser.eval("return document.documentElement.dataset.fwit;", &[]).unwrap(),
        json!("idle")
    );

    let mut texts = Vec::new();
    for sticky in [true, false] {
        let before = asked(&cluster);
        let name = if sticky { "sticky" } else { "not sticky" };
        let changes = json!({ "name": name, "disable_leader_stickiness": !sticky,
            "load": { "warmup_s": 0, "duration_s": 8 } });
        start(&browser, &plan(&browser, &cluster, changes));
        browser.wait("document.documentElement.dataset.fwit === 'running'", PATIENCE).unwrap();
        let (text, file, view) = finish(&browser);
        let after = asked(&cluster);
        assert_counted_exactly(&file, &before, &after);
        assert_eq!(view.total.errors(), 0, "{:?}", view.errors);
        assert!((view.measured_s - 8.0).abs() < 0.5 && view.entities.len() == 50);

        // Times come from the wire, but for the last request of an entity whose entry came too
        // late. The three latencies add up.
        let sources = file.time_sources;
        assert_eq!(sources.wire + sources.page_clock, view.total.answers());
        assert!(sources.page_clock <= 50, "{sources:?}");
        let (wait, response) = (view.total.wait.mean_us, view.total.response.mean_us);
        assert!(view.total.service.mean_us + wait <= response * 1.02, "{:?}", view.total);

        // Redirects: as many as the nodes sent, but for those whose answer the end of the run cut
        // off.
        let leader = leader_now(&file).to_string();
        let redirected: u64 = file.counts.iter().map(|c| c.redirected).sum();
        let sent = after.get(REDIRECTS).unwrap_or(&0) - before.get(REDIRECTS).unwrap_or(&0);
        assert!(
            (redirected..=redirected + 50).contains(&sent),
            "{redirected} redirects, {sent} by the nodes"
        );
        let elsewhere = file.entities.iter().filter(|e| e.home != leader).count() as u64;
        if sticky {
            // One an entity at most: then it is on the leader, and stays.
            assert!(
                sent <= elsewhere,
                "{sent} redirects of {elsewhere} entities that began elsewhere"
            );
            let latched = file.entities.iter().filter(|e| e.latched.is_some()).count() as u64;
            assert!(latched >= redirected, "{latched} on the leader, {redirected} redirects");
            let astray: Vec<_> = file
                .entities
                .iter()
                .filter(|e| e.latched.as_ref().is_some_and(|l| *l != leader))
                .collect();
            assert!(astray.is_empty(), "not on {leader}: {astray:?}");
        } else {
            assert!(file.entities.iter().all(|e| e.latched.is_none()));
            // More than one an entity, or all would have stuck.
            assert!(
                elsewhere > 10 && redirected > elsewhere,
                "{elsewhere} elsewhere, {redirected} redirects"
            );
        }

        // Every event that was acknowledged was received, once, in order, by both subscribers.
        assert!(file.subscribers.published > 0);
        for s in &file.subscribers.list {
            assert_eq!((s.lost, s.duplicates, s.disconnects), (0, 0, 0), "{s:?}");
            assert!(s.received >= file.subscribers.published, "{s:?}");
        }
        texts.push((text, view));
    }

    // A saved file opens again to the same numbers.
    let (text, view) = &texts[0];
    browser.open(&page.url("#/runs")).unwrap();
    browser.wait("window.fwit", PATIENCE).unwrap();
    let id = browser.eval("return fwit.open(args[0]);", &[json!(text)]).unwrap();
    assert_eq!(id, json!(view.id));
    let shown = browser
        .wait(
            "document.querySelector('main')?.innerText.includes('sticky') && \
                              document.querySelector('main').innerText",
            PATIENCE,
        )
        .unwrap();
    assert!(shown.as_str().unwrap().contains("set"), "{shown}");
    for broken in [&text[..text.len() / 2], "{}", "no json"] {
        let error = browser.eval(
            "return fwit.open(args[0]).then(() => null, (e) => e.message);",
            &[json!(broken)],
        );
        assert!(error.unwrap().as_str().is_some_and(|e| e.contains("This ")), "{broken:.40}");
    }
    python_reads_the_same(text);
    assert_eq!(browser.console_errors().unwrap(), Vec::<String>::new());
    cluster.stop().unwrap();
}

/// Python's `hdrhistogram` decodes the histograms to the same counts and percentiles.
fn python_reads_the_same(run: &str) {
    let python = Python::ready().unwrap();
    let script = "
import json, sys
from hdrh.histogram import HdrHistogram
out = []
for entry in json.load(sys.stdin)['latency']:
    h = HdrHistogram.decode(entry['hist'])
    out.append([h.get_total_count(), h.get_max_value()] + [h.get_value_at_percentile(p) for p in \
    (50, 90, 95, 99, 99.9)])
print(json.dumps(out))
";
    let read: Vec<Vec<u64>> = serde_json::from_str(&python.run(script, run).unwrap()).unwrap();
    let (file, _) = fwit_report::run::open(run.as_bytes()).unwrap();
    assert_eq!(read.len(), file.latency.len());
    for (python, entry) in read.iter().zip(&file.latency) {
        let ours = fwit_report::run::hist::decode(&entry.hist).unwrap();
        // Python rounds the rank p n to the nearest, where HdrHistogram's own rule rounds up: ask
        // for its rank.
        let at = |p: f64| {
            let rank = ((p * entry.count as f64 + 0.5) as u64).max(1);
            let mut seen = 0;
            let cell = ours.iter_recorded().find(|cell| {
                seen += cell.count_at_value();
                seen >= rank
            });
            cell.map_or(0, |cell| cell.value_iterated_to())
        };
        let mut expected = vec![entry.count, entry.max_us];
        expected.extend(fwit_report::run::view::PERCENTILES.map(at));
        for (theirs, ours_value) in python.iter().zip(&expected) {
            // The libraries may name the two ends of one bucket.
            let same = theirs == ours_value || ours.equivalent(*theirs, *ours_value);
            assert!(same, "{} {}: {python:?} {expected:?}", entry.op, entry.node);
        }
        assert_eq!(python[0], entry.count);
    }
}

#[test]
fn a_stopped_run_is_a_valid_run() {
    let page = Page::serve().unwrap();
    let cluster = Cluster::start(3, &[]).unwrap();
    let browser = Browser::shared().unwrap();
    browser.open(&page.url("#/runs")).unwrap();
    browser.wait("window.fwit", PATIENCE).unwrap();
    start(
        &browser,
        &plan(&browser, &cluster, json!({ "load": { "warmup_s": 0, "duration_s": 600 } })),
    );
    browser.wait("document.documentElement.dataset.fwit === 'running'", PATIENCE).unwrap();
    // The live page shows answers before it is stopped.
    browser
        .wait("/answers|throughput/i.test(document.querySelector('main').innerText)", PATIENCE)
        .unwrap();
    wait_until_asked(&cluster, "set", 20);
    browser.eval("fwit.stop();", &[]).unwrap();
    let (_, file, view) = finish(&browser);
    assert_eq!(file.ended, fwit_report::run::view::Ended::Stopped);
    assert!(view.total.answers() > 0 && view.measured_s < 60.0);
    for measure in [Measure::Cluster, Measure::Service, Measure::Response] {
        assert_eq!(view.total.measure(measure).count, view.total.answers());
    }
    // What Stop cut off would have taken longer.
    let cut = view.total.service.censored.map_or(0, |c| c.count);
    assert_eq!(cut, view.total.count(Outcome::Aborted) + view.total.count(Outcome::Timeout));
    let error = browser
        .eval(
            "return fwit.start({ cluster: { dialect: 'insi', nodes: [] }, load: \
                              { entities: 0 } }).catch((e) => e.problems.map((p) => p.field));",
            &[],
        )
        .unwrap();
    assert_eq!(error, json!(["cluster.nodes", "load.entities"]));
    cluster.stop().unwrap();
}

#[cfg(unix)]
#[test]
fn the_leader_is_killed_in_mid_run() {
    let page = Page::serve().unwrap();
    let cluster = Cluster::start(3, &[]).unwrap();
    let browser = Browser::shared().unwrap();
    browser.open(&page.url("#/runs")).unwrap();
    browser.wait("window.fwit", PATIENCE).unwrap();
    let changes = json!({ "load": { "warmup_s": 0, "duration_s": 600 }, "verify": true,
        "mix": { "set": 2, "get": 1, "blob_set": 2, "bump": 1, "publish": 1 }, "subscribers": 0 });
    start(&browser, &plan(&browser, &cluster, changes));
    wait_until_asked(&cluster, "blob_set", 200);
    let dead = cluster.leader().unwrap().name.clone();
    cluster.kill(&dead).unwrap();
    // The two that are left elect another leader, and the load goes on there.
    let served = asked(&cluster).get("blob_set").copied().unwrap_or_default();
    wait_until_asked(&cluster, "blob_set", served + 400);
    let at = "return performance.now();";
    let before = browser.eval(at, &[]).unwrap().as_f64().unwrap();
    browser.wait(&format!("performance.now() > {before} + 3000"), PATIENCE).unwrap();
    browser.eval("fwit.stop();", &[]).unwrap();
    let (_, file, view) = finish(&browser);
    let leader = leader_now(&file);
    assert_ne!(leader, dead);
    // The last whole seconds: answers, no errors, everybody with the new leader.
    let end = view.seconds.iter().map(|s| s.t_s).max().unwrap();
    let last: Vec<_> = view.seconds.iter().filter(|s| (end - 2..end).contains(&s.t_s)).collect();
    assert!(
        last.len() == 2 && last.iter().all(|s| s.answers > 0 && s.errors == 0),
        "{:?}",
        view.seconds
    );
    assert!(
        file.entities.iter().all(|e| e.latched.as_deref().unwrap_or(&e.home) == leader),
        "{:?}",
        view.nodes
    );
    // What failed is classed as what it was.
    assert!(view.total.errors() > 0);
    for e in &view.errors {
        use fwit_quantities::sample::Outcome::{Network, NotLeader, Unavailable};
        // A node may redirect to the leader that is gone, while no other leads.
        assert!(matches!(e.outcome, Network | NotLeader | Unavailable), "{e:?}");
    }
    // No acknowledged write was lost: each blob's key was asked for, and none is missing. Where
    // the machine is so busy that the cluster elects again meanwhile, some keys stay unchecked.
    let check = view.verification.unwrap();
    assert_eq!(check.missing, 0, "{check:?}");
    let asked = check.present + check.unchecked;
    assert!(check.present > 0 && asked >= file.totals["blob_set"].ok, "{check:?}");
    println!("{} keys unchecked of {asked}", check.unchecked);
    cluster.stop().unwrap();
}
