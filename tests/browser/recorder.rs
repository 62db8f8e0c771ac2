//! What recording costs, where it happens: time a sample, and memory, which does not grow with
//! their number.

use fwit_engine::environment::Clock;
use fwit_quantities::sample::{Outcome, Protocol, Sample, WireTiming};
use fwit_quantities::units::Micros;
use fwit_stats::random::Stream;
use fwit_stats::recorder::Recorder;
use wasm_bindgen_test::{console_log, wasm_bindgen_test};

use super::clock;

/// Ten minutes, as long as the default plan.
const RUN: Micros = Micros(600_000_000);
const SAMPLES: u64 = if cfg!(debug_assertions) { 100_000 } else { 1_000_000 };
const PAGE: usize = 65_536;

/// Records that many requests evenly over the whole run, each as the engine does.
fn record(recorder: &mut Recorder, dice: &mut Stream) {
    for n in 0..SAMPLES {
        let due = Micros(n * RUN.0 / SAMPLES);
        let roll = dice.bits();
        let (node, op, entity) = ((roll % 3) as u16, (roll / 3 % 9) as u8, (roll / 27 % 50) as u32);
        // From 1 to 64 ms.
        let service = Micros(1_000 << (roll >> 60 & 3) | roll >> 32 & 0xfff);
        let issued = due + Micros(roll >> 20 & 0xff);
        recorder.wait_begins(due);
        recorder.wait_ends(issued);
        recorder.issued(op, node, issued);
        let sample = Sample {
            entity,
            op,
            asked: node,
            answered: Some(node),
            redirected: false,
            due,
            issued,
            sent: issued,
            redirect: Micros::ZERO,
            done: issued + service,
            outcome: Outcome::Ok,
        };
        recorder.ended(sample, Some(node), None, Some(n));
        let wire = WireTiming {
            request_start: issued + Micros(200),
            response_start: issued + service - Micros(150),
            response_end: issued + service - Micros(100),
            connect: Micros::ZERO,
            new_connection: false,
            from_cache: false,
            server: Some(service - Micros(500)),
            protocol: Protocol::Http1,
        };
        recorder.wire(n, Some(&wire));
    }
}

#[wasm_bindgen_test]
fn memory_does_not_grow_with_the_number_of_samples() {
    let clock = clock();
    let (mut dice, size) =
        (Stream::new(1, "samples", 0), || core::arch::wasm32::memory_size(0) * PAGE);
    let mut recorder = Recorder::new(9, 3, 50, Micros::ZERO, (Micros::ZERO, RUN));
    let mut figures = Vec::new();
    for _ in 0..3 {
        let (before, start) = (size(), clock.now());
        record(&mut recorder, &mut dice);
        figures.push((clock.now().since(start).0 * 1_000 / SAMPLES, size() - before));
    }
    assert_eq!(recorder.pending(), 0);
    for (turn, (ns, bytes)) in figures.iter().enumerate() {
        console_log!(
            "recorder, {SAMPLES} samples of ten minutes, turn {turn}: {ns} ns a sample, {bytes} \
             bytes more"
        );
    }
    // Values that were never seen before may still open a new cell here and there.
    let later: usize = figures.iter().skip(1).map(|f| f.1).sum();
    assert!(later <= figures[0].1 / 2, "{figures:?}");
}
