//! The seconds of Locust's history: what each row has more than the one before.
//!
//! Tests: beside `locust_csv`, which reads the rows.

use std::collections::BTreeMap;

use fwit_model::dialect::Kind;
use fwit_report::run::source::GivenFile;

use crate::draft::{Draft, SECONDS_MAX};

/// The name of the row of all.
pub(super) const ALL: &str = "Aggregated";

/// A row's figures.
#[derive(Clone, Default)]
pub(super) struct Figures {
    pub(super) requests: u64,
    pub(super) failures: u64,
    pub(super) mean_us: Option<f64>,
    pub(super) max_us: Option<u64>,
    pub(super) median_us: Option<u64>,
    pub(super) percentiles: Vec<(f64, u64)>,
}

impl Figures {
    pub(super) fn given(self, op: Option<String>) -> GivenFile {
        GivenFile {
            op,
            node: None,
            count: self.requests,
            mean_us: self.mean_us,
            max_us: self.max_us,
            percentiles: self.percentiles,
        }
    }
}

/// Seconds of a history: what a row has more than the one before belongs to the second that ends
/// with it.
#[derive(Default)]
pub(super) struct History {
    pub(super) full: bool,
    from_us: Option<i64>,
    to_us: i64,
    /// Seconds of the row of all, which count where there are no names.
    all: BTreeMap<i64, (u64, u64)>,
    users: BTreeMap<i64, f64>,
    most_users: f64,
    percentiles: BTreeMap<i64, (u64, u64)>,
}

impl History {
    pub(super) fn all(
        &mut self,
        draft: &mut Draft,
        at: i64,
        users: Option<f64>,
        (before, now): (&Figures, &Figures),
    ) {
        let second = self.second(at, now.requests > 0);
        if now.requests < before.requests {
            draft
                .warn("Its counts fall: Locust set them back, and what was before is not counted.");
        }
        if self.all.len() as i64 >= SECONDS_MAX {
            return;
        }
        let sums = self.all.entry(second).or_default();
        sums.0 = sums.0.saturating_add(more(before.requests, now.requests));
        sums.1 = sums.1.saturating_add(more(before.failures, now.failures));
        if let Some(users) = users.filter(|users| *users <= 1e9) {
            self.users.insert(second, users);
            self.most_users = self.most_users.max(users);
        }
        let at = |p: f64| now.percentiles.iter().find(|(own, _)| (own - p).abs() < 1e-9);
        if let (Some((_, p50)), Some((_, p99))) = (at(0.5), at(0.99))
            && *p99 > 0
        {
            self.percentiles.insert(second, (*p50, *p99));
        }
    }

    pub(super) fn name(
        &mut self,
        draft: &mut Draft,
        at: i64,
        op: (&str, Kind),
        (before, now): (&Figures, &Figures),
    ) {
        let second = self.second(at, now.requests > 0);
        let failures = more(before.failures, now.failures);
        let requests = more(before.requests, now.requests);
        draft.second_sums(second, op, requests.saturating_sub(failures), failures, None);
    }

    /// The second that a row tells of.
    fn second(&mut self, at: i64, counts: bool) -> i64 {
        let second = at - 1_000_000;
        // A first row without requests is the beginning itself.
        let from = if counts { second } else { at };
        let known = self.from_us.get_or_insert(from);
        *known = (*known).min(from);
        self.to_us = self.to_us.max(at);
        second.max(*known)
    }

    pub(super) fn finish(self, draft: &mut Draft) {
        let Some(from) = self.from_us else { return };
        for (second, (requests, failures)) in &self.all {
            let answers = requests.saturating_sub(*failures);
            let users = self.users.get(second).copied();
            match self.full {
                true => draft.second_users(*second, users),
                false => draft.second_sums(*second, (ALL, Kind::Read), answers, *failures, users),
            }
        }
        if self.full {
            for (second, (p50, p99)) in &self.percentiles {
                draft.second_percentiles(*second, *p50, *p99);
            }
        }
        draft.entities_planned = (self.most_users > 0.0).then_some(self.most_users as u32);
        draft.started_us = Some(from);
        draft.duration_s = Some(self.to_us.saturating_sub(from) as f64 / 1e6);
    }
}

/// What came since the row before; all of it after a fall.
fn more(before: u64, now: u64) -> u64 {
    now.checked_sub(before).unwrap_or(now)
}
