//! A whole experiment in a real browser against a real cluster: what it says agrees with what the
//! nodes themselves say. Whether it is sure is a matter of the machine, and printed:
//! `crates/report/tests/experiment` holds the verdicts.

use std::collections::BTreeMap;
use std::time::Duration;

use fwit_e2e::{Browser, Cluster, Page};
use serde_json::{Value, json};

const PATIENCE: Duration = Duration::from_secs(300);

/// Mean time in the handler of a node's answered reads, ms, by the node's own count.
fn read_ms(metrics: &BTreeMap<String, f64>) -> Option<f64> {
    let sum = |name: &str| {
        let of = format!("fwit_request_seconds_{name}{{");
        metrics
            .iter()
            .filter(|(series, _)| {
                series.starts_with(&of)
                    && series.contains("route=\"get\"")
                    && series.contains("via=\"client\"")
            })
            .map(|(_, value)| value)
            .sum::<f64>()
    };
    let count = sum("count");
    (count > 0.0).then(|| 1e3 * sum("sum") / count)
}

fn metric<'a>(comparison: &'a Value, name: &str) -> &'a Value {
    comparison["primaries"].as_array().unwrap().iter().find(|m| m["name"] == name).unwrap()
}

/// The leader serves every write, one after the other; followers answer reads from their own state.
/// Who sticks to the leader reads slowly, who does not reads fast at two nodes of three.
#[test]
fn sticky_or_not_on_a_busy_leader() {
    let page = Page::serve().unwrap();
    // Few requests that take long: a machine of two cores carries browser and cluster without
    // strain.
    let cluster = Cluster::start(3, &["--write-ms", "16", "--read-ms", "0.5"]).unwrap();
    let browser = Browser::shared().unwrap();
    browser.open(&page.url("#/runs")).unwrap();
    browser.wait("window.fwit", PATIENCE).unwrap();

    let nodes: Vec<Value> = cluster
        .nodes()
        .iter()
        .map(|n| {
            let port = n.url.rsplit(':').next().unwrap().trim_end_matches('/').to_string();
            let lanes: Vec<String> =
                (1..=4).map(|l| format!("http://l{l}.localhost:{port}")).collect();
            json!({ "name": n.name, "url": n.url, "lanes": lanes })
        })
        .collect();
    let mut base = browser.eval("return fwit.preset('quick');", &[]).unwrap();
    base["cluster"]["nodes"] = json!(nodes);
    base["load"]["entities"] = json!(12);
    base["mix"] = json!({ "set": 1, "get": 1 });
    base["subscribers"] = json!(0);
    let experiment = json!({
        "format": "fwit-experiment", "version": 1, "name": "busy leader", "base": base,
        "arms": [
            { "name": "sticky", "changes": { "disable_leader_stickiness": false } },
            { "name": "not sticky", "changes": { "disable_leader_stickiness": true } },
        ],
        "design": { "pairs": 6, "period_s": 3.0, "settle_s": 1.0 },
    });
    let script = "window.over = null;
        fwit.experiment(args[0]).then((e) => { window.over = { e }; }, (error) => \
        { window.over = { error: String(error) }; });";
    browser.eval(script, std::slice::from_ref(&experiment)).unwrap();
    browser.wait("window.over", PATIENCE).unwrap();
    assert_eq!(browser.eval("return over.error ?? null;", &[]).unwrap(), Value::Null);
    let done: Value = serde_json::from_str(
        browser.eval("return JSON.stringify(over.e);", &[]).unwrap().as_str().unwrap(),
    )
    .unwrap();

    let comparison = &done["comparisons"][0];
    println!("{}", comparison["headline"]);
    for name in ["throughput", "read p50", "write p50"] {
        let m = metric(comparison, name);
        println!("{name}: {} {} {}", m["verdict"], m["ratio"], m["ci95"]);
    }
    for period in done["periods"].as_array().unwrap().iter().filter(|p| p["invalid"].is_string()) {
        println!("pair {}, arm {}: {}", period["pair"], period["arm"], period["invalid"]);
    }
    let reads = metric(comparison, "read p50");
    assert!(reads["ratio"].as_f64().unwrap() < 1.0, "{reads}");

    // What the nodes tell: reads wait in the leader's queue and not in the followers'.
    let leader = cluster.leader().unwrap();
    let own = |name: &str| {
        let node = cluster.nodes().iter().find(|n| n.name == name).unwrap();
        read_ms(&cluster.metrics(node).unwrap())
    };
    let at_leader = own(&leader.name).unwrap();
    for node in cluster.nodes().iter().filter(|n| n.name != leader.name) {
        let at_follower = own(&node.name).unwrap();
        println!(
            "reads by the nodes' own count: leader {at_leader:.2} ms, {} {at_follower:.2} ms",
            node.name
        );
        assert!(at_follower < at_leader, "the nodes say otherwise");
    }

    // The file of the experiment opens again. Without stickiness reads at the leader take longer
    // than at each follower by the page's count too; with it there is the leader alone.
    let (_, view) = fwit_report::experiment::open(done.to_string().as_bytes()).unwrap();
    let arm = |arm: usize| view.arms[arm].run.as_ref().unwrap();
    println!("{}\n{}", arm(0).latency_groups.headline, arm(1).latency_groups.headline);
    let reads_at = |name: &str| {
        let mut rows = arm(1).by_op_node.iter();
        let row = rows.find(|r| r.op.as_deref() == Some("get") && r.node.as_deref() == Some(name));
        row.unwrap().service.mean_us
    };
    for node in cluster.nodes().iter().filter(|n| n.name != leader.name) {
        assert!(reads_at(&node.name) < reads_at(&leader.name), "the page says otherwise");
    }
    // Each period that was carried out is in the file, and each pair has a period of each arm.
    let periods = done["periods"].as_array().unwrap();
    let of_arm =
        |arm: u64| periods.iter().filter(|p| p["arm"] == arm && p["invalid"].is_null()).count();
    assert!(periods.len() >= 12, "{}", periods.len());
    println!("{} and {} periods count", of_arm(0), of_arm(1));
}
