//! Which runs of the list are chosen.

use std::collections::BTreeSet;

/// The chosen runs, by id.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Choice {
    ids: BTreeSet<String>,
    /// The last one that was chosen or not by itself: a range begins there.
    last: Option<String>,
}

impl Choice {
    /// Whether a run is chosen.
    #[must_use]
    pub fn has(&self, id: &str) -> bool {
        self.ids.contains(id)
    }

    /// How many are chosen.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ids.len()
    }

    /// Whether none is.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    /// How many of them are not among those that are shown.
    #[must_use]
    pub fn hidden(&self, shown: &[String]) -> usize {
        self.len() - shown.iter().filter(|id| self.has(id)).count()
    }

    /// Whether all that are shown are chosen; `None` where some are.
    #[must_use]
    pub fn has_all(&self, shown: &[String]) -> Option<bool> {
        let chosen = shown.iter().filter(|id| self.has(id)).count();
        match chosen {
            0 => Some(false),
            n if n == shown.len() => Some(true),
            _ => None,
        }
    }

    /// The run that stands next when the chosen ones go: the first behind them, or the last before.
    #[must_use]
    pub fn next(&self, shown: &[String]) -> Option<String> {
        let first = shown.iter().position(|id| self.has(id)).unwrap_or_default();
        let (before, behind) = shown.split_at_checked(first)?;
        behind.iter().find(|id| !self.has(id)).or_else(|| before.last()).cloned()
    }

    /// Chooses a run, or no more. As a range, all that are shown from the last one on become as it.
    pub fn toggle(&mut self, id: &str, range: bool, shown: &[String]) {
        let choose = !self.has(id);
        let place = |id: &str| shown.iter().position(|other| other == id);
        let from = self.last.as_deref().filter(|_| range).and_then(place);
        let ids = match (from, place(id)) {
            (Some(a), Some(b)) => shown.get(a.min(b)..=a.max(b)).unwrap_or_default(),
            _ => &[id.to_string()],
        };
        for id in ids {
            self.set(id, choose);
        }
        self.last = Some(id.to_string());
    }

    /// Chooses all of these, or none of them.
    pub fn set_all(&mut self, shown: &[String], chosen: bool) {
        shown.iter().for_each(|id| self.set(id, chosen));
    }

    /// Chooses none.
    pub fn clear(&mut self) {
        *self = Choice::default();
    }

    fn set(&mut self, id: &str, chosen: bool) {
        if chosen {
            self.ids.insert(id.to_string());
        } else {
            self.ids.remove(id);
        }
    }

    /// Forgets those that are not among `all`.
    pub fn retain(&mut self, all: &[&str]) {
        self.ids.retain(|id| all.contains(&id.as_str()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown() -> Vec<String> {
        ["a", "b", "c", "d", "e"].map(String::from).to_vec()
    }

    fn chosen(choice: &Choice) -> String {
        choice.ids.iter().map(String::as_str).collect()
    }

    #[test]
    fn a_range_becomes_as_its_end() {
        let (shown, mut choice) = (shown(), Choice::default());
        choice.toggle("d", true, &shown);
        choice.toggle("b", true, &shown);
        assert_eq!(chosen(&choice), "bcd");
        choice.toggle("c", true, &shown);
        assert_eq!(chosen(&choice), "d");
        // Without the key only the one.
        choice.toggle("a", false, &shown);
        assert_eq!(chosen(&choice), "ad");
        // Its begin is not shown any more.
        choice.toggle("e", true, &shown[1..]);
        assert_eq!(chosen(&choice), "ade");
    }

    #[test]
    fn all_shown_are_chosen_and_hidden_ones_stay() {
        let (shown, mut choice) = (shown(), Choice::default());
        assert_eq!(choice.has_all(&shown), Some(false));
        choice.toggle("a", false, &shown);
        assert_eq!(choice.has_all(&shown), None);
        choice.set_all(&shown[1..3], true);
        assert_eq!(
            (choice.len(), choice.hidden(&shown[1..]), chosen(&choice)),
            (3, 1, "abc".into())
        );
        assert_eq!(choice.has_all(&shown[1..3]), Some(true));
        assert_eq!(choice.next(&shown).as_deref(), Some("d"));
        assert_eq!(choice.next(&shown[..3]), None);
        assert_eq!(
            Choice { ids: BTreeSet::from(["e".into()]), last: None }.next(&shown),
            Some("d".into())
        );
        choice.set_all(&shown[1..], false);
        assert_eq!(chosen(&choice), "a");
        choice.retain(&["b"]);
        assert!(choice.is_empty());
        choice.toggle("a", false, &shown);
        choice.clear();
        assert_eq!(choice, Choice::default());
    }
}
