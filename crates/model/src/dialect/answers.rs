//! Answers read by rules: conditions on a body, the class of an answer, and what is found in it.
//!
//! May not enter: requests.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::file::{ConditionFile, Decode, ExtractFile, RuleFile};
use fwit_quantities::sample::Outcome;

/// A JSON pointer (RFC 6901), as `serde_json` follows it. A step `*` stands for all items of a
/// list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pointer(String);

impl Pointer {
    /// Reads a pointer: empty for the whole, else it begins with `/`.
    ///
    /// # Errors
    /// It does not: a sentence.
    pub fn parse(text: &str) -> Result<Pointer, String> {
        if text.is_empty() || text.starts_with('/') {
            Ok(Pointer(text.to_string()))
        } else {
            Err(format!("“{text}” is no JSON pointer: write /a/b/0"))
        }
    }

    /// What it finds; null is nothing.
    #[must_use]
    pub fn find<'a>(&self, json: &'a Value) -> Option<&'a Value> {
        json.pointer(&self.0).filter(|value| !value.is_null())
    }

    /// All that it finds, lists followed at its stars.
    #[must_use]
    pub fn find_all<'a>(&self, json: &'a Value) -> Vec<&'a Value> {
        let mut parts = self.0.split("/*");
        let mut found: Vec<&Value> =
            parts.next().and_then(|first| json.pointer(first)).into_iter().collect();
        for part in parts {
            let items = found.into_iter().filter_map(Value::as_array).flatten();
            found = items.filter_map(|item| item.pointer(part)).collect();
        }
        found.retain(|value| !value.is_null());
        found
    }
}

#[derive(Clone, Debug, PartialEq)]
enum Test {
    Present(bool),
    Is(Value),
    SameAs(Pointer),
    StartsWith(String),
    Contains(String),
    /// Of the whole body.
    Empty(bool),
}

/// A condition on a body.
#[derive(Clone, Debug, PartialEq)]
pub struct Condition {
    /// Where it looks; the whole text where there is none.
    pointer: Option<Pointer>,
    test: Test,
}

/// A body, and its JSON once it was asked for.
#[derive(Debug)]
pub struct Body<'a> {
    bytes: u64,
    text: Option<&'a str>,
    json: Option<Option<Value>>,
}

impl<'a> Body<'a> {
    /// A body of so many bytes, and its text where it was read.
    #[must_use]
    pub fn new(bytes: u64, text: Option<&'a str>) -> Body<'a> {
        Body { bytes, text, json: None }
    }

    /// Its JSON, parsed once; `None` where it is none.
    pub fn json(&mut self) -> Option<&Value> {
        let text = self.text;
        self.json
            .get_or_insert_with(|| text.and_then(|t| crate::json::read(t.as_bytes()).ok()))
            .as_ref()
    }
}

impl Condition {
    /// Reads a condition from its file form.
    ///
    /// # Errors
    /// Not exactly one test, or a pointer that is none: a sentence.
    pub fn compile(file: &ConditionFile) -> Result<Condition, String> {
        let pointer = file.pointer.as_deref().map(Pointer::parse).transpose()?;
        let mut tests = Vec::new();
        tests.extend(file.present.map(Test::Present));
        tests.extend(file.is.clone().map(Test::Is));
        if let Some(other) = &file.same_as {
            tests.push(Test::SameAs(Pointer::parse(other)?));
        }
        tests.extend(file.starts_with.clone().map(Test::StartsWith));
        tests.extend(file.contains.clone().map(Test::Contains));
        tests.extend(file.empty.map(Test::Empty));
        let (Some(test), true) = (tests.pop(), tests.is_empty()) else {
            return Err(
                "needs one test: present, is, same_as, starts_with, contains or empty".into()
            );
        };
        match (&pointer, &test) {
            (Some(_), Test::Empty(_)) => {
                Err("“empty” looks at the whole body: leave out the pointer".into())
            }
            (None, Test::Present(_) | Test::SameAs(_)) => {
                Err("“present” and “same_as” need a pointer".into())
            }
            _ => Ok(Condition { pointer, test }),
        }
    }

    /// Whether it looks at the body's text.
    #[must_use]
    pub fn needs_text(&self) -> bool {
        !matches!(self.test, Test::Empty(_))
    }

