//! Two tabs of one browser: who runs a load is known, and libraries agree.

use fwit_e2e::{Browser, Cluster, Page};
use serde_json::{Value, json};

use crate::runs::{PATIENCE, finish, start, start_with};

fn open(browser: &Browser, page: &Page, route: &str) {
    browser.open(&page.url(route)).unwrap();
    browser.wait("window.fwit", PATIENCE).unwrap();
}

#[test]
fn a_second_tab_is_told_which_tab_runs_and_sees_its_run() {
    let (page, cluster) = (Page::serve().unwrap(), Cluster::start(1, &[]).unwrap());
    let browser = Browser::shared().unwrap();
    let plan = |name: &str, duration_s: u32| {
        let node = &cluster.nodes()[0];
        json!({
            "format": "fwit-plan", "name": name,
            "cluster": { "dialect": "insi", "nodes": [{ "name": "n1", "url": node.url }] },
            "load": { "entities": 2, "think_ms": 20, "warmup_s": 0.5, "duration_s": duration_s },
            "mix": { "get": 1 },
        })
    };
    open(&browser, &page, "#/runs");
    start(&browser, &plan("the first", 60));
    browser.wait("document.documentElement.dataset.fwit === 'running'", PATIENCE).unwrap();
    let first = browser.new_tab().unwrap();
    open(&browser, &page, "#/runs");
    browser.wait("document.querySelector('.empty')", PATIENCE).unwrap();

    // A script is refused, unless it says that it knows.
    start(&browser, &plan("the second", 1));
    let error = browser.eval("return (await over).error;", &[]).unwrap();
    let error = error.as_str().unwrap();
    assert!(error.contains("“the first”") && error.contains("beside"), "{error}");
    start_with(&browser, &plan("the second", 1), &json!({ "beside": true }));
    let (_, file, _) = finish(&browser);
    assert_eq!(file.name, "the second");

    // Who clicks is asked.
    open(&browser, &page, &format!("#/?nodes={}", cluster.nodes()[0].url));
    browser.wait("document.querySelector('button[type=submit]')", PATIENCE).unwrap();
    browser.eval("document.querySelector('button[type=submit]').click();", &[]).unwrap();
    let question = "[...document.querySelectorAll('.notice')]
        .find((n) => n.innerText.includes('Another tab') && n.innerText.includes('the first'))";
    browser.wait(question, PATIENCE).unwrap();
    let no = format!(
        "[...({question}).querySelectorAll('button')].find((b) => b.innerText === \"Don't\").click();"
    );
    browser.eval(&no, &[]).unwrap();
    let state = browser.eval("return document.documentElement.dataset.fwit;", &[]).unwrap();
    assert_ne!(state, json!("running"));

    // What the first tab keeps is in the second one's list at once.
    open(&browser, &page, "#/runs");
    let second = browser.run("ask for the tab", async |client| client.window().await).unwrap();
    browser.show(first).unwrap();
    browser.eval("fwit.stop();", &[]).unwrap();
    let (_, file, _) = finish(&browser);
    assert_eq!(file.name, "the first");
    browser.show(second).unwrap();
    let rows =
        "[...document.querySelectorAll('.table-runs tbody tr')].map((r) => r.innerText).join('')";
    browser.wait(&format!("({rows}).includes('the first')"), PATIENCE).unwrap();
    let rows = browser.eval(&format!("return {rows};"), &[]).unwrap();
    assert!(rows.as_str().unwrap().contains("the second"), "{rows}");
    assert_eq!(browser.console_errors().unwrap(), Vec::<String>::new());
    assert_ne!(Value::Null, rows);
}
