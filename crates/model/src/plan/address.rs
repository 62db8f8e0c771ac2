//! The base URL of a node or a lane: what a user types, checked and normalised.

use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};

use crate::dialect::encode_query;

/// Scheme, host, optional port and optional base path of a node; no credentials, query or fragment,
/// no slash at the end. Host in lower case, the scheme's own port left out, as browsers print
/// origins: two spellings of one address are equal.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BaseUrl {
    secure: bool,
    host: String,
    port: u16,
    path: String,
}

impl BaseUrl {
    /// Reads `http://127.0.0.1:7101`, `https://node.example/base/`, `http://[::1]:7101`. White
    /// space around it is ignored; `host:port` without a scheme is taken as `http`.
    ///
    /// # Errors
    /// A sentence that says what is wrong and what to write instead.
    pub fn parse(text: &str) -> Result<BaseUrl, String> {
        let text = text.trim();
        if text.is_empty() {
            return Err("is empty: write an address such as http://127.0.0.1:7101".into());
        }
        let (secure, rest) = match text.split_once("://") {
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("http") => (false, rest),
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("https") => (true, rest),
            Some((scheme, _)) => {
                return Err(format!(
                    "has the scheme “{scheme}”: a browser can load http:// and https:// only"
                ));
            }
            None => (false, text),
        };
        let (authority, path) = rest.find('/').map_or((rest, ""), |at| rest.split_at(at));
        if rest.contains(['?', '#']) {
            return Err("has a query or a fragment: give the address of the node only".into());
        }
        if authority.contains('@') {
            return Err(
                "holds credentials: put the key into the API key field; it is never saved".into()
            );
        }
        let (host, port) = split_port(authority)?;
        let host = read_host(host)?;
        let port = port.map_or(Ok(default_port(secure)), read_port)?;
        Ok(BaseUrl { secure, host, port, path: read_path(path)? })
    }

    /// The base URL of the node that answered a request: the URL of the answer, after redirects,
    /// without the request's own path at its end. Queries do not count: a redirect may leave them
    /// out. `None` where the URL does not end with that path.
    ///
    /// # Errors
    /// What remains is no base URL.
    pub fn before(answered: &str, request_path: &str) -> Result<Option<BaseUrl>, String> {
        let base = without_query(answered).strip_suffix(without_query(request_path));
        base.map(BaseUrl::parse).transpose()
    }

    /// Whether it is that address, or one whose path continues that address's.
    #[must_use]
    pub fn is_under(&self, base: &BaseUrl) -> bool {
        let rest = self.path.strip_prefix(base.path.as_str());
        self.root() == base.root() && rest.is_some_and(|r| r.is_empty() || r.starts_with('/'))
    }

    /// The same origin without a base path.
    #[must_use]
    pub fn root(&self) -> BaseUrl {
        BaseUrl { path: String::new(), ..self.clone() }
    }

    /// The origin, as `URL.origin` of a browser prints it.
    #[must_use]
    pub fn origin(&self) -> String {
        let scheme = if self.secure { "https" } else { "http" };
        if self.port == default_port(self.secure) {
            format!("{scheme}://{}", self.host)
        } else {
            format!("{scheme}://{}:{}", self.host, self.port)
        }
    }

    /// Host name or address, an IPv6 address in brackets.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port, also where it is the scheme's own.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The base path, empty or from its first slash on.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Whether it is `https`.
    #[must_use]
    pub fn is_secure(&self) -> bool {
        self.secure
    }

    /// Whether the host is this machine: `127.x.x.x`, `[::1]`, `localhost` or a name under it.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        self.host == "localhost"
            || self.host.ends_with(".localhost")
            || self.host == "[::1]"
            || (self.host.starts_with("127.")
                && self.host.bytes().all(|b| b == b'.' || b.is_ascii_digit()))
    }

    /// The same address with `localhost` for this machine's other names, `127.0.0.1` and `[::1]`.
    #[must_use]
    pub fn on_localhost(&self) -> BaseUrl {
        if matches!(self.host.as_str(), "127.0.0.1" | "[::1]") {
            self.with_host("localhost")
        } else {
            self.clone()
        }
    }

    /// The same node under another host name: one more lane.
    #[must_use]
    pub fn with_host(&self, host: &str) -> BaseUrl {
        BaseUrl { host: host.to_ascii_lowercase(), ..self.clone() }
    }

    /// The WebSocket form of the URL.
    #[must_use]
    pub fn websocket(&self) -> String {
        self.to_string().replacen("http", "ws", 1)
    }
}

impl fmt::Display for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.origin(), self.path)
    }
}

fn default_port(secure: bool) -> u16 {
    if secure { 443 } else { 80 }
}

