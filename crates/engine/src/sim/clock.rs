//! A clock that runs as fast as the machine: time stands still while any future can go on, then
//! jumps to the next timer. Futures run on the calling thread, in a fixed order.

use std::cell::{Cell, RefCell};
use std::collections::BinaryHeap;
use std::future::Future;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use crate::environment::Clock;
use fwit_quantities::units::Micros;

/// The virtual clock.
#[derive(Clone, Debug, Default)]
pub struct VirtualClock {
    inner: Rc<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    now: Cell<Micros>,
    timers: RefCell<Timers>,
}

/// Timers that are set, and what waits for them. Most are deadlines whose wait ends early: their
/// entries are swept out as soon as they outnumber the rest, which keeps the heap as small as the
/// number of sleepers.
#[derive(Debug, Default)]
struct Timers {
    /// The next one on top: see [`entry`].
    heap: BinaryHeap<u128>,
    sleepers: Vec<Sleeper>,
    free: Vec<u32>,
    next_order: u64,
    /// Entries of the heap whose sleeper is gone.
    dead: usize,
}

/// A sleeper's place, used again and again.
#[derive(Debug)]
struct Sleeper {
    /// The order number of its timer: an entry of another number is not its own.
    order: u64,
    fired: bool,
    waker: Waker,
}

/// When a timer fires, in which order it was set (timers of the same instant fire in it: 2^40 are
/// more than any run sets), and its sleeper's place, as one number: the sooner, the greater.
fn entry(at: Micros, order: u64, place: u32) -> u128 {
    !(u128::from(at.0) << 64 | u128::from(order << 24 | u64::from(place)))
}

/// What [`entry`] was made of.
fn parts(entry: u128) -> (Micros, u64, u32) {
    let (at, rest) = ((!entry >> 64) as u64, !entry as u64);
    (Micros(at), rest >> 24, (rest & 0xff_ffff) as u32)
}

impl Timers {
    fn set(&mut self, at: Micros, waker: &Waker) -> u32 {
        let order = self.next_order;
        self.next_order += 1;
        let sleeper = Sleeper { order, fired: false, waker: waker.clone() };
        let place = match self.free.pop() {
            Some(place) => {
                if let Some(old) = self.sleepers.get_mut(place as usize) {
                    *old = sleeper;
                }
                place
            }
            None => {
                self.sleepers.push(sleeper);
                (self.sleepers.len() - 1) as u32
            }
        };
        self.heap.push(entry(at, order, place));
        place
    }

    /// A sleeper is gone, whether or not its timer fired.
    fn clear(&mut self, place: u32) {
        let Some(sleeper) = self.sleepers.get_mut(place as usize) else { return };
        let fired = sleeper.fired;
        // No entry of the heap has this number.
        sleeper.order = u64::MAX;
        self.free.push(place);
        self.dead += usize::from(!fired);
        if self.dead > 64 && self.dead > self.heap.len() / 2 {
            let sleepers = &self.sleepers;
            let lives = |order: u64, place: u32| {
                sleepers.get(place as usize).is_some_and(|s| s.order == order)
            };
            self.heap.retain(|entry| {
                let (_, order, place) = parts(*entry);
                lives(order, place)
            });
            self.dead = 0;
        }
    }

    /// The next timer that a future waits for.
    fn pop(&mut self) -> Option<(Micros, Waker)> {
        while let Some(next) = self.heap.pop() {
            let (at, order, place) = parts(next);
            match self.sleepers.get_mut(place as usize) {
                Some(sleeper) if sleeper.order == order => {
                    sleeper.fired = true;
                    return Some((
                        at,
                        std::mem::replace(&mut sleeper.waker, Waker::noop().clone()),
                    ));
                }
                _ => self.dead = self.dead.saturating_sub(1),
            }
        }
        None
    }
}

impl Clock for VirtualClock {
    fn now(&self) -> Micros {
        self.inner.now.get()
    }

    fn sleep_until(&self, at: Micros) -> impl Future<Output = ()> {
        Sleep { clock: self.clone(), at, place: None }
    }
}

struct Sleep {
    clock: VirtualClock,
    at: Micros,
    place: Option<u32>,
}

impl Drop for Sleep {
    fn drop(&mut self) {
        if let Some(place) = self.place {
            self.clock.inner.timers.borrow_mut().clear(place);
        }
    }
}

impl Future for Sleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if self.at <= self.clock.inner.now.get() {
            return Poll::Ready(());
        }
        // The far end of time never comes.
        if self.at == Micros::MAX {
            return Poll::Pending;
        }
        let (at, place) = (self.at, self.place);
        let set = {
            let mut timers = self.clock.inner.timers.borrow_mut();
            match place.and_then(|p| timers.sleepers.get_mut(p as usize)) {
                Some(sleeper) => {
                    if !sleeper.waker.will_wake(cx.waker()) {
                        sleeper.waker.clone_from(cx.waker());
                    }
                    return Poll::Pending;
                }
                None => timers.set(at, cx.waker()),
            }
        };
        self.place = Some(set);
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

    /// Runs a future to its end in slices: after each, `rest` is waited for, so that a page's
    /// worker hears what it is told meanwhile. `over` is asked from time to time whether a slice is
    /// long enough.
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

    /// Time jumps to the next timer that a future waits for. `false` where there is none.
    fn fire(&self) -> bool {
        let next = self.inner.timers.borrow_mut().pop();
        let Some((at, waker)) = next else { return false };
        self.inner.now.set(self.now().max(at));
        waker.wake();
        true
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
    fn sooner_timers_and_earlier_ones_of_an_instant_are_on_top() {
        let timer = (Micros(u64::MAX - 1), (1 << 40) - 1, 0xff_ffff);
        assert_eq!(parts(entry(timer.0, timer.1, timer.2)), timer);
        assert!(
            entry(Micros(5), 9, 9) > entry(Micros(6), 1, 1)
                && entry(Micros(5), 1, 9) > entry(Micros(5), 2, 1)
        );
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
    fn deadlines_whose_wait_is_over_are_swept_out() {
        let clock = VirtualClock::default();
        clock
            .run(async {
                for _ in 0..10_000 {
                    let long = pin!(clock.sleep_until(clock.now() + Micros(10_000_000)));
                    select(pin!(clock.sleep_until(clock.now() + Micros(5))), long).await;
                }
            })
            .unwrap();
        let timers = clock.inner.timers.borrow();
        assert!(
            clock.now() == Micros(50_000) && timers.heap.len() < 200 && timers.sleepers.len() < 10
        );
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
        let stuck = clock.run_in_slices(
            clock.sleep_until(Micros::MAX),
            || true,
            std::future::pending::<()>,
        );
        assert_eq!(outer.run(stuck), Ok(Err(Stuck(Micros(6_000)))));
    }

    #[test]
    fn waiting_for_nothing_is_an_error() {
        assert_eq!(
            VirtualClock::default().run(std::future::pending::<()>()),
            Err(Stuck(Micros(0)))
        );
    }
}
