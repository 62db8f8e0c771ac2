//! `cargo xtask dist`: the page as a folder that works from any path of any static host, under a
//! strict Content-Security-Policy, and without a network once it was visited.
//!
//! All files of a build are in one folder that is named by what is in them, so that each address
//! has one content for ever. Beside it are the few files that keep their names.
//! May not enter: how the page works inside.
//! Invariant: a folder that this did not make is not touched.
//! Tests: beside the code; tests/e2e/tests/dist.rs in a browser.

mod index;
mod worker;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail, ensure};

use crate::tools::{PageBuild, Tools};
use crate::{process, workspace};

/// Options of `dist`.
#[derive(Debug, PartialEq, Eq)]
pub struct DistOptions {
    /// The folder that is made; `dist-hosted` in the repository when none is named.
    pub out: Option<PathBuf>,
    /// The last part of the path that the page is served at: found without a slash behind it, too.
    pub at: String,
}

/// The name of [`DistOptions::at`] when none is given.
pub const AT: &str = "fwit";

/// Our own scripts of the hosted page, with places to fill in.
const SLASH: &str = include_str!("files/slash.js");
const REGISTER: &str = include_str!("files/register.js");
const SERVICE_WORKER: &str = include_str!("files/sw.js");
const WORKERS: &str = include_str!("files/workers.js");
const ICON: &str = include_str!("files/icon.svg");

/// An empty list of published runs; `crates/present/src/published.rs` reads it.
const NO_RUNS: &str = "{\n  \"version\": 1,\n  \"runs\": []\n}\n";

/// The file that a worker starts with.
const LOADER: &str = "worker_loader.js";

/// What stands beside the build's folder; all but the runs.
const NAMED: [&str; 4] = ["index.html", "sw.js", "slash.js", "docs"];

/// Builds the page and makes the folder.
///
/// # Errors
/// When the page cannot be built, or the folder not be made.
pub fn run(options: &DistOptions) -> Result<()> {
    process::stop_on_signals()?;
    let out = match &options.out {
        Some(out) => out.clone(),
        None => default_folder()?,
    };
    ready(&out)?;
    let built = workspace::target()?.join("dist-page");
    let mut build = Tools::ready()?.page_build(PageBuild::Hosted);
    process::show_and_run(build.arg("--dist").arg(&built))?;
    let build = assemble(&built, &out, &options.at)?;
    println!("{} has the page, build {build}; docs/hosting.md says how to host it.", out.display());
    Ok(())
}

/// Where the page is made when no folder is named.
///
/// # Errors
/// When the repository is gone.
pub fn default_folder() -> Result<PathBuf> {
    Ok(workspace::root()?.join("dist-hosted"))
}

/// Makes the hosted page in `out` of what Trunk built. Runs that are published there stay. Gives
/// the name of the build.
///
/// # Errors
/// When `built` is no page of Trunk's, or `out` holds something else than an earlier page of ours.
pub fn assemble(built: &Path, out: &Path, at: &str) -> Result<String> {
    ensure!(
        !at.is_empty() && at.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b)),
        "`{at}` is no part of a path: letters, digits, - and _"
    );
    ensure!(!["docs", "runs"].contains(&at), "`{at}` is a folder of the page itself");
    ready(out)?;
    let mut files = BTreeMap::new();
    read(built, "", &mut files).with_context(|| format!("cannot read {}", built.display()))?;
    let html = files.remove("index.html").context("there is no index.html")?;
    let html = String::from_utf8(html).context("index.html is no text")?;
    let build = name(&files, &html, at);
    let index::Split { html, first, start } = index::split(&html, &build, at)?;
    let docs: Vec<String> =
        files.keys().filter(|path| path.starts_with("docs/")).cloned().collect();
    let mut beside = BTreeMap::new();
    for path in docs {
        beside.extend(files.remove_entry(&path));
    }
    let loader = one_worker(&html, &build, &files)?;
    files.insert(LOADER.to_owned(), loader.into_bytes());
    files.insert("first.js".to_owned(), first.into_bytes());
    files.insert("start.js".to_owned(), (start + REGISTER).into_bytes());
    files.insert("icon.svg".to_owned(), ICON.into());
    let slash = SLASH.replace("@AT@", at);
    let list: Vec<String> = files.keys().map(|path| format!("{path:?}")).collect();
    let worker = SERVICE_WORKER
        .replace("@BUILD@", &build)
        .replace("@AT@", at)
        .replace("@FILES@", &format!("[\n  {},\n]", list.join(",\n  ")));
    beside.insert("index.html".to_owned(), html.clone().into_bytes());
    beside.insert("sw.js".to_owned(), worker.into_bytes());
    beside.insert(format!("{build}/workers.js"), WORKERS.into());
    beside.insert("slash.js".to_owned(), slash.clone().into_bytes());
    beside.insert(format!("{at}/slash.js"), slash.into_bytes());
    if !out.join(index::RUNS).exists() {
        beside.insert(index::RUNS.to_owned(), NO_RUNS.into());
    }
    beside.extend(files.into_iter().map(|(path, bytes)| (format!("{build}/{path}"), bytes)));
    for address in index::references(&html) {
        let path = address.trim_start_matches("./");
        ensure!(beside.contains_key(path), "index.html names {path}, which is not there");
    }
    clear(out)?;
    for (path, bytes) in beside {
        let path = out.join(path);
        fs::create_dir_all(path.parent().unwrap_or(out))?;
        fs::write(&path, bytes).with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(build)
}

