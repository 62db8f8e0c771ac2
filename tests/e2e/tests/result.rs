//! A result as its reader uses it: a part is looked at, and the run goes out in other forms. What
//! the page shows and saves is what the crates make of the same file natively.

use fwit_e2e::{Browser, Page};
use fwit_export::{Choice, Form, export};
use fwit_model::plan::{preset, wire};
use fwit_present::selection::lines;
use fwit_report::run::select::{Selection, select};
use fwit_report::run::view::Measure;
use serde_json::json;

use crate::runs::{PATIENCE, finish, start};

/// The selection's table, row by row.
const TABLE: &str = "[...document.querySelectorAll('.selection tbody tr')].map((row) => \
                     [...row.cells].map((cell) => cell.innerText.trim()))";

#[test]
fn a_part_is_looked_at_and_the_run_goes_out_in_all_forms() {
    let page = Page::serve().unwrap();
    let browser = Browser::shared().unwrap();
    browser.open(&page.url("#/runs")).unwrap();
    browser.wait("window.fwit", PATIENCE).unwrap();
    let plan = wire::to_json(&preset("busy leader").unwrap());
    start(&browser, &serde_json::from_str(&plan).unwrap());
    let (_, file, view) = finish(&browser);
    browser.eval(&format!("location.hash = '#/run/{}';", view.id), &[]).unwrap();
    browser.wait("document.querySelector('.selection .chip')", PATIENCE).unwrap();

    // By the keyboard: from the third value to the seventh, and into that stretch.
    let keys =
        "const plot = [...document.querySelectorAll('h2')].find((h) => h.innerText === 'Over time')
            .closest('section').querySelector('.chart-plot');
        const key = (key, shiftKey = false) =>
            plot.dispatchEvent(new KeyboardEvent('keydown', { key, shiftKey, bubbles: true }));
        plot.scrollIntoView(); plot.focus();
        await new Promise((done) => setTimeout(() => requestAnimationFrame(done), 100));
        key('Home'); key('ArrowRight'); key('ArrowRight');
        for (let i = 0; i < 4; i++) key('ArrowRight', true);
        key('Enter');";
    browser.eval(keys, &[]).unwrap();
    let row = "document.querySelector('.selection tbody tr')";
    browser.wait(row, PATIENCE).unwrap();
    let about =
        browser.eval("return document.querySelector('.selection [role=status]').innerText;", &[]);
    let about = about.unwrap().as_str().unwrap().to_string();
    let words: Vec<u32> = about.split(' ').filter_map(|word| word.parse().ok()).collect();
    let seconds = Some((words[0], words[1]));
    let selection = Selection { seconds, ..Selection::default() };
    let mine = lines(&select(&file, &selection).unwrap(), &view, Measure::Cluster);
    let mine: Vec<Vec<String>> = mine
        .into_iter()
        .map(|line| std::iter::once(line.name).chain(line.cells).collect())
        .collect();
    assert_eq!(browser.eval(&format!("return {TABLE};"), &[]).unwrap(), json!(mine), "{about}");
    // All charts over time show it, and all show all again.
    let zoomed = "[...document.querySelectorAll('.chart-tools button')].filter((b) => b.innerText === 'Show all').length";
    assert!(browser.eval(&format!("return {zoomed};"), &[]).unwrap().as_u64().unwrap() >= 4);
    browser.eval("document.querySelector('.selection .panel-head button').click();", &[]).unwrap();
    browser.wait(&format!("{zoomed} === 0 && !{row}"), PATIENCE).unwrap();

    let catch = "window.saved = []; const make = URL.createObjectURL;
        URL.createObjectURL = (blob) => { saved.push(blob); return make.call(URL, blob); };";
    browser.eval(catch, &[]).unwrap();
    for (i, form) in Form::ALL.into_iter().enumerate() {
        browser.eval("document.querySelector('.menu').open = true;", &[]).unwrap();
        let label = format!(
            "[...document.querySelectorAll('.menu-item')].find((b) => b.innerText.startsWith({:?}) && !b.disabled)",
            form.label()
        );
        browser.wait(&label, PATIENCE).unwrap();
        browser.eval(&format!("{label}.click();"), &[]).unwrap();
        browser.wait(&format!("saved.length === {}", i + 1), PATIENCE).unwrap();
        let text = browser.eval(&format!("return await saved[{i}].text();"), &[]).unwrap();
        let own = export(form, &file, &view, &Choice::default()).unwrap();
        println!("{}: {} bytes", own.name, own.text.len());
        assert!(text.as_str() == Some(&own.text), "{}", form.label());
    }
}
