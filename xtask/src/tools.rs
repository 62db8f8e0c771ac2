//! Finding and installing what the page's build needs: the wasm target, trunk and wasm-bindgen.
//!
//! A tool on PATH is used when its version fits; else the one in the cache; else it is installed
//! into the cache, once. The cache is `$FWIT_TOOLS`, `$XDG_CACHE_HOME/fwit/tools` or
//! `~/.cache/fwit/tools`, and may be deleted.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};
use std::{env, fs, thread};

use anyhow::{Context as _, Result, bail};

use crate::progress::{Part, Progress};
use crate::{process, workspace};

/// The version of trunk that Trunk.toml is written for.
const TRUNK: &str = "0.21.14";

/// Words that let cargo build for a browser.
pub const WASM: [&str; 2] = ["--target", "wasm32-unknown-unknown"];

/// Settings under which cargo builds a tool: a third of the time of its own release profile. The
/// tools are run for seconds, so a faster tool would not pay for itself.
const QUICK: [(&str, &str); 5] = [
    ("CARGO_PROFILE_RELEASE_LTO", "off"),
    ("CARGO_PROFILE_RELEASE_OPT_LEVEL", "0"),
    ("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16"),
    ("CARGO_PROFILE_RELEASE_DEBUG", "0"),
    ("CARGO_PROFILE_RELEASE_INCREMENTAL", "false"),
];

/// Which build of the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PageBuild {
    /// Built in seconds after a change: what `trunk build` and `trunk serve` build.
    Quick,
    /// What is hosted: `trunk build --release`.
    Hosted,
}

/// A crate whose programs we need.
struct Tool {
    /// Its name, about how many crates its build compiles, and how many seconds that took on two
    /// cores.
    part: Part,
    programs: &'static [&'static str],
    version: String,
    /// Trunk's lock file is good; that of wasm-bindgen-cli names a version that the registry lacks.
    locked: bool,
}

/// The tools, found or installed.
#[derive(Debug)]
pub struct Tools {
    path: OsString,
}

impl Tools {
    /// Finds the tools, and installs what is missing, saying so.
    ///
    /// # Errors
    /// When something is missing and cannot be installed: what, and how to get it by hand.
    pub fn ready() -> Result<Self> {
        Self::ready_within(&mut Progress::new(Self::missing()?))
    }

    /// The installations that [`Self::ready_within`] would do now.
    ///
    /// # Errors
    /// When it cannot be known which versions are wanted, or where the cache is.
    pub fn missing() -> Result<Vec<Part>> {
        let cache = cache()?;
        let missing = tools()?.into_iter().filter(|tool| tool.find(&cache).is_none());
        Ok(missing.map(|tool| tool.part).collect())
    }

    /// As [`Self::ready`], as parts of a longer job.
    ///
    /// # Errors
    /// As [`Self::ready`].
    pub fn ready_within(progress: &mut Progress) -> Result<Self> {
        wasm_target()?;
        let cache = cache()?;
        let mut folders = BTreeSet::new();
        for tool in tools()? {
            folders.insert(tool.find_or_install(&cache, progress)?);
        }
        let path = env::var_os("PATH").unwrap_or_default();
        let path = env::join_paths(folders.into_iter().chain(env::split_paths(&path)))
            .context("PATH or the tools' folder cannot be used")?;
        Ok(Self { path })
    }

    /// A command that finds the tools on its PATH.
    pub fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.env("PATH", &self.path).current_dir(workspace::root().unwrap_or_default());
        command
    }

    /// The command that builds the page into `dist`.
    pub fn page_build(&self, build: PageBuild) -> Command {
        let mut command = self.command("trunk");
        // Trunk takes NO_COLOR only as `true` or `false`, and would bury an error under its own
        // back trace.
        command.args(["build", "--offline"]).env_remove("NO_COLOR").env_remove("RUST_BACKTRACE");
        if build == PageBuild::Hosted {
            command.arg("--release");
        }
        command
    }

    /// Builds the page as it is hosted into `dist`. Gives the time it took.
    ///
    /// # Errors
    /// When the build fails: with its last error.
    pub fn build_page(&self) -> Result<Duration> {
        process::must_run(&mut self.page_build(PageBuild::Hosted))
    }
}

/// The command that builds the cluster's program.
pub fn cluster_build() -> Command {
    let mut command = cargo();
    command.args(["build", "--locked", "--package", "fwit-cluster"]);
    command
}

