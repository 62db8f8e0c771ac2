//! Gives a saved run another name without reading the whole of it.

/// The run file with another top-level `name`; everything else stays byte by byte. `None` where the text
/// is no JSON object with a top-level `name` that is a string.
#[must_use]
pub fn rename(json: &str, name: &str) -> Option<String> {
    let (start, end) = find_name(json)?;
    let new = serde_json::to_string(name).ok()?;
    Some(format!("{}{new}{}", json.get(..start)?, json.get(end..)?))
}

/// Where the value of the top-level `name` stands, quotes included.
fn find_name(json: &str) -> Option<(usize, usize)> {
    let bytes = json.as_bytes();
    let (mut at, mut depth, mut is_key) = (0, 0_usize, false);
    while at < bytes.len() {
        match bytes[at] {
            b'{' | b'[' => {
                depth += 1;
                is_key = depth == 1;
            }
            b'}' | b']' => depth = depth.checked_sub(1)?,
            b',' => is_key = depth == 1,
            b'"' => {
                let end = string_end(bytes, at)?;
                if is_key && bytes.get(at..end) == Some(b"\"name\"") {
                    let value = skip_space(bytes, end);
                    if bytes.get(value) != Some(&b':') {
                        return None;
                    }
                    let value = skip_space(bytes, value + 1);
                    return (bytes.get(value) == Some(&b'"'))
                        .then(|| string_end(bytes, value).map(|e| (value, e)))?;
                }
                is_key = false;
                at = end;
                continue;
            }
            _ => {}
        }
        at += 1;
    }
    None
}

fn skip_space(bytes: &[u8], mut at: usize) -> usize {
    while bytes.get(at).is_some_and(u8::is_ascii_whitespace) {
        at += 1;
    }
    at
}

/// The place after the string that starts at `at`.
fn string_end(bytes: &[u8], at: usize) -> Option<usize> {
    let mut i = at + 1;
    while let Some(byte) = bytes.get(i) {
        match byte {
            b'"' => return Some(i + 1),
            b'\\' => i += 2,
            _ => i += 1,
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_top_level_name_changes() {
        let json = r#"{"plan": {"name": "in", "x": [{"name": 1}]}, "note": "name", "name" : "a \"b\\", "seed": 18446744073709551615}"#;
        let renamed = rename(json, "é\"\n").unwrap();
        assert_eq!(
            renamed,
            r#"{"plan": {"name": "in", "x": [{"name": 1}]}, "note": "name", "name" : "é\"\n", "seed": 18446744073709551615}"#
        );
        let value: serde_json::Value = serde_json::from_str(&renamed).unwrap();
        assert_eq!(value["name"], "é\"\n");
    }

    #[test]
    fn text_without_a_name_gives_none() {
        for json in [
            "",
            "{}",
            "[\"name\"]",
            "{\"name\": 1}",
            "{\"name\"",
            "{\"a\": \"name\", \"b\": 1",
            "}{\"name\":\"\\",
            "{\"x\":{\"name\":\"a\"}}",
        ] {
            assert_eq!(rename(json, "n"), None, "{json}");
        }
    }
}
