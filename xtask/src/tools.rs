//! Finding and installing what the page's build needs: the wasm target, trunk and wasm-bindgen.
//!
//! A tool on PATH is used when its version fits; else the one in the cache; else it is installed into the cache,
//! once. The cache is `$FWIT_TOOLS`, `$XDG_CACHE_HOME/fwit/tools` or `~/.cache/fwit/tools`, and may be deleted.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::io::{IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};
use std::{env, fs};

use anyhow::{Context as _, Result, bail};

use crate::{process, workspace};

/// The version of trunk that Trunk.toml is written for.
const TRUNK: &str = "0.21.14";

/// Settings under which cargo builds a tool: half the time of its own release profile. The tools are run for
/// seconds, so a faster tool would not pay for itself.
const QUICK: [(&str, &str); 4] = [
    ("CARGO_PROFILE_RELEASE_LTO", "off"),
    ("CARGO_PROFILE_RELEASE_OPT_LEVEL", "1"),
    ("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "256"),
    ("CARGO_PROFILE_RELEASE_DEBUG", "0"),
];

/// A crate whose programs we need.
struct Tool {
    krate: &'static str,
    programs: &'static [&'static str],
    version: String,
    /// Trunk's lock file is good; that of wasm-bindgen-cli names a version that the registry lacks.
    locked: bool,
    /// About how many crates its build compiles.
    crates: usize,
    /// About how long that took on two cores.
    minutes: u32,
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
        wasm_target()?;
        let bindgen = workspace::locked_version("wasm-bindgen")?;
        let tools = [
            Tool {
                krate: "wasm-bindgen-cli",
                programs: &["wasm-bindgen", "wasm-bindgen-test-runner"],
                version: bindgen,
                locked: false,
                crates: 160,
                minutes: 2,
            },
            Tool {
                krate: "trunk",
                programs: &["trunk"],
                version: TRUNK.to_owned(),
                locked: true,
                crates: 375,
                minutes: 5,
            },
        ];
        let cache = cache()?;
        let mut folders = BTreeSet::new();
        for tool in &tools {
            folders.insert(tool.find_or_install(&cache)?);
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

    /// Builds the page into `dist`, with wasm-opt where it is installed. Gives the time it took.
    ///
    /// # Errors
    /// When the build fails: with its last error.
    pub fn build_page(&self) -> Result<Duration> {
        let mut command = self.command("trunk");
        // Trunk takes NO_COLOR only as `true` or `false`, and would bury an error under its own back trace.
        command.args(["build", "--offline"]).env_remove("NO_COLOR").env_remove("RUST_BACKTRACE");
        if on_path("wasm-opt").is_some() {
            command.arg("--release");
        }
        process::must_run(&mut command)
    }
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
    env::split_paths(&env::var_os("PATH")?).map(|folder| folder.join(&file)).find(|path| path.is_file())
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
            "rustc cannot build for {TARGET}, and there is no rustup to add it: install the {TARGET} standard \
             library of your Rust, or Rust with rustup (https://rustup.rs)"
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
    /// The folder of its programs.
    fn find_or_install(&self, cache: &Path) -> Result<PathBuf> {
        if let Some(folder) = on_path(self.programs[0]).and_then(|path| path.parent().map(Path::to_owned))
            && self.fits(&folder)
        {
            return Ok(folder);
        }
        let folder = cache.join("bin");
        if self.fits(&folder) {
            return Ok(folder);
        }
        fs::create_dir_all(cache).with_context(|| {
            format!("cannot make {}: set FWIT_TOOLS to a folder for the tools", cache.display())
        })?;
        // Another xtask may be installing the same: wait for it, then look again.
        let lock = fs::File::create(cache.join(".lock")).context("cannot lock the tools' folder")?;
        lock.lock().context("cannot lock the tools' folder")?;
        if self.fits(&folder) {
            return Ok(folder);
        }
        self.install(cache)?;
        if !self.fits(&folder) {
            bail!(
                "{} {} was installed into {}, but does not run",
                self.krate,
                self.version,
                folder.display()
            );
        }
        Ok(folder)
    }

    fn fits(&self, folder: &Path) -> bool {
        self.programs.iter().all(|program| {
            let path = folder.join(format!("{program}{}", env::consts::EXE_SUFFIX));
            let said = process::output_of(Command::new(path).arg("--version"));
            said.is_some_and(|said| said.split_whitespace().nth(1) == Some(self.version.as_str()))
        })
    }

    fn install(&self, cache: &Path) -> Result<()> {
        let Self { krate, version, .. } = self;
        let started = Instant::now();
        if self.install_prebuilt(cache) {
            eprintln!("Installed {krate} {version} with cargo-binstall in {} s", started.elapsed().as_secs());
            return Ok(());
        }
        process_stopped()?;
        eprintln!(
            "Installing {krate} {version} into {}: about {} minutes on two cores, once",
            cache.display(),
            self.minutes
        );
        let build = cache.join("build");
        let mut command = cargo();
        command.current_dir(cache).args(["install", "--force", "--version", version, "--root"]).arg(cache);
        if self.locked {
            command.arg("--locked");
        }
        // Its own target folder: an interrupted build goes on where it was. Cargo puts a program into the root
        // only when it is whole; one that it did not note down yet is replaced (`--force`).
        command.arg(krate).env("CARGO_TARGET_DIR", &build).env("CARGO_TERM_COLOR", "never").envs(QUICK);
        for name in ["RUSTFLAGS", "CARGO_ENCODED_RUSTFLAGS", "CARGO_BUILD_TARGET"] {
            command.env_remove(name);
        }
        let mut progress = Progress::new(krate, self.crates);
        let ended = process::run(&mut command, |line| progress.line(line))?;
        progress.finish();
        if !ended.ok {
            bail!(
                "installing {krate} {version} failed: {}\n{}\nBy hand: cargo install --version {version} {}{krate}",
                ended.reason(),
                Vec::from(ended.tail).join("\n"),
                if self.locked { "--locked " } else { "" }
            );
        }
        // Gigabytes that nobody needs again; if they stay, nothing breaks.
        let _ = fs::remove_dir_all(&build);
        eprintln!("Installed {krate} {version} in {} s", ended.took.as_secs());
        Ok(())
    }

    /// Whether cargo-binstall, where the user has it, could fetch the programs.
    fn install_prebuilt(&self, cache: &Path) -> bool {
        if process::output_of(cargo().args(["binstall", "-V"])).is_none() {
            return false;
        }
        eprintln!("Fetching {} {} with cargo-binstall", self.krate, self.version);
        let mut command = cargo();
        command
            .args(["binstall", "--no-confirm", "--force", "--disable-strategies", "compile", "--root"])
            .arg(cache);
        command.arg(format!("{}@{}", self.krate, self.version));
        match process::run(&mut command, |line| eprintln!("{line}")) {
            Ok(ended) if ended.ok && self.fits(&cache.join("bin")) => true,
            Ok(_) | Err(_) => {
                eprintln!("cargo-binstall has no {} {} for this machine", self.krate, self.version);
                false
            }
        }
    }
}

fn process_stopped() -> Result<()> {
    if process::stopped() {
        bail!("stopped");
    }
    Ok(())
}

/// One line that grows on a terminal, a line now and then elsewhere.
struct Progress {
    krate: &'static str,
    about: usize,
    done: usize,
    started: Instant,
    told: Instant,
    terminal: bool,
}

impl Progress {
    fn new(krate: &'static str, about: usize) -> Self {
        let now = Instant::now();
        Self { krate, about, done: 0, started: now, told: now, terminal: std::io::stderr().is_terminal() }
    }

    fn line(&mut self, line: &str) {
        if line.trim_start().starts_with("Compiling ") {
            self.done += 1;
        } else if line.trim_start().starts_with("Blocking ") {
            eprintln!("  {}", line.trim());
        }
        let pause = Duration::from_millis(if self.terminal { 200 } else { 15_000 });
        if self.told.elapsed() >= pause {
            self.told = Instant::now();
            let seconds = self.started.elapsed().as_secs();
            let (start, end) = if self.terminal { ("\r", "  ") } else { ("", "\n") };
            eprint!(
                "{start}  {}: {} of about {} crates, {}:{:02} min{end}",
                self.krate,
                self.done,
                self.about,
                seconds / 60,
                seconds % 60
            );
            // A terminal that is gone loses a line of progress, no more.
            let _ = std::io::stderr().flush();
        }
    }

    fn finish(&self) {
        if self.terminal {
            eprintln!();
        }
    }
}
