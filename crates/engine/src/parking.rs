//! Holds entities that the load does not want now: between two requests, never during one.

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::task::{Poll, Waker};

/// How many entities take part, and who waits for being one of them.
#[derive(Debug)]
pub struct Parking {
    wanted: Cell<u32>,
    waiting: RefCell<Vec<(u32, Waker)>>,
}

impl Default for Parking {
    fn default() -> Parking {
        Parking { wanted: Cell::new(u32::MAX), waiting: RefCell::default() }
    }
}

impl Parking {
    /// Entities below this number take part from now on.
    pub fn set(&self, wanted: u32) {
        if self.wanted.replace(wanted) < wanted {
            let (go, stay): (Vec<_>, Vec<_>) =
                self.waiting.take().into_iter().partition(|(entity, _)| *entity < wanted);
            self.waiting.replace(stay);
            go.into_iter().for_each(|(_, waker)| waker.wake());
        }
    }

    /// Whether an entity takes part.
    #[must_use]
    pub fn wants(&self, entity: u32) -> bool {
        entity < self.wanted.get()
    }

    /// Waits until the entity takes part.
    pub async fn wanted(&self, entity: u32) {
        poll_fn(|cx| {
            if self.wants(entity) {
                return Poll::Ready(());
            }
            let mut waiting = self.waiting.borrow_mut();
            match waiting.iter_mut().find(|(e, _)| *e == entity) {
                Some((_, waker)) => waker.clone_from(cx.waker()),
                None => waiting.push((entity, cx.waker().clone())),
            }
            Poll::Pending
        })
        .await;
    }
}

#[cfg(test)]
mod tests {
    use std::future::Future;
    use std::pin::pin;
    use std::task::Context;

    use super::*;

    #[test]
    fn entities_below_the_number_go_on_and_the_rest_waits() {
        let parking = Parking::default();
        assert!(parking.wants(9_999));
        parking.set(1);
        let mut cx = Context::from_waker(Waker::noop());
        let (mut one, mut five) = (pin!(parking.wanted(1)), pin!(parking.wanted(5)));
        assert!(
            one.as_mut().poll(&mut cx).is_pending() && five.as_mut().poll(&mut cx).is_pending()
        );
        parking.set(3);
        assert!(one.poll(&mut cx).is_ready() && five.as_mut().poll(&mut cx).is_pending());
        assert_eq!(parking.waiting.borrow().len(), 1, "who goes on is forgotten");
        parking.set(2);
        parking.set(6);
        assert!(five.poll(&mut cx).is_ready());
    }
}
