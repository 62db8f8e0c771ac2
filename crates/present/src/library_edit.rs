//! What a user changes of a run in the library, in its file and its card: name, tags, note.

use crate::library::Card;
use fwit_report::run::labels::Labels;
use fwit_report::run::rename::{rename, with_labels};

/// A change; `None` leaves as it is. A recovered run that is changed stays: somebody wants it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Edit {
    /// Another name.
    pub name: Option<String>,
    /// Other tags and another note.
    pub labels: Option<Labels>,
    /// The labels that they come in the place of; where they are others by now, nothing changes.
    pub was: Option<Labels>,
}

impl Edit {
    /// What the user has changed of a kept run: its name and labels.
    #[must_use]
    pub fn of(card: &Card) -> Edit {
        Edit { name: Some(card.name.clone()), labels: Some(card.labels.clone()), was: None }
    }

    /// What the labels are by now, where they are not what this changes.
    #[must_use]
    pub fn conflict<'c>(&self, card: &'c Card) -> Option<&'c Labels> {
        self.was.as_ref().filter(|was| **was != card.labels).map(|_| &card.labels)
    }

    /// The run's file with the change; `None` where it has no name to change.
    #[must_use]
    pub fn file(&self, json: &str) -> Option<String> {
        let named = match &self.name {
            Some(name) => rename(json, name)?,
            None => json.to_string(),
        };
        match &self.labels {
            Some(labels) => with_labels(&named, labels),
            None => Some(named),
        }
    }

    /// The card with the change, of a file of so many bytes.
    #[must_use]
    pub fn card(&self, mut card: Card, bytes: usize) -> Card {
        if let Some(name) = &self.name {
            card.name.clone_from(name);
        }
        if let Some(labels) = &self.labels {
            card.labels.clone_from(labels);
        }
        card.bytes = bytes as u64;
        card.until.clear();
        card
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use fwit_report::run::sample::sample;

    #[test]
    fn file_and_card_change_alike() {
        let json = r#"{"format":"fwit-run","name":"a","plan":{}}"#;
        let card = Card { until: "2026-12-01".into(), ..Card::of(&sample("r", 1.0), 9) };
        let labels = Labels::typed("x", "y").unwrap();
        let edit = Edit { labels: Some(labels.clone()), ..Edit::default() };
        let file = edit.file(json).unwrap();
        assert_eq!(
            file,
            r#"{"format":"fwit-run","name":"a","labels":{"tags":["x"],"note":"y"},"plan":{}}"#
        );
        let changed = edit.card(card, file.len());
        assert_eq!((changed.name.as_str(), &changed.labels), ("run r", &labels));
        assert_eq!((changed.bytes, changed.until.as_str()), (file.len() as u64, ""));
        // A change of the name leaves the labels, and the other way round.
        let renamed = Edit { name: Some("b".into()), ..Edit::default() };
        let file = renamed.file(&file).unwrap();
        assert!(file.contains(r#""name":"b""#) && file.contains(r#""tags":["x"]"#));
        let changed = renamed.card(changed, 1);
        assert_eq!(
            Edit::of(&changed),
            Edit { name: Some("b".into()), labels: Some(labels), was: None }
        );
        assert_eq!(Edit::default().file(json).unwrap(), json);
        assert_eq!(renamed.file("{}"), None);
    }

    #[test]
    fn labels_that_another_tab_has_changed_are_a_conflict() {
        let labels = |tags: &str| Labels::typed(tags, "").unwrap();
        let card = Card { labels: labels("theirs"), ..Card::of(&sample("r", 1.0), 9) };
        let edit = |was| Edit { labels: Some(labels("mine")), was, ..Edit::default() };
        assert_eq!(edit(Some(labels("before"))).conflict(&card), Some(&labels("theirs")));
        assert_eq!(edit(Some(labels("theirs"))).conflict(&card), None);
        assert_eq!(edit(None).conflict(&card), None);
    }
}
