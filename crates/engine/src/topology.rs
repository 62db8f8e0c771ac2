//! The nodes and lanes of a run, and which of them an answer came from. Leaders that the plan does
//! not name are added when a redirect leads to them.

use std::collections::BTreeMap;
use std::rc::Rc;

use fwit_model::dialect::NodeStatus;
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

    /// Slots of every lane where a browser opens `connections` to an origin: lanes of one origin
    /// share them evenly, each with one at least.
    #[must_use]
    pub fn slots(&self, connections: u32) -> Vec<u32> {
        let mut sharing: BTreeMap<BaseUrl, u32> = BTreeMap::new();
        for lane in &self.lanes {
            *sharing.entry(lane.url.root()).or_default() += 1;
        }
        let share = |lane: &LaneEntry| sharing.get(&lane.url.root()).copied().unwrap_or(1);
        self.lanes.iter().map(|lane| (connections / share(lane)).max(1)).collect()
    }

    /// The base URL of the node that answered a request at a URL (after redirects): what remains
    /// without the request's own path. Where the URL does not end with that path: the longest base
    /// of a known node that it is under, else its origin.
    ///
    /// # Errors
    /// The URL is none of a node.
    pub fn base_of(&self, answered: &str, request_path: &str) -> Result<BaseUrl, String> {
        if let Some(base) = BaseUrl::before(answered, request_path)? {
            return Ok(base);
        }
        let url = BaseUrl::parse(answered.split(['?', '#']).next().unwrap_or(answered))?;
        let known = self.lanes.iter().map(|l| &l.url).chain(self.nodes.iter().map(|n| &n.url));
        let longest = known.filter(|base| url.is_under(base)).max_by_key(|base| base.path().len());
        Ok(longest.cloned().unwrap_or_else(|| url.root()))
    }

    /// The node with a base URL: by its lanes, by its own, then by a name (`X-Served-By`). `None`
    /// where nothing fits.
    #[must_use]
    pub fn find(&self, base: &BaseUrl, name: Option<&str>) -> Option<u16> {
        let by_lane = self.lanes.iter().find(|l| l.url == *base).map(|l| l.node);
        let by =
            |fits: &dyn Fn(&NodeEntry) -> bool| self.nodes.iter().position(fits).map(|i| i as u16);
        // Another name of this machine with the same port and path is the same node.
        let same = |n: &NodeEntry| {
            let local = base.is_loopback() && n.url.is_loopback();
            local && (n.url.port(), n.url.path()) == (base.port(), base.path())
        };
        by_lane
            .or_else(|| by(&|n| n.url == *base))
            .or_else(|| by(&|n| Some(n.name.as_str()) == name))
            .or_else(|| by(&same))
    }

    /// The node that a status names as the leader: by its URL, else by its host. `None` where it
    /// names none, or one that is not known.
    #[must_use]
    pub fn named_by(&self, status: &NodeStatus) -> Option<u16> {
        let url = status.leader_url.as_deref().and_then(|url| BaseUrl::parse(url).ok());
        let found = url.and_then(|url| self.find(&url, None));
        found.or_else(|| self.only_at(status.leader_host.as_deref()?))
    }

    /// The node on the host of an address (`10.0.0.2:8300`), where exactly one is there.
    #[must_use]
    pub fn only_at(&self, address: &str) -> Option<u16> {
        let address = BaseUrl::parse(address).ok()?;
        let mut there = (0..).zip(&self.nodes).filter(|(_, n)| n.url.host() == address.host());
        let (node, _) = there.next()?;
        there.next().is_none().then_some(node)
    }

    /// As [`Topology::find`]; a node the plan does not name is added, with its base path. Returns
    /// the node, and whether it is new.
    pub fn find_or_add(&mut self, base: &BaseUrl, name: Option<&str>) -> Option<(u16, bool)> {
        if let Some(node) = self.find(base, name) {
            return Some((node, false));
        }
        if self.nodes.iter().filter(|n| n.discovered).count() >= DISCOVERED_MAX {
            return None;
        }
        let name = name.filter(|n| !n.is_empty()).map_or_else(|| base.to_string(), Into::into);
        let node = self.add_node(name, base.clone(), true);
        self.add_lane(node, base.clone());
        Some((node, true))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use fwit_model::dialect::built_in;
    use fwit_model::plan::Node;

    fn url(text: &str) -> BaseUrl {
        BaseUrl::parse(text).unwrap()
    }

    fn topology() -> Topology {
        Topology::new(&Cluster {
            dialect: built_in("insi").unwrap(),
            nodes: vec![
                Node { name: "a".into(), url: url("http://127.0.0.1:1"), lanes: vec![] },
                Node {
                    name: "b".into(),
                    url: url("http://127.0.0.1:2"),
                    lanes: vec![url("http://x.localhost:2"), url("http://y.localhost:2")],
                },
            ],
            trusted_origins: vec![],
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
    fn nodes_are_found_by_their_base() {
        let mut t = topology();
        assert_eq!(t.find(&url("http://y.localhost:2"), None), Some(1));
        assert_eq!(t.find(&url("http://127.0.0.1:2"), None), Some(1));
        assert_eq!(t.find(&url("http://elsewhere:9"), Some("a")), Some(0));
        assert_eq!(t.find(&url("http://localhost:1"), None), Some(0));
        assert_eq!(t.find(&url("http://localhost:1/other"), None), None);
        assert_eq!(t.find_or_add(&url("http://elsewhere:9"), Some("c")), Some((2, true)));
        assert_eq!(t.find_or_add(&url("http://elsewhere:9/"), None), Some((2, false)));
        assert!(t.nodes[2].discovered);
    }

    #[test]
    fn a_discovered_node_keeps_its_base_path() {
        let mut t = topology();
        assert_eq!(t.find_or_add(&url("http://far:9/insi"), None), Some((2, true)));
        assert_eq!(t.find_or_add(&url("http://far:9/insi"), None), Some((2, false)));
        // Another path of the origin, or none, is another node.
        assert_eq!(t.find_or_add(&url("http://far:9/other"), None), Some((3, true)));
        assert_eq!(t.find_or_add(&url("http://far:9"), None), Some((4, true)));
        let bases: Vec<_> = t.bases().into_iter().skip(3).map(|(_, base)| base).collect();
        assert_eq!(
            bases,
            ["http://far:9/insi", "http://far:9/other", "http://far:9"].map(Rc::from)
        );
        assert_eq!(t.nodes[3].name, "http://far:9/other");
    }

    #[test]
    fn the_url_of_an_answer_tells_its_nodes_base() {
        let mut t = topology();
        for base in ["http://p/n", "http://p/n/2"] {
            t.find_or_add(&url(base), None);
        }
        let base = |answered: &str| t.base_of(answered, "/db/get?key=x").map(|b| b.to_string());
        for (answered, expected) in [
            ("http://p/n/db/get?key=x", "http://p/n"),
            ("http://p/n/2/db/get", "http://p/n/2"),
            ("http://p/n/3/db/get?key=x#1", "http://p/n/3"),
            ("http://p/db/get?key=x", "http://p"),
            // The path is another one: the longest base that fits, whole parts of it.
            ("http://p/n/2/login?to=x", "http://p/n/2"),
            ("http://p/n/22/login", "http://p/n"),
            ("http://p/login", "http://p"),
            ("http://x.localhost:2/login", "http://x.localhost:2"),
            ("http://far:9/insi/login", "http://far:9"),
        ] {
            assert_eq!(base(answered), Ok(expected.to_string()), "{answered}");
        }
        assert!(base("data:x").is_err());
    }

    #[test]
    fn lanes_of_one_origin_share_its_connections() {
        assert_eq!(topology().slots(6), [6, 6, 6]);
        let mut t = topology();
        for base in ["http://p/1", "http://p/2", "http://p/3", "http://p/4"] {
            t.find_or_add(&url(base), None);
        }
        assert_eq!(t.slots(6), [6, 6, 6, 1, 1, 1, 1]);
        assert_eq!(t.slots(2)[3..], [1, 1, 1, 1]);
        t.find_or_add(&url("https://p/1"), None);
        assert_eq!(t.slots(9), [9, 9, 9, 2, 2, 2, 2, 9]);
    }
}
