//! A WebDriver server on a free port: chromedriver or geckodriver.

use std::io;
use std::path::Path;
use std::process::{Child, ChildStdin, Command as Program, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};

/// How long the driver and the browser may take to start.
pub(crate) const START: Duration = Duration::from_secs(120);

/// A running driver; it ends when this is dropped, and when this process ends, however that
/// happens.
#[derive(Debug)]
pub(crate) struct Driver {
    child: Child,
    /// Held open: the shell around the driver waits for its end.
    lifeline: Option<ChildStdin>,
    pub(crate) port: u16,
}

/// Runs the driver until standard input ends. A browser that tests share is never dropped, for it
/// is static.
const UNTIL_WE_END: &str = r#""$@" & driver=$!; exec > /dev/null; cat; kill "$driver""#;

impl Driver {
    pub(crate) fn start(program: &Path) -> Result<Self> {
        let name = program.display();
        let mut command = if cfg!(unix) {
            let mut shell = Program::new("sh");
            shell.args(["-c", UNTIL_WE_END, "sh"]).arg(program);
            shell
        } else {
            Program::new(program)
        };
        // It stays in our process group: who kills us kills it.
        let mut child = command
            .arg("--port=0")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
            .with_context(|| format!("cannot start {name}"))?;
        let lifeline = child.stdin.take();
        let mut driver = Self { child, lifeline, port: 0 };
        let out = driver.child.stdout.take().context("the driver has no output")?;
        let (sender, lines) = mpsc::channel();
        xtask::process::forward_lines(out, sender);
        let deadline = Instant::now() + START;
        loop {
            match lines.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                Ok(line) => {
                    if let Some(port) = port_in(&line) {
                        driver.port = port;
                        return Ok(driver);
                    }
                }
                Err(RecvTimeoutError::Timeout) => {
                    bail!("{name} told no port within {} s", START.as_secs())
                }
                Err(RecvTimeoutError::Disconnected) => {
                    bail!("{name} ended before it told its port")
                }
            }
        }
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        drop(self.lifeline.take());
        let ended: io::Result<_> = if cfg!(unix) {
            self.child.wait()
        } else {
            self.child.kill().and_then(|()| self.child.wait())
        };
        // It may have ended by itself.
        drop(ended);
    }
}

/// The port in `ChromeDriver was started successfully on port 12345.` or geckodriver's
/// `Listening on 127.0.0.1:12345`.
fn port_in(line: &str) -> Option<u16> {
    let after = |text| line.split_once(text).map(|(_, after)| after);
    let port =
        after("started successfully on port ").or_else(|| after("Listening on 127.0.0.1:"))?;
    port.trim().trim_end_matches('.').parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_drivers_port_is_read() {
        assert_eq!(port_in("ChromeDriver was started successfully on port 39823."), Some(39823));
        assert_eq!(
            port_in("1700000000000\tgeckodriver\tINFO\tListening on 127.0.0.1:4444"),
            Some(4444)
        );
        assert_eq!(port_in("Starting ChromeDriver 150 on port 0"), None);
    }
}
