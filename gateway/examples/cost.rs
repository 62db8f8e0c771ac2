//! What the gateway costs a request: the same node asked directly and through it, in turn, at one
//! fixed rate: half of what the gateway reaches at most, or the second argument.
//!
//! `cargo run --release -p fwit-gateway --example cost -- target/release/fwit-gateway 2000`
//!
//! Latencies count from when a request was due. The table stands in docs/performance.md.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a measurement ends by panicking")]

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use axum::Router;
use axum::routing::any;

/// Blocks of each kind.
const BLOCKS: usize = 20;
/// Length of a block.
const BLOCK: Duration = Duration::from_secs(2);
/// Requests at a time where the highest rate is looked for.
const AT_ONCE: usize = 32;

/// Requests a second, as many as there can be.
async fn highest(client: &reqwest::Client, url: &str) -> f64 {
    let end = Instant::now() + BLOCK;
    let workers = (0..AT_ONCE).map(|_| {
        let (client, url) = (client.clone(), url.to_string());
        tokio::spawn(async move {
            let mut count = 0_u64;
            while Instant::now() < end {
                let answer = client.get(&url).send().await.unwrap();
                answer.bytes().await.unwrap();
                count += 1;
            }
            count
        })
    });
    let workers: Vec<_> = workers.collect();
    let mut sum = 0;
    for worker in workers {
        sum += worker.await.unwrap();
    }
    sum as f64 / BLOCK.as_secs_f64()
}

/// Latencies, µs, at a fixed rate.
async fn at_rate(client: &reqwest::Client, url: &str, rate: f64) -> Vec<u64> {
    let begin = Instant::now() + Duration::from_millis(20);
    let count = (rate * BLOCK.as_secs_f64()) as u32;
    let mut requests = Vec::new();
    for i in 0..count {
        let due = begin + Duration::from_secs_f64(f64::from(i) / rate);
        tokio::time::sleep_until(due.into()).await;
        let (client, url) = (client.clone(), url.to_string());
        requests.push(tokio::spawn(async move {
            client.get(&url).send().await.unwrap().bytes().await.unwrap();
            due.elapsed().as_micros() as u64
        }));
    }
    let mut took = Vec::new();
    for request in requests {
        took.push(request.await.unwrap());
    }
    took
}

fn percentile(sorted: &[u64], p: f64) -> u64 {
    sorted[((sorted.len() - 1) as f64 * p) as usize]
}

#[tokio::main]
async fn main() {
    let program = std::env::args().nth(1).expect("the gateway's program as the first argument");
    // A node that answers at once, with a body as a key-value store has.
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let node = format!("http://{}", listener.local_addr().unwrap());
    let app = Router::new().fallback(any(|| async { "{\"data\":\"a value of 18 byte\"}" }));
    tokio::spawn(async move { axum::serve(listener, app).await });
    let mut gateway = Command::new(program)
        .args(["--node", &format!("n1={node}"), "--port", "7391", "--exit-on-stdin-eof"])
        .args(["--allow-origin", "http://page.example"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(gateway.stdout.take().unwrap()).lines();
    let ready = lines.map(Result::unwrap).any(|line| line == "ready");
    assert!(ready, "the gateway did not become ready");
    let mut headers = reqwest::header::HeaderMap::new();
    headers.insert("origin", "http://page.example".parse().unwrap());
    let client = reqwest::Client::builder().no_proxy().default_headers(headers).build().unwrap();
    let through = "http://127.0.0.1:7391/get".to_string();
    let direct = format!("{node}/get");
    let (most_direct, most) = (highest(&client, &direct).await, highest(&client, &through).await);
    // The client, the node and the gateway share the machine: half of the highest rate may be more
    // than it carries besides.
    let rate = std::env::args().nth(2).map_or((most / 2.0).floor(), |r| r.parse().unwrap());
    println!("highest: {most_direct:.0}/s directly, {most:.0}/s through the gateway");
    let (mut all, mut p50s) = ([Vec::new(), Vec::new()], Vec::new());
    for block in 0..BLOCKS {
        let mut p50 = [0; 2];
        // Which comes first changes.
        for turn in 0..2 {
            let which = (block + turn) % 2;
            let url = [&direct, &through][which];
            let mut took = at_rate(&client, url, rate).await;
            took.sort_unstable();
            p50[which] = percentile(&took, 0.5);
            all[which].extend(took);
        }
        p50s.push(p50[1] as f64 - p50[0] as f64);
    }
    for (name, took) in ["directly", "through"].iter().zip(&mut all) {
        took.sort_unstable();
        let [p50, p90, p99] = [0.5, 0.9, 0.99].map(|p| percentile(took, p));
        println!("{rate:.0}/s {name}: p50 {p50} µs, p90 {p90} µs, p99 {p99} µs");
    }
    let mean = p50s.iter().sum::<f64>() / BLOCKS as f64;
    let spread = p50s.iter().map(|d| (d - mean).powi(2)).sum::<f64>() / (BLOCKS - 1) as f64;
    // Student's t at 97.5 % with 19 degrees of freedom.
    let half = 2.093 * (spread / BLOCKS as f64).sqrt();
    println!("p50 dearer by {mean:.0} µs (95 %: {:.0} to {:.0})", mean - half, mean + half);
    drop(gateway.stdin.take());
    gateway.wait().unwrap();
}
