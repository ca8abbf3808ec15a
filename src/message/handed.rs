//! The files that the steps of `plan-code-review` hand on: what each must hold, and what makes one useless to the next.

use serde::{Deserialize, Serialize};

use super::{Finding, ReviewVerdict, Severity};
use crate::plan::Role;
use crate::text::printable;

/// The version of all three shapes.
const VERSION: u32 = 1;

/// Which of the files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HandedKind {
    /// What a research step leaves for those who change something.
    Plan,
    /// What an implement step leaves for those who read the change.
    Code,
    /// What a review step found.
    Review,
}

/// One of the files, sound.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Handed {
    /// `plan.json`.
    Plan(PlanFile),
    /// `code.json`.
    Code(CodeFile),
    /// `review.json`.
    Review(ReviewFile),
}

/// `plan.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanFile {
    /// Always 1.
    pub version: u32,
    /// The change in a sentence or two.
    #[serde(default)]
    pub summary: String,
    /// What is to be done, in order; at least one.
    pub steps: Vec<PlanStep>,
    /// The files that matter.
    #[serde(default)]
    pub files: Vec<PlanPath>,
    /// What could go wrong.
    #[serde(default)]
    pub risks: Vec<String>,
}

/// One step of `plan.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanStep {
    /// What to do.
    pub text: String,
    /// The files it touches, relative to the workspace.
    #[serde(default)]
    pub files: Vec<String>,
}

/// One file that `plan.json` names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanPath {
    /// Relative to the workspace.
    pub path: String,
    /// What it has to do with the change.
    #[serde(default)]
    pub why: String,
}

/// `code.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CodeFile {
    /// Always 1.
    pub version: u32,
    /// What was done.
    pub summary: String,
    /// The changed files, relative to the workspace.
    #[serde(default)]
    pub files: Vec<String>,
    /// What was run, and what came out. A claim: our own checks decide.
    #[serde(default)]
    pub tested: Vec<String>,
    /// Where the change leaves the plan, and why.
    #[serde(default)]
    pub departures: Vec<String>,
}

/// `review.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReviewFile {
    /// Always 1.
    pub version: u32,
    /// Whether the change may stay.
    pub verdict: ReviewVerdict,
    /// Why.
    #[serde(default)]
    pub summary: String,
    /// What was found.
    #[serde(default)]
    pub findings: Vec<Finding>,
}

/// Why a file cannot be handed on.
#[derive(Debug, thiserror::Error)]
pub enum HandedError {
    /// It is not JSON, or a field is missing or of another type.
    #[error("`{file}` cannot be read")]
    Shape {
        /// Its name.
        file: &'static str,
        /// Where and why.
        #[source]
        source: serde_json::Error,
    },
    /// It has another version.
    #[error("`{file}` has version {found}; this build reads version {VERSION}")]
    Version {
        /// Its name.
        file: &'static str,
        /// What it says.
        found: u32,
    },
    /// It says nothing, or contradicts itself.
    #[error("`{file}` is of no use: {why}")]
    Useless {
        /// Its name.
        file: &'static str,
        /// Why.
        why: String,
    },
}

impl HandedKind {
    /// The largest such file, in bytes.
    pub const MAX_BYTES: u64 = 1 << 20;

    /// The kind that a task of this role promises with an artifact of this name.
    pub fn promised(role: Role, artifact: &str) -> Option<Self> {
        let kind = match role {
            Role::Research => Self::Plan,
            Role::Implement => Self::Code,
            Role::Review => Self::Review,
            Role::Test => return None,
        };
        (artifact == kind.file()).then_some(kind)
    }

    /// Its name.
    pub fn file(self) -> &'static str {
        match self {
            Self::Plan => "plan.json",
            Self::Code => "code.json",
            Self::Review => "review.json",
        }
    }

    /// Reads one. Unknown fields are passed over: agents add their own.
    pub fn read(self, bytes: &[u8]) -> Result<Handed, HandedError> {
        /// What is looked at first, so that a newer file is refused as such.
        #[derive(Deserialize)]
        struct Versioned {
            version: u32,
        }
        let file = self.file();
        let shape = |source| HandedError::Shape { file, source };
        let Versioned { version } = serde_json::from_slice(bytes).map_err(shape)?;
        if version != VERSION {
            return Err(HandedError::Version { file, found: version });
        }
        let handed = match self {
            Self::Plan => serde_json::from_slice(bytes).map(Handed::Plan),
            Self::Code => serde_json::from_slice(bytes).map(Handed::Code),
            Self::Review => serde_json::from_slice(bytes).map(Handed::Review),
        };
        let handed = handed.map_err(shape)?;
        match handed.useless() {
            Some(why) => Err(HandedError::Useless { file, why }),
            None => Ok(handed),
        }
    }
}

