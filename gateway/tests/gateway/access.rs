//! Who may use the gateway: the page that it was told, by a name of this machine; programs that
//! know the token.

use tokio_tungstenite::tungstenite::client::IntoClientRequest;

use crate::harness::{Gateway, PAGE, VARIABLE, header, readable};
use crate::node::Node;

const FOREIGN: [&str; 5] = [
    "https://evil.test",
    "null",
    "http://127.0.0.1:8080",
    "http://fwit.example",
    "https://fwit.example.evil.test",
];

/// The code with which a WebSocket is refused; 101 where it is not.
async fn socket(gateway: &Gateway, origin: Option<&str>) -> u16 {
    let url = gateway.node(0).replace("http://", "ws://") + "/socket";
    let mut request = url.into_client_request().unwrap();
    if let Some(origin) = origin {
        request.headers_mut().insert("origin", origin.parse().unwrap());
    }
    match tokio_tungstenite::connect_async(request).await {
        Ok(_) => 101,
        Err(tokio_tungstenite::tungstenite::Error::Http(answer)) => answer.status().as_u16(),
        Err(other) => panic!("{other}"),
    }
}

#[tokio::test]
async fn a_page_that_is_not_allowed_reaches_nothing() {
    let node = Node::start().await;
    let gateway = Gateway::start(&[&node.url], &["--key-env", VARIABLE]);
    for origin in FOREIGN {
        for method in ["GET", "HEAD", "POST", "DELETE", "OPTIONS"] {
            let request = gateway.bare(method, "/a").header("origin", origin);
            let answer = request.body("b").send().await.unwrap();
            assert_eq!(answer.status(), 403, "{method} {origin}");
            assert!(!answer.headers().contains_key("access-control-allow-origin"));
            assert!(!answer.headers().contains_key("timing-allow-origin"));
        }
        assert_eq!(socket(&gateway, Some(origin)).await, 403, "{origin}");
    }
    // Its own port is no page either: what a node serves there may not act for the user.
    let own = gateway.bare("POST", "/a").header("origin", gateway.node(0));
    assert_eq!(own.send().await.unwrap().status(), 403);
    assert!(node.seen().is_empty(), "{:?}", node.seen());
    assert_eq!(socket(&gateway, Some(PAGE)).await, 101);
    assert_eq!(node.only().line, "GET /socket");
}

#[tokio::test]
async fn a_request_without_an_origin_reaches_nothing() {
    let node = Node::start().await;
    let gateway = Gateway::start(&[&node.url], &["--key-env", VARIABLE]);
    for site in [None, Some("none"), Some("same-origin"), Some("same-site"), Some("cross-site")] {
        for method in ["GET", "POST"] {
            let mut request = gateway.bare(method, "/a");
            if let Some(site) = site {
                request = request.header("sec-fetch-site", site);
            }
            let answer = request.send().await.unwrap();
            assert_eq!(answer.status(), 403, "{method} {site:?}");
            assert!(answer.text().await.unwrap().contains("--token"));
        }
    }
    assert_eq!(socket(&gateway, None).await, 403);
    assert!(node.seen().is_empty(), "{:?}", node.seen());
}

#[tokio::test]
async fn the_token_lets_programs_in_and_is_asked_of_pages_too() {
    let node = Node::start().await;
    let gateway = Gateway::start(&[&node.url], &["--token"]);
    let token = gateway.said("token: every path begins with ").to_owned();
    assert_eq!(token.len(), 33);
    assert!(gateway.node(0).ends_with(&token));
    let answer = gateway.bare("GET", "/a?b=1").send().await.unwrap();
    assert_eq!(answer.status(), 200);
    assert!(!answer.headers().contains_key("access-control-allow-origin"));
    let seen = node.only();
    assert_eq!(seen.line, "GET /a?b=1", "the node does not see the token");
    assert!(!format!("{seen:?}").contains(&token[1..]));
    readable(&gateway.get("/a").await, "the page, with the token");
    node.only();
    assert_eq!(socket(&gateway, None).await, 101);
    node.only();

    let root = format!("http://127.0.0.1:{}", gateway.port(0));
    let wrong = format!("{root}/{}", "0".repeat(32));
    for base in [&root, &wrong] {
        for origin in [None, Some(PAGE)] {
            let mut request = gateway.client.post(format!("{base}/a"));
            if let Some(origin) = origin {
                request = request.header("origin", origin);
            }
            assert_eq!(request.send().await.unwrap().status(), 403, "{base} {origin:?}");
        }
    }
    for site in ["same-origin", "same-site", "cross-site"] {
        let request = gateway.bare("GET", "/a").header("sec-fetch-site", site);
        assert_eq!(request.send().await.unwrap().status(), 403, "{site}");
    }
    let foreign = gateway.bare("GET", "/a").header("origin", "https://evil.test");
    assert_eq!(foreign.send().await.unwrap().status(), 403);
    assert!(node.seen().is_empty(), "{:?}", node.seen());
    let other = Gateway::start(&[&node.url], &["--token"]);
    assert_ne!(other.said("token: every path begins with "), token, "new at each start");
}

