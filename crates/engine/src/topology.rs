//! The nodes and lanes of a run, and which of them an answer came from. Leaders that the plan does
//! not name are added when a redirect leads to them.

use std::rc::Rc;

use fwit_model::plan::{BaseUrl, Cluster};

/// Most nodes a run may come to know by redirects.
const DISCOVERED_MAX: usize = 64;

/// The nodes and lanes of a run.
#[derive(Clone, Debug)]
pub struct Topology {
    /// Nodes; their indices are those of samples.
    pub nodes: Vec<NodeEntry>,
    /// Lanes; their indices are those of slots.
    pub lanes: Vec<LaneEntry>,
}

/// A node of the run.
#[derive(Clone, Debug)]
pub struct NodeEntry {
    /// Its name.
    pub name: String,
    /// Its own URL.
    pub url: BaseUrl,
    /// Its lanes.
    pub lanes: Vec<usize>,
    /// The plan does not name it.
    pub discovered: bool,
    /// How many entities were given a lane.
    turn: usize,
}

/// A lane of a node.
#[derive(Clone, Debug)]
pub struct LaneEntry {
    /// Whose.
    pub node: u16,
    /// Its URL.
    pub url: BaseUrl,
    /// The URL as text, what paths are appended to.
    pub base: Rc<str>,
}

impl Topology {
    /// Every lane's index and base URL.
    #[must_use]
    pub fn bases(&self) -> Vec<(usize, Rc<str>)> {
        self.lanes.iter().enumerate().map(|(i, lane)| (i, lane.base.clone())).collect()
    }

    /// The plan's nodes and lanes.
    #[must_use]
    pub fn new(cluster: &Cluster) -> Topology {
        let mut topology = Topology { nodes: Vec::new(), lanes: Vec::new() };
        for node in &cluster.nodes {
            let index = topology.add_node(node.name.clone(), node.url.clone(), false);
            for url in node.lane_urls() {
                topology.add_lane(index, url.clone());
            }
        }
        topology
    }

    fn add_node(&mut self, name: String, url: BaseUrl, discovered: bool) -> u16 {
        self.nodes.push(NodeEntry { name, url, lanes: Vec::new(), discovered, turn: 0 });
        (self.nodes.len() - 1) as u16
    }

    fn add_lane(&mut self, node: u16, url: BaseUrl) {
        let lane = self.lanes.len();
        self.lanes.push(LaneEntry { node, base: url.to_string().into(), url });
        if let Some(entry) = self.nodes.get_mut(usize::from(node)) {
            entry.lanes.push(lane);
        }
    }

    /// A lane for an entity that is new at a node: entities are spread evenly over a node's lanes,
    /// in turn. `None` for a node that does not exist.
    pub fn take_lane(&mut self, node: u16) -> Option<usize> {
        let entry = self.nodes.get_mut(usize::from(node))?;
        let lane = entry.lanes.get(entry.turn % entry.lanes.len().max(1)).copied();
        entry.turn += 1;
        lane
    }

    /// A node's first lane and its base URL: for the few requests that are no load.
    #[must_use]
    pub fn first_lane(&self, node: u16) -> Option<(usize, Rc<str>)> {
        let lane = *self.nodes.get(usize::from(node))?.lanes.first()?;
        Some((lane, self.lanes.get(lane)?.base.clone()))
    }

    /// The node that answers at a URL: by its lanes' origins, by its own, then by the name the
    /// answer gave (`X-Served-By`). `None` where nothing fits.
    #[must_use]
    pub fn find(&self, url: &BaseUrl, served_by: Option<&str>) -> Option<u16> {
        let origin = url.origin();
        let by_lane = self.lanes.iter().find(|l| l.url.origin() == origin).map(|l| l.node);
        by_lane
            .or_else(|| self.nodes.iter().position(|n| n.url.origin() == origin).map(|i| i as u16))
            .or_else(|| {
                self.nodes.iter().position(|n| Some(n.name.as_str()) == served_by).map(|i| i as u16)
            })
            .or_else(|| {
                // Another name of this machine and the same port is the same node.
                let same = |n: &NodeEntry| {
                    url.is_loopback() && n.url.is_loopback() && n.url.port() == url.port()
                };
                self.nodes.iter().position(same).map(|i| i as u16)
            })
    }

    /// As [`Topology::find`]; a node the plan does not name is added. Returns the node, and whether
    /// it is new.
    pub fn find_or_add(&mut self, url: &BaseUrl, served_by: Option<&str>) -> Option<(u16, bool)> {
        if let Some(node) = self.find(url, served_by) {
            return Some((node, false));
        }
        if self.nodes.iter().filter(|n| n.discovered).count() >= DISCOVERED_MAX {
            return None;
        }
        let origin = BaseUrl::parse(&url.origin()).ok()?;
        let name =
            served_by.filter(|n| !n.is_empty()).map_or_else(|| url.origin(), ToString::to_string);
        let node = self.add_node(name, origin.clone(), true);
        self.add_lane(node, origin);
        Some((node, true))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use fwit_model::plan::{DialectId, Node};

    fn url(text: &str) -> BaseUrl {
        BaseUrl::parse(text).unwrap()
    }

    fn topology() -> Topology {
        Topology::new(&Cluster {
            dialect: DialectId::Insi,
            nodes: vec![
                Node { name: "a".into(), url: url("http://127.0.0.1:1"), lanes: vec![] },
                Node {
                    name: "b".into(),
                    url: url("http://127.0.0.1:2"),
                    lanes: vec![url("http://x.localhost:2"), url("http://y.localhost:2")],
                },
            ],
            sim: None,
        })
    }

    #[test]
    fn entities_take_turns_on_a_nodes_lanes() {
        let mut t = topology();
        assert_eq!(t.lanes.len(), 3);
        assert_eq!((0..4).filter_map(|_| t.take_lane(1)).collect::<Vec<_>>(), [1, 2, 1, 2]);
        assert_eq!(t.take_lane(0), Some(0));
        assert_eq!(t.take_lane(9), None);
    }

    #[test]
    fn answers_are_traced_to_their_node() {
        let mut t = topology();
        assert_eq!(t.find(&url("http://y.localhost:2/db"), None), Some(1));
        assert_eq!(t.find(&url("http://127.0.0.1:2"), None), Some(1));
        assert_eq!(t.find(&url("http://elsewhere:9"), Some("a")), Some(0));
        assert_eq!(t.find(&url("http://localhost:1"), None), Some(0));
        assert_eq!(t.find_or_add(&url("http://elsewhere:9/x"), Some("c")), Some((2, true)));
        assert_eq!(t.find_or_add(&url("http://elsewhere:9/y"), Some("c")), Some((2, false)));
        assert_eq!(t.lanes[t.nodes[2].lanes[0]].base.as_ref(), "http://elsewhere:9");
        assert!(t.nodes[2].discovered);
    }
}
