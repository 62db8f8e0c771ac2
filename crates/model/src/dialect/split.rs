//! Messages of an event stream that comes in pieces, as a body is read: JSON values one after
//! another, server-sent events, or one answer of a long poll.

use super::words::StreamKind;

/// Longest message that is waited for, bytes.
const MESSAGE_MAX: usize = 1 << 20;
/// Longest answer of a long poll, bytes: it holds all that came since the last one.
const ANSWER_MAX: usize = 16 << 20;

/// What a stream's text is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// A message.
    Message(String),
    /// The stream's position after what came so far: the `id` of server-sent events.
    Position(String),
}

/// Puts pieces together to messages.
#[derive(Debug)]
pub struct Splitter {
    kind: StreamKind,
    rest: String,
    /// The answer of a long poll grew too long.
    too_long: bool,
    /// JSON: bytes of `rest` that were looked at.
    seen: usize,
    depth: u32,
    in_text: bool,
    escaped: bool,
}

impl Splitter {
    /// For a stream of that kind.
    #[must_use]
    pub fn new(kind: StreamKind) -> Splitter {
        Splitter {
            kind,
            rest: String::new(),
            too_long: false,
            seen: 0,
            depth: 0,
            in_text: false,
            escaped: false,
        }
    }

    /// The messages that are whole with this piece. One that grows too long is dropped, and what
    /// comes after it is looked at afresh.
    pub fn push(&mut self, piece: &str) -> Vec<Part> {
        self.rest.push_str(piece);
        let messages = match self.kind {
            StreamKind::Json => self.values().into_iter().map(Part::Message).collect(),
            StreamKind::Sse => self.events(),
            StreamKind::Websocket => vec![Part::Message(std::mem::take(&mut self.rest))],
            StreamKind::Poll => Vec::new(),
        };
        let most = if self.kind == StreamKind::Poll { ANSWER_MAX } else { MESSAGE_MAX };
        if self.rest.len() > most {
            *self = Splitter { too_long: true, ..Splitter::new(self.kind) };
        }
        messages
    }

    /// The message that is whole because the answer ended: a long poll's.
    ///
    /// # Errors
    /// It was too long: a sentence's end.
    pub fn end(&mut self) -> Result<Option<String>, String> {
        if self.kind == StreamKind::Poll && self.too_long {
            return Err(format!("an answer is longer than {} MiB", ANSWER_MAX >> 20));
        }
        let whole = self.kind == StreamKind::Poll && !self.rest.is_empty();
        Ok(whole.then(|| std::mem::take(&mut self.rest)))
    }

    /// JSON objects and lists; what stands between them is no message.
    fn values(&mut self) -> Vec<String> {
        let mut messages = Vec::new();
        let mut start = 0;
        for (at, byte) in self.rest.bytes().enumerate().skip(self.seen) {
            if self.in_text {
                match byte {
                    _ if self.escaped => self.escaped = false,
                    b'\\' => self.escaped = true,
                    b'"' => self.in_text = false,
                    _ => {}
                }
                continue;
            }
            match byte {
                b'"' if self.depth > 0 => self.in_text = true,
                b'{' | b'[' => {
                    if self.depth == 0 {
                        start = at;
                    }
                    self.depth += 1;
                }
                b'}' | b']' if self.depth > 0 => {
                    self.depth -= 1;
                    if self.depth == 0 {
                        messages.extend(self.rest.get(start..=at).map(ToString::to_string));
                        start = at + 1;
                    }
                }
                _ if self.depth == 0 => start = at + 1,
                _ => {}
            }
        }
        // Starts and ends are ASCII or follow whole characters only where a value begins.
        while !self.rest.is_char_boundary(start) {
            start += 1;
        }
        self.rest.drain(..start);
        self.seen = self.rest.len();
        messages
    }

