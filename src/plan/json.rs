//! A reader of JSON as models write it: strict but for a closed list of repairs, each noted with its place.
//!
//! For text that is strict JSON it gives what any JSON reader gives, and no notes. It never guesses: text that
//! ends early, a key given twice and nesting beyond [`DEPTH`] are errors.

use super::repair::RepairKind;

/// Deepest nesting that is read.
pub(super) const DEPTH: usize = 128;

/// A value as it stood in the text; objects keep their order, numbers their digits.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Json {
    Null,
    Bool(bool),
    Number(String),
    Text(String),
    List(Vec<Json>),
    Object(Vec<(String, Json)>),
}

impl Json {
    /// What it is, for "expected …, found …".
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "true or false",
            Self::Number(_) => "a number",
            Self::Text(_) => "text",
            Self::List(_) => "a list",
            Self::Object(_) => "an object",
        }
    }

    /// The value under `key` of an object.
    pub(super) fn get(&self, key: &str) -> Option<&Self> {
        match self {
            Self::Object(entries) => entries.iter().find(|(name, _)| name == key).map(|(_, value)| value),
            Self::Null | Self::Bool(_) | Self::Number(_) | Self::Text(_) | Self::List(_) => None,
        }
    }
}

/// Why reading stopped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Cause {
    /// The text ended inside a value.
    Cut,
    /// A key stood twice in one object.
    Duplicate(String),
    /// Nested deeper than [`DEPTH`].
    TooDeep,
    /// Something else than JSON.
    Syntax(String),
}

/// Why and where reading stopped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Trouble {
    pub(super) cause: Cause,
    /// Byte offset in the text.
    pub(super) at: usize,
    /// The JSON path of the innermost value being read, last step first.
    steps: Vec<String>,
}

impl Trouble {
    /// The JSON path of where it happened.
    pub(super) fn path(&self) -> String {
        let steps: String = self.steps.iter().rev().map(String::as_str).collect();
        format!("${}", crate::text::printable(&steps, 200))
    }

    fn inside(mut self, step: impl FnOnce() -> String) -> Self {
        self.steps.push(step());
        self
    }
}

/// Reads one value out of a text.
pub(super) struct Reader<'a> {
    text: &'a str,
    /// Where it stands; after an error, how far it came.
    pub(super) at: usize,
    end: usize,
    /// Repairs so far, with their byte offsets, ascending.
    pub(super) notes: Vec<(RepairKind, usize)>,
}

impl<'a> Reader<'a> {
    /// A reader of `text` from byte `at` up to `end`.
    pub(super) fn new(text: &'a str, at: usize, end: usize) -> Self {
        Self { text, at, end, notes: Vec::new() }
    }

    /// The next value, with comments before it skipped.
    pub(super) fn value(&mut self) -> Result<Json, Trouble> {
        self.nested(0)
    }

    /// Skips blanks and comments; whether the end was reached.
    pub(super) fn at_end(&mut self) -> Result<bool, Trouble> {
        self.skip()?;
        Ok(self.at >= self.end)
    }

    fn nested(&mut self, depth: usize) -> Result<Json, Trouble> {
        self.skip()?;
        if depth >= DEPTH {
            return Err(self.trouble(Cause::TooDeep));
        }
        match self.peek() {
            None => Err(self.trouble(Cause::Cut)),
            Some('{') => self.object(depth),
            Some('[') => self.list(depth),
            Some(c) if opens_string(c) => self.string().map(Json::Text),
            Some('-' | '0'..='9') => self.number(),
            Some('a'..='z' | 'A'..='Z') => self.word(),
            Some(c) => Err(self.expected("a value", c)),
        }
    }

    fn object(&mut self, depth: usize) -> Result<Json, Trouble> {
        self.at += 1;
        let mut entries: Vec<(String, Json)> = Vec::new();
        let mut keys = std::collections::HashSet::new();
        loop {
            self.skip()?;
            let start = self.at;
            match self.peek() {
                None => return Err(self.trouble(Cause::Cut)),
                Some('}') => {
                    self.at += 1;
                    return Ok(Json::Object(entries));
                }
                Some(_) => {}
            }
            let key = self.key()?;
            if !keys.insert(key.clone()) {
                return Err(Trouble { at: start, ..self.trouble(Cause::Duplicate(key)) });
            }
            self.skip()?;
            match self.peek() {
                None => return Err(self.trouble(Cause::Cut)),
                Some(':') => self.at += 1,
                Some(c) => return Err(self.expected("`:`", c)),
            }
            let value = self.nested(depth + 1).map_err(|trouble| trouble.inside(|| format!(".{key}")))?;
            entries.push((key, value));
            self.separator('}')?;
        }
    }

    fn list(&mut self, depth: usize) -> Result<Json, Trouble> {
        self.at += 1;
        let mut items = Vec::new();
        loop {
            self.skip()?;
            if self.peek() == Some(']') {
                self.at += 1;
                return Ok(Json::List(items));
            }
            let index = items.len();
            items.push(self.nested(depth + 1).map_err(|trouble| trouble.inside(|| format!("[{index}]")))?);
            self.separator(']')?;
        }
    }

