//! What happens to the page as a whole during a run: hidden, shown, frozen, resumed.

use super::listener::Listener;
use crate::entity::instrument::Trouble;

/// Listeners to the page's visibility and life cycle. Dropping them ends that.
#[derive(Debug)]
pub struct PageLifecycle {
    _listeners: Vec<Option<Listener>>,
}

/// Whether the tab is hidden now.
#[must_use]
pub fn is_hidden() -> bool {
    web_sys::window().and_then(|w| w.document()).is_some_and(|d| d.hidden())
}

impl PageLifecycle {
    /// Calls `tell` with a trouble and whether it begins; once at the start where the tab is hidden already.
    #[must_use]
    pub fn watch(tell: impl Fn(Trouble, bool) + Clone + 'static) -> PageLifecycle {
        if is_hidden() {
            tell(Trouble::Hidden, true);
        }
        let (frozen, resumed) = (tell.clone(), tell.clone());
        let listeners = vec![
            Listener::on_document("visibilitychange", move |_| tell(Trouble::Hidden, is_hidden())),
            Listener::on_document("freeze", move |_| frozen(Trouble::Frozen, true)),
            Listener::on_document("resume", move |_| resumed(Trouble::Frozen, false)),
        ];
        PageLifecycle { _listeners: listeners }
    }
}
