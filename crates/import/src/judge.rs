//! What is read of a single request by rules that all importers share: where it went, whether it
//! reads, how it ended.
//!
//! Tests: the importers'.

use fwit_model::dialect::Kind;
use fwit_quantities::sample::Outcome;

/// `http://host:port` of an address; what has no scheme is taken as a whole, without a path.
#[must_use]
pub fn origin(url: &str) -> &str {
    let after = url.find("://").map_or(0, |at| at + 3);
    let end = url.get(after..).and_then(|rest| rest.find(['/', '?', '#']));
    let origin = end.and_then(|end| url.get(..after + end)).unwrap_or(url);
    // A name and a password are nobody's business.
    match (origin.get(after..).and_then(|host| host.rfind('@')), after) {
        (Some(at), _) => origin.get(after + at + 1..).unwrap_or(origin),
        (None, _) => origin,
    }
}

/// Whether a method reads.
#[must_use]
pub fn kind_of(method: &str) -> Kind {
    let reads = ["GET", "HEAD", "OPTIONS"].iter().any(|m| method.eq_ignore_ascii_case(m));
    if reads { Kind::Read } else { Kind::Write }
}

/// How a request with this status ended, where the tool does not say more. 0: no answer came.
#[must_use]
pub fn outcome_of(status: u16) -> Outcome {
    match status {
        100..=399 => Outcome::Ok,
        429 => Outcome::RateLimited,
        400..=499 => Outcome::Rejected,
        500.. => Outcome::Unavailable,
        _ => Outcome::Network,
    }
}

/// How a request ended that the tool calls failed.
#[must_use]
pub fn failure_of(status: u16, text: &str) -> Outcome {
    let slow = || {
        let text = text.to_ascii_lowercase();
        ["timeout", "timed out", "timedout", "deadline"].iter().any(|word| text.contains(word))
    };
    match outcome_of(status) {
        Outcome::Ok if (100..400).contains(&status) => Outcome::Rejected,
        Outcome::Network if slow() => Outcome::Timeout,
        other => other,
    }
}
