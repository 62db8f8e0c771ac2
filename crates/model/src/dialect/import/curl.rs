//! curl commands, as a shell has them.

use super::{Found, Raw, split_url};
use crate::dialect::words::Method;

/// Reads all curl commands of a text.
pub(super) fn read(text: &str) -> Result<Found, String> {
    let (mut requests, mut notes) = (Vec::new(), Vec::new());
    let mut any = false;
    for command in commands(text)? {
        if command.first().is_none_or(|word| word != "curl" && !word.ends_with("/curl")) {
            continue;
        }
        any = true;
        match request(&command[1..], &mut notes) {
            Ok(found) => requests.extend(found),
            Err(note) => notes.push(note),
        }
    }
    if any {
        Ok((requests, notes))
    } else {
        Err("There is no curl command: one begins with “curl”.".into())
    }
}

/// The words of each command, as a POSIX shell splits them (quotes and backslashes; `$'…'` of
/// bash, which browsers write).
fn commands(text: &str) -> Result<Vec<Vec<String>>, String> {
    let mut all = vec![Vec::new()];
    let mut word: Option<String> = None;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some('\n') | None => {}
                Some('\r') if chars.peek() == Some(&'\n') => {
                    chars.next();
                }
                Some(c) => word.get_or_insert_default().push(c),
            },
            '\'' => {
                let word = word.get_or_insert_default();
                loop {
                    match chars.next() {
                        Some('\'') => break,
                        Some(c) => word.push(c),
                        None => return Err("A ' is not closed in the curl command.".into()),
                    }
                }
            }
            '$' if chars.peek() == Some(&'\'') => {
                chars.next();
                ansi(&mut chars, word.get_or_insert_default())?;
            }
            '"' => {
                let word = word.get_or_insert_default();
                loop {
                    match chars.next() {
                        Some('"') => break,
                        Some('\\') => match chars.next() {
                            Some('\n') => {}
                            Some(c) => {
                                if !['"', '\\', '$', '`', '!'].contains(&c) {
                                    word.push('\\');
                                }
                                word.push(c);
                            }
                            None => {}
                        },
                        Some(c) => word.push(c),
                        None => return Err("A \" is not closed in the curl command.".into()),
                    }
                }
            }
            '#' if word.is_none() => {
                // A comment, to the end of its line.
                while chars.next_if(|c| *c != '\n').is_some() {}
            }
            '>' | '<' => {
                // Where the output goes is nothing of the request's: `2>` and `>>` as well.
                if word.as_ref().is_some_and(|w| w.bytes().all(|b| b.is_ascii_digit())) {
                    word = None;
                }
                end(&mut all, &mut word);
                while chars.next_if(|c| matches!(c, '>' | '<' | '&' | ' ')).is_some() {}
                while chars.next_if(|c| !c.is_whitespace() && *c != ';').is_some() {}
            }
            '\n' | ';' | '|' | '&' if c == '\n' || word.is_none() => {
                end(&mut all, &mut word);
                all.push(Vec::new());
            }
            ';' => {
                end(&mut all, &mut word);
                all.push(Vec::new());
            }
            c if c.is_whitespace() => end(&mut all, &mut word),
            c => word.get_or_insert_default().push(c),
        }
    }
    end(&mut all, &mut word);
    Ok(all)
}

fn end(all: &mut [Vec<String>], word: &mut Option<String>) {
    if let (Some(last), Some(word)) = (all.last_mut(), word.take()) {
        last.push(word);
    }
}

/// The rest of `$'…'`.
fn ansi(chars: &mut std::iter::Peekable<std::str::Chars>, word: &mut String) -> Result<(), String> {
    while let Some(c) = chars.next() {
        match c {
            '\'' => return Ok(()),
            '\\' => match chars.next() {
                Some('n') => word.push('\n'),
                Some('r') => word.push('\r'),
                Some('t') => word.push('\t'),
                Some('u') => {
                    let digits: String =
                        std::iter::from_fn(|| chars.next_if(char::is_ascii_hexdigit))
                            .take(4)
                            .collect();
                    let code = u32::from_str_radix(&digits, 16).ok();
                    word.push(code.and_then(char::from_u32).unwrap_or('\u{fffd}'));
                }
                Some(c) => word.push(c),
                None => {}
            },
            c => word.push(c),
        }
    }
    Err("A $' is not closed in the curl command.".into())
}

