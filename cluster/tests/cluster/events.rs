//! Events published anywhere reach the subscribers of every node, once and in order.

use std::time::Duration;

use futures_util::StreamExt;
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

use crate::harness::Cluster;

type Socket =
    tokio_tungstenite::WebSocketStream<tokio_tungstenite::MaybeTlsStream<tokio::net::TcpStream>>;

async fn subscribe(c: &Cluster, index: usize, query: &str) -> Result<Socket, u16> {
    let url = c.api(index, &format!("events/subscribe?{query}")).replace("http://", "ws://");
    match tokio_tungstenite::connect_async(url).await {
        Ok((socket, _)) => Ok(socket),
        Err(tokio_tungstenite::tungstenite::Error::Http(answer)) => Err(answer.status().as_u16()),
        Err(error) => panic!("{error}"),
    }
}

async fn next(socket: &mut Socket) -> Value {
    loop {
        let message = tokio::time::timeout(Duration::from_secs(20), socket.next()).await;
        match message.expect("an event").expect("an open stream").unwrap() {
            Message::Text(text) => return serde_json::from_str(&text).unwrap(),
            Message::Ping(_) | Message::Pong(_) => {}
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn events_reach_every_subscriber_once_and_in_order() {
    let c = Cluster::start(&["--writes=forward"]);
    let mut sockets = Vec::new();
    for index in 0..3 {
        sockets.push(subscribe(&c, index, "topic=t").await.unwrap());
    }
    let mut elsewhere = subscribe(&c, 0, "topic=other").await.unwrap();
    let (publishers, each) = (3, 20);
    let publish = |publisher: usize| {
        let c = &c;
        async move {
            for number in 0..each {
                let body = json!({"topic":"t","data":{"p":publisher,"n":number}});
                assert_eq!(c.post(publisher, "events", &body).await.status(), 200);
            }
        }
    };
    futures_util::future::join_all((0..publishers).map(publish)).await;
    assert_eq!(c.post(0, "events", &json!({"topic":"t","data":"last"})).await.status(), 200);
    assert_eq!(c.post(0, "events", &json!({"topic":"other"})).await.status(), 200);

    let mut orders = Vec::new();
    for socket in &mut sockets {
        let (mut counts, mut order) = (vec![0; publishers], Vec::new());
        loop {
            let event = next(socket).await;
            assert_eq!(event["topic"], "fwit:t");
            let at = event["emitted_at"].as_str().unwrap();
            assert_eq!(at.len(), "2026-11-21T00:14:00.496738334Z".len(), "nanoseconds: {at}");
            if event["data"] == "last" {
                break;
            }
            let publisher = usize::try_from(event["data"]["p"].as_u64().unwrap()).unwrap();
            assert_eq!(event["data"]["n"], counts[publisher], "in order, once");
            counts[publisher] += 1;
            order.push(event["data"].to_string());
        }
        assert_eq!(counts, vec![each; publishers]);
        orders.push(order);
    }
    assert!(orders.iter().all(|order| *order == orders[0]), "the same order at every node");
    assert_eq!(next(&mut elsewhere).await["data"], Value::Null, "only its own topic");
}

#[tokio::test]
async fn browsers_may_give_the_key_in_the_query() {
    let key = "insi_ab+c/d==";
    let c = Cluster::start(&["--nodes=1", &format!("--api-key={key}")]);
    for query in ["topic=t", "topic=t&key=wrong", "topic=t&token="] {
        assert_eq!(subscribe(&c, 0, query).await.err(), Some(401), "{query}");
    }
    for query in [format!("topic=t&key={key}"), "topic=t&token=insi_ab%2Bc%2Fd%3D%3D".to_owned()] {
        assert!(subscribe(&c, 0, &query).await.is_ok(), "{query}");
    }
    // Elsewhere the query does not count.
    assert_eq!(c.get(0, &format!("get?key={key}")).await.status(), 401);
}
