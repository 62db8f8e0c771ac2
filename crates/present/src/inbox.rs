//! Keeps the snapshots of a running test between two frames: merges them, so that they never pile
//! up.

use fwit_report::run::view::{Live, Second};

/// Longest history kept for the live charts, in seconds: a day. Older seconds stay in the run
/// itself.
pub const HISTORY_MAX: usize = 86_400;

/// What came since the last frame: the last snapshot, and the seconds of all of them.
#[derive(Debug, Default)]
pub struct Inbox {
    latest: Option<Live>,
    seconds: Vec<Second>,
}

/// What one frame has to show.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Update {
    /// The newest snapshot, without its seconds.
    pub live: Live,
    /// The seconds of all snapshots since the last frame, in their order.
    pub seconds: Vec<Second>,
}

impl Inbox {
    /// Takes in a snapshot.
    pub fn merge(&mut self, mut snapshot: Live) {
        self.seconds.append(&mut snapshot.seconds);
        self.latest = Some(snapshot);
    }

    /// Hands out what came since the last call.
    pub fn take(&mut self) -> Option<Update> {
        let live = self.latest.take()?;
        Some(Update { live, seconds: std::mem::take(&mut self.seconds) })
    }
}

/// Adds seconds to a history: each second once, in order, at most [`HISTORY_MAX`].
pub fn extend_history(history: &mut Vec<Second>, seconds: Vec<Second>) {
    for second in seconds {
        if history.last().is_none_or(|last| last.t_s < second.t_s) {
            history.push(second);
        }
    }
    if history.len() > HISTORY_MAX {
        history.drain(..history.len() - HISTORY_MAX);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn snapshot(elapsed_us: u64, seconds: &[u32]) -> Live {
        let seconds = seconds.iter().map(|&t_s| Second { t_s, ..Second::default() }).collect();
        Live { elapsed_us, seconds, ..Live::default() }
    }

    #[test]
    fn beats_of_a_hidden_tab_are_merged_into_one() {
        let mut inbox = Inbox::default();
        assert_eq!(inbox.take(), None);
        inbox.merge(snapshot(1, &[0]));
        inbox.merge(snapshot(2, &[]));
        inbox.merge(snapshot(3, &[1, 2]));
        let update = inbox.take().unwrap();
        assert_eq!(update.live.elapsed_us, 3);
        assert!(update.live.seconds.is_empty());
        assert_eq!(update.seconds.iter().map(|s| s.t_s).collect::<Vec<_>>(), [0, 1, 2]);
        assert_eq!(inbox.take(), None);
    }

    #[test]
    fn a_history_holds_each_second_once() {
        let mut history = Vec::new();
        extend_history(&mut history, snapshot(0, &[0, 1]).seconds);
        extend_history(&mut history, snapshot(0, &[1, 2, 4]).seconds);
        assert_eq!(history.iter().map(|s| s.t_s).collect::<Vec<_>>(), [0, 1, 2, 4]);
    }
}
