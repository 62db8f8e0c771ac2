//! Every route, its answers and its errors, as insi gives them.

use serde_json::{Value, json};

use crate::harness::{Cluster, header};

async fn expect(cluster: &Cluster, at: usize, path: &str, body: Value, code: u16, text: &str) {
    let answer = cluster.post(at, path, &body).await;
    assert_eq!(answer.status(), code, "{path} {body}");
    assert_eq!(answer.text().await.unwrap(), text, "{path} {body}");
}

async fn read(cluster: &Cluster, at: usize, path: &str) -> (u16, String, String) {
    let answer = cluster.get(at, path).await;
    let kind = header(&answer, "content-type").to_owned();
    (answer.status().as_u16(), kind, answer.text().await.unwrap())
}

fn ok(body: &str) -> (u16, String, String) {
    (200, "application/json".to_owned(), format!("{body}\n"))
}

fn plain(code: u16, body: &str) -> (u16, String, String) {
    (code, "text/plain; charset=utf-8".to_owned(), format!("{body}\n"))
}

#[tokio::test]
async fn values_caches_and_blobs() {
    let cluster = Cluster::start(&[]);
    let at = cluster.leader().await;
    values(&cluster, at).await;
    cache(&cluster, at).await;
    blobs(&cluster, at).await;
    others(&cluster, at).await;
}

