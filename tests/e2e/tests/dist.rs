//! The page as `cargo xtask dist` makes it: from a path of a host that sends a strict policy, and
//! without a network.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;
use fwit_e2e::host::{Host, Site};
use fwit_e2e::server::{Options, Pace, Server};
use fwit_e2e::{Browser, Page};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::runs::PATIENCE;

/// What a strict host sends: no inline script, no inline style.
const STRICT: &str = "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; connect-src *";

/// A program for a worker: what the browser notes of a worker's requests.
const PROBE: &str = "onmessage = async ({ data: urls }) => {
    for (const url of urls) await (await fetch(url, { cache: 'no-store' })).text();
    const seen = urls.map((url) => performance.getEntriesByName(url)[0]?.workerStart);
    postMessage(seen);
};";

/// Runs a simulated cluster to its end; gives how many requests were answered well, the run's id,
/// and its file.
const SIMULATED: &str = "const plan = fwit.preset('three regions');
    plan.load.duration_s = 10;
    const run = await fwit.start(plan);
    return [Object.values(run.totals).reduce((sum, counts) => sum + counts.ok, 0), run.id,
        JSON.stringify(run)];";

fn made(built: &Path, at: &str) -> (TempDir, String) {
    let folder = TempDir::new().unwrap();
    let build = xtask::dist::assemble(built, folder.path(), at).unwrap();
    (folder, build)
}

fn site(folder: &TempDir, build: &str) -> Site {
    let answers = BTreeMap::from([
        ("/api/get/key".to_owned(), ("application/json", "{}")),
        (format!("/tools/fwit/{build}/probe.js"), ("text/javascript", PROBE)),
    ]);
    Site { folder: folder.path().to_owned(), path: "/tools/fwit", policy: Some(STRICT), answers }
}

/// A copy of a folder.
fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

fn simulate(browser: &Browser) -> (String, String) {
    let answer = browser.eval(SIMULATED, &[]).unwrap();
    assert!(answer[0].as_u64().unwrap() > 1_000, "{}", answer[0]);
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    (text(&answer[1]), text(&answer[2]))
}

#[test]
fn the_hosted_page_works_below_a_strict_policy_and_without_a_network() {
    let built = Page::built().unwrap();
    let (folder, build) = made(&built, "fwit");
    let host = Host::serve(site(&folder, &build), 0).unwrap();
    let (port, url) = (host.port(), host.url("/tools/fwit/#/?preset=quick"));
    let browser = Browser::start().unwrap();
    let quiet = || assert_eq!(browser.console_errors().unwrap(), Vec::<String>::new());
    let ready = || {
        browser.wait("window.fwit && !document.getElementById('start')", PATIENCE).unwrap();
    };
    let go = |hash: &str, there: &str| {
        browser.eval(&format!("location.hash = '{hash}';"), &[]).unwrap();
        browser.wait(there, PATIENCE).unwrap();
    };

    // It starts and its workers run; every view is drawn without what the policies refuse.
    browser.open(&url).unwrap();
    ready();
    let (id, run) = simulate(&browser);
    browser.wait("document.querySelector('.parts-bar .part')?.style.width", PATIENCE).unwrap();
    go("#/experiment", "document.querySelector('main form')");
    go("#/runs", "document.querySelector('.table-runs tbody tr')");
    assert_eq!(
        browser.eval("return !!document.querySelector('.published');", &[]).unwrap(),
        json!(false),
        "nothing is published"
    );
    quiet();

    // A run that is published beside it is listed and opens, gzipped.
    let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
    gzip.write_all(run.as_bytes()).unwrap();
    fs::write(folder.path().join("runs/a.json.gz"), gzip.finish().unwrap()).unwrap();
    let entry = json!({ "name": "Of yesterday", "file": "a.json.gz", "bytes": 5,
        "started_at": "2026-11-21T10:00:00Z", "about": "three regions" });
    let list = json!({ "version": 1, "runs": [entry] });
    fs::write(folder.path().join("runs/index.json"), list.to_string()).unwrap();
    browser.wait("navigator.serviceWorker.ready.then(() => true)", PATIENCE).unwrap();
    browser.eval("location.reload();", &[]).unwrap();
    browser.wait("window.fwit && document.querySelector('.published tbody a')", PATIENCE).unwrap();
    browser.eval("document.querySelector('.published tbody a').click();", &[]).unwrap();
    browser.wait(&format!("location.hash.startsWith('#/run/{id}')"), PATIENCE).unwrap();
    quiet();

    // No load goes through a service worker, not to a cluster of the page's own origin either.
    browser.wait("!!navigator.serviceWorker.controller", PATIENCE).unwrap();
    let node = Server::start(Options::paced(Pace::AtOnce)).unwrap();
    let urls =
        json!([host.url("/api/get/key"), format!("{}/db/api/v1/get?key=a", node.url("127.0.0.1"))]);
    let workers = format!("!!(await navigator.serviceWorker.getRegistration('{build}/'))?.active");
    browser.wait(&workers, PATIENCE).unwrap();
    let probe = "const worker = new Worker(`./${args[1]}/probe.js`, { type: 'module' });
        worker.postMessage(args[0]);
        const seen = await new Promise((done, fail) => {
            worker.onmessage = ({ data }) => done(data);
            worker.onerror = ({ message }) => fail(message);
        });
        // The page itself did come through one: its entry tells.
        seen.push(performance.getEntriesByType('navigation')[0].workerStart > 0);
        return seen;";
    let seen = browser.eval(probe, &[urls, json!(build)]).unwrap();
    assert_eq!(seen, json!([0, 0, true]));

    // The host is away.
    drop(host);
    browser.open("about:blank").unwrap();
    browser.console_errors().unwrap();
    browser.open(&url).unwrap();
    ready();
    simulate(&browser);
    quiet();

    // It comes back with another build, which takes over: nothing of the old one is kept.
    let other = TempDir::new().unwrap();
    copy(&built, other.path());
    fs::write(other.path().join("docs/more.md"), "another build").unwrap();
    let (second, second_build) = made(other.path(), "fwit");
    assert_ne!(build, second_build);
    let host = Host::serve(site(&second, &second_build), port).unwrap();
    browser.open("about:blank").unwrap();
    browser.open(&url).unwrap();
    ready();
    let of_first = host.asked().into_iter().filter(|path| path.contains(&build)).count();
    assert_eq!(of_first, 0, "the page is wholly of the new build");
    let waiting = "!!(await navigator.serviceWorker.getRegistration()).waiting
        || (await caches.keys()).every((name) => name.endsWith(args[0]))";
    browser.wait(&waiting.replace("args[0]", &format!("'{second_build}'")), PATIENCE).unwrap();
    browser.open("about:blank").unwrap();
    browser.open(&url).unwrap();
    let keys = format!(
        "(await caches.keys()).join() === 'fwit {} {second_build}'",
        host.url("/tools/fwit/")
    );
    browser.wait(&keys, PATIENCE).unwrap();
    let scopes = format!(
        "(await navigator.serviceWorker.getRegistrations()).map(({{ scope }}) => scope).sort()
            .join() === '{0},{0}{second_build}/'",
        host.url("/tools/fwit/")
    );
    browser.wait(&scopes, PATIENCE).unwrap();
    drop(host);
    browser.open("about:blank").unwrap();
    browser.open(&url).unwrap();
    ready();
}

