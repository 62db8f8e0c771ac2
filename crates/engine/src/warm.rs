//! Preflights before the load: the browser keeps their answers, and none falls into the measured
//! window.

use futures_util::future::join_all;

use super::environment::within;
use super::environment::{Call, Clock, Transport};
use super::shared::Shared;
use fwit_model::dialect::Request;
use fwit_model::plan::preflight::{self, AT_A_TIME};
use fwit_quantities::units::Micros;

/// How long the start waits for them.
const PATIENCE: Micros = Micros(10_000_000);

impl<T: Transport, C: Clock> Shared<T, C> {
    /// Asks every lane for the plan's paths that need a preflight, as many at a time as the load
    /// will. A GET does nothing there, and the browser keeps leave by address, not by method.
    pub async fn warm_preflights(&self, has_key: bool) {
        let paths = preflight::expected(&self.plan, has_key).warm;
        if paths.is_empty() {
            return;
        }
        let lanes = self.topology.borrow().bases();
        let all = join_all(lanes.iter().map(|(lane, base)| async {
            for path in &paths {
                let request = Request::get(path.clone());
                let call = Call {
                    lane: *lane,
                    base,
                    request: &request,
                    wants_text: &|_| false,
                    follow: false,
                };
                // What they answer does not matter.
                join_all((0..AT_A_TIME).map(|_| self.transport.send(&call))).await;
            }
        }));
        within(&self.clock, PATIENCE, all).await;
    }
}
