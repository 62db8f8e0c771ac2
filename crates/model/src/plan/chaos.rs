//! What happens to the cluster and the load while a plan runs: `at 60s: pause leader for 5s`,
//! `every 10s with 25%: remove an entity`, `at 90s: say Pull the plug of n2`.
//!
//! `WHEN: ACTION`. WHEN is `at TIME` or `every TIME [with P%]`, from the start of the load.
//! ACTION is a fault of the dialect with a node (`leader`, `follower`, `any`, or a name) and, where
//! it can be undone, `for TIME`; or `remove an entity [for TIME]`; or `say WORDS`.

use fwit_quantities::units::{Micros, decimal};

use crate::dialect::Dialect;

/// Longest time in a plan's faults: a day.
const TIME_MAX_S: f64 = 86_400.0;
/// Longest words of `say`, characters.
const WORDS_MAX: usize = 200;

/// One line: when, and what.
#[derive(Clone, Debug, PartialEq)]
pub struct Chaos {
    /// As written, white space trimmed.
    pub text: String,
    /// When.
    pub when: When,
    /// What.
    pub action: Action,
}

/// When something is done, from the start of the load.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum When {
    /// Once.
    At(Micros),
    /// Again and again, each time with this probability (0 to 1).
    Every(Micros, f64),
}

/// What is done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// A fault of the dialect.
    Fault {
        /// Its place among the dialect's faults.
        fault: usize,
        /// The node that is meant.
        at: Place,
        /// It is undone after so long; `None` for one that lasts, or that can't be undone.
        lasts: Option<Micros>,
    },
    /// An entity goes; after so long one comes back.
    RemoveEntity(Option<Micros>),
    /// The user is asked to do it.
    Say(String),
}

/// Which node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// The one that leads then.
    Leader,
    /// One that does not lead then, by chance.
    Follower,
    /// One by chance.
    Any,
    /// This one of the plan.
    Node(u16),
}

/// Reads a line.
///
/// # Errors
/// What is wrong with it, and what to write instead.
pub fn parse(text: &str, dialect: &Dialect, nodes: &[String]) -> Result<Chaos, String> {
    let text = text.trim();
    let bad = |what: String| format!("“{text}”: {what}");
    let Some((when, action)) = text.split_once(':') else {
        return Err(bad("write “at 60s: …” or “every 10s with 25%: …”".into()));
    };
    let when = parse_when(when.trim()).map_err(bad)?;
    let action = parse_action(action, dialect, nodes).map_err(bad)?;
    Ok(Chaos { text: text.into(), when, action })
}

fn parse_when(text: &str) -> Result<When, String> {
    if let Some(time) = text.strip_prefix("at ") {
        return Ok(When::At(parse_time(time)?));
    }
    let Some(rest) = text.strip_prefix("every ") else {
        return Err(format!("“{text}” is no time: write “at 60s” or “every 10s with 25%”"));
    };
    let (time, probability) = match rest.split_once(" with ") {
        None => (rest, 1.0),
        Some((time, share)) => {
            let percent = share.trim().strip_suffix('%').and_then(|n| decimal(n.trim()));
            let percent = percent.filter(|p| *p > 0.0 && *p <= 100.0);
            let wrong = || format!("“{}” is no probability from 0 to 100%", share.trim());
            (time, percent.ok_or_else(wrong)? / 100.0)
        }
    };
    let every = parse_time(time)?;
    if every < Micros(1_000_000) {
        return Err("every second is the most often".into());
    }
    Ok(When::Every(every, probability))
}

fn parse_time(text: &str) -> Result<Micros, String> {
    let time = super::stages::seconds(text.trim()).filter(|s| *s <= TIME_MAX_S);
    let wrong = || format!("“{}” is not a time such as 30s, 2m or 1h", text.trim());
    time.map(Micros::from_secs).ok_or_else(wrong)
}

