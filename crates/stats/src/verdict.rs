//! The four fixed verdicts on a comparison, and their words.
//!
//! | 95 % interval | estimate and 90 % interval | verdict |
//! | --- | --- | --- |
//! | excludes 0 | estimate beyond the margin | different |
//! | excludes 0 | 90 % interval inside the margin | smaller than the margin |
//! | contains 0 | 90 % interval inside the margin | equivalent |
//! | anything else | | inconclusive, with about how many more pairs it takes |
//!
//! "No difference" is never said because a p-value is large: equivalence has to be shown (two
//! one-sided tests at 5 %, which is the 90 % interval inside the margin; Schuirmann 1987). Margins
//! are set before the run.

use super::error::StatsError;
use super::multiplicity::holm;
use super::paired::{Comparison, pairs_needed};

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

/// One of the four verdicts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// B differs from A by more than the margin.
    Different,
    /// A difference is there, and it is smaller than the margin.
    SmallerThanMargin,
    /// No relevant difference: equivalent within the margin.
    Equivalent,
    /// The pairs do not tell yet.
    Inconclusive {
        /// About how many more pairs it takes; `None` when the pairs so far do not even tell that.
        more_pairs: Option<u64>,
    },
}

/// A verdict with its words.
#[derive(Debug, Clone, PartialEq)]
pub struct Judged {
    /// The verdict.
    pub verdict: Verdict,
    /// p of the sign-flip test, corrected for the family where there is one.
    pub p: f64,
    /// One sentence for a reader, without a full stop.
    pub text: String,
}

/// The level of every test here.
pub const ALPHA: f64 = 0.05;

/// Judges one metric on its own (no correction): for metrics labelled exploratory.
#[must_use]
pub fn judge(metric: &Metric, c: &Comparison, arms: Arms<'_>) -> Judged {
    judged(metric, c, arms, c.p_flip, 1)
}

/// Judges the primary metrics together: a difference is only claimed where its sign-flip p,
/// corrected by Holm's method over the family, is at most 0.05. Without that, one of five metrics
/// would "differ" in every fifth experiment without a difference. The price: with five metrics, 8
/// pairs are the fewest that can show one.
///
/// # Errors
/// A comparison whose p-value is not a probability.
pub fn judge_family(
    family: &[(Metric, Comparison)],
    arms: Arms<'_>,
) -> Result<Vec<Judged>, StatsError> {
    let each: Vec<_> = family.iter().map(|(m, c)| (m, c, arms)).collect();
    judge_families(&each)
}

