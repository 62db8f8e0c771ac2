//! What a browser lets this page ask: mixed content, and Local Network Access. Said before the
//! start, in words.
//!
//! Rules: Mixed Content (W3C), and Local Network Access as Chromium has it from 142 on, Firefox by
//! degrees: a page from a more public address space asks the user before it may reach this machine
//! or the local network, and only where the page itself came over https (or from this machine).

use fwit_model::plan::BaseUrl;

/// How near an address is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Space {
    /// This machine.
    Loopback,
    /// A private network.
    Local,
    /// Everything else. A name is taken for public: what it leads to is not known here.
    Public,
}

impl Space {
    /// The space of a host, as far as its text tells.
    #[must_use]
    pub fn of(url: &BaseUrl) -> Space {
        let host = url.host();
        let ends_like_ip = host.bytes().all(|b| b == b'.' || b.is_ascii_digit());
        let bytes: Vec<u8> = host.split('.').filter_map(|part| part.parse().ok()).collect();
        let private = match bytes.as_slice() {
            [10, ..] | [192, 168, ..] | [169, 254, ..] => ends_like_ip,
            [172, second, ..] => ends_like_ip && (16..32).contains(second),
            _ => {
                host.ends_with(".local")
                    || ["[fc", "[fd", "[fe8"].iter().any(|prefix| host.starts_with(prefix))
            }
        };
        match (url.is_loopback(), private) {
            (true, _) => Space::Loopback,
            (_, true) => Space::Local,
            _ => Space::Public,
        }
    }

    /// Names of the browser's permission to reach it, newest first.
    #[must_use]
    pub fn permissions(self) -> &'static [&'static str] {
        match self {
            Space::Loopback => &["loopback-network", "local-network-access"],
            Space::Local => &["local-network", "local-network-access"],
            Space::Public => &[],
        }
    }

    fn words(self) -> &'static str {
        match self {
            Space::Loopback => "this machine",
            Space::Local => "your local network",
            Space::Public => "the internet",
        }
    }
}

/// What the browser says of a permission.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Permission {
    /// Given, or not needed.
    Granted,
    /// It will ask.
    Prompt,
    /// The user refused, or a policy does.
    Denied,
}

impl Permission {
    /// From the browser's word.
    #[must_use]
    pub fn of_state(state: &str) -> Permission {
        match state {
            "granted" => Permission::Granted,
            "denied" => Permission::Denied,
            _ => Permission::Prompt,
        }
    }
}

/// What stands between a page and a plan's nodes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reach {
    /// What keeps the load from starting: sentences.
    pub blocked: Vec<String>,
    /// What may.
    pub notes: Vec<String>,
    /// A node to ask before the start, so that the browser's question stands open outside the run.
    pub ask_first: Option<BaseUrl>,
}

