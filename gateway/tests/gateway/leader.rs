//! Redirects of nodes, as answers that a page can read.

use reqwest::Response;

use crate::harness::{Gateway, PAGE, header, readable};
use crate::node::Node;

async fn moved(gateway: &Gateway, path: &str, to: &str) -> Response {
    gateway.request("POST", path).header("to", to).body("b").send().await.unwrap()
}

#[tokio::test]
async fn a_redirect_names_the_node_that_leads() {
    let (one, two) = (Node::start().await, Node::start().await);
    let gateway = Gateway::start(&[&one.url, &format!("{}/base", two.url)], &[]);
    let to_two = format!("{}/base/db/set?a=1", two.url);
    for code in [301, 302, 303, 307, 308] {
        let answer = moved(&gateway, &format!("/redirect/{code}"), &to_two).await;
        assert_eq!(answer.status(), 503, "{code}");
        readable(&answer, "leader");
        assert_eq!(header(&answer, "fwit-leader"), gateway.node(1));
        assert!(!answer.headers().contains_key("location"));
        assert_eq!(answer.text().await.unwrap(), "not leader\n");
    }
    for (to, leader) in [
        ("/elsewhere", gateway.node(0)),
        (&format!("{}/x", one.url), gateway.node(0)),
        ("https://far.example:9/base/x?y", "https://far.example:9"),
        ("https://far.example/base/x?y", "https://far.example"),
        (&format!("{}/other", two.url), &two.url),
    ] {
        let answer = moved(&gateway, "/redirect/307", to).await;
        assert_eq!(
            (answer.status().as_u16(), header(&answer, "fwit-leader")),
            (503, leader),
            "{to}"
        );
    }
    let lane = gateway.request("POST", "/redirect/307").header("to", &to_two);
    let lane = lane.header("host", "l3.localhost:1").send().await.unwrap();
    assert_eq!(header(&lane, "fwit-leader"), gateway.node(1), "as in the link, by whatever lane");
    assert!(two.seen().is_empty(), "no redirect was followed");
    assert_eq!(one.connections.load(std::sync::atomic::Ordering::Relaxed), 1, "it is used again");
}

#[tokio::test]
async fn what_is_no_redirect_passes() {
    let node = Node::start().await;
    let gateway = Gateway::start(&[&node.url], &[]);
    for code in [200, 201, 404, 503] {
        let answer = moved(&gateway, &format!("/redirect/{code}"), "/there").await;
        assert_eq!(answer.status().as_u16(), code);
        assert_eq!(header(&answer, "location"), "/there");
        assert!(!answer.headers().contains_key("fwit-leader"));
    }
    let bare = gateway.request("POST", "/redirect/307").send().await.unwrap();
    assert_eq!(bare.status(), 307, "there is no Location");
    let odd = moved(&gateway, "/redirect/307", "javascript:1").await;
    assert_eq!(odd.status(), 502);
    assert!(odd.text().await.unwrap().contains("no address of HTTP"));
}

#[tokio::test]
async fn with_a_token_the_leader_has_it_too() {
    let (one, two) = (Node::start().await, Node::start().await);
    let gateway = Gateway::start(&[&one.url, &two.url], &["--token"]);
    let token = gateway.said("token: every path begins with ");
    let answer = moved(&gateway, "/redirect/307", &two.url).await;
    let leader = format!("http://127.0.0.1:{}{token}", gateway.port(1));
    assert_eq!(header(&answer, "fwit-leader"), leader);
    let there = gateway.client.get(format!("{leader}/a")).header("origin", PAGE);
    assert_eq!(there.send().await.unwrap().status(), 200);
    assert_eq!(two.only().line, "GET /a");
}
