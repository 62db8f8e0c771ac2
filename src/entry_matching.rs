//! Finds out which request a timing entry belongs to. The browser names an entry by its URL and
//! says when it started.
//!
//! Identical URLs under way at the same time are told apart by a fragment (`#1`, `#2`, …), which
//! is not sent, or by a query parameter that the nodes ignore. So of one name only one request is
//! ever in flight, and the entry that starts between two issues belongs to the first of them.
//! Fragments are used only where they are needed, because Chromium's preflight cache counts them as
//! part of the URL. WebKit leaves them out of an entry's name: there the start alone decides, among
//! requests of the same URL, that is of the same operation at the same node.
//!
//! It is here and not in `browser/` so that it is tested without one.
//!
//! May not enter: the browser.
//! Tests: beside the code.

use std::collections::{HashMap, VecDeque};

/// How many issues of one URL may wait for their entry, beside those that are in flight. More means
/// that the browser drops entries.
const WAITING_MAX: usize = 256;
/// By how much an entry may start before its issue, in ms: both are rounded, to the same steps of
/// the clock …
const ROUNDED: f64 = 0.001;
/// … but not in WebKit, whose entries come from another process. Its clock has steps of 1 ms.
const ROUNDED_APART: f64 = 1.0;

/// The requests of each URL that are in flight, or wait for their entry.
#[derive(Debug, Default)]
pub struct EntryMatcher {
    urls: HashMap<String, Requests>,
    fragments: Fragments,
    /// The query parameter that names were told apart by, if any.
    parameter: String,
}

/// Whether the names of entries have fragments.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Fragments {
    #[default]
    Unknown,
    Kept,
    LeftOut,
}

#[derive(Debug, Default)]
struct Requests {
    /// The fragments that are in use; 0 is none.
    in_flight: Vec<u32>,
    waiting: VecDeque<Waiting>,
}

#[derive(Debug, Clone, Copy)]
struct Waiting {
    ticket: u64,
    fragment: u32,
    issued: f64,
}

/// Whose entry it is.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// The ticket of the entry's request.
    pub own: Option<u64>,
    /// Tickets of earlier requests whose entry will not come any more.
    pub lost: Vec<u64>,
}

impl EntryMatcher {
    /// The name under which a request to `url` is issued at `now` (ms), to be given back to
    /// [`over`](Self::over); and the ticket of an earlier one that need not wait any longer for its
    /// entry. Where the URL is in flight, the name has a fragment, or a query parameter of this
    /// name.
    pub fn issue(
        &mut self,
        url: String,
        parameter: Option<&str>,
        ticket: u64,
        now: f64,
    ) -> (String, Option<u64>) {
        let requests = self.urls.entry(url.clone()).or_default();
        let fragment = (0..).find(|turn| !requests.in_flight.contains(turn)).unwrap_or(0);
        requests.in_flight.push(fragment);
        requests.waiting.push_back(Waiting { ticket, fragment, issued: now });
        let crowded = requests.waiting.len() > WAITING_MAX + requests.in_flight.len();
        let lost = if crowded { requests.waiting.pop_front() } else { None };
        let name = match parameter {
            _ if fragment == 0 => url,
            None => format!("{url}#{fragment}"),
            Some(parameter) => {
                self.parameter = parameter.to_string();
                let mark = if url.contains('?') { '&' } else { '?' };
                format!("{url}{mark}{parameter}={fragment}")
            }
        };
        (name, lost.map(|lost| lost.ticket))
    }

    /// The request of that name is not in flight any more; its entry may come yet.
    pub fn over(&mut self, name: &str) {
        let (url, fragment) = self.parts(name);
        if let Some(requests) = self.urls.get_mut(url) {
            requests.in_flight.retain(|used| *used != fragment);
        }
        self.forget(url);
    }

