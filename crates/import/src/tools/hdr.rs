//! An HdrHistogram as its libraries encode it for logs: V0, V1 and V2, deflated, base64.
//!
//! May not enter: what the values mean.
//! Invariant: what it unfolds to is bounded; no memory is taken for the range that a header
//! claims.
//! Tests: beside the code; the fixtures of HdrHistogram.

use std::io::Read;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::read::ZlibDecoder;

/// The high bits of all cookies, and the low byte of those of the three versions: of the deflated
/// form, and of the one inside. V0 and V1 have the size of a count in the high nibble.
const FAMILY: u32 = 0x1c84_9300;
const V0: (u32, u32) = (0x09, 0x08);
const V1: (u32, u32) = (0x02, 0x01);
const V2: (u32, u32) = (0x04, 0x03);
/// Most bytes that one unfolds to: four digits up to any value, eight bytes a count, are 8 MB.
const PLAIN_MAX: u64 = 16 * 1024 * 1024;
/// Values that are told apart: three digits up to any value have some 50,000.
const BUCKETS_MAX: usize = 1_000_000;
/// Counts above are none.
const COUNT_MAX: u64 = 1 << 53;

/// Counts of values that the histogram can't tell apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Bucket {
    /// The smallest value of it.
    pub low: u64,
    /// The largest.
    pub high: u64,
    pub count: u64,
}

/// The buckets that hold something, in rising order.
pub(super) fn decode(text: &str) -> Result<Vec<Bucket>, String> {
    let bytes = STANDARD.decode(text.trim()).map_err(|e| format!("its base64 is broken ({e})"))?;
    let outer = word(&bytes, 0).unwrap_or_default();
    let family = |cookie: u32| cookie & 0xffff_ff00 == FAMILY;
    let version = [V0, V1, V2].into_iter().find(|v| family(outer) && outer & 0x0f == v.0);
    let Some(version) = version else {
        return Err("it does not start like an HdrHistogram V0, V1 or V2 (deflate)".into());
    };
    let mut plain = Vec::new();
    ZlibDecoder::new(bytes.get(8..).unwrap_or_default())
        .take(PLAIN_MAX + 1)
        .read_to_end(&mut plain)
        .map_err(|e| format!("it can't be inflated ({e})"))?;
    if plain.len() as u64 > PLAIN_MAX {
        return Err("it unfolds to more than 16 MB".into());
    }
    let inner = word(&plain, 0).unwrap_or_default();
    if !family(inner) || inner & 0x0f != version.1 {
        return Err("what is inside is of another version".into());
    }
    let (header, digits, lowest) = if version == V0 { (32, 4, 8) } else { (40, 12, 16) };
    let digits = word(&plain, digits).filter(|d| *d <= 5).ok_or("its digits are not 0 to 5")?;
    let lowest = long(&plain, lowest).filter(|n| *n > 0).ok_or("its lowest value is 0")?;
    // hdr-histogram-js writes a 1 there, and a whole 1 where the others have a ratio.
    let script = long(&plain, 32) == Some(1) && word(&plain, 8) == Some(1);
    if version != V0 && !script && word(&plain, 8) != Some(0) {
        return Err("its buckets are shifted".into());
    }
    let mut counts = plain.get(header..).ok_or("its header is cut off")?;
    if version != V0 {
        let length = word(&plain, 4).unwrap_or_default() as usize;
        counts = counts.get(..length).ok_or("its counts are cut off")?;
    }
    let mut places = Places::new(digits, lowest);
    if version == V2 {
        packed(counts, &mut places)?;
    } else {
        words(counts, (inner >> 4 & 0x0e) as usize, &mut places)?;
    }
    Ok(places.found)
}

fn word(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..at + 4)?.try_into().ok().map(u32::from_be_bytes)
}

fn long(bytes: &[u8], at: usize) -> Option<u64> {
    bytes.get(at..at + 8)?.try_into().ok().map(u64::from_be_bytes)
}

/// Counts of V0 and V1: signed, of a fixed size.
fn words(bytes: &[u8], size: usize, places: &mut Places) -> Result<(), String> {
    if !matches!(size, 2 | 4 | 8) {
        return Err(format!("its counts have {size} bytes"));
    }
    for word in bytes.chunks_exact(size) {
        if word.first().is_some_and(|b| *b >= 0x80) {
            return Err("it has a negative count".into());
        }
        places.count(word.iter().fold(0, |n, b| n << 8 | u64::from(*b)))?;
    }
    Ok(())
}

/// Counts of V2: LEB128 with ZigZag, nine bytes at most, of which the last has eight bits. What is
/// negative is a stretch of empty buckets.
fn packed(bytes: &[u8], places: &mut Places) -> Result<(), String> {
    let mut bytes = bytes.iter();
    while let Some(first) = bytes.next() {
        let mut n = u64::from(first & 0x7f);
        let mut more = first & 0x80 != 0;
        let mut shift = 7;
        while more {
            let byte = *bytes.next().ok_or("its last count is cut off")?;
            let last = shift == 56;
            n |= u64::from(if last { byte } else { byte & 0x7f }) << shift;
            more = !last && byte & 0x80 != 0;
            shift += 7;
        }
        let n = (n >> 1) as i64 ^ -((n & 1) as i64);
        match u64::try_from(n) {
            Ok(count) => places.count(count)?,
            Err(_) => places.skip(n.unsigned_abs()),
        }
    }
    Ok(())
}

