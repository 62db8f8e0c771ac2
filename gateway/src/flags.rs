//! The command line, and what follows from it: all of it is checked before anything listens.

use std::path::PathBuf;

use anyhow::{Context, bail, ensure};
use axum::http::{HeaderName, header};
use clap::Parser;
use url::Url;

use crate::key::Key;
use crate::leader;

/// Stands between fwit's page and a cluster that a page can't reach by itself: one that sends no
/// CORS or timing headers, wants a secret key, or has a certificate of its own.
#[derive(Debug, Parser)]
#[command(version, about)]
pub struct Flags {
    /// A node: a name and its address, such as n1=https://node1.example:8443; once for each node.
    #[arg(long = "node", required = true, value_name = "NAME=URL")]
    pub nodes: Vec<String>,
    /// The environment variable that holds the cluster's key. No flag takes the key itself: the
    /// arguments of a program can be read by everyone on this machine.
    #[arg(long, value_name = "VARIABLE")]
    pub key_env: Option<String>,
    /// The header that carries the key.
    #[arg(long, default_value = "Authorization", value_name = "NAME")]
    pub key_header: HeaderName,
    /// What stands before the key in its header; left out: "Bearer " for Authorization, else
    /// nothing.
    #[arg(long, value_name = "TEXT")]
    pub key_prefix: Option<String>,
    /// A PEM file with a certificate to trust beside those of the system: an authority's, or a
    /// node's own. May be repeated.
    #[arg(long, value_name = "FILE")]
    pub ca: Vec<PathBuf>,
    /// Take any certificate. Whoever is on the way to the nodes can then read the key.
    #[arg(long, conflicts_with = "ca")]
    pub insecure: bool,
    /// Port of the first node; the others follow it. 0 takes free ones.
    #[arg(long, default_value_t = 7201)]
    pub port: u16,
    /// Addresses of each port, 127.0.0.1, 127.0.0.2 ... where the system has them: a browser opens
    /// six connections to each.
    #[arg(long, default_value_t = 9, value_parser = clap::value_parser!(u8).range(1..=64))]
    pub lanes: u8,
    /// Serve the built page that is in this folder, and print its address with the nodes filled
    /// in.
    #[arg(long, value_name = "DIR")]
    pub page: Option<PathBuf>,
    /// Port of the page; 0 takes a free one.
    #[arg(long, default_value_t = 7200)]
    pub page_port: u16,
    /// The origin of a page elsewhere that may use the gateway, such as https://fwit.example. May
    /// be repeated.
    #[arg(long, value_name = "ORIGIN")]
    pub allow_origin: Vec<String>,
    /// Demand a token, new at each start, at the beginning of every path. With it, programs such
    /// as curl may use the gateway too.
    #[arg(long)]
    pub token: bool,
    /// Listen on all IPv4 addresses of this machine instead of loopback only; needs --token.
    #[arg(long, requires = "token")]
    pub listen_all: bool,
    /// A further name or address by which this machine may be called; loopback names always may.
    #[arg(long, value_name = "NAME")]
    pub allow_host: Vec<String>,
    /// Largest body of a request, in MiB.
    #[arg(long, default_value_t = 64, value_parser = clap::value_parser!(u16).range(1..))]
    pub body_limit: u16,
    /// Stop when standard input ends.
    #[arg(long)]
    pub exit_on_stdin_eof: bool,
}

/// A node of the cluster.
#[derive(Debug, Clone)]
pub struct Node {
    /// Its name: letters, digits, `-`, `_` and `.`.
    pub name: String,
    /// Its address, with its base path.
    pub url: Url,
}

impl Flags {
    /// The key, from the environment. Read first, so that it can be kept out of all that follows.
    ///
    /// # Errors
    /// When the variable is not set, or holds no key.
    pub fn key(&self, env: impl Fn(&str) -> Option<String>) -> anyhow::Result<Option<Key>> {
        let Some(variable) = &self.key_env else { return Ok(None) };
        ensure!(
            !variable.is_empty()
                && variable.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_'),
            "--key-env takes the name of an environment variable, not the key itself: write the \
             key into INSI_KEY and give --key-env INSI_KEY"
        );
        let text = env(variable).with_context(|| {
            format!(
                "--key-env {variable}: there is no such variable; export it, or leave out the flag"
            )
        })?;
        let own = if self.key_header == header::AUTHORIZATION { "Bearer " } else { "" };
        let prefix = self.key_prefix.as_deref().unwrap_or(own);
        let key = Key::new(self.key_header.clone(), prefix, &text);
        key.map(Some).with_context(|| format!("the key in {variable}"))
    }

