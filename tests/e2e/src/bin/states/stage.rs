//! The page that is driven, and the files that its states are written to.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use fwit_e2e::{Browser, Page};
use serde_json::{Value, json};

/// The longest that a state may take to come about.
const PATIENCE: Duration = Duration::from_secs(60);

/// Before the page's own scripts: nothing answers at the demo's addresses, whatever runs on this
/// machine.
const NO_DEMO: &str = "
    const fetch = window.fetch;
    window.fetch = (what, init) => /:710[123]\\b/.test(String(what?.url ?? what))
        ? Promise.reject(new TypeError('Failed to fetch')) : fetch.call(window, what, init);";

/// The plan of all runs here: small, and without chance but for its seed.
const PLAN: &str = r#"{
    "name": "sim", "cluster": { "dialect": "sim", "sim": { "preset": "three regions" } },
    "load": { "entities": 30, "warmup_s": 2, "duration_s": 60 }, "subscribers": 2 }"#;

/// The browser at the page, and what was written of it.
pub struct Stage {
    page: Page,
    browser: Browser,
    out: PathBuf,
    group: &'static str,
    number: usize,
    count: usize,
    replace: Vec<(String, String)>,
    /// Runs that were made once: their plan's name and their file.
    runs: Vec<(String, String)>,
}

impl Stage {
    /// Starts the browser.
    pub fn new(out: PathBuf) -> Result<Self> {
        fs::create_dir_all(&out).with_context(|| format!("cannot make {}", out.display()))?;
        let page = Page::serve()?;
        let browser = Browser::start()?;
        browser.devtools("Page.addScriptToEvaluateOnNewDocument", &json!({ "source": NO_DEMO }))?;
        let replace = vec![(page.origin(), "http://page".to_owned())];
        Ok(Self { page, browser, out, group: "", number: 0, count: 0, replace, runs: Vec::new() })
    }

    /// Begins a group of states.
    pub fn begin(&mut self, group: &'static str) {
        (self.group, self.number) = (group, 0);
    }

    /// How many states were written.
    pub fn count(&self) -> usize {
        self.count
    }

    /// What a page has to be served from so that a cluster lets it in.
    pub fn origin(&self) -> String {
        self.page.origin()
    }

    /// Has a text that differs from run to run, such as an address, replaced from now on.
    pub fn replace(&mut self, from: &str, to: &str) {
        self.replace.push((from.to_owned(), to.to_owned()));
    }

    /// Opens the page at a route, as the first visit of a browser that knows nothing.
    pub fn first_visit(&self, route: &str) -> Result<()> {
        self.browser.open("about:blank")?;
        let origin = self.page.origin();
        let clear = json!({ "origin": origin, "storageTypes": "local_storage,indexeddb" });
        self.browser.devtools("Storage.clearDataForOrigin", &clear)?;
        self.visit(route)
    }

    /// Opens the page at a route; what the browser has kept of it is there.
    pub fn visit(&self, route: &str) -> Result<()> {
        // From a blank page, or a change of the hash alone would load nothing.
        self.browser.open("about:blank")?;
        self.browser.open(&self.page.url(route))?;
        self.browser.wait("window.fwit && document.documentElement.dataset.fwit", PATIENCE)?;
        self.browser.eval(include_str!("dom.js"), &[])?;
        Ok(())
    }

    /// Follows a link to another route of the open page.
    pub fn go(&self, route: &str) -> Result<()> {
        self.act("location.hash = args[0];", &[json!(route)]).map(drop)
    }

    /// Runs JavaScript that acts as a user does; `click`, `type`, `field` and so on are those of
    /// `dom.js`.
    pub fn act(&self, script: &str, args: &[Value]) -> Result<Value> {
        let tools = "const { all, button, field, click, type, choose, give } = window.states;";
        self.browser.eval(&format!("{tools} {script}"), args)
    }

    /// Waits until a JavaScript expression is truthy.
    pub fn wait(&self, expression: &str) -> Result<()> {
        self.browser.wait(expression, PATIENCE).map(drop)
    }

