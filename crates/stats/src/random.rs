//! Seeded random streams that give the same numbers on native and on wasm, byte for byte.
//!
//! The generator is xoshiro256++ (Blackman and Vigna, ACM TOMS 47(4), 2021) of the `rand_xoshiro`
//! crate, whose output is fixed by its specification. Logarithm, exponential and cosine come from
//! the `libm` crate: the platform's own differ in the last bit between systems, and one bit is
//! enough to make two simulated runs part ways. `sqrt` and the four operations are exact by IEEE
//! 754 everywhere.
//!
//! A stream is named by (seed, label, index). Streams of different names are unrelated, so one
//! purpose can draw more numbers without moving any other purpose's numbers.

use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::{RngCore, SeedableRng};

/// One stream of random numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stream {
    rng: Xoshiro256PlusPlus,
}

impl Stream {
    /// The stream named by `seed` (the plan's), `label` (what it is for, such as `"keys"`) and
    /// `index` (which entity, node or pair). The same name gives the same stream, always and
    /// everywhere.
    #[must_use]
    pub fn new(seed: u64, label: &str, index: u64) -> Self {
        // The name is absorbed word by word through SplitMix64's mixer; the label by FNV-1a, and
        // its length, so that no two names that differ in one part share a state except by a 64-bit
        // collision.
        let mut hash = 0xcbf2_9ce4_8422_2325_u64;
        for byte in label.bytes() {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
        let mut state = mix(seed.wrapping_add(GOLDEN));
        state = mix(state ^ hash.wrapping_add(GOLDEN));
        state = mix(state ^ (label.len() as u64).wrapping_mul(GOLDEN));
        state = mix(state ^ index.wrapping_add(GOLDEN));
        let mut bytes = [0_u8; 32];
        for chunk in bytes.chunks_exact_mut(8) {
            state = state.wrapping_add(GOLDEN);
            chunk.copy_from_slice(&mix(state).to_le_bytes());
        }
        Self { rng: Xoshiro256PlusPlus::from_seed(bytes) }
    }

    /// Next 64 random bits.
    pub fn bits(&mut self) -> u64 {
        self.rng.next_u64()
    }

    /// Uniform whole number in `0..n`, unbiased; 0 when `n` is 0.
    ///
    /// Source: Lemire, "Fast Random Integer Generation in an Interval", ACM TOMACS 29(1), 2019.
    pub fn below(&mut self, n: u32) -> u32 {
        if n == 0 {
            return 0;
        }
        let mut product = u64::from(self.upper_word()) * u64::from(n);
        if (product as u32) < n {
            let threshold = n.wrapping_neg() % n;
            while (product as u32) < threshold {
                product = u64::from(self.upper_word()) * u64::from(n);
            }
        }
        (product >> 32) as u32
    }

    /// Uniform number in [0, 1) with 53 random bits.
    pub fn unit(&mut self) -> f64 {
        (self.bits() >> 11) as f64 * (1.0 / 9_007_199_254_740_992.0)
    }

    /// True with probability `p` (never when `p <= 0` or NaN, always when `p >= 1`).
    pub fn chance(&mut self, p: f64) -> bool {
        self.unit() < p
    }

    /// Exponential with this mean (the unit is the mean's); at most about 36.7 means. A mean that
    /// is not positive and finite gives 0.
    ///
    /// Source: inversion of the distribution function.
    pub fn exponential(&mut self, mean: f64) -> f64 {
        let u = self.unit();
        if mean.is_finite() && mean > 0.0 { -mean * libm::log(1.0 - u) } else { 0.0 }
    }

    /// Standard normal (mean 0, standard deviation 1). Two numbers of the stream are used, always.
    ///
    /// Source: Box and Muller, "A Note on the Generation of Random Normal Deviates", 1958; the
    /// cosine branch.
    pub fn normal(&mut self) -> f64 {
        let radius = (-2.0 * libm::log(1.0 - self.unit())).sqrt();
        radius * libm::cos(core::f64::consts::TAU * self.unit())
    }

    /// Log-normal with this median (the unit is the median's) and standard deviation `sigma` of its
    /// natural logarithm. Its mean is `median * exp(sigma^2 / 2)`.
    pub fn lognormal(&mut self, median: f64, sigma: f64) -> f64 {
        median * libm::exp(sigma * self.normal())
    }

    /// Puts the items into a uniformly random order (Fisher-Yates, Durstenfeld's form). Slices
    /// longer than 2^32 keep the order of what lies beyond.
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        let len = u32::try_from(items.len()).unwrap_or(u32::MAX);
        for last in (1..len).rev() {
            let other = self.below(last + 1);
            items.swap(last as usize, other as usize);
        }
    }

