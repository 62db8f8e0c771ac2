//! Fewer points, same picture: first, least, greatest and last value of each pixel column.

use super::scale::{Kind, Scale};
use super::scene::Point;

/// Appends the line through `(x[i], y[i])` to `out`, at most four points per pixel column of `sx`,
/// with a break where `y` is NaN (one for all in a column). `x` must rise. Points outside the
/// domain of `sx` are left out but for one on each side, so that the line runs to the edge. Nothing
/// else is allocated.
///
/// Keeps first, least, greatest and last of each column in their order (M4: Jugel et al. 2014),
/// which draws the same pixels as the whole line would.
pub fn line(x: &[f64], y: &[f64], sx: &Scale, sy: &Scale, out: &mut Vec<Point>) {
    let n = x.len().min(y.len());
    let (x, y) = (&x[..n], &y[..n]);
    let [lo, hi] = sx.domain();
    let from = x.partition_point(|v| *v < lo).saturating_sub(1);
    let to = (x.partition_point(|v| *v <= hi) + 1).min(n);
    if from >= to {
        return;
    }
    let columns = sx.length().max(1.0);
    if ((to - from) as f64) <= columns * 2.0 {
        for i in from..to {
            push(out, point(sx, sy, x[i], y[i]));
        }
        return;
    }
    let mut column = Column::EMPTY;
    for i in from..to {
        let p = point(sx, sy, x[i], y[i]);
        if !p.is_drawn() {
            column.gap = true;
            continue;
        }
        let at = p.x.floor() as i64;
        if at != column.at {
            column.flush(out);
            column.at = at;
        }
        if column.gap && column.n == 0 {
            push(out, Point::BREAK);
            column.gap = false;
        }
        column.take(p);
    }
    column.flush(out);
}

fn point(sx: &Scale, sy: &Scale, x: f64, y: f64) -> Point {
    // A log axis has no place for zero and less: a gap.
    if y.is_nan() || (sy.kind() == Kind::Log && y <= 0.0) {
        return Point::BREAK;
    }
    Point::new(sx.px(x), sy.px(y))
}

/// Adds a point; several breaks in a row become one.
fn push(out: &mut Vec<Point>, p: Point) {
    if p.is_drawn() || out.last().is_some_and(|l| l.is_drawn()) {
        out.push(p);
    }
}

struct Column {
    at: i64,
    n: u32,
    /// Whether a value is missing in or after this column: one break stands for all of them.
    gap: bool,
    first: Point,
    last: Point,
    least: (u32, Point),
    most: (u32, Point),
}

impl Column {
    const EMPTY: Self = Self {
        at: i64::MIN,
        n: 0,
        gap: false,
        first: Point::BREAK,
        last: Point::BREAK,
        least: (0, Point::BREAK),
        most: (0, Point::BREAK),
    };

    fn take(&mut self, p: Point) {
        if self.n == 0 {
            (self.first, self.least, self.most) = (p, (0, p), (0, p));
        } else {
            if p.y < self.least.1.y {
                self.least = (self.n, p);
            }
            if p.y > self.most.1.y {
                self.most = (self.n, p);
            }
        }
        self.last = p;
        self.n += 1;
    }

    fn flush(&mut self, out: &mut Vec<Point>) {
        if self.n == 0 {
            return;
        }
        out.push(self.first);
        let (a, b) = if self.least.0 <= self.most.0 {
            (self.least, self.most)
        } else {
            (self.most, self.least)
        };
        let last = self.n - 1;
        for (i, p) in [a, b] {
            if i != 0 && i != last && out.last() != Some(&p) {
                out.push(p);
            }
        }
        if last > 0 {
            out.push(self.last);
        }
        if std::mem::take(&mut self.gap) {
            push(out, Point::BREAK);
        }
        self.n = 0;
    }
}

/// Least and greatest finite value of `y` where `x` lies in `domain`, widened by one point on each
/// side.
pub fn extent(x: &[f64], y: &[f64], [lo, hi]: [f64; 2], above_zero: bool) -> Option<[f64; 2]> {
    let n = x.len().min(y.len());
    let from = x[..n].partition_point(|v| *v < lo);
    let to = x[..n].partition_point(|v| *v <= hi);
    let mut found: Option<[f64; 2]> = None;
    for &v in y.get(from..to).unwrap_or_default() {
        if v.is_finite() && (!above_zero || v > 0.0) {
            found = Some(found.map_or([v, v], |[a, b]| [a.min(v), b.max(v)]));
        }
    }
    found
}

