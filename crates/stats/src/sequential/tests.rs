//! How often bounds are wrong, and how soon they tell: simulated streams, looked at once a second.

use super::*;
use crate::random::Stream;
use crate::recorder::new_histogram;

const RUNS: u64 = 400;
const LOOKS: u64 = 60;
const RATE: usize = 100;
/// Of the logarithm.
const SIGMA: f64 = 0.5;

/// Latencies, µs, whose p95 is that: log-normal. `memory` is the correlation of the logarithm from
/// one request to the next.
struct Latencies {
    stream: Stream,
    median: f64,
    memory: f64,
    state: f64,
}

impl Latencies {
    fn new(seed: u64, p95: f64, memory: f64) -> Latencies {
        let mut stream = Stream::new(seed, "latencies", 0);
        let state = stream.normal();
        let median = p95 / libm::exp(SIGMA * normal_quantile(0.95));
        Latencies { stream, median, memory, state }
    }

    fn next(&mut self) -> f64 {
        let new = (1.0 - self.memory * self.memory).sqrt();
        self.state = self.memory * self.state + new * self.stream.normal();
        self.median * libm::exp(SIGMA * self.state)
    }
}

/// The looks at which p95 is first at the limit or above: its value, and its bound.
fn past(
    [p95, limit]: [f64; 2],
    memory: f64,
    seed: u64,
    looks: u64,
    rate: usize,
) -> [Option<u64>; 2] {
    let mut latencies = Latencies::new(seed, p95, memory);
    let (mut histogram, mut batches, mut above) = (new_histogram(), Batches::default(), 0_u64);
    let alpha = alpha_of_a_look(looks, 1);
    let mut value = None;
    let bound = (1..=looks).find(|look| {
        for _ in 0..rate {
            let us = latencies.next();
            histogram.record(us as u64).unwrap();
            above += u64::from(us >= limit);
        }
        batches.look(above as f64, histogram.len() as f64);
        // A bound is past the limit only where the value is.
        if above as f64 <= 0.05 * histogram.len() as f64 {
            return false;
        }
        value = value.or(Some(*look));
        quantile(&histogram, 0.95, &batches, alpha).is_some_and(|b| b.low >= limit)
    });
    [value, bound]
}

fn stops(p95: f64, memory: f64) -> Vec<u64> {
    (0..RUNS).filter_map(|seed| past([p95, 50e3], memory, seed, LOOKS, RATE)[1]).collect()
}

#[test]
fn a_run_within_its_limit_is_hardly_ever_stopped() {
    // On the limit itself nothing is to spare. Correlations last half a second, and 2.5 s.
    for (p95, memory) in [(48e3, 0.0), (49.99e3, 0.0), (48e3, 0.98), (48e3, 0.996)] {
        let wrong = stops(p95, memory).len() as f64 / RUNS as f64;
        println!("p95 {p95}, memory {memory}: {:.2}% stopped", 100.0 * wrong);
        assert!(wrong <= 0.01, "p95 {p95}, memory {memory}: {wrong}");
    }
}

#[test]
fn the_value_itself_would_stop_many_runs_within_their_limit() {
    let value = |seed: u64| past([48e3, 50e3], 0.0, seed, LOOKS, RATE)[0];
    let wrong = (0..RUNS).filter(|seed| value(*seed).is_some()).count() as f64 / RUNS as f64;
    println!("by the value: {:.1}% stopped", 100.0 * wrong);
    assert!(wrong > 0.3, "{wrong}");
}

#[test]
fn a_run_beyond_its_limit_is_stopped_soon() {
    for (memory, within) in [(0.0, 30), (0.8, 60)] {
        let mut looks = stops(60e3, memory);
        looks.sort_unstable();
        let (stopped, median) = (looks.len() as f64 / RUNS as f64, looks[looks.len() / 2]);
        println!("memory {memory}: {:.1}% stopped, median after {median} s", 100.0 * stopped);
        assert!(stopped >= 0.97 && median <= within, "{stopped}, {median}");
    }
    // What is far beyond ends it as soon as there are seconds to compare.
    let [_, first] = past([500e3, 50e3], 0.0, 1, LOOKS, 20);
    println!("ten times the limit: after {first:?} s");
    assert!(first.is_some_and(|s| s <= 6), "{first:?}");
}

#[test]
fn a_long_run_has_its_level_too_and_keeps_few_batches() {
    let bound = |seed: u64| past([49.99e3, 50e3], 0.8, seed, 600, 10)[1];
    let wrong = (0..100).filter(|seed| bound(*seed).is_some()).count();
    println!("600 looks: {wrong} of 100 stopped");
    assert!(wrong <= 1, "{wrong}");
    let mut batches = Batches::default();
    (1..=1_001).for_each(|i| batches.look(f64::from(i), f64::from(2 * i)));
    assert!(batches.list.len() <= BATCHES_MAX);
    assert_eq!(batches.sums(), [1_001.0, 2_002.0]);
    let (last, whole) = batches.list.split_last().unwrap();
    assert!(whole.iter().all(|b| b[1] == 2.0 * batches.looks.0 as f64));
    assert_eq!(last[1], 2.0 * batches.looks.1 as f64);
}

