//! Cells of CSV: RFC 4180, and no cell that a spreadsheet would take as a formula.

use crate::error::ExportError;

/// The text of a name or message as a cell. Spreadsheets take what begins with `=`, `+`, `-`, `@`,
/// a tab or a return as a formula, quoted or not: an apostrophe in front makes it a text.
pub(crate) fn text(name: &str) -> String {
    // Some of them skip leading blanks, some take full-width signs for plain ones.
    let first = name.trim_start_matches([' ', '\u{a0}', '\u{feff}']).chars().next();
    let formula = ['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'];
    if first.is_some_and(|c| formula.contains(&c)) { format!("'{name}") } else { name.into() }
}

/// Rows as CSV with CRLF.
pub(crate) fn csv(
    header: &[&str],
    rows: impl IntoIterator<Item = Vec<String>>,
) -> Result<String, ExportError> {
    let broken = |e: &dyn std::fmt::Display| ExportError::Csv(e.to_string());
    let mut writer =
        csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    writer.write_record(header).map_err(|e| broken(&e))?;
    for row in rows {
        writer.write_record(row).map_err(|e| broken(&e))?;
    }
    let bytes = writer.into_inner().map_err(|e| broken(&e))?;
    String::from_utf8(bytes).map_err(|e| broken(&e))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_becomes_a_formula() {
        for (name, cell) in [
            ("get", "get"),
            ("=1+1", "'=1+1"),
            ("+cmd", "'+cmd"),
            ("-2", "'-2"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("\t=1", "'\t=1"),
            ("  =1", "'  =1"),
            ("＝1", "'＝1"),
            ("", ""),
            ("a=b", "a=b"),
        ] {
            assert_eq!(text(name), cell);
        }
    }

    #[test]
    fn quotes_commas_and_lines_stay_within_their_cell() {
        let rows = [vec![text("a \"b\", c\r\nd"), "1".into()]];
        assert_eq!(csv(&["x", "y"], rows).unwrap(), "x,y\r\n\"a \"\"b\"\", c\r\nd\",1\r\n");
        assert!(csv(&["x", "y"], [vec!["1".to_string()]]).is_err(), "a row that is too short");
    }
}
