//! What a run's checks found, in words: keys and counters read back, reads checked under load.

use fwit_quantities::units::Micros;
use fwit_report::run::view::{Unchecked, Verification, Violation};

use super::figure::count;

/// How good or bad what was found is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sign {
    /// Nothing is wrong.
    Good,
    /// Something is worth a look, or was not checked.
    Doubt,
    /// The cluster broke its word.
    Bad,
}

/// The verdict in a few words.
#[must_use]
pub fn badge(v: &Verification) -> (&'static str, Sign) {
    if v.lost() > 0 {
        ("acknowledged writes were lost", Sign::Bad)
    } else if v.counters.extra > 0 {
        ("increments were made twice", Sign::Bad)
    } else if v.stale() > 0 {
        ("nothing lost, but stale reads", Sign::Doubt)
    } else if v.foreign > 0 {
        ("values of another writer", Sign::Doubt)
    } else if v.unchecked > 0 || !v.counters.unchecked.is_empty() {
        ("not all could be checked", Sign::Doubt)
    } else if v.present + v.counters.right == 0 {
        ("nothing was written", Sign::Doubt)
    } else {
        ("nothing lost", Sign::Good)
    }
}

/// What was found, a sentence each.
#[must_use]
pub fn sentences(v: &Verification) -> Vec<(Sign, String)> {
    let mut said = vec![keys(v)];
    said.extend(counters(v));
    said.extend(reads(v));
    said
}

fn keys(v: &Verification) -> (Sign, String) {
    let checked = v.present + v.missing + v.outdated + v.foreign;
    let mut words = match checked {
        0 => "No key was read back.".to_string(),
        1 => "1 key that this run wrote was read back after the load".to_string(),
        n => format!("{} keys that this run wrote were read back after the load", count(n)),
    };
    if checked > 0 {
        let wrong = [
            (v.missing, "absent although their writing was acknowledged"),
            (v.outdated, "with an older value than the one acknowledged last"),
            (v.foreign, "with a value that this run did not write"),
        ];
        let wrong: Vec<String> = wrong
            .iter()
            .filter(|(n, _)| *n > 0)
            .map(|(n, what)| format!("{} {what}", count(*n)))
            .collect();
        if wrong.is_empty() {
            words.push_str(if checked == 1 {
                ": it is as the acknowledged writes leave it."
            } else {
                ": all are as the acknowledged writes leave them."
            });
        } else {
            words.push_str(&format!(": {} right, {}.", count(v.present), wrong.join(", ")));
        }
    }
    if v.late > 0 {
        let late = format!(
            " {} right only at a second look, a moment later.",
            match v.late {
                1 => "1 was".to_string(),
                n => format!("{} were", count(n)),
            }
        );
        words.push_str(&late);
    }
    words.push_str(&not_checked(&v.reasons, v.unchecked));
    let sign = match (v.missing + v.outdated, v.foreign + v.unchecked) {
        (0, 0) => Sign::Good,
        (0, _) => Sign::Doubt,
        _ => Sign::Bad,
    };
    (sign, words)
}

fn counters(v: &Verification) -> Option<(Sign, String)> {
    let c = &v.counters;
    let checked = c.right + c.low + c.high;
    let unchecked: u64 = c.unchecked.iter().map(|u| u.count).sum();
    if checked + unchecked == 0 {
        return None;
    }
    let mut words = match (checked, c.low + c.high) {
        (0, _) => "No counter was checked.".to_string(),
        (n, 0) => format!("{} rose by what was acknowledged.", counted(n, "counter")),
        (n, _) => {
            let low =
                format!("{} too low ({} missing)", count(c.low), counted(c.lost, "increment"));
            let high = format!(
                "{} too high ({} more than were sent: made twice, or sent again by the browser on \
                 a broken connection)",
                count(c.high),
                counted(c.extra, "increment")
            );
            let wrong: Vec<String> = [(c.low, low), (c.high, high)]
                .into_iter()
                .filter(|w| w.0 > 0)
                .map(|w| w.1)
                .collect();
            format!("Of {}, {}.", counted(n, "counter"), wrong.join(" and "))
        }
    };
    words.push_str(&not_checked(&c.unchecked, unchecked));
    let sign = match (c.low + c.high, unchecked) {
        (0, 0) => Sign::Good,
        (0, _) => Sign::Doubt,
        _ => Sign::Bad,
    };
    Some((sign, words))
}

