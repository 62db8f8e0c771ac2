//! The peer port: who is no node of the cluster can do nothing there.

use std::os::unix::fs::PermissionsExt;

use reqwest::{Method, StatusCode};
use serde_json::json;

use crate::harness::{Cluster, header};

const HEADER: &str = "x-fwit-peer-secret";

#[tokio::test]
async fn only_nodes_of_the_cluster_may_speak_to_peer_ports() {
    let c = Cluster::start(&["--faults"]);
    let leader = c.leader().await;
    let file = c.data.join("peer-secret");
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let text = std::fs::read_to_string(&file).unwrap();
    let secret = text.trim_end();
    let body = json!({"key":"k","value":"stranger"}).to_string();
    let ask = |method: Method, url: String, secret: &str, host: Option<&str>| {
        // As a page of any site sends it, without asking first.
        let request = c.client.request(method, url).header("content-type", "text/plain");
        let request = request.header("origin", "https://evil.test").body(body.clone());
        let request = match host {
            Some(host) => request.header("host", host),
            None => request,
        };
        let request = if secret.is_empty() { request } else { request.header(HEADER, secret) };
        async move { request.send().await.unwrap() }
    };

    let wrong = "0".repeat(secret.len());
    let part = &secret[1..];
    let mut refused = [0.0; 2];
    for index in 0..3 {
        for (given, host, code) in [
            ("", None, StatusCode::FORBIDDEN),
            (wrong.as_str(), None, StatusCode::FORBIDDEN),
            (part, None, StatusCode::FORBIDDEN),
            ("", Some("evil.test"), StatusCode::MISDIRECTED_REQUEST),
            (secret, Some("evil.test"), StatusCode::MISDIRECTED_REQUEST),
            (secret, Some("127.0.0.1.evil.test:80"), StatusCode::MISDIRECTED_REQUEST),
        ] {
            for (method, path) in [
                (Method::POST, "/db/api/v1/set"),
                (Method::POST, "/raft/elect"),
                (Method::POST, "/raft/vote"),
                (Method::POST, "/raft/append"),
                (Method::POST, "/raft/snapshot"),
                (Method::GET, "/raft/read-index"),
                (Method::GET, "/db/api/v1/get?key=k"),
                (Method::OPTIONS, "/db/api/v1/set"),
                (Method::GET, "/no/such"),
            ] {
                let answer = ask(method.clone(), c.peer(index, path), given, host).await;
                assert_eq!(answer.status(), code, "{method} {path} {given:?} {host:?}");
                assert_eq!(header(&answer, "access-control-allow-origin"), "");
                assert_eq!(header(&answer, "access-control-allow-headers"), "");
            }
        }
        for (reason, count) in ["secret", "host"].into_iter().zip(&mut refused) {
            *count += c.metric(index, &format!("fwit_rejected_total{{reason=\"{reason}\"}}")).await;
        }
    }
    assert_eq!(refused, [81.0, 81.0]);
    for index in 0..3 {
        assert_eq!(c.get(index, "get?key=k").await.status(), 404, "nothing was carried out");
    }

    // It is the secret that lets in, under any name of this machine.
    let set = ask(Method::POST, c.peer(leader, "/db/api/v1/set"), secret, Some("localhost")).await;
    assert_eq!(set.status(), 200);
    c.reads(leader, "k", "stranger").await;
}

/// What is done by hand finds the secret where `up` left it, and the nodes know each other after.
#[tokio::test]
async fn a_node_that_is_started_by_hand_belongs_to_the_cluster() {
    let mut c = Cluster::start(&["--writes=forward"]);
    let leader = c.leader().await;
    let away = c.follower().await;
    c.kill(away);
    c.start_node(away);
    // Caught up: it has asked the leader. Then it forwards, and gets the leader's entries.
    c.leader().await;
    assert_eq!(c.post(away, "set", &json!({"key":"k","value":"v"})).await.status(), 200);
    c.reads(away, "k", "v").await;

    // With another secret it is told so, and gets nothing.
    let stranger = (0..3).find(|index| ![leader, away].contains(index)).unwrap();
    c.kill(stranger);
    let own = tempfile::tempdir().unwrap();
    let error = c.start_node_in(stranger, own.path()).await;
    assert!(error.contains("peer-secret") && error.contains("--data"), "{error}");
    assert_eq!(c.get(stranger, "get?key=k").await.status(), 503);
}
