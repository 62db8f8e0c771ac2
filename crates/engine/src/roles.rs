//! Who led when, as the nodes' own statuses said; and when no write was acknowledged.

use fwit_quantities::units::Micros;

/// Changes of the leader that are kept.
const SPANS_MAX: usize = 4_000;
/// A pause between two acknowledged writes from this length on may be a gap.
const GAP_LEAST: Micros = Micros(250_000);
/// How long after its last answer, and the time that answers take, a node is not silent.
const HEARD_WITHIN: Micros = Micros(1_000_000);
/// Pauses that are kept; of more, the longest.
const GAPS_MAX: usize = 500;

/// A time in which one node led, or none said that it does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// When it was first seen.
    pub from: Micros,
    /// The leader.
    pub leader: Option<u16>,
    /// Its term, where the nodes tell one.
    pub term: Option<u64>,
}

/// What a node said last.
#[derive(Clone, Copy, Debug, Default)]
struct Word {
    /// Whom it takes for the leader.
    leader: Option<u16>,
    term: Option<u64>,
    /// Since when it says so.
    since: Micros,
    /// When it last answered anything.
    heard: Option<Micros>,
    /// How long its slow answers take of late: the longest, forgotten by an eighth an answer.
    slow: Micros,
}

/// Writes, by whether they were asked of the leader.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WritesAsked {
    /// Issued while a leader was known.
    pub known: u64,
    /// Of them: issued to it.
    pub to_leader: u64,
    /// Issued while none was known.
    pub unknown: u64,
}

/// Who led when.
#[derive(Clone, Debug, Default)]
pub struct Roles {
    words: Vec<Word>,
    /// The leader as last seen, and its term.
    now: (Option<u16>, Option<u64>),
    spans: Vec<Span>,
    /// Changes that were not kept.
    pub forgotten: u64,
    /// How often the nodes were asked.
    pub polls: u64,
    /// Of the measured window.
    pub writes: WritesAsked,
    last_write: Option<Micros>,
    gaps: Vec<(Micros, Micros)>,
    acknowledged: u64,
}

impl Roles {
    /// The load begins: what was known before is no part of it but for who leads now.
    pub fn begin(&mut self, now: Micros) {
        let last = self.spans.last().copied();
        let words = std::mem::take(&mut self.words);
        *self = Roles { words, now: self.now, ..Roles::default() };
        self.spans.extend(last.map(|span| Span { from: now, ..span }));
        self.last_write = Some(now);
    }

    /// A node's status says who leads; none where it leads not and names nobody, or is silent.
    pub fn told(&mut self, node: u16, leader: Option<u16>, term: Option<u64>, now: Micros) {
        let word = self.word(node);
        if word.leader != leader {
            word.since = now;
        }
        (word.leader, word.term) = (leader, term);
        // A leader that was cut off goes on calling itself one: the higher term is right, else the
        // newer claim.
        let claims = self.words.iter().filter(|w| w.leader.is_some());
        let best = claims.max_by_key(|w| (w.term, w.since));
        let (leader, term) = best.map_or((None, None), |w| (w.leader, w.term));
        self.now = (leader, term);
        let full = self.spans.len() >= SPANS_MAX;
        match self.spans.last_mut() {
            Some(span) if span.leader == leader && (span.term == term || leader.is_none()) => {}
            // A term that was not known yet is the same leader's.
            Some(span) if span.leader == leader && span.term.is_none() => span.term = term,
            _ if full => self.forgotten += 1,
            _ => self.spans.push(Span { from: now, leader, term }),
        }
    }

    fn word(&mut self, node: u16) -> &mut Word {
        let place = usize::from(node);
        if self.words.len() <= place {
            self.words.resize(place + 1, Word::default());
        }
        &mut self.words[place]
    }

    /// A node answered something, that took so long.
    pub fn heard(&mut self, node: u16, took: Micros, now: Micros) {
        let word = self.word(node);
        word.heard = Some(now);
        word.slow = took.max(word.slow - Micros(word.slow.0 / 8));
    }

