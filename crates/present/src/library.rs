//! The library's small card of a run: what the list shows without opening the run.

use serde::{Deserialize, Serialize};

use fwit_model::plan::wire::PlanFile;
use fwit_report::experiment::view::ExperimentView;
use fwit_report::run::intervals::setting_key;
use fwit_report::run::labels::Labels;
use fwit_report::run::view::{Ended, RunView, Shown, shown};

/// Version of the card's form. Cards of another version are made anew from their runs.
pub const CARD_VERSION: u32 = 4;

/// Which kind of file a card is of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CardKind {
    /// A run.
    #[default]
    Run,
    /// An experiment.
    Experiment,
}

/// What the list of runs shows of one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Card {
    /// A run or an experiment.
    #[serde(default)]
    pub kind: CardKind,
    /// An experiment's arms and pairs in words.
    #[serde(default)]
    pub about: String,
    /// [`CARD_VERSION`] when it was written.
    pub version: u32,
    /// The run's id.
    pub id: String,
    /// Its name; the user may change it.
    pub name: String,
    /// RFC 3339, UTC.
    pub started_at: String,
    /// How it ended.
    pub ended: Ended,
    /// Length of the measured window, s.
    pub measured_s: f64,
    /// The plan's entities.
    pub entities: u32,
    /// Nodes asked.
    pub nodes: u32,
    /// Whether leader stickiness was on.
    pub sticky: bool,
    /// Whether nothing was sent.
    pub simulated: bool,
    /// Answers a second.
    pub rate_per_s: f64,
    /// Service time of all operations: p50, µs.
    pub p50_us: Option<u64>,
    /// Service time of all operations: p99, µs.
    pub p99_us: Option<u64>,
    /// Failed requests.
    pub errors: u64,
    /// Their share.
    pub error_share: f64,
    /// How many signs of doubt the instrument found in itself.
    pub doubts: u32,
    /// Size of the run file, bytes.
    pub bytes: u64,
    /// The tool whose file it was made of; empty for fwit's own.
    #[serde(default)]
    pub tool: String,
    /// What runs of one setting share (`run::intervals::setting_key`).
    pub setting: u64,
    /// RFC 3339, UTC: when it goes by itself, because it was recovered and nobody kept it. Empty
    /// for one that stays.
    #[serde(default)]
    pub until: String,
    /// What the user says of it.
    #[serde(default)]
    pub labels: Labels,
    /// What it is found by besides: the plan's name and dialect, its nodes' names and addresses.
    #[serde(default)]
    pub words: String,
}

impl Card {
    /// The card of a run whose file has so many bytes.
    #[must_use]
    pub fn of(view: &RunView, bytes: u64) -> Card {
        let cluster = &view.total.cluster;
        let at = |i: usize, p: f64| {
            let enough = shown(p, cluster.samples()) != Shown::Hidden && cluster.has(i);
            enough.then(|| cluster.at_us[i])
        };
        Card {
            kind: CardKind::Run,
            about: String::new(),
            version: CARD_VERSION,
            id: view.id.clone(),
            name: view.name.clone(),
            started_at: view.started_at.clone(),
            ended: view.ended,
            measured_s: view.measured_s,
            entities: view.concurrency.entities,
            nodes: u32::try_from(view.nodes.len()).unwrap_or(u32::MAX),
            sticky: view.sticky,
            simulated: view.simulated,
            rate_per_s: view.total.rate_per_s,
            p50_us: at(0, 0.5),
            p99_us: at(3, 0.99),
            errors: view.total.errors(),
            error_share: view.total.error_share(),
            doubts: u32::try_from(view.health.signs.len()).unwrap_or(u32::MAX),
            bytes,
            tool: view.source.as_ref().map(|s| s.tool.clone()).unwrap_or_default(),
            setting: setting_key(&view.plan_json),
            until: String::new(),
            labels: view.labels.clone(),
            words: words_of(&view.plan_json),
        }
    }

    /// The card of an experiment whose file has so many bytes: its figures are the first arm's.
    #[must_use]
    pub fn of_experiment(view: &ExperimentView, bytes: u64) -> Card {
        let arms: Vec<&str> = view.arms.iter().map(|a| a.name.as_str()).collect();
        let about =
            format!("{}: {} of {} pairs count", arms.join(" / "), view.pairs_used, view.pairs);
        let first = view.arms.first().and_then(|a| a.run.as_ref()).map(|run| Card::of(run, bytes));
        let own = Card {
            kind: CardKind::Experiment,
            about,
            version: CARD_VERSION,
            id: view.id.clone(),
            name: view.name.clone(),
            started_at: view.started_at.clone(),
            ended: view.ended.unwrap_or(Ended::Stopped),
            measured_s: 0.0,
            entities: 0,
            nodes: 0,
            sticky: false,
            simulated: view.is_simulated(),
            rate_per_s: 0.0,
            p50_us: None,
            p99_us: None,
            errors: 0,
            error_share: 0.0,
            doubts: 0,
            setting: 0,
            tool: String::new(),
            bytes,
            until: String::new(),
            labels: view.labels.clone(),
            words: words_of(&view.plan_json),
        };
        match first {
            Some(first) => Card {
                measured_s: first.measured_s,
                entities: first.entities,
                nodes: first.nodes,
                sticky: first.sticky,
                rate_per_s: first.rate_per_s,
                p50_us: first.p50_us,
                p99_us: first.p99_us,
                errors: first.errors,
                error_share: first.error_share,
                ..own
            },
            None => own,
        }
    }

    /// As it is stored.
    #[must_use]
    pub fn to_json(&self) -> String {
        fwit_model::json::write(self)
    }

