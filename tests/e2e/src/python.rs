//! A Python with the libraries that read our files: a second opinion that shares no code with us.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;

use anyhow::{Context as _, Result, bail};
use xtask::tools;

/// The library that reads HdrHistograms, and its version.
const PACKAGE: &str = "hdrhistogram==0.10.3";

/// An interpreter in the tools' cache with [`PACKAGE`].
#[derive(Debug)]
pub struct Python {
    program: PathBuf,
}

impl Python {
    /// Finds the interpreter, or makes it: `python3 -m venv`, and the package from PyPI.
    ///
    /// # Errors
    /// When there is no Python 3 with `venv`, or PyPI cannot be reached.
    pub fn ready() -> Result<Self> {
        let cache = tools::cache()?;
        fs::create_dir_all(&cache).with_context(|| format!("cannot make {}", cache.display()))?;
        // Another run may be making it: wait, then look.
        let lock = fs::File::create(cache.join(".python.lock"))
            .context("cannot lock the tools' folder")?;
        lock.lock().context("cannot lock the tools' folder")?;
        let folder = cache.join("python");
        let place = if cfg!(windows) { "Scripts/python.exe" } else { "bin/python" };
        let python = Self { program: folder.join(place) };
        if python.fits() {
            return Ok(python);
        }
        // Whole or half, what is there does not work: start afresh.
        let mut venv = Command::new("python3");
        must_run(venv.args(["-m", "venv", "--clear"]).arg(&folder))?;
        let mut pip = Command::new(&python.program);
        must_run(pip.args([
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
            PACKAGE,
        ]))?;
        if !python.fits() {
            bail!("{} was installed into {}, but cannot be imported", PACKAGE, folder.display());
        }
        Ok(python)
    }

    /// Runs a script with this standard input and gives its standard output.
    ///
    /// # Errors
    /// When it fails: with its standard error.
    pub fn run(&self, script: &str, input: &str) -> Result<String> {
        let mut child = Command::new(&self.program)
            .args(["-c", script])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .with_context(|| format!("cannot start {}", self.program.display()))?;
        let mut stdin = child.stdin.take().context("Python has no input")?;
        let input = input.as_bytes().to_vec();
        // Apart, or both sides could wait for each other on a full pipe. A script may read less
        // than it is given.
        let writer = thread::spawn(move || stdin.write_all(&input).is_ok());
        let output = child.wait_with_output().context("lost sight of Python")?;
        let _ = writer.join();
        if !output.status.success() {
            bail!(
                "the Python script failed ({}):\n{}",
                output.status,
                String::from_utf8_lossy(&output.stderr)
            );
        }
        String::from_utf8(output.stdout).context("the Python script's output is no UTF-8")
    }

    fn fits(&self) -> bool {
        Path::new(&self.program).exists() && self.run("import hdrh.histogram", "").is_ok()
    }
}

fn must_run(command: &mut Command) -> Result<()> {
    let name = xtask::process::describe(command);
    let output =
        command.stdin(Stdio::null()).output().with_context(|| format!("cannot start `{name}`"))?;
    if !output.status.success() {
        bail!("`{name}` failed ({}):\n{}", output.status, String::from_utf8_lossy(&output.stderr));
    }
    Ok(())
}
