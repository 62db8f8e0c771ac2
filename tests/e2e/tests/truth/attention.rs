//! Nobody looks: the tab is hidden, the page's main thread is blocked. The load does not care.

use std::time::{Duration, Instant};

use fwit_e2e::Page;
use fwit_e2e::server::{Options, Pace, Server};
use fwit_report::run::view::{Second, Trouble};
use serde_json::json;

use super::{at_the_page, plan, start, told};
use crate::runs::PATIENCE;

/// How long the tab is hidden.
const HIDDEN: Duration = Duration::from_secs(30);

#[test]
fn a_hidden_tab_and_a_blocked_page_change_no_number() {
    let page = Page::serve().unwrap();
    let server = Server::start(Options::paced(Pace::Fixed(Duration::from_millis(20)))).unwrap();
    let browser = at_the_page(&page, &[]);
    let script = "window.seen = []; window.zero = null;
        document.addEventListener('visibilitychange', () => seen.push([document.visibilityState, performance.now()]));";
    browser.eval(script, &[]).unwrap();
    start(&browser, &plan(&server, &[], json!({ "load": { "warmup_s": 1, "duration_s": 48 } })));
    until_asked(&server, 2_000);

    // The main thread does nothing else for two seconds.
    let blocked_from = server.records().0.len();
    let block =
        "const end = performance.now() + 2000; while (performance.now() < end); return performance.now();";
    browser.eval(block, &[]).unwrap();
    let blocked_to = server.records().0.len();
    until_asked(&server, blocked_to + 500);

    let run = browser.new_tab().unwrap();
    let hidden_from = server.records().0.len();
    std::thread::sleep(HIDDEN);
    let hidden_to = server.records().0.len();
    browser.show(run).unwrap();
    let told = told(&browser, &server);
    told.assert_whole();
    assert!(told.median_off().abs() < 0.15);

    let seen = browser.eval("return seen;", &[]).unwrap();
    assert_eq!((&seen[0][0], &seen[1][0]), (&json!("hidden"), &json!("visible")), "{seen}");
    let away = seen[1][1].as_f64().unwrap() - seen[0][1].as_f64().unwrap();
    assert!(away >= 29_000.0, "hidden for {away} ms");

    // The server saw the load go on at the same rate, at the same number of requests at a time.
    let rate = |from: usize, to: usize| {
        let records = &server.records().0;
        let span = records[to - 1].answered - records[from].answered;
        (to - from) as f64 / span.as_secs_f64()
    };
    let (blocked, hidden) = (rate(blocked_from, blocked_to), rate(hidden_from, hidden_to));
    let watched = rate(500, blocked_from);
    println!("{watched:.0}/s watched, {blocked:.0}/s blocked, {hidden:.0}/s hidden");
    assert!(blocked > 0.8 * watched && hidden > 0.8 * watched, "{watched}/s, {blocked}/s, {hidden}/s");

    // And in no second did the page's numbers leave the server's.
    let middle = median(told.view.seconds.iter().filter_map(|s: &Second| Some(s.service_us?[0])).collect());
    let seconds: Vec<_> = told.view.seconds.iter().filter(|s| (2..48).contains(&s.t_s)).collect();
    assert_eq!(seconds.len(), 46);
    // A machine that is shared may take a second or two away; thirty hidden and two blocked ones would show.
    let off: Vec<_> = seconds
        .into_iter()
        .filter(|s| {
            let p50 = s.service_us.map_or(0.0, |p| f64::from(p[0]));
            (p50 / middle - 1.0).abs() > 0.25 || (s.in_flight / 6.0 - 1.0).abs() > 0.05
        })
        .collect();
    assert!(off.len() <= 2, "usually {middle} µs: {off:?}");

    // What happened is noted, and a hidden tab alone makes nothing doubtful.
    let hidden: Vec<_> = told.file.health.annotations.iter().filter(|a| a.kind == Trouble::Hidden).collect();
    assert_eq!(hidden.len(), 1, "{:?}", told.file.health);
    assert!((hidden[0].until_s - hidden[0].at_s - away / 1e3).abs() < 1.0, "{:?}, {away} ms", hidden[0]);
    assert!(!told.file.health.signs.iter().any(|s| s.contains("hidden")), "{:?}", told.file.health.signs);
}

fn until_asked(server: &Server, times: usize) {
    let deadline = Instant::now() + PATIENCE;
    while server.records().0.len() < times {
        assert!(Instant::now() < deadline, "the load does not start");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn median(mut values: Vec<u32>) -> f64 {
    values.sort_unstable();
    f64::from(values[values.len() / 2])
}