/// The folder of installed tools and of what else is worth keeping between runs.
///
/// # Errors
/// When neither a variable nor a home folder says where.
pub fn cache() -> Result<PathBuf> {
    let folder = |name| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let chosen = folder("FWIT_TOOLS")
        .or_else(|| folder("XDG_CACHE_HOME").map(|base| base.join("fwit/tools")))
        .or_else(|| env::home_dir().map(|home| home.join(".cache/fwit/tools")))
        .context("there is no home folder: set FWIT_TOOLS to a folder for the tools")?;
    std::path::absolute(&chosen).with_context(|| format!("{} is no usable path", chosen.display()))
}

/// The first program of this name on PATH.
pub fn on_path(program: &str) -> Option<PathBuf> {
    let file = format!("{program}{}", env::consts::EXE_SUFFIX);
    env::split_paths(&env::var_os("PATH")?)
        .map(|folder| folder.join(&file))
        .find(|path| path.is_file())
}

/// The cargo that runs us.
pub fn cargo() -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(workspace::root().unwrap_or_default());
    if std::io::stderr().is_terminal() && env::var_os("NO_COLOR").is_none() {
        command.env("CARGO_TERM_COLOR", "always");
    }
    command
}

fn tools() -> Result<[Tool; 2]> {
    Ok([
        Tool {
            part: Part { name: "wasm-bindgen-cli", weight: 100.0, crates: 160 },
            programs: &["wasm-bindgen", "wasm-bindgen-test-runner"],
            version: workspace::locked_version("wasm-bindgen")?,
            locked: false,
        },
        Tool {
            part: Part { name: "trunk", weight: 200.0, crates: 368 },
            programs: &["trunk"],
            version: TRUNK.to_owned(),
            locked: true,
        },
    ])
}

/// The version of Firefox's driver that the tests are written for.
const GECKODRIVER: &str = "0.37.0";

/// Firefox's driver in the cache, or on PATH where its version fits; built where it is missing and
/// `install` says so.
///
/// # Errors
/// When it cannot be installed: how to get it by hand.
pub fn geckodriver(install: bool) -> Result<Option<PathBuf>> {
    let tool = Tool {
        part: Part { name: "geckodriver", weight: 100.0, crates: 210 },
        programs: &["geckodriver"],
        version: GECKODRIVER.to_owned(),
        locked: true,
    };
    let cache = cache()?;
    let folder = match tool.find(&cache) {
        None if install => Some(tool.find_or_install(&cache, &mut Progress::new(vec![tool.part]))?),
        found => found,
    };
    Ok(folder.map(|folder| folder.join(format!("geckodriver{}", env::consts::EXE_SUFFIX))))
}

fn wasm_target() -> Result<()> {
    const TARGET: &str = "wasm32-unknown-unknown";
    let library = || {
        let mut rustc = Command::new("rustc");
        rustc
            .args(["--print", "target-libdir", "--target", TARGET])
            .current_dir(workspace::root().unwrap_or_default());
        process::output_of(&mut rustc).is_some_and(|folder| Path::new(&folder).is_dir())
    };
    if library() {
        return Ok(());
    }
    if on_path("rustup").is_none() {
        bail!(
            "rustc cannot build for {TARGET}, and there is no rustup to add it: install the \
             {TARGET} standard library of your Rust, or Rust with rustup (https://rustup.rs)"
        );
    }
    eprintln!("Adding the Rust target {TARGET} (a download of some 20 MB)");
    process::must_run(
        Command::new("rustup").args(["target", "add", TARGET]).current_dir(workspace::root()?),
    )?;
    if !library() {
        bail!("rustup added {TARGET}, but rustc still lacks it: is the rustc on PATH rustup's?");
    }
    Ok(())
}

impl Tool {
    /// The folder of its programs, where they are installed.
    fn find(&self, cache: &Path) -> Option<PathBuf> {
        let of_path = on_path(self.programs[0]).and_then(|path| path.parent().map(Path::to_owned));
        [of_path, Some(cache.join("bin"))].into_iter().flatten().find(|folder| self.fits(folder))
    }

