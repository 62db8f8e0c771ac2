//! Sentences about plans and runs.

use super::figure;
use super::library::{Card, CardKind};
use fwit_model::dialect::SIMULATED;
use fwit_model::plan::{Arrivals, Model, Plan, SIM_PRESETS, sim_preset, stages};
use fwit_quantities::units::{Micros, three_digits};
use fwit_report::run::needs;
use fwit_report::run::view::{
    Annotation, Calibration, Concurrency, Disturbance, Ended, HealthVerdict, Live, Phase, RunView,
    Shown, ThresholdResult, shown,
};

/// The question whether the API key may go to these origins, where the leader is said to be, and
/// what is written on the button that allows it.
#[must_use]
pub fn trust_question(origins: &[String]) -> [String; 2] {
    let them = if origins.len() == 1 { "it" } else { "them" };
    let text = format!(
        "The leader is said to be at {}. The plan does not name {them}, so nothing was sent there. \
         May this run's API key go there?",
        origins.join(" and at ")
    );
    [text, format!("Trust {them} and start")]
}

/// A plan in one sentence.
#[must_use]
pub fn plan(plan: &Plan) -> String {
    let load = &plan.load;
    let nodes = plan.cluster.nodes.len();
    let who = match load.model {
        Model::Closed { think, jitter } => {
            let think = match (think, jitter) {
                (Micros(0), Micros(0)) => "no think time".to_string(),
                (think, Micros(0)) => format!("{think} think time"),
                (think, jitter) => {
                    format!("{}–{} ms think time", number(think), number(think + jitter))
                }
            };
            if load.stages.is_empty() {
                format!("{} ({think})", plural(load.entities, "entity", "entities"))
            } else {
                format!("{} entities in stages ({think})", stages::to_text(&load.stages))
            }
        }
        Model::Open { arrivals, .. } if !load.stages.is_empty() => {
            let spacing = if arrivals == Arrivals::Poisson { "Poisson" } else { "constant" };
            format!("{} requests/s in stages ({spacing} arrivals)", stages::to_text(&load.stages))
        }
        Model::Open { rate_per_s, arrivals } => {
            let spacing = match arrivals {
                Arrivals::Poisson => "Poisson",
                Arrivals::Constant => "constant",
            };
            format!("{} requests/s ({spacing} arrivals)", three_digits(rate_per_s))
        }
    };
    let warmup = if load.warmup == Micros::ZERO {
        String::new()
    } else {
        format!(" after {} warm-up", span(load.warmup))
    };
    let lanes: usize = plan.cluster.nodes.iter().map(|n| n.lane_urls().count()).sum();
    let lanes = if lanes > nodes { format!(" over {lanes} lanes") } else { String::new() };
    let dialect = &plan.cluster.dialect;
    let sticky = match (dialect.finds_leader(), plan.disable_leader_stickiness) {
        (false, _) => "",
        (true, true) => "; not leader-sticky",
        (true, false) => "; leader-sticky",
    };
    // What the local cluster speaks goes without saying.
    let protocol = match dialect.name() {
        "insi" | SIMULATED => String::new(),
        _ => format!(" of {}", dialect.file().title),
    };
    let subscribers = match plan.subscribers {
        0 => String::new(),
        n => format!(", {}", plural(n, "subscriber", "subscribers")),
    };
    let simulated = plan.cluster.sim.as_ref().map_or_else(String::new, |sim| {
        let own = SIM_PRESETS.iter().find(|p| sim_preset(p.name).as_ref() == Some(sim));
        let what = own.map_or("with parameters of its own", |p| p.name);
        format!("Simulated cluster ({what}), nothing is really sent: ")
    });
    format!(
        "{simulated}{who} on {}{protocol}{lanes} for {}{warmup}; {}{sticky}{subscribers}.",
        plural(nodes as u32, "node", "nodes"),
        span(load.duration),
        mix(&plan.mix)
    )
}

/// A planned span: as it was typed, without decimals that say nothing.
#[must_use]
pub fn span(t: Micros) -> String {
    t.to_string().replace(".00 ", " ").replace(".0 ", " ")
}

