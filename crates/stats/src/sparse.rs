//! A sparse latency histogram of two significant digits: what each second of a run keeps.
//!
//! The buckets are those of an HdrHistogram with unit 1 and two significant digits: bucket `i`
//! below 256 holds the value `i`; above, `i = 128 * shift + s` with `128 <= s < 256` holds the
//! `2^shift` values from `s << shift` on. Relative width at most 1/128.

use serde::{Deserialize, Serialize};

/// Counts by bucket; only buckets that hold something, in rising order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sparse {
    cells: Vec<(u16, u32)>,
}

/// Largest bucket index in use; values beyond are counted in it. Its values are near 2^63.
pub const BUCKET_MAX: u16 = 128 * 56 + 255;

/// The bucket of a value.
#[must_use]
pub fn bucket(value: u64) -> u16 {
    if value < 256 {
        return value as u16;
    }
    let shift = 56 - value.leading_zeros();
    ((128 * u64::from(shift) + (value >> shift)) as u16).min(BUCKET_MAX)
}

/// The smallest value of a bucket, and how many values it holds.
#[must_use]
pub fn bucket_range(index: u16) -> (u64, u64) {
    let index = u64::from(index.min(BUCKET_MAX));
    if index < 256 {
        return (index, 1);
    }
    let shift = (index - 128) / 128;
    ((index - 128 * shift) << shift, 1 << shift)
}

impl Sparse {
    /// Counts a value.
    pub fn record(&mut self, value: u64) {
        self.add(bucket(value), 1);
    }

    /// Adds to a bucket.
    pub fn add(&mut self, bucket: u16, count: u32) {
        match self.cells.binary_search_by_key(&bucket, |c| c.0) {
            Ok(at) => self.cells[at].1 = self.cells[at].1.saturating_add(count),
            Err(at) => self.cells.insert(at, (bucket, count)),
        }
    }

    /// Adds all of another.
    pub fn merge(&mut self, other: &Sparse) {
        if self.cells.is_empty() {
            self.cells.clone_from(&other.cells);
            return;
        }
        let mut sum = Vec::with_capacity(self.cells.len() + other.cells.len());
        let mut left = self.cells.iter().copied().peekable();
        for &(bucket, count) in &other.cells {
            while let Some(cell) = left.next_if(|cell| cell.0 < bucket) {
                sum.push(cell);
            }
            let both = left.next_if(|cell| cell.0 == bucket).map_or(0, |cell| cell.1);
            sum.push((bucket, both.saturating_add(count)));
        }
        sum.extend(left);
        self.cells = sum;
    }

    /// Buckets and counts, rising.
    #[must_use]
    pub fn cells(&self) -> &[(u16, u32)] {
        &self.cells
    }

    /// How many values.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.cells.iter().map(|c| u64::from(c.1)).sum()
    }

    /// Whether it holds nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.cells.is_empty()
    }

    /// The value at percentile `p` (0 to 1): the highest value of the bucket that holds the sample
    /// of rank `ceil(p n)`, as HdrHistogram has it. `None` when empty.
    #[must_use]
    pub fn at(&self, p: f64) -> Option<u64> {
        let rank = ((p * self.count() as f64).ceil() as u64).max(1);
        let mut seen = 0;
        self.cells.iter().find_map(|&(bucket, count)| {
            seen += u64::from(count);
            let (low, width) = bucket_range(bucket);
            (seen >= rank).then_some(low + (width - 1))
        })
    }

    /// The p-quantile between two samples, for comparisons
    /// ([`super::buckets::Buckets::interpolated`]).
    #[must_use]
    pub fn interpolated(&self, p: f64) -> Option<f64> {
        let cell = |&(bucket, count): &(u16, u32)| {
            let (low, width) = bucket_range(bucket);
            (low as f64, width as f64, u64::from(count))
        };
        super::buckets::between(self.cells.iter().map(cell), self.count(), p)
    }

    /// As numbers for a file: the gap from the bucket before, then the count, again and again.
    #[must_use]
    pub fn to_gaps(&self) -> Vec<u32> {
        let mut last = 0;
        let mut out = Vec::with_capacity(2 * self.cells.len());
        for &(bucket, count) in &self.cells {
            out.extend([u32::from(bucket) - last, count]);
            last = u32::from(bucket);
        }
        out
    }

    /// From [`Sparse::to_gaps`]. `None` where the numbers are no histogram.
    #[must_use]
    pub fn from_gaps(gaps: &[u32]) -> Option<Sparse> {
        if !gaps.len().is_multiple_of(2) {
            return None;
        }
        let mut cells = Vec::with_capacity(gaps.len() / 2);
        let mut last: u32 = 0;
        for (i, pair) in gaps.chunks_exact(2).enumerate() {
            let bucket = last.checked_add(pair[0]).filter(|b| *b <= u32::from(BUCKET_MAX))?;
            if pair[1] == 0 || (i > 0 && pair[0] == 0) {
                return None;
            }
            cells.push((bucket as u16, pair[1]));
            last = bucket;
        }
        Some(Sparse { cells })
    }
}

#[cfg(test)]
mod tests {
    use hdrhistogram::Histogram;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn buckets_meet_without_gap() {
        let mut next = 0;
        for index in 0..=BUCKET_MAX {
            let (low, width) = bucket_range(index);
            assert_eq!(low, next, "bucket {index}");
            assert_eq!(bucket(low), index);
            assert_eq!(bucket(low + (width - 1)), index);
            next = low.saturating_add(width);
        }
        assert_eq!(bucket(u64::MAX), BUCKET_MAX);
    }

    proptest! {
        /// The same percentiles as HdrHistogram with the same digits.
        #[test]
        fn agrees_with_hdrhistogram(values in proptest::collection::vec(1..60_000_000_u64, 1..300), p in 0.0..1.0_f64) {
            let mut hdr = Histogram::<u64>::new_with_bounds(1, 1 << 62, 2).unwrap();
            let mut sparse = Sparse::default();
            for v in values {
                hdr.record(v).unwrap();
                sparse.record(v);
            }
            prop_assert_eq!(sparse.at(p), Some(hdr.value_at_quantile(p)));
        }

        /// Files keep it; merging is counting together.
        #[test]
        fn gaps_and_merging(a in proptest::collection::vec(any::<u64>(), 0..50), b in proptest::collection::vec(any::<u64>(), 0..50)) {
            let of = |values: &[u64]| {
                let mut s = Sparse::default();
                values.iter().for_each(|v| s.record(*v));
                s
            };
            let (sa, sb) = (of(&a), of(&b));
            prop_assert_eq!(Sparse::from_gaps(&sa.to_gaps()), Some(sa.clone()));
            let (mut ab, mut ba) = (sa.clone(), sb.clone());
            ab.merge(&sb);
            ba.merge(&sa);
            prop_assert_eq!(&ab, &ba);
            prop_assert_eq!(ab, of(&[a, b].concat()));
        }

        /// Numbers of a hostile file never panic.
        #[test]
        fn any_numbers_are_a_histogram_or_none(gaps in proptest::collection::vec(any::<u32>(), 0..20)) {
            if let Some(s) = Sparse::from_gaps(&gaps) {
                let _ = (s.count(), s.at(0.99));
            }
        }
    }
}
