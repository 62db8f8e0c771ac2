//! The five verdicts on a comparison, and their words.
//!
//! | difference shown | where the 95 % interval lies | equivalence shown | verdict |
//! | --- | --- | --- | --- |
//! | yes | beyond the margin | no | different, larger than the margin |
//! | yes | on both sides of the margin | no | different, margin open |
//! | yes | | yes | different, smaller than the margin |
//! | no | | yes | no relevant difference |
//! | no | | no | inconclusive, with about how many pairs it takes |
//!
//! A difference is shown where its p, corrected for all primary metrics (and all comparisons with
//! the first arm), is at most 0.05; equivalence where the p of equivalence, corrected likewise, is.
//! "No difference" is never said because a p-value is large: equivalence has to be shown (two
//! one-sided tests; Schuirmann 1987). Margins are set before the run.
//!
//! Where pairs were added after a look, or the experiment stopped when it was decided, the
//! e-process takes the place of both p-values: see [`super::e_process`].

use super::e_process;
use super::error::StatsError;
use super::paired::Interval;
use super::power::{Needed, PLANNED_MARGINS, pairs_needed};
use super::randomization::{Comparison, Redraws};
use fwit_quantities::ratio::{Kind, ratio_range, ratio_signs, ratio_words};

/// Which way is good.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Better {
    /// Latencies: less is faster.
    Lower,
    /// Throughput: more is better.
    Higher,
}

/// What is compared, and how large a difference matters.
#[derive(Debug, Clone, PartialEq)]
pub struct Metric {
    /// Its name for people, such as "read p50".
    pub name: String,
    /// Which way is good.
    pub better: Better,
    /// Smallest ratio that matters, less 1: 0.05 is 5 %.
    pub margin: f64,
}

impl Metric {
    /// Throughput, margin 5 %.
    #[must_use]
    pub fn throughput() -> Self {
        Self { name: "throughput".to_owned(), better: Better::Higher, margin: 0.05 }
    }

    /// A latency percentile such as ("read", 0.5); margin 5 % up to the median, 10 % up to p90, 20
    /// % beyond.
    #[must_use]
    pub fn latency(of: &str, p: f64) -> Self {
        let margin = if p <= 0.5 {
            0.05
        } else if p <= 0.9 {
            0.10
        } else {
            0.20
        };
        let percent = (p * 1e6).round() / 1e4;
        Self { name: format!("{of} p{percent}"), better: Better::Lower, margin }
    }

    /// The margin as a log ratio, ln(1 + margin).
    #[must_use]
    pub fn log_margin(&self) -> f64 {
        libm::log1p(self.margin)
    }
}

/// The names of the two arms; ratios are `b` over `a`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Arms<'a> {
    /// The reference.
    pub a: &'a str,
    /// What is compared with it.
    pub b: &'a str,
}

/// One of the five verdicts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// B differs from A by more than the margin.
    Larger,
    /// B differs from A; whether by more than the margin is open.
    MarginOpen,
    /// B differs from A by less than the margin.
    Smaller,
    /// No relevant difference: equivalent within the margin.
    Equivalent,
    /// The pairs do not tell yet.
    Inconclusive,
}

impl Verdict {
    /// Whether a difference is claimed, of whatever size.
    #[must_use]
    pub fn is_difference(self) -> bool {
        matches!(self, Verdict::Larger | Verdict::MarginOpen | Verdict::Smaller)
    }
}

/// More pairs that it takes to see a true difference of some size.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Plan {
    /// The difference as a ratio, less 1: above 0.
    pub effect: f64,
    /// Besides those there are.
    pub more: Needed,
}

/// A verdict with its words.
#[derive(Debug, Clone, PartialEq)]
pub struct Judged {
    /// The verdict.
    pub verdict: Verdict,
    /// p of the difference, corrected for the family where there is one.
    pub p: f64,
    /// p of equivalence, corrected likewise.
    pub p_equivalence: f64,
    /// ln of the largest e-value so far, where orders were fair coins.
    pub log_e: Option<f64>,
    /// The 95 % interval that goes with the verdict: where the experiment was looked at, the one
    /// that holds at any time.
    pub interval: Option<Interval>,
    /// How many more pairs would show a difference that this experiment is too small for, by the
    /// spread of its pairs; `None` where it has too few pairs to tell.
    pub plan: Option<Plan>,
    /// One sentence for a reader, without a full stop.
    pub text: String,
}

