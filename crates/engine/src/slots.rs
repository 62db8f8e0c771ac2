//! Slots in front of the transport: permits to have one request in flight on a lane, given out
//! first come, first served, so that the queue is measured where it stands instead of hiding in the
//! browser.
//!
//! Two limits hold at once: each lane's own, and one over all lanes. A permit goes to the longest
//! waiting request whose lane has room. Permits and waiting places give themselves back when they
//! are dropped.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

/// The slots of all lanes.
#[derive(Clone, Debug)]
pub struct Slots {
    inner: Rc<RefCell<Inner>>,
}

#[derive(Debug)]
struct Inner {
    lanes: Vec<Lane>,
    in_use: u32,
    total: u32,
    next_ticket: u64,
    /// How many wait, on all lanes.
    waiting: usize,
    /// No new request gets a slot any more.
    closed: bool,
}

/// What a slot is wanted for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Purpose {
    /// A request that others wait for: it goes before all others, also of other lanes.
    Status,
    /// A further hop of a request that was issued already.
    Onward,
    /// A new request.
    Entry,
}

#[derive(Debug)]
struct Lane {
    limit: u32,
    in_use: u32,
    /// Status requests, the last one first.
    urgent: VecDeque<Waiting>,
    /// All others. Tickets rise.
    queue: VecDeque<Waiting>,
}

#[derive(Debug)]
struct Waiting {
    ticket: u64,
    purpose: Purpose,
    state: Rc<RefCell<Waiter>>,
}

#[derive(Debug, Default)]
struct Waiter {
    granted: bool,
    /// It waited for nothing: the slots were closed.
    refused: bool,
    waker: Option<Waker>,
}

impl Slots {
    /// Lanes with these limits, and a limit over all of them.
    #[must_use]
    pub fn new(limits: &[u32], total: u32) -> Slots {
        let lanes = limits.iter().map(|limit| Lane::new(*limit)).collect();
        Slots {
            inner: Rc::new(RefCell::new(Inner {
                lanes,
                in_use: 0,
                total: total.max(1),
                next_ticket: 0,
                waiting: 0,
                closed: false,
            })),
        }
    }

    /// One more lane; returns its index.
    pub fn add_lane(&self, limit: u32) -> usize {
        let mut inner = self.inner.borrow_mut();
        inner.lanes.push(Lane::new(limit));
        inner.lanes.len() - 1
    }

    /// Changes a lane's limit (its protocol became known). Requests in flight stay.
    pub fn set_limit(&self, lane: usize, limit: u32) {
        let mut inner = self.inner.borrow_mut();
        if let Some(lane) = inner.lanes.get_mut(lane) {
            lane.limit = limit.max(1);
        }
        inner.grant();
    }

    /// A lane's limit.
    #[must_use]
    pub fn limit(&self, lane: usize) -> u32 {
        self.inner.borrow().lanes.get(lane).map_or(0, |l| l.limit)
    }

    /// Waits for a slot of a lane before all others: for a request that others wait for.
    #[must_use]
    pub fn acquire_first(&self, lane: usize) -> Acquire {
        self.queue(lane, Purpose::Status)
    }

    /// Waits for a slot of a lane, for a further hop of a request that was issued already.
    #[must_use]
    pub fn acquire_onward(&self, lane: usize) -> Acquire {
        self.queue(lane, Purpose::Onward)
    }

    /// Waits for a slot of a lane, for a new request. A lane that does not exist never gives one:
    /// indices come from construction or [`Slots::add_lane`].
    #[must_use]
    pub fn acquire(&self, lane: usize) -> Acquire {
        self.queue(lane, Purpose::Entry)
    }

    /// From now on no new request gets a slot. Those that wait for one are told at once.
    pub fn close(&self) {
        let mut inner = self.inner.borrow_mut();
        inner.closed = true;
        let mut left = 0;
        for lane in &mut inner.lanes {
            lane.queue.retain(|waiting| {
                let stays = waiting.purpose != Purpose::Entry;
                if !stays {
                    waiting.state.borrow_mut().refuse();
                    left += 1;
                }
                stays
            });
        }
        inner.waiting -= left;
        inner.grant();
    }

