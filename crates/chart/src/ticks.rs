//! Where an axis is marked: 1-2-5 steps, times people use, decades, nines; as many as there is room
//! for.

use super::number::{Notation, Quantity};
use super::scale::{Kind, Scale};
use super::scene::{Measure, TextSize};

/// One marked value.
#[derive(Clone, Debug, PartialEq)]
pub struct Tick {
    /// The value.
    pub value: f64,
    /// Its pixel along the axis.
    pub px: f64,
    /// Its text.
    pub label: String,
    /// Middle of the text along the axis; differs from `px` where the text would be cut off at the
    /// edge.
    pub label_px: f64,
}

/// The marks of one axis.
#[derive(Clone, Debug, PartialEq)]
pub struct Ticks {
    /// Marks with text, by rising value. Their texts do not overlap and stay inside the bounds.
    pub major: Vec<Tick>,
    /// Pixels of marks without text.
    pub minor: Vec<f64>,
    /// Unit for the axis title; empty where the labels carry it.
    pub unit: &'static str,
    /// Width of the widest text in CSS pixels.
    pub widest: f64,
}

/// Which way an axis runs, and the pixels its texts must stay between.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Along {
    /// From left to right.
    Width([f64; 2]),
    /// From bottom to top.
    Height([f64; 2]),
}

const GAP_ACROSS: f64 = 10.0;
const GAP_UP: f64 = 6.0;
const TEXT_HEIGHT: f64 = 12.0;
const SECONDS: [f64; 20] = [
    1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 900.0, 1800.0, 3600.0, 7200.0,
    10_800.0, 21_600.0, 43_200.0, 86_400.0, 172_800.0, 604_800.0,
];

/// The smallest step people use that is at least `raw`: 1, 2, 5 times a power of ten; for times of
/// a second and more 1, 2, 5, 10, 15, 30 s, then the same of minutes, then hours and days.
pub fn step(quantity: Quantity, raw: f64) -> f64 {
    if !raw.is_finite() || raw <= 0.0 {
        return 1.0;
    }
    if quantity == Quantity::Elapsed
        && raw > 0.5
        && let Some(s) = SECONDS.into_iter().find(|s| *s >= raw * (1.0 - 1e-9))
    {
        return s;
    }
    let whole = quantity == Quantity::Count && raw <= 1.0;
    if whole {
        return 1.0;
    }
    let p = 10f64.powf(raw.log10().floor());
    [1.0, 2.0, 5.0, 10.0]
        .map(|m| m * p)
        .into_iter()
        .find(|s| *s >= raw * (1.0 - 1e-9))
        .unwrap_or(10.0 * p)
}

/// Multiples of `step` in the domain; at most 1,000.
fn multiples([lo, hi]: [f64; 2], step: f64) -> Vec<f64> {
    let slack = step * 1e-6;
    let first = ((lo - slack) / step).ceil();
    let last = ((hi + slack) / step).floor();
    let n = ((last - first).max(-1.0) + 1.0).min(1000.0) as usize;
    (0..n)
        .map(|i| (first + i as f64) * step)
        .map(|v| if v.abs() < slack { 0.0 } else { v })
        .collect()
}

/// The domain widened to whole steps, about `n` of them: for a linear value axis.
pub fn widened(quantity: Quantity, [lo, hi]: [f64; 2], n: f64) -> [f64; 2] {
    let s = step(quantity, (hi - lo) / n.max(1.0));
    [(lo / s + 1e-9).floor() * s, (hi / s - 1e-9).ceil() * s]
}

/// The domain widened to the next 1, 2 or 5 times a power of ten at both ends: for a log value
/// axis.
pub fn widened_log([lo, hi]: [f64; 2]) -> [f64; 2] {
    if lo.is_nan() || lo <= 0.0 || !hi.is_finite() {
        return [lo, hi];
    }
    let near = |v: f64, up: bool| {
        let p = 10f64.powf(v.log10().floor());
        let steps = [1.0, 2.0, 5.0, 10.0].map(|m| m * p);
        if up {
            steps.into_iter().find(|s| *s >= v * (1.0 - 1e-9)).unwrap_or(v)
        } else {
            steps.into_iter().rev().find(|s| *s <= v * (1.0 + 1e-9)).unwrap_or(v)
        }
    };
    [near(lo, false), near(hi, true)]
}