    /// Events end with an empty line; the `data` lines are the message (HTML standard, 9.2).
    fn events(&mut self) -> Vec<Part> {
        let (mut messages, mut data, mut id) = (Vec::new(), Vec::new(), None);
        // Where the event under way begins, and the line.
        let (mut start, mut line) = (0, 0);
        while let Some(length) = self.rest[line..].find(['\n', '\r']) {
            let end = line + length;
            let next = match self.rest.as_bytes().get(end..) {
                Some([b'\r', b'\n', ..]) => end + 2,
                // Perhaps a line feed follows in the next piece.
                Some([b'\r']) => break,
                _ => end + 1,
            };
            let text = &self.rest[line..end];
            if let Some(more) = text.strip_prefix("data:") {
                data.push(more.strip_prefix(' ').unwrap_or(more));
            }
            if let Some(more) = text.strip_prefix("id:") {
                id = Some(more.strip_prefix(' ').unwrap_or(more));
            }
            if text.is_empty() {
                if !data.is_empty() {
                    messages.push(Part::Message(data.join("\n")));
                    data.clear();
                }
                messages.extend(id.take().map(|id| Part::Position(id.to_string())));
                start = next;
            }
            line = next;
        }
        drop(data);
        self.rest.drain(..start);
        messages
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn split(kind: StreamKind, pieces: &[&str]) -> Vec<String> {
        let mut splitter = Splitter::new(kind);
        let parts = pieces.iter().flat_map(|piece| splitter.push(piece)).collect::<Vec<_>>();
        let text = |part| match part {
            Part::Message(text) => text,
            Part::Position(id) => format!("at {id}"),
        };
        parts.into_iter().map(text).chain(splitter.end().unwrap()).collect()
    }

    #[test]
    fn values_stand_with_and_without_lines_between_them() {
        let pieces = ["{\"a\":\"}\\\"{\"}\n{\"b\":", "[1,{}]}[2]", " é, {\"c\"", ":\"é\"}"];
        let expected = ["{\"a\":\"}\\\"{\"}", "{\"b\":[1,{}]}", "[2]", "{\"c\":\"é\"}"];
        assert_eq!(split(StreamKind::Json, &pieces), expected);
    }

    #[test]
    fn server_sent_events_are_their_data() {
        let pieces = [": hi\n\nid: 1\nda", "ta: a\ndata:b\n\nevent: x\r\ndata: c\r\n\r\n"];
        assert_eq!(split(StreamKind::Sse, &pieces), ["a\nb", "at 1", "c"]);
        // An id counts with the empty line, also without data.
        assert_eq!(split(StreamKind::Sse, &["id: 7-1\n\nid:8\n"]), ["at 7-1"]);
    }

    #[test]
    fn an_answer_of_a_long_poll_is_one_message() {
        assert_eq!(split(StreamKind::Poll, &["{\"a\":", "1}\n"]), ["{\"a\":1}\n"]);
        assert!(split(StreamKind::Poll, &[""]).is_empty());
        // One that is too long breaks the stream: what is in it would be lost without a word.
        let mut splitter = Splitter::new(StreamKind::Poll);
        splitter.push(&"a".repeat(ANSWER_MAX));
        splitter.push("b");
        assert!(splitter.rest.is_empty() && splitter.end().unwrap_err().contains("16 MiB"));
    }

    #[test]
    fn an_endless_message_fills_no_memory() {
        let mut splitter = Splitter::new(StreamKind::Json);
        splitter.push("{");
        for _ in 0..200 {
            assert!(splitter.push(&"a".repeat(10_000)).is_empty());
            assert!(splitter.rest.len() <= MESSAGE_MAX + 10_000);
        }
        let mut events = Splitter::new(StreamKind::Sse);
        events.push(&"b".repeat(MESSAGE_MAX + 1));
        assert!(events.rest.is_empty());
    }

    proptest! {
        #[test]
        fn pieces_may_be_cut_anywhere(text in "[{}\\[\\]\"\\\\a\n: é]{0,60}", cut in 0_usize..60) {
            for kind in [StreamKind::Json, StreamKind::Sse, StreamKind::Poll] {
                let at = (0..=cut.min(text.len())).rev().find(|at| text.is_char_boundary(*at));
                let (a, b) = text.split_at(at.unwrap_or_default());
                prop_assert_eq!(split(kind, &[a, b]), split(kind, &[&text]));
            }
        }
    }
}
