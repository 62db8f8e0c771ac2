//! Other tools' files, as users bring them: dropped, in a folder, packed, pasted, behind a link.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use fwit_e2e::{Browser, Page};
use serde_json::{Value, json};

use crate::plain_server;

const PATIENCE: Duration = Duration::from_secs(60);

fn fixture(path: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../crates/import/tests/fixtures");
    // Chromium takes no path with “..” in it.
    folder.canonicalize().unwrap().join(path)
}

/// Drops files and folders on the page, as a hand does.
fn drop_on(browser: &Browser, paths: &[&Path]) {
    let data = json!({ "items": [], "files": paths, "dragOperationsMask": 1 });
    for kind in ["dragEnter", "dragOver", "drop"] {
        let event = json!({ "type": kind, "x": 300, "y": 300, "data": data });
        browser.devtools("Input.dispatchDragEvent", &event).unwrap();
    }
}

/// The names of the runs in the library, once there are so many.
fn runs(browser: &Browser, count: usize) -> Vec<String> {
    browser.eval("location.hash = '#/runs';", &[]).unwrap();
    let rows = "[...document.querySelectorAll('.table-runs tbody th a')].map((a) => a.innerText)";
    let there = format!("{rows}.length === {count} && {rows}");
    serde_json::from_value(browser.wait(&there, PATIENCE).unwrap()).unwrap()
}

/// Requests and failed ones of a run, and how many latencies it has.
const SUMS: &str = "const sums = (file) => {
    const list = Object.values(file.totals);
    const sum = (of) => list.reduce((all, c) => all + of(c), 0);
    const failed = ['not_leader', 'rate_limited', 'rejected', 'unavailable', 'network', 'timeout'];
    const given = (file.given ?? []).find((g) => g.op === null && g.node === null);
    return { tool: file.source.tool, requests: sum((c) => c.issued),
        errors: sum((c) => failed.reduce((n, f) => n + c[f], 0)),
        timed: file.latency.reduce((n, l) => n + l.count, 0) || given?.count };
};";

fn truth(path: &str) -> Value {
    let text = std::fs::read_to_string(fixture(&format!("{path}.truth.json"))).unwrap();
    serde_json::from_str::<Vec<Value>>(&text).unwrap().remove(0)
}

#[test]
fn files_and_folders_are_dropped_and_seen_true() {
    let (page, browser) = (Page::serve().unwrap(), Browser::shared().unwrap());
    browser.open(&page.url("#/runs")).unwrap();
    browser.wait("window.fwit", PATIENCE).unwrap();
    let (k6, jtl) = ("k6/points.json", "jmeter/mix.csv.jtl");
    drop_on(&browser, &[&fixture(k6), &fixture(jtl)]);
    let names = runs(&browser, 2);
    assert!(names.iter().any(|n| n.starts_with("k6: ")), "{names:?}");

    // A folder, with a file in it that is no result, and one in a folder of its own.
    let folder = tempfile::tempdir().unwrap();
    let inner = folder.path().join("results");
    std::fs::create_dir_all(inner.join("old")).unwrap();
    let (oha, locust) = ("oha/get.json", "locust/run.json");
    std::fs::copy(fixture(oha), inner.join("a.json")).unwrap();
    std::fs::copy(fixture(locust), inner.join("old/b.json")).unwrap();
    std::fs::write(inner.join("notes.txt"), "remember the milk").unwrap();
    drop_on(&browser, &[&inner]);
    runs(&browser, 4);
    let told = "[...document.querySelectorAll('.notice')].some((n) =>
        n.innerText.includes('notes.txt') && n.innerText.includes('remember the milk'))";
    browser.wait(told, PATIENCE).unwrap();

    // What was dropped is what the tools printed.
    for path in [k6, jtl, oha, locust] {
        let bytes = std::fs::read(fixture(path)).unwrap();
        let truth = truth(path);
        let script = format!(
            "{SUMS} const bytes = new Uint8Array(args[0]);
             const ids = await fwit.import(new Blob([bytes]), {{ name: args[1] }});
             return sums(await fwit.run(ids[0]));"
        );
        let seen = browser.eval(&script, &[json!(bytes), json!(path)]).unwrap();
        for figure in ["requests", "errors", "timed"] {
            if let Some(wanted) = truth.get(figure).filter(|v| !v.is_null()) {
                assert_eq!(&seen[figure], wanted, "{path}: {figure}: {seen}");
            }
        }
    }
    // The same files again are the same runs.
    runs(&browser, 4);
    assert_eq!(browser.console_errors().unwrap(), Vec::<String>::new());
}

