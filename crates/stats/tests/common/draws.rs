//! A fingerprint of random draws: the same natively (tests/random.rs) and in a browser
//! (tests/browser).

use fwit_stats::random::Stream;

/// What the draws must come to, on every machine.
pub const EXPECTED: u64 = include!("../../../../tests/fixtures/random_hash.in");

/// A hash (FNV-1a over words) of a thousand draws of each kind.
pub fn hash() -> u64 {
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
    hash
}
