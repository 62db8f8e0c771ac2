//! Lanes: how many a plan needs, which names of this machine may be more of them, and what a look
//! at those names found.
//!
//! May not enter: sending (the page's `worker::check` does it), words (`fwit-present` has them).
//! Invariant: a name becomes a lane only after it answered as the node itself does.
//! Tests: beside the code.

use std::iter;

use fwit_engine::environment::Room;
use fwit_model::dialect::Kind;
use fwit_model::plan::{BaseUrl, Node, Plan};
use fwit_quantities::sample::Protocol;

use crate::check::{AddressFacts, NodeCheck};

/// Connections that a browser opens to one HTTP/1.1 origin: a lane's.
pub const A_LANE: u32 = Room::BROWSER.lane;
/// Connections that a browser opens at all.
pub const AT_ALL: u32 = Room::BROWSER.total;

/// Why a node got no lanes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoLanes {
    /// Its own address does not answer as a node: the connection check says more.
    NodeSilent,
    /// It tells its status only to those with an API key, and the look had none.
    NeedsKey,
    /// It speaks HTTP/2 or 3, where one connection carries many requests.
    Multiplexed,
    /// This address did not answer.
    NameSilent(BaseUrl),
    /// Something else than the node answers, or may answer, at this address.
    Another(BaseUrl),
}

/// What a look found for one node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Looked {
    /// The node's own address.
    pub url: BaseUrl,
    /// Its lanes, its own address first.
    pub lanes: Result<Vec<BaseUrl>, NoLanes>,
}

/// How many entities may ask one node at the same time. Stickiness brings all to the leader, and
/// so do writes, by redirects. Else a node has those that are at home there: homes are drawn at
/// random, so half as many again as its share.
#[must_use]
pub fn entities_at_a_node(plan: &Plan) -> u32 {
    let all = plan.load.entities;
    let operations = plan.cluster.dialect.operations();
    let mut mix = operations.iter().zip(&plan.mix);
    let writes = mix.any(|(operation, (_, weight))| *weight > 0 && operation.kind != Kind::Read);
    if !plan.disable_leader_stickiness || writes {
        return all;
    }
    let nodes = plan.cluster.nodes.len().max(1) as u64;
    let share = (3 * u64::from(all)).div_ceil(2 * nodes);
    u32::try_from(share).unwrap_or(all).min(all)
}

/// How many lanes each node needs, so that no entity waits for a connection; fewer where all
/// nodes' together would pass the browser's limit.
#[must_use]
pub fn needed(plan: &Plan) -> usize {
    let nodes = plan.cluster.nodes.len().max(1) as u32;
    let most = (AT_ALL / A_LANE / nodes).max(1);
    entities_at_a_node(plan).div_ceil(A_LANE).clamp(1, most) as usize
}

/// A node's own address, and `l1.localhost`, `l2.localhost` … on its port and base path; without
/// those that are other nodes'.
#[must_use]
pub fn names(plan: &Plan, node: &Node, count: usize) -> Vec<BaseUrl> {
    let others = plan.cluster.nodes.iter().filter(|n| n.url != node.url);
    let taken: Vec<&BaseUrl> =
        others.flat_map(|n| iter::once(&n.url).chain(&n.lanes)).chain([&node.url]).collect();
    let more = (1..).map(|i| node.url.with_host(&format!("l{i}.localhost")));
    let more = more.filter(|name| !taken.contains(&name));
    iter::once(node.url.clone()).chain(more).take(count).collect()
}

/// What to ask so that lanes are found for the wanted nodes on this machine: a plan of these
/// nodes, each with the first and the last name that it would get. `None` where nothing is to be
/// asked.
#[must_use]
pub fn to_ask(plan: &Plan, wanted: impl Fn(&Node) -> bool) -> Option<Plan> {
    let count = needed(plan);
    if count < 2 || plan.cluster.sim.is_some() {
        return None;
    }
    let mut asked = plan.clone();
    asked.cluster.nodes.retain(|n| n.url.is_loopback() && wanted(n));
    for node in &mut asked.cluster.nodes {
        let names = names(plan, node, count);
        node.lanes = names.into_iter().skip(1).collect();
        node.lanes.drain(1..node.lanes.len().saturating_sub(1).max(1));
    }
    (!asked.cluster.nodes.is_empty()).then_some(asked)
}

