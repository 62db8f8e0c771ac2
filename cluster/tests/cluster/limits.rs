//! Rate limits: data and events apart.

use serde_json::json;

use crate::harness::{Cluster, header};

#[tokio::test]
async fn rates_limit_data_and_events_apart() {
    let c = Cluster::start(&["--nodes=1", "--rate=20", "--event-rate=5"]);
    let (mut passed, mut refused) = (0, 0);
    for _ in 0..60 {
        let answer = c.get(0, "get?key=k").await;
        match answer.status().as_u16() {
            404 => passed += 1,
            429 => {
                refused += 1;
                assert_eq!(header(&answer, "retry-after"), "1");
                assert_eq!(answer.text().await.unwrap(), "Too Many Requests\n");
            }
            other => panic!("{other}"),
        }
    }
    assert!(passed >= 20, "the burst is one second's worth: {passed}");
    assert!(refused > 0, "60 requests in well under two seconds");
    let publish =
        async || c.post(0, "events", &json!({"topic":"t","data":1})).await.status().as_u16();
    let mut codes = Vec::new();
    for _ in 0..5 {
        codes.push(publish().await);
    }
    assert_eq!(codes, [200; 5], "events have a budget of their own");
    assert!(c.metric(0, "fwit_rejected_total{reason=\"ratelimited\"}").await >= f64::from(refused));
    let limits = c.get(0, "limits").await.json::<serde_json::Value>().await.unwrap();
    assert_eq!(limits["max_limits"]["rate_per_second_data_limit"], 20);
    assert_eq!(limits["max_limits"]["rate_per_second_event_limit"], 5);
}
