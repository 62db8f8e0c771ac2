//! A node whose disk is full: it says so, takes no requests, and sends none to itself.

use std::time::Duration;

use futures_util::StreamExt;
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

use crate::events::{Socket, subscribe};
use crate::harness::{Cluster, free_port, header};

/// 8 MiB: more than an empty log, and full after some dozens of large values.
const BLOCKS: u32 = 16_384;

async fn pings(c: &Cluster) -> Vec<Value> {
    let mut pings = Vec::new();
    for index in 0..3 {
        pings.push(c.get(index, "ping").await.json().await.unwrap());
    }
    pings
}

/// The code that a stream without events is closed with.
async fn closed_with(socket: &mut Socket) -> u16 {
    let message = tokio::time::timeout(Duration::from_secs(20), socket.next()).await;
    match message.expect("it ends").expect("it ends with a reason").unwrap() {
        Message::Close(Some(frame)) => frame.code.into(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_node_whose_disk_is_full_says_so_and_nothing_acknowledged_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let port = free_port();
    let mut acknowledged = Vec::new();
    {
        let c = Cluster::start_limited(BLOCKS, port, folder.path(), &["--write-timeout-ms=1000"]);
        let value = "x".repeat(200_000);
        let mut sockets = Vec::new();
        for index in 0..3 {
            sockets.push(subscribe(&c, index, "topic=t").await.unwrap());
        }
        let (mut number, mut stopped) = (0, Vec::new());
        while stopped.is_empty() {
            assert!(number < 2000, "the disk never gets full");
            let before = pings(&c).await;
            for index in 0..3 {
                let key = format!("k{number}");
                number += 1;
                let answer = c.post(index, "set", &json!({"key":key,"value":value})).await;
                let own = format!(":{}/", c.port + u16::try_from(index).unwrap());
                assert!(!header(&answer, "location").contains(&own), "to itself: {before:?}");
                match answer.status().as_u16() {
                    200 => acknowledged.push(key),
                    307 | 500 | 502 | 503 => {}
                    code => panic!("{code}"),
                }
            }
            stopped = pings(&c).await;
            for (index, ping) in stopped.iter_mut().enumerate() {
                ping["index"] = index.into();
            }
            stopped.retain(|ping| ping["status"] != "ok" && ping["status"] != "no majority");
        }

        for ping in stopped {
            let index = usize::try_from(ping["index"].as_u64().unwrap()).unwrap();
            let status = ping["status"].as_str().unwrap();
            assert!(status.starts_with("stopped: ") && status.len() > 20, "{ping}");
            assert_eq!(ping["role"], "stopped");
            for field in ["leader", "leader_url", "leader_node"] {
                assert_eq!(ping[field], "", "{field}");
            }
            let body = json!({"key":"k","value":"v","topic":"t"});
            for path in ["set", "cache/set", "events", "bump", "blob/delete"] {
                let answer = c.post(index, path, &body).await;
                assert_eq!(answer.status(), 503, "{path}");
                let text = answer.text().await.unwrap();
                assert!(text.contains("consensus has stopped (") && text.len() > 80, "{text}");
            }
            let read = c.get(index, &format!("get?key={}", acknowledged[0])).await;
            assert_eq!(read.status(), 503, "its state would be old for ever");
            assert_eq!(closed_with(&mut sockets[index]).await, 1011);
            assert_eq!(subscribe(&c, index, "topic=t").await.err(), Some(503));
            assert_eq!(c.metric(index, "fwit_role{role=\"stopped\"}").await, 1.0);
            assert_eq!(c.metric(index, "fwit_role{role=\"leader\"}").await, 0.0);
        }
    }
    assert!(!acknowledged.is_empty());
    // With room again the nodes go on where they were.
    let c = Cluster::start_at(port, folder.path(), &[]);
    let leader = c.leader().await;
    for key in &acknowledged {
        let answer = c.get(leader, &format!("get?key={key}")).await;
        assert_eq!(answer.status(), 200, "{key} was acknowledged");
        assert_eq!(answer.bytes().await.unwrap().len(), 200_000 + 12);
    }
    assert_eq!(c.post(leader, "set", &json!({"key":"k","value":"v"})).await.status(), 200);
}