    /// Whether a node answered something lately: within a second, or a second more than its slow
    /// answers take.
    #[must_use]
    pub fn heard_lately(&self, node: u16, now: Micros) -> bool {
        let word = self.words.get(usize::from(node));
        word.is_some_and(|w| w.heard.is_some_and(|at| now.since(at) <= w.slow + HEARD_WITHIN))
    }

    /// The leader as last seen.
    #[must_use]
    pub fn leader(&self) -> Option<u16> {
        self.now.0
    }

    /// Who led when, in order; each lasts until the next begins.
    #[must_use]
    pub fn spans(&self) -> &[Span] {
        &self.spans
    }

    /// A write is issued to a node, in the measured window.
    pub fn write_issued(&mut self, asked: u16) {
        match self.leader() {
            Some(leader) => {
                self.writes.known += 1;
                self.writes.to_leader += u64::from(leader == asked);
            }
            None => self.writes.unknown += 1,
        }
    }

    /// A write was acknowledged.
    pub fn write_acknowledged(&mut self, now: Micros) {
        self.acknowledged += 1;
        self.pause_until(now);
        self.last_write = Some(now);
    }

    /// The load ends: no write is expected any more.
    pub fn end(&mut self, now: Micros) {
        self.pause_until(now);
        self.last_write = None;
    }

    fn pause_until(&mut self, now: Micros) {
        let Some(from) = self.last_write.filter(|from| now.since(*from) >= GAP_LEAST) else {
            return;
        };
        self.gaps.push((from, now));
        if self.gaps.len() > GAPS_MAX {
            let shortest = (0..self.gaps.len()).min_by_key(|i| {
                let (from, to) = self.gaps[*i];
                to.since(from)
            });
            self.gaps.remove(shortest.unwrap_or_default());
        }
    }

