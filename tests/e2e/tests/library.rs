//! The library of runs as a user keeps it: found, labelled, sorted, renamed, deleted and brought
//! back, taken elsewhere; and two tabs that lose nothing of each other's.

use std::path::Path;
use std::time::Duration;

use fwit_e2e::{Browser, Page};
use serde_json::{Value, json};

use crate::clicks::{press, write_into};

const PATIENCE: Duration = Duration::from_secs(60);

/// Names in the list, in its order.
const NAMES: &str =
    "[...document.querySelectorAll('.table-runs tbody th > a')].map((a) => a.innerText)";

/// Opens the list with three runs in it: of oha, of wrk, of hey. Returns their ids.
fn three_runs(browser: &Browser, page: &Page) -> Vec<String> {
    browser.open(&page.url("#/runs")).unwrap();
    browser.wait("window.fwit", PATIENCE).unwrap();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../crates/import/tests/fixtures");
    let import = |file: &str| {
        let bytes = std::fs::read(folder.join(file)).unwrap();
        let script = "const blob = new Blob([new Uint8Array(args[0])]);
            return (await fwit.import(blob, { name: args[1] }))[0];";
        let id = browser.eval(script, &[json!(bytes), json!(file)]).unwrap();
        id.as_str().unwrap().to_string()
    };
    let ids: Vec<String> =
        ["oha/get.json", "wrk/latency.txt", "hey/get.csv"].into_iter().map(import).collect();
    wait_for(browser, 3);
    ids
}

/// The names in the list, once there are so many.
fn wait_for(browser: &Browser, count: usize) -> Vec<String> {
    let there = format!("{NAMES}.length === {count} && JSON.stringify({NAMES})");
    let names = browser.wait(&there, PATIENCE).unwrap();
    serde_json::from_str(names.as_str().unwrap()).unwrap()
}

/// Presses a button of a row: `labels`, `rename` or `delete`.
fn press_in_row(browser: &Browser, what: &str, id: &str) {
    let button = format!("document.getElementById('{what}-{id}')");
    browser.wait(&button, PATIENCE).unwrap();
    browser.eval(&format!("{button}.focus(); {button}.click();"), &[]).unwrap();
}

fn label(browser: &Browser, id: &str, tags: &str, note: &str) {
    press_in_row(browser, "labels", id);
    browser.wait("document.querySelector('.labels-dialog[open]')", PATIENCE).unwrap();
    write_into(browser, "labels-tags", tags);
    write_into(browser, "labels-note", note);
    press(browser, "Save");
    browser.wait("!document.querySelector('.labels-dialog[open]')", PATIENCE).unwrap();
}

fn rename(browser: &Browser, id: &str, name: &str) {
    press_in_row(browser, "rename", id);
    browser.wait("document.querySelector('.table-runs .rename input')", PATIENCE).unwrap();
    let script = "const field = document.querySelector('.table-runs .rename input');
        field.value = args[0];
        field.dispatchEvent(new Event('input', { bubbles: true }));";
    browser.eval(script, &[json!(name)]).unwrap();
    press(browser, "Rename");
    browser.wait(&format!("{NAMES}.includes({})", json!(name)), PATIENCE).unwrap();
}

/// Presses a key, as a hand does: `/` or `Escape`.
fn key(browser: &Browser, key: &str) {
    let down = match key {
        "Escape" => json!({ "type": "keyDown", "key": key, "windowsVirtualKeyCode": 27 }),
        _ => json!({ "type": "keyDown", "key": key, "text": key }),
    };
    browser.devtools("Input.dispatchKeyEvent", &down).unwrap();
    let up = json!({ "type": "keyUp", "key": key });
    browser.devtools("Input.dispatchKeyEvent", &up).unwrap();
}

fn is_focused(browser: &Browser, id: &str) {
    browser.wait(&format!("document.activeElement?.id === '{id}'"), PATIENCE).unwrap();
}

fn hash(browser: &Browser) -> Value {
    browser.eval("return location.hash;", &[]).unwrap()
}

