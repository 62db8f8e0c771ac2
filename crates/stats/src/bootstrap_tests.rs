//! Tests of `bootstrap`.

use super::*;
use proptest::prelude::*;

/// A run whose seconds share a level: AR(1) of 0.7 on the log latency's centre.
fn run(seed: u64, seconds: usize, per_second: usize) -> Vec<Vec<(u32, u32)>> {
    let mut s = Stream::new(seed, "run", 0);
    let mut level = 0.0;
    (0..seconds)
        .map(|_| {
            level = 0.7 * level + 0.05 * s.normal();
            let mut cells = std::collections::BTreeMap::new();
            for _ in 0..per_second {
                let v = libm::log(s.lognormal(20.0 * libm::exp(level), 0.2)) * 100.0;
                *cells.entry(v as u32).or_insert(0) += 1;
            }
            cells.into_iter().collect()
        })
        .collect()
}

fn value(bucket: u32) -> f64 {
    libm::exp(f64::from(bucket + 1) / 100.0)
}

fn boot(run: &[Vec<(u32, u32)>], blocks: Blocks, seed: u64) -> Outcome {
    let mut b =
        Bootstrap::new(Intervals::new(run, value).unwrap(), &[0.99, 0.5], blocks, 500, seed)
            .unwrap();
    while b.step(64) {
        assert!(b.progress() < 1.0);
    }
    b.outcome(0.95).unwrap()
}

#[test]
fn blocks_widen_the_interval_of_a_run_whose_seconds_depend() {
    let run = run(1, 300, 40);
    let single = boot(&run, Blocks::Moving(1.0), 1);
    for blocks in [Blocks::Stationary(15.0), Blocks::Moving(15.0)] {
        let o = boot(&run, blocks, 1);
        let (q, one) = (o.quantiles[1], single.quantiles[1]);
        assert!(q.low < q.value && q.value < q.high && q.value == one.value);
        // Theory for AR(0.7): 2.4 times wider, less the requests' own noise and the blocks' bias.
        assert!(q.se > 1.5 * one.se, "{q:?} {one:?}");
        assert!(o.quantiles[0].value > q.value, "the order of the caller is kept");
    }
}

#[test]
fn the_interval_covers_the_truth_about_as_often_as_it_says() {
    let truth = 20.0;
    let hits = (0..60)
        .filter(|&seed| {
            let q = boot(&run(seed + 100, 200, 20), Blocks::Stationary(14.0), seed).quantiles[1];
            q.low * 0.99 <= truth && truth <= q.high
        })
        .count();
    assert!(hits >= 50, "{hits} of 60"); // bounds are up to a bucket (1 %) above their samples
}

#[test]
fn seeds_and_steps_decide_nothing_but_themselves() {
    let run = run(2, 50, 20);
    assert_eq!(boot(&run, Blocks::Stationary(5.0), 7), boot(&run, Blocks::Stationary(5.0), 7));
    assert_ne!(boot(&run, Blocks::Stationary(5.0), 7), boot(&run, Blocks::Stationary(5.0), 8));
    let all = Intervals::new(&run, value).unwrap();
    let mut once = Bootstrap::new(all.clone(), &[0.5], Blocks::Moving(5.0), 500, 7).unwrap();
    assert!(!once.step(u32::MAX));
    let mut steps = Bootstrap::new(all, &[0.5], Blocks::Moving(5.0), 500, 7).unwrap();
    while steps.step(1) {}
    assert_eq!(once.outcome(0.9).unwrap(), steps.outcome(0.9).unwrap());
}

#[test]
fn bad_input_is_refused() {
    assert!(Intervals::new(&[], value).is_err());
    assert!(Intervals::new(&vec![vec![]; 20], value).is_err());
    assert!(Intervals::new(&vec![vec![(1, 1), (2, 1)]; 20], |_| 5.0).is_err());
    let good = Intervals::new(&vec![vec![(1, 1)]; 20], value).unwrap();
    let new = |p, b, r| Bootstrap::new(good.clone(), &[p], b, r, 1);
    assert!(
        new(1.5, Blocks::Moving(5.0), 500).is_err() && new(0.5, Blocks::Moving(0.0), 500).is_err()
    );
    assert!(
        new(0.5, Blocks::Stationary(f64::NAN), 500).is_err()
            && new(0.5, Blocks::Moving(5.0), 1).is_err()
    );
    let unfinished = new(0.5, Blocks::Moving(5.0), 500).unwrap();
    assert!(unfinished.outcome(0.95).is_err());
    assert_eq!(Blocks::of_series(&[1.0; 50]), Blocks::Stationary(5.0));
}

#[test]
fn mostly_empty_runs_have_an_answer() {
    let mut run = vec![Vec::new(); 30];
    run[4] = vec![(3, 2)];
    let o = boot(&run, Blocks::Moving(5.0), 1);
    assert_eq!((o.quantiles[1].value, o.quantiles[1].low), (value(3), value(3)));
    assert_eq!(o.rate.value, 2.0 / 30.0);
}

proptest! {
    #[test]
    fn a_resample_has_as_many_intervals_as_the_run(n in 1_usize..200, length in 1.0_f64..50.0, seed: u64) {
        let mut s = Stream::new(seed, "draw", 0);
        let mut stretches = Vec::new();
        for blocks in [Blocks::Stationary(length), Blocks::Moving(length)] {
            draw(&mut s, blocks, n, &mut stretches);
            prop_assert!(stretches.iter().all(|(from, to)| from < to && *to <= n));
            prop_assert_eq!(stretches.iter().map(|(from, to)| to - from).sum::<usize>(), n);
        }
    }

    #[test]
    fn quantiles_are_those_of_the_merged_histogram(
        run in prop::collection::vec(prop::collection::vec((0_u32..40, 1_u32..5), 0..6), 10..40),
        near in 0_usize..60,
        p in 0.0_f64..=1.0,
        seed: u64,
    ) {
        let run: Vec<Vec<(u32, u32)>> = run
            .into_iter()
            .map(|second| second.into_iter().collect::<std::collections::BTreeMap<_, _>>().into_iter().collect())
            .collect();
        let Ok(all) = Intervals::new(&run, value) else { return Ok(()) };
        let (mut stretches, mut leap) = (Vec::new(), near / 3);
        draw(&mut Stream::new(seed, "draw", 0), Blocks::Stationary(3.0), run.len(), &mut stretches);
        let total = all.total(&stretches);
        let q = all.quantile(&stretches, total, p, near, &mut leap);
        let mut merged: Vec<u32> = stretches
            .iter()
            .flat_map(|(from, to)| run[*from..*to].iter().flatten())
            .flat_map(|(bucket, n)| std::iter::repeat_n(*bucket, *n as usize))
            .collect();
        merged.sort_unstable();
        prop_assert_eq!(total as usize, merged.len());
        let rank = ((p * total as f64).ceil() as usize).max(1);
        match merged.get(rank - 1) {
            Some(bucket) => prop_assert_eq!(q, value(*bucket)),
            None => prop_assert!(q.is_nan()),
        }
    }
}