#[test]
fn an_archive_a_text_and_links_are_opened() {
    let (page, browser) = (Page::serve().unwrap(), Browser::shared().unwrap());
    browser.open(&page.url("#/runs")).unwrap();
    browser.wait("window.fwit", PATIENCE).unwrap();

    // A zip with two results and a page of notes.
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("night.zip");
    let mut zip = zip::ZipWriter::new(std::fs::File::create(&path).unwrap());
    let options = zip::write::SimpleFileOptions::default();
    for (name, bytes) in [
        ("a/wrk.txt", std::fs::read(fixture("wrk/latency.txt")).unwrap()),
        ("a/hey.csv", std::fs::read(fixture("hey/get.csv")).unwrap()),
        ("a/README", b"two runs of the night".to_vec()),
    ] {
        zip.start_file(name, options).unwrap();
        zip.write_all(&bytes).unwrap();
    }
    zip.finish().unwrap();
    drop_on(&browser, &[&path]);
    runs(&browser, 2);

    // fwit-t's log as text: three runs, with camps in the means.
    let text = std::fs::read_to_string(fixture("fwit-t/three-runs.markdown")).unwrap();
    let script = "const data = new DataTransfer();
        data.setData('text/plain', args[0]);
        window.dispatchEvent(new ClipboardEvent('paste', { clipboardData: data }));";
    browser.eval(script, &[json!(text)]).unwrap();
    let names = runs(&browser, 5);
    assert!(names.iter().any(|n| n == "Before the update"), "{names:?}");

    // Links: two files side by side, under names of their own.
    let (a, b) = (std::fs::read_to_string(fixture("oha/get.json")).unwrap(), text);
    let server = plain_server::serve(move |asked| match asked.path.as_str() {
        "/oha.json" => ("200 OK", a.clone()),
        "/fwit-t.log" => ("200 OK", b.clone()),
        _ => ("404 Not Found", String::new()),
    });
    let link =
        format!("#/open?run={server}/oha.json&run={server}/none.json&title=before%20the%20change");
    browser.eval("location.hash = args[0];", &[json!(link)]).unwrap();
    browser.wait("location.hash.startsWith('#/run/oha-')", PATIENCE).unwrap();
    let named = "document.querySelector('h1')?.innerText === 'before the change'";
    browser.wait(named, PATIENCE).unwrap();
    let told = "[...document.querySelectorAll('.notice')].some((n) =>
        n.innerText.includes('none.json') && n.innerText.includes('404'))";
    browser.wait(told, PATIENCE).unwrap();
    // It says whose it is, and what it can't show.
    let page_text = "document.querySelector('article.result').innerText";
    for words in ["oha", "What this file can't show", "Where the time goes"] {
        let said = format!("{page_text}.includes(\"{words}\")");
        browser.wait(&said, PATIENCE).unwrap();
    }

    // Beside a run of another tool it is said what can't be compared.
    let script = "const cards = [...document.querySelectorAll('.table-runs tbody th a')];
        const of = (tool) => cards.find((a) => a.href.includes('/' + tool)).href.split('/').pop();
        location.hash = `#/compare/${of('oha')},${of('hey')}`;";
    runs(&browser, 6);
    browser.eval(script, &[]).unwrap();
    let said = "document.body.innerText.includes('These runs were made by different tools')";
    browser.wait(said, PATIENCE).unwrap();
    assert_eq!(unexpected(&browser), Vec::<String>::new());
}

/// Errors of the console but for the address that is not there.
fn unexpected(browser: &Browser) -> Vec<String> {
    let mut errors = browser.console_errors().unwrap();
    errors.retain(|error| !error.contains("none.json"));
    errors
}

#[test]
fn a_large_file_is_read_while_the_page_answers_and_can_be_cancelled() {
    let (page, browser) = (Page::serve().unwrap(), Browser::shared().unwrap());
    browser.open(&page.url("#/runs")).unwrap();
    browser.wait("window.fwit", PATIENCE).unwrap();
    // Rows of a JTL, made in the page: each of a hundred milliseconds has a request.
    let make = "const head = 'timeStamp,elapsed,label,responseCode,responseMessage,threadName,'
            + 'success,bytes,sentBytes,grpThreads,allThreads,Latency,IdleTime,Connect\\n';
        window.jtl = (rows) => {
            const parts = [head];
            for (let i = 0; i < rows; i += 10000) {
                const lines = [];
                for (let k = i; k < Math.min(rows, i + 10000); k++) {
                    const t = 1793613600000 + k * 2;
                    lines.push(`${t},${5 + (k % 90)},GET kv,${k % 100 ? 200 : 503},OK,Thread ${k % 50}`
                        + `,${k % 100 ? true : false},120,60,50,50,4,0,0\\n`);
                }
                parts.push(lines.join(''));
            }
            return new Blob(parts);
        };";
    browser.eval(make, &[]).unwrap();
    // Read to its end: every row counts, and frames were drawn meanwhile.
    let script = format!(
        "{SUMS} const blob = window.jtl(200000);
         let frames = 0, on = true;
         const count = () => {{ frames += 1; if (on) requestAnimationFrame(count); }};
         count();
         const ids = await fwit.import(blob, {{ name: 'large.jtl' }});
         on = false;
         return {{ ...sums(await fwit.run(ids[0])), frames, mb: blob.size / 1e6 }};"
    );
    let seen = browser.eval(&script, &[]).unwrap();
    println!("{seen}");
    assert_eq!((&seen["requests"], &seen["errors"]), (&json!(200_000), &json!(2_000)));
    assert!(seen["frames"].as_u64().unwrap() > 2, "the page stood still: {seen}");

    // Two at once: one after the other, both whole.
    let script = format!(
        "{SUMS} const both = [20000, 30000].map((rows) =>
             fwit.import(window.jtl(rows), {{ name: `${{rows}}.jtl` }}));
         const ids = await Promise.all(both);
         return Promise.all(ids.map(async ([id]) => sums(await fwit.run(id)).requests));"
    );
    assert_eq!(browser.eval(&script, &[]).unwrap(), json!([20_000, 30_000]));

    // Cancelled: it is told, and nothing of it is kept.
    let script = "window.cancelled = fwit.import(window.jtl(3000000), { name: 'huge.jtl' })
        .then(() => 'opened', (error) => error.message);";
    browser.eval(script, &[]).unwrap();
    // The list has other buttons of that name, in its dialogs.
    let cancel = "document.querySelector('.importing button')";
    browser.wait(cancel, PATIENCE).unwrap();
    browser.eval(&format!("{cancel}.click();"), &[]).unwrap();
    let told = browser.eval("return await window.cancelled;", &[]).unwrap();
    assert!(told.as_str().unwrap().contains("cancelled"), "{told}");
    browser.wait("!document.querySelector('.importing')", PATIENCE).unwrap();
    runs(&browser, 3);
    assert_eq!(browser.console_errors().unwrap(), Vec::<String>::new());
}
