//! What a plan will need, before it starts: file and memory.

use fwit_model::plan::{Model, Plan};
use fwit_stats::recorder::CELLS_MAX;

/// What a second of an operation takes in the file beside its latencies, bytes.
const SECOND_BYTES: f64 = 75.0;
/// What a bucket takes in the file, bytes: its distance from the one before, and its count.
const CELL_FILE_BYTES: f64 = 5.0;
/// What a bucket takes in memory, bytes.
const CELL_BYTES: f64 = 8.0;
/// Buckets that the latencies of one second spread over, at most, as a rule.
const CELLS_A_SECOND: f64 = 120.0;
/// What an arrival that waits takes in memory, bytes.
const ARRIVAL_BYTES: f64 = 1_000.0;

/// The most that a plan will need, as a rule: how fast its cluster answers is not known before.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Needs {
    /// Seconds in the file.
    pub seconds: f64,
    /// Size of the file, bytes.
    pub file_bytes: f64,
    /// Memory of the page's two halves together, bytes: the file is made, and read once.
    pub memory_bytes: f64,
}

/// What a plan needs.
#[must_use]
pub fn needs(plan: &Plan) -> Needs {
    let seconds = plan.load.total().as_secs();
    let used = plan.mix.iter().filter(|(_, weight)| *weight > 0).count().max(1) as f64;
    let (rate, queue) = match plan.load.model {
        Model::Open { rate_per_s, .. } => (rate_per_s, f64::from(plan.load.queue_max)),
        Model::Closed { think, jitter } => {
            // As if every answer came within a millisecond.
            let cycle = 0.001 + think.as_secs() + jitter.as_secs() / 2.0;
            (f64::from(plan.load.entities) / cycle, 0.0)
        }
    };
    // A queue fills no faster than arrivals come.
    let queue = queue.min(rate * seconds);
    // Cluster and response time.
    let cells = 2.0 * seconds * used * (rate / used).min(CELLS_A_SECOND);
    let cells = cells.min(CELLS_MAX as f64);
    let file_bytes = 300_000.0 + cells * CELL_FILE_BYTES + seconds * used * SECOND_BYTES;
    let memory_bytes = cells * CELL_BYTES + queue * ARRIVAL_BYTES + 8.0 * file_bytes;
    Needs { seconds, file_bytes, memory_bytes }
}

#[cfg(test)]
mod tests {
    use super::super::FILE_MAX;
    use super::*;
    use fwit_model::plan::preset;
    use fwit_quantities::units::Micros;

    #[test]
    fn ten_minutes_are_little_and_the_longest_plan_can_be_opened_again() {
        let mut plan = preset("quick").unwrap();
        assert!(needs(&plan).file_bytes < 1_000_000.0, "{:?}", needs(&plan));
        plan.load.warmup = Micros::from_secs(86_400.0);
        plan.load.duration = Micros::from_secs(86_400.0);
        plan.load.entities = 10_000;
        let most = needs(&plan);
        assert!(most.file_bytes < FILE_MAX as f64 && most.file_bytes > 1e8, "{most:?}");
        plan.load.model =
            Model::Open { rate_per_s: 0.01, arrivals: fwit_model::plan::Arrivals::Poisson };
        assert!(needs(&plan).memory_bytes < most.memory_bytes);
    }
}
