//! Where nodes tell their vitals, and under which names.

use super::RequestTemplate;
use super::compile::Compiler;
use super::file::{RequestFile, VitalsFile};
use super::words::Method;

/// What is read of a node, in this order: CPU seconds so far, resident bytes, tasks, open files.
/// The names are those of Prometheus's process collector; goroutines are Go's.
pub const VITALS: [&str; 4] = [
    "process_cpu_seconds_total",
    "process_resident_memory_bytes",
    "go_goroutines",
    "process_open_fds",
];

impl Compiler {
    /// Compiles the request for a node's vitals.
    pub(super) fn vitals(&mut self, file: &VitalsFile) -> Option<RequestTemplate> {
        let request = RequestFile {
            method: Method::Get,
            path: file.path.clone(),
            body: None,
            content_type: None,
            headers: std::collections::BTreeMap::new(),
        };
        let compiled = self.request("vitals", &request)?;
        if compiled.path.has_places() {
            self.add("vitals.path", "has no key and no value: write it out");
        }
        Some(compiled)
    }
}

impl VitalsFile {
    /// The names of the metrics, in the order of [`VITALS`].
    #[must_use]
    pub fn names(&self) -> [&str; VITALS.len()] {
        let own = [&self.cpu_seconds, &self.memory_bytes, &self.tasks, &self.open_files];
        std::array::from_fn(|i| own[i].as_deref().unwrap_or(VITALS[i]))
    }
}
