//! Times from the wire: the browser's Resource Timing entries, each matched to its request.
//!
//! `entry_matching` decides which request an entry belongs to.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use wasm_bindgen::prelude::*;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{
    Performance, PerformanceObserver, PerformanceObserverEntryList, PerformanceObserverInit,
    PerformanceResourceTiming, PerformanceServerTiming,
};

use crate::entry_matching::{EntryMatcher, Found};
use fwit_quantities::sample::{Protocol, WireTiming};
use fwit_quantities::units::Micros;

/// How many entries the browser may list before they are cleared: it keeps 250, then complains.
const CLEAR_AFTER: u32 = 150;

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
    names: EntryMatcher,
    done: Vec<(u64, Option<WireTiming>)>,
    /// Tickets of requests under way: their timings are held back until they are over.
    open: HashSet<u64>,
    seen: u32,
    /// Some requests are sent so that the browser may answer them from its cache.
    may_be_cached: bool,
    /// The protocol that a connection to an origin spoke last.
    protocols: HashMap<String, Protocol>,
}

/// A request under way. No other request has its name until this is dropped.
#[derive(Debug)]
pub struct Issue {
    books: Rc<RefCell<Books>>,
    /// The URL to fetch, with its fragment.
    pub name: String,
    /// The ticket that its timing comes with.
    pub ticket: u64,
}

impl Drop for Issue {
    fn drop(&mut self) {
        let mut books = self.books.borrow_mut();
        books.open.remove(&self.ticket);
        books.names.over(&self.name);
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
        // `entryTypes` observes one kind of entry, without those from before.
        let options = PerformanceObserverInit::new(&js_sys::Array::of1(&"resource".into()));
        observer.observe(&options);
        Ok(ResourceTimings { observer, _callback: callback, books })
    }

    /// Gives a name to a request that is about to be sent at `now_ms`: its URL, with a fragment, or
    /// with a query parameter of this name, where a request of the same URL is in flight.
    #[must_use]
    pub fn issue(&self, url: String, parameter: Option<&str>, now_ms: f64) -> Issue {
        let mut books = self.books.borrow_mut();
        books.may_be_cached |= parameter.is_some();
        books.next_ticket += 1;
        let ticket = books.next_ticket;
        let (name, lost) = books.names.issue(url, parameter, ticket, now_ms);
        books.done.extend(lost.map(|lost| (lost, None)));
        books.open.insert(ticket);
        Issue { books: self.books.clone(), name, ticket }
    }

    /// Returns the timings since the last call.
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
        let Found { own, lost } = self.names.find(&name, entry.start_time());
        self.done.extend(lost.into_iter().map(|lost| (lost, None)));
        if let Some(ticket) = own {
            let timing = self.timing(entry, &name);
            self.done.push((ticket, timing));
        }
    }

    /// Returns the timing; `None` when the node sends no `Timing-Allow-Origin`, and for a redirect
    /// that was not followed.
    fn timing(&mut self, entry: &PerformanceResourceTiming, name: &str) -> Option<WireTiming> {
        let request = entry.request_start();
        if request <= 0.0 {
            return None;
        }
        let (fetch, connect_start, connect_end) =
            (entry.fetch_start(), entry.connect_start(), entry.connect_end());
        let new_connection = connect_end > connect_start && connect_end > fetch;
        let connect = if new_connection {
            Micros::from_millis(connect_end - entry.domain_lookup_start())
        } else {
            Micros::ZERO
        };
        let origin = name.match_indices('/').nth(2).map_or(name, |(end, _)| &name[..end]);
        let protocol = match self.protocols.get(origin) {
            // To read it makes a string each time; only a new connection can change it.
            Some(known) if !new_connection => *known,
            _ => {
                let protocol = Protocol::from_alpn(&entry.next_hop_protocol());
                self.protocols.insert(origin.to_string(), protocol);
                protocol
            }
        };
        Some(WireTiming {
            request_start: Micros::from_millis(request),
            response_start: Micros::from_millis(entry.response_start()),
            response_end: Micros::from_millis(entry.response_end()),
            connect,
            new_connection,
            from_cache: self.may_be_cached && entry.transfer_size() == 0.0,
            server: server_time(entry),
            protocol,
        })
    }
}

/// Returns the longest duration among the answer's `Server-Timing` entries: that of the whole
/// handler.
fn server_time(entry: &PerformanceResourceTiming) -> Option<Micros> {
    let list = entry.server_timing();
    let durations = list.iter().map(|t| t.unchecked_into::<PerformanceServerTiming>().duration());
    durations.filter(|d| *d > 0.0).reduce(f64::max).map(Micros::from_millis)
}