/// Milliseconds with at most one decimal.
fn number(t: Micros) -> String {
    ((t.as_millis() * 10.0).round() / 10.0).to_string()
}

fn plural(n: u32, one: &str, many: &str) -> String {
    format!("{n} {}", if n == 1 { one } else { many })
}

fn mix(mix: &[(String, u32)]) -> String {
    let on: Vec<_> = mix.iter().filter(|(_, weight)| *weight > 0).collect();
    let even = on.windows(2).all(|pair| pair[0].1 == pair[1].1);
    match on.as_slice() {
        [(op, _)] => format!("{op} only"),
        _ if even && on.len() == mix.len() => format!("all {} operations evenly", on.len()),
        _ if even && on.len() <= 4 => {
            format!(
                "{} evenly",
                on.iter().map(|(op, _)| op.as_str()).collect::<Vec<_>>().join(", ")
            )
        }
        _ => on.iter().map(|(op, weight)| format!("{op} {weight}")).collect::<Vec<_>>().join(" : "),
    }
}

/// How a run ended.
#[must_use]
pub fn ended(ended: Ended) -> &'static str {
    match ended {
        Ended::Completed => "completed",
        Ended::Stopped => "stopped early",
        Ended::Recovered => "recovered",
    }
}

/// That a run was cut off, and what there is of it.
#[must_use]
pub fn recovered(card: &Card) -> String {
    let what = match (card.kind, card.measured_s) {
        (CardKind::Experiment, _) => "its finished pairs are in Runs".to_string(),
        (CardKind::Run, s) if s <= 0.0 => "nothing was measured until then".to_string(),
        (CardKind::Run, s) => {
            format!("{} that were measured are in Runs", span(Micros::from_secs(s.round())))
        }
    };
    format!("“{}” was cut off: {what}.", card.name)
}

/// What a plan will need of file and memory, where that is much; `None` where it is little.
#[must_use]
pub fn needs(plan: &Plan) -> Option<String> {
    let needs = needs::needs(plan);
    (needs.file_bytes.max(needs.memory_bytes / 8.0) >= NEEDS_WORTH_SAYING).then(|| {
        format!(
            "It may need up to {} as a file and {} of memory.",
            figure::bytes(needs.file_bytes as u64),
            figure::bytes(needs.memory_bytes as u64)
        )
    })
}

/// Files below so many bytes are nothing to speak of.
const NEEDS_WORTH_SAYING: f64 = 20e6;

/// That another tab of this browser runs a load, and what follows from it.
#[must_use]
pub fn other_tab_runs(name: &str) -> String {
    format!(
        "Another tab of this browser runs “{name}”. Both would share this browser's connections and \
         processor, so neither would be true."
    )
}

/// What a run is doing.
#[must_use]
pub fn phase(phase: Phase) -> &'static str {
    match phase {
        Phase::Starting => "starting",
        Phase::Warmup => "warming up",
        Phase::Measuring => "measuring",
        Phase::Draining => "waiting for the last answers and events",
    }
}

/// The instrument's verdict: a word, and what it means. Where nothing was sent there is no
/// instrument to judge, only signs that the model was limited.
#[must_use]
pub fn verdict(verdict: HealthVerdict, simulated: bool) -> (&'static str, &'static str) {
    match verdict {
        HealthVerdict::Healthy if simulated => {
            ("Simulated.", "Nothing was sent: these are the model's numbers.")
        }
        _ if simulated => {
            ("Simulated.", "Nothing was sent: these are the model's numbers. To keep in mind:")
        }
        HealthVerdict::Healthy => {
            ("Healthy.", "Nothing in the browser spoiled the numbers: they are the cluster's.")
        }
        HealthVerdict::Doubtful => {
            ("Doubtful.", "There is a sign that the browser had a part in the numbers:")
        }
        HealthVerdict::NotJudged => ("Not judged.", "Nothing was measured yet."),
        HealthVerdict::ClientLimited => {
            ("Client-limited.", "The browser, not the cluster, set the numbers:")
        }
    }
}

