//! What a file is packed in: gzip (of several members), Zstandard (of several frames), zip, each in
//! each other down to a depth; and texts in UTF-16.
//!
//! Invariant: nothing is unfolded as a whole; what comes out is bounded.
//! Tests: beside the code.

use std::io::{BufRead, BufReader, Cursor, Read, Seek};

use flate2::bufread::MultiGzDecoder;
use ruzstd::decoding::errors::{FrameDecoderError, ReadFrameHeaderError};

use crate::error::{ImportError, clip};
use crate::input::failed;

/// A file that can be read from any place.
pub trait ReadSeek: Read + Seek {}
impl<T: Read + Seek> ReadSeek for T {}

/// Most files of an archive.
pub const FILES_MAX: usize = 2_000;
/// Most bytes that one packed file may unfold to.
const UNPACKED_MAX: u64 = 16 * 1024 * 1024 * 1024;

/// What is told a file's name and text, one file after another. It goes on while it says `true`.
pub type Each<'e> = dyn FnMut(&str, Result<Box<dyn Read + '_>, ImportError>) -> bool + 'e;

/// Unpacks a file, and hands what is in it to `each`.
pub fn unpack(name: &str, mut from: impl ReadSeek, each: &mut Each<'_>) {
    let mut magic = [0; 4];
    let read = read_up_to(&mut from, &mut magic).and_then(|n| from.rewind().map(|()| n));
    match read {
        Err(error) => {
            each(name, Err(failed(&error)));
        }
        Ok(4..) if magic == *b"PK\x03\x04" || magic == *b"PK\x05\x06" => zip(name, from, each),
        Ok(_) => stream(name, Box::new(from), 0, each),
    }
}

fn read_up_to(from: &mut impl Read, buffer: &mut [u8]) -> std::io::Result<usize> {
    let mut at = 0;
    while let Some(rest) = buffer.get_mut(at..).filter(|rest| !rest.is_empty()) {
        match from.read(rest)? {
            0 => break,
            n => at += n,
        }
    }
    Ok(at)
}

fn zip(name: &str, from: impl ReadSeek, each: &mut Each<'_>) {
    let broken = |what: String| ImportError::broken("zip", "its directory", what);
    let mut archive = match zip::ZipArchive::new(from) {
        Ok(archive) => archive,
        Err(error) => {
            each(name, Err(broken(error.to_string())));
            return;
        }
    };
    if archive.len() > FILES_MAX {
        let what = format!("the archive has {} files, more than {FILES_MAX}", archive.len());
        each(name, Err(ImportError::TooLarge(what)));
        return;
    }
    for i in 0..archive.len() {
        let file = match archive.by_index(i) {
            Ok(file) => file,
            Err(error) => {
                let own = format!("{name}, file {}", i + 1);
                if !each(&own, Err(broken(clip(&error.to_string())))) {
                    return;
                }
                continue;
            }
        };
        // What systems add beside the files.
        let hidden = |part: &str| part.starts_with('.') || part == "__MACOSX";
        if file.is_dir() || file.name().split('/').any(hidden) {
            continue;
        }
        let own = clip(file.name());
        let mut go_on = true;
        let mut inner = |name: &str, text: Result<Box<dyn Read + '_>, ImportError>| {
            go_on = each(name, text);
            go_on
        };
        stream(&own, Box::new(file), 1, &mut inner);
        if !go_on {
            return;
        }
    }
}

/// Takes off what is around a stream.
fn stream(name: &str, from: Box<dyn Read + '_>, depth: u32, each: &mut Each<'_>) {
    let mut from = BufReader::new(from);
    let head = match from.fill_buf() {
        Ok(head) => head.get(..head.len().min(4)).unwrap_or_default().to_vec(),
        Err(error) => {
            each(name, Err(failed(&error)));
            return;
        }
    };
    match head.as_slice() {
        _ if depth > 3 => {
            each(name, Err(ImportError::Refused("It is packed more than three times.".into())));
        }
        [0x1f, 0x8b, ..] => {
            let plain = Limit { from: MultiGzDecoder::new(from), left: UNPACKED_MAX };
            stream(without(name, &[".gz", ".gzip"]), Box::new(plain), depth + 1, each);
        }
        // Zstandard: a frame, or one that is to be skipped.
        [0x28, 0xb5, 0x2f, 0xfd] | [0x50..=0x5f, 0x2a, 0x4d, 0x18] => {
            let plain = Limit { from: Frames { from, frame: None }, left: UNPACKED_MAX };
            stream(without(name, &[".zst", ".zstd"]), Box::new(plain), depth + 1, each);
        }
        [b'P', b'K', 3, 4] if depth > 0 => {
            let what = "It is a zip in an archive: unpack that first.";
            each(name, Err(ImportError::Refused(what.into())));
        }
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => {
            let text = utf16(from);
            match text {
                Ok(text) => each(name, Ok(Box::new(Cursor::new(text)))),
                Err(error) => each(name, Err(error)),
            };
        }
        _ => {
            each(name, Ok(Box::new(from)));
        }
    }
}

fn without<'n>(name: &'n str, endings: &[&str]) -> &'n str {
    endings.iter().find_map(|ending| name.strip_suffix(ending)).unwrap_or(name)
}