    /// Times without an acknowledged write that chance does not explain, over a load that lasted so
    /// long: were writes acknowledged independently of each other at their mean rate (a Poisson
    /// process), the longest of all pauses would exceed the limit in one run of 150. None below
    /// half a second.
    #[must_use]
    pub fn gaps(&self, load: Micros) -> Vec<(Micros, Micros)> {
        let n = self.acknowledged as f64;
        if n < 10.0 {
            return Vec::new();
        }
        let mut found: Vec<(Micros, Micros)> = Vec::new();
        loop {
            // The time that gaps took says nothing of the rate beside them.
            let gone: u64 = found.iter().map(|(from, to)| to.since(*from).0).sum();
            let mean = load.0.saturating_sub(gone) as f64 / n;
            let limit = (mean * (libm::log(n) + 5.0)).max(500_000.0);
            let long = |(from, to): &&(Micros, Micros)| to.since(*from).0 as f64 >= limit;
            let longer: Vec<_> = self.gaps.iter().filter(long).copied().collect();
            // The limit falls with each gap that is found: it can only become more.
            if longer.len() <= found.len() {
                return longer;
            }
            found = longer;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(s: f64) -> Micros {
        Micros::from_secs(s)
    }

    fn spans(roles: &Roles) -> Vec<(f64, Option<u16>, Option<u64>)> {
        roles.spans().iter().map(|s| (s.from.as_secs(), s.leader, s.term)).collect()
    }

    #[test]
    fn an_election_is_seen_with_the_time_without_a_leader() {
        let mut roles = Roles::default();
        roles.told(0, Some(0), Some(1), at(0.1));
        roles.begin(at(1.0));
        for node in [1, 2] {
            roles.told(node, None, Some(1), at(1.5));
        }
        roles.told(0, None, None, at(3.0));
        assert_eq!(roles.leader(), None);
        roles.told(2, Some(2), Some(2), at(4.0));
        // The old one comes back, and does not know yet.
        roles.told(0, Some(0), Some(1), at(5.0));
        roles.told(0, None, Some(2), at(6.0));
        let expected = [(1.0, Some(0), Some(1)), (3.0, None, None), (4.0, Some(2), Some(2))];
        assert_eq!(spans(&roles), expected);
    }

    #[test]
    fn an_election_that_the_same_node_wins_has_another_term() {
        let mut roles = Roles::default();
        roles.told(0, Some(0), None, at(0.0));
        roles.told(0, Some(0), Some(3), at(1.0));
        roles.told(0, Some(0), Some(5), at(2.0));
        assert_eq!(spans(&roles), [(0.0, Some(0), Some(3)), (2.0, Some(0), Some(5))]);
        // Without terms the newer claim counts.
        let mut roles = Roles::default();
        roles.told(0, Some(0), None, at(0.0));
        roles.told(1, Some(1), None, at(1.0));
        roles.told(0, Some(0), None, at(2.0));
        assert_eq!(roles.leader(), Some(1));
    }

    #[test]
    fn a_node_that_answers_load_is_not_silent() {
        let mut roles = Roles::default();
        roles.told(1, Some(1), Some(4), at(0.0));
        assert!(!roles.heard_lately(1, at(0.1)) && !roles.heard_lately(7, at(0.1)));
        roles.heard(1, at(0.01), at(2.5));
        assert!(roles.heard_lately(1, at(3.5)) && !roles.heard_lately(1, at(3.6)));
        // One that answers in four seconds is not silent after two.
        roles.heard(1, at(4.0), at(4.0));
        assert!(roles.heard_lately(1, at(9.0)) && !roles.heard_lately(1, at(9.1)));
        // That it was slow is forgotten.
        (0..100).for_each(|_| roles.heard(1, at(0.01), at(10.0)));
        assert!(!roles.heard_lately(1, at(11.1)));
        assert_eq!(roles.leader(), Some(1));
    }

    #[test]
    fn nodes_that_name_another_one_are_believed() {
        let mut roles = Roles::default();
        roles.told(1, Some(0), None, at(0.0));
        assert_eq!(roles.leader(), Some(0));
        roles.write_issued(0);
        roles.write_issued(1);
        roles.told(1, None, None, at(1.0));
        roles.write_issued(0);
        assert_eq!(roles.writes, WritesAsked { known: 2, to_leader: 1, unknown: 1 });
    }

    #[test]
    fn pauses_that_chance_makes_are_no_gaps() {
        let mut roles = Roles::default();
        roles.begin(at(0.0));
        // A hundred a second, and nothing between 10 and 12.5 s.
        for i in 0..3_000 {
            let t = 0.01 * f64::from(i);
            if !(10.0..12.5).contains(&t) {
                roles.write_acknowledged(at(t));
            }
        }
        roles.end(at(31.0));
        let gaps = roles.gaps(at(31.0));
        let seconds: Vec<f64> = gaps.iter().map(|(a, b)| b.since(*a).as_secs()).collect();
        assert!((seconds[0] - 2.51).abs() < 1e-6 && (seconds[1] - 1.01).abs() < 1e-6, "{gaps:?}");
        assert_eq!(seconds.len(), 2);
        // A write every second: pauses of as much are what there is.
        let mut slow = Roles::default();
        slow.begin(at(0.0));
        (0..60).for_each(|i| slow.write_acknowledged(at(f64::from(i))));
        slow.end(at(60.0));
        assert!(slow.gaps(at(60.0)).is_empty());
    }

    #[test]
    fn what_is_kept_has_a_bound() {
        let mut roles = Roles::default();
        roles.begin(at(0.0));
        for i in 0..10_000_u32 {
            let now = at(f64::from(i));
            roles.told(0, Some((i % 2) as u16), None, now);
            roles.write_acknowledged(now);
        }
        assert!(roles.spans().len() == SPANS_MAX && roles.forgotten > 0);
        assert_eq!(roles.gaps.len(), GAPS_MAX);
    }
}
