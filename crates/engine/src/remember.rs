//! What a request wrote or read, handed to the history for the checks.

use super::choice::Chosen;
use super::environment::{Clock, Reply, Transport};
use super::history::{Begun, Read, found};
use super::shared::Shared;
use fwit_quantities::sample::{Outcome, Sample};

impl<T: Transport, C: Clock> Shared<T, C> {
    /// A request ended: at which node, and how.
    pub(crate) fn remember(
        &self,
        sample: &Sample,
        chosen: &Chosen,
        begun: Option<Begun>,
        reply: Option<&Reply>,
        (outcome, node): (Outcome, u16),
    ) {
        let mut history = self.history.borrow_mut();
        let Some(operation) = self.dialect.operations().get(chosen.op) else { return };
        if !history.is_on() {
            return;
        }
        // A refusal that is none: the work may have been done.
        let open = reply.is_some_and(|r| r.too_long || r.status == 408);
        let ended = if open { Outcome::Timeout } else { outcome };
        history.ended(operation, &chosen.key, begun, ended, sample.done);
        let text = reply.and_then(|r| r.text.as_deref()).filter(|_| outcome == Outcome::Ok);
        let value = text.and_then(|text| self.dialect.value(chosen.op, text));
        let found = reply.and_then(|_| found(outcome, value.as_deref()));
        let (start, _, _) = self.windows.get();
        let read = Read {
            op: sample.op,
            node,
            entity: sample.entity,
            key: &chosen.key,
            began: sample.issued,
            at_us: sample.issued.since(start).0,
        };
        if let Some(found) = found {
            history.read(operation, read, found);
        }
    }
}
