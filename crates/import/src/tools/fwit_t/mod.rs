//! Reads what fwit-t, insi's stress tester, prints in a terminal. Spec: its source,
//! <https://github.com/InsulaLabs/insi>, `cmd/fwit-t/main.go`. Made with: `./fwit-t --config-file
//! FILE --entities 50 --duration 10m`; it has no version.
//!
//! Several runs may stand in one text, between prompts, lines of logs, Markdown and colours, and
//! any part of a run may be missing.
//!
//! Reads: the command line, the line of the start, the table of entities with its totals, the
//! subscribers, the failures, times of lines of logs. Ignores: the sum of the subscribers, because
//! it is the sum of those.
//! Clock: lines of logs, wall clock with its zone, give the start; failures have whole seconds.
//! Loses: everything over time, and all of latencies but means: the text has no more.

mod lines;
mod run;

use self::lines::{Column, Mark, cell, clean, header, mark, plain, usual};
use self::run::{Run, SUBSCRIBERS_MAX, SUM_MAX, Stage, Sums, longer};
use super::Importer;
use crate::draft::Draft;
use crate::error::ImportError;
use crate::finish::stem;
use crate::input::Input;

/// The importer.
pub const LOG: Importer = Importer { tool: "fwit-t", form: "text", recognizes, read };

const FORM: &str = "fwit-t text";
/// Runs that are read: one more than are opened, so that it is told that there are more.
const RUNS: usize = 201;

fn recognizes(head: &[u8]) -> bool {
    let head = String::from_utf8_lossy(head);
    let has = |what: &str| head.contains(what);
    let table = has("Entity") && has("| Sets") && has("| Failures");
    let started = has("Stress test started! Duration: ") && has("Chaos Monkey");
    let sections = (has("Subscriber Summary ---") && has("(listening to "))
        || (has("Detailed Error Log ---") && has("] Entity '"));
    table || started || sections || has("\"service\":\"fwit-t\"")
}

fn read(input: &mut Input<'_>) -> Result<Vec<Draft>, ImportError> {
    let mut reading = Reading::default();
    let name = stem(input.name()).to_string();
    let mut number = 0;
    while let Some(line) = input.line()? {
        number += 1;
        let line = plain(&line).into_owned();
        reading.line(&line, number, input.line_has_end());
        if reading.done.len() >= RUNS {
            break;
        }
    }
    reading.next(Stage::Nothing);
    let mut runs = reading.done;
    let several = runs.len() > 1;
    for (i, run) in runs.iter_mut().enumerate() {
        if several && run.name.is_empty() {
            run.name = format!("fwit-t: {name}, run {}", i + 1);
        }
    }
    if runs.is_empty() {
        return Err(ImportError::empty(FORM, "there is no table of entities in it"));
    }
    Ok(runs)
}

#[derive(Debug, Default)]
struct Reading {
    done: Vec<Draft>,
    run: Run,
    heading: Option<String>,
    /// Whether something stands after the run that is no output of it.
    closed: bool,
}

impl Reading {
    /// Ends the run, and begins one that is as far as this.
    fn next(&mut self, stage: Stage) {
        if self.run.stage > Stage::Nothing {
            let mut run = std::mem::take(&mut self.run);
            if run.stage >= Stage::Started {
                run.finish();
                self.done.push(run.draft);
            }
        }
        self.run.stage = stage;
        self.run.draft.name = self.heading.take().unwrap_or_default();
        self.closed = false;
    }

    /// A part of a run comes: of this, or of a new one where this has it already.
    fn comes(&mut self, stage: Stage) {
        let again = stage == Stage::Setup && self.run.stage == Stage::Setup;
        if self.run.stage == Stage::Nothing || (self.run.stage >= stage && !again) {
            self.next(stage);
        }
        self.run.stage = stage;
        self.run.in_table = stage == Stage::Summary;
    }