async fn values(c: &Cluster, at: usize) {
    expect(c, at, "set", json!({"key":"k1","value":"v1"}), 200, "").await;
    assert_eq!(read(c, at, "get?key=k1").await, ok(r#"{"data":"v1"}"#));
    assert_eq!(read(c, at, "get?key=none").await, plain(404, "404 page not found"));
    assert_eq!(read(c, at, "get").await, plain(400, "Missing key parameter"));
    expect(c, at, "set", json!({"key":"empty","value":""}), 200, "").await;
    assert_eq!(read(c, at, "get?key=empty").await.0, 404, "as in insi an empty value is not found");
    expect(c, at, "set", json!({"value":"v"}), 400, "Missing key in set request payload\n").await;
    expect(c, at, "setnx", json!({"key":"k1","value":"x"}), 409, "key 'fwit:k1' already exists\n")
        .await;
    expect(c, at, "setnx", json!({"key":"k2","value":"x"}), 200, "").await;
    let cas = |key: &str, old: &str| json!({"key":key,"old_value":old,"new_value":"n"});
    expect(c, at, "cas", cas("k1", "v1"), 200, "").await;
    expect(c, at, "cas", cas("k1", "v1"), 409, "conflict: value has changed\n").await;
    expect(c, at, "cas", cas("absent", "v1"), 412, "key does not exist\n").await;
    expect(c, at, "bump", json!({"key":"n","value":"5"}), 200, "").await;
    expect(c, at, "bump", json!({"key":"n","value":"-2"}), 200, "").await;
    assert_eq!(read(c, at, "get?key=n").await, ok(r#"{"data":"3"}"#));
    expect(c, at, "bump", json!({"key":"n","value":"-9"}), 200, "").await;
    assert_eq!(read(c, at, "get?key=n").await, ok(r#"{"data":"0"}"#));
    let no_step = "The value to bump by must be a valid integer.\n";
    expect(c, at, "bump", json!({"key":"n","value":"x"}), 400, no_step).await;
    let no_number = "The existing value is not a valid integer, cannot bump.\n";
    expect(c, at, "bump", json!({"key":"k1","value":"1"}), 400, no_number).await;
    expect(c, at, "delete", json!({"key":"k1"}), 200, "").await;
    expect(c, at, "delete", json!({"key":"k1"}), 200, "").await;
    assert_eq!(read(c, at, "get?key=k1").await.0, 404);

    for key in ["p:1", "p:2", "p:3"] {
        expect(c, at, "set", json!({"key":key,"value":"v"}), 200, "").await;
    }
    let page = "iterate/prefix?prefix=p:*&offset=1&limit=1";
    assert_eq!(read(c, at, page).await, ok(r#"{"data":["p:2"]}"#));
    let none = "iterate/prefix?prefix=zzz&offset=0&limit=0";
    assert_eq!(read(c, at, none).await, ok(r#"{"data":null}"#));
    assert_eq!(
        read(c, at, "iterate/prefix?prefix=p").await,
        plain(400, "Invalid offset parameter")
    );
    assert_eq!(read(c, at, "iterate/prefix?offset=0").await, plain(400, "Invalid limit parameter"));

    let mebibyte = "x".repeat(1 << 20);
    expect(c, at, "set", json!({"key":"big","value":mebibyte}), 200, "").await;
    assert_eq!(read(c, at, "get?key=big").await.2.len(), (1 << 20) + r#"{"data":""}"#.len() + 1);
    let more = format!("{mebibyte}x");
    expect(c, at, "set", json!({"key":"big","value":more}), 400, "Value is too large\n").await;
    expect(c, at, "set", json!({"key":more,"value":""}), 400, "Key is too large\n").await;
    let broken = c.client.post(c.api(at, "set")).body("{").send().await.unwrap();
    assert_eq!(broken.status(), 400);
    assert!(broken.text().await.unwrap().starts_with("Invalid JSON payload for set: "));
    // The method is not looked at, nor the content type.
    let body = json!({"key":"m","value":"put"}).to_string();
    let put = c.client.put(c.api(at, "set")).header("content-type", "text/plain").body(body);
    assert_eq!(put.send().await.unwrap().status(), 200);
    assert_eq!(read(c, at, "get?key=m").await, ok(r#"{"data":"put"}"#));
}

async fn cache(c: &Cluster, at: usize) {
    assert_eq!(read(c, at, "cache/iterate/prefix").await, ok("null"));
    expect(c, at, "cache/set", json!({"key":"c1","value":""}), 200, "").await;
    assert_eq!(read(c, at, "cache/get?key=c1").await, ok(r#"{"data":""}"#));
    assert_eq!(read(c, at, "get?key=c1").await.0, 404, "the cache is a space of its own");
    expect(
        c,
        at,
        "cache/setnx",
        json!({"key":"c1","value":"x"}),
        409,
        "key 'fwit:c1' already exists\n",
    )
    .await;
    let cas = json!({"key":"c1","old_value":"","new_value":"n"});
    expect(c, at, "cache/cas", cas.clone(), 200, "").await;
    expect(c, at, "cache/cas", cas, 409, "conflict: value has changed\n").await;
    assert_eq!(read(c, at, "cache/iterate/prefix?prefix=c").await, ok(r#"["c1"]"#));
    expect(c, at, "cache/delete", json!({"key":"c1"}), 200, "").await;
    let cas = json!({"key":"c1","old_value":"","new_value":"n"});
    expect(c, at, "cache/cas", cas, 412, "key does not exist\n").await;
    assert_eq!(read(c, at, "cache/get?key=c1").await, plain(404, "404 page not found"));
}

async fn blobs(c: &Cluster, at: usize) {
    let put = async |key: &'static str, bytes: Vec<u8>| c.put_blob(at, key, &bytes).await;
    assert_eq!(read(c, at, "blob/iterate/prefix").await, ok(r#"{"data":[]}"#));
    let set = put("b1", vec![0, 159, 146, 150]).await;
    assert_eq!(set.status(), 200);
    assert_eq!(header(&set, "x-blob-already-exists"), "false");
    assert_eq!(header(&set, "x-blob-tombstone-exists"), "false");
    let again = put("b1", vec![1]).await;
    assert_eq!(again.status(), 400);
    assert_eq!(header(&again, "x-blob-already-exists"), "true");
    assert_eq!(again.text().await.unwrap(), "Blob already exists\n");
    let got = c.get(at, "blob/get?key=b1").await;
    assert_eq!(got.status(), 200);
    assert_eq!(got.bytes().await.unwrap().as_ref(), [0, 159, 146, 150]);
    let part = c
        .client
        .get(c.api(at, "blob/get?key=b1"))
        .header("range", "bytes=1-2")
        .send()
        .await
        .unwrap();
    assert_eq!(part.status(), 206);
    assert_eq!(header(&part, "content-range"), "bytes 1-2/4");
    assert_eq!(part.bytes().await.unwrap().as_ref(), [159, 146]);
    assert_eq!(read(c, at, "blob/iterate/prefix?prefix=b").await, ok(r#"{"data":["b1"]}"#));
    expect(c, at, "blob/delete", json!({"key":"b1"}), 202, "").await;
    expect(c, at, "blob/delete", json!({"key":"b1"}), 404, "404 page not found\n").await;
    assert_eq!(c.get(at, "blob/get?key=b1").await.status(), 404);
    assert_eq!(put("b1", vec![2]).await.status(), 200, "a deleted blob may be set again at once");
    assert_eq!(put("big", vec![7; 1 << 20]).await.status(), 200);
    assert_eq!(put("bigger", vec![7; (1 << 20) + 1]).await.status(), 400);
    let no_form = c.client.post(c.api(at, "blob/set")).body("x").send().await.unwrap();
    assert_eq!(no_form.status(), 400);
}

async fn others(c: &Cluster, at: usize) {
    expect(c, at, "events", json!({"topic":"t","data":{"n":1}}), 200, "").await;
    assert_eq!(read(c, at, "events").await, plain(405, "Method not allowed"));
    assert_eq!(read(c, at, "events/subscribe").await, plain(400, "Missing topic"));
    let ping = c.ping(at).await.unwrap();
    for field in ["entity", "leader", "node-badge-id", "uptime"] {
        assert!(ping[field].as_str().is_some_and(|text| !text.is_empty()), "{ping}");
    }
    assert_eq!(ping["status"], "ok");
    assert_eq!(ping["role"], "leader");
    assert_eq!(ping["node"], c.nodes[at].name);
    assert_eq!(ping["leader_url"], c.nodes[at].url);
    assert_eq!(ping["leader"], format!("127.0.0.1:{}", c.port + 10 + u16::try_from(at).unwrap()));
    let limits: Value = serde_json::from_str(&read(c, at, "limits").await.2).unwrap();
    assert_eq!(limits["usage"]["events_emitted"], 1);
    assert!(limits["usage"]["bytes_on_disk"].as_u64().unwrap() > 1 << 20);
    assert_eq!(read(c, at, "nonsense").await, plain(404, "404 page not found"));
    // What was written at the leader is at the others too.
    for other in (0..3).filter(|other| *other != at) {
        c.reads(other, "n", "0").await;
    }
}
