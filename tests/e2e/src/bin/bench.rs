//! Prints completed requests a second of the engine and of a hand-written loop, round by round.
//! `cargo xtask bench` runs it: what it needs is in the environment. Arguments: ROUNDS SECONDS
//! LANES WRITES (1 for as many writes as reads, 0 for reads alone).

use anyhow::{Context as _, Result, bail};
use fwit_e2e::bench::{Round, Setting, median, rounds};

fn main() -> Result<()> {
    let numbers: Vec<u32> = std::env::args()
        .skip(1)
        .map(|word| word.parse().with_context(|| format!("`{word}` is no number")))
        .collect::<Result<_>>()?;
    let [count, measured_s, lanes, writes] = numbers[..] else {
        bail!("arguments: ROUNDS SECONDS LANES WRITES")
    };
    let concurrency = 50.min(lanes * 6);
    let writes = writes > 0;
    let setting = Setting { rounds: count, concurrency, lanes, warmup_s: 3, measured_s, writes };
    println!("round   engine/s     loop/s   ratio");
    let all = rounds(&setting, |number, round| {
        println!(
            "{number:>5} {:>10.0} {:>10.0} {:>7.3}",
            round.engine,
            round.script,
            round.ratio()
        );
    })?;
    let of = |f: fn(&Round) -> f64| all.iter().map(f).collect::<Vec<_>>();
    let ratios = of(Round::ratio);
    println!(
        "  all {:>10.0} {:>10.0} {:>7.3}   medians; ratios from {:.3} to {:.3}; {} at a time over \
         {lanes} lanes, {}, {measured_s} s each",
        median(of(|r| r.engine)),
        median(of(|r| r.script)),
        median(ratios.clone()),
        ratios.iter().copied().fold(f64::INFINITY, f64::min),
        ratios.iter().copied().fold(0.0, f64::max),
        setting.concurrency,
        if writes { "reads and writes" } else { "reads" },
    );
    Ok(())
}
