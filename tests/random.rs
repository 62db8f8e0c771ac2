//! The native half of “the same numbers everywhere”: tests/browser has the other, over the same fixture.

use fwit::stats::random::Stream;

#[test]
fn random_numbers_are_those_of_every_other_machine() {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    let mut eat = |bits: u64| hash = (hash ^ bits).wrapping_mul(0x0000_0100_0000_01b3);
    let mut stream = Stream::new(7, "wasm", 3);
    for _ in 0..1_000 {
        eat(stream.bits());
        eat(u64::from(stream.below(1_000)));
        eat(stream.unit().to_bits());
        eat(stream.exponential(2.0).to_bits());
        eat(stream.normal().to_bits());
        eat(stream.lognormal(5.0, 0.7).to_bits());
    }
    let fixture: u64 = include!("fixtures/random_hash.in");
    assert_eq!(hash, fixture, "the generator changed: every seed now tells another story");
}
