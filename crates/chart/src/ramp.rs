//! Colours as numbers, and the ramp of a heatmap: lightness goes one way only, in equal steps to
//! the eye.
//!
//! Colour space: OKLab (Ottosson 2020, "A perceptual color space for image processing"). Contrast:
//! WCAG 2.2.

/// A colour of the sRGB space, opaque.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Color {
    /// Red, 0 to 255.
    pub r: u8,
    /// Green, 0 to 255.
    pub g: u8,
    /// Blue, 0 to 255.
    pub b: u8,
}

impl Color {
    /// The colour `0xRRGGBB`.
    pub const fn hex(v: u32) -> Self {
        Self { r: (v >> 16) as u8, g: (v >> 8) as u8, b: v as u8 }
    }

    /// As CSS and SVG write it: `#rrggbb`.
    pub fn css(self) -> String {
        format!("#{:02x}{:02x}{:02x}", self.r, self.g, self.b)
    }

    fn linear(self) -> [f64; 3] {
        [self.r, self.g, self.b].map(|c| {
            let c = f64::from(c) / 255.0;
            if c <= 0.040_45 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }
        })
    }

    /// OKLab coordinates: lightness 0 to 1, then green-red, then blue-yellow.
    pub fn oklab(self) -> [f64; 3] {
        let [r, g, b] = self.linear();
        let l = libm::cbrt(0.412_221_470_8 * r + 0.536_332_536_3 * g + 0.051_445_992_9 * b);
        let m = libm::cbrt(0.211_903_498_2 * r + 0.680_699_545_1 * g + 0.107_396_956_6 * b);
        let s = libm::cbrt(0.088_302_461_9 * r + 0.281_718_837_6 * g + 0.629_978_700_5 * b);
        [
            0.210_454_255_3 * l + 0.793_617_785_0 * m - 0.004_072_046_8 * s,
            1.977_998_495_1 * l - 2.428_592_205_0 * m + 0.450_593_709_9 * s,
            0.025_904_037_1 * l + 0.782_771_766_2 * m - 0.808_675_766_0 * s,
        ]
    }

    /// The sRGB colour nearest to these OKLab coordinates.
    pub fn from_oklab([l, a, b]: [f64; 3]) -> Self {
        let x = (l + 0.396_337_777_4 * a + 0.215_803_757_3 * b).powi(3);
        let y = (l - 0.105_561_345_8 * a - 0.063_854_172_8 * b).powi(3);
        let z = (l - 0.089_484_177_5 * a - 1.291_485_548_0 * b).powi(3);
        let gamma = |c: f64| {
            let c = if c <= 0.003_130_8 { 12.92 * c } else { 1.055 * c.powf(1.0 / 2.4) - 0.055 };
            (c * 255.0).round().clamp(0.0, 255.0) as u8
        };
        Self {
            r: gamma(4.076_741_662_1 * x - 3.307_711_591_3 * y + 0.230_969_929_2 * z),
            g: gamma(-1.268_438_004_6 * x + 2.609_757_401_1 * y - 0.341_319_396_5 * z),
            b: gamma(-0.004_196_086_3 * x - 0.703_418_614_7 * y + 1.707_614_701_0 * z),
        }
    }

    /// Contrast of the two colours, 1 to 21 (WCAG 2.2, relative luminance).
    pub fn contrast(self, other: Self) -> f64 {
        let lum = |c: Self| {
            let [r, g, b] = c.linear();
            0.2126 * r + 0.7152 * g + 0.0722 * b + 0.05
        };
        let (a, b) = (lum(self), lum(other));
        a.max(b) / a.min(b)
    }

    /// Distance of the two colours in OKLab; about 0.02 is just visible.
    pub fn difference(self, other: Self) -> f64 {
        let (a, b) = (self.oklab(), other.oklab());
        a.iter().zip(b).map(|(x, y)| (x - y).powi(2)).sum::<f64>().sqrt()
    }
}

/// Colours of the raster levels: level 0 is empty, 1 to 255 run from few to many.
#[derive(Clone, PartialEq)]
pub struct Ramp(Box<[Color; 256]>);

impl std::fmt::Debug for Ramp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Ramp").field(&self.0[1]).field(&self.0[128]).field(&self.0[255]).finish()
    }
}

impl Ramp {
    /// The ramp through three colours. Lightness runs straight from the first to the last; `mid`
    /// gives only its hue, so that lightness is monotone whatever a theme says.
    pub fn new(low: Color, mid: Color, high: Color) -> Self {
        let (a, m, z) = (low.oklab(), mid.oklab(), high.oklab());
        let mix = |p: f64, q: f64, t: f64| p + (q - p) * t;
        let mut colors = Box::new([low; 256]);
        for (i, c) in colors.iter_mut().enumerate().skip(1) {
            let t = (i - 1) as f64 / 254.0;
            let (from, to, u) = if t < 0.5 { (a, m, t * 2.0) } else { (m, z, t * 2.0 - 1.0) };
            *c = Color::from_oklab([
                mix(a[0], z[0], t),
                mix(from[1], to[1], u),
                mix(from[2], to[2], u),
            ]);
        }
        Self(colors)
    }

    /// The colour of a level.
    pub fn color(&self, level: u8) -> Color {
        self.0[usize::from(level)]
    }

    /// Writes the levels as RGBA bytes, four per level; level 0 becomes transparent.
    pub fn paint(&self, levels: &[u8], out: &mut Vec<u8>) {
        out.clear();
        out.reserve(levels.len() * 4);
        for &level in levels {
            let c = self.0[usize::from(level)];
            out.extend_from_slice(&[c.r, c.g, c.b, if level == 0 { 0 } else { 255 }]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::ink::Palette;
    use super::*;

    #[test]
    fn oklab_there_and_back_is_the_same_colour() {
        for v in [0, 0xff_ff_ff, 0x12_34_56, 0xfe_dc_ba, 0x00_ff_00] {
            assert_eq!(Color::from_oklab(Color::hex(v).oklab()), Color::hex(v));
        }
        assert_eq!(Color::hex(0x0a_0b_0c).css(), "#0a0b0c");
    }

    #[test]
    fn contrast_is_that_of_the_standard() {
        let (white, black) = (Color::hex(0xff_ff_ff), Color::hex(0));
        assert!((white.contrast(black) - 21.0).abs() < 1e-9);
        assert!((Color::hex(0x76_76_76).contrast(white) - 4.54).abs() < 0.01);
    }

    #[test]
    fn lightness_is_monotone_and_even_in_both_schemes() {
        for (p, sign) in [(Palette::light(), -1.0), (Palette::dark(), 1.0)] {
            let l: Vec<f64> = (1..=255).map(|i| p.ramp().color(i).oklab()[0]).collect();
            let span = (l[254] - l[0]) * sign;
            assert!(span > 0.5, "{span}");
            for w in l.windows(8) {
                let step = (w[7] - w[0]) * sign / span * 254.0 / 7.0;
                assert!((0.4..1.6).contains(&step), "{step}");
            }
        }
    }

    #[test]
    fn an_empty_level_is_transparent() {
        let mut out = Vec::new();
        Palette::light().ramp().paint(&[0, 255], &mut out);
        assert_eq!((out[3], out[7], out.len()), (0, 255, 8));
    }
}
