//! Tests of latency groups: detectors, clusters and the whole pipeline.

use super::dip::{dip_sorted, dip_test, p_value};
use super::entities::{EntityMeans, Mean, OpKind, OpMean, entity_groups, heterogeneity};
use super::labels::Labelling;
use super::pipeline::{latency_groups, request_groups};
use super::profile::{correlation, profile, ranks};
use super::valley::valley;
use crate::buckets::Buckets;
use crate::random::Stream;
use crate::vectors::{all, list, num};
use proptest::prelude::*;

#[test]
fn dip_reference_values() {
    for case in all()["dip"]["lib:R diptest"].as_array().unwrap() {
        let found = dip_test(&list(&case["x"])).unwrap();
        assert!((found.dip - num(&case["dip"])).abs() < 1e-12, "{case} {found:?}");
        if let Some(p) = case.get("p") {
            assert!((found.p - num(p)).abs() < 0.01, "{found:?}");
            assert_eq!([found.modal_low, found.modal_high].to_vec(), list(&case["modal_interval"]));
        }
    }
    let uniform: Vec<f64> = (1..=10).map(f64::from).collect();
    assert_eq!(dip_sorted(&uniform).0, 0.05); // R's floor, 1 / (2n)
}

#[test]
fn the_table_has_the_published_points_of_n_100() {
    let published =
        all()["dip"]["null sqrt(100)*D_100 percent points (R, 9999 sims) D in 1e-4"].clone();
    for (level, d) in published.as_object().unwrap() {
        let level: f64 = level.trim_end_matches('%').parse().unwrap();
        let p = p_value(num(d) * 1e-4, 100);
        // 9,999 simulations and rounding to 1e-4 leave about this much.
        assert!((p - (1.0 - level / 100.0)).abs() < 0.012, "{level} %: {p}");
    }
    assert!(
        p_value(0.2, 3).is_nan() && p_value(0.0, 50) == 1.0 && p_value(0.24, 50) <= 1e-4 + 1e-12
    );
}

#[test]
fn dip_p_is_uniform_where_the_sample_is_uniform_at_sizes_between_the_rows() {
    let mut s = Stream::new(5, "dip-p", 0);
    for n in [24, 70, 272] {
        let small = (0..1000)
            .filter(|_| dip_test(&(0..n).map(|_| s.unit()).collect::<Vec<_>>()).unwrap().p < 0.1)
            .count();
        assert!((65..136).contains(&small), "n {n}: {small} of 1000 below 0.1");
    }
}

/// How many of 100 draws of 20 entities that are alike, with so many skewed answers each, have a p
/// below 0.001.
fn false_heterogeneity(answers: usize) -> usize {
    let alike = |seed| {
        let mut s = Stream::new(seed, "alike", 0);
        let mut entity = || {
            let v: Vec<f64> = (0..answers).map(|_| s.lognormal(5.0, 1.0)).collect();
            let (mean, variance) = crate::error::mean_variance(&v);
            (libm::log(mean), (variance / answers as f64).sqrt() / mean)
        };
        let (means, errors): (Vec<f64>, Vec<f64>) = (0..20).map(|_| entity()).unzip();
        heterogeneity(&means, &errors).unwrap()
    };
    (0..100).filter(|seed| alike(*seed).p < 0.001).count()
}

#[test]
fn thirty_answers_an_entity_are_enough_where_five_are_not() {
    let (five, thirty) = (false_heterogeneity(5), false_heterogeneity(30));
    assert!(five > 40 && thirty < 10, "{five} {thirty}");
}

#[test]
fn clock_ticks_are_not_modes_once_spread() {
    let mut s = Stream::new(6, "ticks", 0);
    let v: Vec<f64> = (0..2000).map(|_| s.lognormal(20.0, 0.05).round()).collect();
    assert!(dip_test(&v).unwrap().p < 0.001, "unspread ticks look like modes");
    let spread = Buckets::from_values(&v, 1.0).unwrap().spread(2000);
    assert!(dip_test(&spread).unwrap().p > 0.1);
}

