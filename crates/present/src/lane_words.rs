//! What the plan form says of lanes and connections.
//!
//! Tests: beside the code.

use fwit_model::plan::{Model, Node, Plan};
use fwit_report::lanes::{A_LANE, AT_ALL, NoLanes, entities_at_a_node};

use super::lanes::{Book, Known, lines};

/// What looking for lanes came to, a sentence each: what was found, then where nothing was.
#[must_use]
pub fn looked(plan: &Plan, book: &Book) -> Vec<String> {
    // Nodes of which the same is said share a sentence.
    let mut groups: Vec<(String, Vec<&str>)> = Vec::new();
    for node in &plan.cluster.nodes {
        let said = match book.get(&node.url) {
            Some(Known::Found(text)) if *text == lines(&node.lanes) => {
                let count = node.lanes.len();
                format!(
                    "{count} lanes found for {{}}: {} connections{{each}}.",
                    count as u32 * A_LANE
                )
            }
            Some(Known::Not(why)) if node.lanes.len() < 2 => not_found(why),
            _ => continue,
        };
        match groups.iter_mut().find(|(text, _)| *text == said) {
            Some((_, nodes)) => nodes.push(&node.name),
            None => groups.push((said, vec![&node.name])),
        }
    }
    let one = |(text, nodes): (String, Vec<&str>)| {
        let many = nodes.len() > 1;
        let verb = |text: String, one: &str, several: &str| {
            text.replace(&format!("{{{one}}}"), if many { several } else { one })
        };
        let text = verb(verb(verb(text, "does", "do"), "wants", "want"), "speaks", "speak");
        let text = text.replace("{each}", if many { " each" } else { "" });
        text.replace("{}", &list(&nodes))
    };
    groups.into_iter().map(one).collect()
}

/// Why a node has no lanes; `{}` stands for the node.
fn not_found(why: &NoLanes) -> String {
    match why {
        NoLanes::NodeSilent => "{} {does} not answer as a node yet: “Check connections” says why. \
                                Lanes are looked for again at the start."
            .into(),
        NoLanes::NeedsKey => {
            "{} {wants} an API key: type it, and “Add lanes to all nodes” looks with it.".into()
        }
        NoLanes::Multiplexed => "{} {speaks} HTTP/2 or 3: one lane is enough.".into(),
        NoLanes::NameSilent(url) => {
            format!("No lanes for {{}}: this browser does not reach it at {url}.")
        }
        NoLanes::Another(url) => {
            format!("No lanes for {{}}: {url} is not surely the same node.")
        }
    }
}

/// How many connections a plan opens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Connections {
    /// In words.
    pub text: String,
    /// Whether requests will wait for them.
    pub tight: bool,
    /// What else makes lanes, where some are missing and names of this machine don't help.
    pub advice: Option<&'static str>,
}

const OTHER_WAYS: &str = "More lanes are other addresses of the same node: 127.0.0.2, 127.0.0.3 … \
                          where it listens on all of them, more ports, or names at a reverse \
                          proxy in front of it. Over HTTP/2 one is enough.";

/// How many connections a plan opens, and whether that is enough. `None` where none are real.
#[must_use]
pub fn connections(plan: &Plan, book: &Book) -> Option<Connections> {
    if plan.cluster.sim.is_some() {
        return None;
    }
    let (limit, nodes) = (AT_ALL, &plan.cluster.nodes);
    let counts: Vec<u32> = nodes.iter().map(|n| n.lane_urls().count() as u32).collect();
    let (lanes, first) = (counts.iter().sum::<u32>(), *counts.first()?);
    let total = A_LANE * lanes;
    let even = counts.iter().all(|c| *c == first);
    let of = |n: u32| if n == 1 { "1 lane".to_string() } else { format!("{n} lanes") };
    let place = match nodes.as_slice() {
        [node] => format!("{} × {A_LANE} at {}", of(first), node.name),
        _ if even => format!("{} × {A_LANE} at each of {} nodes", of(first), nodes.len()),
        _ => format!("{} × {A_LANE}", of(lanes)),
    };
    let mut tight = total > limit;
    let mut text = if tight {
        format!(
            "This plan asks for up to {total} connections: {place}. The browser opens {limit} at \
             most, and requests above them wait: take fewer lanes."
        )
    } else {
        format!(
            "This plan opens up to {total} connections: {place}; the browser's limit is {limit}."
        )
    };
    let entities = entities_at_a_node(plan);
    let is_short = |(node, count): &(&Node, &u32)| {
        let multiplexed = book.get(&node.url) == Some(&Known::Not(NoLanes::Multiplexed));
        A_LANE * **count < entities && !multiplexed
    };
    let short: Vec<_> = nodes.iter().zip(&counts).filter(is_short).collect();
    let closed = matches!(plan.load.model, Model::Closed { .. });
    let mut advice = None;
    if let Some(worst) = short.iter().map(|(_, count)| A_LANE * **count).min().filter(|_| closed) {
        tight = true;
        let names: Vec<&str> = short.iter().map(|(node, _)| node.name.as_str()).collect();
        text.push_str(&format!(
            " At {}: {worst} connections for {entities} entities, so up to {} wait at any time.",
            list(&names),
            entities - worst
        ));
        let helpless = |node: &Node| {
            let known = book.get(&node.url);
            let no_name =
                matches!(known, Some(Known::Not(NoLanes::NameSilent(_) | NoLanes::Another(_))));
            !node.url.is_loopback() || no_name
        };
        advice = short.iter().any(|(node, _)| helpless(node)).then_some(OTHER_WAYS);
    }
    Some(Connections { text, tight, advice })
}

