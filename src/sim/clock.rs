//! A clock that runs as fast as the machine: time stands still while anything can go on, then jumps to the
//! next timer. Futures run on the calling thread, in a fixed order.

use std::cell::{Cell, RefCell};
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::future::Future;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use crate::entity::world::Clock;
use crate::units::Micros;

/// The virtual clock.
#[derive(Clone, Debug, Default)]
pub struct VirtualClock {
    inner: Rc<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    now: Cell<Micros>,
    next: Cell<u64>,
    timers: RefCell<BinaryHeap<Reverse<Timer>>>,
}

#[derive(Debug)]
struct Timer {
    at: Micros,
    /// Timers of the same instant fire in the order they were set.
    order: u64,
    state: Rc<TimerState>,
}

#[derive(Debug, Default)]
struct TimerState {
    fired: Cell<bool>,
    waker: RefCell<Option<Waker>>,
}

impl PartialEq for Timer {
    fn eq(&self, other: &Self) -> bool {
        self.order == other.order
    }
}
impl Eq for Timer {}
impl PartialOrd for Timer {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Timer {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.at, self.order).cmp(&(other.at, other.order))
    }
}

impl Clock for VirtualClock {
    fn now(&self) -> Micros {
        self.inner.now.get()
    }

    fn sleep_until(&self, at: Micros) -> impl Future<Output = ()> {
        Sleep { clock: self.clone(), at, state: None }
    }
}

struct Sleep {
    clock: VirtualClock,
    at: Micros,
    state: Option<Rc<TimerState>>,
}

impl Future for Sleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let inner = self.clock.inner.clone();
        if self.at <= inner.now.get() {
            return Poll::Ready(());
        }
        // The far end of time never comes.
        if self.at == Micros::MAX {
            return Poll::Pending;
        }
        let at = self.at;
        let state = self.state.get_or_insert_with(|| {
            let state = Rc::new(TimerState::default());
            let order = inner.next.get();
            inner.next.set(order + 1);
            inner.timers.borrow_mut().push(Reverse(Timer { at, order, state: state.clone() }));
            state
        });
        if state.fired.get() {
            return Poll::Ready(());
        }
        state.waker.replace(Some(cx.waker().clone()));
        Poll::Pending
    }
}

struct Flag(AtomicBool);

impl Wake for Flag {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Nothing could go on, and no timer was set.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("the simulation is stuck at {0}: nothing is due and nothing can go on")]
pub struct Stuck(pub Micros);

impl VirtualClock {
    /// Runs a future to its end.
    ///
    /// # Errors
    /// [`Stuck`] where it waits for something that no timer will bring.
    pub fn run<F: Future>(&self, future: F) -> Result<F::Output, Stuck> {
        let mut future = pin!(future);
        let mut task = Task::default();
        loop {
            if let Some(out) = self.run_some(future.as_mut(), &mut task, u32::MAX)? {
                return Ok(out);
            }
        }
    }

    /// Runs a future to its end in slices: after each, `rest` is waited for, so that a page's worker hears
    /// what it is told meanwhile. `over` is asked from time to time whether a slice is long enough.
    ///
    /// # Errors
    /// As [`VirtualClock::run`].
    pub async fn run_in_slices<F: Future, R: Future>(
        &self,
        future: F,
        mut over: impl FnMut() -> bool,
        mut rest: impl FnMut() -> R,
    ) -> Result<F::Output, Stuck> {
        let mut future = pin!(future);
        let mut task = Task::default();
        loop {
            if let Some(out) = self.run_some(future.as_mut(), &mut task, SLICE_STEPS)? {
                return Ok(out);
            }
            if over() {
                rest().await;
            }
        }
    }

    /// Takes so many steps (a step is a timer that fires, and all that follows at once).
    fn run_some<F: Future>(
        &self,
        mut future: Pin<&mut F>,
        task: &mut Task,
        steps: u32,
    ) -> Result<Option<F::Output>, Stuck> {
        let mut cx = Context::from_waker(&task.waker);
        for _ in 0..steps {
            while task.flag.0.swap(false, Ordering::Relaxed) {
                if let Poll::Ready(out) = future.as_mut().poll(&mut cx) {
                    return Ok(Some(out));
                }
            }
            if !self.fire() {
                return Err(Stuck(self.now()));
            }
        }
        Ok(None)
    }

    /// Time jumps to the next timer that somebody waits for. `false` where there is none.
    fn fire(&self) -> bool {
        let mut timers = self.inner.timers.borrow_mut();
        while let Some(Reverse(timer)) = timers.pop() {
            // A sleeper that was dropped leaves only our own handle behind: its timer moves nothing.
            if Rc::strong_count(&timer.state) == 1 {
                continue;
            }
            self.inner.now.set(self.now().max(timer.at));
            timer.state.fired.set(true);
            if let Some(waker) = timer.state.waker.take() {
                waker.wake();
            }
            return true;
        }
        false
    }
}

/// Steps between two looks at what else there is to do: some hundred microseconds.
const SLICE_STEPS: u32 = 500;

/// The one task that is run, and whether it can go on.
struct Task {
    flag: Arc<Flag>,
    waker: Waker,
}

impl Default for Task {
    fn default() -> Task {
        let flag = Arc::new(Flag(AtomicBool::new(true)));
        Task { waker: Waker::from(flag.clone()), flag }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::future::{join, select};

    use super::*;

    #[test]
    fn time_jumps_from_timer_to_timer() {
        let clock = VirtualClock::default();
        let order = RefCell::new(Vec::new());
        let nap = async |at: u64, name: u32| {
            clock.sleep_until(Micros(at)).await;
            order.borrow_mut().push((name, clock.now().0));
        };
        clock.run(join(join(nap(50, 1), nap(10, 2)), join(nap(50, 3), nap(0, 4)))).unwrap();
        assert_eq!(order.into_inner(), [(4, 0), (2, 10), (1, 50), (3, 50)]);
    }

    #[test]
    fn a_dropped_sleeper_moves_no_time() {
        let clock = VirtualClock::default();
        clock
            .run(async {
                let short = pin!(clock.sleep_until(Micros(5)));
                select(short, pin!(clock.sleep_until(Micros(1_000)))).await;
                clock.sleep_until(Micros(7)).await;
            })
            .unwrap();
        assert_eq!(clock.now(), Micros(7));
    }

    #[test]
    fn slices_do_the_same_and_rest_between() {
        let (clock, outer) = (VirtualClock::default(), VirtualClock::default());
        let count = Cell::new(0);
        let work = async {
            for _ in 0..2_000 {
                clock.sleep_until(clock.now() + Micros(3)).await;
                count.set(count.get() + 1);
            }
            count.get()
        };
        let rests = Cell::new(0);
        let sliced = clock.run_in_slices(
            work,
            || true,
            || {
                rests.set(rests.get() + 1);
                outer.sleep_until(outer.now() + Micros(1))
            },
        );
        assert_eq!(outer.run(sliced), Ok(Ok(2_000)));
        assert_eq!((clock.now(), rests.get()), (Micros(6_000), 4));
        let stuck = clock.run_in_slices(clock.sleep_until(Micros::MAX), || true, std::future::pending::<()>);
        assert_eq!(outer.run(stuck), Ok(Err(Stuck(Micros(6_000)))));
    }

    #[test]
    fn waiting_for_nothing_is_an_error() {
        assert_eq!(VirtualClock::default().run(std::future::pending::<()>()), Err(Stuck(Micros(0))));
    }
}
