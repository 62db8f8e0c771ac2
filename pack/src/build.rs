//! Builds the program that unpacks.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, ensure};

const PACKAGE: &str = "fwit-unpack";
const TARGET: &str = "wasm32-unknown-unknown";
const PROFILE: &str = "page";

/// The program that unpacks, built now if it is not there.
///
/// # Errors
/// Cargo cannot be run, or says what is wrong itself.
pub(crate) fn unpacker() -> Result<Vec<u8>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().context("no workspace")?;
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(root).args(["rustc", "--quiet", "--locked", "--package", PACKAGE, "--lib"]);
    cargo.args(["--crate-type", "cdylib", "--target", TARGET, "--profile", PROFILE]);
    // Wherever a user's settings say: what is read below is what is built here.
    let target = target(root);
    cargo.arg("--target-dir").arg(&target);
    let status = cargo.status().context("cannot run cargo")?;
    ensure!(status.success(), "{PACKAGE} does not build ({status})");
    let built = target.join(TARGET).join(PROFILE).join("fwit_unpack.wasm");
    fs::read(&built).with_context(|| format!("cannot read {}", built.display()))
}

/// Where cargo puts its products: `CARGO_TARGET_DIR`, or `target` in the root.
fn target(root: &Path) -> PathBuf {
    match env::var_os("CARGO_TARGET_DIR") {
        Some(folder) if !folder.is_empty() => root.join(folder),
        _ => root.join("target"),
    }
}
