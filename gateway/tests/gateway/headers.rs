//! What every answer has, so that a page can read and time it.

use crate::harness::{Gateway, PAGE, all, header, readable, upstream_ms};
use crate::node::Node;

#[tokio::test]
async fn every_answer_is_readable_by_the_page() {
    let node = Node::start().await;
    let gateway = Gateway::start(&[&node.url, "http://127.0.0.1:1"], &["--body-limit=1"]);
    let long = "x".repeat(40_000);
    let fine = gateway.get("/a").await;
    let moved = gateway.request("GET", "/redirect/307").header("to", "/b").send().await.unwrap();
    let large = gateway.request("POST", "/a").body(vec![0; (1 << 20) + 1]).send().await.unwrap();
    let wide = gateway.request("GET", "/a").header("x-long", long).send().await.unwrap();
    let down = format!("{}/a", gateway.node(1));
    let down = gateway.client.get(down).header("origin", PAGE).send().await.unwrap();
    let ask = gateway.request("OPTIONS", "/a").send().await.unwrap();
    let host = gateway.request("GET", "/a").header("host", "evil.test").send().await.unwrap();
    for (answer, code) in
        [(fine, 200), (moved, 503), (large, 413), (wide, 431), (down, 502), (ask, 204), (host, 421)]
    {
        assert_eq!(answer.status().as_u16(), code);
        readable(&answer, &code.to_string());
        assert_eq!(header(&answer, "cache-control"), "no-store", "{code}");
    }
    assert_eq!(node.seen().len(), 2, "only the first two went to the node");
}

#[tokio::test]
async fn what_the_node_says_to_browsers_is_replaced_and_the_rest_is_kept() {
    let node = Node::start().await;
    let gateway = Gateway::start(&[&node.url], &[]);
    let answer = gateway.get("/own").await;
    readable(&answer, "own");
    assert_eq!(header(&answer, "cache-control"), "max-age=5");
    assert_eq!(all(&answer, "vary"), "Accept-Encoding, Origin");
    assert!(all(&answer, "server-timing").starts_with("db;dur=2, upstream;dur="));
    assert_eq!(header(&answer, "x-own"), "1");
    for name in ["access-control-allow-credentials", "set-cookie", "clear-site-data"] {
        assert!(!answer.headers().contains_key(name), "{name}");
    }
    assert_eq!(answer.text().await.unwrap(), "own");
}

#[tokio::test]
async fn the_time_is_that_of_the_node() {
    let node = Node::start().await;
    let gateway = Gateway::start(&[&node.url], &[]);
    let slow = gateway.get("/slow").await;
    assert!(upstream_ms(&slow) >= 30.0, "{}", upstream_ms(&slow));
    let own = gateway.request("OPTIONS", "/slow").send().await.unwrap();
    assert_eq!(all(&own, "server-timing"), "upstream;dur=0.000");
}

#[tokio::test]
async fn preflights_are_answered_here() {
    let node = Node::start().await;
    let gateway = Gateway::start(&[&node.url], &[]);
    let ask = gateway
        .request("OPTIONS", "/a")
        .header("access-control-request-method", "DELETE")
        .header("access-control-request-headers", "content-type, x-mine")
        .header("access-control-request-private-network", "true");
    let answer = ask.send().await.unwrap();
    assert_eq!(answer.status(), 204);
    readable(&answer, "preflight");
    assert_eq!(header(&answer, "access-control-max-age"), "7200");
    assert!(header(&answer, "access-control-allow-methods").contains("DELETE"));
    assert_eq!(header(&answer, "access-control-allow-headers"), "content-type, x-mine");
    assert_eq!(header(&answer, "access-control-allow-private-network"), "true");
    let plain = gateway.request("OPTIONS", "/a").send().await.unwrap();
    for name in ["access-control-allow-private-network", "access-control-allow-headers"] {
        assert!(!plain.headers().contains_key(name), "{name}: only when asked for");
    }
    assert!(node.seen().is_empty());
}
