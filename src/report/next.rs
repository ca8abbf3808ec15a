//! What to type next, by how the run stands.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Facts, Standing, Summary, TaskStatus, words};
use crate::event::{RunVerdict, StopCause};

/// A command, and what it would do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct NextStep {
    /// To be typed as it stands, except for a word in capitals.
    pub command: String,
    /// What it does.
    pub why: String,
}

impl Summary {
    /// What to type next, the likeliest first.
    pub fn next_steps(&self, facts: &Facts) -> Vec<NextStep> {
        let Some(run) = &self.run else { return Vec::new() };
        let step = |command: String, why: &str| NextStep { command, why: why.to_owned() };
        let resume = |why: &str| step(format!("orchestra resume {run}"), why);
        match self.standing(facts.liveness) {
            Standing::Running => vec![step(format!("orchestra runs show {run}"), "see how far it is")],
            Standing::Interrupted => vec![resume("go on where it was cut off; nothing finished runs again")],
            Standing::Stopped(cause) => match cause {
                StopCause::Approval => self.decisions(),
                StopCause::Signal(_) => vec![resume("go on; nothing finished runs again")],
                StopCause::Quota(Some(until)) => {
                    vec![resume(&format!("go on, from {} UTC", words::time(until)))]
                }
                StopCause::Quota(None) => vec![resume("go on, once the quota is back")],
                StopCause::Limit(name) => vec![step(
                    format!("orchestra resume {run} --set {name}=VALUE"),
                    "go on with a higher limit; nothing finished runs again",
                )],
                StopCause::Held(task) => vec![
                    step(format!("orchestra resume {run} --decide {task}=rerun"), "run the held task again"),
                    step(format!("orchestra resume {run} --decide {task}=skip"), "leave the held task out"),
                ],
            },
            Standing::Finished(verdict) => match verdict {
                RunVerdict::Success => self.bring(facts),
                RunVerdict::Planned => vec![resume("run this plan as it is")],
                RunVerdict::Failed | RunVerdict::Denied => {
                    vec![resume("run what failed or was skipped again; nothing finished runs again"), self.explain()]
                }
                RunVerdict::Unverified => {
                    let mut steps = vec![resume("run what failed again, once the checks are fixed"), self.explain()];
                    if self.tasks.iter().all(|task| task.status == TaskStatus::Succeeded) {
                        steps.extend(self.bring(facts));
                    }
                    steps
                }
                RunVerdict::Exhausted => vec![resume("go on, with a higher limit")],
                RunVerdict::Unusable => vec![resume("go on, once the agent or the model can be used")],
            },
        }
    }

    fn explain(&self) -> NextStep {
        let run = self.run.as_ref().map_or("", |run| run.as_str());
        NextStep {
            command: format!("orchestra resume {run} --explain"),
            why: "see first what would run, and why".to_owned(),
        }
    }

    fn decisions(&self) -> Vec<NextStep> {
        let run = self.run.as_ref().map_or("", |run| run.as_str());
        let mut steps = Vec::new();
        for task in self.waiting.iter().take(10) {
            let what = task.as_ref().map_or("plan", |task| task.as_str());
            let whole = if task.is_some() { "this task" } else { "the plan" };
            for (flag, does) in [("--approve", "allow"), ("--reject", "refuse")] {
                steps.push(NextStep {
                    command: format!("orchestra resume {run} {flag} {what}"),
                    why: format!("{does} {whole}"),
                });
            }
        }
        steps
    }

    /// How a change gets to where its user works; nothing when there is none, or when it is there.
    fn bring(&self, facts: &Facts) -> Vec<NextStep> {
        let run = self.run.as_ref().map_or("", |run| run.as_str());
        let in_place = self.terms.as_ref().is_some_and(|terms| terms.in_place);
        let empty = facts.diff.as_ref().is_some_and(|diff| diff.files.is_empty());
        if in_place || empty || !self.applied.is_empty() {
            return Vec::new();
        }
        vec![NextStep { command: format!("orchestra apply {run}"), why: "bring the change into your tree".to_owned() }]
    }
}
