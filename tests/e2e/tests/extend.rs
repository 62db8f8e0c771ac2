//! An experiment that is cut off by a reload goes on, and pairs are added to it after a look.

use std::time::Duration;

use fwit_e2e::{Browser, Cluster, Page};
use serde_json::{Value, json};

const PATIENCE: Duration = Duration::from_secs(120);

#[test]
fn an_experiment_survives_a_reload_goes_on_and_takes_more_pairs() {
    let page = Page::serve().unwrap();
    let cluster = Cluster::start(3, &["--client-ms", "20"]).unwrap();
    let browser = Browser::shared().unwrap();
    browser.open(&page.url("#/runs")).unwrap();
    browser.wait("window.fwit", PATIENCE).unwrap();
    let nodes = cluster.plan_nodes();
    let experiment = json!({
        "format": "fwit-experiment", "version": 3, "name": "cut off",
        "base": {
            "cluster": { "dialect": "insi", "nodes": nodes },
            "load": { "entities": 4, "think_ms": 10 },
            "mix": { "set": 1, "get": 1 },
        },
        "arms": [
            { "name": "sticky", "changes": { "disable_leader_stickiness": false } },
            { "name": "not sticky", "changes": { "disable_leader_stickiness": true } },
        ],
        "design": { "pairs": 4, "period_s": 2.0, "settle_s": 0.5, "extendable": true },
    });
    // Leaving the page is asked about while something is under way: this one is not stopped by it.
    let script = "addEventListener('beforeunload', (e) => e.stopImmediatePropagation(), true);
        fwit.experiment(args[0]).catch(() => {});";
    browser.eval(script, std::slice::from_ref(&experiment)).unwrap();
    let begun = "document.querySelector('.progress-phase')?.textContent.startsWith('Pair 3')";
    browser.wait(begun, PATIENCE).unwrap();
    browser.open("about:blank").unwrap();
    browser.open(&page.url("#/runs")).unwrap();
    browser.wait("document.querySelector('a[href^=\"#/experiment/\"]')", PATIENCE).unwrap();
    browser.eval("document.querySelector('a[href^=\"#/experiment/\"]').click();", &[]).unwrap();
    let button = "[...document.querySelectorAll('#more-pairs button')]
        .find((b) => b.textContent.includes('Go on'))";
    browser.wait(button, PATIENCE).unwrap();
    let told = "return document.querySelector('article').innerText;";
    let text = browser.eval(told, &[]).unwrap();
    let text = text.as_str().unwrap();
    assert!(text.contains("closed or reloaded") && text.contains("of 4 pairs count"), "{text}");
    let id = browser.eval("return location.hash.split('/').pop();", &[]).unwrap();
    browser.eval(&format!("{button}.click();"), &[]).unwrap();
    browser.wait("location.hash === '#/experiment'", PATIENCE).unwrap();
    browser.wait("location.hash.startsWith('#/experiment/')", PATIENCE).unwrap();

    let script = "window.over = null;
        fwit.extend(args[0], 2).then((e) => { window.over = { e }; }, (error) => \
        { window.over = { error: String(error) }; });";
    browser.eval(script, std::slice::from_ref(&id)).unwrap();
    browser.wait("window.over", PATIENCE).unwrap();
    assert_eq!(browser.eval("return over.error ?? null;", &[]).unwrap(), Value::Null);
    let told = browser.eval("return JSON.stringify(over.e);", &[]).unwrap();
    let done: Value = serde_json::from_str(told.as_str().unwrap()).unwrap();
    assert_eq!(
        (&done["id"], &done["extended"], &done["ended"]),
        (&id, &json!([4]), &json!("completed"))
    );
    let good = |p: &&Value| p["invalid"].is_null();
    let periods = done["periods"].as_array().unwrap();
    let pairs: std::collections::BTreeSet<u64> =
        periods.iter().filter(good).map(|p| p["pair"].as_u64().unwrap()).collect();
    println!("{} periods, {pairs:?} count: {}", periods.len(), done["comparisons"][0]["headline"]);
    assert!(periods.len() >= 12 && pairs.contains(&4) && pairs.contains(&5), "{pairs:?}");
    assert!(done["comparisons"][0]["primaries"][0]["p_valid"] == json!(false));
    assert_eq!(browser.console_errors().unwrap(), Vec::<String>::new());
}