/// Where in the order of buckets the next count belongs.
struct Places {
    index: u64,
    half: u64,
    unit: u32,
    sum: u64,
    found: Vec<Bucket>,
}

impl Places {
    fn new(digits: u32, lowest: u64) -> Places {
        let half = (2 * 10_u64.pow(digits)).next_power_of_two() / 2;
        Places { index: 0, half, unit: lowest.ilog2(), sum: 0, found: Vec::new() }
    }

    fn skip(&mut self, n: u64) {
        self.index = self.index.saturating_add(n);
    }

    fn count(&mut self, count: u64) -> Result<(), String> {
        let (group, within) = (self.index / self.half, self.index % self.half);
        self.index = self.index.saturating_add(1);
        if count == 0 {
            return Ok(());
        }
        // The first two groups are of the same width.
        let first = if group == 0 { within } else { within + self.half };
        let shift = group.saturating_sub(1).saturating_add(u64::from(self.unit));
        if shift + 1 > u64::from(first.leading_zeros()) {
            return Err("it has a value beyond all numbers".into());
        }
        self.sum = self.sum.saturating_add(count);
        if self.sum > COUNT_MAX {
            return Err("it counts more than anything that was counted".into());
        }
        if self.found.len() >= BUCKETS_MAX {
            return Err(format!("it has more than {BUCKETS_MAX} values"));
        }
        let low = first << shift;
        self.found.push(Bucket { low, high: low + ((1 << shift) - 1), count });
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use hdrhistogram::Histogram;
    use hdrhistogram::serialization::{Serializer, V2DeflateSerializer};
    use proptest::prelude::*;

    use super::*;

    fn pack(cookie: u32, plain: &[u8]) -> String {
        let mut z = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
        z.write_all(plain).unwrap();
        let packed = z.finish().unwrap();
        let length = (packed.len() as u32).to_be_bytes();
        STANDARD.encode([&cookie.to_be_bytes()[..], &length, &packed].concat())
    }

    fn v1(digits: u32, lowest: u64, size: u32, counts: &[u8]) -> String {
        let mut plain = (FAMILY | size << 4 | 1).to_be_bytes().to_vec();
        plain.extend((counts.len() as u32).to_be_bytes());
        plain.extend(0_u32.to_be_bytes());
        plain.extend(digits.to_be_bytes());
        plain.extend(lowest.to_be_bytes());
        plain.extend(3_600_000_000_u64.to_be_bytes());
        plain.extend(1_f64.to_be_bytes());
        plain.extend(counts);
        pack(FAMILY | size << 4 | 2, &plain)
    }

    proptest! {
        /// The same buckets as the library has.
        #[test]
        fn agrees_with_the_library(
            values in proptest::collection::vec((0..1_u64 << 50, 1..1_u64 << 40), 1..80),
            digits in 0..5_u8,
            lowest in 1..5_000_u64,
        ) {
            let mut h = Histogram::<u64>::new_with_bounds(lowest, 1 << 51, digits).unwrap();
            values.iter().for_each(|(v, n)| h.record_n(*v, *n).unwrap());
            let mut bytes = Vec::new();
            V2DeflateSerializer::new().serialize(&h, &mut bytes).unwrap();
            let own: Vec<(u64, u64)> =
                decode(&STANDARD.encode(bytes)).unwrap().iter().map(|b| (b.high, b.count)).collect();
            let library: Vec<(u64, u64)> = h
                .iter_recorded()
                .map(|v| (h.highest_equivalent(v.value_iterated_to()), v.count_at_value()))
                .collect();
            prop_assert_eq!(own, library);
        }

        #[test]
        fn damage_is_an_error_or_a_histogram(plain in proptest::collection::vec(any::<u8>(), 0..200), version in 0..3_usize) {
            let (outer, inner) = [V0, V1, V2][version];
            let own = [&(FAMILY | 0x80 | inner).to_be_bytes()[..], &plain].concat();
            let _ = decode(&pack(FAMILY | 0x80 | outer, &own));
            let _ = decode(&pack(FAMILY | 0x80 | outer, &plain));
        }
    }

    #[test]
    fn older_forms_have_counts_of_a_fixed_size() {
        let counts = [0_u16, 3, 1].map(u16::to_be_bytes).concat();
        let found = decode(&v1(2, 1, 2, &counts)).unwrap();
        assert_eq!(
            found,
            [Bucket { low: 1, high: 1, count: 3 }, Bucket { low: 2, high: 2, count: 1 }]
        );
        assert!(decode(&v1(2, 1, 2, &[0xff, 0xff])).unwrap_err().contains("negative"));
        assert!(decode(&v1(2, 1, 4, &u32::MAX.to_be_bytes())).unwrap_err().contains("negative"));
        assert!(decode(&v1(2, 0, 2, &counts)).unwrap_err().contains("lowest"));
        assert!(decode(&v1(9, 1, 2, &counts)).unwrap_err().contains("digits"));
        let far = [&[0; 8 * 128 * 70][..], &1_u64.to_be_bytes()].concat();
        assert!(decode(&v1(2, 1, 8, &far)).unwrap_err().contains("beyond"));
        let many = [(1_u64 << 52).to_be_bytes(); 3].concat();
        assert!(decode(&v1(2, 1, 8, &many)).unwrap_err().contains("more than"));
    }

    #[test]
    fn a_bomb_is_refused() {
        let text = pack(FAMILY | 0x14, &vec![0; 64 * 1024 * 1024]);
        assert!(decode(&text).unwrap_err().contains("16 MB"));
    }
}
