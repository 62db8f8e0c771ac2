//! Pause, resume, step-down, crash; who may ask for them.

use std::process::Command;
use std::time::Duration;

use serde_json::json;

use crate::harness::{BIN, Cluster, header};

fn run(args: &[&str]) -> (bool, String, String) {
    let done = Command::new(BIN).args(args).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (done.status.success(), text(done.stdout), text(done.stderr))
}

#[tokio::test]
async fn leadership_moves_by_step_down_and_by_pause() {
    let c = Cluster::start(&["--faults"]);
    let first = c.leader().await;
    let (done, _, error) = run(&["step-down", &c.nodes[first].url]);
    assert!(done, "{error}");
    let second = c.leader().await;
    assert_ne!(first, second);
    assert_eq!(c.post(second, "set", &json!({"key":"k","value":"v"})).await.status(), 200);
    let (done, _, error) = run(&["step-down", &c.nodes[first].url]);
    assert!(!done && error.contains("does not lead"), "{error}");

    assert!(run(&["pause", &c.nodes[second].url]).0);
    let mute = c.client.get(c.api(second, "ping")).timeout(Duration::from_millis(300)).send().await;
    assert!(mute.is_err_and(|error| error.is_timeout()), "a paused node does not answer");
    let others: Vec<usize> = (0..3).filter(|index| *index != second).collect();
    let third = c.leader_of(&others).await;
    assert_eq!(c.post(third, "set", &json!({"key":"k","value":"w"})).await.status(), 200);
    assert!(run(&["resume", &c.nodes[second].url]).0);
    c.reads(second, "k", "w").await;
    c.leader().await;

    let follower = c.follower().await;
    assert!(run(&["crash", &c.nodes[follower].url]).0);
    let gone = format!("node: {} {} unreachable", c.nodes[follower].name, c.nodes[follower].url);
    crate::harness::eventually("the node is gone", async || {
        run(&["status", "--port", &c.port.to_string()]).1.lines().any(|line| line == gone)
    })
    .await;
    let lines = run(&["status", "--port", &c.port.to_string()]).1;
    assert_eq!(lines.lines().count(), 3);
    assert_eq!(lines.lines().filter(|line| line.contains(" leader term ")).count(), 1, "{lines}");
}

#[tokio::test]
async fn only_the_page_that_was_named_may_break_things() {
    let page = "http://127.0.0.1:8080";
    let c = Cluster::start(&["--nodes=1", "--faults", &format!("--page-origin={page}")]);
    let url = c.url(0, "/fault/resume");
    let from =
        async |origin: &str| c.client.post(&url).header("origin", origin).send().await.unwrap();
    let own = from(page).await;
    assert_eq!(own.status(), 200);
    assert_eq!(header(&own, "access-control-allow-origin"), page);
    for origin in ["https://evil.test", "null", "http://127.0.0.1:8081"] {
        let foreign = from(origin).await;
        assert_eq!(foreign.status(), 403, "{origin}");
        assert_eq!(header(&foreign, "access-control-allow-origin"), "");
        let preflight = c.client.request(reqwest::Method::OPTIONS, &url).header("origin", origin);
        assert_eq!(preflight.send().await.unwrap().status(), 403, "{origin}");
    }
    assert_eq!(c.client.get(&url).send().await.unwrap().status(), 405);
    assert_eq!(c.client.post(c.url(0, "/fault/none")).send().await.unwrap().status(), 404);
    let (done, _, error) = run(&["step-down", &c.nodes[0].url]);
    assert!(!done && error.contains("no other node"), "{error}");
}

#[tokio::test]
async fn without_the_flag_there_are_no_faults() {
    let c = Cluster::start(&["--nodes=1"]);
    let (done, _, error) = run(&["crash", &c.nodes[0].url]);
    assert!(!done && error.contains("--faults"), "{error}");
    assert!(c.ping(0).await.is_some());
}
