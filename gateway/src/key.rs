//! The key of the cluster: into a header it goes, out of every text it stays.

use std::fmt;

use anyhow::Context;
use axum::http::{HeaderMap, HeaderName, HeaderValue};

/// What stands in a text where the key stood.
const HIDDEN: &str = "***";

/// A key and the header that carries it.
#[derive(Clone)]
pub struct Key {
    name: HeaderName,
    value: HeaderValue,
    text: String,
    encoded: String,
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key({}: {HIDDEN})", self.name)
    }
}

impl Key {
    /// Makes a key from its text.
    ///
    /// # Errors
    /// When the text is empty, or can't stand in a header. The error does not quote it.
    pub fn new(name: HeaderName, prefix: &str, text: &str) -> anyhow::Result<Self> {
        anyhow::ensure!(!text.trim().is_empty(), "is empty");
        anyhow::ensure!(text.trim() == text, "has white space at an end: set it without");
        let mut value = HeaderValue::from_str(&format!("{prefix}{text}"))
            .ok()
            .context("holds a character that a header can't, such as a line break")?;
        value.set_sensitive(true);
        let encoded = url::form_urlencoded::byte_serialize(text.as_bytes()).collect();
        Ok(Self { name, value, text: text.to_owned(), encoded })
    }

    /// The name of its header.
    #[must_use]
    pub fn header(&self) -> &HeaderName {
        &self.name
    }

    /// Puts the key into the headers of a request, in place of what stands there.
    pub fn add(&self, headers: &mut HeaderMap) {
        headers.insert(&self.name, self.value.clone());
    }

    /// The text without the key.
    #[must_use]
    pub fn hide(&self, text: &str) -> String {
        text.replace(&self.text, HIDDEN).replace(&self.encoded, HIDDEN)
    }

    /// Removes the headers of an answer that hold the key.
    pub fn drop_from(&self, headers: &mut HeaderMap) {
        let key = self.text.as_bytes();
        let holds = |value: &HeaderValue| value.as_bytes().windows(key.len()).any(|w| w == key);
        if headers.values().any(holds) {
            let names: Vec<HeaderName> =
                headers.iter().filter(|(_, v)| holds(v)).map(|(name, _)| name.clone()).collect();
            for name in names {
                headers.remove(name);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::header::AUTHORIZATION;

    fn key(text: &str) -> anyhow::Result<Key> {
        Key::new(AUTHORIZATION, "Bearer ", text)
    }

    #[test]
    fn no_text_holds_the_key() {
        let key = key("s3cret+/=").unwrap();
        assert_eq!(key.hide("a s3cret+/= b s3cret%2B%2F%3D"), "a *** b ***");
        assert_eq!(format!("{key:?}"), "Key(authorization: ***)");
        let mut headers = HeaderMap::new();
        key.add(&mut headers);
        assert_eq!(headers[AUTHORIZATION], "Bearer s3cret+/=");
        assert!(!format!("{headers:?}").contains("s3cret"));
        headers.insert("x-other", HeaderValue::from_static("1"));
        key.drop_from(&mut headers);
        assert_eq!(headers.keys().map(HeaderName::as_str).collect::<Vec<_>>(), ["x-other"]);
    }

    #[test]
    fn a_key_that_no_header_holds_is_refused_and_not_quoted() {
        for (text, wanted) in
            [("", "empty"), ("  ", "empty"), ("k3y\n", "white"), ("k3\ny", "line")]
        {
            let error = key(text).unwrap_err().to_string();
            assert!(error.contains(wanted) && !error.contains("k3"), "{text:?}: {error}");
        }
    }
}
