//! One headless Chromium or Firefox, driven through WebDriver without network events: those slow it
//! by half.

use std::fmt::Debug;
use std::fs;
use std::future::Future;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use fantoccini::wd::{Capabilities, TimeoutConfiguration, WindowHandle};
use fantoccini::{Client, ClientBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use tokio::runtime::{self, Runtime};

use crate::command::Command;
use crate::driver::{Driver, START};
use crate::given;

/// The longest that a single command may take; a run of the page is awaited by one command.
pub const PATIENCE: Duration = Duration::from_secs(600);

/// Between two looks at a condition in the page.
const LOOK: Duration = Duration::from_millis(50);

/// With the pipe the browser ends when its driver does, however that happens. The tests' server
/// makes its certificate itself. The others keep a fresh browser from calling home, and let it run
/// as root in a container.
const ARGS: [&str; 14] = [
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
    "--ignore-certificate-errors",
];

/// Firefox asks no server of its own, and its clock is as fine as the page's isolation allows.
const FIREFOX_PREFS: [(&str, bool); 4] = [
    ("app.update.disabledForTesting", true),
    ("datareporting.policy.dataSubmissionEnabled", false),
    ("network.captive-portal-service.enabled", false),
    ("network.connectivity-service.enabled", false),
];

/// The browser that tests share, started by the first of them.
static SHARED: OnceLock<Mutex<Browser>> = OnceLock::new();

/// A browser with one window; ends when dropped.
#[derive(Debug)]
pub struct Browser {
    runtime: Runtime,
    /// None only while it is dropped.
    client: Option<Client>,
    has_console: bool,
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
    /// The browser that tests share one after another, at a blank page. What a page keeps is its
    /// own: each test serves it from another origin. Tests that change the window or open tabs take
    /// [`Browser::start`].
    ///
    /// # Errors
    /// As [`Browser::start`], or when an earlier test has left it unable to go on.
    pub fn shared() -> Result<MutexGuard<'static, Self>> {
        if SHARED.get().is_none() {
            // Whichever is first stays; the other one ends.
            let _ = SHARED.set(Mutex::new(Self::start()?));
        }
        let shared = SHARED.get().context("no browser is shared")?;
        let browser = shared.lock().unwrap_or_else(PoisonError::into_inner);
        browser.open("about:blank")?;
        browser.console_errors()?;
        Ok(browser)
    }

    /// Starts chromedriver on a free port, and through it a fresh Chromium without profile, 1280 by
    /// 800.
    ///
    /// # Errors
    /// When `CHROME` or `CHROMEDRIVER` is not set or wrong, or one of both does not start.
    pub fn start() -> Result<Self> {
        Self::start_with_args(&[])
    }

    /// As [`Browser::start`], with further arguments of Chromium.
    ///
    /// # Errors
    /// As [`Browser::start`].
    pub fn start_with_args(more: &[String]) -> Result<Self> {
        let chrome = given::path("CHROME")?;
        let mut capabilities = Capabilities::new();
        let args: Vec<&str> = ARGS.iter().copied().chain(more.iter().map(String::as_str)).collect();
        capabilities
            .insert("goog:chromeOptions".to_owned(), json!({ "binary": chrome, "args": args }));
        capabilities.insert("goog:loggingPrefs".to_owned(), json!({ "browser": "ALL" }));
        let browser = Self::start_with(&chrome, &given::path("CHROMEDRIVER")?, capabilities)?;
        browser.resize(1280, 800)?;
        Ok(browser)
    }

    /// Starts Firefox. Without one the test that asks is skipped, and a line says so; in CI
    /// (`CI=true`) that is an error. Its driver has no DevTools and no log: sizes, schemes,
    /// pictures and the console are Chromium's.
    ///
    /// # Errors
    /// When `FIREFOX` or `GECKODRIVER` is wrong or, in CI, missing, or one of both does not start.
    pub fn firefox() -> Result<Option<Self>> {
        let (Some(firefox), Some(driver)) = (Self::found("FIREFOX")?, Self::found("GECKODRIVER")?)
        else {
            return Ok(None);
        };
        let mut capabilities = Capabilities::new();
        let prefs: serde_json::Map<String, Value> =
            FIREFOX_PREFS.map(|(name, on)| (name.to_owned(), json!(on))).into_iter().collect();
        let options = json!({ "binary": firefox, "args": ["-headless"], "prefs": prefs });
        capabilities.insert("moz:firefoxOptions".to_owned(), options);
        capabilities.insert("acceptInsecureCerts".to_owned(), json!(true));
        let mut browser = Self::start_with(&firefox, &driver, capabilities)?;
        browser.has_console = false;
        Ok(Some(browser))
    }

    /// A program that may be missing outside CI.
    fn found(variable: &str) -> Result<Option<PathBuf>> {
        if xtask::need::in_ci() || std::env::var_os(variable).is_some_and(|value| !value.is_empty())
        {
            return given::path(variable).map(Some);
        }
        eprintln!("SKIPPED: {variable} is not set, so nothing runs in Firefox here");
        Ok(None)
    }

    fn start_with(program: &Path, driver: &Path, capabilities: Capabilities) -> Result<Self> {
        let driver = Driver::start(driver)?;
        let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
        let url = format!("http://127.0.0.1:{}", driver.port);
        let client = runtime
            .block_on(async {
                let mut builder = ClientBuilder::new(HttpConnector::new());
                tokio::time::timeout(START, builder.capabilities(capabilities).connect(&url)).await
            })
            .with_context(|| {
                format!("{} did not start within {} s", program.display(), START.as_secs())
            })?
            .with_context(|| format!("{} did not start", program.display()))?;
        let browser = Self { runtime, client: Some(client), has_console: true, driver };
        let timeouts = TimeoutConfiguration::new(Some(PATIENCE), Some(START), Some(Duration::ZERO));
        browser.run("set the timeouts", async |client| client.update_timeouts(timeouts).await)?;
        Ok(browser)
    }

    /// Opens a URL and waits until it has loaded. A change of the hash alone loads nothing.
    ///
    /// # Errors
    /// When the browser cannot load it.
    pub fn open(&self, url: &str) -> Result<()> {
        self.run(&format!("open {url}"), async |client| client.goto(url).await)
    }

    /// Runs the body of an async JavaScript function, `args` being its argument of that name, and
    /// gives what it returns; `undefined` is null.
    ///
    /// # Errors
    /// When it throws or rejects: with what; when it takes longer than [`PATIENCE`].
    pub fn eval(&self, body: &str, args: &[Value]) -> Result<Value> {
        let script = format!(
            "const done = arguments[arguments.length - 1];
             (async (args) => {{ {body} }})(arguments[0]).then(
                 (value) => done({{ value: value === undefined ? null : value }}),
                 (error) => \
                 \
                 \
                 \
                 \
                 \
                 \
                 \
                 \
                 \
                 \
                 \
                 \
                 \
                 \
                 \
                 done({{ error: error instanceof Error ? String(error.stack) : JSON.stringify(error) }}));"
        );
        let mut answer = self.run("run a script", async |client| {
            client.execute_async(&script, vec![json!(args)]).await
        })?;
        if let Some(error) = answer.get("error") {
            bail!("the script failed: {}\nin: {body}", error.as_str().unwrap_or_default());
        }
        Ok(answer.get_mut("value").map(Value::take).unwrap_or_default())
    }

    /// Waits until a JavaScript expression is truthy, and gives its value.
    ///
    /// # Errors
    /// When it throws, or is not truthy within `patience`: with its last value and the console's
    /// errors.
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

    /// Whether [`Browser::console_errors`] can be asked: geckodriver has no such log.
    pub fn has_console(&self) -> bool {
        self.has_console
    }

    /// The errors that the console was given since the last time: exceptions, `console.error`,
    /// failed loads.
    ///
    /// # Errors
    /// When the driver has no log.
    pub fn console_errors(&self) -> Result<Vec<String>> {
        let log =
            self.run("read the console", async |client| client.issue_cmd(Command::log()).await)?;
        let entries = log.as_array().context("the driver's log is no list")?;
        let errors = entries.iter().filter(|entry| entry["level"] == "SEVERE");
        Ok(errors.filter_map(|entry| Some(entry["message"].as_str()?.to_owned())).collect())
    }

    /// Sets the size of what the page sees as its window, in CSS pixels; also narrower than a real
    /// window may be.
    ///
    /// # Errors
    /// When the browser refuses.
    pub fn resize(&self, width: u32, height: u32) -> Result<()> {
        let metrics =
            json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
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

    /// Opens a tab in front of the others and drives it from now on; gives the handle of the one
    /// before, for [`Browser::show`].
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
        let clip =
            json!({ "x": 0, "y": 0, "width": size["width"], "height": size["height"], "scale": 1 });
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

    /// Runs a command of WebDriver to its end; the client's other commands are at its disposal this
    /// way too.
    ///
    /// # Errors
    /// What the command says, or that it took longer than [`PATIENCE`].
    pub fn run<T, E>(
        &self,
        what: &str,
        command: impl AsyncFnOnce(&Client) -> Result<T, E>,
    ) -> Result<T>
    where
        E: std::error::Error + Send + Sync + 'static,
    {
        let client = self.client.as_ref().context("the browser was closed")?;
        let outcome = self.block_on(PATIENCE + START, command(client));
        outcome
            .with_context(|| {
                format!("cannot {what}: no answer; is the driver {} alive?", self.driver.port)
            })?
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
