//! The table at the end of a test run.

use std::fmt::Write as _;
use std::time::Duration;

/// A step that was run.
#[derive(Debug)]
pub(super) struct Line {
    pub(super) name: &'static str,
    pub(super) outcome: Outcome,
    pub(super) took: Duration,
}

/// How it went.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Passed,
    /// With what was wrong.
    Failed(String),
    /// A signal came.
    Stopped,
}

/// One line a step, the reason below a step that failed, the total.
pub(super) fn render(lines: &[Line], total: Duration) -> String {
    let mut text = format!("{:<12} {:<7} {:>9}\n", "step", "result", "time");
    for Line { name, outcome, took } in lines {
        let (word, reason) = match outcome {
            Outcome::Passed => ("ok", None),
            Outcome::Failed(reason) => ("FAILED", Some(reason)),
            Outcome::Stopped => ("stopped", None),
        };
        // Writing into a string cannot fail.
        let _ = writeln!(text, "{name:<12} {word:<7} {:>9}", seconds(*took));
        for line in reason.iter().flat_map(|reason| reason.lines()) {
            let _ = writeln!(text, "             {line}");
        }
    }
    let _ = write!(text, "{:<12} {:<7} {:>9}", "total", "", seconds(total));
    text
}

fn seconds(time: Duration) -> String {
    format!("{:.1} s", time.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_carry_their_reason() {
        let line = |name, outcome| Line { name, outcome, took: Duration::from_millis(1240) };
        let lines = [
            line("fmt", Outcome::Passed),
            line("e2e", Outcome::Failed("error: two\nlines".to_owned())),
        ];
        let expected = "\
step         result       time
fmt          ok          1.2 s
e2e          FAILED      1.2 s
             error: two
             lines
total                    3.0 s";
        assert_eq!(render(&lines, Duration::from_secs(3)), expected);
    }
}
