//! CORS preflights: which requests a browser asks leave for first, forecast before a run and
//! counted in it by one model of the browser's preflight cache.
//!
//! A browser asks before a request that is not simple (Fetch standard): another method than GET,
//! HEAD or POST, another content type than a form's or plain text, or a header of its own such as
//! the API key's. It keeps the leave by whole URL, fragment included, for as long as the node says
//! (`Access-Control-Max-Age`; 5 s where it says nothing). A page is never told of a preflight:
//! tests hold this model against a server that counts them.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};

use super::choice::{Chooser, Chosen};
use super::environment::Room;
use fwit_model::dialect::{Choice, Dialect, Kind};
use fwit_model::plan::{Model, Plan};
use fwit_quantities::units::Micros;
use fwit_stats::random::Stream;

/// How long leave is kept where a node does not say.
pub const MAX_AGE_DEFAULT: Micros = Micros(5_000_000);
/// The longest that Chromium keeps it.
pub const MAX_AGE_MOST: Micros = Micros(7_200_000_000);
/// How many answers Chromium keeps …
const KEPT: usize = 1_024;
/// … and how many it drops at random when there is no room.
const DROPPED: usize = 10;
/// Requests that a forecast plays through, at most: it is made again whenever the plan is edited.
/// What the second half of them asks for stands for a window that they do not reach.
const PLAYED_MAX: u64 = 20_000;
/// How long an answer takes in a forecast, where nothing is known.
pub const ANSWER_DEFAULT: Micros = Micros(20_000);

/// The browser's leave for requests, by URL.
#[derive(Debug)]
pub struct PreflightCache {
    until: HashMap<String, Micros>,
    random: Stream,
}

impl Default for PreflightCache {
    fn default() -> Self {
        PreflightCache { until: HashMap::new(), random: Stream::new(0, "preflight cache", 0) }
    }
}

impl PreflightCache {
    /// Whether the browser asks before it sends a request that is not simple to `url` at `now`. It
    /// keeps the leave for `max_age` then.
    pub fn asks(&mut self, url: &str, now: Micros, max_age: Micros) -> bool {
        if self.until.get(url).is_some_and(|until| *until > now) {
            return false;
        }
        if !self.until.contains_key(url) && self.until.len() >= KEPT {
            self.until.retain(|_, until| *until > now);
        }
        if self.until.len() >= KEPT {
            let mut urls: Vec<String> = self.until.keys().cloned().collect();
            urls.sort_unstable();
            self.random.shuffle(&mut urls);
            urls.iter().take(DROPPED).for_each(|url| {
                self.until.remove(url);
            });
        }
        self.until.insert(url.to_string(), now + max_age.min(MAX_AGE_MOST));
        true
    }
}

/// What is known of the nodes before a run, as far as preflights depend on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Assumed {
    /// How long leave is kept.
    pub max_age: Micros,
    /// How long an answer takes.
    pub answer: Micros,
}

impl Default for Assumed {
    fn default() -> Self {
        Assumed { max_age: MAX_AGE_DEFAULT, answer: ANSWER_DEFAULT }
    }
}

/// The preflights of one operation, in the measured window.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct OpForecast {
    /// The operation.
    pub op: String,
    /// Requests that were played through, every hop counted.
    pub requests: u64,
    /// Preflights among them.
    pub preflights: u64,
    /// The key of a value stands in the URL: each value has preflights of its own.
    pub by_key: bool,
}

impl OpForecast {
    /// Preflights a request.
    #[must_use]
    pub fn share(&self) -> f64 {
        if self.requests == 0 { 0.0 } else { self.preflights as f64 / self.requests as f64 }
    }
}

/// When an entity's next request is due, and which entity's.
type Turn = Reverse<(Micros, u32)>;

/// Plays the plan's requests through, by its seed, and counts preflights: operations that make none
/// are left out. Pages that the nodes serve themselves make none at all: this is for another
/// origin.
#[must_use]
pub fn forecast(plan: &Plan, has_key: bool, assumed: Assumed) -> Vec<OpForecast> {
    let dialect = &*plan.cluster.dialect;
    if plan.cluster.sim.is_some() || !any(dialect, plan, has_key) {
        return Vec::new();
    }
    let mut world = Forecast::new(plan, dialect, has_key, assumed);
    world.play();
    world.found.retain(|op| op.preflights > 0);
    world.found
}

