//! `cargo xtask publish`: puts run files beside a hosted page, which lists them.
//!
//! What reads and lists them is an example of `fwit-present`, so that the page's own reader judges
//! them.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};

use crate::tools::cargo;
use crate::{dist, process};

/// Options of `publish`.
#[derive(Debug, PartialEq, Eq)]
pub struct PublishOptions {
    /// The files, never empty.
    pub files: Vec<PathBuf>,
    /// The page's folder; that of `cargo xtask dist` when none is named.
    pub dist: Option<PathBuf>,
}

/// Publishes the files.
///
/// # Errors
/// When there is no page of `cargo xtask dist`, or a file is no run of fwit's.
pub fn run(options: &PublishOptions) -> Result<()> {
    let folder = match &options.dist {
        Some(folder) => folder.clone(),
        None => dist::default_folder()?,
    };
    ensure!(
        dist::is_hosted_page(&folder),
        "{} has no page of `cargo xtask dist`; make it first, or name it with --dist",
        folder.display()
    );
    let publish = ["run", "--quiet", "--locked", "--package", "fwit-present", "--example"];
    let mut command = cargo();
    command.args(publish).args(["publish", "--"]).arg(absolute(&folder)?);
    for file in &options.files {
        command.arg(absolute(file)?);
    }
    process::show_and_run(&mut command)
}

/// Cargo runs in the repository, wherever we were called.
fn absolute(path: &Path) -> Result<PathBuf> {
    std::path::absolute(path).with_context(|| format!("{} is no usable path", path.display()))
}
