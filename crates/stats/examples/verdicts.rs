//! How often the verdicts of paired experiments are right, on drawn period values of known truth.
//!
//! `cargo run --release -p fwit-stats --example verdicts -- [experiments a cell]` prints the tables
//! of docs/statistics.md. Five metrics that go together (correlation 0.6), periods that remember
//! the one before (AR(1), 0.5), a drift of 0, 1 or 2 % a period, orders balanced or by coins.
#![allow(clippy::unwrap_used, reason = "a measurement that fails may panic")]

#[path = "common/share.rs"]
mod share;

use fwit_stats::design::{PairOrder, coin_order, pair_orders};
use fwit_stats::power::pairs_needed;
use fwit_stats::random::Stream;
use fwit_stats::randomization::{Comparison, Redraws};
use fwit_stats::verdict::{ALPHA, Arms, Basis, Judged, Metric, Verdict, judge_family, log_e_claim};
use share::share;

const ARMS: Arms<'static> = Arms { a: "A", b: "B" };
/// Standard deviation of a pair's log ratio: of throughput and medians, and of p99.
const SPREAD: [f64; 2] = [0.05, 0.15];

#[derive(Clone, Copy)]
struct Cell {
    pairs: usize,
    /// True difference in margins, of all metrics.
    effect: f64,
    /// Log change a period.
    drift: f64,
    coins: bool,
    /// Times the usual spread.
    spread: f64,
    looked: bool,
}

fn metrics() -> [Metric; 5] {
    [
        Metric::throughput(),
        Metric::latency("read", 0.5),
        Metric::latency("read", 0.99),
        Metric::latency("write", 0.5),
        Metric::latency("write", 0.99),
    ]
}

/// Draws one experiment: the orders, and each metric's log ratios.
fn draw(cell: Cell, seed: u64) -> (Vec<PairOrder>, Vec<Vec<f64>>) {
    let mut s = Stream::new(seed, "verdicts", 0);
    let orders: Vec<PairOrder> = if cell.coins {
        let ab = |pair| coin_order(2, pair, 1, seed) == [0, 1];
        (0..cell.pairs).map(|i| if ab(i) { PairOrder::Ab } else { PairOrder::Ba }).collect()
    } else {
        pair_orders(cell.pairs, seed)
    };
    // Of two periods in turn: AR(1) with 0.5 leaves the difference its innovation's variance.
    let phi = 0.5_f64;
    let mut common = s.normal();
    let mut own: [f64; 5] = std::array::from_fn(|_| s.normal());
    let list = metrics();
    let mut ratios = vec![Vec::new(); list.len()];
    let mut at = 0.0;
    for order in &orders {
        let mut values = [[0.0; 5]; 2];
        for place in &mut values {
            let innovation = (1.0 - phi * phi).sqrt();
            common = phi * common + innovation * s.normal();
            for (k, metric) in list.iter().enumerate() {
                own[k] = phi * own[k] + innovation * s.normal();
                let spread = cell.spread * SPREAD[usize::from(metric.margin > 0.1)];
                let noise = 0.6_f64.sqrt() * common + 0.4_f64.sqrt() * own[k];
                // var(y2 - y1) = 2 (1 - phi) of a unit AR(1).
                place[k] = cell.drift * at + spread / (2.0 * (1.0 - phi)).sqrt() * noise;
            }
            at += 1.0;
        }
        for (k, metric) in list.iter().enumerate() {
            let second = values[1][k] - values[0][k];
            let d = if *order == PairOrder::Ab { second } else { -second };
            ratios[k].push(d + cell.effect * metric.log_margin());
        }
    }
    (orders, ratios)
}

fn judged(
    cell: Cell,
    orders: &[PairOrder],
    ratios: &[Vec<f64>],
    seed: u64,
) -> Vec<(Judged, Comparison)> {
    let redraws = Redraws::new(orders, seed);
    let list = metrics();
    let own: Vec<Comparison> = ratios.iter().map(|d| redraws.compare(d.clone()).unwrap()).collect();
    let family: Vec<_> = list.iter().zip(&own).collect();
    let basis = Basis { coins: cell.coins, looked: cell.looked, ..Basis::PLAIN };
    judge_family(&redraws, &family, basis, ARMS).unwrap().into_iter().zip(own).collect()
}

/// Runs `each` experiments on both cores; the counts are added up.
fn count<const N: usize>(each: u64, one: impl Fn(u64) -> [u64; N] + Sync) -> [u64; N] {
    let part = |from: u64| {
        let mut sum = [0; N];
        for seed in (from..each).step_by(2) {
            sum.iter_mut().zip(one(seed)).for_each(|(s, v)| *s += v);
        }
        sum
    };
    std::thread::scope(|scope| {
        let other = scope.spawn(|| part(1));
        let mut sum = part(0);
        sum.iter_mut().zip(other.join().unwrap()).for_each(|(s, v)| *s += v);
        sum
    })
}

