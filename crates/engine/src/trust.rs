//! Where a run's API key may go, and the leaders that were named where it may not.

use std::collections::BTreeSet;
use std::fmt;

use fwit_model::plan::{BaseUrl, Cluster};

/// Most strangers that a run remembers: a node may name a new one each time.
const STRANGERS_MAX: usize = 16;

/// A leader that was named at an origin which the plan neither names nor trusts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stranger {
    /// The node that named it.
    pub named_by: String,
    /// Its origin.
    pub origin: String,
}

impl fmt::Display for Stranger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Stranger { named_by, origin } = self;
        write!(
            f,
            "{named_by} names {origin} as the leader; the plan does not name it, so the API key is \
             not sent there: add the node or trust its origin"
        )
    }
}

/// The origins that the API key may go to, and the strangers that were named.
#[derive(Clone, Debug, Default)]
pub struct Trust {
    /// `None` without a key: then a leader may be anywhere.
    origins: Option<BTreeSet<BaseUrl>>,
    strangers: Vec<Stranger>,
    /// The first stranger that the search under way came upon.
    seen: Option<Stranger>,
    /// The one that the last search came upon.
    named: Option<Stranger>,
    /// Requests of the measured window that failed because a stranger was said to lead.
    pub failed: u64,
}

impl Trust {
    /// For a run of a plan on this cluster.
    #[must_use]
    pub fn new(cluster: &Cluster, has_key: bool) -> Trust {
        Trust { origins: has_key.then(|| cluster.key_origins()), ..Trust::default() }
    }

    /// Whether requests may go to a base URL.
    #[must_use]
    pub fn allows(&self, base: &BaseUrl) -> bool {
        self.origins.as_ref().is_none_or(|origins| origins.contains(&base.root()))
    }

    /// A search for the leader begins.
    pub fn begin_search(&mut self) {
        self.seen = None;
    }

    /// A search for the leader ends.
    pub fn end_search(&mut self) {
        self.named = self.seen.take();
    }

    /// Remembers that a node named a leader at a base URL that it may not go to.
    pub fn refuse(&mut self, base: &BaseUrl, named_by: &str) {
        let stranger = Stranger { named_by: named_by.into(), origin: base.origin() };
        let known = self.strangers.iter().any(|s| s.origin == stranger.origin);
        if !known && self.strangers.len() < STRANGERS_MAX {
            self.strangers.push(stranger.clone());
        }
        self.seen.get_or_insert(stranger);
    }

    /// Whether the search under way came upon a stranger.
    #[must_use]
    pub fn saw_stranger(&self) -> bool {
        self.seen.is_some()
    }

    /// The stranger that the last search for the leader came upon.
    #[must_use]
    pub fn named(&self) -> Option<&Stranger> {
        self.named.as_ref()
    }

    /// All strangers so far, the first sixteen, one an origin.
    #[must_use]
    pub fn strangers(&self) -> &[Stranger] {
        &self.strangers
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use fwit_model::plan::preset;

    fn url(text: &str) -> BaseUrl {
        BaseUrl::parse(text).unwrap()
    }

    #[test]
    fn with_a_key_only_origins_of_the_plan_are_allowed() {
        let mut cluster = preset("quick").unwrap().cluster;
        cluster.nodes[0].lanes = vec![url("http://lane.localhost:7101")];
        cluster.trusted_origins = vec![url("http://far:9")];
        let trust = Trust::new(&cluster, true);
        for (base, allowed) in [
            ("http://127.0.0.1:7101", true),
            ("http://127.0.0.1:7101/insi", true),
            ("http://lane.localhost:7101", true),
            ("http://far:9/base", true),
            ("https://far:9", false),
            ("http://far", false),
            ("http://127.0.0.1:7199", false),
            ("http://localhost:7101", false),
        ] {
            assert_eq!(trust.allows(&url(base)), allowed, "{base}");
            assert!(Trust::new(&cluster, false).allows(&url(base)));
        }
    }

    #[test]
    fn strangers_are_remembered_by_origin_and_not_without_end() {
        let mut trust = Trust::new(&preset("quick").unwrap().cluster, true);
        for port in 1001..1100 {
            trust.begin_search();
            for path in ["/a", "/b"] {
                trust.refuse(&url(&format!("http://far:{port}{path}")), "n2");
            }
            assert!(trust.saw_stranger());
            trust.end_search();
            assert_eq!(trust.named().unwrap().origin, format!("http://far:{port}"));
        }
        assert_eq!(trust.strangers().len(), STRANGERS_MAX);
        assert_eq!(
            trust.strangers()[0].to_string(),
            "n2 names http://far:1001 as the leader; the plan does not name it, so the API key is \
             not sent there: add the node or trust its origin"
        );
        trust.begin_search();
        assert!(trust.named().is_some(), "until the next search has ended");
        trust.end_search();
        assert_eq!(trust.named(), None);
    }
}
