//! What is left of a long job, told in one line: a bar, the part at work, and the time.

use std::io::{IsTerminal as _, Write as _};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use crate::process::{self, Ended};

/// How often the line is told anew: on a terminal, where it replaces the last, and elsewhere.
const PAUSES: [Duration; 2] = [Duration::from_millis(200), Duration::from_secs(15)];

/// A part of the job: builds with cargo.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Part {
    /// What it is called.
    pub name: &'static str,
    /// What share of the job it has; seconds that it once took.
    pub weight: f64,
    /// About how many crates it compiles when nothing is built yet.
    pub crates: u32,
}

/// A job of several parts.
#[derive(Debug)]
pub struct Progress {
    parts: Vec<Part>,
    /// Weight of the parts that are done.
    done: f64,
    started: Instant,
    told: Instant,
    terminal: bool,
}

impl Progress {
    /// A job of these parts, of which nothing is done.
    pub fn new(parts: Vec<Part>) -> Self {
        let now = Instant::now();
        Self {
            parts,
            done: 0.0,
            started: now,
            told: now,
            terminal: std::io::stderr().is_terminal(),
        }
    }

    /// Runs the command of a part and tells how far the job is. The command's own output is kept
    /// for an error.
    ///
    /// # Errors
    /// As [`process::run`], and when the command fails: with its last lines.
    pub fn run(&mut self, name: &str, command: &mut Command) -> Result<Ended> {
        let part = self.parts.iter().find(|part| part.name == name).copied();
        let part = part.unwrap_or(Part { name: "", weight: 0.0, crates: 0 });
        let mut compiled = 0;
        self.tell(part, compiled);
        let ended = process::run(command, |line| {
            let line = line.unwrap_or_default().trim_start();
            if line.starts_with("Compiling ") {
                compiled += 1;
            } else if line.starts_with("Blocking ") {
                eprintln!("  {line}");
            }
            if self.told.elapsed() >= PAUSES[usize::from(!self.terminal)] {
                self.tell(part, compiled);
            }
        });
        self.done += part.weight;
        if self.terminal {
            // An empty line in its place.
            eprint!("\r\x1b[2K");
        }
        let ended = ended?;
        if !ended.ok {
            let tail = Vec::from(ended.tail.clone()).join("\n");
            bail!("`{}` failed: {}\n{tail}", process::describe(command), ended.reason());
        }
        Ok(ended)
    }

    fn tell(&mut self, part: Part, compiled: u32) {
        self.told = Instant::now();
        let total = self.parts.iter().map(|part| part.weight).sum();
        let line = line(part, compiled, self.done, total, self.started.elapsed());
        if self.terminal {
            eprint!("\r\x1b[2K{line}");
            // A terminal that is gone loses a line of progress, no more.
            let _ = std::io::stderr().flush();
        } else {
            eprintln!("{line}");
        }
    }
}

/// `[####......]  40 %  trunk: 120 of about 280 crates, 3:10 min so far`
fn line(part: Part, compiled: u32, done: f64, total: f64, elapsed: Duration) -> String {
    const WIDTH: usize = 20;
    let of_part = f64::from(compiled) / f64::from(part.crates.max(1));
    let share = if total > 0.0 { (done + part.weight * of_part.min(0.99)) / total } else { 1.0 };
    let cells = (0..WIDTH).map(|cell| if (cell as f64) < share * WIDTH as f64 { '#' } else { '.' });
    let bar: String = cells.collect();
    format!(
        "[{bar}] {:>3.0} %  {}: {compiled} of about {} crates, {} so far",
        (share * 100.0).floor(),
        part.name,
        part.crates.max(compiled),
        process::minutes(elapsed)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRUNK: Part = Part { name: "trunk", weight: 60.0, crates: 200 };

    #[test]
    fn a_line_tells_what_is_done_of_all() {
        let told = line(TRUNK, 100, 20.0, 100.0, Duration::from_secs(75));
        assert_eq!(
            told,
            "[##########..........]  50 %  trunk: 100 of about 200 crates, 1:15 min so far"
        );
        let more = line(TRUNK, 300, 20.0, 100.0, Duration::ZERO);
        assert!(more.contains(" 79 %") && more.contains("300 of about 300"), "{more}");
        assert!(line(TRUNK, 0, 0.0, 0.0, Duration::ZERO).contains("100 %"));
    }

    #[cfg(unix)]
    #[test]
    fn a_part_that_fails_says_why() {
        let mut progress = Progress::new(vec![TRUNK]);
        let mut command = Command::new("sh");
        let error =
            progress.run("trunk", command.args(["-c", "echo one; echo error: two; exit 1"]));
        let error = error.unwrap_err().to_string();
        assert!(error.contains("error: two (exit status: 1)") && error.contains("one"), "{error}");
    }
}