/// The worker's file, with all that it needs in it.
fn one_worker(html: &str, build: &str, files: &BTreeMap<String, Vec<u8>>) -> Result<String> {
    let text = |path: &str| files.get(path).and_then(|bytes| std::str::from_utf8(bytes).ok());
    // The page finds it the same way: src/browser/worker_link.rs.
    let glue = html
        .split("rel=\"modulepreload\" href=\"./")
        .nth(1)
        .and_then(|rest| rest.split('"').next()?.strip_prefix(build)?.strip_prefix('/'))
        .context("index.html names no glue code")?;
    let glue = text(glue).with_context(|| format!("there is no {glue}"))?;
    let loader = text(LOADER).with_context(|| format!("there is no {LOADER}"))?;
    worker::one_file(loader, glue, |address| text(address.trim_start_matches("./")))
        .context("cannot make the worker one file")
}

/// The folder is not there, empty, or made by this.
fn ready(out: &Path) -> Result<()> {
    let empty = !out.exists()
        || fs::read_dir(out).with_context(|| format!("cannot read {}", out.display()))?.count()
            == 0;
    if empty || is_hosted_page(out) {
        return Ok(());
    }
    bail!("{} holds something else than a page of `cargo xtask dist`", out.display())
}

/// Whether a folder was made by `cargo xtask dist`.
pub fn is_hosted_page(folder: &Path) -> bool {
    let index = fs::read_to_string(folder.join("index.html")).unwrap_or_default();
    index.contains("name=\"fwit-runs\"") && folder.join("sw.js").is_file()
}

/// Removes earlier pages, but not their runs; and not the files of the last build, which pages that
/// are open now still ask for.
fn clear(out: &Path) -> Result<()> {
    let Ok(entries) = fs::read_dir(out) else { return Ok(()) };
    let index = fs::read_to_string(out.join("index.html")).unwrap_or_default();
    for entry in entries {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let slash = fs::read_to_string(path.join("slash.js")).unwrap_or_default();
        let of_a_path = slash == SLASH.replace("@AT@", &name);
        let old = is_build(&name) && !index.contains(&name);
        if !(NAMED.contains(&name.as_str()) || old || of_a_path) {
            continue;
        }
        let removed =
            if path.is_dir() { fs::remove_dir_all(&path) } else { fs::remove_file(&path) };
        removed.with_context(|| format!("cannot remove {}", path.display()))?;
    }
    Ok(())
}

/// Files below a folder by their path, with `/` between its parts.
fn read(folder: &Path, prefix: &str, files: &mut BTreeMap<String, Vec<u8>>) -> Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        // Trunk's own folder for a build under way.
        if name == ".stage" {
            continue;
        }
        if path.is_dir() {
            read(&path, &format!("{prefix}{name}/"), files)?;
        } else {
            files.insert(format!("{prefix}{name}"), fs::read(&path)?);
        }
    }
    Ok(())
}

fn is_build(name: &str) -> bool {
    let digits = name.strip_prefix("fwit-").unwrap_or_default();
    digits.len() == 16 && digits.bytes().all(|b| b.is_ascii_hexdigit())
}

