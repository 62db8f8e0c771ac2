//! Optimal one-dimensional clusters: k-means in one dimension, solved exactly.
//!
//! Source: Wang and Song, "Ckmeans.1d.dp: Optimal k-means Clustering in One Dimension by Dynamic
//! Programming", The R Journal 3(2), 2011; the layers by divide and conquer over the monotone cuts,
//! O(k n log n).

use super::super::error::{StatsError, finite, within};

/// One cluster: a stretch of the sorted values.
#[derive(Debug, Clone, PartialEq)]
pub struct Cluster {
    /// Positions in the input of its members, in order of value.
    pub members: Vec<usize>,
    /// Weighted mean, in the unit of the values.
    pub centre: f64,
    /// Sum of the weights (the number of members when all weigh 1).
    pub weight: f64,
    /// Weighted sum of squared distances from the centre.
    pub within: f64,
}

/// Clusters in ascending order, and how much of the variation they explain.
#[derive(Debug, Clone, PartialEq)]
pub struct Clusters {
    /// The clusters.
    pub clusters: Vec<Cluster>,
    /// Goodness of variance fit, 1 - within / total; 0 when the values do not vary. Two clusters of
    /// a normal sample reach 0.64, of a uniform one 0.75.
    pub gvf: f64,
}

/// The best `k` clusters of the values; `weights` empty means that all weigh 1. Values of weight 0
/// are left out. Fewer clusters come back when there are fewer distinct values.
///
/// # Errors
/// No value of positive weight, one not finite, weights of another length or negative, `k` not in
/// 1..=16, or more than 200,000 values.
pub fn clusters(values: &[f64], weights: &[f64], k: usize) -> Result<Clusters, StatsError> {
    let what = "one-dimensional clusters";
    finite(what, values, 1)?;
    within("the number of clusters", k as f64, 1.0, 16.0)?;
    within("the number of values to cluster", values.len() as f64, 1.0, 200_000.0)?;
    if !weights.is_empty() && weights.len() != values.len() {
        return Err(StatsError::Lengths { what, left: values.len(), right: weights.len() });
    }
    if let Some(index) = weights.iter().position(|w| !(w.is_finite() && *w >= 0.0)) {
        return Err(StatsError::BadValue {
            what,
            index,
            value: weights[index],
            wanted: "a weight of 0 or more",
        });
    }
    let weight = |i: usize| weights.get(i).copied().unwrap_or(1.0);
    let mut order: Vec<usize> = (0..values.len()).filter(|&i| weight(i) > 0.0).collect();
    if order.is_empty() {
        return Err(StatsError::TooFew { what, needed: 1, found: 0 });
    }
    order.sort_by(|a, b| values[*a].total_cmp(&values[*b]));
    let n = order.len();
    let sums = Sums::new(order.iter().map(|&i| (values[i], weight(i))));
    let distinct = 1 + order.windows(2).filter(|w| values[w[0]] < values[w[1]]).count();
    let k = k.min(distinct);
    // best[j]: least sum of squares of the first j values in the clusters so far; cuts per layer.
    let mut best: Vec<f64> = (0..=n).map(|j| sums.squares(0, j)).collect();
    let mut cuts = Vec::new();
    for layer in 1..k {
        let mut next = vec![f64::INFINITY; n + 1];
        let mut cut = vec![layer; n + 1];
        fill(&best, &sums, &mut next, &mut cut, (layer + 1, n), (layer, n - 1));
        best = next;
        cuts.push(cut);
    }
    let (mut end, mut out) = (n, Vec::with_capacity(k));
    for layer in (0..k).rev() {
        let begin = if layer == 0 { 0 } else { cuts[layer - 1][end] };
        out.push(Cluster {
            members: order[begin..end].to_vec(),
            centre: sums.mean(begin, end),
            weight: sums.weight(begin, end),
            within: sums.squares(begin, end),
        });
        end = begin;
    }
    out.reverse();
    let total = sums.squares(0, n);
    let inner: f64 = out.iter().map(|c| c.within).sum();
    Ok(Clusters {
        clusters: out,
        gvf: if total > 0.0 { (1.0 - inner / total).max(0.0) } else { 0.0 },
    })
}

/// Fills `next[j]` and `cut[j]` for j in `js`, the best cut lying in `range`: the cuts rise with j.
fn fill(
    best: &[f64],
    sums: &Sums,
    next: &mut [f64],
    cut: &mut [usize],
    js: (usize, usize),
    range: (usize, usize),
) {
    if js.0 > js.1 {
        return;
    }
    let j = usize::midpoint(js.0, js.1);
    let last = range.1.min(j - 1);
    for (c, before) in best.iter().enumerate().take(last + 1).skip(range.0) {
        let cost = before + sums.squares(c, j);
        if cost < next[j] {
            (next[j], cut[j]) = (cost, c);
        }
    }
    let at = cut[j];
    fill(best, sums, next, cut, (js.0, j - 1), (range.0, at));
    fill(best, sums, next, cut, (j + 1, js.1), (at, range.1));
}

