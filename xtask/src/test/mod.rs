//! `cargo xtask test`: what every change must pass, here and in CI alike.
//!
//! Owns: the steps, their order and their commands, and the table at the end.
//! May not enter: checks themselves; a check is a test, a lint or a budget somewhere else.
//! Called by: `main`. Calls: `tools`, `browser`, `process`.
//! Invariant: a step that was asked for is run or fails; none is skipped in silence.
//! Tests: beside the code.

mod size;
mod table;

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use anyhow::{Context as _, Result, bail};

use crate::browser::{self, Browser};
use crate::tools::{Tools, cargo};
use crate::{process, workspace};

use table::{Line, Outcome};

const WASM: [&str; 2] = ["--target", "wasm32-unknown-unknown"];

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
}

impl Step {
    /// All steps in their order: what fails fastest comes first.
    pub const ALL: [Self; 7] =
        [Self::Fmt, Self::Clippy, Self::ClippyWasm, Self::Native, Self::Browser, Self::Page, Self::E2e];

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
            Step::Fmt => run_command(cargo().args(["fmt", "--all", "--check"])),
            Step::Clippy => run_command(
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
            // Clippy, these tests and the end-to-end tests all select the whole workspace, so that each
            // dependency is built with one set of features.
            Step::Native => run_command(cargo().args(["test", "--locked", "--workspace"])),
            Step::Browser => self.browser(),
            Step::Page => {
                self.build_page()?;
                size::check(&workspace::dist()?)
            }
            Step::E2e => self.e2e(),
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
        command
            .args(["clippy", "--locked", "--package", "fwit", "--package", "fwit-unpack", "--lib", "--bins"])
            .args(WASM);
        command.args(BROWSER_TESTS.iter().flat_map(|test| ["--test", test]));
        run_command(command.args(["--", "-D", "warnings"]))
    }

    fn browser(&mut self) -> Result<()> {
        let browser = Browser::ready()?;
        browser_tests(self.tools()?, &browser, &BROWSER_TESTS, &[], &[])
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
        run_command(cargo().args(["build", "--release", "--locked", "--package", "fwit-cluster"]))?;
        let mut command = cargo();
        command
            .args(["test", "--locked", "--workspace", "--features", "fwit-e2e/browser", "--test", "e2e"])
            // They measure, and each has a browser: one at a time.
            .args(["--", "--test-threads=1"]);
        run_command(e2e_env(&mut command, &browser)?)
    }
}

/// Runs the page package's tests in a browser, with words for cargo and for the tests.
///
/// # Errors
/// When they do not build, or one fails.
pub fn browser_tests(
    tools: &Tools,
    browser: &Browser,
    programs: &[&str],
    build: &[&str],
    tests: &[&str],
) -> Result<()> {
    let capabilities = workspace::target()?.join("webdriver.json");
    write_capabilities(browser, &capabilities)?;
    let program = cargo().get_program().to_string_lossy().into_owned();
    let mut command = tools.command(&program);
    command
        .args(["test", "--locked", "--package", "fwit"])
        .args(programs.iter().flat_map(|program| ["--test", program]))
        .args(WASM)
        .args(build)
        .arg("--")
        .args(tests)
        .env("CHROMEDRIVER", &browser.driver)
        .env("WASM_BINDGEN_TEST_WEBDRIVER_JSON", &capabilities)
        .env("WASM_BINDGEN_TEST_TIMEOUT", "300");
    // The runner would take another browser, or show the page and wait for a person.
    for other in ["GECKODRIVER", "SAFARIDRIVER", "MSEDGEDRIVER", "NO_HEADLESS"] {
        command.env_remove(other).env_remove(format!("{other}_REMOTE"));
    }
    command.env_remove("CHROMEDRIVER_REMOTE");
    run_command(&mut command)
}

/// Tells the end-to-end package where everything is.
///
/// # Errors
/// When the repository cannot be found.
pub fn e2e_env<'a>(command: &'a mut Command, browser: &Browser) -> Result<&'a mut Command> {
    Ok(command
        .env("FWIT_CLUSTER_BIN", workspace::cluster_program()?)
        .env("FWIT_DIST", workspace::dist()?)
        .env("CHROME", &browser.chrome)
        .env("CHROMEDRIVER", &browser.driver))
}

fn run_command(command: &mut Command) -> Result<()> {
    eprintln!("$ {}", process::describe(command));
    process::must_run(command).map(drop)
}

/// Writes the browser's settings for wasm-bindgen-test-runner: those of webdriver.json, and which browser.
fn write_capabilities(browser: &Browser, path: &Path) -> Result<()> {
    let source = workspace::root()?.join("webdriver.json");
    let text = fs::read_to_string(&source).with_context(|| format!("cannot read {}", source.display()))?;
    let text = with_binary(&text, &browser.chrome.to_string_lossy())
        .with_context(|| format!("{} has no \"args\" of goog:chromeOptions", source.display()))?;
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))
}

fn with_binary(capabilities: &str, program: &str) -> Option<String> {
    let (before, after) = capabilities.split_once("\"args\":")?;
    let program = program.replace('\\', "\\\\").replace('"', "\\\"");
    Some(format!("{before}\"binary\": \"{program}\",\n    \"args\":{after}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_browser_is_named_beside_its_arguments() {
        let text = with_binary("{ \"goog:chromeOptions\": { \"args\": [] } }", "C:\\a \"b\"").unwrap();
        assert_eq!(
            text,
            "{ \"goog:chromeOptions\": { \"binary\": \"C:\\\\a \\\"b\\\"\",\n    \"args\": [] } }"
        );
        assert_eq!(with_binary("{}", "x"), None);
        let file = workspace::root().unwrap().join("webdriver.json");
        assert!(with_binary(&fs::read_to_string(file).unwrap(), "x").is_some());
    }
}