/// What the answers say, for each node of the plan that was asked.
#[must_use]
pub fn found(plan: &Plan, answers: &[NodeCheck]) -> Vec<Looked> {
    let count = needed(plan);
    let nodes = plan.cluster.nodes.iter();
    nodes
        .filter_map(|node| {
            let own = node.url.to_string();
            let mut facts = answers.iter().map(|check| check.addresses.as_slice());
            let facts = facts.find(|facts| facts.first().is_some_and(|f| f.url == own))?;
            let lanes = judged(node, facts).map(|()| names(plan, node, count));
            Some(Looked { url: node.url.clone(), lanes })
        })
        .collect()
}

/// Whether the names that were asked are the node's.
fn judged(node: &Node, facts: &[AddressFacts]) -> Result<(), NoLanes> {
    let [own, names @ ..] = facts else { return Err(NoLanes::NodeSilent) };
    if matches!(own.status, Some(401 | 403)) {
        return Err(NoLanes::NeedsKey);
    }
    if !is_a_node(own) {
        return Err(NoLanes::NodeSilent);
    }
    if [Protocol::Http2, Protocol::Http3].iter().any(|p| p.label() == own.protocol) {
        return Err(NoLanes::Multiplexed);
    }
    // The names lead to 127.0.0.1 or [::1]: at 127.0.0.2 another program may have the same port.
    let elsewhere = node.url.host().starts_with("127.") && node.url.host() != "127.0.0.1";
    for name in names {
        let url = BaseUrl::parse(&name.url).map_err(|_| NoLanes::NodeSilent)?;
        if !name.readable {
            return Err(NoLanes::NameSilent(url));
        }
        let same = name.node == own.node && !(own.node.is_none() && elsewhere);
        if !is_a_node(name) || !same {
            return Err(NoLanes::Another(url));
        }
    }
    Ok(())
}

/// Whether a status of the dialect came from the address itself.
fn is_a_node(facts: &AddressFacts) -> bool {
    facts.readable && facts.dialect_fits && facts.redirects_to.is_none() && !facts.hidden_redirect
}

#[cfg(test)]
mod tests {
    use super::*;
    use fwit_model::plan::preset;

    fn plan(urls: &[&str]) -> Plan {
        let mut plan = preset("quick").unwrap();
        plan.cluster.nodes = urls
            .iter()
            .enumerate()
            .map(|(i, url)| Node {
                name: format!("n{}", i + 1),
                url: BaseUrl::parse(url).unwrap(),
                lanes: Vec::new(),
            })
            .collect();
        plan
    }

