//! The methods behind numbers: name, a sentence, and the section of docs/statistics.md that
//! explains it.

/// A method.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Method {
    /// Its section in docs/statistics.md.
    pub anchor: &'static str,
    /// Its name.
    pub name: &'static str,
    /// What it does, in a sentence.
    pub words: &'static str,
}

impl Method {
    /// The address of its section, relative to the page: the document is built beside it.
    #[must_use]
    pub fn link(&self) -> String {
        format!("docs/statistics.md#{}", self.anchor)
    }

    /// Name and sentence, for a tooltip.
    #[must_use]
    pub fn title(&self) -> String {
        format!("{}: {}", self.name, self.words)
    }
}

macro_rules! methods {
    ($($id:ident $anchor:literal $name:literal $words:literal)*) => {
        $(#[doc = $name]
        pub const $id: Method = Method { anchor: $anchor, name: $name, words: $words };)*
        /// All methods, in the order of their sections.
        pub const ALL: &[Method] = &[$($id),*];
    };
}

methods! {
    RANDOMIZATION "randomization-test" "Randomization test"
        "how often the pairs would differ this much if other orders had been drawn; estimate and \
         interval are of the same statistic."
    WESTFALL_YOUNG "westfall-and-young" "Westfall and Young’s correction"
        "five metrics tested jointly, under the same orders, give no more false alarms than one: \
         5 %."
    E_VALUES "e-values" "E-values"
        "a claim that holds however often it is looked at; from 100 on with five metrics and two \
         arms."
    POWER "how-many-pairs" "How many pairs"
        "with as many, four of five experiments find a difference of the size that is named."
    HODGES_LEHMANN "hodges-lehmann" "Hodges-Lehmann estimate"
        "the median of the mean log ratios of all pairs of periods, as a ratio."
    WILCOXON "wilcoxon-interval" "Exact Wilcoxon interval"
        "the ratios that the pairs’ ranks do not rule out at 95 %."
    SIGN_FLIP "sign-flip-test" "Sign-flip test"
        "how often pairs would differ this much if a coin chose their signs."
    TOST "equivalence-tost" "Equivalence test (TOST)"
        "no relevant difference is said only where one as large as the margin is ruled out, for all \
         metrics together at 5 %."
    SHIFT "shift-function" "Shift function"
        "the ratio of the latencies at every percentile, with its interval."
    CONTROL "a-a-control" "A-A control"
        "a run of the same setting shows what that setting moves by itself."
    DRIFT "drift" "Mann-Kendall test"
        "whether a series rises or falls all along, with Theil and Sen’s slope."
    CHANGE "change-points" "Change points (ED-PELT)"
        "where a series changes its level or its shape."
    MSER "mser-5" "MSER-5"
        "how much of the start to leave out for the rest to be steady."
    VERDICTS "verdicts" "Five verdicts"
        "different (larger than the margin, smaller, or open), no relevant difference, \
         inconclusive: fixed words for fixed rules."
    CAMPS "camps" "Camps"
        "known labels first (eta squared), valley and dip test on requests, Cochran’s Q and exact \
         2- and 3-means on entities."
    SECTIONS "sections" "Six sections with t"
        "95 % interval from how far six sections of the run lie around the whole: the noise within \
         the runs, not what changed between them. None below 60 s."
    PERCENTILES "percentiles" "Percentiles"
        "HdrHistogram’s rule; shown in full with ten samples above."
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_method_has_its_section() {
        let text = include_str!("../../../docs/statistics.md");
        let anchors: Vec<String> = text
            .lines()
            .filter_map(|l| l.strip_prefix("## "))
            .map(|title| {
                let kept = title.to_ascii_lowercase().replace(' ', "-");
                kept.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').collect()
            })
            .collect();
        for method in ALL {
            assert!(anchors.iter().any(|a| a == method.anchor), "{} has no section", method.anchor);
            assert!(
                method.words.ends_with('.')
                    && method.link().ends_with(&format!("#{}", method.anchor))
            );
        }
    }
}
