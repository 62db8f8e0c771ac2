//! A newcomer's way on the demo's cluster: Start, the result, and "Sticky or not?", clicked in the
//! page as it comes.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use fwit_e2e::{Browser, Cluster, Page};

use crate::clicks::press;

const PATIENCE: Duration = Duration::from_secs(60);
/// The demo's shape: xtask/src/demo.rs.
const SHAPE: [&str; 2] = ["--client-ms", "400,5,5"];
/// How long the control sleeps at a time, and how late it may be: as much as the engine's own beat.
const BEAT: Duration = Duration::from_millis(25);
const LATE: Duration = Duration::from_millis(10);

/// A bare loop that sleeps and looks how late it wakes: what the machine did to everyone.
struct Control {
    over: Arc<AtomicBool>,
    beats: JoinHandle<(usize, usize)>,
}

impl Control {
    fn start() -> Control {
        let over = Arc::new(AtomicBool::new(false));
        let ends = over.clone();
        let beats = std::thread::spawn(move || {
            let (mut late, mut all) = (0, 0);
            while !ends.load(Ordering::Relaxed) {
                let begun = Instant::now();
                std::thread::sleep(BEAT);
                all += 1;
                late += usize::from(begun.elapsed() > BEAT + LATE);
            }
            (late, all)
        });
        Control { over, beats }
    }

    /// Whether more than one wake-up in two hundred was late: then the machine was taken away.
    fn was_disturbed(self) -> bool {
        self.over.store(true, Ordering::Relaxed);
        let (late, all) = self.beats.join().unwrap();
        println!("control: {late} of {all} wake-ups late by more than {LATE:?}");
        late * 200 > all
    }
}

/// What the page says where the browser tells that other programs take the machine away.
const PRESSED: &str = "under critical pressure";
/// Signs that a busy machine is enough for.
const BUSY: [&str; 4] = [
    PRESSED,
    "Requests waited inside the browser",
    "The engine's own timers were late",
    "Marked in the charts",
];

fn text(browser: &Browser, selector: &str) -> String {
    let script = "return document.querySelector(args[0])?.innerText ?? '';";
    browser.eval(script, &[selector.into()]).unwrap().as_str().unwrap_or_default().into()
}

#[test]
fn the_first_run_is_healthy_and_sticky_or_not_has_an_answer() {
    let page = Page::serve().unwrap();
    let cluster = Cluster::start(3, &SHAPE).unwrap();
    let browser = Browser::shared().unwrap();
    browser.open(&page.url(&format!("#/?nodes={}", cluster.link()))).unwrap();
    browser.wait("window.fwit", PATIENCE).unwrap();

    let control = Control::start();
    press(&browser, "Start");
    browser.wait("location.hash.startsWith('#/run/')", PATIENCE).unwrap();
    browser.wait("document.querySelector('[data-verdict]')", PATIENCE).unwrap();
    let disturbed = control.was_disturbed();
    assert_eq!(text(&browser, "h1"), "50 entities, sticky, 3 nodes");
    let verdict = text(&browser, "[data-verdict]");
    println!("{verdict}");
    assert!(!verdict.contains("waited for a slot"), "{verdict}");
    // What a busy machine brings about is printed. All else that the page could hold against this
    // run would be the page's own fault.
    let signs: Vec<&str> = verdict.lines().map(str::trim).filter(|l| !l.is_empty()).collect();
    let busy = |sign: &&str| BUSY.iter().any(|words| sign.contains(words));
    let others = signs.iter().skip(1).filter(|sign| !busy(sign)).count();
    let excused = disturbed || (others == 0 && signs.len() > 1);
    assert!(excused || verdict.starts_with("Healthy."), "{verdict}");

    let period_s = std::env::var("FWIT_NEWCOMER_PERIOD_S").unwrap_or_else(|_| "4".into());
    let control = Control::start();
    browser.eval("location.hash = '#/';", &[]).unwrap();
    press(&browser, "Sticky or not?");
    for (id, value) in [
        ("x-design-pairs", "8"),
        ("x-design-period_s", period_s.as_str()),
        ("x-design-settle_s", "2"),
    ] {
        let field = format!("document.getElementById('{id}')");
        browser.wait(&field, PATIENCE).unwrap();
        let script = format!(
            "const field = {field}; field.value = args[0];
             field.dispatchEvent(new Event('input', {{ bubbles: true }}));"
        );
        browser.eval(&script, &[value.into()]).unwrap();
    }
    press(&browser, "Start");
    browser.wait("document.querySelector('progress')", PATIENCE).unwrap();
    let long = Duration::from_secs(900);
    browser.wait("location.hash.startsWith('#/experiment/')", long).unwrap();
    browser.wait("document.querySelector('.experiment-verdict')", PATIENCE).unwrap();
    let disturbed = control.was_disturbed();
    let page = text(&browser, "article.experiment");
    let disturbed = disturbed || page.contains(PRESSED);
    println!("{}", page.lines().take(12).collect::<Vec<_>>().join("\n"));
    assert!(page.contains("pairs count"), "{page}");
    assert!(disturbed || page.contains("8 of 8 pairs count"), "{page}");
    // Not sticky, reads fall into two camps by the node asked: of entities, where there are enough
    // answers of each, or of requests. Sticky there is one camp.
    if page.contains("8 of 8 pairs count") {
        let two =
            page.contains("Two camps") || page.contains("The role of the node asked explains");
        // Short periods have too few answers an entity for a word on entities.
        let alike = page.contains("One camp") || page.contains("Too few answers to look for camps");
        assert!(two && alike, "{page}");
    }
    assert_eq!(browser.console_errors().unwrap(), Vec::<String>::new());
}
