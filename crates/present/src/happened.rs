//! What happened while a run went on, in words: who led, elections, gaps, and the numbers before,
//! during and after each thing.

use fwit_quantities::units::{Micros, three_digits};
use fwit_report::run::view::{Election, Episode, Leadership, Recovery, RunView, Stretch};

use super::figure::{clock, count, percent};

/// Who led, and what elections cost; a sentence each.
#[must_use]
pub fn leadership(leadership: &Leadership) -> Vec<String> {
    let mut said = Vec::new();
    said.extend(led(leadership));
    let elections = leadership.elections();
    said.extend(elections.iter().take(20).map(election));
    if elections.len() > 20 {
        said.push(format!("{} more changes of the leader.", elections.len() - 20));
    }
    let alone = |gap: &&fwit_report::run::view::Gap| {
        let of_election = |e: &Election| e.no_writes_s == Some(gap.until_s - gap.from_s);
        !elections.iter().any(of_election)
    };
    let gaps: Vec<_> = leadership.gaps.iter().filter(alone).collect();
    said.extend(gaps.iter().take(10).map(|gap| {
        format!(
            "No write was acknowledged for {} from {} on.",
            length(gap.until_s - gap.from_s),
            at(gap.from_s)
        )
    }));
    if gaps.len() > 10 {
        said.push(format!("{} more such gaps.", gaps.len() - 10));
    }
    if leadership.writes > 0 {
        let share = leadership.to_leader as f64 / leadership.writes as f64;
        let unknown = match leadership.unknown {
            0 => String::new(),
            n => format!("; {} more were issued while no leader was known", count(n)),
        };
        said.push(format!(
            "{} of {} writes were issued to the leader itself{unknown}.",
            percent(share),
            count(leadership.writes)
        ));
    }
    said
}

fn led(leadership: &Leadership) -> Option<String> {
    let mut names: Vec<&String> = leadership.spans.iter().filter_map(|s| s.node.as_ref()).collect();
    names.dedup();
    let (first, rest) = names.split_first()?;
    let terms: Vec<u64> = leadership.spans.iter().filter_map(|s| s.term).collect();
    let term = match (terms.first(), terms.last()) {
        (Some(a), Some(b)) if a == b => format!(" (term {a})"),
        (Some(a), Some(b)) => format!(" (terms {a} to {b})"),
        _ => String::new(),
    };
    let without: f64 =
        leadership.spans.iter().filter(|s| s.node.is_none()).map(|s| s.until_s - s.from_s).sum();
    let none = if without > 0.0 {
        format!("; for {} no node said that it leads", length(without))
    } else {
        String::new()
    };
    Some(if rest.is_empty() && without == 0.0 {
        format!("{first} led throughout{term}.")
    } else if rest.is_empty() {
        format!("{first} led{term}{none}.")
    } else {
        let shown: Vec<&str> = rest.iter().take(8).map(|name| name.as_str()).collect();
        let more = match rest.len().saturating_sub(8) {
            0 => String::new(),
            n => format!(" and so on, {n} more times"),
        };
        format!("{first} led first, then {}{more}{term}{none}.", shown.join(", "))
    })
}

fn election(e: &Election) -> String {
    let to = match &e.to {
        Some(to) if *to == e.from => format!("{to} leads again"),
        Some(to) => format!("{to} took over from {}", e.from),
        None => format!("{} was gone, and nobody took over", e.from),
    };
    let term = e.term.map(|term| format!(", term {term}")).unwrap_or_default();
    let mut cost = Vec::new();
    if e.no_leader_s > 0.0 {
        cost.push(format!("no leader seen for {}", length(e.no_leader_s)));
    }
    cost.extend(e.no_writes_s.map(|s| format!("no acknowledged write for {}", length(s))));
    let cost = if cost.is_empty() { String::new() } else { format!(": {}", cost.join(", ")) };
    format!("At {} {to}{term}{cost}.", at(e.at_s))
}

/// What redirects cost; `None` where none did.
#[must_use]
pub fn redirect_tax(run: &RunView) -> Option<String> {
    let (redirected, issued) = (run.total.redirected, run.total.issued);
    if redirected == 0 || issued == 0 {
        return None;
    }
    let share = percent(redirected as f64 / issued as f64);
    // The mean is over all answers; only those that were sent on have a part of it.
    let tax = run.total.parts.as_ref().map(|parts| {
        let each = parts.redirect_us * parts.answers as f64 / redirected as f64;
        format!(", which took {} each", Micros(each.max(0.0) as u64))
    });
    Some(format!("{share} of the requests were sent on to the leader{}.", tax.unwrap_or_default()))
}

