//! What a run wrote to one key, and which values may stand there.
//!
//! A key is a register (Herlihy and Wing, 1990): a read may find the value of any write that was
//! not certainly replaced before the read began. A write is certainly replaced once another one,
//! which began after its acknowledgement, was acknowledged as well. A write whose end is not known
//! (a timeout, a connection that broke) may take effect at any time later.

use std::collections::VecDeque;

use fwit_quantities::units::Micros;

/// Writes of a key that are remembered; of more, the oldest that are certainly replaced are
/// forgotten.
const WRITES_MAX: usize = 1_024;
/// Refused values of a key that are remembered.
const REFUSED_MAX: usize = 16;

/// What a read found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// Nothing.
    Absent,
    /// A value, by its hash.
    Value(u64),
    /// A value that the dialect does not tell.
    Present,
}

/// Whether what a read found may stand there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Judgement {
    /// It may.
    Fine,
    /// It was certainly replaced at least so long before the read began.
    Stale(Micros),
    /// This run did not write it.
    Foreign,
    /// It is not known any more.
    Forgotten,
}

/// The writes of one key, in the order in which they began.
#[derive(Clone, Debug, Default)]
pub struct Register {
    writes: Vec<Write>,
    forgot: bool,
    /// Writes whose end is not known were forgotten: any value may stand there.
    lost_track: bool,
    /// Values of writes that were refused: a browser may have sent one twice, and the second time
    /// was refused.
    refused: VecDeque<u64>,
}

#[derive(Clone, Copy, Debug)]
struct Write {
    number: u64,
    /// The value's hash; none for a delete.
    value: Option<u64>,
    begun: Micros,
    /// When it was acknowledged; [`NEVER`] while that is not known.
    ended: Micros,
}

const NEVER: Micros = Micros(u64::MAX);

impl Register {
    /// A write begins; no value is a delete. Returns how many more writes are remembered.
    pub fn begin(&mut self, number: u64, value: Option<u64>, at: Micros) -> isize {
        let before = self.writes.len();
        if before >= WRITES_MAX {
            self.forget(at, WRITES_MAX / 2);
            if self.writes.len() >= WRITES_MAX {
                self.writes.drain(..WRITES_MAX / 2);
                self.lost_track = true;
            }
        }
        self.writes.push(Write { number, value, begun: at, ended: NEVER });
        self.writes.len() as isize - before as isize
    }

    /// A write was acknowledged.
    pub fn acknowledged(&mut self, number: u64, at: Micros) {
        // What ends began not long ago.
        if let Some(write) = self.writes.iter_mut().rev().find(|w| w.number == number) {
            write.ended = at;
        }
    }

    /// A write was certainly not carried out. Returns how many fewer writes are remembered.
    pub fn refused(&mut self, number: u64) -> usize {
        let place = self.writes.iter().rposition(|w| w.number == number);
        let Some(write) = place.map(|place| self.writes.remove(place)) else { return 0 };
        if let Some(value) = write.value {
            self.refused.push_back(value);
            if self.refused.len() > REFUSED_MAX {
                self.refused.pop_front();
            }
        }
        1
    }

    /// Whether any write was acknowledged: before that, anything may stand there.
    #[must_use]
    pub fn is_known(&self) -> bool {
        self.forgot || self.writes.iter().any(|w| w.ended != NEVER)
    }

    /// Whether what a read that began at `began` found may stand there.
    #[must_use]
    pub fn judge(&self, found: Found, began: Micros) -> Judgement {
        let Some(latest) = self.latest(began) else { return Judgement::Fine };
        if self.lost_track {
            return Judgement::Forgotten;
        }
        let fits = |w: &&Write| match found {
            Found::Absent => w.value.is_none(),
            Found::Value(hash) => w.value == Some(hash),
            Found::Present => w.value.is_some(),
        };
        let last = self.writes.iter().filter(fits).map(|w| w.ended).max();
        match (last, found) {
            (Some(ended), _) if ended >= latest => Judgement::Fine,
            (None, Found::Value(hash)) if self.refused.contains(&hash) => Judgement::Fine,
            (None, Found::Value(_)) if self.forgot => Judgement::Forgotten,
            (None, Found::Value(_)) => Judgement::Foreign,
            // What stood there before the run is replaced by the first write of all.
            _ => {
                let after = last.unwrap_or(Micros::ZERO);
                let replacing = self.writes.iter().filter(|w| w.begun > after || last.is_none());
                let replaced = replacing.map(|w| w.ended).min().unwrap_or(began);
                Judgement::Stale(began.since(replaced))
            }
        }
    }

    /// When the last of the writes began that were acknowledged before that.
    fn latest(&self, before: Micros) -> Option<Micros> {
        self.writes.iter().filter(|w| w.ended < before).map(|w| w.begun).max()
    }

