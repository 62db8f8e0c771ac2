//! The sentences on a run's camps. They say what was found, with its evidence; no test is made
//! here.

use super::view::{Evidence, Label, LatencyGroup, LatencyGroupsView, Requests};
use super::{FEWEST_ANSWERS, FEWEST_ENTITIES, Material};
use fwit_quantities::units::three_digits;
use fwit_stats::latency_groups::entities::{EntityGroups, OpKind};

/// A ratio below this is called neither faster nor slower.
const WORTH_SAYING: f64 = 1.1;

/// Milliseconds with three digits, without the unit.
fn ms(us: f64) -> String {
    three_digits(us / 1_000.0)
}

fn percent(share: f64) -> String {
    // 99.96 % is not all of it.
    let percent = (share * 100.0).clamp(0.0, 100.0);
    let rounded = if percent < 100.0 { percent.round().min(99.0) } else { 100.0 };
    format!("{rounded:.0} %")
}

fn small(share: f64) -> String {
    if share > 0.0 && share < 0.0005 {
        "under 0.1 %".into()
    } else {
        format!("{:.1} %", share * 100.0)
    }
}

fn list(items: &[String]) -> String {
    match items {
        [] => String::new(),
        [one] => one.clone(),
        [most @ .., last] => format!("{} and {last}", most.join(", ")),
    }
}

fn entities(n: usize) -> String {
    if n == 1 { "1 entity".into() } else { format!("{n} entities") }
}

fn p_value(p: f64) -> String {
    if p < 0.001 { "p < 0.001".into() } else { format!("p = {p:.3}") }
}

/// What the tests on entities' means found.
pub(super) fn evidence(of: &str, entities: usize, found: &EntityGroups) -> Evidence {
    let noise = found.heterogeneity;
    let number = |v: f64| v.is_finite().then_some(v);
    let mut words = match noise {
        Some(h) if h.beyond_noise() => format!(
            "The means of {of} differ by more than chance (Cochran’s Q {}, {}, I² {})",
            three_digits(h.q),
            p_value(h.p),
            percent(h.i_squared)
        ),
        Some(h) => format!(
            "The means of {of} are no further apart than requests scatter by themselves \
             (Cochran’s Q {}, {}, I² {}; p below 0.001 and I² of 75 % are needed)",
            three_digits(h.q),
            p_value(h.p),
            percent(h.i_squared)
        ),
        None => format!("How much single {of} scatter is unknown, so chance is not ruled out"),
    };
    let fit = match found.latency_groups.len() {
        3.. => format!("; three groups explain {} of it", percent(found.gvf3)),
        2 => format!("; two groups explain {} of it", percent(found.gvf2)),
        _ if noise.is_some_and(|h| !h.beyond_noise()) => String::new(),
        _ => format!(
            ", but in no groups: the best cut in two explains {} of it (90 % are needed, 3 \
             entities and 5 % in each, 1.25 times apart)",
            percent(found.gvf2)
        ),
    };
    words += &fit;
    words.push('.');
    Evidence {
        of: of.into(),
        entities: entities as u32,
        groups: found.latency_groups.len() as u32,
        q: noise.and_then(|h| number(h.q)),
        p: noise.and_then(|h| number(h.p)),
        i_squared: noise.and_then(|h| number(h.i_squared)),
        fit2: found.gvf2,
        fit3: found.gvf3,
        dip_p: number(found.dip_p),
        words,
    }
}

/// `the node asked explains 93 % (n2 1.20 ms, n1 2.50 ms)`.
fn explains(label: &Label) -> String {
    let groups: Vec<String> =
        label.groups.iter().map(|g| format!("{} {} ms", g.name, ms(g.p50_us))).collect();
    format!(
        "{} explains {} of the variation ({})",
        label_name(label),
        percent(label.eta_squared),
        groups.join(", ")
    )
}

fn label_name(label: &Label) -> &'static str {
    match label.name.as_str() {
        "role" => "the role of the node asked",
        "redirect" => "whether it was redirected",
        _ => "the node asked",
    }
}

/// What the requests of an operation said.
pub(super) fn requests(r: &Requests, fewest: u64) -> String {
    let mut out = match &r.hills {
        Some(h) => format!(
            "Two groups: {} around {} ms, {} around {} ms",
            percent(h.below),
            ms(h.medians_us[0]),
            percent(1.0 - h.below),
            ms(h.medians_us[1])
        ),
        None if r.count < fewest => {
            format!("Too few answers to judge their histogram ({}; it takes {fewest})", r.count)
        }
        None => "One group".into(),
    };
    match r.labels.first() {
        Some(best) if best.explains() => out += &format!("; {}", explains(best)),
        Some(_) if r.hills.is_some() => out += "; neither node nor role nor redirect explains them",
        _ => {}
    }
    out.push('.');
    out
}