#[test]
fn runs_are_found_labelled_sorted_and_renamed() {
    let (page, browser) = (Page::serve().unwrap(), Browser::shared().unwrap());
    let ids = three_runs(&browser, &page);

    // Tags and a note; a bound is told, and Escape leaves all as it was.
    label(&browser, &ids[0], "Größe, base line", "After the update");
    press_in_row(&browser, "labels", &ids[1]);
    browser.wait("document.querySelector('.labels-dialog[open]')", PATIENCE).unwrap();
    write_into(&browser, "labels-tags", &"x".repeat(41));
    press(&browser, "Save");
    let told =
        "document.querySelector('.labels-dialog [role=alert]').innerText.includes('41 characters')";
    browser.wait(told, PATIENCE).unwrap();
    key(&browser, "Escape");
    browser.wait("!document.querySelector('.labels-dialog[open]')", PATIENCE).unwrap();
    is_focused(&browser, &format!("labels-{}", ids[1]));
    label(&browser, &ids[1], "base line", "");

    // Words, filters, and what the address says.
    key(&browser, "/");
    is_focused(&browser, "runs-search");
    for (search, count) in [
        ("update", 1),
        ("tag:\"base line\"", 2),
        ("tag:grosse", 1),
        ("tool:wrk", 1),
        ("is:imported", 3),
        ("tag:\"base line\" tool:oha", 1),
    ] {
        write_into(&browser, "runs-search", search);
        wait_for(&browser, count);
    }
    let count = "document.querySelector('.search-count').innerText === '1 of 3 runs'";
    browser.wait(count, PATIENCE).unwrap();
    let linked = hash(&browser);
    assert!(linked.as_str().unwrap().starts_with("#/runs?q=tag"), "{linked}");
    write_into(&browser, "runs-search", "is:simulated");
    browser.wait("document.querySelector('.empty-found')", PATIENCE).unwrap();
    press(&browser, "Clear the search");
    wait_for(&browser, 3);
    is_focused(&browser, "runs-search");
    write_into(&browser, "runs-search", "x");
    key(&browser, "Escape");
    wait_for(&browser, 3);
    assert_eq!(hash(&browser), json!("#/runs"));
    // A tag is a link that Back returns from.
    let tag = "[...document.querySelectorAll('.table-runs .tag')].find((t) => t.innerText.includes('Größe'))";
    browser.eval(&format!("({tag}).click();"), &[]).unwrap();
    wait_for(&browser, 1);
    browser.eval("history.back();", &[]).unwrap();
    wait_for(&browser, 3);
    browser.eval("location.hash = args[0];", &[linked]).unwrap();
    wait_for(&browser, 1);
    browser.eval("location.hash = '#/runs';", &[]).unwrap();
    wait_for(&browser, 3);

    // Names from A to Z, then the other way round; numbers by the largest.
    let head = |name: &str| {
        let button = format!(
            "[...document.querySelectorAll('.table-runs thead .sort')]
                .find((b) => b.innerText.includes('{name}'))"
        );
        browser.eval(&format!("({button}).click();"), &[]).unwrap();
        let sort = format!("return ({button}).closest('th').ariaSort;");
        browser.wait(&format!("({button}).closest('th').ariaSort"), PATIENCE).unwrap();
        browser.eval(&sort, &[]).unwrap()
    };
    assert_eq!(head("name"), json!("ascending"));
    let names = wait_for(&browser, 3);
    let mut sorted = names.clone();
    sorted.sort_by_key(|name| name.to_lowercase());
    assert_eq!(names, sorted);
    assert_eq!(head("name"), json!("descending"));
    sorted.reverse();
    assert_eq!(wait_for(&browser, 3), sorted);
    assert_eq!(head("per second"), json!("descending"));

    // F2 in a row; Escape, then another name. The head of the result has it, with tags and note.
    let f2 = "document.getElementById(args[0]).dispatchEvent(
        new KeyboardEvent('keydown', { key: 'F2', bubbles: true }));";
    browser.eval(f2, &[json!(format!("delete-{}", ids[0]))]).unwrap();
    browser.wait("document.activeElement?.closest('.rename')", PATIENCE).unwrap();
    key(&browser, "Escape");
    is_focused(&browser, &format!("rename-{}", ids[0]));
    rename(&browser, &ids[0], "Of the night");
    is_focused(&browser, &format!("rename-{}", ids[0]));
    let file = browser.eval("return fwit.run(args[0]);", &[json!(ids[0])]).unwrap();
    assert_eq!(file["name"], "Of the night");
    let labels = json!({ "tags": ["Größe", "base line"], "note": "After the update" });
    assert_eq!(file["labels"], labels);
    browser.eval("location.hash = `#/run/${args[0]}`;", &[json!(ids[0])]).unwrap();
    let head = "document.querySelector('h1')?.innerText === 'Of the night'
        && document.querySelector('.labels')?.innerText.includes('After the update')";
    browser.wait(head, PATIENCE).unwrap();
    assert_eq!(browser.console_errors().unwrap(), Vec::<String>::new());
}

