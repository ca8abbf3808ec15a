//! From bytes to text that all later steps can rely on: UTF-8, no mark, `\n` line ends, not empty.

use std::borrow::Cow;

use super::{MAX_BYTES, Source, TicketError};

/// Decodes and normalises what was read.
pub(super) fn decode(bytes: &[u8], from: &Source) -> Result<String, TicketError> {
    if bytes.len() > MAX_BYTES {
        return Err(TicketError::TooLarge { from: from.clone() });
    }
    match std::str::from_utf8(bytes) {
        Ok(text) => normalise(text, from).map(Cow::into_owned),
        Err(fault) => {
            let offset = fault.valid_up_to();
            // UTF-16 is told apart from other bytes by its NULs, which are the better explanation.
            if bytes.contains(&0) {
                return Err(nul(bytes, from));
            }
            Err(TicketError::NotUtf8 { from: from.clone(), line: line_of(bytes, offset), offset })
        }
    }
}

/// Strips a byte-order mark and turns `\r\n` into `\n`; refuses NUL and text that says nothing.
pub(super) fn normalise<'a>(text: &'a str, from: &Source) -> Result<Cow<'a, str>, TicketError> {
    if text.len() > MAX_BYTES {
        return Err(TicketError::TooLarge { from: from.clone() });
    }
    if text.as_bytes().contains(&0) {
        return Err(nul(text.as_bytes(), from));
    }
    let text = text.trim_start_matches('\u{feff}');
    if text.trim().is_empty() {
        return Err(TicketError::Empty { from: from.clone() });
    }
    Ok(unix_lines(text))
}

/// `text` with `\r\n` as `\n`, any number of `\r` before the `\n` included, so that doing it twice
/// changes nothing.
pub(super) fn unix_lines(text: &str) -> Cow<'_, str> {
    if !text.contains("\r\n") {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        match line.strip_suffix('\n') {
            Some(line) => {
                out.push_str(line.trim_end_matches('\r'));
                out.push('\n');
            }
            None => out.push_str(line),
        }
    }
    Cow::Owned(out)
}

fn nul(bytes: &[u8], from: &Source) -> TicketError {
    let offset = bytes.iter().position(|byte| *byte == 0).unwrap_or(0);
    TicketError::Nul { from: from.clone(), line: line_of(bytes, offset) }
}

fn line_of(bytes: &[u8], offset: usize) -> usize {
    1 + bytes.iter().take(offset).filter(|byte| **byte == b'\n').count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_and_windows_line_ends_leave_no_trace() {
        let plain = decode("é 🐛\nb\n".as_bytes(), &Source::Stdin).unwrap();
        assert_eq!(decode("\u{feff}é 🐛\r\nb\r\n".as_bytes(), &Source::Stdin).unwrap(), plain);
    }

    #[test]
    fn bytes_that_are_no_text_are_refused_with_their_line() {
        let fault = decode(b"ok\nbad \xff", &Source::File("t.md".into())).unwrap_err();
        assert_eq!(fault.to_string(), "t.md:2: is not UTF-8 text (byte 7)");
        let fault = decode(b"ok\n\nbad \0", &Source::Stdin).unwrap_err();
        assert_eq!(fault.to_string(), "standard input:3: holds a NUL byte");
        let fault = decode(b"\xff\xfet\0x\0", &Source::Stdin).unwrap_err();
        assert!(matches!(fault, TicketError::Nul { .. }));
    }

    #[test]
    fn nothing_and_too_much_are_refused() {
        assert!(matches!(decode(b"\xef\xbb\xbf \r\n\t", &Source::Text), Err(TicketError::Empty { .. })));
        assert!(matches!(decode(&vec![b'a'; MAX_BYTES + 1], &Source::Text), Err(TicketError::TooLarge { .. })));
        assert!(decode(&vec![b'a'; MAX_BYTES], &Source::Text).is_ok());
    }
}
