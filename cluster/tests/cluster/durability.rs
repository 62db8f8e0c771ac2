//! What is acknowledged survives the death of every process.

use serde_json::json;

use crate::harness::{Cluster, eventually, free_port};

#[tokio::test]
async fn everything_acknowledged_survives_a_kill_of_all_nodes() {
    let folder = tempfile::tempdir().unwrap();
    let port = free_port();
    let count = 200;
    {
        let mut c = Cluster::start_at(port, folder.path(), &[]);
        let leader = c.leader().await;
        let writes = (0..count).map(|n| {
            let (c, body) = (&c, json!({"key":format!("k{n}"),"value":format!("v{n}")}));
            async move { c.post(leader, "set", &body).await.status() }
        });
        for status in futures_util::future::join_all(writes).await {
            assert_eq!(status, 200);
        }
        assert_eq!(
            c.post(leader, "cache/set", &json!({"key":"c","value":"cached"})).await.status(),
            200
        );
        let blob = c.put_blob(leader, "b", &[9; 100_000]).await;
        assert_eq!(blob.status(), 200);
        for index in 0..3 {
            c.kill(index);
        }
        c.up.kill().unwrap();
        c.up.wait().unwrap();
    }
    let c = Cluster::start_at(port, folder.path(), &[]);
    for index in 0..3 {
        // `ready` promises that every node holds everything: no waiting here.
        for n in [0, 1, count / 2, count - 1] {
            let answer = c.get(index, &format!("get?key=k{n}")).await;
            assert_eq!(
                answer.text().await.unwrap(),
                format!("{{\"data\":\"v{n}\"}}\n"),
                "node {index}"
            );
        }
        let cached = c.get(index, "cache/get?key=c").await.text().await.unwrap();
        assert_eq!(cached, "{\"data\":\"cached\"}\n");
        assert_eq!(c.get(index, "blob/get?key=b").await.bytes().await.unwrap().len(), 100_000);
    }
    let leader = c.leader().await;
    let page = c.get(leader, "iterate/prefix?prefix=k&offset=0&limit=1000").await;
    assert_eq!(
        page.json::<serde_json::Value>().await.unwrap()["data"].as_array().unwrap().len(),
        count
    );
}

/// Enough bytes for a snapshot while a node is away. The node that leads afterwards has purged its
/// log, so the one that was away can only come back by snapshot.
#[tokio::test]
async fn a_node_that_missed_purged_entries_comes_back_by_snapshot() {
    // A busy disk may take long for so much.
    let mut c = Cluster::start(&["--faults", "--write-timeout-ms=20000"]);
    let leader = c.leader().await;
    let away = c.follower().await;
    let next = 3 - leader - away;
    c.kill(away);
    assert_eq!(c.post(leader, "set", &json!({"key":"early","value":"purged"})).await.status(), 200);
    let value = "x".repeat(1 << 20);
    // 64 MiB of log ask for a snapshot.
    for n in 0..70 {
        let answer =
            c.post(leader, "set", &json!({"key":format!("big{}", n % 3),"value":value})).await;
        assert_eq!(answer.status(), 200);
    }
    let snapshot = c.data.join(&c.nodes[next].name).join("snapshot");
    eventually("a snapshot is taken", async || snapshot.exists()).await;
    let moved = c.client.post(c.url(leader, "/fault/step-down")).send().await.unwrap();
    assert_eq!(moved.status(), 200);
    assert_eq!(c.leader_of(&[leader, next]).await, next);
    assert_eq!(c.post(next, "set", &json!({"key":"after","value":"snapshot"})).await.status(), 200);
    c.start_node(away);
    c.never_stale(away, "after", "snapshot").await;
    assert_eq!(c.get(away, "get?key=big2").await.bytes().await.unwrap().len(), value.len() + 12);
    c.reads(away, "early", "purged").await;
    // And it goes on from there.
    assert_eq!(c.post(next, "set", &json!({"key":"more","value":"log"})).await.status(), 200);
    c.reads(away, "more", "log").await;
}