#[test]
fn runs_are_deleted_brought_back_and_taken_elsewhere() {
    let (page, browser) = (Page::serve().unwrap(), Browser::shared().unwrap());
    let ids = three_runs(&browser, &page);
    label(&browser, &ids[2], "kept", "of hey");
    rename(&browser, &ids[2], "a / name: with “signs”");
    let names = wait_for(&browser, 3);

    // One: the focus goes to the next row; it comes back.
    let first = browser
        .eval("return document.querySelector('[id^=delete-]').id.slice('delete-'.length);", &[])
        .unwrap();
    let next =
        browser.eval("return document.querySelectorAll('[id^=delete-]')[1].id;", &[]).unwrap();
    press_in_row(&browser, "delete", first.as_str().unwrap());
    wait_for(&browser, 2);
    is_focused(&browser, next.as_str().unwrap());
    press(&browser, "Undo");
    assert_eq!(wait_for(&browser, 3), names);

    // A range, by a click with Shift; two go at once, and come back by one Undo.
    let click = "const boxes = document.querySelectorAll('.table-runs tbody .choose input');
        boxes[args[0]].dispatchEvent(
            new MouseEvent('click', { bubbles: true, cancelable: true, shiftKey: args[1] }));";
    browser.eval(click, &[json!(1), json!(false)]).unwrap();
    browser.eval(click, &[json!(2), json!(true)]).unwrap();
    press(&browser, "Delete 2");
    assert_eq!(wait_for(&browser, 1), names[..1]);
    let told = "[...document.querySelectorAll('.notice')].some((n) => n.innerText.includes('2 runs deleted.'))";
    browser.wait(told, PATIENCE).unwrap();
    press(&browser, "Undo");
    assert_eq!(wait_for(&browser, 3), names);

    // All as one zip.
    let catch = "const make = URL.createObjectURL;
        URL.createObjectURL = (blob) => {
            if (blob.type === 'application/zip') window.saved = blob;
            return make.call(URL, blob);
        };";
    browser.eval(catch, &[]).unwrap();
    press(&browser, "Export all");
    browser.wait("window.saved", PATIENCE).unwrap();
    let bytes =
        browser.eval("return [...new Uint8Array(await saved.arrayBuffer())];", &[]).unwrap();
    let bytes: Vec<u8> = serde_json::from_value(bytes).unwrap();
    let mut zip = zip::ZipArchive::new(std::io::Cursor::new(bytes)).unwrap();
    assert_eq!(zip.len(), 3);
    for i in 0..3 {
        let file = zip.by_index(i).unwrap();
        let run: Value = serde_json::from_reader(file).unwrap();
        assert_eq!(run["format"], "fwit-run");
    }

    // All go, and the zip brings them back as they were.
    let all = "document.querySelector('.table-runs thead .choose input').click();";
    browser.eval(all, &[]).unwrap();
    press(&browser, "Delete 3");
    browser
        .wait("document.querySelector('.empty h2')?.innerText === 'No runs yet'", PATIENCE)
        .unwrap();
    let import = "return (await fwit.import(saved, { name: 'all.zip' })).sort();";
    let mut wanted = ids.clone();
    wanted.sort();
    assert_eq!(browser.eval(import, &[]).unwrap(), json!(wanted));
    assert_eq!(wait_for(&browser, 3), names);
    // The same again is the same runs.
    assert_eq!(browser.eval(import, &[]).unwrap(), json!(wanted));
    assert_eq!(wait_for(&browser, 3), names);
    let file = browser.eval("return fwit.run(args[0]);", &[json!(ids[2])]).unwrap();
    assert_eq!(file["labels"], json!({ "tags": ["kept"], "note": "of hey" }));
    assert_eq!(browser.console_errors().unwrap(), Vec::<String>::new());
}

