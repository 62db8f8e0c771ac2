//! Hostile nodes: what they answer neither fills the memory nor shows a secret.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use fwit_e2e::server::{Hostile, Options, Pace, Server};
use fwit_e2e::{Browser, Page};
use fwit_quantities::sample::Outcome;
use serde_json::{Value, json};

use crate::runs::{PATIENCE, finish, start_with};

const KEY: &str = "pl/nted+key-7f3a";

fn plan(server: &Server, load: &Value) -> Value {
    json!({
        "format": "fwit-plan", "name": "hostile",
        "cluster": { "dialect": "insi", "nodes": [{ "name": "n1", "url": server.url("127.0.0.1") }] },
        "load": load,
        "mix": { "get": 1 },
    })
}

fn open(browser: &Browser, page: &Page) {
    browser.open(&page.url("#/runs")).unwrap();
    browser.wait("window.fwit", PATIENCE).unwrap();
}

/// All that the page keeps or shows: the databases, both storages, the document, the address.
const EVERYTHING: &str = "const db = await new Promise((ok, no) => {
        const r = indexedDB.open('fwit'); r.onsuccess = () => ok(r.result); r.onerror = no; });
    const kept = {};
    for (const name of db.objectStoreNames) {
        const r = db.transaction(name).objectStore(name).getAll();
        kept[name] = await new Promise((ok) => { r.onsuccess = () => ok(r.result); });
    }
    db.close();
    return JSON.stringify([kept, { ...localStorage }, { ...sessionStorage }, location.href,
        document.documentElement.outerHTML, document.title]);";

#[test]
fn a_key_that_nodes_quote_is_in_no_text() {
    let server = Server::start(Options::paced(Pace::Fixed(Duration::from_millis(5)))).unwrap();
    server.change(|manner| manner.hostile = Hostile::QuotesKey);
    let page = Page::serve().unwrap();
    let browser = Browser::shared().unwrap();
    open(&browser, &page);
    let load = json!({ "entities": 2, "think_ms": 20, "warmup_s": 0, "duration_s": 7 });
    start_with(&browser, &plan(&server, &load), &json!({ "apiKey": KEY }));
    let (text, file, view) = finish(&browser);
    assert!(server.counts().with_key > 0 && view.total.errors() > 0, "the key was quoted at all");
    let said = file.errors.iter().map(|e| e.text.as_str()).collect::<Vec<_>>().join(" ");
    assert!(said.contains("bad key: Bearer …"), "{said}");
    browser.eval("location.hash = '#/run/' + (await over).run.id;", &[]).unwrap();
    browser.wait("document.body.innerText.includes('bad key')", PATIENCE).unwrap();
    let everything = browser.eval(EVERYTHING, &[]).unwrap();
    let everything = everything.as_str().unwrap();
    let encoded = BASE64.encode(KEY);
    for (where_, text) in [("the run", text.as_str()), ("the page", everything)] {
        for form in [KEY, &encoded[..encoded.len() - 3], "pl%2fnted", "pl%2Fnted", "pl\\/nted"] {
            assert!(!text.contains(form), "{form} is in {where_}");
        }
    }
    assert!(everything.contains("bad key"), "the look was not at everything");
}

#[test]
fn a_key_that_no_header_can_hold_is_refused_at_its_field() {
    let page = Page::serve().unwrap();
    let browser = Browser::shared().unwrap();
    browser.open(&page.url("#/?nodes=http://127.0.0.1:1")).unwrap();
    browser.wait("document.querySelector('#f-api-key')", PATIENCE).unwrap();
    let script = "const f = document.querySelector('#f-api-key'); f.value = 'ключ';
        f.dispatchEvent(new Event('input', { bubbles: true }));";
    browser.eval(script, &[]).unwrap();
    let told = "document.querySelector('.field-key .problems').innerText.includes('“к”')";
    browser.wait(told, PATIENCE).unwrap();
    let refused = "try { await fwit.start(fwit.preset('quick'), { apiKey: 'bad\\nkey' }); }
        catch (error) { return String(error); }";
    let refused = browser.eval(refused, &[]).unwrap();
    assert!(refused.as_str().unwrap().contains("a line break"), "{refused}");
}

#[test]
fn bodies_without_end_are_given_up_as_rejected() {
    let server = Server::start(Options::paced(Pace::Fixed(Duration::from_millis(5)))).unwrap();
    server.change(|manner| manner.hostile = Hostile::Endless);
    let page = Page::serve().unwrap();
    let browser = Browser::shared().unwrap();
    open(&browser, &page);
    let load = json!({ "entities": 2, "think_ms": 20, "warmup_s": 0, "duration_s": 3 });
    start_with(&browser, &plan(&server, &load), &json!({}));
    let (_, file, view) = finish(&browser);
    let rejected = view.total.count(Outcome::Rejected);
    assert!(rejected > 0 && view.total.answers() == 0, "{:?}", file.errors);
    assert!(file.errors.iter().any(|e| e.text.contains("longer than 16 MiB")), "{:?}", file.errors);
}

#[test]
fn arrivals_that_find_a_full_queue_are_dropped_counted_and_told() {
    let server = Server::start(Options::paced(Pace::Fixed(Duration::from_secs(1)))).unwrap();
    let page = Page::serve().unwrap();
    let browser = Browser::shared().unwrap();
    open(&browser, &page);
    let load = json!({ "model": "open", "rate_per_s": 5_000, "arrivals": "constant", "entities": 50,
        "think_ms": null, "think_jitter_ms": null, "queue_max": 500, "warmup_s": 0, "duration_s": 4 });
    start_with(&browser, &plan(&server, &load), &json!({}));
    let (_, file, view) = finish(&browser);
    let (due, dropped) = (file.concurrency.due.unwrap(), file.concurrency.dropped);
    let issued = view.total.issued;
    println!("{due} due, {issued} issued, {dropped} dropped");
    // What was neither issued nor dropped waited when the load ended.
    // A slot that a status request holds counts as none of them.
    assert!((500..=520).contains(&(due - dropped - issued)), "{}", due - dropped - issued);
    assert!(
        view.health.signs.iter().any(|s| s.contains("were dropped")),
        "{:?}",
        view.health.signs
    );
}
