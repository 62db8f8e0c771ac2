//! Makes the file of a run that is over, and the snapshot of one under way that the page shows.

use super::hist::{self, short};
use super::labels::Labels;
use super::leadership::Leadership;
use super::summary;
use super::verification::Verification;
use super::view::{
    Concurrency, Ended, ErrorGroup, Live, Row, Second, SubscriberView, SubscribersView,
};
use super::wire::{
    CensoredFile, ConcurrencyFile, CountsFile, EntityFile, EntityOpFile, LatencyFile,
    NodeCountsFile, NodeFile, OperationFile, PartsFile, RunFile, VERSION, WindowFile,
};
use super::{timeline, vitals};
use fwit_engine::environment::{Clock, Transport};
use fwit_engine::live_run::LiveRun;
use fwit_model::plan::{Model, wire as plan_wire};
use fwit_quantities::sample::{Outcome, Protocol};
use fwit_quantities::units::Micros;
use fwit_stats::recorder::{Recorder, SecondOp, Tally, Window};
use fwit_stats::sparse::Sparse;
use std::collections::BTreeMap;

/// What only the page knows of a run.
#[derive(Clone, Debug, Default)]
pub struct About {
    /// RFC 3339, UTC.
    pub started_at: String,
    /// RFC 3339, UTC.
    pub finished_at: String,
    /// Label and text.
    pub environment: Vec<(String, String)>,
}

/// What is told of a run: its progress while it goes on, its file when it is over.
#[allow(missing_debug_implementations, reason = "borrows a run, which holds closures")]
pub struct RunReport<'a, T: Transport, C: Clock> {
    pub(super) run: &'a LiveRun<T, C>,
}

impl<'a, T: Transport, C: Clock> RunReport<'a, T, C> {
    /// Reports on this run.
    #[must_use]
    pub fn of(run: &'a LiveRun<T, C>) -> RunReport<'a, T, C> {
        RunReport { run }
    }
}

impl<T: Transport, C: Clock> RunReport<'_, T, C> {
    /// The file of a run that is over.
    #[must_use]
    pub fn file(&self, ended: Ended, about: &About) -> RunFile {
        let (start, from, to) = self.run.shared.recorder.borrow().windows();
        let mut file = self.assemble(ended, about, to, 0);
        if self.run.shared.plan.load.stages.is_empty() {
            let mut whole = self.seconds(&self.run.shared.recorder.borrow(), 0, to);
            whole.truncate((to.since(start).0 / 1_000_000) as usize);
            file.health.hints.extend(super::settled::hint(&whole, from.since(start).as_secs()));
        }
        file
    }

    /// The file of a run under way as far as it is, with its seconds from `from_second` on: what is
    /// kept of it until it is over. Requests that have not ended are told apart by
    /// `recovery::recovered`.
    #[must_use]
    pub fn so_far(&self, about: &About, from_second: usize) -> RunFile {
        let (_, from, to) = self.run.shared.recorder.borrow().windows();
        let now = self.run.shared.clock.now().min(to).max(from);
        self.assemble(Ended::Recovered, about, now, from_second)
    }