impl Handed {
    fn useless(&self) -> Option<String> {
        let empty = |text: &str| text.trim().is_empty();
        match self {
            Self::Plan(plan) if plan.steps.iter().all(|step| empty(&step.text)) => Some("it has no step".to_owned()),
            Self::Code(code) if empty(&code.summary) => Some("it does not say what was done".to_owned()),
            Self::Review(ReviewFile { verdict: ReviewVerdict::RequestChanges, summary, findings, .. })
                if empty(summary) && findings.is_empty() =>
            {
                Some("it rejects the change and does not say why".to_owned())
            }
            Self::Review(ReviewFile { verdict: ReviewVerdict::Approve, findings, .. }) => {
                let error = findings.iter().find(|finding| finding.severity == Severity::Error)?;
                Some(format!("it approves a change with an error in it: {}", printable(&error.text, 200)))
            }
            Self::Plan(_) | Self::Code(_) | Self::Review(_) => None,
        }
    }
}

impl PlanFile {
    /// One that says so much.
    pub fn new(summary: String, steps: Vec<PlanStep>, files: Vec<PlanPath>, risks: Vec<String>) -> Self {
        Self { version: VERSION, summary, steps, files, risks }
    }

    /// Whether it names a file, in a step or beside them.
    pub fn names(&self, path: &str) -> bool {
        self.files.iter().any(|file| file.path == path)
            || self.steps.iter().any(|step| step.files.iter().any(|file| file == path))
    }
}

impl CodeFile {
    /// One that says so much.
    pub fn new(summary: String, files: Vec<String>, tested: Vec<String>, departures: Vec<String>) -> Self {
        Self { version: VERSION, summary, files, tested, departures }
    }
}

impl ReviewFile {
    /// One that says so much.
    pub fn new(verdict: ReviewVerdict, summary: String, findings: Vec<Finding>) -> Self {
        Self { version: VERSION, verdict, summary, findings }
    }

    /// Its reason in one line: the summary, else the worst finding.
    pub fn reason(&self) -> &str {
        let worst = self.findings.iter().max_by_key(|finding| finding.severity).map_or("", |worst| &worst.text);
        if self.summary.trim().is_empty() { worst } else { &self.summary }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(kind: HandedKind, text: &str) -> String {
        let error = kind.read(text.as_bytes()).unwrap_err();
        let source = std::error::Error::source(&error).map(|source| format!(": {source}")).unwrap_or_default();
        format!("{error}{source}")
    }

    #[test]
    fn a_file_is_promised_by_the_role_that_leaves_it_and_by_no_other() {
        assert_eq!(HandedKind::promised(Role::Research, "plan.json"), Some(HandedKind::Plan));
        assert_eq!(HandedKind::promised(Role::Implement, "code.json"), Some(HandedKind::Code));
        assert_eq!(HandedKind::promised(Role::Review, "review.json"), Some(HandedKind::Review));
        for (role, name) in [(Role::Test, "plan.json"), (Role::Implement, "plan.json"), (Role::Review, "a/review.json")]
        {
            assert_eq!(HandedKind::promised(role, name), None);
        }
    }

    #[test]
    fn the_least_and_more_than_is_known_is_read() {
        let plan = r#"{"version": 1, "steps": [{"text": "do it", "minutes": 5}], "mood": "good"}"#;
        assert!(matches!(HandedKind::Plan.read(plan.as_bytes()), Ok(Handed::Plan(plan)) if plan.steps.len() == 1));
        let review = r#"{"version": 1, "verdict": "rejected", "findings": [{"text": "no"}]}"#;
        let Ok(Handed::Review(review)) = HandedKind::Review.read(review.as_bytes()) else { panic!("{review}") };
        assert_eq!((review.verdict, review.reason()), (ReviewVerdict::RequestChanges, "no"));
    }

    #[test]
    fn what_is_of_no_use_to_the_next_step_is_refused_with_the_reason() {
        use HandedKind::{Code, Plan, Review};
        for (kind, text, why) in [
            (Plan, "", "`plan.json` cannot be read: EOF"),
            (Plan, "[]", "`plan.json` cannot be read"),
            (Plan, r#"{"steps": []}"#, "missing field `version`"),
            (Plan, r#"{"version": 2}"#, "`plan.json` has version 2; this build reads version 1"),
            (Plan, r#"{"version": 1, "steps": []}"#, "it has no step"),
            (Plan, r#"{"version": 1, "steps": ["a"]}"#, "at line 1 column"),
            (Code, r#"{"version": 1, "summary": " "}"#, "it does not say what was done"),
            (Code, r#"{"version": 1, "summary": "a", "summary": "b"}"#, "duplicate field `summary`"),
            (Review, r#"{"version": 1}"#, "missing field `verdict`"),
            (Review, r#"{"version": 1, "verdict": "maybe"}"#, "unknown variant `maybe`"),
            (Review, r#"{"version": 1, "verdict": "reject"}"#, "does not say why"),
            (
                Review,
                r#"{"version": 1, "verdict": "approve", "findings": [{"text": "a hole", "severity": "error"}]}"#,
                "it approves a change with an error in it: a hole",
            ),
        ] {
            let said = refused(kind, text);
            assert!(said.contains(why), "{text}: {said}");
        }
    }
}