/// Powers of ten times the factors, in the domain; every `every`-th decade.
fn decades([lo, hi]: [f64; 2], factors: &[f64], every: i32) -> Vec<f64> {
    let (a, b) = (lo.log10().floor() as i32, hi.log10().ceil() as i32);
    (a..=b)
        .filter(|k| k.rem_euclid(every) == 0)
        .flat_map(|k| factors.iter().map(move |f| f * 10f64.powi(k)))
        .filter(|v| *v >= lo * (1.0 - 1e-9) && *v <= hi * (1.0 + 1e-9))
        .collect()
}

/// Ranks that people name, in the domain: 0, 50, 75, 90, 95, 99, 99.5 ... ; the coarser, the fewer.
fn ranks([lo, hi]: [f64; 2], coarse: i32) -> Vec<f64> {
    let mut all = Vec::new();
    // The median says more than the least value, where there is room for one of them only.
    if coarse <= 1 {
        all.push(0.0);
    }
    all.push(0.5);
    if coarse == 0 {
        all.push(0.75);
    }
    for nines in 1..=9i32 {
        if coarse <= 2 || nines % (coarse - 1) == 0 {
            all.push(1.0 - 10f64.powi(-nines));
        }
        if coarse == 0 {
            all.push(1.0 - 5.0 * 10f64.powi(-nines - 1));
        }
    }
    all.retain(|p| *p >= lo - 1e-12 && *p <= hi + 1e-12);
    all
}

/// Sets of values to try, the finest first, each with its step (0 where uneven).
fn candidates(scale: &Scale, quantity: Quantity, most: usize) -> Vec<(Vec<f64>, f64)> {
    let d = scale.domain();
    let mut out: Vec<(Vec<f64>, f64)> = Vec::new();
    match scale.kind() {
        Kind::Log => {
            out.push((decades(d, &[1.0, 2.0, 5.0], 1), 0.0));
            out.push((decades(d, &[1.0, 3.0], 1), 0.0));
            out.extend([1, 2, 3, 4, 6].map(|every| (decades(d, &[1.0], every), 0.0)));
        }
        Kind::Percentile => out.extend((0..5).map(|c| (ranks(d, c), 0.0))),
        Kind::Linear => {}
    }
    // Less than a decade, or less than a nine: the steps of a linear axis serve better.
    if out.first().is_none_or(|(v, _)| v.len() < 3) {
        out.clear();
        for n in (1..=most.max(1)).rev() {
            let s = step(quantity, (d[1] - d[0]) / n as f64);
            if out.last().is_none_or(|(_, last)| (last - s).abs() > s * 1e-9) {
                out.push((multiples(d, s), s));
            }
        }
    }
    out.retain(|(v, _)| !v.is_empty());
    out
}

fn place(
    scale: &Scale,
    along: Along,
    values: &[f64],
    notation: &Notation,
    measure: Measure<'_>,
) -> (Vec<Tick>, f64, bool) {
    let (mut widest, mut fits) = (0f64, true);
    let mut end: Option<f64> = None;
    let mut ticks = Vec::with_capacity(values.len());
    for &value in values {
        let (px, label) = (scale.px(value), notation.label(value));
        let width = measure(&label, TextSize::Small);
        widest = widest.max(width);
        let (extent, gap, bounds) = match along {
            Along::Width(b) => (width, GAP_ACROSS, b),
            Along::Height(b) => (TEXT_HEIGHT, GAP_UP, b),
        };
        let (lo, hi) = (bounds[0] + extent / 2.0, bounds[1] - extent / 2.0);
        let label_px =
            if lo <= hi { px.clamp(lo, hi) } else { f64::midpoint(bounds[0], bounds[1]) };
        fits &= lo <= hi;
        // Along the height pixels run down while values run up.
        let (near, far) = match along {
            Along::Width(_) => (label_px - extent / 2.0, label_px + extent / 2.0),
            Along::Height(_) => (-label_px - extent / 2.0, -label_px + extent / 2.0),
        };
        fits &= end.is_none_or(|e| near - e >= gap);
        end = Some(far);
        ticks.push(Tick { value, px, label, label_px });
    }
    (ticks, widest, fits)
}

