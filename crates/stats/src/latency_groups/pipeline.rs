//! Decides which latency groups there are, in a fixed order: known labels, then the requests'
//! histogram, then the entities' means, then the profile of what was found.
//!
//! A node drawn anew for each request gives two hills in the histogram and one group of entities; a
//! node kept by each entity gives two of both. So both are always looked at.

use super::super::buckets::Buckets;
use super::super::error::StatsError;
use super::dip::{Dip, dip_test};
use super::entities::{EntityGroups, EntityMeans, OpMean, entity_groups};
use super::labels::{EXPLAINS, Explained, Labelling, best};
use super::profile::{Profile, profile};
use super::valley::{Valley, valley};

/// Fewest requests of which the histogram is judged.
pub const FEWEST_REQUESTS: u64 = 500;
/// Values that the dip test sees at most.
pub const DIP_VALUES: usize = 5000;
/// Below this share of the smaller group the dip test is too weak to confirm anything.
const DIP_CONFIRMS_FROM: f64 = 0.30;

/// Two hills of a request histogram.
#[derive(Debug, Clone, PartialEq)]
pub struct RequestGroups {
    /// The valley between them.
    pub valley: Valley,
    /// The dip test on the ln latencies, made where the smaller side is 30 % or more; there its p
    /// must be below 0.01. Its modal interval is in ln of the sample's unit.
    pub dip: Option<Dip>,
    /// Median of the requests below and above the cut.
    pub medians: (f64, f64),
}

/// Looks for groups in one operation's request latencies; `tick` is the clock's step in their unit.
/// `None` below 500 requests, without a valley, or where the dip test should confirm it and does
/// not.
#[must_use]
pub fn request_groups(sample: &Buckets, tick: f64) -> Option<RequestGroups> {
    if sample.total() < FEWEST_REQUESTS {
        return None;
    }
    let valley = valley(sample, tick)?;
    let minority = valley.below.min(1.0 - valley.below);
    // On the logarithm, as the valley is: a long tail then weakens the test less.
    let ln = || {
        sample
            .spread(DIP_VALUES)
            .iter()
            .map(|v| libm::log(v.max(f64::MIN_POSITIVE)))
            .collect::<Vec<_>>()
    };
    let dip = if minority >= DIP_CONFIRMS_FROM { dip_test(&ln()).ok() } else { None };
    if dip.is_some_and(|d| d.p >= 0.01) {
        return None;
    }
    let medians =
        (sample.quantile(valley.below / 2.0)?, sample.quantile(f64::midpoint(valley.below, 1.0))?);
    Some(RequestGroups { valley, dip, medians })
}

/// Everything about groups in one run and one set of operations.
#[derive(Debug, Clone, PartialEq)]
pub struct GroupReport {
    /// The label that explains most. From eta squared 0.5 on, its groups are the latency groups.
    pub label: Option<Explained>,
    /// Two hills of the requests.
    pub requests: Option<RequestGroups>,
    /// Groups of entities; `None` with fewer than 2 entities.
    pub entities: Option<EntityGroups>,
    /// Their profile.
    pub profile: Option<Profile>,
    /// The finding, one sentence each, most important first.
    pub sentences: Vec<String>,
}

/// The whole pipeline: `sample` and `labels` are of the operations that `of` takes, as are the
/// entities' means.
///
/// # Errors
/// None of its own at present; those of its parts that mean more than "too little to say".
pub fn latency_groups(
    sample: &Buckets,
    tick: f64,
    labels: &[Labelling],
    entities: &[EntityMeans],
    of: impl Fn(&OpMean) -> bool,
) -> Result<GroupReport, StatsError> {
    let label = best(labels);
    let requests = request_groups(sample, tick);
    let means: Vec<_> = entities.iter().map(|e| e.mean(&of)).collect();
    let found = entity_groups(&means).ok();
    let profile = found.as_ref().map(|f| profile(entities, &f.latency_groups)).transpose()?;
    let mut sentences = Vec::new();
    if let Some(l) = label.as_ref().filter(|l| l.eta_squared >= EXPLAINS) {
        let groups: Vec<String> =
            l.groups.iter().map(|g| format!("{} p50 {:.2} ms", g.name, g.p50 / 1000.0)).collect();
        sentences.push(format!(
            "The camps are the {}s: it explains {:.0} % of the variation ({}).",
            l.label,
            l.eta_squared * 100.0,
            groups.join(", ")
        ));
    }
    if let Some(r) = &requests {
        sentences.push(format!(
            "The requests fall into two groups: {:.0} % around {:.2} ms and {:.0} % around {:.2} \
             ms.",
            r.valley.below * 100.0,
            r.medians.0 / 1000.0,
            (1.0 - r.valley.below) * 100.0,
            r.medians.1 / 1000.0
        ));
    }
    if let Some(p) = profile.as_ref().filter(|p| p.latency_groups.len() > 1) {
        sentences.extend(p.sentences.iter().cloned());
    }
    Ok(GroupReport { label, requests, entities: found, profile, sentences })
}