/// Gives every camp its place and its name.
pub(super) fn name(latency_groups: &mut [LatencyGroup]) {
    let place = |c: &LatencyGroup| {
        let role = match (c.role.as_deref(), c.nodes.len()) {
            (Some("leader"), _) => " (leader)",
            (Some(_), 1) => " (follower)",
            (Some(_), _) => " (followers)",
            (None, _) => "",
        };
        let mut names: Vec<&str> = c.nodes.iter().map(|n| n.0.as_str()).collect();
        names.sort_by(Ord::cmp);
        format!("{}{role}", names.join(", "))
    };
    let places: Vec<String> = latency_groups.iter().map(place).collect();
    let roles: Vec<Option<String>> = latency_groups.iter().map(|c| c.role.clone()).collect();
    let nodes: Vec<Vec<(String, u32)>> = latency_groups.iter().map(|c| c.nodes.clone()).collect();
    for (i, group) in latency_groups.iter_mut().enumerate() {
        let alone = |is: &dyn Fn(usize) -> bool| (0..roles.len()).all(|j| j == i || !is(j));
        let shares = |j: usize| {
            nodes
                .get(j)
                .is_some_and(|n| n.iter().any(|n| group.nodes.iter().any(|own| own.0 == n.0)))
        };
        group.name = match &group.role {
            Some(role) if alone(&|j| roles.get(j) == Some(&group.role)) => format!("{role} camp"),
            _ if !group.nodes.is_empty() && alone(&shares) => {
                let names: Vec<&str> = group.nodes.iter().map(|n| n.0.as_str()).collect();
                format!("camp on {}", names.join(", "))
            }
            _ => format!("camp {}", i + 1),
        };
        group.place = places.get(i).cloned().unwrap_or_default();
    }
}

/// `reads 2.1 times faster (1.20 ms instead of 2.50)`.
fn speed(verb: &str, own: Option<f64>, other: Option<f64>) -> Option<String> {
    let (own, other) = (own.filter(|v| *v > 0.0)?, other.filter(|v| *v > 0.0)?);
    let ratio = (other / own).max(own / other);
    if ratio < WORTH_SAYING {
        return Some(format!("{verb} as fast ({} ms and {})", ms(own), ms(other)));
    }
    let word = if own < other { "faster" } else { "slower" };
    let times = if ratio < 9.95 { format!("{ratio:.1}") } else { format!("{ratio:.0}") };
    Some(format!("{verb} {times} times {word} ({} ms instead of {})", ms(own), ms(other)))
}

/// Fills in the headline and the sentences.
pub(super) fn say(view: &mut LatencyGroupsView, material: &Material, by: Option<OpKind>) {
    let n = material.entities.len();
    let grouped: Vec<&Requests> = view.requests.iter().filter(|r| r.hills.is_some()).collect();
    let labelled: Vec<&Requests> =
        view.requests.iter().filter(|r| r.labels.first().is_some_and(Label::explains)).collect();
    let names = |of: &[&Requests]| list(&of.iter().map(|r| r.op.clone()).collect::<Vec<_>>());
    let mut sentences = Vec::new();
    view.headline = if by.is_some() {
        let who: Vec<String> = view.groups.iter().map(who).collect();
        let count = if view.groups.len() == 2 { "Two" } else { "Three" };
        format!("{count} camps of entities: {}.", list(&who))
    } else if n == 0 {
        "No camps of entities: this run has no entities’ means.".into()
    } else if n < FEWEST_ENTITIES {
        format!(
            "Too few entities to fall into camps: {n}, and two camps take {FEWEST_ENTITIES} at \
             least."
        )
    } else if view.evidence.is_empty() {
        format!(
            "Too few answers to look for camps: hardly any of the {n} entities has \
             {FEWEST_ANSWERS} of one operation. A longer run brings more."
        )
    } else if grouped.is_empty() && labelled.is_empty() {
        format!(
            "One camp: the means of the {} are in no groups, and neither are their requests.",
            entities(n)
        )
    } else {
        format!("One camp of entities: the means of the {} are in no groups.", entities(n))
    };
    if by.is_some() {
        sentences.extend(compared(view, by));
    } else if !grouped.is_empty() {
        sentences.push(format!(
            "But requests fall into two groups, at {}. That is so when requests of the same entity \
             take different ways.",
            names(&grouped)
        ));
    }
    sentences.extend(why(&labelled));
    let unexplained = grouped.iter().any(|r| !r.labels.first().is_some_and(Label::explains));
    if let Some(share) = material.new_connections.filter(|_| unexplained) {
        sentences.push(if share < 0.05 {
            format!(
                "New connections do not explain it: {} of the answers came over one, and a group \
                 holds at least 5 %.",
                small(share)
            )
        } else {
            format!(
                "{} of the answers came over a new connection; their latencies were not kept \
                 apart.",
                small(share)
            )
        });
    }
    if let Some(r) = view.rank_correlation.filter(|_| by.is_some()) {
        if r <= -0.5 {
            sentences.push(format!(
                "Entities that read fast write slowly (rank correlation −{:.2}). That is so when \
                 each node answers reads itself and passes writes on to the leader.",
                r.abs()
            ));
        } else if r >= 0.5 {
            sentences.push(format!(
                "Entities that read fast also write fast (rank correlation {r:.2}). That is so when \
                 one node is near, or idle."
            ));
        }
    }
    view.sentences = sentences;
}

