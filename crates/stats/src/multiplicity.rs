//! Several tests at once: p-values adjusted for how many there were.
//!
//! Each function returns the adjusted p-values in the order of the input; compare them with the
//! level itself. NaN stands for a test that could not be made: it stays NaN and does not count as a
//! test.

use super::error::StatsError;

/// Holm's step-down adjustment: family-wise error, any dependence. For the primary family.
///
/// Source: Holm, "A Simple Sequentially Rejective Multiple Test Procedure", Scand. J. Statist. 6,
/// 1979.
///
/// # Errors
/// A p-value outside [0, 1].
pub fn holm(p: &[f64]) -> Result<Vec<f64>, StatsError> {
    let order = ascending(p)?;
    let m = order.len();
    let mut out = vec![f64::NAN; p.len()];
    let mut largest = 0.0_f64;
    for (rank, &i) in order.iter().enumerate() {
        largest = largest.max(((m - rank) as f64 * p[i]).min(1.0));
        out[i] = largest;
    }
    Ok(out)
}

/// Hochberg's step-up adjustment: family-wise error under positive dependence. For shift functions.
///
/// Source: Hochberg, "A Sharper Bonferroni Procedure for Multiple Tests of Significance",
/// Biometrika 75, 1988.
///
/// # Errors
/// A p-value outside [0, 1].
pub fn hochberg(p: &[f64]) -> Result<Vec<f64>, StatsError> {
    step_up(p, |m, rank| (m - rank) as f64)
}

/// Benjamini and Hochberg's adjustment: false discovery rate. For lists labelled exploratory.
///
/// Source: Benjamini and Hochberg, J. R. Statist. Soc. B 57, 1995.
///
/// # Errors
/// A p-value outside [0, 1].
pub fn benjamini_hochberg(p: &[f64]) -> Result<Vec<f64>, StatsError> {
    step_up(p, |m, rank| m as f64 / (rank + 1) as f64)
}

fn step_up(p: &[f64], factor: impl Fn(usize, usize) -> f64) -> Result<Vec<f64>, StatsError> {
    let order = ascending(p)?;
    let mut out = vec![f64::NAN; p.len()];
    let mut smallest = 1.0_f64;
    for (rank, &i) in order.iter().enumerate().rev() {
        smallest = smallest.min(factor(order.len(), rank) * p[i]);
        out[i] = smallest;
    }
    Ok(out)
}

fn ascending(p: &[f64]) -> Result<Vec<usize>, StatsError> {
    if let Some((index, &value)) =
        p.iter().enumerate().find(|(_, v)| !v.is_nan() && !(0.0..=1.0).contains(*v))
    {
        let (what, wanted) = ("p-values", "between 0 and 1");
        return Err(StatsError::BadValue { what, index, value, wanted });
    }
    let mut order: Vec<usize> = (0..p.len()).filter(|&i| !p[i].is_nan()).collect();
    order.sort_by(|a, b| p[*a].total_cmp(&p[*b]));
    Ok(order)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vectors;
    use proptest::prelude::*;

    #[test]
    fn reference_values() {
        let v = &vectors::all()["multiplicity"];
        let p = vectors::list(&v["p"]);
        vectors::assert_close(&holm(&p).unwrap(), &vectors::list(&v["holm"]), 1e-12);
        vectors::assert_close(&hochberg(&p).unwrap(), &vectors::list(&v["hochberg"]), 1e-12);
        vectors::assert_close(&benjamini_hochberg(&p).unwrap(), &vectors::list(&v["bh"]), 1e-10);
    }

    #[test]
    fn order_is_kept_and_nan_is_no_test() {
        assert_eq!(holm(&[0.04, f64::NAN, 0.01]).unwrap()[2], 0.02);
        assert!(holm(&[0.04, f64::NAN, 0.01]).unwrap()[1].is_nan());
        assert!(hochberg(&[]).unwrap().is_empty());
        assert!(holm(&[1.5]).unwrap_err().to_string().contains("1.5 at position 0"));
    }

    proptest! {
        #[test]
        fn never_below_the_raw_value_and_holm_is_the_strictest(p in prop::collection::vec(0.0_f64..=1.0, 0..30)) {
            let (h, s, b) = (holm(&p).unwrap(), hochberg(&p).unwrap(), benjamini_hochberg(&p).unwrap());
            for i in 0..p.len() {
                prop_assert!(p[i] <= b[i] && b[i] <= s[i] + 1e-15 && s[i] <= h[i] + 1e-15 && h[i] <= 1.0);
            }
        }
    }
}
