//! Prints how large the built page is, each file as a host compresses it, and holds the sum against
//! a figure. `cargo xtask test page` runs it. An example, because brotli is then built for the
//! tests alone and not by everyone who tries the demo.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail, ensure};
use brotli::CompressorWriter;
use flate2::Compression;
use flate2::write::GzEncoder;

/// Bytes of all files of the page together, gzipped. Raise it in the commit that makes the page
/// larger.
///
/// The last 220 kB write runs in other forms (the report's charts as SVG among them), keep the
/// library (search, tags, zip) and make numbers of selections; 378 kB before them read other
/// tools' files: 24 kinds of them, XML, CSV, zip and Zstandard. `"z"` in the place of `"s"` for
/// those would save 20 kB.
const GZIPPED: usize = 2_408_000;

/// By how many percent of [`GZIPPED`] the page may grow before that figure must be raised.
const MARGIN_PERCENT: usize = 5;

/// The quality of brotli: the highest, 11, takes nine times as long to save a tenth more.
const BROTLI: u32 = 9;

#[derive(Debug, Default, PartialEq, Eq)]
struct File {
    name: String,
    bytes: usize,
    gzipped: usize,
    brotli: usize,
}

fn main() -> Result<()> {
    let dist = std::env::args_os()
        .nth(1)
        .map(PathBuf::from)
        .context("argument: the folder of the built page")?;
    let total = check(&dist, GZIPPED)?;
    if total * 100 < GZIPPED * (100 - MARGIN_PERCENT) {
        eprintln!("The page has become smaller: GZIPPED in {} could be {total} now.", file!());
    }
    Ok(())
}

/// Prints the page's files with their sizes, and gives their sum, gzipped.
///
/// # Errors
/// When the page is larger than what is held by more than the margin, has no wasm, or cannot be
/// read.
fn check(dist: &Path, held: usize) -> Result<usize> {
    let files = measure(dist)?;
    let width = files.iter().map(|file| file.name.len()).max().unwrap_or(0);
    eprintln!("{:<width$} {:>10} {:>10} {:>10}", "file", "bytes", "gzip 9", "brotli 9");
    let mut total = File { name: "total".to_owned(), ..File::default() };
    for file in &files {
        print(file, width);
        total.bytes += file.bytes;
        total.gzipped += file.gzipped;
        total.brotli += file.brotli;
    }
    print(&total, width);
    ensure!(
        files.iter().any(|file| file.name.ends_with(".wasm")),
        "{} has no wasm file",
        dist.display()
    );
    let File { gzipped, .. } = total;
    if gzipped * 100 > held * (100 + MARGIN_PERCENT) {
        bail!(
            "the page has {gzipped} bytes gzipped, {:.1} % more than the {held} that are held: \
             make it smaller, or raise GZIPPED in {} in the same commit and say there what the \
             bytes are for",
            percent_more(gzipped, held),
            file!()
        );
    }
    Ok(gzipped)
}

fn print(file: &File, width: usize) {
    let File { name, bytes, gzipped, brotli } = file;
    eprintln!("{name:<width$} {bytes:>10} {gzipped:>10} {brotli:>10}");
}

#[allow(clippy::cast_precision_loss, reason = "a page has far fewer than 2^52 bytes")]
fn percent_more(size: usize, held: usize) -> f64 {
    (size as f64 / held as f64 - 1.0) * 100.0
}

/// All files below a folder, largest first.
fn measure(dist: &Path) -> Result<Vec<File>> {
    let mut files = Vec::new();
    let mut folders: Vec<PathBuf> = vec![dist.to_owned()];
    while let Some(folder) = folders.pop() {
        let entries =
            fs::read_dir(&folder).with_context(|| format!("cannot read {}", folder.display()))?;
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
            let content =
                fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
            let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
            gzip.write_all(&content)?;
            let mut brotli = CompressorWriter::new(Vec::new(), 4096, BROTLI, 22);
            brotli.write_all(&content)?;
            files.push(File {
                name: path.strip_prefix(dist).unwrap_or(&path).display().to_string(),
                bytes: content.len(),
                gzipped: gzip.finish()?.len(),
                brotli: brotli.into_inner().len(),
            });
        }
    }
    files.sort_by(|a, b| b.gzipped.cmp(&a.gzipped).then_with(|| a.name.cmp(&b.name)));
    Ok(files)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn what_is_fetched_is_held_against_the_figure() {
        let dist = std::env::temp_dir().join(format!("fwit-xtask-size-{}", std::process::id()));
        fs::create_dir_all(dist.join("sub")).unwrap();
        fs::create_dir_all(dist.join(".stage")).unwrap();
        fs::write(dist.join(".stage/other"), "not fetched").unwrap();
        // Compresses well: far over the figure as it lies, far under it as it travels.
        fs::write(dist.join("index.html"), "x".repeat(100_000)).unwrap();
        assert!(check(&dist, 10_000).unwrap_err().to_string().contains("has no wasm"));
        // Does not compress.
        let mut state = 1_u32;
        let noise = std::iter::repeat_with(|| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            state.to_be_bytes()[0]
        });
        fs::write(dist.join("sub/a.wasm"), noise.take(10_000).collect::<Vec<u8>>()).unwrap();
        let names: Vec<String> =
            measure(&dist).unwrap().into_iter().map(|file| file.name).collect();
        assert_eq!(names, ["sub/a.wasm", "index.html"]);
        let total = check(&dist, 10_000).unwrap();
        check(&dist, total * 100 / 105 + 1).unwrap();
        let told = check(&dist, total * 100 / 105 - 1).unwrap_err().to_string();
        assert!(told.contains("5.0 % more than") && told.contains("raise GZIPPED"), "{told}");
        fs::remove_dir_all(&dist).unwrap();
    }
}
