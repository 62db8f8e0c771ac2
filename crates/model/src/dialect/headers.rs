//! Which headers a dialect may name.

/// Headers that a browser lets no page set (Fetch standard: forbidden request-headers), beside
/// those that begin with `proxy-` and `sec-`.
const FORBIDDEN: [&str; 21] = [
    "accept-charset",
    "accept-encoding",
    "access-control-request-headers",
    "access-control-request-method",
    "connection",
    "content-length",
    "cookie",
    "cookie2",
    "date",
    "dnt",
    "expect",
    "host",
    "keep-alive",
    "origin",
    "referer",
    "set-cookie",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "via",
];

/// Whether a browser lets no page set a header of this name, in lower case.
#[must_use]
pub fn is_forbidden(name: &str) -> bool {
    FORBIDDEN.contains(&name) || name.starts_with("proxy-") || name.starts_with("sec-")
}

/// What is wrong with a header: names and values as HTTP has them, and as a browser lets a page set
/// them. A sentence each.
#[must_use]
pub fn header_problems(name: &str, value: &str) -> Vec<String> {
    let mut found = Vec::new();
    let token = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b);
    if name.is_empty() || !name.bytes().all(token) {
        found.push(format!("“{name}” is no name of a header"));
    }
    if value.chars().any(|c| c.is_control() || u32::from(c) > 0xff) {
        found.push("holds what a header can't: a line break, or a letter beyond Latin-1".into());
    }
    let lower = name.to_ascii_lowercase();
    if is_forbidden(&lower) {
        found.push(format!("a browser lets no page set “{name}”"));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_that_can_not_be_sent_are_named() {
        assert_eq!(header_problems("X-Consul-Token", "a b"), [""; 0]);
        for (name, value, expected) in [
            ("", "a", "no name"),
            ("a b", "a", "no name"),
            ("X", "a\nb", "line break"),
            ("X", "ключ", "Latin-1"),
            ("cookie", "a", "lets no page set"),
            ("Sec-Fetch-Mode", "a", "lets no page set"),
        ] {
            let found = header_problems(name, value);
            assert!(found.len() == 1 && found[0].contains(expected), "{found:?}");
        }
    }
}
