//! Tests of `randomization`. The reference values are of a brute-force program from the
//! definitions (numpy): all 70 orders, and true differences tried in steps of 0.0001.

use super::*;
use PairOrder::{Ab, Ba};

const ORDERS: [PairOrder; 8] = [Ab, Ba, Ab, Ba, Ba, Ab, Ab, Ba];
const FAMILY: [[f64; 8]; 3] = [
    [0.021, 0.034, -0.004, 0.018, 0.027, 0.009, 0.041, 0.013],
    [0.05, 0.012, 0.03, -0.02, 0.06, 0.01, 0.02, 0.044],
    [-0.01, 0.02, 0.005, 0.0, -0.015, 0.03, 0.012, -0.006],
];

fn close(found: f64, wanted: f64, off: f64) {
    assert!((found - wanted).abs() <= off, "{found} is not {wanted}");
}

#[test]
fn orders_against_brute_force() {
    let redraws = Redraws::new(&ORDERS, 1);
    assert!(redraws.by_orders);
    let wanted = [
        (0.019_875, 0.028_571_43, [0.0045, 0.0375], [0.009, 0.0307]),
        (0.025_75, 0.085_714_29, [-0.005, 0.055], [0.005, 0.046]),
        (0.0045, 0.485_714_29, [-0.0125, 0.025], [-0.0065, 0.0155]),
    ];
    for (d, (estimate, p, ci95, ci90)) in FAMILY.iter().zip(wanted) {
        let c = redraws.compare(d.to_vec()).unwrap();
        close(c.estimate, estimate, 1e-12);
        close(c.p, p, 1e-8);
        for (found, [low, high]) in [(c.ci95.unwrap(), ci95), (c.ci90.unwrap(), ci90)] {
            close(found.low, low, 1.1e-4);
            close(found.high, high, 1.1e-4);
        }
    }
    let lists: Vec<&[f64]> = FAMILY.iter().map(<[f64; 8]>::as_slice).collect();
    let p = redraws.family(&lists).unwrap();
    for (found, wanted) in p.into_iter().zip([0.028_571_43, 0.142_857_14, 0.485_714_29]) {
        close(found, wanted, 1e-8);
    }
    let margins = [1.05_f64, 1.05, 1.2].map(libm::log);
    let with: Vec<(&[f64], f64)> = lists.into_iter().zip(margins).collect();
    let p = redraws.equivalence(&with).unwrap();
    for (found, wanted) in p.into_iter().zip([0.014_285_71, 0.028_571_43, 0.014_285_71]) {
        close(found, wanted, 1e-8);
    }
}

#[test]
fn flips_against_brute_force() {
    let redraws = Redraws::new(&ORDERS[..6], 1);
    assert!(!redraws.by_orders);
    let lists: Vec<&[f64]> = FAMILY.iter().map(|d| &d[..6]).collect();
    for (d, p) in lists.iter().zip([0.0625, 0.125, 0.5625]) {
        close(redraws.compare(d.to_vec()).unwrap().p, p, 1e-12);
    }
    let p = redraws.family(&lists).unwrap();
    assert_eq!(p, [0.09375, 0.25, 0.5625]);
    // Six pairs that all point one way: the smallest p, for the whole family.
    let far: Vec<Vec<f64>> =
        FAMILY.iter().map(|d| d[..6].iter().map(|v| v + 1.0).collect()).collect();
    let lists: Vec<&[f64]> = far.iter().map(Vec::as_slice).collect();
    assert_eq!(redraws.family(&lists).unwrap(), [2.0 / 64.0; 3]);
    assert_eq!(smallest_p(6, 3), 2.0 / 64.0);
    // With two orders of one kind there is no claim: as many redraws as p says.
    for (pairs, ab) in [(6, 2), (7, 3), (8, 4), (8, 2), (10, 5), (6, 1), (9, 9)] {
        let drawn = [vec![Ab; ab], vec![Ba; pairs - ab]].concat();
        let all = Redraws::new(&drawn, 1).rows.len() as f64;
        close(smallest_p(pairs, ab), (2.0 / all).min(1.0), 1e-12);
    }
    let ci = redraws.compare(far[0].clone()).unwrap().ci95.unwrap();
    close(ci.low, 0.996, 1e-12);
    close(ci.high, 1.034, 1e-12);
    assert_eq!(ci.coverage, 1.0 - 2.0 / 64.0);
}

