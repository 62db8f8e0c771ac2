//! `cargo xtask test`: what every change must pass, here and in CI alike.
//!
//! Owns: the steps, their order and their commands, and the table at the end.
//! May not enter: checks themselves; a check is a test, a lint or a budget somewhere else.
//! Invariant: a step that was asked for is run or fails; none is skipped in silence.
//! Tests: beside the code.

mod table;

use std::time::Instant;

use anyhow::{Context as _, Result, bail};

use crate::browser::{self, Browser, Firefox};
use crate::in_browser::{browser_tests, e2e_env};
use crate::tools::{Tools, WASM, cargo};
use crate::{process, prove, workspace};

use table::{Line, Outcome};

/// The test programs of the page package that run in a browser.
const BROWSER_TESTS: [&str; 1] = ["browser"];

/// A step of the pipeline.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Formatting.
    Fmt,
    /// Lints of everything native.
    Clippy,
    /// Lints of the page and its worker.
    ClippyWasm,
    /// Native tests.
    Native,
    /// The page package's tests in a browser.
    Browser,
    /// The page's build and size.
    Page,
    /// Page, browser and cluster together.
    E2e,
    /// The short forms of the proofs.
    Proofs,
}

impl Step {
    /// All steps in their order: what fails fastest comes first.
    pub const ALL: [Self; 8] = [
        Self::Fmt,
        Self::Clippy,
        Self::ClippyWasm,
        Self::Native,
        Self::Browser,
        Self::Page,
        Self::E2e,
        Self::Proofs,
    ];

    /// The step's name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Fmt => "fmt",
            Self::Clippy => "clippy",
            Self::ClippyWasm => "clippy-wasm",
            Self::Native => "native",
            Self::Browser => "browser",
            Self::Page => "page",
            Self::E2e => "e2e",
            Self::Proofs => "proofs",
        }
    }

    /// All names, for a message.
    pub fn names() -> String {
        Self::ALL.map(Self::name).join(", ")
    }
}

/// Runs the steps, also after one failed, and prints a table.
///
/// # Errors
/// When a step failed or a signal came.
pub fn run(steps: &[Step]) -> Result<()> {
    process::stop_on_signals()?;
    let started = Instant::now();
    let mut pipeline = Pipeline::default();
    let mut lines: Vec<Line> = Vec::new();
    for step in steps {
        eprintln!("\n== {} ==", step.name());
        let began = Instant::now();
        let outcome = match pipeline.step(*step) {
            Ok(()) => Outcome::Passed,
            Err(_) if process::stopped() => Outcome::Stopped,
            Err(wrong) => Outcome::Failed(format!("{wrong:#}")),
        };
        lines.push(Line { name: step.name(), outcome, took: began.elapsed() });
        if process::stopped() {
            break;
        }
    }
    eprintln!("\n{}", table::render(&lines, started.elapsed()));
    let failed: Vec<&str> =
        lines.iter().filter(|line| line.outcome != Outcome::Passed).map(|line| line.name).collect();
    if !failed.is_empty() {
        bail!("failed: {}; again with `cargo xtask test {}`", failed.join(", "), failed.join(" "));
    }
    Ok(())
}

/// What steps leave for later ones.
#[derive(Default)]
struct Pipeline {
    tools: Option<Tools>,
    page: Page,
}

#[derive(Default)]
enum Page {
    #[default]
    NotBuilt,
    Built,
    Broken,
}

impl Pipeline {
    fn step(&mut self, step: Step) -> Result<()> {
        match step {
            Step::Fmt => process::show_and_run(cargo().args(["fmt", "--all", "--check"])),
            Step::Clippy => process::show_and_run(
                cargo()
                    .args([
                        "clippy",
                        "--locked",
                        "--workspace",
                        "--all-targets",
                        "--features",
                        "fwit-e2e/browser",
                    ])
                    .args(["--", "-D", "warnings"]),
            ),
            Step::ClippyWasm => self.clippy_wasm(),
            // Clippy, these tests and the end-to-end tests all select the whole workspace, so that
            // each dependency is built with one set of features.
            Step::Native => {
                process::show_and_run(cargo().args(["test", "--locked", "--workspace"]))
            }
            Step::Browser => self.browser(),
            Step::Page => {
                self.build_page()?;
                let measure = [
                    "run",
                    "--quiet",
                    "--locked",
                    "--package",
                    "xtask",
                    "--example",
                    "page-size",
                    "--",
                ];
                process::show_and_run(cargo().args(measure).arg(workspace::dist()?))
            }
            Step::E2e => self.e2e(),
            Step::Proofs => prove::subset_of_ci(),
        }
    }

    fn tools(&mut self) -> Result<&Tools> {
        if self.tools.is_none() {
            self.tools = Some(Tools::ready()?);
        }
        self.tools.as_ref().context("no tools")
    }

    fn clippy_wasm(&mut self) -> Result<()> {
        self.tools()?; // For the wasm target.
        let mut command = cargo();
        command.args(["clippy", "--locked", "--package", "fwit", "--lib", "--bins"]).args(WASM);
        command.args(BROWSER_TESTS.iter().flat_map(|test| ["--test", test]));
        process::show_and_run(command.args(["--", "-D", "warnings"]))
    }

    fn browser(&mut self) -> Result<()> {
        let (browser, firefox) = (Browser::ready()?, Firefox::found()?);
        browser_tests(self.tools()?, &browser, firefox.as_ref(), &BROWSER_TESTS, &[], &[])
    }

    fn build_page(&mut self) -> Result<()> {
        self.page = Page::Broken;
        self.tools()?.build_page()?;
        self.page = Page::Built;
        Ok(())
    }

    fn e2e(&mut self) -> Result<()> {
        match self.page {
            Page::Built => {}
            Page::NotBuilt => self.build_page()?,
            Page::Broken => bail!("not run: the page does not build"),
        }
        let browser = Browser::ready()?;
        browser::python_ready()?;
        browser::systems_ready()?;
        // `--test cluster` and `--test gateway` are for their programs: cargo builds those with a
        // package's tests. In the same selection as the native tests, so that what they built is
        // used again.
        let workspace =
            ["test", "--locked", "--workspace", "--features", "fwit-e2e/browser", "--test", "e2e"];
        let programs = ["--test", "cluster", "--test", "gateway", "--no-run"];
        process::show_and_run(cargo().args(workspace).args(programs))?;
        let mut command = cargo();
        // They measure, and each has a browser: one at a time.
        command.args(workspace).args(["--", "--test-threads=1"]);
        process::show_and_run(e2e_env(&mut command, &browser)?)
    }
}
