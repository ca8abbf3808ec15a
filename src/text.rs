//! PURE: text from strangers made safe for a terminal, for Markdown and for HTML; clipping; redaction.

use std::borrow::Cow;
use std::ops::RangeInclusive;
use std::str::Chars;

/// Whether a terminal or a reader could be misled by `c`: controls (tab and newline apart), and the
/// invisible marks that reorder or hide text (Unicode bidi controls, zero-width characters, tags), and the two that are
/// no characters and that XML forbids.
fn is_hostile(c: char) -> bool {
    matches!(c,
        '\u{0}'..='\u{8}' | '\u{b}'..='\u{1f}' | '\u{7f}'..='\u{9f}'
        | '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}' | '\u{200e}' | '\u{200f}'
        | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{fffe}' | '\u{ffff}'
        | '\u{e0000}'..='\u{e007f}')
}

/// Whether `text` is printable ASCII, tabs and newlines throughout, as nearly every text is. Looks at every byte without a
/// branch, which is many times faster than looking at characters.
fn is_plain(text: &str) -> bool {
    text.bytes().fold(true, |plain, byte| plain & (matches!(byte, b' '..=b'~') | matches!(byte, b'\t' | b'\n')))
}

/// `text` with every hostile character shown as `\u{…}`; tabs and newlines stay.
pub fn clean(text: &str) -> Cow<'_, str> {
    if is_plain(text) || !text.contains(is_hostile) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if c == '\r' {
            // A lone carriage return would overwrite the line; before a newline it says nothing.
            continue;
        }
        if is_hostile(c) {
            out.extend(c.escape_unicode());
        } else {
            out.push(c);
        }
    }
    Cow::Owned(out)
}

/// JSON whose hostile characters, which can only stand inside strings, are written as `\uXXXX`: it means
/// the same and is safe on a terminal.
pub fn json(json: &str) -> Cow<'_, str> {
    let hides = |c: char| is_hostile(c) && c >= ' ';
    if !json.contains(hides) {
        return Cow::Borrowed(json);
    }
    let mut out = String::with_capacity(json.len() + 16);
    for c in json.chars() {
        if hides(c) {
            for unit in c.encode_utf16(&mut [0; 2]) {
                out.push_str("\\u");
                out.push_str(&crate::ids::hex(&unit.to_be_bytes()));
            }
        } else {
            out.push(c);
        }
    }
    Cow::Owned(out)
}

/// One clean line of at most `max` characters, and `…` where more was cut off: newlines and tabs become spaces.
pub fn printable(text: &str, max: usize) -> String {
    let mut out = String::with_capacity(text.len().min(max * 4));
    let mut count = 0;
    for c in text.chars() {
        let piece: Cow<'_, str> = match c {
            '\n' | '\t' | '\r' => Cow::Borrowed(" "),
            c if is_hostile(c) => Cow::Owned(c.escape_unicode().to_string()),
            c => Cow::Owned(c.to_string()),
        };
        let width = piece.chars().count();
        if count + width > max {
            out.push('…');
            break;
        }
        count += width;
        out.push_str(&piece);
    }
    out
}

/// `1 task`, `2 tasks`, `2 batches`.
pub fn count(n: impl TryInto<u64>, noun: &str) -> String {
    let n = n.try_into().unwrap_or(u64::MAX);
    let ending = if n == 1 {
        ""
    } else if noun.ends_with(['s', 'x']) || noun.ends_with("ch") {
        "es"
    } else {
        "s"
    };
    format!("{n} {noun}{ending}")
}

/// What a line of a program's output shows on a terminal: of what it overwrote with carriage returns the last, without
/// escape sequences, controls and hidden marks; tabs become spaces.
///
/// Escape sequences: ECMA-48, sections 5.3 to 5.6. One that does not end hides the rest of the line, as it would there.
pub fn bare(line: &str) -> String {
    let segments = line.rsplit(['\r', '\n']).map(without_escapes);
    segments.map(|shown| shown.trim_end().to_owned()).find(|shown| !shown.is_empty()).unwrap_or_default()
}

