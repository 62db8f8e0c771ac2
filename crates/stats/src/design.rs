//! In which order the arms of an experiment run, and which periods make its A-A control.
//!
//! Orders are random within balance: every pair holds both arms, and each arm comes first equally
//! often, so that neither a trend nor a rhythm of the machine can pass for a difference. Source:
//! randomized multiple interleaved trials, Abedi and Brecht, ICPE 2017; balanced squares, Williams,
//! Aust. J. Sci. Res. A 2, 1949.

use super::random::Stream;

/// The order of the two periods of a pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PairOrder {
    /// A first.
    Ab,
    /// B first.
    Ba,
}

/// Orders for `pairs` pairs: half of them AB, half BA, shuffled by `seed`; of an odd number the
/// last one over is drawn.
#[must_use]
pub fn pair_orders(pairs: usize, seed: u64) -> Vec<PairOrder> {
    let mut stream = Stream::new(seed, "pair-orders", 0);
    let mut orders: Vec<PairOrder> =
        (0..pairs).map(|i| if i < pairs / 2 { PairOrder::Ab } else { PairOrder::Ba }).collect();
    if pairs % 2 == 1 && stream.below(2) == 1 {
        orders[pairs - 1] = PairOrder::Ab;
    }
    stream.shuffle(&mut orders);
    orders
}

/// Williams' square for `arms` arms, as rows of arm numbers: every arm once in each row, equally
/// often at each place, and before every other arm equally often. `arms` rows when even, twice as
/// many when odd (no single square is balanced then). Empty for 0 arms.
#[must_use]
pub fn williams(arms: usize) -> Vec<Vec<usize>> {
    // First row 0, 1, k-1, 2, k-2, ...; the others add 1 to each arm, mod k.
    let first: Vec<usize> =
        (0..arms).map(|i| if i % 2 == 1 { i.div_ceil(2) } else { (arms - i / 2) % arms }).collect();
    let mut rows: Vec<Vec<usize>> =
        (0..arms).map(|shift| first.iter().map(|a| (a + shift) % arms).collect()).collect();
    if arms % 2 == 1 && arms > 1 {
        let mirrored: Vec<Vec<usize>> =
            rows.iter().map(|r| r.iter().rev().copied().collect()).collect();
        rows.extend(mirrored);
    }
    rows
}

/// Orders for `blocks` blocks of `arms` arms each: rows of [`williams`] under a random naming of
/// the arms, in random order; a new naming for every further square. Two arms are `pair_orders`'
/// business but work here.
#[must_use]
pub fn block_orders(arms: usize, blocks: usize, seed: u64) -> Vec<Vec<usize>> {
    let square = williams(arms);
    let mut out = Vec::with_capacity(blocks);
    let mut round = 0;
    while out.len() < blocks && !square.is_empty() {
        let mut stream = Stream::new(seed, "block-orders", round);
        let mut names: Vec<usize> = (0..arms).collect();
        stream.shuffle(&mut names);
        let mut rows: Vec<Vec<usize>> =
            square.iter().map(|row| row.iter().map(|a| names[*a]).collect()).collect();
        stream.shuffle(&mut rows);
        rows.truncate(blocks - out.len());
        out.extend(rows);
        round += 1;
    }
    out
}

/// The order of one pair (or block) as a fair coin has it, whatever the others are: for experiments
/// that may be extended. A repeated pair (`attempt` from 2 on) is tossed anew.
#[must_use]
pub fn coin_order(arms: usize, pair: usize, attempt: u32, seed: u64) -> Vec<usize> {
    let mut stream = Stream::new(seed, "coin-order", (pair as u64) << 8 | u64::from(attempt));
    let mut order: Vec<usize> = (0..arms).collect();
    stream.shuffle(&mut order);
    order
}

/// The A-A control: one arm's periods (in time order) as pairs of neighbours (first, second),
/// relabelled so that the earlier one is the first and the second in turn, by which a steady trend
/// cancels. Used on both arms, `n` pairs give `n` control pairs in all (for even n), so that the
/// control has the experiment's own power: the same pipeline must find no difference there.
#[must_use]
pub fn control_pairs(periods: usize) -> Vec<(usize, usize)> {
    (0..periods / 2)
        .map(|i| if i % 2 == 0 { (2 * i, 2 * i + 1) } else { (2 * i + 1, 2 * i) })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn ten_pairs_are_five_and_five_and_the_seed_decides() {
        let orders = pair_orders(10, 1);
        assert_eq!(orders.iter().filter(|o| **o == PairOrder::Ab).count(), 5);
        assert_eq!(orders, pair_orders(10, 1));
        let different = (0..20).filter(|&seed| pair_orders(10, seed) != orders).count();
        assert!(different >= 18, "{different}");
        assert!(pair_orders(0, 1).is_empty());
        // No place is fixed: over many seeds each pair is AB about half the time.
        for place in 0..10 {
            let ab = (0..400).filter(|&s| pair_orders(10, s)[place] == PairOrder::Ab).count();
            assert!((150..250).contains(&ab), "place {place}: {ab} of 400");
        }
    }

    #[test]
    fn coins_are_fair_and_do_not_know_each_other() {
        let ab = |pair: usize, seed: u64| coin_order(2, pair, 1, seed) == [0, 1];
        let heads = (0..1_000).filter(|seed| ab(3, *seed)).count();
        let same = (0..1_000).filter(|seed| ab(3, *seed) == ab(4, *seed)).count();
        let again = (0..1_000).filter(|s| ab(3, *s) == (coin_order(2, 3, 2, *s) == [0, 1])).count();
        assert!([heads, same, again].iter().all(|n| (430..570).contains(n)), "{heads} {same}");
    }

    #[test]
    fn control_cancels_a_trend() {
        let trend = |i: usize| 10.0 + i as f64;
        let sum: f64 = control_pairs(8).iter().map(|&(a, b)| trend(b) - trend(a)).sum();
        assert_eq!(sum, 0.0);
        assert_eq!((control_pairs(5).len(), control_pairs(1).len()), (2, 0));
    }

    proptest! {
        #[test]
        fn squares_are_balanced(arms in 1_usize..9) {
            let rows = williams(arms);
            let times = rows.len() / arms;
            let mut at = vec![0; arms * arms];
            let mut follows = vec![0; arms * arms];
            for row in &rows {
                for (place, arm) in row.iter().enumerate() {
                    at[place * arms + arm] += 1;
                }
                for w in row.windows(2) {
                    follows[w[0] * arms + w[1]] += 1;
                }
            }
            prop_assert!(at.iter().all(|c| *c == times));
            for (i, count) in follows.iter().enumerate() {
                prop_assert_eq!(*count, if i / arms == i % arms { 0 } else { times });
            }
        }

        #[test]
        fn halves_differ_by_at_most_one(pairs in 0_usize..40, seed: u64) {
            let ab = pair_orders(pairs, seed).iter().filter(|o| **o == PairOrder::Ab).count();
            prop_assert!(ab == pairs / 2 || ab == pairs.div_ceil(2));
        }

        #[test]
        fn every_block_holds_every_arm_once(arms in 0_usize..7, blocks in 0_usize..20, seed: u64) {
            let orders = block_orders(arms, blocks, seed);
            prop_assert_eq!(orders.len(), if arms == 0 { 0 } else { blocks });
            for mut row in orders {
                row.sort_unstable();
                prop_assert_eq!(row, (0..arms).collect::<Vec<_>>());
            }
        }
    }
}
