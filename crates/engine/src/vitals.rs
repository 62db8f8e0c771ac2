//! The nodes' vitals, from their Prometheus end points: CPU, memory, tasks, open files.
//!
//! The text format: <https://prometheus.io/docs/instrumenting/exposition_formats/>; OpenMetrics is
//! read by the same rules, as far as gauges and counters go.

use fwit_model::dialect::VITALS;
use fwit_quantities::units::Micros;

/// A node that never answered, so often, is not asked again.
const FAILURES_MAX: u32 = 3;
/// Rounds that are kept; of more, every other one.
const ROUNDS_MAX: usize = 2_000;

/// What one node said in one round, in the order of [`VITALS`]: CPU seconds so far, resident bytes,
/// tasks (threads or goroutines), open files. NaN for what it does not say.
pub type Values = [f64; VITALS.len()];

/// What one node said, and when.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reading {
    /// When its answer came.
    pub at: Micros,
    /// What it said.
    pub values: Values,
}

/// All that was read.
#[derive(Clone, Debug, Default)]
pub struct Vitals {
    /// When each round began.
    rounds: Vec<Micros>,
    /// By node: a reading each round.
    nodes: Vec<Vec<Option<Reading>>>,
    failures: Vec<u32>,
    answered: Vec<bool>,
}

impl Vitals {
    /// A round of readings of all nodes.
    pub fn add(&mut self, at: Micros, readings: &[(u16, Option<Reading>)]) {
        if self.rounds.len() >= ROUNDS_MAX {
            let mut keep = false;
            let mut thin = || {
                keep = !keep;
                keep
            };
            self.rounds.retain(|_| thin());
            for node in &mut self.nodes {
                let mut i = 0;
                node.retain(|_| {
                    i += 1;
                    i % 2 == 1
                });
            }
        }
        let round = self.rounds.len();
        self.rounds.push(at);
        for (node, reading) in readings {
            let place = usize::from(*node);
            if self.nodes.len() <= place {
                self.nodes.resize(place + 1, Vec::new());
                self.failures.resize(place + 1, 0);
                self.answered.resize(place + 1, false);
            }
            self.nodes[place].resize(round, None);
            self.nodes[place].push(*reading);
            self.answered[place] |= reading.is_some();
            self.failures[place] = if reading.is_some() { 0 } else { self.failures[place] + 1 };
        }
    }

    /// Whether a node is still worth asking: one that answered once may be away for a while.
    pub(crate) fn wants(&self, node: u16) -> bool {
        let place = usize::from(node);
        self.answered.get(place).is_some_and(|answered| *answered)
            || self.failures.get(place).is_none_or(|failures| *failures < FAILURES_MAX)
    }

    /// When each round began.
    #[must_use]
    pub fn rounds(&self) -> &[Micros] {
        &self.rounds
    }

    /// By node: a reading each round, as far as there are any; none of a node that said nothing.
    pub fn nodes(&self) -> impl Iterator<Item = (u16, &[Option<Reading>])> {
        let said = |(_, list): &(u16, &Vec<Option<Reading>>)| list.iter().any(Option::is_some);
        (0..).zip(&self.nodes).filter(said).map(|(node, list)| (node, list.as_slice()))
    }

    /// The load begins.
    pub fn begin(&mut self) {
        *self = Vitals::default();
    }
}

/// Reads metrics of these names from a node's text; those of one name are summed over their labels.
/// `None` where none of them is there.
#[must_use]
pub fn read(text: &str, names: &[&str; VITALS.len()]) -> Option<Values> {
    let mut found = [f64::NAN; VITALS.len()];
    for line in text.lines() {
        let end = line.find(['{', ' ', '\t']).unwrap_or(line.len());
        let (name, rest) = line.split_at(end);
        let Some(place) = names.iter().position(|wanted| *wanted == name) else { continue };
        // The value follows the labels, of which a text may hold any sign.
        let rest = if rest.starts_with('{') { after_labels(rest) } else { rest };
        let value = rest.split_whitespace().next().and_then(|v| v.parse::<f64>().ok());
        if let Some(value) = value.filter(|v| v.is_finite() && *v >= 0.0) {
            found[place] = if found[place].is_nan() { value } else { found[place] + value };
        }
    }
    found.iter().any(|v| !v.is_nan()).then_some(found)
}

fn after_labels(text: &str) -> &str {
    let (mut quoted, mut escaped) = (false, false);
    for (i, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            '}' if !quoted => return &text[i + 1..],
            _ => {}
        }
    }
    ""
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMES: [&str; 4] = ["process_cpu_seconds_total", "memory", "go_goroutines", "files"];

    #[test]
    fn gauges_and_counters_are_found_among_others() {
        let text = "# HELP memory bytes\n# TYPE memory gauge\nmemory{a=\"x} 9\",b=\"\\\"\"} 1e3\n\
                    memory{a=\"y\"} 24 1700000000\nmemory_total 7\nprocess_cpu_seconds_total 1.25\n\
                    go_goroutines NaN\nlong{";
        let found = read(text, &NAMES).unwrap();
        assert_eq!((found[0], found[1]), (1.25, 1_024.0));
        assert!(found[2].is_nan() && found[3].is_nan());
        assert_eq!(read("other 1\nmemory{", &NAMES), None);
        assert_eq!(read("", &NAMES), None);
    }

    #[test]
    fn rounds_stay_in_step_when_a_node_is_silent_or_many_are_kept() {
        let mut vitals = Vitals::default();
        let said = |at| Some(Reading { at: Micros(at), values: [1.0; 4] });
        vitals.add(Micros(1), &[(0, said(1)), (1, None), (2, None)]);
        vitals.add(Micros(2), &[(1, said(2))]);
        vitals.add(Micros(3), &[(0, said(3)), (1, None), (2, None)]);
        let nodes: Vec<_> = vitals.nodes().map(|(n, list)| (n, list.len())).collect();
        assert_eq!(nodes, [(0, 3), (1, 3)]);
        assert!(vitals.wants(1) && vitals.nodes[0][1].is_none());
        for i in 4..3_000 {
            vitals.add(Micros(i), &[(0, said(i)), (1, None), (2, None)]);
        }
        assert!(vitals.rounds().len() <= ROUNDS_MAX);
        assert_eq!(vitals.nodes[0].len(), vitals.rounds().len());
        // One that answered once is asked again, one that never did is not.
        assert!(vitals.wants(1) && !vitals.wants(2) && vitals.rounds().is_sorted());
    }
}
