//! A dialect made from what users have at hand: curl commands, a HAR file, an OpenAPI document.
//!
//! What comes out is a start to be edited: operations, each with its request. Keys and values are
//! written into the requests where it is plain where they belong; elsewhere the request stays as it
//! was.

mod curl;
mod har;
mod openapi;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::file::{
    AuthFile, DialectFile, KeyFile, OperationFile, RequestFile, VERSION, format_name,
};
use super::headers::is_forbidden;
use super::template::{encode_query, is_of_urls};
use super::words::{Kind, Method, Pool};

/// Most operations that are taken: a dialect has no more.
const OPERATIONS_MAX: usize = 64;

/// What was made of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Imported {
    /// The dialect.
    pub file: DialectFile,
    /// The nodes' base URLs that it names, each once.
    pub nodes: Vec<String>,
    /// What was left out, and why: sentences.
    pub notes: Vec<String>,
}

/// A request as curl, a browser or a document has it.
#[derive(Clone, Debug, Default)]
struct Raw {
    method: Option<Method>,
    /// `http://host:port`; empty where the source names none.
    origin: String,
    path: String,
    headers: Vec<(String, String)>,
    body: Option<String>,
    /// A name that the source gives.
    name: String,
}

/// Makes a dialect from curl commands, a HAR file's JSON, or an OpenAPI document's JSON: which of
/// them it is shows in the text.
///
/// # Errors
/// It is none of them, or holds no request: a sentence that says what is wrong.
pub fn import(text: &str) -> Result<Imported, String> {
    let text = text.trim_start_matches('\u{feff}').trim();
    if text.is_empty() {
        return Err("There is nothing: paste curl commands, or open a HAR or OpenAPI file.".into());
    }
    if text.starts_with('{') {
        let json: Value = crate::json::read(text.as_bytes())
            .map_err(|e| format!("It looks like JSON, but is not: {e}."))?;
        if json.pointer("/log/entries").is_some() {
            return finish("From a HAR file", har::read(&json)?);
        }
        if json.get("openapi").is_some() || json.get("swagger").is_some() {
            let title = json.pointer("/info/title").and_then(Value::as_str).unwrap_or("My API");
            return finish(title, openapi::read(&json)?);
        }
        return Err("The JSON is neither a HAR file (log.entries) nor an OpenAPI document \
                    (openapi, paths)."
            .into());
    }
    if text.starts_with("openapi:") || text.starts_with("swagger:") {
        return Err("This OpenAPI document is YAML: save it as JSON first (most servers give \
                    openapi.json too)."
            .into());
    }
    finish("From curl", curl::read(text)?)
}

/// Requests and what was left out.
type Found = (Vec<Raw>, Vec<String>);

fn finish(title: &str, (requests, mut notes): Found) -> Result<Imported, String> {
    if requests.is_empty() {
        let why = notes.first().cloned().unwrap_or_default();
        return Err(format!("It holds no request that a page can send. {why}").trim().into());
    }
    let mut nodes = Vec::new();
    let mut auth = None;
    let (mut names, mut seen) = (BTreeSet::new(), BTreeSet::new());
    let mut operations: Vec<OperationFile> = Vec::new();
    for raw in requests {
        if !raw.origin.is_empty() && !nodes.contains(&raw.origin) {
            nodes.push(raw.origin.clone());
        }
        let method = raw.method.unwrap_or(match raw.body {
            Some(_) => Method::Post,
            None => Method::Get,
        });
        // A recording repeats itself.
        if !seen.insert((method.name(), raw.path.clone(), raw.body.clone())) {
            continue;
        }
        if operations.len() == OPERATIONS_MAX {
            notes.push(format!("Only the first {OPERATIONS_MAX} operations were taken."));
            break;
        }
        let raw = Raw { path: clean_path(&raw.path, &mut notes), ..raw };
        let (request, own_auth) = request(method, &raw, &mut notes);
        auth = auth.or(own_auth);
        let reads = !method.has_body();
        let uses = |what: &str| {
            let body = request.body.as_ref().map(crate::json::write).unwrap_or_default();
            request.path.contains(what) || body.contains(what)
        };
        let key = match method {
            Method::Delete if uses("${key") => KeyFile::Forget,
            _ if reads && uses("${key") => KeyFile::Known,
            _ => KeyFile::Any,
        };
        operations.push(OperationFile {
            name: free_name(&raw, method, &mut names),
            kind: if reads { Kind::Read } else { Kind::Write },
            key,
            pool: if uses("${key") { Pool::Values } else { Pool::None },
            request,
            answers: Vec::new(),
            value: None,
            version_at: None,
        });
    }
    let mut told = BTreeSet::new();
    notes.retain(|note| told.insert(note.clone()));
    let title: String = title.chars().take(60).collect();
    let file = DialectFile {
        format: format_name(),
        version: VERSION,
        title: if title.trim().is_empty() { "My API".into() } else { title },
        tested: String::new(),
        notes: String::new(),
        headers: BTreeMap::new(),
        auth,
        spare_parameter: None,
        operations,
        answers: Vec::new(),
        hint: None,
        leader: None,
        events: None,
        vitals: None,
        faults: Vec::new(),
    };
    Ok(Imported { file, nodes, notes })
}

