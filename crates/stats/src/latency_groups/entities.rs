//! Latency groups among entities: first whether entities differ by more than sampling noise, then
//! whether they fall into groups.
//!
//! Noise: Cochran's Q of the means with weights n / sd^2 (Biometrics 10, 1954) and I^2 (Higgins and
//! Thompson, Statistics in Medicine 21, 2002). Groups: exact 2- and 3-means of the ln means by
//! their goodness of fit, or the dip test. A good fit is not enough: the smaller group must have 3
//! entities and 5 %, and the groups must be 1.25 times apart.

use super::super::error::{StatsError, finite};
use super::super::special::chi2_upper;
use super::clusters::{Clusters, clusters};
use super::dip::dip_test;

/// What an operation does to the data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum OpKind {
    /// Only reads.
    Read,
    /// Writes.
    Write,
    /// Neither (publish, ping).
    Other,
}

/// One operation of one entity.
#[derive(Debug, Clone, PartialEq)]
pub struct OpMean {
    /// Its name.
    pub op: String,
    /// What it does.
    pub kind: OpKind,
    /// Finished requests.
    pub count: u64,
    /// Mean latency in microseconds.
    pub mean_us: f64,
    /// Standard deviation of single requests in microseconds; imported files often have none.
    pub sd_us: Option<f64>,
}

/// One entity with its means: from our runs and from imported files alike.
#[derive(Debug, Clone, PartialEq)]
pub struct EntityMeans {
    /// Its name.
    pub name: String,
    /// The node it talks to, where there is one.
    pub node: Option<String>,
    /// Its operations; one that it never finished may be missing.
    pub ops: Vec<OpMean>,
}

/// One entity's mean over some operations.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Mean {
    /// Requests.
    pub count: u64,
    /// Mean in microseconds, operations weighed by their requests.
    pub mean_us: f64,
    /// Standard deviation of a request, within and between the operations; `None` when one has
    /// none.
    pub sd_us: Option<f64>,
}

impl EntityMeans {
    /// Mean over the operations that `of` takes; `None` when it finished none of them (or they are
    /// no numbers).
    #[must_use]
    pub fn mean(&self, of: impl Fn(&OpMean) -> bool) -> Option<Mean> {
        let good = |o: &&OpMean| of(o) && o.count > 0 && o.mean_us.is_finite() && o.mean_us >= 0.0;
        let ops: Vec<&OpMean> = self.ops.iter().filter(good).collect();
        let count: u64 = ops.iter().fold(0, |n, o| n.saturating_add(o.count));
        if count == 0 {
            return None;
        }
        let share = |o: &OpMean| o.count as f64 / count as f64;
        let mean_us: f64 = ops.iter().map(|o| share(o) * o.mean_us).sum();
        let variance: Option<f64> = ops
            .iter()
            .map(|o| {
                let (sd, off) =
                    (o.sd_us.filter(|s| s.is_finite() && *s >= 0.0)?, o.mean_us - mean_us);
                Some(share(o) * (sd * sd + off * off))
            })
            .sum();
        Some(Mean { count, mean_us, sd_us: variance.map(f64::sqrt) })
    }
}

/// Whether means differ beyond their sampling noise.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Heterogeneity {
    /// Cochran's Q.
    pub q: f64,
    /// Its p-value (chi-square, n - 1 degrees of freedom).
    pub p: f64,
    /// Share of the variation that is not noise, 0 to 1.
    pub i_squared: f64,
}

impl Heterogeneity {
    /// p below 0.001 and I^2 of 0.75 or more.
    #[must_use]
    pub fn beyond_noise(&self) -> bool {
        self.p < 0.001 && self.i_squared >= 0.75
    }
}

