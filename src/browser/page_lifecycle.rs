//! Tells when the page is hidden, shown, frozen or resumed.

use super::listener::Listener;
use fwit_engine::instrument::Disturbance;

/// Listens to the page's visibility and life cycle until it is dropped.
#[derive(Debug)]
pub struct PageLifecycle {
    _listeners: Vec<Option<Listener>>,
}

/// Returns whether the tab is hidden now.
#[must_use]
pub fn is_hidden() -> bool {
    web_sys::window().and_then(|w| w.document()).is_some_and(|d| d.hidden())
}

impl PageLifecycle {
    /// Calls `tell` with what disturbs the page, and whether it begins or ends. When the tab is
    /// hidden already, it is called at once.
    #[must_use]
    pub fn watch(tell: impl Fn(Disturbance, bool) + Clone + 'static) -> PageLifecycle {
        if is_hidden() {
            tell(Disturbance::Hidden, true);
        }
        let (frozen, resumed) = (tell.clone(), tell.clone());
        let listeners = vec![
            Listener::on_document("visibilitychange", move |_| {
                tell(Disturbance::Hidden, is_hidden());
            }),
            Listener::on_document("freeze", move |_| frozen(Disturbance::Frozen, true)),
            Listener::on_document("resume", move |_| resumed(Disturbance::Frozen, false)),
        ];
        PageLifecycle { _listeners: listeners }
    }
}
