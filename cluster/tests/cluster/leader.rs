//! Followers: redirect, forward; and a leader that dies.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde_json::json;

use crate::harness::{Cluster, eventually, header};

#[tokio::test]
async fn forwarding_followers_answer_for_the_leader() {
    let c = Cluster::start(&["--writes=forward", "--reads=forward"]);
    let leader = c.leader().await;
    let follower = c.follower().await;
    let set = c.post(follower, "set", &json!({"key":"k","value":"v"})).await;
    assert_eq!(set.status(), 200);
    assert_eq!(header(&set, "x-served-by"), c.nodes[leader].name);
    assert_eq!(header(&set, "x-forwarded-by"), c.nodes[follower].name);
    assert_eq!(header(&set, "access-control-allow-origin"), "*");
    // A forwarded read sees the write at once: no waiting here.
    let get = c.get(follower, "get?key=k").await;
    assert_eq!(header(&get, "x-served-by"), c.nodes[leader].name);
    assert_eq!(get.text().await.unwrap(), "{\"data\":\"v\"}\n");
    let exists = c.post(follower, "setnx", &json!({"key":"k","value":"v"})).await;
    assert_eq!(exists.status(), 409);
    assert_eq!(exists.text().await.unwrap(), "key 'fwit:k' already exists\n");
    let blob = c.put_blob(follower, "b", &[1, 2]).await;
    assert_eq!(blob.status(), 200);
    assert_eq!(header(&blob, "x-blob-already-exists"), "false");
    assert_eq!(c.get(follower, "blob/get?key=b").await.bytes().await.unwrap().as_ref(), [1, 2]);
}

#[tokio::test]
async fn a_killed_leader_loses_no_acknowledged_write_and_comes_back() {
    let mut c = Cluster::start(&["--writes=forward"]);
    let leader = c.leader().await;
    let alive: Vec<usize> = (0..3).filter(|index| *index != leader).collect();
    let stop = Arc::new(AtomicBool::new(false));
    let mut writers = Vec::new();
    for writer in 0..8 {
        let (client, url, stop) = (c.client.clone(), c.api(alive[writer % 2], "set"), stop.clone());
        writers.push(tokio::spawn(async move {
            let (mut acknowledged, mut codes) = (Vec::new(), Vec::new());
            for number in 0.. {
                if stop.load(Ordering::Relaxed) {
                    break;
                }
                let key = format!("w{writer}-{number}");
                let body = json!({"key":key,"value":number.to_string()}).to_string();
                let code = client.post(&url).body(body).send().await.unwrap().status().as_u16();
                codes.push(code);
                if code == 200 {
                    acknowledged.push((key, number.to_string()));
                } else {
                    tokio::time::sleep(Duration::from_millis(5)).await;
                }
            }
            (acknowledged, codes)
        }));
    }
    let written = "fwit_requests_total{route=\"set\",method=\"POST\",code=\"200\",via=\"client\"}";
    eventually("writes flow", async || c.metric(alive[0], written).await > 50.0).await;
    c.kill(leader);
    let next = c.leader_of(&alive).await;
    let before = c.metric(alive[1], written).await;
    eventually("writes flow again", async || c.metric(alive[1], written).await > before + 50.0)
        .await;
    stop.store(true, Ordering::Relaxed);

    let (mut acknowledged, mut codes) = (Vec::new(), Vec::new());
    for writer in writers {
        let (keys, seen) = writer.await.unwrap();
        acknowledged.extend(keys);
        codes.extend(seen);
    }
    assert!(codes.iter().all(|code| [200, 500, 502, 503].contains(code)), "{codes:?}");
    assert!(codes.contains(&502), "clients are told at once that the leader is gone");
    for (key, value) in &acknowledged {
        let answer = c.get(next, &format!("get?key={key}")).await;
        assert_eq!(
            answer.text().await.unwrap(),
            format!("{{\"data\":\"{value}\"}}\n"),
            "{key} was acknowledged"
        );
    }

    c.start_node(leader);
    let (last, value) = acknowledged.last().unwrap();
    c.never_stale(leader, last, value).await;
    c.leader().await;
    for (key, value) in &acknowledged {
        let answer = c.get(leader, &format!("get?key={key}")).await;
        assert_eq!(
            answer.text().await.unwrap(),
            format!("{{\"data\":\"{value}\"}}\n"),
            "{key} at the node that came back"
        );
    }
    assert!(c.metric(alive[0], "fwit_leader_changes_total").await >= 1.0);
}