    /// The nodes, after everything that can be said without the network was checked.
    ///
    /// # Errors
    /// What is wrong, and what to do.
    pub fn check(&self) -> anyhow::Result<Vec<Node>> {
        let mut nodes: Vec<Node> = Vec::new();
        for text in &self.nodes {
            let node = node(text)?;
            if let Some(other) = nodes.iter().find(|n| n.name == node.name || n.url == node.url) {
                bail!(
                    "--node {} and --node {} are the same: give each node once",
                    other.name,
                    node.name
                );
            }
            nodes.push(node);
        }
        let last = u16::try_from(nodes.len() - 1).ok().and_then(|more| self.port.checked_add(more));
        let last = last.with_context(|| {
            format!(
                "--port {} is too high for {} nodes: choose a lower one",
                self.port,
                nodes.len()
            )
        })?;
        ensure!(
            self.page.is_none()
                || self.page_port == 0
                || self.port == 0
                || !(self.port..=last).contains(&self.page_port),
            "--page-port {} is a port of the nodes ({} to {last}): choose another",
            self.page_port,
            self.port
        );
        if let Some(folder) = &self.page {
            ensure!(
                folder.join("index.html").is_file(),
                "--page {}: has no index.html; build the page first (`trunk build --release`)",
                folder.display()
            );
        }
        ensure!(
            self.page.is_some() || !self.allow_origin.is_empty() || self.token,
            "nobody may use this gateway: serve the page with --page DIR, name the origin of a \
             page with --allow-origin, or let programs in with --token"
        );
        Ok(nodes)
    }

    /// The origins of `--allow-origin`, as browsers write them.
    ///
    /// # Errors
    /// When one is no origin.
    pub fn origins(&self) -> anyhow::Result<Vec<String>> {
        let read = |text: &String| {
            let url = Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
            let origin = url.filter(|url| {
                url.path() == "/"
                    && url.query().is_none()
                    && url.fragment().is_none()
                    && url.username().is_empty()
                    && url.password().is_none()
            });
            origin.map(|url| url.origin().ascii_serialization()).with_context(|| {
                format!("--allow-origin {text}: write an origin such as https://fwit.example, without a \
                     path")
            })
        };
        self.allow_origin.iter().map(read).collect()
    }

    /// Largest body of a request, in bytes.
    #[must_use]
    pub fn body_bytes(&self) -> usize {
        usize::from(self.body_limit) << 20
    }
}

