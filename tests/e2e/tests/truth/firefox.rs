//! The same truth in Firefox.

use std::time::Duration;

use fwit_e2e::Browser;
use fwit_e2e::server::{Options, Pace};
use serde_json::json;

use super::beside_the_loop;

#[test]
fn firefox_measures_what_a_bare_loop_measures_there() {
    let Some(browser) = Browser::firefox().unwrap() else { return };
    let options = Options::paced(Pace::Fixed(Duration::from_millis(40)));
    let beside = beside_the_loop(&browser, options, 0, 6, json!({}));
    beside.last.assert_adds_up();
    assert_eq!(beside.server.peak(), 6);
    assert!(
        beside.last.view.time_sources.label().starts_with("wire"),
        "{:?}",
        beside.last.view.time_sources
    );
}
