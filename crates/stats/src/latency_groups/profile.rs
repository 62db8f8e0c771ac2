//! The profile of latency groups: who is in each, on which nodes, and every operation side by side,
//! with a sentence for the reader. It shows why there are two groups: the entities that read fast
//! are often those that write slowly.

use super::super::error::StatsError;
use super::entities::{EntityMeans, Mean, OpKind};

/// A difference of less than this share is called neither faster nor slower.
const WORTH_SAYING: f64 = 0.10;

/// One group.
#[derive(Debug, Clone, PartialEq)]
pub struct GroupProfile {
    /// Names of its entities.
    pub members: Vec<String>,
    /// Nodes they talk to, with how many of them, most first; entities without a node are left out.
    pub nodes: Vec<(String, usize)>,
    /// Mean of each operation (in the order of [`Profile::ops`]); `None` where no entity of the
    /// group finished one.
    pub ops: Vec<Option<Mean>>,
}

/// All groups side by side.
#[derive(Debug, Clone, PartialEq)]
pub struct Profile {
    /// The operations, in the order of their first appearance.
    pub ops: Vec<(String, OpKind)>,
    /// The groups, in the order given.
    pub latency_groups: Vec<GroupProfile>,
    /// Pearson's correlation of the entities' read and write means; `None` below 3 entities or
    /// without spread.
    pub pearson: Option<f64>,
    /// Spearman's, of their ranks.
    pub spearman: Option<f64>,
    /// What a reader should know, one sentence each.
    pub sentences: Vec<String>,
}

/// Profiles the groups, given as positions in `entities` (see [`super::entities::entity_groups`]).
///
/// # Errors
/// A position that is not in `entities`.
pub fn profile(
    entities: &[EntityMeans],
    latency_groups: &[Vec<usize>],
) -> Result<Profile, StatsError> {
    if let Some(&bad) = latency_groups.iter().flatten().find(|&&i| i >= entities.len()) {
        let high = entities.len() as f64 - 1.0;
        return Err(StatsError::OutOfRange {
            what: "a camp's entity",
            value: bad as f64,
            low: 0.0,
            high,
        });
    }
    let mut ops: Vec<(String, OpKind)> = Vec::new();
    for o in entities.iter().flat_map(|e| &e.ops) {
        if !ops.iter().any(|(name, _)| *name == o.op) {
            ops.push((o.op.clone(), o.kind));
        }
    }
    let latency_groups: Vec<GroupProfile> =
        latency_groups.iter().map(|c| group(entities, c, &ops)).collect();
    let of = |kind| move |e: &EntityMeans| e.mean(|o| o.kind == kind).map(|m| m.mean_us);
    let (reads, writes): (Vec<f64>, Vec<f64>) =
        entities.iter().filter_map(|e| Some((of(OpKind::Read)(e)?, of(OpKind::Write)(e)?))).unzip();
    let (pearson, spearman) =
        (correlation(&reads, &writes), correlation(&ranks(&reads), &ranks(&writes)));
    let sentences = sentences(&ops, &latency_groups, spearman);
    Ok(Profile { ops, latency_groups, pearson, spearman, sentences })
}

fn group(entities: &[EntityMeans], members: &[usize], ops: &[(String, OpKind)]) -> GroupProfile {
    let mut nodes: Vec<(String, usize)> = Vec::new();
    for node in members.iter().filter_map(|&i| entities[i].node.as_ref()) {
        match nodes.iter_mut().find(|(name, _)| name == node) {
            Some(found) => found.1 += 1,
            None => nodes.push((node.clone(), 1)),
        }
    }
    nodes.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    // All of the group's requests as if one entity had made them.
    let all = EntityMeans {
        name: String::new(),
        node: None,
        ops: members.iter().flat_map(|&i| entities[i].ops.iter().cloned()).collect(),
    };
    GroupProfile {
        members: members.iter().map(|&i| entities[i].name.clone()).collect(),
        nodes,
        ops: ops.iter().map(|(name, _)| all.mean(|o| o.op == *name)).collect(),
    }
}