    /// Whose entry it is, by the entry's name and its start (ms).
    pub fn find(&mut self, name: &str, start: f64) -> Found {
        let (url, fragment) = self.parts(name);
        let by_parameter = fragment > 0 && !name.contains('#');
        let Some(requests) = self.urls.get_mut(url) else { return Found::default() };
        if fragment > 0 && !by_parameter {
            self.fragments = Fragments::Kept;
        }
        let mut found = Found::default();
        if self.fragments != Fragments::LeftOut || by_parameter {
            // The last issue before the entry's start is its own; earlier ones never got an entry.
            requests.waiting.retain(|waiting| {
                let earlier = waiting.fragment == fragment && waiting.issued <= start + ROUNDED;
                if earlier {
                    found.lost.extend(found.own.replace(waiting.ticket));
                }
                !earlier
            });
        }
        if found.own.is_none() && self.fragments != Fragments::Kept {
            // An entry of no request here, unless fragments were left out of its name.
            let before = |by: f64| move |waiting: &Waiting| waiting.issued <= start + by;
            let own = requests.waiting.iter().rposition(before(ROUNDED));
            let own = own.or_else(|| requests.waiting.iter().position(before(ROUNDED_APART)));
            if let Some(own) = own.and_then(|own| requests.waiting.remove(own)) {
                self.fragments = Fragments::LeftOut;
                found.own = Some(own.ticket);
            }
        }
        self.forget(url);
        found
    }

