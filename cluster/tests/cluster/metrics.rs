//! The counters say exactly what was asked and answered.

use serde_json::json;

use crate::harness::{Cluster, eventually};

#[tokio::test]
async fn counts_are_exact_and_forwarded_requests_count_at_both_nodes() {
    let c = Cluster::start(&["--writes=forward"]);
    let leader = c.leader().await;
    let follower = c.follower().await;
    let count = async |at: usize, route: &str, method: &str, code: u16, via: &str| {
        let line = format!(
            "fwit_requests_total{{route=\"{route}\",method=\"{method}\",code=\"{code}\",via=\"{via}\"}}"
        );
        c.metric(at, &line).await
    };
    let asks = (0..40).map(|n| {
        let (c, body) = (&c, json!({"key":format!("k{n}"),"value":"v"}));
        async move {
            let at = if n % 4 == 0 { leader } else { follower };
            assert_eq!(c.post(at, "set", &body).await.status(), 200);
        }
    });
    futures_util::future::join_all(asks).await;
    for _ in 0..3 {
        c.options(c.api(follower, "set")).await;
        assert_eq!(c.get(follower, "get?key=absent").await.status(), 404);
        assert_eq!(c.get(follower, "nonsense").await.status(), 404);
    }
    assert_eq!(count(leader, "set", "POST", 200, "client").await, 10.0);
    assert_eq!(count(leader, "set", "POST", 200, "peer").await, 30.0);
    assert_eq!(count(follower, "set", "POST", 200, "client").await, 30.0);
    assert_eq!(count(follower, "set", "POST", 200, "peer").await, 0.0);
    assert_eq!(count(follower, "set", "OPTIONS", 204, "client").await, 3.0);
    assert_eq!(count(follower, "get", "GET", 404, "client").await, 3.0);
    assert_eq!(count(follower, "other", "GET", 404, "client").await, 3.0);
    let started = "fwit_requests_started_total{route=\"set\",via=\"client\"}";
    assert_eq!(c.metric(follower, started).await, 33.0);
    let seconds = "fwit_request_seconds_count{route=\"set\",via=\"client\"}";
    assert_eq!(c.metric(follower, seconds).await, 30.0, "preflights are not among the latencies");
    // `/metrics` counts itself: the request under way is not answered yet.
    let before = count(follower, "metrics", "GET", 200, "client").await;
    assert_eq!(count(follower, "metrics", "GET", 200, "client").await, before + 1.0);
    assert_eq!(c.metric(leader, "fwit_role{role=\"leader\"}").await, 1.0);
    assert_eq!(c.metric(follower, "fwit_role{role=\"follower\"}").await, 1.0);
    assert!(c.metric(leader, "fwit_raft_term").await >= 1.0);
    assert!(c.metric(leader, "process_resident_memory_bytes").await > 1e6);
    eventually("CPU time is counted", async || {
        c.get(leader, "get?key=k1").await;
        c.metric(leader, "process_cpu_seconds_total").await > 0.0
    })
    .await;
}