    /// The file with all that was measured up to `to`.
    fn assemble(&self, ended: Ended, about: &About, to: Micros, from_second: usize) -> RunFile {
        let shared = &self.run.shared;
        let recorder = shared.recorder.borrow();
        let topology = shared.topology.borrow();
        let operations = shared.dialect.operations();
        let (start, from, _) = recorder.windows();
        let node_name =
            |i: usize| topology.nodes.get(i).map_or_else(|| format!("#{i}"), |n| n.name.clone());
        let op_name =
            |i: usize| operations.get(i).map_or_else(|| format!("#{i}"), |o| o.name.to_string());
        let totals = |window| {
            let of = |op| {
                (op_name(op), counts(sum_tallies(&recorder, window, topology.nodes.len(), op)))
            };
            BTreeMap::from_iter((0..operations.len()).map(of))
        };
        let (total, by_op) = self.rows(&recorder, to);
        let health = self.health(&recorder, to, &total);
        let series = self.series(&recorder, from_second, op_name);
        let stopped_in_warmup = shared.clock.now().min(from).since(start);
        RunFile {
            format: "fwit-run".into(),
            version: VERSION,
            id: shared.run_id.clone(),
            name: shared.plan.name.clone(),
            labels: Labels::default(),
            plan: plan_wire::to_file(&shared.plan),
            started_at: about.started_at.clone(),
            finished_at: about.finished_at.clone(),
            ended,
            window: WindowFile {
                warmup_s: if to > from { from.since(start) } else { stopped_in_warmup }.as_secs(),
                measured_s: to.since(from).as_secs(),
            },
            environment: BTreeMap::from_iter(about.environment.iter().cloned()),
            time_sources: recorder.sources(),
            operations: operations
                .iter()
                .map(|o| OperationFile { name: o.name.clone(), kind: o.kind })
                .collect(),
            nodes: self.node_files(&recorder, to),
            totals: totals(Window::Measured),
            warmup_totals: totals(Window::Warmup),
            counts: (0..topology.nodes.len())
                .flat_map(|node| (0..operations.len()).map(move |op| (node, op)))
                .map(|(node, op)| (node, op, recorder.tally(Window::Measured, node, op)))
                .filter(|(_, _, tally)| tally.issued + tally.completed > 0)
                .map(|(node, op, tally)| NodeCountsFile {
                    op: op_name(op),
                    node: node_name(node),
                    redirected: tally.redirected,
                    preflights: tally.preflights,
                    completed: Some(tally.completed),
                    counts: counts(tally),
                })
                .collect(),
            latency: recorder
                .histograms()
                .map(|(key, measure, h)| LatencyFile {
                    op: op_name(usize::from(key.op)),
                    node: node_name(usize::from(key.node)),
                    redirected: key.redirected,
                    measure,
                    count: h.len(),
                    mean_us: short(h.mean()),
                    max_us: h.max(),
                    hist: hist::encode(h),
                })
                .collect(),
            censored: recorder
                .censored()
                .map(|(key, measure, h)| CensoredFile {
                    op: op_name(usize::from(key.op)),
                    node: node_name(usize::from(key.node)),
                    redirected: key.redirected,
                    measure,
                    count: h.len(),
                    hist: hist::encode(h),
                })
                .collect(),
            parts: recorder
                .parts()
                .map(|(key, sums)| PartsFile {
                    op: op_name(usize::from(key.op)),
                    node: node_name(usize::from(key.node)),
                    redirected: key.redirected,
                    sums,
                })
                .collect(),
            series,
            entities: self.entity_files(&recorder, node_name, op_name),
            subscribers: self.subscribers(true),
            errors: self.errors(&recorder, usize::MAX),
            concurrency: {
                let c = self.concurrency(&recorder, to);
                ConcurrencyFile {
                    entities: c.entities,
                    effective: c.effective,
                    waiting: c.waiting,
                    littles_law_ratio: c.littles_law_ratio,
                    offered_per_s: c.offered_per_s,
                    dropped: self.run.dropped.get(),
                    due: matches!(shared.plan.load.model, Model::Open { .. })
                        .then(|| self.run.due.get()),
                }
            },
            thresholds: self.thresholds(&total, &by_op, &health, to),
            health,
            verification: Verification::of(self.run),
            leadership: Leadership::of(self.run, to),
            timeline: timeline::of(self.run, to),
            vitals: vitals::of(self.run, to),
            source: None,
            given: Vec::new(),
        }
    }

    /// Returns the snapshot: what is known so far. `from_second` is the first second that the page
    /// does not have yet.
    #[must_use]
    pub fn live(&self, from_second: usize) -> Live {
        let shared = &self.run.shared;
        let recorder = shared.recorder.borrow();
        let now = shared.clock.now();
        let (start, _, _) = recorder.windows();
        let (total, by_op) = self.rows(&recorder, now);
        let health = self.health(&recorder, now, &total);
        let errors = self.errors(&recorder, 20);
        Live {
            headlines: self.headlines(&recorder, now, &total, &errors),
            phase: self.run.phase.get(),
            elapsed_us: now.since(start).0,
            total_us: shared.plan.load.total().0,
            seconds: self.seconds(&recorder, from_second, now),
            errors,
            in_flight: recorder.gauges().0.value(),
            waiting: recorder.gauges().1.value(),
            concurrency: self.concurrency(&recorder, now),
            time_sources: recorder.sources(),
            latched: self.latched(),
            events_received: shared.ledger.borrow().received_by_all(),
            thresholds: self.thresholds(&total, &by_op, &health, now),
            leadership: Leadership::of(self.run, Micros::MAX),
            timeline: timeline::of(self.run, Micros::MAX),
            asked: timeline::asked(self.run),
            wanted: shared.wanted(),
            total,
            by_op,
            health,
        }
    }

