//! Accounts for published and received events: per subscriber and publisher, which came, which came
//! twice or out of order, and which never came.

use hdrhistogram::Histogram;

use fwit_quantities::units::Micros;
use fwit_stats::recorder::{LATENCY_MAX, new_histogram};

/// Times of a broken stream that are kept.
const DOWN_MAX: usize = 10_000;

/// All events of a run.
#[derive(Debug)]
pub struct Ledger {
    /// By publisher and sequence number (from 1): what became of the publishing.
    publishers: Vec<Vec<Publishing>>,
    subscribers: Vec<Subscriber>,
    delivery: Histogram<u64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Publishing {
    /// Sent; whether the cluster took it is not known.
    Sent,
    /// Answered with success; sent at this instant.
    Acknowledged(Micros),
}

#[derive(Clone, Debug)]
struct Subscriber {
    /// Receipt starts here: when its stream opened first.
    since: Option<Micros>,
    /// By publisher: a bit a sequence number, and the highest seen.
    seen: Vec<Seen>,
    disconnects: u32,
    trouble: Option<String>,
    /// When it was cut off and has not been open again, and all such times before.
    closed: Option<Micros>,
    down: Vec<(Micros, Micros)>,
}

#[derive(Clone, Debug, Default)]
struct Seen {
    bits: Vec<u64>,
    highest: u64,
    counts: Counts,
}

/// Counts of one subscriber (of one publisher or of all).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Received, each event once.
    pub received: u64,
    /// Received again.
    pub duplicates: u64,
    /// Received after a later one of the same publisher.
    pub reordered: u64,
    /// Acknowledged, sent since the subscriber began to listen, and never received.
    pub lost: u64,
    /// Of them: sent while its stream was broken.
    pub missed: u64,
}

impl Ledger {
    /// For so many publishers and subscribers.
    #[must_use]
    pub fn new(publishers: u32, subscribers: u32) -> Ledger {
        let subscriber = Subscriber {
            since: None,
            seen: vec![Seen::default(); publishers as usize],
            disconnects: 0,
            trouble: None,
            closed: None,
            down: Vec::new(),
        };
        Ledger {
            publishers: vec![Vec::new(); publishers as usize],
            subscribers: vec![subscriber; subscribers as usize],
            delivery: new_histogram(),
        }
    }

    /// An event was sent. Numbers of a publisher rise by one.
    pub fn published(&mut self, publisher: u32, seq: u64) {
        if let Some(list) = self.publishers.get_mut(publisher as usize)
            && list.len() as u64 + 1 == seq
        {
            list.push(Publishing::Sent);
        }
    }

    /// Its publishing was answered with success.
    pub fn acknowledged(&mut self, publisher: u32, seq: u64, sent: Micros) {
        let place =
            self.publishers.get_mut(publisher as usize).and_then(|l| l.get_mut(seq as usize - 1));
        if let Some(place) = place {
            *place = Publishing::Acknowledged(sent);
        }
    }

    /// A subscriber's stream is open, and received what was sent from `up` on where it was open
    /// before.
    pub fn opened(&mut self, subscriber: usize, up: Micros, now: Micros) {
        if let Some(s) = self.subscribers.get_mut(subscriber) {
            s.since.get_or_insert(now);
            // A stream that breaks all the time is counted, and its times have a bound.
            if let Some(from) = s.closed.take()
                && s.down.len() < DOWN_MAX
            {
                s.down.push((from, up.max(from)));
            }
        }
    }

    /// A subscriber's stream broke.
    pub fn broke(&mut self, subscriber: usize, why: String, now: Micros) {
        if let Some(s) = self.subscribers.get_mut(subscriber) {
            // A stream that can't be opened again is broken still, not once more.
            if s.since.is_some() && s.closed.is_none() {
                s.disconnects += 1;
                s.closed = Some(now);
            }
            s.trouble = Some(why);
        }
    }

    /// An event arrived. Whether it is one of this run's that had not come before.
    pub fn received(
        &mut self,
        subscriber: usize,
        publisher: u32,
        seq: u64,
        sent: Micros,
        now: Micros,
    ) -> bool {
        let published = self.publishers.get(publisher as usize).map_or(0, |list| list.len() as u64);
        let seen =
            self.subscribers.get_mut(subscriber).and_then(|s| s.seen.get_mut(publisher as usize));
        // What was never published is somebody else's: it must not fill the memory either.
        let Some(seen) = seen.filter(|_| (1..=published).contains(&seq)) else { return false };
        let (word, bit) = ((seq / 64) as usize, 1_u64 << (seq % 64));
        if seen.bits.len() <= word {
            seen.bits.resize(word + 1, 0);
        }
        if seen.bits[word] & bit != 0 {
            seen.counts.duplicates += 1;
            return false;
        }
        seen.bits[word] |= bit;
        seen.counts.received += 1;
        seen.counts.reordered += u64::from(seq < seen.highest);
        seen.highest = seen.highest.max(seq);
        self.delivery.record(now.since(sent).0.min(LATENCY_MAX)).ok();
        true
    }

    /// A subscriber's counts of one publisher.
    #[must_use]
    pub fn of_publisher(&self, subscriber: usize, publisher: usize) -> Counts {
        let Some(s) = self.subscribers.get(subscriber) else { return Counts::default() };
        let (Some(seen), Some(list)) = (s.seen.get(publisher), self.publishers.get(publisher))
        else {
            return Counts::default();
        };
        let due = |p: &Publishing| matches!(p, Publishing::Acknowledged(at) if s.since.is_some_and(|from| *at >= from));
        let lost = |(i, p): &(usize, &Publishing)| due(p) && !seen.has(*i as u64 + 1);
        let (mut all, mut missed) = (0, 0);
        for (_, publishing) in list.iter().enumerate().filter(lost) {
            all += 1;
            if let Publishing::Acknowledged(at) = publishing {
                missed += u64::from(s.was_down(*at));
            }
        }
        Counts { lost: all, missed, ..seen.counts }
    }

