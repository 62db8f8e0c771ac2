//! Times and durations as the tools write them, in whole microseconds.
//!
//! Invariant: what is negative, not finite or beyond [`LONGEST_US`] is no duration.
//! Tests: beside the code.

/// Longest latency that is believed: a week, µs.
pub const LONGEST_US: f64 = 7.0 * 86_400.0 * 1e6;

/// A duration in a unit of so many µs. `None` where it can't be one.
#[must_use]
pub fn micros(value: f64, unit_us: f64) -> Option<u64> {
    let us = value * unit_us;
    (us.is_finite() && (0.0..=LONGEST_US).contains(&us)).then_some(us.round() as u64)
}

/// Of seconds.
#[must_use]
pub fn from_s(s: f64) -> Option<u64> {
    micros(s, 1e6)
}

/// Of milliseconds.
#[must_use]
pub fn from_ms(ms: f64) -> Option<u64> {
    micros(ms, 1e3)
}

/// Of nanoseconds.
#[must_use]
pub fn from_ns(ns: f64) -> Option<u64> {
    micros(ns, 1e-3)
}

/// A duration as Go prints it (`1h2m3.5s`, `535.11µs`, `12ms`), in µs.
#[must_use]
pub fn go_duration(text: &str) -> Option<f64> {
    let mut rest = text.trim();
    if rest == "0" {
        return Some(0.0);
    }
    let mut sum = 0.0;
    let mut parts = 0;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let number: f64 = rest.get(..digits)?.parse().ok()?;
        rest = rest.get(digits..)?;
        let letters = rest.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(rest.len());
        let unit = match rest.get(..letters)? {
            "h" => 3_600e6,
            "m" => 60e6,
            "s" => 1e6,
            "ms" => 1e3,
            "µs" | "μs" | "us" => 1.0,
            "ns" => 1e-3,
            _ => return None,
        };
        sum += number * unit;
        parts += 1;
        rest = rest.get(letters..)?;
    }
    (parts > 0 && sum.is_finite()).then_some(sum)
}

/// A time as RFC 3339 has it, in µs since 1970.
#[must_use]
pub fn rfc3339(text: &str) -> Option<i64> {
    text.trim().parse::<jiff::Timestamp>().ok().map(jiff::Timestamp::as_microsecond)
}

/// Seconds since 1970 (with a fraction) as µs, between 1970 and 2200.
#[must_use]
pub fn unix_s(s: f64) -> Option<i64> {
    (s.is_finite() && (0.0..7.3e9).contains(&s)).then_some((s * 1e6) as i64)
}

/// A time in µs since 1970 as RFC 3339, UTC.
#[must_use]
pub fn to_rfc3339(us: i64) -> String {
    jiff::Timestamp::from_microsecond(us)
        .map_or_else(|_| "1970-01-01T00:00:00.000Z".into(), |t| format!("{t:.3}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_as_go_writes_them() {
        for (text, us) in [
            ("1h2m3.5s", 3_723_500_000.0),
            ("535.11µs", 535.11),
            ("12.48ms", 12_480.0),
            ("1.2s", 1_200_000.0),
            ("800ns", 0.8),
            ("0", 0.0),
            ("0s", 0.0),
        ] {
            let read = go_duration(text).unwrap();
            assert!((read - us).abs() < 1e-6, "{text}: {read}");
        }
        for text in ["", "12", "ms", "1x", "-1s", "1..2s", "n/a", "é"] {
            assert_eq!(go_duration(text), None, "{text}");
        }
    }

    #[test]
    fn times_are_read_and_written() {
        let us = rfc3339("2026-11-02T11:00:00.120456789+01:00").unwrap();
        assert_eq!(to_rfc3339(us), "2026-11-02T10:00:00.120Z");
        assert_eq!(rfc3339("yesterday"), None);
        assert_eq!(unix_s(1_793_613_601.5), Some(1_793_613_601_500_000));
        assert_eq!((unix_s(-1.0), unix_s(f64::NAN), unix_s(1e30)), (None, None, None));
        assert_eq!((from_ms(-1.0), from_s(f64::INFINITY), from_ns(1_500.0)), (None, None, Some(2)));
    }
}
