//! Lanes in the plan form: which nodes get some, and who decided so.
//!
//! May not enter: asking (the page does it), how many are needed (`fwit_report::lanes`), words
//! ([`lane_words`](super::lane_words)).
//! Invariant: lanes that the user wrote, and a plan that was given as a whole, are changed by his
//! own act only.
//! Tests: beside the code.

use std::collections::BTreeMap;

use fwit_model::plan::{BaseUrl, Node, NodeDraft, Plan, PlanDraft};
use fwit_report::check::NodeCheck;
use fwit_report::lanes::{Looked, NoLanes, found, names, needed, to_ask};

/// Lanes that a click adds to a node where the form is no plan yet.
pub const LOOPBACK_LANES: usize = 9;

/// What is known of a node's lanes beside what the form says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Known {
    /// The page found these lanes, and wrote them so.
    Found(String),
    /// The page looked, and there are none.
    Not(NoLanes),
    /// The user decides: he wrote the lanes, or the plan was given as a whole.
    User,
}

/// What is known of lanes, by a node's own address.
pub type Book = BTreeMap<BaseUrl, Known>;

/// Who looks for lanes, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Look {
    /// The page, once a node's address stands in the form.
    Settled,
    /// The page, before a run.
    Start,
    /// The user, by the button.
    User,
}

/// What to ask for lanes: [`to_ask`] of the nodes that may get some.
#[must_use]
pub fn wanted(plan: &Plan, book: &Book, look: Look) -> Option<Plan> {
    to_ask(plan, |node| may_get(plan, node, book, look))
}

fn may_get(plan: &Plan, node: &Node, book: &Book, look: Look) -> bool {
    let known = book.get(&node.url);
    match look {
        Look::Settled => node.lanes.is_empty() && known.is_none(),
        Look::Start => node.lanes.is_empty() && known != Some(&Known::User),
        Look::User => {
            let made = names(plan, node, node.lanes.len()) == node.lanes;
            made && node.lanes.len() < needed(plan)
        }
    }
}

/// Writes the lanes that were found into the form, and notes where there are none.
pub fn take(draft: &mut PlanDraft, book: &mut Book, look: Look, answers: &[NodeCheck]) {
    let Some(plan) = own_plan(draft) else { return };
    for Looked { url, lanes } in found(&plan, answers) {
        let mut nodes = plan.cluster.nodes.iter().zip(&mut draft.nodes);
        let Some((_, at)) =
            nodes.find(|(node, _)| node.url == url && may_get(&plan, node, book, look))
        else {
            continue;
        };
        let known = match lanes {
            Ok(lanes) => {
                at.lanes = lines(&lanes);
                Known::Found(at.lanes.clone())
            }
            Err(why) => Known::Not(why),
        };
        book.insert(url, known);
    }
}

/// Makes the lanes that the page found as many as the plan needs now. Returns whether any changed.
pub fn fit(draft: &mut PlanDraft, book: &mut Book) -> bool {
    let Some(plan) = own_plan(draft) else { return false };
    let count = needed(&plan);
    let mut changed = false;
    for (node, at) in plan.cluster.nodes.iter().zip(&mut draft.nodes) {
        if book.get(&node.url) != Some(&Known::Found(at.lanes.clone())) || node.lanes.len() == count
        {
            continue;
        }
        changed = true;
        if count > 1 {
            at.lanes = lines(&names(&plan, node, count));
            book.insert(node.url.clone(), Known::Found(at.lanes.clone()));
        } else {
            at.lanes.clear();
            book.remove(&node.url);
        }
    }
    changed
}

/// Leaves every node one lane. On this machine that is its own address, written down: so the page
/// looks for no other, now and when the plan is used again.
pub fn remove(draft: &mut PlanDraft, book: &mut Book) {
    for node in &mut draft.nodes {
        let url = BaseUrl::parse(&node.url).ok();
        if let Some(url) = &url {
            book.remove(url);
        }
        node.lanes = url.filter(BaseUrl::is_loopback).map(|u| u.to_string()).unwrap_or_default();
    }
}