    /// Whether it holds. A body without JSON has nothing that a pointer finds, and no condition on
    /// a pointer holds for it.
    pub fn holds(&self, body: &mut Body) -> bool {
        match &self.pointer {
            None => match (&self.test, body.text) {
                (Test::Empty(empty), _) => (body.bytes == 0) == *empty,
                (Test::Is(value), Some(text)) => value.as_str() == Some(text.trim_end()),
                (Test::StartsWith(start), Some(text)) => text.starts_with(start.as_str()),
                (Test::Contains(part), Some(text)) => text.contains(part.as_str()),
                _ => false,
            },
            Some(pointer) => body.json().is_some_and(|json| {
                let found = pointer.find(json);
                match (&self.test, found) {
                    (Test::Present(present), found) => found.is_some() == *present,
                    (Test::Is(Value::Null), None) => true,
                    (Test::Is(value), Some(found)) => value == found,
                    (Test::SameAs(other), Some(found)) => other.find(json) == Some(found),
                    (Test::StartsWith(start), Some(found)) => {
                        found.as_str().is_some_and(|text| text.starts_with(start.as_str()))
                    }
                    (Test::Contains(part), Some(found)) => {
                        found.as_str().is_some_and(|text| text.contains(part.as_str()))
                    }
                    _ => false,
                }
            }),
        }
    }

    /// As [`Condition::holds`]; `None` where the pointer finds nothing to judge by.
    pub fn told(&self, body: &mut Body) -> Option<bool> {
        if let (Some(pointer), false) = (&self.pointer, matches!(self.test, Test::Present(_))) {
            let found = pointer.find(body.json()?)?;
            if found.as_str() == Some("") {
                return None;
            }
        }
        Some(self.holds(body))
    }
}

/// Statuses: ranges, both ends included.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Statuses(Vec<(u16, u16)>);

impl Statuses {
    fn parse(text: Option<&str>) -> Result<Statuses, String> {
        let Some(text) = text else { return Ok(Statuses(vec![(100, 999)])) };
        let number = |text: &str| {
            text.trim().parse::<u16>().ok().filter(|status| (100..=599).contains(status))
        };
        let range = |part: &str| {
            let part = part.trim();
            if let Some(hundred) = part.strip_suffix("xx").and_then(|h| h.parse::<u16>().ok()) {
                return (1..=5).contains(&hundred).then(|| (hundred * 100, hundred * 100 + 99));
            }
            match part.split_once('-') {
                Some((from, to)) => number(from).zip(number(to)).filter(|(from, to)| from <= to),
                None => number(part).map(|status| (status, status)),
            }
        };
        let ranges: Option<Vec<(u16, u16)>> = text.split(',').map(range).collect();
        ranges.map(Statuses).ok_or_else(|| {
            format!("“{text}” names no statuses: write 200, 2xx, 500-503, or several with commas")
        })
    }

    fn contain(&self, status: u16) -> bool {
        self.0.iter().any(|(from, to)| (*from..=*to).contains(&status))
    }
}

/// A rule: answers that it fits are of its class.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    statuses: Statuses,
    when: Option<Condition>,
    class: Outcome,
}

/// Classes that a rule may give: how answers end.
pub const CLASSES: [Outcome; 7] = [
    Outcome::Ok,
    Outcome::NotFound,
    Outcome::Conflict,
    Outcome::NotLeader,
    Outcome::RateLimited,
    Outcome::Rejected,
    Outcome::Unavailable,
];

impl Rule {
    /// Reads a rule from its file form.
    ///
    /// # Errors
    /// The field that is wrong, and a sentence.
    pub fn compile(file: &RuleFile) -> Result<Rule, (&'static str, String)> {
        let statuses = Statuses::parse(file.status.as_deref()).map_err(|e| ("status", e))?;
        let when =
            file.when.as_ref().map(Condition::compile).transpose().map_err(|e| ("when", e))?;
        let class = CLASSES.into_iter().find(|c| c.name() == file.class).ok_or_else(|| {
            let known: Vec<&str> = CLASSES.iter().map(|c| c.name()).collect();
            ("class", format!("“{}” is no class: choose {}", file.class, known.join(", ")))
        })?;
        Ok(Rule { statuses, when, class })
    }

    /// Whether it needs the body's text of answers with this status.
    #[must_use]
    pub fn wants_text(&self, status: u16) -> bool {
        self.statuses.contain(status) && self.when.as_ref().is_some_and(Condition::needs_text)
    }

    /// The class, where the rule fits.
    pub fn judge(&self, status: u16, body: &mut Body) -> Option<Outcome> {
        (self.statuses.contain(status) && self.when.as_ref().is_none_or(|when| when.holds(body)))
            .then_some(self.class)
    }
}

/// Where something stands in a body, and how it is written there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Extract {
    pointer: Pointer,
    decode: Decode,
}

impl Extract {
    /// Reads it from its file form.
    ///
    /// # Errors
    /// The pointer is none: a sentence.
    pub fn compile(file: &ExtractFile) -> Result<Extract, String> {
        Ok(Extract { pointer: Pointer::parse(&file.pointer)?, decode: file.decode })
    }

    /// At a pointer, as it is.
    ///
    /// # Errors
    /// The pointer is none: a sentence.
    pub fn plain(pointer: &str) -> Result<Extract, String> {
        Ok(Extract { pointer: Pointer::parse(pointer)?, decode: Decode::Plain })
    }

