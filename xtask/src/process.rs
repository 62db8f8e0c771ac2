//! Commands that are run, watched and stopped.
//!
//! Every command gets a process group of its own and no stdin. A signal to us ends all groups:
//! first they are asked, and killed when they are still there [`GRACE`] later or at a second
//! signal.

use std::collections::VecDeque;
use std::io::{BufRead as _, BufReader, Read};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};

/// How long a program may take to stop after it was asked to.
pub const GRACE: Duration = Duration::from_secs(10);

/// The longest that a command may take: a cold build of everything on a slow machine takes a third
/// of it.
const LIMIT: Duration = Duration::from_secs(45 * 60);

/// How long the output may be silent after a command's end, while something that it left behind
/// holds it open.
const SILENCE: Duration = Duration::from_secs(5);

/// The longest that a program of ours says nothing while a command runs.
const QUIET: Duration = Duration::from_secs(20);

/// Lines kept from a command's output for its error.
const TAIL: usize = 40;

static STOPPED: AtomicBool = AtomicBool::new(false);
static GROUPS: Mutex<Vec<u32>> = Mutex::new(Vec::new());

/// Whether a signal asked us to stop.
pub fn stopped() -> bool {
    STOPPED.load(Ordering::SeqCst)
}

/// From now on SIGINT, SIGTERM and SIGHUP stop the commands that run, and then this program in good
/// order.
///
/// # Errors
/// When the system refuses the handler, or one was set before.
pub fn stop_on_signals() -> Result<()> {
    ctrlc::set_handler(|| {
        let again = STOPPED.swap(true, Ordering::SeqCst);
        signal_all(again);
        if !again {
            thread::spawn(|| {
                thread::sleep(GRACE);
                signal_all(true);
            });
        }
    })
    .context("cannot watch for Ctrl-C")
}

/// How a command ended.
#[derive(Debug)]
pub struct Ended {
    /// Whether it succeeded.
    pub ok: bool,
    /// "exit status: 1" or the like.
    pub status: String,
    /// Wall time.
    pub took: Duration,
    /// Its last lines, standard output and standard error as they came.
    pub tail: VecDeque<String>,
}

impl Ended {
    /// The line that says best why the command failed: its last error, else its last line.
    pub fn reason(&self) -> String {
        let plain = |line: &String| without_colour(line).trim().to_owned();
        let lines: Vec<String> =
            self.tail.iter().map(plain).filter(|line| !line.is_empty()).collect();
        let says_why = |line: &&String| {
            line.starts_with("error:")
                || line.starts_with("error[")
                || line.contains("FAILED")
                || line.starts_with("Error")
                || line.contains("panicked at")
        };
        let said = lines.iter().rfind(says_why).or(lines.last());
        said.map_or_else(|| self.status.clone(), |line| format!("{line} ({})", self.status))
    }
}

/// Runs a command to its end. Hands on each line that it prints, and nothing once in a second
/// without a line.
///
/// # Errors
/// When it cannot be started, takes longer than 45 minutes, or a signal stopped us. A command that
/// fails is an [`Ended`] that is not `ok`.
pub fn run(command: &mut Command, watch: impl FnMut(Option<&str>)) -> Result<Ended> {
    run_within(LIMIT, command, watch)
}

fn run_within(
    limit: Duration,
    command: &mut Command,
    mut watch: impl FnMut(Option<&str>),
) -> Result<Ended> {
    let name = describe(command);
    let started = Instant::now();
    let mut child =
        spawn(command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()))
            .with_context(|| format!("cannot start `{name}`"))?;
    let (sender, lines) = mpsc::channel();
    if let Some(out) = child.stdout.take() {
        forward_lines(out, sender.clone());
    }
    if let Some(err) = child.stderr.take() {
        forward_lines(err, sender);
    }
    let mut tail = VecDeque::new();
    let mut ended_at = None;
    let mut too_long = false;
    loop {
        match lines.recv_timeout(Duration::from_secs(1)) {
            Ok(line) => {
                watch(Some(&line));
                keep(&mut tail, line);
            }
            Err(RecvTimeoutError::Disconnected) => break,
            Err(RecvTimeoutError::Timeout) => watch(None),
        }
        if started.elapsed() > limit && !too_long {
            too_long = true;
            signal(child.id(), true);
        }
        if ended_at.is_none() && !matches!(child.try_wait(), Ok(None)) {
            ended_at = Some(Instant::now());
        }
        if ended_at.is_some_and(|ended: Instant| ended.elapsed() > SILENCE) {
            break;
        }
    }
    let status = reap(&mut child).with_context(|| format!("lost sight of `{name}`"))?;
    if stopped() {
        bail!("stopped");
    }
    if too_long {
        bail!(
            "`{name}` was killed after {} s; its last line: {}",
            limit.as_secs(),
            tail.back().map_or("", |line| line)
        );
    }
    Ok(Ended { ok: status.success(), status: status.to_string(), took: started.elapsed(), tail })
}

