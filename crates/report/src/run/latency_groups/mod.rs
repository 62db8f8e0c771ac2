//! The latency groups (camps) of a run: from its file, or from any per-entity means, to what a page
//! shows of them.
//!
//! May not enter: the tests themselves (`fwit_stats::latency_groups`), drawing.
//! Invariant: known labels come first, then the requests' histograms, then the entities' means.
//! Where there is one group, it says so and why.
//! Tests: beside the code.

pub mod view;
mod words;

use std::collections::BTreeMap;

use hdrhistogram::Histogram;

pub use self::view::{
    Evidence, GroupMean, Hills, Label, LabelGroup, LatencyGroup, LatencyGroupsView, Requests,
};
use super::view::Measure;
use super::wire::RunFile;
use fwit_model::dialect::Kind;
use fwit_quantities::units::decimal;
use fwit_stats::buckets::Buckets;
use fwit_stats::latency_groups::entities::{EntityMeans, Mean, OpKind, OpMean, entity_groups};
use fwit_stats::latency_groups::labels::{Labelling, explained};
use fwit_stats::latency_groups::pipeline::{FEWEST_REQUESTS, request_groups};
use fwit_stats::latency_groups::profile::profile;
use fwit_stats::recorder::new_histogram;

/// Fewest answers of an entity for its mean to count: of five, skewed latencies make entities that
/// are alike differ by Cochran's Q in every second run (a test in `fwit_stats`).
const FEWEST_ANSWERS: u64 = 30;
/// Fewest entities that can make two camps of 3.
pub(crate) const FEWEST_ENTITIES: usize = 6;

/// What camps are looked for in. Runs of fwit have all of it; other sources leave lists empty.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Material {
    /// The entities with their means.
    pub entities: Vec<EntityMeans>,
    /// The nodes whose role is known: name, and whether it leads.
    pub roles: Vec<(String, bool)>,
    /// The requests of each operation.
    pub requests: Vec<OpRequests>,
    /// The clock's step, µs; 0 where it is finer than the histograms.
    pub tick_us: f64,
    /// Share of the answers that came over a new connection.
    pub new_connections: Option<f64>,
}

/// The requests of one operation.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct OpRequests {
    /// The operation.
    pub op: String,
    /// What the cluster took, µs.
    pub sample: Buckets,
    /// The same, split by what is known of each request.
    pub labels: Vec<Labelling>,
}

type Histograms = BTreeMap<(String, String, bool), Histogram<u64>>;

/// The material of a run file. Histograms that can't be read are left out.
#[must_use]
pub fn material(file: &RunFile) -> Material {
    let mut histograms = Histograms::new();
    for entry in file.latency.iter().filter(|l| l.measure == Measure::Cluster) {
        if let Ok(h) = super::hist::decode(&entry.hist) {
            let key = (entry.op.clone(), entry.node.clone(), entry.redirected);
            super::hist::add(histograms.entry(key).or_insert_with(new_histogram), &h);
        }
    }
    let roles: Vec<(String, bool)> =
        file.nodes.iter().filter_map(|n| n.leads.map(|leads| (n.name.clone(), leads))).collect();
    let kind = |op: &str| {
        file.operations.iter().find(|o| o.name == op).map_or(OpKind::Other, |o| match o.kind {
            Kind::Read => OpKind::Read,
            Kind::Write => OpKind::Write,
            Kind::Publish => OpKind::Other,
        })
    };
    let entity = |e: &super::wire::EntityFile| EntityMeans {
        name: e.name.clone(),
        node: Some(e.latched.as_ref().unwrap_or(&e.home).clone()).filter(|n| !n.is_empty()),
        ops: file
            .operations
            .iter()
            .filter_map(|o| e.ops.get(&o.name).map(|m| (o, m)))
            .map(|(o, m)| OpMean {
                op: o.name.clone(),
                kind: kind(&o.name),
                count: m.count,
                mean_us: m.mean_us,
                sd_us: Some(m.sd_us),
            })
            .collect(),
    };
    let requests: Vec<OpRequests> =
        file.operations.iter().filter_map(|o| op_requests(&histograms, &o.name, &roles)).collect();
    let answers: u64 = requests.iter().map(|r| r.sample.total()).sum();
    let opened: u64 = file.nodes.iter().map(|n| n.new_connections).sum();
    Material {
        entities: file.entities.iter().map(entity).collect(),
        roles,
        tick_us: tick(file.environment.get("clock step").map_or("", String::as_str)),
        new_connections: (answers > 0).then(|| opened as f64 / answers as f64),
        requests,
    }
}

