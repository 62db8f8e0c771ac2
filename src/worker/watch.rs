//! What happens to the page and the machine during a run, told to the instrument of the run under way.

use std::cell::RefCell;
use std::rc::Rc;

use super::Notes;
use crate::browser::pressure::Pressure;
use crate::entity::instrument::Instrument;
use crate::run::view::Trouble;
use crate::units::Micros;

/// Listens as long as it lives. What lasts longer than a run (a hidden tab) is told to the next run too.
pub(super) struct Watch {
    notes: Notes,
    lasting: RefCell<Vec<Trouble>>,
    pressure: Option<Pressure>,
}

impl Watch {
    /// Watches the machine, and what the page notes of itself.
    pub(super) fn new(notes: &Notes) -> Watch {
        let heard = Rc::clone(notes);
        let pressure = Pressure::watch(move |serious, now_ms| {
            heard.borrow_mut().push((Trouble::Pressure, serious, now_ms));
        });
        Watch { notes: Rc::clone(notes), lasting: RefCell::default(), pressure }
    }

    /// Tells an instrument what there was since the last time.
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
