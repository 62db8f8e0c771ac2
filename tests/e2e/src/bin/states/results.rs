//! Results of runs, comparisons and experiments.

use anyhow::Result;
use serde_json::{Value, json};

use crate::stage::Stage;

/// The id of the sticky run, which is made first.
pub const STICKY: &str = "run-1";

/// The run that sticks to the leader: one camp.
pub fn sticky(stage: &mut Stage) -> Result<String> {
    stage.run("sticky", &json!({}))
}

/// The run that does not: two camps.
pub fn not_sticky(stage: &mut Stage) -> Result<String> {
    sticky(stage)?;
    stage.run("not sticky", &json!({ "disable_leader_stickiness": true }))
}

/// One run's result.
pub fn result(stage: &mut Stage) -> Result<()> {
    stage.first_visit("#/runs")?;
    let (one, two) = (sticky(stage)?, not_sticky(stage)?);
    let outage = json!([{ "node": "leader-far", "at_s": 12, "back_s": 20 }]);
    let trouble = json!({
        "cluster": { "sim": null },
        "verify": true,
        "thresholds": ["errors < 0.1%", "get.service.p95 < 500ms", "health = healthy"],
    });
    let sim = stage.act("return fwit.preset('three regions').cluster.sim;", &[])?;
    let mut cluster = sim;
    cluster["outages"] = outage;
    let mut changes = trouble;
    changes["cluster"]["sim"] = cluster;
    let errors = stage.run("outage", &changes)?;
    let open = json!({ "load": { "model": "open", "rate_per_s": 80, "arrivals": "poisson" } });
    let open = stage.run("open load", &open)?;

    stage.first_visit("#/runs")?;
    stage.open(&[one])?;
    stage.keep_saying("one-camp", "By operation")?;
    stage.open(&[two])?;
    stage.keep("two-camps", "states.says('not sticky') && states.says('By operation')")?;
    stage.act("field('response').click();", &[])?;
    stage.keep("response", "states.field('response').checked")?;
    stage.act("click('p99', document.querySelector('[aria-label=\"Latency by operation\"]')); click('By operation and node');", &[])?;
    stage.keep("sorted", "states.all('[aria-sort=descending]').length")?;
    stage.act("field('by node').click(); choose('Operation', 'get');", &[])?;
    stage.keep("curves-by-node", "states.field('by node').checked")?;
    stage.act("for (const summary of all('.chart-data summary')) summary.click();", &[])?;
    stage.keep(
        "charts-as-tables",
        "states.all('.chart-table').length === states.all('figure').length",
    )?;
    stage.act("const later = all('button').filter((b) => b.textContent === 'Later rows' && !b.disabled); for (const b of later) b.click();", &[])?;
    stage.keep("later-rows", "true")?;
    stage.act("const keys = all('.chart-legend')[0].querySelectorAll('button'); keys[0].click();
        all('.chart-plot')[2].focus();
        for (const key of ['ArrowRight', 'ArrowRight', '+']) all('.chart-plot')[2].dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true }));", &[])?;
    stage.keep("cursor-and-legend", "states.all('.chart-spoken').some((p) => p.textContent)")?;
    stage.act("click('Rename this run');", &[])?;
    stage.keep("renaming", "document.querySelector('form.rename')")?;
    stage.act("type('Name of the run', 'another name'); click('Rename');", &[])?;
    stage.keep("renamed", "document.querySelector('h1')?.textContent === 'another name'")?;
    stage.open(&[errors])?;
    stage.act("for (const d of all('details')) d.open = true;", &[])?;
    stage.keep_saying("errors-thresholds-read-back", "Read back after the load")?;
    stage.open(&[open])?;
    stage.keep(
        "open-load",
        "document.querySelector('h1')?.textContent === 'open load' && states.says('By operation')",
    )?;
    stage.act("click('Use this plan');", &[])?;
    stage.keep("plan-used", "location.hash === '#/' && states.field('Name').value === 'open load'")
}