/// Reads what is done: `pause leader for 5s`.
///
/// # Errors
/// What is wrong with it, and what to write instead.
pub fn parse_action(text: &str, dialect: &Dialect, nodes: &[String]) -> Result<Action, String> {
    let text = text.trim();
    if let Some(words) = text.strip_prefix("say ") {
        let words = words.trim();
        if words.is_empty() || words.chars().count() > WORDS_MAX {
            return Err(format!("say needs 1 to {WORDS_MAX} characters"));
        }
        return Ok(Action::Say(words.into()));
    }
    let (what, lasts) = match text.rsplit_once(" for ") {
        Some((what, time)) => (what.trim(), Some(parse_time(time)?)),
        None => (text, None),
    };
    if matches!(what, "remove an entity" | "remove entity") {
        return Ok(Action::RemoveEntity(lasts));
    }
    let (name, place) =
        what.split_once(' ').map_or((what, ""), |(name, place)| (name, place.trim()));
    let faults = dialect.faults();
    let Some(fault) = faults.iter().position(|f| f.name == name) else {
        return Err(unknown(name, dialect));
    };
    let found = &faults[fault];
    let at = match place {
        "" | "leader" if found.at_leader => Place::Leader,
        _ if found.at_leader => {
            return Err(format!("“{name}” is asked of the leader: leave “{place}” out"));
        }
        "leader" => Place::Leader,
        "follower" => Place::Follower,
        "any" | "" => Place::Any,
        name => match nodes.iter().position(|node| node == name) {
            Some(node) => Place::Node(node as u16),
            None => {
                return Err(format!(
                    "“{name}” is no node: write leader, follower, any, or one of {}",
                    nodes.join(", ")
                ));
            }
        },
    };
    if matches!(at, Place::Leader | Place::Follower) && !dialect.finds_leader() {
        return Err("nodes of this protocol do not say who leads: name a node, or write any".into());
    }
    if lasts.is_some() && !found.has_undo() {
        return Err(format!("“{name}” can't be undone: leave “for …” out"));
    }
    Ok(Action::Fault { fault, at, lasts })
}

fn unknown(name: &str, dialect: &Dialect) -> String {
    let known: Vec<&str> = dialect.faults().iter().map(|f| f.name.as_str()).collect();
    let known = if known.is_empty() {
        "this protocol knows none".to_string()
    } else {
        format!("there are: {}", known.join(", "))
    };
    format!("“{name}” is no fault; {known}; or write “remove an entity”, or “say …”")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialect::built_in;

    fn read(text: &str) -> Result<Chaos, String> {
        parse(text, &built_in("insi").unwrap(), &["n1".into(), "n2".into()])
    }

    #[test]
    fn lines_say_when_and_what() {
        let chaos = read(" at 60s: pause leader for 5s ").unwrap();
        assert_eq!(chaos.text, "at 60s: pause leader for 5s");
        assert_eq!(chaos.when, When::At(Micros(60_000_000)));
        let lasts = Some(Micros(5_000_000));
        assert_eq!(chaos.action, Action::Fault { fault: 0, at: Place::Leader, lasts });
        let chaos = read("every 10s with 25%: remove an entity").unwrap();
        assert_eq!(chaos.when, When::Every(Micros(10_000_000), 0.25));
        assert_eq!(chaos.action, Action::RemoveEntity(None));
        let of = |text: &str| read(&format!("at 1m: {text}")).unwrap().action;
        let node = Place::Node(1);
        assert_eq!(of("crash n2"), Action::Fault { fault: 2, at: node, lasts: None });
        assert_eq!(of("step-down"), Action::Fault { fault: 1, at: Place::Leader, lasts: None });
        assert_eq!(of("say Pull the plug: now"), Action::Say("Pull the plug: now".into()));
        let etcd = built_in("etcd").unwrap();
        let moved = parse("every 30s: move-leader", &etcd, &[]).unwrap();
        assert_eq!(moved.action, Action::Fault { fault: 0, at: Place::Leader, lasts: None });
    }

    #[test]
    fn what_is_wrong_is_said_with_what_to_write() {
        for (text, says) in [
            ("pause leader", "write “at 60s: …”"),
            ("after 5s: pause n1", "is no time"),
            ("at soon: pause n1", "“soon” is not a time"),
            ("at 2d: pause n1", "is not a time"),
            ("every 0s: pause n1", "most often"),
            ("every 5s with 300%: pause n1", "probability"),
            ("at 5s: explode n1", "there are: pause, step-down, crash"),
            ("at 5s: pause n9", "“n9” is no node: write leader, follower, any, or one of n1, n2"),
            ("at 5s: crash n1 for 5s", "can't be undone"),
            ("at 5s: step-down n2", "asked of the leader"),
            ("at 5s: say ", "no fault"),
        ] {
            let error = read(text).unwrap_err();
            assert!(error.contains(says), "{text}: {error}");
        }
        let custom = built_in("couchdb").unwrap();
        let error = parse("at 1s: pause n1", &custom, &[]).unwrap_err();
        assert!(error.contains("this protocol knows none"), "{error}");
    }
}
