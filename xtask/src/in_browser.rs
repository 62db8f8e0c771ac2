//! Commands that need a browser: the page package's tests in it, and the end-to-end package.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result};

use crate::browser::Browser;
use crate::tools::{Tools, WASM, cargo};
use crate::{process, workspace};

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
    process::show_and_run(&mut command)
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
