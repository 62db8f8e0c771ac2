//! Times from the wire: the browser's Resource Timing entries, each matched to its request.
//!
//! An entry is known by its URL and its start. Identical URLs under way at the same time are told apart by a
//! fragment (`#1`, `#2`, …), which the browser keeps and does not send: of one name only one request is ever
//! in flight, so the entry that starts between two issues belongs to the first of them. Fragments are used
//! only where they are needed, because Chromium's preflight cache counts them as part of the URL.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet, VecDeque};
use std::rc::Rc;

use wasm_bindgen::prelude::*;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{
    Performance, PerformanceObserver, PerformanceObserverEntryList, PerformanceObserverInit,
    PerformanceResourceTiming, PerformanceServerTiming,
};

use crate::sample::{Protocol, WireTiming};
use crate::units::Micros;

/// Entries after which the browser's own list is emptied (it keeps 250 and then complains).
const CLEAR_AFTER: u32 = 150;
/// How many issues of one name may wait for their entry. More means that the browser drops entries.
const WAITING_MAX: usize = 64;

/// Watches the browser's entries.
#[derive(Debug)]
pub struct ResourceTimings {
    observer: PerformanceObserver,
    _callback: Closure<dyn FnMut(PerformanceObserverEntryList)>,
    books: Rc<RefCell<Books>>,
}

#[derive(Debug, Default)]
struct Books {
    next_ticket: u64,
    names: HashMap<String, Name>,
    done: Vec<(u64, Option<WireTiming>)>,
    /// Tickets of requests that are under way: their timings are held back until they are over.
    open: HashSet<u64>,
    seen: u32,
    /// The protocol that a connection to an origin spoke last.
    protocols: HashMap<String, Protocol>,
}

#[derive(Debug, Default)]
struct Name {
    in_flight: bool,
    /// Tickets and issue times (ms) without an entry yet.
    waiting: VecDeque<(u64, f64)>,
}

/// A request under way: its name is its own until this is dropped.
#[derive(Debug)]
pub struct Issue {
    books: Rc<RefCell<Books>>,
    /// The URL to fetch, with its fragment.
    pub name: String,
    /// Under which the timing comes.
    pub ticket: u64,
}

impl Drop for Issue {
    fn drop(&mut self) {
        let mut books = self.books.borrow_mut();
        books.open.remove(&self.ticket);
        if let Some(name) = books.names.get_mut(&self.name) {
            name.in_flight = false;
        }
        books.forget(&self.name);
    }
}

impl ResourceTimings {
    /// Watches from now on.
    ///
    /// # Errors
    /// A browser without Resource Timing in workers.
    pub fn watch(performance: &Performance) -> Result<ResourceTimings, JsValue> {
        let books = Rc::new(RefCell::new(Books::default()));
        let (inside, list) = (books.clone(), performance.clone());
        let callback = Closure::<dyn FnMut(PerformanceObserverEntryList)>::new(
            move |entries: PerformanceObserverEntryList| {
                let mut books = inside.borrow_mut();
                for entry in entries.get_entries().iter() {
                    books.take(entry.unchecked_ref());
                }
                if books.seen >= CLEAR_AFTER {
                    books.seen = 0;
                    list.clear_resource_timings();
                }
            },
        );
        let observer = PerformanceObserver::new(callback.as_ref().unchecked_ref())?;
        // `entryTypes`: one kind, from now on, nothing from the buffer.
        let options = PerformanceObserverInit::new(&js_sys::Array::of1(&"resource".into()));
        observer.observe(&options);
        Ok(ResourceTimings { observer, _callback: callback, books })
    }

    /// Names a request to a URL that is about to be issued at `now_ms`.
    #[must_use]
    pub fn issue(&self, url: String, now_ms: f64) -> Issue {
        let mut books = self.books.borrow_mut();
        books.next_ticket += 1;
        let ticket = books.next_ticket;
        let mut name = url;
        let bare = name.len();
        let mut turn = 0;
        while books.names.get(&name).is_some_and(|n| n.in_flight) {
            turn += 1;
            name.truncate(bare);
            name.push('#');
            name.push_str(&turn.to_string());
        }
        let entry = books.names.entry(name.clone()).or_default();
        entry.in_flight = true;
        entry.waiting.push_back((ticket, now_ms));
        let crowded = entry.waiting.len() > WAITING_MAX;
        let lost = if crowded { entry.waiting.pop_front() } else { None };
        books.done.extend(lost.map(|(lost, _)| (lost, None)));
        books.open.insert(ticket);
        Issue { books: self.books.clone(), name, ticket }
    }

