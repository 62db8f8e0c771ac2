//! The set-up of an experiment: arms picked from the plan's fields, and the same as text.

use fwit_e2e::{Browser, Page};
use serde_json::json;

use crate::runs::PATIENCE;

/// Types into a field or chooses there, and leaves it.
fn fill(browser: &Browser, id: &str, text: &str) {
    let script = "const field = document.getElementById(args[0]);
        field.value = args[1];
        for (const name of ['input', 'change']) {
            field.dispatchEvent(new Event(name, { bubbles: true }));
        }";
    browser.eval(script, &[json!(id), json!(text)]).unwrap();
}

fn click(browser: &Browser, label: &str) {
    let script = "[...document.querySelectorAll('main button')]
        .find((button) => button.innerText.trim() === args[0]).click();";
    browser.eval(script, &[json!(label)]).unwrap();
}

/// The field's label, value, placeholder, and the problem that it is described by.
fn field(browser: &Browser, id: &str) -> [String; 4] {
    let script = "const field = document.getElementById(args[0]);
        const told = (field.getAttribute('aria-describedby') ?? '').split(' ')
            .filter((id) => id.endsWith('-problem'))
            .map((id) => document.getElementById(id).innerText);
        return [field.labels[0].textContent, field.value, field.placeholder ?? '', told.join()];";
    serde_json::from_value(browser.eval(script, &[json!(id)]).unwrap()).unwrap()
}

#[test]
fn arms_are_picked_from_the_plans_fields_and_nothing_of_their_text_is_lost() {
    let (page, browser) = (Page::serve().unwrap(), Browser::shared().unwrap());
    browser.open("about:blank").unwrap();
    browser.open(&page.url("#/?preset=busy leader")).unwrap();
    browser.wait("window.fwit && location.hash === '#/'", PATIENCE).unwrap();
    browser.eval("location.hash = '#/experiment';", &[]).unwrap();
    browser.wait("document.getElementById('x-arms')", PATIENCE).unwrap();
    click(&browser, "Twice the entities?");
    browser.wait("document.getElementById('x-arms-1-load-entities')", PATIENCE).unwrap();
    assert_eq!(
        field(&browser, "x-arms-1-load-entities"),
        ["Entities, Arm 2", "100", "plan: 50", ""]
    );
    assert_eq!(field(&browser, "x-arms-1-name"), ["Name, Arm 2", "", "100 entities", ""]);

    // A picked field's first cell has the focus, and says what is wrong as the plan form does.
    fill(&browser, "x-add", "mix.get");
    click(&browser, "Add");
    browser.wait("document.activeElement.id === 'x-arms-0-mix-get'", PATIENCE).unwrap();
    fill(&browser, "x-arms-1-mix-get", "-1");
    let wrong = "document.querySelector('#x-arms-1-mix-get[aria-invalid=true]')";
    browser.wait(wrong, PATIENCE).unwrap();
    let [.., problem] = field(&browser, "x-arms-1-mix-get");
    assert_eq!(problem, "“-1” is not a whole number from 0 up");
    click(&browser, "Start");
    browser.wait("document.activeElement.id === 'x'", PATIENCE).unwrap();
    click(&browser, "Arm 2, Weight of get");
    browser.wait("document.activeElement.id === 'x-arms-1-mix-get'", PATIENCE).unwrap();
    fill(&browser, "x-arms-1-mix-get", "3");

    // What is no field of the table stays as text.
    click(&browser, "As text");
    browser.wait("document.getElementById('x-arms-1-changes')?.value", PATIENCE).unwrap();
    let text = "load.entities = 100\nmix.get = 3\ncluster.sim.drift.per_minute = 1.01";
    fill(&browser, "x-arms-1-changes", text);
    click(&browser, "As a table");
    browser.wait("document.getElementById('x-arms-1-mix-get')", PATIENCE).unwrap();
    let other = "document.getElementById('x-arms-1-changes').innerText.includes('per_minute')";
    browser.wait(other, PATIENCE).unwrap();
    fill(&browser, "x-arms-1-load-entities", "60");
    click(&browser, "As text");
    browser.wait("document.getElementById('x-arms-1-changes')?.value", PATIENCE).unwrap();
    let [_, kept, ..] = field(&browser, "x-arms-1-changes");
    assert_eq!(kept, text.replace("100", "60"));

    // Arms that nobody named are called by what differs.
    click(&browser, "As a table");
    fill(&browser, "x-design-pairs", "6");
    click(&browser, "Start");
    browser.wait("location.hash.startsWith('#/experiment/')", PATIENCE).unwrap();
    browser.wait("document.querySelector('article.experiment')", PATIENCE).unwrap();
    let said = browser.eval("return document.querySelector('article').textContent;", &[]);
    let said = said.unwrap().as_str().unwrap().to_string();
    for name in ["50 entities, get 1", "60 entities, get 3"] {
        assert!(said.contains(name), "{name} in {said}");
    }
    assert_eq!(browser.console_errors().unwrap(), Vec::<String>::new());
}