#[test]
fn false_alarms_and_power_of_the_valley_test() {
    // The shape of examples/latency_group_rates.rs, with fewer rounds. Values rounded to 0.1.
    let count = |n: usize, label: &str, draw: &dyn Fn(&mut Stream) -> f64| {
        (0..100)
            .filter(|&round| {
                let mut s = Stream::new(41, label, round);
                let v: Vec<f64> = (0..n).map(|_| (draw(&mut s) * 10.0).round() / 10.0).collect();
                valley(&Buckets::from_values(&v, 0.1).unwrap(), 0.1).is_some()
            })
            .count()
    };
    assert_eq!(count(2000, "lognormal", &|s| s.lognormal(20.0, 0.3)), 0);
    assert_eq!(count(2000, "narrow", &|s| s.lognormal(20.0, 0.05)), 0);
    assert_eq!(count(2000, "exponential", &|s| 2.0 + s.exponential(20.0)), 0);
    assert_eq!(count(2000, "uniform", &|s| 40.0 + 20.0 * s.unit()), 0);
    let outliers = |s: &mut Stream| {
        s.lognormal(20.0, 0.1) * if s.chance(0.02) { 5.0 + 15.0 * s.unit() } else { 1.0 }
    };
    assert_eq!(count(2000, "outliers", &outliers), 0);
    let mix = |w: f64, r: f64| {
        move |s: &mut Stream| {
            let median = if s.chance(w) { 20.0 * r } else { 20.0 };
            s.lognormal(median, 0.05)
        }
    };
    assert_eq!(count(2000, "half", &mix(0.5, 1.5)), 100);
    assert_eq!(count(2000, "tenth", &mix(0.1, 2.0)), 100);
    // Chance alone digs pits in 50 values: the score keeps them out.
    assert!(count(50, "few", &|s| s.lognormal(20.0, 0.3)) <= 2);
    assert!(count(50, "few uniform", &|s| 40.0 + 20.0 * s.unit()) <= 2);
    // A dent of a quarter between two hills is real with so many values, but no valley.
    let dent = |s: &mut Stream| {
        let median = if s.chance(0.5) { 40.0 } else { 20.0 };
        s.lognormal(median, 0.25)
    };
    assert_eq!(count(10_000, "dent", &dent), 0);
    assert!(count(2000, "fifth near", &mix(0.2, 1.2)) <= 60); // a shoulder, not a hill
}

fn mean(count: u64, mean_us: f64, sd_us: Option<f64>) -> Option<Mean> {
    Some(Mean { count, mean_us, sd_us })
}

#[test]
fn entities_of_one_kind_are_one_group_and_of_two_are_two() {
    let found = |seed: u64, slow: u64, ratio: f64| {
        let mut s = Stream::new(seed, "entities", 0);
        let means: Vec<_> = (0..50_u64)
            .map(|i| {
                let us = if i < slow { 20_000.0 * ratio } else { 20_000.0 };
                mean(400, us * (1.0 + 0.02 * s.normal()), Some(us * 0.4))
            })
            .collect();
        entity_groups(&means).unwrap()
    };
    assert_eq!((0..100).filter(|&seed| found(seed, 0, 1.0).latency_groups.len() > 1).count(), 0);
    for (slow, ratio) in [(17, 2.0), (5, 1.5), (25, 1.3)] {
        let hits = (0..50).filter(|&s| {
            let c = found(s, slow, ratio);
            c.latency_groups.len() == 2
                && c.latency_groups[1].len() == slow as usize
                && c.latency_groups[1].iter().all(|&i| i < slow as usize)
        });
        assert!(hits.count() >= 49, "{slow} entities, ratio {ratio}");
    }
    // Two far outliers are no group, and 5 % apart is nothing that a user cares for.
    assert_eq!(found(1, 2, 8.0).latency_groups.len(), 1);
    assert_eq!(found(1, 25, 1.15).latency_groups.len(), 1);
}

