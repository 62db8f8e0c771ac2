//! Unpacks gzip (RFC 1952) with a bound on what comes out. A file may have several members, as
//! `bgzip` writes and `cat a.gz b.gz` makes.

use std::io::{self, Read};

use flate2::bufread::GzDecoder;

/// Why it can't be unpacked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GzipError {
    /// It ends too early.
    #[error("it is cut off")]
    CutOff,
    /// It is damaged.
    #[error("{0}")]
    Damaged(String),
    /// More comes out than allowed.
    #[error("it is too large")]
    TooLarge,
}

impl From<io::Error> for GzipError {
    fn from(error: io::Error) -> GzipError {
        match error.kind() {
            io::ErrorKind::UnexpectedEof => GzipError::CutOff,
            _ => GzipError::Damaged(error.to_string()),
        }
    }
}

/// Whether it begins as gzip does.
#[must_use]
pub fn is_gzip(bytes: &[u8]) -> bool {
    bytes.starts_with(&[0x1f, 0x8b])
}

/// Unpacks all members, which may have `max` bytes together. What follows the last member is not
/// looked at.
///
/// # Errors
/// See [`GzipError`].
pub fn unpack(mut bytes: &[u8], max: usize) -> Result<Vec<u8>, GzipError> {
    let mut plain = Vec::new();
    loop {
        let mut member = GzDecoder::new(bytes);
        let room = (max - plain.len()) as u64 + 1;
        member.by_ref().take(room).read_to_end(&mut plain)?;
        if plain.len() > max {
            return Err(GzipError::TooLarge);
        }
        bytes = member.into_inner();
        if !is_gzip(bytes) {
            return Ok(plain);
        }
    }
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
    }

    #[test]
    fn several_members_are_one_file() {
        let two = [packed(b"{\"a\":"), packed(b"1}"), packed(b"")].concat();
        assert_eq!(unpack(&two, 100).unwrap(), b"{\"a\":1}");
        // Tapes and blocks are filled up with zeros.
        assert_eq!(unpack(&[two.clone(), vec![0; 9]].concat(), 100).unwrap(), b"{\"a\":1}");
        assert_eq!(unpack(&two, 6), Err(GzipError::TooLarge));
        assert_eq!(unpack(&two[..two.len() - 3], 100), Err(GzipError::CutOff));
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
        assert_eq!(unpack(&packed(&[0; 1000]), 1000).unwrap().len(), 1000);
    }
}