/// How fast the browser is, in a sentence.
#[must_use]
pub fn calibration(c: &Calibration) -> String {
    let service = c.service_p50_us.map(|us| {
        format!(" So many in flight, it adds about {} to a service time (p50).", Micros(us))
    });
    format!(
        "This browser: {}/s at most, {} at a time on one address, against a server that does \
         nothing.{} One request alone takes {} by the page's clock (p99 {}). Kept with the runs to \
         come; stay below half of that rate.",
        three_digits(c.requests_per_s),
        c.in_flight,
        service.unwrap_or_default(),
        Micros(c.overhead_p50_us),
        Micros(c.overhead_p99_us)
    )
}

/// Whether an annotation is marked in the charts. A CPU under pressure is so for most of a run or
/// not at all.
#[must_use]
pub fn is_marked(annotation: &Annotation) -> bool {
    annotation.kind != Disturbance::Pressure
}

/// What is marked in the charts over time, in a sentence; `None` where nothing is.
#[must_use]
pub fn marked(annotations: &[Annotation]) -> Option<String> {
    let one = |a: &Annotation| {
        if a.until_s - a.at_s < 0.05 {
            format!("{} at {:.1} s", a.words, a.at_s)
        } else {
            format!("{} {:.1} to {:.1} s", a.words, a.at_s, a.until_s)
        }
    };
    let marked: Vec<&Annotation> = annotations.iter().filter(|a| is_marked(a)).collect();
    let mut list: Vec<String> = marked.iter().take(8).map(|a| one(a)).collect();
    let more = marked.len().saturating_sub(8);
    list.extend((more > 0).then(|| format!("{more} more")));
    (!list.is_empty()).then(|| format!("Marked in the charts: {}.", list.join("; ")))
}

/// Whether a threshold failed, and how many hold; `None` without thresholds.
#[must_use]
pub fn thresholds(list: &[ThresholdResult]) -> Option<(bool, String)> {
    let failed = list.iter().filter(|t| t.pass == Some(false)).count();
    let unknown = list.iter().filter(|t| t.pass.is_none()).count();
    let mut text = match failed {
        _ if list.is_empty() => return None,
        0 if unknown == list.len() => "The thresholds cannot be judged yet.".to_string(),
        0 if list.len() == 1 => "The threshold holds.".to_string(),
        0 => format!("All {} thresholds hold.", list.len() - unknown),
        n => format!("{n} of {} failed.", plural(list.len() as u32, "threshold", "thresholds")),
    };
    if unknown > 0 && unknown < list.len() {
        text.push_str(&format!(" {unknown} cannot be judged: too few requests."));
    }
    Some((failed > 0, text))
}

/// Entities and how many of them were really under way, in one sentence, with what to change where
/// the browser was the limit; `None` where all were.
#[must_use]
pub fn client_limit(c: &Concurrency) -> Option<String> {
    let (entities, waiting) = (f64::from(c.entities), c.waiting);
    (waiting >= 1.0 && waiting > 0.05 * entities).then(|| {
        format!(
            "On average {} of {} entities waited for one of the browser's connections and {} \
             requests were under way: the wait is the browser's, not the cluster's. More lanes \
             per node make room.",
            three_digits(waiting),
            c.entities,
            three_digits(c.effective)
        )
    })
}

/// The state of a running test for people who listen to the page: short, and changing seldom.
#[must_use]
pub fn progress(live: &Live) -> String {
    let done =
        (10 * live.elapsed_us.min(live.total_us)).checked_div(live.total_us).unwrap_or(0) * 10;
    let errors = match live.total.errors() {
        0 => "no errors".to_string(),
        n => format!("{n} errors"),
    };
    format!("{}, {done} percent done, {errors}.", super::form::capital(phase(live.phase)))
}