    fn line(&mut self, line: &str, number: u64, has_end: bool) {
        let text = line.trim_matches(|c: char| c.is_whitespace() || c == '>');
        match mark(text) {
            Mark::Command(command) => {
                self.next(Stage::Command);
                self.run.before = None;
                self.run.command(command);
            }
            Mark::Setup(cluster) => {
                self.comes(Stage::Setup);
                self.run.fact("Cluster", cluster);
            }
            Mark::Started { planned_us, entities, chaos } => {
                self.comes(Stage::Started);
                self.run.planned_us = planned_us.or(self.run.planned_us);
                self.run.draft.entities_planned = entities.or(self.run.draft.entities_planned);
                let chaos = chaos.map(|on| if on { "deletes entities" } else { "off" });
                self.run.fact("Chaos", chaos);
            }
            Mark::Stopped => self.run.stopped = true,
            Mark::Summary => self.comes(Stage::Summary),
            Mark::Subscribers => self.comes(Stage::Subscribers),
            Mark::Errors => self.comes(Stage::Errors),
            Mark::Received(id, entity, events) => {
                if self.run.stage < Stage::Subscribers {
                    self.comes(Stage::Subscribers);
                }
                if let Some(subscriber) = self.run.subscriber(id) {
                    (subscriber.0, subscriber.1) = (entity.to_string(), Some(events.min(SUM_MAX)));
                }
            }
            Mark::Left(id, why) => {
                // What the end of the run does is no trouble.
                let normal = why.contains("close 1000") || lines::is_cut_off(why);
                if let Some(subscriber) = self.run.subscriber(id).filter(|_| !normal) {
                    subscriber.2 = Some(clean(why));
                }
            }
            Mark::Failed(at, entity, text) => {
                if self.run.stage < Stage::Errors {
                    self.comes(Stage::Errors);
                }
                self.run.failed(at, entity, text);
            }
            Mark::Log(at) => self.log(at, text),
            Mark::Heading(heading) => {
                self.closed = true;
                self.heading = Some(heading.to_string()).filter(|h| !h.is_empty());
            }
            Mark::Between => self.closed |= self.run.stage >= Stage::Summary,
            Mark::Other if text.contains('|') => {
                // Padding after the last number shows that it is whole.
                self.row(text, number, has_end || line.ends_with(' '));
            }
            Mark::Other => {}
        }
    }

    fn log(&mut self, at: i64, line: &str) {
        match self.run.stage >= Stage::Summary {
            // What comes after the run's end is of the next, if anything parts them.
            true if self.closed => {
                let heading = self.heading.take();
                self.next(Stage::Nothing);
                self.heading = heading;
            }
            true => return,
            false => {}
        }
        let started = self.run.stage == Stage::Started;
        longer(if started { &mut self.run.after } else { &mut self.run.before }, at);
        if let Some((entity, host)) = lines::connects(line)
            && self.run.hosts.len() < SUBSCRIBERS_MAX
        {
            self.run.hosts.insert(entity.to_string(), crate::error::clip(host));
        }
    }

    /// A line with bars: a header, an entity, totals, or nothing of ours.
    fn row(&mut self, text: &str, number: u64, whole: bool) {
        let cells: Vec<&str> = text.trim_matches('|').split('|').map(str::trim).collect();
        if let Some(columns) = header(&cells) {
            if !self.run.in_table || self.run.columns.is_some() {
                self.comes(Stage::Summary);
            }
            self.run.columns = Some(columns);
            return;
        }
        let Some((name, cells)) = cells.split_first() else { return };
        let read = |columns: &[Column]| -> Option<Sums> {
            let mut sums = Sums::default();
            for (column, text) in columns.iter().zip(cells) {
                match column {
                    Column::Op(op) => sums.ops.get_mut(*op)?.add(cell(text)?),
                    Column::Failures => sums.failures = cell(text)?.0,
                    Column::Unknown => {}
                }
            }
            (columns.len() == cells.len() && whole).then_some(sums)
        };
        if !self.run.in_table {
            // Its title and its header may be lost: then all of it must be right.
            let (Some(columns), true) =
                (usual(cells.len() + 1), cells.iter().all(|c| !c.is_empty()))
            else {
                return;
            };
            let means = cells.iter().any(|c| c.ends_with(')'));
            if read(&columns).is_none() || !means || name.is_empty() {
                return;
            }
            self.comes(Stage::Summary);
        }
        let run = &mut self.run;
        if cells.iter().all(|c| c.chars().all(|c| matches!(c, '-' | ':' | '='))) {
            return;
        }
        let columns = run.columns.clone().or_else(|| usual(cells.len() + 1));
        match columns.as_deref().and_then(read) {
            Some(sums) if *name == "TOTALS" => {
                run.totals = Some(sums);
                run.in_table = false;
            }
            Some(sums) => run.entity(name, &sums, number),
            None => run.damage(number),
        }
    }
}
