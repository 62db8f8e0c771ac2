//! The nodes' vitals: charts on the time axis of the run, and what grows, in words.

use fwit_chart::axis::Axis;
use fwit_chart::figure::ChartError;
use fwit_chart::line::LineChart;
use fwit_chart::number::Quantity;
use fwit_report::run::view::{NodeVitals, RunView, Vitals};

use crate::drawn::{Drawn, drawn};
use crate::figure::{bytes, percent};
use crate::over_time::Marks;

/// Which of the vitals a chart is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Vital {
    /// CPU cores in use.
    Cpu,
    /// Resident memory.
    Memory,
    /// Threads or goroutines.
    Tasks,
    /// Open files.
    OpenFiles,
}

impl Vital {
    /// All, in the order of the view.
    pub const ALL: [Vital; 4] = [Vital::Cpu, Vital::Memory, Vital::Tasks, Vital::OpenFiles];

    fn of(self, node: &NodeVitals) -> &[Option<f64>] {
        match self {
            Vital::Cpu => &node.cpu,
            Vital::Memory => &node.memory_bytes,
            Vital::Tasks => &node.tasks,
            Vital::OpenFiles => &node.open_files,
        }
    }

    fn title(self) -> &'static str {
        match self {
            Vital::Cpu => "CPU by node",
            Vital::Memory => "Memory by node",
            Vital::Tasks => "Threads or goroutines by node",
            Vital::OpenFiles => "Open files and sockets by node",
        }
    }

    fn axis(self) -> Axis {
        match self {
            Vital::Cpu => Axis::linear("cores", Quantity::Plain),
            Vital::Memory => Axis::linear("MB", Quantity::Plain),
            Vital::Tasks | Vital::OpenFiles => Axis::linear("number", Quantity::Plain),
        }
    }
}

/// One of the vitals over the time of a run; nothing where no node tells it.
///
/// # Errors
/// Where times do not rise.
pub fn chart(vitals: Option<&Vitals>, marks: Marks, vital: Vital) -> Result<Drawn, ChartError> {
    let Some(vitals) = vitals else { return Ok(None) };
    if vitals.nodes.iter().all(|node| vital.of(node).iter().all(Option::is_none)) {
        return Ok(None);
    }
    let x = vitals.t_s.iter().copied().collect();
    let time = Axis::linear("time", Quantity::Elapsed);
    let mut chart = LineChart::new(vital.title(), time, vital.axis(), x)?
        .from_zero(true)
        .with_marks(marks.drawn());
    let scale = if vital == Vital::Memory { 1e-6 } else { 1.0 };
    for node in &vitals.nodes {
        let values = vital.of(node).iter().map(|v| v.map(|v| v * scale));
        chart = chart.with_values(&node.node, values)?;
    }
    Ok(drawn(chart))
}

/// Which of the vitals there are.
#[must_use]
pub fn known(vitals: &Vitals) -> Vec<Vital> {
    let told =
        |vital: &Vital| vitals.nodes.iter().any(|node| vital.of(node).iter().any(Option::is_some));
    Vital::ALL.into_iter().filter(told).collect()
}

/// What grew or shrank all the time, a sentence a node.
#[must_use]
pub fn sentences(run: &RunView) -> Vec<String> {
    let growing = run.vitals.as_ref().map(Vitals::growing).unwrap_or_default();
    growing
        .iter()
        .map(|g| {
            let verb = if g.per_minute > 0.0 { "grew" } else { "shrank" };
            format!(
                "{}’s memory {verb} {} a minute, from {} to {}.",
                g.node,
                percent(g.per_minute.abs()),
                bytes(g.from as u64),
                bytes(g.to as u64)
            )
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use fwit_report::run::sample::sample;

    #[test]
    fn charts_are_of_what_is_told() {
        let mut run = sample("a", 1.0);
        assert!(chart(run.vitals.as_ref(), Marks::of(&run), Vital::Cpu).unwrap().is_none());
        let t_s: Vec<f64> = (0..40).map(f64::from).map(|i| 2.0 * i).collect();
        let n = t_s.len();
        let memory_bytes = t_s.iter().map(|t| Some(1e8 + 1e5 * t)).collect();
        let node = NodeVitals {
            node: "n2".into(),
            cpu: vec![None; n],
            memory_bytes,
            tasks: vec![None; n],
            open_files: vec![Some(7.0); n],
        };
        let vitals = Vitals { t_s, nodes: vec![node] };
        assert_eq!(known(&vitals), [Vital::Memory, Vital::OpenFiles]);
        run.vitals = Some(vitals);
        assert!(chart(run.vitals.as_ref(), Marks::of(&run), Vital::Cpu).unwrap().is_none());
        let drawn = chart(run.vitals.as_ref(), Marks::of(&run), Vital::Memory).unwrap().unwrap();
        assert_eq!(drawn.legend()[0].label, "n2");
        let said = sentences(&run);
        assert!(said[0].starts_with("n2’s memory grew 5.77"), "{said:?}");
    }
}
