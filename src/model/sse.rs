//! Server-sent events out of bytes that come in any pieces: the same bytes give the same events, wherever they were cut.
//!
//! Source: WHATWG HTML, section 9.2.6, "Interpreting an event stream". What a browser needs beside that (`id`, `retry`) is
//! passed over. An event without its blank line at the end of the stream is none, as it says there.

use std::collections::VecDeque;
use std::mem;

/// One event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Its `event:`; empty where it has none.
    pub name: String,
    /// Its `data:` lines, with a newline between them.
    pub data: String,
}

/// Why a stream cannot be read on. Events before it were whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SseError {
    /// A line that does not end, or is not worth its memory.
    #[error("a line of its stream is longer than {cap} bytes")]
    LongLine {
        /// What is allowed.
        cap: usize,
    },
    /// An event of too many lines.
    #[error("an event of its stream is longer than {cap} bytes")]
    LongEvent {
        /// What is allowed.
        cap: usize,
    },
    /// Bytes that are no UTF-8.
    #[error("its stream is not UTF-8")]
    NotText,
}

/// Takes bytes, gives events.
#[derive(Debug)]
pub struct Decoder {
    cap: usize,
    line: Vec<u8>,
    /// Whether the last byte was a carriage return, to which a newline would belong.
    after_return: bool,
    /// Whether no line has ended yet: a byte order mark may stand here.
    first: bool,
    name: String,
    data: String,
    /// Whether there was any `data:`, which may be empty.
    has_data: bool,
    ready: VecDeque<Event>,
    broken: Option<SseError>,
}

impl Decoder {
    /// At most `cap` bytes are kept of a line, and of the lines of an event together.
    pub fn new(cap: usize) -> Self {
        Self {
            cap,
            line: Vec::new(),
            after_return: false,
            first: true,
            name: String::new(),
            data: String::new(),
            has_data: false,
            ready: VecDeque::new(),
            broken: None,
        }
    }

    /// Takes the next bytes. After an error it takes no more.
    pub fn push(&mut self, bytes: &[u8]) {
        let mut rest = bytes;
        while let (Some(first), None) = (rest.first(), self.broken) {
            if mem::take(&mut self.after_return) && *first == b'\n' {
                rest = &rest[1..];
                continue;
            }
            let end = rest.iter().position(|byte| matches!(byte, b'\n' | b'\r'));
            let part = &rest[..end.unwrap_or(rest.len())];
            if self.line.len() + part.len() > self.cap {
                self.broken = Some(SseError::LongLine { cap: self.cap });
                return;
            }
            self.line.extend_from_slice(part);
            let Some(end) = end else { return };
            self.after_return = rest[end] == b'\r';
            rest = &rest[end + 1..];
            self.broken = self.end_line().err();
        }
    }

    /// The next event that is whole; the error comes after all that were.
    pub fn event(&mut self) -> Result<Option<Event>, SseError> {
        match (self.ready.pop_front(), self.broken) {
            (Some(event), _) => Ok(Some(event)),
            (None, Some(error)) => Err(error),
            (None, None) => Ok(None),
        }
    }

    fn end_line(&mut self) -> Result<(), SseError> {
        let line = mem::take(&mut self.line);
        let text = std::str::from_utf8(&line).map_err(|_| SseError::NotText)?;
        let text = if mem::take(&mut self.first) { text.strip_prefix('\u{feff}').unwrap_or(text) } else { text };
        let taken = self.take(text);
        // Its memory is of use for the next line.
        self.line = line;
        self.line.clear();
        taken
    }