fn without_escapes(segment: &str) -> String {
    let mut out = String::with_capacity(segment.len());
    let mut rest = segment.chars();
    while let Some(c) = rest.next() {
        match c {
            '\u{1b}' => skip_escape(&mut rest),
            '\u{9b}' => skip_control(&mut rest),
            '\u{90}' | '\u{98}' | '\u{9d}' | '\u{9e}' | '\u{9f}' => skip_string(&mut rest),
            '\t' => out.push(' '),
            // Programs that draw a turning bar go back over it.
            '\u{8}' => drop(out.pop()),
            c if is_hostile(c) || c == '\n' => {}
            c => out.push(c),
        }
    }
    out
}

fn skip_escape(rest: &mut Chars<'_>) {
    match rest.next() {
        Some('[') => skip_control(rest),
        Some('P' | 'X' | ']' | '^' | '_') => skip_string(rest),
        Some(' '..='/') => skip_past(rest, ' '..='/'),
        Some(_) | None => {}
    }
}

/// A control sequence: parameters and intermediates up to its final character.
fn skip_control(rest: &mut Chars<'_>) {
    skip_past(rest, ' '..='?');
}

fn skip_past(rest: &mut Chars<'_>, within: RangeInclusive<char>) {
    let _final = rest.find(|c| !within.contains(c));
}

/// A string up to its end, BEL or ST.
fn skip_string(rest: &mut Chars<'_>) {
    loop {
        let mut ahead = rest.clone();
        match ahead.next() {
            // ESC ends every string, whether it begins ST or something else.
            Some('\u{1b}') if ahead.next() != Some('\\') => return,
            Some('\u{7}' | '\u{9c}' | '\u{1b}') | None => {
                *rest = ahead;
                return;
            }
            Some(_) => *rest = ahead,
        }
    }
}