/// Reads `n1=https://node1.example:8443/base`. Errors quote the name only: an address may hold a
/// secret.
fn node(text: &str) -> anyhow::Result<Node> {
    let Some((name, address)) = text.split_once('=').filter(|(name, _)| !name.contains("://"))
    else {
        bail!("--node has no name: write it as n1=https://node1.example:8443");
    };
    let fits = |b: u8| b.is_ascii_alphanumeric() || b"-_.".contains(&b);
    ensure!(
        (1..=40).contains(&name.len()) && name.bytes().all(fits),
        "--node {name:?}: a name has 1 to 40 letters, digits, '-', '_' and '.'"
    );
    let url = Url::parse(address).ok();
    let url = url.filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
    let url = url.with_context(|| {
        format!(
            "--node {name}: its address can't be read; write it as \
             {name}=https://node1.example:8443"
        )
    })?;
    ensure!(
        url.username().is_empty() && url.password().is_none(),
        "--node {name}: its address holds credentials; put the key into a variable and give \
         --key-env"
    );
    ensure!(
        url.query().is_none() && url.fragment().is_none(),
        "--node {name}: its address has a query or a fragment; give scheme, host, port and base \
         path"
    );
    let mut bare = url.clone();
    bare.set_path(leader::base(&url));
    Ok(Node { name: name.to_owned(), url: bare })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flags(args: &[&str]) -> Flags {
        Flags::parse_from(["fwit-gateway", "--token"].iter().chain(args))
    }

    #[test]
    fn nodes_have_names_and_addresses() {
        let nodes =
            flags(&["--node=a=https://h:443/x/", "--node", "b-2=http://[::1]:7"]).check().unwrap();
        let seen: Vec<(&str, &str)> =
            nodes.iter().map(|n| (n.name.as_str(), n.url.as_str())).collect();
        assert_eq!(seen, [("a", "https://h/x"), ("b-2", "http://[::1]:7/")]);
    }

    #[test]
    fn what_is_wrong_is_said_and_no_secret_quoted() {
        for (args, wanted) in [
            (&["--node=https://h"][..], "no name"),
            (&["--node=a b=https://h"], "1 to 40"),
            (&["--node=a=h:1"], "can't be read"),
            (&["--node=a=ftp://h"], "can't be read"),
            (&["--node=a=https://s3cret@h"], "credentials"),
            (&["--node=a=https://h/?k=s3cret"], "query"),
            (&["--node=a=http://h", "--node=a=http://i"], "each node once"),
            (&["--node=a=http://h/", "--node=b=http://h"], "each node once"),
            (&["--node=a=http://h", "--node=b=http://i", "--port=65535"], "too high"),
            (&["--node=a=http://h", "--page=/nowhere"], "no index.html"),
            (&["--node=a=http://h", "--page=/nowhere", "--page-port=7201"], "port of the nodes"),
        ] {
            let error = format!("{:#}", flags(args).check().unwrap_err());
            assert!(error.contains(wanted) && !error.contains("s3cret"), "{args:?}: {error}");
        }
        let nobody = Flags::parse_from(["fwit-gateway", "--node=a=http://h"]);
        assert!(nobody.check().unwrap_err().to_string().contains("nobody may use"));
    }

    #[test]
    fn origins_are_written_as_browsers_do() {
        let read = |text: &str| flags(&["--node=a=http://h", "--allow-origin", text]).origins();
        assert_eq!(read("https://Fwit.example:443/").unwrap(), ["https://fwit.example"]);
        assert_eq!(read("http://localhost:8080").unwrap(), ["http://localhost:8080"]);
        for text in ["*", "null", "fwit.example", "https://a/b", "file:///x", "https://u@a"] {
            assert!(read(text).unwrap_err().to_string().contains("without a path"), "{text}");
        }
    }

    #[test]
    fn the_key_comes_from_a_variable() {
        let env = |name: &str| (name == "K").then(|| "s3cret".to_owned());
        let key = |args: &[&str]| {
            let all: Vec<&str> = ["--node=a=http://h"].iter().chain(args).copied().collect();
            flags(&all).key(env).map(|key| {
                let mut headers = axum::http::HeaderMap::new();
                if let Some(key) = key {
                    key.add(&mut headers);
                }
                headers
                    .iter()
                    .map(|(n, v)| format!("{n}: {}", v.to_str().unwrap()))
                    .collect::<String>()
            })
        };
        assert_eq!(key(&[]).unwrap(), "");
        assert_eq!(key(&["--key-env=K"]).unwrap(), "authorization: Bearer s3cret");
        assert_eq!(key(&["--key-env=K", "--key-header=X-Key"]).unwrap(), "x-key: s3cret");
        assert_eq!(
            key(&["--key-env=K", "--key-prefix=Key "]).unwrap(),
            "authorization: Key s3cret"
        );
        assert!(key(&["--key-env=L"]).unwrap_err().to_string().contains("no such variable"));
        let pasted = key(&["--key-env=s3cret+/="]).unwrap_err().to_string();
        assert!(pasted.contains("not the key itself") && !pasted.contains("s3cret"));
    }

    #[test]
    fn all_addresses_need_a_token() {
        let all = ["fwit-gateway", "--node=a=http://h", "--allow-origin=http://p", "--listen-all"];
        assert!(Flags::try_parse_from(all).unwrap_err().to_string().contains("--token"));
    }
}
