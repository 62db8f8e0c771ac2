//! Small pieces that several views share.

mod badge;
mod icon;
mod latency_table;
mod method;
mod parts_bars;
mod rename;
mod tile;
mod verdict;

pub use badge::{Badge, Health, Simulated, TimeSource, Tone};
pub use icon::Icon;
pub use latency_table::{LatencyTable, MeasureSwitch, TableRow};
pub use method::MethodLink;
pub use parts_bars::{PartsBars, PartsPanel};
pub use rename::RenameForm;
pub use tile::Tile;
pub use verdict::{Headlines, Thresholds, Verdict};
