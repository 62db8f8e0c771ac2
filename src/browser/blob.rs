//! A file or blob as a reader, in a worker: `FileReaderSync` reads pieces of it.

use std::io::{Error, Read, Seek, SeekFrom};

use js_sys::Uint8Array;
use web_sys::{Blob, FileReaderSync};

/// How much is read at a time, bytes.
const PIECE: u64 = 1024 * 1024;

/// A blob, read piece by piece.
#[derive(Debug)]
pub struct Pieces {
    blob: Blob,
    reader: FileReaderSync,
    size: u64,
    at: u64,
    /// The piece in memory, and where it begins.
    piece: Vec<u8>,
    begins: u64,
}

impl Pieces {
    /// Reads nothing yet.
    ///
    /// # Errors
    /// Outside a worker.
    pub fn of(blob: &Blob) -> Result<Pieces, String> {
        let reader = FileReaderSync::new().map_err(|error| super::describe(&error))?;
        let size = blob.size() as u64;
        Ok(Pieces { blob: blob.clone(), reader, size, at: 0, piece: Vec::new(), begins: 0 })
    }

    fn load(&mut self) -> std::io::Result<()> {
        let end = self.at.saturating_add(PIECE).min(self.size);
        let refused = |error| {
            let why = super::describe(&error);
            Error::other(format!("the browser refused ({why}); was it moved or changed?"))
        };
        let slice =
            self.blob.slice_with_f64_and_f64(self.at as f64, end as f64).map_err(refused)?;
        let buffer = self.reader.read_as_array_buffer(&slice).map_err(refused)?;
        self.piece = Uint8Array::new(&buffer).to_vec();
        self.begins = self.at;
        Ok(())
    }
}

impl Read for Pieces {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        let loaded = self.begins..self.begins + self.piece.len() as u64;
        if !loaded.contains(&self.at) {
            if self.at >= self.size {
                return Ok(0);
            }
            self.load()?;
        }
        let from = (self.at - self.begins) as usize;
        let rest = self.piece.get(from..).unwrap_or_default();
        let n = rest.len().min(out.len());
        if let (Some(to), Some(bytes)) = (out.get_mut(..n), rest.get(..n)) {
            to.copy_from_slice(bytes);
        }
        self.at += n as u64;
        Ok(n)
    }
}

impl Seek for Pieces {
    fn seek(&mut self, to: SeekFrom) -> std::io::Result<u64> {
        let at = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::End(off) => self.size.checked_add_signed(off),
            SeekFrom::Current(off) => self.at.checked_add_signed(off),
        };
        self.at = at.ok_or_else(|| Error::other("before the beginning of the file"))?;
        Ok(self.at)
    }
}