/// The requests of an operation with their labels: node asked, its role, redirected or not.
fn op_requests(histograms: &Histograms, op: &str, roles: &[(String, bool)]) -> Option<OpRequests> {
    let of = |wanted: &dyn Fn(&str, bool) -> bool| {
        let mut sum = new_histogram();
        for ((o, node, redirected), h) in histograms {
            if o == op && wanted(node, *redirected) {
                super::hist::add(&mut sum, h);
            }
        }
        Buckets::from_histogram(&sum)
    };
    let sample = of(&|_, _| true);
    if sample.total() == 0 {
        return None;
    }
    let mut nodes: Vec<&String> = Vec::new();
    for (o, node, _) in histograms.keys() {
        if o == op && !nodes.contains(&node) {
            nodes.push(node);
        }
    }
    let leads = |node: &str| roles.iter().find(|r| r.0 == node).map(|r| r.1);
    let role = |wanted: bool| of(&|node, _| leads(node) == Some(wanted));
    let label = |label: &str, groups| Labelling { label: label.into(), groups };
    // A tie goes to the one that says most.
    let labels = vec![
        label(
            "redirect",
            vec![("direct".into(), of(&|_, r| !r)), ("redirected".into(), of(&|_, r| r))],
        ),
        label("role", vec![("leader".into(), role(true)), ("followers".into(), role(false))]),
        label(
            "node",
            nodes.into_iter().map(|node| (node.clone(), of(&|n, _| n == node))).collect(),
        ),
    ];
    Some(OpRequests { op: op.into(), sample, labels })
}

/// The clock's step as the run's environment tells it: `100 µs`, `1.00 ms`; 0 where it doesn't.
fn tick(text: &str) -> f64 {
    let (number, unit) = text.split_once(' ').unwrap_or((text, ""));
    let number = decimal(number).unwrap_or(0.0);
    number * if unit == "ms" { 1_000.0 } else { 1.0 }
}

/// The camps of a run file.
#[must_use]
pub fn of_file(file: &RunFile) -> LatencyGroupsView {
    find(&material(file))
}

