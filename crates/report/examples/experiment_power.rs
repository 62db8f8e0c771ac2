//! Measures how often experiments are wrong: simulated ones with a known truth, through the very
//! code that carries out and judges a user's.
//!
//! `cargo run --release -p fwit-report --example experiment_power -- [without a difference] [with
//! one]` prints the table of docs/statistics.md.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a measurement that fails may panic"
)]

#[path = "../tests/common/power.rs"]
mod power;
#[path = "../../stats/examples/common/share.rs"]
mod share;

use power::{Case, Said, one};
use share::share;

/// All experiments of a case, on both cores.
fn many(case: Case, each: u64) -> Vec<Said> {
    let part = |from: u64| {
        (from..each).step_by(2).map(|seed| one(case, 1_000 + seed)).collect::<Vec<Said>>()
    };
    std::thread::scope(|scope| {
        let other = scope.spawn(|| part(1));
        let mut all = part(0);
        all.extend(other.join().unwrap());
        all
    })
}

fn count(found: impl Iterator) -> u64 {
    found.count() as u64
}

fn main() {
    let number = |n: usize| std::env::args().nth(n).and_then(|n| n.parse().ok());
    let without: u64 = number(1).unwrap_or(1_000);
    let with: u64 = number(2).unwrap_or(without.min(300));
    println!(
        "| true difference | cluster | orders | experiments | any of five claimed | throughput \
         claimed | interval holds |"
    );
    println!("| --- | --- | --- | --- | --- | --- | --- |");
    for (factor, each) in [(1.0, without), (1.05, with)] {
        for drifting in [false, true] {
            for coins in [false, true] {
                let case = Case { factor, drifting, sequential: false, pairs: 10, coins };
                let said = many(case, each);
                let metrics = || said.iter().flat_map(|s| &s.metrics);
                let throughput = count(metrics().filter(|m| m.0 == "throughput" && m.1));
                println!(
                    "| {} | {} | {} | {each} | {} | {} | {} |",
                    if factor == 1.0 { "none" } else { "5 %, of all times" },
                    if drifting { "drifting" } else { "steady" },
                    if coins { "coins" } else { "balanced" },
                    share(count(said.iter().filter(|s| s.any())), each),
                    share(throughput, each),
                    share(count(metrics().filter(|m| m.2)), count(metrics())),
                );
            }
        }
    }
}