fn split_port(authority: &str) -> Result<(&str, Option<&str>), String> {
    if let Some(end) = authority.find(']') {
        let (host, rest) = authority.split_at(end + 1);
        return match rest.strip_prefix(':') {
            Some(port) => Ok((host, Some(port))),
            None if rest.is_empty() => Ok((host, None)),
            None => Err(format!("has “{rest}” after its IPv6 address")),
        };
    }
    match authority.split_once(':') {
        Some((_, more)) if more.contains(':') => {
            Err("looks like an IPv6 address: write it in brackets, http://[::1]:7101".into())
        }
        Some((host, port)) => Ok((host, Some(port))),
        None => Ok((authority, None)),
    }
}

fn read_port(text: &str) -> Result<u16, String> {
    // Rust's own reader takes a sign.
    let digits = text.bytes().all(|b| b.is_ascii_digit());
    text.parse().ok().filter(|port| digits && *port > 0).ok_or_else(|| {
        format!("has the port “{text}”: write a number from 1 to 65535, in digits only")
    })
}

/// A host as browsers write it, and without the dot that a full name may end with.
fn read_host(host: &str) -> Result<String, String> {
    let wrong = || format!("has the host “{host}”, which is not a host name or address");
    if let Some(v6) = host.strip_prefix('[') {
        let address = v6.strip_suffix(']').and_then(|v6| v6.parse::<Ipv6Addr>().ok());
        return address.map(|a| format!("[{}]", v6_text(a))).ok_or_else(wrong);
    }
    let name = host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase();
    if name.is_empty() {
        return Err("has no host: write an address such as http://127.0.0.1:7101".into());
    }
    let good = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_');
    if name.len() > 253 || name.split('.').any(|l| l.is_empty() || !l.bytes().all(good)) {
        return Err(wrong());
    }
    if ends_in_number(&name) && name.parse::<Ipv4Addr>().is_err() {
        return Err(format!(
            "has the host “{host}”, which browsers take for a number: write an IPv4 address as \
             four numbers from 0 to 255, such as 127.0.0.1"
        ));
    }
    Ok(name)
}

fn v6_text(address: Ipv6Addr) -> String {
    if address.to_ipv4_mapped().is_some() {
        // Rust writes its end as an IPv4 address, browsers don't.
        let [.., high, low] = address.segments();
        format!("::ffff:{high:x}:{low:x}")
    } else {
        address.to_string()
    }
}

/// Whether browsers read a host as an IPv4 address: its last part is a number, decimal or hex.
fn ends_in_number(name: &str) -> bool {
    let last = name.rsplit('.').next().unwrap_or(name);
    let hex = last.strip_prefix("0x").is_some_and(|h| h.bytes().all(|b| b.is_ascii_hexdigit()));
    hex || last.bytes().all(|b| b.is_ascii_digit())
}

/// A base path that browsers send as it is written, without slashes at its end.
fn read_path(path: &str) -> Result<String, String> {
    let path = path.trim_end_matches('/');
    if path.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return Err("has white space in its path".into());
    }
    let good = |c: char| c.is_ascii_alphanumeric() || "/-._~!$&'()*+,;=:@%".contains(c);
    if let Some(c) = path.chars().find(|c| !good(*c)) {
        let encoded = encode_query(c.encode_utf8(&mut [0; 4]));
        return Err(format!("has “{c}” in its path: write “{encoded}” for it"));
    }
    for part in path.split('/').skip(1) {
        if part.is_empty() {
            return Err("has “//” in its path: write one slash between two parts".into());
        }
        if matches!(part.to_ascii_lowercase().replace("%2e", ".").as_str(), "." | "..") {
            return Err(format!("has “{part}” in its path: write the path without it"));
        }
    }
    Ok(path.to_string())
}

