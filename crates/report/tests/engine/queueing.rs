//! The simulated cluster against mean-value analysis: two ways to the same numbers, one by
//! formulas, one request by request. Cases and tolerances: throughput within 1.5 %, latencies of a
//! queue in order of arrival within 3 % where the leader is more than 80 % busy, 8 % below (the
//! formulas do not know that reads and writes take differently long; with ten entities an
//! independent simulation is 6.7 % off as well).

use fwit_engine::sim::cluster_model::{ClusterModel, Discipline, Prediction};
use fwit_model::plan::{Delay, Model, Plan, Reads, Service, Shape, SimCluster, SimNode, Writes};
use fwit_quantities::units::Micros;
use fwit_report::run::view::RunView;

use super::sim::{carry_out, plan};

/// The simulated twin of a model, times in milliseconds.
fn twin(model: &ClusterModel, sticky: bool) -> Plan {
    let node = |distance: &f64| SimNode {
        distance: Delay { mean_ms: *distance, jitter_ms: 0.0 },
        read: Service::exponential(model.read),
        write: Service::exponential(model.write),
        redirect: Service::exponential(model.redirect),
        ..SimNode::default()
    };
    let sim = SimCluster {
        nodes: model.distance.iter().map(node).collect(),
        between: Delay { mean_ms: model.replication / 2.0, jitter_ms: 0.0 },
        fsync: Service { shape: Shape::Constant, ..Service::exponential(model.replication / 2.0) },
        reads: Reads::Local,
        writes: Writes::Redirect,
        ..SimCluster::default()
    };
    let mut plan = plan(sim, sticky, 600.0);
    plan.load.warmup = Micros::from_secs(30.0);
    plan.load.entities = model.entities;
    // The formulas know the mean of the think time only: as much of it at random as there is.
    plan.load.model =
        Model::Closed { think: Micros::ZERO, jitter: Micros::from_millis(model.think * 2.0) };
    plan.subscribers = 0;
    plan
}

fn base(entities: u32) -> ClusterModel {
    ClusterModel {
        distance: vec![1.0; 3],
        entities,
        think: 15.5,
        read_share: 2.0 / 9.0,
        read: 0.4,
        write: 2.0,
        redirect: 0.15,
        replication: 4.0,
    }
}

fn geo() -> ClusterModel {
    ClusterModel {
        distance: vec![80.0, 40.0, 40.0],
        entities: 50,
        read: 1.0,
        write: 3.0,
        replication: 100.0,
        ..base(50)
    }
}

/// Mean service time of reads or of writes, ms, over all nodes asked or one.
fn mean(view: &RunView, reads: bool, node: Option<&str>) -> f64 {
    let wanted = |op: &Option<String>| op.as_deref().is_some_and(|op| op.ends_with("get")) == reads;
    let rows = view
        .by_op_node
        .iter()
        .filter(|r| wanted(&r.op) && (node.is_none() || r.node.as_deref() == node));
    let (sum, count) = rows.fold((0.0, 0), |(sum, count), r| {
        (sum + r.cluster.mean_us * r.cluster.count as f64, count + r.cluster.count)
    });
    sum / count as f64 / 1_000.0
}

#[track_caller]
fn near(what: &str, found: f64, wanted: f64, share: f64) {
    assert!((found / wanted - 1.0).abs() <= share, "{what}: {found} simulated, {wanted} predicted");
}

#[track_caller]
fn agree(view: &RunView, predicted: &Prediction) {
    near("throughput", view.total.rate_per_s, predicted.throughput * 1_000.0, 0.015);
    let share = if predicted.leader_utilisation > 0.8 { 0.03 } else { 0.08 };
    near("reads", mean(view, true, None), predicted.read, share);
    near("writes", mean(view, false, None), predicted.write, share);
}

#[test]
fn sticky_entities_queue_as_the_formulas_say() {
    for model in [base(50), base(10), geo()] {
        let (_, view) = carry_out(twin(&model, true));
        agree(&view, &model.sticky(Discipline::Fcfs).unwrap());
    }
}

#[test]
fn pinned_entities_queue_as_the_formulas_say() {
    for model in [base(50), base(10), geo()] {
        let (file, view) = carry_out(twin(&model, false));
        let homes = ["n1", "n2", "n3"]
            .map(|name| file.entities.iter().filter(|e| e.home == name).count() as u32);
        let predicted = model.pinned(&homes, Discipline::Fcfs).unwrap();
        near("throughput", view.total.rate_per_s, predicted.throughput * 1_000.0, 0.015);
        let share = if predicted.leader_utilisation > 0.8 { 0.03 } else { 0.08 };
        // Node by node: how many reads come from which is another matter, since waiting in order of
        // arrival slows the leader's own entities more than the formulas' sharing.
        for (node, name) in predicted.nodes.iter().zip(["n1", "n2", "n3"]) {
            near(name, mean(&view, true, Some(name)), node.read, share);
            near(name, mean(&view, false, Some(name)), node.write, share);
        }
    }
}

/// Where all work at a station takes equally long the formulas are exact, whatever the load.
#[test]
fn with_one_mean_service_time_the_formulas_are_exact() {
    for entities in [5, 10, 50] {
        let model = ClusterModel { read: 1.6, write: 1.6, ..base(entities) };
        let (_, view) = carry_out(twin(&model, true));
        let predicted = model.sticky(Discipline::Fcfs).unwrap();
        near("throughput", view.total.rate_per_s, predicted.throughput * 1_000.0, 0.01);
        near("reads", mean(&view, true, None), predicted.read, 0.02);
        near("writes", mean(&view, false, None), predicted.write, 0.02);
    }
}
