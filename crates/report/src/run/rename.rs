//! Gives a saved run or experiment another name, id or labels without reading the whole of it;
//! whether two files are the same run.

use super::labels::Labels;
use super::wire::RunFile;

const NAME: &[u8] = b"\"name\"";
const ID: &[u8] = b"\"id\"";
const LABELS: &[u8] = b"\"labels\"";

/// The run file with another top-level `name`; everything else stays byte by byte. `None` where the
/// text is no JSON object with a top-level `name` that is a string.
#[must_use]
pub fn rename(json: &str, name: &str) -> Option<String> {
    set(json, NAME, name)
}

/// The run file with another top-level `id`, as [`rename`].
#[must_use]
pub fn with_id(json: &str, id: &str) -> Option<String> {
    set(json, ID, id)
}

/// The file with these labels in the place of those that it has; without any where there are none.
/// `None` as for [`rename`].
#[must_use]
pub fn with_labels(json: &str, labels: &Labels) -> Option<String> {
    let json = without_labels(json)?;
    if labels.is_empty() {
        return Some(json);
    }
    let (_, end) = find(&json, NAME)?.text(&json)?;
    let new = fwit_model::json::write(labels);
    Some(format!("{},\"labels\":{new}{}", json.get(..end)?, json.get(end..)?))
}

fn without_labels(json: &str) -> Option<String> {
    let Some(Place { key, value: (_, end) }) = find(json, LABELS) else {
        return Some(json.to_string());
    };
    // One comma goes with it: the one before, or of the first key the one behind.
    let (before, behind) = (json.get(..key)?, json.get(end..)?);
    Some(match before.trim_end().strip_suffix(',') {
        Some(before) => format!("{before}{behind}"),
        None => {
            let behind = behind.trim_start();
            format!("{before}{}", behind.strip_prefix(',').unwrap_or(behind).trim_start())
        }
    })
}

/// Whether two files are of one run: equal but for the name and the labels, which a user may
/// change, and for the name of another tool's file.
#[must_use]
pub fn same_run(a: &str, b: &str) -> bool {
    let bare = |json: &str| without_labels(json).and_then(|json| rename(&json, ""));
    a == b
        || bare(a).is_some_and(|a| Some(a) == bare(b))
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
    run.labels = Labels::default();
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
    let (start, end) = find(json, key)?.text(json)?;
    let new = fwit_model::json::write(value);
    Some(format!("{}{new}{}", json.get(..start)?, json.get(end..)?))
}

/// Where a top-level key stands, and from where to where its value.
struct Place {
    key: usize,
    value: (usize, usize),
}

impl Place {
    /// The place of the value, quotes included, where it is a text.
    fn text(&self, json: &str) -> Option<(usize, usize)> {
        (json.as_bytes().get(self.value.0) == Some(&b'"')).then_some(self.value)
    }
}

/// Finds a top-level key.
fn find(json: &str, key: &[u8]) -> Option<Place> {
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
                    let colon = skip_space(bytes, end);
                    if bytes.get(colon) != Some(&b':') {
                        return None;
                    }
                    let start = skip_space(bytes, colon + 1);
                    return Some(Place { key: at, value: (start, value_end(bytes, start)?) });
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

/// The place after the value that starts at `at`.
fn value_end(bytes: &[u8], at: usize) -> Option<usize> {
    let (mut i, mut depth) = (at, 0_usize);
    loop {
        match bytes.get(i)? {
            b'"' => i = string_end(bytes, i)?,
            b'{' | b'[' => {
                depth += 1;
                i += 1;
                continue;
            }
            b'}' | b']' if depth > 0 => {
                depth -= 1;
                i += 1;
            }
            // A number or a word ends where something else begins.
            b',' | b'}' | b']' if depth == 0 => return (i > at).then_some(i),
            _ => {
                i += 1;
                continue;
            }
        }
        if depth == 0 {
            return Some(i);
        }
    }
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
    fn labels_come_change_and_go_and_leave_the_rest() {
        let labels = |tags: &[&str], note: &str| Labels {
            tags: tags.iter().map(ToString::to_string).collect(),
            note: note.into(),
        };
        let plain = r#"{ "id":"r1", "name" : "a,\"}", "plan":{"labels":[1],"name":"x"}, "n":1 }"#;
        assert_eq!(with_labels(plain, &Labels::default()).unwrap(), plain);
        let some = with_labels(plain, &labels(&["é\"", "b"], "x\n}")).unwrap();
        let value: serde_json::Value = serde_json::from_str(&some).unwrap();
        assert_eq!(value["labels"]["tags"][0], "é\"");
        assert_eq!(value["labels"]["note"], "x\n}");
        assert_eq!(value["plan"]["labels"][0], 1);
        let other = with_labels(&some, &labels(&[], "y")).unwrap();
        assert_eq!(other.matches("\"note\"").count(), 1);
        assert_eq!(with_labels(&other, &Labels::default()).unwrap(), plain);
        assert!(same_run(&some, &other) && same_run(plain, &rename(&some, "z").unwrap()));
        // Wherever a file has them.
        for json in [
            r#"{"labels":{"tags":[]},"name":"a"}"#,
            r#"{"labels" : 12 , "name":"a"}"#,
            r#"{"name":"a","labels":null}"#,
            r#"{"name":"a" , "labels" : [{"x":"]}"}] }"#,
        ] {
            let bare = with_labels(json, &Labels::default()).unwrap();
            let value: serde_json::Value = serde_json::from_str(&bare).unwrap();
            assert_eq!(value, serde_json::json!({"name": "a"}), "{json}");
        }
        for json in ["", "{}", "{\"labels\":{\"name\":", "{\"labels\":", "{\"name\":1}"] {
            assert_eq!(with_labels(json, &labels(&["a"], "")), None, "{json}");
        }
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
