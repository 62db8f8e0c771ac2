//! Histograms in files: HdrHistogram V2, deflated, base64. The size of what comes from a file is
//! checked before it is unfolded.

use fwit_stats::sparse::Sparse;
use std::io::Read;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::read::ZlibDecoder;
use hdrhistogram::Histogram;
use hdrhistogram::serialization::{Deserializer, Serializer, V2DeflateSerializer};

/// Cookie of the compressed form, then of the form inside it.
const COOKIE_DEFLATE: u32 = 0x1c84_9314;
const COOKIE_PLAIN: u32 = 0x1c84_9313;
/// Most bytes a histogram may unfold to: three digits up to ten minutes take 40 kB at the very
/// most.
const PLAIN_MAX: u64 = 4 * 1024 * 1024;

/// Adds the counts of another histogram.
pub(super) fn add(sum: &mut Histogram<u64>, other: &Histogram<u64>) {
    // A growing histogram takes every value; adding fails only where it may not grow.
    sum.add(other).ok();
}

/// Three decimals: what a file keeps of a mean. Such numbers come out of JSON exactly as they went
/// in.
#[must_use]
pub fn short(value: f64) -> f64 {
    (value * 1e3).round() / 1e3
}

/// A histogram as text.
#[must_use]
pub fn encode(histogram: &Histogram<u64>) -> String {
    let mut bytes = Vec::new();
    // Fails for counts beyond 2^63 and for a writer that fails; neither exists here.
    match V2DeflateSerializer::new().serialize(histogram, &mut bytes) {
        Ok(_) => STANDARD.encode(bytes),
        Err(_) => String::new(),
    }
}

/// A histogram from text.
///
/// # Errors
/// What is wrong with it.
pub fn decode(text: &str) -> Result<Histogram<u64>, String> {
    let bytes = STANDARD.decode(text.trim()).map_err(|e| format!("its base64 is broken ({e})"))?;
    let word = |bytes: &[u8], at: usize| {
        bytes.get(at..at + 4).and_then(|b| b.try_into().ok()).map(u32::from_be_bytes)
    };
    if word(&bytes, 0) != Some(COOKIE_DEFLATE) {
        return Err("it does not start like an HdrHistogram V2 (deflate)".into());
    }
    let mut plain = Vec::new();
    let packed = bytes.get(8..).unwrap_or_default();
    ZlibDecoder::new(packed)
        .take(PLAIN_MAX + 1)
        .read_to_end(&mut plain)
        .map_err(|e| format!("it can't be inflated ({e})"))?;
    if plain.len() as u64 > PLAIN_MAX {
        return Err("it unfolds to more than 4 MB".into());
    }
    // Header: cookie, payload length, normalizing offset, digits, lowest, highest: the ranges
    // decide how much memory the histogram takes.
    let digits = word(&plain, 12);
    let highest = plain.get(24..32).and_then(|b| b.try_into().ok()).map(u64::from_be_bytes);
    let payload = word(&plain, 4);
    if word(&plain, 0) != Some(COOKIE_PLAIN)
        || payload.is_none_or(|n| n as usize > plain.len().saturating_sub(40))
        || digits.is_none_or(|d| d > 3)
        || highest.is_none_or(|h| h > 1 << 40)
    {
        return Err("its header is not one of a latency histogram".into());
    }
    Deserializer::new()
        .deserialize(&mut plain.as_slice())
        .map_err(|e| format!("its counts can't be read ({e})"))
}

/// p50 and p99 of a second.
pub(super) fn two_percentiles(sparse: &Sparse) -> Option<[u32; 2]> {
    let at = |p| sparse.at(p).map(|v| u32::try_from(v).unwrap_or(u32::MAX));
    Some([at(0.5)?, at(0.99)?])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use fwit_stats::recorder::new_histogram;

    proptest! {
        #[test]
        fn text_keeps_every_count(values in proptest::collection::vec(0..600_000_000_u64, 0..200)) {
            let mut h = new_histogram();
            values.iter().for_each(|v| h.record(*v).unwrap());
            let back = decode(&encode(&h)).unwrap();
            let list = |h: &Histogram<u64>| h.iter_recorded().map(|v| (v.value_iterated_to(), v.count_at_value())).collect::<Vec<_>>();
            prop_assert_eq!(list(&back), list(&h));
            prop_assert_eq!((back.len(), back.max(), back.value_at_quantile(0.99)), (h.len(), h.max(), h.value_at_quantile(0.99)));
        }

        #[test]
        fn broken_text_is_an_error_or_a_histogram(cut in 0..200_usize, flip in 0..200_usize, bit in 0..8) {
            let mut h = new_histogram();
            (1..500).for_each(|v| h.record(v * v).unwrap());
            let text = encode(&h);
            prop_assert!(decode(&text[..cut.min(text.len() - 1)]).is_err());
            let mut bytes = STANDARD.decode(&text).unwrap();
            let at = flip % bytes.len();
            bytes[at] ^= 1_u8 << bit;
            let _ = decode(&STANDARD.encode(bytes));
        }
    }

    #[test]
    fn a_length_that_lies_is_refused() {
        let mut h = new_histogram();
        h.record(5).unwrap();
        let bytes = STANDARD.decode(encode(&h)).unwrap();
        let mut plain = Vec::new();
        ZlibDecoder::new(&bytes[8..]).read_to_end(&mut plain).unwrap();
        plain[4..8].copy_from_slice(&u32::MAX.to_be_bytes());
        let mut z = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
        std::io::Write::write_all(&mut z, &plain).unwrap();
        let lying = [&bytes[..8], &z.finish().unwrap()].concat();
        assert!(decode(&STANDARD.encode(lying)).unwrap_err().contains("header"));
    }

    #[test]
    fn a_bomb_is_refused() {
        use std::io::Write;
        let mut z = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
        z.write_all(&vec![0; 64 * 1024 * 1024]).unwrap();
        let packed = z.finish().unwrap();
        let mut bytes = COOKIE_DEFLATE.to_be_bytes().to_vec();
        bytes.extend((packed.len() as u32).to_be_bytes());
        bytes.extend(packed);
        assert!(decode(&STANDARD.encode(bytes)).unwrap_err().contains("4 MB"));
    }
}