/// Of so many runs, how many a test ends: each second adds to both sums.
fn ended(
    second: impl Fn(&mut Stream) -> [f64; 2],
    sure: impl Fn(&Batches, f64) -> bool,
) -> (f64, u64) {
    let mut looks: Vec<u64> = (0..RUNS)
        .filter_map(|seed| {
            let mut stream = Stream::new(seed, "seconds", 0);
            let (mut batches, mut sums) = (Batches::default(), [0.0; 2]);
            let alpha = alpha_of_a_look(LOOKS, 1);
            (1..=LOOKS).find(|_| {
                sums.iter_mut().zip(second(&mut stream)).for_each(|(sum, new)| *sum += new);
                batches.look(sums[0], sums[1]);
                sure(&batches, alpha)
            })
        })
        .collect();
    looks.sort_unstable();
    (looks.len() as f64 / RUNS as f64, looks.get(looks.len() / 2).copied().unwrap_or(LOOKS))
}

#[test]
fn errors_end_a_run_only_where_they_are_too_many() {
    let errors = |p: f64, bursts: bool| {
        move |stream: &mut Stream| {
            // In bursts, they come in one second of four.
            let p = if bursts { 4.0 * p * f64::from(stream.chance(0.25)) } else { p };
            [(0..RATE).filter(|_| stream.chance(p)).count() as f64, RATE as f64]
        }
    };
    let sure = |batches: &Batches, alpha: f64| share(batches, alpha).is_some_and(|b| b.low >= 0.01);
    for (p, bursts) in [(0.009, false), (0.009_99, false), (0.009, true), (0.0, false)] {
        let (wrong, _) = ended(errors(p, bursts), sure);
        println!("errors {p}, bursts {bursts}: {:.2}% stopped", 100.0 * wrong);
        assert!(wrong <= 0.01, "{p} {bursts}: {wrong}");
    }
    for (p, within) in [(0.03, 20), (0.5, 6), (1.0, 6)] {
        let (right, median) = ended(errors(p, false), sure);
        println!("errors {p}: {:.1}% stopped, median after {median} s", 100.0 * right);
        assert!(right >= 0.99 && median <= within, "{p}: {right}, {median}");
    }
}

#[test]
fn rates_and_means_end_a_run_only_where_they_are_past_the_limit() {
    let answers = |per_s: f64| {
        move |stream: &mut Stream| {
            let (mut t, mut n) = (stream.exponential(1.0 / per_s), 0.0);
            while t < 1.0 {
                (t, n) = (t + stream.exponential(1.0 / per_s), n + 1.0);
            }
            [n, 1.0]
        }
    };
    let low = |batches: &Batches, alpha: f64| rate(batches, alpha).is_some_and(|b| b.high <= 200.0);
    for (per_s, most, least) in [(200.0, 0.01, 0.0), (204.0, 0.01, 0.0), (160.0, 1.0, 0.99)] {
        let (share, median) = ended(answers(per_s), low);
        println!("rate {per_s}: {:.1}% stopped, median after {median} s", 100.0 * share);
        assert!((least..=most).contains(&share), "{per_s}: {share}");
    }
    // Nothing at all comes.
    assert!(ended(|_| [0.0, 1.0], low).1 <= 6);

    for (mean_us, most, least) in [(49.9e3, 0.01, 0.0), (60e3, 1.0, 0.99)] {
        let stopped = (0..RUNS).filter(|seed| {
            let mut stream = Stream::new(*seed, "means", 0);
            let (mut histogram, mut batches, mut sum) = (new_histogram(), Batches::default(), 0.0);
            (1..=LOOKS).any(|_| {
                for _ in 0..50 {
                    let us = stream.exponential(mean_us);
                    histogram.record(us as u64).unwrap();
                    sum += us;
                }
                batches.look(sum, histogram.len() as f64);
                let bounds = mean(&histogram, &batches, alpha_of_a_look(LOOKS, 1));
                bounds.is_some_and(|b| b.low >= 50e3)
            })
        });
        let share = stopped.count() as f64 / RUNS as f64;
        println!("mean {mean_us}: {:.1}% stopped", 100.0 * share);
        assert!((least..=most).contains(&share), "{mean_us}: {share}");
    }
}

#[test]
fn bounds_hold_the_figure_and_nothing_is_said_of_one_batch() {
    let (mut histogram, mut batches) = (new_histogram(), Batches::default());
    assert_eq!(share(&batches, 0.001), None);
    for i in 0..1_000_u64 {
        histogram.record(1 + (i * 7_919) % 1_000).unwrap();
        if i % 100 == 99 {
            let above = histogram.count_between(901, 1_000);
            batches.look(above as f64, histogram.len() as f64);
        }
        if i == 99 {
            assert_eq!(quantile(&histogram, 0.9, &batches, 0.001), None);
        }
    }
    let b = quantile(&histogram, 0.9, &batches, 0.001).unwrap();
    assert!(b.low > 700.0 && b.low < 900.0 && b.high > 900.0 && b.high < 1_000.0, "{b:?}");
    let b = share(&batches, 0.001).unwrap();
    assert!(b.low > 0.02 && b.low < 0.1 && b.high > 0.1 && b.high < 0.3, "{b:?}");
    // Too few to say anything of the far tail.
    let b = quantile(&histogram, 0.999_9, &batches, 0.001).unwrap();
    assert_eq!(b.high, f64::INFINITY);
}
