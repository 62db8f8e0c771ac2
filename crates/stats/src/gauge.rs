//! A number that changes over time (requests in flight, entities that wait), integrated exactly.

use fwit_quantities::units::Micros;

/// A counter and its integral over time, in all and by second.
#[derive(Clone, Debug)]
pub struct Gauge {
    start: Micros,
    value: u32,
    since: Micros,
    /// End of the second that `since` lies in.
    second_ends: Micros,
    /// Value times microseconds, a cell a second from the start on; of the last second so far.
    by_second: Vec<f64>,
}

impl Gauge {
    /// Zero from `start` on.
    #[must_use]
    pub fn new(start: Micros) -> Gauge {
        Gauge { start, value: 0, since: start, second_ends: start, by_second: Vec::new() }
    }

    /// The value now.
    #[must_use]
    pub fn value(&self) -> u32 {
        self.value
    }

    /// One more from `now` on.
    pub fn up(&mut self, now: Micros) {
        self.advance(now);
        self.value += 1;
    }

    /// One more from `from` on, which is told at `now` only.
    pub fn up_since(&mut self, from: Micros, now: Micros) {
        self.advance(now);
        let start = self.start;
        let mut at = from.max(start);
        while at < self.since {
            let second = (at.since(start).0 / 1_000_000) as usize;
            let stop = self.since.min(start + Micros((second as u64 + 1) * 1_000_000));
            if let Some(area) = self.by_second.get_mut(second) {
                *area += stop.since(at).0 as f64;
            }
            at = stop;
        }
        self.value += 1;
    }

    /// One less from `now` on.
    pub fn down(&mut self, now: Micros) {
        self.advance(now);
        self.value = self.value.saturating_sub(1);
    }

    /// Brings the integral up to `now`. Instants that go back count as no time.
    pub fn advance(&mut self, now: Micros) {
        while self.since < now {
            if self.since == self.second_ends {
                self.second_ends += Micros(1_000_000);
                self.by_second.push(0.0);
            }
            let stop = now.min(self.second_ends);
            if let Some(area) = self.by_second.last_mut() {
                *area += f64::from(self.value) * stop.since(self.since).0 as f64;
            }
            self.since = stop;
        }
    }

    /// The average over a whole second of the run.
    #[must_use]
    pub fn second(&self, second: usize) -> f64 {
        self.by_second.get(second).map_or(0.0, |area| area / 1e6)
    }
}

/// A gauge's integral over a window only.
#[derive(Clone, Copy, Debug)]
pub struct WindowArea {
    value: u32,
    since: Micros,
    from: Micros,
    to: Micros,
    area: f64,
}

impl WindowArea {
    /// Over `from..to`.
    #[must_use]
    pub fn new(from: Micros, to: Micros) -> WindowArea {
        WindowArea { value: 0, since: from, from, to, area: 0.0 }
    }

    /// The value becomes `value` at `now`.
    pub fn set(&mut self, value: u32, now: Micros) {
        let now = now.clamp(self.from, self.to);
        self.area += f64::from(self.value) * now.since(self.since).0 as f64;
        self.since = self.since.max(now);
        self.value = value;
    }

    /// One more from `now` on.
    pub fn up(&mut self, now: Micros) {
        self.set(self.value + 1, now);
    }

    /// One more from `from` on, which is told at `now` only.
    pub fn up_since(&mut self, from: Micros, now: Micros) {
        self.up(now);
        self.area += now.min(self.to).since(from.max(self.from)).0 as f64;
    }

    /// The window ends at `to`, at the latest: what comes after is not counted.
    pub fn end(&mut self, to: Micros) {
        self.set(self.value, to.min(self.to));
        self.to = self.to.min(to).max(self.from);
    }

    /// One less from `now` on.
    pub fn down(&mut self, now: Micros) {
        self.set(self.value.saturating_sub(1), now);
    }

    /// The average from the window's start to `now` (or its end); zero before it starts.
    #[must_use]
    pub fn mean(&self, now: Micros) -> f64 {
        let mut upto = *self;
        upto.set(self.value, now);
        let length = now.clamp(self.from, self.to).since(self.from).0;
        if length == 0 { 0.0 } else { upto.area / length as f64 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_are_split_at_their_edges() {
        let mut g = Gauge::new(Micros(500_000));
        g.up(Micros(1_000_000)); // 0.5 s into second 0
        g.up(Micros(2_000_000)); // 0.5 s into second 1
        g.down(Micros(4_500_000)); // start of second 4
        g.advance(Micros(5_500_000));
        let seconds: Vec<f64> = (0..6).map(|s| g.second(s)).collect();
        assert_eq!(seconds, [0.5, 1.5, 2.0, 2.0, 1.0, 0.0]);
    }

    #[test]
    fn a_window_sees_only_what_lies_in_it() {
        let mut w = WindowArea::new(Micros(10), Micros(20));
        w.up(Micros(0));
        w.up(Micros(15));
        assert_eq!(w.mean(Micros(5)), 0.0);
        assert_eq!(w.mean(Micros(20)), 1.5);
        w.down(Micros(25));
        assert_eq!(w.mean(Micros(30)), 1.5);
    }

    #[test]
    fn a_clock_that_steps_back_takes_no_time_away() {
        let mut g = Gauge::new(Micros(0));
        g.up(Micros(1_000_000));
        g.down(Micros(900_000));
        g.advance(Micros(2_000_000));
        assert_eq!(g.second(1), 0.0);
        assert_eq!(g.value(), 0);
    }
}