#[test]
fn without_two_pairs_of_either_order_nothing_is_claimed() {
    for orders in [vec![Ab; 6], vec![Ab; 12], [vec![Ba], vec![Ab; 9]].concat()] {
        let redraws = Redraws::new(&orders, 1);
        let c = redraws.compare(vec![0.5; orders.len()]).unwrap();
        assert_eq!((c.p, c.ci95, c.ci90), (1.0, None, None), "{orders:?}");
        assert_eq!(redraws.family(&[&c.log_ratios]).unwrap(), [1.0]);
    }
    assert!(Redraws::new(&[Ab, Ba], 1).compare(vec![0.1]).is_err());
    assert!(Redraws::new(&[], 1).compare(Vec::new()).is_err());
    // Two pairs: a pilot has an estimate and a spread.
    let two = Redraws::new(&[Ab, Ba], 1).compare(vec![0.1, 0.3]).unwrap();
    close(two.estimate, 0.2, 1e-12);
    close(two.sd, 0.02_f64.sqrt(), 1e-12);
    assert_eq!((two.freedom, two.ci95), (1, None));
}

/// A drift of 2 % a period costs nothing: it is the same in every pair, one way or the other.
#[test]
fn a_steady_drift_is_taken_out_of_estimate_and_width() {
    let redraws = Redraws::new(&ORDERS, 1);
    let drifting: Vec<f64> =
        FAMILY[0].iter().zip(ORDERS).map(|(d, o)| d + if o == Ab { 0.02 } else { -0.02 }).collect();
    let (steady, with) =
        (redraws.compare(FAMILY[0].to_vec()).unwrap(), redraws.compare(drifting).unwrap());
    close(with.estimate, steady.estimate, 1e-12);
    close(with.sd, steady.sd, 1e-12);
    assert_eq!(with.p, steady.p);
    close(with.ci95.unwrap().low, steady.ci95.unwrap().low, 1e-12);
}

#[test]
fn p_and_interval_never_disagree_and_equal_values_are_no_evidence() {
    let mut s = Stream::new(5, "disagree", 0);
    for n in 6..18 {
        for _ in 0..20 {
            let orders: Vec<PairOrder> = (0..n)
                .map(|i| if (i + s.below(2) as usize).is_multiple_of(2) { Ab } else { Ba })
                .collect();
            let redraws = Redraws::new(&orders, 1);
            let c = redraws.compare((0..n).map(|_| 0.03 + 0.05 * s.normal()).collect()).unwrap();
            let apart = c.ci95.is_some_and(|i| i.excludes_zero());
            assert_eq!(apart, c.p <= 0.05 + 1e-12, "{n}: {c:?}");
            // A family of one is the two-sided test; with as many AB as BA it is the same p.
            let family = redraws.family(&[&c.log_ratios]).unwrap()[0];
            if orders.iter().filter(|o| **o == Ab).count() * 2 == n && n < 14 {
                assert!((family - c.p).abs() < 1e-9, "{n}: {family} {}", c.p);
            }
        }
        let redraws = Redraws::new(&[Ab, Ba].repeat(n), 1);
        let none = redraws.compare(vec![0.0; 2 * n]).unwrap();
        assert_eq!((none.p, none.estimate), (1.0, 0.0));
        assert_eq!(redraws.family(&[&none.log_ratios]).unwrap(), [1.0]);
        assert!(!none.ci95.unwrap().excludes_zero());
    }
}

/// How often any of five metrics that go together is claimed without a difference, and how often
/// the interval holds the truth: 20 pairs, so with random orders.
#[test]
fn random_orders_hold_their_level() {
    let (mut any, mut held) = (0, 0);
    for seed in 0..200 {
        let mut s = Stream::new(seed, "level", 0);
        let mut orders = [vec![Ab; 10], vec![Ba; 10]].concat();
        s.shuffle(&mut orders);
        let redraws = Redraws::new(&orders, seed);
        let common: Vec<f64> = (0..20).map(|_| s.normal()).collect();
        let family: Vec<Vec<f64>> =
            (0..5).map(|_| common.iter().map(|c| 0.02 * (c + s.normal())).collect()).collect();
        let lists: Vec<&[f64]> = family.iter().map(Vec::as_slice).collect();
        any += usize::from(redraws.family(&lists).unwrap().iter().any(|p| *p <= 0.05));
        let i = redraws.compare(family[0].clone()).unwrap().ci95.unwrap();
        held += usize::from(i.low <= 0.0 && 0.0 <= i.high);
    }
    // Of 200, 10 are expected; 20 or more have probability 0.3 %.
    assert!((2..20).contains(&any), "{any}");
    assert!(held > 180, "{held}");
}