/// Index of the value of `x` nearest to `at`; the earlier one where two are equally near. `x` must
/// rise.
pub fn nearest(x: &[f64], at: f64) -> Option<usize> {
    if x.is_empty() || at.is_nan() {
        return None;
    }
    let i = x.partition_point(|v| *v < at);
    Some(if i == 0 {
        0
    } else if i == x.len() || at - x[i - 1] <= x[i] - at {
        i - 1
    } else {
        i
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn scales(n: usize) -> (Scale, Scale) {
        let x = Scale::new(Kind::Linear, [0.0, (n - 1) as f64], [0.0, 100.0]);
        (x, Scale::new(Kind::Linear, [-1000.0, 1000.0], [2000.0, 0.0]))
    }

    #[test]
    fn a_gap_stays_a_gap_and_gaps_in_a_row_are_one() {
        let x: Vec<f64> = (0..6).map(f64::from).collect();
        let y = [1.0, 2.0, f64::NAN, f64::NAN, 5.0, 6.0];
        let (sx, sy) = scales(6);
        let mut out = Vec::new();
        line(&x, &y, &sx, &sy, &mut out);
        assert_eq!(
            out.iter().map(|p| p.is_drawn()).collect::<Vec<_>>(),
            [true, true, false, true, true]
        );
    }

    #[test]
    fn a_gap_survives_decimation() {
        let x: Vec<f64> = (0..5000).map(f64::from).collect();
        let y: Vec<f64> =
            x.iter().map(|v| if *v == 2500.0 { f64::NAN } else { *v % 7.0 }).collect();
        let (sx, sy) = scales(5000);
        let mut out = Vec::new();
        line(&x, &y, &sx, &sy, &mut out);
        assert_eq!(out.iter().filter(|p| !p.is_drawn()).count(), 1);
    }

    #[test]
    fn the_line_runs_to_the_edge_of_a_zoom() {
        let x: Vec<f64> = (0..10).map(f64::from).collect();
        let sx = Scale::new(Kind::Linear, [3.5, 5.5], [0.0, 100.0]);
        let mut out = Vec::new();
        line(&x, &x, &sx, &scales(10).1, &mut out);
        assert_eq!(out.len(), 4, "3, 4, 5 and 6");
        assert!(out[0].x < 0.0 && out[3].x > 100.0);
    }

    #[test]
    fn empty_and_uneven_input_draws_nothing_or_less() {
        let (sx, sy) = scales(10);
        let mut out = Vec::new();
        line(&[], &[], &sx, &sy, &mut out);
        line(&[0.0, 1.0], &[1.0], &sx, &sy, &mut out);
        assert_eq!(out.len(), 1);
        assert_eq!(nearest(&[], 1.0), None);
    }

    proptest! {
        #[test]
        fn extremes_of_each_column_are_kept(y in prop::collection::vec(-900.0..900.0f64, 300..3000)) {
            let x: Vec<f64> = (0..y.len()).map(|i| i as f64).collect();
            let (sx, sy) = scales(y.len());
            let mut out = Vec::new();
            line(&x, &y, &sx, &sy, &mut out);
            prop_assert!(out.len() <= 4 * 101);
            prop_assert!(out.windows(2).all(|w| w[0].x <= w[1].x));
            for column in 0..100i64 {
                let all = || y.iter().enumerate().filter(|(i, _)| sx.px(*i as f64).floor() as i64 == column)
                    .map(|(_, v)| sy.px(*v));
                let kept = || out.iter().filter(|p| p.x.floor() as i64 == column).map(|p| p.y);
                prop_assert_eq!(all().fold(f64::MAX, f64::min), kept().fold(f64::MAX, f64::min));
                prop_assert_eq!(all().fold(f64::MIN, f64::max), kept().fold(f64::MIN, f64::max));
                prop_assert_eq!(all().next(), kept().next());
                prop_assert_eq!(all().next_back(), kept().next_back());
            }
        }

        #[test]
        fn lookup_is_a_linear_search(
            mut x in prop::collection::vec(-100.0..100.0f64, 1..50), at in -150.0..150.0f64,
        ) {
            x.sort_by(f64::total_cmp);
            x.dedup();
            let slow = (0..x.len()).min_by(|a, b| (x[*a] - at).abs().total_cmp(&(x[*b] - at).abs()));
            prop_assert_eq!(nearest(&x, at).map(|i| (x[i] - at).abs()), slow.map(|i| (x[i] - at).abs()));
        }
    }
}