    /// Seconds from `from` on that are over, and whose wire timings had time to come in.
    fn seconds(&self, recorder: &Recorder, from: usize, now: Micros) -> Vec<Second> {
        // Time begins with the load: what passes before it is no second of the run.
        if self.run.phase.get() == super::view::Phase::Starting {
            return Vec::new();
        }
        let (start, _, _) = recorder.windows();
        let over = (now - Micros(400_000)).since(start).0 / 1_000_000;
        let over = if self.run.phase.get() == super::view::Phase::Draining {
            recorder.seconds().len() as u64
        } else {
            over
        };
        (from..over as usize)
            .map(|s| {
                let mut second = Second { t_s: s as u32, ..Second::default() };
                let (mut cluster, mut response) = (Sparse::default(), Sparse::default());
                for op in recorder.seconds().get(s).map_or(&[][..], |c| &c.ops) {
                    second.answers += answers(op);
                    second.errors += errors(op);
                    cluster.merge(&op.cluster);
                    response.merge(&op.response);
                }
                second.in_flight = short(recorder.gauges().0.second(s)) as f32;
                second.waiting = short(recorder.gauges().1.second(s)) as f32;
                second.cluster_us = hist::two_percentiles(&cluster);
                second.response_us = hist::two_percentiles(&response);
                (second.littles_law_ratio, second.target) = self.ratio_and_target(recorder, s);
                second
            })
            .collect()
    }

    /// Entities at the nodes they stick to. One whose own node leads has no reason to move: it is
    /// there.
    fn latched(&self) -> Vec<(String, u32)> {
        let shared = &self.run.shared;
        let topology = shared.topology.borrow();
        let mut counts = vec![0_u32; topology.nodes.len()];
        // Those that were sent away, or that the user might still add, are nowhere.
        let present = || self.run.clients.iter().filter(|c| shared.parking.wants(c.entity));
        for latch in present().filter_map(|c| c.latch.get()) {
            if let Some(count) = counts.get_mut(usize::from(latch)) {
                *count += 1;
            }
        }
        // Where nobody searched for the leader, it is where entities were redirected.
        let most = || (0..counts.len()).rev().max_by_key(|n| counts[*n]).filter(|n| counts[*n] > 0);
        let leader = shared.leader.known().map(usize::from).or_else(most);
        if !shared.plan.disable_leader_stickiness
            && let Some((leader, count)) = leader.and_then(|n| Some((n, counts.get_mut(n)?)))
        {
            let at_home = |home: u16, latch: Option<u16>| {
                u32::from(latch.is_none() && usize::from(home) == leader)
            };
            *count += present().map(|c| at_home(c.home, c.latch.get())).sum::<u32>();
        }
        topology
            .nodes
            .iter()
            .zip(counts)
            .filter(|(_, c)| *c > 0)
            .map(|(n, c)| (n.name.clone(), c))
            .collect()
    }

    fn concurrency(&self, recorder: &Recorder, now: Micros) -> Concurrency {
        let (effective, waiting) = recorder.concurrency(now);
        Concurrency {
            entities: self.run.shared.plan.load.entities,
            effective: short(effective),
            waiting: short(waiting),
            littles_law_ratio: self.littles_law_ratio(recorder, now).map(short),
            offered_per_s: self.offered_per_s(recorder, now).map(short),
        }
    }

    fn errors(&self, recorder: &Recorder, most: usize) -> Vec<ErrorGroup> {
        let topology = self.run.shared.topology.borrow();
        let operations = self.run.shared.dialect.operations();
        let list = recorder.errors.sorted().into_iter().take(most);
        list.map(|(key, tally)| ErrorGroup {
            outcome: key.outcome,
            op: operations.get(usize::from(key.op)).map_or_else(String::new, |o| o.name.clone()),
            node: topology
                .nodes
                .get(usize::from(key.node))
                .map_or_else(String::new, |n| n.name.clone()),
            text: key.text.clone(),
            count: tally.count,
            first_us: tally.first_us,
            last_us: tally.last_us,
            samples: tally.samples.clone(),
        })
        .collect()
    }

    fn subscribers(&self, whole: bool) -> SubscribersView {
        let ledger = self.run.shared.ledger.borrow();
        let topology = self.run.shared.topology.borrow();
        let one = |s: usize| {
            let counts = ledger.of_all(s);
            let (disconnects, trouble, _) = ledger.stream(s);
            SubscriberView {
                node: topology
                    .nodes
                    .get(s % topology.nodes.len().max(1))
                    .map_or_else(String::new, |n| n.name.clone()),
                received: counts.received,
                duplicates: counts.duplicates,
                reordered: counts.reordered,
                lost: counts.lost,
                missed: counts.missed,
                down_s: short(ledger.down(s, self.run.shared.clock.now()).as_secs()),
                disconnects,
                trouble: trouble.map(ToString::to_string),
            }
        };
        SubscribersView {
            list: if whole {
                (0..self.run.shared.plan.subscribers as usize).map(one).collect()
            } else {
                Vec::new()
            },
            published: ledger.acknowledged_by_all(),
            delivery: summary::summarize(ledger.delivery()),
        }
    }

