//! Texts with places for a key, a value and a version: `/get?key=${key}`.
//!
//! A template is read once, when its dialect is compiled; filling it copies pieces.
//! May not enter: what a text is for.

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// What a place is filled with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Variable {
    /// The key; of events the topic.
    Key,
    /// The value; of events their JSON text.
    Value,
    /// The version that the entity remembers of the key.
    Version,
    /// The last position of an event stream that was seen; where listening goes on only.
    Position,
    /// The id of another node; in the requests of faults only.
    Target,
    /// The API key; in what is added to the path of an event stream only.
    ApiKey,
}

/// How what is filled in is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoder {
    /// As it is.
    Raw,
    /// Percent-encoded: all but RFC 3986's unreserved characters.
    Url,
    /// Percent-encoded: all but letters, digits, `-` and `_`. For servers that read `.` in a path.
    UrlStrict,
    /// As a form has it (`application/x-www-form-urlencoded`): a space is `+`.
    Form,
    /// Within a JSON string.
    Json,
    /// Base64 (RFC 4648, with padding).
    Base64,
    /// Within a string of SQL: quotes doubled.
    Sql,
}

/// What places are filled with.
#[derive(Clone, Copy, Debug, Default)]
pub struct Filling<'a> {
    pub key: &'a str,
    pub value: &'a str,
    pub version: &'a str,
    pub position: &'a str,
    pub api_key: &'a str,
    pub target: &'a str,
}

impl Filling<'_> {
    fn of(&self, variable: Variable) -> &str {
        match variable {
            Variable::Key => self.key,
            Variable::Value => self.value,
            Variable::Version => self.version,
            Variable::Position => self.position,
            Variable::ApiKey => self.api_key,
            Variable::Target => self.target,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Text(String),
    Place(Variable, Encoder),
}

/// A text with places.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Template {
    pieces: Vec<Piece>,
    /// Bytes of its texts.
    length: usize,
}

impl Template {
    /// Reads a template. A place without an encoder (`${key}`) is written by `default`.
    ///
    /// # Errors
    /// A place that is not closed, or a name that is not known: a sentence.
    pub fn parse(text: &str, default: Encoder) -> Result<Template, String> {
        let mut template = Template::default();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("${") {
            let Some((place, after)) = after.split_once('}') else {
                let start: String = after.chars().take(20).collect();
                return Err(format!("“${{{start}” is not closed: write ${{key}}"));
            };
            template.push_text(before);
            let (name, encoder) = match place.split_once('|') {
                Some((name, encoder)) => (name.trim(), read_encoder(encoder.trim())?),
                None => (place.trim(), default),
            };
            template.pieces.push(Piece::Place(read_variable(name)?, encoder));
            rest = after;
        }
        template.push_text(rest);
        Ok(template)
    }

    fn push_text(&mut self, text: &str) {
        if !text.is_empty() {
            self.length += text.len();
            self.pieces.push(Piece::Text(text.to_string()));
        }
    }

    /// Its texts, without the places.
    pub fn texts(&self) -> impl Iterator<Item = &str> {
        self.pieces.iter().filter_map(|piece| match piece {
            Piece::Text(text) => Some(text.as_str()),
            Piece::Place(..) => None,
        })
    }

    /// Its text, where it has no places.
    #[must_use]
    pub fn literal(&self) -> Option<&str> {
        match self.pieces.as_slice() {
            [] => Some(""),
            [Piece::Text(text)] => Some(text),
            _ => None,
        }
    }

    /// Whether it has a place for this.
    #[must_use]
    pub fn uses(&self, variable: Variable) -> bool {
        self.pieces.iter().any(|piece| matches!(piece, Piece::Place(v, _) if *v == variable))
    }

    /// Whether it has a place at all.
    #[must_use]
    pub fn has_places(&self) -> bool {
        self.pieces.iter().any(|piece| matches!(piece, Piece::Place(..)))
    }

    /// The text with its places filled. One without places is not copied.
    #[must_use]
    pub fn fill(&self, filling: &Filling) -> Cow<'_, str> {
        if let Some(text) = self.literal() {
            return Cow::Borrowed(text);
        }
        let places = self.pieces.iter().map(|piece| match piece {
            Piece::Text(_) => 0,
            Piece::Place(variable, Encoder::Base64) => filling.of(*variable).len() * 4 / 3 + 4,
            Piece::Place(variable, _) => filling.of(*variable).len(),
        });
        let mut out = String::with_capacity(self.length + places.sum::<usize>());
        for piece in &self.pieces {
            match piece {
                Piece::Text(text) => out.push_str(text),
                Piece::Place(variable, encoder) => {
                    encode(filling.of(*variable), *encoder, &mut out);
                }
            }
        }
        Cow::Owned(out)
    }
}