/// Gives a node another address. Lanes that were made from the old one go with it.
pub fn set_address(node: &mut NodeDraft, text: &str) {
    if let Ok(url) = BaseUrl::parse(&node.url) {
        let made = |lane: &str| {
            let lane = BaseUrl::parse(lane).ok().filter(BaseUrl::is_loopback);
            lane.is_some_and(|lane| lane.with_host(url.host()) == url)
        };
        if url.is_loopback() && node.lanes.split_whitespace().all(made) {
            node.lanes.clear();
        }
    }
    node.url = text.to_string();
}

/// The user's decision on the lanes of a plan's nodes.
pub fn decided(book: &mut Book, nodes: &[Node]) {
    book.extend(nodes.iter().map(|n| (n.url.clone(), Known::User)));
}

/// The draft's plan, whose nodes are the draft's: not that of a simulated cluster.
fn own_plan(draft: &PlanDraft) -> Option<Plan> {
    if draft.is_simulated() { None } else { draft.plan().ok() }
}

/// Addresses as the form holds them, one a line.
pub(super) fn lines(urls: &[BaseUrl]) -> String {
    urls.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

/// How further origins of a node on this machine are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LaneKind {
    /// `l1.localhost`, `l2.localhost`, …
    Names,
    /// `127.0.0.2`, `127.0.0.3`, …
    Addresses,
}

/// Whether lanes on this machine can be made for this node: it has its own address only.
#[must_use]
pub fn can_add_lanes(node: &NodeDraft) -> bool {
    BaseUrl::parse(&node.url).is_ok_and(|url| {
        let mut lanes = node.lanes.split_whitespace().map(BaseUrl::parse);
        url.is_loopback() && lanes.all(|lane| lane.as_ref() == Ok(&url))
    })
}

/// Gives a node on this machine so many lanes, its own address among them, where it has no other.
/// They are not asked whether they lead to it.
pub fn add_loopback_lanes(node: &mut NodeDraft, kind: LaneKind, count: usize) {
    if let (true, Ok(url)) = (can_add_lanes(node), BaseUrl::parse(&node.url)) {
        let host = |i: usize| match kind {
            LaneKind::Names => format!("l{i}.localhost"),
            LaneKind::Addresses => format!("127.0.0.{}", i + 1),
        };
        let more = (1..count).map(|i| url.with_host(&host(i)));
        node.lanes = lines(&std::iter::once(url.clone()).chain(more).collect::<Vec<_>>());
    }
}

/// How many lanes a click adds to one node: what the plan needs, at least two.
#[must_use]
pub fn to_add(draft: &PlanDraft) -> usize {
    draft.plan().map_or(LOOPBACK_LANES, |plan| needed(&plan).max(2))
}

#[cfg(test)]
mod tests {
    use super::*;
    use fwit_model::plan::preset;
    use fwit_report::check::AddressFacts;

    fn draft() -> PlanDraft {
        PlanDraft::from_plan(&preset("quick").unwrap())
    }

    /// Answers of all that is asked, as a node gives them; `None` for a name that is not reached.
    fn answers(asked: &Plan, name_answers: bool) -> Vec<NodeCheck> {
        let facts = |url: &BaseUrl, readable: bool| AddressFacts {
            url: url.to_string(),
            status: readable.then_some(200),
            dialect_fits: readable,
            readable,
            ..AddressFacts::default()
        };
        let check = |node: &Node| NodeCheck {
            name: node.name.clone(),
            addresses: std::iter::once(facts(&node.url, true))
                .chain(node.lanes.iter().map(|lane| facts(lane, name_answers)))
                .collect(),
        };
        asked.cluster.nodes.iter().map(check).collect()
    }

    fn look(draft: &mut PlanDraft, book: &mut Book, by: Look, names: bool) -> bool {
        let asked = wanted(&draft.plan().unwrap(), book, by);
        if let Some(asked) = &asked {
            take(draft, book, by, &answers(asked, names));
        }
        asked.is_some()
    }

    fn counts(draft: &PlanDraft) -> Vec<usize> {
        draft.nodes.iter().map(|n| n.lanes.split_whitespace().count()).collect()
    }

