//! Measures how often experiments are wrong: simulated ones with a known truth, interleaved and one
//! after the other.
//!
//! `cargo run --release -p fwit-report --example experiment_power -- [how many of each kind]`
//! prints the table of docs/statistics.md.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a measurement that fails may panic"
)]

#[path = "../tests/common/power.rs"]
mod power;

use power::{Case, one};

fn main() {
    let each: u64 = std::env::args().nth(1).and_then(|n| n.parse().ok()).unwrap_or(100);
    let pairs = 10;
    println!(
        "| design | true difference | cluster | experiments | a difference claimed | 95 % interval \
         holds the truth |"
    );
    println!("| --- | --- | --- | --- | --- | --- |");
    for (sequential, factor) in [(false, 1.0), (false, 1.05), (true, 1.0), (true, 1.05)] {
        for drifting in [false, true] {
            let case = Case { factor, drifting, sequential, pairs, coins: false };
            let (mut claims, mut holds, mut of) = (0_u64, 0_u64, 0_u64);
            let mut by_metric: Vec<(String, u64, u64)> = Vec::new();
            for seed in 0..each {
                let said = one(case, 1_000 + seed);
                claims += u64::from(said.any());
                for (i, (name, claimed, held)) in said.metrics.iter().enumerate() {
                    if by_metric.len() <= i {
                        by_metric.push((name.clone(), 0, 0));
                    }
                    by_metric[i].1 += u64::from(*claimed);
                    by_metric[i].2 += u64::from(*held);
                    holds += u64::from(*held);
                    of += 1;
                }
            }
            let percent = |n: u64, of: u64| format!("{:.1} %", 100.0 * n as f64 / of as f64);
            println!(
                "| {} | {} | {} | {each} | {} | {} |",
                if sequential { "all of A, then all of B" } else { "interleaved pairs" },
                if factor == 1.0 {
                    "none".to_string()
                } else {
                    format!("{:.0} %", (factor - 1.0) * 100.0)
                },
                if drifting { "drifting" } else { "steady" },
                percent(claims, each),
                percent(holds, of),
            );
            for (name, claimed, held) in by_metric {
                eprintln!(
                    "    {name}: claimed {}, held {}",
                    percent(claimed, each),
                    percent(held, each)
                );
            }
        }
    }
}
