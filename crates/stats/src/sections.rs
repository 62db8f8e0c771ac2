//! Intervals of a single run: its measured window in six sections of equal length, and how far
//! their values lie around the whole run's, with t (five degrees of freedom).
//!
//! Six, since neighbouring sections have to be next to independent: the longer a section against
//! what its seconds have in common, the better. What dependence is left is made good for by
//! [`widening`], which also says where seconds hang together for too long to say anything.
//! Everything is on the logarithm: values are positive, and ratios of runs are what is asked for.
//!
//! Sources: batch means, Conway, Management Science 10, 1963, and Law and Kelton, Simulation
//! Modeling and Analysis; bias of the lag-1 correlation, Marriott and Pope, Biometrika 41, 1954;
//! degrees of freedom of a ratio, Welch, Biometrika 34, 1947.

use std::ops::Range;

use super::buckets::{Shown, displayable};
use super::series::autocorrelation;
use super::sparse::Sparse;
use super::special::t_quantile;

/// How many sections.
pub const SECTIONS: usize = 6;
/// Fewest seconds of a run that give an interval.
pub const FEWEST_SECONDS: usize = 60;
/// The correlation is taken this many of its standard errors too high.
const CAUTION: f64 = 3.0;
/// And at most this high.
const HIGHEST: f64 = 0.98;

/// The sections of so many seconds, as alike as whole seconds allow.
pub fn sections(seconds: usize) -> impl Iterator<Item = Range<usize>> {
    (0..SECTIONS).map(move |i| i * seconds / SECTIONS..(i + 1) * seconds / SECTIONS)
}

/// How far the seconds of a run hang together.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Widening {
    /// The correlation of a second's level with the next second's.
    pub correlation: f64,
    /// By how much the sections' standard error is multiplied; `None` where seconds hang together
    /// for longer than a section lasts.
    pub factor: Option<f64>,
}

/// By how much the sections of a run understate, from a series of its seconds. The series is taken
/// as autoregressive: the mean of n seconds then has a known variance, and so have the sections'.
#[must_use]
pub fn widening(series: &[f64]) -> Widening {
    let n = series.len() as f64;
    let r = level_correlation(series);
    // A second is worth (1 - r) / (1 + r) independent ones: a section has to be worth one.
    let section = n / SECTIONS as f64;
    if section * (1.0 - r) < 1.0 + r {
        return Widening { correlation: r, factor: None };
    }
    let error = ((1.0 - r * r) / n).sqrt();
    let phi = (r + (1.0 + 3.0 * r) / n + CAUTION * error).min(HIGHEST);
    let (whole, part) = (variance_of_mean(phi, n), variance_of_mean(phi, section));
    let factor = ((SECTIONS as f64 - 1.0) * whole / (part - whole)).sqrt();
    Widening { correlation: r, factor: Some(factor) }
}

/// The correlation of the levels of neighbouring seconds. Few requests a second add noise of their
/// own, which makes the correlations at lags 1 and 2 smaller alike; their ratio is free of it. It
/// is used where the first can't be chance.
fn level_correlation(series: &[f64]) -> f64 {
    match autocorrelation(series, 2).as_deref() {
        Ok([first, second]) if *first > 2.0 / (series.len() as f64).sqrt() => {
            first.max(second / first).min(1.0)
        }
        Ok([first, ..]) => first.max(0.0),
        // A series that does not vary has nothing in common either.
        _ => 0.0,
    }
}

/// The variance of the mean of n values of an autoregressive series of variance 1.
fn variance_of_mean(phi: f64, n: f64) -> f64 {
    let apart = 1.0 - phi;
    (1.0 + phi) / (apart * n) - 2.0 * phi * (1.0 - libm::pow(phi, n)) / (n * apart).powi(2)
}

/// A value of a run, and how sure it is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Estimate {
    /// The value.
    pub value: f64,
    /// Standard error of its logarithm.
    pub error: f64,
}