    #[test]
    fn found_lanes_stand_in_the_form_and_follow_the_entities() {
        let (mut draft, mut book) = (draft(), Book::new());
        draft.nodes[1].lanes = "http://127.0.0.1:7102\nhttp://a.localhost:7102".into();
        assert!(look(&mut draft, &mut book, Look::Settled, true));
        assert_eq!(counts(&draft), [9, 2, 9]);
        assert_eq!(draft.nodes[0].lanes.lines().last(), Some("http://l8.localhost:7101"));
        assert!(!look(&mut draft, &mut book, Look::Start, true) && !fit(&mut draft, &mut book));
        draft.entities = "20".into();
        assert!(fit(&mut draft, &mut book));
        assert_eq!(counts(&draft), [4, 2, 4]);
        // Lanes that were changed by hand are the user's.
        draft.nodes[0].lanes.push_str("\nhttp://other:1");
        draft.entities = "6".into();
        assert!(fit(&mut draft, &mut book));
        assert_eq!(counts(&draft), [5, 2, 0]);
        draft.entities = "1000".into();
        fit(&mut draft, &mut book);
        assert!(look(&mut draft, &mut book, Look::Settled, true));
        assert_eq!(counts(&draft), [5, 2, 14]);
        // The button brings what the page made to what is needed, and leaves what the user wrote.
        draft.nodes[2].lanes = "http://127.0.0.1:7103".into();
        assert!(!look(&mut draft, &mut book, Look::Start, true));
        assert!(look(&mut draft, &mut book, Look::User, true));
        assert_eq!(counts(&draft), [5, 2, 14]);
    }

    #[test]
    fn one_lane_stays_one_lane() {
        let (mut draft, mut book) = (draft(), Book::new());
        look(&mut draft, &mut book, Look::Settled, true);
        draft.nodes[2].url = "http://10.0.0.1:1".into();
        remove(&mut draft, &mut book);
        assert_eq!(counts(&draft), [1, 1, 0]);
        for by in [Look::Settled, Look::Start] {
            assert!(!look(&mut draft, &mut book, by, true));
        }
        // Also in the saved plan.
        let mut again = PlanDraft::from_plan(&draft.plan().unwrap());
        assert!(!look(&mut again, &mut Book::new(), Look::Start, true));
        // A plan that was given is as it was given, until the user asks.
        let mut given = self::draft();
        decided(&mut book, &given.plan().unwrap().cluster.nodes);
        assert!(!look(&mut given, &mut book, Look::Start, true));
        assert!(look(&mut given, &mut book, Look::User, true));
        assert_eq!(counts(&given), [9, 9, 9]);
    }

    #[test]
    fn where_nothing_was_found_it_is_asked_again_before_a_run() {
        let (mut draft, mut book) = (draft(), Book::new());
        assert!(look(&mut draft, &mut book, Look::Settled, false));
        assert_eq!(counts(&draft), [0, 0, 0]);
        assert!(!look(&mut draft, &mut book, Look::Settled, true));
        assert!(look(&mut draft, &mut book, Look::Start, true));
        assert_eq!(counts(&draft), [9, 9, 9]);
    }

    #[test]
    fn lanes_go_with_the_address_they_were_made_from() {
        let mut draft = draft();
        let node = &mut draft.nodes[0];
        for kind in [LaneKind::Names, LaneKind::Addresses] {
            add_loopback_lanes(node, kind, 9);
            assert_eq!(node.lanes.lines().count(), 9);
            set_address(node, "http://127.0.0.1:710");
            assert_eq!(node.lanes, "");
        }
        node.lanes = "http://127.0.0.1:710\nhttp://127.0.0.1:9".into();
        set_address(node, "http://127.0.0.1:7101");
        assert_eq!(node.lanes.lines().count(), 2);
    }

    #[test]
    fn lanes_of_a_loopback_node_are_valid_and_others_get_none() {
        let mut draft = draft();
        let mut other = draft.nodes[0].clone();
        other.lanes.clone_from(&other.url);
        add_loopback_lanes(&mut other, LaneKind::Addresses, 3);
        assert_eq!(other.lanes.lines().nth(1), Some("http://127.0.0.2:7101"));
        let count = to_add(&draft);
        draft.nodes.iter_mut().for_each(|n| add_loopback_lanes(n, LaneKind::Names, count));
        assert_eq!(counts(&draft), [9, 9, 9]);
        assert!(draft.plan().is_ok());
        let mut far = NodeDraft { url: "http://10.0.0.1:1".into(), ..NodeDraft::default() };
        add_loopback_lanes(&mut far, LaneKind::Names, 9);
        assert!(far.lanes.is_empty() && !can_add_lanes(&draft.nodes[0]));
    }
}