    /// Waits until the page says a text, then writes the state.
    pub fn keep_saying(&mut self, name: &str, text: &str) -> Result<()> {
        self.keep(name, &format!("states.says({})", json!(text)))
    }

    /// Waits for a condition and until the page stands still, then writes the state.
    pub fn keep(&mut self, name: &str, condition: &str) -> Result<()> {
        self.wait(condition).with_context(|| format!("before `{name}`"))?;
        self.browser.eval("return states.settled();", &[])?;
        self.write(name, "body", false)
    }

    /// Waits for a condition, then writes the state of a page that goes on, its numbers masked.
    pub fn keep_masked(&mut self, name: &str, condition: &str) -> Result<()> {
        self.wait(condition).with_context(|| format!("before `{name}`"))?;
        self.write(name, "body", true)
    }

    /// Writes what stands in the document's head.
    pub fn keep_head(&mut self, name: &str) -> Result<()> {
        self.write(name, "head", false)
    }

    fn write(&mut self, name: &str, part: &str, masked: bool) -> Result<()> {
        self.number += 1;
        self.count += 1;
        let file = self.out.join(format!("{}-{:02}-{name}.html", self.group, self.number));
        let told = json!({ "replace": self.replace, "masked": masked });
        let text = self.browser.eval("return states.dom(...args);", &[json!(part), told])?;
        let errors = self.browser.console_errors()?;
        let errors: Vec<_> = errors.iter().filter(|error| !is_expected(error)).collect();
        if !errors.is_empty() {
            bail!("`{name}`: the console has {errors:#?}");
        }
        let text = text.as_str().context("the page gave no text")?;
        fs::write(&file, text).with_context(|| format!("cannot write {}", file.display()))
    }

    /// The files of runs, made once and opened wherever they are needed: no id, time or machine of
    /// their own.
    pub fn run(&mut self, name: &str, changes: &Value) -> Result<String> {
        if let Some((_, text)) = self.runs.iter().find(|(of, _)| of == name) {
            return Ok(text.clone());
        }
        let mut plan: Value = serde_json::from_str(PLAN)?;
        plan["name"] = json!(name);
        merge(&mut plan, changes);
        let text = self.carried_out("start", &plan, &format!("run-{}", self.runs.len() + 1))?;
        self.runs.push((name.to_owned(), text.clone()));
        Ok(text)
    }

    /// Has the page carry something out, and gives its file under this id.
    pub fn carried_out(&self, call: &str, what: &Value, id: &str) -> Result<String> {
        let script = "
            const [call, what, id] = args;
            const file = await fwit[call](what);
            file.id = id;
            file.started_at = '2026-01-02T03:04:05.678Z';
            if ('finished_at' in file) file.finished_at = '2026-01-02T03:05:05.678Z';
            return JSON.stringify(file);";
        let text = self.browser.eval(script, &[json!(call), what.clone(), json!(id)])?;
        Ok(text.as_str().context("no file")?.to_owned())
    }

    /// Puts files into the library.
    pub fn open(&self, files: &[String]) -> Result<()> {
        self.browser
            .eval("for (const text of args[0]) await fwit.open(text);", &[json!(files)])
            .map(drop)
    }
}

/// Tries of the page to reach what is not there are errors of the console too.
fn is_expected(error: &str) -> bool {
    error.contains("Failed to load resource") || error.contains("WebSocket connection")
}

/// Puts changes into a plan; a mix and a simulated cluster are replaced as a whole.
pub fn merge(into: &mut Value, changes: &Value) {
    match (into, changes) {
        (Value::Object(into), Value::Object(changes)) => {
            for (key, value) in changes {
                if key == "mix" || key == "sim" {
                    into.insert(key.clone(), value.clone());
                } else {
                    merge(into.entry(key.clone()).or_insert(Value::Null), value);
                }
            }
        }
        (into, value) => *into = value.clone(),
    }
}
