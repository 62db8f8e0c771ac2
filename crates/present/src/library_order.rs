//! In which order the list of runs stands.

use std::cmp::Ordering;

use crate::library::Card;
use crate::library_search::fold;

/// A column that the list can be sorted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Column {
    /// The name.
    Name,
    /// When it began.
    When,
    /// Answers a second.
    Rate,
    /// The median.
    P50,
    /// The 99th percentile.
    P99,
    /// Failed requests.
    Errors,
    /// Size of the file.
    Size,
}

/// An order of the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Order {
    /// The column it goes by.
    pub column: Column,
    /// The largest, or newest, first.
    pub descending: bool,
}

impl Default for Order {
    /// The newest first.
    fn default() -> Order {
        Order { column: Column::When, descending: true }
    }
}

impl Order {
    /// The order after a click on a column's head: the other way round, or by that column, the
    /// largest first, but names from A to Z.
    #[must_use]
    pub fn clicked(self, column: Column) -> Order {
        let descending =
            if self.column == column { !self.descending } else { column != Column::Name };
        Order { column, descending }
    }

    /// What `aria-sort` says at a column's head; `None` where the list is not sorted by it.
    #[must_use]
    pub fn aria(self, column: Column) -> Option<&'static str> {
        let way = if self.descending { "descending" } else { "ascending" };
        (self.column == column).then_some(way)
    }

    /// Sorts; a run without the figure comes last both ways, and equal ones stay as they stood.
    pub fn sort(self, cards: &mut [&Card]) {
        match self.column {
            Column::Name => self.by(cards, |c| Some(fold(&c.name))),
            Column::When => {
                self.by(cards, |c| (!c.started_at.is_empty()).then(|| c.started_at.clone()));
            }
            Column::Rate => self.by(cards, |c| Some(Number(c.rate_per_s))),
            Column::P50 => self.by(cards, |c| c.p50_us),
            Column::P99 => self.by(cards, |c| c.p99_us),
            Column::Errors => self.by(cards, |c| Some(c.errors)),
            Column::Size => self.by(cards, |c| Some(c.bytes)),
        }
    }

    fn by<K: Ord>(self, cards: &mut [&Card], of: impl Fn(&Card) -> Option<K>) {
        cards.sort_by(|a, b| match (of(a), of(b)) {
            (Some(a), Some(b)) if self.descending => b.cmp(&a),
            (Some(a), Some(b)) => a.cmp(&b),
            (a, b) => b.is_some().cmp(&a.is_some()),
        });
    }
}

/// A number with an order.
struct Number(f64);

impl Ord for Number {
    fn cmp(&self, other: &Number) -> Ordering {
        self.0.total_cmp(&other.0)
    }
}

impl PartialOrd for Number {
    fn partial_cmp(&self, other: &Number) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Number {
    fn eq(&self, other: &Number) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Number {}

#[cfg(test)]
mod tests {
    use super::*;
    use fwit_report::run::sample::sample;

    fn cards() -> Vec<Card> {
        let card = |id: &str, name: &str, p50_us, at: &str| Card {
            name: name.into(),
            p50_us,
            started_at: at.into(),
            ..Card::of(&sample(id, 1.0), 0)
        };
        vec![
            card("a", "Émile", Some(5), "2026-01-02"),
            card("b", "zoe", None, ""),
            card("c", "Eva", Some(90), "2026-01-03"),
            card("d", "anna", Some(7), "2026-01-01"),
        ]
    }

    fn order(column: Column, descending: bool) -> String {
        let cards = cards();
        let mut list: Vec<&Card> = cards.iter().collect();
        Order { column, descending }.sort(&mut list);
        list.iter().map(|c| c.id.as_str()).collect()
    }

    #[test]
    fn what_is_missing_comes_last_both_ways() {
        assert_eq!(order(Column::P50, true), "cdab");
        assert_eq!(order(Column::P50, false), "adcb");
        assert_eq!(order(Column::When, true), "cadb");
        assert_eq!(order(Column::When, false), "dacb");
    }

    #[test]
    fn names_are_sorted_as_people_read_them_and_equal_ones_stay() {
        assert_eq!(order(Column::Name, false), "dacb");
        assert_eq!(order(Column::Size, true), "abcd");
        assert_eq!(order(Column::Rate, false), "abcd");
    }

    #[test]
    fn a_click_sorts_numbers_by_the_largest_and_turns_the_order_round() {
        let order = Order::default();
        let rate = order.clicked(Column::Rate);
        assert_eq!(rate.aria(Column::Rate), Some("descending"));
        assert_eq!(rate.clicked(Column::Rate).aria(Column::Rate), Some("ascending"));
        assert_eq!(rate.aria(Column::When), None);
        assert_eq!(rate.clicked(Column::Name).aria(Column::Name), Some("ascending"));
        assert_eq!(order.clicked(Column::When).aria(Column::When), Some("ascending"));
    }
}
