//! Names of colours, and the palettes that give them a value: pages read the same names as CSS
//! properties.

use super::ramp::{Color, Ramp};

/// The name of a colour. A page resolves it by its CSS custom property, an export by a [`Palette`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Ink {
    /// Colour of the n-th series, counted from 0; twelve in turn.
    Series(u8),
    /// Axis lines and ticks.
    Axis,
    /// Grid lines.
    Grid,
    /// Text.
    Text,
    /// Text and lines of second rank; data that carries no weight.
    Muted,
    /// The ground the picture stands on.
    Surface,
    /// Cursor and selection.
    Accent,
    /// A stretch or value to look at twice.
    Warn,
    /// A bad outcome.
    Bad,
    /// A good outcome.
    Good,
    /// A band behind the data: a fault, a margin.
    Band,
    /// Slanted lines over what does not count.
    Hatch,
    /// The ramp's colour for the fewest.
    RampLow,
    /// The ramp's colour half way.
    RampMid,
    /// The ramp's colour for the most.
    RampHigh,
}

/// How many series colours there are before they come round again.
pub const SERIES: usize = 12;

impl Ink {
    /// Every ink once, in the order of a palette's table.
    pub const ALL: [Self; 26] = [
        Self::Series(0),
        Self::Series(1),
        Self::Series(2),
        Self::Series(3),
        Self::Series(4),
        Self::Series(5),
        Self::Series(6),
        Self::Series(7),
        Self::Series(8),
        Self::Series(9),
        Self::Series(10),
        Self::Series(11),
        Self::Axis,
        Self::Grid,
        Self::Text,
        Self::Muted,
        Self::Surface,
        Self::Accent,
        Self::Warn,
        Self::Bad,
        Self::Good,
        Self::Band,
        Self::Hatch,
        Self::RampLow,
        Self::RampMid,
        Self::RampHigh,
    ];

    /// The ink of the n-th series, counted from 0.
    pub const fn series(n: usize) -> Self {
        Self::Series((n % SERIES) as u8)
    }

    /// Its place in [`Ink::ALL`].
    pub const fn index(self) -> usize {
        match self {
            Self::Series(n) => n as usize % SERIES,
            Self::Axis => 12,
            Self::Grid => 13,
            Self::Text => 14,
            Self::Muted => 15,
            Self::Surface => 16,
            Self::Accent => 17,
            Self::Warn => 18,
            Self::Bad => 19,
            Self::Good => 20,
            Self::Band => 21,
            Self::Hatch => 22,
            Self::RampLow => 23,
            Self::RampMid => 24,
            Self::RampHigh => 25,
        }
    }

    /// The CSS custom property that holds it.
    pub const fn property(self) -> &'static str {
        const NAMES: [&str; 26] = [
            "--series-1",
            "--series-2",
            "--series-3",
            "--series-4",
            "--series-5",
            "--series-6",
            "--series-7",
            "--series-8",
            "--series-9",
            "--series-10",
            "--series-11",
            "--series-12",
            "--axis",
            "--grid",
            "--text",
            "--muted",
            "--surface",
            "--accent",
            "--warn",
            "--bad",
            "--good",
            "--band",
            "--hatch",
            "--ramp-low",
            "--ramp-mid",
            "--ramp-high",
        ];
        NAMES[self.index()]
    }
}

/// A filling: a colour and its opacity.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fill {
    /// The colour.
    pub ink: Ink,
    /// Opacity, 0 to 1.
    pub alpha: f64,
}

impl Fill {
    /// An opaque filling.
    pub const fn solid(ink: Ink) -> Self {
        Self { ink, alpha: 1.0 }
    }

    /// A filling that lets the ground through.
    pub const fn faded(ink: Ink, alpha: f64) -> Self {
        Self { ink, alpha }
    }
}

/// A value for every ink, and the ramp made of three of them.
#[derive(Clone, Debug, PartialEq)]
pub struct Palette {
    colors: [Color; Ink::ALL.len()],
    ramp: Ramp,
}

impl Palette {
    /// The palette of these colours, in the order of [`Ink::ALL`].
    pub fn new(colors: [Color; Ink::ALL.len()]) -> Self {
        let at = |ink: Ink| colors[ink.index()];
        let ramp = Ramp::new(at(Ink::RampLow), at(Ink::RampMid), at(Ink::RampHigh));
        Self { colors, ramp }
    }

