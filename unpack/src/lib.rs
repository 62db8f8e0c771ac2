//! Unpacks the page's program in the browser, while it arrives.
//!
//! The program travels as raw LZMA2 (a fifth smaller than with gzip). The page's
//! first script hands what has arrived to the functions of `exports`, and what they give to the browser's own
//! compiler, which compiles while the rest is on its way.
//!
//! Without the standard library: a page waits for this program before it can begin with its own.
//!
//! Called by: `pack` (whether what it packed can be unpacked), the script that it writes into the page.
//! Tests: in `pack`, beside what packs.
#![no_std]

extern crate alloc;

#[cfg(target_arch = "wasm32")]
mod exports;

use alloc::vec::Vec;

use lzma_rust2::{Action, Lzma2Stream, Result, Status};

/// How far back, in bytes, the packed text refers; as much memory is taken while unpacking. The page's program should
/// fit.
pub const DICTIONARY: u32 = 4 << 20;

/// By how many bytes the room for what is unpacked grows.
const STEP: usize = 1 << 17;

/// Unpacks raw LZMA2, part by part.
#[expect(missing_debug_implementations, reason = "what decodes has none")]
pub struct Unpacker {
    stream: Lzma2Stream,
    /// What the last part added, and room behind it.
    unpacked: Vec<u8>,
}

impl Unpacker {
    /// Before the first byte.
    #[must_use]
    pub fn new() -> Self {
        Self { stream: Lzma2Stream::new(DICTIONARY), unpacked: Vec::new() }
    }

    /// What this part adds: often nothing for a short one. What follows the end is left alone.
    ///
    /// # Errors
    /// This is no LZMA2, or refers further back than [`DICTIONARY`]; then all later parts are refused too.
    pub fn unpack(&mut self, part: &[u8]) -> Result<&[u8]> {
        let (mut read, mut written) = (0, 0);
        loop {
            self.unpacked.resize(written + STEP, 0);
            let done = self.stream.process(&part[read..], &mut self.unpacked[written..], Action::Run)?;
            read += done.bytes_consumed;
            written += done.bytes_produced;
            if done.status == Status::StreamEnd || done.bytes_consumed + done.bytes_produced == 0 {
                return Ok(&self.unpacked[..written]);
            }
        }
    }

    /// Whether the text has come to its end.
    #[must_use]
    pub fn ended(&self) -> bool {
        self.stream.is_finished()
    }
}

impl Default for Unpacker {
    fn default() -> Self {
        Self::new()
    }
}
