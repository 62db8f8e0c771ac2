//! fwit-t's texts: what their fixtures' figures do not show.
#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails there"
)]

mod common;

use common::{Fixture, fixtures, imported, runs};
use fwit_import::Item;
use fwit_report::run::wire::RunFile;

fn fixture(name: &str) -> Option<Fixture> {
    fixtures().into_iter().find(|f| f.folder == "fwit-t" && f.name == name)
}

#[test]
fn means_of_entities_show_who_asks_a_follower() {
    let Some(fixture) = fixture("three-runs.markdown") else { return };
    let view = |run: &RunFile| fwit_report::run::summary::view(run).unwrap().latency_groups;
    let found: Vec<_> = runs(&fixture).iter().map(view).collect();
    let sizes: Vec<usize> = found[0].groups.iter().map(|g| g.entities.len()).collect();
    assert_eq!((found[0].found(), sizes), (true, vec![30, 20]), "{}", found[0].headline);
    assert!(!found[1].found(), "{}", found[1].headline);
}

#[test]
fn subscribers_are_kept_with_what_they_lost() {
    let Some(fixture) = fixture("three-runs.markdown") else { return };
    let lists: Vec<_> = runs(&fixture).into_iter().map(|r| r.subscribers).collect();
    let lost = |run: usize| lists[run].list.iter().map(|s| s.lost).collect::<Vec<u64>>();
    assert_eq!((lost(0), lost(1), lost(2)), (vec![0, 0], vec![3, 0], vec![0, 0]));
    assert_eq!(lists[0].list[0].node, "entity-33 at red.example:443");
    let received: u64 = lists[1].list.iter().map(|s| s.received).sum();
    assert_eq!(lists[1].published, received + 3);
}

/// What was whole is kept, wherever the text ends: runs before, and whole rows.
#[test]
fn runs_before_the_cut_are_as_they_were() {
    let Some(fixture) = fixture("three-runs.markdown") else { return };
    let whole = runs(&fixture);
    let text = std::str::from_utf8(&fixture.bytes).unwrap();
    let second = text.find("# After the update").unwrap();
    for cut in (second..text.len()).step_by(211) {
        let found = imported("three-runs.markdown", &fixture.bytes[..cut]);
        let Ok(Item::Run(first)) = &found[0].item else { panic!("cut at {cut}: {:?}", found[0]) };
        let same = |a: &RunFile, b: &RunFile| {
            a.totals == b.totals && a.given == b.given && a.entities == b.entities
        };
        assert!(same(first, &whole[0]), "cut at {cut}");
        let kept = found.iter().skip(1).filter_map(|f| f.item.as_ref().ok());
        for (item, run) in kept.zip(&whole[1..]) {
            let Item::Run(part) = item else { continue };
            for (a, b) in part.entities.iter().zip(&run.entities).filter(|(a, _)| !a.ops.is_empty())
            {
                assert_eq!(a.ops, b.ops, "cut at {cut}");
            }
        }
    }
}
