//! Unpacks gzip (RFC 1952): the frame here, the deflate stream by `flate2`, with a bound on what
//! comes out.
//!
//! This reads the first member; what follows it is not looked at.

use std::io::Read;

use flate2::bufread::DeflateDecoder;

/// Why it can't be unpacked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GzipError {
    /// Not the beginning of a gzip file.
    #[error("it does not begin like gzip")]
    Head,
    /// It ends too early.
    #[error("it is cut off")]
    CutOff,
    /// The deflate stream is damaged.
    #[error("{0}")]
    Damaged(String),
    /// What came out is not what went in.
    #[error("its checksum does not fit")]
    Checksum,
    /// More comes out than allowed.
    #[error("it is too large")]
    TooLarge,
}

/// Whether it begins as gzip does.
#[must_use]
pub fn is_gzip(bytes: &[u8]) -> bool {
    bytes.starts_with(&[0x1f, 0x8b])
}

/// Unpacks the first member, which may have `max` bytes.
///
/// # Errors
/// See [`GzipError`].
pub fn unpack(bytes: &[u8], max: usize) -> Result<Vec<u8>, GzipError> {
    let mut stream = body(bytes)?;
    let mut plain = Vec::new();
    let mut decoder = DeflateDecoder::new(&mut stream);
    decoder.by_ref().take(max as u64 + 1).read_to_end(&mut plain).map_err(|e| match e.kind() {
        std::io::ErrorKind::UnexpectedEof => GzipError::CutOff,
        _ => GzipError::Damaged(e.to_string()),
    })?;
    if plain.len() > max {
        return Err(GzipError::TooLarge);
    }
    let trailer: [u8; 8] =
        stream.get(..8).and_then(|t| t.try_into().ok()).ok_or(GzipError::CutOff)?;
    let [a, b, c, d, e, f, g, h] = trailer;
    let (sum, length) = (u32::from_le_bytes([a, b, c, d]), u32::from_le_bytes([e, f, g, h]));
    if crc32(&plain) != sum || plain.len() as u32 != length {
        return Err(GzipError::Checksum);
    }
    Ok(plain)
}

/// What follows the head: its ten bytes and the fields that its flags announce.
fn body(bytes: &[u8]) -> Result<&[u8], GzipError> {
    const EXTRA: u8 = 4;
    const NAME: u8 = 8;
    const COMMENT: u8 = 16;
    const HEAD_SUM: u8 = 2;
    let (head, mut rest) = bytes.split_at_checked(10).ok_or(GzipError::CutOff)?;
    let &[0x1f, 0x8b, 8, flags, ..] = head else { return Err(GzipError::Head) };
    if flags & EXTRA != 0 {
        let &[low, high, ..] = rest else { return Err(GzipError::CutOff) };
        skip(&mut rest, 2 + usize::from(u16::from_le_bytes([low, high])))?;
    }
    for field in [NAME, COMMENT] {
        if flags & field != 0 {
            let end = rest.iter().position(|b| *b == 0).ok_or(GzipError::CutOff)?;
            skip(&mut rest, end + 1)?;
        }
    }
    if flags & HEAD_SUM != 0 {
        skip(&mut rest, 2)?;
    }
    Ok(rest)
}

fn skip(rest: &mut &[u8], n: usize) -> Result<(), GzipError> {
    *rest = rest.get(n..).ok_or(GzipError::CutOff)?;
    Ok(())
}

/// CRC-32 (ISO 3309), four bits at a time: sixteen table entries instead of thousands.
fn crc32(bytes: &[u8]) -> u32 {
    let mut table = [0_u32; 16];
    for (i, entry) in table.iter_mut().enumerate() {
        *entry =
            (0..4).fold(i as u32, |c, _| if c & 1 == 1 { 0xedb8_8320 ^ (c >> 1) } else { c >> 1 });
    }
    let step = |c: u32| table[(c & 15) as usize] ^ (c >> 4);
    !bytes.iter().fold(!0, |c, byte| step(step(c ^ u32::from(*byte))))
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::{Compression, GzBuilder};

    use super::*;

    fn packed(text: &[u8]) -> Vec<u8> {
        let head = GzBuilder::new().filename("run.json").comment("a run").extra([1, 2, 3]);
        let mut gzip = head.write(Vec::new(), Compression::default());
        gzip.write_all(text).unwrap();
        gzip.finish().unwrap()
    }

    #[test]
    fn what_another_gzip_packed_comes_out() {
        for text in [&b""[..], b"x", &[7; 100_000]] {
            assert_eq!(unpack(&packed(text), 100_000).unwrap(), text);
        }
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
    }

    #[test]
    fn a_file_cut_anywhere_or_with_a_changed_byte_is_an_error() {
        let good = packed(b"{\"format\":\"fwit-run\",\"version\":1}");
        for cut in 0..good.len() {
            assert!(unpack(&good[..cut], 1000).is_err(), "cut at {cut}");
        }
        let head = 10 + 2 + 3 + "run.json".len() + 1 + "a run".len() + 1;
        for place in head..good.len() {
            let mut bad = good.clone();
            bad[place] ^= 1;
            assert!(unpack(&bad, 1000).is_err(), "changed at {place}");
        }
    }

    #[test]
    fn more_than_allowed_is_refused() {
        assert_eq!(unpack(&packed(&[0; 1001]), 1000), Err(GzipError::TooLarge));
    }
}
