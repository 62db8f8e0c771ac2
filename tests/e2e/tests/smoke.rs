//! The page starts.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use fwit_e2e::{Browser, Page, Scheme};
use serde_json::json;

const PATIENCE: Duration = Duration::from_secs(60);

#[test]
fn the_page_starts_without_an_error() {
    let page = Page::serve().unwrap();
    let browser = Browser::shared().unwrap();
    browser.open(&page.url("#/?preset=quick")).unwrap();
    // Trunk's loader says so when the page's wasm has run its start function.
    browser.wait("window.wasmBindings", PATIENCE).unwrap();
    assert_eq!(browser.eval("return crossOriginIsolated;", &[]).unwrap(), json!(true));
    assert_eq!(browser.console_errors().unwrap(), Vec::<String>::new());
}

/// The whole way in Firefox: the page starts in a worker too, and a run on the simulated cluster is kept.
#[test]
fn the_page_starts_in_firefox() {
    let Some(browser) = Browser::firefox().unwrap() else { return };
    let page = Page::serve().unwrap();
    browser.open(&page.url("#/?preset=quick")).unwrap();
    browser.wait("window.fwit", PATIENCE).unwrap();
    assert_eq!(browser.eval("return crossOriginIsolated;", &[]).unwrap(), json!(true));
    let script = "const plan = fwit.preset('three regions');
        plan.load.duration_s = 10;
        const run = await fwit.start(plan);
        return Object.values(run.totals).reduce((sum, counts) => sum + counts.ok, 0);";
    assert!(browser.eval(script, &[]).unwrap().as_u64().unwrap() > 1_000);
    browser.wait("document.querySelector('h1') && location.hash.startsWith('#/run/')", PATIENCE).unwrap();
}

/// A page whose files are of two builds, or cut on their way to the host.
#[test]
fn a_page_that_cannot_be_loaded_says_why() {
    let copy = env::temp_dir().join(format!("fwit-e2e-broken-{}", std::process::id()));
    copy_folder(&Page::built().unwrap(), &copy);
    let page = Page::serve_folder(&copy).unwrap();
    let browser = Browser::shared().unwrap();
    let found = |end: &str| -> PathBuf {
        let mut files = fs::read_dir(&copy).unwrap().map(|entry| entry.unwrap().path());
        files
            .find(|path| path.to_string_lossy().ends_with(end) && !path.ends_with("worker_loader.js"))
            .unwrap()
    };
    let (program, unpacker, bindings) = (found(".lzma2.bin"), found(".wasm"), found(".js"));
    let packed = fs::read(&program).unwrap();
    let mut overwritten = packed.clone();
    overwritten[packed.len() / 2..].fill(0xff);
    let says = |text: &str| {
        browser.open(&page.url("")).unwrap();
        browser.wait("document.querySelector('[role=alert]')", PATIENCE).unwrap();
        let said = browser.eval("return document.body.innerText;", &[]).unwrap();
        assert!(said.as_str().unwrap().contains(text), "{text}: {said}");
    };
    fs::write(&program, &packed[..packed.len() - 100]).unwrap();
    says(".lzma2.bin: it ends too early. Reload the page");
    fs::write(&program, overwritten).unwrap();
    says(".lzma2.bin: it is broken. Reload the page");
    fs::remove_file(&program).unwrap();
    says(".lzma2.bin: the host answered 404");
    fs::write(&program, packed).unwrap();
    fs::write(&unpacker, "<!DOCTYPE html>").unwrap();
    says(".wasm: WebAssembly");
    fs::remove_file(&bindings).unwrap();
    says("fwit-");
    fs::remove_dir_all(&copy).unwrap();
}

fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let copy = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy_folder(&path, &copy);
        } else {
            fs::copy(&path, &copy).unwrap();
        }
    }
}

/// What the open form shows is replaced while it changes, in both directions and more than once.
#[test]
fn a_link_that_is_followed_on_the_open_form_fills_it_again() {
    let page = Page::serve().unwrap();
    let browser = Browser::shared().unwrap();
    browser.open(&page.url("#/?preset=quick")).unwrap();
    browser.wait("window.fwit", PATIENCE).unwrap();
    for (link, shown) in [
        ("#/?nodes=http://127.0.0.1:1,http://127.0.0.1:2", "document.querySelectorAll('.node').length === 2"),
        ("#/?preset=busy leader", "document.getElementById('f-sim-preset')?.value === 'busy leader'"),
        ("#/?nodes=http://127.0.0.1:3", "document.querySelectorAll('.node').length === 1"),
        ("#/?preset=quick", "document.querySelector('input[name=model]').checked"),
    ] {
        // The other load model has other fields: they are replaced as well.
        browser.eval("document.querySelectorAll('input[name=model]')[1].click();", &[]).unwrap();
        browser.eval("location.hash = args[0];", &[json!(link)]).unwrap();
        browser.wait(shown, PATIENCE).unwrap();
        assert_eq!(browser.console_errors().unwrap(), Vec::<String>::new(), "{link}");
    }
}

#[test]
fn the_harness_sees_what_goes_wrong() {
    let page = Page::serve().unwrap();
    let browser = Browser::start().unwrap();
    browser.open(&page.url("")).unwrap();
    assert_eq!(browser.eval("return args[0] + await args[1];", &[json!(1), json!(2)]).unwrap(), json!(3));
    let error = browser.eval("throw new Error('thrown');", &[]).unwrap_err();
    assert!(error.to_string().contains("thrown"), "{error}");
    let error = browser.eval("return Promise.reject(['rejected']);", &[]).unwrap_err();
    assert!(error.to_string().contains("[\"rejected\"]"), "{error}");
    browser.eval("console.error('logged'); await fetch('missing');", &[]).unwrap();
    let errors = browser.console_errors().unwrap().join("\n");
    assert!(errors.contains("logged") && errors.contains("404"), "{errors}");
    let error = browser.wait("document.title === 'other'", Duration::ZERO).unwrap_err();
    assert!(error.to_string().contains("was false"), "{error}");
}

#[test]
fn size_and_scheme_are_what_the_page_sees() {
    let page = Page::serve().unwrap();
    let browser = Browser::start().unwrap();
    browser.open(&page.url("")).unwrap();
    browser.resize(400, 700).unwrap();
    browser.set_scheme(Scheme::Dark).unwrap();
    let seen = "return [innerWidth, innerHeight, matchMedia('(prefers-color-scheme: dark)').matches];";
    assert_eq!(browser.eval(seen, &[]).unwrap(), json!([400, 700, true]));
    browser.set_scheme(Scheme::Light).unwrap();
    assert_eq!(browser.eval(seen, &[]).unwrap(), json!([400, 700, false]));
    let picture = std::env::temp_dir().join(format!("fwit-e2e-{}.png", std::process::id()));
    browser.screenshot(&picture).unwrap();
    let png = std::fs::read(&picture).unwrap();
    std::fs::remove_file(&picture).unwrap();
    // A PNG tells its width in bytes 16 to 19.
    assert_eq!(png[..8], *b"\x89PNG\r\n\x1a\n");
    assert_eq!(png[16..20], 400_u32.to_be_bytes());
}

#[test]
fn a_wait_looks_until_the_condition_holds() {
    let page = Page::serve().unwrap();
    let browser = Browser::shared().unwrap();
    browser.open(&page.url("")).unwrap();
    browser.eval("window.looks = 0;", &[]).unwrap();
    assert_eq!(browser.wait("++window.looks > 3 && window.looks", PATIENCE).unwrap(), json!(4));
}