    fn texts(urls: &[BaseUrl]) -> Vec<String> {
        urls.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_node_that_may_lead_needs_room_for_all() {
        let mut plan = plan(&["http://127.0.0.1:1", "http://127.0.0.1:2", "http://127.0.0.1:3"]);
        assert_eq!((entities_at_a_node(&plan), needed(&plan)), (50, 9));
        plan.disable_leader_stickiness = true;
        assert_eq!((entities_at_a_node(&plan), needed(&plan)), (50, 9));
        // Reads that stay at home: 17 at each on average.
        plan.mix.iter_mut().for_each(|(op, weight)| *weight = u32::from(op == "get"));
        assert_eq!((entities_at_a_node(&plan), needed(&plan)), (25, 5));
        plan.load.entities = 6;
        assert_eq!(needed(&plan), 1);
        plan.disable_leader_stickiness = false;
        plan.load.entities = 0;
        assert_eq!(needed(&plan), 1);
    }

    #[test]
    fn all_lanes_together_stay_within_the_browsers_limit() {
        for (nodes, lanes) in [(1, 42), (3, 14), (5, 8), (64, 1)] {
            let urls: Vec<String> = (1..=nodes).map(|i| format!("http://127.0.0.1:{i}")).collect();
            let mut plan = plan(&urls.iter().map(String::as_str).collect::<Vec<_>>());
            plan.load.entities = 1_000;
            assert_eq!(needed(&plan), lanes, "{nodes} nodes");
            assert!(nodes * lanes as u32 * A_LANE <= AT_ALL.max(64 * 6));
        }
    }

    #[test]
    fn names_keep_port_and_path_and_leave_other_nodes_alone() {
        let plan = plan(&["http://l2.localhost:1/insi", "http://l1.localhost:1/insi"]);
        assert_eq!(
            texts(&names(&plan, &plan.cluster.nodes[0], 3)),
            [
                "http://l2.localhost:1/insi",
                "http://l3.localhost:1/insi",
                "http://l4.localhost:1/insi"
            ]
        );
    }

    #[test]
    fn nodes_of_this_machine_are_asked_by_two_names() {
        let mut plan = plan(&["http://127.0.0.1:1", "http://10.0.0.1:1", "http://127.0.0.1:2"]);
        let asked = to_ask(&plan, |n| n.url.port() == 1).unwrap();
        assert_eq!(asked.cluster.nodes.len(), 1);
        let asked = texts(&asked.cluster.nodes[0].lanes);
        assert_eq!(asked, ["http://l1.localhost:1", "http://l8.localhost:1"]);
        for (entities, asked) in [(12, 1), (13, 2), (6, 0)] {
            plan.load.entities = entities;
            let nodes = to_ask(&plan, |_| true).map_or(Vec::new(), |p| p.cluster.nodes);
            assert!(nodes.iter().all(|n| n.lanes.len() == asked), "{entities}: {nodes:?}");
            assert_eq!(nodes.is_empty(), asked == 0);
        }
        assert_eq!(to_ask(&preset("three regions").unwrap(), |_| true), None);
    }

    fn facts(url: &str, node: Option<&str>) -> AddressFacts {
        AddressFacts {
            url: url.into(),
            readable: true,
            dialect_fits: true,
            status: Some(200),
            node: node.map(ToString::to_string),
            ..AddressFacts::default()
        }
    }

    #[test]
    fn a_name_is_a_lane_where_the_node_itself_answers() {
        let name = BaseUrl::parse("http://l1.localhost:1").unwrap();
        let look = |own: AddressFacts, lane: AddressFacts| {
            let plan = plan(&[&own.url]);
            let answers = [NodeCheck { name: "n1".into(), addresses: vec![own, lane] }];
            let looked = found(&plan, &answers);
            assert_eq!(looked.len(), 1);
            looked[0].lanes.as_ref().map(Vec::len).map_err(Clone::clone)
        };
        let own = || facts("http://127.0.0.1:1", Some("a"));
        let lane = || facts("http://l1.localhost:1", Some("a"));
        assert_eq!(look(own(), lane()), Ok(9));
        let unnamed = |url| facts(url, None);
        let one = "http://127.0.0.1:1";
        assert_eq!(look(unnamed(one), unnamed("http://l1.localhost:1")), Ok(9));
        let another = Err(NoLanes::Another(name.clone()));
        assert_eq!(look(own(), facts("http://l1.localhost:1", Some("b"))), another);
        assert_eq!(look(own(), unnamed("http://l1.localhost:1")), another);
        // At another address of this machine, only a node that gives its name is surely the same.
        let two = "http://127.0.0.2:1";
        assert_eq!(look(unnamed(two), unnamed("http://l1.localhost:1")), another);
        assert_eq!(look(facts(two, Some("a")), lane()), Ok(9));
        assert_eq!(look(own(), AddressFacts { dialect_fits: false, ..lane() }), another);
        let moved = AddressFacts { redirects_to: Some("http://b".into()), ..lane() };
        assert_eq!(look(own(), moved), another);
        let silent = AddressFacts { readable: false, ..lane() };
        assert_eq!(look(own(), silent), Err(NoLanes::NameSilent(name)));
        let keyed = AddressFacts { status: Some(401), dialect_fits: false, ..own() };
        assert_eq!(look(keyed, lane()), Err(NoLanes::NeedsKey));
        let down = AddressFacts { readable: false, ..own() };
        assert_eq!(look(down, lane()), Err(NoLanes::NodeSilent));
        let h2 = AddressFacts { protocol: "HTTP/2".into(), ..own() };
        assert_eq!(look(h2, lane()), Err(NoLanes::Multiplexed));
    }

    #[test]
    fn nodes_that_were_not_asked_are_left_out() {
        assert_eq!(found(&plan(&["http://127.0.0.1:1"]), &[NodeCheck::default()]), []);
    }
}
