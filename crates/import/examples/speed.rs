//! How fast a file is read, and how much memory it takes at most: `cargo run --release -p
//! fwit-import --example speed -- FILE`. `-- make k6 MB` and `-- make jtl MB` print a file of so
//! many megabytes, as k6 and JMeter write them.
#![allow(clippy::expect_used, clippy::disallowed_methods, reason = "a program for the terminal")]

use std::io::{BufWriter, Write};
use std::time::Instant;

use fwit_import::{Item, open};

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match args.as_slice() {
        [make, kind, megabytes] if make == "make" => {
            let bytes = megabytes.parse::<u64>().expect("a number of megabytes") * 1_000_000;
            write(kind, bytes);
        }
        [path] => read(path),
        _ => eprintln!("speed FILE | speed make k6|jtl MEGABYTES"),
    }
}

fn read(path: &str) {
    let file = std::fs::File::open(path).expect("the file");
    let size = file.metadata().expect("its size").len() as f64 / 1e6;
    let begun = Instant::now();
    let mut requests = 0;
    open(path, file, &mut |_| true, &mut |found| match found.item {
        Ok(Item::Run(run)) => requests += run.totals.values().map(|c| c.issued).sum::<u64>(),
        Ok(_) => {}
        Err(error) => eprintln!("{error}"),
    });
    let s = begun.elapsed().as_secs_f64();
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|l| l.strip_prefix("VmHWM:")).unwrap_or("?").trim();
    println!("{size:.0} MB, {requests} requests in {s:.2} s: {:.0} MB/s; at most {peak}", size / s);
}

/// Requests of 50 users, two milliseconds apart, one in a hundred failed.
fn write(kind: &str, bytes: u64) {
    let mut out = BufWriter::with_capacity(1 << 20, std::io::stdout().lock());
    let mut written = 0;
    let mut put = |text: &str| {
        written += text.len() as u64;
        out.write_all(text.as_bytes()).expect("the output");
        written < bytes
    };
    let head = "timeStamp,elapsed,label,responseCode,responseMessage,threadName,dataType,success,\
                failureMessage,bytes,sentBytes,grpThreads,allThreads,URL,Latency,IdleTime,Connect\n";
    if kind == "jtl" {
        put(head);
    }
    for i in 0_u64.. {
        let (ms, took, failed) = (i * 2, 5 + i.wrapping_mul(2_654_435_761) % 90, i % 100 == 99);
        let (op, status) = (["get", "set"][(i % 2) as usize], if failed { 503 } else { 200 });
        let go_on = if kind == "jtl" {
            put(&format!(
                "{},{took},{op} kv,{status},OK,Thread Group 1-{},text,{},,120,60,50,50,http://127.0.0.1:7001/kv/{op},4,0,0\n",
                1_793_613_600_000 + ms,
                i % 50,
                !failed,
            ))
        } else {
            let (s, milli) = (ms / 1_000, ms % 1_000);
            let (h, m) = (s / 3_600 % 24, s / 60 % 60);
            let time =
                format!("2026-11-{:02}T{h:02}:{m:02}:{:02}.{milli:03}Z", 2 + s / 86_400, s % 60);
            let tags = format!(
                "\"expected_response\":\"{}\",\"group\":\"\",\"method\":\"GET\",\"name\":\"{op}\",\"proto\":\"HTTP/1.1\",\
                 \"scenario\":\"default\",\"status\":\"{status}\",\"url\":\"http://127.0.0.1:7001/kv/{op}\"",
                !failed
            );
            let point = |metric: &str, value: u64| {
                format!(
                    "{{\"metric\":\"{metric}\",\"type\":\"Point\",\"data\":{{\"time\":\"{time}\",\"value\":{value},\
                     \"tags\":{{{tags}}}}}}}\n"
                )
            };
            // As many points a request as k6 writes.
            let names = [
                "http_reqs",
                "http_req_duration",
                "http_req_blocked",
                "http_req_connecting",
                "http_req_sending",
                "http_req_waiting",
                "http_req_receiving",
                "http_req_failed",
            ];
            names.iter().all(|name| {
                let value = match *name {
                    "http_reqs" => 1,
                    "http_req_duration" | "http_req_waiting" => took,
                    "http_req_failed" => u64::from(failed),
                    _ => 0,
                };
                put(&point(name, value))
            })
        };
        if !go_on {
            break;
        }
    }
}
