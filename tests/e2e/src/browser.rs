//! One headless Chromium, driven through WebDriver without network events: those slow it down by half.

use std::fmt::Debug;
use std::future::Future;
use std::path::Path;
use std::process::{Child, Command as Program, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::{Duration, Instant};
use std::{fs, io};

use anyhow::{Context as _, Result, bail};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use fantoccini::wd::{Capabilities, TimeoutConfiguration, WindowHandle};
use fantoccini::{Client, ClientBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use tokio::runtime::{self, Runtime};

use crate::command::Command;
use crate::given;

/// The longest that a single command may take; a run of the page is awaited by one command.
pub const PATIENCE: Duration = Duration::from_secs(600);

/// How long the driver and the browser may take to start.
const START: Duration = Duration::from_secs(120);

/// Between two looks at a condition in the page.
const LOOK: Duration = Duration::from_millis(50);

/// With the pipe the browser ends when its driver does, however that happens. The others keep a fresh browser
/// from calling home, and let it run as root in a container.
const ARGS: [&str; 13] = [
    "--headless",
    "--hide-scrollbars",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-default-apps",
    "--remote-debugging-pipe",
    "--force-color-profile=srgb",
];

/// A browser with one window; ends when dropped.
#[derive(Debug)]
pub struct Browser {
    runtime: Runtime,
    /// None only while it is dropped.
    client: Option<Client>,
    driver: Driver,
}

/// A colour scheme that the page is shown in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    /// `prefers-color-scheme: light`
    Light,
    /// `prefers-color-scheme: dark`
    Dark,
}

impl Scheme {
    /// `light` or `dark`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }
}

impl Browser {
    /// Starts chromedriver on a free port, and through it a fresh browser without profile, 1280 by 800.
    ///
    /// # Errors
    /// When CHROME or CHROMEDRIVER is not set or wrong, or one of both does not start.
    pub fn start() -> Result<Self> {
        Self::start_with(&[])
    }

    /// As [`Browser::start`], with further arguments for Chromium.
    ///
    /// # Errors
    /// As [`Browser::start`].
    pub fn start_with(further: &[&str]) -> Result<Self> {
        let args = [&ARGS, further].concat();
        let chrome = given::path("CHROME")?;
        let driver = Driver::start(&given::path("CHROMEDRIVER")?)?;
        let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
        let mut capabilities = Capabilities::new();
        capabilities.insert("goog:chromeOptions".to_owned(), json!({ "binary": chrome, "args": args }));
        capabilities.insert("goog:loggingPrefs".to_owned(), json!({ "browser": "ALL" }));
        let url = format!("http://127.0.0.1:{}", driver.port);
        let client = runtime
            .block_on(async {
                let mut builder = ClientBuilder::new(HttpConnector::new());
                tokio::time::timeout(START, builder.capabilities(capabilities).connect(&url)).await
            })
            .with_context(|| format!("{} did not start within {} s", chrome.display(), START.as_secs()))?
            .with_context(|| format!("{} did not start", chrome.display()))?;
        let browser = Self { runtime, client: Some(client), driver };
        let timeouts = TimeoutConfiguration::new(Some(PATIENCE), Some(START), Some(Duration::ZERO));
        browser.run("set the timeouts", async |client| client.update_timeouts(timeouts).await)?;
        browser.resize(1280, 800)?;
        Ok(browser)
    }

    /// Opens a URL and waits until it has loaded. A change of the hash alone loads nothing.
    ///
    /// # Errors
    /// When the browser cannot load it.
    pub fn open(&self, url: &str) -> Result<()> {
        self.run(&format!("open {url}"), async |client| client.goto(url).await)
    }

    /// Runs the body of an async JavaScript function, `args` being its argument of that name, and gives what
    /// it returns; `undefined` is null.
    ///
    /// # Errors
    /// When it throws or rejects: with what; when it takes longer than [`PATIENCE`].
    pub fn eval(&self, body: &str, args: &[Value]) -> Result<Value> {
        let script = format!(
            "const done = arguments[arguments.length - 1];
             (async (args) => {{ {body} }})(arguments[0]).then(
                 (value) => done({{ value: value === undefined ? null : value }}),
                 (error) => done({{ error: error instanceof Error ? String(error.stack) : JSON.stringify(error) }}));"
        );
        let mut answer =
            self.run("run a script", async |client| client.execute_async(&script, vec![json!(args)]).await)?;
        if let Some(error) = answer.get("error") {
            bail!("the script failed: {}\nin: {body}", error.as_str().unwrap_or_default());
        }
        Ok(answer.get_mut("value").map(Value::take).unwrap_or_default())
    }

    /// Waits until a JavaScript expression is truthy, and gives its value.
    ///
    /// # Errors
    /// When it throws, or is not truthy within `patience`: with its last value and the console's errors.
    pub fn wait(&self, expression: &str, patience: Duration) -> Result<Value> {
        let deadline = Instant::now() + patience;
        let body = format!("const value = await ({expression}); return [!!value, value];");
        loop {
            let mut last = self.eval(&body, &[])?;
            if last[0] == json!(true) {
                return Ok(last[1].take());
            }
            if Instant::now() >= deadline {
                bail!(
                    "`{expression}` was {} after {} s; errors of the console: {:#?}",
                    last[1],
                    patience.as_secs(),
                    self.console_errors()?
                );
            }
            self.runtime.block_on(async { tokio::time::sleep(LOOK).await });
        }
    }

    /// The errors that the console was given since the last time: exceptions, `console.error`, failed loads.
    ///
    /// # Errors
    /// When the driver has no log.
    pub fn console_errors(&self) -> Result<Vec<String>> {
        let log = self.run("read the console", async |client| client.issue_cmd(Command::log()).await)?;
        let entries = log.as_array().context("the driver's log is no list")?;
        let errors = entries.iter().filter(|entry| entry["level"] == "SEVERE");
        Ok(errors.filter_map(|entry| Some(entry["message"].as_str()?.to_owned())).collect())
    }

    /// Sets the size of what the page sees as its window, in CSS pixels; also narrower than a real window may be.
    ///
    /// # Errors
    /// When the browser refuses.
    pub fn resize(&self, width: u32, height: u32) -> Result<()> {
        let metrics = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
        self.devtools("Emulation.setDeviceMetricsOverride", &metrics).map(drop)
    }

    /// Shows the page in a colour scheme, and without animations, so that pictures are alike.
    ///
    /// # Errors
    /// When the browser refuses.
    pub fn set_scheme(&self, scheme: Scheme) -> Result<()> {
        let features = json!([
            { "name": "prefers-color-scheme", "value": scheme.name() },
            { "name": "prefers-reduced-motion", "value": "reduce" },
        ]);
        self.devtools("Emulation.setEmulatedMedia", &json!({ "features": features })).map(drop)
    }

    /// Opens a tab in front of the others and drives it from now on; gives the handle of the one before, for
    /// [`Browser::show`].
    ///
    /// # Errors
    /// When the browser refuses.
    pub fn new_tab(&self) -> Result<WindowHandle> {
        let before = self.run("ask for the tab", async |client| client.window().await)?;
        let opened = self.run("open a tab", async |client| client.new_window(true).await)?;
        self.show(opened.handle)?;
        Ok(before)
    }

    /// Brings a tab to the front and drives it from now on.
    ///
    /// # Errors
    /// When it is gone.
    pub fn show(&self, tab: WindowHandle) -> Result<()> {
        self.run("show a tab", async |client| client.switch_to_window(tab).await)?;
        self.devtools("Page.bringToFront", &json!({})).map(drop)
    }

    /// Saves a PNG of the whole page, also of what lies below the window.
    ///
    /// # Errors
    /// When the picture cannot be taken or written.
    pub fn screenshot(&self, path: &Path) -> Result<()> {
        let metrics = self.devtools("Page.getLayoutMetrics", &json!({}))?;
        let size = &metrics["cssContentSize"];
        let clip = json!({ "x": 0, "y": 0, "width": size["width"], "height": size["height"], "scale": 1 });
        let options = json!({ "format": "png", "captureBeyondViewport": true, "clip": clip });
        let picture = self.devtools("Page.captureScreenshot", &options)?;
        let data = picture["data"].as_str().context("the browser gave no picture")?;
        let png = BASE64.decode(data).context("the browser's picture is no base64")?;
        fs::write(path, png).with_context(|| format!("cannot write {}", path.display()))
    }

    /// Sends a command of the DevTools protocol to the page's tab.
    ///
    /// # Errors
    /// When the browser refuses it.
    pub fn devtools(&self, command: &str, parameters: &Value) -> Result<Value> {
        let sent = Command::devtools(command, parameters);
        self.run(command, async |client| client.issue_cmd(sent).await)
    }

    /// Runs a command of WebDriver to its end; the client's other commands are at its disposal this way too.
    ///
    /// # Errors
    /// What the command says, or that it took longer than [`PATIENCE`].
    pub fn run<T, E>(&self, what: &str, command: impl AsyncFnOnce(&Client) -> Result<T, E>) -> Result<T>
    where
        E: std::error::Error + Send + Sync + 'static,
    {
        let client = self.client.as_ref().context("the browser was closed")?;
        let outcome = self.block_on(PATIENCE + START, command(client));
        outcome
            .with_context(|| format!("cannot {what}: no answer; is the driver {} alive?", self.driver.port))?
            .with_context(|| format!("cannot {what}"))
    }

    fn block_on<T>(&self, patience: Duration, future: impl Future<Output = T>) -> Option<T> {
        self.runtime.block_on(async { tokio::time::timeout(patience, future).await.ok() })
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        if let Some(client) = self.client.take() {
            // If that fails the browser still ends with its driver, below.
            let _ = self.block_on(Duration::from_secs(10), client.close());
        }
    }
}

/// A running chromedriver; killed when dropped. It stays in our process group: who kills us kills it.
#[derive(Debug)]
struct Driver {
    child: Child,
    port: u16,
}

impl Driver {
    fn start(program: &Path) -> Result<Self> {
        let name = program.display();
        let child = Program::new(program)
            .arg("--port=0")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
            .with_context(|| format!("cannot start {name}"))?;
        let mut driver = Self { child, port: 0 };
        let out = driver.child.stdout.take().context("the driver has no output")?;
        let (sender, lines) = mpsc::channel();
        xtask::process::forward_lines(out, sender);
        let deadline = Instant::now() + START;
        loop {
            match lines.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                Ok(line) => {
                    if let Some(port) = port_in(&line) {
                        driver.port = port;
                        return Ok(driver);
                    }
                }
                Err(RecvTimeoutError::Timeout) => bail!("{name} told no port within {} s", START.as_secs()),
                Err(RecvTimeoutError::Disconnected) => bail!("{name} ended before it told its port"),
            }
        }
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        let ended: io::Result<_> = self.child.kill().and_then(|()| self.child.wait());
        // It may have ended by itself.
        drop(ended);
    }
}

/// The port in `ChromeDriver was started successfully on port 12345.`
fn port_in(line: &str) -> Option<u16> {
    line.split_once("started successfully on port ")?.1.trim_end_matches('.').parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_drivers_port_is_read() {
        assert_eq!(port_in("ChromeDriver was started successfully on port 39823."), Some(39823));
        assert_eq!(port_in("Starting ChromeDriver 150 on port 0"), None);
    }
}