    /// A subscriber's counts of all publishers.
    #[must_use]
    pub fn of_all(&self, subscriber: usize) -> Counts {
        (0..self.publishers.len()).map(|p| self.of_publisher(subscriber, p)).fold(
            Counts::default(),
            |a, b| Counts {
                received: a.received + b.received,
                duplicates: a.duplicates + b.duplicates,
                reordered: a.reordered + b.reordered,
                lost: a.lost + b.lost,
                missed: a.missed + b.missed,
            },
        )
    }

    /// Events received by all subscribers, without working out what is lost.
    #[must_use]
    pub fn received_by_all(&self) -> u64 {
        self.subscribers.iter().flat_map(|s| &s.seen).map(|s| s.counts.received).sum()
    }

    /// Events whose publishing was answered with success.
    #[must_use]
    pub fn acknowledged_by_all(&self) -> u64 {
        let acknowledged = |p: &&Publishing| matches!(p, Publishing::Acknowledged(_));
        self.publishers.iter().flatten().filter(acknowledged).count() as u64
    }

    /// Whether nothing that was acknowledged is missing anywhere.
    #[must_use]
    pub fn complete(&self) -> bool {
        (0..self.subscribers.len()).all(|s| self.of_all(s).lost == 0)
    }

    /// Publish to receipt, over all subscribers, µs.
    #[must_use]
    pub fn delivery(&self) -> &Histogram<u64> {
        &self.delivery
    }

    /// How long a subscriber's stream was broken after it was open first, up to now.
    #[must_use]
    pub fn down(&self, subscriber: usize, now: Micros) -> Micros {
        let Some(s) = self.subscribers.get(subscriber) else { return Micros::ZERO };
        let open = s.closed.map(|from| (from, now));
        s.down.iter().copied().chain(open).fold(Micros::ZERO, |sum, (a, b)| sum + b.since(a))
    }

    /// How often a subscriber's stream broke, its last trouble, and whether it was ever open.
    #[must_use]
    pub fn stream(&self, subscriber: usize) -> (u32, Option<&str>, bool) {
        self.subscribers
            .get(subscriber)
            .map_or((0, None, false), |s| (s.disconnects, s.trouble.as_deref(), s.since.is_some()))
    }
}

impl Subscriber {
    fn was_down(&self, at: Micros) -> bool {
        self.closed.is_some_and(|from| at >= from)
            || self.down.iter().any(|(from, until)| (*from..*until).contains(&at))
    }
}

impl Seen {
    fn has(&self, seq: u64) -> bool {
        self.bits.get((seq / 64) as usize).is_some_and(|w| w & (1 << (seq % 64)) != 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ledger() -> Ledger {
        let mut l = Ledger::new(2, 1);
        l.opened(0, Micros(100), Micros(100));
        for seq in 1..=4 {
            l.published(0, seq);
        }
        l
    }

    #[test]
    fn what_came_twice_late_or_never_is_told_apart() {
        let mut l = ledger();
        l.acknowledged(0, 1, Micros(50)); // before the subscriber listened
        l.acknowledged(0, 2, Micros(150));
        l.acknowledged(0, 3, Micros(250));
        // 4 was never acknowledged: not missed, but welcome.
        assert_eq!(l.of_all(0), Counts { lost: 2, ..Counts::default() });
        assert!(l.received(0, 0, 4, Micros(300), Micros(310)));
        assert!(l.received(0, 0, 2, Micros(150), Micros(320)));
        assert!(!l.received(0, 0, 2, Micros(150), Micros(330)));
        let counts = Counts { received: 2, duplicates: 1, reordered: 1, lost: 1, missed: 0 };
        assert_eq!(l.of_all(0), counts);
        assert!(!l.complete());
        l.received(0, 0, 3, Micros(250), Micros(340));
        assert!(l.complete());
        assert_eq!((l.delivery().len(), l.acknowledged_by_all(), l.received_by_all()), (3, 3, 3));
    }

    #[test]
    fn what_was_published_while_a_stream_was_broken_is_told_apart() {
        let mut l = ledger();
        l.broke(0, "gone".into(), Micros(160));
        l.broke(0, "still gone".into(), Micros(170));
        l.opened(0, Micros(200), Micros(200));
        for (seq, at) in [(1, 150), (2, 165), (3, 190), (4, 210)] {
            l.acknowledged(0, seq, Micros(at));
        }
        assert_eq!(l.of_all(0), Counts { lost: 4, missed: 2, ..Counts::default() });
        assert_eq!(l.down(0, Micros(900)), Micros(40));
        l.broke(0, "gone again".into(), Micros(205));
        assert_eq!((l.of_all(0).missed, l.down(0, Micros(905))), (3, Micros(740)));
    }

    #[test]
    fn messages_of_others_change_nothing() {
        let mut l = ledger();
        l.received(0, 9, 1, Micros(0), Micros(0));
        l.received(5, 0, 1, Micros(0), Micros(0));
        l.received(0, 0, 0, Micros(0), Micros(0));
        l.received(0, 0, u64::MAX, Micros(0), Micros(0));
        l.received(0, 0, 5, Micros(0), Micros(0));
        l.acknowledged(7, 1, Micros(0));
        l.acknowledged(0, 99, Micros(0));
        assert_eq!(l.of_all(0), Counts::default());
    }
}
