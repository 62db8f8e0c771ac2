//! Count, mean and variance of whole numbers, summed exactly: the order and the grouping of values
//! do not matter to the last bit.

/// Count, sum and sum of squares.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Moments {
    count: u64,
    sum: u128,
    squares: u128,
}

impl Moments {
    /// One more value.
    pub fn add(&mut self, value: u64) {
        self.count += 1;
        self.sum += u128::from(value);
        self.squares = self.squares.saturating_add(u128::from(value) * u128::from(value));
    }

    /// All values of another.
    pub fn merge(&mut self, other: &Moments) {
        self.count += other.count;
        self.sum += other.sum;
        self.squares = self.squares.saturating_add(other.squares);
    }

    /// How many.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Their mean; 0 without values.
    #[must_use]
    pub fn mean(&self) -> f64 {
        if self.count == 0 { 0.0 } else { self.sum as f64 / self.count as f64 }
    }

    /// Their sample standard deviation; 0 below two values.
    #[must_use]
    pub fn sd(&self) -> f64 {
        if self.count < 2 {
            return 0.0;
        }
        let n = u128::from(self.count);
        // n sum(x^2) - sum(x)^2, exact in integers; no cancellation in floating point.
        let spread =
            n.saturating_mul(self.squares).saturating_sub(self.sum.saturating_mul(self.sum));
        (spread as f64 / (n as f64 * (n as f64 - 1.0))).sqrt()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mean_and_deviation() {
        let mut whole = Moments::default();
        let (mut a, mut b) = (Moments::default(), Moments::default());
        for (i, v) in [3, 7, 7, 19].into_iter().enumerate() {
            whole.add(v);
            if i < 1 { a.add(v) } else { b.add(v) }
        }
        a.merge(&b);
        a.merge(&Moments::default());
        assert_eq!(a, whole);
        assert_eq!((a.count(), a.mean()), (4, 9.0));
        assert!((a.sd() - 48.0_f64.sqrt()).abs() < 1e-12);
        assert_eq!(Moments::default().sd(), 0.0);
    }

    #[test]
    fn absurd_values_do_not_wrap() {
        let mut m = Moments::default();
        (0..5).for_each(|_| m.add(u64::MAX));
        assert!(m.mean() > 1e19 && m.sd().is_finite());
    }
}