fn sentences(
    ops: &[(String, OpKind)],
    latency_groups: &[GroupProfile],
    spearman: Option<f64>,
) -> Vec<String> {
    let mut out = Vec::new();
    if let [first, others @ ..] = latency_groups {
        for (i, other) in others.iter().enumerate() {
            let mut words: [Vec<String>; 2] = [Vec::new(), Vec::new()];
            for ((name, _), pair) in ops.iter().zip(first.ops.iter().zip(&other.ops)) {
                let (Some(a), Some(b)) = pair else { continue };
                let text = format!("{name} ({} against {})", millis(a.mean_us), millis(b.mean_us));
                if a.mean_us < b.mean_us * (1.0 - WORTH_SAYING) {
                    words[0].push(text);
                } else if b.mean_us < a.mean_us * (1.0 - WORTH_SAYING) {
                    words[1].push(text);
                }
            }
            let said: Vec<String> = ["faster", "slower"]
                .iter()
                .zip(&words)
                .filter(|(_, w)| !w.is_empty())
                .map(|(word, w)| format!("{word} at {}", w.join(", ")))
                .collect();
            let said = if said.is_empty() {
                "within 10 % of each other at every operation".to_owned()
            } else {
                said.join(", but ")
            };
            out.push(format!(
                "Camp 1 ({}) against camp {} ({}): {said}.",
                who(first),
                i + 2,
                who(other)
            ));
        }
    }
    if let (Some(r), true) = (spearman, latency_groups.len() > 1) {
        if r <= -0.5 {
            out.push(format!(
                "Entities that read fast write slowly (rank correlation \u{2212}{:.2}): as when \
                 each node answers reads itself and writes go on to the leader.",
                r.abs()
            ));
        } else if r >= 0.5 {
            out.push(format!(
                "Entities that read fast also write fast (rank correlation {r:.2}): \
                              as when a whole node is near or idle."
            ));
        }
    }
    out
}

/// "12 entities, all on n1", "38 entities: 20 on n2, 18 on n3".
fn who(group: &GroupProfile) -> String {
    let n = group.members.len();
    let entities = if n == 1 { "1 entity".to_owned() } else { format!("{n} entities") };
    match group.nodes.as_slice() {
        [] => entities,
        [(node, count)] if *count == n => format!("{entities}, all on {node}"),
        nodes => {
            let list: Vec<String> =
                nodes.iter().map(|(node, count)| format!("{count} on {node}")).collect();
            format!("{entities}: {}", list.join(", "))
        }
    }
}

fn millis(us: f64) -> String {
    let ms = us / 1000.0;
    if ms >= 100.0 {
        format!("{ms:.0} ms")
    } else if ms >= 10.0 {
        format!("{ms:.1} ms")
    } else {
        format!("{ms:.2} ms")
    }
}

/// Pearson's correlation; `None` below 3 pairs or where one side does not vary.
#[must_use]
pub fn correlation(x: &[f64], y: &[f64]) -> Option<f64> {
    let n = x.len();
    if n < 3 || n != y.len() {
        return None;
    }
    let mean = |v: &[f64]| v.iter().sum::<f64>() / n as f64;
    let (mx, my) = (mean(x), mean(y));
    let (mut xy, mut xx, mut yy) = (0.0, 0.0, 0.0);
    for (a, b) in x.iter().zip(y) {
        xy += (a - mx) * (b - my);
        xx += (a - mx) * (a - mx);
        yy += (b - my) * (b - my);
    }
    let scale = (xx * yy).sqrt();
    (scale > 0.0 && scale.is_finite()).then(|| (xy / scale).clamp(-1.0, 1.0))
}

/// Ranks from 1, equal values sharing their mean rank: the correlation of ranks is Spearman's.
#[must_use]
pub fn ranks(x: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..x.len()).collect();
    order.sort_by(|a, b| x[*a].total_cmp(&x[*b]));
    let mut out = vec![0.0; x.len()];
    let mut from = 0;
    for group in order.chunk_by(|a, b| x[*a] == x[*b]) {
        let to = from + group.len();
        for i in group {
            out[*i] = (from + to + 1) as f64 / 2.0;
        }
        from = to;
    }
    out
}