    fn find_or_install(&self, cache: &Path, progress: &mut Progress) -> Result<PathBuf> {
        if let Some(folder) = self.find(cache) {
            return Ok(folder);
        }
        fs::create_dir_all(cache).with_context(|| {
            format!("cannot make {}: set FWIT_TOOLS to a folder for the tools", cache.display())
        })?;
        // Another xtask may be installing the same: wait for it, then look again.
        let _lock = lock(cache)?;
        if let Some(folder) = self.find(cache) {
            return Ok(folder);
        }
        self.install(cache, progress)?;
        self.find(cache).with_context(|| {
            let (name, version) = (self.part.name, &self.version);
            format!(
                "{name} {version} was installed into {}, but does not run",
                cache.join("bin").display()
            )
        })
    }

    fn fits(&self, folder: &Path) -> bool {
        self.programs.iter().all(|program| {
            let path = folder.join(format!("{program}{}", env::consts::EXE_SUFFIX));
            let said = process::output_of(Command::new(path).arg("--version"));
            said.is_some_and(|said| said.split_whitespace().nth(1) == Some(self.version.as_str()))
        })
    }

    fn install(&self, cache: &Path, progress: &mut Progress) -> Result<()> {
        let (name, version) = (self.part.name, &self.version);
        let started = Instant::now();
        if self.install_prebuilt(cache) {
            eprintln!(
                "Installed {name} {version} with cargo-binstall in {} s",
                started.elapsed().as_secs()
            );
            return Ok(());
        }
        process_stopped()?;
        eprintln!("Installing {name} {version} into {}, once", cache.display());
        let build = cache.join("build");
        let mut command = cargo();
        command
            .current_dir(cache)
            .args(["install", "--force", "--version", version, "--root"])
            .arg(cache);
        if self.locked {
            command.arg("--locked");
        }
        // The features left out are TLS and Trunk's look for its own updates: nothing is fetched by
        // these builds.
        command.args(["--no-default-features", name]);
        // Its own target folder: an interrupted build goes on where it was. Cargo puts a program
        // into the root only when it is whole; one that it did not note down yet is replaced
        // (`--force`).
        command.env("CARGO_TARGET_DIR", &build).env("CARGO_TERM_COLOR", "never").envs(QUICK);
        for variable in ["RUSTFLAGS", "CARGO_ENCODED_RUSTFLAGS", "CARGO_BUILD_TARGET"] {
            command.env_remove(variable);
        }
        let ended = progress.run(name, &mut command).with_context(|| {
            let locked = if self.locked { "--locked " } else { "" };
            format!(
                "cannot install {name}; by hand: cargo install --version {version} {locked}{name}"
            )
        })?;
        // Gigabytes that are not needed again; if they stay, nothing breaks.
        let _ = fs::remove_dir_all(&build);
        eprintln!("Installed {name} {version} in {} s", ended.took.as_secs());
        Ok(())
    }

    /// Whether cargo-binstall, where the user has it, could fetch the programs.
    fn install_prebuilt(&self, cache: &Path) -> bool {
        if process::output_of(cargo().args(["binstall", "-V"])).is_none() {
            return false;
        }
        let (name, version) = (self.part.name, &self.version);
        eprintln!("Fetching {name} {version} with cargo-binstall");
        let mut command = cargo();
        command
            .args([
                "binstall",
                "--no-confirm",
                "--force",
                "--disable-strategies",
                "compile",
                "--root",
            ])
            .arg(cache)
            .arg(format!("{name}@{version}"));
        if process::must_run(&mut command).is_ok() && self.fits(&cache.join("bin")) {
            return true;
        }
        eprintln!("cargo-binstall has no {name} {version} for this machine");
        false
    }
}

/// Locks the cache; tells when that has to wait for another xtask.
fn lock(cache: &Path) -> Result<fs::File> {
    let lock = fs::File::create(cache.join(".lock")).context("cannot lock the tools' folder")?;
    let mut waits = 0;
    loop {
        match lock.try_lock() {
            Ok(()) => return Ok(lock),
            Err(fs::TryLockError::WouldBlock) => {}
            Err(fs::TryLockError::Error(error)) => {
                return Err(error).context("cannot lock the tools' folder");
            }
        }
        process_stopped()?;
        if waits % 20 == 0 {
            eprintln!(
                "Waiting for another cargo xtask, which installs tools into {}",
                cache.display()
            );
        }
        waits += 1;
        thread::sleep(Duration::from_secs(1));
    }
}

fn process_stopped() -> Result<()> {
    if process::stopped() {
        bail!("stopped");
    }
    Ok(())
}