fn reads(v: &Verification) -> Option<(Sign, String)> {
    let sum =
        |of: fn(&fwit_report::run::view::ReadsView) -> u64| v.reads.iter().map(of).sum::<u64>();
    let (checked, stale, foreign) = (sum(|r| r.checked), v.stale(), sum(|r| r.foreign));
    if checked + sum(|r| r.unjudged) == 0 {
        return None;
    }
    let most = v.reads.iter().map(|r| r.stale_max_us).max().unwrap_or_default();
    let mut words = match stale {
        0 => format!("Of {} checked under load, none was stale.", counted(checked, "read")),
        _ => format!(
            "Of {} checked under load, {} stale: what they found had been replaced before they \
             began, by up to {}.",
            counted(checked, "read"),
            if stale == 1 { "1 was".to_string() } else { format!("{} were", count(stale)) },
            Micros(most)
        ),
    };
    if foreign > 0 {
        let found = format!(
            " {} found a value that this run did not write, on a key that it had written: another \
             writer, or the value is not where the protocol says.",
            counted(foreign, "read")
        );
        words.push_str(&found);
    }
    let unjudged = sum(|r| r.unjudged);
    if unjudged > 0 {
        let found =
            format!(" {} found a value too old to be remembered.", counted(unjudged, "read"));
        words.push_str(&found);
    }
    let sign = if stale + foreign + unjudged == 0 { Sign::Good } else { Sign::Doubt };
    Some((sign, words))
}

fn counted(n: u64, what: &str) -> String {
    if n == 1 { format!("1 {what}") } else { format!("{} {what}s", count(n)) }
}

/// What could not be checked, and why.
fn not_checked(reasons: &[Unchecked], total: u64) -> String {
    if total == 0 {
        return String::new();
    }
    let reasons: Vec<String> =
        reasons.iter().map(|u| format!("{}: {}", u.why, count(u.count))).collect();
    let why = if reasons.is_empty() { String::new() } else { format!(" ({})", reasons.join("; ")) };
    format!(" {} could not be checked{why}.", count(total))
}

/// What a finding is, in a table.
#[must_use]
pub fn violation(what: Violation) -> &'static str {
    match what {
        Violation::Missing => "absent",
        Violation::Outdated => "older value",
        Violation::Foreign => "unknown value",
        Violation::CounterLow => "counter too low",
        Violation::CounterHigh => "counter too high",
        Violation::StaleRead => "stale read",
        Violation::ForeignRead => "read of an unknown value",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use fwit_report::run::view::{Counters, ReadsView};

    fn said(v: &Verification) -> Vec<String> {
        sentences(v).into_iter().map(|(_, words)| words).collect()
    }

    #[test]
    fn a_word_that_was_kept() {
        let v = Verification {
            present: 1_040,
            counters: Counters { right: 40, ..Counters::default() },
            reads: vec![ReadsView { checked: 446, ..ReadsView::default() }],
            ..Verification::default()
        };
        assert_eq!(badge(&v), ("nothing lost", Sign::Good));
        assert_eq!(
            said(&v),
            [
                "1040 keys that this run wrote were read back after the load: all are as the \
                 acknowledged writes leave them.",
                "40 counters rose by what was acknowledged.",
                "Of 446 reads checked under load, none was stale.",
            ]
        );
    }

    #[test]
    fn a_word_that_was_broken() {
        let stale =
            ReadsView { checked: 10, stale: 1, stale_max_us: 190_000, ..ReadsView::default() };
        let v = Verification {
            present: 7,
            missing: 2,
            outdated: 1,
            unchecked: 3,
            reasons: vec![Unchecked { why: "no answer from the leader".into(), count: 3 }],
            counters: Counters { right: 1, low: 1, lost: 4, ..Counters::default() },
            reads: vec![stale],
            ..Verification::default()
        };
        assert_eq!(badge(&v), ("acknowledged writes were lost", Sign::Bad));
        assert_eq!(
            said(&v),
            [
                "10 keys that this run wrote were read back after the load: 7 right, 2 absent \
                 although their writing was acknowledged, 1 with an older value than the one \
                 acknowledged last. 3 could not be checked (no answer from the leader: 3).",
                "Of 2 counters, 1 too low (4 increments missing).",
                "Of 10 reads checked under load, 1 was stale: what they found had been replaced \
                 before they began, by up to 190 ms.",
            ]
        );
        let signs: Vec<Sign> = sentences(&v).into_iter().map(|s| s.0).collect();
        assert_eq!(signs, [Sign::Bad, Sign::Bad, Sign::Doubt]);
    }

    #[test]
    fn what_was_not_checked_is_said() {
        let v = Verification { unchecked: 5, ..Verification::default() };
        assert_eq!(badge(&v), ("not all could be checked", Sign::Doubt));
        assert_eq!(said(&v), ["No key was read back. 5 could not be checked."]);
        assert_eq!(badge(&Verification::default()).0, "nothing was written");
    }
}
