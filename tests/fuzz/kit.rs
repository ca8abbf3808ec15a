//! What all fuzz tests are made of: texts that were sound once, and changes that know what texts are made of.
//!
//! The rooms whose parsers are nobody else's business have their fuzz tests beside the code, in `fuzz_tests.rs`; they use
//! this file too. In CI every test takes a few hundred texts from a fixed seed, so that it says the same each time. With
//! `PROPTEST_CASES` it takes that many, from seeds of chance: `just fuzz`. What fails is shrunk and printed; it is kept as
//! a test with a name of its own, never as a file of seeds.

use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use proptest::prelude::*;
use proptest::test_runner::{Config, RngSeed, TestRunner};
use rustix::time::{ClockId, clock_gettime};

/// Texts for a test whose cost is 1, in CI.
const CASES: u32 = 256;
const SEED: u64 = 0x6f72_6368_6573_7472;
/// The longest text that changes make: what is about size has tests of its own.
const LONGEST: usize = 48 << 10;

/// Takes texts of `strategy` and expects `property` of each. A test of cost n takes an nth of the texts that one of cost 1
/// takes.
pub fn hold<S: Strategy>(cost: u32, strategy: S, property: impl Fn(S::Value)) {
    let asked = Config::default();
    #[expect(clippy::disallowed_methods, reason = "tests look at the world from outside")]
    let is_long = std::env::var_os("PROPTEST_CASES").is_some();
    let (cases, rng_seed) = if is_long { (asked.cases, asked.rng_seed) } else { (CASES, RngSeed::Fixed(SEED)) };
    let cases = (cases / cost).max(1);
    let config = Config { cases, rng_seed, failure_persistence: None, max_shrink_iters: 4096, ..asked };
    let held = TestRunner::new(config).run(&strategy, |value| {
        property(value);
        Ok(())
    });
    if let Err(failure) = held {
        panic!("{failure}");
    }
}

/// Expects that `work` on so many bytes takes time of the processor in proportion to them, however busy the machine is.
pub fn soon<T>(bytes: usize, work: impl FnOnce() -> T) -> T {
    let now = || {
        let now = clock_gettime(ClockId::ThreadCPUTime);
        Duration::new(now.tv_sec.unsigned_abs(), u32::try_from(now.tv_nsec).unwrap_or(0))
    };
    let before = now();
    let done = work();
    let took = now().saturating_sub(before);
    let most = Duration::from_millis(500) + Duration::from_micros(30) * u32::try_from(bytes).unwrap_or(u32::MAX);
    assert!(took <= most, "{bytes} bytes took {took:?}, which is more than {most:?}");
    done
}

/// Whether a terminal or a reader could be misled by it.
pub fn is_live(c: char) -> bool {
    (c.is_control() && !matches!(c, '\n' | '\t'))
        || matches!(c, '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

/// Texts of `corpus`, changed a little.
pub fn changed<T: AsRef<[u8]>>(corpus: impl IntoIterator<Item = T>) -> impl Strategy<Value = Vec<u8>> {
    let corpus: Arc<[Vec<u8>]> = corpus.into_iter().map(|text| text.as_ref().to_vec()).collect();
    (any::<prop::sample::Index>(), prop::collection::vec(change(), 0..7)).prop_map(move |(which, changes)| {
        let mut text = corpus[which.index(corpus.len())].clone();
        for change in &changes {
            text = change.made_to(&text, &corpus);
            text.truncate(LONGEST);
        }
        text
    })
}

/// The same as text; what is none is replaced.
pub fn changed_text<T: AsRef<[u8]>>(corpus: impl IntoIterator<Item = T>) -> impl Strategy<Value = String> {
    changed(corpus).prop_map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
}

/// Texts made of what means something to somebody: a terminal, Markdown, HTML, XML, YAML, JSON, a shell, a path.
pub fn words() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        6 => prop::sample::select(WORDS).prop_map(str::to_owned),
        2 => "[ -~]{0,6}",
        1 => ".{0,3}",
    ];
    prop::collection::vec(piece, 0..14).prop_map(|pieces| pieces.concat())
}

/// A place in a text, in parts of its length.
type At = u16;

/// What a text is seen to be made of.
#[derive(Debug, Clone, Copy)]
enum Unit {
    Line,
    Token,
    /// From an opening bracket to the one that closes it.
    Group,
}

