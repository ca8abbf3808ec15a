//! `search`: lines that fit a regular expression, in the files of the project.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use regex_automata::meta::{self, Regex};
use regex_automata::util::syntax;
use serde::Deserialize;
use serde_json::{Value, json};

use super::kit::{Kit, Told};
use super::list::matcher;
use super::place::{Place, place};
use super::shown::capped;
use crate::agent::records::chain;
use crate::repo::Files;
use crate::sys::clock;
use crate::sys::fs::Beneath;
use crate::text;

/// Larger files are passed over.
const MAX_FILE: u64 = 2 << 20;
/// Lines that are shown.
const MAX: usize = 200;
/// Of each line, in bytes.
const LINE: usize = 300;
/// The longest pattern, in bytes.
const PATTERN: usize = 1000;
/// As far as is looked for the byte that no text has.
const SNIFF: usize = 8000;
/// The longest search.
const TIME: Duration = Duration::from_secs(20);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Arguments {
    pattern: String,
    #[serde(default)]
    path: Option<String>,
    #[serde(default)]
    glob: Option<String>,
    #[serde(default)]
    literal: bool,
    #[serde(default)]
    ignore_case: bool,
}

pub(super) fn parameters() -> Value {
    json!({
        "type": "object",
        "properties": {
            "pattern": {"type": "string", "description": "a regular expression, matched within each line"},
            "path": {"type": "string", "description": "only in this folder or file, relative to the workspace"},
            "glob": {"type": "string", "description": "only in files whose path fits: src/**/*.rs, *.md"},
            "literal": {"type": "boolean", "description": "the pattern is plain text"},
            "ignore_case": {"type": "boolean", "description": "upper and lower case are the same"},
        },
        "required": ["pattern"],
        "additionalProperties": false,
    })
}

pub(super) fn search(kit: &Kit, arguments: &str) -> Result<Told, Told> {
    let arguments: Arguments = super::arguments::read(arguments).map_err(Told::Wrong)?;
    let regex = regex(&arguments).map_err(Told::Failed)?;
    let path = arguments.path.unwrap_or_default();
    let Place::Workspace(within) = place(&path).map_err(Told::Failed)? else {
        return Err(Told::Failed("only the workspace is searched".to_owned()));
    };
    let glob = arguments.glob.map(|glob| matcher(&glob)).transpose()?;
    let files = Files::list(&kit.job.workspace).map_err(|error| Told::Failed(chain(&error)))?;
    let beneath = Beneath::open(&kit.job.workspace).map_err(|error| Told::Failed(chain(&error)))?;
    let mut found = Found { until: clock::later(clock::monotonic(), TIME), ..Found::new() };
    let wanted = files.iter().filter(|file| {
        std::path::Path::new(&file.path).starts_with(&within)
            && glob.as_ref().is_none_or(|glob| glob.is_match(&file.path))
    });
    for file in wanted {
        if kit.cancel.is_cancelled() {
            break;
        }
        if file.size > MAX_FILE {
            found.passed_over += 1;
            continue;
        }
        // What is gone by now, or may not be read, holds nothing.
        let Ok(bytes) = beneath.read(std::path::Path::new(&file.path), MAX_FILE) else { continue };
        if bytes.iter().take(SNIFF).any(|byte| *byte == 0) {
            continue;
        }
        found.files += 1;
        found.look(&regex, &file.path, &bytes);
        if found.is_enough() {
            break;
        }
    }
    Ok(Told::Done(capped(&found.told(files.is_truncated()), kit.cap).into_owned()))
}

fn regex(arguments: &Arguments) -> Result<Regex, String> {
    let pattern = &arguments.pattern;
    if pattern.is_empty() || pattern.len() > PATTERN {
        return Err(format!("a pattern has 1 to {PATTERN} bytes"));
    }
    let literal = escaped(pattern);
    let pattern = if arguments.literal { &literal } else { pattern };
    // Bytes, so that files need not be UTF-8; and bounds, so that no pattern makes a machine out of memory.
    let syntax = syntax::Config::new().unicode(false).utf8(false).case_insensitive(arguments.ignore_case);
    let config = meta::Config::new().utf8_empty(false).nfa_size_limit(Some(4 << 20)).hybrid_cache_capacity(2 << 20);
    Regex::builder()
        .syntax(syntax)
        .configure(config)
        .build(pattern)
        .map_err(|error| format!("the argument `pattern` is no regular expression: {}", why(&error)))
}

/// The innermost reason, in one line.
fn why(error: &meta::BuildError) -> String {
    let said = error.syntax_error().map_or_else(|| chain(error), ToString::to_string);
    text::printable(said.lines().last().unwrap_or_default().trim_start_matches("error: "), 200)
}

/// The pattern that fits exactly this text.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        if matches!(
            c,
            '\\' | '.' | '+' | '*' | '?' | '(' | ')' | '|' | '[' | ']' | '{' | '}' | '^' | '$' | '#' | '&' | '-' | '~'
        ) {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

/// What was found so far.
struct Found {
    out: String,
    lines: usize,
    files: usize,
    passed_over: usize,
    until: Instant,
    late: bool,
}

impl Found {
    fn new() -> Self {
        Self { out: String::new(), lines: 0, files: 0, passed_over: 0, until: clock::monotonic(), late: false }
    }

    fn look(&mut self, regex: &Regex, path: &str, bytes: &[u8]) {
        for (number, line) in (1_usize..).zip(bytes.split(|byte| *byte == b'\n')) {
            if number % 4096 == 0 && clock::monotonic() > self.until {
                self.late = true;
            }
            if self.is_enough() {
                return;
            }
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            let Some(at) = regex.find(line) else { continue };
            self.lines += 1;
            // The place itself is shown, wherever it stands in a long line.
            let from = at.start().saturating_sub(LINE / 3) * usize::from(line.len() > LINE);
            let shown = String::from_utf8_lossy(&line[from..line.len().min(from + LINE)]);
            let (before, after) = (if from > 0 { "…" } else { "" }, if from + LINE < line.len() { "…" } else { "" });
            let _ = writeln!(self.out, "{path}:{number}: {before}{}{after}", shown.trim_end());
        }
        self.late |= clock::monotonic() > self.until;
    }

    fn is_enough(&self) -> bool {
        self.lines >= MAX || self.late
    }

    fn told(mut self, truncated: bool) -> String {
        if self.lines == 0 {
            let _ = writeln!(self.out, "[nothing in {}]", text::count(self.files, "file"));
        }
        if self.lines >= MAX {
            let _ = writeln!(self.out, "[there may be more: narrow it by a folder, a glob or a longer pattern]");
        }
        if self.late {
            let _ = writeln!(self.out, "[it took too long: the rest was not searched]");
        }
        if self.passed_over > 0 {
            let many = text::count(self.passed_over, "file");
            let _ = writeln!(self.out, "[{many} of more than {} MiB passed over]", MAX_FILE >> 20);
        }
        if truncated {
            self.out.push_str("[the project has more files than are looked at]\n");
        }
        self.out
    }
}