    /// The palette on a light ground; `style/tokens.css` has the same values.
    pub fn light() -> Self {
        Self::new(LIGHT.map(Color::hex))
    }

    /// The palette on a dark ground; `style/tokens.css` has the same values.
    pub fn dark() -> Self {
        Self::new(DARK.map(Color::hex))
    }

    /// The value of an ink.
    pub fn color(&self, ink: Ink) -> Color {
        self.colors[ink.index()]
    }

    /// Colours for the levels of a raster.
    pub fn ramp(&self) -> &Ramp {
        &self.ramp
    }
}

/// Light: Okabe and Ito's eight and Tol's "muted", darkened until each stands out 3:1 on white.
const LIGHT: [u32; Ink::ALL.len()] = [
    0x0066b0, 0xc24d00, 0x007f5f, 0xb03a86, 0x8a6a00, 0x2b8cc4, 0x882255, 0x4a4a9e, 0x5b7f1c,
    0xd1455b, 0x6b4b2a, 0x4f5b66, // series
    0x6b7280, 0xe3e6ea, 0x1b1f24, 0x5c6470, 0xffffff, 0x1f5fd0, 0x9a5b00, 0xb42318, 0x1a7f37,
    0xf3c96b, 0x8a9099, // furniture
    0xdfecf5, 0x3f8fc4, 0x081d58, // ramp
];

/// Dark: the same hues, lightened until each stands out 3:1 on the dark surface.
const DARK: [u32; Ink::ALL.len()] = [
    0x4da6ff, 0xff934d, 0x2fc297, 0xf082c0, 0xe0bb3f, 0x7fcbf2, 0xb8607f, 0xa3a3f5, 0xa8cf5a,
    0xff8594, 0xc9a27a, 0xb3bec9, // series
    0x8b94a1, 0x2b313a, 0xe9ecf0, 0xa3abb8, 0x14181d, 0x6aa9ff, 0xf0b44a, 0xff7b72, 0x56d364,
    0x7a5a12, 0x7d8692, // furniture
    0x1b2a3f, 0x2f8f9d, 0xfdf3a8, // ramp
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_ink_has_a_place_and_a_property_of_its_own() {
        for (i, ink) in Ink::ALL.into_iter().enumerate() {
            assert_eq!(ink.index(), i);
            assert_eq!(Ink::ALL.iter().filter(|o| o.property() == ink.property()).count(), 1);
        }
        assert_eq!(Ink::series(12).property(), "--series-1");
        assert_eq!(Ink::Series(200).index(), 200 % 12);
    }

    #[test]
    fn colours_stand_out_on_their_ground() {
        for (name, p) in [("light", Palette::light()), ("dark", Palette::dark())] {
            let ground = p.color(Ink::Surface);
            for ink in Ink::ALL {
                let least = match ink {
                    Ink::Text | Ink::Muted | Ink::Accent | Ink::Warn | Ink::Bad | Ink::Good => 4.5,
                    Ink::Series(_) | Ink::Axis => 3.0,
                    _ => continue,
                };
                let contrast = p.color(ink).contrast(ground);
                assert!(contrast >= least, "{name} {}: {contrast:.2} < {least}", ink.property());
            }
        }
    }

    #[test]
    fn the_page_has_the_colours_of_the_built_in_palettes() {
        let css = include_str!("../../../style/tokens.css");
        let (light, dark) = css.split_once("@media").unwrap();
        for (part, palette) in [(light, Palette::light()), (dark, Palette::dark())] {
            for ink in Ink::ALL {
                let name = format!("{}:", ink.property());
                let mut values =
                    part.lines().filter_map(|l| l.trim().strip_prefix(&name)).peekable();
                assert!(values.peek().is_some(), "{name} is missing");
                for value in values {
                    assert_eq!(
                        value.trim().trim_end_matches(';'),
                        palette.color(ink).css(),
                        "{name}"
                    );
                }
            }
        }
    }

    #[test]
    fn series_colours_differ_visibly() {
        for p in [Palette::light(), Palette::dark()] {
            for i in 0..SERIES {
                for j in 0..i {
                    let d = p.color(Ink::series(i)).difference(p.color(Ink::series(j)));
                    assert!(d > 0.05, "series {} and {}: {d:.3}", i + 1, j + 1);
                }
            }
        }
    }
}
