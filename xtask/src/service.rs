//! A program that runs beside us until it is stopped: started, understood by its lines, and
//! stopped.
//!
//! It ends when its standard input does. The other end of that pipe is here, so it ends with us,
//! however we end.

use std::collections::VecDeque;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};

use crate::process;

/// How often a wait looks whether a signal came.
const TICK: Duration = Duration::from_millis(100);

/// A program that runs until it is stopped or dropped.
#[derive(Debug)]
pub struct Service {
    /// What it is, for messages: "the cluster".
    what: &'static str,
    child: Child,
    stdin: Option<ChildStdin>,
    lines: Receiver<String>,
    tail: VecDeque<String>,
}

impl Service {
    /// Starts a command and reads its lines until `on_line` says that it is ready.
    ///
    /// # Errors
    /// When the program is missing, ends before it is ready (with its last lines), is not ready
    /// within `patience`, prints a line that `on_line` refuses, or a signal stops us. The program
    /// is stopped then.
    pub fn start(
        what: &'static str,
        command: &mut Command,
        patience: Duration,
        mut on_line: impl FnMut(&str) -> Result<bool>,
    ) -> Result<Self> {
        let name = process::describe(command);
        let mut child = process::spawn(
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()),
        )
        .with_context(|| format!("cannot start {}", command.get_program().to_string_lossy()))?;
        let (sender, lines) = mpsc::channel();
        let (stdin, out, err) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        if let Some(out) = out {
            process::forward_lines(out, sender.clone());
        }
        if let Some(err) = err {
            process::forward_lines(err, sender);
        }
        let mut service = Self { what, child, stdin, lines, tail: VecDeque::new() };
        let deadline = Instant::now() + patience;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            match service.lines.recv_timeout(left.min(TICK)) {
                Ok(line) => {
                    let ready = on_line(&line).with_context(|| format!("{what} said `{line}`"));
                    process::keep(&mut service.tail, line);
                    if ready? {
                        return Ok(service);
                    }
                }
                Err(RecvTimeoutError::Timeout) if process::stopped() => bail!("stopped"),
                Err(RecvTimeoutError::Timeout) if !left.is_zero() => {}
                Err(RecvTimeoutError::Timeout) => {
                    let (seconds, said) = (patience.as_secs(), service.log());
                    bail!("`{name}` was not ready after {seconds} s; it said:\n{said}");
                }
                Err(RecvTimeoutError::Disconnected) => {
                    bail!("`{name}` ended before it was ready; it said:\n{}", service.log());
                }
            }
        }
    }

    /// Waits for the next line of the program's log, at most `patience`; false when the program has
    /// ended.
    pub fn watch(&mut self, patience: Duration, on_line: impl FnOnce(&str)) -> bool {
        match self.lines.recv_timeout(patience) {
            Ok(line) => {
                on_line(&line);
                process::keep(&mut self.tail, line);
                true
            }
            Err(RecvTimeoutError::Timeout) => true,
            Err(RecvTimeoutError::Disconnected) => false,
        }
    }

    /// The last lines of the program's log.
    pub fn log(&mut self) -> String {
        while let Ok(line) = self.lines.try_recv() {
            process::keep(&mut self.tail, line);
        }
        Vec::from(self.tail.clone()).join("\n")
    }

    /// Stops the program and waits for its end.
    ///
    /// # Errors
    /// When it had to be killed.
    pub fn stop(mut self) -> Result<()> {
        if self.end() {
            return Ok(());
        }
        let (what, seconds) = (self.what, process::GRACE.as_secs());
        bail!("{what} did not stop within {seconds} s and was killed:\n{}", self.log())
    }

    fn end(&mut self) -> bool {
        drop(self.stdin.take());
        process::reap_or_kill(&mut self.child, process::GRACE)
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        self.end();
    }
}
