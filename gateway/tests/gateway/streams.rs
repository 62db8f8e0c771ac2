//! Bodies: whole, in pieces, both ways, too large, given up.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::{SinkExt, StreamExt, stream};
use http_body_util::StreamBody;
use hyper::body::Frame;
use reqwest::Body;
use tokio::sync::mpsc;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;

use crate::harness::{Gateway, PAGE, header, readable, soon};
use crate::node::Node;

/// A body whose pieces are sent through the channel.
fn sent() -> (mpsc::Sender<Vec<u8>>, Body) {
    let (sender, receiver) = mpsc::channel::<Vec<u8>>(4);
    let pieces = stream::unfold(receiver, async |mut receiver| {
        let piece = receiver.recv().await?;
        Some((Ok::<_, std::io::Error>(Frame::data(axum::body::Bytes::from(piece))), receiver))
    });
    (sender, Body::wrap(StreamBody::new(pieces)))
}

#[tokio::test]
async fn method_path_query_and_body_arrive_as_they_were_sent() {
    let node = Node::start().await;
    let gateway = Gateway::start(&[&format!("{}/base/x/", node.url), &node.url], &[]);
    for (method, path) in [
        ("GET", "/"),
        ("GET", "/a%2Fb/%20?q=a%26b&r=/../"),
        ("POST", "/db/set?a=1"),
        ("PUT", "/a//b"),
        ("PATCH", "/a?"),
        ("DELETE", "/a;b=c"),
        ("PURGE", "/a"),
    ] {
        let answer = gateway.request(method, path).body("b\0dy").send().await.unwrap();
        let text = answer.text().await.unwrap();
        assert_eq!(text, format!("{method} /base/x{path}\nb\0dy"));
    }
    let root = gateway.client.get(format!("{}/a", gateway.node(1))).header("origin", PAGE);
    assert_eq!(root.send().await.unwrap().text().await.unwrap(), "GET /a\n");
    let head = gateway.request("HEAD", "/a").send().await.unwrap();
    assert_eq!(header(&head, "content-length"), "15");
    assert_eq!(node.connections.load(Ordering::Relaxed), 1, "one connection was enough");
}

#[tokio::test]
async fn events_arrive_piece_by_piece() {
    let node = Node::start().await;
    let gateway = Gateway::start(&[&node.url], &[]);
    // The head and each event are awaited before the next one exists.
    let mut answer = soon(gateway.get("/pieces")).await;
    readable(&answer, "events");
    assert_eq!(header(&answer, "content-type"), "text/event-stream");
    for event in ["data: 1\n\n", "data: 2\n\n"] {
        node.pieces.send(event).await.unwrap();
        assert_eq!(soon(answer.chunk()).await.unwrap().unwrap(), event);
    }
}

#[tokio::test]
async fn a_body_arrives_piece_by_piece_at_the_node() {
    let node = Node::start().await;
    let gateway = Gateway::start(&[&node.url], &[]);
    let (sender, body) = sent();
    sender.send(b"one".to_vec()).await.unwrap();
    let mut answer = soon(gateway.request("POST", "/back").body(body).send()).await.unwrap();
    assert_eq!(soon(answer.chunk()).await.unwrap().unwrap(), "one");
    sender.send(b"two".to_vec()).await.unwrap();
    assert_eq!(soon(answer.chunk()).await.unwrap().unwrap(), "two");
    drop(sender);
    assert_eq!(soon(answer.chunk()).await.unwrap(), None);
}

#[tokio::test]
async fn a_body_has_a_limit() {
    let node = Node::start().await;
    let gateway = Gateway::start(&[&node.url], &["--body-limit=1"]);
    const MIB: usize = 1 << 20;
    let most = gateway.request("POST", "/size").body(vec![7; MIB]).send().await.unwrap();
    assert_eq!(most.text().await.unwrap(), MIB.to_string());
    node.only();
    let told = gateway.request("POST", "/size").body(vec![7; MIB + 1]).send().await.unwrap();
    assert_eq!(told.status(), 413);
    assert!(told.text().await.unwrap().contains("more than 1 MiB; start"));
    assert!(node.seen().is_empty());

    // Nobody says how long this one is.
    let (sender, body) = sent();
    let sending = tokio::spawn(gateway.request("POST", "/size").body(body).send());
    for _ in 0..=MIB / 65_536 {
        // Refused once the answer is there.
        let _ = sender.send(vec![7; 65_536]).await;
    }
    drop(sender);
    let untold = soon(sending).await.unwrap().unwrap();
    assert_eq!(untold.status(), 413);
    readable(&untold, "413");
}