/// Any metric claimed; throughput claimed; its five verdicts; intervals there, and holding.
fn cell_counts(cell: Cell, each: u64) -> [u64; 9] {
    count(each, |seed| {
        let (orders, ratios) = draw(cell, seed);
        let all = judged(cell, &orders, &ratios, seed);
        let mut out = [0; 9];
        out[0] = u64::from(all.iter().any(|(j, _)| j.verdict.is_difference()));
        let verdict = all[0].0.verdict;
        out[1] = u64::from(verdict.is_difference());
        let place = [
            Verdict::Larger,
            Verdict::MarginOpen,
            Verdict::Smaller,
            Verdict::Equivalent,
            Verdict::Inconclusive,
        ];
        out[2 + place.iter().position(|v| *v == verdict).unwrap()] = 1;
        for ((_, c), metric) in all.iter().zip(metrics()) {
            let truth = cell.effect * metric.log_margin();
            if let Some(i) = c.ci95 {
                out[7] += 1;
                out[8] += u64::from(i.low <= truth && truth <= i.high);
            }
        }
        out
    })
}

fn main() {
    let each: u64 = std::env::args().nth(1).and_then(|n| n.parse().ok()).unwrap_or(2_000);
    let plain =
        Cell { pairs: 10, effect: 0.0, drift: 0.0, coins: false, spread: 1.0, looked: false };
    println!("{each} experiments a row; 95 % Clopper–Pearson intervals in brackets.\n");
    println!(
        "| pairs | orders | drift a period | difference, margins | any of five claimed | throughput claimed | larger / open / smaller / none relevant / inconclusive, % | interval holds |"
    );
    println!("| --- | --- | --- | --- | --- | --- | --- | --- |");
    for pairs in [6, 8, 10, 20] {
        for coins in [false, true] {
            for drift in [0.0, 0.01, 0.02] {
                for effect in [0.0, 0.5, 1.0, 1.5, 2.0] {
                    let n = cell_counts(Cell { pairs, coins, drift, effect, ..plain }, each);
                    let verdicts: Vec<String> = n[2..7]
                        .iter()
                        .map(|v| format!("{:.0}", 100.0 * *v as f64 / each as f64))
                        .collect();
                    println!(
                        "| {pairs} | {} | {:.0} % | {effect} | {} | {} | {} | {} |",
                        if coins { "coins" } else { "balanced" },
                        100.0 * drift,
                        share(n[0], each),
                        share(n[1], each),
                        verdicts.join(" / "),
                        share(n[8], n[7]),
                    );
                }
            }
        }
    }

    println!(
        "\nAt the recommended number of pairs, a true difference of 1.5 margins in throughput:\n"
    );
    println!("| spread of the pairs | pairs | orders | claimed |");
    println!("| --- | --- | --- | --- |");
    for spread in [0.6, 1.0, 1.6] {
        let sd = SPREAD[0] * spread;
        let effect = 1.5 * Metric::throughput().log_margin();
        for coins in [false, true] {
            // What a claim takes at least, see `pairs_for_claim` in fwit-report.
            let fewest = if coins { 10 } else { 6 };
            let needed = pairs_needed(sd, 1_000, effect, ALPHA / 5.0, fewest).unwrap();
            let pairs = needed.pairs as usize;
            let n = cell_counts(Cell { pairs, coins, spread, effect: 1.5, ..plain }, each);
            println!(
                "| {sd:.2} | {pairs} | {} | {} |",
                if coins { "coins" } else { "balanced" },
                share(n[1], each)
            );
        }
    }

    println!("\nLooked at after each of 20 pairs (e-values), no difference:\n");
    println!("| drift a period | any of five ever claimed |");
    println!("| --- | --- |");
    for drift in [0.0, 0.01, 0.02] {
        let cell = Cell { pairs: 20, coins: true, drift, looked: true, ..plain };
        let [ever] = count(each, |seed| {
            let (orders, ratios) = draw(cell, seed);
            let all = judged(cell, &orders, &ratios, seed);
            [u64::from(all.iter().any(|(j, _)| j.log_e.unwrap() >= log_e_claim(5, 1)))]
        });
        println!("| {:.0} % | {} |", 100.0 * drift, share(ever, each));
    }

    println!("\nOutages: B's throughput is 20 % lower in exactly 3 of its 10 periods:\n");
    println!("| orders | “no relevant difference” |");
    println!("| --- | --- |");
    for coins in [false, true] {
        let cell = Cell { coins, spread: 0.3, ..plain };
        let [none] = count(each, |seed| {
            let (orders, mut ratios) = draw(cell, seed);
            let mut places: Vec<usize> = (0..10).collect();
            Stream::new(seed, "outages", 0).shuffle(&mut places);
            for place in &places[..3] {
                ratios[0][*place] += 0.8_f64.ln();
            }
            let all = judged(cell, &orders, &ratios, seed);
            [u64::from(all[0].0.verdict == Verdict::Equivalent)]
        });
        println!("| {} | {} |", if coins { "coins" } else { "balanced" }, share(none, each));
    }
}