#[test]
fn three_groups_are_three_and_noise_is_noise() {
    let at = |i: usize| [10_000.0, 20_000.0, 40_000.0][i % 3] * (1.0 + 0.001 * (i / 3) as f64);
    let means: Vec<_> = (0..30).map(|i| mean(100, at(i), None)).collect();
    let found = entity_groups(&means).unwrap();
    assert!(found.latency_groups.len() == 3 && found.heterogeneity.is_none(), "{found:?}");
    // The same means with so few requests that chance explains them: no groups.
    let noisy: Vec<_> = (0..30).map(|i| mean(2, at(i), Some(60_000.0))).collect();
    assert_eq!(entity_groups(&noisy).unwrap().latency_groups.len(), 1);
    assert!(entity_groups(&[]).is_err() && entity_groups(&[None, mean(1, 5.0, None)]).is_err());
    assert!(entity_groups(&[mean(1, 5.0, None), mean(1, 5.0, None)]).is_ok());
}

#[test]
fn cochran_by_hand() {
    // Means 1, 2, 4 with error 1: pooled 7/3, Q = 42/9, df 2, I^2 = 1 - 2/Q.
    let h = heterogeneity(&[1.0, 2.0, 4.0], &[1.0; 3]).unwrap();
    assert!((h.q - 42.0 / 9.0).abs() < 1e-12 && (h.i_squared - (1.0 - 18.0 / 42.0)).abs() < 1e-12);
    assert!((h.p - libm::exp(-21.0 / 9.0)).abs() < 1e-12);
    assert!(
        heterogeneity(&[1.0], &[1.0]).is_err() && heterogeneity(&[1.0, 2.0], &[1.0, 0.0]).is_err()
    );
}

/// A cluster whose followers answer reads themselves and send writes on to a far leader (n1).
fn pinned() -> Vec<EntityMeans> {
    let mut s = Stream::new(9, "pinned", 0);
    (0..48)
        .map(|i| {
            let leader = i % 3 == 0;
            let mut op = |name: &str, kind, at_leader: f64, at_follower: f64| OpMean {
                op: name.to_owned(),
                kind,
                count: 300,
                mean_us: if leader { at_leader } else { at_follower } * (1.0 + 0.01 * s.normal()),
                sd_us: Some(5_000.0),
            };
            EntityMeans {
                name: format!("e{i}"),
                node: Some(format!("n{}", i % 3 + 1)),
                ops: vec![
                    op("get", OpKind::Read, 85_500.0, 41_000.0),
                    op("set", OpKind::Write, 187_400.0, 227_600.0),
                    op("publish", OpKind::Other, 50_000.0, 50_000.0),
                ],
            }
        })
        .collect()
}

