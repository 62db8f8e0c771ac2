//! Futures that are polled only when they were woken, in the order in which they were.
//!
//! What `FuturesUnordered` does, for one thread: fifty entities wake a million times in a simulated run, and each
//! time only one of them, and nothing else, has to be looked at.

use std::collections::VecDeque;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Wake, Waker};

/// Futures under way together.
#[derive(Debug)]
pub struct Crowd<F> {
    members: Vec<Option<Member<F>>>,
    /// Places of members that are done.
    free: Vec<usize>,
    woken: Arc<Woken>,
    /// Who is told when a member is woken.
    told: Option<Waker>,
}

#[derive(Debug)]
struct Member<F> {
    future: Pin<Box<F>>,
    bell: Arc<Bell>,
    waker: Waker,
}

/// Who was woken, and who is to be told.
#[derive(Debug, Default)]
struct Woken {
    inner: Mutex<Inner>,
    /// How many are woken: nobody has to look for nothing.
    count: AtomicUsize,
}

#[derive(Debug, Default)]
struct Inner {
    places: VecDeque<usize>,
    outer: Option<Waker>,
}

impl Woken {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn pop(&self) -> Option<usize> {
        let mut inner = self.lock();
        let place = inner.places.pop_front();
        self.count.store(inner.places.len(), Ordering::Relaxed);
        place
    }
}

/// A member's way to be woken. One that rings for a member that is done only has its successor looked at.
#[derive(Debug)]
struct Bell {
    place: usize,
    rung: AtomicBool,
    woken: Arc<Woken>,
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if !self.rung.swap(true, Ordering::Relaxed) {
            let mut inner = self.woken.lock();
            inner.places.push_back(self.place);
            self.woken.count.store(inner.places.len(), Ordering::Relaxed);
            if let Some(outer) = &inner.outer {
                outer.wake_by_ref();
            }
        }
    }
}

impl<F> Default for Crowd<F> {
    fn default() -> Crowd<F> {
        Crowd { members: Vec::new(), free: Vec::new(), woken: Arc::default(), told: None }
    }
}

impl<F: Future> FromIterator<F> for Crowd<F> {
    fn from_iter<I: IntoIterator<Item = F>>(futures: I) -> Crowd<F> {
        let mut crowd = Crowd::default();
        futures.into_iter().for_each(|future| crowd.push(future));
        crowd
    }
}

impl<F: Future> Crowd<F> {
    /// One more; it is polled first when its turn comes.
    pub fn push(&mut self, future: F) {
        let place = self.free.pop().unwrap_or(self.members.len());
        let bell = Arc::new(Bell { place, rung: AtomicBool::new(false), woken: self.woken.clone() });
        let waker = Waker::from(bell.clone());
        waker.wake_by_ref();
        let member = Some(Member { future: Box::pin(future), bell, waker });
        match self.members.get_mut(place) {
            Some(free) => *free = member,
            None => self.members.push(member),
        }
    }

    /// What the next one to end gave; `None` where there is nobody.
    pub async fn next(&mut self) -> Option<F::Output> {
        poll_fn(|cx| self.poll_next(cx)).await
    }

    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<F::Output>> {
        if self.free.len() == self.members.len() {
            return Poll::Ready(None);
        }
        if !self.told.as_ref().is_some_and(|told| told.will_wake(cx.waker())) {
            self.told = Some(cx.waker().clone());
            self.woken.lock().outer.clone_from(&self.told);
        }
        while self.woken.count.load(Ordering::Relaxed) > 0 {
            let Some(place) = self.woken.pop() else { break };
            let Some(slot) = self.members.get_mut(place) else { continue };
            let Some(member) = slot else { continue };
            member.bell.rung.store(false, Ordering::Relaxed);
            if let Poll::Ready(out) = member.future.as_mut().poll(&mut Context::from_waker(&member.waker)) {
                *slot = None;
                self.free.push(place);
                return Poll::Ready(Some(out));
            }
        }
        Poll::Pending
    }
}

#[cfg(test)]
mod tests {
    use std::cell::{Cell, RefCell};
    use std::pin::pin;

    use super::*;
    use crate::world::Clock;
    use crate::sim::clock::VirtualClock;
    use fwit_quantities::units::Micros;

    #[test]
    fn members_end_in_the_order_of_their_timers_and_nobody_is_left() {
        let clock = VirtualClock::default();
        let nap = |us: u64| {
            let clock = clock.clone();
            async move {
                clock.sleep_until(Micros(us)).await;
                us
            }
        };
        let ended = clock.run(async {
            let mut crowd: Crowd<_> = [30, 10, 20].map(nap).into_iter().collect();
            let mut ended = vec![crowd.next().await];
            // The place of one that is done is used again.
            crowd.push(nap(25));
            while let Some(us) = crowd.next().await {
                ended.push(Some(us));
            }
            assert_eq!((crowd.members.len(), crowd.next().await), (3, None));
            ended
        });
        assert_eq!(ended.unwrap(), [10, 20, 25, 30].map(Some));
    }

    #[test]
    fn only_who_was_woken_is_polled() {
        let polls = [Cell::new(0), Cell::new(0), Cell::new(0)];
        let wakers = RefCell::new(vec![Waker::noop().clone(); 3]);
        let member = |i: usize| {
            let (polls, wakers) = (&polls, &wakers);
            poll_fn(move |cx| {
                polls[i].set(polls[i].get() + 1);
                wakers.borrow_mut()[i] = cx.waker().clone();
                if polls[i].get() > 2 { Poll::Ready(i) } else { Poll::Pending }
            })
        };
        let mut crowd: Crowd<_> = (0..3).map(member).collect();
        let outer = Arc::new(Bell { place: 0, rung: AtomicBool::new(false), woken: Arc::default() });
        let waker = Waker::from(outer.clone());
        let mut cx = Context::from_waker(&waker);
        let mut poll = || pin!(crowd.next()).poll(&mut cx);
        assert!(poll().is_pending() && poll().is_pending() && !outer.rung.load(Ordering::Relaxed));
        let wake = |i: usize| wakers.borrow()[i].wake_by_ref();
        [1, 1].into_iter().for_each(wake);
        assert!(outer.rung.load(Ordering::Relaxed) && poll().is_pending());
        assert_eq!(polls.each_ref().map(Cell::get), [1, 2, 1]);
        [1, 0].into_iter().for_each(wake);
        assert_eq!(poll(), Poll::Ready(Some(1)));
        assert!(poll().is_pending());
        // Late news for somebody who is done.
        wake(1);
        assert!(poll().is_pending());
        assert_eq!(polls.each_ref().map(Cell::get), [2, 3, 1]);
    }
}
