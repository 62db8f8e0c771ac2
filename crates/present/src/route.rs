//! Where in the page the user is: the part of the address after `#`, read and written.
//!
//! May not enter: the browser.
//! Invariant: every text gives a route ([`Route::Unknown`] at worst), and a route's text gives the
//! route again.
//! Tests: beside the code.

use std::fmt;

use fwit_model::dialect::encode_query;
use fwit_model::plan::{BaseUrl, NODES_MAX};

/// A place in the page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Route {
    /// `#/`: the plan form, with what to fill it with.
    Plan(Prefill),
    /// `#/run`: the run under way.
    Live,
    /// `#/runs`: the runs of this browser; `#/runs?q=…`: what a search finds of them.
    Library(String),
    /// `#/run/ID`: one run's result.
    Result(String),
    /// `#/experiment`: an experiment's set-up, or the one under way; `#/experiment/ID`: its result.
    Experiment(Option<String>),
    /// `#/compare/ID,ID`: two or more runs side by side.
    Compare(Vec<String>),
    /// `#/open?run=URL&run=URL&title=…`: files to open from addresses, and names for their runs, in
    /// order.
    Open {
        /// The addresses.
        runs: Vec<String>,
        /// Names for the runs.
        titles: Vec<String>,
    },
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
    /// `nodes=n1=http://127.0.0.1:7101,n2=…`: name (may be empty) and address. A comma, an equals
    /// sign or a percent sign in either is percent-encoded.
    pub nodes: Vec<(String, String)>,
    /// `dialect=etcd`: what they speak.
    pub dialect: Option<String>,
}

impl Prefill {
    /// Whether there is nothing to fill in.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Prefill::default()
    }

    /// What is wrong with its nodes, in sentences.
    #[must_use]
    pub fn node_problems(&self) -> Vec<String> {
        if self.has_too_many_nodes() {
            return vec![format!(
                "The link names {} nodes: up to {NODES_MAX} are possible, and none was taken.",
                self.nodes.len()
            )];
        }
        let problem = |(i, (name, url)): (usize, &(String, String))| {
            let wrong = BaseUrl::parse(url).err()?;
            let name = if name.is_empty() { String::new() } else { format!(" “{name}”") };
            Some(format!("The link's node {}{name}: the address “{url}” {wrong}.", i + 1))
        };
        self.nodes.iter().enumerate().filter_map(problem).collect()
    }

    /// Whether it names more nodes than a plan may have.
    #[must_use]
    pub fn has_too_many_nodes(&self) -> bool {
        self.nodes.len() > NODES_MAX
    }
}

impl Route {
    /// The runs of this browser, all of them.
    pub const LIBRARY: Route = Route::Library(String::new());

    /// Reads the part of the address from `#` on; with or without the `#`.
    #[must_use]
    pub fn parse(hash: &str) -> Route {
        let hash = hash.strip_prefix('#').unwrap_or(hash);
        let (path, query) = hash.split_once('?').unwrap_or((hash, ""));
        let mut parts = path.split('/').filter(|p| !p.is_empty()).map(decode);
        match (parts.next().as_deref(), parts.next(), parts.next()) {
            (None, _, _) => Route::Plan(read_prefill(query)),
            (Some("run"), None, _) => Route::Live,
            (Some("runs"), None, _) => Route::Library(all(query, "q").concat()),
            (Some("open"), None, _) => {
                let runs: Vec<String> = all(query, "run").into_iter().take(LINKED_MAX).collect();
                if runs.is_empty() {
                    Route::Unknown(hash.to_string())
                } else {
                    Route::Open { runs, titles: all(query, "title") }
                }
            }
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
            Route::Library(search) if search.is_empty() => write!(f, "#/runs"),
            Route::Library(search) => write!(f, "#/runs?q={}", encode_query(search)),
            Route::Open { runs, titles } => {
                let pair = |name: &str, value: &String| format!("{name}={}", encode_query(value));
                let runs = runs.iter().map(|run| pair("run", run));
                let titles = titles.iter().map(|title| pair("title", title));
                write!(f, "#/open?{}", runs.chain(titles).collect::<Vec<_>>().join("&"))
            }
            Route::Result(id) => write!(f, "#/run/{id}"),
            Route::Experiment(None) => write!(f, "#/experiment"),
            Route::Experiment(Some(id)) => write!(f, "#/experiment/{id}"),
            Route::Compare(ids) => write!(f, "#/compare/{}", ids.join(",")),
            Route::Unknown(hash) => write!(f, "#{hash}"),
        }
    }
}

/// Most files that a link opens.
const LINKED_MAX: usize = 50;

/// Whether the text can be a run's id: letters, digits, `-`, `_` and `.`, up to 100 of them.
#[must_use]
pub fn is_id(text: &str) -> bool {
    (1..=100).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
}

/// All values of a name in a query.
fn all(query: &str, wanted: &str) -> Vec<String> {
    let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    let own = pairs.filter(|(name, _)| *name == wanted);
    own.map(|(_, value)| decode(&value.replace('+', " "))).collect()
}

