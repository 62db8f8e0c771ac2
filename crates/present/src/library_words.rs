//! What the list of runs says of one, and of many.

use crate::figure;
use crate::library::{Card, CardKind};
use crate::sentence;
use fwit_quantities::units::Micros;

/// What was run, in short: entities, nodes, length; of an experiment its arms.
#[must_use]
pub fn plan(card: &Card) -> String {
    if card.kind == CardKind::Experiment {
        return card.about.clone();
    }
    let span = sentence::span(Micros::from_secs(card.measured_s.round()));
    match (card.tool.is_empty(), card.entities) {
        (false, 0) => span,
        (false, n) => format!("{n} entities, {span}"),
        (true, n) => {
            let sticky = if card.sticky { "sticky" } else { "not sticky" };
            format!("{n} entities, {} nodes, {span}, {sticky}", card.nodes)
        }
    }
}

/// The failed requests and their share.
#[must_use]
pub fn errors(card: &Card) -> String {
    match card.errors {
        0 => "0".to_string(),
        n => format!("{} ({})", figure::count(n), figure::percent(card.error_share)),
    }
}

/// `1 run`, `2 runs`.
#[must_use]
pub fn runs(n: usize) -> String {
    if n == 1 { "1 run".into() } else { format!("{n} runs") }
}

/// How many of all are shown.
#[must_use]
pub fn shown(shown: usize, all: usize) -> String {
    match (shown, all) {
        (0, _) => "None found".into(),
        _ if shown == all => runs(all),
        _ => format!("{shown} of {}", runs(all)),
    }
}

/// How many are chosen, and how many of them the search hides.
#[must_use]
pub fn chosen(chosen: usize, hidden: usize) -> String {
    match hidden {
        0 => format!("{chosen} chosen"),
        _ => format!("{chosen} chosen, {hidden} of them not shown"),
    }
}

/// That runs were deleted.
#[must_use]
pub fn deleted(cards: &[Card]) -> String {
    match cards {
        [one] => format!("“{}” was deleted.", one.name),
        many => format!("{} deleted.", runs(many.len())),
    }
}

/// What the browser says of the page's storage.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Storage {
    /// Bytes that the page's data takes.
    pub usage: Option<f64>,
    /// Bytes that it may take.
    pub quota: Option<f64>,
    /// Whether the browser keeps it until the user deletes it; `None` where it does not say.
    pub persistent: Option<bool>,
}

/// How much the runs take, and how much the browser lets the page take.
#[must_use]
pub fn storage(cards: &[Card], storage: Storage) -> String {
    let sum = cards.iter().fold(0_u64, |sum, card| sum.saturating_add(card.bytes));
    let own = format!("{}, {}", runs(cards.len()), figure::bytes(sum));
    match (storage.usage, storage.quota) {
        (Some(usage), Some(quota)) if quota > 0.0 => {
            let text = |bytes: f64| figure::bytes(bytes as u64);
            format!("{own}. The browser has {} stored, of {} at most.", text(usage), text(quota))
        }
        _ => format!("{own}."),
    }
}

/// How long the browser keeps the page's data.
#[must_use]
pub fn lasts(storage: Storage, secure: bool) -> &'static str {
    match (storage.persistent, secure) {
        (Some(true), _) => "The browser keeps them until you delete them.",
        (Some(false), _) => {
            "The browser may delete them when the disk is full, or when the page was not visited \
             for long."
        }
        (None, true) => "This browser does not say how long it keeps them.",
        (None, false) => {
            "Whether the browser keeps them can't be asked here: this page came over http from \
             another machine. Open it over https or from this machine."
        }
    }
}

/// What the browser answered to the wish that it keeps the page's data.
#[must_use]
pub fn answer(kept: Option<bool>) -> &'static str {
    match kept {
        Some(true) => "The browser keeps your runs until you delete them.",
        Some(false) => {
            "The browser said no. Many allow it once the page is a bookmark, is installed, or was \
             visited often. Export your runs to be safe."
        }
        None => "This browser can't be asked to keep data. Export your runs to be safe.",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use fwit_report::run::sample::sample;

    fn card() -> Card {
        Card { nodes: 3, ..Card::of(&sample("a", 1.0), 2_000_000) }
    }

    #[test]
    fn a_card_is_told_in_short() {
        let own = card();
        assert_eq!(plan(&own), "50 entities, 3 nodes, 20 s, sticky");
        let tool = Card { tool: "k6".into(), entities: 0, ..own.clone() };
        assert_eq!(plan(&tool), "20 s");
        let experiment = Card { kind: CardKind::Experiment, about: "A / B".into(), ..own.clone() };
        assert_eq!(plan(&experiment), "A / B");
        assert_eq!(errors(&Card { errors: 0, ..own.clone() }), "0");
        let failed = errors(&Card { errors: 12, error_share: 0.05, ..own });
        assert_eq!(failed, format!("12 ({})", figure::percent(0.05)));
    }

    #[test]
    fn counts_are_told_as_people_say_them() {
        assert_eq!((shown(0, 3), shown(3, 3)), ("None found".into(), "3 runs".into()));
        assert_eq!((shown(1, 1), shown(1, 3)), ("1 run".into(), "1 of 3 runs".into()));
        assert_eq!(
            (chosen(2, 0), chosen(2, 1)),
            ("2 chosen".into(), "2 chosen, 1 of them not shown".into())
        );
        assert_eq!(deleted(&[card()]), "“run a” was deleted.");
        assert_eq!(deleted(&[card(), card(), card()]), "3 runs deleted.");
    }

    #[test]
    fn storage_is_told_with_what_is_known_of_it() {
        let cards = [card(), card()];
        assert_eq!(storage(&cards, Storage::default()), "2 runs, 4.00 MB.");
        let known = Storage { usage: Some(5e6), quota: Some(1e10), persistent: Some(false) };
        let text = storage(&cards, known);
        assert!(text.contains("5.00 MB stored, of 10.0 GB at most"), "{text}");
        assert!(lasts(known, true).contains("may delete"));
        assert!(lasts(Storage::default(), false).contains("https"));
        assert_ne!(answer(Some(false)), answer(None));
    }
}