#[derive(Debug, Clone)]
enum Change {
    Drop(Unit, At),
    Double(Unit, At),
    Swap(Unit, At, At),
    Put(Unit, At, String),
    Insert(At, String),
    Flip(At, u8),
    Cut(At),
    /// The beginning of this, and the end of another.
    Splice(At, At, At),
    Repeat(Unit, At, u8),
    Nest(At, &'static (&'static str, &'static str), u8),
}

fn change() -> impl Strategy<Value = Change> {
    let unit = || prop::sample::select(&[Unit::Line, Unit::Token, Unit::Group][..]);
    let word = || {
        let word = prop::sample::select(WORDS).prop_map(str::to_owned);
        prop_oneof![5 => word, 1 => ".{0,4}", 1 => any::<i64>().prop_map(|n| n.to_string())]
    };
    prop_oneof![
        3 => (unit(), any::<At>()).prop_map(|(unit, at)| Change::Drop(unit, at)),
        3 => (unit(), any::<At>()).prop_map(|(unit, at)| Change::Double(unit, at)),
        3 => (unit(), any::<At>(), any::<At>()).prop_map(|(unit, a, b)| Change::Swap(unit, a, b)),
        4 => (unit(), any::<At>(), word()).prop_map(|(unit, at, word)| Change::Put(unit, at, word)),
        4 => (any::<At>(), word()).prop_map(|(at, word)| Change::Insert(at, word)),
        2 => (any::<At>(), 1..=255u8).prop_map(|(at, bits)| Change::Flip(at, bits)),
        1 => any::<At>().prop_map(Change::Cut),
        1 => (any::<At>(), any::<At>(), any::<At>()).prop_map(|(at, which, from)| Change::Splice(at, which, from)),
        1 => (unit(), any::<At>(), any::<u8>()).prop_map(|(unit, at, times)| Change::Repeat(unit, at, times)),
        1 => (any::<At>(), prop::sample::select(NESTS), any::<u8>()).prop_map(|(at, pair, deep)| {
            let pair = NESTS.iter().find(|known| **known == pair).unwrap_or(&NESTS[0]);
            Change::Nest(at, pair, deep)
        }),
    ]
}

impl Change {
    fn made_to(&self, text: &[u8], corpus: &[Vec<u8>]) -> Vec<u8> {
        match self {
            Self::Drop(unit, at) => put(text, unit.range(text, *at), &[]),
            Self::Double(unit, at) => repeated(text, unit.range(text, *at), 2),
            Self::Repeat(unit, at, times) => repeated(text, unit.range(text, *at), usize::from(*times)),
            Self::Swap(unit, a, b) => swapped(text, unit.range(text, *a), unit.range(text, *b)),
            Self::Put(unit, at, word) => put(text, unit.range(text, *at), word.as_bytes()),
            Self::Insert(at, word) => put(text, point(text, *at), word.as_bytes()),
            Self::Cut(at) => text[..index(text.len(), *at)].to_vec(),
            Self::Flip(at, bits) => {
                let at = index(text.len(), *at);
                text.iter().enumerate().map(|(place, byte)| if place == at { byte ^ bits } else { *byte }).collect()
            }
            Self::Splice(at, which, from) => {
                let other = &corpus[index(corpus.len(), *which)];
                [&text[..index(text.len(), *at)], &other[index(other.len(), *from)..]].concat()
            }
            Self::Nest(at, (open, close), deep) => {
                let range = Unit::Token.range(text, *at);
                let (open, close) = (open.repeat(usize::from(*deep)), close.repeat(usize::from(*deep)));
                let inner = [open.as_bytes(), &text[range.clone()], close.as_bytes()].concat();
                put(text, range, &inner)
            }
        }
    }
}

impl Unit {
    /// The unit that stands at or around a place.
    fn range(self, text: &[u8], at: At) -> Range<usize> {
        let at = index(text.len(), at);
        let is_word = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.') || *byte >= 0x80;
        match self {
            Self::Line => {
                let begin = text[..at].iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
                let end = text[at..].iter().position(|byte| *byte == b'\n').map_or(text.len(), |end| at + end + 1);
                begin..end
            }
            Self::Token if text.get(at).is_some_and(is_word) => {
                let begin = text[..at].iter().rposition(|byte| !is_word(byte)).map_or(0, |end| end + 1);
                let end = text[at..].iter().position(|byte| !is_word(byte)).map_or(text.len(), |end| at + end);
                begin..end
            }
            Self::Token => at..(at + 1).min(text.len()),
            Self::Group => {
                let is_open = |byte: &u8| matches!(byte, b'{' | b'[' | b'(');
                let Some(begin) = text[at..].iter().position(is_open).map(|open| at + open) else {
                    return at..text.len();
                };
                let mut depth = 0_usize;
                let closes = |byte: &u8| {
                    depth = if is_open(byte) { depth + 1 } else { depth - usize::from(b"}])".contains(byte)) };
                    depth == 0
                };
                begin..text[begin..].iter().position(closes).map_or(text.len(), |end| begin + end + 1)
            }
        }
    }
}

fn index(len: usize, at: At) -> usize {
    len * usize::from(at) / (usize::from(At::MAX) + 1)
}

fn point(text: &[u8], at: At) -> Range<usize> {
    let at = index(text.len() + 1, at);
    at..at
}

fn put(text: &[u8], range: Range<usize>, with: &[u8]) -> Vec<u8> {
    [&text[..range.start], with, &text[range.end..]].concat()
}

fn repeated(text: &[u8], range: Range<usize>, times: usize) -> Vec<u8> {
    let most = LONGEST / range.len().max(1);
    let unit = text[range.clone()].repeat(times.min(most));
    put(text, range, &unit)
}

fn swapped(text: &[u8], a: Range<usize>, b: Range<usize>) -> Vec<u8> {
    let (a, b) = if a.start <= b.start { (a, b) } else { (b, a) };
    if a.end > b.start {
        return text.to_vec();
    }
    let (first, second) = (&text[a.clone()], &text[b.clone()]);
    [&text[..a.start], second, &text[a.end..b.start], first, &text[b.end..]].concat()
}

const NESTS: &[(&str, &str)] = &[
    ("[", "]"),
    ("{\"a\":", "}"),
    ("{a: ", "}"),
    ("> ", ""),
    ("- ", ""),
    ("{", "}"),
    ("(", ")"),
    ("**", "**"),
    ("`", "`"),
    ("  ", ""),
];

#[rustfmt::skip]
const WORDS: &[&str] = &[
    // Numbers that do not fit, and what is no number.
    "0", "-0", "-1", "1e999", "-1e-999", "NaN", "Infinity", ".inf", ".nan", "0x10", "1_000", "007", "1.5", "4294967295", "4294967296",
    "9223372036854775808", "18446744073709551616", "99999999999999999999999999999999999999999",
    // Controls, marks that hide or turn text, halves of characters.
    "\0", "\u{1b}[2J", "\u{1b}]0;x\u{7}", "\u{9b}31m", "\u{202e}", "\u{2066}", "\u{200b}", "\u{feff}", "\u{2028}", "\u{e0041}",
    "\r", "\r\n", "\n", "\n\n", "\t", "\u{7f}", "\u{85}", "\u{fffd}", "\u{ffff}", "é", "e\u{301}", "🎼", "ﬂ", "İ", "ß",
    "\\u0000", "\\ud800", "\\udc00\\ud800", "\\u202e", "\\n", "\\", "\\\"",
    // JSON and YAML.
    "null", "true", "~", "\"", "'", "“", "”", "{", "}", "[", "]", ",", ":", ": ", "// c\n", "/*", "*/", "# ", "&a ", "*a", "<<: *a",
    "!!str ", "!x ", "---\n", "...\n", "%YAML 1.2\n", "|\n", ">-\n", "? ", "- ", "{}", "[]", "\"\"", "\"id\": ", "\"tasks\": [", "\"tasks\"",
    "\"depends_on\": [\"a\"], ", "\"version\": 1, ", "\"schema\": \"orchestra.plan/v2\", ", "\"master\": {", "\"status\": \"done\", ", "\"crc\":\"00000000\"}",
    // Ids, paths, globs, spans.
    "a", "A", "t1", "..", "../", "/nowhere/x", "~", "./", "a/../../b", ".git/", "C:\\", "**", "*", "?", "[a-", "{a,b}", "{..,b}", "\\",
    "10m", "0s", "1h30m", "-5m", "3000000h", "x.lock", "-x", "--", "a b", "#", "#tag", "=", "run.jobs=2",
    // Markdown, HTML, XML, diagrams, diffs.
    "```", "```diff\n", "~~~", "\n# x\n", "\n- [ ] x\n", "1. ", "|", "| - |", "---", "===", "<script>", "<!--", "-->", "<![CDATA[", "]]>", "&lt;", "&#35;",
    "&", "<", ">", "<b>", "</b>", "![x](y)", "[x](javascript:y)", "[x]: y", "https://a.b/c", "www.a.b", "a@b.c", "*a*", "_a_", "~~a~~", "$a$", "`", "\\|",
    "end", "subgraph", "%%{init: {}}%%", "click t1 x", ";", "#35;",
    "diff --git a/x b/x\n", "--- a/x\n", "+++ b/x\n", "--- /dev/null\n", "+++ b/../x\n", "@@ -1 +1 @@\n", "@@ -1,9 +1,9 @@\n", "@@ -4294967295,9 +4294967295,9 @@\n", "+x\n", "-x\n", " x\n",
    "new file mode 120000\n", "rename from a\n", "rename to ../b\n", "GIT binary patch\n", "\\ No newline at end of file\n",
];