/// Runs a command that must succeed. Shows its output, and while that is quiet a line now and then.
///
/// # Errors
/// As [`run`], and when the command fails: with the line that says why.
pub fn must_run(command: &mut Command) -> Result<Duration> {
    let name = describe(command);
    let started = Instant::now();
    let mut said = started;
    let ended = run(command, |line| match line {
        Some(line) => {
            said = Instant::now();
            eprintln!("{line}");
        }
        None if said.elapsed() >= QUIET => {
            said = Instant::now();
            eprintln!("... {} and `{name}` still runs", minutes(started.elapsed()));
        }
        None => {}
    })?;
    if !ended.ok {
        bail!("`{name}` failed: {}", ended.reason());
    }
    Ok(ended.took)
}

/// As [`must_run`], and shows the command first.
///
/// # Errors
/// As [`must_run`].
pub fn show_and_run(command: &mut Command) -> Result<()> {
    eprintln!("$ {}", describe(command));
    must_run(command).map(drop)
}

/// A time as a person reads it: `75 s` is `1:15 min`.
pub fn minutes(time: Duration) -> String {
    format!("{}:{:02} min", time.as_secs() / 60, time.as_secs() % 60)
}

/// The standard output of a short command, or nothing when it is missing or fails.
pub fn output_of(command: &mut Command) -> Option<String> {
    let output = command.stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// Starts a command in a process group of its own that a signal to us ends too; end it with
/// [`reap`].
///
/// # Errors
/// When it cannot be started.
pub fn spawn(command: &mut Command) -> std::io::Result<Child> {
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(command, 0);
    // Held over the start, so that a signal meets either no process or a registered one.
    let mut groups = groups();
    if stopped() {
        return Err(std::io::Error::other("stopped"));
    }
    let child = command.spawn()?;
    groups.push(child.id());
    Ok(child)
}

/// Waits for the end of a child of [`spawn`].
///
/// # Errors
/// When the system lost the child.
pub fn reap(child: &mut Child) -> std::io::Result<ExitStatus> {
    let status = child.wait();
    groups().retain(|group| *group != child.id());
    status
}

/// Waits for the end of a child of [`spawn`] that was told to stop; kills its group after
/// `patience`. Gives whether it ended by itself.
pub fn reap_or_kill(child: &mut Child, patience: Duration) -> bool {
    let deadline = Instant::now() + patience;
    let mut by_itself = true;
    while matches!(child.try_wait(), Ok(None)) {
        if Instant::now() >= deadline {
            by_itself = false;
            signal(child.id(), true);
            break;
        }
        thread::sleep(Duration::from_millis(10));
    }
    let _ = reap(child);
    by_itself
}

/// Sends each line of a stream to a channel, from a thread that ends with the stream.
pub fn forward_lines(stream: impl Read + Send + 'static, lines: mpsc::Sender<String>) {
    thread::spawn(move || {
        let mut stream = BufReader::new(stream);
        let mut line = Vec::new();
        while matches!(stream.read_until(b'\n', &mut line), Ok(n) if n > 0) {
            let text = String::from_utf8_lossy(&line).trim_end_matches(['\n', '\r']).to_owned();
            line.clear();
            // Read on even if nobody listens: a full pipe would stall the program.
            let _ = lines.send(text);
        }
    });
}

/// Appends a line and forgets the oldest beyond what an error needs.
pub fn keep(tail: &mut VecDeque<String>, line: String) {
    if tail.len() == TAIL {
        tail.pop_front();
    }
    tail.push_back(line);
}

/// A command as a person would type it.
pub fn describe(command: &Command) -> String {
    let program = std::path::Path::new(command.get_program());
    let mut words = vec![program.file_name().unwrap_or_default().to_string_lossy().into_owned()];
    words.extend(command.get_args().map(|word| word.to_string_lossy().into_owned()));
    words.join(" ")
}

fn groups() -> MutexGuard<'static, Vec<u32>> {
    GROUPS.lock().unwrap_or_else(PoisonError::into_inner)
}