/// Headers that a browser sends by itself, or lets no page send.
fn is_browsers(name: &str) -> bool {
    let own = [
        "accept",
        "accept-language",
        "cache-control",
        "pragma",
        "priority",
        "upgrade-insecure-requests",
        "user-agent",
    ];
    own.contains(&name) || is_forbidden(name)
}

/// The request, and how it carried an API key: the key itself is left out.
fn request(method: Method, raw: &Raw, notes: &mut Vec<String>) -> (RequestFile, Option<AuthFile>) {
    let (mut headers, mut content_type, mut auth) = (BTreeMap::new(), None, None);
    for (name, value) in &raw.headers {
        let lower = name.trim().to_ascii_lowercase();
        if lower == "content-type" {
            content_type = Some(value.trim().to_string());
        } else if is_secret(&lower) {
            let (prefix, basic) = match value.split_once(' ') {
                Some((kind, _)) if kind.eq_ignore_ascii_case("basic") => (String::new(), true),
                Some((kind, _)) => (format!("{kind} "), false),
                None => (String::new(), false),
            };
            auth = Some(AuthFile { header: name.trim().into(), prefix, basic });
            notes.push(format!(
                "The value of {name} was left out: type it as the API key{}.",
                if basic { " (user:password)" } else { "" }
            ));
        } else if !is_browsers(&lower) {
            headers.insert(name.trim().to_string(), value.trim().to_string());
        }
    }
    let body = raw.body.as_ref().filter(|body| !body.is_empty() && method.has_body());
    if raw.body.as_ref().is_some_and(|b| !b.is_empty()) && body.is_none() {
        notes.push(format!("A browser sends no body with {}: it was left out.", method.name()));
    }
    let json = body.and_then(|text| match crate::json::read::<Value>(text.as_bytes()) {
        // As JSON it is easier to edit; a plain text stays one.
        Ok(json @ (Value::Object(_) | Value::Array(_))) => Some(json),
        _ => None,
    });
    let request = RequestFile {
        method,
        path: raw.path.clone(),
        body: body.map(|text| json.unwrap_or_else(|| Value::String(text.clone()))),
        content_type: content_type.filter(|_| body.is_some()),
        headers,
    };
    (request, auth)
}

/// Whether a header or a parameter of this name (lower case) holds a secret.
fn is_secret(name: &str) -> bool {
    let words =
        ["auth", "token", "key", "secret", "session", "password", "signature", "credential"];
    // `key` alone is what a key-value store calls its keys.
    name != "key" && words.iter().any(|word| name.contains(word))
}

/// A path with query as a URL parser leaves it, without the values of secret parameters. What
/// stands in `${…}` stays.
fn clean_path(path: &str, notes: &mut Vec<String>) -> String {
    let (path, query) = path.split_once('?').map_or((path, None), |(p, q)| (p, Some(q)));
    let mut out = encoded(path);
    for (i, pair) in query.into_iter().flat_map(|q| q.split('&')).enumerate() {
        out.push(if i == 0 { '?' } else { '&' });
        match pair.split_once('=') {
            Some((name, _)) if is_secret(&name.to_ascii_lowercase()) => {
                notes.push(format!(
                    "The value of {name} in an address was left out: an API key goes into a header."
                ));
                out.push_str(&format!("{}=", encoded(name)));
            }
            _ => out.push_str(&encoded(pair)),
        }
    }
    out
}

/// Percent-encodes what a URL parser would.
fn encoded(text: &str) -> String {
    let (mut out, mut rest) = (String::new(), text);
    while let Some(c) = rest.chars().next() {
        if let Some(end) = rest.strip_prefix("${").and_then(|place| place.find('}')) {
            let (place, after) = rest.split_at(end + 3);
            out.push_str(place);
            rest = after;
            continue;
        }
        let (this, after) = rest.split_at(c.len_utf8());
        if is_of_urls(c) {
            out.push(c);
        } else {
            out.push_str(&encode_query(this));
        }
        rest = after;
    }
    out
}

