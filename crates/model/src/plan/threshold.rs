//! What must hold: `get.service.p95 < 50ms`, `errors < 0.1%`, `rate > 200/s`, `health = healthy`.
//!
//! `[abort:] [OPERATION.]MEASURE.STATISTIC SIGN VALUE`. The operation may be `all` or be left out.
//! `abort:` ends the run when it fails.

use fwit_quantities::sample::Measure;
use fwit_quantities::units::decimal;

/// One condition on a run.
#[derive(Clone, Debug, PartialEq)]
pub struct Threshold {
    /// As written, white space trimmed.
    pub text: String,
    /// The run is ended when it fails.
    pub abort: bool,
    /// Of one operation; `None` for all.
    pub op: Option<String>,
    /// What is compared.
    pub metric: Metric,
    /// How.
    pub sign: Sign,
    /// With what: µs, share (0 to 1), answers a second, or 0, 1, 2 for healthy, doubtful,
    /// client-limited.
    pub limit: f64,
}

/// What a threshold looks at.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Metric {
    /// A latency, µs.
    Latency(Measure, Stat),
    /// The share of failed requests among those that ended by themselves.
    Errors,
    /// Answers a second.
    Rate,
    /// The instrument's verdict.
    Health,
}

/// A statistic of a latency.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Stat {
    /// One of the percentiles of the tables, 0 to 1.
    Percentile(f64),
    /// The mean.
    Mean,
    /// The largest.
    Max,
}

/// How value and limit are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sign {
    Less,
    AtMost,
    More,
    AtLeast,
    Equal,
}

impl Sign {
    /// Whether `value SIGN limit` holds.
    #[must_use]
    pub fn holds(self, value: f64, limit: f64) -> bool {
        match self {
            Sign::Less => value < limit,
            Sign::AtMost => value <= limit,
            Sign::More => value > limit,
            Sign::AtLeast => value >= limit,
            Sign::Equal => value == limit,
        }
    }
}

/// A threshold that can't be read: where (characters from its start) and why.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("“{text}”, at character {}: {what}", at + 1)]
pub struct ThresholdError {
    /// The whole text.
    pub text: String,
    /// Characters before the mistake.
    pub at: usize,
    /// What is wrong and what to write instead.
    pub what: String,
}

/// Names of the health verdicts, best first.
const VERDICTS: [&str; 3] = ["healthy", "doubtful", "client-limited"];
/// The percentiles that there are.
const PERCENTILES: [(&str, f64); 5] =
    [("p50", 0.5), ("p90", 0.9), ("p95", 0.95), ("p99", 0.99), ("p99.9", 0.999)];

/// Reads a threshold on a dialect's operations.
///
/// # Errors
/// The first thing that is wrong.
pub fn parse(text: &str, ops: &[&str]) -> Result<Threshold, ThresholdError> {
    let text = text.trim();
    let wrong = |part: &str, what: String| {
        // Every part is a piece of the text.
        let bytes = (part.as_ptr() as usize).saturating_sub(text.as_ptr() as usize).min(text.len());
        let at = text.char_indices().take_while(|(i, _)| *i < bytes).count();
        ThresholdError { text: text.into(), at, what }
    };
    let (abort, rest) = match text.strip_prefix("abort:") {
        Some(rest) => (true, rest.trim_start()),
        None => (false, text),
    };
    let signs = [
        ("<=", Sign::AtMost),
        (">=", Sign::AtLeast),
        ("<", Sign::Less),
        (">", Sign::More),
        ("=", Sign::Equal),
    ];
    let Some(at) = rest.find(['<', '>', '=']) else {
        return Err(wrong(
            &rest[rest.len()..],
            "there is no comparison: write <, >, <=, >= or =".into(),
        ));
    };
    let (left, right) = (rest[..at].trim(), &rest[at..]);
    let (mark, sign) =
        signs.into_iter().find(|(m, _)| right.starts_with(m)).unwrap_or(("=", Sign::Equal));
    let value = right[mark.len()..].trim();
    // `==` is one too.
    let value = if mark == "=" { value.strip_prefix('=').unwrap_or(value).trim() } else { value };
    let (op, what) = match left.split_once('.') {
        Some((first, rest)) if ops.contains(&first) => (Some(first.to_string()), rest),
        Some(("all", rest)) => (None, rest),
        _ => (None, left),
    };
    let metric = metric(what).map_err(|why| {
        let known = left.split('.').next().unwrap_or_default();
        let names = ["all", "cluster", "service", "wait", "response", "errors", "rate", "health"];
        if op.is_none() && left.contains('.') && !names.contains(&known) {
            wrong(left, format!("“{known}” is not an operation; there are: {}", ops.join(", ")))
        } else {
            wrong(what, why)
        }
    })?;
    if metric == Metric::Health && op.is_some() {
        return Err(wrong(left, "health is of the whole run: leave the operation out".into()));
    }
    let limit = limit(metric, value).map_err(|why| wrong(value, why))?;
    Ok(Threshold { text: text.to_string(), abort, op, metric, sign, limit })
}

