//! What the page says of a run that another tool made: its badges, and why views are missing.
//!
//! Tests: beside the code.

use fwit_report::run::view::{Carries, Correction, RunView, Source};

/// A badge: its words, what they mean, and whether to look at it twice.
pub type SourceBadge = (String, &'static str, bool);

/// The badges of a source.
#[must_use]
pub fn badges(source: &Source) -> Vec<SourceBadge> {
    let tool = match &source.version {
        Some(version) => format!("{} {version}, {}", source.tool, source.form),
        None => format!("{}, {}", source.tool, source.form),
    };
    let (carries, why, coarse) = carries(source.carries);
    let (corrected, what, doubt) = correction(source.corrected);
    vec![
        (tool, "The tool that made this run, and which of its files was opened.", false),
        (carries.into(), why, coarse),
        (
            format!("times in {}", source.unit),
            "How the file writes durations: finer differences are not in it.",
            false,
        ),
        (corrected.into(), what, doubt),
    ]
}

fn carries(carries: Carries) -> (&'static str, &'static str, bool) {
    match carries {
        Carries::Samples => ("every request", "The file lists each request.", false),
        Carries::Histogram => ("histogram", "The file has the latencies as a histogram.", false),
        Carries::Percentiles => (
            "percentiles only",
            "The file has some percentiles: they can't be added up or split.",
            true,
        ),
        Carries::Means => {
            ("means only", "The file has counts and means: nothing is known of the spread.", true)
        }
    }
}

fn correction(corrected: Correction) -> (&'static str, &'static str, bool) {
    match corrected {
        Correction::Corrected => (
            "corrected for omission",
            "Latencies are from when each request was due, so waiting for slow ones counts.",
            false,
        ),
        Correction::Uncorrected => (
            "not corrected",
            "Latencies are from when each request was sent: requests that a slow answer held back \
             are not in them (coordinated omission).",
            false,
        ),
        Correction::Unknown => (
            "correction unknown",
            "The file does not say whether latencies were corrected for coordinated omission.",
            true,
        ),
    }
}

/// One sentence: what its latency is.
#[must_use]
pub fn about(source: &Source) -> String {
    format!("A latency of this file is {}.", source.latency)
}

/// What can't be shown of it, each with the reason.
#[must_use]
pub fn missing(view: &RunView) -> Vec<(&'static str, String)> {
    let Some(source) = &view.source else { return Vec::new() };
    let file = format!("{}'s {}", source.tool, source.form);
    let mut list = vec![(
        "Where the time goes",
        format!("{file} does not split waiting, redirects and service as fwit does."),
    )];
    if view.seconds.is_empty() {
        list.push(("Over time", format!("{file} has no times of single requests or seconds.")));
    } else if view.seconds.iter().all(|s| s.cluster_us.is_none()) {
        list.push(("Latency over time", format!("{file} has counts by second, no latencies.")));
    }
    match source.carries {
        Carries::Samples | Carries::Histogram => {}
        Carries::Percentiles => {
            list.push(("Histogram and heat map", format!("{file} has percentiles only.")));
        }
        Carries::Means => {
            list.push((
                "Percentiles, histogram and heat map",
                format!("{file} has counts and means only."),
            ));
        }
    }
    if view.entities.is_empty() {
        list.push(("Entities", format!("{file} does not say who sent a request.")));
    }
    if view.total.issued == 0 {
        list.push(("Throughput and errors", format!("{file} does not count requests.")));
    }
    list.push((
        "Health of the instrument",
        format!("{} does not tell whether it was itself the limit.", source.tool),
    ));
    list
}

/// Whether the file says when the run began.
#[must_use]
pub fn has_time(started_at: &str) -> bool {
    !started_at.starts_with("1970-")
}

#[cfg(test)]
mod tests {
    use super::*;
    use fwit_report::run::sample::sample;

    fn foreign(carries: Carries) -> RunView {
        let source = Source {
            tool: "k6".into(),
            version: Some("1.1.0".into()),
            form: "summary".into(),
            file: "a.json".into(),
            unit: "ms".into(),
            carries,
            corrected: Correction::Uncorrected,
            latency: "from the first byte sent to the last byte received".into(),
            warnings: Vec::new(),
        };
        RunView { source: Some(source), ..sample("a", 1.0) }
    }

    #[test]
    fn what_a_file_lacks_is_named_with_its_reason() {
        let view = foreign(Carries::Percentiles);
        let names: Vec<_> = missing(&view).into_iter().map(|(name, _)| name).collect();
        assert_eq!(
            names,
            [
                "Where the time goes",
                "Over time",
                "Histogram and heat map",
                "Entities",
                "Health of the instrument"
            ]
        );
        assert!(missing(&view).iter().all(|(_, why)| why.contains("k6")));
        assert_eq!(missing(&sample("own", 1.0)), []);
    }

    #[test]
    fn badges_name_tool_unit_and_correction() {
        let view = foreign(Carries::Means);
        let texts: Vec<_> =
            badges(view.source.as_ref().unwrap()).into_iter().map(|(text, ..)| text).collect();
        assert_eq!(texts, ["k6 1.1.0, summary", "means only", "times in ms", "not corrected"]);
        assert!(!has_time("1970-01-01T00:00:00.000Z") && has_time("2026-11-21T10:00:00Z"));
    }
}