/// What the browser will allow a page of this address to ask of these addresses. `secure` tells
/// whether the page is a secure context: over https, or from this machine. `permission` is what it
/// says of the way to a space; `None` where it knows no such permission.
#[must_use]
pub fn reach(
    page: &BaseUrl,
    secure: bool,
    addresses: &[BaseUrl],
    permission: impl Fn(Space) -> Option<Permission>,
) -> Reach {
    let own = Space::of(page);
    let mut found = Reach::default();
    let list = |some: &[&BaseUrl]| {
        let words: Vec<String> = some.iter().take(3).map(ToString::to_string).collect();
        let more = some.len().saturating_sub(3);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        format!("{}{more}", words.join(", "))
    };
    let mixed = |space: Space| -> Vec<&BaseUrl> {
        let all = addresses.iter().filter(|_| page.is_secure());
        all.filter(|a| !a.is_secure() && Space::of(a) == space).collect()
    };
    let public = mixed(Space::Public);
    if !public.is_empty() {
        found.blocked.push(format!(
            "This page came over https, and browsers let such a page ask no http address: {}. Give \
             the nodes https addresses, put fwit-gateway in front of them, or open the page from \
             your own machine (cargo xtask demo).",
            list(&public)
        ));
    }
    let local = mixed(Space::Local);
    if !local.is_empty() {
        found.notes.push(format!(
            "{} is http, and this page came over https: Chromium allows that once you permit the \
             local network; Firefox and Safari refuse it.",
            list(&local)
        ));
    }
    for space in [Space::Loopback, Space::Local] {
        let nearer: Vec<&BaseUrl> =
            addresses.iter().filter(|a| Space::of(a) == space && space < own).collect();
        let Some(first) = nearer.first() else { continue };
        let (words, all) = (space.words(), list(&nearer));
        match permission(space) {
            _ if !secure => found.notes.push(format!(
                "Chromium lets no page that came over http from elsewhere reach {words} ({all}): open \
                 this page over https or from this machine."
            )),
            Some(Permission::Denied) => found.blocked.push(format!(
                "This browser was told not to let this page reach {words} ({all}). Allow it with the \
                 icon beside the address, then reload."
            )),
            Some(Permission::Prompt) => {
                found.notes.push(format!(
                    "The browser will ask whether this page may reach {words} ({all}). It asks before \
                     the load begins, so that the wait counts for nothing."
                ));
                found.ask_first = found.ask_first.take().or_else(|| Some((*first).clone()));
            }
            Some(Permission::Granted) | None => {}
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> BaseUrl {
        BaseUrl::parse(text).unwrap()
    }

    fn look(page: &str, nodes: &[&str], permission: Option<Permission>) -> Reach {
        let nodes: Vec<BaseUrl> = nodes.iter().map(|n| url(n)).collect();
        let page = url(page);
        let secure = page.is_secure() || page.is_loopback();
        reach(&page, secure, &nodes, |_| permission)
    }

    #[test]
    fn spaces_are_told_by_their_addresses() {
        for (address, space) in [
            ("http://127.0.0.9:1", Space::Loopback),
            ("http://l1.localhost", Space::Loopback),
            ("http://10.1.2.3", Space::Local),
            ("http://172.31.0.1", Space::Local),
            ("http://172.32.0.1", Space::Public),
            ("http://192.168.1.1:8080", Space::Local),
            ("http://nas.local", Space::Local),
            ("http://[fd00::1]", Space::Local),
            ("http://10.example.org", Space::Public),
            ("https://8.8.8.8", Space::Public),
        ] {
            assert_eq!(Space::of(&url(address)), space, "{address}");
        }
    }

    #[test]
    fn a_page_of_this_machine_may_ask_all() {
        let nodes = ["http://127.0.0.1:7101", "http://10.0.0.1", "http://node.example"];
        assert_eq!(
            look("http://localhost:8080", &nodes, Some(Permission::Prompt)),
            Reach::default()
        );
    }

    #[test]
    fn mixed_content_is_said() {
        let found = look("https://fwit.example", &["http://n1.example"], None);
        assert!(found.blocked[0].contains("http://n1.example") && found.notes.is_empty());
        assert_eq!(look("https://fwit.example", &["https://n1.example"], None), Reach::default());
        let local = look("https://fwit.example", &["http://10.0.0.1:1"], None);
        assert!(local.blocked.is_empty() && local.notes[0].contains("Firefox and Safari refuse"));
        // http to this machine is no mixed content.
        assert_eq!(look("https://fwit.example", &["http://127.0.0.1:1"], None), Reach::default());
    }

    #[test]
    fn the_browsers_question_comes_before_the_load() {
        let nodes = ["http://127.0.0.1:7101", "http://127.0.0.1:7102"];
        let page = "https://fwit.example";
        let asks = look(page, &nodes, Some(Permission::Prompt));
        assert_eq!(asks.ask_first, Some(url(nodes[0])));
        assert!(asks.notes[0].contains("this machine") && asks.blocked.is_empty());
        let denied = look(page, &nodes, Some(Permission::Denied));
        assert!(denied.blocked[0].contains("told not to") && denied.ask_first.is_none());
        assert_eq!(look(page, &nodes, Some(Permission::Granted)), Reach::default());
        let insecure = look("http://fwit.example", &nodes, Some(Permission::Prompt));
        assert!(insecure.notes[0].contains("over http") && insecure.ask_first.is_none());
        // From the local network to this machine is nearer too.
        let near = look("https://10.0.0.5", &nodes, Some(Permission::Prompt));
        assert!(near.ask_first.is_some());
    }
}