    /// A comma, or the closing bracket ahead; a comma right before that bracket is noted.
    fn separator(&mut self, close: char) -> Result<(), Trouble> {
        self.skip()?;
        match self.peek() {
            None => Err(self.trouble(Cause::Cut)),
            Some(c) if c == close => Ok(()),
            Some(',') => {
                let comma = self.at;
                self.at += 1;
                let before = self.notes.len();
                self.skip()?;
                if self.peek() == Some(close) {
                    self.notes.insert(before, (RepairKind::TrailingComma, comma));
                }
                Ok(())
            }
            Some(c) => Err(self.expected(&format!("`,` or `{close}`"), c)),
        }
    }

    fn key(&mut self) -> Result<String, Trouble> {
        match self.peek() {
            Some(c) if opens_string(c) => self.string(),
            Some(c) if c.is_ascii_alphabetic() || matches!(c, '_' | '$') => {
                let start = self.at;
                self.take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '$' | '-'));
                self.notes.push((RepairKind::UnquotedKey, start));
                Ok(self.text[start..self.at].to_owned())
            }
            Some(c) => Err(self.expected("a key in quotes", c)),
            None => Err(self.trouble(Cause::Cut)),
        }
    }

    fn string(&mut self) -> Result<String, Trouble> {
        let from = self.at;
        let smart = self.peek() != Some('"');
        if smart {
            self.notes.push((RepairKind::SmartQuotes, from));
        }
        self.bump();
        let mut body = String::from("\"");
        let mut raw = None;
        loop {
            let at = self.at;
            match self.peek() {
                None => return Err(self.trouble(Cause::Cut)),
                Some('"') if smart => body.push_str("\\\""),
                Some('"') => break,
                Some('\u{201c}' | '\u{201d}') if smart => break,
                Some('\\') => {
                    body.push('\\');
                    self.bump();
                    match self.peek() {
                        None => return Err(self.trouble(Cause::Cut)),
                        Some(c) => body.push(c),
                    }
                }
                Some(c @ ('\n' | '\r' | '\t')) => {
                    raw.get_or_insert(at);
                    body.extend(c.escape_default());
                }
                Some(c) if c < ' ' => {
                    return Err(self.trouble(Cause::Syntax("a raw control character in a string".to_owned())));
                }
                Some(c) => body.push(c),
            }
            self.bump();
        }
        self.bump();
        if let Some(at) = raw {
            self.notes.push((RepairKind::RawNewline, at));
        }
        body.push('"');
        serde_json::from_str(&body).map_err(|_| Trouble {
            at: from,
            ..self.trouble(Cause::Syntax("a string with an escape that does not exist".to_owned()))
        })
    }

    fn number(&mut self) -> Result<Json, Trouble> {
        let start = self.at;
        self.take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'));
        let digits = &self.text[start..self.at];
        if self.at >= self.end {
            return Err(self.trouble(Cause::Cut));
        }
        match serde_json::from_str::<serde_json::Number>(digits) {
            Ok(_) => Ok(Json::Number(digits.to_owned())),
            Err(_) => Err(Trouble { at: start, ..self.trouble(Cause::Syntax("a malformed number".to_owned())) }),
        }
    }

    fn word(&mut self) -> Result<Json, Trouble> {
        let start = self.at;
        self.take_while(|c| c.is_ascii_alphanumeric() || c == '_');
        match &self.text[start..self.at] {
            "true" => Ok(Json::Bool(true)),
            "false" => Ok(Json::Bool(false)),
            "null" => Ok(Json::Null),
            _ if self.at >= self.end => Err(self.trouble(Cause::Cut)),
            word => {
                let message = format!("expected a value, found `{}`", crate::text::printable(word, 40));
                Err(Trouble { at: start, ..self.trouble(Cause::Syntax(message)) })
            }
        }
    }

    fn skip(&mut self) -> Result<(), Trouble> {
        loop {
            self.take_while(|c| matches!(c, ' ' | '\t' | '\n' | '\r'));
            let rest = &self.text[self.at..self.end];
            let length = if rest.starts_with("//") {
                rest.find('\n').unwrap_or(rest.len())
            } else if let Some(comment) = rest.strip_prefix("/*") {
                let Some(end) = comment.find("*/") else {
                    self.at = self.end;
                    return Err(self.trouble(Cause::Cut));
                };
                end + 4
            } else {
                return Ok(());
            };
            self.notes.push((RepairKind::Comment, self.at));
            self.at += length;
        }
    }

    fn peek(&self) -> Option<char> {
        self.text[self.at..self.end].chars().next()
    }

    fn bump(&mut self) {
        self.at += self.peek().map_or(0, char::len_utf8);
    }

    fn take_while(&mut self, wanted: impl Fn(char) -> bool) {
        let rest = &self.text[self.at..self.end];
        self.at += rest.find(|c| !wanted(c)).unwrap_or(rest.len());
    }

    fn trouble(&self, cause: Cause) -> Trouble {
        Trouble { cause, at: self.at, steps: Vec::new() }
    }

    fn expected(&self, what: &str, found: char) -> Trouble {
        self.trouble(Cause::Syntax(format!(
            "expected {what}, found `{}`",
            crate::text::printable(&found.to_string(), 12)
        )))
    }
}

fn opens_string(c: char) -> bool {
    matches!(c, '"' | '\u{201c}' | '\u{201d}' | '\u{201e}')
}