#[tokio::test]
async fn a_large_answer_passes() {
    let node = Node::start().await;
    let gateway = Gateway::start(&[&node.url], &[]);
    let large = gateway.request("POST", "/back").body(vec![7; 8 << 20]).send().await.unwrap();
    assert_eq!(large.bytes().await.unwrap().len(), 8 << 20);
}

#[tokio::test]
async fn what_the_page_gives_up_is_given_up_at_the_node() {
    let mut node = Node::start().await;
    let gateway = Gateway::start(&[&node.url], &[]);
    let waiting = tokio::spawn(gateway.request("GET", "/never").send());
    while node.seen().is_empty() {
        tokio::task::yield_now().await;
    }
    waiting.abort();
    soon(node.given_up.recv()).await.unwrap();
}

#[tokio::test]
async fn a_websocket_passes_both_ways() {
    let node = Node::start().await;
    let gateway = Gateway::start(&[&format!("{}/", node.url)], &["--token"]);
    let url = gateway.node(0).replace("http://", "ws://") + "/socket?a=1";
    let mut request = url.into_client_request().unwrap();
    request.headers_mut().insert("origin", PAGE.parse().unwrap());
    request.headers_mut().insert("sec-websocket-protocol", "other, chat".parse().unwrap());
    let (mut socket, answer) = tokio_tungstenite::connect_async(request).await.unwrap();
    assert_eq!(answer.headers()["sec-websocket-protocol"], "chat");
    let seen = node.only();
    assert_eq!(seen.line, "GET /socket?a=1");
    assert!(!seen.headers.contains_key("origin"), "a node may know no origin but its own");
    for message in [Message::text("hello"), Message::binary(vec![0; 100_000])] {
        socket.send(message.clone()).await.unwrap();
        assert_eq!(soon(socket.next()).await.unwrap().unwrap(), message);
    }
    socket.send(Message::text("close")).await.unwrap();
    let Message::Close(Some(frame)) = soon(socket.next()).await.unwrap().unwrap() else {
        panic!("not closed")
    };
    assert_eq!((u16::from(frame.code), frame.reason.as_str()), (4321, "enough"));
}

#[tokio::test]
async fn a_node_that_is_down_is_told() {
    let node = Node::start().await;
    let url = node.url.clone();
    drop(node);
    let gateway = Gateway::start(&[&url], &[]);
    let answer = gateway.get("/a").await;
    assert_eq!(answer.status(), 502);
    readable(&answer, "502");
    let text = answer.text().await.unwrap();
    assert!(text.starts_with(&format!("n1 ({url}) can't be reached: ")), "{text}");
    assert!(text.contains("refused") && text.lines().count() == 1, "{text}");
}

#[tokio::test]
async fn a_node_that_breaks_off_is_told() {
    use tokio::io::AsyncReadExt;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let times = Arc::new(AtomicUsize::new(0));
    let counted = times.clone();
    tokio::spawn(async move {
        loop {
            let mut stream = listener.accept().await.unwrap().0;
            counted.fetch_add(1, Ordering::Relaxed);
            let _ = stream.read_exact(&mut [0; 4]).await;
        }
    });
    let gateway = Gateway::start(&[&url], &[]);
    let answer = gateway.request("POST", "/a").body("b").send().await.unwrap();
    assert_eq!(answer.status(), 502);
    let text = answer.text().await.unwrap();
    assert!(text.contains("broke off: "), "{text}");
    let times = times.load(Ordering::Relaxed);
    assert_eq!(times, 1, "a request that may have been carried out is not sent again");
}
