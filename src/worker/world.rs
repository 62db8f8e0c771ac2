//! The worker's two worlds behind one pair of doors: the engine is compiled once, not once a world. A page is
//! downloaded, and the engine is a tenth of it.

use std::cell::Cell;
use std::future::Future;

use gloo_timers::future::TimeoutFuture;

use crate::browser::clock::BrowserClock;
use crate::browser::event_stream::SocketEvents;
use crate::browser::transport::FetchTransport;
use crate::entity::world::{Call, Clock, EventStream, NoAnswer, Reply, Room, StreamItem, Transport};
use crate::sample::WireTiming;
use crate::sim::clock::VirtualClock;
use crate::sim::transport::{SimEvents, SimTransport};
use crate::units::Micros;

/// The browser's time, or a simulation's.
#[derive(Clone, Debug)]
pub(super) enum Time {
    /// The browser's.
    Real(BrowserClock),
    /// The simulation's.
    Virtual(VirtualClock),
}

impl Clock for Time {
    fn now(&self) -> Micros {
        match self {
            Time::Real(clock) => clock.now(),
            Time::Virtual(clock) => clock.now(),
        }
    }

    async fn sleep_until(&self, at: Micros) {
        match self {
            Time::Real(clock) => clock.sleep_until(at).await,
            Time::Virtual(clock) => clock.sleep_until(at).await,
        }
    }
}

/// The browser's network, or a simulated cluster.
#[derive(Clone, Debug)]
pub(super) enum Way {
    /// The browser's network.
    Fetch(FetchTransport),
    /// A simulated cluster.
    Simulated(SimTransport),
}

impl Transport for Way {
    type Events = Events;

    async fn send(&self, call: &Call<'_>) -> Result<Reply, NoAnswer> {
        match self {
            Way::Fetch(way) => way.send(call).await,
            Way::Simulated(way) => way.send(call).await,
        }
    }

    fn take_wire(&self) -> Vec<(u64, Option<WireTiming>)> {
        match self {
            Way::Fetch(way) => way.take_wire(),
            Way::Simulated(way) => way.take_wire(),
        }
    }

    fn subscribe(&self, url: &str) -> Events {
        match self {
            Way::Fetch(way) => Events::Socket(way.subscribe(url)),
            Way::Simulated(way) => Events::Simulated(way.subscribe(url)),
        }
    }

    fn room(&self) -> Room {
        match self {
            Way::Fetch(way) => way.room(),
            Way::Simulated(way) => way.room(),
        }
    }
}

/// An event stream of one of the two.
pub(super) enum Events {
    /// A WebSocket.
    Socket(SocketEvents),
    /// A simulated one.
    Simulated(SimEvents),
}

impl EventStream for Events {
    async fn next(&mut self) -> Result<StreamItem, NoAnswer> {
        match self {
            Events::Socket(events) => events.next().await,
            Events::Simulated(events) => events.next().await,
        }
    }
}

/// Longest stretch of simulation before the worker listens again.
const SLICE: Micros = Micros(50_000);

/// Carries simulated work out in slices of the browser's time, so that the worker hears Stop meanwhile.
///
/// # Errors
/// The work waits for something that never comes, in words.
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
