//! Histories of Locust, and files of it that are refused.

use super::*;

const HEADER: &str = "\"Timestamp\",\"User Count\",\"Type\",\"Name\",\"Requests/s\",\"Failures/s\",\
    \"50%\",\"99%\",\"100%\",\"Total Request Count\",\"Total Failure Count\",\
    \"Total Median Response Time\",\"Total Average Response Time\",\"Total Min Response Time\",\
    \"Total Max Response Time\",\"Total Average Content Size\"";

fn history(rows: &[&str]) -> Draft {
    let text = format!("{HEADER}\n{}", rows.join("\n"));
    assert!(is_history(text.as_bytes()) && !is_stats(text.as_bytes()));
    read_history(&mut Input::new("x", text.as_bytes()).unwrap()).unwrap().remove(0)
}

#[test]
fn failures_alone_are_refused_with_a_hint() {
    for text in ["Method,Name,Error,Occurrences\n", "Count,Message,Traceback,Nodes\n"] {
        assert!(is_failures(text.as_bytes()) && !is_stats(text.as_bytes()));
        let error = refuse(&mut Input::new("x", text.as_bytes()).unwrap()).unwrap_err();
        assert!(error.to_string().contains("_stats.csv"), "{error}");
    }
}

/// A row a second, percentiles of the whole run so far, counts that were set back, and a row
/// that is cut off.
#[test]
fn what_a_row_has_more_is_its_second() {
    let draft = history(&[
        "\"1795814788\",\"0\",\"\",\"Aggregated\",0,0,N/A,N/A,N/A,0,0,0,0,0,0,0",
        "1795814789,5,,Aggregated,0,0,6,7,9,10,1,6,7.5,1,9,0",
        "1795814790,5,,Aggregated,0,0,6,7,9,30,1,6,7.5,1,9,0",
        "1795814791,5,,Aggregated,0,0,6,8,9,4,0,6,7.5,1,9,0",
        "1795814792,5,,Aggregated,0,0,6,8,9,-4,0,6,7.5,1,9,0",
        "1795814793,5,,Aggre",
    ]);
    let said = draft.warnings().join("\n");
    for part in ["set them back", "2 lines were left out, the first of them line 6", "cut off"] {
        assert!(said.contains(part), "{part}: {said}");
    }
    let run = draft.finish("x").unwrap();
    let seconds: Vec<_> = run
        .series
        .seconds
        .iter()
        .map(|s| (s.t_s, s.ops[ALL].answers, s.ops[ALL].errors, s.given_us))
        .collect();
    assert_eq!(seconds, [(0, 9, 1, None), (1, 20, 0, None), (2, 4, 0, None)]);
    assert_eq!((run.totals[ALL].issued, run.started_at), (4, "2026-11-27T21:26:28.000Z".into()));
    assert_eq!(run.given[0].percentiles, [(0.5, 6_000), (0.99, 8_000), (1.0, 9_000)]);
}

/// With single names percentiles are those of the last ten seconds.
#[test]
fn a_full_history_has_percentiles_by_second() {
    let draft = history(&[
        "1795814789,5,GET,/a,0,0,0,0,0,10,0,6,7.5,1,9,0",
        "1795814789,5,,Aggregated,0,0,0,0,0,10,0,6,7.5,1,9,0",
        "1795814790,7,GET,/a,0,0,7,8,9,30,0,5,7.5,1,9,0",
        "1795814790,7,,Aggregated,0,0,7,8,9,30,0,5,7.5,1,9,0",
    ]);
    let run = draft.finish("x").unwrap();
    let given: Vec<_> = run.series.seconds.iter().map(|s| s.given_us).collect();
    assert_eq!(given, [None, Some([7_000, 8_000])]);
    assert_eq!((run.series.seconds[1].in_flight, run.concurrency.entities), (7.0, 7));
    assert_eq!(run.given.last().unwrap().percentiles, [(0.5, 5_000)]);
    assert_eq!(run.totals["GET /a"].issued, 30);
}