    fn node_files(&self, recorder: &Recorder, to: Micros) -> Vec<NodeFile> {
        let topology = self.run.shared.topology.borrow();
        let leads = self.run.shared.leads.borrow();
        let list = topology.nodes.iter().enumerate();
        list.map(|(i, node)| {
            let tally = recorder.nodes().get(i);
            let answered = tally.filter(|t| t.sources.wire + t.sources.page_clock > 0);
            NodeFile {
                name: node.name.clone(),
                url: node.url.to_string(),
                lanes: node
                    .lanes
                    .iter()
                    .filter_map(|l| topology.lanes.get(*l))
                    .map(|l| l.base.to_string())
                    .collect(),
                leads: leads.get(i).copied().flatten(),
                protocol: tally.map_or(Protocol::Unknown, |t| t.protocol).label().into(),
                timing_header: answered.map(|t| t.timing_header),
                in_flight: tally.map_or(0.0, |t| short(t.in_flight.mean(to))),
                slots: node.lanes.iter().map(|l| self.run.shared.slots.limit(*l)).sum(),
                new_connections: tally.map_or(0, |t| t.new_connections),
                hops: tally.map_or(0, |t| t.hops),
                status_requests: tally.map_or(0, |t| t.status_requests),
                discovered: node.discovered,
            }
        })
        .collect()
    }

    fn entity_files(
        &self,
        recorder: &Recorder,
        node_name: impl Fn(usize) -> String,
        op_name: impl Fn(usize) -> String,
    ) -> Vec<EntityFile> {
        let one = |(client, tally): (&std::rc::Rc<_>, &fwit_stats::recorder::EntityTally)| {
            let client: &fwit_engine::client::Client<T, C> = client;
            let ops = tally.ops.iter().enumerate().filter(|(_, m)| m.count() > 0);
            EntityFile {
                name: format!("entity-{}", client.entity),
                home: node_name(usize::from(client.home)),
                latched: client.latch.get().map(|n| node_name(usize::from(n))),
                errors: tally.errors,
                ops: BTreeMap::from_iter(ops.map(|(op, m)| {
                    let file = EntityOpFile {
                        count: m.count(),
                        mean_us: short(m.mean()),
                        sd_us: short(m.sd()),
                    };
                    (op_name(op), file)
                })),
            }
        };
        // Those that the user might have added count only where he did.
        let planned = self.run.shared.plan.load.entities;
        let took_part =
            |(client, tally): &(&std::rc::Rc<fwit_engine::client::Client<T, C>>, &_)| {
                let tally: &fwit_stats::recorder::EntityTally = tally;
                client.entity < planned
                    || tally.errors > 0
                    || tally.ops.iter().any(|moments| moments.count() > 0)
            };
        self.run.clients.iter().zip(recorder.entities()).filter(took_part).map(one).collect()
    }
}

pub(super) fn sum_tallies(recorder: &Recorder, window: Window, nodes: usize, op: usize) -> Tally {
    (0..nodes).map(|node| recorder.tally(window, node, op)).fold(Tally::default(), |a, b| Tally {
        issued: a.issued + b.issued,
        outcomes: std::array::from_fn(|i| a.outcomes[i] + b.outcomes[i]),
        redirected: a.redirected + b.redirected,
        preflights: a.preflights + b.preflights,
        completed: a.completed + b.completed,
    })
}

/// Requests in flight right now have been issued and not ended: a running total counts them as
/// issued only.
pub(super) fn add_tally(row: &mut Row, tally: &Tally) {
    row.issued += tally.issued;
    row.redirected += tally.redirected;
    row.preflights += tally.preflights;
    row.completed += tally.completed;
    row.outcomes.iter_mut().zip(tally.outcomes).for_each(|(a, b)| *a += b);
}

fn counts(tally: Tally) -> CountsFile {
    CountsFile::new(tally.issued, tally.outcomes)
}

fn sum_of(op: &SecondOp, of: fn(Outcome) -> bool) -> u32 {
    Outcome::ALL.into_iter().filter(|o| of(*o)).map(|o| op.outcomes[o.index()]).sum()
}

pub(super) fn answers(op: &SecondOp) -> u32 {
    sum_of(op, Outcome::is_answer)
}

pub(super) fn errors(op: &SecondOp) -> u32 {
    sum_of(op, Outcome::is_error)
}