/// The level of every test here.
pub const ALPHA: f64 = 0.05;

/// What the verdicts of an experiment rest on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Basis {
    /// How many comparisons with the first arm the experiment makes.
    pub comparisons: usize,
    /// Every order was a fair coin: there are e-values.
    pub coins: bool,
    /// Pairs were added after a look, or it stopped when it was decided: only e-values count.
    pub looked: bool,
    /// Fewest pairs that can show a difference.
    pub fewest: u64,
}

impl Basis {
    /// One comparison, planned and looked at once.
    pub const PLAIN: Basis = Basis { comparisons: 1, coins: false, looked: false, fewest: 6 };
}

/// ln of the e-value from which a difference may be claimed at any time, of a family of so many
/// metrics.
#[must_use]
pub fn log_e_claim(metrics: usize, comparisons: usize) -> f64 {
    libm::log((metrics * comparisons).max(1) as f64 / ALPHA)
}

/// Judges the metrics of one comparison together. A difference is only claimed where its p,
/// corrected over the family by joint redraws and over the comparisons by their number, is at most
/// 0.05 (or its e-value large enough, see [`Basis::looked`]). Without that, one of five metrics
/// would "differ" in every fifth experiment without a difference.
///
/// # Errors
/// Metrics of different pairs.
pub fn judge_family(
    redraws: &Redraws,
    family: &[(&Metric, &Comparison)],
    basis: Basis,
    arms: Arms<'_>,
) -> Result<Vec<Judged>, StatsError> {
    let ratios: Vec<&[f64]> = family.iter().map(|(_, c)| c.log_ratios.as_slice()).collect();
    let margins: Vec<f64> = family.iter().map(|(m, _)| m.log_margin()).collect();
    let with_margins: Vec<(&[f64], f64)> =
        ratios.iter().copied().zip(margins.iter().copied()).collect();
    let times = basis.comparisons.max(1) as f64;
    let p = redraws.family(&ratios)?;
    let p_equivalence = redraws.equivalence(&with_margins)?;
    let bar = log_e_claim(family.len(), basis.comparisons);
    let mut list = Vec::with_capacity(family.len());
    for (i, (metric, own)) in family.iter().enumerate() {
        // Never less than the metric's own: so no claim contradicts its interval.
        let p = (p[i] * times).min(1.0).max(own.p);
        let p_equivalence = (p_equivalence[i] * times).min(1.0);
        let log_e = basis
            .coins
            .then(|| e_process::log_e(&own.log_ratios, margins[i]))
            .transpose()?
            .map(|path| e_process::largest(&path));
        let (shown, same, interval) = if basis.looked {
            let same = e_process::log_e_equivalent(&own.log_ratios, margins[i])?;
            let interval = e_process::interval(&own.log_ratios, margins[i], ALPHA)?;
            let enough = |log: f64| basis.coins && log >= bar;
            let interval = interval.filter(|_| basis.coins);
            (log_e.is_some_and(enough), enough(e_process::largest(&same)), interval)
        } else {
            (p <= ALPHA, p_equivalence <= ALPHA, own.ci95)
        };
        let verdict = decide(shown, same, interval, margins[i]);
        let plan = plan(metric, own, family.len() * basis.comparisons.max(1), basis.fewest);
        let text = sentence(metric, own, interval, arms, verdict, plan);
        list.push(Judged { verdict, p, p_equivalence, log_e, interval, plan, text });
    }
    Ok(list)
}

fn decide(shown: bool, same: bool, interval: Option<Interval>, margin: f64) -> Verdict {
    let beyond = interval.is_some_and(|i| i.low > margin || i.high < -margin);
    match (shown, same) {
        (true, true) => Verdict::Smaller,
        (true, false) if beyond => Verdict::Larger,
        (true, false) => Verdict::MarginOpen,
        (false, true) => Verdict::Equivalent,
        (false, false) => Verdict::Inconclusive,
    }
}

