//! Facts about the browser, the machine and the time.

use js_sys::{Date, Reflect};
use wasm_bindgen::JsValue;

use fwit_quantities::units::Micros;

/// Returns the time now as RFC 3339 in UTC, to the millisecond.
#[must_use]
pub fn now_rfc3339() -> String {
    String::from(Date::new_0().to_iso_string())
}

/// Returns the time so long ago as RFC 3339 in UTC, to the millisecond.
#[must_use]
pub fn rfc3339_ago(ago: Micros) -> String {
    let date = Date::new_0();
    date.set_time(date.get_time() - ago.as_millis());
    String::from(date.to_iso_string())
}

/// Returns the time in so many days as RFC 3339 in UTC.
#[must_use]
pub fn rfc3339_in_days(days: u32) -> String {
    let date = Date::new_0();
    date.set_time(date.get_time() + f64::from(days) * 86_400_000.0);
    String::from(date.to_iso_string())
}

/// Returns how long ago a moment (RFC 3339) was, s; `None` where that is no moment.
#[must_use]
pub fn seconds_since(rfc3339: &str) -> Option<f64> {
    let seconds = (Date::now() - Date::parse(rfc3339)) / 1_000.0;
    seconds.is_finite().then_some(seconds)
}

/// Returns the seconds on the page's clock; 0 where there is none.
#[must_use]
pub fn now_s() -> f64 {
    web_sys::window().and_then(|w| w.performance()).map_or(0.0, |p| p.now() / 1_000.0)
}

/// Returns a moment (RFC 3339) in the reader's time zone; any other text unchanged.
#[must_use]
pub fn local_time(rfc3339: &str) -> String {
    let date = Date::new(&JsValue::from_str(rfc3339));
    if date.get_time().is_nan() {
        return rfc3339.to_string();
    }
    let two = |n: u32| format!("{n:02}");
    // The same form in all languages, so that it can be sorted by eye.
    format!(
        "{}-{}-{} {}:{}:{}",
        date.get_full_year(),
        two(date.get_month() + 1),
        two(date.get_date()),
        two(date.get_hours()),
        two(date.get_minutes()),
        two(date.get_seconds())
    )
}

/// Returns the day of a moment (RFC 3339) in the reader's time zone.
#[must_use]
pub fn local_day(rfc3339: &str) -> String {
    local_time(rfc3339).chars().take(10).collect()
}

/// Returns a new id for a run: its second in UTC and five random letters.
#[must_use]
pub fn new_run_id() -> String {
    let now = now_rfc3339();
    let digits: String = now.chars().take(19).filter(char::is_ascii_digit).collect();
    let (day, time) = digits.split_at(digits.len().min(8));
    let mut bytes = [0_u8; 5];
    if let Some(crypto) = web_sys::window().and_then(|w| w.crypto().ok()) {
        let _ = crypto.get_random_values_with_u8_array(&mut bytes);
    }
    let letters: String = bytes
        .iter()
        .map(|b| char::from(b"abcdefghjkmnpqrstuvwxyz23456789"[usize::from(b % 31)]))
        .collect();
    format!("{day}-{time}-{letters}")
}

/// Returns facts of browser and machine, label and text, for the run file.
#[must_use]
pub fn facts() -> Vec<(String, String)> {
    let mut list = Vec::new();
    let mut add = |label: &str, value: Option<String>| {
        if let Some(value) = value.filter(|v| !v.is_empty()) {
            list.push((label.to_string(), value));
        }
    };
    let Some(window) = web_sys::window() else { return list };
    let navigator = window.navigator();
    add("Browser", navigator.user_agent().ok());
    add("Cores", Some(navigator.hardware_concurrency().to_string()));
    let memory = Reflect::get(&navigator, &"deviceMemory".into()).ok().and_then(|m| m.as_f64());
    add("Memory", memory.map(|gb| format!("{gb} GB or more")));
    add("Page", window.location().origin().ok());
    let isolated =
        Reflect::get(&window, &"crossOriginIsolated".into()).ok().and_then(|v| v.as_bool());
    add("Isolated (fine clock)", isolated.map(|yes| if yes { "yes" } else { "no" }.to_string()));
    add("fwit", Some(env!("CARGO_PKG_VERSION").to_string()));
    list
}