impl Estimate {
    /// From the whole run's value, the sections', and the [`widening`]. `None` where one is not
    /// positive or a section is missing.
    #[must_use]
    pub fn new(value: f64, sections: &[f64], factor: f64) -> Option<Self> {
        let fine = |v: &f64| v.is_finite() && *v > 0.0;
        if sections.len() != SECTIONS || !fine(&value) || !sections.iter().all(fine) {
            return None;
        }
        let m = SECTIONS as f64;
        let square = |v: &f64| libm::log(v / value).powi(2);
        let spread: f64 = sections.iter().map(square).sum::<f64>() / (m - 1.0);
        Some(Self { value, error: factor * (spread / m).sqrt() })
    }

    /// The interval at a level such as 0.95.
    #[must_use]
    pub fn interval(&self, level: f64) -> [f64; 2] {
        around(self.value, self.error, SECTIONS as f64 - 1.0, level)
    }

    /// This over `first`, of another run, and its interval.
    #[must_use]
    pub fn over(&self, first: &Estimate, level: f64) -> (f64, [f64; 2]) {
        let ratio = self.value / first.value;
        let (a, b) = (self.error.powi(2), first.error.powi(2));
        let each = SECTIONS as f64 - 1.0;
        let df = if a + b > 0.0 { each * (a + b).powi(2) / (a * a + b * b) } else { each };
        (ratio, around(ratio, (a + b).sqrt(), df, level))
    }
}

/// What the seconds of a run say of its rate and its percentiles.
#[derive(Debug, Clone, PartialEq)]
pub struct RunEstimates {
    /// Answers.
    pub count: u64,
    /// How far the answers a second hang together.
    pub rates: Widening,
    /// How far the seconds' medians do.
    pub medians: Widening,
    /// Answers a second; `None` where nothing can be said.
    pub rate: Option<Estimate>,
    /// A percentile each; `None` where nothing can be said, or a section has too few answers.
    pub at: Vec<Option<Estimate>>,
}

impl RunEstimates {
    /// From a histogram a second, and the percentiles wanted (0 to 1). `None` of a run that is too
    /// short.
    #[must_use]
    pub fn new(seconds: &[Sparse], ps: &[f64]) -> Option<Self> {
        // The ends of the window may cut a second in two.
        if seconds.len() + 1 < FEWEST_SECONDS {
            return None;
        }
        let rates: Vec<f64> = seconds.iter().map(|s| s.count() as f64).collect();
        let medians: Vec<f64> = seconds.iter().filter_map(|s| s.interpolated(0.5)).collect();
        let (rates, medians) = (widening(&rates), widening(&medians));
        let parts: Vec<(usize, Sparse)> = sections(seconds.len())
            .map(|range| {
                let mut sum = Sparse::default();
                seconds[range.clone()].iter().for_each(|second| sum.merge(second));
                (range.len(), sum)
            })
            .collect();
        let mut whole = Sparse::default();
        parts.iter().for_each(|(_, part)| whole.merge(part));
        let count = whole.count();
        let a_second = |length: usize, cells: &Sparse| cells.count() as f64 / length as f64;
        let rate = rates.factor.and_then(|factor| {
            let list: Vec<f64> =
                parts.iter().map(|(length, part)| a_second(*length, part)).collect();
            Estimate::new(a_second(seconds.len(), &whole), &list, factor)
        });
        let least = parts.iter().map(|(_, part)| part.count()).min().unwrap_or_default();
        let at = |p: &f64| {
            if displayable(*p, least) == Shown::Hidden {
                return None;
            }
            let list: Vec<f64> = parts.iter().filter_map(|(_, s)| s.interpolated(*p)).collect();
            Estimate::new(whole.interpolated(*p)?, &list, medians.factor?)
        };
        Some(Self { count, rates, medians, rate, at: ps.iter().map(at).collect() })
    }
}

fn around(value: f64, error: f64, df: f64, level: f64) -> [f64; 2] {
    let reach = libm::exp(t_quantile(f64::midpoint(1.0, level), df) * error);
    [value / reach, value * reach]
}

#[cfg(test)]
#[path = "sections_tests.rs"]
mod tests;
