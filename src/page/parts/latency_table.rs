//! The table of counts, rates, latencies and errors: a row for each operation, node, or pair of
//! both.

use std::sync::Arc;

use leptos::prelude::*;

use fwit_present::browser_share::{BrowserShare, MARK, MARK_WORDS};
use fwit_present::table::{Column, sort};
use fwit_report::run::view::{Measure, Row, Shown};

/// A row: its heading (two for a pair of operation and node) and its figures.
#[derive(Clone, Debug, PartialEq)]
pub struct TableRow {
    /// First heading.
    pub name: String,
    /// Second heading.
    pub second: Option<String>,
    /// The figures.
    pub row: Row,
}

/// Chooses which latency the tables and curves show.
#[component]
pub fn MeasureSwitch(measure: RwSignal<Measure>) -> impl IntoView {
    let about = |m| match m {
        Measure::Cluster => "redirects and service: what the cluster took in all",
        Measure::Service => "the last hop, request start to last byte",
        Measure::Wait => "waiting for slots, the browser's own queue, which is kept in front of it",
        Measure::Response => "due to done: what a user would have waited",
    };
    view! {
        <fieldset class="switch">
            <legend class="visually-hidden">"Latency shown"</legend>
            {Measure::ALL
                .map(|m| {
                    view! {
                        <label title=about(m)>
                            <input
                                type="radio"
                                name="measure"
                                prop:checked=move || measure.get() == m
                                on:change=move |_| measure.set(m)
                            />
                            <span>{m.name()}</span>
                        </label>
                    }
                })}
        </fieldset>
        <p class="hint">{move || about(measure.get())}</p>
    }
}

/// The table. A click on a heading sorts it; a third click restores the first order.
#[component]
pub fn LatencyTable(
    /// What the rows are, for screen readers.
    #[prop(into)]
    caption: String,
    /// Headings of the rows' names.
    headings: Vec<&'static str>,
    /// The rows, in their own order.
    #[prop(into)]
    rows: Signal<Arc<Vec<TableRow>>>,
    /// The row of the whole, at the end.
    #[prop(into)]
    total: Signal<Option<Row>>,
    /// The latency shown.
    #[prop(into)]
    measure: Signal<Measure>,
    /// What the browser adds, where it is known: small percentiles are marked.
    #[prop(optional_no_strip)]
    share: Option<BrowserShare>,
) -> impl IntoView {
    let legend = move || {
        let share = share?;
        let measure = measure.get();
        let marked =
            |row: &Row| Column::ALL.iter().any(|column| share.marks(*column, row, measure));
        let any = rows.with(|rows| rows.iter().any(|r| marked(&r.row)))
            || total.with(|row| row.as_ref().is_some_and(marked));
        any.then(|| view! { <p class="hint">{share.legend()}</p> })
    };
    let order = RwSignal::new(None::<(Column, bool)>);
    let sorted = move || {
        let mut list: Vec<TableRow> = rows.with(|rows| rows.to_vec());
        if let Some((column, falling)) = order.get() {
            sort(&mut list, |r| &r.row, column, measure.get(), falling);
        }
        list
    };
    let names = headings.len();
    let region = caption.clone();
    view! {
        <div class="table-scroll" tabindex="0" role="region" aria-label=region>
            <table class="table">
                <caption class="visually-hidden">{caption}</caption>
                <thead>
                    <tr>
                        {headings
                            .into_iter()
                            .map(|h| view! { <th scope="col">{h}</th> })
                            .collect_view()}
                        {Column::ALL.map(|column| view! { <SortHeading column order /> })}
                    </tr>
                </thead>
                <tbody>
                    {move || {
                        let measure = measure.get();
                        let line = |r| line(r, measure, names, None, share);
                        sorted().into_iter().map(line).collect_view()
                    }}
                </tbody>
                <tfoot>
                    {move || {
                        total
                            .get()
                            .map(|row| {
                                let row = TableRow { name: "all".into(), second: None, row };
                                line(row, measure.get(), names, Some("table-total"), share)
                            })
                    }}
                </tfoot>
            </table>
        </div>
        {legend}
    }
}

#[component]
fn SortHeading(column: Column, order: RwSignal<Option<(Column, bool)>>) -> impl IntoView {
    let state = move || order.get().filter(|(c, _)| *c == column).map(|(_, falling)| falling);
    let aria = move || match state() {
        Some(true) => "descending",
        Some(false) => "ascending",
        None => "none",
    };
    let next = move |_| {
        order.set(match state() {
            None => Some((column, true)),
            Some(true) => Some((column, false)),
            Some(false) => None,
        });
    };
    let mark = move || match state() {
        Some(true) => "▾",
        Some(false) => "▴",
        None => "",
    };
    view! {
        <th scope="col" class="number" aria-sort=aria>
            <button type="button" class="sort" title="Sort by this column" on:click=next>
                {column.heading()}
                {column.is_latency().then(|| view! { <small>"ms"</small> })}
                <span class="sort-mark" aria-hidden="true">{mark}</span>
            </button>
        </th>
    }
}

fn line(
    r: TableRow,
    measure: Measure,
    names: usize,
    class: Option<&'static str>,
    share: Option<BrowserShare>,
) -> impl IntoView {
    let second = (names > 1).then(|| {
        let text = r.second.clone().unwrap_or_default();
        view! { <td class="name" title=text>{text.clone()}</td> }
    });
    let cells = Column::ALL.map(|column| {
        let cell = column.cell(&r.row, measure);
        let class = match (cell.shown, column) {
            (Shown::Greyed, _) => "number greyed",
            (Shown::Hidden, _) => "number hidden-figure",
            (Shown::Full, Column::Errors) if r.row.errors() > 0 => "number wrong",
            (Shown::Full, _) => "number",
        };
        // An uncertain figure is marked by a sign too, not by its colour alone.
        let text =
            if cell.shown == Shown::Greyed { format!("≈{}", cell.text) } else { cell.text };
        let mark = share.is_some_and(|share| share.marks(column, &r.row, measure));
        let why = match (cell.why, mark) {
            (Some(why), true) => Some(format!("{why} It is {MARK_WORDS}.")),
            (None, true) => Some(MARK_WORDS.to_string()),
            (why, false) => why,
        };
        let mark = mark.then(|| {
            view! {
                <sup class="mark" aria-hidden="true">{MARK}</sup>
                <span class="visually-hidden">{format!(" ({MARK_WORDS})")}</span>
            }
        });
        view! {
            <td class=class title=why>
                {text}
                {mark}
            </td>
        }
    });
    let (title, name) = (r.name.clone(), r.name);
    view! {
        <tr class=class>
            <th scope="row" class="name" title=title>{name}</th>
            {second}
            {cells}
        </tr>
    }
}