/// As [`judge_family`], where several arms are compared with the first: the family is the metrics
/// of all of them.
///
/// # Errors
/// As [`judge_family`].
pub fn judge_families(
    family: &[(&Metric, &Comparison, Arms<'_>)],
) -> Result<Vec<Judged>, StatsError> {
    let raw: Vec<f64> = family.iter().map(|(_, c, _)| c.p_flip).collect();
    let adjusted = holm(&raw)?;
    Ok(family
        .iter()
        .zip(adjusted)
        .map(|((m, c, arms), p)| judged(m, c, *arms, p, family.len()))
        .collect())
}

fn judged(metric: &Metric, c: &Comparison, arms: Arms<'_>, p: f64, family: usize) -> Judged {
    let verdict = decide(metric, c, p, family);
    Judged { verdict, p, text: sentence(metric, c, arms, verdict) }
}

fn decide(metric: &Metric, c: &Comparison, p: f64, family: usize) -> Verdict {
    let margin = metric.log_margin();
    let apart = p <= ALPHA && c.ci95.is_some_and(|i| i.excludes_zero());
    let inside = c.ci90.is_some_and(|i| i.inside(margin));
    if apart && c.estimate.abs() > margin {
        Verdict::Different
    } else if apart && inside {
        Verdict::SmallerThanMargin
    } else if inside {
        Verdict::Equivalent
    } else {
        Verdict::Inconclusive { more_pairs: more_pairs(c, margin, p, family) }
    }
}

/// The plan's sample size for this spread, and enough pairs for the family's smallest possible p,
/// less those there are; at least 1, because an inconclusive verdict is never cured by none.
///
/// Where the interval already shows a difference beyond the margin and only p is still too large,
/// it takes as many more as halve p down to the level: that is what each further pair does that
/// points the same way.
fn more_pairs(c: &Comparison, margin: f64, p: f64, family: usize) -> Option<u64> {
    let have = c.log_ratios.len() as u64;
    let fewest = (6_u32..64).find(|&n| family as f64 * libm::exp2(1.0 - f64::from(n)) <= ALPHA)?;
    if have < 2 {
        return None;
    }
    let planned =
        pairs_needed(c.sd, margin).ok()?.max(u64::from(fewest)).saturating_sub(have).max(1);
    let shown = c.estimate.abs() > margin && c.ci95.is_some_and(|i| i.excludes_zero());
    let halvings = libm::ceil(libm::log2(p / ALPHA)).max(1.0) as u64;
    Some(if shown { planned.min(halvings) } else { planned })
}

fn sentence(metric: &Metric, c: &Comparison, arms: Arms<'_>, verdict: Verdict) -> String {
    let (name, margin) = (&metric.name, percent(metric.margin));
    let (a, b) = (arms.a, arms.b);
    let change = described(metric.better, c.estimate);
    let range = c.ci95.map_or_else(
        || "no 95 % interval below 6 pairs".to_owned(),
        |i| format!("95 % interval {} to {}", signed_percent(i.low), signed_percent(i.high)),
    );
    match verdict {
        Verdict::Different => format!("{name}: {b} is {change} than {a} ({range})"),
        Verdict::SmallerThanMargin => format!(
            "{name}: a difference exists but is smaller than your margin of {margin}: {b} is \
             {change} than {a} ({range})"
        ),
        Verdict::Equivalent => {
            format!("{name}: no relevant difference (equivalent within \u{b1}{margin}; {range})")
        }
        Verdict::Inconclusive { more_pairs } => {
            let needed = more_pairs.map_or_else(
                || "at least 6 pairs needed".to_owned(),
                |n| format!("about {} needed", more(n)),
            );
            format!(
                "{name}: inconclusive; {needed} ({b} against {a} so far {}, {range})",
                signed_percent(c.estimate)
            )
        }
    }
}

/// "1 more pair", "33 more pairs".
#[must_use]
pub fn more(pairs: u64) -> String {
    format!("{pairs} more {}", if pairs == 1 { "pair" } else { "pairs" })
}

/// "12.3 % faster", "4.0 % lower".
fn described(better: Better, log_ratio: f64) -> String {
    let word = match (better, log_ratio > 0.0) {
        (Better::Lower, true) => "slower",
        (Better::Lower, false) => "faster",
        (Better::Higher, true) => "higher",
        (Better::Higher, false) => "lower",
    };
    format!("{} {word}", percent(libm::expm1(log_ratio).abs()))
}

fn percent(share: f64) -> String {
    let p = share * 100.0;
    if (p - p.round()).abs() < 1e-9 { format!("{p:.0} %") } else { format!("{p:.1} %") }
}

fn signed_percent(log_ratio: f64) -> String {
    let rounded = (libm::expm1(log_ratio) * 1000.0).round() / 10.0;
    let sign = if rounded > 0.0 {
        "+"
    } else if rounded < 0.0 {
        "\u{2212}"
    } else {
        ""
    };
    format!("{sign}{:.1} %", rounded.abs())
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

/// The words for two runs that were not interleaved: what they show and what they do not.
/// `log_ratio` is ln(B / A); `control` is ln(A' / A) of a third run with A's setting, where there
/// is one.
#[must_use]
pub fn separate_runs(
    metric: &Metric,
    log_ratio: f64,
    control: Option<f64>,
    arms: Arms<'_>,
) -> String {
    let (a, b) = (arms.a, arms.b);
    let seen = format!(
        "{}: {b} was {} than {a}, but the two ran one after the other, so the difference may be \
         the hour's as well as the change's",
        metric.name,
        described(metric.better, log_ratio)
    );
    let Some(control) = control.filter(|v| v.is_finite()) else {
        return format!(
            "{seen}; a third run of the same setting as {a}, or an interleaved experiment, would \
             tell them apart"
        );
    };
    let against = match against_control(log_ratio, control) {
        AgainstControl::NoMore => "that is no more than the same setting moves by itself",
        AgainstControl::SameSize => "that is of the size that the same setting moves by itself",
        AgainstControl::Beyond => {
            "that is more than three times as far as the same setting moved by itself, which is a \
             hint, not a proof"
        }
    };
    format!("{seen}; a second run of {a} came out {}: {against}", signed_percent(control))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::paired::{Interval, compare, compare_log_ratios};
    use proptest::prelude::*;

    const ARMS: Arms<'static> = Arms { a: "random", b: "sticky" };

    fn comparison(centre: f64, spread: f64, n: usize) -> Comparison {
        let d = (0..n).map(|i| centre + spread * (i as f64 / (n - 1) as f64 - 0.5)).collect();
        compare_log_ratios(d, 1).unwrap()
    }

    #[test]
    fn each_of_the_four_and_its_words() {
        let m = Metric::latency("read", 0.5);
        let j = judge(&m, &comparison(0.10, 0.02, 10), ARMS);
        assert_eq!(j.verdict, Verdict::Different);
        assert_eq!(
            j.text,
            "read p50: sticky is 10.5 % slower than random (95 % interval +9.9 % to +11.1 %)"
        );
        let j = judge(&m, &comparison(-0.10, 0.02, 10), ARMS);
        assert!(
            j.text.starts_with(
                "read p50: sticky is 9.5 % faster than random (95 % interval \u{2212}"
            ),
            "{}",
            j.text
        );
        let j = judge(&m, &comparison(0.02, 0.01, 10), ARMS);
        assert_eq!(j.verdict, Verdict::SmallerThanMargin);
        assert!(
            j.text.contains("a difference exists but is smaller than your margin of 5 %"),
            "{}",
            j.text
        );
        let j = judge(&m, &comparison(0.0, 0.02, 10), ARMS);
        assert_eq!(j.verdict, Verdict::Equivalent);
        assert!(
            j.text.starts_with("read p50: no relevant difference (equivalent within \u{b1}5 %;"),
            "{}",
            j.text
        );
        let j = judge(&m, &comparison(0.02, 0.40, 10), ARMS);
        // sd 0.1346: ((2.8 * 0.1346 / ln 1.05)^2 + 2 = 61.7; 62 in all, 52 more.
        assert_eq!(j.verdict, Verdict::Inconclusive { more_pairs: Some(52) });
        assert!(
            j.text.starts_with("read p50: inconclusive; about 52 more pairs needed"),
            "{}",
            j.text
        );
    }

    #[test]
    fn throughput_reads_the_other_way() {
        let m = Metric::throughput();
        assert!(judge(&m, &comparison(0.10, 0.02, 10), ARMS).text.contains("10.5 % higher"));
        assert!(judge(&m, &comparison(-0.10, 0.02, 10), ARMS).text.contains("9.5 % lower"));
    }

    #[test]
    fn margins_of_the_plan() {
        let of = |p| Metric::latency("write", p).margin;
        assert_eq!(
            (of(0.5), of(0.9), of(0.99), Metric::throughput().margin),
            (0.05, 0.10, 0.20, 0.05)
        );
        assert_eq!(Metric::latency("write", 0.999).name, "write p99.9");
        assert_eq!(Metric::latency("write", 0.99).name, "write p99");
    }

    #[test]
    fn a_family_needs_a_smaller_p() {
        let clear = |n| {
            (0..5).map(|_| (Metric::throughput(), comparison(0.2, 0.02, n))).collect::<Vec<_>>()
        };
        // 6 pairs: p = 1/32 alone, 5/32 among five.
        assert_eq!(judge(&clear(6)[0].0, &clear(6)[0].1, ARMS).verdict, Verdict::Different);
        for j in judge_family(&clear(6), ARMS).unwrap() {
            assert_eq!(
                (j.verdict, j.p),
                (Verdict::Inconclusive { more_pairs: Some(2) }, 5.0 / 32.0)
            );
        }
        assert!(
            judge_family(&clear(8), ARMS).unwrap().iter().all(|j| j.verdict == Verdict::Different)
        );
        // 7 wide apart with a wide spread: p is 5/64, which one more pair halves, whatever the
        // spread asks for.
        let wide: Vec<_> =
            (0..5).map(|_| (Metric::throughput(), comparison(2.0, 0.4, 7))).collect();
        for j in judge_family(&wide, ARMS).unwrap() {
            assert_eq!(
                (j.verdict, j.p),
                (Verdict::Inconclusive { more_pairs: Some(1) }, 5.0 / 64.0)
            );
            assert!(j.text.contains("about 1 more pair needed"), "{}", j.text);
        }
        assert!(judge_family(&[], ARMS).unwrap().is_empty());
    }

    #[test]
    fn too_few_pairs_are_never_a_verdict() {
        let one = compare(&[10.0], &[20.0], 0).unwrap();
        let j = judge(&Metric::throughput(), &one, ARMS);
        assert_eq!(j.verdict, Verdict::Inconclusive { more_pairs: None });
        assert!(
            j.text.contains("at least 6 pairs needed") && j.text.contains("no 95 % interval"),
            "{}",
            j.text
        );
        let five = judge(&Metric::throughput(), &comparison(0.3, 0.01, 5), ARMS);
        assert_eq!(five.verdict, Verdict::Inconclusive { more_pairs: Some(1) });
    }

    #[test]
    fn separate_runs_say_what_they_are() {
        let m = Metric::latency("read", 0.5);
        let t = separate_runs(&m, 0.1, None, ARMS);
        assert!(
            t.contains("one after the other")
                && t.contains("a third run of the same setting as random"),
            "{t}"
        );
        assert!(
            separate_runs(&m, 0.1, Some(-0.12), ARMS)
                .ends_with("no more than the same setting moves by itself")
        );
        assert!(separate_runs(&m, 0.1, Some(0.01), ARMS).ends_with("a hint, not a proof"));
    }

    proptest! {
        #[test]
        fn a_large_p_never_says_no_difference(
            estimate in -0.5_f64..0.5, half in 0.0_f64..0.5, narrower in 0.5_f64..1.0, p in 0.0_f64..1.0, n in 1_usize..20,
        ) {
            let at = |h: f64| Some(Interval { low: estimate - h, high: estimate + h, coverage: 0.95 });
            let c = Comparison {
                log_ratios: vec![estimate; n], estimate, ci95: at(half), ci90: at(half * narrower),
                p_flip: p, p_rank: p, sd: half,
            };
            let m = Metric::throughput();
            let j = judge(&m, &c, ARMS);
            let inside = c.ci90.unwrap().inside(m.log_margin());
            match j.verdict {
                Verdict::Different => prop_assert!(p <= 0.05 && estimate.abs() > m.log_margin()),
                Verdict::SmallerThanMargin | Verdict::Equivalent => prop_assert!(inside),
                Verdict::Inconclusive { .. } => prop_assert!(!inside),
            }
            prop_assert!(!j.text.contains("no difference"));
        }
    }
}