/// Letters of short options that take a value.
const SHORT_WITH_VALUE: &str = "XHduFowmAebcCxTrEKyYzUPQtD";
/// Long options without a value, which say nothing that a page could do.
const LONG_ALONE: [&str; 18] = [
    "--compressed",
    "--insecure",
    "--silent",
    "--location",
    "--show-error",
    "--include",
    "--verbose",
    "--fail",
    "--fail-with-body",
    "--http1.1",
    "--http2",
    "--globoff",
    "--path-as-is",
    "--no-buffer",
    "--no-keepalive",
    "--ipv4",
    "--ipv6",
    "--location-trusted",
];

/// Whether a word can be an address: curl takes any other for one too.
fn looks_like_address(word: &str) -> bool {
    let host = word.split_once("://").map_or(word, |(_, rest)| rest);
    word.contains("://")
        || (host.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '[')
            && (host.contains(['/', ':', '.']) || host == "localhost"))
}

/// An option as one letter or one long name, and its value where it stands in the same word.
fn options(word: &str) -> Vec<(String, Option<String>)> {
    if word.starts_with("--") {
        return match word.split_once('=') {
            Some((name, value)) => vec![(name.into(), Some(value.into()))],
            None => vec![(word.into(), None)],
        };
    }
    let mut list = Vec::new();
    let letters = &word[1..];
    for (at, letter) in letters.char_indices() {
        let rest = &letters[at + letter.len_utf8()..];
        if SHORT_WITH_VALUE.contains(letter) {
            let value = Some(rest.to_string()).filter(|rest| !rest.is_empty());
            list.push((format!("-{letter}"), value));
            return list;
        }
        list.push((format!("-{letter}"), None));
    }
    list
}