/// Whether any operation of the mix needs a preflight.
fn any(dialect: &Dialect, plan: &Plan, has_key: bool) -> bool {
    let needs = |op| {
        let request = dialect.request(op, &Choice { key: "a", value: "\"v\"", version: "0" });
        has_key || !request.is_simple()
    };
    plan.mix.iter().enumerate().any(|(op, (_, weight))| *weight > 0 && needs(op))
}

struct Forecast<'a> {
    plan: &'a Plan,
    dialect: &'a Dialect,
    has_key: bool,
    assumed: Assumed,
    cache: PreflightCache,
    /// By lane: until when each of its slots is taken.
    slots: Vec<Vec<Micros>>,
    /// By node: its lanes.
    lanes: Vec<Vec<usize>>,
    /// URLs under way, and when each of their numbered names is free again.
    names: HashMap<String, Vec<Micros>>,
    found: Vec<OpForecast>,
}

impl<'a> Forecast<'a> {
    fn new(plan: &'a Plan, dialect: &'a Dialect, has_key: bool, assumed: Assumed) -> Forecast<'a> {
        let mut lanes = Vec::new();
        let mut count = 0;
        for node in &plan.cluster.nodes {
            let own = node.lane_urls().count();
            lanes.push((count..count + own).collect());
            count += own;
        }
        let by_key = |op: usize| {
            let path = |key: &str| {
                dialect.request(op, &Choice { key, value: "\"v\"", version: "0" }).path.into_owned()
            };
            path("a") != path("b")
        };
        let operations = dialect.operations().iter().enumerate();
        let found = operations.map(|(op, operation)| OpForecast {
            op: operation.name.clone(),
            by_key: by_key(op),
            ..OpForecast::default()
        });
        Forecast {
            plan,
            dialect,
            has_key,
            assumed,
            cache: PreflightCache::default(),
            slots: vec![vec![Micros::ZERO; Room::BROWSER.lane as usize]; count],
            lanes,
            names: HashMap::new(),
            found: found.collect(),
        }
    }

    fn play(&mut self) {
        let load = &self.plan.load;
        let mut choosers: Vec<Chooser> =
            (0..load.entities).map(|e| Chooser::new(self.plan, e, "forecast")).collect();
        let homes = self.plan.cluster.nodes.len() as u32;
        let home =
            |e: u32| Stream::new(self.plan.seed, "home", u64::from(e)).below(homes.max(1)) as usize;
        let mut turns: BinaryHeap<Turn> = BinaryHeap::new();
        let gap = match load.model {
            Model::Open { rate_per_s, .. } => {
                Some(Micros::from_secs(f64::from(load.entities) / rate_per_s.max(1e-3)))
            }
            Model::Closed { .. } => None,
        };
        for (e, chooser) in choosers.iter_mut().enumerate() {
            let spread = |gap: Micros| Micros(gap.0 * e as u64 / u64::from(load.entities.max(1)));
            turns
                .push(Reverse((gap.map_or_else(|| chooser.first(Micros::ZERO), spread), e as u32)));
        }
        let operations = self.dialect.operations();
        let mut chosen = Chosen::default();
        let mut played = 0;
        while let Some(Reverse((due, e))) = turns.pop() {
            played += 1;
            let in_window = due >= load.warmup || played > PLAYED_MAX / 2;
            if due >= load.total() || played > PLAYED_MAX {
                break;
            }
            let Some(chooser) = choosers.get_mut(e as usize) else { break };
            chosen.op = chooser.pick(operations);
            chooser.choose(operations, "fwit-forecast", due, &mut chosen);
            let writes = operations.get(chosen.op).is_some_and(|o| o.kind != Kind::Read);
            // Which node leads is not known before the run: the first stands for it.
            let sticky = !self.plan.disable_leader_stickiness;
            let first = if sticky { 0 } else { home(e) };
            let mut done = self.hop(first, e, &chosen, due, in_window);
            if writes && first != 0 {
                done = self.hop(0, e, &chosen, done, in_window);
            }
            chooser.succeeded(operations, &chosen, None);
            let next = gap.map_or_else(|| done + chooser.think(), |gap| due + gap);
            turns.push(Reverse((next, e)));
        }
    }

    /// A hop at a node: takes a slot of the entity's lane and a name that is free; when it is done.
    fn hop(&mut self, node: usize, e: u32, chosen: &Chosen, due: Micros, counts: bool) -> Micros {
        let lanes = self.lanes.get(node).map_or(&[][..], Vec::as_slice);
        let Some(&lane) = lanes.get(e as usize % lanes.len().max(1)) else { return due };
        let Some(slot) = self.slots.get_mut(lane).and_then(|s| s.iter_mut().min()) else {
            return due;
        };
        let sent = due.max(*slot);
        let done = sent + self.assumed.answer;
        *slot = done;
        let choice = chosen.choice();
        let request = self.dialect.request(chosen.op, &choice);
        let url = format!("{lane}{}", request.path);
        let names = self.names.entry(url.clone()).or_default();
        let free = names.iter().position(|until| *until <= sent).unwrap_or(names.len());
        match names.get_mut(free) {
            Some(name) => *name = done,
            None => names.push(done),
        }
        let asks = (self.has_key || !request.is_simple())
            && self.cache.asks(&format!("{url}#{free}"), sent, self.assumed.max_age);
        if let Some(found) = self.found.get_mut(chosen.op).filter(|_| counts) {
            found.requests += 1;
            found.preflights += u64::from(asks);
        }
        done
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use fwit_model::plan::preset;

    #[test]
    fn leave_is_kept_by_url_until_it_is_over() {
        let mut cache = PreflightCache::default();
        let age = Micros(100);
        assert!(cache.asks("a", Micros(0), age) && !cache.asks("a", Micros(99), age));
        assert!(cache.asks("a#1", Micros(0), age), "a fragment is part of the URL");
        assert!(cache.asks("a", Micros(100), age));
        assert!(cache.asks("a", Micros::from_secs(8_000.0), Micros::MAX));
        assert!(cache.asks("a", Micros::from_secs(16_000.0), Micros::MAX), "two hours at most");
    }

    #[test]
    fn beyond_what_is_kept_it_asks_again_and_again() {
        let mut cache = PreflightCache::default();
        let mut asked = 0;
        for n in 0..20_000_u64 {
            let url = (n * 7_919 % 2_048).to_string();
            asked += u64::from(cache.asks(&url, Micros(n), MAX_AGE_MOST));
        }
        // Half of the URLs are kept at a time; some of those are dropped before they come again.
        assert!((8_000..20_000).contains(&asked), "{asked}");
        assert!(cache.until.len() <= KEPT);
    }

    fn with_mix(op: &str) -> Plan {
        let mut plan = preset("quick").unwrap();
        plan.mix.iter_mut().for_each(|(name, w)| *w = u32::from(name == op));
        plan
    }

    #[test]
    fn simple_requests_make_none_and_a_key_makes_some() {
        assert_eq!(forecast(&preset("quick").unwrap(), false, Assumed::default()), Vec::new());
        let kept = Assumed { max_age: MAX_AGE_MOST, ..Assumed::default() };
        // Six slots of one URL ask once each, and before the measured window.
        assert_eq!(forecast(&with_mix("set"), true, kept), Vec::new());
        // Without Max-Age they ask again every 5 s: 6 of some 1,500 requests.
        let sets = forecast(&with_mix("set"), true, Assumed::default());
        assert_eq!(sets.len(), 1);
        assert!((0.002..0.006).contains(&sets[0].share()) && !sets[0].by_key, "{sets:?}");
    }

    #[test]
    fn a_day_of_warm_up_is_not_played_through() {
        let mut plan = with_mix("get");
        plan.load.warmup = Micros::from_secs(86_400.0);
        let day = forecast(&plan, true, Assumed::default());
        assert!(day[0].requests <= PLAYED_MAX / 2, "{day:?}");
        plan.load.warmup = Micros::from_secs(2.0);
        let soon = forecast(&plan, true, Assumed::default());
        assert!((day[0].share() - soon[0].share()).abs() < 0.02, "{day:?} {soon:?}");
    }

    #[test]
    fn keys_in_urls_ask_for_each() {
        let kept = Assumed { max_age: MAX_AGE_MOST, ..Assumed::default() };
        let gets = forecast(&with_mix("get"), true, kept);
        let requests = gets[0].requests;
        assert!(gets[0].by_key && gets[0].preflights < 1_000, "{gets:?}");
        assert!(requests > 5_000);
        // Where the keys are more than the browser keeps, most requests ask.
        let mut many = with_mix("get");
        many.keys.space = 100_000;
        let share = forecast(&many, true, kept)[0].share();
        assert!(share > 0.9, "{share}");
    }
}
