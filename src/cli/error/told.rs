//! What is told of a failure, whatever it came from.

use std::error::Error;
use std::fmt;

use super::scarce::Scarce;
use crate::cli::exit::Exit;

/// Why a command failed, ready to be shown.
#[derive(Debug)]
pub struct CliError {
    pub(super) exit: Exit,
    pub(super) message: String,
    pub(super) causes: Vec<String>,
    pub(super) faults: Vec<Flaw>,
    pub(super) hint: Option<String>,
    /// What is short on this machine, where that is the reason: no other advice helps.
    pub(super) short: Option<Scarce>,
}

/// One of several places that are wrong.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Flaw {
    /// Where: a JSON path, or a key.
    pub path: String,
    /// In which file, variable or flag.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// Where in the text, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<u64>,
    /// Where in the line, in characters, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub column: Option<u64>,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// The place itself, underlined; for people.
    #[serde(skip)]
    pub excerpt: Option<String>,
}

impl CliError {
    /// A failure that nothing else caused.
    pub fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self { exit, message: message.into(), causes: Vec::new(), faults: Vec::new(), hint: None, short: None }
    }

    /// A failure as `error` tells it, with what caused it.
    pub fn of(exit: Exit, error: &(dyn Error + 'static)) -> Self {
        let told = Self::new(exit, error.to_string()).because_of(error.source());
        match Scarce::behind(error) {
            // The machine has to be mended, not we.
            Some(short) if exit == Exit::Internal => Self { exit: Exit::Unusable, ..told.for_want_of(short) },
            Some(short) => told.for_want_of(short),
            None => told,
        }
    }

    /// What was typed, configured or planned is wrong; nothing ran.
    pub fn usage(message: impl Into<String>) -> Self {
        Self::new(Exit::Usage, message)
    }

    /// Our own fault.
    pub fn internal(error: &(dyn Error + 'static)) -> Self {
        Self::of(Exit::Internal, error)
    }

    /// The same, caused by `error` and what caused that.
    #[must_use]
    pub fn because(self, error: &(dyn Error + 'static)) -> Self {
        self.because_of(Some(error))
    }

    /// The same, told as the reason why `message`.
    #[must_use]
    pub fn what_for(mut self, message: &str) -> Self {
        self.causes.insert(0, std::mem::replace(&mut self.message, message.to_owned()));
        self
    }

    /// The same with advice.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        if self.short.is_none() {
            self.hint = Some(hint.into());
        }
        self
    }

    /// The same with every place that is wrong.
    #[must_use]
    pub fn flaws(mut self, flaws: impl IntoIterator<Item = Flaw>) -> Self {
        self.faults.extend(flaws);
        self
    }

    /// The same, and where it has no advice of its own, this one.
    #[must_use]
    pub fn or_hint(self, hint: impl Into<String>) -> Self {
        if self.hint.is_some() { self } else { self.hint(hint) }
    }

    /// All of it but the advice in one line, and the advice: for whoever tells of it among other things.
    pub fn in_short(&self) -> (String, Option<&str>) {
        let mut parts = vec![self.message.clone()];
        parts.extend(self.causes.iter().cloned());
        parts.extend(self.faults.iter().map(|fault| format!("{}: {}", fault.place(), fault.message)));
        (parts.join(": "), self.hint.as_deref())
    }

    /// What the command ends with.
    pub fn exit(&self) -> Exit {
        self.exit
    }

    fn for_want_of(self, short: Scarce) -> Self {
        let told = self.hint(short.hint());
        Self { short: Some(short), ..told }
    }

    fn because_of(mut self, mut cause: Option<&(dyn Error + 'static)>) -> Self {
        while let Some(error) = cause {
            let said = error.to_string();
            // A transparent error says what its cause says.
            if said != self.message && self.causes.last() != Some(&said) {
                self.causes.push(said);
            }
            cause = error.source();
        }
        self
    }
}

impl fmt::Display for CliError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}