#[test]
fn the_pipeline_finds_names_and_explains_pinned_readers() {
    let entities = pinned();
    let mut s = Stream::new(10, "requests", 0);
    let mut draw = |n: usize, median: f64| {
        Buckets::from_values(&(0..n).map(|_| s.lognormal(median, 0.05)).collect::<Vec<_>>(), 0.0)
            .unwrap()
    };
    let (leader, follower) = (draw(1000, 85_500.0), draw(2000, 41_000.0));
    let both = Buckets::new([leader.buckets(), follower.buckets()].concat()).unwrap();
    let role = Labelling {
        label: "role".to_owned(),
        groups: vec![("leader".to_owned(), leader), ("follower".to_owned(), follower)],
    };
    let report =
        latency_groups(&both, 100.0, &[role], &entities, |o| o.kind == OpKind::Read).unwrap();
    assert_eq!(report.label.as_ref().unwrap().label, "role");
    let requests = report.requests.as_ref().unwrap();
    assert!(
        requests.dip.is_some_and(|d| d.p < 0.01)
            && (requests.valley.below - 2.0 / 3.0).abs() < 0.01
    );
    let found = report.entities.as_ref().unwrap();
    assert_eq!(found.latency_groups.iter().map(Vec::len).collect::<Vec<_>>(), [32, 16]);
    let p = report.profile.as_ref().unwrap();
    assert_eq!(p.latency_groups[1].nodes, [("n1".to_owned(), 16)]);
    assert!(p.pearson.unwrap() < -0.9 && p.spearman.unwrap() < -0.5);
    assert!((p.latency_groups[0].ops[1].unwrap().mean_us - 227_600.0).abs() < 2_000.0);
    let text = report.sentences.join("\n");
    for part in [
        "The camps are the roles: it explains 9",
        "The requests fall into two groups: 67 % around 4",
        "Camp 1 (32 entities: 16 on n2, 16 on n3) against camp 2 (16 entities, all on n1): faster \
         at get (4",
        ", but slower at set (22",
        "Entities that read fast write slowly (rank correlation \u{2212}0.",
    ] {
        assert!(text.contains(part), "{part}\nis not in\n{text}");
    }
    assert!(!text.contains("publish"), "{text}");
}

#[test]
fn nothing_found_says_nothing() {
    let mut s = Stream::new(11, "one", 0);
    let sample =
        Buckets::from_values(&(0..1000).map(|_| s.lognormal(20.0, 0.3)).collect::<Vec<_>>(), 0.1)
            .unwrap();
    assert!(request_groups(&sample, 0.1).is_none());
    let report = latency_groups(&sample, 0.1, &[], &[], |_| true).unwrap();
    assert!(report.sentences.is_empty() && report.entities.is_none());
    assert!(latency_groups(&Buckets::default(), f64::NAN, &[], &pinned()[..1], |_| true).is_ok());
    assert!(profile(&pinned(), &[vec![48]]).is_err());
}

#[test]
fn correlations() {
    assert_eq!(ranks(&[10.0, 30.0, 10.0, 20.0]), [1.5, 4.0, 1.5, 3.0]);
    assert_eq!(correlation(&[1.0, 2.0, 3.0], &[2.0, 4.0, 6.0]), Some(1.0));
    assert_eq!(correlation(&[1.0, 2.0, 3.0], &[3.0, 2.0, 1.0]), Some(-1.0));
    assert!(
        correlation(&[1.0; 5], &[2.0; 5]).is_none()
            && correlation(&[1.0, 2.0], &[1.0, 2.0]).is_none()
    );
}

proptest! {
    #[test]
    fn the_dip_has_its_bounds_and_symmetries(
        x in prop::collection::vec(-1e3_f64..1e3, 2..80), scale in 0.1_f64..10.0, shift in -50.0_f64..50.0,
    ) {
        let d = dip_test(&x).unwrap().dip;
        prop_assert!(d >= 0.5 / x.len() as f64 - 1e-15 && d <= 0.25 + 1e-12);
        let moved: Vec<f64> = x.iter().map(|v| -scale * v + shift).collect();
        prop_assert!((dip_test(&moved).unwrap().dip - d).abs() < 1e-6);
    }

    #[test]
    fn whatever_a_file_holds_the_pipeline_answers(
        cells in prop::collection::vec((prop::num::f64::ANY, 0_u64..5, prop::option::of(prop::num::f64::ANY)), 0..12),
    ) {
        let entities: Vec<EntityMeans> = cells
            .iter()
            .map(|&(mean_us, count, sd_us)| EntityMeans {
                name: String::new(),
                node: None,
                ops: vec![OpMean { op: "get".to_owned(), kind: OpKind::Read, count, mean_us, sd_us }],
            })
            .collect();
        prop_assert!(latency_groups(&Buckets::default(), 0.0, &[], &entities, |_| true).is_ok());
    }
}
