//! The cluster as a queueing network: what stickiness should do, from service times and distances
//! alone.
//!
//! Node 0 is the leader. A read is served by the node that is asked; a write at a follower is
//! answered by a redirect and served by the leader, then replicated. All times in one unit
//! (milliseconds in the reference values); rates per that unit. Distances are round trips from
//! client to node.
//!
//! Queue lengths come from exact mean-value analysis ([`super::mva`]); the latency of each
//! operation then from the queueing discipline. A node that serves in order of arrival (which a
//! Raft leader's apply loop is nearer to) lets every operation wait alike, W = R/v - S of the
//! station; sharing stretches each by its own service.

use super::mva::{Class, multi};
use fwit_stats::error::StatsError;

/// What the cluster and its load look like.
#[derive(Debug, Clone, PartialEq)]
pub struct ClusterModel {
    /// Round trip from client to each node; node 0 leads.
    pub distance: Vec<f64>,
    /// Number of entities.
    pub entities: u32,
    /// Mean think time.
    pub think: f64,
    /// Share of reads, 0 to 1.
    pub read_share: f64,
    /// Service time of a read.
    pub read: f64,
    /// Service time of a write at the leader.
    pub write: f64,
    /// Service time of a redirect at a follower.
    pub redirect: f64,
    /// Replication and sync of a write: a pure delay.
    pub replication: f64,
}

/// How a node's server is shared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Discipline {
    /// In order of arrival.
    Fcfs,
    /// Processor sharing.
    Sharing,
}

/// Latencies at one node.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NodeLatency {
    /// Of a read asked there.
    pub read: f64,
    /// Of a write asked there first.
    pub write: f64,
}

/// What the model predicts.
#[derive(Debug, Clone, PartialEq)]
pub struct Prediction {
    /// Operations per unit of time.
    pub throughput: f64,
    /// Mean read latency.
    pub read: f64,
    /// Mean write latency.
    pub write: f64,
    /// Per asked node.
    pub nodes: Vec<NodeLatency>,
    /// Waiting time at the leader, in order of arrival (the same for every operation there).
    pub leader_wait: f64,
    /// Utilisation of the leader, 0 to 1.
    pub leader_utilisation: f64,
}

impl ClusterModel {
    /// Every entity sends everything to the leader.
    ///
    /// # Errors
    /// Times or shares that make no network (see [`multi`]).
    pub fn sticky(&self, discipline: Discipline) -> Result<Prediction, StatsError> {
        self.check()?;
        let (r, w) = (self.read_share, 1.0 - self.read_share);
        let demand = r * self.read + w * self.write;
        let delay = self.distance[0] + w * self.replication;
        let classes = multi(&[vec![demand]], &[delay], &[self.think], &[self.entities])?;
        let leader = Station::of(&classes, 0, &[1.0], demand);
        let node = NodeLatency {
            read: self.distance[0] + leader.time(self.read, discipline),
            write: self.distance[0] + leader.time(self.write, discipline) + self.replication,
        };
        Ok(self.predict(&classes, vec![node], &[1.0], leader))
    }

    /// Every request goes to a node drawn anew.
    ///
    /// # Errors
    /// As [`Self::sticky`].
    pub fn random(&self, discipline: Discipline) -> Result<Prediction, StatsError> {
        self.check()?;
        let (r, w, m) = (self.read_share, 1.0 - self.read_share, self.distance.len() as f64);
        let leader = r * self.read / m + w * self.write;
        let follower = (r * self.read + w * self.redirect) / m;
        let mut demand = vec![follower; self.distance.len()];
        demand[0] = leader;
        let sum: f64 = self.distance.iter().sum();
        let delay =
            r * sum / m + w * (self.distance[0] + self.replication + (sum - self.distance[0]) / m);
        let classes = multi(&[demand], &[delay], &[self.think], &[self.entities])?;
        let leader_visits = r / m + w;
        let stations: Vec<Station> = (0..self.distance.len())
            .map(|k| match k {
                0 => Station::of(&classes, 0, &[leader_visits], leader / leader_visits),
                _ => Station::of(&classes, k, &[1.0 / m], follower * m),
            })
            .collect();
        let nodes = self.per_node(&stations, discipline);
        Ok(self.predict(&classes, nodes, &vec![1.0 / m; self.distance.len()], stations[0]))
    }

