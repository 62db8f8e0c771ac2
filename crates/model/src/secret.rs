//! The API key and texts: what a key may hold, and the door that keeps it out of every text of a
//! node or of the browser.

use std::borrow::Cow;
use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};

/// Stands where the key stood.
const MARK: &str = "…";
/// Shorter keys are looked for as they are only: their other forms are too likely by chance.
const FORMS_FROM: usize = 6;

/// What is wrong with an API key; `None` where it can be sent as a header's value.
#[must_use]
pub fn key_problem(key: &str) -> Option<String> {
    let wrong = key.chars().find(|c| c.is_control() || u32::from(*c) > 0xff)?;
    let what = match wrong {
        '\n' | '\r' => "a line break".to_string(),
        c if c.is_control() => format!("a control character (U+{:04X})", u32::from(c)),
        c => format!("“{c}” (U+{:04X})", u32::from(c)),
    };
    Some(format!("holds {what}, which an HTTP header can't. Check that it was copied whole"))
}

/// Takes a key out of texts.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Redactor {
    /// The key in all forms but percent-encoded, longest first.
    forms: Vec<String>,
    /// The key, where it is looked for percent-encoded.
    key: Option<String>,
}

impl fmt::Debug for Redactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Its forms are the key.
        f.debug_struct("Redactor").field("forms", &self.forms.len()).finish()
    }
}

impl Redactor {
    /// For a key; without one nothing is taken out.
    #[must_use]
    pub fn new(key: Option<&str>) -> Redactor {
        let Some(key) = key.map(str::trim).filter(|key| !key.is_empty()) else {
            return Redactor::default();
        };
        let mut forms = vec![key.to_string()];
        if key.len() >= FORMS_FROM {
            // As JSON writes it within a text.
            let json = crate::json::write(key);
            forms.push(json.trim_matches('"').to_string());
            forms.extend(base64_forms(key));
        }
        forms.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
        forms.dedup();
        Redactor { forms, key: (key.len() >= FORMS_FROM).then(|| key.to_string()) }
    }

    /// The text without the key.
    #[must_use]
    pub fn clean<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let mut out = Cow::Borrowed(text);
        for form in &self.forms {
            if out.contains(form.as_str()) {
                out = Cow::Owned(out.replace(form.as_str(), MARK));
            }
        }
        while let Some((from, to)) = self
            .key
            .as_ref()
            .filter(|_| out.contains('%'))
            .and_then(|key| percent_encoded(&out, key))
        {
            out.to_mut().replace_range(from..to, MARK);
        }
        out
    }

    /// The text without the key, in the place of the text.
    #[must_use]
    pub fn cleaned(&self, text: String) -> String {
        match self.clean(&text) {
            Cow::Owned(clean) => clean,
            Cow::Borrowed(_) => text,
        }
    }
}

/// Where the key stands in a text percent-encoded, in whole or in part, and where that ends. Who
/// encodes which letters, and with which digits, differs from program to program.
fn percent_encoded(text: &str, key: &str) -> Option<(usize, usize)> {
    let bytes = text.as_bytes();
    let one = |at: usize, wanted: u8| match bytes.get(at..) {
        Some([b, ..]) if *b == wanted => Some(at + 1),
        Some([b'+', ..]) if wanted == b' ' => Some(at + 1),
        Some([b'%', high, low, ..]) => {
            let digit = |b: u8| char::from(b).to_digit(16);
            let value = digit(*high)? * 16 + digit(*low)?;
            (value == u32::from(wanted)).then_some(at + 3)
        }
        _ => None,
    };
    let whole = |from: usize| key.bytes().try_fold(from, one);
    (0..bytes.len()).find_map(|from| whole(from).map(|to| (from, to)))
}

/// Base64, plain and URL-safe, wherever the key stands in what was encoded (`user:key`): only the
/// letters that follow from the key alone.
fn base64_forms(key: &str) -> Vec<String> {
    let mut forms = Vec::new();
    for before in 0..3 {
        let bytes = [vec![0; before], key.as_bytes().to_vec()].concat();
        for text in [STANDARD_NO_PAD.encode(&bytes), URL_SAFE_NO_PAD.encode(&bytes)] {
            // Six bits a letter: the first ones and the last one may hold a neighbour's bits.
            let from = (before * 8).div_ceil(6);
            let to = bytes.len() * 8 / 6;
            forms.extend(text.get(from..to).map(ToString::to_string));
        }
    }
    forms
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::engine::general_purpose::{STANDARD, URL_SAFE};
    use proptest::prelude::*;

    #[test]
    fn a_key_is_taken_out_in_every_form() {
        let key = "s3cr/t+key=1 \"x\"";
        let redactor = Redactor::new(Some(key));
        let forms = [
            key.to_string(),
            format!("bad key: Bearer {key}!"),
            serde_json::to_string(&format!("the key {key}")).unwrap(),
            "/db?api_key=s3cr%2Ft%2Bkey%3D1%20%22x%22&a=1".into(),
            "/db?api_key=s3cr%2ft%2bkey%3d1%20%22x%22".into(),
            "/db?api_key=%73%33cr%2Ft%2bkey%3D1+%22x%22".into(),
            STANDARD.encode(key),
            URL_SAFE.encode(key),
            format!("Basic {}", STANDARD.encode(format!("user:{key}"))),
            format!("Basic {}", STANDARD.encode(format!("ab:{key}@host"))),
            format!("Basic {}", STANDARD.encode(format!("a:{key}"))),
        ];
        for text in forms {
            let clean = redactor.clean(&text);
            assert!(clean.contains('…'), "{text} -> {clean}");
            assert!(!clean.contains("s3cr") && !clean.contains("key=1"), "{text} -> {clean}");
        }
        assert_eq!(redactor.clean("nothing of it"), "nothing of it");
        assert!(!format!("{redactor:?}").contains("s3cr"));
    }

    #[test]
    fn without_a_key_texts_stay() {
        for key in [None, Some(""), Some("  ")] {
            assert_eq!(Redactor::new(key).clean("any text"), "any text");
        }
        assert_eq!(Redactor::new(Some("abc")).clean("YWJj abc"), "YWJj …");
    }

    #[test]
    fn what_headers_cannot_hold_is_said() {
        assert_eq!(key_problem("sk-1234 abc:é"), None);
        assert!(key_problem("ключ").unwrap().contains("“к”"));
        assert!(key_problem("bad\nkey").unwrap().contains("a line break"));
        assert!(key_problem("\0x").unwrap().contains("U+0000"));
    }

    proptest! {
        #[test]
        fn no_text_around_a_key_lets_it_through(
            key in "[ -~]{6,40}", before in "[ -~]{0,9}", after in "[ -~]{0,9}",
        ) {
            let key = key.trim();
            prop_assume!(key.len() >= 6);
            let redactor = Redactor::new(Some(key));
            let text = format!("{before}{key}{after}");
            prop_assert!(!redactor.clean(&text).contains(key));
            let encoded = STANDARD.encode(&text);
            let clean = redactor.cleaned(encoded.clone());
            prop_assert!(clean.len() < encoded.len() - key.len() / 2, "{} {}", encoded, clean);
        }
    }
}
