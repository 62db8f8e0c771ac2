//! A page that came from elsewhere: what the browser will not allow is said before the start.

use fwit_e2e::{Browser, Page};

use crate::runs::PATIENCE;

#[test]
fn that_the_way_to_this_machine_needs_leave_is_said_before_the_start() {
    let page = Page::serve().unwrap();
    let port = page.origin().rsplit(':').next().unwrap().to_string();
    let origin = format!("http://fwit.example:{port}");
    // As a page of the internet over https is to the browser.
    let args = [
        "--host-resolver-rules=MAP fwit.example 127.0.0.1".to_string(),
        format!("--ip-address-space-overrides=127.0.0.1:{port}=public"),
        format!("--unsafely-treat-insecure-origin-as-secure={origin}"),
    ];
    let browser = Browser::start_with_args(&args).unwrap();
    browser.open(&format!("{origin}/#/?nodes=n1=http://127.0.0.1:9")).unwrap();
    browser.wait("window.fwit", PATIENCE).unwrap();
    // Some versions deny without asking where nobody can be asked.
    let said = "[...document.querySelectorAll('form p')].some((p) =>
        /will ask whether this page may reach this machine|told not to let this page reach this machine/
            .test(p.innerText))";
    browser.wait(said, PATIENCE).unwrap();
    // The user's own machine is no way to nowhere: a page from there says nothing of it.
    browser.open(&page.url("#/?nodes=n1=http://127.0.0.1:9")).unwrap();
    browser.wait("window.fwit && document.getElementById('f-cluster-dialect')", PATIENCE).unwrap();
    let quiet = browser.eval(&format!("return !{said};"), &[]).unwrap();
    assert_eq!(quiet, true);
}