/// Marks for a scale: the finest set whose texts fit beside each other with room between them.
pub fn fit(scale: &Scale, quantity: Quantity, along: Along, measure: Measure<'_>) -> Ticks {
    let pitch = if matches!(along, Along::Width(_)) { 56.0 } else { 34.0 };
    let most = ((scale.length() / pitch).floor().clamp(1.0, 12.0)) as usize;
    let mut ticks = Ticks { major: Vec::new(), minor: minor(scale), unit: "", widest: 0.0 };
    let found = candidates(scale, quantity, most);
    for (i, (values, step)) in found.iter().enumerate() {
        // Even steps on a percentile axis are short: written like those of a linear one.
        let even = *step > 0.0 && scale.kind() == Kind::Percentile;
        let kind = if even { Kind::Linear } else { scale.kind() };
        let notation = Notation::of(quantity, kind, scale.domain(), *step);
        let (major, widest, fits) = place(scale, along, values, &notation, measure);
        let many = major.len() > 2 * most + 2;
        let last = i + 1 == found.len();
        if (fits && !many) || last {
            ticks.unit = notation.unit();
            ticks.major =
                if fits { major } else { thinned(major, scale, along, &notation, measure) };
            ticks.widest = widest;
            break;
        }
    }
    // Values too small for their unit's digits read alike: one label stands for them.
    ticks.major.dedup_by(|a, b| a.label == b.label);
    ticks
}

/// The first tick alone, if even that has room.
fn thinned(
    major: Vec<Tick>,
    scale: &Scale,
    along: Along,
    notation: &Notation,
    measure: Measure<'_>,
) -> Vec<Tick> {
    let mut values: Vec<f64> = major.into_iter().map(|t| t.value).collect();
    while values.len() > 1 {
        values = values.into_iter().step_by(2).collect();
        let (ticks, _, fits) = place(scale, along, &values, notation, measure);
        if fits {
            return ticks;
        }
    }
    let (ticks, _, fits) = place(scale, along, &values, notation, measure);
    if fits { ticks } else { Vec::new() }
}

