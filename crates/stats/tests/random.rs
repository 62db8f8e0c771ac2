//! The native half of “the same numbers everywhere”: tests/browser has the other, over the same
//! fixture.

#[path = "common/draws.rs"]
mod draws;

#[test]
fn random_numbers_are_those_of_every_other_machine() {
    assert_eq!(
        draws::hash(),
        draws::EXPECTED,
        "the generator changed: every seed now tells another story"
    );
}
