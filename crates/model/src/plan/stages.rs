//! Load that changes: stages, each a ramp to a level or a step to it, in entities or in arrivals a
//! second.
//!
//! The level is 0 before the first stage. A linear stage goes from where the one before ended to
//! its own target; a step is at its target from its first moment on. A stage of no length is a
//! jump.

use std::fmt;

use super::file::LoadFile;
use super::problem::Problems;
use fwit_quantities::units::{Micros, decimal};

/// Most stages of a plan.
const STAGES_MAX: usize = 100;

/// How a stage comes to its target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ramp {
    /// Evenly over its length.
    Linear,
    /// At once.
    Step,
}

/// One stage of a load.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stage {
    /// How long it lasts.
    pub duration: Micros,
    /// Entities, or arrivals a second, at its end.
    pub target: f64,
    /// How it gets there.
    pub ramp: Ramp,
}

/// Stages with the level at which each starts: `(start µs, from, stage)`.
fn walk(stages: &[Stage]) -> impl Iterator<Item = (Micros, f64, &Stage)> {
    let (mut at, mut level) = (Micros::ZERO, 0.0);
    stages.iter().map(move |stage| {
        let from = if stage.ramp == Ramp::Step { stage.target } else { level };
        let here = (at, from, stage);
        at += stage.duration;
        level = stage.target;
        here
    })
}

/// The level at a moment after the start; the last stage's target after its end.
#[must_use]
pub fn level(stages: &[Stage], at: Micros) -> f64 {
    let mut now = 0.0;
    for (start, from, stage) in walk(stages) {
        if at < start {
            break;
        }
        let share = (at.since(start).0 as f64 / stage.duration.0.max(1) as f64).min(1.0);
        now = from + (stage.target - from) * share;
    }
    now
}

/// How long all stages take.
#[must_use]
pub fn total(stages: &[Stage]) -> Micros {
    stages.iter().fold(Micros::ZERO, |sum, s| sum + s.duration)
}

/// When the `count`-th arrival is due (not necessarily whole), seconds after the start, where
/// stages are rates: the inverse of the rate's integral. `None` where there are not that many.
#[must_use]
pub fn due_s(stages: &[Stage], count: f64) -> Option<f64> {
    let mut left = count;
    for (start, from, stage) in walk(stages) {
        let length = stage.duration.as_secs();
        let area = (from + stage.target) / 2.0 * length;
        if left <= area && length > 0.0 && area > 0.0 {
            let slope = (stage.target - from) / length;
            // from t + slope t² / 2 = left, in the form that does not cancel.
            let root = (from * from + 2.0 * slope * left).max(0.0).sqrt();
            let t = if from + root > 0.0 { 2.0 * left / (from + root) } else { 0.0 };
            return Some(start.as_secs() + t.min(length));
        }
        left -= area;
    }
    None
}

/// Reads `0→50 in 30s, 50 for 2m`: parts are set apart by commas or lines; `in` ramps, `for`
/// steps and holds.
///
/// # Errors
/// A sentence on the first part that can't be read.
pub fn parse(text: &str) -> Result<Vec<Stage>, String> {
    let mut stages: Vec<Stage> = Vec::new();
    let parts = text.split([',', ';', '\n']).map(str::trim).filter(|p| !p.is_empty());
    for part in parts {
        let bad = |what: &str| format!("“{part}”: {what}");
        let words = part.replace("->", "→");
        let (levels, duration, ramp) = if let Some((a, b)) = words.split_once(" in ") {
            (a, b, Ramp::Linear)
        } else if let Some((a, b)) = words.split_once(" for ") {
            (a, b, Ramp::Step)
        } else {
            return Err(bad("write a ramp as “0→50 in 30s” or a level as “50 for 2m”"));
        };
        let before = stages.last().map_or(0.0, |s| s.target);
        let number = |text: &str| {
            let n = decimal(text.trim().trim_end_matches("/s"));
            n.filter(|n| *n >= 0.0).ok_or_else(|| bad("its level is not a number from 0 up"))
        };
        let target = match levels.split_once('→') {
            None => number(levels)?,
            Some(_) if ramp == Ramp::Step => return Err(bad("a level that is held has no arrow")),
            Some((from, to)) => {
                if number(from)? != before {
                    let text = format!(
                        "it must start at {before}, where the stage before ends; “{} for 0s” jumps",
                        from.trim()
                    );
                    return Err(bad(&text));
                }
                number(to)?
            }
        };
        let duration = seconds(duration.trim())
            .ok_or_else(|| bad("its length is not a time such as 30s, 2m or 1h"))?;
        stages.push(Stage { duration: Micros::from_secs(duration), target, ramp });
    }
    Ok(stages)
}

pub(super) fn seconds(text: &str) -> Option<f64> {
    let units = [("ms", 1e-3), ("min", 60.0), ("s", 1.0), ("m", 60.0), ("h", 3_600.0), ("", 1.0)];
    let (number, factor) =
        units.iter().find_map(|(unit, factor)| Some((text.strip_suffix(unit)?, factor)))?;
    decimal(number).filter(|n| (0.0..=1e9).contains(n)).map(|n| n * factor)
}

/// Stages as [`parse`] reads them.
#[must_use]
pub fn to_text(stages: &[Stage]) -> String {
    let part = |(_, from, stage): (Micros, f64, &Stage)| {
        let length = Length(stage.duration);
        match stage.ramp {
            Ramp::Linear => format!("{from}→{} in {length}", stage.target),
            Ramp::Step => format!("{} for {length}", stage.target),
        }
    };
    walk(stages).map(part).collect::<Vec<_>>().join(", ")
}

struct Length(Micros);

