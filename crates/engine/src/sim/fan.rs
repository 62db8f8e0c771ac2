//! Event streams of the simulated cluster: which subscribers listen, what is on its way to them,
//! and what gets lost.

use std::cell::RefCell;
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::rc::Rc;
use std::task::Waker;

use super::ask::between;
use super::law::one_way;
use fwit_model::plan::Events;
use fwit_quantities::units::Micros;
use fwit_stats::random::Stream;

/// All open streams.
#[derive(Debug)]
pub struct Fan {
    events: Events,
    random: Stream,
    streams: Vec<Rc<Inbox>>,
    order: u64,
}

/// When an event comes, its number (events of the same instant come in its order), and its text.
type Underway = (Micros, u64, Rc<str>);

/// One stream's events that are under way or have come.
#[derive(Debug)]
pub struct Inbox {
    /// The node it is open to.
    node: usize,
    topic: String,
    events: RefCell<BinaryHeap<Reverse<Underway>>>,
    waker: RefCell<Option<Waker>>,
}

impl Inbox {
    /// For a subscriber at a node.
    #[must_use]
    pub fn new(node: usize, topic: &str) -> Inbox {
        Inbox { node, topic: topic.into(), events: RefCell::default(), waker: RefCell::default() }
    }

    /// The next event, where it has come; else when the next one will.
    pub fn take(&self, now: Micros) -> Result<(Micros, Rc<str>), Option<Micros>> {
        let mut events = self.events.borrow_mut();
        match events.peek().map(|Reverse((at, ..))| *at) {
            Some(at) if at <= now => {
                events.pop().map(|Reverse((at, _, text))| (at, text)).ok_or(None)
            }
            next => Err(next),
        }
    }

    /// Who is to be told when one more is on its way.
    pub fn wake(&self, waker: &Waker) {
        self.waker.replace(Some(waker.clone()));
    }
}

impl Fan {
    /// Without any stream.
    #[must_use]
    pub fn new(events: Events, seed: u64) -> Fan {
        Fan { events, random: Stream::new(seed, "sim events", 0), streams: Vec::new(), order: 0 }
    }

    /// A stream opens.
    pub fn open(&mut self, inbox: &Rc<Inbox>) {
        self.streams.push(inbox.clone());
    }

    /// A stream closes.
    pub fn close(&mut self, inbox: &Rc<Inbox>) {
        self.streams.retain(|s| !Rc::ptr_eq(s, inbox));
    }

    /// Streams that an event's text concerns: their place, and their node.
    #[must_use]
    pub fn listeners(&self, text: &str) -> Vec<(usize, usize)> {
        let topic = between(text, "{\"topic\":\"", b'"');
        let concerned = self.streams.iter().enumerate().filter(|(_, s)| s.topic == topic);
        concerned.map(|(i, s)| (i, s.node)).collect()
    }

    /// An event goes to the stream at that place and would be there at `at`, but for its delay,
    /// loss and duplication.
    pub fn deliver(&mut self, place: usize, text: &str, at: Micros) {
        let Some(stream) = self.streams.get(place) else { return };
        let Events { delay, loss, duplication } = self.events;
        if loss > 0.0 && self.random.chance(loss) {
            return;
        }
        let copies = 1 + u32::from(duplication > 0.0 && self.random.chance(duplication));
        for _ in 0..copies {
            // Given as a whole, not as a round trip.
            let at = at + one_way(delay, &mut self.random) + one_way(delay, &mut self.random);
            self.order += 1;
            stream.events.borrow_mut().push(Reverse((at, self.order, text.into())));
        }
        if let Some(waker) = stream.waker.take() {
            waker.wake();
        }
    }
}
