//! A protocol of the user's own, made in the page of pasted curl commands, drives a server that has
//! nothing to do with clusters: a plain store of items.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use fwit_e2e::{Browser, Page};
use fwit_report::run::wire::CountsFile;

use crate::clicks::{press, write_into};
use crate::plain_server::{self, Asked};
use crate::runs::PATIENCE;

/// Items by their path, and how often each method came.
#[derive(Default)]
struct Store {
    items: BTreeMap<String, String>,
    counts: BTreeMap<String, u64>,
}

/// Serves items at `/items/KEY`: PUT, GET, DELETE.
fn serve() -> (String, Arc<Mutex<Store>>) {
    let store = Arc::new(Mutex::new(Store::default()));
    let shared = store.clone();
    let url = plain_server::serve(move |asked: &Asked| {
        let mut store = shared.lock().unwrap();
        let (method, path) = (asked.method.as_str(), &asked.path);
        if path.starts_with("/items/") {
            *store.counts.entry(method.to_string()).or_default() += 1;
        }
        match method {
            "OPTIONS" => ("204 No Content", String::new()),
            "PUT" => {
                store.items.insert(path.clone(), asked.body.clone());
                ("201 Created", String::new())
            }
            "DELETE" if store.items.remove(path).is_some() => ("204 No Content", String::new()),
            "GET" => match store.items.get(path) {
                Some(item) => ("200 OK", item.clone()),
                None => ("404 Not Found", "no such item".into()),
            },
            _ => ("404 Not Found", "no such item".into()),
        }
    });
    (url, store)
}

#[test]
fn a_protocol_made_of_curl_commands_in_the_page_loads_a_plain_server() {
    let (url, store) = serve();
    let page = Page::serve().unwrap();
    let browser = Browser::shared().unwrap();
    browser.open(&page.url(&format!("#/?nodes=n1={url}"))).unwrap();
    browser.wait("window.fwit", PATIENCE).unwrap();
    write_into(&browser, "f-cluster-dialect", "custom");
    browser.wait("document.getElementById('f-custom-import')", PATIENCE).unwrap();
    let curl = format!(
        "curl -X PUT '{url}/items/${{key}}' -H 'Content-Type: text/plain' -d '${{value}}'\n\
         curl '{url}/items/${{key}}'\ncurl -X DELETE '{url}/items/${{key}}'"
    );
    write_into(&browser, "f-custom-import", &curl);
    press(&browser, "Make operations of it");
    press(&browser, "Send one of each");
    browser.wait("document.querySelectorAll('#trial details').length === 3", PATIENCE).unwrap();
    let tried = browser.eval("return document.getElementById('trial').innerText;", &[]).unwrap();
    let tried = tried.as_str().unwrap();
    assert!(tried.contains("All 3 operations were answered"), "{tried}");
    write_into(&browser, "f-load-duration_s", "4");
    write_into(&browser, "f-load-entities", "6");
    store.lock().unwrap().counts.clear();
    press(&browser, "Start");
    browser.wait("document.documentElement.dataset.fwit === 'done'", PATIENCE).unwrap();
    browser.wait("location.hash.startsWith('#/run/')", PATIENCE).unwrap();
    let text = browser
        .eval("return JSON.stringify(await fwit.run(location.hash.split('/').pop()));", &[])
        .unwrap();
    let (file, view) = fwit_report::run::open(text.as_str().unwrap().as_bytes()).unwrap();
    let theirs = store.lock().unwrap().counts.clone();
    println!("{theirs:?}; {:?}", file.totals);
    for (op, method) in [("put_items", "PUT"), ("get_items", "GET"), ("delete_items", "DELETE")] {
        let own = |f: fn(&CountsFile) -> u64| -> u64 {
            file.totals
                .iter()
                .chain(&file.warmup_totals)
                .filter(|(o, _)| *o == op)
                .map(|(_, c)| f(c))
                .sum()
        };
        let answered = own(|c| c.ok + c.not_found);
        let cut_off = own(|c| c.aborted);
        assert!(answered > 0, "{op}");
        assert!((answered..=answered + cut_off).contains(&theirs[method]), "{op}");
    }
    assert_eq!(view.total.errors(), 0, "{:?}", view.errors);
    // PUT and DELETE need the browser's leave.
    assert!(theirs["OPTIONS"] > 0);
    // The protocol travels with the plan.
    assert!(file.plan.cluster.custom.is_some_and(|own| own.operations.len() == 3));
}
