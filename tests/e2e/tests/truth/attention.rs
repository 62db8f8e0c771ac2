//! The tab is hidden, the page's main thread is blocked: the load goes on as a bare loop's does.

use std::time::{Duration, Instant};

use fwit_e2e::bare::Load;
use fwit_e2e::server::{Options, Pace, Server};
use fwit_e2e::{Browser, Page, bare};
use fwit_report::run::view::Disturbance;
use serde_json::json;

use super::{open_page, plan, start, told};
use crate::runs::PATIENCE;

/// How long the tab is hidden. Timers of a hidden page are slowed at once; browsers do more after
/// five minutes, which the proof asks for: `FWIT_HIDDEN_S=330`.
fn hidden_for() -> Duration {
    let asked = std::env::var("FWIT_HIDDEN_S").ok().and_then(|s| s.parse().ok());
    Duration::from_secs(asked.unwrap_or(6))
}

/// How far the engine's share of what both send may move from one phase to the next.
const STEADY: f64 = 0.2;

#[test]
fn a_hidden_tab_and_a_blocked_page_change_no_number() {
    let page = Page::serve().unwrap();
    let fixed = Options::paced(Pace::Fixed(Duration::from_millis(20)));
    let (server, control) = (Server::start(fixed).unwrap(), Server::start(fixed).unwrap());
    // A browser of its own: this test opens tabs.
    let browser = Browser::start().unwrap();
    open_page(&browser, &page);
    let script = "window.seen = [];
        document.addEventListener('visibilitychange', () => seen.push([document.visibilityState, \
        performance.now()]));";
    browser.eval(script, &[]).unwrap();
    // The bare loop, at a server of its own, lives in a worker of the same page all the while.
    let hidden_s = hidden_for().as_secs();
    let load = Load {
        bases: vec![control.url("127.0.0.1")],
        concurrency: 6,
        think_ms: [0.0; 2],
        warmup: Duration::ZERO,
        measured: Duration::from_secs(600 + hidden_s),
        wire: false,
        body: String::new(),
        post_share: 0.0,
    };
    bare::start(&browser, &load).unwrap();
    start(
        &browser,
        &plan(&server, &[], json!({ "load": { "warmup_s": 0.5, "duration_s": 600 + hidden_s } })),
    );
    until_asked(&server, 200);

    let counts = || [&server, &control].map(|s| s.records().0.len());
    let share = |[engine, loop_]: [usize; 2], [engine_to, loop_to]: [usize; 2]| {
        (engine_to - engine) as f64 / (loop_to - loop_).max(1) as f64
    };
    let from = counts();
    until_asked(&server, from[0] + 500);
    let watched = share(from, counts());

    // The main thread does nothing else for two seconds.
    let from = counts();
    let block = "const end = performance.now() + 2000; while (performance.now() < end);";
    browser.eval(block, &[]).unwrap();
    let blocked = share(from, counts());

    let run = browser.new_tab().unwrap();
    let from = counts();
    // Time itself is what is waited for: being hidden is the state that is tested.
    std::thread::sleep(hidden_for());
    let hidden = share(from, counts());
    browser.show(run).unwrap();
    browser.eval("fwit.stop();", &[]).unwrap();
    let told = told(&browser, &server);
    told.assert_whole();
    println!("engine over loop: {watched:.3} watched, {blocked:.3} blocked, {hidden:.3} hidden");
    for phase in [blocked, hidden] {
        assert!(
            (phase / watched - 1.0).abs() < STEADY,
            "{watched} watched, {blocked} blocked, {hidden} hidden"
        );
    }

    let seen = browser.eval("return seen;", &[]).unwrap();
    assert_eq!((&seen[0][0], &seen[1][0]), (&json!("hidden"), &json!("visible")), "{seen}");
    let away = seen[1][1].as_f64().unwrap() - seen[0][1].as_f64().unwrap();
    assert!(away >= 0.95 * hidden_for().as_secs_f64() * 1e3, "hidden for {away} ms");

    // In every second all slots were in use, and the seconds together hold what the server
    // answered.
    let seconds: Vec<_> = told.view.seconds.iter().filter(|s| s.t_s >= 1).collect();
    let whole = &seconds[..seconds.len() - 1];
    let idle: Vec<_> = whole.iter().filter(|s| (s.in_flight / 6.0 - 1.0).abs() > 0.05).collect();
    assert!(idle.len() <= 1, "of {} seconds {idle:?}", whole.len());
    let answers: u64 = told.view.seconds.iter().map(|s| u64::from(s.answers)).sum();
    let served = told.all.0.len() as u64;
    assert!(
        served - answers.min(served) <= 12 && answers <= served,
        "{answers} answers, {served} at the server"
    );

    // What happened is noted, and a hidden tab alone makes nothing doubtful.
    let hidden: Vec<_> =
        told.file.health.annotations.iter().filter(|a| a.kind == Disturbance::Hidden).collect();
    assert_eq!(hidden.len(), 1, "{:?}", told.file.health);
    assert!(
        (hidden[0].until_s - hidden[0].at_s - away / 1e3).abs() < 1.0,
        "{:?}, {away} ms",
        hidden[0]
    );
    assert!(
        !told.file.health.signs.iter().any(|s| s.contains("hidden")),
        "{:?}",
        told.file.health.signs
    );
}

fn until_asked(server: &Server, times: usize) {
    let deadline = Instant::now() + PATIENCE;
    while server.records().0.len() < times {
        assert!(Instant::now() < deadline, "the load does not start");
        std::thread::sleep(Duration::from_millis(20));
    }
}
