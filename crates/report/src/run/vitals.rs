//! The nodes' vitals over a run, as the file and the view have them.

use fwit_engine::environment::{Clock, Transport};
use fwit_engine::live_run::LiveRun;
use fwit_engine::vitals::Reading;
use fwit_quantities::units::Micros;
use serde::{Deserialize, Serialize};

use super::hist::short;

/// The vitals of all nodes that told any.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Vitals {
    /// When they were read, s since the start, rising.
    pub t_s: Vec<f64>,
    /// A node each; its lists have a value, or null, for each time.
    pub nodes: Vec<NodeVitals>,
}

/// The vitals of one node.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct NodeVitals {
    /// The node.
    pub node: String,
    /// CPU cores in use since the reading before.
    pub cpu: Vec<Option<f64>>,
    /// Resident memory, bytes.
    pub memory_bytes: Vec<Option<f64>>,
    /// Threads or goroutines.
    pub tasks: Vec<Option<f64>>,
    /// Open files, sockets among them.
    pub open_files: Vec<Option<f64>>,
}

/// A change of a node's memory that goes on.
#[derive(Clone, Debug, PartialEq)]
pub struct Growth {
    /// The node.
    pub node: String,
    /// Share of the mean a minute: 0.03 for 3 %.
    pub per_minute: f64,
    /// First and last reading, bytes.
    pub from: f64,
    /// Last reading, bytes.
    pub to: f64,
}

/// Growth is told from so many readings over so long on, s, where a straight line explains them so
/// well, and it is at least this share a minute.
const READINGS_LEAST: usize = 10;
const LENGTH_LEAST_S: f64 = 45.0;
const R_SQUARED_LEAST: f64 = 0.8;
const GROWTH_LEAST: f64 = 0.01;

/// Of a run, up to `to` at the latest; `None` where no node told any.
pub(super) fn of<T: Transport, C: Clock>(run: &LiveRun<T, C>, to: Micros) -> Option<Vitals> {
    let shared = &run.shared;
    let (start, _, _) = shared.windows.get();
    let vitals = shared.vitals.borrow();
    let rounds = vitals.rounds();
    let count = rounds.iter().take_while(|at| **at <= to).count();
    let rounds = rounds.get(..count)?;
    let value = |v: f64| Some(short(v)).filter(|v| v.is_finite());
    let one = |(node, readings): (u16, &[Option<Reading>])| {
        let at = |i: usize| readings.get(i).copied().flatten();
        let all =
            |which: usize| (0..count).map(|i| at(i).and_then(|r| value(r.values[which]))).collect();
        let cpu = (0..count).map(|i| {
            let (before, now) = (at(i.checked_sub(1)?)?, at(i)?);
            let passed = now.at.since(before.at).as_secs();
            // A node that was started again counts from 0.
            value((now.values[0] - before.values[0]) / passed).filter(|cores| *cores >= 0.0)
        });
        NodeVitals {
            node: shared.name_of(node),
            cpu: cpu.collect(),
            memory_bytes: all(1),
            tasks: all(2),
            open_files: all(3),
        }
    };
    let nodes: Vec<NodeVitals> = vitals.nodes().map(one).collect();
    let t_s = rounds.iter().map(|at| short(at.since(start).as_secs())).collect();
    (!nodes.is_empty()).then_some(Vitals { t_s, nodes })
}

impl Vitals {
    /// Nodes whose memory grew or shrank all the time, by a straight line of least squares.
    #[must_use]
    pub fn growing(&self) -> Vec<Growth> {
        self.nodes.iter().filter_map(|node| growth(&self.t_s, node)).collect()
    }

    /// Whether all lists have their length, and times rise.
    #[must_use]
    pub fn fits(&self) -> bool {
        let n = self.t_s.len();
        let lists = |v: &NodeVitals| {
            [&v.cpu, &v.memory_bytes, &v.tasks, &v.open_files].iter().all(|list| list.len() == n)
        };
        self.nodes.iter().all(lists)
            && self.t_s.iter().all(|t| t.is_finite())
            && self.t_s.windows(2).all(|w| w[0] < w[1])
    }
}

fn growth(t_s: &[f64], node: &NodeVitals) -> Option<Growth> {
    let points: Vec<(f64, f64)> =
        t_s.iter().zip(&node.memory_bytes).filter_map(|(t, v)| Some((*t, (*v)?))).collect();
    let (first, last) = (points.first()?, points.last()?);
    if points.len() < READINGS_LEAST || last.0 - first.0 < LENGTH_LEAST_S {
        return None;
    }
    let n = points.len() as f64;
    let mean = |of: fn(&(f64, f64)) -> f64| points.iter().map(of).sum::<f64>() / n;
    let (t, y) = (mean(|p| p.0), mean(|p| p.1));
    let sum =
        |of: &dyn Fn(f64, f64) -> f64| points.iter().map(|p| of(p.0 - t, p.1 - y)).sum::<f64>();
    let (tt, ty, yy) = (sum(&|a, _| a * a), sum(&|a, b| a * b), sum(&|_, b| b * b));
    if tt <= 0.0 || yy <= 0.0 || y <= 0.0 || ty * ty / (tt * yy) < R_SQUARED_LEAST {
        return None;
    }
    let per_minute = ty / tt * 60.0 / y;
    (per_minute.abs() >= GROWTH_LEAST).then(|| Growth {
        node: node.node.clone(),
        per_minute,
        from: first.1,
        to: last.1,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vitals(memory: impl Fn(f64) -> f64) -> Vitals {
        let t_s: Vec<f64> = (0..31).map(|i| 2.0 * f64::from(i)).collect();
        let memory_bytes = t_s.iter().map(|t| Some(memory(*t))).collect();
        let none = vec![None; t_s.len()];
        let node = NodeVitals {
            node: "n2".into(),
            memory_bytes,
            cpu: none.clone(),
            tasks: none.clone(),
            open_files: none,
        };
        Vitals { t_s, nodes: vec![node] }
    }

    #[test]
    fn growth_is_told_where_it_is_one() {
        // 3 % of 103 a minute, from 100 MB on.
        let growing = vitals(|t| 100e6 + t * 50e3).growing();
        assert!((growing[0].per_minute - 3e6 / 101.5e6).abs() < 1e-6, "{growing:?}");
        assert_eq!((growing[0].from, growing[0].to), (100e6, 103e6));
        assert!(vitals(|_| 100e6).growing().is_empty());
        assert!(vitals(|t| 100e6 + t * 100.0).growing().is_empty(), "0.006 % a minute");
        // A saw's teeth are no growth.
        assert!(vitals(|t| 100e6 + (t % 10.0) * 5e6).growing().is_empty());
    }

    #[test]
    fn lists_that_do_not_fit_are_seen() {
        let mut v = vitals(|_| 1.0);
        assert!(v.fits());
        v.nodes[0].cpu.pop();
        assert!(!v.fits());
        v = vitals(|_| 1.0);
        v.t_s[3] = 0.0;
        assert!(!v.fits());
    }
}
