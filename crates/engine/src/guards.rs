//! What an entity is counted as while a guard of it lives: dropping it is enough.

use super::environment::{Clock, Transport};
use super::shared::Shared;

/// Counts an entity as waiting while it lives.
pub(super) struct WaitGuard<'a, T: Transport, C: Clock>(&'a Shared<T, C>);

impl<'a, T: Transport, C: Clock> WaitGuard<'a, T, C> {
    pub(super) fn new(shared: &'a Shared<T, C>) -> Self {
        shared.recorder.borrow_mut().wait_begins(shared.clock.now());
        WaitGuard(shared)
    }
}

impl<T: Transport, C: Clock> Drop for WaitGuard<'_, T, C> {
    fn drop(&mut self) {
        self.0.recorder.borrow_mut().wait_ends(self.0.clock.now());
    }
}

/// Counts an entity as taking part while it lives.
pub(super) struct ActiveGuard<'a, T: Transport, C: Clock>(&'a Shared<T, C>);

impl<'a, T: Transport, C: Clock> ActiveGuard<'a, T, C> {
    pub(super) fn new(shared: &'a Shared<T, C>) -> Self {
        shared.recorder.borrow_mut().joins(shared.clock.now());
        ActiveGuard(shared)
    }
}

impl<T: Transport, C: Clock> Drop for ActiveGuard<'_, T, C> {
    fn drop(&mut self) {
        self.0.recorder.borrow_mut().leaves(self.0.clock.now());
    }
}