#[tokio::test]
async fn followers_redirect_no_request_to_a_dead_leader() {
    let c = Cluster::start(&[]);
    let leader = c.leader().await;
    let follower = c.follower().await;
    let body = json!({"key":"k","value":"v"});
    assert_eq!(c.post(follower, "set", &body).await.status(), 307);
    c.kill(leader);
    let (mut codes, old) =
        (Vec::new(), format!(":{}/", c.nodes[leader].url.rsplit(':').next().unwrap()));
    eventually("another node leads", async || {
        let answer = c.post(follower, "set", &body).await;
        let code = answer.status().as_u16();
        if codes.last() != Some(&code) {
            codes.push(code);
        }
        if code == 502 {
            let ping = c.ping(follower).await.unwrap();
            assert_ne!(ping["leader_url"], c.nodes[leader].url, "pages are not sent there either");
        }
        code == 200 || code == 307 && !header(&answer, "location").contains(&old)
    })
    .await;
    // 307 to the old leader only until its end is noticed, then 502 at once.
    assert!(codes.contains(&502), "{codes:?}");
    let noticed = codes.iter().position(|code| *code == 502).unwrap();
    assert!(noticed <= 1, "{codes:?}");
}

#[tokio::test]
async fn without_a_majority_nothing_is_acknowledged_and_nothing_hangs() {
    let c = Cluster::start(&["--write-timeout-ms=400"]);
    let leader = c.leader().await;
    assert_eq!(c.get(leader, "get?key=k").await.status(), 404);
    for index in (0..3).filter(|index| *index != leader) {
        c.kill(index);
    }
    let answer = c.post(leader, "set", &json!({"key":"k","value":"v"})).await;
    match answer.status().as_u16() {
        // Whether it will be applied is not known.
        500 => assert!(answer.text().await.unwrap().contains("may still be applied")),
        503 => assert!(answer.text().await.unwrap().contains("nothing was carried out")),
        code => panic!("{code}"),
    }
}

#[tokio::test]
async fn a_leader_that_knows_of_no_majority_refuses_writes_at_once() {
    // Longer than the client's patience: what is answered did not wait for it.
    let mut c = Cluster::start(&["--write-timeout-ms=60000"]);
    let leader = c.leader().await;
    let others: Vec<usize> = (0..3).filter(|index| *index != leader).collect();
    for index in &others {
        c.kill(*index);
    }
    eventually("the leader knows", async || {
        c.ping(leader).await.is_some_and(|ping| ping["status"] == "no majority")
    })
    .await;
    let body = json!({"key":"k","value":"refused"});
    for path in ["set", "cache/set", "delete"] {
        let answer = c.post(leader, path, &body).await;
        assert_eq!(answer.status(), 503, "{path}");
        let text = answer.text().await.unwrap();
        assert!(text.contains("no majority") && text.contains("nothing was carried out"), "{text}");
    }
    let event = c.post(leader, "events", &json!({"topic":"t","data":1})).await;
    assert_eq!(event.status(), 503);
    assert_eq!(c.get(leader, "get?key=k").await.status(), 404, "reads go on");
    let rejected = "fwit_rejected_total{reason=\"no_majority\"}";
    assert_eq!(c.metric(leader, rejected).await, 4.0);

    // One node more is a majority, and what was refused was refused for good.
    c.start_node(others[0]);
    eventually("writes are taken again", async || {
        let now = c.leader_of(&[leader, others[0]]).await;
        c.post(now, "set", &json!({"key":"k2","value":"v"})).await.status() == 200
    })
    .await;
    c.reads(others[0], "k2", "v").await;
    for index in [leader, others[0]] {
        assert_eq!(c.get(index, "get?key=k").await.status(), 404, "nothing was carried out");
    }
}