fn metric(what: &str) -> Result<Metric, String> {
    match what {
        "errors" => return Ok(Metric::Errors),
        "rate" => return Ok(Metric::Rate),
        "health" => return Ok(Metric::Health),
        _ => {}
    }
    let (measure, stat) = what.split_once('.').unwrap_or((what, ""));
    let Some(measure) = Measure::ALL.into_iter().find(|m| m.name() == measure) else {
        return Err(format!(
            "“{what}” is not known: write cluster.p95 (or service, wait, response), errors, rate or health"
        ));
    };
    let stat = match stat {
        "mean" => Stat::Mean,
        "max" => Stat::Max,
        name => match PERCENTILES.iter().find(|(p, _)| *p == name) {
            Some((_, p)) => Stat::Percentile(*p),
            None => {
                return Err(format!(
                    "“{name}” is not known: choose p50, p90, p95, p99, p99.9, mean or max"
                ));
            }
        },
    };
    Ok(Metric::Latency(measure, stat))
}

fn limit(metric: Metric, text: &str) -> Result<f64, String> {
    let number = |text: &str| decimal(text).filter(|n| *n >= 0.0);
    match metric {
        Metric::Latency(..) => {
            let units = [("ms", 1e3), ("µs", 1.0), ("us", 1.0), ("s", 1e6)];
            let found = units
                .iter()
                .find_map(|(unit, factor)| Some(number(text.strip_suffix(unit)?)? * factor));
            found.ok_or_else(|| {
                format!("“{text}” is not a time: write a number and µs, ms or s, such as 50ms")
            })
        }
        Metric::Errors => match text.strip_suffix('%') {
            Some(percent) => number(percent).map(|n| n / 100.0),
            // A count or a share? Only of nothing they are the same.
            None => number(text).filter(|n| *n == 0.0),
        }
        .ok_or_else(|| format!("“{text}” is not a share: write a number and %, such as 0.1%")),
        Metric::Rate => number(text.strip_suffix("/s").unwrap_or(text))
            .ok_or_else(|| format!("“{text}” is not a rate: write a number and /s, such as 200/s")),
        Metric::Health => VERDICTS
            .iter()
            .position(|v| *v == text)
            .map(|i| i as f64)
            .ok_or_else(|| format!("“{text}” is not a verdict: choose {}", VERDICTS.join(", "))),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const OPS: [&str; 2] = ["get", "set"];

    #[test]
    fn thresholds_are_read() {
        let p95 = Metric::Latency(Measure::Service, Stat::Percentile(0.95));
        for (text, op, metric, sign, limit, abort) in [
            ("get.service.p95 < 50ms", Some("get"), p95, Sign::Less, 50_000.0, false),
            ("service.p95<=1.5s", None, p95, Sign::AtMost, 1_500_000.0, false),
            ("abort: errors < 5%", None, Metric::Errors, Sign::Less, 0.05, true),
            (" all.errors = 0 ", None, Metric::Errors, Sign::Equal, 0.0, false),
            ("get.errors < 1%", Some("get"), Metric::Errors, Sign::Less, 0.01, false),
            ("rate > 200/s", None, Metric::Rate, Sign::More, 200.0, false),
            ("health == healthy", None, Metric::Health, Sign::Equal, 0.0, false),
            (
                "set.response.max >= 7 µs",
                Some("set"),
                Metric::Latency(Measure::Response, Stat::Max),
                Sign::AtLeast,
                7.0,
                false,
            ),
        ] {
            let t = parse(text, &OPS).unwrap();
            let wanted = (text.trim(), op, metric, sign, limit, abort);
            assert_eq!(
                (t.text.as_str(), t.op.as_deref(), t.metric, t.sign, t.limit, t.abort),
                wanted
            );
        }
    }

    #[test]
    fn what_is_wrong_is_named_with_its_place() {
        for (text, at, part) in [
            ("errors 5%", 9, "no comparison"),
            ("fly.service.p95 < 1ms", 0, "“fly” is not an operation"),
            ("get.service.p94 < 1ms", 4, "“p94”"),
            ("get.speed < 1ms", 4, "“speed”"),
            ("service.p50 < 50", 14, "not a time"),
            ("errors < 5", 9, "not a share"),
            ("rate > fast", 7, "not a rate"),
            ("health = fine", 9, "not a verdict"),
            ("get.health = healthy", 0, "whole run"),
            ("abort: wait.p50 < x", 18, "not a time"),
        ] {
            let error = parse(text, &OPS).unwrap_err();
            assert!(error.at == at && error.what.contains(part), "{text}: {error:?}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "[\\PC]{0,40}", tail in "[a-z.]{0,9}[<>=]{0,2}[0-9a-zµ%/.]{0,6}") {
            let _ = (parse(&text, &OPS), parse(&tail, &OPS));
        }
    }
}
