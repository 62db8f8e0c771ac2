//! Finding and installing a browser, the driver that fits it, and Python with `venv`.
//!
//! Installs only on Debian and its kin, as root or with a password-less sudo, from the system's own
//! archive.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use anyhow::{Context as _, Result, bail};

use crate::tools::{self, on_path};
use crate::{need, process};

/// A Chromium and its driver.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Browser {
    /// The browser's program.
    pub chrome: PathBuf,
    /// The driver's program.
    pub driver: PathBuf,
}

impl Browser {
    /// Finds both through CHROME, CHROMEDRIVER and PATH, and installs them where that is possible.
    ///
    /// # Errors
    /// When one is missing and cannot be installed: exactly what to do.
    pub fn ready() -> Result<Self> {
        if let (Some(chrome), Some(driver)) = (chrome()?, driver()?) {
            return Ok(Self { chrome, driver });
        }
        install(
            &["chromium", "chromium-driver"],
            "install Chromium or Chrome and the chromedriver of the same version, and put both on \
             PATH or name them in CHROME and CHROMEDRIVER",
        )?;
        let missing = |what| {
            format!(
                "{what} is still missing after the installation of chromium and chromium-driver"
            )
        };
        Ok(Self {
            chrome: chrome()?.with_context(|| missing("the browser"))?,
            driver: driver()?.with_context(|| missing("chromedriver"))?,
        })
    }
}

/// A Firefox and its driver: the same tests run in another engine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Firefox {
    /// The browser's program.
    pub program: PathBuf,
    /// The driver's program.
    pub driver: PathBuf,
}

impl Firefox {
    /// Finds both through FIREFOX, GECKODRIVER, PATH and the tools' cache. None, and a line that
    /// says so, when one is missing. In CI what is missing is installed instead.
    ///
    /// # Errors
    /// When one is missing in CI and cannot be installed.
    pub fn found() -> Result<Option<Self>> {
        let look = || -> Result<Option<PathBuf>> {
            Ok(named("FIREFOX")?.or_else(|| on_path("firefox-esr")).or_else(|| on_path("firefox")))
        };
        if need::in_ci() && look()?.is_none() {
            install(&["firefox-esr"], "install Firefox, or name it in FIREFOX")?;
        }
        let how = "apt-get install firefox-esr";
        let Some(program) = need::found_or_left_out(look()?, "firefox", how)? else {
            return Ok(None);
        };
        let driver = match named("GECKODRIVER")? {
            Some(driver) => Some(driver),
            None => tools::geckodriver(need::in_ci())?,
        };
        let cache = tools::cache()?;
        let how = format!(
            "cargo install geckodriver --version 0.37.0 --locked --root {}",
            cache.display()
        );
        Ok(need::found_or_left_out(driver, "geckodriver", &how)?
            .map(|driver| Self { program, driver }))
    }
}

/// Makes sure that `python3 -m venv` works; the tests check our files with a Python library.
///
/// # Errors
/// When it does not and cannot be installed: exactly what to do.
pub fn python_ready() -> Result<()> {
    let works = || {
        process::output_of(Command::new("python3").args(["-c", "import venv, ensurepip"])).is_some()
    };
    if works() {
        return Ok(());
    }
    install(
        &["python3-venv"],
        "install Python 3 with its modules venv and ensurepip, as `python3` on PATH",
    )?;
    if !works() {
        bail!(
            "`python3 -c 'import venv, ensurepip'` still fails after the installation of \
             python3-venv"
        );
    }
    Ok(())
}

/// Installs, in CI, the programs of others that the tests use: etcd, Redis, webdis, nginx, Caddy.
/// Outside CI the tests look for them, and leave out what they don't find.
///
/// # Errors
/// When one is missing in CI and cannot be installed.
pub fn systems_ready() -> Result<()> {
    let packages = [
        ("etcd", "etcd-server"),
        ("etcdctl", "etcd-client"),
        ("redis-server", "redis-server"),
        ("webdis", "webdis"),
        ("nginx", "nginx-light"),
        ("caddy", "caddy"),
    ];
    let missing: Vec<&str> = packages
        .into_iter()
        .filter(|(program, _)| on_path(program).is_none())
        .map(|(_, package)| package)
        .collect();
    if need::in_ci() && !missing.is_empty() {
        install(&missing, "install them, and put them on PATH")?;
    }
    Ok(())
}

fn chrome() -> Result<Option<PathBuf>> {
    if let Some(named) = named("CHROME")? {
        return Ok(Some(named));
    }
    let names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"];
    let places = [
        "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
        "/Applications/Chromium.app/Contents/MacOS/Chromium",
    ];
    let place = || places.iter().map(PathBuf::from).find(|path| path.is_file());
    Ok(names.iter().find_map(|name| on_path(name)).or_else(place))
}

fn driver() -> Result<Option<PathBuf>> {
    if let Some(named) = named("CHROMEDRIVER")? {
        return Ok(Some(named));
    }
    // Hosted CI machines name the folder.
    let hosted =
        env::var_os("CHROMEWEBDRIVER").map(|folder| Path::new(&folder).join("chromedriver"));
    Ok(hosted.filter(|path| path.is_file()).or_else(|| on_path("chromedriver")))
}

fn named(variable: &str) -> Result<Option<PathBuf>> {
    let Some(path) = env::var_os(variable).filter(|value| !value.is_empty()).map(PathBuf::from)
    else {
        return Ok(None);
    };
    if !path.is_file() {
        bail!("{variable} is {}, and there is no such program", path.display());
    }
    Ok(Some(path))
}

fn install(packages: &[&str], by_hand: &str) -> Result<()> {
    let wanted = packages.join(" and ");
    if fs::metadata("/etc/debian_version").is_err() || on_path("apt-get").is_none() {
        bail!("{wanted}: not found, and this is no Debian to install from; {by_hand}");
    }
    let root = process::output_of(Command::new("id").arg("-u")).as_deref() == Some("0");
    let sudo = !root && process::output_of(Command::new("sudo").args(["-n", "true"])).is_some();
    if !root && !sudo {
        bail!(
            "{wanted}: not found, and we may not install; run `sudo apt-get install {}`, or \
             {by_hand}",
            packages.join(" ")
        );
    }
    let apt = |words: &[&str]| {
        let mut command = if root { Command::new("env") } else { Command::new("sudo") };
        if sudo {
            command.args(["-n", "env"]);
        }
        // In this run level Debian's scripts start no service.
        command.args(["RUNLEVEL=1", "DEBIAN_FRONTEND=noninteractive"]);
        command.args(["apt-get", "-q", "-y"]).args(words);
        process::must_run(&mut command)
    };
    eprintln!("Installing Debian's {wanted}");
    apt(&["update"])?;
    apt(&[&["install", "--no-install-recommends"], packages].concat())?;
    Ok(())
}
