//! Where in the page the user is: the part of the address after `#`, read and written.
//!
//! May not enter: the browser.
//! Invariant: every text gives a route ([`Route::Unknown`] at worst), and a route's text gives the
//! route again.
//! Tests: beside the code.

use std::fmt;

use fwit_model::dialect::encode_query;

/// A place in the page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Route {
    /// `#/`: the plan form, with what to fill it with.
    Plan(Prefill),
    /// `#/run`: the run under way.
    Live,
    /// `#/runs`: the runs of this browser.
    Library,
    /// `#/run/ID`: one run's result.
    Result(String),
    /// `#/experiment`: an experiment's set-up, or the one under way; `#/experiment/ID`: its result.
    Experiment(Option<String>),
    /// `#/compare/ID,ID`: two or more runs side by side.
    Compare(Vec<String>),
    /// Anything else, as it stood in the address.
    Unknown(String),
}

/// What the plan form is filled with, in the query part of `#/`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Prefill {
    /// `preset=quick`
    pub preset: Option<String>,
    /// `plan=…`: a plan as [`fwit_model::plan::to_link`] writes it.
    pub plan: Option<String>,
    /// `nodes=n1=http://127.0.0.1:7101,n2=…`: name (may be empty) and address.
    pub nodes: Vec<(String, String)>,
}

impl Prefill {
    /// Whether there is nothing to fill in.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Prefill::default()
    }
}

impl Route {
    /// Reads the part of the address from `#` on; with or without the `#`.
    #[must_use]
    pub fn parse(hash: &str) -> Route {
        let hash = hash.strip_prefix('#').unwrap_or(hash);
        let (path, query) = hash.split_once('?').unwrap_or((hash, ""));
        let mut parts = path.split('/').filter(|p| !p.is_empty()).map(decode);
        match (parts.next().as_deref(), parts.next(), parts.next()) {
            (None, _, _) => Route::Plan(read_prefill(query)),
            (Some("run"), None, _) => Route::Live,
            (Some("runs"), None, _) => Route::Library,
            (Some("run"), Some(id), None) if is_id(&id) => Route::Result(id),
            (Some("experiment"), None, _) => Route::Experiment(None),
            (Some("experiment"), Some(id), None) if is_id(&id) => Route::Experiment(Some(id)),
            (Some("compare"), Some(list), None) => {
                let ids: Vec<String> = list.split(',').map(ToString::to_string).collect();
                if ids.len() >= 2 && ids.iter().all(|id| is_id(id)) {
                    Route::Compare(ids)
                } else {
                    Route::Unknown(hash.to_string())
                }
            }
            _ => Route::Unknown(hash.to_string()),
        }
    }
}

impl fmt::Display for Route {
    /// The text from `#` on.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Route::Plan(prefill) => write!(f, "#/{}", write_prefill(prefill)),
            Route::Live => write!(f, "#/run"),
            Route::Library => write!(f, "#/runs"),
            Route::Result(id) => write!(f, "#/run/{id}"),
            Route::Experiment(None) => write!(f, "#/experiment"),
            Route::Experiment(Some(id)) => write!(f, "#/experiment/{id}"),
            Route::Compare(ids) => write!(f, "#/compare/{}", ids.join(",")),
            Route::Unknown(hash) => write!(f, "#{hash}"),
        }
    }
}

/// Whether the text can be a run's id: letters, digits, `-`, `_` and `.`, up to 100 of them.
#[must_use]
pub fn is_id(text: &str) -> bool {
    (1..=100).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
}

fn read_prefill(query: &str) -> Prefill {
    let mut prefill = Prefill::default();
    for (name, value) in query.split('&').filter_map(|pair| pair.split_once('=')) {
        let value = decode(value);
        match name {
            "preset" => prefill.preset = Some(value),
            "plan" => prefill.plan = Some(value),
            "nodes" => prefill.nodes = value.split(',').filter_map(read_node).collect(),
            _ => {}
        }
    }
    prefill
}

/// `n1=http://…` or an address alone. A `=` after `://` belongs to the address.
fn read_node(text: &str) -> Option<(String, String)> {
    let text = text.trim();
    let (name, url) = match text.split_once('=') {
        Some((name, url)) if !name.contains("://") => (name.trim(), url.trim()),
        _ => ("", text),
    };
    (!url.is_empty()).then(|| (name.to_string(), url.to_string()))
}

fn write_prefill(prefill: &Prefill) -> String {
    let mut pairs = Vec::new();
    if let Some(preset) = &prefill.preset {
        pairs.push(format!("preset={}", encode_query(preset)));
    }
    if let Some(plan) = &prefill.plan {
        pairs.push(format!("plan={}", encode_query(plan)));
    }
    if !prefill.nodes.is_empty() {
        let list: Vec<_> = prefill
            .nodes
            .iter()
            .map(|(name, url)| if name.is_empty() { url.clone() } else { format!("{name}={url}") })
            .collect();
        pairs.push(format!("nodes={}", encode_query(&list.join(","))));
    }
    if pairs.is_empty() { String::new() } else { format!("?{}", pairs.join("&")) }
}

/// Percent-decoding; what is no valid escape stays as it is, broken UTF-8 is replaced.
fn decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut i = 0;
    while i < bytes.len() {
        let escape = (bytes[i] == b'%')
            .then(|| bytes.get(i + 1..i + 3))
            .flatten()
            .and_then(|hex| std::str::from_utf8(hex).ok())
            .and_then(|hex| u8::from_str_radix(hex, 16).ok());
        match escape {
            Some(byte) => {
                out.push(byte);
                i += 3;
            }
            None => {
                out.push(bytes[i]);
                i += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn routes_survive_the_address_bar() {
        let prefill = Prefill {
            preset: Some("quick".into()),
            plan: Some("a-b_c".into()),
            nodes: vec![
                ("n1".into(), "http://127.0.0.1:7101".into()),
                (String::new(), "http://[::1]:7/a&b".into()),
            ],
        };
        for route in [
            Route::Plan(Prefill::default()),
            Route::Plan(prefill),
            Route::Live,
            Route::Library,
            Route::Result("20261121-a".into()),
            Route::Compare(vec!["a".into(), "b".into(), "c".into()]),
            Route::Unknown("/nowhere".into()),
        ] {
            assert_eq!(Route::parse(&route.to_string()), route);
        }
    }

    #[test]
    fn addresses_as_people_type_them() {
        assert_eq!(Route::parse(""), Route::Plan(Prefill::default()));
        assert_eq!(Route::parse("#"), Route::Plan(Prefill::default()));
        assert_eq!(Route::parse("#/runs/"), Route::Library);
        let Route::Plan(prefill) =
            Route::parse("#/?nodes=n1=http://127.0.0.1:7101,http://b:1/?x=1&preset=quick")
        else {
            unreachable!()
        };
        assert_eq!(prefill.nodes[0], ("n1".into(), "http://127.0.0.1:7101".into()));
        assert_eq!(prefill.nodes[1], (String::new(), "http://b:1/?x=1".into()));
        assert_eq!(prefill.preset.as_deref(), Some("quick"));
    }

    #[test]
    fn strange_addresses_are_unknown_and_never_panic() {
        for hash in [
            "#/run/a/b",
            "#/compare/one",
            "#/compare/",
            "#/run/a%2Fb",
            "#/compare/a,<b>",
            "#/%",
            "#/%zz",
        ] {
            assert!(matches!(Route::parse(hash), Route::Unknown(_)), "{hash}");
        }
        assert_eq!(decode("%C3%A9%"), "é%");
        assert_eq!(decode("%é"), "%é");
    }
}