/// `16 on n1 (leader)`.
fn who(group: &LatencyGroup) -> String {
    let n = group.entities.len();
    if group.place.is_empty() { n.to_string() } else { format!("{n} on {}", group.place) }
}

/// How the camps differ, in reads and writes and operation by operation.
fn compared(view: &LatencyGroupsView, by: Option<OpKind>) -> Vec<String> {
    let [fast, slow] = view.groups.as_slice() else {
        let line = |what: &str, of: fn(&LatencyGroup) -> Option<f64>| {
            let each: Option<Vec<String>> = view
                .groups
                .iter()
                .map(|c| of(c).map(|us| format!("{} {} ms", c.name, ms(us))))
                .collect();
            each.map(|each| format!("{what}: {}.", each.join(", ")))
        };
        return line("Reads", |c| c.read_us)
            .into_iter()
            .chain(line("Writes", |c| c.write_us))
            .collect();
    };
    let mut out = Vec::new();
    let kinds =
        [speed("reads", fast.read_us, slow.read_us), speed("writes", fast.write_us, slow.write_us)];
    let kinds: Vec<String> = kinds.into_iter().flatten().collect();
    if !kinds.is_empty() {
        out.push(format!("The {} {}.", fast.name, list(&kinds)));
    }
    // With an operation of each kind, the sentence above has said it.
    if view.ops.len() > 2 || by == Some(OpKind::Other) {
        let parts: Vec<String> = [(true, "faster"), (false, "slower")]
            .into_iter()
            .filter_map(|(faster, word)| {
                Some(format!("{word} at {}", by_operation(view, fast, slow, faster)?))
            })
            .collect();
        if !parts.is_empty() {
            out.push(format!("Operation by operation it is {}.", parts.join(" and ")));
        }
    }
    out
}

/// `get and blob_get (1.9 to 2.1 times)`: the operations at which `own` is faster (or slower) than
/// `other`.
fn by_operation(
    view: &LatencyGroupsView,
    own: &LatencyGroup,
    other: &LatencyGroup,
    faster: bool,
) -> Option<String> {
    let (mut names, mut least, mut most) = (Vec::new(), f64::INFINITY, 0.0_f64);
    for (op, pair) in view.ops.iter().zip(own.ops.iter().zip(&other.ops)) {
        let (Some(a), Some(b)) = pair else { continue };
        let ratio = if faster { b.mean_us / a.mean_us } else { a.mean_us / b.mean_us };
        if ratio >= WORTH_SAYING {
            names.push(op.clone());
            (least, most) = (least.min(ratio), most.max(ratio));
        }
    }
    let (least, most) = (format!("{least:.1}"), format!("{most:.1}"));
    let range = if least == most { least } else { format!("{least} to {most}") };
    (!names.is_empty()).then(|| format!("{} ({range} times)", list(&names)))
}

/// Which label explains which operations; operations of one label together.
fn why(labelled: &[&Requests]) -> Vec<String> {
    let mut out = Vec::new();
    for name in ["role", "node", "redirect"] {
        let of: Vec<(&str, &Label)> = labelled
            .iter()
            .filter_map(|r| Some((r.op.as_str(), r.labels.first().filter(|l| l.name == name)?)))
            .collect();
        let ops: Vec<String> =
            of.iter().map(|(op, l)| format!("{op} ({})", percent(l.eta_squared))).collect();
        if let Some((_, first)) = of.first() {
            let label = label_name(first);
            out.push(format!(
                "{}{} explains most of the variation of {}.",
                label.chars().next().map_or(' ', |c| c.to_ascii_uppercase()),
                label.chars().skip(1).collect::<String>(),
                list(&ops)
            ));
        }
    }
    out
}
