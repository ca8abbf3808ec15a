//! PURE: the script: answers by task and attempt.

use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};

use serde::Deserialize;

use crate::event::{FailureClass, Usage};
use crate::message::{Finding, ResultStatus, ReviewVerdict, Score};

/// A script as it stands in its file.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Script {
    /// Always 1.
    pub(super) version: u32,
    /// The first that fits best is taken.
    pub(super) answers: Vec<Answer>,
}

/// What is done and said in one attempt.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Answer {
    /// A task's id, or `*` for those without an answer of their own.
    pub(super) task: String,
    /// The attempt; left out, every one without an answer of its own.
    pub(super) attempt: Option<u32>,
    /// A file, relative to the script, whose appearance is waited for.
    pub(super) wait_for: Option<PathBuf>,
    /// Files written into the workspace.
    #[serde(default)]
    pub(super) writes: BTreeMap<String, String>,
    /// Files removed from the workspace.
    #[serde(default)]
    pub(super) deletes: Vec<String>,
    /// A diff applied to the workspace.
    pub(super) diff: Option<String>,
    /// Files left in the artifact folder.
    #[serde(default)]
    pub(super) leaves: BTreeMap<String, String>,
    /// Ends the attempt as a failure instead of a claim.
    pub(super) fail: Option<Fail>,
    /// The claim.
    #[serde(default)]
    pub(super) status: ResultStatus,
    /// The rest of the result, as said; nothing of it need be true.
    #[serde(default)]
    pub(super) summary: String,
    #[serde(default)]
    pub(super) output: String,
    #[serde(default)]
    pub(super) files: Vec<String>,
    #[serde(default)]
    pub(super) artifacts: Vec<String>,
    #[serde(default)]
    pub(super) findings: Vec<Finding>,
    pub(super) verdict: Option<ReviewVerdict>,
    pub(super) score: Option<Score>,
    #[serde(default)]
    pub(super) usage: Usage,
}

/// A failure to end with.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Fail {
    pub(super) class: FailureClass,
    #[serde(default)]
    pub(super) detail: String,
}

/// What is wrong with an answer, and which one it is, counted from 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wrong {
    pub(super) index: usize,
    pub(super) task: String,
    pub(super) why: String,
}

impl Script {
    /// The first thing that serde cannot see to be wrong.
    pub(super) fn check(&self) -> Result<(), Wrong> {
        for (at, answer) in self.answers.iter().enumerate() {
            answer.check().map_err(|why| Wrong { index: at + 1, task: answer.task.clone(), why })?;
            let same = |other: &&Answer| other.task == answer.task && other.attempt == answer.attempt;
            if self.answers[..at].iter().any(|other| same(&other)) {
                let why = "an earlier answer has the same task and attempt".to_owned();
                return Err(Wrong { index: at + 1, task: answer.task.clone(), why });
            }
        }
        Ok(())
    }

    /// The answer for an attempt: the task's own before `*`, the attempt's own before one for all.
    pub(super) fn answer(&self, task: &str, attempt: u32) -> Option<&Answer> {
        let fits = |answer: &&Answer| {
            (answer.task == task || answer.task == "*") && answer.attempt.is_none_or(|only| only == attempt)
        };
        let rank = |answer: &&Answer| (answer.task == "*", answer.attempt.is_none());
        self.answers.iter().filter(fits).min_by_key(rank)
    }
}

impl Answer {
    fn check(&self) -> Result<(), String> {
        let paths = self.writes.keys().chain(&self.deletes).chain(self.leaves.keys());
        for path in paths {
            if !is_inside(path) {
                return Err(format!("`{}` does not stay inside the folder", crate::text::printable(path, 80)));
            }
        }
        if self.attempt == Some(0) {
            return Err("attempts are counted from 1".to_owned());
        }
        Ok(())
    }
}

/// Relative, named file by file, and no git folder on the way.
fn is_inside(path: &str) -> bool {
    let mut parts = Path::new(path).components().peekable();
    parts.peek().is_some()
        && !path.ends_with('/')
        && parts.all(|part| matches!(part, Component::Normal(name) if !name.eq_ignore_ascii_case(".git")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn script(text: &str) -> Script {
        serde_yaml::from_str(text).unwrap()
    }

    #[test]
    fn the_nearest_answer_is_taken() {
        let script = script(
            "version: 1\nanswers:\n- {task: '*', summary: any}\n- {task: a, summary: a}\n- {task: a, attempt: 2, summary: a2}\n",
        );
        assert_eq!(script.check(), Ok(()));
        for (task, attempt, summary) in [("a", 1, "a"), ("a", 2, "a2"), ("b", 2, "any")] {
            assert_eq!(script.answer(task, attempt).unwrap().summary, summary);
        }
    }

    #[test]
    fn writes_outside_the_workspace_and_double_answers_are_refused() {
        for path in ["../x", "/etc/x", "a/../../x", ".git/hooks/x", "", "a/"] {
            let text = format!("version: 1\nanswers:\n- {{task: a, writes: {{'{path}': x}}}}\n");
            assert!(script(&text).check().is_err(), "{path:?}");
        }
        assert!(script("version: 1\nanswers:\n- {task: a}\n- {task: a}\n").check().is_err());
    }
}
