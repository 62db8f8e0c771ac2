//! A clock that wakes to a few hundredths of a millisecond; tokio's own timers are whole
//! milliseconds late.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;
use std::time::Instant;

use tokio::sync::oneshot;

/// Wakes what waits for an instant. Its thread ends when the last handle drops.
#[derive(Debug, Clone)]
pub(super) struct Alarm {
    inner: Arc<Inner>,
    _end: Arc<End>,
}

#[derive(Debug, Default)]
struct Inner {
    waiting: Mutex<Waiting>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Waiting {
    /// The next instant first.
    heap: BinaryHeap<Reverse<Entry>>,
    over: bool,
}

#[derive(Debug)]
struct Entry {
    at: Instant,
    ring: oneshot::Sender<()>,
}

impl PartialEq for Entry {
    fn eq(&self, other: &Self) -> bool {
        self.at == other.at
    }
}
impl Eq for Entry {}
impl PartialOrd for Entry {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Entry {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.at.cmp(&other.at)
    }
}

#[derive(Debug)]
struct End(Arc<Inner>);

impl Drop for End {
    fn drop(&mut self) {
        self.0.waiting.lock().unwrap_or_else(PoisonError::into_inner).over = true;
        self.0.changed.notify_all();
    }
}

impl Alarm {
    pub(super) fn start() -> Self {
        let inner = Arc::new(Inner::default());
        let of_thread = inner.clone();
        thread::spawn(move || of_thread.ring());
        Self { _end: Arc::new(End(inner.clone())), inner }
    }

    /// Resolves at that instant.
    pub(super) async fn wait_until(&self, at: Instant) {
        if at <= Instant::now() {
            return;
        }
        let (ring, rung) = oneshot::channel();
        self.inner.set(Entry { at, ring });
        // An alarm that ended wakes everybody.
        let _ = rung.await;
    }
}

impl Inner {
    fn set(&self, entry: Entry) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let first = waiting.heap.peek().is_none_or(|Reverse(next)| entry.at < next.at);
        waiting.heap.push(Reverse(entry));
        if first {
            self.changed.notify_one();
        }
    }

    fn ring(&self) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        while !waiting.over {
            let now = Instant::now();
            let left =
                waiting.heap.peek().map(|Reverse(next)| next.at.saturating_duration_since(now));
            waiting = match left {
                Some(left) if left.is_zero() => {
                    if let Some(Reverse(entry)) = waiting.heap.pop() {
                        // Who no longer waits does not mind.
                        let _ = entry.ring.send(());
                    }
                    waiting
                }
                Some(left) => {
                    self.changed
                        .wait_timeout(waiting, left)
                        .unwrap_or_else(PoisonError::into_inner)
                        .0
                }
                None => self.changed.wait(waiting).unwrap_or_else(PoisonError::into_inner),
            };
        }
        waiting.heap.clear();
    }
}
