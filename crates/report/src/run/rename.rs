//! Gives a saved run another name or id without reading the whole of it; whether two files are the
//! same run.

use super::wire::RunFile;

/// The run file with another top-level `name`; everything else stays byte by byte. `None` where the
/// text is no JSON object with a top-level `name` that is a string.
#[must_use]
pub fn rename(json: &str, name: &str) -> Option<String> {
    set(json, b"\"name\"", name)
}

/// The run file with another top-level `id`, as [`rename`].
#[must_use]
pub fn with_id(json: &str, id: &str) -> Option<String> {
    set(json, b"\"id\"", id)
}

/// Whether two run files are of one run: equal but for the name, which a user may change, and for
/// the name of another tool's file.
#[must_use]
pub fn same_run(a: &str, b: &str) -> bool {
    a == b
        || rename(a, "").is_some_and(|a| Some(a) == rename(b, ""))
        || nameless(a).is_some_and(|a| Some(a) == nameless(b))
}

/// A run of another tool without what its file's name gave it. `None` for one of fwit's own.
fn nameless(json: &str) -> Option<RunFile> {
    if !json.contains("\"source\"") {
        return None;
    }
    let mut run: RunFile = fwit_model::json::read(json.as_bytes()).ok()?;
    run.source.as_mut()?.file.clear();
    run.name.clear();
    run.plan.name.clear();
    Some(run)
}

/// An id like this one that is not taken: `r1-2`, `r1-3`, …
#[must_use]
pub fn free_id(id: &str, taken: impl Fn(&str) -> bool) -> String {
    // A suffix of an earlier copy is counted on; ids have at most 100 characters.
    let stem = match id.rsplit_once('-') {
        Some((stem, n)) if n.len() < 3 && n.parse::<u32>().is_ok_and(|n| n > 1) && taken(stem) => {
            stem
        }
        _ => id,
    };
    let stem: String = stem.chars().take(90).collect();
    let free = (2_u32..).map(|n| format!("{stem}-{n}")).find(|id| !taken(id));
    free.unwrap_or(stem)
}

fn set(json: &str, key: &[u8], value: &str) -> Option<String> {
    let (start, end) = find(json, key)?;
    let new = fwit_model::json::write(value);
    Some(format!("{}{new}{}", json.get(..start)?, json.get(end..)?))
}

/// Where the value of a top-level key stands, quotes included.
fn find(json: &str, key: &[u8]) -> Option<(usize, usize)> {
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
                if is_key && bytes.get(at..end) == Some(key) {
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
    fn the_same_run_under_another_name_is_the_same() {
        let a = r#"{"id":"r1","name":"a","totals":{"id":"x"}}"#;
        assert!(same_run(a, a) && same_run(a, &a.replace("\"a\"", "\"b\"")));
        assert!(!same_run(a, &a.replace('x', "y")));
        assert_eq!(with_id(a, "r1-2").unwrap(), r#"{"id":"r1-2","name":"a","totals":{"id":"x"}}"#);
    }

    #[test]
    fn a_taken_id_gets_the_next_suffix() {
        let taken = ["r1", "r1-2", "run-9"];
        let free = |id| free_id(id, |id| taken.contains(&id));
        assert_eq!(
            (free("r1"), free("r1-2"), free("run-9")),
            ("r1-3".into(), "r1-3".into(), "run-9-2".into())
        );
        assert!(free(&"x".repeat(100)).len() <= 100);
    }

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
