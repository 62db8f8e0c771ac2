//! The next step where the browser could not keep up: the same experiment with half the load.

use super::wire::ExperimentFile;
use fwit_quantities::units::three_digits;

/// The set-up of an experiment, without its periods, with half the load, and that load in words
/// (`25 entities`). `None` where half is not one number: with stages, where arms differ in the
/// load, or at one entity.
#[must_use]
pub fn lighter(file: &ExperimentFile) -> Option<(ExperimentFile, String)> {
    let load = &file.base.load;
    let differ = file.arms.iter().flat_map(|arm| arm.changes.keys());
    let of_load = |path: &String| {
        ["load.entities", "load.rate_per_s", "load.model", "load.stages"].contains(&path.as_str())
    };
    if !load.stages.is_empty() || differ.into_iter().any(of_load) {
        return None;
    }
    let mut half = ExperimentFile {
        periods: Vec::new(),
        comparisons: Vec::new(),
        extended: Vec::new(),
        ended: None,
        trouble: None,
        labels: crate::run::labels::Labels::default(),
        ..file.clone()
    };
    half.design.order = Vec::new();
    let words = if load.model == "open" {
        let rate = load.rate_per_s? / 2.0;
        half.base.load.rate_per_s = Some(rate);
        format!("{} requests a second", three_digits(rate))
    } else {
        let entities = load.entities / 2;
        half.base.load.entities = entities;
        match entities {
            0 => return None,
            1 => "1 entity".to_string(),
            n => format!("{n} entities"),
        }
    };
    Some((half, words))
}

#[cfg(test)]
mod tests {
    use super::super::compare::tests::experiment;
    use super::*;

    #[test]
    fn half_the_load_is_offered_where_it_is_one_number() {
        let file = experiment(1.0);
        let entities = file.base.load.entities;
        let (half, words) = lighter(&file).unwrap();
        assert_eq!(half.base.load.entities, entities / 2);
        assert_eq!(words, format!("{} entities", entities / 2));
        assert!(half.periods.is_empty() && half.ended.is_none());
        assert_eq!(half.arms, file.arms);

        let mut open = file.clone();
        (open.base.load.model, open.base.load.rate_per_s) = ("open".into(), Some(90.0));
        assert_eq!(lighter(&open).unwrap().1, "45.0 requests a second");

        let mut one = file.clone();
        one.base.load.entities = 1;
        assert!(lighter(&one).is_none());
        let mut differ = file;
        differ.arms[1].changes.insert("load.entities".into(), 10.into());
        assert!(lighter(&differ).is_none());
    }
}
