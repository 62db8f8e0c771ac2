//! How many CORS preflights a plan makes, counted before it starts.
//!
//! A browser asks before a request that is not simple (Fetch standard): another method than GET,
//! HEAD or POST, another content type than a form's or plain text, or a header of its own such as
//! the API key's. Answers are kept by whole URL, fragment included, so their number is that of the
//! distinct URLs, lane by lane.

use super::{Load, Model, Plan};
use crate::dialect::{self, Choice, Dialect, KeyUse, Method, Pool};

/// Chromium keeps 1,024 answers and drops ten at random when full: below this none is lost.
pub const KEPT: u64 = 900;

/// Requests of one URL at a time on a lane, each with a fragment of its own.
pub const AT_A_TIME: u32 = 6;

/// The preflights of a plan.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Preflights {
    /// About how many in the whole run.
    pub total: u64,
    /// Operations whose URL has the key in it, and that need them.
    pub by_key: Vec<&'static str>,
    /// Paths asked for before the load, so that none of theirs falls into it.
    pub warm: Vec<String>,
}

/// Counts the preflights of a plan whose requests carry an API key or not. Pages that the nodes
/// serve themselves make none at all: this is for another origin.
#[must_use]
pub fn expected(plan: &Plan, has_key: bool) -> Preflights {
    if plan.cluster.sim.is_some() {
        return Preflights::default();
    }
    let dialect = dialect::of(plan.cluster.dialect);
    let operations = dialect.operations();
    let lanes = lanes(plan);
    let weight: f64 = plan.mix.iter().map(|(_, w)| f64::from(*w)).sum();
    let requests = requests(&plan.load);
    let at_a_time = u64::from(plan.load.entities).div_ceil(lanes).min(u64::from(AT_A_TIME));
    let mut found = Preflights::default();
    for (op, (operation, (_, w))) in operations.iter().zip(&plan.mix).enumerate() {
        if *w == 0 || !needs(dialect, op, has_key) {
            continue;
        }
        let path =
            |key: &str| dialect.request(op, &Choice { key, value: "\"v\"" }).path.into_owned();
        let own = (requests * f64::from(*w) / weight.max(1.0)).ceil() as u64;
        if path("a") == path("b") {
            found.total += (at_a_time * lanes).min(own);
            found.warm.push(path("a"));
        } else {
            let keys = match operation.key {
                // Every blob has a name of its own.
                KeyUse::Fresh(_) | KeyUse::Known(Pool::Blobs) | KeyUse::Forget(Pool::Blobs) => {
                    u64::MAX
                }
                _ => u64::from(plan.keys.space),
            };
            found.total += keys.saturating_mul(lanes).min(own);
            found.by_key.push(operation.name);
        }
    }
    if found.warm.len() as u64 * at_a_time * lanes > KEPT {
        found.warm.clear();
    }
    found
}

/// Lanes that requests go to: sticky entities all end on one node.
fn lanes(plan: &Plan) -> u64 {
    let each = plan.cluster.nodes.iter().map(|n| n.lane_urls().count() as u64);
    if plan.disable_leader_stickiness { each.sum::<u64>() } else { each.max().unwrap_or_default() }
        .max(1)
}

/// About how many requests a run makes: a closed load with answers in 20 ms.
fn requests(load: &Load) -> f64 {
    let seconds = load.total().as_secs();
    match load.model {
        Model::Open { rate_per_s, .. } => rate_per_s * seconds,
        Model::Closed { think, jitter } => {
            f64::from(load.entities) * seconds / (think.as_secs() + jitter.as_secs() / 2.0 + 0.02)
        }
    }
}

/// Whether an operation's request is not simple.
fn needs(dialect: &dyn Dialect, op: usize, has_key: bool) -> bool {
    let request = dialect.request(op, &Choice { key: "a", value: "\"v\"" });
    let kind = request.content_type.split(';').next().unwrap_or_default().trim();
    let simple = ["", "text/plain", "multipart/form-data", "application/x-www-form-urlencoded"];
    has_key || !matches!(request.method, Method::Get | Method::Post) || !simple.contains(&kind)
}

impl Preflights {
    /// What to tell before the start; `None` where there are none.
    #[must_use]
    pub fn words(&self) -> Option<String> {
        let count = match self.total {
            0 => return None,
            n @ 1..100 => n.to_string(),
            n => {
                // Two digits: it is an estimate.
                let digit = 10_u64.pow(n.ilog10() - 1);
                fwit_quantities::units::grouped(
                    i64::try_from(n.div_ceil(digit) * digit).unwrap_or(i64::MAX),
                )
            }
        };
        let mut text = format!(
            "About {count} CORS preflights: the API key is a header, and the browser asks each \
             address for leave once."
        );
        if !self.by_key.is_empty() {
            text.push_str(&format!(
                "Most are of {}, whose keys stand in the address: use fewer keys, put the key \
                 into the body, or let the cluster serve this page.",
                self.by_key.join(", ")
            ));
        }
        if self.total > KEPT {
            text.push_str(
                " The browser keeps about 1,000 answers: beyond that it asks again and \
                           again, and the cluster serves that too.",
            );
        } else if !self.warm.is_empty() {
            text.push_str(" Those that can be are made before the load.");
        }
        Some(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::preset;

    #[test]
    fn plain_requests_need_none_and_keys_need_many() {
        let mut plan = preset("quick").unwrap();
        assert_eq!(expected(&plan, false), Preflights::default());
        assert_eq!(expected(&plan, false).words(), None);
        let with = expected(&plan, true);
        assert_eq!(with.by_key, ["get", "blob_get"]);
        // Six paths with a body, six at a time, one lane; reads by key: 1,000 keys, and every blob.
        assert!(with.warm.len() == 7 && with.total > 1_042, "{with:?}");
        plan.mix.iter_mut().for_each(|(op, w)| *w = u32::from(op == "set"));
        let sets = expected(&plan, true);
        assert_eq!((sets.total, sets.warm.len()), (6, 1));
        plan.disable_leader_stickiness = true;
        assert_eq!(expected(&plan, true).total, 18);
        plan.mix.iter_mut().for_each(|(op, w)| *w = u32::from(op == "get"));
        plan.keys.space = 2_000;
        let gets = expected(&plan, true);
        assert_eq!((gets.total, gets.warm.len()), (6_000, 0));
        assert!(gets.words().unwrap().starts_with(&format!(
            "About {} CORS preflights",
            fwit_quantities::units::grouped(6_000)
        )));
    }
}
