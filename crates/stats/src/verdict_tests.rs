//! Tests of `verdict`.

use super::*;
use crate::design::PairOrder;
use proptest::prelude::*;

const ARMS: Arms<'static> = Arms { a: "random", b: "sticky" };

fn redraws(n: usize) -> Redraws {
    let order = |i: usize| if i.is_multiple_of(2) { PairOrder::Ab } else { PairOrder::Ba };
    Redraws::new(&(0..n).map(order).collect::<Vec<_>>(), 1)
}

/// Log ratios spread evenly around a centre.
fn comparison(centre: f64, spread: f64, n: usize) -> Comparison {
    let at = |i: usize| centre + spread * (i as f64 / (n - 1) as f64 - 0.5);
    redraws(n).compare((0..n).map(at).collect()).unwrap()
}

fn judge(metric: &Metric, c: &Comparison, basis: Basis) -> Judged {
    judge_family(&redraws(c.log_ratios.len()), &[(metric, c)], basis, ARMS).unwrap().remove(0)
}

#[test]
fn each_of_the_five_and_its_words() {
    let m = Metric::latency("read", 0.5);
    let of = |centre, spread| judge(&m, &comparison(centre, spread, 10), Basis::PLAIN);
    let j = of(0.10, 0.02);
    assert_eq!(j.verdict, Verdict::Larger);
    assert!(
        j.text.starts_with("read p50: sticky is 10.5 % slower than random (95 % interval +"),
        "{}",
        j.text
    );
    let j = of(-0.10, 0.02);
    assert!(j.text.starts_with("read p50: sticky is 9.5"), "{}", j.text);
    assert!(j.text.contains("faster than random (95 % interval −"), "{}", j.text);
    let j = of(0.05, 0.03);
    assert_eq!(j.verdict, Verdict::MarginOpen);
    assert!(j.text.ends_with("; whether by more than your margin of 5 % is open"), "{}", j.text);
    let j = of(0.02, 0.01);
    assert_eq!(j.verdict, Verdict::Smaller);
    assert!(j.text.ends_with("; that is less than your margin of 5 %"), "{}", j.text);
    let j = of(0.0, 0.02);
    assert_eq!(j.verdict, Verdict::Equivalent);
    assert!(
        j.text.starts_with("read p50: no relevant difference (within \u{b1}5 %; 95 % interval"),
        "{}",
        j.text
    );
    let j = of(0.02, 0.40);
    assert_eq!(j.verdict, Verdict::Inconclusive);
    assert!(j.text.contains("; about ") && j.text.contains("would show a difference of 7.6 %"));
    // Beyond half as much again, factors: the same both ways.
    let twice = of(std::f64::consts::LN_2, 0.02);
    assert!(twice.text.contains("sticky takes 2.00 times as long as random"), "{}", twice.text);
    let half = of(-std::f64::consts::LN_2, 0.02);
    assert!(half.text.contains("sticky takes half as long as random"), "{}", half.text);
    let rate = judge(&Metric::throughput(), &comparison(-3.0, 0.02, 10), Basis::PLAIN);
    assert!(rate.text.contains("sticky is 0.05 times as high") || rate.text.contains("1/20"));
}

#[test]
fn margins_of_the_plan() {
    let of = |p| Metric::latency("write", p).margin;
    assert_eq!((of(0.5), of(0.9), of(0.99), Metric::throughput().margin), (0.05, 0.10, 0.20, 0.05));
    assert_eq!(Metric::latency("write", 0.999).name, "write p99.9");
    assert_eq!(Metric::latency("write", 0.99).name, "write p99");
}

/// Six pairs can claim for five metrics; with three arms that takes nine.
#[test]
fn a_family_and_comparisons_have_their_price() {
    let m = Metric::throughput();
    let clear = |n: usize, comparisons| {
        let own: Vec<Comparison> = (0..5).map(|_| comparison(0.2, 0.02, n)).collect();
        let family: Vec<_> = own.iter().map(|c| (&m, c)).collect();
        let basis = Basis { comparisons, ..Basis::PLAIN };
        judge_family(&redraws(n), &family, basis, ARMS).unwrap()
    };
    for j in clear(6, 1) {
        assert_eq!((j.verdict, j.p), (Verdict::Larger, 2.0 / 64.0));
    }
    assert!(clear(8, 2).iter().all(|j| j.p == 4.0 / 70.0 && j.verdict == Verdict::Inconclusive));
    assert!(clear(9, 2).iter().all(|j| j.verdict == Verdict::Larger));
    assert!(judge_family(&redraws(6), &[], Basis::PLAIN, ARMS).unwrap().is_empty());
}