fn signal_all(kill: bool) {
    for group in groups().iter() {
        signal(*group, kill);
    }
}

#[cfg(unix)]
fn signal(group: u32, kill: bool) {
    use nix::sys::signal::{Signal, killpg};
    if let Ok(group) = i32::try_from(group) {
        let signal = if kill { Signal::SIGKILL } else { Signal::SIGTERM };
        // The group may have ended just now: nothing to do then.
        let _ = killpg(nix::unistd::Pid::from_raw(group), signal);
    }
}

/// Elsewhere the console sends Ctrl-C to the children itself.
#[cfg(not(unix))]
fn signal(_group: u32, _kill: bool) {}

fn without_colour(line: &str) -> String {
    let mut plain = String::with_capacity(line.len());
    let mut rest = line;
    while let Some((before, after)) = rest.split_once("\x1b[") {
        plain.push_str(before);
        rest = after.find(|c: char| c.is_ascii_alphabetic()).map_or("", |end| &after[end + 1..]);
    }
    plain + rest
}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    #[test]
    fn both_streams_arrive_and_the_error_is_the_reason() {
        let mut seen = Vec::new();
        let ended = run(
            &mut shell(
                "echo one; printf '\\033[31merror: two\\033[0m\\n' >&2; sleep 0; echo \
                        three; exit 3",
            ),
            |line| seen.extend(line.map(str::to_owned)),
        )
        .unwrap();
        assert_eq!(seen.len(), 3);
        assert!(!ended.ok);
        assert_eq!(ended.reason(), "error: two (exit status: 3)");
    }

    #[test]
    fn a_silent_failure_has_its_status_as_reason() {
        assert_eq!(run(&mut shell("exit 7"), |_| ()).unwrap().reason(), "exit status: 7");
    }

    #[test]
    fn a_command_that_hangs_is_killed() {
        let error = run_within(Duration::ZERO, &mut shell("echo here; exec sleep 1000"), |_| ())
            .unwrap_err();
        assert!(error.to_string().contains("killed after 0 s"), "{error}");
    }

    #[test]
    fn a_quiet_command_is_heard_of() {
        // Ends when it was heard of: the pipe's other end is this closure.
        let fifo = std::env::temp_dir().join(format!("fwit-quiet-{}", std::process::id()));
        let made = Command::new("mkfifo").arg(&fifo).status().unwrap();
        assert!(made.success());
        let mut quiet = 0;
        let ended = run(&mut shell(&format!("read line < {}", fifo.display())), |line| {
            if line.is_none() && quiet == 0 {
                quiet += 1;
                std::fs::write(&fifo, "go\n").unwrap();
            }
        });
        std::fs::remove_file(&fifo).unwrap();
        assert!(ended.unwrap().ok && quiet == 1);
    }

    #[test]
    fn what_a_command_leaves_behind_does_not_hold_us() {
        // A session of its own: out of reach of the group's signals.
        let script = "setsid sleep 30 & echo $!";
        let mut left = String::new();
        let ended = run(&mut shell(script), |line| left.extend(line)).unwrap();
        assert!(ended.ok && ended.took < Duration::from_secs(30));
        let _ = Command::new("kill").arg(left).status();
    }

    #[test]
    fn a_missing_program_is_named() {
        let error = must_run(&mut Command::new("fwit-no-such-program")).unwrap_err();
        assert!(format!("{error:#}").contains("fwit-no-such-program"), "{error:#}");
    }

    #[test]
    fn a_program_that_does_not_stop_is_killed_with_its_children() {
        let mut command = shell("sleep 1000 & wait");
        let mut child = spawn(command.stdout(Stdio::piped())).unwrap();
        let mut out = child.stdout.take().unwrap();
        assert!(!reap_or_kill(&mut child, Duration::ZERO));
        // The pipe ends only when the grandchild is gone too.
        assert_eq!(out.read(&mut [0]).unwrap(), 0);
    }
}