    /// Forgets up to so many writes that are certainly replaced. Returns how many.
    pub fn forget(&mut self, now: Micros, most: usize) -> usize {
        let Some(latest) = self.latest(now) else { return 0 };
        let before = self.writes.len();
        let mut left = most;
        self.writes.retain(|w| {
            let goes = left > 0 && w.ended < latest;
            left -= usize::from(goes);
            !goes
        });
        let gone = before - self.writes.len();
        self.forgot |= gone > 0;
        gone
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: Found = Found::Value(1);
    const B: Found = Found::Value(2);

    /// Writes by number, value, begin and end; no end is one that is not known.
    fn register(writes: &[(Option<u64>, u64, Option<u64>)]) -> Register {
        let mut register = Register::default();
        for (number, (value, begun, ended)) in (0..).zip(writes) {
            register.begin(number, *value, Micros(*begun));
            if let Some(ended) = ended {
                register.acknowledged(number, Micros(*ended));
            }
        }
        register
    }

    #[test]
    fn a_value_is_stale_once_a_later_one_was_acknowledged() {
        let r = register(&[(Some(1), 10, Some(20)), (Some(2), 30, Some(40))]);
        assert_eq!(r.judge(B, Micros(50)), Judgement::Fine);
        assert_eq!(r.judge(A, Micros(50)), Judgement::Stale(Micros(10)));
        // The read began before the second one was acknowledged: either may be there.
        assert_eq!(r.judge(A, Micros(40)), Judgement::Fine);
        assert_eq!(r.judge(B, Micros(35)), Judgement::Fine);
        assert_eq!(r.judge(Found::Absent, Micros(50)), Judgement::Stale(Micros(30)));
        assert_eq!(r.judge(Found::Present, Micros(50)), Judgement::Fine);
        assert_eq!(r.judge(Found::Value(3), Micros(50)), Judgement::Foreign);
    }

    #[test]
    fn writes_at_the_same_time_may_take_effect_in_either_order() {
        let r = register(&[(Some(1), 10, Some(40)), (Some(2), 30, Some(50))]);
        for found in [A, B] {
            assert_eq!(r.judge(found, Micros(60)), Judgement::Fine);
        }
        // Also a delete.
        let r = register(&[(Some(1), 10, Some(40)), (None, 30, Some(50))]);
        for found in [A, Found::Absent, Found::Present] {
            assert_eq!(r.judge(found, Micros(60)), Judgement::Fine);
        }
    }

    #[test]
    fn a_write_whose_end_is_not_known_may_take_effect_at_any_time() {
        let r = register(&[(Some(1), 10, None), (Some(2), 30, Some(40))]);
        assert_eq!(r.judge(A, Micros(900)), Judgement::Fine);
        assert_eq!(r.judge(B, Micros(900)), Judgement::Fine);
        let r = register(&[(Some(1), 10, Some(20)), (None, 30, None)]);
        assert_eq!(r.judge(Found::Absent, Micros(900)), Judgement::Fine);
        assert_eq!(r.judge(A, Micros(900)), Judgement::Fine);
    }

    #[test]
    fn a_key_that_was_deleted_and_written_again_counts_again() {
        let r = register(&[(Some(1), 1, Some(2)), (None, 3, Some(4)), (Some(2), 5, Some(6))]);
        assert_eq!(r.judge(Found::Absent, Micros(9)), Judgement::Stale(Micros(3)));
        assert_eq!(r.judge(A, Micros(9)), Judgement::Stale(Micros(5)));
        assert_eq!(r.judge(B, Micros(9)), Judgement::Fine);
        // A deleted one that came back.
        let r = register(&[(Some(1), 1, Some(2)), (None, 3, Some(4))]);
        assert_eq!(r.judge(A, Micros(9)), Judgement::Stale(Micros(5)));
        assert_eq!(r.judge(Found::Present, Micros(9)), Judgement::Stale(Micros(5)));
    }

    #[test]
    fn before_the_first_acknowledgement_nothing_is_known() {
        let mut r = register(&[(Some(1), 10, None)]);
        assert!(!r.is_known());
        assert_eq!(r.judge(Found::Value(9), Micros(50)), Judgement::Fine);
        assert_eq!((r.refused(0), r.refused(0)), (1, 0));
        assert_eq!(register(&[(None, 1, Some(2))]).judge(B, Micros(9)), Judgement::Foreign);
    }

    #[test]
    fn writes_without_an_answer_have_a_bound_and_what_was_refused_may_be_there() {
        let mut r = register(&[(Some(1), 1, Some(2))]);
        r.begin(9, Some(2), Micros(3));
        r.refused(9);
        assert_eq!(r.judge(B, Micros(50)), Judgement::Fine);
        for i in 10..5_000 {
            r.begin(i, Some(i), Micros(i));
        }
        assert!(r.writes.len() <= WRITES_MAX);
        r.begin(9_000, Some(3), Micros(9_000));
        r.acknowledged(9_000, Micros(9_001));
        assert_eq!(r.judge(A, Micros(9_500)), Judgement::Forgotten);
    }

    #[test]
    fn what_is_forgotten_is_said() {
        let mut r = Register::default();
        let mut kept = 0;
        for i in 0..3_000_u64 {
            kept += r.begin(i, Some(i), Micros(10 * i));
            r.acknowledged(i, Micros(10 * i + 5));
        }
        assert!(r.writes.len() <= WRITES_MAX && kept == r.writes.len() as isize);
        let end = Micros(100_000);
        assert_eq!(r.judge(Found::Value(2_999), end), Judgement::Fine);
        assert_eq!(r.judge(Found::Value(2_998), end), Judgement::Stale(Micros(70_005)));
        assert_eq!(r.judge(Found::Value(7), end), Judgement::Forgotten);
        assert!(r.forget(end, usize::MAX) > 0 && r.writes.len() == 1 && r.is_known());
    }
}