/// The camps in any material.
#[must_use]
pub fn find(material: &Material) -> LatencyGroupsView {
    let mut evidence = Vec::new();
    let mut parted: Option<(&'static str, OpKind, Vec<Vec<usize>>)> = None;
    for (of, kind) in
        [("reads", OpKind::Read), ("writes", OpKind::Write), ("other operations", OpKind::Other)]
    {
        let means: Vec<Option<Mean>> =
            material.entities.iter().map(|e| sure_mean(e, kind)).collect();
        let Ok(found) = entity_groups(&means) else { continue };
        let entities = found.latency_groups.iter().map(Vec::len).sum::<usize>();
        let latency_groups = found.latency_groups.len();
        evidence.push(words::evidence(of, entities, &found));
        if latency_groups > 1 && parted.is_none() {
            parted = Some((of, kind, found.latency_groups));
        }
    }
    let all: Vec<usize> = (0..material.entities.len()).collect();
    let members = match &parted {
        Some((_, _, latency_groups)) => latency_groups.clone(),
        None if all.is_empty() => Vec::new(),
        None => vec![all],
    };
    let mut out = LatencyGroupsView {
        by: parted.as_ref().map(|p| p.0.into()),
        of_entity: (0..material.entities.len())
            .map(|i| members.iter().position(|c| c.contains(&i)).map(|c| c as u32))
            .collect(),
        evidence,
        requests: material.requests.iter().map(|r| requests(r, material.tick_us)).collect(),
        ..LatencyGroupsView::default()
    };
    if let Ok(p) = profile(&material.entities, &members) {
        (out.correlation, out.rank_correlation) = (p.pearson, p.spearman);
        out.ops = p.ops.iter().map(|o| o.0.clone()).collect();
        out.groups = latency_groups(&p, &material.roles);
    }
    words::name(&mut out.groups);
    words::say(&mut out, material, parted.map(|p| p.1));
    out
}

/// The mean of an entity's operations of a kind, where it has answers enough; a spread of nothing
/// is taken as 1 µs.
fn sure_mean(entity: &EntityMeans, kind: OpKind) -> Option<Mean> {
    let mean = entity.mean(|o| o.kind == kind)?;
    let sd_us = mean.sd_us.map(|sd| sd.max(1.0));
    (mean.count >= FEWEST_ANSWERS).then_some(Mean { sd_us, ..mean })
}

fn latency_groups(
    p: &fwit_stats::latency_groups::profile::Profile,
    roles: &[(String, bool)],
) -> Vec<LatencyGroup> {
    // One mix for all camps: operations that every camp has, weighed by all their answers.
    let weight = |i: usize| -> Option<f64> {
        let counts =
            p.latency_groups.iter().map(|c| c.ops.get(i).copied().flatten().map(|m| m.count));
        counts.sum::<Option<u64>>().map(|n| n as f64)
    };
    let weights: Vec<(OpKind, Option<f64>)> =
        p.ops.iter().enumerate().map(|(i, o)| (o.1, weight(i))).collect();
    let mixed = |ops: &[Option<Mean>], kind: OpKind| {
        let (mut sum, mut all) = (0.0, 0.0);
        for (op, (of, weight)) in ops.iter().zip(&weights) {
            if let (Some(mean), Some(weight), true) = (op, weight, *of == kind) {
                sum += mean.mean_us * weight;
                all += weight;
            }
        }
        (all > 0.0).then(|| sum / all)
    };
    let leads = |node: &str| roles.iter().find(|r| r.0 == node).map(|r| r.1);
    let group = |c: &fwit_stats::latency_groups::profile::GroupProfile| {
        let mut known = c.nodes.iter().map(|(node, _)| leads(node));
        let first = known.next().flatten();
        let role = first.filter(|f| known.all(|k| k == Some(*f)));
        LatencyGroup {
            entities: c.members.clone(),
            nodes: c.nodes.iter().map(|(n, count)| (n.clone(), *count as u32)).collect(),
            role: role.map(|leads| if leads { "leader" } else { "follower" }.into()),
            ops: c
                .ops
                .iter()
                .map(|m| {
                    m.map(|m| GroupMean { count: m.count, mean_us: super::hist::short(m.mean_us) })
                })
                .collect(),
            read_us: mixed(&c.ops, OpKind::Read),
            write_us: mixed(&c.ops, OpKind::Write),
            ..LatencyGroup::default()
        }
    };
    p.latency_groups.iter().map(group).collect()
}

fn requests(r: &OpRequests, tick_us: f64) -> Requests {
    let hills = request_groups(&r.sample, tick_us).map(|found| Hills {
        cut_us: found.valley.cut,
        below: found.valley.below,
        medians_us: [found.medians.0, found.medians.1],
        dip_p: found.dip.map(|d| d.p),
    });
    let mut labels: Vec<Label> = r
        .labels
        .iter()
        .filter_map(explained)
        .map(|e| Label {
            name: e.label,
            eta_squared: e.eta_squared,
            groups: e
                .groups
                .into_iter()
                .map(|g| LabelGroup { name: g.name, count: g.count, p50_us: g.p50, p99_us: g.p99 })
                .collect(),
        })
        .collect();
    labels.sort_by(|a, b| b.eta_squared.total_cmp(&a.eta_squared));
    // A role that says nearly as much as its nodes says more: the label of fewest groups comes
    // first.
    let enough = labels.first().map_or(0.0, |l| l.eta_squared - 0.03);
    let simplest = labels
        .iter()
        .enumerate()
        .filter(|(_, l)| l.eta_squared >= enough)
        .min_by_key(|(_, l)| l.groups.len())
        .map(|(i, _)| i);
    if let Some(i) = simplest {
        labels[..=i].rotate_right(1);
    }
    let mut out =
        Requests { op: r.op.clone(), count: r.sample.total(), hills, labels, words: String::new() };
    out.words = words::requests(&out, FEWEST_REQUESTS);
    out
}

#[cfg(test)]
mod tests;
