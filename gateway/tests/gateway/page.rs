//! The page that the gateway serves, and the addresses at which nodes are served.

use crate::harness::{Gateway, header};
use crate::node::Node;

#[tokio::test]
async fn the_page_is_served_and_may_use_the_gateway() {
    let (one, two) = (Node::start().await, Node::start().await);
    let folder = tempfile::tempdir().unwrap();
    let dist = folder.path().join("dist");
    std::fs::create_dir(&dist).unwrap();
    std::fs::write(folder.path().join("secret.txt"), "secret").unwrap();
    std::fs::write(dist.join("index.html"), "<!DOCTYPE html>").unwrap();
    std::fs::write(dist.join("fwit_bg.wasm"), b"\0asm").unwrap();
    let gateway = Gateway::start(&[&one.url, &two.url], &["--page", dist.to_str().unwrap()]);
    let (page, nodes) = gateway.said("open: ").split_once("/#/?nodes=").unwrap();
    assert_eq!(nodes, format!("n1={},n2={}", gateway.node(0), gateway.node(1)));
    for (path, kind, body) in [
        ("/", "text/html", "<!DOCTYPE html>"),
        ("/fwit_bg.wasm", "application/wasm", "\0asm"),
        ("/null", "text/plain; charset=utf-8", "null\n"),
    ] {
        let answer = gateway.client.get(format!("{page}{path}")).send().await.unwrap();
        assert_eq!((answer.status().as_u16(), header(&answer, "content-type")), (200, kind));
        assert_eq!(header(&answer, "timing-allow-origin"), "*");
        assert_eq!(header(&answer, "cross-origin-opener-policy"), "same-origin");
        assert_eq!(header(&answer, "cross-origin-embedder-policy"), "credentialless");
        assert_eq!(answer.text().await.unwrap(), body, "{path}");
    }
    for path in ["/..%2fsecret.txt", "/%2e%2e/secret.txt", "/nothing"] {
        let answer = gateway.client.get(format!("{page}{path}")).send().await.unwrap();
        assert_eq!(answer.status(), 404, "{path}");
    }
    let port = page.rsplit_once(':').unwrap().1;
    for host in ["127.0.0.1", "localhost", "[::1]"] {
        let origin = format!("http://{host}:{port}");
        let answer = gateway.bare("POST", "/a").header("origin", &origin).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{origin}");
        assert_eq!(header(&answer, "access-control-allow-origin"), origin);
        assert_eq!(header(&answer, "timing-allow-origin"), origin);
    }
    for origin in [format!("http://127.0.0.2:{port}"), format!("https://127.0.0.1:{port}")] {
        let answer = gateway.bare("POST", "/a").header("origin", &origin).send().await.unwrap();
        assert_eq!(answer.status(), 403, "{origin}");
    }
}

#[tokio::test]
async fn with_a_token_the_link_has_it() {
    let node = Node::start().await;
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("index.html"), "").unwrap();
    let flags = ["--token", "--page", folder.path().to_str().unwrap()];
    let gateway = Gateway::start(&[&node.url], &flags);
    assert!(gateway.node(0).ends_with(gateway.said("token: every path begins with ")));
    assert!(gateway.said("open: ").ends_with(gateway.node(0)));
}

#[tokio::test]
async fn a_node_is_served_at_as_many_addresses_as_asked() {
    let (one, two) = (Node::start().await, Node::start().await);
    let gateway = Gateway::start(&[&one.url, &two.url], &["--lanes=3"]);
    let lanes = gateway.said("lanes: ");
    let mut addresses = vec!["127.0.0.1"];
    if cfg!(target_os = "linux") {
        addresses.extend(["127.0.0.2", "127.0.0.3"]);
        assert!(lanes.starts_with("127.0.0.1, 127.0.0.2, 127.0.0.3, "), "{lanes}");
        let port = gateway.port(0);
        assert!(std::net::TcpStream::connect(("127.0.0.4", port)).is_err());
    }
    if std::net::TcpListener::bind("[::1]:0").is_ok() {
        addresses.push("[::1]");
    }
    for (index, node) in [(0, &one), (1, &two)] {
        for address in &addresses {
            let url = format!("http://{address}:{}/lane", gateway.port(index));
            let request = gateway.client.get(url).header("origin", crate::harness::PAGE);
            assert_eq!(request.send().await.unwrap().status(), 200, "{address}");
            assert_eq!(node.only().line, "GET /lane");
        }
    }
}
