//! Programs that some tests need and that a newcomer may lack: Firefox, etcd, Java.
//!
//! Outside CI a missing one is named and its tests are left out; in CI (`CI=true`) it is an error.

use std::env;
use std::path::PathBuf;

use anyhow::{Result, bail};

use crate::tools::on_path;

/// Whether we run in CI, where nothing may be left out.
pub fn in_ci() -> bool {
    env::var("CI").is_ok_and(|value| !matches!(value.as_str(), "" | "0" | "false"))
}

/// Finds a program: by the variable of its name in capitals (`JAVA` for `java`), else on PATH. None
/// when it is missing and its tests may be left out; that is told. `how` says how to get it.
///
/// # Errors
/// When it is missing in CI.
pub fn program(name: &str, how: &str) -> Result<Option<PathBuf>> {
    let named = env::var_os(name.to_ascii_uppercase().replace('-', "_")).map(PathBuf::from);
    let found = named.filter(|path| path.is_file()).or_else(|| on_path(name));
    found_or_left_out(found, name, how)
}

/// The program that was found. None when it is missing and its tests may be left out; that is told.
///
/// # Errors
/// When it is missing in CI.
pub fn found_or_left_out(found: Option<PathBuf>, name: &str, how: &str) -> Result<Option<PathBuf>> {
    found_or(found, name, how, in_ci())
}

fn found_or(found: Option<PathBuf>, name: &str, how: &str, ci: bool) -> Result<Option<PathBuf>> {
    if found.is_none() && ci {
        bail!("`{name}` is missing, and in CI nothing is left out: {how}");
    }
    if found.is_none() {
        eprintln!("LEFT OUT: what needs `{name}`, which is not here: {how}");
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_program_is_an_error_in_ci_alone() {
        let look = |ci| found_or(None, "etcd", "apt-get install etcd-server", ci);
        assert_eq!(look(false).unwrap(), None);
        let error = look(true).unwrap_err().to_string();
        assert!(
            error.contains("`etcd`") && error.contains("apt-get install etcd-server"),
            "{error}"
        );
        let path = Some(PathBuf::from("/bin/etcd"));
        assert_eq!(found_or(path.clone(), "etcd", "", true).unwrap(), path);
    }
}
