//! The lines of a plan that are texts of their own: thresholds, and what happens meanwhile.

use super::file::PlanFile;
use super::problem::Problems;
use super::{Chaos, Node, Threshold, chaos, threshold};
use crate::dialect::Dialect;

/// Most lines of each.
const LINES_MAX: usize = 50;

pub(super) fn thresholds(
    texts: &[String],
    dialect: Option<&Dialect>,
    found: &mut Problems,
) -> Vec<Threshold> {
    // Without its operations nothing can be said of them.
    let Some(dialect) = dialect else { return Vec::new() };
    let ops: Vec<&str> = dialect.operations().iter().map(|op| op.name.as_str()).collect();
    if texts.len() > LINES_MAX {
        found.add("thresholds", format!("{} thresholds are too many: up to 50", texts.len()));
    }
    let mut list = Vec::new();
    for (i, text) in texts.iter().enumerate().filter(|(_, text)| !text.trim().is_empty()) {
        match threshold::parse(text, &ops) {
            Ok(threshold) => list.push(threshold),
            Err(error) => found.add(&format!("thresholds.{i}"), error.to_string()),
        }
    }
    list
}

pub(super) fn chaos(
    file: &PlanFile,
    dialect: Option<&Dialect>,
    nodes: &[Node],
    found: &mut Problems,
) -> Vec<Chaos> {
    let texts = file.chaos.as_deref().unwrap_or_default();
    let Some(dialect) = dialect else { return Vec::new() };
    if texts.len() > LINES_MAX {
        found.add("chaos", format!("{} lines are too many: up to 50", texts.len()));
    }
    let names: Vec<String> = nodes.iter().map(|node| node.name.clone()).collect();
    let mut list = Vec::new();
    for (i, text) in texts.iter().enumerate().filter(|(_, text)| !text.trim().is_empty()) {
        match chaos::parse(text, dialect, &names) {
            Ok(line) => {
                let removes = matches!(line.action, chaos::Action::RemoveEntity(_));
                if removes && file.load.model == "open" {
                    let text = "an open load has a rate, and no entity to remove";
                    found.add(&format!("chaos.{i}"), text);
                }
                list.push(line);
            }
            Err(error) => found.add(&format!("chaos.{i}"), error),
        }
    }
    list
}
