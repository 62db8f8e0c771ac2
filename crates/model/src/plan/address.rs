//! The base URL of a node or a lane: what a user types, checked and normalised.

use std::fmt;

/// Scheme, host, optional port and optional base path of a node; no credentials, query or fragment,
/// no slash at the end. Host in lower case, the scheme's own port left out, as browsers print
/// origins.
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
        check_host(host)?;
        let port = match port {
            None => default_port(secure),
            Some(digits) => digits.parse::<u16>().ok().filter(|p| *p > 0).ok_or_else(|| {
                format!("has the port “{digits}”: ports are numbers from 1 to 65535")
            })?,
        };
        if path.chars().any(|c| c.is_whitespace() || c.is_control()) {
            return Err("has white space in its path".into());
        }
        let path = path.trim_end_matches('/').to_string();
        Ok(BaseUrl { secure, host: host.to_ascii_lowercase(), port, path })
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

fn check_host(host: &str) -> Result<(), String> {
    if host.is_empty() {
        return Err("has no host: write an address such as http://127.0.0.1:7101".into());
    }
    let v6 = host.strip_prefix('[').and_then(|h| h.strip_suffix(']'));
    let good = match v6 {
        Some(inner) => inner.parse::<std::net::Ipv6Addr>().is_ok(),
        None => {
            host.len() <= 253
                && host
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_'))
        }
    };
    if good {
        Ok(())
    } else {
        Err(format!("has the host “{host}”, which is not a host name or address"))
    }
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
    fn websocket_form() {
        assert_eq!(BaseUrl::parse("http://a:1/b").unwrap().websocket(), "ws://a:1/b");
        assert_eq!(BaseUrl::parse("https://a").unwrap().websocket(), "wss://a");
    }
}
