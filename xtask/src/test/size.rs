//! How large the built page is, each file gzipped (which hardly changes what is packed already).

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use flate2::Compression;
use flate2::write::GzEncoder;

/// Bytes that all files of the page together may have, gzipped.
const BUDGET: usize = 600_000;

#[derive(Debug, PartialEq, Eq)]
struct File {
    name: String,
    bytes: usize,
    gzipped: usize,
}

/// Prints the page's files with their sizes.
///
/// # Errors
/// When the page is over its budget, has no wasm, or cannot be read.
pub(super) fn check(dist: &Path) -> Result<()> {
    let files = measure(dist)?;
    let total = |size: fn(&File) -> usize| files.iter().map(size).sum::<usize>();
    let width = files.iter().map(|file| file.name.len()).max().unwrap_or(0);
    eprintln!("{:<width$} {:>10} {:>10}", "file", "bytes", "gzipped");
    for File { name, bytes, gzipped } in &files {
        eprintln!("{name:<width$} {bytes:>10} {gzipped:>10}");
    }
    let gzipped = total(|file| file.gzipped);
    eprintln!("{:<width$} {:>10} {gzipped:>10} of {BUDGET}", "total", total(|file| file.bytes));
    // What Trunk's hook makes of the program (`pack/`).
    if !files.iter().any(|file| file.name.ends_with(".lzma2.bin")) {
        bail!("{} has no packed program", dist.display());
    }
    if gzipped > BUDGET {
        bail!("the page has {gzipped} bytes gzipped, {} more than its budget of {BUDGET}", gzipped - BUDGET);
    }
    Ok(())
}

/// All files below a folder, largest first.
fn measure(dist: &Path) -> Result<Vec<File>> {
    let mut files = Vec::new();
    let mut folders: Vec<PathBuf> = vec![dist.to_owned()];
    while let Some(folder) = folders.pop() {
        let entries = fs::read_dir(&folder).with_context(|| format!("cannot read {}", folder.display()))?;
        for entry in entries {
            let path = entry?.path();
            // Trunk's own folder for a build under way.
            if path.file_name().is_some_and(|name| name == ".stage") {
                continue;
            }
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let content = fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
            let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
            encoder.write_all(&content)?;
            let gzipped = encoder.finish()?.len();
            let name = path.strip_prefix(dist).unwrap_or(&path).display().to_string();
            files.push(File { name, bytes: content.len(), gzipped });
        }
    }
    files.sort_by(|a, b| b.gzipped.cmp(&a.gzipped).then_with(|| a.name.cmp(&b.name)));
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_budget_holds_for_what_is_fetched() {
        let dist = std::env::temp_dir().join(format!("fwit-xtask-size-{}", std::process::id()));
        fs::create_dir_all(dist.join("sub")).unwrap();
        fs::create_dir_all(dist.join(".stage")).unwrap();
        fs::write(dist.join("index.html"), "x".repeat(10 * BUDGET)).unwrap();
        assert!(check(&dist).unwrap_err().to_string().contains("no packed program"));
        // Compresses well: far over the budget as it lies, far under it as it travels.
        fs::write(dist.join("sub/a.lzma2.bin"), "ab").unwrap();
        check(&dist).unwrap();
        let names: Vec<String> = measure(&dist).unwrap().into_iter().map(|file| file.name).collect();
        assert_eq!(names, ["index.html", "sub/a.lzma2.bin"]);
        // Does not compress.
        let mut state = 1_u32;
        let noise = std::iter::repeat_with(|| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            state.to_be_bytes()[0]
        });
        fs::write(dist.join("sub/a.lzma2.bin"), noise.take(BUDGET).collect::<Vec<u8>>()).unwrap();
        assert!(check(&dist).unwrap_err().to_string().contains("more than its budget"));
        fs::remove_dir_all(&dist).unwrap();
    }
}
