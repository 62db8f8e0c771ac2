//! What the plan form holds.

use leptos::prelude::*;

use super::checks::Checks;
use super::notices::Notices;
use crate::browser::{document, prefs};
use fwit_model::dialect::{CUSTOM, SIMULATED, built_in};
use fwit_model::json;
use fwit_model::plan::{BaseUrl, NodeDraft, Plan, PlanDraft, SIM_PRESETS, from_link, preset, wire};
use fwit_present::form::{
    Beginning, apply_preset, beginning, edit, free_name, is_extra, simulate, sort_problems,
    use_own_cluster, with_nodes,
};
use fwit_present::lanes::{self, Book, Known, Look};
use fwit_present::protocol::first_custom;
use fwit_present::route::Prefill;
use fwit_report::check::NodeCheck;

/// Under this name the tab holds the draft over a reload.
const DRAFT: &str = "draft";

/// The plan form.
#[derive(Clone, Copy)]
pub struct PlanForm {
    /// The fields as typed.
    pub draft: RwSignal<PlanDraft>,
    /// A key for the row of each node, in the order of the draft's nodes.
    pub rows: RwSignal<Vec<u32>>,
    /// What is known of the nodes' lanes beside the draft.
    pub lane_book: RwSignal<Book>,
    /// The API key. It is kept here and nowhere else.
    pub api_key: RwSignal<String>,
    /// Whether "More settings" is open.
    pub more: RwSignal<bool>,
    /// All that is wrong with the draft.
    pub checks: Checks,
    next_row: RwSignal<u32>,
    /// Whether to look for the local cluster when the form is first shown.
    to_ask: StoredValue<bool>,
}

impl PlanForm {
    /// Holds what it held before a reload, or the plan that was used last, or the quick preset.
    pub fn new() -> PlanForm {
        let before = prefs::of_tab(DRAFT).and_then(|json| json::read(json.as_bytes()).ok());
        let last = prefs::get("plan").and_then(|json| wire::read(&json).ok());
        let beginning = beginning(last.is_some() || before.is_some(), &document::host());
        let plan = last.or_else(|| preset("quick"));
        let first = before.unwrap_or_else(|| {
            let mut first = plan.as_ref().map(PlanDraft::from_plan).unwrap_or_default();
            // The name of a preset becomes what its plan is.
            edit(&mut first, |_| {});
            if beginning == Beginning::Simulated {
                simulate(&mut first, SIM_PRESETS[0].name);
            }
            first
        });
        let draft = RwSignal::new(first);
        Effect::new(move |_| prefs::set_of_tab(DRAFT, &draft.with(json::write)));
        let rows = draft.with_untracked(|d| (0..d.nodes.len() as u32).collect::<Vec<_>>());
        let next = rows.len() as u32;
        let problems = Memo::new(move |_| {
            let mut problems = draft.with(|d| d.plan().err().unwrap_or_default());
            sort_problems(&mut problems);
            problems
        });
        PlanForm {
            draft,
            rows: RwSignal::new(rows),
            lane_book: RwSignal::new(Book::new()),
            api_key: RwSignal::new(String::new()),
            more: RwSignal::new(false),
            checks: Checks::new("f", problems),
            next_row: RwSignal::new(next),
            to_ask: StoredValue::new(beginning == Beginning::Ask),
        }
    }

    /// Looks whether the local cluster answers. When it does not, and the form is still unchanged,
    /// the simulated cluster takes its place.
    fn ask(self) {
        leptos::task::spawn_local(async move {
            let before = self.draft.get_untracked();
            for node in &before.nodes {
                if document::answers(&node.url).await {
                    return;
                }
            }
            if self.draft.try_with_untracked(|now| *now == before) == Some(true) {
                self.simulate(SIM_PRESETS[0].name);
            }
        });
    }

    /// Puts a simulated cluster in the place of the user's own.
    pub fn simulate(self, name: &str) {
        let mut draft = self.draft.get_untracked();
        simulate(&mut draft, name);
        self.replace(draft);
    }

    /// Goes back to the user's own cluster.
    pub fn use_own_cluster(self) {
        let mut draft = self.draft.get_untracked();
        use_own_cluster(&mut draft);
        self.replace(draft);
    }

    /// Chooses the protocol, and fits the mix to it.
    pub fn speak(self, dialect: &str) {
        // Who was asked by another protocol said nothing of this one.
        self.lane_book.update(Book::clear);
        self.edit(|d| {
            d.dialect = dialect.to_string();
            if dialect == CUSTOM && d.custom.trim().is_empty() {
                d.custom = first_custom();
            }
            d.take_dialect();
        });
    }

    /// Changes the draft.
    pub fn edit(self, change: impl FnOnce(&mut PlanDraft)) {
        self.draft.update(|draft| edit(draft, change));
    }

    /// Fills the form with a plan. It is taken as it is: no lanes are added to it.
    pub fn fill(self, plan: &Plan) {
        self.lane_book.update(|book| lanes::decided(book, &plan.cluster.nodes));
        self.replace(PlanDraft::from_plan(plan));
    }

    /// Fills the form with a draft that was made of its own.
    pub fn fill_draft(self, draft: PlanDraft) {
        self.replace(draft);
    }

    /// Fills the form with a preset, on the nodes it has.
    pub fn apply_preset(self, name: &str) {
        if let Some(draft) = self.draft.with_untracked(|d| apply_preset(d, name)) {
            self.replace(draft);
        }
    }

