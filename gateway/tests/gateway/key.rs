//! The key: it reaches the node, and nobody else.

use crate::harness::{Gateway, KEY, VARIABLE, readable, refused};
use crate::node::Node;

#[tokio::test]
async fn the_node_gets_the_key_and_the_page_does_not() {
    let node = Node::start().await;
    let gateway = Gateway::start(&[&node.url], &["--key-env", VARIABLE]);
    gateway.get("/a").await;
    assert_eq!(node.only().headers["authorization"], format!("Bearer {KEY}"));
    let own = gateway.request("GET", "/a").header("authorization", "Bearer mine");
    own.send().await.unwrap();
    let seen = node.only();
    assert_eq!(seen.headers.get_all("authorization").iter().count(), 1);
    assert_eq!(seen.headers["authorization"], format!("Bearer {KEY}"), "in place of the page's");
    // A client that names the header as one of its connection can't keep the key from the node.
    let dropped = gateway.request("GET", "/a").header("connection", "authorization");
    dropped.send().await.unwrap();
    assert_eq!(node.only().headers["authorization"], format!("Bearer {KEY}"));

    let given = gateway.get("/key").await;
    readable(&given, "a node that gives the key away");
    assert!(!given.headers().contains_key("x-given-authorization"));
    assert!(!gateway.stop().contains(KEY));
}

#[tokio::test]
async fn the_header_and_what_stands_before_the_key_can_be_chosen() {
    let node = Node::start().await;
    for (flags, name, value) in [
        (&["--key-header=X-Api-Key"][..], "x-api-key", KEY.to_owned()),
        (&["--key-header=X-Api-Key", "--key-prefix=Key "], "x-api-key", format!("Key {KEY}")),
        (&["--key-prefix="], "authorization", KEY.to_owned()),
    ] {
        let gateway = Gateway::start(&[&node.url], &[&["--key-env", VARIABLE], flags].concat());
        gateway.get("/a").await;
        assert_eq!(node.only().headers[name], value);
        assert!(!gateway.get("/key").await.headers().contains_key(format!("x-given-{name}")));
        node.only();
    }
}

#[tokio::test]
async fn without_a_key_the_page_sends_its_own() {
    let node = Node::start().await;
    let gateway = Gateway::start(&[&node.url], &[]);
    gateway.request("GET", "/a").header("authorization", "Bearer mine").send().await.unwrap();
    assert_eq!(node.only().headers["authorization"], "Bearer mine");
}

#[tokio::test]
async fn no_text_of_the_gateway_holds_the_key() {
    let node = Node::start().await;
    let flags = ["--key-env", VARIABLE];
    let gateway = Gateway::start(&[&node.url, "http://127.0.0.1:1"], &flags);
    let host = gateway.request("GET", "/a").header("host", format!("{KEY}.test"));
    let origin = gateway.bare("GET", "/a").header("origin", format!("http://{KEY}.test"));
    let to = format!("https://{KEY}.test/");
    let leader = gateway.request("GET", "/redirect/307").header("to", to);
    let down = gateway.client.get(format!("{}/{KEY}", gateway.node(1)));
    let down = down.header("origin", crate::harness::PAGE);
    for (request, code) in [(host, 421), (origin, 403), (leader, 503), (down, 502)] {
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status().as_u16(), code);
        assert!(!format!("{:?}", answer.headers()).contains(KEY), "{answer:?}");
        let text = answer.text().await.unwrap();
        assert!(!text.contains(KEY), "{text}");
        assert_eq!(text.lines().count(), 1, "{text}");
    }
    assert!(!gateway.stop().contains(KEY));
    for flags in [
        &["--key-env", VARIABLE, "--token", "--page", KEY][..],
        &["--key-env", VARIABLE, "--token", "--node", &format!("{KEY}=x")],
        &["--key-env", VARIABLE, "--token", "--allow-origin", KEY],
        &["--key-env", VARIABLE, "--token", "--ca", KEY],
    ] {
        let text = refused(&[&["--node=a=https://127.0.0.1:1"], flags].concat());
        assert!(!text.contains(KEY) && text.contains("***"), "{text}");
    }
}

#[test]
fn a_key_that_is_not_there_is_told() {
    let text = refused(&["--node=a=http://h", "--token", "--key-env=NO_SUCH_VARIABLE"]);
    assert!(text.contains("NO_SUCH_VARIABLE: there is no such variable"), "{text}");
}
