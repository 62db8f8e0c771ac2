//! Builds the program that unpacks.

use std::env;
use std::fs;
use std::path::Path;
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
    // Where this program was built itself (TARGET/release/fwit-pack), whatever a user's settings say.
    let own = env::current_exe().context("cannot tell where this program is")?;
    let target = own.ancestors().nth(2).context("this program is in no folder of cargo's")?;
    cargo.arg("--target-dir").arg(target);
    let status = cargo.status().context("cannot run cargo")?;
    ensure!(status.success(), "{PACKAGE} does not build ({status})");
    let built = target.join(TARGET).join(PROFILE).join("fwit_unpack.wasm");
    fs::read(&built).with_context(|| format!("cannot read {}", built.display()))
}
