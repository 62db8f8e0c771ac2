//! The connection check: what was found at each node, and what to change where something is
//! missing.
//!
//! May not enter: sending (the page's `worker::check` does it).
//! Invariant: every finding that is not good carries advice a user can act on.
//! Tests: beside the code.

use fwit_model::plan::BaseUrl;
use fwit_quantities::units::Micros;
use serde::{Deserialize, Serialize};

/// What the check saw of one address of a node.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct AddressFacts {
    /// The address (base URL).
    pub url: String,
    /// Path of the status request, which the check sends.
    pub path: String,
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
    /// The node's name for itself, where its status has one.
    pub node: Option<String>,
    /// The answer fits the dialect.
    pub dialect_fits: bool,
    /// The URL that answered, where a redirect was followed.
    pub redirects_to: Option<String>,
    /// It redirects, and the browser does not tell or reach the place.
    pub hidden_redirect: bool,
    /// How long an answer was waited for in vain, µs.
    pub waited_us: Option<u64>,
    /// How long it lets the browser keep leave for requests with a key, s
    /// (`Access-Control-Max-Age`), where it lets the page read that.
    pub max_age_s: Option<u32>,
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
        if !self.readable {
            let mut list = Vec::new();
            if self.reachable {
                list.push(line(Grade::Good, "reachable", String::new()));
            }
            let (what, advice) = self.unreadable();
            list.push(line(Grade::Bad, what, advice));
            return list;
        }
        let mut list = vec![
            line(Grade::Good, "reachable", String::new()),
            line(Grade::Good, "CORS", String::new()),
        ];
        if let Some(to) = &self.redirects_to {
            list.push(line(Grade::Limited, "redirects", self.redirect_advice(to)));
        }
        if let Some(waited) = self.waited_us {
            let waited = Micros(waited);
            let advice = format!(
                "One of a few small requests had no answer within {waited}, the plan's timeout: \
                 is the node overloaded, or the timeout short?"
            );
            list.push(line(Grade::Limited, "slow", advice));
        }
        match self.status {
            Some(401 | 403) if self.redirects_to.is_some() => list.push(line(
                Grade::Bad,
                "not authorized",
                "A browser sends no API key to where it is redirected.".into(),
            )),
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
            Some(status @ 300..=399) if self.redirects_to.is_none() => list.push(line(
                Grade::Bad,
                "redirects",
                format!(
                    "It answers {status} without saying where to: “curl -i {}{}” shows \
                     it. Give this node an address that does not redirect.",
                    self.url, self.path
                ),
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

    /// What keeps the answers from the page, and what to change.
    fn unreadable(&self) -> (&'static str, String) {
        let ask = format!("“curl -i {}{}”", self.url, self.path);
        let waited = self.waited_us.map(Micros);
        if self.hidden_redirect {
            let advice = format!(
                "It redirects to somewhere that this browser cannot see or reach: {ask} shows \
                 where. Give this node an address that does not redirect."
            );
            return ("redirects", advice);
        }
        match (self.reachable, waited) {
            (true, Some(waited)) => (
                "no answer in time",
                format!(
                    "It answers, but not within {waited}, the plan's timeout: give the plan a \
                     longer one."
                ),
            ),
            (true, None) => (
                "no CORS",
                format!(
                    "It answers, but the browser keeps the answer from this page. Let the node \
                     send “Access-Control-Allow-Origin: *” on every answer (errors and redirects \
                     too) and answer OPTIONS with 204, or put a proxy that adds these headers in \
                     front of it. If it sends them, it redirects to a place that does not: {ask} \
                     shows both."
                ),
            ),
            (false, Some(waited)) => (
                "not reachable",
                format!(
                    "{} The check waited {waited}, the plan's timeout: a slower node needs a \
                     longer one.",
                    self.unreachable_advice()
                ),
            ),
            (false, None) => ("not reachable", self.unreachable_advice()),
        }
    }

    /// What to write instead of an address that redirects.
    fn redirect_advice(&self, to: &str) -> String {
        match BaseUrl::before(to, &self.path) {
            Ok(Some(base)) => format!(
                "It redirects to {base}: write that for this node. A redirect costs time, and \
                 only the other address is checked here."
            ),
            _ => format!(
                "It redirects to {to}, which is no node's status: check the address; does a login \
                 or a proxy stand in front of the node?"
            ),
        }
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
    BaseUrl::parse(url).is_ok_and(|u| u.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts() -> AddressFacts {
        AddressFacts {
            url: "http://127.0.0.1:7101".into(),
            path: "/db/api/v1/ping".into(),
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

    #[test]
    fn redirects_are_named_with_where_they_lead() {
        let redirected = |to: &str| AddressFacts { redirects_to: Some(to.into()), ..facts() };
        let advice = |facts: &AddressFacts| {
            let lines = facts.findings().into_iter().map(|f| f.advice);
            lines.filter(|a| !a.is_empty()).collect::<Vec<_>>().join(" ")
        };
        let to_node = redirected("https://b/insi/db/api/v1/ping");
        assert_eq!(to_node.grade(), Grade::Limited);
        assert!(advice(&to_node).starts_with("It redirects to https://b/insi: write that"));
        let to_login = AddressFacts { dialect_fits: false, ..redirected("https://b/login?x=1") };
        assert_eq!(to_login.grade(), Grade::Bad);
        assert!(advice(&to_login).starts_with("It redirects to https://b/login?x=1, which is no"));
        let lost_key = AddressFacts { status: Some(401), ..to_node };
        assert!(lost_key.grade() == Grade::Bad && !advice(&lost_key).contains("field"));
        let ask = "“curl -i http://127.0.0.1:7101/db/api/v1/ping” shows";
        let hidden = AddressFacts { readable: false, hidden_redirect: true, ..facts() };
        assert_eq!(hidden.grade(), Grade::Bad);
        assert!(advice(&hidden).contains(&format!("cannot see or reach: {ask} where")));
        // Without CORS headers on the redirect itself, the two cases look the same.
        let blind = AddressFacts { readable: false, ..facts() };
        assert!(advice(&blind).contains(ask), "{}", advice(&blind));
    }

    #[test]
    fn a_slow_node_is_told_from_one_that_is_not_there() {
        let slow = |reachable, readable| {
            let facts = AddressFacts { reachable, readable, waited_us: Some(4_500_000), ..facts() };
            facts.findings().pop().map(|f| (f.grade, f.what, f.advice)).unwrap()
        };
        let (grade, what, advice) = slow(false, false);
        assert_eq!((grade, what.as_str()), (Grade::Bad, "not reachable"));
        assert!(advice.contains("running") && advice.contains("waited 4.5"), "{advice}");
        let (grade, what, advice) = slow(true, false);
        assert_eq!((grade, what.as_str()), (Grade::Bad, "no answer in time"));
        assert!(advice.contains("not within 4.5"), "{advice}");
        let some = AddressFacts { waited_us: Some(4_500_000), ..facts() };
        assert_eq!(some.grade(), Grade::Limited);
    }
}
