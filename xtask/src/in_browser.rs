//! Commands that need a browser: the page package's tests in it, and the end-to-end package.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result};

use crate::browser::{Browser, Firefox};
use crate::tools::{Tools, WASM, cargo};
use crate::{answers, process, workspace};

/// Runs the page package's tests in a browser, or in two, with words for cargo and for the tests.
///
/// # Errors
/// When they do not build, or one fails.
pub fn browser_tests(
    tools: &Tools,
    browser: &Browser,
    firefox: Option<&Firefox>,
    programs: &[&str],
    build: &[&str],
    tests: &[&str],
) -> Result<()> {
    let source = workspace::root()?.join("webdriver.json");
    let text =
        fs::read_to_string(&source).with_context(|| format!("cannot read {}", source.display()))?;
    let chromium = with_binary(&text, &browser.chrome)
        .with_context(|| format!("{} has no \"args\" of goog:chromeOptions", source.display()))?;
    let mut browsers = vec![("CHROMEDRIVER", &browser.driver, chromium)];
    if let Some(Firefox { program, driver }) = firefox {
        let options =
            format!("{{ \"moz:firefoxOptions\": {{ \"binary\": {} }} }}", json_string(program));
        browsers.push(("GECKODRIVER", driver, options));
    }
    let (target, server) = (workspace::target()?, answers::serve()?);
    fs::create_dir_all(&target)?;
    let capabilities = target.join("webdriver.json");
    let program = cargo().get_program().to_string_lossy().into_owned();
    for (variable, driver, text) in browsers {
        fs::write(&capabilities, text)
            .with_context(|| format!("cannot write {}", capabilities.display()))?;
        let mut command = tools.command(&program);
        command
            .args(["test", "--locked", "--package", "fwit"])
            .args(programs.iter().flat_map(|program| ["--test", program]))
            .args(WASM)
            .args(build)
            .arg("--")
            .args(tests)
            .env("WASM_BINDGEN_TEST_WEBDRIVER_JSON", &capabilities)
            .env("WASM_BINDGEN_TEST_TIMEOUT", "300")
            .env("FWIT_TEST_SERVER", &server);
        // The runner would take another browser, or show the page and wait for a person.
        for other in ["CHROMEDRIVER", "GECKODRIVER", "SAFARIDRIVER", "MSEDGEDRIVER", "NO_HEADLESS"]
        {
            command.env_remove(other).env_remove(format!("{other}_REMOTE"));
        }
        process::show_and_run(command.env(variable, driver))?;
    }
    Ok(())
}

/// Tells the end-to-end package where everything is.
///
/// # Errors
/// When the repository cannot be found.
pub fn e2e_env<'a>(command: &'a mut Command, browser: &Browser) -> Result<&'a mut Command> {
    if let Some(firefox) = Firefox::found()? {
        command.env("FIREFOX", firefox.program).env("GECKODRIVER", firefox.driver);
    }
    Ok(command
        .env("FWIT_CLUSTER_BIN", workspace::cluster_program()?)
        .env("FWIT_GATEWAY_BIN", workspace::gateway_program()?)
        .env("FWIT_DIST", workspace::dist()?)
        .env("CHROME", &browser.chrome)
        .env("CHROMEDRIVER", &browser.driver))
}

/// The capabilities with the browser's program beside its arguments.
fn with_binary(capabilities: &str, program: &Path) -> Option<String> {
    let (before, after) = capabilities.split_once("\"args\":")?;
    Some(format!("{before}\"binary\": {},\n    \"args\":{after}", json_string(program)))
}

fn json_string(path: &Path) -> String {
    format!("\"{}\"", path.to_string_lossy().replace('\\', "\\\\").replace('"', "\\\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_browser_is_named_beside_its_arguments() {
        let text =
            with_binary("{ \"goog:chromeOptions\": { \"args\": [] } }", Path::new("C:\\a \"b\""))
                .unwrap();
        assert_eq!(
            text,
            "{ \"goog:chromeOptions\": { \"binary\": \"C:\\\\a \\\"b\\\"\",\n    \"args\": [] } }"
        );
        assert_eq!(with_binary("{}", Path::new("x")), None);
        let file = workspace::root().unwrap().join("webdriver.json");
        assert!(with_binary(&fs::read_to_string(file).unwrap(), Path::new("x")).is_some());
    }
}