    /// Whether new requests get no slot any more.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.inner.borrow().closed
    }

    fn queue(&self, lane: usize, purpose: Purpose) -> Acquire {
        let mut inner = self.inner.borrow_mut();
        let ticket = inner.next_ticket;
        inner.next_ticket += 1;
        let mut state = None;
        if inner.closed && purpose == Purpose::Entry {
            let mut place = Waiter::default();
            place.refuse();
            state = Some(Rc::new(RefCell::new(place)));
        } else if !inner.take_free(lane) {
            let place = Rc::new(RefCell::new(Waiter::default()));
            if let Some(l) = inner.lanes.get_mut(lane) {
                let waiting = Waiting { ticket, purpose, state: place.clone() };
                if purpose == Purpose::Status {
                    l.urgent.push_front(waiting);
                } else {
                    l.queue.push_back(waiting);
                }
                inner.waiting += 1;
            }
            state = Some(place);
        }
        drop(inner);
        Acquire { slots: self.clone(), lane, ticket, state, taken: false }
    }

    /// Requests in flight on all lanes.
    #[must_use]
    pub fn in_use(&self) -> u32 {
        self.inner.borrow().in_use
    }

    fn release(&self, lane: usize) {
        let mut inner = self.inner.borrow_mut();
        inner.in_use -= 1;
        if let Some(l) = inner.lanes.get_mut(lane) {
            l.in_use -= 1;
        }
        inner.grant();
    }
}

impl Lane {
    fn new(limit: u32) -> Lane {
        Lane { limit: limit.max(1), in_use: 0, urgent: VecDeque::new(), queue: VecDeque::new() }
    }

    /// The order of the request that is next, where there is room for it.
    fn next(&self) -> Option<(bool, u64)> {
        let next = self.urgent.front().or(self.queue.front());
        let next = next.filter(|_| self.in_use < self.limit)?;
        Some((next.purpose != Purpose::Status, next.ticket))
    }
}

impl Inner {
    /// Takes a slot of a lane that has room and no queue; no request of another lane waits for it
    /// then.
    fn take_free(&mut self, lane: usize) -> bool {
        let Some(lane) = self
            .lanes
            .get_mut(lane)
            .filter(|l| l.urgent.is_empty() && l.queue.is_empty() && l.in_use < l.limit)
        else {
            return false;
        };
        let free = self.in_use < self.total;
        lane.in_use += u32::from(free);
        self.in_use += u32::from(free);
        free
    }

    /// Gives free slots to the requests that wait longest. Wakers are called while this is
    /// borrowed: a waker only puts a task on its executor's list.
    fn grant(&mut self) {
        while self.waiting > 0 && self.in_use < self.total {
            let first =
                (0..self.lanes.len()).filter_map(|i| Some((self.lanes[i].next()?, i))).min();
            let Some((_, i)) = first else { return };
            let lane = &mut self.lanes[i];
            let next = lane.urgent.pop_front().or_else(|| lane.queue.pop_front());
            let Some(waiting) = next else { return };
            lane.in_use += 1;
            self.in_use += 1;
            self.waiting -= 1;
            let mut place = waiting.state.borrow_mut();
            place.granted = true;
            if let Some(waker) = place.waker.take() {
                waker.wake();
            }
        }
    }
}

impl Waiter {
    fn refuse(&mut self) {
        self.refused = true;
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }
}

/// A place in a lane's queue; resolves to the permit, or to none where the slots are closed to new
/// requests.
#[derive(Debug)]
pub struct Acquire {
    slots: Slots,
    lane: usize,
    ticket: u64,
    /// `None` where there was room at once.
    state: Option<Rc<RefCell<Waiter>>>,
    taken: bool,
}

impl Acquire {
    /// Whether there is a slot for it already.
    #[must_use]
    pub fn is_granted(&self) -> bool {
        self.state.as_ref().is_none_or(|place| place.borrow().granted)
    }

    fn is_refused(&self) -> bool {
        self.state.as_ref().is_some_and(|place| place.borrow().refused)
    }
}

impl Future for Acquire {
    type Output = Option<Permit>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Permit>> {
        if self.is_refused() {
            return Poll::Ready(None);
        }
        if let Some(place) = &self.state
            && !place.borrow().granted
        {
            place.borrow_mut().waker = Some(cx.waker().clone());
            return Poll::Pending;
        }
        self.taken = true;
        Poll::Ready(Some(Permit { slots: self.slots.clone(), lane: self.lane }))
    }
}

impl Drop for Acquire {
    fn drop(&mut self) {
        if self.taken || self.is_refused() {
            return;
        }
        if self.is_granted() {
            return self.slots.release(self.lane);
        }
        let mut inner = self.slots.inner.borrow_mut();
        let Some(lane) = inner.lanes.get_mut(self.lane) else { return };
        let removed = match lane.queue.binary_search_by_key(&self.ticket, |w| w.ticket) {
            Ok(at) => lane.queue.remove(at),
            Err(_) => {
                let at = lane.urgent.iter().position(|w| w.ticket == self.ticket);
                at.and_then(|at| lane.urgent.remove(at))
            }
        };
        inner.waiting -= usize::from(removed.is_some());
    }
}

/// The right to have one request in flight; given back on drop.
#[derive(Debug)]
pub struct Permit {
    slots: Slots,
    lane: usize,
}

impl Permit {
    /// The lane it is for.
    #[must_use]
    pub fn lane(&self) -> usize {
        self.lane
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.slots.release(self.lane);
    }
}