/// The name of a build: by all that it is made of. FNV-1a (64 bits) tells builds apart; what
/// guards against changed files is the digests that Trunk wrote.
fn name(files: &BTreeMap<String, Vec<u8>>, html: &str, at: &str) -> String {
    let made_by = [include_str!("index.rs"), include_str!("worker.rs")];
    let own = [html, at, SLASH, REGISTER, SERVICE_WORKER, WORKERS, ICON, index::POLICY];
    let own = own.into_iter().chain(made_by);
    let texts = own.map(str::as_bytes);
    let parts = files.iter().flat_map(|(path, bytes)| [path.as_bytes(), bytes.as_slice()]);
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    for part in texts.chain(parts) {
        // The length first, so that no two lists of parts are the same bytes.
        for byte in part.len().to_le_bytes().iter().chain(part) {
            hash = (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
    format!("fwit-{hash:016x}")
}

#[cfg(test)]
mod tests {
    use super::*;

    const INDEX: &str = r#"<head><meta charset="utf-8" /><link rel="icon" href="data:," />
<script>first()</script><link rel="stylesheet" href="./base-1.css"/><script type="module">
import init from './fwit-1.js'; init('./fwit-1_bg.wasm');</script><link rel="modulepreload" href="./fwit-1.js"></head>"#;

    /// A folder for one test, with a page as Trunk leaves it.
    struct Folder(PathBuf);

    impl Folder {
        fn new(name: &str) -> Folder {
            let folder = std::env::temp_dir().join(format!("fwit-{name}-{}", std::process::id()));
            let _ = fs::remove_dir_all(&folder);
            for path in ["built/docs", "built/.stage", "built/snippets/a"] {
                fs::create_dir_all(folder.join(path)).unwrap();
            }
            fs::write(folder.join("built/index.html"), INDEX).unwrap();
            for path in ["base-1.css", "fwit-1.js", "fwit-1_bg.wasm", ".stage/x", "snippets/a/f.js"]
            {
                fs::write(folder.join("built").join(path), path).unwrap();
            }
            let loader = include_str!("../../../src/worker/worker_loader.js");
            fs::write(folder.join("built/worker_loader.js"), loader).unwrap();
            let glue = "import { f } from './snippets/a/f.js';\nexport { __wbg_init as default };";
            fs::write(folder.join("built/fwit-1.js"), glue).unwrap();
            fs::write(folder.join("built/snippets/a/f.js"), "export function f() {}").unwrap();
            fs::write(folder.join("built/docs/statistics.md"), "# S").unwrap();
            Folder(folder)
        }

        fn assemble(&self) -> Result<String> {
            assemble(&self.0.join("built"), &self.0.join("out"), "fwit")
        }

        fn files(&self) -> Vec<String> {
            let mut files = BTreeMap::new();
            read(&self.0.join("out"), "", &mut files).unwrap();
            files.into_keys().collect()
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    #[test]
    fn files_are_in_a_folder_of_their_build_and_the_service_worker_lists_them() {
        let folder = Folder::new("dist");
        let build = folder.assemble().unwrap();
        let inside = [
            "base-1.css",
            "first.js",
            "fwit-1.js",
            "fwit-1_bg.wasm",
            "icon.svg",
            "snippets/a/f.js",
            "start.js",
            "worker_loader.js",
        ];
        let mut all: Vec<String> = inside.iter().map(|path| format!("{build}/{path}")).collect();
        let beside = [
            "docs/statistics.md",
            "fwit/slash.js",
            "index.html",
            "runs/index.json",
            "slash.js",
            "sw.js",
        ];
        all.extend(beside.map(str::to_owned));
        // A service worker's own script is no file of its cache.
        all.push(format!("{build}/workers.js"));
        all.sort();
        assert_eq!(folder.files(), all);
        let worker = fs::read_to_string(folder.0.join("out/sw.js")).unwrap();
        let (_, list) = worker.split_once("FILES = [").unwrap();
        let (list, _) = list.split_once(']').unwrap();
        let listed: Vec<&str> = list.split('"').skip(1).step_by(2).collect();
        assert_eq!(listed, inside);
        assert!(worker.contains(&format!("BUILD = \"{build}\"")) && !worker.contains("@FILES@"));
        let start = fs::read_to_string(folder.0.join("out").join(&build).join("start.js")).unwrap();
        assert!(start.contains("import init") && start.contains(".register("));
    }

    #[test]
    fn a_new_build_takes_the_place_of_the_old_one_and_keeps_the_runs() {
        let folder = Folder::new("dist-again");
        let first = folder.assemble().unwrap();
        assert_eq!(folder.assemble().unwrap(), first, "the same page has the same name");
        fs::write(folder.0.join("out/runs/a.json"), "{}").unwrap();
        fs::write(folder.0.join("out/runs/index.json"), "a list").unwrap();
        fs::write(folder.0.join("out/CNAME"), "host").unwrap();
        fs::write(folder.0.join("built/snippets/a/f.js"), "export function f(x) {}").unwrap();
        let second = folder.assemble().unwrap();
        assert_ne!(first, second);
        let has = |build: &str| folder.files().iter().any(|path| path.starts_with(build));
        // Pages that are open now still ask for the files of the last build.
        assert!(has(&first) && has(&second));
        fs::write(folder.0.join("built/snippets/a/f.js"), "export function f(y) {}").unwrap();
        let third = folder.assemble().unwrap();
        assert!(!has(&first) && has(&second) && has(&third));
        let files = folder.files();
        for kept in ["runs/a.json", "CNAME"] {
            assert!(files.iter().any(|path| path == kept), "{kept}");
        }
        assert_eq!(fs::read_to_string(folder.0.join("out/runs/index.json")).unwrap(), "a list");
    }

    #[test]
    fn what_cannot_be_hosted_is_an_error() {
        let folder = Folder::new("dist-wrong");
        let built = folder.0.join("built");
        let wrong =
            |out: &str, at| format!("{:#}", assemble(&built, &folder.0.join(out), at).unwrap_err());
        fs::create_dir_all(folder.0.join("other")).unwrap();
        fs::write(folder.0.join("other/letter.txt"), "dear").unwrap();
        assert!(wrong("other", "fwit").contains("something else"));
        assert!(wrong("out", "a/b").contains("no part of a path"));
        assert!(wrong("out", "runs").contains("folder of the page"));
        fs::remove_file(built.join("base-1.css")).unwrap();
        assert!(wrong("out", "fwit").contains("base-1.css, which is not there"));
        assert!(!folder.0.join("out").exists(), "nothing is written before all is known");
        fs::remove_file(built.join("index.html")).unwrap();
        assert!(wrong("out", "fwit").contains("no index.html"));
    }
}
