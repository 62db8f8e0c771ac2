//! An arm's changes as text: one a line, a field's path and its value, `load.entities = 50`.

use serde_json::Value;

/// The line of a change.
pub(super) fn line(path: &str, value: &Value) -> String {
    let whole = value.as_f64().filter(|n| n.fract() == 0.0 && n.abs() < 1e15);
    match whole {
        Some(whole) => format!("{path} = {whole}"),
        None => format!("{path} = {}", fwit_model::json::write(value)),
    }
}

/// Lines that say something.
pub(super) fn lines(changes: &str) -> impl Iterator<Item = &str> {
    changes.lines().map(str::trim).filter(|line| !line.is_empty())
}

/// Path and value of a line, where it is a change.
pub(super) fn split(line: &str) -> Option<(&str, &str)> {
    let (path, value) = line.split_once('=')?;
    let (path, value) = (path.trim(), value.trim());
    (!path.is_empty()).then_some((path, value))
}

/// A value as a field shows it: text without its quotation marks.
pub(super) fn plain(value: &str) -> String {
    match fwit_model::json::read(value.as_bytes()) {
        Ok(Value::String(text)) => text,
        _ => value.to_string(),
    }
}

/// A value as the file has it: what is no JSON is text.
pub(super) fn json(value: &str) -> Value {
    fwit_model::json::read(value.as_bytes()).unwrap_or_else(|_| Value::String(value.into()))
}

/// What a path is changed to; of several lines the last one counts.
pub(super) fn get(changes: &str, path: &str) -> Option<String> {
    let of_path = |line| split(line).filter(|(at, _)| *at == path);
    lines(changes).filter_map(of_path).last().map(|(_, value)| plain(value))
}

/// The changes with another value at a path; without that path where the value is empty.
pub(super) fn set(changes: &str, path: &str, value: &str) -> String {
    let value = value.trim();
    let new = (!value.is_empty()).then(|| format!("{path} = {value}"));
    let is_old = |line: &str| split(line).is_some_and(|(at, _)| at == path);
    let mut list: Vec<String> = lines(changes).map(ToString::to_string).collect();
    let place = list.iter().position(|line| is_old(line)).unwrap_or(list.len());
    list.retain(|line| !is_old(line));
    if let Some(new) = new {
        list.insert(place, new);
    }
    list.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_set_in_its_place_and_the_rest_stays() {
        let changes = "cluster.sim = {\"a\": 1}\n\n load.entities = 5\nno change\nmix.get=2";
        assert_eq!(get(changes, "mix.get").as_deref(), Some("2"));
        assert_eq!(get(changes, "mix.set"), None);
        assert_eq!(
            set(changes, "load.entities", " 7 "),
            "cluster.sim = {\"a\": 1}\nload.entities = 7\nno change\nmix.get=2"
        );
        assert_eq!(
            set(changes, "load.entities", " "),
            "cluster.sim = {\"a\": 1}\nno change\nmix.get=2"
        );
        assert_eq!(set("", "load.think_ms", "2,5"), "load.think_ms = 2,5");
        let twice = "a = 1\nb = 2\na = 3";
        assert_eq!(
            (get(twice, "a").as_deref(), set(twice, "a", "4")),
            (Some("3"), "a = 4\nb = 2".into())
        );
        assert_eq!(
            get("load.arrivals = \"constant\"", "load.arrivals").as_deref(),
            Some("constant")
        );
    }

    #[test]
    fn numbers_are_written_as_people_write_them() {
        assert_eq!(line("a", &10.0.into()), "a = 10");
        assert_eq!(line("a", &2.5.into()), "a = 2.5");
        assert_eq!(line("a", &"x".into()), "a = \"x\"");
    }
}