    /// Fills the form with what the address says, and takes that out of the address. When the
    /// address says nothing, looks for the local cluster, once.
    pub fn prefill(self, prefill: &Prefill, notices: Notices) {
        let to_ask = self.to_ask.get_value();
        self.to_ask.set_value(false);
        if prefill.is_empty() {
            if to_ask {
                self.ask();
            }
            return;
        }
        if let Some(link) = &prefill.plan {
            match from_link(link) {
                Ok(plan) => self.fill(&plan),
                Err(problems) => {
                    problems
                        .iter()
                        .for_each(|p| notices.wrong(format!("The plan in the link: {p}")));
                }
            }
        }
        if let Some(name) = &prefill.preset {
            if preset(name).is_some() {
                self.apply_preset(name);
            } else {
                notices
                    .wrong(format!("The address names the preset “{name}”, which there is not."));
            }
        }
        prefill.node_problems().into_iter().for_each(|problem| notices.wrong(problem));
        if !prefill.nodes.is_empty() && !prefill.has_too_many_nodes() {
            if self.draft.with_untracked(PlanDraft::is_simulated) {
                self.use_own_cluster();
            }
            self.lane_book.update(Book::clear);
            self.replace(with_nodes(self.draft.get_untracked(), &prefill.nodes));
        }
        if let Some(name) = &prefill.dialect {
            if built_in(name).is_some_and(|d| d.name() != SIMULATED) {
                self.speak(name);
            } else {
                notices.wrong(format!(
                    "The address names the protocol “{name}”, which there is not: choose another \
                     under “Protocol”."
                ));
            }
        }
        if let Ok(plan) = self.draft.with_untracked(PlanDraft::plan) {
            self.remember(&plan);
        }
        document::replace("#/");
    }

    /// Adds origins to the draft's trusted ones.
    pub fn trust(self, origins: &[String]) {
        self.edit(|d| {
            for origin in origins {
                if !d.trusted_origins.split_whitespace().any(|known| known == origin) {
                    d.trusted_origins = format!("{}\n{origin}", d.trusted_origins).trim().into();
                }
            }
        });
    }

    /// Returns what is to be asked so that lanes are found, and tracks it.
    pub fn lanes_wanted(self, look: Look) -> Option<Plan> {
        let plan = self.draft.with(PlanDraft::plan).ok()?;
        self.lane_book.with(|book| lanes::wanted(&plan, book, look))
    }

    /// Takes what addresses answered to a look for lanes.
    pub fn take_lanes(self, look: Look, answers: &[NodeCheck]) {
        self.change_lanes(|draft, book| lanes::take(draft, book, look, answers));
    }

    /// Makes the lanes that the page found as many as the plan needs now.
    pub fn fit_lanes(self) {
        self.change_lanes(|draft, book| {
            lanes::fit(draft, book);
        });
    }

    /// Leaves every node one lane.
    pub fn remove_lanes(self) {
        self.change_lanes(lanes::remove);
    }

    /// Notes that the user wrote the lanes of this address.
    pub fn lanes_by_user(self, address: &str) {
        if let Ok(url) = BaseUrl::parse(address) {
            self.lane_book.update(|book| {
                book.insert(url, Known::User);
            });
        }
    }

    /// Signals change only where something did.
    fn change_lanes(self, change: impl FnOnce(&mut PlanDraft, &mut Book)) {
        let mut draft = self.draft.get_untracked();
        let mut book = self.lane_book.get_untracked();
        change(&mut draft, &mut book);
        if self.draft.with_untracked(|d| *d != draft) {
            self.draft.set(draft);
        }
        if self.lane_book.with_untracked(|b| *b != book) {
            self.lane_book.set(book);
        }
    }

    /// Returns the API key, when one was typed.
    pub fn key(self) -> Option<String> {
        Some(self.api_key.get_untracked()).filter(|key| !key.trim().is_empty())
    }

    /// Keeps a plan for the next visit.
    pub fn remember(self, plan: &Plan) {
        prefs::set("plan", Some(&wire::to_json(plan)));
    }

    fn replace(self, draft: PlanDraft) {
        let first = self.next_row.get_untracked();
        let count = draft.nodes.len() as u32;
        self.next_row.set(first + count);
        self.checks.begin_anew();
        self.draft.set(draft);
        self.rows.set((first..first + count).collect());
    }

    /// Adds a node.
    pub fn add_node(self) {
        let row = self.next_row.get_untracked();
        self.next_row.set(row + 1);
        self.edit(|d| {
            let name = free_name(d);
            d.nodes.push(NodeDraft { name, ..NodeDraft::default() });
        });
        self.rows.update(|rows| rows.push(row));
    }

    /// Removes the node of a row.
    pub fn remove_node(self, row: u32) {
        let Some(i) = self.index(row) else { return };
        self.edit(|d| {
            if i < d.nodes.len() {
                d.nodes.remove(i);
            }
        });
        self.checks.untouch();
        self.rows.update(|rows| rows.retain(|r| *r != row));
    }

    /// Returns the index in the draft of the node of a row.
    pub fn index(self, row: u32) -> Option<usize> {
        self.rows.with(|rows| rows.iter().position(|r| *r == row))
    }

    /// Brings a field into view and puts the focus on it.
    pub fn show(self, field: &str) {
        if is_extra(field) {
            self.more.set(true);
        }
        let id = self.checks.id(field);
        // "More settings" opens before the next frame.
        request_animation_frame(move || document::focus(&id));
    }
}

impl From<PlanForm> for Checks {
    fn from(form: PlanForm) -> Checks {
        form.checks
    }
}
