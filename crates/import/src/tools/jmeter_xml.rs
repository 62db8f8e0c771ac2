//! Reads JMeter's results (JTL) as XML. Spec:
//! <https://jmeter.apache.org/usermanual/listeners.html#xmlformat2.1>. Made with:
//! `jmeter -n -t plan.jmx -l FILE -Jjmeter.save.saveservice.output_format=xml`, version 2.13
//! (Debian).
//!
//! Reads: t, ts, lb, rc, rm, tn, s and na of samples, their URL and the message of the first
//! assertion that failed. Ignores: lt, ct, it, by, because a run of fwit has no place for parts of
//! a request; headers, request and response data, because they may hold passwords.
//! Clock and latency: as in CSV, see `jmeter.rs`.
//! Counts: a sample in a sample (a hop of a redirect, an image of a page, a request of a
//! transaction) is a part of it and is not counted, as in JMeter's own summary.
//! Loses: the method, unless the label begins with it.

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use super::Importer;
use super::jmeter::{Row, Run, finish, next};
use crate::draft::Draft;
use crate::error::{ImportError, clip};
use crate::input::{Input, failed};
use crate::rows::{Bounded, short, too_long};

/// The importer.
pub const XML: Importer =
    Importer { tool: "JMeter", form: "XML", recognizes: is_xml, read: read_xml };

fn is_xml(head: &[u8]) -> bool {
    let head = head.trim_ascii_start();
    head.starts_with(b"<") && head.windows(12).any(|w| w == b"<testResults")
}

fn row_of(element: &BytesStart<'_>) -> Row {
    let mut row = Row::default();
    for attribute in element.attributes().with_checks(false).flatten() {
        let slot = match attribute.key.as_ref() {
            b"ts" => &mut row.started,
            b"t" => &mut row.elapsed,
            b"lb" => &mut row.label,
            b"rc" => &mut row.code,
            b"rm" => &mut row.message,
            b"tn" => &mut row.thread,
            b"s" => &mut row.success,
            b"na" => &mut row.threads,
            _ => continue,
        };
        *slot = match attribute.unescape_value() {
            Ok(text) => short(text.trim()).to_string(),
            Err(_) => short(&String::from_utf8_lossy(&attribute.value)).to_string(),
        };
    }
    row
}

fn is_sample(name: &[u8]) -> bool {
    matches!(name, b"httpSample" | b"sample")
}

/// Where a reader of XML is: the sample it is in, and how deep.
#[derive(Default)]
struct Place {
    depth: usize,
    sample: Option<(Row, u64)>,
    /// Depth of a sample in a sample, of which nothing but a redirect is read.
    inner: Option<usize>,
    text: Option<Field>,
}

#[derive(Clone, Copy)]
enum Field {
    Url,
    Failure,
}

fn read_xml(input: &mut Input<'_>) -> Result<Vec<Draft>, ImportError> {
    const FORM: &str = "JMeter XML";
    let (bounded, allowance) = Bounded::new(input.reader());
    let mut xml = Reader::from_reader(bounded);
    let mut buffer = Vec::new();
    let mut runs = vec![Run::new("XML")];
    let mut at = Place::default();
    let mut samples = 0_u64;
    let ended = loop {
        buffer.clear();
        allowance.renew();
        match xml.read_event_into(&mut buffer) {
            Ok(Event::Eof) => break (at.depth > 0).then(|| "it ends in an element".to_string()),
            Ok(Event::Start(e)) => {
                if at.depth == 0 && samples > 0 && e.name().as_ref() == b"testResults" {
                    if !next(&mut runs, "XML") {
                        break None;
                    }
                    samples = 0;
                }
                at.depth += 1;
                at.open(&e, samples + 1);
            }
            Ok(Event::Empty(e)) => {
                at.depth += 1;
                at.open(&e, samples + 1);
                samples += at.close(&mut runs);
            }
            Ok(Event::End(_)) => samples += at.close(&mut runs),
            Ok(Event::Text(text)) => at.said(&text.decode().unwrap_or_default()),
            Ok(Event::CData(text)) => at.said(&text.decode().unwrap_or_default()),
            Ok(Event::GeneralRef(name)) => at.said(match &*name {
                b"amp" => "&",
                b"lt" => "<",
                b"gt" => ">",
                b"quot" => "\"",
                b"apos" => "'",
                _ => " ",
            }),
            Ok(_) => {}
            Err(quick_xml::Error::Io(io)) if !too_long(&io) => return Err(failed(&io)),
            Err(error) => break Some(clip(&error.to_string())),
        }
    };
    let byte = xml.buffer_position();
    let any = runs.len() > 1 || samples > 0;
    match (ended, runs.last_mut()) {
        (Some(what), _) if !any => {
            return Err(ImportError::broken(FORM, format!("byte {byte}"), what));
        }
        (Some(what), Some(run)) => run.requests.warn(format!(
            "The file is cut off or damaged at byte {byte} ({what}): what was whole before it \
             counts."
        )),
        _ => {}
    }
    finish(FORM, runs)
}

impl Place {
    fn open(&mut self, element: &BytesStart<'_>, number: u64) {
        let name = element.name();
        if is_sample(name.as_ref()) {
            match &mut self.sample {
                None if self.depth == 2 => self.sample = Some((row_of(element), number)),
                None => {}
                Some((row, _)) => {
                    row.redirected |= row_of(element).code.starts_with('3');
                    self.inner = self.inner.or(Some(self.depth));
                }
            }
        }
        self.text = match name.as_ref() {
            b"java.net.URL" if self.inner.is_none() => Some(Field::Url),
            b"failureMessage" if self.inner.is_none() => Some(Field::Failure),
            _ => None,
        };
    }

    /// An element ends; 1 where it was a sample.
    fn close(&mut self, runs: &mut [Run]) -> u64 {
        self.text = None;
        if self.inner == Some(self.depth) {
            self.inner = None;
        }
        let ended = if self.depth == 2 { self.sample.take() } else { None };
        self.depth = self.depth.saturating_sub(1);
        let (Some((row, number)), Some(run)) = (ended, runs.last_mut()) else { return 0 };
        run.add(&row, number);
        1
    }

    fn said(&mut self, text: &str) {
        let (Some(field), Some((row, _))) = (self.text, &mut self.sample) else { return };
        let slot = match field {
            Field::Url => &mut row.url,
            Field::Failure => &mut row.failure,
        };
        if slot.len() < 2_000 {
            slot.extend(text.chars().take(2_000));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_in_samples_are_parts_and_entities_are_not_expanded() {
        let text = "<?xml version=\"1.0\"?><!DOCTYPE x [<!ENTITY a \"b\">]><testResults version=\"1.2\">\
            <httpSample t=\"9\" ts=\"1795814721500\" s=\"true\" lb=\"a &amp; b &a;\" rc=\"200\">\
            <httpSample t=\"4\" ts=\"1795814721500\" s=\"true\" lb=\"in\" rc=\"302\"/>\
            <java.net.URL>http://u:p@h:1/x?a=1&amp;b=2</java.net.URL></httpSample>\
            <sample t=\"1\" ts=\"1795814721600\" s=\"false\" lb=\"c\" rc=\"500\"></testResu";
        let mut drafts = read_xml(&mut Input::new("x", text.as_bytes()).unwrap()).unwrap();
        let run = drafts.remove(0).finish("x").unwrap();
        assert_eq!(run.totals.len(), 1);
        assert_eq!(run.counts[0].redirected, 1);
        assert!(!fwit_model::json::write(&run).contains("u:p"));
    }
}
