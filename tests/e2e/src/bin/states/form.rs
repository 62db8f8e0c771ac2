//! The plan form, the connection check, and the frame around all views.

use std::net::TcpListener;

use anyhow::Result;
use fwit_e2e::Cluster;
use serde_json::json;

use crate::stage::Stage;

const NODES: &str =
    "#/?nodes=n1=http://127.0.0.1:7101,n2=http://127.0.0.1:7102,n3=http://127.0.0.1:7103";

/// The form as it begins, and with each preset.
pub fn plan(stage: &mut Stage) -> Result<()> {
    stage.first_visit("")?;
    // Nothing answers at the demo's addresses: the simulated cluster takes their place.
    stage.keep("first-visit", "document.getElementById('f-sim-preset')")?;
    stage.keep_head("head")?;
    stage.first_visit(NODES)?;
    stage.keep("own-cluster", "states.all('.node').length === 3")?;
    for preset in ["quick", "fwit-t"] {
        stage.first_visit(&format!("#/?preset={preset}"))?;
        stage.keep(&format!("preset-{preset}"), "location.hash === '#/'")?;
    }
    stage.act("field('Simulated cluster').click();", &[])?;
    stage.wait("document.getElementById('f-sim-preset')")?;
    for preset in ["three regions", "busy leader", "drifting", "no difference"] {
        stage.act("choose('What is simulated', args[0]);", &[json!(preset)])?;
        let chosen = format!("states.field('What is simulated').value === {}", json!(preset));
        stage.keep(&format!("sim-{}", preset.replace(' ', "-")), &chosen)?;
    }
    stage.act("click('Parameters');", &[])?;
    stage.keep("sim-parameters", "states.field('Parameters, JSON').checkVisibility()")?;
    stage.act("type('Parameters, JSON', '{ \"nodes\": 3 }'); click('Start');", &[])?;
    stage.keep_saying("sim-problem", "The run can't start yet")?;
    // The plan that was used last is there at the next visit.
    stage.first_visit("#/?preset=busy leader")?;
    stage.visit("")?;
    stage.keep("second-visit", "document.getElementById('f-sim-preset')?.value === 'busy leader'")
}

/// The form's fields in use.
pub fn fields(stage: &mut Stage) -> Result<()> {
    stage.first_visit(NODES)?;
    stage.act("click('Add node');", &[])?;
    stage.keep("node-added", "states.all('.node').length === 4")?;
    stage.act("click('Remove node n2');", &[])?;
    stage.keep("node-removed", "states.all('.node').length === 3")?;
    stage.act("type('Entities', '0'); type('Duration', 'long'); click('Start');", &[])?;
    stage.keep_saying("problems", "The run can't start yet")?;
    stage.act("click('Lanes', all('.node')[0]);", &[])?;
    stage.keep("lanes-open", "states.all('.node details')[0].open")?;
    stage.act("click('Add *.localhost lanes', all('.node')[0]);", &[])?;
    stage.keep_saying("lanes-added", "Lanes: ")?;
    stage.act("type('Lanes, one address a line', 'nonsense');", &[])?;
    stage.keep("lanes-problem", "states.field('Lanes, one').value === 'nonsense'")?;
    for left in (0..3).rev() {
        stage.act("click('Remove node');", &[])?;
        stage.wait(&format!("states.all('.node').length === {left}"))?;
    }
    stage.keep_saying("no-node", "No node yet")?;

    stage.first_visit(NODES)?;
    stage.act("type('API key', 'secret');", &[])?;
    stage.keep("api-key", "states.field('API key').value === 'secret'")?;
    stage.act("click('More settings');", &[])?;
    stage.keep("more-settings", "states.field('Thresholds').checkVisibility()")?;
    stage.act("field('Open').click();", &[])?;
    stage.wait("document.getElementById('f-load-arrivals')")?;
    stage.act("choose('Arrivals', 'constant'); type('Rate', '200');", &[])?;
    stage.keep("open-load", "states.field('Arrivals').value === 'constant'")?;
    stage.act("type('Stages', '0→50 in 30s, 50 for 2m, 20 for 1m');", &[])?;
    stage.keep("stages", "states.field('Stages').value")?;
    stage.act(
        "type('Stages', 'up and down'); type('Thresholds', 'errors < 0.1%\\nfast please');",
        &[],
    )?;
    stage.keep(
        "stages-and-thresholds-problem",
        "states.field('Thresholds').ariaInvalid === 'true'",
    )?;
    stage.act("field('Closed').click(); click('all 0'); click('Start');", &[])?;
    stage.keep_saying("mix-problem", "The run can't start yet")?;
    // A problem leads to its field.
    stage.act("click('Mix');", &[])?;
    stage.keep("problem-shown", "document.activeElement.id === 'f-mix'")?;
    stage.act(
        "click('All equal'); field('Read back after the load').click(); field('Leader-sticky').click();",
        &[],
    )?;
    stage.keep("verify-not-sticky", "states.field('Read back').checked")
}

