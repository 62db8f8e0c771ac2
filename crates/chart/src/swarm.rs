//! Places dots of near-equal value beside each other, so that many show as many: always the same
//! way.

/// How far back a dot looks for others in its way; bounds the work when thousands share a pixel.
const LOOK_BACK: usize = 256;

/// Offsets across the axis for dots at `along` (pixels, any order), each of radius `radius`, inside
/// `±half`.
///
/// Dots are taken by rising position and put as near to the middle line as earlier ones allow (a
/// beeswarm, Eklund). Where there is no room left a dot lies over others, spread evenly by its
/// number. No randomness.
pub fn offsets(along: &[f64], radius: f64, half: f64) -> Vec<f64> {
    let mut order: Vec<usize> = (0..along.len()).filter(|i| along[*i].is_finite()).collect();
    order.sort_by(|a, b| along[*a].total_cmp(&along[*b]));
    let mut out = vec![0.0; along.len()];
    let reach = radius * 2.0;
    let room = (half - radius).max(0.0);
    let step = radius.max(0.5);
    let most = (room / step).floor() as i32;
    let mut placed: Vec<(f64, f64)> = Vec::with_capacity(order.len());
    for (n, &i) in order.iter().enumerate() {
        let x = along[i];
        let near = |y: f64| {
            placed
                .iter()
                .rev()
                .take(LOOK_BACK)
                .take_while(|(px, _)| x - px < reach)
                .any(|(px, py)| (x - px).powi(2) + (y - py).powi(2) < reach * reach * 0.98)
        };
        let free = (0..=2 * most).map(|k| {
            let away = f64::from((k + 1) / 2) * step;
            if k % 2 == 0 { away } else { -away }
        });
        // The golden ratio spreads any number of leftovers evenly.
        let spread = || ((n as f64 * 0.618_033_988_749_895).fract() * 2.0 - 1.0) * room;
        let y = free.into_iter().find(|y| !near(*y)).unwrap_or_else(spread);
        placed.push((x, y));
        out[i] = y;
    }
    out
}

/// A radius at which `n` dots over `length` pixels have a chance to fit into `room` pixels of
/// height: 2 to 4.5.
pub fn radius(n: usize, length: f64, room: f64) -> f64 {
    // Dots crowd into about a tenth of the axis.
    (0.1 * length * room / (4.0 * n.max(1) as f64)).sqrt().clamp(2.0, 4.5).min(room / 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn dots_at_one_place_stand_in_a_column() {
        let y = offsets(&[10.0; 5], 3.0, 50.0);
        for (i, a) in y.iter().enumerate() {
            assert!(y[..i].iter().all(|b| (a - b).abs() >= 5.9), "{y:?}");
        }
    }

    #[test]
    fn a_dot_without_a_value_is_left_in_the_middle() {
        assert_eq!(offsets(&[f64::NAN, 1.0], 3.0, 50.0), [0.0, 0.0]);
        assert!(offsets(&[], 3.0, 50.0).is_empty());
    }

    proptest! {
        #[test]
        fn dots_stay_in_their_row_and_do_not_touch_where_there_is_room(
            along in prop::collection::vec(0.0..400.0f64, 1..60),
        ) {
            let y = offsets(&along, 3.0, 200.0);
            for i in 0..y.len() {
                prop_assert!(y[i].abs() <= 197.0);
                for j in 0..i {
                    let d = (along[i] - along[j]).hypot(y[i] - y[j]);
                    prop_assert!(d >= 5.9, "{d}");
                }
            }
            prop_assert_eq!(&y, &offsets(&along, 3.0, 200.0));
        }

        #[test]
        fn a_crowd_without_room_still_stays_in_its_row(n in 1usize..2000) {
            prop_assert!(offsets(&vec![5.0; n], 3.0, 20.0).iter().all(|y| y.abs() <= 17.0 + 1e-9));
        }
    }
}
