//! The plan's nodes, checked: names, addresses and lanes, each of them once.

use std::collections::{BTreeMap, BTreeSet};

use super::file::NodeFile;
use super::problem::{NAME_MAX, Problems};
use super::{BaseUrl, Node};

/// Most nodes of a plan.
pub const NODES_MAX: usize = 64;
/// Most lanes of a node.
const LANES_MAX: usize = 64;

/// Addresses that were read, each with its node's name. This machine's names lead to one entry.
#[derive(Default)]
struct Addresses {
    taken: BTreeMap<BaseUrl, Vec<(BaseUrl, String)>>,
}

impl Addresses {
    /// Reads an address of a node. One that was read before is a problem of its field.
    fn read(
        &mut self,
        field: &str,
        text: &str,
        node: &str,
        found: &mut Problems,
    ) -> Option<BaseUrl> {
        let url = match BaseUrl::parse(text) {
            Ok(url) => url,
            Err(message) => {
                found.add(field, message);
                return None;
            }
        };
        let same = self.taken.entry(url.on_localhost()).or_default();
        if let Some((_, owner)) = same.iter().find(|(other, _)| *other == url) {
            found.add(field, format!("is {url}, which is an address of {owner} already"));
        } else if let Some((other, owner)) = same.iter().find(|(_, owner)| owner != node) {
            found.add(
                field,
                format!(
                    "is another name of this machine for {other}, an address of {owner}: make it \
                     a lane of {owner}, or give {node} a port of its own"
                ),
            );
        }
        same.push((url.clone(), node.to_string()));
        Some(url)
    }
}

/// Checks the nodes of a plan file.
pub(super) fn nodes(files: &[NodeFile], found: &mut Problems) -> Vec<Node> {
    if files.is_empty() {
        found.add("cluster.nodes", "there is no node: add at least one address");
    }
    if files.len() > NODES_MAX {
        let text = format!("{} nodes are too many: up to {NODES_MAX}", files.len());
        found.add("cluster.nodes", text);
    }
    let mut names = BTreeSet::new();
    let mut addresses = Addresses::default();
    let mut nodes = Vec::new();
    for (i, file) in files.iter().enumerate() {
        let at = format!("cluster.nodes.{i}");
        let name = if file.name.trim().is_empty() {
            format!("n{}", i + 1)
        } else {
            file.name.trim().to_string()
        };
        if name.chars().count() > NAME_MAX {
            found.add(&format!("{at}.name"), format!("is longer than {NAME_MAX} characters"));
        }
        if !names.insert(name.clone()) {
            found.add(&format!("{at}.name"), format!("“{name}” is the name of another node too"));
        }
        let url = addresses.read(&format!("{at}.url"), &file.url, &name, found);
        if file.lanes.len() > LANES_MAX {
            let text = format!("{} lanes are too many: up to {LANES_MAX}", file.lanes.len());
            found.add(&format!("{at}.lanes"), text);
        }
        let mut lanes = Vec::new();
        for (j, text) in file.lanes.iter().enumerate() {
            // A lane may repeat the node's own address: it is then one of the lanes.
            let own = BaseUrl::parse(text).ok().filter(|l| Some(l) == url.as_ref());
            match own.filter(|l| !lanes.contains(l)) {
                Some(own) => lanes.push(own),
                None => {
                    let field = format!("{at}.lanes.{j}");
                    lanes.extend(addresses.read(&field, text, &name, found));
                }
            }
        }
        nodes.extend(url.map(|url| Node { name, url, lanes }));
    }
    nodes
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Nodes by address and lanes; their problems by field and sentence.
    fn check(list: &[(&str, &[&str])]) -> (Vec<Node>, Vec<(String, String)>) {
        let files: Vec<NodeFile> = list
            .iter()
            .map(|(url, lanes)| NodeFile {
                name: String::new(),
                url: (*url).into(),
                lanes: lanes.iter().map(|l| (*l).into()).collect(),
            })
            .collect();
        let mut found = Problems::default();
        let nodes = nodes(&files, &mut found);
        (nodes, found.list.into_iter().map(|p| (p.field, p.message)).collect())
    }

    fn problems(list: &[(&str, &[&str])]) -> Vec<(String, String)> {
        check(list).1
    }

    #[test]
    fn a_lane_may_be_the_nodes_own_address() {
        let (nodes, found) = check(&[("http://a:1", &["http://A.:1/", "http://b:1"])]);
        assert_eq!((nodes[0].lanes.len(), found), (2, vec![]));
        let twice = problems(&[("http://a:1", &["http://a:1", "http://a:1"])]);
        assert_eq!(twice[0].0, "cluster.nodes.0.lanes.1");
    }

    #[test]
    fn one_address_in_two_spellings_is_named() {
        for (first, second) in [
            ("http://a:1", "a:1/"),
            ("http://localhost", "http://LOCALHOST.:80"),
            ("http://[::1]:7", "http://[0:0:0:0:0:0:0:1]:7/"),
        ] {
            let found = problems(&[(first, &[]), (second, &[])]);
            assert_eq!(found.len(), 1, "{found:?}");
            assert_eq!(found[0].0, "cluster.nodes.1.url");
            assert!(found[0].1.ends_with("an address of n1 already"), "{found:?}");
        }
    }

    #[test]
    fn paths_tell_nodes_of_one_origin_apart() {
        assert_eq!(problems(&[("http://a/n1", &[]), ("http://a/n2", &[]), ("http://a", &[])]), []);
        assert_eq!(problems(&[("http://a/n1", &[]), ("http://a/n1/", &[])]).len(), 1);
    }

    #[test]
    fn another_name_of_this_machine_is_a_lane_and_no_node() {
        let names = ["http://localhost:7/x", "http://127.0.0.1:7/x", "http://[::1]:7/x"];
        let found = problems(&[(names[0], &[]), (names[1], &[]), ("http://b", &[names[2]])]);
        let fields: Vec<&str> = found.iter().map(|(field, _)| field.as_str()).collect();
        assert_eq!(fields, ["cluster.nodes.1.url", "cluster.nodes.2.lanes.0"]);
        assert!(found[0].1.contains("make it a lane of n1"), "{found:?}");
        assert_eq!(problems(&[(names[0], &names)]), []);
        // Another port, path, scheme or address of this machine may be another node.
        for other in [
            "http://127.0.0.1:8/x",
            "http://[::1]:7/y",
            "https://[::1]:7/x",
            "http://127.0.0.2:7/x",
        ] {
            assert_eq!(problems(&[(names[0], &[]), (other, &[])]), [], "{other}");
        }
    }
}