/// The longest prefix of at most `max` bytes that ends at a character.
pub fn clip(text: &str, max: usize) -> &str {
    let mut end = max.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

/// The longest suffix of at most `max` bytes that begins at a character.
pub fn tail(text: &str, max: usize) -> &str {
    let mut start = text.len().saturating_sub(max);
    while !text.is_char_boundary(start) {
        start += 1;
    }
    &text[start..]
}

/// Text for the running prose or a table cell of a Markdown document: cleaned, on one line, and with
/// every character that Markdown or HTML could take as markup escaped.
pub fn markdown(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    // Blanks at the beginning would hide a mark behind them, or be one: four are a block of code.
    for c in clean(text).trim_start_matches([' ', '\n', '\t']).chars() {
        match c {
            '\n' | '\t' => out.push(' '),
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            // Brackets are what makes `(…)` and `!` mean anything, so those two stay readable.
            '\\' | '`' | '*' | '_' | '{' | '}' | '[' | ']' | '#' | '|' | '~' | '@' | '$' => {
                out.push('\\');
                out.push(c);
            }
            c => out.push(c),
        }
    }
    // A line that begins with a list or heading mark is the last way to become structure.
    let unnumbered = out.trim_start_matches(|c: char| c.is_ascii_digit());
    let is_numbered = unnumbered.len() < out.len()
        && unnumbered.strip_prefix(['.', ')']).is_some_and(|rest| rest.is_empty() || rest.starts_with(' '));
    if is_numbered || out.starts_with(['-', '+', '=', ':']) {
        out.insert(0, '\u{2060}');
        out = out.replacen('\u{2060}', "&#8288;", 1);
    }
    out
}

/// Text as a fenced code block: cleaned, in a fence longer than any run of backticks inside.
pub fn markdown_block(text: &str, language: &str) -> String {
    let text = clean(text);
    let mut longest = 0;
    let mut run = 0;
    for c in text.chars() {
        run = if c == '`' { run + 1 } else { 0 };
        longest = longest.max(run);
    }
    let fence = "`".repeat(longest.max(2) + 1);
    let end = if text.ends_with('\n') || text.is_empty() { "" } else { "\n" };
    format!("{fence}{language}\n{text}{end}{fence}\n")
}

/// Replaces secrets by their names, by value, also when a secret is split across chunks.
///
/// Feed it chunks with [`push`](Redactor::push); it holds back as many bytes as the longest secret is
/// long, and gives them up in [`finish`](Redactor::finish). Linear in the input for few secrets.
#[derive(Debug, Clone, Default)]
pub struct Redactor {
    secrets: Vec<(String, Vec<u8>)>,
    held: Vec<u8>,
    longest: usize,
}

impl Redactor {
    /// Knows `secrets` as (name, value), also where a value stands inside a JSON text: a key of several lines does not look
    /// like itself there. Values under 6 bytes are left alone: they would hit by chance.
    pub fn new(secrets: impl IntoIterator<Item = (String, String)>) -> Self {
        let mut secrets: Vec<_> = secrets
            .into_iter()
            .filter(|(_, value)| value.len() >= 6)
            .flat_map(|(name, value)| {
                let escaped = in_json(&value).filter(|escaped| *escaped != value);
                escaped.into_iter().chain([value]).map(move |value| (name.clone(), value.into_bytes()))
            })
            .collect();
        secrets.sort_by(|a, b| b.1.len().cmp(&a.1.len()).then_with(|| a.cmp(b)));
        let longest = secrets.first().map_or(0, |(_, value)| value.len());
        Self { secrets, held: Vec::new(), longest }
    }

    /// Takes a chunk; returns what is now safe to show.
    pub fn push(&mut self, chunk: &[u8]) -> Vec<u8> {
        self.held.extend_from_slice(chunk);
        self.release(self.longest.saturating_sub(1))
    }

    /// Returns what was held back.
    pub fn finish(&mut self) -> Vec<u8> {
        self.release(0)
    }

    /// A whole text at once.
    pub fn text(&self, text: &str) -> String {
        let mut fresh = self.clone();
        fresh.held.clear();
        let mut bytes = fresh.push(text.as_bytes());
        bytes.extend(fresh.finish());
        String::from_utf8_lossy(&bytes).into_owned()
    }

    fn release(&mut self, keep: usize) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.held.len());
        let mut at = 0;
        while at + keep < self.held.len() {
            let rest = &self.held[at..];
            if let Some((name, value)) = self.secrets.iter().find(|(_, value)| rest.starts_with(value)) {
                out.extend_from_slice(format!("[{name}]").as_bytes());
                at += value.len();
            } else {
                out.push(self.held[at]);
                at += 1;
            }
        }
        self.held.drain(..at.min(self.held.len()));
        out
    }
}