fn utf16(from: impl Read) -> Result<Vec<u8>, ImportError> {
    let max = crate::input::TEXT_MAX;
    let mut bytes = Vec::new();
    from.take(max + 1).read_to_end(&mut bytes).map_err(|e| failed(&e))?;
    if bytes.len() as u64 > max {
        return Err(ImportError::TooLarge("UTF-16 of more than 256 MB".into()));
    }
    match fwit_model::text::utf8(&bytes) {
        Ok(text) => Ok(text.into_owned()),
        Err(error) => Err(ImportError::broken("text", "its encoding", error.to_string())),
    }
}

/// What unfolds to no more than this, or fails.
struct Limit<R> {
    from: R,
    left: u64,
}

impl<R: Read> Read for Limit<R> {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        let read = self.from.read(out)?;
        self.left = self.left.checked_sub(read as u64).ok_or_else(|| {
            let gigabytes = UNPACKED_MAX >> 30;
            std::io::Error::other(format!("it unfolds to more than {gigabytes} GB"))
        })?;
        Ok(read)
    }
}

/// The frames of a Zstandard file, one after another.
struct Frames<R: Read> {
    from: BufReader<R>,
    frame: Option<Box<ruzstd::decoding::FrameDecoder>>,
}

impl<R: Read> Read for Frames<R> {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        loop {
            if self.frame.is_none() {
                if self.from.fill_buf()?.is_empty() {
                    return Ok(0);
                }
                let mut frame = Box::new(ruzstd::decoding::FrameDecoder::new());
                match frame.reset(&mut self.from) {
                    Ok(()) => self.frame = Some(frame),
                    Err(FrameDecoderError::ReadFrameHeaderError(
                        ReadFrameHeaderError::SkipFrame { length, .. },
                    )) => {
                        let mut skipped = self.from.by_ref().take(u64::from(length));
                        std::io::copy(&mut skipped, &mut std::io::sink())?;
                    }
                    Err(error) => return Err(std::io::Error::other(error)),
                }
                continue;
            }
            let Some(frame) = &mut self.frame else { return Ok(0) };
            while !frame.is_finished() && frame.can_collect() < out.len().min(1 << 16) {
                let some = ruzstd::decoding::BlockDecodingStrategy::UptoBlocks(1);
                frame.decode_blocks(&mut self.from, some).map_err(std::io::Error::other)?;
            }
            let read = frame.read(out)?;
            if read > 0 || out.is_empty() {
                return Ok(read);
            }
            self.frame = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn gz(text: &[u8]) -> Vec<u8> {
        let mut z = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        z.write_all(text).unwrap();
        z.finish().unwrap()
    }

    fn all(bytes: Vec<u8>) -> Vec<(String, Result<String, ImportError>)> {
        let mut found = Vec::new();
        unpack("a.gz", Cursor::new(bytes), &mut |name, text| {
            let text = text.and_then(|mut text| {
                let mut all = String::new();
                text.read_to_string(&mut all).map_err(|e| failed(&e))?;
                Ok(all)
            });
            found.push((name.to_string(), text));
            true
        });
        found
    }

    #[test]
    fn gzip_of_several_members_is_one_text() {
        let found = all([gz(b"one "), gz(b"two")].concat());
        assert_eq!(found, [("a".to_string(), Ok("one two".to_string()))]);
    }

    #[test]
    fn frames_of_zstandard_are_one_text() {
        let one = ruzstd::encoding::compress_to_vec(
            &b"one "[..],
            ruzstd::encoding::CompressionLevel::Fastest,
        );
        // One that is to be skipped may stand anywhere.
        let skip = b"\x53\x2a\x4d\x18\x03\x00\x00\x00abc".to_vec();
        let found = all([skip.clone(), one.clone(), one, skip].concat());
        assert_eq!(found, [("a.gz".to_string(), Ok("one one ".to_string()))]);
    }

    #[test]
    fn a_zip_gives_its_files_and_what_is_packed_in_them() {
        let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
        let options = zip::write::SimpleFileOptions::default();
        for (name, text) in [
            ("runs/a.json", b"{}".to_vec()),
            ("runs/b.csv.gz", gz(b"x,y")),
            ("__MACOSX/._a.json", b"no".to_vec()),
        ] {
            zip.start_file(name, options).unwrap();
            zip.write_all(&text).unwrap();
        }
        let bytes = zip.finish().unwrap().into_inner();
        let texts = [("runs/a.json", "{}"), ("runs/b.csv", "x,y")];
        let wanted = texts.map(|(n, t)| (n.to_string(), Ok(t.to_string())));
        assert_eq!(all(bytes.clone()), wanted);
        for cut in 0..bytes.len() {
            all(bytes[..cut].to_vec());
        }
    }

    #[test]
    fn utf16_is_read_and_depth_is_bounded() {
        let text: Vec<u8> = [0xff, 0xfe]
            .into_iter()
            .chain("h\u{e9}".encode_utf16().flat_map(u16::to_le_bytes))
            .collect();
        assert_eq!(all(text), [("a.gz".to_string(), Ok("h\u{e9}".to_string()))]);
        let mut bytes = b"x".to_vec();
        for _ in 0..6 {
            bytes = gz(&bytes);
        }
        assert!(matches!(all(bytes).as_slice(), [(_, Err(ImportError::Refused(_)))]));
    }
}
