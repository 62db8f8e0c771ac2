//! A protocol of the user's own, made in the page of pasted curl commands, drives a server that has
//! nothing to do with clusters: a plain store of items.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use fwit_e2e::{Browser, Page};
use fwit_report::run::wire::CountsFile;

use crate::clicks::{press, write_into};
use crate::runs::PATIENCE;

/// Items by their path, and how often each method came.
#[derive(Default)]
struct Store {
    items: BTreeMap<String, String>,
    counts: BTreeMap<String, u64>,
}

/// Serves items at `/items/KEY`: PUT, GET, DELETE, with CORS. Lives as long as the tests.
fn serve() -> (String, Arc<Mutex<Store>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let store = Arc::new(Mutex::new(Store::default()));
    let shared = store.clone();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let shared = shared.clone();
            // A client that goes away ends its connection's thread.
            std::thread::spawn(move || converse(stream, &shared).ok());
        }
    });
    (url, store)
}

fn converse(mut stream: TcpStream, store: &Mutex<Store>) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 {
            return Ok(());
        }
        let mut words = line.split_whitespace();
        let (method, path) =
            (words.next().unwrap_or_default().to_string(), words.next().unwrap_or_default());
        let (path, mut length) = (path.to_string(), 0);
        loop {
            let mut header = String::new();
            reader.read_line(&mut header)?;
            if header.trim().is_empty() {
                break;
            }
            if let Some((name, value)) = header.split_once(':')
                && name.eq_ignore_ascii_case("content-length")
            {
                length = value.trim().parse().unwrap_or_default();
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body)?;
        let text = String::from_utf8_lossy(&body).into_owned();
        let (status, answer) = {
            let mut store = store.lock().unwrap();
            if path.starts_with("/items/") {
                *store.counts.entry(method.clone()).or_default() += 1;
            }
            match method.as_str() {
                "OPTIONS" => ("204 No Content", String::new()),
                "PUT" => {
                    store.items.insert(path, text);
                    ("201 Created", String::new())
                }
                "DELETE" if store.items.remove(&path).is_some() => {
                    ("204 No Content", String::new())
                }
                "GET" => match store.items.get(&path) {
                    Some(item) => ("200 OK", item.clone()),
                    None => ("404 Not Found", "no such item".into()),
                },
                _ => ("404 Not Found", "no such item".into()),
            }
        };
        write!(
            stream,
            "HTTP/1.1 {status}\r\nContent-Length: {}\r\nAccess-Control-Allow-Origin: *\r\n\
             Access-Control-Allow-Methods: PUT, DELETE\r\nAccess-Control-Allow-Headers: \
             Content-Type\r\nAccess-Control-Max-Age: 600\r\nTiming-Allow-Origin: *\r\n\r\n{answer}",
            answer.len()
        )?;
    }
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