    /// From what is stored; `None` where it is of another version or broken.
    #[must_use]
    pub fn read(json: &str) -> Option<Card> {
        fwit_model::json::read::<Card>(json.as_bytes())
            .ok()
            .filter(|card| card.version == CARD_VERSION)
    }
}

/// When a run goes, from a stored card of any version.
#[must_use]
pub fn until_of(json: &str) -> String {
    #[derive(Deserialize)]
    struct Until {
        #[serde(default)]
        until: String,
    }
    fwit_model::json::read_file::<Until>(json.as_bytes()).map(|c| c.until).unwrap_or_default()
}

/// What a plan is found by.
fn words_of(plan_json: &str) -> String {
    let Ok(plan) = fwit_model::json::read_file::<PlanFile>(plan_json.as_bytes()) else {
        return String::new();
    };
    let mut words = vec![plan.name, plan.cluster.dialect];
    words.extend(plan.cluster.nodes.into_iter().flat_map(|node| [node.name, node.url]));
    words.retain(|word| !word.is_empty());
    words.join("\n")
}

/// Ids of recovered runs that nobody kept and whose time is over at `now` (RFC 3339, UTC).
#[must_use]
pub fn expired(cards: &[Card], now: &str) -> Vec<String> {
    let over = |c: &&Card| !c.until.is_empty() && c.until.as_str() <= now;
    cards.iter().filter(over).map(|c| c.id.clone()).collect()
}

/// The recovered run that goes first where there is no room.
#[must_use]
pub fn first_to_go(cards: &[Card]) -> Option<&Card> {
    let recovered = cards.iter().filter(|c| !c.until.is_empty());
    recovered.min_by(|a, b| (&a.until, &a.id).cmp(&(&b.until, &b.id)))
}

/// Newest first; runs of one moment by id, so that the order is the same each time.
pub fn sort(cards: &mut [Card]) {
    cards.sort_by(|a, b| b.started_at.cmp(&a.started_at).then_with(|| a.id.cmp(&b.id)));
}

/// The id of the card of this setting, none of `but`, that started near `at` (as far as the texts
/// of the times agree); runs that went to their end first.
#[must_use]
pub fn nearest(cards: &[Card], setting: u64, but: &[&str], at: &str) -> Option<String> {
    let of = || {
        cards
            .iter()
            .filter(|c| c.setting == setting && setting != 0 && !but.contains(&c.id.as_str()))
    };
    // RFC 3339 in UTC: the order of the texts is that of the times, and the longest common start
    // the nearest.
    let common =
        |c: &Card| c.started_at.bytes().zip(at.bytes()).take_while(|(a, b)| a == b).count();
    of().max_by_key(|c| (c.ended == Ended::Completed, common(c))).map(|c| c.id.clone())
}

/// The name of a run's file: letters, digits and dashes of its name, then its id.
#[must_use]
pub fn file_name(name: &str, id: &str) -> String {
    let mut slug = String::new();
    for c in name.chars().take(80) {
        if c.is_alphanumeric() {
            slug.push(c.to_ascii_lowercase());
        } else if !slug.ends_with('-') && !slug.is_empty() {
            slug.push('-');
        }
    }
    let slug = slug.trim_end_matches('-');
    if slug.is_empty() { format!("{id}.fwit.json") } else { format!("{slug}-{id}.fwit.json") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use fwit_report::run::sample::sample;

    #[test]
    fn cards_survive_the_store() {
        let card = Card::of(&sample("a", 1.0), 12);
        assert_eq!(Card::read(&card.to_json()), Some(card.clone()));
        assert_eq!(Card::read(&Card { version: 0, ..card }.to_json()), None);
        assert_eq!(Card::read("{"), None);
    }

    #[test]
    fn recovered_runs_go_by_their_time_and_the_first_first() {
        let card =
            |id: &str, until: &str| Card { until: until.into(), ..Card::of(&sample(id, 1.0), 12) };
        let cards = [
            card("kept", ""),
            card("later", "2026-12-30T00:00:00Z"),
            card("over", "2026-12-01T00:00:00Z"),
        ];
        assert_eq!(expired(&cards, "2026-12-02T00:00:00Z"), ["over"]);
        assert_eq!(expired(&cards, "2026-11-02T00:00:00Z"), Vec::<String>::new());
        assert_eq!(first_to_go(&cards).unwrap().id, "over");
        assert!(first_to_go(&cards[..1]).is_none());
        assert_eq!(Card::read(&cards[1].to_json()).unwrap().until, cards[1].until);
    }

    #[test]
    fn percentiles_of_few_samples_are_not_on_the_card() {
        let mut view = sample("a", 1.0);
        view.total.cluster.count = 10;
        let card = Card::of(&view, 0);
        assert!(card.p50_us.is_some() && card.p99_us.is_none());
    }

    #[test]
    fn the_newest_run_comes_first() {
        let card =
            |id: &str, at: &str| Card { started_at: at.into(), ..Card::of(&sample(id, 1.0), 0) };
        let mut cards =
            vec![card("b", "2026-01-01"), card("a", "2026-01-01"), card("c", "2026-01-02")];
        sort(&mut cards);
        assert_eq!(cards.into_iter().map(|c| c.id).collect::<Vec<_>>(), ["c", "a", "b"]);
    }

    #[test]
    fn file_names_hold_no_strange_characters() {
        assert_eq!(file_name("50 entities, sticky!", "r-1"), "50-entities-sticky-r-1.fwit.json");
        assert_eq!(file_name("../..", "r"), "r.fwit.json");
    }
}
