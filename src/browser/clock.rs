//! The worker's clock: `performance.now()` and `setTimeout`.

use std::future::Future;

use gloo_timers::future::TimeoutFuture;
use web_sys::Performance;

use super::alarms::Alarms;
use fwit_engine::environment::Clock;
use fwit_quantities::units::Micros;

/// Waits of this length or longer share one timer. Shorter ones have a timer each, to be on time.
const LONG: Micros = Micros(500_000);

/// The worker's clock, in microseconds since its time origin.
#[derive(Clone, Debug)]
pub struct BrowserClock {
    performance: Performance,
    alarms: Alarms,
}

impl BrowserClock {
    /// Makes a clock from a global's `performance`.
    #[must_use]
    pub fn new(performance: Performance) -> BrowserClock {
        BrowserClock { alarms: Alarms::new(performance.clone()), performance }
    }

    /// Returns the step of the clock, found by reading it for a moment: 0.1 ms, or 0.005 ms in an
    /// isolated page.
    #[must_use]
    pub fn tick(&self) -> Micros {
        let mut least = f64::INFINITY;
        for _ in 0..5 {
            let start = self.performance.now();
            // Bounded, so that a clock that stands still can not hang the worker.
            for _ in 0..200_000 {
                let now = self.performance.now();
                if now > start {
                    least = least.min(now - start);
                    break;
                }
            }
        }
        Micros::from_millis(if least.is_finite() { least } else { 0.0 })
    }
}

impl Clock for BrowserClock {
    fn now(&self) -> Micros {
        Micros::from_millis(self.performance.now())
    }

    fn sleep_until(&self, at: Micros) -> impl Future<Output = ()> {
        let left = at.since(self.now());
        let alarm = (left >= LONG).then(|| self.alarms.wait(at));
        async move {
            if let Some(alarm) = alarm {
                alarm.await;
            } else if left > Micros::ZERO {
                // Timers take whole milliseconds. Rounded up: to wake early would mean to sleep
                // again.
                let ms = left.0.div_ceil(1_000).min(i32::MAX as u64) as u32;
                TimeoutFuture::new(ms).await;
            }
        }
    }
}