#[tokio::test]
async fn only_names_of_this_machine_are_answered() {
    let node = Node::start().await;
    let gateway = Gateway::start(&[&node.url], &["--allow-host=box.lan"]);
    let ask = async |host: &str| {
        let request = gateway.request("GET", "/a").header("host", host);
        request.send().await.unwrap()
    };
    for host in ["localhost:1", "127.0.0.1", "127.0.0.3:7201", "[::1]", "l9.localhost", "box.lan"] {
        assert_eq!(ask(host).await.status(), 200, "{host}");
        let seen = node.only();
        assert_eq!(seen.headers["host"], node.address().to_string(), "the node's own name");
    }
    for host in ["evil.test", "localhost.evil.test", "10.0.0.1:80", "other.lan"] {
        let answer = ask(host).await;
        assert_eq!(answer.status(), 421, "{host}");
        assert!(!answer.headers().contains_key("fwit-leader"));
        assert!(answer.text().await.unwrap().contains("--allow-host"));
    }
    assert!(node.seen().is_empty());
}

#[tokio::test]
async fn the_node_does_not_learn_of_the_page() {
    let node = Node::start().await;
    let gateway = Gateway::start(&[&node.url], &[]);
    let mut request = gateway.request("POST", "/a").body("b").header("x-kept", "1");
    for (name, value) in [
        ("referer", "https://fwit.example/x"),
        ("cookie", "a=b"),
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-mode", "cors"),
        ("connection", "x-hop"),
        ("x-hop", "1"),
        ("te", "trailers"),
        ("content-type", "text/plain"),
    ] {
        request = request.header(name, value);
    }
    assert_eq!(request.send().await.unwrap().status(), 200);
    let seen = node.only();
    let mut names: Vec<&str> = seen.headers.keys().map(|name| name.as_str()).collect();
    names.sort_unstable();
    assert_eq!(names, ["accept", "content-length", "content-type", "host", "x-kept"]);
}

#[tokio::test]
async fn all_addresses_are_served_only_when_told() {
    let node = Node::start().await;
    // An address of this machine that is not loopback; sends nothing.
    let Some(own) = std::net::UdpSocket::bind("0.0.0.0:0").ok().and_then(|socket| {
        socket.connect("192.0.2.1:9").ok()?;
        socket.local_addr().ok().map(|address| address.ip()).filter(|ip| !ip.is_loopback())
    }) else {
        return;
    };
    let loopback = Gateway::start(&[&node.url], &[]);
    assert!(tokio::net::TcpStream::connect((own, loopback.port(0))).await.is_err());
    let everywhere = Gateway::start(&[&node.url], &["--listen-all", "--token"]);
    let token = everywhere.said("token: every path begins with ").to_owned();
    let url = format!("http://{own}:{}{token}", everywhere.port(0));
    let ask = |path: &str| everywhere.client.get(format!("{url}{path}")).header("origin", PAGE);
    assert_eq!(ask("/a").send().await.unwrap().status(), 200);
    let moved = ask("/redirect/307").header("to", "/").send().await.unwrap();
    assert_eq!(header(&moved, "fwit-leader"), url, "by the name that was asked");
    assert_eq!(ask("/a").header("host", "evil.test").send().await.unwrap().status(), 421);
    assert!(everywhere.stop().contains("WARNING: --listen-all"));
}
