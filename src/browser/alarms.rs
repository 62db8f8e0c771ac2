//! Long waits that share one timer of the browser. Otherwise each request would set and clear one
//! for its timeout.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use gloo_timers::callback::Timeout;
use web_sys::Performance;

use fwit_quantities::units::Micros;

/// The waits. Clones share them.
#[derive(Clone, Debug)]
pub(super) struct Alarms {
    inner: Rc<Inner>,
}

#[derive(Debug)]
struct Inner {
    performance: Performance,
    next_ticket: Cell<u64>,
    /// The wakers, by instant and ticket.
    waiting: RefCell<BTreeMap<(Micros, u64), Waker>>,
    /// The timer, and the instant that it is set for: not later than the first wait.
    armed: RefCell<Option<(Micros, Timeout)>>,
}

impl Alarms {
    pub(super) fn new(performance: Performance) -> Alarms {
        Alarms {
            inner: Rc::new(Inner {
                performance,
                next_ticket: Cell::new(0),
                waiting: RefCell::default(),
                armed: RefCell::default(),
            }),
        }
    }

    /// Returns a future that resolves at that instant or a moment later.
    pub(super) fn wait(&self, at: Micros) -> Alarm {
        let ticket = self.inner.next_ticket.replace(self.inner.next_ticket.get() + 1);
        Alarm { inner: self.inner.clone(), key: (at, ticket), waits: false }
    }
}

impl Inner {
    fn arm(self: &Rc<Self>) {
        let Some(((at, _), _)) =
            self.waiting.borrow().first_key_value().map(|(k, w)| (*k, w.clone()))
        else {
            return;
        };
        if self.armed.borrow().as_ref().is_some_and(|(armed, _)| *armed <= at) {
            return;
        }
        let left = at.since(Micros::from_millis(self.performance.now()));
        let inner = Rc::downgrade(self);
        let ring = move || {
            if let Some(inner) = inner.upgrade() {
                inner.ring();
            }
        };
        let timer = Timeout::new(left.0.div_ceil(1_000).min(i32::MAX as u64) as u32, ring);
        self.armed.replace(Some((at, timer)));
    }

    fn ring(self: &Rc<Self>) {
        if let Some((_, timer)) = self.armed.take() {
            // It has just fired, so it need not be cleared.
            timer.forget();
        }
        let now = Micros::from_millis(self.performance.now());
        let mut waiting = self.waiting.borrow_mut();
        let later = waiting.split_off(&(now + Micros(1), 0));
        let due = std::mem::replace(&mut *waiting, later);
        drop(waiting);
        due.into_values().for_each(Waker::wake);
        self.arm();
    }
}

/// One wait.
#[derive(Debug)]
pub(super) struct Alarm {
    inner: Rc<Inner>,
    key: (Micros, u64),
    waits: bool,
}

impl Future for Alarm {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let mut waiting = self.inner.waiting.borrow_mut();
        if self.waits {
            return match waiting.get_mut(&self.key) {
                Some(waker) => {
                    waker.clone_from(cx.waker());
                    Poll::Pending
                }
                None => Poll::Ready(()),
            };
        }
        waiting.insert(self.key, cx.waker().clone());
        drop(waiting);
        self.inner.arm();
        self.waits = true;
        Poll::Pending
    }
}

impl Drop for Alarm {
    fn drop(&mut self) {
        // The timer stays: it finds the next wait when it fires.
        self.inner.waiting.borrow_mut().remove(&self.key);
    }
}
