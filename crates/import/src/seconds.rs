//! The seconds of a draft: samples by time, and what tools tell of seconds themselves.
//!
//! Tests: the importers'.

use fwit_model::dialect::Kind;

use crate::draft::{Draft, SECONDS_MAX, Second, USERS_MAX};

impl Draft {
    /// A stretch of time that belongs to the run.
    pub fn spans(&mut self, from_us: i64, to_us: i64) {
        if self.base_us.is_none() {
            self.base_us = Some(from_us);
            (self.first_us, self.last_us) = (from_us, to_us);
        }
        self.first_us = self.first_us.min(from_us);
        self.last_us = self.last_us.max(to_us);
    }

    /// The second, counted from the first moment that was told, of a moment.
    pub(crate) fn second_of(&self, us: i64) -> i64 {
        us.saturating_sub(self.base_us.unwrap_or(us)).div_euclid(1_000_000)
    }

    pub(crate) fn second(&mut self, second: i64) -> Option<&mut Second> {
        if second.abs() > SECONDS_MAX {
            self.warn("It is longer than a day: charts over time show the first day.");
            return None;
        }
        Some(self.seconds.entry(second).or_default())
    }

    /// A second of a tool that tells sums: when it began (µs, as samples), answers and errors of an
    /// operation in it, and requests in flight or users.
    pub fn second_sums(
        &mut self,
        began_us: i64,
        op: (&str, Kind),
        answers: u64,
        errors: u64,
        in_flight: Option<f64>,
    ) {
        self.spans(began_us, began_us.saturating_add(1_000_000));
        let op = self.op(op.0, op.1);
        let second = self.second_of(began_us);
        if let Some(cell) = self.second(second) {
            let sums = cell.ops.entry(op).or_default();
            sums.answers = sums.answers.saturating_add(answers);
            sums.errors = sums.errors.saturating_add(errors);
            if let Some(n) = in_flight.filter(|n| (0.0..=USERS_MAX).contains(n)) {
                cell.in_flight = Some(n as f32);
            }
        }
    }

    /// Latencies of an operation in a second that began at `began_us`.
    pub fn second_latency(&mut self, began_us: i64, op: (&str, Kind), us: u64, n: u32) {
        self.spans(began_us, began_us.saturating_add(1_000_000));
        let op = self.op(op.0, op.1);
        let second = self.second_of(began_us);
        if let Some(cell) = self.second(second) {
            let bucket = fwit_stats::sparse::bucket(us);
            cell.ops.entry(op).or_default().latencies.add(bucket, n);
        }
    }

    /// p50 and p99 of a second, where the tool gives percentiles only, µs.
    pub fn second_percentiles(&mut self, began_us: i64, p50: u64, p99: u64) {
        let second = self.second_of(began_us);
        let small = |us: u64| u32::try_from(us).unwrap_or(u32::MAX);
        if let Some(cell) = self.second(second) {
            cell.given_us = Some([small(p50), small(p99)]);
        }
    }

    /// Users at a moment (µs, as samples). What is far from the samples so far is no moment of the
    /// run.
    pub fn users(&mut self, at_us: i64, n: f64) {
        let near = self.first_us..=self.last_us.saturating_add(60_000_000);
        if self.base_us.is_none() || !near.contains(&at_us) || !(0.0..=USERS_MAX).contains(&n) {
            return;
        }
        let second = self.second_of(at_us);
        if let Some(cell) = self.second(second) {
            cell.in_flight = Some(n as f32);
        }
    }

    /// Users, or requests in flight, in a second that began at `began_us`.
    pub(crate) fn second_users(&mut self, began_us: i64, users: Option<f64>) {
        self.spans(began_us, began_us.saturating_add(1_000_000));
        let second = self.second_of(began_us);
        let users = users.filter(|n| n.is_finite() && *n >= 0.0);
        if let (Some(users), Some(cell)) = (users, self.second(second)) {
            cell.in_flight = Some(users as f32);
        }
    }
}
