//! The API key reaches no server that the plan neither names nor trusts, whoever is said to lead: by
//! the servers' own count of requests with a key.

use std::time::{Duration, Instant};

use fwit_e2e::server::{Options, Pace, Redirect, Server};
use fwit_e2e::{Browser, Page};
use fwit_model::plan::{to_link, wire};
use fwit_quantities::sample::Outcome;
use fwit_report::run::view::RunView;
use serde_json::{Value, json};

use super::open_page;
use crate::runs::{PATIENCE, finish, start_with};

const KEY: &str = "planted-key-7f3a";

/// The one node of the plan, and a server that it does not name.
struct World {
    node: Server,
    stranger: Server,
}

impl World {
    fn start() -> World {
        let server =
            || Server::start(Options::paced(Pace::Fixed(Duration::from_millis(3)))).unwrap();
        World { node: server(), stranger: server() }
    }

    fn origin(&self) -> String {
        self.stranger.url("127.0.0.1")
    }

    /// The stranger leads; the node's status names it, or nobody.
    fn elect_stranger(&self, named: bool) {
        let origin = self.origin();
        self.node.change(|manner| {
            manner.leads = named.then_some(false);
            manner.leader_url = named.then(|| origin.clone());
            manner.redirect = Redirect::To(origin.clone());
        });
    }

    fn elect_node(&self) {
        self.node.change(|manner| {
            (manner.leads, manner.leader_url) = (Some(true), None);
            manner.redirect = Redirect::No;
        });
    }

    fn plan(&self) -> Value {
        json!({
            "format": "fwit-plan", "name": "key",
            "cluster": { "dialect": "insi", "nodes": [
                { "name": "n1", "url": self.node.url("127.0.0.1") },
            ] },
            "load": { "entities": 4, "think_ms": 20, "warmup_s": 0.5, "duration_s": 3 },
            "mix": { "set": 1 },
        })
    }

    fn experiment(&self) -> Value {
        json!({
            "format": "fwit-experiment", "version": 1, "name": "key", "base": self.plan(),
            "arms": [
                { "name": "sticky", "changes": { "disable_leader_stickiness": false } },
                { "name": "not sticky", "changes": { "disable_leader_stickiness": true } },
            ],
            "design": { "pairs": 6, "period_s": 2.0, "settle_s": 0.5 },
        })
    }

    /// The stranger saw no key, and the node did.
    fn assert_kept(&self) {
        let counts = self.stranger.counts();
        assert_eq!(counts.with_key, 0, "{counts:?}");
        assert!(self.node.counts().with_key > 0, "the key was used at all");
    }

    fn assert_words(&self, text: &str) {
        let words = format!(
            "n1 names {} as the leader; the plan does not name it, so the API key is not sent \
             there: add the node or trust its origin",
            self.origin()
        );
        assert!(text.contains(&words), "{text}");
    }

