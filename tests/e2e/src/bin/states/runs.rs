//! Runs under way, and the library of those that are over.

use std::time::Duration;

use anyhow::Result;
use fwit_e2e::server::{Options, Pace, Server};
use serde_json::{Value, json};

use crate::results::{STICKY, not_sticky, sticky};
use crate::stage::Stage;

/// The live view before, during and after a run.
pub fn live(stage: &mut Stage) -> Result<()> {
    stage.first_visit("#/run")?;
    stage.keep_saying("idle", "No run is under way")?;

    // Warm-up does not end, and nothing is answered: what is shown does not depend on how fast this
    // machine is.
    let server = Server::start(Options::paced(Pace::Fixed(Duration::from_secs(600))))?;
    let url = server.url("127.0.0.1");
    stage.replace(&url, "http://server");
    let node = json!({ "name": "n1", "url": url });
    let plan = json!({ "name": "warms up", "cluster": { "dialect": "insi", "nodes": [node] }, "mix": { "get": 1 },
        "load": { "entities": 20, "warmup_s": 3000, "duration_s": 1, "timeout_ms": 100_000 } });
    start(stage, "start", &plan)?;
    let begun = "document.querySelector('[data-phase=warmup], [data-phase=warming]') && \
                 states.says('left')";
    stage.keep_masked("warm-up", begun)?;
    stage.go("#/")?;
    stage.keep("form-meanwhile", "states.says('A run is under way')")?;
    stage.go("#/experiment")?;
    stage.keep("experiment-meanwhile", "states.says('see it live')")?;
    stage.go("#/run")?;
    stage.wait("states.says('Stop')")?;
    stage.act("click('Stop');", &[])?;
    stage.wait("document.documentElement.dataset.fwit === 'done'")?;

    // An experiment over the same server, in its first period.
    let experiment = json!({ "format": "fwit-experiment", "version": 1, "name": "under way", "base": plan,
        "arms": [{ "name": "a", "changes": {} }, { "name": "b", "changes": { "load.entities": 10 } }],
        "design": { "pairs": 6, "period_s": 1000, "settle_s": 500 } });
    start(stage, "experiment", &experiment)?;
    stage.keep_masked(
        "experiment-under-way",
        "document.querySelector('.progress-phase')?.textContent.startsWith('Pair')",
    )?;
    stage.act("click('Stop');", &[])?;
    stage.wait("document.documentElement.dataset.fwit !== 'running'")?;

    let answers = Server::start(Options::paced(Pace::Fixed(Duration::from_millis(20))))?;
    let url = answers.url("127.0.0.1");
    stage.replace(&url, "http://server");
    let node = json!({ "name": "n1", "url": url });
    let plan = json!({ "name": "answers", "cluster": { "dialect": "insi", "nodes": [node] }, "mix": { "get": 1, "set": 1 },
        "load": { "entities": 4, "warmup_s": 3000, "duration_s": 1 } });
    stage.first_visit("#/runs")?;
    start(stage, "start", &plan)?;
    let both =
        "states.all('main .table tbody tr').length === 2 && states.all('figure').length === 2";
    stage.keep_masked("answers", both)?;
    stage.act("click('Stop');", &[])?;
    stage.wait("document.documentElement.dataset.fwit === 'done'")?;

    // A run from its start to its result, and what the live view says after it.
    stage.first_visit("#/runs")?;
    sticky(stage)?;
    stage.keep(
        "result-after-the-run",
        "location.hash.startsWith('#/run/') && states.says('By operation')",
    )?;
    stage.go("#/run")?;
    stage.keep_saying("over", "is over")?;
    Ok(())
}

/// Starts something and does not wait for its end.
fn start(stage: &Stage, call: &str, what: &Value) -> Result<()> {
    stage
        .act("window.over = fwit[args[0]](args[1]).catch(() => {});", &[json!(call), what.clone()])
        .map(drop)
}

/// The library.
pub fn library(stage: &mut Stage) -> Result<()> {
    stage.first_visit("#/runs")?;
    stage.keep_saying("empty", "No runs yet")?;
    let files = [
        sticky(stage)?,
        not_sticky(stage)?,
        stage.run("ten entities", &json!({ "load": { "entities": 10 } }))?,
    ];
    stage.first_visit("#/runs")?;
    stage.open(&files)?;
    stage.go("#/runs")?;
    stage.keep("three-runs", "states.all('main tbody tr').length === 3")?;
    stage.act("for (const box of all('main tbody input').slice(1)) box.click();", &[])?;
    stage.keep_saying("two-chosen", "Compare 2 runs")?;
    stage.act(
        "for (const row of all('main tbody tr')) if (row.textContent.includes('ten')) \
         click('Delete', row);",
        &[],
    )?;
    stage.keep("deleted", "states.notice('was deleted')")?;
    stage.act("click('Undo');", &[])?;
    stage.keep("undone", "states.all('main tbody tr').length === 3 && !states.notice('')")?;
    // Files: broken, of the same id, several at once.
    stage
        .act("give('Run files', [['broken.json', args[0].slice(0, 1000)]]);", &[json!(files[0])])?;
    stage.keep("broken-file", "states.notice('was not opened')")?;
    stage.act("click('Close', document.querySelector('.notices'));", &[])?;
    let mut other: Value = serde_json::from_str(&files[0])?;
    other["name"] = json!("another of the same id");
    other["plan"]["seed"] = json!(2);
    stage.act(
        "give('Run files', [['other.json', args[0]], ['same.json', args[1]]]);",
        &[json!(other.to_string()), json!(files[1])],
    )?;
    stage.keep("same-id", "states.notice('Both are kept') && states.notice('2 runs opened')")?;
    stage.go(&format!("#/run/{STICKY}"))?;
    stage.wait("states.says('By operation')")?;
    stage.act("click('Delete');", &[])?;
    stage.keep(
        "deleted-from-its-result",
        "location.hash === '#/runs' && states.all('main tbody tr').length === 3",
    )?;
    stage.go("#/run/none")?;
    stage.keep_saying("unknown-run", "The run can't be shown")
}