    /// The text that it finds; of an empty pointer the whole body.
    pub fn text(&self, body: &mut Body) -> Option<String> {
        if self.pointer.0.is_empty() {
            return self.decoded(body.text?);
        }
        let found = body.json()?;
        let found = self.pointer.find(found)?;
        self.of_value(found)
    }

    /// All texts that it finds.
    pub fn texts(&self, body: &mut Body) -> Vec<String> {
        if self.pointer.0.is_empty() {
            return self.text(body).into_iter().collect();
        }
        let Some(json) = body.json() else { return Vec::new() };
        self.pointer.find_all(json).into_iter().filter_map(|found| self.of_value(found)).collect()
    }

    fn of_value(&self, found: &Value) -> Option<String> {
        match found {
            Value::String(text) => self.decoded(text),
            // What is no text is written in no other way.
            other => Some(crate::json::write(other)),
        }
    }

    fn decoded(&self, text: &str) -> Option<String> {
        match self.decode {
            Decode::Plain => Some(text.to_string()),
            Decode::Base64 => String::from_utf8(STANDARD.decode(text).ok()?).ok(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn holds(condition: Value, text: &str) -> bool {
        let file: ConditionFile = serde_json::from_value(condition).unwrap();
        Condition::compile(&file).unwrap().holds(&mut Body::new(text.len() as u64, Some(text)))
    }

    #[test]
    fn conditions_look_at_texts_and_at_json() {
        let body = r#"{"a":[null,"READONLY You"],"id":"7","leader":"7","n":1}"#;
        for (condition, expected) in [
            (json!({ "pointer": "/a/1", "starts_with": "READONLY" }), true),
            (json!({ "pointer": "/a/1", "contains": "You" }), true),
            (json!({ "pointer": "/a/0", "present": false }), true),
            (json!({ "pointer": "/b", "present": true }), false),
            (json!({ "pointer": "/id", "same_as": "/leader" }), true),
            (json!({ "pointer": "/b", "same_as": "/c" }), false),
            (json!({ "pointer": "/n", "is": 1 }), true),
            (json!({ "pointer": "/n", "is": "1" }), false),
            (json!({ "contains": "\"n\":1" }), true),
            (json!({ "empty": true }), false),
        ] {
            assert_eq!(holds(condition.clone(), body), expected, "{condition}");
        }
        assert!(holds(json!({ "is": "true" }), "true\n"));
        assert!(!holds(json!({ "pointer": "/a", "present": false }), "no JSON"));
        assert!(holds(json!({ "empty": true }), ""));
    }

    #[test]
    fn a_condition_has_one_test() {
        for (condition, what) in [
            (json!({}), "one test"),
            (json!({ "empty": true, "contains": "x" }), "one test"),
            (json!({ "present": true }), "need a pointer"),
            (json!({ "pointer": "/a", "empty": true }), "whole body"),
            (json!({ "pointer": "a", "present": true }), "no JSON pointer"),
        ] {
            let file: ConditionFile = serde_json::from_value(condition).unwrap();
            let error = Condition::compile(&file).unwrap_err();
            assert!(error.contains(what), "{error}");
        }
    }

    #[test]
    fn statuses_are_numbers_hundreds_and_ranges() {
        let read = |text| Statuses::parse(Some(text));
        let some = read("200, 404,5xx,421-423").unwrap();
        let fit: Vec<u16> = (100..600).filter(|s| some.contain(*s)).collect();
        assert_eq!((fit.len(), &fit[..5]), (105, &[200, 404, 421, 422, 423][..]));
        for wrong in ["", "abc", "20", "6xx", "300-200", "99999", "xx"] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn what_is_extracted_is_decoded() {
        let extract =
            |pointer: &str, decode| Extract { pointer: Pointer::parse(pointer).unwrap(), decode };
        let text = r#"{"kvs":[{"value":"YmFy","n":3},{"value":"!"}],"v":{"a":1}}"#;
        let mut body = Body::new(0, Some(text));
        assert_eq!(extract("/kvs/0/value", Decode::Base64).text(&mut body).unwrap(), "bar");
        assert_eq!(extract("/kvs/1/value", Decode::Base64).text(&mut body), None);
        assert_eq!(extract("/kvs/0/n", Decode::Plain).text(&mut body).unwrap(), "3");
        assert_eq!(extract("/v", Decode::Plain).text(&mut body).unwrap(), r#"{"a":1}"#);
        assert_eq!(extract("/kvs/*/value", Decode::Plain).texts(&mut body), ["YmFy", "!"]);
        assert_eq!(extract("/kvs/*/value", Decode::Base64).texts(&mut body), ["bar"]);
        assert_eq!(extract("/v/*", Decode::Plain).texts(&mut body), [""; 0]);
        let mut raw = Body::new(3, Some("abc"));
        assert_eq!(extract("", Decode::Plain).text(&mut raw).unwrap(), "abc");
    }
}
