//! Why a statistic could not be computed.

/// A statistic's input does not allow an answer. The text says what, where, and what would be
/// needed.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum StatsError {
    /// Fewer values than the method needs.
    #[error(
        "{what}: {found} values, but at least {needed} are needed; measure longer or add pairs"
    )]
    TooFew {
        /// The method.
        what: &'static str,
        /// Its smallest sample.
        needed: usize,
        /// The sample it was given.
        found: usize,
    },
    /// A value that is not a number of the wanted kind.
    #[error(
        "{what}: value {value} at position {index} is not {wanted}; leave it out or correct it"
    )]
    BadValue {
        /// The method or argument.
        what: &'static str,
        /// Position in the input, from 0.
        index: usize,
        /// The value found there.
        value: f64,
        /// What it should have been, such as "finite" or "positive".
        wanted: &'static str,
    },
    /// An argument outside its range.
    #[error("{what} is {value}, but must lie between {low} and {high}")]
    OutOfRange {
        /// The argument.
        what: &'static str,
        /// What was given.
        value: f64,
        /// Smallest allowed value.
        low: f64,
        /// Largest allowed value.
        high: f64,
    },
    /// Two inputs that belong together differ in length.
    #[error("{what}: {left} values on one side and {right} on the other; they must be paired")]
    Lengths {
        /// The method.
        what: &'static str,
        /// Length of the first input.
        left: usize,
        /// Length of the second.
        right: usize,
    },
    /// All values are equal (or their spread is 0) where the method divides by the spread.
    #[error("{what}: the values do not vary, so there is nothing to estimate")]
    NoSpread {
        /// The method.
        what: &'static str,
    },
}

/// Checks that there are at least `needed` values and that each is finite.
pub(crate) fn finite(what: &'static str, values: &[f64], needed: usize) -> Result<(), StatsError> {
    if values.len() < needed {
        return Err(StatsError::TooFew { what, needed, found: values.len() });
    }
    match values.iter().position(|v| !v.is_finite()) {
        Some(index) => {
            Err(StatsError::BadValue { what, index, value: values[index], wanted: "finite" })
        }
        None => Ok(()),
    }
}

/// Checks that `value` lies in `low..=high` (NaN does not).
pub fn within(what: &'static str, value: f64, low: f64, high: f64) -> Result<(), StatsError> {
    if (low..=high).contains(&value) {
        Ok(())
    } else {
        Err(StatsError::OutOfRange { what, value, low, high })
    }
}

/// The values in ascending order.
pub fn sorted(values: &[f64]) -> Vec<f64> {
    let mut v = values.to_vec();
    v.sort_unstable_by(f64::total_cmp);
    v
}

/// Middle value of sorted values (mean of the two middle ones), NaN when empty.
pub fn median_sorted(v: &[f64]) -> f64 {
    match v.len() {
        0 => f64::NAN,
        n if n % 2 == 1 => v[n / 2],
        n => f64::midpoint(v[n / 2 - 1], v[n / 2]),
    }
}

/// Mean and variance (divided by n - 1) in one pass over the deviations; `(NaN, NaN)` when empty.
pub(crate) fn mean_variance(v: &[f64]) -> (f64, f64) {
    let n = v.len() as f64;
    let mean = v.iter().sum::<f64>() / n;
    let squares: f64 = v.iter().map(|x| (x - mean) * (x - mean)).sum();
    (mean, squares / (n - 1.0))
}