fn read_prefill(query: &str) -> Prefill {
    let mut prefill = Prefill::default();
    for (name, value) in query.split('&').filter_map(|pair| pair.split_once('=')) {
        match name {
            "preset" => prefill.preset = Some(decode(value)),
            "plan" => prefill.plan = Some(decode(value)),
            "nodes" => prefill.nodes = read_nodes(value),
            "dialect" => prefill.dialect = Some(decode(value)),
            _ => {}
        }
    }
    prefill
}

/// Nodes with a comma between two. Some tools percent-encode the list as a whole once more.
fn read_nodes(list: &str) -> Vec<(String, String)> {
    let whole = !list.contains('=') && !list.contains("://");
    let list = if whole { decode(list) } else { list.to_string() };
    list.split(',').filter(|node| !node.trim().is_empty()).map(read_node).collect()
}

/// `n1=http://…` or an address alone. A `=` after `://` belongs to the address.
fn read_node(text: &str) -> (String, String) {
    let (name, url) = match text.split_once('=') {
        Some((name, url)) if !name.contains("://") => (name, url),
        _ => ("", text),
    };
    (decode(name).trim().to_string(), decode(url).trim().to_string())
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
            .map(|(name, url)| format!("{}={}", encode_query(name), encode_query(url)))
            .collect();
        pairs.push(format!("nodes={}", list.join(",")));
    }
    if let Some(dialect) = &prefill.dialect {
        pairs.push(format!("dialect={}", encode_query(dialect)));
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
            dialect: Some("etcd".into()),
        };
        for route in [
            Route::Plan(Prefill::default()),
            Route::Plan(prefill),
            Route::Live,
            Route::LIBRARY,
            Route::Library("tag:\"base line\" 50 % + é&#".into()),
            Route::Result("20261121-a".into()),
            Route::Compare(vec!["a".into(), "b".into(), "c".into()]),
            Route::Open {
                runs: vec!["https://a.example/x y.json?z=1&b".into(), "./runs/b.gz".into()],
                titles: vec!["before + after".into()],
            },
            Route::Unknown("/nowhere".into()),
        ] {
            assert_eq!(Route::parse(&route.to_string()), route);
        }
    }

    #[test]
    fn addresses_as_people_type_them() {
        assert_eq!(Route::parse(""), Route::Plan(Prefill::default()));
        assert_eq!(Route::parse("#"), Route::Plan(Prefill::default()));
        assert_eq!(Route::parse("#/runs/"), Route::LIBRARY);
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
    fn nodes_of_any_name_survive_a_link() {
        for (name, url) in [
            ("a,b=c", "http://a:1/x,y=z"),
            ("", "http://a/%2C?x=1"),
            ("50 % & more, http://x = #1", "http://[::1]:7"),
            ("日本", "kein URL"),
            ("no address", ""),
        ] {
            let nodes = vec![(name.to_string(), url.to_string()), ("n2".into(), "b:1".into())];
            let route = Route::Plan(Prefill { nodes, ..Prefill::default() });
            assert_eq!(Route::parse(&route.to_string()), route, "{route}");
            // As a tool writes it that encodes the list as a whole.
            let text = route.to_string();
            let (before, list) = text.split_once("nodes=").unwrap();
            let whole = format!("{before}nodes={}", encode_query(list));
            assert_eq!(Route::parse(&whole), route, "{whole}");
        }
        let nodes = |list: &str| match Route::parse(&format!("#/?nodes={list}")) {
            Route::Plan(prefill) => prefill.nodes,
            _ => unreachable!(),
        };
        let two = [("n1", "http://a:1"), ("", "b:2")].map(|(n, u)| (n.to_string(), u.to_string()));
        assert_eq!(nodes("n1=http://a:1,b:2,"), two);
        assert_eq!(nodes("n1%3Dhttp%3A%2F%2Fa%3A1%2Cb%3A2"), two);
    }

    #[test]
    fn what_is_wrong_with_a_links_nodes_is_named() {
        let problems = |list: &str| match Route::parse(&format!("#/?nodes={list}")) {
            Route::Plan(prefill) => prefill.node_problems(),
            _ => unreachable!(),
        };
        assert_eq!(problems("n1=http://a,b:1"), Vec::<String>::new());
        let found = problems("http://a,n2=ftp://b,n3=");
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(found[0].starts_with("The link's node 2 “n2”: the address “ftp://b” has the"));
        assert!(found[1].starts_with("The link's node 3 “n3”: the address “” is empty"));
        assert_eq!(problems(&vec!["a:1"; NODES_MAX].join(",")), Vec::<String>::new());
        let many = problems(&vec!["a:1"; NODES_MAX + 1].join(","));
        assert!(many.len() == 1 && many[0].contains("65 nodes: up to 64"), "{many:?}");
    }

    #[test]
    fn strange_addresses_are_unknown_and_never_panic() {
        for hash in [
            "#/run/a/b",
            "#/open",
            "#/open?title=x",
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
