//! PURE: the end of the work, as a model says it.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::message::{Finding, ResultStatus, ReviewVerdict, Score, Severity, TaskResult};
use crate::plan::Role;

/// Whether a result is a judgement over a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdicts {
    /// It must say one.
    Demanded,
    /// It is none.
    None,
}

impl Verdicts {
    pub(super) fn of(role: Role) -> Self {
        match role {
            Role::Review => Self::Demanded,
            Role::Research | Role::Implement | Role::Test => Self::None,
        }
    }
}

/// What a model says at the end.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Claim {
    status: ResultStatus,
    summary: String,
    #[serde(default)]
    findings: Vec<Noticed>,
    #[serde(default)]
    verdict: Option<ReviewVerdict>,
    #[serde(default)]
    score: Option<f64>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Noticed {
    #[serde(default)]
    file: Option<String>,
    #[serde(default)]
    line: Option<u32>,
    #[serde(default)]
    severity: Severity,
    text: String,
}

pub(super) fn parameters() -> Value {
    json!({
        "type": "object",
        "properties": {
            "status": {"type": "string", "enum": ["done", "failed"], "description": "failed only if the task could not be done"},
            "summary": {"type": "string", "description": "one short paragraph: what you did, or found, and what is left"},
            "findings": {
                "type": "array",
                "description": "what should be known of single places",
                "items": {
                    "type": "object",
                    "properties": {
                        "file": {"type": "string", "description": "relative to the workspace"},
                        "line": {"type": "integer", "minimum": 1},
                        "severity": {"type": "string", "enum": ["info", "warning", "error"], "description": "error: must not stay as it is"},
                        "text": {"type": "string"},
                    },
                    "required": ["text"],
                    "additionalProperties": false,
                },
            },
            "verdict": {
                "type": "string", "enum": ["approve", "request_changes"],
                "description": "a review must say it, and nobody else",
            },
            "score": {
                "type": "number", "minimum": 0, "maximum": 1,
                "description": "a review must say it, and nobody else: 1 means that nothing is to be said against the change",
            },
        },
        "required": ["status", "summary"],
        "additionalProperties": false,
    })
}

/// The claim as a task result. The error says what is wrong with it.
pub(super) fn result(claim: Claim, verdicts: Verdicts) -> Result<TaskResult, String> {
    let Claim { status, summary, findings, verdict, score } = claim;
    if summary.trim().is_empty() {
        return Err("the argument `summary` is empty".to_owned());
    }
    let score = score.map(Score::new).transpose().map_err(|error| format!("the argument `score`: {error}"))?;
    let (verdict, score) = match verdicts {
        Verdicts::Demanded if verdict.is_none() || score.is_none() => {
            return Err("a review needs `verdict` (approve or request_changes) and `score` (from 0 to 1)".to_owned());
        }
        Verdicts::Demanded => (verdict, score),
        // Who is no reviewer judges nothing, whatever else is filled in.
        Verdicts::None => (None, None),
    };
    let findings = findings.into_iter().map(|noticed| {
        let Noticed { file, line, severity, text } = noticed;
        let file = file.map(|file| file.trim_start_matches("./").to_owned()).filter(|file| !file.is_empty());
        Finding { file, line: line.filter(|line| *line > 0), severity, text }
    });
    Ok(TaskResult { status, summary, findings: findings.collect(), verdict, score, ..TaskResult::default() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str, verdicts: Verdicts) -> Result<TaskResult, String> {
        serde_json::from_str(json)
            .map_err(|error: serde_json::Error| error.to_string())
            .and_then(|claim| result(claim, verdicts))
    }

    #[test]
    fn a_review_says_a_verdict_and_a_score_and_nobody_else_does() {
        let full = r#"{"status":"done","summary":"s","verdict":"request_changes","score":0.25,"findings":[{"file":"./a","line":0,"text":"t"}]}"#;
        let result = read(full, Verdicts::Demanded).unwrap();
        assert_eq!((result.verdict, result.score), (Some(ReviewVerdict::RequestChanges), Score::new(0.25).ok()));
        assert_eq!((result.findings[0].file.as_deref(), result.findings[0].line), (Some("a"), None));
        let nobodys = read(full, Verdicts::None).unwrap();
        assert_eq!((nobodys.verdict, nobodys.score), (None, None));
        let bare = r#"{"status":"failed","summary":"s"}"#;
        assert!(read(bare, Verdicts::Demanded).unwrap_err().contains("`verdict`"));
        assert_eq!(read(bare, Verdicts::None).unwrap().status, ResultStatus::Failed);
        assert!(read(r#"{"status":"done","summary":" "}"#, Verdicts::None).unwrap_err().contains("`summary`"));
        assert!(read(r#"{"status":"done","summary":"s","verdict":"approve","score":7}"#, Verdicts::Demanded).is_err());
    }
}