    fn upper_word(&mut self) -> u32 {
        (self.bits() >> 32) as u32
    }
}

const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

/// SplitMix64's output function (Steele, Lea and Flood, OOPSLA 2014).
fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_fixes_its_stream_for_ever() {
        // Golden values: a change here changes every saved plan's operations. Never update them
        // lightly.
        let mut s = Stream::new(1, "keys", 0);
        let bits: Vec<u64> = (0..3).map(|_| s.bits()).collect();
        assert_eq!(bits, GOLDEN_BITS);
        let mut s = Stream::new(1, "keys", 0);
        let drawn = [s.unit(), s.exponential(10.0), s.normal(), s.lognormal(5.0, 0.3)];
        assert_eq!(drawn.map(f64::to_bits), GOLDEN_DRAWS);
    }

    #[test]
    fn a_long_stretch_is_what_wasm_gave() {
        // Hash of 800,000 draws: the same number came from a wasm32 build run in Node.js 20 and
        // from x86-64.
        let mut s = Stream::new(1, "native=wasm", 3);
        let mut hash = 0_u64;
        for _ in 0..200_000 {
            for v in [s.exponential(3.0), s.normal(), s.lognormal(5.0, 0.4), s.unit()] {
                hash = hash.rotate_left(7) ^ v.to_bits().wrapping_mul(GOLDEN);
            }
        }
        assert_eq!(hash, 11_899_762_270_002_114_697);
    }

    #[test]
    fn different_names_are_different_streams() {
        let first = |seed, label, index| Stream::new(seed, label, index).bits();
        let names = [
            first(1, "a", 0),
            first(2, "a", 0),
            first(1, "b", 0),
            first(1, "a", 1),
            first(1, "", 0),
        ];
        for (i, a) in names.iter().enumerate() {
            assert!(names[..i].iter().all(|b| a != b), "{names:?}");
        }
    }

    #[test]
    fn below_is_even_and_in_range() {
        let mut s = Stream::new(7, "below", 0);
        let mut counts = [0_u32; 6];
        for _ in 0..60_000 {
            counts[s.below(6) as usize] += 1;
        }
        let chi2: f64 = counts.iter().map(|&c| (f64::from(c) - 10_000.0).powi(2) / 10_000.0).sum();
        assert!(chi2 < 20.5, "chi2 {chi2} of 5 degrees: {counts:?}"); // 99.9 % point
        assert_eq!((s.below(0), s.below(1)), (0, 0));
        // Where the naive remainder is worst: 2/3 of the range, one half drawn twice as often.
        let n = 0xaaaa_aaab;
        let low = (0..30_000).filter(|_| s.below(n) < n / 2).count();
        assert!((14_400..15_600).contains(&low), "{low}");
    }

    #[test]
    fn moments_are_the_distributions_own() {
        let mut s = Stream::new(3, "moments", 0);
        let n = 200_000;
        let mean = |v: &[f64]| v.iter().sum::<f64>() / v.len() as f64;
        let exp: Vec<f64> = (0..n).map(|_| s.exponential(4.0)).collect();
        assert!((mean(&exp) - 4.0).abs() < 0.05);
        let normal: Vec<f64> = (0..n).map(|_| s.normal()).collect();
        let squares: Vec<f64> = normal.iter().map(|z| z * z).collect();
        assert!(mean(&normal).abs() < 0.01 && (mean(&squares) - 1.0).abs() < 0.02);
        let ln: Vec<f64> = (0..n).map(|_| s.lognormal(10.0, 0.5)).collect();
        assert!((mean(&ln) - 10.0 * libm::exp(0.125)).abs() < 0.06);
        assert!(exp.iter().all(|&v| v >= 0.0) && (0..1000).all(|_| (0.0..1.0).contains(&s.unit())));
        assert!((s.exponential(f64::NAN), s.exponential(-1.0)) == (0.0, 0.0));
    }

    #[test]
    fn shuffle_keeps_the_items_and_reaches_every_order() {
        let mut s = Stream::new(5, "shuffle", 0);
        let mut seen = std::collections::BTreeMap::new();
        for _ in 0..6000 {
            let mut v = [1, 2, 3];
            s.shuffle(&mut v);
            *seen.entry(v).or_insert(0) += 1;
        }
        assert_eq!(seen.len(), 6);
        assert!(seen.values().all(|&c| (850..1150).contains(&c)), "{seen:?}");
        s.shuffle::<u8>(&mut []);
    }

    const GOLDEN_BITS: [u64; 3] = [6716449535318756915, 9370584088566849858, 16510987802492409791];
    const GOLDEN_DRAWS: [u64; 4] =
        [4600230652667240642, 4619671313635826680, 13833858616281656567, 4614286755568003974];
}
