//! Prints crates/stats/src/latency_groups/dip_table.rs: quantiles of the dip of uniform samples, by
//! simulation. Takes a few minutes.
//!
//! `cargo run --release -p fwit-stats --example dip_table >
//! crates/stats/src/latency_groups/dip_table.rs`

use fwit_stats::latency_groups::dip::dip_sorted;
use fwit_stats::random::Stream;

const SIZES: [usize; 15] = [4, 5, 6, 7, 8, 10, 15, 20, 30, 50, 100, 200, 500, 1000, 5000];
const LEVELS: [f64; 23] = [
    0.0, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.93, 0.95, 0.97,
    0.98, 0.99, 0.995, 0.998, 0.999, 0.9999,
];

fn main() {
    println!(
        "//! Quantiles of the dip of uniform samples, in millionths: written by \
         examples/dip_table.rs (100,000"
    );
    println!(
        "//! samples per size up to 1,000, then 20,000), with this crate's own generator and dip.\n"
    );
    println!(
        "/// Sample sizes, one row each.\npub const SIZES: [usize; {}] = {SIZES:?};\n",
        SIZES.len()
    );
    println!(
        "/// Levels of the quantiles, one column each.\npub const LEVELS: [f64; {}] = \
         {LEVELS:?};\n",
        LEVELS.len()
    );
    println!("/// The quantiles.\npub const TABLE: [[u32; {}]; {}] = [", LEVELS.len(), SIZES.len());
    for n in SIZES {
        let mut stream = Stream::new(1985, "dip-table", n as u64);
        let rounds = if n > 1000 { 20_000 } else { 100_000 };
        let mut x = vec![0.0; n];
        let mut dips: Vec<f64> = (0..rounds)
            .map(|_| {
                x.fill_with(|| stream.unit());
                x.sort_unstable_by(f64::total_cmp);
                dip_sorted(&x).0
            })
            .collect();
        dips.sort_unstable_by(f64::total_cmp);
        let at =
            |p: &f64| (dips[((p * rounds as f64) as usize).min(rounds - 1)] * 1e6).round() as u32;
        println!("    {:?},", LEVELS.iter().map(at).collect::<Vec<_>>());
    }
    println!("];");
}