/// Two and three runs side by side, with the intervals of both.
pub fn compare(stage: &mut Stage) -> Result<()> {
    stage.first_visit("#/runs")?;
    let again = json!({ "seed": 2 });
    let files = [sticky(stage)?, not_sticky(stage)?, stage.run("sticky again", &again)?];
    let ids: Vec<String> = files.iter().map(|text| id_of(text)).collect::<Result<_>>()?;
    stage.first_visit("#/runs")?;
    stage.open(&files[..2])?;
    let made = "states.all('.interval').length > 4 && !document.querySelector('.busy-line')";
    stage.go(&format!("#/compare/{},{}", ids[0], ids[1]))?;
    stage.keep("two-runs", made)?;
    stage.act("click('Swap');", &[])?;
    let swapped = format!("location.hash.endsWith('/{},{}') && {made}", ids[1], ids[0]);
    stage.keep("swapped", &swapped)?;
    stage.act("type('Label of run 1', 'off'); field('response').click();", &[])?;
    stage.keep("labels-and-response", &format!("states.says('against off') && {made}"))?;
    stage.open(&files[2..])?;
    stage.go(&format!("#/compare/{}", ids.join(",")))?;
    stage.keep("three-runs", &format!("states.says('Next first') && {made}"))?;
    stage.go(&format!("#/compare/{},none", ids[0]))?;
    stage.keep_saying("unknown-run", "The runs can't be compared")
}

fn id_of(text: &str) -> Result<String> {
    let file: Value = serde_json::from_str(text)?;
    Ok(file["id"].as_str().unwrap_or_default().to_owned())
}

/// The set-up of an experiment, and the result of one.
pub fn experiment(stage: &mut Stage) -> Result<()> {
    stage.first_visit("#/?preset=busy leader")?;
    stage.go("#/experiment")?;
    stage.keep_saying("set-up", "Question")?;
    stage.act("all('.presets button')[1].click();", &[])?;
    stage.keep("other-question", "true")?;
    stage.act("click('Add an arm');", &[])?;
    stage.keep_saying("three-arms", "Arm 3")?;
    stage.act("type('Pairs', '1'); type('p50', 'half'); click('Start');", &[])?;
    stage.keep_saying("problems", "The experiment can't start yet")?;
    stage.act("click('Remove arm 3');", &[])?;
    stage.keep("arm-removed", "!states.says('Arm 3')")?;

    let mut base: Value = stage.act("return fwit.preset('busy leader');", &[])?;
    base["name"] = json!("base");
    base["load"]["entities"] = json!(20);
    let plan = json!({ "format": "fwit-experiment", "version": 1, "name": "sticky or not", "base": base,
        "arms": [
            { "name": "sticky", "changes": { "disable_leader_stickiness": false } },
            { "name": "not sticky", "changes": { "disable_leader_stickiness": true } },
            { "name": "half", "changes": { "load.entities": 10 } },
        ],
        "design": { "pairs": 8, "period_s": 10, "settle_s": 2 } });
    let done = stage.carried_out("experiment", &plan, "experiment-1")?;
    stage.first_visit("#/runs")?;
    stage.open(&[done])?;
    stage.keep_saying("result", "Period by period")?;
    stage.act("for (const d of all('details:not(.chart-data)')) d.open = true; choose('Metric', '1');
        const of = field('Operations'); of.selectedIndex = 1; of.dispatchEvent(new Event('change', { bubbles: true }));", &[])?;
    stage.keep("result-opened", "states.all('details').filter((d) => d.open).length > 3")?;
    stage.act("for (const summary of all('.chart-data summary')) summary.click();", &[])?;
    stage.keep(
        "charts-as-tables",
        "states.all('.chart-table').length === states.all('figure').length",
    )?;
    stage.act("click('Use this set-up');", &[])?;
    stage.keep("set-up-used", "location.hash === '#/experiment' && states.says('Arm 3')")?;
    stage.go("#/runs")?;
    stage.keep("in-the-library", "states.all('main tbody tr').length === 1")?;
    stage.go("#/experiment/none")?;
    stage.keep_saying("unknown", "The experiment can't be shown")
}