/// Prefix sums of weight, weight * x and weight * x^2 about the middle value (for accuracy).
struct Sums {
    w: Vec<f64>,
    x: Vec<f64>,
    xx: Vec<f64>,
    shift: f64,
}

impl Sums {
    fn new(items: impl ExactSizeIterator<Item = (f64, f64)>) -> Self {
        let items: Vec<_> = items.collect();
        let shift = items[items.len() / 2].0;
        let (mut w, mut x, mut xx) = (vec![0.0], vec![0.0], vec![0.0]);
        let (mut a, mut b, mut c) = (0.0, 0.0, 0.0);
        for (value, weight) in items {
            let d = value - shift;
            a += weight;
            b += weight * d;
            c += weight * d * d;
            w.push(a);
            x.push(b);
            xx.push(c);
        }
        Self { w, x, xx, shift }
    }

    fn weight(&self, from: usize, to: usize) -> f64 {
        self.w[to] - self.w[from]
    }

    fn mean(&self, from: usize, to: usize) -> f64 {
        self.shift + (self.x[to] - self.x[from]) / self.weight(from, to)
    }

    fn squares(&self, from: usize, to: usize) -> f64 {
        if to <= from {
            return 0.0;
        }
        let (w, x) = (self.weight(from, to), self.x[to] - self.x[from]);
        (self.xx[to] - self.xx[from] - x * x / w).max(0.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vectors::{all, assert_close, list};
    use proptest::prelude::*;

    #[test]
    fn reference_values() {
        for case in all()["ckmeans lib:Ckmeans.1d.dp"].as_array().unwrap() {
            let w = case.get("w").map(list).unwrap_or_default();
            let k = case["k"].as_u64().unwrap() as usize;
            let found = clusters(&list(&case["x"]), &w, k).unwrap().clusters;
            let of = |f: fn(&Cluster) -> f64| found.iter().map(f).collect::<Vec<_>>();
            let size = if w.is_empty() { of(|c| c.members.len() as f64) } else { of(|c| c.weight) };
            assert_close(&size, &list(&case["size"]), 1e-12);
            assert_close(&of(|c| c.centre), &list(&case["centers"]), 1e-12);
            assert_close(&of(|c| c.within), &list(&case["withinss"]), 1e-12);
        }
    }

    #[test]
    fn edges() {
        let same = clusters(&[2.0; 5], &[], 3).unwrap();
        assert_eq!((same.clusters.len(), same.gvf), (1, 0.0));
        assert!(clusters(&[], &[], 2).is_err() && clusters(&[f64::NAN], &[], 2).is_err());
        assert!(clusters(&[1.0], &[0.0], 1).is_err() && clusters(&[1.0], &[1.0, 1.0], 1).is_err());
        assert!(clusters(&[1.0], &[], 0).is_err());
    }

    proptest! {
        #[test]
        fn no_cut_is_better(x in prop::collection::vec(-50.0_f64..50.0, 3..14)) {
            let inner = |c: &Clusters| c.clusters.iter().map(|c| c.within).sum::<f64>();
            let (two, three) = (clusters(&x, &[], 2).unwrap(), clusters(&x, &[], 3).unwrap());
            let mut v = x;
            v.sort_by(f64::total_cmp);
            let ss = |s: &[f64]| {
                let m = s.iter().sum::<f64>() / s.len() as f64;
                s.iter().map(|a| (a - m) * (a - m)).sum::<f64>()
            };
            let n = v.len();
            let best2 = (1..n).map(|i| ss(&v[..i]) + ss(&v[i..])).fold(f64::MAX, f64::min);
            let best3 = (1..n - 1)
                .flat_map(|i| (i + 1..n).map(move |j| (i, j)))
                .map(|(i, j)| ss(&v[..i]) + ss(&v[i..j]) + ss(&v[j..]))
                .fold(f64::MAX, f64::min);
            prop_assert!((inner(&two) - best2).abs() < 1e-6 && (inner(&three) - best3).abs() < 1e-6);
            prop_assert!(three.gvf >= two.gvf - 1e-9);
            let members: usize = three.clusters.iter().map(|c| c.members.len()).sum();
            prop_assert_eq!(members, n);
        }
    }
}
