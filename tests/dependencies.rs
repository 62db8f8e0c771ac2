//! Every package that is built here comes from crates.io with a checksum, under a licence that this
//! project can be given away with.
//!
//! Known vulnerabilities are not looked for here: their list (RustSec) is no package of a registry.
//! `cargo install cargo-audit && cargo audit` does it where github.com can be reached.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::process::Command;

use serde_json::Value;
use spdx::{Expression, ParseMode};

/// Licences that ask for no more than to be named (MPL: that its own files stay open).
const ALLOWED: [&str; 12] = [
    "MIT",
    "Apache-2.0",
    "Unicode-3.0",
    "Zlib",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "ISC",
    "0BSD",
    "CC0-1.0",
    "BSL-1.0",
    "Unlicense",
    "MPL-2.0",
];

fn packages() -> Vec<Value> {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".into());
    let told = Command::new(cargo)
        .args(["metadata", "--locked", "--format-version", "1"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    assert!(told.status.success(), "{}", String::from_utf8_lossy(&told.stderr));
    let all: Value = serde_json::from_slice(&told.stdout).unwrap();
    all["packages"].as_array().unwrap().clone()
}

/// Whether a licence expression can be met by what is allowed.
fn may_be_used(licence: &str) -> bool {
    let expression = Expression::parse_mode(licence, ParseMode::LAX)
        .unwrap_or_else(|error| panic!("{licence}: {error}"));
    expression.evaluate(|asked| asked.license.id().is_some_and(|id| ALLOWED.contains(&id.name)))
}

#[test]
fn packages_come_from_the_registry_under_licences_that_may_be_used() {
    let packages = packages();
    assert!(packages.len() > 100, "{}", packages.len());
    for package in packages {
        let name = package["name"].as_str().unwrap();
        if package["source"].is_null() {
            continue;
        }
        let source = package["source"].as_str().unwrap();
        assert!(
            source.starts_with("registry+https://github.com/rust-lang/crates.io-index"),
            "{name}: {source}"
        );
        let licence =
            package["license"].as_str().unwrap_or_else(|| panic!("{name} has no licence"));
        assert!(may_be_used(licence), "{name} is under {licence}");
    }
}

#[test]
fn a_licence_that_asks_for_more_is_refused() {
    assert!(may_be_used("MIT OR GPL-3.0-only") && may_be_used("MIT/Apache-2.0"));
    assert!(!may_be_used("GPL-3.0-only") && !may_be_used("MIT AND AGPL-3.0-only"));
}
