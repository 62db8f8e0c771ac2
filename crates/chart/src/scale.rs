//! From values to pixels and back: linear, logarithmic, and the percentile axis of HdrHistogram.

use super::scene::{Point, Rect};

/// How values are spread along an axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Equal differences, equal lengths.
    Linear,
    /// Equal ratios, equal lengths; values must be above zero.
    Log,
    /// Ranks `p` in 0..1 spread as log10(1/(1-p)): each further nine takes the same length
    /// (Tene's HdrHistogram plots).
    Percentile,
}

/// The rank nearest to 1 that the percentile axis shows.
pub const LAST_RANK: f64 = 1.0 - 1e-9;

/// A map from a domain of values to a range of pixels. Always usable: an empty or impossible domain
/// is widened.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scale {
    kind: Kind,
    domain: [f64; 2],
    range: [f64; 2],
    factor: f64,
    offset: f64,
}

fn forward(kind: Kind, v: f64) -> f64 {
    match kind {
        Kind::Linear => v,
        Kind::Log => libm::log(v.max(f64::MIN_POSITIVE)),
        Kind::Percentile => -(1.0 - v.min(LAST_RANK)).log10(),
    }
}

fn backward(kind: Kind, t: f64) -> f64 {
    match kind {
        Kind::Linear => t,
        Kind::Log => libm::exp(t),
        Kind::Percentile => 1.0 - 10f64.powf(-t),
    }
}

/// The nearest domain that can be drawn.
fn usable(kind: Kind, [a, b]: [f64; 2]) -> [f64; 2] {
    let (mut lo, mut hi) = if a <= b { (a, b) } else { (b, a) };
    if !lo.is_finite() || !hi.is_finite() {
        (lo, hi) = (0.0, 1.0);
    }
    match kind {
        Kind::Log => {
            if hi <= 0.0 {
                (lo, hi) = (1.0, 10.0);
            } else if lo <= 0.0 {
                lo = hi / 1000.0;
            }
            if hi / lo < 1.0 + 1e-9 {
                (lo, hi) = (lo / 2.0, hi * 2.0);
            }
        }
        Kind::Percentile => {
            lo = lo.clamp(0.0, 0.999_999);
            hi = hi.clamp(0.0, LAST_RANK);
            if hi - lo < 1e-9 {
                hi = 1.0 - (1.0 - lo) / 10.0;
            }
        }
        Kind::Linear => {
            if hi - lo <= f64::EPSILON * 64.0 * lo.abs().max(hi.abs()) {
                let pad = if lo == 0.0 { 1.0 } else { lo.abs() * 0.5 };
                // Nothing but zeros shows as 0 to 1, not as -1 to 1.
                (lo, hi) = (if lo == 0.0 { 0.0 } else { lo - pad }, hi + pad);
            }
        }
    }
    [lo, hi]
}

impl Scale {
    /// The scale of this kind from `domain` (values) to `range` (pixels; the second may be the
    /// smaller, as on an upright axis). Non-finite, empty and, on a log scale, non-positive domains
    /// are widened to a usable one.
    pub fn new(kind: Kind, domain: [f64; 2], range: [f64; 2]) -> Self {
        let domain = usable(kind, domain);
        let [a, b] = domain.map(|v| forward(kind, v));
        let factor = (range[1] - range[0]) / (b - a);
        Self { kind, domain, range, factor, offset: range[0] - a * factor }
    }

    /// How values are spread.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The values at both ends, the smaller first.
    pub fn domain(&self) -> [f64; 2] {
        self.domain
    }

    /// The pixels at both ends of the domain.
    pub fn range(&self) -> [f64; 2] {
        self.range
    }

    /// Length of the range in pixels.
    pub fn length(&self) -> f64 {
        (self.range[1] - self.range[0]).abs()
    }

    /// The pixel of a value; outside the domain it lies outside the range. NaN stays NaN. A log
    /// scale puts zero and less far below its low end.
    pub fn px(&self, v: f64) -> f64 {
        self.offset + forward(self.kind, v) * self.factor
    }

    /// The value at a pixel.
    pub fn value(&self, px: f64) -> f64 {
        backward(self.kind, (px - self.offset) / self.factor)
    }

    /// Whether the value lies in the domain, ends included.
    pub fn contains(&self, v: f64) -> bool {
        v >= self.domain[0] && v <= self.domain[1]
    }

    /// The value at a pixel, held inside the domain.
    pub fn value_inside(&self, px: f64) -> f64 {
        self.value(px).clamp(self.domain[0], self.domain[1])
    }
}

/// Where the data of a chart is: the rectangle between the axes and the two scales into it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Frame {
    /// Between the axes.
    pub plot: Rect,
    /// Along the width.
    pub x: Scale,
    /// Along the height.
    pub y: Scale,
}

impl Frame {
    /// The place of a pair of values.
    pub fn at(&self, x: f64, y: f64) -> Point {
        Point::new(self.x.px(x), self.y.px(y))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn each_further_nine_takes_the_same_length() {
        let s = Scale::new(Kind::Percentile, [0.0, 0.9999], [0.0, 400.0]);
        for (p, px) in [(0.0, 0.0), (0.9, 100.0), (0.99, 200.0), (0.999, 300.0), (0.9999, 400.0)] {
            assert!((s.px(p) - px).abs() < 1e-6, "{p}: {}", s.px(p));
        }
        assert!(s.px(1.0).is_finite());
    }

    #[test]
    fn impossible_domains_are_widened() {
        for kind in [Kind::Linear, Kind::Log, Kind::Percentile] {
            for d in [
                [f64::NAN, 1.0],
                [3.0, 3.0],
                [0.0, 0.0],
                [-5.0, -5.0],
                [0.0, f64::INFINITY],
                [7.0, 2.0],
            ] {
                let s = Scale::new(kind, d, [0.0, 100.0]);
                let [a, b] = s.domain();
                assert!(a < b && s.px(a).is_finite() && s.px(b).is_finite(), "{kind:?} {d:?}");
            }
        }
    }

    proptest! {
        #[test]
        fn there_and_back_is_the_same_value(
            kind in prop::sample::select(vec![Kind::Linear, Kind::Log, Kind::Percentile]),
            a in 1e-3..1e9f64, span in 1.01..1e4f64, t in 0.0..1.0f64, flip: bool,
        ) {
            let domain = if kind == Kind::Percentile { [0.0, 1.0 - 1.0 / (span * 10.0)] } else { [a, a * span] };
            let range = if flip { [300.0, 10.0] } else { [10.0, 300.0] };
            let s = Scale::new(kind, domain, range);
            let px = 10.0 + 290.0 * t;
            let v = s.value(px);
            prop_assert!((s.px(v) - px).abs() < 1e-6);
            prop_assert!(v >= s.domain()[0] * (1.0 - 1e-9) - 1e-9 && v <= s.domain()[1] * (1.0 + 1e-9));
        }
    }
}