/// A value as it stands between the quotes of a JSON string.
fn in_json(value: &str) -> Option<String> {
    let quoted = serde_json::to_string(value).ok()?;
    Some(quoted.strip_prefix('"')?.strip_suffix('"')?.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_known_inside_a_json_text_too() {
        let key = "-----BEGIN \"KEY\"-----\nabc\n";
        let redactor = Redactor::new([("KEY".to_owned(), key.to_owned())]);
        let said = serde_json::json!({"summary": format!("it is {key}!")}).to_string();
        assert_eq!(redactor.text(&said), r#"{"summary":"it is [KEY]!"}"#);
        assert_eq!(redactor.text(key), "[KEY]");
    }

    #[test]
    fn escapes_bidi_and_controls_never_reach_a_terminal() {
        let hostile = "a\u{1b}[2Jb\u{202e}c\u{7}d\r\ne\u{200b}";
        let cleaned = clean(hostile);
        assert!(!cleaned.contains(is_hostile), "{cleaned:?}");
        assert!(cleaned.contains("\ne"));
        assert_eq!(clean("plain ✓ emoji 🎉\n\tx"), "plain ✓ emoji 🎉\n\tx");
    }

    #[test]
    fn the_quick_look_never_passes_what_the_slow_one_stops() {
        for c in (0..0x300).filter_map(char::from_u32) {
            let text = format!("a{c}b");
            assert!(!is_plain(&text) || !text.contains(is_hostile), "{c:?}");
            assert_eq!(is_plain(&text), c == '\t' || c == '\n' || (' '..='~').contains(&c), "{c:?}");
        }
    }

    #[test]
    fn json_made_safe_means_the_same() {
        let value = serde_json::json!({"a": "x\u{202e}y\u{7f}\u{e0001}\u{9b}\n\"é"});
        let safe = json(&value.to_string()).into_owned();
        assert!(!safe.contains(is_hostile), "{safe:?}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&safe).unwrap(), value);
    }

    #[test]
    fn one_is_told_from_several() {
        for (n, noun, said) in [(1, "task", "1 task"), (0, "task", "0 tasks"), (2, "batch", "2 batches")] {
            assert_eq!(count(n, noun), said);
        }
        assert_eq!(count(3_u32, "process"), "3 processes");
    }

    #[test]
    fn printable_is_one_short_line() {
        assert_eq!(printable("a\nb\tc", 10), "a b c");
        assert_eq!(printable("abcdef", 3), "abc…");
    }

    #[test]
    fn a_bare_line_is_what_is_left_on_a_terminal() {
        for (line, shown) in [
            ("plain ✓", "plain ✓"),
            ("\u{1b}[1;31merror\u{1b}[0m: it\u{1b}[K", "error: it"),
            ("\u{1b}]0;title\u{7}a\u{1b}]8;;http://x\u{1b}\\b\u{1b}]8;;\u{1b}\\", "ab"),
            ("10%\r50%\r100%\r", "100%"),
            ("100%\r \r\u{1b}[2K\r", "100%"),
            ("a|\u{8}/\u{8}-", "a-"),
            ("\u{1b}Pq#0;2\u{1b}\\x\u{1b}(By\u{1b}7\u{9b}31mz\u{1b}", "xyz"),
            ("a\tb\u{202e}c\u{200b}\u{7}\0d\u{e0041}", "a bcd"),
            ("a\u{1b}]0;never ended", "a"),
            ("a\u{1b}[31", "a"),
            ("\u{1b}]0;x\u{1b}[31mred", "red"),
            ("", ""),
        ] {
            assert_eq!(bare(line), shown, "{line:?}");
        }
    }

    #[test]
    fn clip_and_tail_cut_at_characters() {
        assert_eq!(clip("aé", 2), "a");
        assert_eq!(tail("éa", 2), "a");
        assert_eq!(clip("abc", 9), "abc");
    }

    #[test]
    fn a_forged_heading_stays_text() {
        assert_eq!(markdown("# done\n<script>"), "\\# done &lt;script&gt;");
        assert!(!markdown("- [x] verified").starts_with('-'));
        for hidden in [" - [x] verified", "\n1) x", "1.", "    code", ": meant"] {
            let shown = markdown(hidden);
            assert!(shown.starts_with("&#8288;") || shown == "code", "{shown}");
        }
        assert_eq!((markdown("1.5s of $a$").as_str(), markdown("2 of 3").as_str()), ("1.5s of \\$a\\$", "2 of 3"));
        assert!(markdown_block("```\n# x\n```", "").starts_with("````\n"));
    }

    #[test]
    fn a_secret_split_across_chunks_is_redacted() {
        let mut redactor = Redactor::new([("KEY".to_owned(), "sk-123456".to_owned())]);
        let mut out = Vec::new();
        for byte in b"x sk-123456 y sk-12345" {
            out.extend(redactor.push(&[*byte]));
        }
        out.extend(redactor.finish());
        assert_eq!(String::from_utf8(out).unwrap(), "x [KEY] y sk-12345");
    }
}
