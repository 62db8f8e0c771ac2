//! The answer to an experiment's question in one sentence, and what to mind of it.

use super::model::PAIRS_MIN;
use super::view::{MetricView, VerdictName};
use fwit_quantities::ratio::{Kind, ratio_words};
use fwit_quantities::units::capital;
use fwit_stats::fisher::fisher_exact;
use fwit_stats::verdict::{ALPHA, Arms, more};

/// What was counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Counted {
    /// Pairs that count.
    pub pairs: usize,
    /// Of A and of B: periods that do not count, and all.
    pub excluded: [[u32; 2]; 2],
    /// Fewest pairs that can show a difference.
    pub claim: u32,
}

/// The answer of one comparison: what the differences that were found mean for the question, then
/// what was left out.
pub(super) fn headline(primaries: &[MetricView], arms: Arms<'_>, counted: &Counted) -> String {
    let mut sentences = vec![answer(primaries, arms, counted)];
    sentences.extend(left_out(arms, counted));
    sentences.join(" ")
}

fn answer(primaries: &[MetricView], arms: Arms<'_>, counted: &Counted) -> String {
    if primaries.is_empty() {
        return "No pair counts: nothing can be said.".into();
    }
    if counted.pairs < PAIRS_MIN as usize {
        // A pilot tells how many it takes.
        let needed = primaries.iter().filter_map(|m| Some((m.more_pairs?, m))).max_by_key(|n| n.0);
        let needed = needed.map_or_else(String::new, |(n, m)| {
            format!(" By their spread it takes about {} ({} most).", more(n), m.name)
        });
        return format!(
            "Too few pairs for an answer: {} {}, and it takes {}.{needed}",
            counted.pairs,
            if counted.pairs == 1 { "counts" } else { "count" },
            counted.claim
        );
    }
    let found: Vec<&MetricView> = primaries.iter().filter(|m| m.verdict.is_difference()).collect();
    let open = primaries.iter().filter(|m| m.verdict == VerdictName::Inconclusive);
    let open: Vec<&str> = open.map(|m| m.name.as_str()).collect();
    if found.is_empty() {
        return if open.is_empty() {
            format!("No relevant difference between {} and {}.", arms.a, arms.b)
        } else if open.len() == primaries.len() {
            format!(
                "Not decided yet: these pairs show no difference between {} and {}, and do not rule one out.",
                arms.a, arms.b
            )
        } else {
            format!("No difference was found; not decided yet: {}.", open.join(", "))
        };
    }
    let better = found.iter().filter(|m| m.improves).count();
    let start = if better == found.len() {
        format!("{} is better", arms.b)
    } else if better == 0 {
        format!("{} is worse", arms.b)
    } else {
        "It depends".to_string()
    };
    let list: Vec<String> = found.iter().map(|m| short(m)).collect();
    let rest = if open.is_empty() {
        String::new()
    } else {
        format!(" Not decided yet: {}.", open.join(", "))
    };
    format!("{}: {}.{rest}", capital(&start), list.join(", "))
}

/// "read p50 16 % faster", "read p99 2.00 times as long", "throughput 7.1 % higher".
fn short(m: &MetricView) -> String {
    let kind = if m.latency { Kind::LATENCY } else { Kind::HEIGHT };
    let small =
        if m.verdict == VerdictName::SmallerThanMargin { " (less than your margin)" } else { "" };
    format!("{} {}{small}", m.name, ratio_words(m.ratio, kind))
}

/// Which periods do not count, arm by arm, and whether that differs between the arms.
fn left_out(arms: Arms<'_>, counted: &Counted) -> Option<String> {
    let [[out_a, all_a], [out_b, all_b]] = counted.excluded;
    if out_a + out_b == 0 {
        return None;
    }
    let p = fisher_exact(out_a.into(), all_a.into(), out_b.into(), all_b.into());
    let differs = if p <= ALPHA {
        format!("; the arms differ in that (Fisher’s p = {p:.3}), so what was left out may matter")
    } else {
        String::new()
    };
    Some(format!(
        "Left out for the browser’s own reasons: {out_a} of {all_a} periods of {}, {out_b} of \
         {all_b} of {}{differs}.",
        arms.a, arms.b
    ))
}
