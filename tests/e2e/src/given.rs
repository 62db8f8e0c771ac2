//! What `cargo xtask test` tells through the environment.

use std::env;
use std::path::PathBuf;

use anyhow::{Result, bail};

/// The path in a variable.
pub(crate) fn path(variable: &str) -> Result<PathBuf> {
    let Some(path) = env::var_os(variable).filter(|value| !value.is_empty()).map(PathBuf::from)
    else {
        bail!("{variable} is not set: run the end-to-end tests with `cargo xtask test e2e`");
    };
    if !path.exists() {
        bail!("{variable} is {}, which does not exist", path.display());
    }
    Ok(path)
}
