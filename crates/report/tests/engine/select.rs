//! A part of a run: its numbers are those of the run where it is all of it, and parts add up.

use fwit_quantities::units::Micros;
use fwit_report::run::select::{SelectedRow, Selection, select};
use fwit_report::run::wire::RunFile;

use super::cluster::Pretend;
use super::{carry_out, plan};

fn seconds(file: &RunFile, from: u32, to: u32) -> fwit_report::run::select::Selected {
    select(file, &Selection { seconds: Some((from, to)), ..Selection::default() }).unwrap()
}

#[test]
fn all_that_can_be_selected_has_the_numbers_of_the_run() {
    let (file, view) = carry_out(plan(), &Pretend::new(5.0), None);
    let all = select(&file, &Selection::default()).unwrap();
    assert_eq!((all.total.answers, all.total.errors), (view.total.completed, view.total.errors()));
    assert_eq!(all.total.cluster.at_us, view.total.cluster.at_us);
    assert_eq!(all.total.response.max_us, view.total.response.max_us);
    let of_ops: u64 = all.by_op.iter().map(|r| r.answers).sum();
    let of_nodes: u64 = all.by_node.iter().map(|r| r.answers).sum();
    assert_eq!((of_ops, of_nodes), (all.total.answers, all.total.answers));
    assert_eq!(all.cluster_curves.len(), 1 + all.by_op.len());

    // By the second: the same to two digits, where nothing happened at the edges.
    let (from, to) = (view.warmup_s as u32, (view.warmup_s + view.measured_s) as u32);
    let window = seconds(&file, from, to);
    assert!(window.total.answers.abs_diff(all.total.answers) * 100 < all.total.answers);
    for (rough, exact) in window.total.cluster.at_us.iter().zip(all.total.cluster.at_us) {
        let apart = (*rough as f64 - exact as f64).abs() / exact as f64;
        assert!(apart <= 0.02, "{rough} {exact}");
    }
    // A file keeps its seconds by operation alone.
    assert!(window.by_node.is_empty() && window.by_op.len() == all.by_op.len());
    assert!((window.length_s - view.measured_s).abs() < 1e-9);
}

#[test]
fn what_was_given_up_without_an_answer_counts_as_longer() {
    let cluster = Pretend::new(5.0);
    cluster.state.silent_every.set(15);
    let mut plan = plan();
    plan.load.timeout = Micros::from_millis(100.0);
    let (file, view) = carry_out(plan, &cluster, None);
    let all = select(&file, &Selection::default()).unwrap();
    assert!(view.total.cluster.censored.is_some());
    assert_eq!(all.total.cluster, view.total.cluster);
    assert_eq!(all.by_op[0].response, view.by_op[0].response);
}

#[test]
fn parts_add_up_and_nothing_beyond_is_there() {
    let cluster = Pretend::new(5.0);
    let (file, view) = carry_out(plan(), &cluster, None);
    let answered = |from, to| -> u64 {
        let list = view.seconds.iter().filter(|s| (from..to).contains(&s.t_s));
        list.map(|s| u64::from(s.answers)).sum()
    };
    for (from, to) in [(0, 7), (7, 8), (8, 30)] {
        assert_eq!(seconds(&file, from, to).total.answers, answered(from, to));
    }
    let none = seconds(&file, 500, 509);
    assert_eq!((none.total.answers, none.by_op.len(), none.cluster_curves.len()), (0, 0, 0));
    assert_eq!(seconds(&file, 9, 3).total, SelectedRow::default());
}

#[test]
fn operations_and_nodes_are_chosen() {
    let (file, view) = carry_out(plan(), &Pretend::new(5.0), None);
    let own = &view.by_op_node[0];
    let (op, node) = (own.op.clone().unwrap(), own.node.clone().unwrap());
    let one = Selection { ops: vec![op.clone()], nodes: vec![node], ..Selection::default() };
    let found = select(&file, &one).unwrap();
    assert_eq!((found.by_op.len(), found.by_node.len()), (1, 1));
    assert_eq!(found.total.answers, own.completed);
    assert_eq!(found.total.cluster.at_us, own.cluster.at_us);
    let nobody = Selection { nodes: vec!["nobody".into()], ..Selection::default() };
    assert_eq!(select(&file, &nobody).unwrap().total.answers, 0);
    // Seconds of one operation.
    let part = Selection { seconds: Some((5, 9)), ops: vec![op.clone()], ..Selection::default() };
    let part = select(&file, &part).unwrap();
    let series = view.op_seconds.iter().find(|s| s.op == op).unwrap();
    let own = series.seconds.iter().filter(|s| (5..9).contains(&s.t_s));
    assert_eq!(part.total.answers, own.map(|s| u64::from(s.answers)).sum::<u64>());
}