/// What the connection check finds.
pub fn check(stage: &mut Stage) -> Result<()> {
    let free = TcpListener::bind("127.0.0.1:0")?;
    let dead = format!("http://{}", free.local_addr()?);
    drop(free);
    stage.replace(&dead, "http://dead");
    stage.first_visit(&format!("#/?nodes=n1={dead}"))?;
    stage.act("click('Check connections');", &[])?;
    stage.keep("nothing-there", "states.says('The browser says')")?;
    stage.act("click('Start');", &[])?;
    stage.keep("cannot-start", "document.documentElement.dataset.fwit === 'error'")?;

    let cluster = Cluster::start(3, &["--page-origin", &stage.origin()])?;
    // The leader first, whichever it is.
    let mut nodes = cluster.nodes().to_vec();
    nodes.sort_by_key(|node| node.role != "leader");
    let mut link = Vec::new();
    for (node, name) in nodes.iter().zip(["first", "second", "third"]) {
        stage.replace(&node.url, &format!("http://{name}"));
        link.push(format!("{name}={}", node.url));
    }
    stage.first_visit(&format!("#/?nodes={}", link.join(",")))?;
    // One lane each: found ones have ports that differ from run to run.
    stage.wait("states.says('lanes found')")?;
    stage.act("click('Remove lanes');", &[])?;
    stage.act("click('Check connections');", &[])?;
    stage.keep("all-there", "states.says(' addresses ')")?;
    cluster.stop()
}

/// Routes that lead nowhere, keys, colours, notices.
pub fn frame(stage: &mut Stage) -> Result<()> {
    stage.first_visit("#/nowhere/at?all=1")?;
    stage.keep_saying("unknown-route", "There is nothing here")?;
    for theme in ["light", "dark"] {
        stage.act("click('Colours');", &[])?;
        stage.keep(theme, &format!("document.documentElement.dataset.theme === '{theme}'"))?;
    }
    stage.act("click('Keys of this page');", &[])?;
    stage.keep("keys", "document.querySelector('dialog').open")?;
    stage.act("click('Close', document.querySelector('dialog')); click('Colours');", &[])?;
    stage.keep("colours-of-the-system", "!document.documentElement.dataset.theme")?;
    stage.visit("#/?plan=cut-off")?;
    stage.keep("broken-link", "states.notice('The plan in the link')")?;
    stage.act("click('Close', document.querySelector('.notices'));", &[])?;
    stage.keep("notice-closed", "!states.notice('')")?;
    stage.visit("#/?preset=slow")?;
    stage.keep("unknown-preset", "states.notice('which there is not')")?;
    stage.act("give('Plan file', [['a.json', JSON.stringify({ ...fwit.preset('busy leader'), name: 'from a file' })]]);", &[])?;
    stage.keep("plan-from-a-file", "states.notice('is in the form')")?;
    stage.act("give('Plan file', [['b.json', '{ \"format\": \"fwit-plan\", \"cluster\": {} }'], ['c.json', 'no json']]);", &[])?;
    stage.keep("broken-files", "states.notice('b.json') && states.notice('c.json')")
}
