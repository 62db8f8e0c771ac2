//! What subscribers received, in words. Nothing is called complete that was not proved.

use fwit_report::run::view::SubscribersView;

use super::figure::{count, percentile_cell};
use super::verification::Sign;

/// The verdict in a few words.
#[must_use]
pub fn badge(v: &SubscribersView) -> (String, Sign) {
    let sum = |of: fn(&fwit_report::run::view::SubscriberView) -> u64| -> u64 {
        v.list.iter().map(of).sum()
    };
    let lost = sum(|s| s.lost);
    if lost > 0 {
        let missed = sum(|s| s.missed);
        let sign = if missed == lost { Sign::Doubt } else { Sign::Bad };
        (format!("{} events lost", count(lost)), sign)
    } else if v.published == 0 || v.list.iter().any(|s| s.received == 0) {
        ("nothing was proved".into(), Sign::Doubt)
    } else if sum(|s| s.duplicates) > 0 {
        ("no event lost, some twice".into(), Sign::Doubt)
    } else {
        ("no event lost".into(), Sign::Good)
    }
}

/// What came, what did not, and how long it took; a sentence each.
#[must_use]
pub fn sentences(v: &SubscribersView) -> Vec<String> {
    let lost: u64 = v.list.iter().map(|s| s.lost).sum();
    let received: u64 = v.list.iter().map(|s| s.received).sum();
    let missed: u64 = v.list.iter().map(|s| s.missed).sum();
    let away = v.list.iter().filter(|s| s.disconnects > 0).count();
    let deaf = v.list.iter().filter(|s| s.received == 0).count();
    let mut said = Vec::new();
    let listeners = if v.list.len() == 1 {
        "the subscriber".to_string()
    } else {
        format!("each of the {} subscribers", v.list.len())
    };
    said.push(match (v.published, received, lost) {
        (0, ..) => "No event was acknowledged: nothing can be said of loss.".to_string(),
        (_, _, 0) if deaf == v.list.len() => "No event was published while a subscriber \
                                               listened: nothing can be said of loss."
            .to_string(),
        (n, _, 0) if deaf > 0 => format!(
            "Of {} acknowledged events none was lost where one listened; {deaf} of {} subscribers \
             received nothing: nothing can be said of them.",
            count(n),
            v.list.len()
        ),
        (n, _, 0) => format!(
            "Zero loss: of {} acknowledged events, all that were published since {listeners} began \
             to listen came to it, those of the drain included ({} deliveries).",
            count(n),
            count(received)
        ),
        (n, ..) => format!(
            "Of {} acknowledged events, {} deliveries came and {} did not{}.",
            count(n),
            count(received),
            count(lost),
            match missed {
                0 => String::new(),
                m => format!(", {} of them published while the stream was broken", count(m)),
            }
        ),
    });
    if away > 0 {
        let breaks: u32 = v.list.iter().map(|s| s.disconnects).sum();
        let down: f64 = v.list.iter().map(|s| s.down_s).sum();
        let got = if lost == 0 { "; what was published meanwhile came afterwards" } else { "" };
        said.push(format!(
            "Streams broke {} and were down for {down:.1} s together{got}.",
            if breaks == 1 { "once".to_string() } else { format!("{breaks} times") }
        ));
    }
    if v.delivery.count > 0 {
        let at = [0, 1, 3].map(|i| percentile_cell(&v.delivery, i).text);
        said.push(format!(
            "Publish to receipt: p50 {} ms, p90 {} ms, p99 {} ms. Both ends are this page’s clock: \
             there is no offset between clocks in it.",
            at[0], at[1], at[2]
        ));
    }
    said
}

#[cfg(test)]
mod tests {
    use super::*;
    use fwit_report::run::view::SubscriberView;

    fn view(list: Vec<SubscriberView>, published: u64) -> SubscribersView {
        SubscribersView { list, published, ..SubscribersView::default() }
    }

    #[test]
    fn zero_loss_is_said_only_where_it_was_proved() {
        let good = SubscriberView { received: 900, ..SubscriberView::default() };
        let v = view(vec![good.clone(), good.clone()], 900);
        assert_eq!(badge(&v), ("no event lost".into(), Sign::Good));
        assert_eq!(
            sentences(&v),
            ["Zero loss: of 900 acknowledged events, all that were published since each of the 2 \
              subscribers began to listen came to it, those of the drain included (1800 \
              deliveries)."]
        );
        let nothing = view(vec![SubscriberView::default()], 900);
        assert_eq!(badge(&nothing), ("nothing was proved".into(), Sign::Doubt));
        assert!(sentences(&nothing)[0].ends_with("nothing can be said of loss."));
        assert!(sentences(&view(vec![good], 0))[0].starts_with("No event was acknowledged"));
    }

    #[test]
    fn what_a_break_cost_is_told() {
        let s = SubscriberView {
            received: 90,
            lost: 10,
            missed: 10,
            disconnects: 1,
            down_s: 2.0,
            ..SubscriberView::default()
        };
        let v = view(vec![s], 100);
        assert_eq!(badge(&v), ("10 events lost".into(), Sign::Doubt));
        assert_eq!(
            sentences(&v),
            [
                "Of 100 acknowledged events, 90 deliveries came and 10 did not, 10 of them \
                 published while the stream was broken.",
                "Streams broke once and were down for 2.0 s together.",
            ]
        );
    }
}
