//! What a run was like before, during and after each thing that happened to it: faults, notes,
//! changes of the load, elections.

use serde::{Deserialize, Serialize};

use super::hist::two_percentiles;
use super::leadership::Leadership;
use super::timeline::{EventKind, TimelineEvent};
use super::wire::{RunFile, SecondFile};
use fwit_stats::sparse::Sparse;

/// Longest stretch before and after, s.
const BESIDE_S: u32 = 30;
/// Shortest stretch before that recovery is measured against, s, and the answers in it.
const BEFORE_LEAST_S: u32 = 3;
const BEFORE_LEAST: u64 = 30;
/// Throughput is back where the mean of so many seconds reaches this share of before.
const WINDOW: usize = 3;
const BACK: f64 = 0.9;
/// Most that are worked out.
const EPISODES_MAX: usize = 100;

/// One thing that happened, and the numbers around it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Episode {
    /// What happened.
    pub words: String,
    /// Since the start, s.
    pub at_s: f64,
    /// Since the start, s; of a moment the same.
    pub until_s: f64,
    /// Up to half a minute before, from the last thing on.
    pub before: Option<Stretch>,
    /// While it lasted; none of a moment.
    pub during: Option<Stretch>,
    /// Up to half a minute after, to the next thing.
    pub after: Option<Stretch>,
    /// What became of the throughput.
    pub recovery: Recovery,
}

/// The numbers of some whole seconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Stretch {
    /// How many seconds.
    pub seconds: u32,
    /// Answers a second.
    pub rate_per_s: f64,
    /// Failed requests.
    pub errors: u64,
    /// p50 and p99 of what the cluster took, µs.
    pub cluster_us: Option<[u32; 2]>,
}

/// What became of the throughput.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub enum Recovery {
    /// It is not measured: too little before, or the load itself was changed.
    #[default]
    Unknown,
    /// No three seconds fell below 90 % of before.
    Undisturbed,
    /// It was back at 90 % of before so long after the beginning, s.
    After(f64),
    /// It was not back by the end of what was measured.
    Never,
}

/// The things that happened to a run, in order.
pub(super) fn of_file(file: &RunFile) -> Vec<Episode> {
    let elections = file.leadership.iter().flat_map(Leadership::elections);
    let mut all: Vec<(f64, f64, EventKind, String)> = elections
        .map(|e| {
            let words = match e.to {
                Some(to) if to == e.from => format!("{to} leads again"),
                Some(to) => format!("leader changes from {} to {to}", e.from),
                None => format!("{} leads no more", e.from),
            };
            (e.at_s, e.at_s + e.no_leader_s, EventKind::Fault, words)
        })
        .chain(file.timeline.iter().map(|event: &TimelineEvent| {
            (event.at_s, event.until_s, event.kind, event.words.clone())
        }))
        .filter(|(at, until, ..)| at.is_finite() && until.is_finite() && *at >= 0.0)
        .collect();
    all.sort_by(|a, b| a.0.total_cmp(&b.0));
    all.truncate(EPISODES_MAX);
    let end = whole_seconds(file.window.warmup_s + file.window.measured_s);
    let begin = file.window.warmup_s.ceil().max(0.0) as u32;
    // Where the load itself changes, throughput says nothing of the cluster.
    let changed = |from_s: f64| {
        !file.plan.load.stages.is_empty()
            || file.timeline.iter().any(|e| e.kind == EventKind::Level && e.at_s >= from_s)
    };
    let seconds: Vec<&SecondFile> = file.series.seconds.iter().filter(|s| s.t_s < end).collect();
    (0..all.len())
        .map(|i| {
            let (at_s, until_s, kind, words) = &all[i];
            let from = whole_seconds(*at_s).min(end);
            let until = until_s.ceil().min(f64::from(end)) as u32;
            let last = all[..i].iter().map(|e| e.1.ceil() as u32).filter(|s| *s <= from).max();
            // What this happens within, and what comes of it: before is before that.
            let within = all[..i].iter().filter(|e| e.1.ceil() as u32 > from);
            let edge = within.map(|e| whole_seconds(e.0)).min().unwrap_or(from).min(from);
            let next = all[i + 1..].iter().map(|e| whole_seconds(e.0)).find(|s| *s > until);
            let before_from = from.saturating_sub(BESIDE_S).max(last.unwrap_or(0)).max(begin);
            let after_to = (until + BESIDE_S).min(next.unwrap_or(end)).min(end);
            let lasts = until_s - at_s >= 0.5;
            let before = stretch(&seconds, before_from, edge);
            Episode {
                words: words.clone(),
                at_s: *at_s,
                until_s: *until_s,
                before,
                during: stretch(&seconds, from, until).filter(|_| lasts),
                after: stretch(&seconds, until, after_to),
                recovery: match before {
                    Some(before)
                        if *kind == EventKind::Fault && !changed(f64::from(before_from)) =>
                    {
                        recovery(&seconds, before, *at_s, from, until)
                    }
                    _ => Recovery::Unknown,
                },
            }
        })
        .collect()
}

