//! The cluster's shape: waits with sub-millisecond precision, the one server of a node, and gates
//! that hold traffic.
//!
//! Waits are kept by a thread of their own on the kernel's timers: tokio's have a grain of 1 ms.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{oneshot, watch};

/// The kernel wakes a sleeper some 50 us late; the thread turns that long before a deadline.
const SPIN: Duration = Duration::from_micros(60);

type Waiting = BinaryHeap<Reverse<Wait>>;

#[derive(Debug)]
struct Wait {
    due: Instant,
    /// Keeps the order of arrival among equal deadlines.
    ticket: u64,
    wake: oneshot::Sender<()>,
}

impl PartialEq for Wait {
    fn eq(&self, other: &Self) -> bool {
        (self.due, self.ticket) == (other.due, other.ticket)
    }
}
impl Eq for Wait {}
impl PartialOrd for Wait {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Wait {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.due, self.ticket).cmp(&(other.due, other.ticket))
    }
}

/// Precise waits; clones share the thread, which ends with the last of them.
#[derive(Debug, Clone)]
pub struct Timer {
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    waiting: Mutex<(u64, Waiting)>,
    changed: Condvar,
}

impl Timer {
    /// Starts the timer's thread.
    ///
    /// # Errors
    /// When the system refuses a thread.
    pub fn start() -> std::io::Result<Self> {
        let shared = Arc::new(Shared::default());
        let weak = Arc::downgrade(&shared);
        std::thread::Builder::new().name("timer".to_owned()).spawn(move || {
            while let Some(shared) = weak.upgrade() {
                shared.turn();
            }
        })?;
        Ok(Self { shared })
    }

    /// Waits `time`; zero does not wait at all.
    pub async fn wait(&self, time: Duration) {
        if !time.is_zero() {
            self.wait_until(Instant::now() + time).await;
        }
    }

    /// Waits until `due`.
    pub async fn wait_until(&self, due: Instant) {
        if due <= Instant::now() {
            return;
        }
        let (wake, woken) = oneshot::channel();
        {
            let mut waiting = self.shared.waiting.lock().unwrap_or_else(PoisonError::into_inner);
            waiting.0 += 1;
            let ticket = waiting.0;
            waiting.1.push(Reverse(Wait { due, ticket, wake }));
        }
        self.shared.changed.notify_one();
        // The thread lives as long as `self.shared`, so it always answers.
        let _ = woken.await;
    }
}

impl Shared {
    /// Wakes all who are due, then sleeps until the next deadline, a newcomer, or half a second.
    fn turn(&self) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        while waiting.1.peek().is_some_and(|Reverse(wait)| wait.due <= now) {
            if let Some(Reverse(wait)) = waiting.1.pop() {
                // A waiter that gave up is no error.
                let _ = wait.wake.send(());
            }
        }
        let next = waiting.1.peek().map(|Reverse(wait)| wait.due.saturating_duration_since(now));
        match next {
            Some(left) if left <= SPIN => {
                drop(waiting);
                std::hint::spin_loop();
            }
            left => {
                let sleep = left.map_or(Duration::from_millis(500), |left| left - SPIN);
                drop(self.changed.wait_timeout(waiting, sleep));
            }
        }
    }
}

/// The one server of a node: requests are served first come, first served, each for its service
/// time.
///
/// Kept as the time at which the server falls free (Lindley, 1952): a request departs at `max(now,
/// free) + service`, so no error adds up from one request to the next. A client that goes away
/// leaves its turn occupied, as it would on a server that does not notice.
#[derive(Debug, Default)]
pub struct Server {
    free: Mutex<Option<Instant>>,
}

impl Server {
    /// Takes a turn of `service`: when it ends. Zero takes none.
    #[must_use]
    pub fn turn(&self, now: Instant, service: Duration) -> Option<Instant> {
        if service.is_zero() {
            return None;
        }
        let mut free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        let departs = free.map_or(now, |free| free.max(now)) + service;
        *free = Some(departs);
        Some(departs)
    }
}

/// Holds traffic while it is closed; clones share it.
#[derive(Debug, Clone)]
pub struct Gate {
    closed: watch::Sender<bool>,
}

impl Default for Gate {
    fn default() -> Self {
        Self { closed: watch::Sender::new(false) }
    }
}

impl Gate {
    /// Closes or opens the gate.
    pub fn close(&self, closed: bool) {
        self.closed.send_replace(closed);
    }

    /// Whether traffic is held.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        *self.closed.borrow()
    }

    /// Waits until the gate is open.
    pub async fn open(&self) {
        if self.is_closed() {
            // The sender lives in `self`, so this ends only by opening.
            let _ = self.closed.subscribe().wait_for(|closed| !closed).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_server_serves_one_at_a_time_in_order() {
        let server = Server::default();
        let (now, service) = (Instant::now(), Duration::from_millis(5));
        let departures: Vec<_> = (1..=3).map(|_| server.turn(now, service)).collect();
        assert_eq!(departures, (1..=3).map(|n| Some(now + service * n)).collect::<Vec<_>>());
        let later = now + Duration::from_secs(1);
        assert_eq!(
            server.turn(later, service),
            Some(later + service),
            "an idle server starts at once"
        );
        assert_eq!(server.turn(later, Duration::ZERO), None);
    }

    #[tokio::test]
    async fn the_timer_wakes_in_order_and_not_early() {
        let timer = Timer::start().unwrap();
        let start = Instant::now();
        let wait = |ms| {
            let timer = timer.clone();
            async move {
                timer.wait(Duration::from_millis(ms)).await;
                (ms, Instant::now())
            }
        };
        let mut ends = futures_util::future::join_all([9, 3, 6].map(wait)).await;
        for (ms, end) in &ends {
            assert!(end.duration_since(start) >= Duration::from_millis(*ms));
        }
        ends.sort_by_key(|(_, end)| *end);
        assert_eq!(ends.iter().map(|(ms, _)| *ms).collect::<Vec<_>>(), [3, 6, 9]);
    }

    #[tokio::test]
    async fn a_gate_holds_until_it_opens() {
        let gate = Gate::default();
        gate.open().await;
        gate.close(true);
        let held = tokio::spawn({
            let gate = gate.clone();
            async move { gate.open().await }
        });
        tokio::task::yield_now().await;
        assert!(!held.is_finished());
        gate.close(false);
        held.await.unwrap();
    }
}
