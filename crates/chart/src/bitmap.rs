//! A raster as a bitmap file, for pictures that carry it inside.

use super::ink::Palette;
use super::scene::Raster;

/// A bitmap file (BITMAPV4HEADER, 32 bits with alpha) of the raster; none if it is empty or does
/// not fit its size.
pub(crate) fn bitmap(raster: &Raster, palette: &Palette) -> Option<Vec<u8>> {
    let (w, h) = (u32::try_from(raster.width).ok()?, u32::try_from(raster.height).ok()?);
    if w == 0 || h == 0 || raster.levels.len() != raster.width * raster.height {
        return None;
    }
    let head = 14 + 108;
    let body = w.checked_mul(h)?.checked_mul(4)?;
    let mut out = Vec::with_capacity((head + body) as usize);
    out.extend_from_slice(b"BM");
    for v in [head + body, 0, head, 108, w, h] {
        out.extend_from_slice(&v.to_le_bytes());
    }
    out.extend_from_slice(&[1, 0, 32, 0]);
    // Compression by masks, size, resolution, colours; then the masks of red, green, blue, alpha;
    // "sRGB".
    for v in
        [3, body, 2835, 2835, 0, 0, 0x00ff_0000, 0x0000_ff00, 0x0000_00ff, 0xff00_0000, 0x7352_4742]
    {
        out.extend_from_slice(&v.to_le_bytes());
    }
    out.resize(head as usize, 0);
    for row in raster.levels.chunks_exact(raster.width).rev() {
        for &level in row {
            let c = palette.ramp().color(level);
            out.extend_from_slice(&[c.b, c.g, c.r, if level == 0 { 0 } else { 255 }]);
        }
    }
    Some(out)
}
