//! What a user does in the page: presses a button, writes into a field.

use fwit_e2e::Browser;

use crate::runs::PATIENCE;

/// Presses the button with this label, once it can be pressed.
pub fn press(browser: &Browser, label: &str) {
    let button = format!(
        "[...document.querySelectorAll('button')]
            .find((b) => b.textContent.trim() === '{label}' && !b.disabled)"
    );
    browser.wait(&button, PATIENCE).unwrap();
    browser.eval(&format!("{button}.click();"), &[]).unwrap();
}

/// Writes into a field or chooses from a list.
pub fn write_into(browser: &Browser, id: &str, text: &str) {
    let script = "const field = document.getElementById(args[0]);
        const set = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(field), 'value').set;
        set.call(field, args[1]);
        field.dispatchEvent(new Event('input', { bubbles: true }));
        field.dispatchEvent(new Event('change', { bubbles: true }));";
    browser.eval(script, &[id.into(), text.into()]).unwrap();
}
