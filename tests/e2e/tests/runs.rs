//! Runs through the page's `window.fwit`: started, awaited, read.

use std::time::Duration;

use fwit_e2e::Browser;
use fwit_report::run::view::RunView;
use fwit_report::run::wire::RunFile;
use serde_json::{Value, json};

/// The longest a run of these tests may take.
pub const PATIENCE: Duration = Duration::from_secs(120);

/// Puts changes into a plan: fields that are no objects, and a mix, are replaced as a whole.
pub fn merge(into: &mut Value, changes: Value) {
    match (into, changes) {
        (Value::Object(into), Value::Object(changes)) => {
            for (key, value) in changes {
                if key == "mix" {
                    into.insert(key, value);
                } else {
                    merge(into.entry(key).or_insert(Value::Null), value);
                }
            }
        }
        (into, value) => *into = value,
    }
}

/// Starts a run and does not wait for it.
pub fn start(browser: &Browser, plan: &Value) {
    start_with(browser, plan, &json!({}));
}

/// Starts a run with these options (such as the API key) and does not wait for it.
pub fn start_with(browser: &Browser, plan: &Value, options: &Value) {
    let script = "window.over = fwit.start(args[0], args[1]).then((run) => ({ run }), (error) => \
                  ({ error: String(error) }));";
    browser.eval(script, &[plan.clone(), options.clone()]).unwrap();
}

/// Waits for the run's end: its text, its file, its view.
pub fn finish(browser: &Browser) -> (String, RunFile, RunView) {
    // One command that waits: asking again and again would take time from the page that measures.
    let script =
        "const late = new Promise((_, fail) => setTimeout(() => fail('the run does not end'), \
         args[0]));
        const { error, run } = await Promise.race([over, late]);
        return error ?? JSON.stringify(run);";
    let text = browser.eval(script, &[json!(PATIENCE.as_millis() as u64)]).unwrap();
    let text = text.as_str().unwrap().to_string();
    browser.wait("document.documentElement.dataset.fwit !== 'running'", PATIENCE).unwrap();
    assert_eq!(
        browser.eval("return document.documentElement.dataset.fwit;", &[]).unwrap(),
        json!("done"),
        "{text}"
    );
    let (file, view) = fwit_report::run::open(text.as_bytes()).unwrap();
    for (op, counts) in file.totals.iter().chain(&file.warmup_totals) {
        assert!(counts.is_conserved(), "{op}: {counts:?}");
    }
    (text, file, view)
}