#[cfg(test)]
mod tests {
    use std::task::Waker;

    use proptest::prelude::*;

    use super::*;

    fn poll(acquire: &mut Acquire) -> Option<Permit> {
        match Pin::new(acquire).poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(permit) => permit,
            Poll::Pending => None,
        }
    }

    #[test]
    fn a_status_request_goes_first_and_leaves_no_slot_behind_when_it_gives_up() {
        let slots = Slots::new(&[1], 10);
        let held = poll(&mut slots.acquire(0)).unwrap();
        let mut entry = slots.acquire(0);
        let (given_up, mut status) = (slots.acquire_first(0), slots.acquire_first(0));
        drop(given_up);
        drop(held);
        assert!(!entry.is_granted() && poll(&mut status).is_some());
        assert!(poll(&mut entry).is_some() && slots.in_use() == 0);
    }

    #[test]
    fn closed_slots_serve_what_was_issued_and_nothing_new() {
        let slots = Slots::new(&[1], 10);
        let held = poll(&mut slots.acquire(0)).unwrap();
        let (entry, mut onward) = (slots.acquire(0), slots.acquire_onward(0));
        slots.close();
        assert!(entry.is_refused() && !onward.is_granted());
        drop((entry, held));
        assert!(poll(&mut onward).is_some());
        assert!(slots.acquire(0).is_refused() && slots.in_use() == 0);
    }

    #[test]
    fn a_slot_that_was_granted_but_not_taken_is_given_back() {
        let slots = Slots::new(&[1], 10);
        let first = poll(&mut slots.acquire(0)).unwrap();
        let second = slots.acquire(0);
        let mut third = slots.acquire(0);
        drop(first); // grants the second
        drop(second);
        let third = poll(&mut third);
        assert!(third.is_some());
        assert_eq!(slots.in_use(), 1);
    }

    #[test]
    fn a_wider_limit_lets_waiting_requests_through() {
        let slots = Slots::new(&[1], 10);
        let _first = poll(&mut slots.acquire(0)).unwrap();
        let mut second = slots.acquire(0);
        assert!(poll(&mut second).is_none());
        slots.set_limit(0, 2);
        assert!(poll(&mut second).is_some());
    }

    #[derive(Clone, Debug)]
    enum Step {
        Acquire(usize),
        Poll(usize),
        Cancel(usize),
        Release(usize),
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            (0..3_usize).prop_map(Step::Acquire),
            any::<usize>().prop_map(Step::Poll),
            any::<usize>().prop_map(Step::Cancel),
            any::<usize>().prop_map(Step::Release),
        ]
    }

    proptest! {
        /// Whatever happens, no limit is ever passed, slots are granted in the order of asking
        /// within a lane, and at the end everything that waits has no room.
        #[test]
        fn first_come_first_served_and_never_above_the_limits(
            limits in proptest::array::uniform3(1..4_u32), total in 1..6_u32, steps in proptest::collection::vec(step(), 0..200),
        ) {
            let slots = Slots::new(&limits, total);
            let mut waiting: Vec<(usize, Acquire)> = Vec::new();
            let mut held: Vec<(usize, u64, Permit)> = Vec::new();
            for step in steps {
                match step {
                    Step::Acquire(lane) => waiting.push((lane, slots.acquire(lane))),
                    Step::Poll(i) if !waiting.is_empty() => {
                        let i = i % waiting.len();
                        if let Some(permit) = poll(&mut waiting[i].1) {
                            let (lane, acquire) = waiting.remove(i);
                            held.push((lane, acquire.ticket, permit));
                        }
                    }
                    Step::Cancel(i) if !waiting.is_empty() => drop(waiting.remove(i % waiting.len())),
                    Step::Release(i) if !held.is_empty() => drop(held.remove(i % held.len())),
                    _ => {}
                }
                let inner = slots.inner.borrow();
                prop_assert!(inner.in_use <= total);
                prop_assert_eq!(inner.in_use, inner.lanes.iter().map(|l| l.in_use).sum::<u32>());
                for (lane, limit) in inner.lanes.iter().zip(limits) {
                    prop_assert!(lane.in_use <= limit);
                    // No request waits where there is room.
                    prop_assert!(lane.queue.is_empty() || lane.in_use == limit || inner.in_use == total);
                }
                drop(inner);
                // Whoever has been granted asked before everyone of the lane that still waits.
                for (lane, acquire) in waiting.iter().filter(|(_, a)| a.is_granted()) {
                    for (other, later) in waiting.iter().filter(|(_, a)| !a.is_granted()) {
                        prop_assert!(lane != other || acquire.ticket < later.ticket);
                    }
                }
            }
            drop(held);
            drop(waiting);
            prop_assert_eq!(slots.in_use(), 0);
        }
    }
}