fn read_variable(name: &str) -> Result<Variable, String> {
    Ok(match name {
        "key" => Variable::Key,
        "value" => Variable::Value,
        "version" => Variable::Version,
        "position" => Variable::Position,
        "api_key" => Variable::ApiKey,
        "target" => Variable::Target,
        _ => {
            return Err(format!(
                "“{name}” is not known: a place is key, value, version, (in an event stream's \
                 path) api_key, (where its listener goes on) position or (in a fault) target"
            ));
        }
    })
}

fn read_encoder(name: &str) -> Result<Encoder, String> {
    Ok(match name {
        "raw" => Encoder::Raw,
        "url" => Encoder::Url,
        "url_strict" => Encoder::UrlStrict,
        "form" => Encoder::Form,
        "json" => Encoder::Json,
        "base64" => Encoder::Base64,
        "sql" => Encoder::Sql,
        _ => {
            return Err(format!(
                "“{name}” is no encoder: choose raw, url, url_strict, form, json, base64 or sql"
            ));
        }
    })
}

fn encode(text: &str, encoder: Encoder, out: &mut String) {
    match encoder {
        Encoder::Raw => out.push_str(text),
        Encoder::Url => percent(text, b"-._~", out),
        Encoder::UrlStrict => percent(text, b"-_", out),
        Encoder::Form => {
            for (i, word) in text.split(' ').enumerate() {
                if i > 0 {
                    out.push('+');
                }
                percent(word, b"-._*", out);
            }
        }
        Encoder::Json => {
            // Keys and values are letters and digits: nearly always as they are.
            if text.bytes().all(|b| b >= b' ' && b != b'"' && b != b'\\') {
                out.push_str(text);
            } else {
                let json = crate::json::write(text);
                out.push_str(json.get(1..json.len() - 1).unwrap_or_default());
            }
        }
        Encoder::Base64 => STANDARD.encode_string(text, out),
        Encoder::Sql => {
            for (i, part) in text.split('\'').enumerate() {
                if i > 0 {
                    out.push_str("''");
                }
                out.push_str(part);
            }
        }
    }
}

/// Percent-encodes all bytes but letters, digits and `plain`.
fn percent(text: &str, plain: &[u8], out: &mut String) {
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || plain.contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push('%');
            out.push(char::from(b"0123456789ABCDEF"[usize::from(byte >> 4)]));
            out.push(char::from(b"0123456789ABCDEF"[usize::from(byte & 15)]));
        }
    }
}

/// Whether a URL parser leaves a character of a path or a query as it is (WHATWG URL).
#[must_use]
pub fn is_of_urls(c: char) -> bool {
    c.is_ascii_graphic() && !"\"#<>\\^`{|}".contains(c)
}

/// Percent-encodes a query value (RFC 3986: all but the unreserved characters).
#[must_use]
pub fn encode_query(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    percent(text, b"-._~", &mut out);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fill(template: &str, key: &str) -> String {
        let filling = Filling { key, ..Filling::default() };
        Template::parse(template, Encoder::Raw).unwrap().fill(&filling).into_owned()
    }

    #[test]
    fn places_are_encoded() {
        let key = "a b.c'd\"é/";
        for (encoder, text) in [
            ("raw", key),
            ("url", "a%20b.c%27d%22%C3%A9%2F"),
            ("url_strict", "a%20b%2Ec%27d%22%C3%A9%2F"),
            ("form", "a+b.c%27d%22%C3%A9%2F"),
            ("json", "a b.c'd\\\"é/"),
            ("base64", "YSBiLmMnZCLDqS8="),
            ("sql", "a b.c''d\"é/"),
        ] {
            assert_eq!(fill(&format!("<${{key|{encoder}}}>"), key), format!("<{text}>"));
        }
        assert_eq!(fill("{\"a\": 1} $ {key} ${ key }", "k"), "{\"a\": 1} $ {key} k");
        assert_eq!(encode_query("a-b_c.d~é &"), "a-b_c.d~%C3%A9%20%26");
    }

    #[test]
    fn what_is_no_template_says_why() {
        let error = |text| Template::parse(text, Encoder::Raw).unwrap_err();
        assert!(error("a ${key").contains("not closed"));
        assert!(error("${kee}").contains("“kee” is not known"));
        assert!(error("${key|b64}").contains("“b64” is no encoder"));
    }

    #[test]
    fn a_template_without_places_is_its_text() {
        let read = |text| Template::parse(text, Encoder::Raw).unwrap();
        assert_eq!((read("").literal(), read("/a").literal()), (Some(""), Some("/a")));
        assert!(read("${value}").literal().is_none() && read("${value}").uses(Variable::Value));
    }
}
