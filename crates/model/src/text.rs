//! The text of a file of unknown origin: what editors and tools put around JSON is taken off.

use std::borrow::Cow;

/// What is wrong with a file's encoding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it says that it is UTF-16, and is not from byte {0} on")]
pub struct NotUtf16(pub usize);

/// The bytes as UTF-8 without a byte order mark: a file with the mark of UTF-16 (as some editors
/// save) is turned into UTF-8.
///
/// # Errors
/// UTF-16 that is cut off or broken.
pub fn utf8(bytes: &[u8]) -> Result<Cow<'_, [u8]>, NotUtf16> {
    if let Some(rest) = bytes.strip_prefix(&[0xef, 0xbb, 0xbf]) {
        return Ok(rest.into());
    }
    let (rest, unit): (_, fn([u8; 2]) -> u16) =
        if let Some(rest) = bytes.strip_prefix(&[0xff, 0xfe]) {
            (rest, u16::from_le_bytes)
        } else if let Some(rest) = bytes.strip_prefix(&[0xfe, 0xff]) {
            (rest, u16::from_be_bytes)
        } else {
            return Ok(bytes.into());
        };
    let mut text = String::with_capacity(rest.len() / 2);
    let mut at = 2;
    let (pairs, odd) = rest.as_chunks::<2>();
    for letter in char::decode_utf16(pairs.iter().map(|pair| unit(*pair))) {
        let letter = letter.map_err(|_| NotUtf16(at))?;
        at += 2 * letter.len_utf16();
        text.push(letter);
    }
    if odd.is_empty() { Ok(text.into_bytes().into()) } else { Err(NotUtf16(at)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn utf16(text: &str, mark: [u8; 2], unit: fn(u16) -> [u8; 2]) -> Vec<u8> {
        mark.into_iter().chain(text.encode_utf16().flat_map(unit)).collect()
    }

    #[test]
    fn marks_are_taken_off_and_utf16_is_read() {
        let text = "{\"name\":\"日本 🙂\"}";
        assert_eq!(utf8(text.as_bytes()).unwrap(), text.as_bytes());
        let marked = format!("\u{feff}{text}");
        assert_eq!(utf8(marked.as_bytes()).unwrap(), text.as_bytes());
        for file in [
            utf16(text, [0xff, 0xfe], u16::to_le_bytes),
            utf16(text, [0xfe, 0xff], u16::to_be_bytes),
        ] {
            assert_eq!(utf8(&file).unwrap(), text.as_bytes());
            assert_eq!(utf8(&file[..file.len() - 1]), Err(NotUtf16(file.len() - 2)));
        }
        // Half of a pair.
        assert_eq!(utf8(&[0xff, 0xfe, 0x3d, 0xd8, 0x41, 0x00]), Err(NotUtf16(2)));
        assert!(utf8(&[]).unwrap().is_empty());
    }
}
