//! Who led when, elections, and times without an acknowledged write, as the file and the view have
//! them.

use fwit_engine::environment::{Clock, Transport};
use fwit_engine::live_run::LiveRun;
use fwit_quantities::units::Micros;
use serde::{Deserialize, Serialize};

use super::hist::short;

/// Who led when, and what that meant for writes.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Leadership {
    /// How often all nodes were asked for their role; 0 where the protocol knows no leader.
    pub polls: u64,
    /// Who led when, in order, up to the end of the load. A change is seen when a node is asked:
    /// up to a second late.
    pub spans: Vec<LeaderSpan>,
    /// Times without an acknowledged write that chance does not explain.
    pub gaps: Vec<Gap>,
    /// Writes and publishes of the measured window that were issued while a leader was known.
    pub writes: u64,
    /// Of them: issued to the leader itself.
    pub to_leader: u64,
    /// Those that were issued while no leader was known.
    pub unknown: u64,
}

/// A time in which one node led, or none said that it does.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct LeaderSpan {
    /// Since the start, s.
    pub from_s: f64,
    /// Since the start, s.
    pub until_s: f64,
    /// The leader; null where no node said that it leads.
    pub node: Option<String>,
    /// Its term, where the nodes tell one.
    pub term: Option<u64>,
}

/// A time without an acknowledged write.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Gap {
    /// Since the start, s.
    pub from_s: f64,
    /// Since the start, s.
    pub until_s: f64,
}

/// A change of the leader.
#[derive(Clone, Debug, PartialEq)]
pub struct Election {
    /// When the one before was last seen leading, s since the start.
    pub at_s: f64,
    /// The leader before.
    pub from: String,
    /// The leader after; `None` where none was seen any more.
    pub to: Option<String>,
    /// Its term.
    pub term: Option<u64>,
    /// How long no node said that it leads, s.
    pub no_leader_s: f64,
    /// How long no write was acknowledged around it, s; `None` where that was no longer than usual.
    pub no_writes_s: Option<f64>,
}

impl Leadership {
    /// Of a run, up to `to` at the latest. `None` where nothing is known.
    #[must_use]
    pub fn of<T: Transport, C: Clock>(run: &LiveRun<T, C>, to: Micros) -> Option<Leadership> {
        let shared = &run.shared;
        let (start, _, _) = shared.windows.get();
        let roles = shared.roles.borrow();
        let end = shared.clock.now().min(to);
        let seconds = |at: Micros| short(at.min(end).since(start).as_secs());
        let until = roles.spans().iter().skip(1).map(|span| span.from).chain([end]);
        let spans: Vec<LeaderSpan> = roles
            .spans()
            .iter()
            .zip(until)
            .filter(|(span, until)| *until > span.from && span.from < end)
            .map(|(span, until)| LeaderSpan {
                from_s: seconds(span.from),
                until_s: seconds(until),
                node: span.leader.map(|node| shared.name_of(node)),
                term: span.term,
            })
            .collect();
        // Where the load itself changes, a pause in writes is no sign.
        let changes = !shared.plan.load.stages.is_empty() || shared.level.get().is_some();
        let gaps = if changes { Vec::new() } else { roles.gaps(end.since(start)) };
        let gaps: Vec<Gap> = gaps
            .into_iter()
            .map(|(from, to)| Gap { from_s: seconds(from), until_s: seconds(to) })
            .collect();
        let leads = shared.dialect.finds_leader();
        (leads || !gaps.is_empty()).then(|| Leadership {
            polls: if leads { roles.polls } else { 0 },
            spans,
            gaps,
            writes: roles.writes.known,
            to_leader: roles.writes.to_leader,
            unknown: roles.writes.unknown,
        })
    }

    /// The changes of the leader, in order.
    #[must_use]
    pub fn elections(&self) -> Vec<Election> {
        let mut list = Vec::new();
        let mut before: Option<&LeaderSpan> = None;
        for span in &self.spans {
            let Some(node) = &span.node else { continue };
            if let Some(last) = before {
                list.push(self.election(last, span.from_s, Some(node), span.term));
            }
            before = Some(span);
        }
        let last = self.spans.last().filter(|span| span.node.is_none());
        if let (Some(gone), Some(before)) = (last, before) {
            list.push(self.election(before, gone.until_s, None, None));
        }
        list
    }

    fn election(
        &self,
        before: &LeaderSpan,
        until_s: f64,
        to: Option<&String>,
        term: Option<u64>,
    ) -> Election {
        // The old leader may have gone up to a poll before it was seen to.
        let around =
            |gap: &&Gap| gap.from_s <= until_s + 1.0 && gap.until_s >= before.until_s - 2.0;
        let longest = self.gaps.iter().filter(around).map(|gap| gap.until_s - gap.from_s);
        Election {
            at_s: before.until_s,
            from: before.node.clone().unwrap_or_default(),
            to: to.cloned(),
            term,
            no_leader_s: until_s - before.until_s,
            no_writes_s: longest.max_by(f64::total_cmp),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(from_s: f64, until_s: f64, node: Option<&str>, term: u64) -> LeaderSpan {
        LeaderSpan { from_s, until_s, node: node.map(Into::into), term: Some(term) }
    }

    #[test]
    fn elections_have_their_gaps() {
        let leadership = Leadership {
            spans: vec![
                span(0.0, 10.0, Some("n1"), 1),
                span(10.0, 12.5, None, 1),
                span(12.5, 20.0, Some("n2"), 2),
                span(20.0, 30.0, Some("n2"), 3),
                span(30.0, 33.0, None, 3),
            ],
            gaps: vec![Gap { from_s: 9.1, until_s: 12.7 }],
            ..Leadership::default()
        };
        let told: Vec<_> = leadership
            .elections()
            .into_iter()
            .map(|e| (e.at_s, e.from, e.to, e.no_leader_s, e.no_writes_s.map(f64::round)))
            .collect();
        let n = |name: &str| Some(name.to_string());
        assert_eq!(
            told,
            [
                (10.0, "n1".into(), n("n2"), 2.5, Some(4.0)),
                (20.0, "n2".into(), n("n2"), 0.0, None),
                (30.0, "n2".into(), None, 3.0, None),
            ]
        );
        assert!(Leadership::default().elections().is_empty());
    }
}
