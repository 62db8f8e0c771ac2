//! The pages that are compared: how each is installed and served, and when it can be used.

use std::fs;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use xtask::{process, tools};

use crate::host;

const LOCUST: &str = "locust==2.47.0";
const SPEEDSCOPE: &str = "speedscope@1.25.0";

/// A page that is served.
#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) name: &'static str,
    pub(crate) url: String,
    /// A JavaScript expression that is true when the page's first control is there.
    pub(crate) ready: &'static str,
    /// What serves it, if not this program.
    _server: Option<Server>,
}

/// Installs what is missing into the tools' cache, and serves all pages; fwit's is the first.
///
/// # Errors
/// When something cannot be installed or served.
pub(crate) fn all() -> Result<Vec<Page>> {
    let dist = std::env::var_os("FWIT_DIST").map(PathBuf::from).context("FWIT_DIST is not set")?;
    let cache = tools::cache()?.join("load-time");
    fs::create_dir_all(&cache).with_context(|| format!("cannot make {}", cache.display()))?;
    let (server, url, assets) = locust(&cache)?;
    let index = reqwest::blocking::get(&url).context("Locust gave no page")?.bytes()?;
    let page = |name, url, ready| Page { name, url, ready, _server: None };
    let form = "document.querySelector('#root form input')";
    Ok(vec![
        page(
            "fwit",
            host::serve(&dist, None)?,
            "window.fwit && document.querySelector('#main button')",
        ),
        Page {
            _server: Some(server),
            ..page("Locust, as its own server sends it (not compressed)", url, form)
        },
        page("Locust's files, gzipped", host::serve(&assets, Some(&index))?, form),
        page(
            "speedscope, gzipped",
            host::serve(&speedscope(&cache)?, None)?,
            "document.querySelector('input[type=file]')",
        ),
    ])
}

/// A program that serves a page; killed when dropped.
#[derive(Debug)]
struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill().and_then(|()| self.0.wait());
    }
}

/// Locust's own server, its URL, and the folder of its page's files.
fn locust(cache: &Path) -> Result<(Server, String, PathBuf)> {
    let folder = cache.join("locust");
    let python = folder.join(if cfg!(windows) { "Scripts/python.exe" } else { "bin/python" });
    let place =
        "import locust, pathlib; print(pathlib.Path(locust.__file__).parent / 'webui' / 'dist')";
    if process::output_of(Command::new(&python).args(["-c", place])).is_none() {
        install(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&folder))?;
        install(Command::new(&python).args(["-m", "pip", "install", "--quiet", LOCUST]))?;
    }
    let assets = process::output_of(Command::new(&python).args(["-c", place]))
        .context("Locust cannot be imported")?;
    let load = cache.join("locustfile.py");
    fs::write(
        &load,
        "from locust import HttpUser, task\n\n\nclass User(HttpUser):\n    @task\n    def \
         nothing(self):\n        pass\n",
    )?;
    // Locust takes no port 0: this one was free a moment ago.
    let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port().to_string();
    let mut command = Command::new(&python);
    command
        .args([
            "-m",
            "locust",
            "--loglevel",
            "ERROR",
            "--web-host",
            "127.0.0.1",
            "--web-port",
            &port,
            "-f",
        ])
        .arg(&load);
    let child = command.stdin(Stdio::null()).spawn().context("cannot start Locust")?;
    let server = Server(child);
    let url = format!("http://127.0.0.1:{port}/");
    let deadline = Instant::now() + Duration::from_secs(30);
    while reqwest::blocking::get(&url).is_err() {
        if Instant::now() > deadline {
            bail!("Locust does not answer at {url}");
        }
        thread::sleep(Duration::from_millis(100));
    }
    Ok((server, url, PathBuf::from(assets)))
}

/// The folder of speedscope's page.
fn speedscope(cache: &Path) -> Result<PathBuf> {
    let folder = cache.join("speedscope");
    let page = folder.join("node_modules/speedscope/dist/release");
    if !page.join("index.html").is_file() {
        install(
            Command::new("npm")
                .args(["install", "--silent", "--no-audit", "--no-fund", "--prefix"])
                .arg(&folder)
                .arg(SPEEDSCOPE),
        )?;
    }
    Ok(page)
}

fn install(command: &mut Command) -> Result<()> {
    eprintln!("$ {}", process::describe(command));
    process::must_run(command).map(drop)
}
