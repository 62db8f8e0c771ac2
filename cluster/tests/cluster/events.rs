//! Events published anywhere reach the subscribers of every node, once and in order.

use std::time::Duration;

use futures_util::StreamExt;
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

use crate::harness::{Cluster, eventually};

pub type Socket =
    tokio_tungstenite::WebSocketStream<tokio_tungstenite::MaybeTlsStream<tokio::net::TcpStream>>;

/// A stream of events, or the code of the refusal: 0 where nobody listens.
pub async fn subscribe(c: &Cluster, index: usize, query: &str) -> Result<Socket, u16> {
    let url = c.api(index, &format!("events/subscribe?{query}")).replace("http://", "ws://");
    match tokio_tungstenite::connect_async(url).await {
        Ok((socket, _)) => Ok(socket),
        Err(tokio_tungstenite::tungstenite::Error::Http(answer)) => Err(answer.status().as_u16()),
        Err(tokio_tungstenite::tungstenite::Error::Io(_)) => Err(0),
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

/// Subscribes at a node that comes up as soon as it takes subscribers.
async fn subscribe_at_once(c: &Cluster, index: usize) -> Socket {
    let mut socket = None;
    eventually(&format!("{} takes a subscriber", c.nodes[index].name), async || {
        match subscribe(c, index, "topic=t").await {
            Ok(taken) => socket = Some(taken),
            Err(code) => assert!([0, 503].contains(&code), "{code}"),
        }
        socket.is_some()
    })
    .await;
    socket.unwrap()
}

async fn publish(c: &Cluster, data: &str) {
    let leader = c.leader().await;
    let answer = c.post(leader, "events", &json!({"topic":"t","data":data})).await;
    assert_eq!(answer.status(), 200, "{data}");
}

#[tokio::test]
async fn a_node_that_comes_back_sends_no_old_events() {
    let mut c = Cluster::start(&[]);
    let leader = c.leader().await;
    let away = c.follower().await;
    let asks = (0..100).map(|n| {
        let (c, body) = (&c, json!({"topic":"t","data":n}));
        async move { c.post(leader, "events", &body).await.status() }
    });
    for status in futures_util::future::join_all(asks).await {
        assert_eq!(status, 200);
    }

    c.kill(away);
    c.start_node(away);
    let mut socket = subscribe_at_once(&c, away).await;
    publish(&c, "first").await;
    assert_eq!(next(&mut socket).await["data"], "first", "neither replayed nor caught up");
    publish(&c, "second").await;
    assert_eq!(next(&mut socket).await["data"], "second");

    // Alone, a node cannot know what it has to catch up with.
    for index in 0..3 {
        c.kill(index);
    }
    c.start_node(away);
    let mut refusal = 0;
    eventually("the node answers", async || {
        refusal = subscribe(&c, away, "topic=t").await.expect_err("it is not caught up");
        refusal != 0
    })
    .await;
    assert_eq!(refusal, 503);
    for index in (0..3).filter(|index| *index != away) {
        c.start_node(index);
    }
    let mut socket = subscribe_at_once(&c, away).await;
    publish(&c, "third").await;
    assert_eq!(next(&mut socket).await["data"], "third");
}

#[tokio::test]
async fn a_node_that_was_only_paused_delivers_what_came_meanwhile() {
    let c = Cluster::start(&["--faults"]);
    let leader = c.leader().await;
    let paused = c.follower().await;
    let mut socket = subscribe(&c, paused, "topic=t").await.unwrap();
    let fault = async |what: &str| {
        let url = c.url(paused, &format!("/fault/{what}"));
        assert_eq!(c.client.post(url).send().await.unwrap().status(), 200);
    };
    fault("pause").await;
    for n in 0..100 {
        let answer = c.post(leader, "events", &json!({"topic":"t","data":n})).await;
        assert_eq!(answer.status(), 200);
    }
    fault("resume").await;
    for n in 0..100 {
        assert_eq!(next(&mut socket).await["data"], n);
    }
}
