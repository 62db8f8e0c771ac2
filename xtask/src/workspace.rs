//! Paths and versions of this repository.

use std::path::{Path, PathBuf};
use std::{env, fs};

use anyhow::{Context as _, Result};

/// The repository's root folder, from where this crate was compiled.
///
/// # Errors
/// When that folder is gone, as after the repository was moved without a rebuild.
pub fn root() -> Result<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    folder
        .canonicalize()
        .with_context(|| format!("the repository is no longer at {}", folder.display()))
}

/// Where cargo puts its products: `CARGO_TARGET_DIR`, or `target` in the root.
///
/// # Errors
/// As [`root`].
pub fn target() -> Result<PathBuf> {
    let root = root()?;
    Ok(match env::var_os("CARGO_TARGET_DIR") {
        Some(folder) if !folder.is_empty() => root.join(folder),
        _ => root.join("target"),
    })
}

/// The built page: `dist` in the root, as Trunk.toml says.
///
/// # Errors
/// As [`root`].
pub fn dist() -> Result<PathBuf> {
    Ok(root()?.join("dist"))
}

/// The cluster's program, as `cargo build` and `cargo test` leave it.
///
/// # Errors
/// As [`root`].
pub fn cluster_program() -> Result<PathBuf> {
    Ok(target()?.join("debug").join(format!("fwit-cluster{}", env::consts::EXE_SUFFIX)))
}

/// The gateway's program, as `cargo build` and `cargo test` leave it.
///
/// # Errors
/// As [`root`].
pub fn gateway_program() -> Result<PathBuf> {
    Ok(target()?.join("debug").join(format!("fwit-gateway{}", env::consts::EXE_SUFFIX)))
}

/// The version of a crate that Cargo.lock holds.
///
/// # Errors
/// When Cargo.lock cannot be read or has no such crate.
pub fn locked_version(krate: &str) -> Result<String> {
    let path = root()?.join("Cargo.lock");
    let lock =
        fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    version_in(&lock, krate).with_context(|| format!("{} has no crate `{krate}`", path.display()))
}

fn version_in(lock: &str, krate: &str) -> Option<String> {
    let name = format!("name = \"{krate}\"");
    let mut lines = lock.lines().skip_while(|line| *line != name);
    let version = lines.nth(1)?.strip_prefix("version = \"")?.strip_suffix('"')?;
    Some(version.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_file_is_read_by_exact_name() {
        let lock = "[[package]]\nname = \"ab-c\"\nversion = \"9.9.9\"\n\n[[package]]\nname \
                    = \"ab\"\nversion = \"1.2.3\"\n";
        assert_eq!(version_in(lock, "ab").as_deref(), Some("1.2.3"));
        assert_eq!(version_in(lock, "a"), None);
        assert_eq!(version_in("name = \"ab\"", "ab"), None);
    }

    #[test]
    fn this_repository_locks_wasm_bindgen() {
        assert!(locked_version("wasm-bindgen").unwrap().starts_with("0.2."));
    }
}
