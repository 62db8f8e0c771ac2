//! Tests of camps from material and from a run file, and of the sentences on them.

use super::*;
use fwit_stats::random::Stream;

fn op(name: &str, kind: OpKind, mean_us: f64) -> OpMean {
    OpMean { op: name.into(), kind, count: 400, mean_us, sd_us: Some(0.3 * mean_us) }
}

/// Entities on nodes: (how many, node, read mean, write mean).
fn entities(groups: &[(usize, &str, f64, f64)]) -> Vec<EntityMeans> {
    let mut s = Stream::new(3, "camps", 0);
    let mut out = Vec::new();
    for &(n, node, read, write) in groups {
        for _ in 0..n {
            let near = |mean: f64, s: &mut Stream| mean * (1.0 + 0.01 * s.normal());
            out.push(EntityMeans {
                name: format!("entity-{}", out.len()),
                node: Some(node.into()),
                ops: vec![
                    op("set", OpKind::Write, near(write, &mut s)),
                    op("get", OpKind::Read, near(read, &mut s)),
                ],
            });
        }
    }
    out
}

fn three_nodes() -> Vec<(String, bool)> {
    vec![("n1".into(), true), ("n2".into(), false), ("n3".into(), false)]
}

fn two_camps() -> Material {
    Material {
        entities: entities(&[
            (16, "n1", 2_500.0, 10_000.0),
            (17, "n2", 1_200.0, 13_000.0),
            (17, "n3", 1_200.0, 13_000.0),
        ]),
        roles: three_nodes(),
        ..Material::default()
    }
}

#[test]
fn two_camps_are_told_with_place_role_and_speed() {
    let view = find(&two_camps());
    assert_eq!(
        view.headline,
        "Two camps of entities: 34 on n2, n3 (followers) and 16 on n1 (leader)."
    );
    let said = &view.sentences[0];
    assert!(said.starts_with("The follower camp reads 2.1 times faster (1.2"), "{said}");
    assert!(said.contains(" and writes 1.3 times slower ("), "{said}");
    assert_eq!((view.by.as_deref(), view.groups.len()), (Some("reads"), 2));
    assert_eq!((view.of_entity[0], view.of_entity[49]), (Some(1), Some(0)));
    assert_eq!(view.groups[0].nodes, [("n2".into(), 17), ("n3".into(), 17)]);
    assert_eq!(view.groups[1].name, "leader camp");
    assert_eq!(view.groups[0].ops[1].unwrap().count, 34 * 400);
    assert!(view.sentences.iter().any(|s| s.contains("write slowly")), "{:?}", view.sentences);
    let reads = &view.evidence[0];
    assert!(
        reads.groups == 2 && reads.fit2 > 0.95 && reads.words.contains("two groups explain 99 %"),
        "{reads:?}"
    );
}

#[test]
fn one_camp_is_said_plainly_with_its_evidence() {
    let mut material = two_camps();
    material.entities = entities(&[(25, "n1", 2_000.0, 9_000.0), (25, "n2", 2_000.0, 9_000.0)]);
    let view = find(&material);
    assert!(
        view.headline.starts_with("One camp: the means of the 50 entities are in no groups"),
        "{}",
        view.headline
    );
    assert!(
        !view.found() && view.groups.len() == 1 && view.of_entity.iter().all(|c| *c == Some(0))
    );
    assert!(view.evidence[0].words.contains("no further apart than"), "{:?}", view.evidence);
}

#[test]
fn three_camps_and_nodes_without_a_role() {
    let view = find(&Material {
        entities: entities(&[
            (10, "n1", 500.0, 9e3),
            (10, "n2", 1_000.0, 9e3),
            (10, "n3", 2_000.0, 9e3),
        ]),
        ..Material::default()
    });
    assert_eq!(view.headline, "Three camps of entities: 10 on n1, 10 on n2 and 10 on n3.");
    assert!(view.sentences[0].starts_with("Reads: camp on n1 0.5"), "{:?}", view.sentences);
    assert!(
        view.sentences[0].contains(", camp on n3 2.0")
            || view.sentences[0].contains(", camp on n3 1.9")
    );
}

#[test]
fn too_little_says_so() {
    let none = find(&Material::default());
    assert!(none.headline.contains("no entities") && none.groups.is_empty());
    let few = find(&Material { entities: entities(&[(4, "n1", 1e3, 1e3)]), ..Material::default() });
    assert_eq!(
        few.headline,
        "Too few entities to fall into camps: 4, and two camps take 6 at least."
    );
    let mut rare = two_camps();
    rare.entities.iter_mut().flat_map(|e| &mut e.ops).for_each(|o| o.count = 1);
    assert!(find(&rare).headline.starts_with("Too few answers"), "{}", find(&rare).headline);
}

#[test]
fn requests_of_one_camp_may_still_fall_into_two_groups() {
    let mut s = Stream::new(5, "requests", 0);
    let mut draw = |n: usize, median: f64| -> Buckets {
        let v: Vec<f64> = (0..n).map(|_| s.lognormal(median, 0.1).round()).collect();
        Buckets::from_values(&v, 1.0).unwrap()
    };
    let (near, far) = (draw(2_000, 1_200.0), draw(1_500, 2_500.0));
    let both = Buckets::new([near.buckets(), far.buckets()].concat());
    // The two do not overlap here; where they would, a file's histogram is merged before.
    let sample = both.unwrap();
    let labels = vec![
        Labelling {
            label: "role".into(),
            groups: vec![("leader".into(), far.clone()), ("followers".into(), near.clone())],
        },
        Labelling { label: "node".into(), groups: vec![("n1".into(), far), ("n2".into(), near)] },
    ];
    let material = Material {
        entities: entities(&[(20, "n1", 1_700.0, 9e3)]),
        requests: vec![OpRequests { op: "get".into(), sample, labels }],
        ..Material::default()
    };
    let view = find(&material);
    assert_eq!(
        view.headline,
        "One camp of entities: the means of the 20 entities are in no groups."
    );
    assert!(view.sentences[0].contains("two groups, at get"), "{:?}", view.sentences);
    assert!(
        view.sentences[1]
            .starts_with("The role of the node asked explains most of the variation of get (9")
    );
    let get = &view.requests[0];
    assert!(
        get.words.starts_with("Two groups: 57 % around 1.2")
            && get.hills.unwrap().dip_p.unwrap() < 0.01,
        "{get:?}"
    );
}

#[test]
fn the_clock_step_is_read_from_the_environment() {
    assert_eq!(
        (tick("100 µs"), tick("1.00 ms"), tick("unknown"), tick("")),
        (100.0, 1_000.0, 0.0, 0.0)
    );
}