/// The pairs for a difference of 1.5 margins; where there are as many already, for one of 1 margin,
/// else half of it.
fn plan(metric: &Metric, own: &Comparison, tests: usize, fewest: u64) -> Option<Plan> {
    let have = own.log_ratios.len() as u64;
    let of = |margins: f64| {
        let effect = margins * metric.log_margin();
        let needed =
            pairs_needed(own.sd, own.freedom, effect, ALPHA / tests as f64, fewest).ok()?;
        let pairs = needed.pairs.checked_sub(have).filter(|more| *more > 0)?;
        let more = Needed { pairs, at_most: needed.at_most - have };
        Some(Plan { effect: libm::expm1(effect), more })
    };
    [PLANNED_MARGINS, 1.0, 0.5].into_iter().find_map(of)
}

fn sentence(
    metric: &Metric,
    own: &Comparison,
    interval: Option<Interval>,
    arms: Arms<'_>,
    verdict: Verdict,
    plan: Option<Plan>,
) -> String {
    let (name, margin) = (&metric.name, percent(metric.margin));
    let range = interval.map_or_else(
        || "no 95 % interval yet".to_owned(),
        |i| format!("95 % interval {}", ratio_range(libm::exp(i.low), libm::exp(i.high))),
    );
    let seen = described(metric.better, own.estimate, arms);
    match verdict {
        Verdict::Larger => format!("{name}: {seen} ({range})"),
        Verdict::MarginOpen => {
            format!(
                "{name}: {seen} ({range}); whether by more than your margin of {margin} is open"
            )
        }
        Verdict::Smaller => {
            format!("{name}: {seen} ({range}); that is less than your margin of {margin}")
        }
        Verdict::Equivalent => {
            format!("{name}: no relevant difference (within \u{b1}{margin}; {range})")
        }
        Verdict::Inconclusive => {
            let so_far = ratio_signs(own.ratio());
            let needed = plan.map_or_else(|| "more pairs are needed".to_owned(), takes);
            format!(
                "{name}: inconclusive ({} against {} so far {so_far}, {range}); {needed}",
                arms.b, arms.a
            )
        }
    }
}

/// "about 12 more pairs would show a difference of 7.6 %".
fn takes(plan: Plan) -> String {
    format!("about {} would show a difference of {}", more(plan.more.pairs), percent(plan.effect))
}

/// "1 more pair", "33 more pairs".
#[must_use]
pub fn more(pairs: u64) -> String {
    format!("{pairs} more {}", if pairs == 1 { "pair" } else { "pairs" })
}

/// "sticky is 12.3 % faster than random", "sticky takes 2.00 times as long as random".
fn described(better: Better, log_ratio: f64, arms: Arms<'_>) -> String {
    let kind = match better {
        Better::Lower => Kind::LATENCY,
        Better::Higher => Kind::HEIGHT,
    };
    let words = ratio_words(libm::exp(log_ratio), kind);
    let is = if better == Better::Lower && words.ends_with("long") { "takes" } else { "is" };
    let than = if words.contains('%') { "than" } else { "as" };
    format!("{} {is} {words} {than} {}", arms.b, arms.a)
}

fn percent(share: f64) -> String {
    let p = share * 100.0;
    if (p - p.round()).abs() < 1e-9 { format!("{p:.0} %") } else { format!("{p:.1} %") }
}

/// How a change between two settings stands to what the same setting moved by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum AgainstControl {
    /// It is no larger.
    NoMore,
    /// At most three times as large.
    SameSize,
    /// More than three times as large: a hint, not a proof.
    Beyond,
}

/// Weighs ln(B / A) against ln(A' / A) of a control run with A's setting.
#[must_use]
pub fn against_control(log_ratio: f64, control: f64) -> AgainstControl {
    let (change, noise) = (log_ratio.abs(), control.abs());
    if change <= noise {
        AgainstControl::NoMore
    } else if change <= 3.0 * noise {
        AgainstControl::SameSize
    } else {
        AgainstControl::Beyond
    }
}

#[cfg(test)]
#[path = "verdict_tests.rs"]
mod tests;
