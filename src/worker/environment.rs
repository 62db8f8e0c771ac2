//! What the engine runs on: the browser's network and clock, or a simulated cluster and its clock.
//!
//! One type stands for both, so that the engine is compiled once.

use std::cell::Cell;
use std::future::Future;

use gloo_timers::future::TimeoutFuture;

use crate::browser::clock::BrowserClock;
use crate::browser::event_stream::BrowserEvents;
use crate::browser::transport::FetchTransport;
use fwit_engine::environment::{
    Call, Clock, EventStream, NoAnswer, Reply, Room, StreamItem, Transport,
};
use fwit_engine::sim::clock::VirtualClock;
use fwit_engine::sim::transport::{SimEvents, SimTransport};
use fwit_model::dialect::Stream;
use fwit_model::plan::BaseUrl;
use fwit_quantities::sample::WireTiming;
use fwit_quantities::units::Micros;

/// The browser's clock, or a simulation's.
#[derive(Clone, Debug)]
pub(super) enum AnyClock {
    /// The browser's.
    Real(BrowserClock),
    /// The simulation's.
    Virtual(VirtualClock),
}

impl Clock for AnyClock {
    fn now(&self) -> Micros {
        match self {
            AnyClock::Real(clock) => clock.now(),
            AnyClock::Virtual(clock) => clock.now(),
        }
    }

    async fn sleep_until(&self, at: Micros) {
        match self {
            AnyClock::Real(clock) => clock.sleep_until(at).await,
            AnyClock::Virtual(clock) => clock.sleep_until(at).await,
        }
    }
}

/// The browser's network, or a simulated cluster.
#[derive(Clone, Debug)]
pub(super) enum AnyTransport {
    /// The browser's network.
    Fetch(FetchTransport),
    /// A simulated cluster.
    Simulated(SimTransport),
}

impl Transport for AnyTransport {
    type Events = AnyEvents;

    async fn send(&self, call: &Call<'_>) -> Result<Reply, NoAnswer> {
        match self {
            AnyTransport::Fetch(transport) => transport.send(call).await,
            AnyTransport::Simulated(transport) => transport.send(call).await,
        }
    }

    fn take_wire(&self) -> Vec<(u64, Option<WireTiming>)> {
        match self {
            AnyTransport::Fetch(transport) => transport.take_wire(),
            AnyTransport::Simulated(transport) => transport.take_wire(),
        }
    }

    fn subscribe(&self, base: &BaseUrl, stream: &Stream) -> AnyEvents {
        match self {
            AnyTransport::Fetch(transport) => AnyEvents::Fetch(transport.subscribe(base, stream)),
            AnyTransport::Simulated(transport) => {
                AnyEvents::Simulated(transport.subscribe(base, stream))
            }
        }
    }

    fn room(&self) -> Room {
        match self {
            AnyTransport::Fetch(transport) => transport.room(),
            AnyTransport::Simulated(transport) => transport.room(),
        }
    }
}

/// An event stream of either network.
pub(super) enum AnyEvents {
    /// The browser's.
    Fetch(BrowserEvents),
    /// A simulated event stream.
    Simulated(SimEvents),
}

impl EventStream for AnyEvents {
    async fn next(&mut self) -> Result<StreamItem, NoAnswer> {
        match self {
            AnyEvents::Fetch(events) => events.next().await,
            AnyEvents::Simulated(events) => events.next().await,
        }
    }
}

/// Longest stretch of simulation before the worker listens again.
const SLICE: Micros = Micros(50_000);

/// Carries simulated work out in slices of the browser's time, so that the worker reads a Stop
/// between two of them.
///
/// # Errors
/// When the work waits for something that never comes.
pub(super) async fn simulate<F: Future>(
    time: &VirtualClock,
    clock: &BrowserClock,
    work: F,
) -> Result<F::Output, String> {
    let slice = Cell::new(clock.now());
    let over = || clock.now().since(slice.get()) >= SLICE;
    let rest = async || {
        TimeoutFuture::new(0).await;
        slice.set(clock.now());
    };
    time.run_in_slices(work, over, rest).await.map_err(|e| e.to_string())
}