fn request(words: &[String], notes: &mut Vec<String>) -> Result<Vec<Raw>, String> {
    let mut raw = Raw::default();
    let (mut urls, mut data, mut as_query, mut multipart) = (Vec::new(), Vec::new(), false, false);
    let mut rest = words.iter().peekable();
    while let Some(word) = rest.next() {
        if !word.starts_with('-') || word.len() < 2 {
            if looks_like_address(word) {
                urls.push(word.clone());
            } else {
                notes.push(format!("“{word}” is no address: it was left out."));
            }
            continue;
        }
        for (name, inline) in options(word) {
            let mut value = || inline.clone().or_else(|| rest.next().cloned()).unwrap_or_default();
            match name.as_str() {
                "-X" | "--request" => {
                    let text = value();
                    let method =
                        Method::ALL.into_iter().find(|m| m.name().eq_ignore_ascii_case(&text));
                    raw.method = Some(method.ok_or_else(|| {
                        format!(
                            "{text} is a method that was left out: fwit sends GET, HEAD, POST, PUT, \
                             PATCH and DELETE."
                        )
                    })?);
                }
                "-H" | "--header" => {
                    if let Some((name, value)) = value().split_once(':') {
                        raw.headers.push((name.trim().into(), value.trim().into()));
                    }
                }
                "-d" | "--data" | "--data-raw" | "--data-ascii" | "--data-binary" => {
                    data.push(value());
                }
                "--data-urlencode" => {
                    let text = value();
                    let (name, value) = text.split_once('=').unwrap_or(("", &text));
                    let encoded = crate::dialect::encode_query(value);
                    data.push(if name.is_empty() { encoded } else { format!("{name}={encoded}") });
                }
                "--json" => {
                    data.push(value());
                    raw.headers.push(("Content-Type".into(), "application/json".into()));
                }
                "-F" | "--form" | "--form-string" => {
                    value();
                    multipart = true;
                }
                "-u" | "--user" => {
                    value();
                    raw.headers.push(("Authorization".into(), "Basic …".into()));
                }
                "--oauth2-bearer" => {
                    value();
                    raw.headers.push(("Authorization".into(), "Bearer …".into()));
                }
                "-G" | "--get" => as_query = true,
                "-I" | "--head" => raw.method = Some(Method::Head),
                "--url" => urls.push(value()),
                long if long.starts_with("--") => {
                    // An option that is not known here may have a value of its own.
                    let next = rest
                        .peek()
                        .is_some_and(|next| !next.starts_with('-') && !next.contains("://"));
                    if inline.is_none() && next && !LONG_ALONE.contains(&long) {
                        rest.next();
                    }
                }
                short if SHORT_WITH_VALUE.contains(&short[1..]) => {
                    value();
                }
                _ => {}
            }
        }
    }
    if multipart {
        notes.push("A form with files (-F) was left out of its request: write its body.".into());
    }
    if let Some(file) = data.iter().find(|d| d.starts_with('@')) {
        notes.push(format!("The file {} can't be read here: write its text.", &file[1..]));
    }
    let body = data.join("&");
    if !data.is_empty() && !as_query {
        let typed = raw.headers.iter().any(|(n, _)| n.eq_ignore_ascii_case("content-type"));
        if !typed {
            let form = "application/x-www-form-urlencoded";
            raw.headers.push(("Content-Type".into(), form.into()));
        }
        raw.body = Some(body.clone());
    }
    if urls.is_empty() {
        return Err("A curl command without an address was left out.".into());
    }
    let mut found = Vec::new();
    for url in urls {
        let Some((origin, mut path)) = split_url(&url) else {
            notes.push(format!("“{url}” is no address of HTTP: it was left out."));
            continue;
        };
        if as_query && !body.is_empty() {
            path.push(if path.contains('?') { '&' } else { '?' });
            path.push_str(&body);
            raw.method = raw.method.or(Some(Method::Get));
        }
        found.push(Raw { origin, path, ..raw.clone() });
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::super::import;
    use super::*;

    #[test]
    fn commands_are_read_as_a_shell_reads_them() {
        let text = "curl -sS 'http://a:8080/v3/kv/put' \\\n  -d '{\"key\":\"Zm9v\"}'\n\
                    # don't be late\n\
                    curl -sXDELETE \"https://b/items/a b\" -H 'X-Trace: 1' -o /dev/null\n\
                    /usr/bin/curl --get --data-urlencode 'q=a b' http://a:8080/find\n\
                    curl --json '[1]' a:8080/j && curl -sSo /dev/null -kT f http://a/x --retry-delay 2 2>&1 > out.json";
        let made = import(text).unwrap();
        let json = serde_json::to_value(&made.file.operations).unwrap();
        let of = |i: usize, at: &str| json.pointer(&format!("/{i}/request{at}")).cloned();
        assert_eq!(made.file.operations.len(), 5, "{json:#}");
        assert_eq!(of(0, "/body/key").unwrap(), "Zm9v");
        assert_eq!(of(0, "/type").unwrap(), "application/x-www-form-urlencoded");
        assert_eq!(
            (of(1, "/method").unwrap(), of(1, "/path").unwrap()),
            ("DELETE".into(), "/items/a%20b".into())
        );
        assert_eq!(of(1, "/headers/X-Trace").unwrap(), "1");
        assert_eq!(of(2, "/path").unwrap(), "/find?q=a%20b");
        assert_eq!(of(3, "/type").unwrap(), "application/json");
        assert_eq!(made.nodes, ["http://a:8080", "https://b", "http://a"]);
        let names: Vec<&str> = made.file.operations.iter().map(|o| o.name.as_str()).collect();
        assert_eq!(names, ["post_put", "delete_a_20b", "get_find", "post_j", "get_x"]);
    }

    #[test]
    fn what_can_not_be_taken_is_said() {
        let made = import("curl http://a/ -X PURGE\ncurl http://a/b -d @f\ncurl ftp://x").unwrap();
        assert_eq!(made.file.operations.len(), 1);
        let notes = made.notes.join(" ");
        for part in ["PURGE is a method", "file f can't be read", "“ftp://x” is no address"] {
            assert!(notes.contains(part), "{notes}");
        }
        assert!(import("curl 'http://a").unwrap_err().contains("not closed"));
        let ansi = commands("curl $'a\\'\\u0021\\n' b").unwrap();
        assert_eq!(ansi[0], ["curl", "a'!\n", "b"]);
    }
}
