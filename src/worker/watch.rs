//! Watches the page and the machine during a run, and tells the run's instrument what happened.

use std::cell::RefCell;
use std::rc::Rc;

use super::Notes;
use crate::browser::pressure::Pressure;
use fwit_engine::instrument::Instrument;
use fwit_quantities::units::Micros;
use fwit_report::run::view::Disturbance;

/// Watches until it is dropped. What lasts longer than a run, such as a hidden tab, is told to the
/// next run too.
pub(super) struct Watch {
    notes: Notes,
    lasting: RefCell<Vec<Disturbance>>,
    pressure: Option<Pressure>,
}

impl Watch {
    /// Watches the machine, and what the page tells of itself.
    pub(super) fn new(notes: &Notes) -> Watch {
        let pending = Rc::clone(notes);
        let pressure = Pressure::watch(move |critical, now_ms| {
            pending.borrow_mut().push((Disturbance::Pressure, critical, now_ms));
        });
        Watch { notes: Rc::clone(notes), lasting: RefCell::default(), pressure }
    }

    /// Tells an instrument what happened since the last call.
    pub(super) fn tell(&self, instrument: &mut Instrument, now: Micros) {
        instrument.knows_pressure = self.pressure.is_some();
        let mut lasting = self.lasting.borrow_mut();
        for trouble in lasting.iter() {
            instrument.mark(*trouble, true, now);
        }
        for (trouble, begins, at_ms) in self.notes.take() {
            instrument.mark(trouble, begins, Micros::from_millis(at_ms));
            lasting.retain(|t| *t != trouble);
            if begins {
                lasting.push(trouble);
            }
        }
        instrument.wall_clock((js_sys::Date::now() * 1e3) as i64, now);
    }
}
