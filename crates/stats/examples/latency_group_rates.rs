//! Prints how often each detector of latency groups sees two groups in one hill (a false alarm),
//! and how often it finds two that are there: a Markdown table.
//!
//! `cargo run --release -p fwit-stats --example latency_group_rates [rounds of 50] [rounds of
//! 2000]` (default 300 and 100). Values are drawn with fixed seeds, rounded to 0.1 as a clock
//! rounds them, and spread over the tick as the product does; dip and 2-means see their logarithms.
//! `pipeline` is the decision itself: for 2,000 values `request_groups` (valley, confirmed by the
//! dip where the smaller side is 30 % or more), for 50 values `entity_groups` (noise test left out,
//! as for files without a spread).

use std::io::Write;

use fwit_stats::buckets::Buckets;
use fwit_stats::latency_groups::clusters::clusters;
use fwit_stats::latency_groups::dip::dip_test;
use fwit_stats::latency_groups::entities::{Mean, entity_groups};
use fwit_stats::latency_groups::pipeline::request_groups;
use fwit_stats::latency_groups::valley::valley;
use fwit_stats::random::Stream;

type Draw = Box<dyn Fn(&mut Stream) -> f64>;

fn main() -> std::io::Result<()> {
    let rounds: Vec<u64> = std::env::args().skip(1).filter_map(|a| a.parse().ok()).collect();
    let mut out = std::io::stdout().lock();
    for (n, rounds) in [
        (2000_usize, rounds.get(1).copied().unwrap_or(100)),
        (50, rounds.first().copied().unwrap_or(300)),
    ] {
        writeln!(out, "\n{n} values, {rounds} rounds each\n")?;
        writeln!(out, "| scenario | hills | dip p<.01 | valley | 2-means GVF>.9 | pipeline |")?;
        writeln!(out, "| --- | --- | --- | --- | --- | --- |")?;
        for (name, hills, draw) in scenarios() {
            let mut hits = [0_u64; 4];
            for round in 0..rounds {
                let found = detect(n, &draw, round, &name);
                hits.iter_mut().zip(found).for_each(|(h, f)| *h += u64::from(f));
            }
            let cells: Vec<String> =
                hits.iter().map(|h| format!("{:.2}", *h as f64 / rounds as f64)).collect();
            writeln!(out, "| {name} | {hills} | {} |", cells.join(" | "))?;
        }
    }
    Ok(())
}

fn detect(n: usize, draw: &Draw, round: u64, name: &str) -> [bool; 4] {
    let mut stream = Stream::new(4, name, round);
    let values: Vec<f64> =
        (0..n).map(|_| (draw(&mut stream) * 10.0).round().max(1.0) / 10.0).collect();
    let Ok(sample) = Buckets::from_values(&values, 0.1) else { return [false; 4] };
    let spread = sample.spread(n);
    let ln: Vec<f64> = spread.iter().map(|v| libm::log(*v)).collect();
    let pipeline = if n >= 500 {
        request_groups(&sample, 0.1).is_some()
    } else {
        let mean = |v: &f64| Some(Mean { count: 1, mean_us: v * 1000.0, sd_us: None });
        entity_groups(&values.iter().map(mean).collect::<Vec<_>>())
            .is_ok_and(|c| c.latency_groups.len() > 1)
    };
    [
        dip_test(&ln).is_ok_and(|d| d.p < 0.01),
        valley(&sample, 0.1).is_some(),
        clusters(&ln, &[], 2).is_ok_and(|c| c.gvf > 0.9),
        pipeline,
    ]
}

/// Name, number of hills, and how a value is drawn (milliseconds).
fn scenarios() -> Vec<(String, u32, Draw)> {
    let mut all: Vec<(String, u32, Draw)> = Vec::new();
    let mut add = |name: String, hills: u32, draw: Draw| all.push((name, hills, draw));
    for sd in [0.05, 0.3, 0.8] {
        add(format!("lognormal s={sd}"), 1, Box::new(move |s| s.lognormal(40.0, sd)));
    }
    add("40+Exp(5)".to_owned(), 1, Box::new(|s| 40.0 + s.exponential(5.0)));
    add("2+Exp(20)".to_owned(), 1, Box::new(|s| 2.0 + s.exponential(20.0)));
    add("gamma k=2".to_owned(), 1, Box::new(|s| s.exponential(20.0) + s.exponential(20.0)));
    add(
        "lognormal s=.1, 2 % outliers x5-20".to_owned(),
        1,
        Box::new(|s| {
            let times = if s.chance(0.02) { 5.0 + 15.0 * s.unit() } else { 1.0 };
            times * s.lognormal(40.0, 0.1)
        }),
    );
    add("uniform 40-60".to_owned(), 1, Box::new(|s| 40.0 + 20.0 * s.unit()));
    for (sd, shares, ratios) in [
        (0.05, &[0.5, 0.38, 0.2, 0.1][..], [1.2, 1.5, 2.0]),
        (0.25, &[0.5, 0.2][..], [1.5, 2.0, 3.0]),
    ] {
        for &share in shares {
            for ratio in ratios {
                let draw = move |s: &mut Stream| {
                    let median = if s.chance(share) { 40.0 * ratio } else { 40.0 };
                    s.lognormal(median, sd)
                };
                add(format!("two lognormals w={share} r={ratio} s={sd}"), 2, Box::new(draw));
            }
        }
    }
    for share in [0.5, 0.2] {
        let draw = move |s: &mut Stream| {
            let times = if s.chance(share) { 1.5 } else { 1.0 };
            times * 40.0 + s.exponential(5.0)
        };
        add(format!("40+Exp(5) and 60+Exp(5) w={share}"), 2, Box::new(draw));
    }
    all
}