/// Marks between the decades of a log scale, if they stand apart.
fn minor(scale: &Scale) -> Vec<f64> {
    let d = scale.domain();
    if scale.kind() != Kind::Log || (d[1] / d[0]).log10() * 30.0 > scale.length() {
        return Vec::new();
    }
    decades(d, &[2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0], 1)
        .into_iter()
        .map(|v| scale.px(v))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::scene::rough_width;
    use super::*;
    use proptest::prelude::*;

    fn labels(t: &Ticks) -> Vec<&str> {
        t.major.iter().map(|t| t.label.as_str()).collect()
    }

    fn across(kind: Kind, q: Quantity, d: [f64; 2], w: f64) -> Ticks {
        fit(&Scale::new(kind, d, [40.0, w]), q, Along::Width([0.0, w + 12.0]), &rough_width)
    }

    #[test]
    fn times_are_marked_in_steps_people_use() {
        let steps: Vec<f64> = [0.03, 0.7, 1.5, 4.0, 7.0, 20.0, 45.0, 250.0, 4000.0]
            .map(|raw| step(Quantity::Elapsed, raw))
            .into();
        assert_eq!(steps, [0.05, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 300.0, 7200.0]);
        let t = across(Kind::Linear, Quantity::Elapsed, [0.0, 600.0], 600.0);
        assert_eq!(labels(&t)[..3], ["0:00", "1:00", "2:00"]);
    }

    #[test]
    fn decades_carry_units_and_minor_marks() {
        let t = across(Kind::Log, Quantity::Micros, [100.0, 1e6], 300.0);
        assert_eq!(labels(&t), ["100 µs", "1 ms", "10 ms", "100 ms", "1 s"]);
        assert_eq!(t.minor.len(), 32);
    }

    #[test]
    fn nines_are_marked_as_ranks() {
        let t = across(Kind::Percentile, Quantity::Rank, [0.0, 0.9999], 640.0);
        assert_eq!(labels(&t), ["0%", "50%", "90%", "99%", "99.9%", "99.99%"]);
    }

    #[test]
    fn counts_are_never_marked_between_whole_numbers() {
        let t = across(Kind::Linear, Quantity::Count, [0.0, 3.0], 900.0);
        assert_eq!(labels(&t), ["0", "1", "2", "3"]);
    }

    #[test]
    fn a_domain_is_widened_to_whole_steps() {
        assert_eq!(widened(Quantity::Micros, [130.0, 940.0], 5.0), [0.0, 1000.0]);
        assert_eq!(widened_log([130.0, 9_400.0]), [100.0, 10_000.0]);
        assert_eq!(widened_log([0.0, 5.0]), [0.0, 5.0]);
    }

    fn any_scale() -> impl Strategy<Value = (Kind, Quantity, [f64; 2])> {
        let quantity = prop::sample::select(vec![
            Quantity::Micros,
            Quantity::Elapsed,
            Quantity::PerSecond,
            Quantity::Count,
            Quantity::Share,
            Quantity::Plain,
        ]);
        (quantity, -6.0..9.0f64, 0.001..8.0f64, prop::sample::select(vec![0, 1, 2, 3])).prop_map(
            |(q, lo, span, kind)| {
                let lo = 10f64.powf(lo);
                match kind {
                    0 => (Kind::Log, q, [lo, lo * 10f64.powf(span)]),
                    1 => (Kind::Percentile, Quantity::Rank, [0.0, 1.0 - 10f64.powf(-span)]),
                    2 => (Kind::Linear, q, [-lo, lo * 10f64.powf(span)]),
                    _ => (Kind::Linear, q, [lo, lo * (1.0 + span)]),
                }
            },
        )
    }

    proptest! {
        #[test]
        fn labels_neither_overlap_nor_leave_the_edge((kind, q, d) in any_scale(), w in 60.0..2000.0f64) {
            let t = across(kind, q, d, w);
            let mut end = f64::NEG_INFINITY;
            for tick in &t.major {
                let half = rough_width(&tick.label, TextSize::Small) / 2.0;
                prop_assert!(tick.label_px - half >= end + GAP_ACROSS - 1e-6 || end == f64::NEG_INFINITY, "{:?}", t);
                prop_assert!(tick.label_px - half >= -1e-6 && tick.label_px + half <= w + 12.0 + 1e-6);
                end = tick.label_px + half;
            }
        }

        #[test]
        fn ticks_cover_the_range_and_differ((kind, q, d) in any_scale(), w in 300.0..2000.0f64) {
            let scale = Scale::new(kind, d, [40.0, w]);
            let t = across(kind, q, d, w);
            prop_assert!(!t.major.is_empty() || q == Quantity::Count);
            for pair in t.major.windows(2) {
                prop_assert!(pair[0].label != pair[1].label, "{:?}", labels(&t));
                prop_assert!(pair[0].value < pair[1].value);
            }
            for tick in &t.major {
                prop_assert!(scale.px(tick.value) >= 40.0 - 0.01 && scale.px(tick.value) <= w + 0.01);
            }
            if t.major.len() > 2 && kind == Kind::Linear {
                let step = t.major[1].value - t.major[0].value;
                let [lo, hi] = scale.domain();
                prop_assert!(t.major[0].value - lo < step * 1.001);
                prop_assert!(hi - t.major[t.major.len() - 1].value < step * 1.001);
            }
        }

        #[test]
        fn an_upright_axis_keeps_its_labels_apart((kind, q, d) in any_scale(), h in 40.0..900.0f64) {
            let s = Scale::new(kind, d, [h, 10.0]);
            let t = fit(&s, q, Along::Height([0.0, h + 10.0]), &rough_width);
            for pair in t.major.windows(2) {
                prop_assert!(pair[0].label_px - pair[1].label_px >= TEXT_HEIGHT);
            }
        }
    }
}
