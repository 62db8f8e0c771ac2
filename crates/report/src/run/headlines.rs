//! What is to be read before all numbers of a run: that nothing was measured, that every request
//! failed, that no answer came for a long time. A sentence each, none where there is nothing to
//! say.

use super::counted::thousands;
use super::verification::Verification;
use super::view::{ErrorGroup, Row};
use super::wire::RunFile;

/// No answer for so many seconds is told, s …
const GAP_LEAST: usize = 3;
/// … where so many answers were to be expected in them.
const EXPECTED_LEAST: f64 = 10.0;

/// A second of the measured window.
#[derive(Clone, Copy, Debug)]
pub(super) struct SecondFacts {
    /// Since the start of the run.
    pub t_s: u32,
    /// Answers that came in it.
    pub answers: u32,
    /// Requests in flight or waiting, on average.
    pub wanted: f32,
}

/// Of a run's file.
pub(super) fn of_file(file: &RunFile, total: &Row) -> Vec<String> {
    // Another tool's file may count nothing, or have no seconds.
    if file.source.is_some() && (total.issued == 0 || file.series.seconds.is_empty()) {
        return Vec::new();
    }
    let (from, to) = (file.window.warmup_s, file.window.warmup_s + file.window.measured_s);
    let measured = file
        .series
        .seconds
        .iter()
        .filter(|s| f64::from(s.t_s) >= from.floor() && f64::from(s.t_s) + 1.0 <= to + 1e-6);
    let seconds: Vec<_> = measured
        .map(|s| SecondFacts {
            t_s: s.t_s,
            answers: s.ops.values().fold(0, |sum, op| sum.saturating_add(op.answers)),
            wanted: s.in_flight + s.waiting,
        })
        .collect();
    let mut said = sentences(total, &file.errors, &seconds);
    said.extend(file.verification.as_ref().and_then(Verification::headline));
    said
}

/// The sentences: of the totals, the errors (the most frequent first), and the measured seconds
/// that are over.
pub(super) fn sentences(
    total: &Row,
    errors: &[ErrorGroup],
    seconds: &[SecondFacts],
) -> Vec<String> {
    if total.issued == 0 && total.completed == 0 {
        return vec!["No request was measured.".into()];
    }
    if total.answers() == 0 && total.completed == 0 && total.errors() > 0 {
        return vec![all_failed(total, errors)];
    }
    gap(total, seconds).into_iter().collect()
}

fn all_failed(total: &Row, errors: &[ErrorGroup]) -> String {
    let all = thousands(total.errors());
    let Some(most) = errors.iter().max_by_key(|e| e.count) else {
        return format!("Every request failed: all {all}.");
    };
    let times = format!("{} times “{}” at {}", thousands(most.count), most.text, most.node);
    let class = most.outcome.label();
    if most.count == total.errors() {
        format!("Every request failed: {times} ({class}).")
    } else {
        format!("Every request failed: all {all}, most often {times} ({class}).")
    }
}

/// The longest time without an answer, where answers were to be expected.
fn gap(total: &Row, seconds: &[SecondFacts]) -> Option<String> {
    let silent = |s: &SecondFacts| s.answers == 0 && s.wanted > 0.0;
    let mut longest = 0..0;
    let mut from = 0;
    for (i, second) in seconds.iter().enumerate() {
        if !silent(second) {
            from = i + 1;
        } else if i + 1 - from > longest.len() {
            longest = from..i + 1;
        }
    }
    let spoken = seconds.len() - longest.len();
    let usual = total.completed as f64 / spoken.max(1) as f64;
    if longest.len() < GAP_LEAST || usual * (longest.len() as f64) < EXPECTED_LEAST {
        return None;
    }
    let length = longest.len();
    if longest.end == seconds.len() {
        return Some(format!("No answer came in the last {length} s of the measured time."));
    }
    let at = seconds.get(longest.start)?.t_s;
    Some(format!("No answer came for {length} s, from {}:{:02} on.", at / 60, at % 60))
}

#[cfg(test)]
mod tests {
    use super::*;
    use fwit_quantities::sample::Outcome;

    fn total(ok: u64, network: u64) -> Row {
        let mut row = Row { issued: ok + network, completed: ok, ..Row::default() };
        row.outcomes[Outcome::Ok.index()] = ok;
        row.outcomes[Outcome::Network.index()] = network;
        row
    }

    fn group(count: u64, text: &str) -> ErrorGroup {
        ErrorGroup {
            outcome: Outcome::Network,
            op: "get".into(),
            node: "n1".into(),
            text: text.into(),
            count,
            first_us: 0,
            last_us: 0,
            samples: Vec::new(),
        }
    }

    fn seconds(answers: &[u32]) -> Vec<SecondFacts> {
        let one = |(t, answers): (usize, &u32)| SecondFacts {
            t_s: t as u32,
            answers: *answers,
            wanted: 2.0,
        };
        answers.iter().enumerate().map(one).collect()
    }

    #[test]
    fn a_run_in_which_everything_fails_begins_with_that() {
        let said = sentences(&total(0, 1_314), &[group(1_314, "Failed to fetch")], &[]);
        assert_eq!(said, ["Every request failed: 1,314 times “Failed to fetch” at n1 (network)."]);
        let said = sentences(&total(0, 30), &[group(20, "HTTP 500"), group(10, "x")], &[]);
        assert!(said[0].contains("all 30, most often 20 times “HTTP 500”"), "{said:?}");
        assert_eq!(sentences(&total(0, 0), &[], &[]), ["No request was measured."]);
        assert_eq!(sentences(&total(90, 10), &[group(10, "x")], &[]), Vec::<String>::new());
    }

    #[test]
    fn a_long_silence_is_told_with_its_place() {
        let mut answers = [100; 24];
        assert_eq!(gap(&total(2_400, 0), &seconds(&answers)), None);
        answers[16..].fill(0);
        let said = gap(&total(1_600, 0), &seconds(&answers)).unwrap();
        assert_eq!(said, "No answer came in the last 8 s of the measured time.");
        answers[20] = 1;
        let said = gap(&total(1_601, 0), &seconds(&answers)).unwrap();
        assert_eq!(said, "No answer came for 4 s, from 0:16 on.");
        // Where an answer a second is what comes, three without one are nothing.
        let slow = [1, 1, 0, 0, 0, 1, 1, 2, 1];
        assert_eq!(gap(&total(7, 0), &seconds(&slow)), None);
    }
}
