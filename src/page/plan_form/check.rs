//! What the connection check found, node by node and lane by lane, with advice.

use leptos::prelude::*;

use crate::page::parts::{Badge, Tone};
use crate::page::state::{Check, Engine, PlanForm};
use fwit_quantities::units::Micros;
use fwit_report::check::{AddressFacts, Grade, NodeCheck};

/// The report. Empty until a check was asked for.
#[component]
pub fn CheckReport() -> impl IntoView {
    let (engine, form) = (expect_context::<Engine>(), expect_context::<PlanForm>());
    let finds_leader =
        move || form.draft.with_untracked(|d| d.dialect().is_none_or(|d| d.finds_leader()));
    view! {
        <section
            class="check"
            id="check"
            tabindex="-1"
            aria-live="polite"
            aria-label="Connection check"
        >
            {move || match engine.check.get() {
                Check::None => ().into_any(),
                Check::Running => {
                    view! { <p class="busy">"Asking every node and lane…"</p> }.into_any()
                }
                Check::Failed(message) => view! { <p class="wrong">{message}</p> }.into_any(),
                Check::Done(nodes) => report(nodes, finds_leader()).into_any(),
            }}
        </section>
    }
}

fn tone(grade: Grade) -> Tone {
    match grade {
        Grade::Good => Tone::Good,
        Grade::Limited => Tone::Warn,
        Grade::Bad => Tone::Bad,
    }
}

fn report(nodes: Vec<NodeCheck>, finds_leader: bool) -> impl IntoView {
    let addresses = || nodes.iter().flat_map(|n| &n.addresses);
    let worst = addresses().map(AddressFacts::grade).max().unwrap_or(Grade::Bad);
    let count = addresses().count();
    let leaders = addresses().filter(|a| a.role.as_deref() == Some("leader")).count();
    let verdict = match worst {
        Grade::Good => format!("All {count} addresses are ready."),
        Grade::Limited => format!("All {count} addresses can be loaded, some with a limit."),
        Grade::Bad => {
            let bad = addresses().filter(|a| a.grade() == Grade::Bad).count();
            format!("{bad} of {count} addresses can't be loaded as they are.")
        }
    };
    let no_leader = (finds_leader && worst != Grade::Bad && leaders == 0).then(|| {
        view! {
            <p class="hint">
                "No node says that it leads: writes will fail until there is a leader."
            </p>
        }
    });
    view! {
        <h2>"Connection check"</h2>
        <p>{verdict}</p>
        {no_leader}
        <ul class="check-list">
            {nodes.into_iter().map(|n| view! { <li>{node(n)}</li> }).collect_view()}
        </ul>
    }
}

fn node(check: NodeCheck) -> impl IntoView {
    let many = check.addresses.len() > 1;
    let name = check.name;
    check
        .addresses
        .into_iter()
        .enumerate()
        .map(|(i, a)| {
            let label = if many && i > 0 { format!("{name}, lane") } else { name.clone() };
            address(label, a)
        })
        .collect_view()
}

fn address(label: String, facts: AddressFacts) -> impl IntoView {
    let mut also = Vec::new();
    also.extend(facts.role.clone());
    also.extend((!facts.protocol.is_empty()).then(|| facts.protocol.clone()));
    also.extend(facts.round_trip_us.map(|us| format!("round trip {}", Micros(us))));
    let findings = facts.findings();
    let advice: Vec<_> =
        findings.iter().map(|f| f.advice.clone()).filter(|a| !a.is_empty()).collect();
    view! {
        <div class="check-address">
            <strong>{label}</strong>
            <code>{facts.url}</code>
            <span class="check-facts">{also.join(" · ")}</span>
            <span class="badges">
                {findings
                    .into_iter()
                    .map(|f| view! { <Badge text=f.what tone=tone(f.grade) /> })
                    .collect_view()}
            </span>
            {advice.into_iter().map(|a| view! { <p class="advice">{a}</p> }).collect_view()}
            {facts.failure.map(|f| view! { <p class="hint">"The browser says: "{f}</p> })}
        </div>
    }
}
