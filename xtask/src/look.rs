//! `cargo xtask screenshots`: the page in light and dark, wide and narrow.

use anyhow::Result;

use crate::browser::Browser;
use crate::cli::ScreenshotOptions;
use crate::in_browser::e2e_env;
use crate::tools::{Tools, cargo, cluster_build};
use crate::{process, workspace};

/// Saves the pictures; builds the page first when there is none.
///
/// # Errors
/// When the page does not build, there is no browser, or a picture cannot be taken.
pub fn run(options: &ScreenshotOptions) -> Result<()> {
    process::stop_on_signals()?;
    if !workspace::dist()?.join("index.html").is_file() {
        Tools::ready()?.build_page()?;
    }
    process::must_run(&mut cluster_build())?;
    let browser = Browser::ready()?;
    let mut command = cargo();
    command
        .args(["run", "--quiet", "--locked", "--package", "fwit-e2e", "--bin", "screenshots", "--"])
        // The folder as seen from where the user is, not from the repository's root.
        .arg(std::path::absolute(&options.folder)?)
        .args(&options.routes);
    process::must_run(e2e_env(&mut command, &browser)?)?;
    Ok(())
}