fn whole_seconds(s: f64) -> u32 {
    (s + 1e-6).floor().clamp(0.0, f64::from(u32::MAX)) as u32
}

fn answers(second: &SecondFile) -> u64 {
    second.ops.values().map(|op| u64::from(op.answers)).sum()
}

/// The whole seconds from `from` to before `to`.
fn stretch(seconds: &[&SecondFile], from: u32, to: u32) -> Option<Stretch> {
    let list: Vec<_> = seconds.iter().filter(|s| (from..to).contains(&s.t_s)).collect();
    let length = to.saturating_sub(from);
    if list.is_empty() || length == 0 {
        return None;
    }
    let mut cluster = Sparse::default();
    let (mut sum, mut errors) = (0, 0);
    for second in list {
        sum += answers(second);
        for op in second.ops.values() {
            errors += u64::from(op.errors);
            if let Some(more) = Sparse::from_gaps(&op.cluster) {
                cluster.merge(&more);
            }
        }
    }
    Some(Stretch {
        seconds: length,
        rate_per_s: sum as f64 / f64::from(length),
        errors,
        cluster_us: two_percentiles(&cluster),
    })
}

/// When the throughput was back, measured from `at_s`. It is held against the mean before, three
/// seconds at a time: a second alone is as uneven as its count of answers is small.
fn recovery(
    seconds: &[&SecondFile],
    before: Stretch,
    at_s: f64,
    from: u32,
    until: u32,
) -> Recovery {
    let enough = before.rate_per_s * f64::from(before.seconds) >= BEFORE_LEAST as f64;
    if before.seconds < BEFORE_LEAST_S || !enough {
        return Recovery::Unknown;
    }
    let later: Vec<&&SecondFile> = seconds.iter().filter(|s| s.t_s >= from).collect();
    let limit = BACK * before.rate_per_s;
    let means: Vec<(u32, bool)> = later
        .windows(WINDOW)
        .map(|w| {
            let mean = w.iter().map(|s| answers(s)).sum::<u64>() as f64 / WINDOW as f64;
            (w[0].t_s, mean >= limit)
        })
        .collect();
    // It may take a while until what happened is felt.
    let dip = means.iter().position(|(t, back)| !back && *t <= until + BESIDE_S / 3);
    let Some(dip) = dip else {
        return if means.is_empty() { Recovery::Unknown } else { Recovery::Undisturbed };
    };
    let back = means[dip..].iter().find(|(_, back)| *back);
    back.map_or(Recovery::Never, |(t, _)| Recovery::After((f64::from(*t) - at_s).max(0.0)))
}

#[cfg(test)]
mod tests {
    use super::super::wire::SecondOpFile;
    use super::*;

    fn second(t_s: u32, answers: u32) -> SecondFile {
        let op = SecondOpFile { answers, ..SecondOpFile::default() };
        SecondFile {
            t_s,
            in_flight: 0.0,
            waiting: 0.0,
            littles_law_ratio: None,
            target: None,
            given_us: None,
            ops: [("get".to_string(), op)].into(),
        }
    }

    fn recovered(rates: &[u32], at_s: f64, until: u32) -> Recovery {
        let list: Vec<SecondFile> = (0..).zip(rates).map(|(t, n)| second(t, *n)).collect();
        let list: Vec<&SecondFile> = list.iter().collect();
        let from = whole_seconds(at_s);
        recovery(&list, stretch(&list, 0, from).unwrap(), at_s, from, until)
    }

    #[test]
    fn recovery_is_timed_to_ninety_per_cent_of_before() {
        let mut rates = [100; 30];
        rates[10..14].copy_from_slice(&[40, 0, 0, 50]);
        assert_eq!(recovered(&rates, 10.5, 12), Recovery::After(3.5));
        assert_eq!(recovered(&[100; 30], 10.0, 10), Recovery::Undisturbed);
        rates[10..].fill(60);
        assert_eq!(recovered(&rates, 10.0, 12), Recovery::Never);
        assert_eq!(recovered(&[1; 30], 10.0, 12), Recovery::Unknown);
        assert_eq!(recovered(&[100, 100, 0, 0, 0], 2.0, 3), Recovery::Unknown);
    }

    #[test]
    fn stretches_have_their_numbers() {
        let list = [second(0, 10), second(1, 30), second(2, 5)];
        let list: Vec<&SecondFile> = list.iter().collect();
        let two = stretch(&list, 0, 2).unwrap();
        assert_eq!((two.seconds, two.rate_per_s), (2, 20.0));
        assert!(stretch(&list, 3, 9).is_none() && stretch(&list, 2, 2).is_none());
    }
}