impl fmt::Display for Length {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let us = self.0.0;
        if us >= 60_000_000 && us.is_multiple_of(60_000_000) {
            write!(f, "{}m", us / 60_000_000)
        } else {
            write!(f, "{}s", self.0.as_secs())
        }
    }
}

/// The stages of a plan file. Each problem stands at `load.stages`, with the stage's number.
pub(super) fn validate(file: &LoadFile, found: &mut Problems) -> Vec<Stage> {
    let open = file.model == "open";
    let mut stages = Vec::new();
    let mut wrong = |text: String| found.add("load.stages", text);
    if file.stages.len() > STAGES_MAX {
        wrong(format!("{} stages are too many: up to {STAGES_MAX}", file.stages.len()));
    }
    let most = if open { 100_000.0 } else { 10_000.0 };
    for (i, stage) in file.stages.iter().enumerate() {
        let n = i + 1;
        let (own, other, name) = if open {
            (stage.rate_per_s, stage.entities, "rate_per_s")
        } else {
            (stage.entities, stage.rate_per_s, "entities")
        };
        if own.is_none() || other.is_some() {
            wrong(format!("stage {n}: give “{name}”, and only that, in this load model"));
        }
        let target = own.unwrap_or_default();
        if !(0.0..=most).contains(&target) || (!open && target.fract() != 0.0) {
            let whole = if open { "a number" } else { "a whole number" };
            wrong(format!(
                "stage {n}: its level {target} is out of range: {whole} from 0 to {most}"
            ));
        }
        if !(0.0..=86_400.0).contains(&stage.duration_s) {
            wrong(format!("stage {n}: {} s is out of range: from 0 to 86400 s", stage.duration_s));
        }
        let ramp = match stage.ramp.as_str() {
            "linear" => Ramp::Linear,
            "step" => Ramp::Step,
            other => {
                wrong(format!("stage {n}: “{other}” is not known; choose linear or step"));
                Ramp::Linear
            }
        };
        stages.push(Stage { duration: Micros::from_secs(stage.duration_s), target, ramp });
    }
    if !stages.is_empty() {
        let total = total(&stages).as_secs();
        if !(file.warmup_s + 1.0..=86_400.0).contains(&total) {
            wrong(format!(
                "all together take {total} s: at least the warm-up ({} s) and one second more, at \
                 most a day",
                file.warmup_s
            ));
        }
        if stages.iter().all(|s| s.target <= 0.0) {
            wrong("no stage has any load".into());
        }
    }
    stages
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(text: &str) -> Vec<Stage> {
        parse(text).unwrap()
    }

    #[test]
    fn levels_ramp_step_and_hold() {
        let s = of("0→50 in 30s, 50 for 2m\n20 for 10, 0 in 10s");
        assert_eq!(total(&s), Micros(170_000_000));
        for (at, wanted) in [
            (0.0, 0.0),
            (15.0, 25.0),
            (30.0, 50.0),
            (149.9, 50.0),
            (150.0, 20.0),
            (165.0, 10.0),
            (999.0, 0.0),
        ] {
            assert!((level(&s, Micros::from_secs(at)) - wanted).abs() < 1e-9, "{at}");
        }
        assert_eq!(to_text(&s), "0→50 in 30s, 50 for 2m, 20 for 10s, 20→0 in 10s");
        assert_eq!(level(&of("10 for 0s, 10→20 in 10s"), Micros(5_000_000)), 15.0);
    }

    #[test]
    fn what_can_t_be_read_is_named() {
        for (text, part) in [
            ("50", "“50”"),
            ("0→5 in 3s, x for 2m", "“x for 2m”"),
            ("5→9 in 3s", "must start at 0"),
            ("5 for two", "not a time"),
            ("-1 for 2s", "not a number"),
            ("0→5 for 2s", "no arrow"),
        ] {
            assert!(parse(text).unwrap_err().contains(part), "{text}: {:?}", parse(text));
        }
        assert_eq!(parse(" \n, "), Ok(Vec::new()));
    }

    #[test]
    fn arrivals_of_a_ramp_come_at_the_root() {
        // 0 to 10 a second in 10 s: 50 arrivals, the n-th at sqrt(2 n).
        let s = of("0→10 in 10s, 10 for 1s");
        for n in [1.0, 8.0, 50.0] {
            assert!((due_s(&s, n).unwrap() - libm::sqrt(2.0 * n)).abs() < 1e-9);
        }
        assert!((due_s(&s, 55.0).unwrap() - 10.5).abs() < 1e-9);
        assert_eq!(due_s(&s, 60.5), None);
    }

    proptest! {
        /// The integral of the level up to the due time is the count.
        #[test]
        fn due_is_the_inverse_of_the_integral(
            parts in proptest::collection::vec((0..20_000_000_u64, 0..500_u32, any::<bool>()), 1..6), share in 0.0..1.0_f64,
        ) {
            let stages: Vec<Stage> = parts
                .iter()
                .map(|(us, target, step)| Stage {
                    duration: Micros(*us),
                    target: f64::from(*target),
                    ramp: if *step { Ramp::Step } else { Ramp::Linear },
                })
                .collect();
            let whole: f64 = walk(&stages).map(|(_, from, s)| (from + s.target) / 2.0 * s.duration.as_secs()).sum();
            let count = whole * share;
            if count > 1e-6 {
                let due = due_s(&stages, count).unwrap();
                let mut area = 0.0;
                for (start, from, s) in walk(&stages) {
                    let t = (due - start.as_secs()).clamp(0.0, s.duration.as_secs());
                    let to = from + (s.target - from) * t / s.duration.as_secs().max(1e-9);
                    area += (from + to) / 2.0 * t;
                }
                prop_assert!((area - count).abs() < 1e-6 * whole.max(1.0), "{area} {count}");
            }
            prop_assert_eq!(parse(&to_text(&stages)), Ok(stages));
        }
    }
}