#[test]
fn too_few_pairs_are_never_a_verdict() {
    let m = Metric::throughput();
    let one = judge(&m, &redraws(1).compare(vec![0.7]).unwrap(), Basis::PLAIN);
    assert_eq!((one.verdict, one.plan), (Verdict::Inconclusive, None));
    assert!(
        one.text.contains("no 95 % interval yet") && one.text.ends_with("more pairs are needed")
    );
    let five = judge(&m, &comparison(0.3, 0.01, 5), Basis::PLAIN);
    assert_eq!(five.verdict, Verdict::Inconclusive);
    assert!(five.text.contains("about 1 more pair would show"), "{}", five.text);
}

/// Once looked at, only e-values count: no interval and no claim without coins.
#[test]
fn after_a_look_only_e_values_count() {
    let m = Metric::throughput();
    let looked = Basis { looked: true, coins: true, ..Basis::PLAIN };
    let far = comparison(0.3, 0.02, 12);
    let j = judge(&m, &far, looked);
    assert_eq!(j.verdict, Verdict::Larger);
    assert!(j.log_e.unwrap() > log_e_claim(1, 1));
    let without = judge(&m, &far, Basis { coins: false, ..looked });
    assert_eq!((without.verdict, without.log_e), (Verdict::Inconclusive, None));
    assert!(without.text.contains("no 95 % interval yet"));
    let few = judge(&m, &comparison(0.3, 0.02, 6), looked);
    assert_eq!(few.verdict, Verdict::Inconclusive);
    let same: Vec<f64> = (0..20).map(|i| 0.002 * f64::from(i * 7 % 5 - 2)).collect();
    let same = judge(&m, &redraws(20).compare(same).unwrap(), looked);
    assert_eq!(same.verdict, Verdict::Equivalent);
    // Five metrics and two arms: e-values from 100 on.
    assert!((libm::exp(log_e_claim(5, 1)) - 100.0).abs() < 1e-9);
}

proptest! {
    #[test]
    fn a_claim_never_contradicts_its_interval(
        d in prop::collection::vec(-0.3_f64..0.3, 6..16), shift in -0.2_f64..0.2,
    ) {
        let n = d.len();
        let c = redraws(n).compare(d.into_iter().map(|v| v + shift).collect()).unwrap();
        let j = judge(&Metric::throughput(), &c, Basis::PLAIN);
        let (margin, i) = (libm::log(1.05), c.ci95.unwrap());
        if j.verdict.is_difference() {
            prop_assert!(i.excludes_zero() && j.p <= ALPHA);
        }
        match j.verdict {
            Verdict::Larger => prop_assert!(i.low > margin || i.high < -margin),
            Verdict::Smaller | Verdict::Equivalent => prop_assert!(j.p_equivalence <= ALPHA),
            Verdict::MarginOpen | Verdict::Inconclusive => prop_assert!(j.p_equivalence > ALPHA),
        }
        prop_assert!(!j.text.contains("no difference"));
    }

    #[test]
    fn swapping_the_arms_turns_the_verdict_round(d in prop::collection::vec(-0.2_f64..0.3, 6..14)) {
        let n = d.len();
        let orders: Vec<PairOrder> =
            (0..n).map(|i| if i.is_multiple_of(2) { PairOrder::Ba } else { PairOrder::Ab }).collect();
        let turned = Redraws::new(&orders, 1);
        let m = Metric::throughput();
        let straight = judge(&m, &redraws(n).compare(d.clone()).unwrap(), Basis::PLAIN);
        let c = turned.compare(d.iter().map(|v| -v).collect()).unwrap();
        let back = judge_family(&turned, &[(&m, &c)], Basis::PLAIN, ARMS).unwrap().remove(0);
        prop_assert_eq!(straight.verdict, back.verdict);
        prop_assert!((straight.p - back.p).abs() < 1e-9);
    }
}