fn without_query(url: &str) -> &str {
    url.split(['?', '#']).next().unwrap_or(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_normalised_as_browsers_print_origins() {
        for (text, origin, whole) in [
            ("http://127.0.0.1:7101", "http://127.0.0.1:7101", "http://127.0.0.1:7101"),
            (
                " HTTPS://Node.Example:443/base/ ",
                "https://node.example",
                "https://node.example/base",
            ),
            ("localhost:80", "http://localhost", "http://localhost"),
            ("http://[::1]:7101/", "http://[::1]:7101", "http://[::1]:7101"),
            ("http://[0:0:0:0:0:0:0:1]:1", "http://[::1]:1", "http://[::1]:1"),
            ("http://[2001:DB8::00a]", "http://[2001:db8::a]", "http://[2001:db8::a]"),
            ("http://[::ffff:127.0.0.1]", "http://[::ffff:7f00:1]", "http://[::ffff:7f00:1]"),
            ("LOCALHOST.:1/", "http://localhost:1", "http://localhost:1"),
            ("http://127.0.0.1.:07101", "http://127.0.0.1:7101", "http://127.0.0.1:7101"),
            ("http://7.example/a//", "http://7.example", "http://7.example/a"),
            ("http://a/%C3%A9/..x", "http://a", "http://a/%C3%A9/..x"),
        ] {
            let url = BaseUrl::parse(text).unwrap();
            assert_eq!(url.origin(), origin);
            assert_eq!(url.to_string(), whole);
            assert_eq!(BaseUrl::parse(whole), Ok(url));
        }
    }

    #[test]
    fn wrong_addresses_say_what_is_wrong() {
        for (text, word) in [
            ("", "empty"),
            ("ftp://a", "scheme"),
            ("http://", "no host"),
            ("http://a b", "not a host name"),
            ("http://a:0", "port"),
            ("http://a:99999", "port"),
            ("http://user:pw@a", "credentials"),
            ("http://a?x=1", "query"),
            ("http://::1:80", "brackets"),
            ("http://[::1]x", "after its IPv6"),
            ("http://[zz]", "not a host name"),
            ("http://[::1", "brackets"),
            ("http://a:+7101", "digits only"),
            ("http://a:", "port"),
            ("http://.", "no host"),
            ("http://a..b", "not a host name"),
            ("http://127.1", "such as 127.0.0.1"),
            ("http://0x7f.0.0.1", "such as 127.0.0.1"),
            ("http://127.0.0.0X1", "such as 127.0.0.1"),
            ("http://2130706433", "such as 127.0.0.1"),
            ("http://127.0.0.01", "such as 127.0.0.1"),
            ("http://127.0.0.256", "such as 127.0.0.1"),
            ("http://node.1", "such as 127.0.0.1"),
            ("http://a/b c", "white space"),
            ("http://a//b", "one slash"),
            ("http://a/./b", "“.” in its path"),
            ("http://a/b/..", "“..” in its path"),
            ("http://a/%2E%2e/b", "“%2E%2e” in its path"),
            ("http://a/é", "write “%C3%A9”"),
            ("http://a/b\\c", "write “%5C”"),
        ] {
            let error = BaseUrl::parse(text).unwrap_err();
            assert!(error.contains(word), "{text}: {error}");
        }
    }

    #[test]
    fn loopback_names() {
        let loopback = |t: &str| BaseUrl::parse(t).unwrap().is_loopback();
        assert!(
            loopback("http://127.0.0.2:1")
                && loopback("http://l1.localhost")
                && loopback("http://[::1]")
        );
        assert!(!loopback("http://127.example.com") && !loopback("http://localhost.example.com"));
    }

    #[test]
    fn an_answer_tells_its_nodes_base() {
        let base = |url: &str, path: &str| {
            BaseUrl::before(url, path).map(|base| base.map(|base| base.to_string()))
        };
        for (url, path, expected) in [
            ("http://l:1/db/set", "/db/set", Some("http://l:1")),
            ("http://l:1/insi/db/set", "/db/set", Some("http://l:1/insi")),
            ("http://l:1/insi//db/set", "/db/set", Some("http://l:1/insi")),
            ("http://l:1/a/b/db/get?key=x", "/db/get?key=x", Some("http://l:1/a/b")),
            ("http://l:1/insi/db/get", "/db/get?key=x", Some("http://l:1/insi")),
            ("http://l:1/insi/db/get?key=a+b#1", "/db/get?key=a%20b", Some("http://l:1/insi")),
            ("http://l:1/db/db/set", "/db/set", Some("http://l:1/db")),
            ("http://l:1/login?to=/db/set", "/db/set", None),
            ("http://l:1/db/set/", "/db/set", None),
        ] {
            assert_eq!(base(url, path), Ok(expected.map(str::to_string)), "{url}");
        }
        assert!(base("blob:x/db/set", "/db/set").is_err());
    }

    #[test]
    fn an_address_is_under_another_by_whole_parts_of_its_path() {
        let under =
            |a: &str, b: &str| BaseUrl::parse(a).unwrap().is_under(&BaseUrl::parse(b).unwrap());
        assert!(under("http://a/x/y", "http://a/x") && under("http://a/x", "http://a"));
        assert!(under("http://a/x", "http://a/x"));
        assert!(!under("http://a/xy", "http://a/x") && !under("http://a/x", "http://a/x/y"));
        assert!(!under("https://a/x", "http://a") && !under("http://b/x", "http://a"));
        assert!(!under("http://a:1/x", "http://a"));
    }

    #[test]
    fn websocket_form() {
        assert_eq!(BaseUrl::parse("http://a:1/b").unwrap().websocket(), "ws://a:1/b");
        assert_eq!(BaseUrl::parse("https://a").unwrap().websocket(), "wss://a");
    }
}
