//! Delays: one server a node, first come first served; clients' distance; hops. Ratios, no absolute
//! bounds above.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::harness::{Cluster, handler_ms};

#[tokio::test]
async fn reads_queue_for_the_one_server_of_their_node() {
    let c = Cluster::start(&["--nodes=1", "--read-ms=5"]);
    c.get(0, "get?key=k").await;
    let start = Instant::now();
    let asks = (0..20).map(|_| async {
        let answer = c.get(0, "get?key=k").await;
        (handler_ms(&answer), start.elapsed())
    });
    let mut seen = futures_util::future::join_all(asks).await;
    let all = start.elapsed();
    assert!(all >= Duration::from_millis(100), "20 turns of 5 ms do not overlap: {all:?}");
    seen.sort_by(|a, b| a.0.total_cmp(&b.0));
    let times: Vec<f64> = seen.iter().map(|(ms, _)| *ms).collect();
    assert!(times[0] >= 5.0, "{times:?}");
    // The n-th in the queue waited for those before it, less what it came later than they did.
    assert!(times[19] / times[0] >= 5.0, "the last waited for the others: {times:?}");
    // Writes have their own service time: none here. Of five, as a disk may be busy for one.
    let mut writes = Vec::new();
    for _ in 0..5 {
        writes.push(handler_ms(&c.post(0, "cache/set", &json!({"key":"k","value":"v"})).await));
    }
    writes.sort_by(f64::total_cmp);
    assert!(writes[0] < times[19], "{writes:?} {times:?}");
}

#[tokio::test]
async fn distance_is_felt_by_clients_but_not_counted_by_the_node() {
    let c = Cluster::start(&["--client-ms=0,80", "--redirect-ms=40"]);
    let ask = async |index: usize| {
        let start = Instant::now();
        let answer = c.get(index, "get?key=k").await;
        (start.elapsed(), handler_ms(&answer))
    };
    let (far, inside) = ask(1).await;
    assert!(far >= Duration::from_millis(80), "{far:?}");
    assert!(
        inside < far.as_secs_f64() * 500.0,
        "the node counts its own time: {inside} ms of {far:?}"
    );
    let (near, _) = ask(0).await;
    assert!(near < far, "{near:?} {far:?}");
    let leader = c.leader().await;
    let follower = (0..3).find(|index| *index != leader).unwrap();
    let moved = c.post(follower, "set", &json!({"key":"k","value":"v"})).await;
    assert_eq!(moved.status(), 307);
    assert!(handler_ms(&moved) >= 40.0);
}

#[tokio::test]
async fn hops_are_paid_by_consensus_and_by_forwarding() {
    let c = Cluster::start(&["--hop-ms=20", "--writes=forward", "--reads=forward"]);
    let leader = c.leader().await;
    let follower = c.follower().await;
    let body = json!({"key":"k","value":"v"});
    let at_leader = handler_ms(&c.post(leader, "set", &body).await);
    assert!(at_leader >= 40.0, "a majority is one round trip away: {at_leader}");
    let forwarded = handler_ms(&c.post(follower, "set", &body).await);
    assert!(forwarded >= 80.0, "and the leader another: {forwarded}");
    let read = handler_ms(&c.get(follower, "get?key=k").await);
    assert!(read >= 40.0, "{read}");
}
