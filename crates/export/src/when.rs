//! When a run was: from the RFC 3339 text of its file.

use fwit_present::source::has_time;
use fwit_report::run::view::RunView;

/// Seconds since 1970 at which the run began; `None` where the file does not say it.
pub(crate) fn started_s(started_at: &str) -> Option<f64> {
    if !has_time(started_at) {
        return None;
    }
    let at: jiff::Timestamp = started_at.parse().ok()?;
    Some(at.as_microsecond() as f64 / 1e6)
}

/// The time so many seconds after the start, RFC 3339 in UTC; empty where it is not known.
pub(crate) fn at_second(started_at: &str, t_s: u32) -> String {
    let at = || {
        let start: jiff::Timestamp = started_at.parse().ok()?;
        start.checked_add(jiff::SignedDuration::from_secs(i64::from(t_s))).ok()
    };
    match at() {
        Some(at) if has_time(started_at) => format!("{at:.3}"),
        _ => String::new(),
    }
}

/// The start of a run for people, `2026-11-21 10:00:00 UTC`.
pub(crate) fn start(run: &RunView) -> String {
    if !has_time(&run.started_at) {
        return "when it ran is not in the file".into();
    }
    match run.started_at.parse::<jiff::Timestamp>() {
        Ok(at) => at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string(),
        Err(_) => format!("started at “{}”", run.started_at),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_utc_or_not_known() {
        assert_eq!(at_second("2026-11-21T10:00:00.25Z", 61), "2026-11-21T10:01:01.250Z");
        for unknown in ["1970-01-01T00:00:00.000Z", "", "yesterday", "9999-99-99T00:00:00Z"] {
            assert_eq!(at_second(unknown, 1), "");
            assert_eq!(started_s(unknown), None);
        }
        assert_eq!(started_s("2026-11-21T10:00:00.25Z"), Some(1_795_255_200.25));
    }
}
