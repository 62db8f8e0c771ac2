//! Shows a panic as a readable text in the page.

use std::panic;

/// Installs the hook. The console gets the stack, the page a box with the message and what to do.
pub fn install() {
    panic::set_hook(Box::new(|info| {
        console_error_panic_hook::hook(info);
        super::worker_link::terminate_all();
        show(&info.to_string());
        super::document::set_root_data("fwit", Some("error"));
    }));
}

/// Shows the box by plain DOM calls, because the views may be what failed.
fn show(message: &str) -> Option<()> {
    let document = web_sys::window()?.document()?;
    let body = document.body()?;
    let element = |tag: &str, text: &str| {
        let element = document.create_element(tag).ok()?;
        element.set_text_content(Some(text));
        Some(element)
    };
    let panel = element("section", "")?;
    panel.set_class_name("panic");
    panel.set_attribute("role", "alert").ok()?;
    panel.append_child(&*element("h2", "fwit broke down")?).ok()?;
    let advice = "This is a mistake in fwit, not in your cluster. Runs that were saved are still \
                  there: reload the page to go on. A report with the text below helps to mend it.";
    panel.append_child(&*element("p", advice)?).ok()?;
    panel.append_child(&*element("pre", message)?).ok()?;
    body.prepend_with_node_1(&panel).ok()
}