    /// Waits until a server has seen so many requests with the key.
    fn wait_for_keys(server: &Server, count: usize) {
        let deadline = Instant::now() + PATIENCE;
        while server.counts().with_key < count {
            assert!(Instant::now() < deadline, "{:?}", server.counts());
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

fn error(browser: &Browser) -> String {
    browser.eval("return (await over).error;", &[]).unwrap().as_str().unwrap().to_string()
}

fn start_experiment(browser: &Browser, experiment: &Value, options: &Value) {
    let script = "window.over = fwit.experiment(args[0], args[1]).then((e) => ({ e }), (error) => \
                  ({ error: String(error) }));";
    browser.eval(script, &[experiment.clone(), options.clone()]).unwrap();
}

#[test]
fn from_a_script_a_stranger_gets_the_key_only_by_trusted_origins() {
    let (page, world) = (Page::serve().unwrap(), World::start());
    let browser = Browser::shared().unwrap();
    open_page(&browser, &page);
    world.elect_stranger(true);

    start_with(&browser, &world.plan(), &json!({ "apiKey": KEY }));
    world.assert_words(&error(&browser));
    world.assert_kept();
    assert!(world.node.records().0.is_empty(), "no load was sent");

    start_experiment(&browser, &world.experiment(), &json!({ "apiKey": KEY }));
    world.assert_words(&error(&browser));
    world.assert_kept();

    for wrong in [json!("http://a"), json!([1]), json!(["ftp://a"])] {
        let options = json!({ "apiKey": KEY, "trustedOrigins": wrong });
        start_with(&browser, &world.plan(), &options);
        let text = error(&browser);
        assert!(text.contains("must be a list") || text.contains("scheme"), "{text}");
    }
    world.assert_kept();

    let trusting = json!({ "apiKey": KEY, "trustedOrigins": [format!("{}/", world.origin())] });
    start_with(&browser, &world.plan(), &trusting);
    let (text, file, view) = finish(&browser);
    assert_eq!(view.total.errors(), 0, "{:?}", view.errors);
    assert!(world.stranger.counts().with_key as u64 > view.total.answers());
    assert_eq!(file.plan.cluster.trusted_origins, [world.origin()]);
    assert!(!text.contains(KEY), "the key is in no file");

    world.stranger.reset();
    start_experiment(&browser, &world.experiment(), &trusting);
    World::wait_for_keys(&world.stranger, 20);
    browser.eval("fwit.stop(); await over;", &[]).unwrap();
}

/// A run with a key in whose middle the stranger is elected.
fn elected_in_mid_run(named: bool) -> (World, RunView) {
    let (page, world) = (Page::serve().unwrap(), World::start());
    let browser = Browser::shared().unwrap();
    open_page(&browser, &page);
    start_with(&browser, &world.plan(), &json!({ "apiKey": KEY }));
    World::wait_for_keys(&world.node, 100);
    world.elect_stranger(named);
    let view = finish(&browser).2;
    world.assert_kept();
    let failed = view.total.count(Outcome::NotLeader);
    assert!(view.total.answers() > 0 && failed > 5, "{:?}", view.errors);
    let texts = view.errors.iter().filter(|e| e.outcome == Outcome::NotLeader);
    texts.for_each(|e| world.assert_words(&e.text));
    let sign = &view.health.signs[0];
    let said = format!("at {}, which the plan does not name", world.origin());
    assert!(sign.contains(&said), "{sign}");
    assert!(sign.contains(&format!("({failed} requests failed as not leader)")), "{sign}");
    (world, view)
}

#[test]
fn a_stranger_elected_in_mid_run_gets_nothing() {
    let (world, _) = elected_in_mid_run(true);
    assert_eq!(world.stranger.counts().requests, 0);
    // Nobody names it: a request without the key follows the redirect, and learns its address.
    let (world, _) = elected_in_mid_run(false);
    assert!(world.stranger.counts().requests > 0);
    world.elect_node();
}

#[test]
fn the_page_asks_before_the_key_goes_to_a_stranger() {
    let (page, world) = (Page::serve().unwrap(), World::start());
    let browser = Browser::shared().unwrap();
    world.elect_stranger(true);
    let plan = wire::read(&world.plan().to_string()).unwrap();
    let field = "document.querySelector('#f-cluster-trusted_origins')";
    let button = |text: &str| {
        format!(
            "[...document.querySelectorAll('button')].find(b => b.textContent.trim() === {text:?})"
        )
    };
    browser.open(&page.url(&format!("#/?plan={}", to_link(&plan)))).unwrap();
    browser.wait("document.querySelector('#f-api-key')", PATIENCE).unwrap();
    browser.wait("location.hash === '#/'", PATIENCE).unwrap();
    assert_eq!(browser.eval(&format!("return {field};"), &[]).unwrap(), Value::Null);
    let script = "const key = document.querySelector('#f-api-key');
        key.value = args[0];
        key.dispatchEvent(new Event('input', { bubbles: true }));";
    browser.eval(script, &[json!(KEY)]).unwrap();
    browser.wait(field, PATIENCE).unwrap();
    browser.wait(&format!("{field}.value === ''"), PATIENCE).unwrap();

    let start = || {
        browser.wait(&format!("{} && !{0}.disabled", button("Start")), PATIENCE).unwrap();
        browser.eval(&format!("{}.click();", button("Start")), &[]).unwrap();
        browser.wait(&button("Trust it and start"), PATIENCE).unwrap();
    };
    start();
    let notice = "document.querySelector('.notices [role=alert]').textContent";
    let text = browser.eval(&format!("return {notice};"), &[]).unwrap();
    assert!(text.as_str().unwrap().contains(&world.origin()), "{text}");
    browser.eval(&format!("{}.click();", button("Don't")), &[]).unwrap();
    browser.wait(&format!("!{}", button("Don't")), PATIENCE).unwrap();
    world.assert_kept();
    assert!(world.node.records().0.is_empty(), "no load was sent");

    browser.eval("location.hash = '#/';", &[]).unwrap();
    start();
    world.assert_kept();
    browser.eval(&format!("{}.click();", button("Trust it and start")), &[]).unwrap();
    World::wait_for_keys(&world.stranger, 20);
    browser.wait("document.documentElement.dataset.fwit === 'done'", PATIENCE).unwrap();
    browser.eval("location.hash = '#/';", &[]).unwrap();
    browser.wait(&format!("{field}?.value === {:?}", world.origin()), PATIENCE).unwrap();
    assert_eq!(browser.console_errors().unwrap(), Vec::<String>::new());
}