    /// Timings that came since the last time.
    #[must_use]
    pub fn take(&self) -> Vec<(u64, Option<WireTiming>)> {
        let mut books = self.books.borrow_mut();
        let done = std::mem::take(&mut books.done);
        let (held, over) = done.into_iter().partition(|(ticket, _)| books.open.contains(ticket));
        books.done = held;
        over
    }
}

impl Drop for ResourceTimings {
    fn drop(&mut self) {
        self.observer.disconnect();
    }
}

impl Books {
    fn take(&mut self, entry: &PerformanceResourceTiming) {
        self.seen += 1;
        let name = entry.name();
        let Some(waiting) = self.names.get_mut(&name).map(|n| &mut n.waiting) else { return };
        let start = entry.start_time();
        // The last issue before the entry's start is its own; earlier ones never got an entry.
        let Some(own) = waiting.iter().rposition(|(_, issued)| *issued <= start + 0.001) else { return };
        let mut tickets = waiting.drain(..=own);
        let ticket = tickets.next_back().map(|(ticket, _)| ticket);
        self.done.extend(tickets.map(|(lost, _)| (lost, None)));
        if let Some(ticket) = ticket {
            let timing = self.timing(entry, &name);
            self.done.push((ticket, timing));
        }
        self.forget(&name);
    }

    /// Drops a name that nothing waits for: names may be as many as requests.
    fn forget(&mut self, name: &str) {
        if self.names.get(name).is_some_and(|n| !n.in_flight && n.waiting.is_empty()) {
            self.names.remove(name);
        }
    }

    /// `None` where the node (or one on the way) sends no `Timing-Allow-Origin`.
    fn timing(&mut self, entry: &PerformanceResourceTiming, name: &str) -> Option<WireTiming> {
        let request = entry.request_start();
        if request <= 0.0 {
            return None;
        }
        let span = |from: f64, to: f64| Micros::from_millis(to - from);
        let (fetch, connect_start, connect_end) =
            (entry.fetch_start(), entry.connect_start(), entry.connect_end());
        let new_connection = connect_end > connect_start && connect_end > fetch;
        let connect =
            if new_connection { span(entry.domain_lookup_start(), connect_end) } else { Micros::ZERO };
        let (response, end) = (entry.response_start(), entry.response_end());
        let (redirect_start, redirect_end) = (entry.redirect_start(), entry.redirect_end());
        let origin = name.match_indices('/').nth(2).map_or(name, |(end, _)| &name[..end]);
        let protocol = match self.protocols.get(origin) {
            // Reading it costs a string each time: only new connections can change it.
            Some(known) if !new_connection => *known,
            _ => {
                let protocol = Protocol::from_alpn(&entry.next_hop_protocol());
                self.protocols.insert(origin.to_string(), protocol);
                protocol
            }
        };
        Some(WireTiming {
            // Some time, however coarse the clock, where there was a redirect.
            redirect: if redirect_start > 0.0 {
                span(redirect_start, redirect_end).max(Micros(1))
            } else {
                Micros::ZERO
            },
            connect,
            new_connection,
            stall: span(fetch, request) - connect,
            first_byte: span(request, response),
            download: span(response, end),
            server: server_time(entry),
            protocol,
        })
    }
}

/// The longest duration among the answer's `Server-Timing` entries: the whole handler.
fn server_time(entry: &PerformanceResourceTiming) -> Option<Micros> {
    let list = entry.server_timing();
    let durations = list.iter().map(|t| t.unchecked_into::<PerformanceServerTiming>().duration());
    durations.filter(|d| *d > 0.0).reduce(f64::max).map(Micros::from_millis)
}