/// Cochran's Q and I^2 of means with their standard errors (any unit).
///
/// # Errors
/// Fewer than 2 means, different lengths, a value that is not finite, a standard error that is not
/// positive.
pub fn heterogeneity(means: &[f64], errors: &[f64]) -> Result<Heterogeneity, StatsError> {
    let what = "Cochran's Q";
    finite(what, means, 2)?;
    if means.len() != errors.len() {
        return Err(StatsError::Lengths { what, left: means.len(), right: errors.len() });
    }
    if let Some(index) = errors.iter().position(|e| !(e.is_finite() && *e > 0.0)) {
        return Err(StatsError::BadValue {
            what,
            index,
            value: errors[index],
            wanted: "a positive error",
        });
    }
    let weights: Vec<f64> = errors.iter().map(|e| 1.0 / (e * e)).collect();
    let pooled =
        means.iter().zip(&weights).map(|(m, w)| m * w).sum::<f64>() / weights.iter().sum::<f64>();
    let q: f64 = means.iter().zip(&weights).map(|(m, w)| w * (m - pooled) * (m - pooled)).sum();
    let df = means.len() as f64 - 1.0;
    Ok(Heterogeneity {
        q,
        p: chi2_upper(q, df),
        i_squared: if q > 0.0 { ((q - df) / q).max(0.0) } else { 0.0 },
    })
}

/// What was found among the entities.
#[derive(Debug, Clone, PartialEq)]
pub struct EntityGroups {
    /// Positions of the entities that have a value, as given to [`entity_groups`]: groups, fastest
    /// first; one group when there are none.
    pub latency_groups: Vec<Vec<usize>>,
    /// Noise test; `None` where a spread is missing.
    pub heterogeneity: Option<Heterogeneity>,
    /// Goodness of fit of two groups.
    pub gvf2: f64,
    /// Goodness of fit of three groups.
    pub gvf3: f64,
    /// p of the dip test on the ln means; NaN below 4 entities.
    pub dip_p: f64,
}

const GVF2: f64 = 0.90;
const GVF3: f64 = 0.95;
const RATIO: f64 = 1.25;

/// Groups among the means of entities (`None`: the entity has none and joins no group).
///
/// # Errors
/// Fewer than 2 entities with a positive mean.
pub fn entity_groups(means: &[Option<Mean>]) -> Result<EntityGroups, StatsError> {
    let have: Vec<(usize, Mean)> = means
        .iter()
        .enumerate()
        .filter_map(|(i, m)| m.filter(|m| m.mean_us.is_finite() && m.mean_us > 0.0).map(|m| (i, m)))
        .collect();
    let ln: Vec<f64> = have.iter().map(|(_, m)| libm::log(m.mean_us)).collect();
    finite("camps among entities", &ln, 2)?;
    // The noise test is on ln means as well: their error is the relative error.
    let errors: Option<Vec<f64>> = have
        .iter()
        .map(|(_, m)| m.sd_us.filter(|s| *s > 0.0).map(|s| s / (m.count as f64).sqrt() / m.mean_us))
        .collect();
    let heterogeneity = errors.and_then(|e| heterogeneity(&ln, &e).ok());
    let (two, three) = (clusters(&ln, &[], 2)?, clusters(&ln, &[], 3)?);
    let dip_p = dip_test(&ln)?.p;
    let differ = heterogeneity.is_none_or(|h| h.beyond_noise());
    let inner = |c: &Clusters| c.clusters.iter().map(|c| c.within).sum::<f64>();
    let chosen = if !differ {
        None
    } else if three.gvf >= GVF3 && apart(&three, ln.len()) && inner(&three) <= 0.2 * inner(&two) {
        Some(&three)
    } else if (two.gvf >= GVF2 || dip_p < 0.01) && apart(&two, ln.len()) {
        Some(&two)
    } else {
        None
    };
    let latency_groups = match chosen {
        Some(c) => {
            c.clusters.iter().map(|c| c.members.iter().map(|&m| have[m].0).collect()).collect()
        }
        None => vec![have.iter().map(|h| h.0).collect()],
    };
    Ok(EntityGroups { latency_groups, heterogeneity, gvf2: two.gvf, gvf3: three.gvf, dip_p })
}

/// Every group has 3 entities and 5 %, and neighbours are 1.25 times apart.
fn apart(c: &Clusters, n: usize) -> bool {
    let least = 3.max(n.div_ceil(20));
    c.clusters.len() > 1
        && c.clusters.iter().all(|c| c.members.len() >= least)
        && c.clusters.windows(2).all(|w| w[1].centre - w[0].centre >= libm::log(RATIO))
}