/// `n1, n2 and n3`; the first few of many.
fn list(names: &[&str]) -> String {
    match names {
        [] => String::new(),
        [one] => (*one).to_string(),
        [few @ .., last] if names.len() <= 5 => format!("{} and {last}", few.join(", ")),
        _ => format!("{} and {} more", names[..4].join(", "), names.len() - 4),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use fwit_model::plan::{BaseUrl, preset};

    fn plan(nodes: usize) -> Plan {
        let mut plan = preset("quick").unwrap();
        plan.cluster.nodes.truncate(nodes);
        plan
    }

    /// Gives a node so many lanes.
    fn add(plan: &mut Plan, node: usize, count: usize) {
        let url = plan.cluster.nodes[node].url.clone();
        let host = |i| if i == 0 { url.host().into() } else { format!("l{i}.localhost") };
        plan.cluster.nodes[node].lanes = (0..count).map(|i| url.with_host(&host(i))).collect();
    }

    fn book(plan: &Plan, known: &Known) -> Book {
        plan.cluster.nodes.iter().map(|n| (n.url.clone(), known.clone())).collect()
    }

    #[test]
    fn what_was_found_is_said_in_a_sentence() {
        let mut plan = plan(3);
        (0..3).for_each(|i| add(&mut plan, i, 9));
        let lanes = plan.cluster.nodes.iter().map(|n| (n.url.clone(), lines(&n.lanes)));
        let found: Book = lanes.map(|(url, text)| (url, Known::Found(text))).collect();
        let all = "9 lanes found for n1, n2 and n3: 54 connections each.";
        assert_eq!(looked(&plan, &found), [all]);
        // Lanes that were changed are the user's: nothing is said of them.
        plan.cluster.nodes[1].lanes.pop();
        assert_eq!(looked(&plan, &found), [all.replace(", n2", "")]);
        plan.cluster.nodes.truncate(1);
        assert_eq!(looked(&plan, &found), ["9 lanes found for n1: 54 connections."]);
        assert_eq!(looked(&plan, &Book::new()), Vec::<String>::new());
    }

    #[test]
    fn why_there_are_none_is_said_and_other_ways() {
        let name = || BaseUrl::parse("http://l1.localhost:7101").unwrap();
        let two = plan(2);
        for (why, says, other_ways) in [
            (NoLanes::NodeSilent, "n1 and n2 do not answer", false),
            (NoLanes::NeedsKey, "n1 and n2 want an API key", false),
            (NoLanes::Multiplexed, "n1 and n2 speak HTTP/2", false),
            (NoLanes::NameSilent(name()), "No lanes for n1 and n2: this browser does not", true),
            (NoLanes::Another(name()), "No lanes for n1 and n2: http://l1.localhost:7101", true),
        ] {
            let book = book(&two, &Known::Not(why));
            let said = looked(&two, &book);
            assert!(said.len() == 1 && said[0].starts_with(says), "{said:?}");
            let advice = connections(&two, &book).unwrap().advice;
            assert_eq!(advice.is_some_and(|a| a.contains("127.0.0.2")), other_ways, "{said:?}");
        }
        let one = plan(1);
        let said = looked(&one, &book(&one, &Known::Not(NoLanes::NodeSilent)));
        assert!(said[0].starts_with("n1 does not answer"), "{said:?}");
    }

    #[test]
    fn the_form_says_how_many_connections_there_are() {
        let mut plan = plan(3);
        let said = |plan: &Plan, book: &Book| {
            let said = connections(plan, book).unwrap();
            (said.text, said.tight, said.advice.is_some())
        };
        let none = Book::new();
        let text = "This plan opens up to 18 connections: 1 lane × 6 at each of 3 nodes; the \
                    browser's limit is 256. At n1, n2 and n3: 6 connections for 50 entities, so \
                    up to 44 wait at any time.";
        assert_eq!(said(&plan, &none), (text.into(), true, false));
        (0..3).for_each(|i| add(&mut plan, i, 9));
        let text = "This plan opens up to 162 connections: 9 lanes × 6 at each of 3 nodes; the \
                    browser's limit is 256.";
        assert_eq!(said(&plan, &none), (text.into(), false, false));
        add(&mut plan, 0, 40);
        let (text, tight, _) = said(&plan, &none);
        let over = "348 connections: 58 lanes × 6. The browser opens 256";
        assert!(tight && text.contains(over), "{text}");
        plan.cluster.nodes.truncate(1);
        plan.cluster.nodes[0].url = BaseUrl::parse("https://far.example").unwrap();
        plan.cluster.nodes[0].lanes.clear();
        let (text, tight, advice) = said(&plan, &none);
        assert!(text.contains("6 connections: 1 lane × 6 at n1;") && tight && advice, "{text}");
        assert!(!said(&plan, &book(&plan, &Known::Not(NoLanes::Multiplexed))).1);
        assert_eq!(connections(&preset("three regions").unwrap(), &none), None);
    }

    #[test]
    fn names_are_listed_as_people_do() {
        assert_eq!(list(&["a"]), "a");
        assert_eq!(list(&["a", "b", "c"]), "a, b and c");
        assert_eq!(list(&["a", "b", "c", "d", "e", "f"]), "a, b, c, d and 2 more");
    }
}
