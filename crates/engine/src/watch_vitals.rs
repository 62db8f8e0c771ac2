//! Reads the nodes' vitals while a run lasts.

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;

use super::environment::{Call, Clock, Transport, within};
use super::shared::Shared;
use super::vitals::{Reading, read};
use fwit_quantities::units::Micros;

/// Time between two rounds; and where a node's text is longer than [`LONG`] bytes.
const EVERY: Micros = Micros(2_000_000);
const EVERY_LONG: Micros = Micros(10_000_000);
const LONG: u64 = 32_768;
/// How long one may take.
const PATIENCE: Micros = Micros(2_000_000);
impl<T: Transport, C: Clock> Shared<T, C> {
    /// Reads the nodes' vitals, again and again, where the dialect says how. Never ends there.
    pub async fn watch_vitals(&self) {
        // A simulated node has no process.
        if self.plan.cluster.sim.is_some() {
            return;
        }
        let (Some(request), Some(names)) =
            (self.dialect.vitals_request(), self.dialect.vital_names())
        else {
            return;
        };
        loop {
            let nodes = self.plan.cluster.nodes.len() as u16;
            let at = self.clock.now();
            let request = &request;
            let mut asked: FuturesUnordered<_> = (0..nodes)
                .filter(|node| self.vitals.borrow().wants(*node))
                .map(|node| async move {
                    let found = within(&self.clock, PATIENCE, self.metrics(node, request)).await;
                    (node, found.flatten().map(|text| (text, self.clock.now())))
                })
                .collect();
            if asked.is_empty() {
                return;
            }
            let (mut readings, mut longest) = (Vec::new(), 0);
            while let Some((node, text)) = asked.next().await {
                longest = longest.max(text.as_ref().map_or(0, |(text, _)| text.len() as u64));
                let reading =
                    text.and_then(|(text, at)| Some(Reading { at, values: read(&text, &names)? }));
                readings.push((node, reading));
            }
            drop(asked);
            self.vitals.borrow_mut().add(at, &readings);
            let pause = if longest > LONG { EVERY_LONG } else { EVERY };
            self.clock.sleep_until(at + pause).await;
        }
    }

    async fn metrics(
        &self,
        node: u16,
        request: &fwit_model::dialect::Request<'_>,
    ) -> Option<String> {
        let (lane, base) = self.topology.borrow().first_lane(node)?;
        let _permit = self.slots.acquire_first(lane).await;
        self.recorder.borrow_mut().status_request(node);
        let call = Call { lane, base: &base, request, wants_text: &|_| true, follow: false };
        let reply = self.transport.send(&call).await.ok()?;
        reply.text.filter(|_| reply.status == 200)
    }
}
