//! CORS preflights in words: the forecast in the plan form, and what would avoid them.

use fwit_engine::preflights::{ANSWER_DEFAULT, Assumed, MAX_AGE_DEFAULT, OpForecast};
use fwit_quantities::units::Micros;
use fwit_report::check::NodeCheck;

use super::figure::percent;

/// What a connection check found of the nodes, as far as preflights depend on it: the shortest time
/// that leave is kept, and the longest round trip. The browsers' default where a node does not say.
#[must_use]
pub fn assumed(checked: &[NodeCheck]) -> Assumed {
    let addresses = || checked.iter().flat_map(|node| &node.addresses).filter(|a| a.readable);
    let kept = |seconds: u32| Micros(u64::from(seconds) * 1_000_000);
    let age = |a: &fwit_report::check::AddressFacts| a.max_age_s.map_or(MAX_AGE_DEFAULT, kept);
    Assumed {
        max_age: addresses().map(age).min().unwrap_or(MAX_AGE_DEFAULT),
        answer: addresses()
            .filter_map(|a| a.round_trip_us)
            .max()
            .map_or(ANSWER_DEFAULT, |us| Micros(us).max(Micros(1_000))),
    }
}

/// The forecast in words; `None` where no request needs a preflight in the measured window.
#[must_use]
pub fn forecast(
    list: &[OpForecast],
    has_key: bool,
    assumed: Assumed,
    checked: bool,
) -> Option<String> {
    let worth = || list.iter().filter(|op| op.share() >= 0.001);
    worth().next()?;
    let shares: Vec<String> =
        worth().map(|op| format!("{} {}", op.op, percent(op.share()))).collect();
    let kept = if assumed.max_age == MAX_AGE_DEFAULT && !checked {
        format!(
            "as long as nothing is known of how long the nodes let leave be kept (the connection \
             check tells; browsers keep it {MAX_AGE_DEFAULT} by default)"
        )
    } else {
        format!("with leave kept for {}", assumed.max_age)
    };
    let mut text = format!(
        "CORS preflights: {}, so the browser asks the nodes for leave, address by address, and they \
         serve that too. About so many requests make one: {}, {kept}.",
        if has_key {
            "the API key is a header"
        } else {
            "their methods, content types or headers are not those of a plain form"
        },
        shares.join(", ")
    );
    let by_key: Vec<&str> = worth().filter(|op| op.by_key).map(|op| op.op.as_str()).collect();
    if by_key.is_empty() {
        text.push_str(" A longer Access-Control-Max-Age at the nodes avoids them.");
    } else {
        text.push_str(&format!(
            " The keys of {} stand in the address: fewer keys avoid them{}.",
            by_key.join(", "),
            if has_key { ", or a gateway that adds the API key" } else { "" }
        ));
    }
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use fwit_report::check::AddressFacts;

    fn op(op: &'static str, preflights: u64, by_key: bool) -> OpForecast {
        OpForecast { op: op.to_string(), requests: 1_000, preflights, by_key }
    }

    #[test]
    fn shares_are_told_with_what_avoids_them() {
        let kept = Assumed { max_age: Micros::from_secs(7_200.0), ..Assumed::default() };
        assert_eq!(forecast(&[], true, kept, true), None);
        assert_eq!(forecast(&[op("set", 0, false)], true, kept, true), None);
        let list = [op("get", 300, true), op("set", 4, false)];
        let text = forecast(&list, true, kept, true).unwrap();
        assert!(text.contains("get 30.0") && text.contains("set 0.40"), "{text}");
        assert!(
            text.contains("a gateway that adds the API key")
                && text.contains("with leave kept for")
        );
        let text = forecast(&[op("set", 4, false)], false, Assumed::default(), false).unwrap();
        assert!(text.contains("the connection check tells") && text.contains("Max-Age"), "{text}");
    }

    #[test]
    fn the_shortest_leave_counts() {
        let facts = |max_age_s, round_trip_us| AddressFacts {
            readable: true,
            max_age_s,
            round_trip_us: Some(round_trip_us),
            ..AddressFacts::default()
        };
        let node = |addresses| NodeCheck { name: "n1".into(), addresses };
        assert_eq!(assumed(&[]), Assumed::default());
        let found = assumed(&[node(vec![facts(Some(7_200), 900), facts(Some(60), 40_000)])]);
        assert_eq!(found.max_age, Micros::from_secs(60.0));
        assert_eq!(found.answer, Micros(40_000));
        assert_eq!(assumed(&[node(vec![facts(None, 9)])]).max_age, MAX_AGE_DEFAULT);
    }
}
