//! The connection check: what was found at each node, and what to change where something is
//! missing.
//!
//! May not enter: sending (the page's `worker::check` does it).
//! Invariant: every finding that is not good carries advice a user can act on.
//! Tests: beside the code.

use serde::{Deserialize, Serialize};

/// What the check saw of one address of a node.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct AddressFacts {
    /// The address (base URL).
    pub url: String,
    /// The page itself came over https.
    pub page_is_secure: bool,
    /// The page itself came from this machine.
    pub page_is_loopback: bool,
    /// Something answered, even if the page could not read it.
    pub reachable: bool,
    /// The page may read its answers (CORS).
    pub readable: bool,
    /// HTTP status of the readable answer.
    pub status: Option<u16>,
    /// It sends `Timing-Allow-Origin`: service times come from the wire.
    pub timing_header: bool,
    /// HTTP version (only with the timing header).
    pub protocol: String,
    /// Least round trip of a few small requests on a warm connection, µs.
    pub round_trip_us: Option<u64>,
    /// What the dialect's status answer says: `leader`, `follower`.
    pub role: Option<String>,
    /// The answer fits the dialect.
    pub dialect_fits: bool,
    /// The browser's words for the failure.
    pub failure: Option<String>,
}

/// How serious a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Grade {
    /// As it should be.
    Good,
    /// Works, with a limit.
    Limited,
    /// No load is possible.
    Bad,
}

/// One line of the check's report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// How serious.
    pub grade: Grade,
    /// What was found: `reachable`, `CORS` …
    pub what: String,
    /// What it means and what to change; empty where all is well.
    pub advice: String,
}

/// One node's check.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct NodeCheck {
    /// The node's name.
    pub name: String,
    /// Its addresses: its own, then its lanes.
    pub addresses: Vec<AddressFacts>,
}

impl AddressFacts {
    /// The findings in the order a user would mend them.
    #[must_use]
    pub fn findings(&self) -> Vec<Finding> {
        let line = |grade, what: &str, advice: String| Finding { grade, what: what.into(), advice };
        if !self.reachable && !self.readable {
            return vec![line(Grade::Bad, "not reachable", self.unreachable_advice())];
        }
        if !self.readable {
            let advice = "It answers, but the browser keeps the answer from this page. Let the \
                          node send “Access-Control-Allow-Origin: *” on every answer (errors and \
                          redirects too) and answer OPTIONS with 204, or put a proxy that adds \
                          these headers in front of it."
                .into();
            return vec![
                line(Grade::Good, "reachable", String::new()),
                line(Grade::Bad, "no CORS", advice),
            ];
        }
        let mut list = vec![
            line(Grade::Good, "reachable", String::new()),
            line(Grade::Good, "CORS", String::new()),
        ];
        match self.status {
            Some(401 | 403) => list.push(line(
                Grade::Bad,
                "not authorized",
                "The node wants an API key, or another one: type it into the API key field.".into(),
            )),
            Some(status) if status >= 500 => list.push(line(
                Grade::Bad,
                &format!("HTTP {status}"),
                "The node answers but can't serve: does the cluster have a leader?".into(),
            )),
            Some(_) if !self.dialect_fits => list.push(line(
                Grade::Bad,
                "another protocol",
                "The status answer is not this dialect's: check the address, the port and the \
                 dialect."
                    .into(),
            )),
            _ => {}
        }
        if self.timing_header {
            list.push(line(Grade::Good, "timing header", String::new()));
        } else {
            let advice = "No “Timing-Allow-Origin: *”: service times come from the page's clock \
                          and include what the browser itself costs. Let the node (or a proxy) \
                          send it on every answer.";
            list.push(line(Grade::Limited, "page clock", advice.into()));
        }
        list
    }

    /// The worst grade of the findings.
    #[must_use]
    pub fn grade(&self) -> Grade {
        self.findings().iter().map(|f| f.grade).max().unwrap_or(Grade::Bad)
    }

    fn unreachable_advice(&self) -> String {
        let insecure = self.url.starts_with("http://");
        if self.page_is_secure && insecure && !is_loopback(&self.url) {
            "This page came over https, and browsers don't let such a page ask http addresses. \
             Open the page from this machine (cargo xtask demo), or give the node an https \
             address."
                .into()
        } else if !self.page_is_loopback && is_loopback(&self.url) {
            "Nothing answered. The browser asks for permission before a page from the network may \
             reach programs on this machine: allow it (the icon at the address bar), or open the \
             page from this machine (cargo xtask demo)."
                .into()
        } else if self.url.contains(".localhost") {
            "Nothing answered. Is the node running? Safari does not resolve names under \
             .localhost: use 127.0.0.1 there."
                .into()
        } else if self.url.starts_with("https://") {
            "Nothing answered. Is the node running, and does the browser trust its certificate? \
             Open the address in a tab of its own and accept the certificate there."
                .into()
        } else {
            "Nothing answered. Is the node running, and are host and port right?".into()
        }
    }
}

fn is_loopback(url: &str) -> bool {
    fwit_model::plan::BaseUrl::parse(url).is_ok_and(|u| u.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts() -> AddressFacts {
        AddressFacts {
            url: "http://127.0.0.1:7101".into(),
            page_is_loopback: true,
            reachable: true,
            readable: true,
            status: Some(200),
            timing_header: true,
            dialect_fits: true,
            ..AddressFacts::default()
        }
    }

    #[test]
    fn all_is_well() {
        assert_eq!(facts().grade(), Grade::Good);
        assert!(facts().findings().iter().all(|f| f.advice.is_empty()));
    }

    #[test]
    fn what_is_missing_is_named_with_advice() {
        for (change, grade, word) in [
            (
                AddressFacts { timing_header: false, ..facts() },
                Grade::Limited,
                "Timing-Allow-Origin",
            ),
            (
                AddressFacts { readable: false, ..facts() },
                Grade::Bad,
                "Access-Control-Allow-Origin",
            ),
            (AddressFacts { status: Some(401), ..facts() }, Grade::Bad, "API key"),
            (AddressFacts { status: Some(503), ..facts() }, Grade::Bad, "leader"),
            (AddressFacts { dialect_fits: false, ..facts() }, Grade::Bad, "dialect"),
            (AddressFacts { readable: false, reachable: false, ..facts() }, Grade::Bad, "running"),
            (
                AddressFacts {
                    readable: false,
                    reachable: false,
                    page_is_loopback: false,
                    ..facts()
                },
                Grade::Bad,
                "permission",
            ),
            (
                AddressFacts {
                    readable: false,
                    reachable: false,
                    page_is_secure: true,
                    url: "http://10.0.0.1:1".into(),
                    ..facts()
                },
                Grade::Bad,
                "https",
            ),
        ] {
            assert_eq!(change.grade(), grade, "{word}");
            let advice: String = change.findings().into_iter().map(|f| f.advice).collect();
            assert!(advice.contains(word), "{word}: {advice}");
        }
    }
}