/// A host that does not send the browser from `/tools/fwit` to `/tools/fwit/`.
#[test]
fn the_slash_at_the_end_of_the_address_may_be_missing() {
    let (folder, build) = made(&Page::built().unwrap(), "fwit");
    let browser = Browser::shared().unwrap();
    let host = Host::serve(site(&folder, &build), 0).unwrap();
    browser.open(&host.url("/tools/fwit?a=1#/experiment")).unwrap();
    browser.wait("window.fwit && location.pathname === '/tools/fwit/'", PATIENCE).unwrap();
    let rest = browser.eval("return location.search + location.hash;", &[]).unwrap();
    assert_eq!(rest, json!("?a=1#/experiment"));
    // At a path of another name nothing of the page is found: it says what to do.
    let host = Host::serve(Site { path: "/other", ..site(&folder, &build) }, 0).unwrap();
    browser.open(&host.url("/other")).unwrap();
    let said = "document.querySelector('.unstyled')?.checkVisibility()
        && document.querySelector('.unstyled').innerText";
    let said = browser.wait(said, PATIENCE).unwrap();
    assert!(said.as_str().unwrap().contains("must end with “/”"), "{said}");
    browser.open(&host.url("/other/")).unwrap();
    browser.wait("window.fwit", PATIENCE).unwrap();
}

#[test]
fn a_hosted_file_of_another_build_is_named() {
    let (folder, build) = made(&Page::built().unwrap(), "fwit");
    let browser = Browser::shared().unwrap();
    let own = folder.path().join(&build);
    let program = fs::read_dir(&own)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .find(|name| name.ends_with(".wasm"))
        .unwrap();
    let said = |name: &str, content: Option<&[u8]>, why: &str| {
        let path = own.join(name);
        let whole = fs::read(&path).unwrap();
        match content {
            Some(content) => fs::write(&path, [&whole, content].concat()).unwrap(),
            None => fs::remove_file(&path).unwrap(),
        }
        let host = Host::serve(site(&folder, &build), 0).unwrap();
        browser.open(&host.url("/tools/fwit/")).unwrap();
        browser.wait("document.querySelector('#start [role=alert]')", PATIENCE).unwrap();
        let said = "return document.querySelector('[role=alert]').innerText;";
        let said = browser.eval(said, &[]).unwrap();
        let start = format!("fwit could not be loaded. {name}: {why}. Reload the page");
        assert!(said.as_str().unwrap().starts_with(&start), "{start}: {said}");
        fs::write(&path, whole).unwrap();
    };
    said(&program, Some(b"\n"), "it is cut, or of another build");
    said(&program, None, "the host answered 404");
    said("start.js", None, "the host answered 404");
}
