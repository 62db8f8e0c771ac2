//! JSON text to values and back, in one way for all files of fwit.
//!
//! What any file means stays with its own module.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// Why a text could not be read: what is wrong, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what} at {place}")]
pub struct JsonError {
    /// The field's path, line and column, as far as they are known: `load.entities (line 3,
    /// column 17)`.
    pub place: String,
    /// What is wrong, as serde says it.
    pub what: String,
}

/// Reads a file's text: as [`read`], and the text is an object. Of a list serde would take the
/// items for a struct's fields in their order.
///
/// # Errors
/// As [`read`]; or it is no object.
pub fn read_file<'de, T: Deserialize<'de>>(text: &'de [u8]) -> Result<T, JsonError> {
    if text.trim_ascii_start().first() == Some(&b'[') {
        let what = "invalid type: a list, expected an object".to_string();
        return Err(JsonError { place: "the top".to_string(), what });
    }
    read(text)
}

/// Reads a whole JSON text.
///
/// # Errors
/// It is not JSON, or does not fit the type.
pub fn read<'de, T: Deserialize<'de>>(text: &'de [u8]) -> Result<T, JsonError> {
    let mut json = serde_json::Deserializer::from_slice(text);
    let value = serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let path = error.path().to_string();
        located(&path, error.inner())
    })?;
    json.end().map_err(|error| located(".", &error))?;
    Ok(value)
}

/// Reads a value in memory.
///
/// # Errors
/// It does not fit the type.
pub fn read_value<T: DeserializeOwned>(value: &serde_json::Value) -> Result<T, JsonError> {
    serde_path_to_error::deserialize(value).map_err(|error| {
        let path = error.path().to_string();
        located(&path, error.inner())
    })
}

/// Returns JSON text without white space.
#[must_use]
pub fn write<T: Serialize + ?Sized>(value: &T) -> String {
    // Fails for a map whose keys are no texts; the types of fwit's files have none.
    serde_json::to_string(value).unwrap_or_default()
}

/// Returns JSON text with a field a line.
#[must_use]
pub fn pretty<T: Serialize + ?Sized>(value: &T) -> String {
    // As in `write`.
    serde_json::to_string_pretty(value).unwrap_or_default()
}

/// An error with its place; serde_json puts line and column into its text, too.
fn located(path: &str, error: &serde_json::Error) -> JsonError {
    let (line, column) = (error.line(), error.column());
    let text = error.to_string();
    let what =
        text.strip_suffix(&format!(" at line {line} column {column}")).unwrap_or(&text).to_string();
    let position = format!("line {line}, column {column}");
    let place = match (path, line) {
        (".", 0) => "the top".to_string(),
        (".", _) => position,
        (path, 0) => path.to_string(),
        (path, _) => format!("{path} ({position})"),
    };
    JsonError { place, what }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Leaf {
        a: u32,
        #[serde(default)]
        b: Option<f64>,
    }

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Tree {
        leaves: Vec<Leaf>,
    }

    #[test]
    fn an_error_names_the_field_and_the_line() {
        let error = read::<Tree>(b"{\"leaves\": [{\"a\": 1},\n {\"a\": -1}]}").unwrap_err();
        assert_eq!(error.place, "leaves[1].a (line 2, column 9)");
        assert_eq!(error.what, "invalid value: integer `-1`, expected u32");
        let error = read_value::<Tree>(&json!({ "leaves": [{ "a": "x" }] })).unwrap_err();
        assert_eq!(error.place, "leaves[0].a");
        assert_eq!(error.what, "invalid type: string \"x\", expected u32");
        let error = read_value::<Tree>(&json!({})).unwrap_err();
        assert_eq!(error.to_string(), "missing field `leaves` at the top");
        assert!(read::<Leaf>(b"{\"a\":1} x").unwrap_err().what.contains("trailing"));
        assert!(read_file::<Leaf>(b" [1, 2.0]").unwrap_err().what.contains("a list"));
    }

    #[test]
    fn numbers_are_read_to_the_last_bit() {
        for number in [0.1 + 0.2, 1.0 / 3.0, 5e-324, f64::MAX, 2.225_073_858_507_201_4e-308] {
            let leaf = Leaf { a: 1, b: Some(number) };
            let again: Leaf = read(write(&leaf).as_bytes()).unwrap();
            assert_eq!(again.b.map(f64::to_bits), Some(number.to_bits()));
        }
    }
}
