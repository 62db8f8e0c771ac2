//! The page starts.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
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

/// The whole way in Firefox: the page starts in a worker too, and a run on the simulated cluster is
/// kept.
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
    browser
        .wait("document.querySelector('h1') && location.hash.startsWith('#/run/')", PATIENCE)
        .unwrap();
}

/// A file is missing, cut on its way to the host, of another build, or the host answers with its
/// own page.
#[test]
fn a_page_that_cannot_be_loaded_says_which_file_and_why() {
    let built = Page::built().unwrap();
    let browser = Browser::shared().unwrap();
    let broken = |name: &str, content: Option<Vec<u8>>, why: &str| {
        // Each at its own address, so that nothing comes from the browser's cache.
        let copy = Copy::of(&built);
        match content {
            Some(content) => fs::write(copy.0.join(name), content).unwrap(),
            None => fs::remove_file(copy.0.join(name)).unwrap(),
        }
        let page = Page::serve_folder(&copy.0).unwrap();
        browser.open(&page.url("")).unwrap();
        browser.wait("document.querySelector('[role=alert]')", PATIENCE).unwrap();
        let said =
            browser.eval("return document.querySelector('[role=alert]').innerText;", &[]).unwrap();
        let start = format!("fwit could not be loaded. {name}: {why}. Reload the page");
        assert!(said.as_str().unwrap().starts_with(&start), "{start}: {said}");
    };
    for end in [".wasm", ".js", "start.js"] {
        let name = file_name(&built, end);
        let whole = fs::read(built.join(&name)).unwrap();
        broken(&name, None, "the host answered 404");
        broken(&name, Some(whole[..whole.len() - 100].to_vec()), "it is cut, or of another build");
        broken(&name, Some([&whole, &b"\n"[..]].concat()), "it is cut, or of another build");
        broken(&name, Some(b"<!DOCTYPE html>".to_vec()), "it is cut, or of another build");
    }
}

/// The name of the built file that ends so: of the scripts that the page starts with,
/// wasm-bindgen's for `.js`.
fn file_name(built: &Path, end: &str) -> String {
    let mut names =
        fs::read_dir(built).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let others = |name: &String| name.ends_with("start.js") || name == "worker_loader.js";
    names.find(|name| name.ends_with(end) && (end == "start.js" || !others(name))).unwrap()
}

/// A copy of the built page; removed when dropped.
struct Copy(PathBuf);

impl Copy {
    fn of(built: &Path) -> Self {
        static NUMBER: AtomicUsize = AtomicUsize::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let copy = env::temp_dir().join(format!("fwit-e2e-copy-{}-{number}", std::process::id()));
        copy_folder(built, &copy);
        Self(copy)
    }
}

impl Drop for Copy {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// What is seen before the program is there stays where it is when it comes.
#[test]
fn the_frame_is_there_before_the_program_and_does_not_move() {
    let built = Page::built().unwrap();
    let browser = Browser::start().unwrap();
    let frame = "return [...document.querySelectorAll('header, header :is(a, .button-icon), \
                 main')].map((element) => {
        const { x, y, width, height } = element.getBoundingClientRect();
        const isMain = element.localName === 'main';
        return [element.localName === 'a' && element.innerText, x, y, width, isMain || height];
    });";
    for (route, width) in [("#/?preset=quick", 1280), ("#/runs", 1280), ("#/experiment", 400)] {
        browser.resize(width, 800).unwrap();
        // Without its program the frame is all there is.
        let copy = Copy::of(&built);
        fs::remove_file(copy.0.join(file_name(&built, ".wasm"))).unwrap();
        let page = Page::serve_folder(&copy.0).unwrap();
        browser.open(&page.url(route)).unwrap();
        browser.wait("document.querySelector('[role=alert]')", PATIENCE).unwrap();
        let before = browser.eval(frame, &[]).unwrap();
        assert_eq!(before.as_array().unwrap().len(), 8, "{before}");

        let page = Page::serve_folder(&built).unwrap();
        browser.open(&page.url(route)).unwrap();
        browser.wait("window.fwit && !document.getElementById('start')", PATIENCE).unwrap();
        assert_eq!(browser.eval(frame, &[]).unwrap(), before, "{route} at {width}");
        let shifted = "const drawn = () => new Promise((done) => requestAnimationFrame(done));
            const shifts = [];
            const observer = new PerformanceObserver((list) => shifts.push(...list.getEntries()));
            observer.observe({ type: 'layout-shift', buffered: true });
            await drawn();
            await drawn();
            shifts.push(...observer.takeRecords());
            return shifts.reduce((sum, { value }) => sum + value, 0);";
        assert_eq!(browser.eval(shifted, &[]).unwrap().as_f64(), Some(0.0), "{route} at {width}");
    }
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
        (
            "#/?nodes=http://127.0.0.1:1,http://127.0.0.1:2",
            "document.querySelectorAll('.node').length === 2",
        ),
        (
            "#/?preset=busy leader",
            "document.getElementById('f-sim-preset')?.value === 'busy leader'",
        ),
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
    assert_eq!(
        browser.eval("return args[0] + await args[1];", &[json!(1), json!(2)]).unwrap(),
        json!(3)
    );
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
    let seen =
        "return [innerWidth, innerHeight, matchMedia('(prefers-color-scheme: dark)').matches];";
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