/// A name for an operation: the source's, or made of method and path.
fn free_name(raw: &Raw, method: Method, names: &mut BTreeSet<String>) -> String {
    let path = raw.path.split(['?', '#']).next().unwrap_or_default();
    let last = path.rsplit('/').find(|part| !part.is_empty() && !part.contains("${"));
    let base = if raw.name.trim().is_empty() {
        format!("{}_{}", method.name(), last.unwrap_or("root"))
    } else {
        raw.name.clone()
    };
    let (mut name, mut before) = (String::new(), ' ');
    for c in base.chars() {
        // `listPets` becomes `list_pets`.
        if c.is_ascii_uppercase() && before.is_ascii_lowercase() {
            name.push('_');
        }
        before = c;
        match c.to_ascii_lowercase() {
            c if c.is_ascii_alphanumeric() => name.push(c),
            _ if !name.is_empty() && !name.ends_with('_') => name.push('_'),
            _ => {}
        }
    }
    let name = name.trim_matches('_');
    let name: String = name.chars().take(50).collect();
    let name = if name.starts_with(|c: char| c.is_ascii_lowercase()) {
        name
    } else {
        format!("op_{name}")
    };
    let numbered = (2..).map(|i| format!("{name}_{i}"));
    let free = std::iter::once(name.clone()).chain(numbered).find(|n| !names.contains(n));
    let free = free.unwrap_or(name);
    names.insert(free.clone());
    free
}

/// Splits an absolute URL into its origin and its path with query. `None` where it is none.
fn split_url(url: &str) -> Option<(String, String)> {
    let url = url.trim();
    let (scheme, rest) = match url.split_once("://") {
        Some((scheme, rest)) => (scheme.to_ascii_lowercase(), rest),
        None => ("http".to_string(), url),
    };
    if !["http", "https"].contains(&scheme.as_str()) {
        return None;
    }
    let at = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(at);
    // User and password are no part of an address that is shown.
    let host = authority.rsplit('@').next().unwrap_or_default();
    if host.is_empty() || host.chars().any(char::is_whitespace) {
        return None;
    }
    let path = path.split('#').next().unwrap_or_default();
    let path = if path.starts_with('/') { path.to_string() } else { format!("/{path}") };
    Some((format!("{scheme}://{host}"), path))
}

#[cfg(test)]
mod tests {
    use super::super::compile;
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_it_is_shows_in_the_text() {
        for (text, expected) in [
            ("", "nothing"),
            ("{", "is not: "),
            ("{}", "neither a HAR"),
            ("openapi: 3.0.0\n", "YAML"),
            ("hello", "no curl command"),
            (r#"{"log":{"entries":[]}}"#, "no request"),
        ] {
            let error = import(text).unwrap_err();
            assert!(error.contains(expected), "{text}: {error}");
        }
    }

    #[test]
    fn secrets_of_other_names_are_left_out_too() {
        let text =
            "curl -H 'X-Vault-Token: s3cret' 'http://a:1/x?api_key=s3cret&key=k&q={\"a\":\"b c\"}'";
        let made = import(text).unwrap();
        let json = crate::json::write(&made.file);
        assert!(!json.contains("s3cret"), "{json}");
        let path = &made.file.operations[0].request.path;
        assert_eq!(path, "/x?api_key=&key=k&q=%7B%22a%22:%22b%20c%22%7D");
        assert!(compile("custom", made.file).is_ok() && made.notes.len() == 2);
    }

    #[test]
    fn keys_of_an_api_are_left_out_and_their_header_kept() {
        let text = "curl -H 'Authorization: Bearer s3cret' http://a:1/x\ncurl -u u:p http://a:1/y";
        let made = import(text).unwrap();
        let auth = made.file.auth.clone().unwrap();
        assert_eq!((auth.header.as_str(), auth.prefix.as_str()), ("Authorization", "Bearer "));
        let json = crate::json::write(&made.file);
        assert!(!json.contains("s3cret") && !json.contains("u:p"), "{json}");
        assert!(made.notes[0].contains("API key"), "{:?}", made.notes);
    }

    proptest! {
        #[test]
        fn whatever_is_pasted_gives_a_dialect_or_a_sentence(
            words in prop::collection::vec(
                "curl|-X|POST|-d|'|\"|\\\\|http://a:1/b\\?c=d|-H|A: b|\n|--data-urlencode|x=y|-G|\\PC{0,6}",
                0..14,
            )
        ) {
            // What the source says of headers or places may be wrong; the form names it.
            if let Ok(made) = import(&words.join(" "))
                && let Err(problems) = compile("custom", made.file)
            {
                prop_assert!(!problems.is_empty());
            }
        }
    }
}
