//! What was found, and how it is told: a line for people, an object for programs.

use serde::Serialize;

use crate::cli::Exit;

/// One thing that was looked at.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Finding {
    /// What it belongs to.
    pub area: Area,
    /// How it stands.
    pub status: Status,
    /// What was found.
    pub says: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    #[serde(skip)]
    blame: Blame,
}

/// What a thing belongs to, in the order in which they are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Area {
    Config,
    Git,
    Checks,
    Agents,
    Models,
    Keys,
    Folders,
    System,
    Sandbox,
}

/// How a thing stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Status {
    /// As it should be.
    Ok,
    /// Worth knowing, and neither good nor bad.
    Note,
    /// A run starts, and may not come to what is wanted.
    Warning,
    /// No run starts, or none gets anywhere.
    Problem,
}

/// Who has to mend a problem; decides the exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(super) enum Blame {
    /// Whoever wrote the configuration.
    Config,
    /// Whoever keeps the machine.
    Machine,
}

impl Area {
    fn as_str(self) -> &'static str {
        match self {
            Self::Config => "config",
            Self::Git => "git",
            Self::Checks => "checks",
            Self::Agents => "agents",
            Self::Models => "models",
            Self::Keys => "keys",
            Self::Folders => "folders",
            Self::System => "system",
            Self::Sandbox => "sandbox",
        }
    }
}

impl Status {
    fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Problem => "problem",
        }
    }
}

impl Finding {
    /// All is well.
    pub(super) fn ok(area: Area, says: impl Into<String>) -> Self {
        Self { area, status: Status::Ok, says: says.into(), hint: None, blame: Blame::Machine }
    }

    /// A fact.
    pub(super) fn note(area: Area, says: impl Into<String>) -> Self {
        Self { status: Status::Note, ..Self::ok(area, says) }
    }

    /// Something that may go wrong, and what to do about it.
    pub(super) fn warning(area: Area, says: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { status: Status::Warning, hint: Some(hint.into()), ..Self::ok(area, says) }
    }

    /// Something that stands in the way, and what to do about it.
    pub(super) fn problem(area: Area, blame: Blame, says: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { area, status: Status::Problem, says: says.into(), hint: Some(hint.into()), blame }
    }

    /// What a command ends with that found this: a configuration must be mended whatever becomes of the machine.
    pub(super) fn exit(all: &[Self]) -> Exit {
        let blamed = |blame: Blame| all.iter().any(|found| found.status == Status::Problem && found.blame == blame);
        if blamed(Blame::Config) {
            Exit::Usage
        } else if blamed(Blame::Machine) {
            Exit::Unusable
        } else {
            Exit::Success
        }
    }

    /// The lines for people.
    pub(super) fn lines(&self) -> Vec<String> {
        let mut lines = vec![format!("{:<8} {:<8} {}", self.status.as_str(), self.area.as_str(), self.says)];
        lines.extend(self.hint.iter().map(|hint| format!("{:17} → {hint}", "")));
        lines
    }
}