/// A run's outcome in one sentence, for its head and for people who listen to the page.
#[must_use]
pub fn outcome(view: &RunView) -> String {
    let cluster = &view.total.cluster;
    let known = |i: usize, p: f64| {
        shown(p, cluster.samples()) != Shown::Hidden && cluster.has(i) && !cluster.is_beyond(i)
    };
    let latency = match (known(0, 0.5), known(3, 0.99)) {
        (false, _) => String::new(),
        (_, false) => format!(", half of them within {}", Micros(cluster.at_us[0])),
        _ => format!(
            ", half of them within {} and 99% within {}",
            Micros(cluster.at_us[0]),
            Micros(cluster.at_us[3])
        ),
    };
    let errors = match view.total.errors() {
        0 => "no errors".to_string(),
        n => format!(
            "{} errors ({})",
            super::figure::count(n),
            super::figure::percent(view.total.error_share())
        ),
    };
    format!(
        "{} answers in {}: {} a second{latency}; {errors}.",
        super::figure::count(view.total.answers()),
        Micros::from_secs(view.measured_s),
        three_digits(view.total.rate_per_s)
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use fwit_model::plan::preset;

    #[test]
    fn what_was_recovered_is_told_with_what_there_is() {
        let mut card = Card::of(&fwit_report::run::sample::sample("a", 1.0), 9);
        assert_eq!(recovered(&card), "“run a” was cut off: 20 s that were measured are in Runs.");
        card.measured_s = 0.0;
        assert!(recovered(&card).ends_with("nothing was measured until then."));
        card.kind = CardKind::Experiment;
        assert!(recovered(&card).contains("finished pairs"));
    }

    #[test]
    fn only_long_plans_need_a_word_on_memory() {
        let mut plan = fwit_model::plan::preset("quick").unwrap();
        assert_eq!(needs(&plan), None);
        plan.load.duration = Micros::from_secs(86_400.0);
        let said = needs(&plan).unwrap();
        assert!(said.starts_with("It may need up to ") && said.contains("as a file"), "{said}");
    }

    #[test]
    fn plans_read_as_sentences() {
        let mut p = preset("fwit-t").unwrap();
        assert_eq!(
            plan(&p),
            "50 entities (10–20 ms think time) on 3 nodes for 10 min after 10 s warm-up; all 9 \
             operations evenly; leader-sticky, 2 subscribers."
        );
        p.load.model = Model::Open { rate_per_s: 200.0, arrivals: Arrivals::Constant };
        p.load.warmup = Micros::ZERO;
        p.mix.iter_mut().for_each(|(op, weight)| *weight = u32::from(op == "get" || op == "set"));
        p.disable_leader_stickiness = true;
        p.subscribers = 0;
        p.cluster.nodes.truncate(1);
        assert_eq!(
            plan(&p),
            "200 requests/s (constant arrivals) on 1 node for 10 min; set, get evenly; not \
             leader-sticky."
        );
        p.mix[0].1 = 4;
        assert!(plan(&p).contains("set 4 : get 1"));
    }

    #[test]
    fn of_a_simulation_nothing_is_said_that_only_a_real_run_can_show() {
        for of in [HealthVerdict::Healthy, HealthVerdict::Doubtful, HealthVerdict::ClientLimited] {
            let (word, meaning) = verdict(of, true);
            assert_eq!(word, "Simulated.");
            assert!(!meaning.contains("browser") && !meaning.contains("cluster"), "{meaning}");
            assert!(verdict(of, false).1.contains("browser"));
        }
    }

    #[test]
    fn the_browsers_limit_is_said_only_where_it_is_one() {
        let at = |waiting| Concurrency {
            entities: 50,
            effective: 12.0,
            waiting,
            ..Concurrency::default()
        };
        assert_eq!(client_limit(&at(0.9)), None);
        assert!(client_limit(&at(30.0)).unwrap().contains("30.0 of 50"));
    }

    #[test]
    fn progress_changes_in_steps_of_ten() {
        let at = |elapsed_us| {
            progress(&Live {
                elapsed_us,
                total_us: 100,
                phase: Phase::Measuring,
                ..Live::default()
            })
        };
        assert_eq!(at(31), "Measuring, 30 percent done, no errors.");
        assert_eq!(at(31), at(39));
        assert_eq!(progress(&Live::default()), "Starting, 0 percent done, no errors.");
    }
}