    /// Every entity keeps the node it drew at its start; `population[i]` entities have node i.
    ///
    /// # Errors
    /// As [`Self::sticky`]; a population of another length than the nodes.
    pub fn pinned(
        &self,
        population: &[u32],
        discipline: Discipline,
    ) -> Result<Prediction, StatsError> {
        self.check()?;
        let n = self.distance.len();
        if population.len() != n {
            return Err(StatsError::Lengths {
                what: "entities per node",
                left: population.len(),
                right: n,
            });
        }
        let (r, w) = (self.read_share, 1.0 - self.read_share);
        let (own_leader, own_follower) =
            (r * self.read + w * self.write, r * self.read + w * self.redirect);
        let mut demand = vec![vec![0.0; n]; n];
        let mut delay = Vec::with_capacity(n);
        for (i, row) in demand.iter_mut().enumerate() {
            row[0] = w * self.write;
            row[i] = if i == 0 { own_leader } else { own_follower };
            let hop = if i == 0 { 0.0 } else { w * self.distance[0] };
            delay.push(self.distance[i] + hop + w * self.replication);
        }
        let classes = multi(&demand, &delay, &vec![self.think; n], population)?;
        let total: f64 = classes.iter().map(|c| c.throughput).sum();
        let shares: Vec<f64> =
            classes.iter().map(|c| if total > 0.0 { c.throughput / total } else { 0.0 }).collect();
        let mut leader_visits = vec![w; n];
        leader_visits[0] = 1.0;
        let at_leader: f64 = shares.iter().zip(&leader_visits).map(|(s, v)| s * v).sum();
        let work: f64 = shares.iter().zip(&demand).map(|(s, d)| s * d[0]).sum();
        let stations: Vec<Station> = (0..n)
            .map(|k| {
                let mut visits = vec![0.0; n];
                visits[k] = 1.0;
                match k {
                    0 => Station::of(
                        &classes,
                        0,
                        &leader_visits,
                        work / at_leader.max(f64::MIN_POSITIVE),
                    ),
                    _ => Station::of(&classes, k, &visits, own_follower),
                }
            })
            .collect();
        let nodes = self.per_node(&stations, discipline);
        Ok(self.predict(&classes, nodes, &shares, stations[0]))
    }

    fn check(&self) -> Result<(), StatsError> {
        fwit_stats::error::within("the share of reads", self.read_share, 0.0, 1.0)?;
        if self.distance.is_empty() {
            return Err(StatsError::TooFew { what: "cluster model", needed: 1, found: 0 });
        }
        Ok(())
    }

    fn per_node(&self, stations: &[Station], discipline: Discipline) -> Vec<NodeLatency> {
        let to_leader =
            self.distance[0] + stations[0].time(self.write, discipline) + self.replication;
        let node = |(k, s): (usize, &Station)| {
            let asked =
                if k == 0 { 0.0 } else { self.distance[k] + s.time(self.redirect, discipline) };
            NodeLatency {
                read: self.distance[k] + s.time(self.read, discipline),
                write: asked + to_leader,
            }
        };
        stations.iter().enumerate().map(node).collect()
    }

    fn predict(
        &self,
        classes: &[Class],
        nodes: Vec<NodeLatency>,
        shares: &[f64],
        leader: Station,
    ) -> Prediction {
        let mean =
            |f: fn(&NodeLatency) -> f64| nodes.iter().zip(shares).map(|(n, s)| f(n) * s).sum();
        Prediction {
            throughput: classes.iter().map(|c| c.throughput).sum(),
            read: mean(|n| n.read),
            write: mean(|n| n.write),
            leader_wait: leader.wait,
            leader_utilisation: leader.utilisation,
            nodes,
        }
    }
}

/// One station as seen by a visit.
#[derive(Debug, Clone, Copy)]
struct Station {
    wait: f64,
    found: f64,
    utilisation: f64,
}

impl Station {
    /// Station `k`, which a cycle of class c visits `visits[c]` times, with this mean service time
    /// per visit.
    fn of(classes: &[Class], k: usize, visits: &[f64], service: f64) -> Self {
        let rate: f64 = classes.iter().zip(visits).map(|(c, v)| c.throughput * v).sum();
        let queue: f64 = classes.iter().map(|c| c.queue[k]).sum();
        let seen: f64 =
            classes.iter().zip(visits).map(|(c, v)| c.throughput * v * c.found[k]).sum();
        if rate <= 0.0 {
            return Self { wait: 0.0, found: 0.0, utilisation: 0.0 };
        }
        Self {
            wait: (queue / rate - service).max(0.0),
            found: seen / rate,
            utilisation: rate * service,
        }
    }