/// When something was, since the start.
#[must_use]
pub fn at(s: f64) -> String {
    clock((s.max(0.0) * 1e6) as u64)
}

fn length(s: f64) -> String {
    Micros((s.max(0.0) * 1e6) as u64).to_string()
}

/// When an episode was: `0:08 to 0:11`.
#[must_use]
pub fn time(e: &Episode) -> String {
    if e.until_s - e.at_s < 0.5 {
        at(e.at_s)
    } else {
        format!("{} to {}", at(e.at_s), at(e.until_s))
    }
}

/// Answers a second, failed requests, p50 and p99 of a stretch, for a table.
#[must_use]
pub fn stretch(s: Option<&Stretch>) -> String {
    let Some(s) = s else { return "–".into() };
    let latency = s.cluster_us.map(|[p50, p99]| {
        format!(", p50 {}, p99 {}", Micros(u64::from(p50)), Micros(u64::from(p99)))
    });
    let errors = match s.errors {
        0 => String::new(),
        1 => ", 1 error".into(),
        n => format!(", {} errors", count(n)),
    };
    format!("{}/s{}{errors}", three_digits(s.rate_per_s), latency.unwrap_or_default())
}

/// What became of the throughput, for a table.
#[must_use]
pub fn recovery(e: &Episode) -> String {
    match e.recovery {
        Recovery::Unknown => "–".into(),
        Recovery::Undisturbed => "no dip below 90 %".into(),
        Recovery::After(s) => format!("after {}", length(s)),
        Recovery::Never => "not by the end".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use fwit_report::run::view::{Gap, LeaderSpan};

    fn span(from_s: f64, until_s: f64, node: Option<&str>, term: Option<u64>) -> LeaderSpan {
        LeaderSpan { from_s, until_s, node: node.map(Into::into), term }
    }

    #[test]
    fn a_leader_that_stays_is_one_sentence() {
        let mut l = Leadership {
            spans: vec![span(0.0, 60.0, Some("n1"), Some(2))],
            writes: 2_000,
            to_leader: 1_900,
            ..Leadership::default()
        };
        assert_eq!(
            leadership(&l),
            [
                "n1 led throughout (term 2).",
                "95.0\u{202f}% of 2000 writes were issued to the leader itself."
            ]
        );
        (l.writes, l.spans) = (0, Vec::new());
        assert!(leadership(&l).is_empty());
    }

    #[test]
    fn elections_and_gaps_are_told_with_their_cost() {
        let l = Leadership {
            spans: vec![
                span(0.0, 10.0, Some("n1"), Some(1)),
                span(10.0, 12.5, None, Some(1)),
                span(12.5, 60.0, Some("n2"), Some(2)),
            ],
            gaps: vec![Gap { from_s: 9.5, until_s: 12.5 }, Gap { from_s: 40.0, until_s: 42.0 }],
            ..Leadership::default()
        };
        assert_eq!(
            leadership(&l),
            [
                "n1 led first, then n2 (terms 1 to 2); for 2.50 s no node said that it leads.",
                "At 0:10 n2 took over from n1, term 2: no leader seen for 2.50 s, no acknowledged \
                 write for 3.00 s.",
                "No write was acknowledged for 2.00 s from 0:40 on.",
            ]
        );
    }

    #[test]
    fn stretches_and_recovery_fit_in_cells() {
        let s = Stretch {
            seconds: 10,
            rate_per_s: 123.4,
            errors: 2,
            cluster_us: Some([5_000, 12_000]),
        };
        assert_eq!(stretch(Some(&s)), "123/s, p50 5.00 ms, p99 12.0 ms, 2 errors");
        assert_eq!(stretch(None), "–");
        let mut e = Episode { at_s: 8.0, until_s: 11.0, ..Episode::default() };
        assert_eq!((time(&e).as_str(), recovery(&e).as_str()), ("0:08 to 0:11", "–"));
        e.recovery = Recovery::After(3.5);
        assert_eq!(recovery(&e), "after 3.50 s");
    }
}