    /// A name's URL, and the number of its fragment or parameter.
    fn parts<'a>(&self, name: &'a str) -> (&'a str, u32) {
        let numbered = |(url, number): (&'a str, &str)| Some((url, number.parse().ok()?));
        let by_parameter = || {
            let (url, number) = name.rsplit_once('=')?;
            let url = url.strip_suffix(self.parameter.as_str()).filter(|u| u.len() < url.len())?;
            numbered((url.strip_suffix(['?', '&'])?, number))
        };
        name.split_once('#').and_then(numbered).or_else(by_parameter).unwrap_or((name, 0))
    }

    /// Drops a URL that nothing waits for: URLs may be as many as requests.
    fn forget(&mut self, url: &str) {
        if self.urls.get(url).is_some_and(|r| r.in_flight.is_empty() && r.waiting.is_empty()) {
            self.urls.remove(url);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const URL: &str = "http://n1/set";

    fn issue(names: &mut EntryMatcher, ticket: u64, now: f64) -> String {
        names.issue(URL.into(), None, ticket, now).0
    }

    fn own(names: &mut EntryMatcher, name: &str, start: f64) -> Option<u64> {
        names.find(name, start).own
    }

    #[test]
    fn of_one_name_one_request_is_in_flight() {
        let mut names = EntryMatcher::default();
        let given = [1, 2, 3].map(|ticket| issue(&mut names, ticket, ticket as f64));
        assert_eq!(given, [URL, "http://n1/set#1", "http://n1/set#2"]);
        names.over(&given[1]);
        assert_eq!(issue(&mut names, 4, 4.0), given[1]);
        // Entries come in any order, also of a name that is in use again.
        assert_eq!(own(&mut names, &given[2], 3.1), Some(3));
        assert_eq!(own(&mut names, &given[1], 2.1), Some(2));
        assert_eq!(own(&mut names, &given[0], 1.1), Some(1));
        assert_eq!(own(&mut names, &given[1], 4.1), Some(4));
        assert_eq!(own(&mut names, &given[1], 4.1), None);
        [0, 2, 1].into_iter().for_each(|place: usize| names.over(&given[place]));
        assert!(names.urls.is_empty(), "nothing is kept of what is over");
    }

    #[test]
    fn a_query_parameter_tells_them_apart_too() {
        let mut names = EntryMatcher::default();
        for url in ["http://n1/get?key=a%26fwit=7", "http://n1/ping"] {
            let given = [1, 2].map(|t| names.issue(url.into(), Some("fwit"), t, t as f64).0);
            let mark = if url.contains('?') { '&' } else { '?' };
            assert_eq!(given, [url.to_string(), format!("{url}{mark}fwit=1")]);
            assert_eq!(own(&mut names, &given[1], 2.1), Some(2));
            assert_eq!(own(&mut names, &given[0], 1.1), Some(1));
            given.iter().for_each(|name| names.over(name));
            assert!(names.urls.is_empty());
        }
    }

    #[test]
    fn an_entry_that_never_came_is_lost_when_the_next_one_of_its_name_comes() {
        let mut names = EntryMatcher::default();
        for ticket in 1..=2 {
            let name = issue(&mut names, ticket, ticket as f64);
            names.over(&name);
        }
        let other = names.issue("http://n1/get".into(), None, 3, 1.0).0;
        assert_eq!(names.find(URL, 2.0), Found { own: Some(2), lost: vec![1] });
        assert_eq!(own(&mut names, &other, 1.0), Some(3));
        assert_eq!(names.find("http://elsewhere/", 9.0), Found::default());
    }

    #[test]
    fn an_entry_before_its_issue_belongs_to_no_request() {
        let mut names = EntryMatcher::default();
        let first = issue(&mut names, 1, 5.0);
        let second = issue(&mut names, 2, 6.0);
        assert_eq!(own(&mut names, &second, 6.1), Some(2));
        // Fragments are kept, so this one is another program's.
        assert_eq!(own(&mut names, &first, 4.9), None);
        assert_eq!(own(&mut names, &first, 5.0), Some(1));
    }

    /// As WebKit names them: three at once, then one after the other with a clock of whole
    /// milliseconds.
    #[test]
    fn where_names_have_no_fragments_every_entry_finds_a_request_of_its_url_by_its_start() {
        let mut names = EntryMatcher::default();
        let given =
            [(1, 21.0), (2, 22.0), (3, 23.0)].map(|(ticket, now)| issue(&mut names, ticket, now));
        let found = [23.0, 22.0, 24.0].map(|start| own(&mut names, URL, start));
        assert_eq!(found.iter().flatten().count(), 3, "{found:?}");
        given.iter().for_each(|name| names.over(name));
        for ticket in 4..=9 {
            let now = 30.0 + ticket as f64;
            let name = issue(&mut names, ticket, now);
            names.over(&name);
            // Rounded down once more than the page's clock.
            assert_eq!(own(&mut names, URL, now - 1.0), Some(ticket));
        }
        assert!(names.urls.is_empty());
        // And several at once, each by its start.
        let given = [(10, 50.0), (11, 53.0), (12, 57.0)]
            .map(|(ticket, now)| issue(&mut names, ticket, now));
        assert_eq!(
            [54.0, 58.0, 50.0].map(|start| own(&mut names, URL, start)),
            [Some(11), Some(12), Some(10)]
        );
        given.iter().for_each(|name| names.over(name));
        assert!(names.urls.is_empty());
        // A millisecond apart and started at once: their own. Where the first starts with the
        // second: exchanged.
        for (starts, found) in [([60.0, 61.0], [13, 14]), ([61.0, 61.0], [14, 13])] {
            let given =
                [(13, 60.0), (14, 61.0)].map(|(ticket, now)| issue(&mut names, ticket, now));
            assert_eq!(starts.map(|start| own(&mut names, URL, start)), found.map(Some));
            given.iter().for_each(|name| names.over(name));
        }
    }

    /// A server that stood still answers a hundred requests at once (HTTP/2), and a hundred more
    /// are issued before the browser tells of the first.
    #[test]
    fn a_burst_loses_no_entry() {
        let mut names = EntryMatcher::default();
        for round in 0..2_u64 {
            let now = (1_000 * round) as f64;
            let given: Vec<_> =
                (0..100).map(|i| names.issue(URL.into(), None, 100 * round + i, now)).collect();
            assert!(given.iter().all(|(_, lost)| lost.is_none()));
            given.iter().for_each(|(name, _)| names.over(name));
        }
        for i in (0..100).rev() {
            let name = if i == 0 { URL.to_string() } else { format!("{URL}#{i}") };
            assert_eq!(own(&mut names, &name, 1.0), Some(i));
            assert_eq!(own(&mut names, &name, 1_001.0), Some(100 + i));
        }
    }

    #[test]
    fn where_entries_do_not_come_the_oldest_stop_waiting() {
        let mut names = EntryMatcher::default();
        for ticket in 0..1_000 {
            let (name, lost) = names.issue(URL.into(), None, ticket, ticket as f64);
            names.over(&name);
            let limit = WAITING_MAX as u64 + 1;
            assert_eq!(lost, ticket.checked_sub(limit), "{ticket}");
        }
    }
}