#[test]
fn two_tabs_lose_nothing_of_each_others() {
    let (page, browser) = (Page::serve().unwrap(), Browser::start().unwrap());
    let ids = three_runs(&browser, &page);
    // The first tab has the run open, and its labels in the dialog.
    browser.eval("return fwit.run(args[0]).then(() => 1);", &[json!(ids[0])]).unwrap();
    press_in_row(&browser, "labels", &ids[0]);
    browser.wait("document.querySelector('.labels-dialog[open]')", PATIENCE).unwrap();
    write_into(&browser, "labels-tags", "first");

    let first = browser.new_tab().unwrap();
    browser.open(&page.url("#/runs")).unwrap();
    wait_for(&browser, 3);
    rename(&browser, &ids[0], "renamed there");
    label(&browser, &ids[1], "second", "");
    let second = browser.run("ask for the tab", async |client| client.window().await).unwrap();

    browser.show(first.clone()).unwrap();
    press(&browser, "Save");
    browser.wait("!document.querySelector('.labels-dialog[open]')", PATIENCE).unwrap();
    let file = browser.eval("return fwit.run(args[0]);", &[json!(ids[0])]).unwrap();
    assert_eq!(
        (&file["name"], &file["labels"]["tags"]),
        (&json!("renamed there"), &json!(["first"]))
    );

    // The same field in both: the second one to save is told.
    press_in_row(&browser, "labels", &ids[1]);
    browser.wait("document.getElementById('labels-tags').value === 'second'", PATIENCE).unwrap();
    write_into(&browser, "labels-tags", "mine");
    browser.show(second).unwrap();
    browser.wait(&format!("{NAMES}.includes('renamed there')"), PATIENCE).unwrap();
    label(&browser, &ids[1], "theirs", "");
    browser.show(first).unwrap();
    press(&browser, "Save");
    let told = "document.querySelector('.labels-dialog [role=alert]').innerText.includes('theirs')";
    browser.wait(told, PATIENCE).unwrap();
    press(&browser, "Save");
    browser.wait("!document.querySelector('.labels-dialog[open]')", PATIENCE).unwrap();
    let file = browser.eval("return fwit.run(args[0]);", &[json!(ids[1])]).unwrap();
    assert_eq!(file["labels"]["tags"], json!(["mine"]));
    assert_eq!(browser.console_errors().unwrap(), Vec::<String>::new());
}

#[test]
fn a_tab_that_stands_in_the_way_of_an_upgrade_is_named_and_awaited() {
    let (page, browser) = (Page::serve().unwrap(), Browser::start().unwrap());
    // A page of the same origin that has the store open in its first version, as an old fwit had.
    browser.open(&page.url("worker_loader.js")).unwrap();
    let hold = "window.held = await new Promise((done, fail) => {
            const opening = indexedDB.open('fwit', 1);
            opening.onupgradeneeded = () => opening.result.createObjectStore('runs');
            opening.onsuccess = () => done(opening.result);
            opening.onerror = fail;
        });";
    browser.eval(hold, &[]).unwrap();
    // A script shown as a page has no icon, and the browser asks for one.
    browser.console_errors().unwrap();
    let old = browser.new_tab().unwrap();
    browser.open(&page.url("#/runs")).unwrap();
    let told = "document.querySelector('.note-warn')?.innerText.includes('close that tab')";
    browser.wait(told, PATIENCE).unwrap();
    let new = browser.run("ask for the tab", async |client| client.window().await).unwrap();
    browser.show(old).unwrap();
    browser.eval("held.close();", &[]).unwrap();
    browser.show(new).unwrap();
    browser
        .wait("document.querySelector('.empty') && !document.querySelector('.note-warn')", PATIENCE)
        .unwrap();

    // And this one makes room for a newer fwit; what it does next says so.
    let upgrade = "const db = await new Promise((done, fail) => {
            const opening = indexedDB.open('fwit', 9);
            opening.onsuccess = () => done(opening.result);
            opening.onerror = () => fail(opening.error);
            opening.onblocked = () => fail(new Error('blocked'));
        });
        db.close();";
    browser.eval(upgrade, &[]).unwrap();
    let error = "return fwit.run('none').then(() => '', String);";
    let error = browser.eval(error, &[]).unwrap();
    assert!(error.as_str().unwrap().contains("newer fwit"), "{error}");
    assert_eq!(browser.console_errors().unwrap(), Vec::<String>::new());
}
