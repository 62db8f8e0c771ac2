//! What pages need: CORS on every kind of answer, preflights, timing, names; and what protects
//! against them.

use reqwest::{Method, Response};
use serde_json::json;

use crate::harness::{Cluster, handler_ms, header};

fn readable(answer: &Response, what: &str) {
    assert_eq!(header(answer, "access-control-allow-origin"), "*", "{what}");
    assert_eq!(header(answer, "timing-allow-origin"), "*", "{what}");
    let exposed = header(answer, "access-control-expose-headers");
    for name in ["Location", "Retry-After", "X-Served-By", "X-Blob-Already-Exists", "Server-Timing"]
    {
        assert!(exposed.contains(name), "{what}: {name}");
    }
    assert!(header(answer, "x-served-by").starts_with('n'), "{what}");
    assert!(handler_ms(answer) >= 0.0, "{what}");
}

#[tokio::test]
async fn every_answer_is_readable_by_any_page() {
    let c = Cluster::start(&["--api-key=s3cret", "--rate=1"]);
    let with_key =
        |request: reqwest::RequestBuilder| request.header("authorization", "Bearer s3cret");
    let pings = async |index: usize| {
        let answer = with_key(c.client.get(c.api(index, "ping"))).send().await.unwrap();
        answer.json::<serde_json::Value>().await.unwrap()["role"] == "leader"
    };
    let mut leader = 0;
    for index in 0..3 {
        if pings(index).await {
            leader = index;
        }
    }
    let follower = (leader + 1) % 3;

    let preflight = c
        .client
        .request(Method::OPTIONS, c.api(leader, "set"))
        .header("origin", "https://page.test")
        .header("access-control-request-private-network", "true")
        .send()
        .await
        .unwrap();
    assert_eq!(preflight.status(), 204, "before the key is asked for");
    readable(&preflight, "204");
    assert!(header(&preflight, "access-control-allow-methods").contains("POST"));
    let allowed = header(&preflight, "access-control-allow-headers");
    assert!(allowed.contains("Authorization") && allowed.contains("Content-Type"));
    assert_eq!(header(&preflight, "access-control-max-age"), "7200");
    assert_eq!(header(&preflight, "access-control-allow-private-network"), "true");
    let plain = c.options(c.api(leader, "set")).await;
    assert_eq!(header(&plain, "access-control-allow-private-network"), "", "only when asked for");

    let refused = c.get(leader, "get?key=k").await;
    assert_eq!(refused.status(), 401);
    readable(&refused, "401");
    assert_eq!(refused.text().await.unwrap(), "Unauthorized\n");
    let wrong =
        c.client.get(c.api(leader, "ping")).header("authorization", "wrong").send().await.unwrap();
    assert_eq!(wrong.status(), 401);
    readable(&wrong, "401 of ping");
    assert_eq!(
        wrong.json::<serde_json::Value>().await.unwrap()["error_type"],
        "AUTHENTICATION_FAILED"
    );

    let bare = c.client.get(c.api(follower, "get?key=k")).header("authorization", "s3cret");
    let absent = bare.send().await.unwrap();
    assert_eq!(absent.status(), 404, "the bare key is enough");
    readable(&absent, "404");
    let limited = with_key(c.client.get(c.api(follower, "get?key=k"))).send().await.unwrap();
    assert_eq!(limited.status(), 429);
    readable(&limited, "429");
    assert!(header(&limited, "retry-after").parse::<u32>().unwrap() >= 1);

    let other = (leader + 2) % 3;
    let body = json!({"key":"k","value":"v"}).to_string();
    let moved = with_key(c.client.post(c.api(other, "set"))).body(body).send().await.unwrap();
    assert_eq!(moved.status(), 307);
    readable(&moved, "307");
    let lost = with_key(c.client.get(c.url(leader, "/no/such"))).send().await.unwrap();
    assert_eq!(lost.status(), 404);
    readable(&lost, "404 of no route");
    let bad = with_key(c.client.post(c.api(leader, "set"))).body("{").send().await.unwrap();
    assert_eq!(bad.status(), 400);
    readable(&bad, "400");
}

#[tokio::test]
async fn redirects_keep_the_name_and_the_query_and_foreign_names_are_refused() {
    let c = Cluster::start(&["--allow-host=demo.test"]);
    let leader = c.leader().await;
    let follower = c.follower().await;
    let ask = async |host: &str| {
        let request = c.client.post(c.api(follower, "set?a=1&b=%20")).header("host", host);
        request.body(json!({"key":"k","value":"v"}).to_string()).send().await.unwrap()
    };
    let port = c.port + u16::try_from(leader).unwrap();
    for name in ["127.0.0.1", "localhost", "l3.localhost", "[::1]", "demo.test"] {
        let answer = ask(&format!("{name}:9999")).await;
        assert_eq!(answer.status(), 307, "{name}");
        assert_eq!(
            header(&answer, "location"),
            format!("http://{name}:{port}/db/api/v1/set?a=1&b=%20")
        );
    }
    for name in ["evil.test", "localhost.evil.test", "10.0.0.1:80"] {
        let answer = ask(name).await;
        assert_eq!(answer.status(), 421, "{name}");
        assert!(answer.text().await.unwrap().contains("--allow-host"));
    }
    // The followed redirect carries the body along.
    let following = reqwest::Client::builder().no_proxy().build().unwrap();
    let body = json!({"key":"k","value":"followed"}).to_string();
    let answer = following.post(c.api(follower, "set")).body(body).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    assert_eq!(header(&answer, "x-served-by"), c.nodes[leader].name);
    c.reads(follower, "k", "followed").await;
}

#[tokio::test]
async fn nodes_listen_on_both_loopbacks_and_keep_connections() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let c = Cluster::start(&["--nodes=1"]);
    let mut addresses = vec![format!("127.0.0.1:{}", c.port)];
    if std::net::TcpListener::bind("[::1]:0").is_ok() {
        addresses.push(format!("[::1]:{}", c.port));
    }
    for address in addresses {
        let mut stream = tokio::net::TcpStream::connect(&address).await.unwrap();
        let request = format!("GET /ping HTTP/1.1\r\nHost: {address}\r\n\r\n");
        for _ in 0..2 {
            stream.write_all(request.as_bytes()).await.unwrap();
            let mut seen = Vec::new();
            while !seen.ends_with(b"}\n") {
                assert!(stream.read_buf(&mut seen).await.unwrap() > 0, "closed by the node");
            }
            assert!(seen.starts_with(b"HTTP/1.1 200 OK"));
        }
    }
}