    fn time(self, service: f64, discipline: Discipline) -> f64 {
        match discipline {
            Discipline::Fcfs => service + self.wait,
            Discipline::Sharing => service * (1.0 + self.found),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vectors::{all, list, num};

    fn model(p: &serde_json::Value) -> ClusterModel {
        ClusterModel {
            distance: list(&p["d"]),
            entities: num(&p["N"]) as u32,
            think: num(&p["Z"]),
            read_share: num(&p["pr"]),
            read: num(&p["sr"]),
            write: num(&p["sw"]),
            redirect: num(&p["sx"]),
            replication: num(&p["repl"]),
        }
    }

    #[track_caller]
    fn near(found: f64, wanted: f64, share: f64) {
        assert!((found / wanted - 1.0).abs() <= share, "{found} is not {wanted}");
    }

    #[test]
    fn reference_values() {
        for (name, v) in all()["cluster_model"].as_object().unwrap() {
            let m = model(&v["params"]);
            let check = |p: &Prediction, w: &serde_json::Value, tolerance: f64| {
                // Rates per second there, per millisecond here.
                near(p.throughput * 1000.0, num(&w["X"]), 1e-9);
                near(p.read, num(&w["read"]), tolerance);
                near(p.write, num(&w["write"]), tolerance);
                if let Some(wait) = w.get("W") {
                    near(p.leader_wait, num(wait), 1e-9);
                }
                if let Some(u) = w.get("Uleader") {
                    near(p.leader_utilisation, num(u), 1e-9);
                }
                if let Some(nodes) = w.get("read_nodes") {
                    list(nodes).iter().zip(&p.nodes).for_each(|(w, n)| near(n.read, *w, 1e-9));
                }
                if let Some(leader) = w.get("read_leader") {
                    near(p.nodes[0].read, num(leader), 1e-9);
                    near(p.nodes[1].read, num(&w["read_follower"]), 0.01);
                    near(p.nodes[0].write, num(&w["write_leader"]), 1e-9);
                    near(p.nodes[1].write, num(&w["write_follower"]), 1e-3);
                }
            };
            check(&m.sticky(Discipline::Sharing).unwrap(), &v["mva_ps_sticky"], 1e-9);
            check(&m.random(Discipline::Sharing).unwrap(), &v["mva_ps_random"], 1e-9);
            check(&m.sticky(Discipline::Fcfs).unwrap(), &v["mva_fcfs_sticky"], 1e-9);
            // The reference takes sharing at the followers even here; ours queues there too (under
            // 1 % apart).
            let tolerance = if name == "N10" { 0.005 } else { 0.002 };
            check(&m.random(Discipline::Fcfs).unwrap(), &v["mva_fcfs_random"], tolerance);
        }
    }

    #[test]
    fn pinned_entities_far_from_the_leader_read_fast_and_write_slowly() {
        let m = model(&all()["cluster_model"]["geo"]["params"]);
        let sharing = m.pinned(&[16, 17, 17], Discipline::Sharing).unwrap();
        near(sharing.throughput * 1000.0, 257.8, 0.002);
        for (found, wanted) in [
            (sharing.nodes[0].read, 82.4),
            (sharing.nodes[1].read, 41.0),
            (sharing.nodes[0].write, 187.3),
            (sharing.nodes[1].write, 227.5),
        ] {
            near(found, wanted, 0.003);
        }
        // A discrete-event simulation in order of arrival gave 257.2, 85.5, 41.0, 187.4 and 227.6.
        let fcfs = m.pinned(&[16, 17, 17], Discipline::Fcfs).unwrap();
        near(fcfs.nodes[0].read, 85.5, 0.03);
        near(fcfs.nodes[2].write, 227.6, 0.03);
    }

    #[test]
    fn bad_models_are_refused() {
        let mut m = model(&all()["cluster_model"]["base"]["params"]);
        assert!(m.pinned(&[50], Discipline::Fcfs).is_err());
        assert!(m.pinned(&[0, 0, 0], Discipline::Fcfs).unwrap().throughput == 0.0);
        m.read_share = 1.5;
        assert!(m.sticky(Discipline::Fcfs).is_err());
        (m.read_share, m.distance) = (0.5, vec![]);
        assert!(m.random(Discipline::Fcfs).is_err());
    }
}