    fn take(&mut self, line: &str) -> Result<(), SseError> {
        if line.is_empty() {
            self.end_event();
            return Ok(());
        }
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "data" => {
                if mem::replace(&mut self.has_data, true) {
                    self.data.push('\n');
                }
                if self.data.len() + value.len() > self.cap {
                    return Err(SseError::LongEvent { cap: self.cap });
                }
                self.data.push_str(value);
            }
            "event" => value.clone_into(&mut self.name),
            // A comment, a field for browsers, or one that nobody knows.
            _ => {}
        }
        Ok(())
    }

    fn end_event(&mut self) {
        let (name, data) = (mem::take(&mut self.name), mem::take(&mut self.data));
        if mem::take(&mut self.has_data) {
            self.ready.push_back(Event { name, data });
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// All events, and how it ended.
    fn read(cap: usize, chunks: &[&[u8]]) -> (Vec<Event>, Option<SseError>) {
        let mut decoder = Decoder::new(cap);
        let mut events = Vec::new();
        for chunk in chunks {
            decoder.push(chunk);
            loop {
                match decoder.event() {
                    Ok(Some(event)) => events.push(event),
                    Ok(None) => break,
                    Err(error) => return (events, Some(error)),
                }
            }
        }
        (events, None)
    }

    fn events(text: &str) -> Vec<(String, String)> {
        let (events, error) = read(1 << 20, &[text.as_bytes()]);
        assert_eq!(error, None);
        events.into_iter().map(|event| (event.name, event.data)).collect()
    }

    fn pair(name: &str, data: &str) -> (String, String) {
        (name.to_owned(), data.to_owned())
    }

    #[test]
    fn names_data_and_comments_are_told_apart_whatever_ends_a_line() {
        for end in ["\n", "\r", "\r\n"] {
            let text =
                "event: a\ndata: 1\n\n: a comment\nid: 7\nretry: 9\ndata:two\ndata:  lines\n\nevent: none\n\ndata\n\n";
            let expected = vec![pair("a", "1"), pair("", "two\n lines"), pair("", "")];
            assert_eq!(events(&text.replace('\n', end)), expected, "{end:?}");
        }
    }

    #[test]
    fn one_byte_order_mark_at_the_beginning_is_no_part_of_a_field() {
        assert_eq!(events("\u{feff}data: 1\n\n"), [pair("", "1")]);
        assert_eq!(events("\u{feff}\u{feff}data: 1\n\n"), []);
        assert_eq!(events(":\n\u{feff}data: 1\n\n"), []);
    }

    #[test]
    fn an_event_without_its_blank_line_is_none() {
        assert_eq!(events("data: 1\n\ndata: 2\n"), [pair("", "1")]);
    }

    #[test]
    fn what_is_too_long_or_no_text_ends_the_stream_after_what_was_whole() {
        let whole = || Event { name: String::new(), data: "1".to_owned() };
        let long = format!("data: 1\n\ndata: {}", "x".repeat(100));
        assert_eq!(read(50, &[long.as_bytes()]), (vec![whole()], Some(SseError::LongLine { cap: 50 })));
        let many = format!("data: 1\n\n{}", "data: 123456789\n".repeat(6));
        assert_eq!(read(50, &[many.as_bytes()]), (vec![whole()], Some(SseError::LongEvent { cap: 50 })));
        assert_eq!(read(50, &[b"data: 1\n\ndata: \xff\n\ndata: 2\n\n"]), (vec![whole()], Some(SseError::NotText)));
    }

    #[test]
    fn as_much_as_is_allowed_is_taken() {
        let data = "x".repeat(44);
        assert_eq!(read(50, &[format!("data: {data}\n\n").as_bytes()]).1, None);
        assert_eq!(read(49, &[format!("data: {data}\n\n").as_bytes()]).1, Some(SseError::LongLine { cap: 49 }));
    }

    /// What a stream is made of, so that chance meets more than noise.
    fn piece() -> impl Strategy<Value = Vec<u8>> {
        let known: Vec<&'static [u8]> = vec![
            b"\n",
            b"\r",
            b"\r\n",
            b"data: ",
            b"data:",
            b"data",
            b"event: ",
            b": ",
            b"\xef\xbb\xbf",
            "é🎉".as_bytes(),
            b"{\"a\":1}",
        ];
        prop_oneof![
            8 => proptest::sample::select(known).prop_map(<[u8]>::to_vec),
            1 => proptest::collection::vec(any::<u8>(), 0..12),
        ]
    }

    proptest! {
        #[test]
        fn any_split_gives_the_same_events_and_the_same_end(
            pieces in proptest::collection::vec(piece(), 0..60),
            cuts in proptest::collection::vec(any::<proptest::sample::Index>(), 0..20),
            cap in 1_usize..60,
        ) {
            let bytes = pieces.concat();
            let whole = read(cap, &[&bytes]);
            let single: Vec<&[u8]> = bytes.chunks(1).collect();
            prop_assert_eq!(&read(cap, &single), &whole);
            let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
            cuts.extend([0, bytes.len()]);
            cuts.sort_unstable();
            let split: Vec<&[u8]> = cuts.windows(2).map(|ends| &bytes[ends[0]..ends[1]]).collect();
            prop_assert_eq!(&read(cap, &split), &whole);
        }
    }
}
