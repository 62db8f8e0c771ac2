//! A page's view of the cluster: reachable across origins, counted exactly, alive after a node was
//! killed.

use std::collections::BTreeMap;
use std::time::Duration;

use fwit_e2e::{Browser, Cluster, Page};
use serde_json::{Value, json};

const PATIENCE: Duration = Duration::from_secs(60);

/// The sets that a node answered clients, whatever their code.
fn sets(metrics: &BTreeMap<String, f64>) -> f64 {
    let is_set = |series: &str| {
        series.starts_with("fwit_requests_total{")
            && series.contains("route=\"set\"")
            && series.contains("method=\"POST\"")
            && !series.contains("via=\"peer\"")
    };
    metrics.iter().filter(|(series, _)| is_set(series)).map(|(_, count)| count).sum()
}

#[test]
fn the_page_reaches_every_node_and_the_nodes_count_its_requests() {
    let page = Page::serve().unwrap();
    let cluster = Cluster::start(3, &[]).unwrap();
    let browser = Browser::shared().unwrap();
    browser.open(&page.url("#/runs")).unwrap();
    let urls: Vec<&str> = cluster.nodes().iter().map(|node| node.url.as_str()).collect();
    let leader = cluster.leader().unwrap();
    let before = sets(&cluster.metrics(leader).unwrap());
    let set_at_each = "
        const seen = [];
        for (const url of args[0]) {
            const body = JSON.stringify({ key: 'k', value: url });
            const answer = await fetch(`${url}/db/api/v1/set`, \
            { method: 'POST', body, cache: 'no-store' });
            seen.push([answer.status, answer.redirected, new URL(answer.url).origin]);
        }
        return seen;";
    let seen = browser.eval(set_at_each, &[json!(urls)]).unwrap();
    let expected: Vec<Value> =
        urls.iter().map(|url| json!([200, *url != leader.url, leader.url])).collect();
    assert_eq!(seen, json!(expected));
    // Each reached the leader, two of them through a redirect.
    let after = sets(&cluster.metrics(leader).unwrap());
    assert!((after - before - 3.0).abs() < f64::EPSILON, "{before} sets before, {after} after");
    assert_eq!(browser.console_errors().unwrap(), Vec::<String>::new());
    cluster.stop().unwrap();
}

#[cfg(unix)]
#[test]
fn a_killed_leader_is_followed_by_another() {
    let page = Page::serve().unwrap();
    let cluster = Cluster::start(3, &[]).unwrap();
    let browser = Browser::shared().unwrap();
    browser.open(&page.url("#/runs")).unwrap();
    let leader = cluster.leader().unwrap().clone();
    let others: Vec<&str> = cluster
        .nodes()
        .iter()
        .filter(|node| **node != leader)
        .map(|node| node.url.as_str())
        .collect();
    cluster.kill(&leader.name).unwrap();
    let set = format!(
        "(async () => {{ for (const url of {}) {{
            const body = JSON.stringify({{ key: 'k', value: 'v' }});
            const answer = await fetch(`${{url}}/db/api/v1/set`, \
            {{ method: 'POST', body }}).catch(() => null);
            if (answer?.ok) return answer.url;
        }} }})()",
        json!(others)
    );
    let set_at = browser.wait(&set, PATIENCE).unwrap();
    assert!(others.iter().any(|url| set_at.as_str().unwrap().starts_with(url)), "{set_at}");
}
