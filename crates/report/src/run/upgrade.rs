//! Upgrades of the run's file form, version by version.

use super::wire::{LatencyFile, RunFile, VERSION};
use fwit_quantities::sample::Measure;

/// Brings a file of any known version to the newest.
pub(crate) fn upgrade(file: &mut RunFile) {
    if file.version == 1 {
        from_1(file);
    }
    file.version = VERSION;
}

/// Version 1 called `service` what the cluster took: redirects were in it. Where they were, the
/// service time of the last hop is not known; the same values stand in, and `parts` stay empty.
fn from_1(file: &mut RunFile) {
    let cluster = |entry: &LatencyFile| {
        let of_service = entry.measure == Measure::Service;
        of_service.then(|| LatencyFile { measure: Measure::Cluster, ..entry.clone() })
    };
    let latency = std::mem::take(&mut file.latency);
    file.latency = latency.into_iter().flat_map(|e| cluster(&e).into_iter().chain([e])).collect();
}
