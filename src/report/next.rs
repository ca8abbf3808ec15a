//! What to type next, by how the run stands.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::summary::Asked;
use super::{Facts, Standing, Summary, TaskStatus, words};
use crate::event::{Gauge, Limit, RunVerdict, StopCause};
use crate::ids::RunId;
use crate::money::Usd;

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
        let mut steps = self.steps(facts);
        for step in &mut steps {
            step.command.push_str(&facts.called);
        }
        steps
    }

    fn steps(&self, facts: &Facts) -> Vec<NextStep> {
        let Some(run) = &self.run else { return Vec::new() };
        let step = |command: String, why: &str| NextStep { command, why: why.to_owned() };
        let resume = |why: &str| step(format!("orchestra resume {run}"), why);
        match self.standing(facts.liveness) {
            Standing::Running => vec![step(format!("orchestra runs show {run}"), "see its progress")],
            Standing::Interrupted => {
                vec![resume("continue where it was interrupted; finished tasks are not run again"), self.explain()]
            }
            Standing::Stopped(cause) => match cause {
                StopCause::Approval => self.decisions(),
                StopCause::Signal(_) => vec![resume("continue; finished tasks are not run again")],
                StopCause::Quota(Some(until)) => {
                    vec![resume(&format!("continue, from {} UTC", words::time(until)))]
                }
                StopCause::Quota(None) => vec![resume("continue once the quota is back")],
                StopCause::Model(_) => vec![resume("ask the planner's model again once it can be used")],
                StopCause::NoPlan => vec![
                    resume("ask the planner again"),
                    step(format!("orchestra resume {run} --set planner.use=template"), "plan without a model"),
                ],
                StopCause::Limit(name) => vec![higher(run, &self.raise(&name))],
                StopCause::Short(shortage) => {
                    vec![higher(run, &raise_by(shortage.limit, shortage.of.max(shortage.needed)))]
                }
            },
            Standing::Finished(verdict) => match verdict {
                RunVerdict::Success => self.bring(facts),
                RunVerdict::Planned => vec![resume("run this plan as it is")],
                // What was refused stays refused in its run.
                RunVerdict::Denied if self.tasks.iter().all(|task| task.status == TaskStatus::Pending) => {
                    vec![step(format!("orchestra run --plan {run}"), "begin a new run of the plan that was refused")]
                }
                RunVerdict::Failed | RunVerdict::Denied => {
                    vec![resume("rerun what failed or was skipped; finished tasks are not run again"), self.explain()]
                }
                // A resume runs only what failed or was skipped: with nothing of it, a person must judge.
                RunVerdict::Unverified if self.tasks.iter().all(|task| task.status == TaskStatus::Succeeded) => {
                    let look = step(format!("orchestra runs show {run}"), "see which tasks no check covers");
                    std::iter::once(look).chain(self.bring(facts)).collect()
                }
                RunVerdict::Unverified => {
                    vec![resume("run what failed again, once the checks can pass"), self.explain()]
                }
                RunVerdict::Exhausted => {
                    let full = self.gauges().into_iter().find(Gauge::is_full);
                    vec![match full {
                        Some(gauge) => higher(run, &self.raise(gauge.limit.key())),
                        None => resume("continue with a higher limit"),
                    }]
                }
                RunVerdict::Unusable => vec![resume("continue once the agent is available")],
            },
        }
    }

    /// The flags that raise a limit, by a number that can be typed as it stands; a person may know a better one.
    fn raise(&self, key: &str) -> String {
        let limit = Limit::of_key(key);
        let gauge = self.gauges().into_iter().find(|gauge| Some(gauge.limit) == limit);
        // As much again; or as much as was used, where that alone would let nothing begin.
        let as_much = gauge.map(|Gauge { used, of, .. }| if used < of.saturating_mul(2) { of } else { used });
        match (limit, as_much) {
            (Some(limit), Some(more)) => raise_by(limit, more),
            (Some(_) | None, _) => format!("--set {key}=VALUE"),
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
        for asked in self.waiting.iter().take(10) {
            for (flag, why) in choices(asked) {
                steps.push(NextStep { command: format!("orchestra resume {run} {flag}"), why });
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
        vec![NextStep { command: format!("orchestra apply {run}"), why: "apply the change to your files".to_owned() }]
    }
}

/// The two ways to decide, as a flag and what it does.
fn choices(asked: &Asked) -> [(String, String); 2] {
    let way = |flag: String, why: &str| (flag, why.to_owned());
    match (&asked.task, asked.interrupted) {
        (None, _) => {
            [way("--approve plan".to_owned(), "allow the plan"), way("--reject plan".to_owned(), "refuse the plan")]
        }
        (Some(task), None) => {
            [way(format!("--approve {task}"), "allow this task"), way(format!("--reject {task}"), "refuse this task")]
        }
        (Some(task), Some(attempt)) => [
            way(
                format!("--decide {task}=rerun"),
                &format!("run it again, or skip it: attempt {attempt} was interrupted"),
            ),
            way(format!("--decide {task}=skip"), "skip it, and what depends on it"),
        ],
    }
}

/// The way on with a higher limit.
fn higher(run: &RunId, flags: &str) -> NextStep {
    NextStep {
        command: format!("orchestra resume {run} {flags}"),
        why: "continue with a higher limit; finished tasks are not run again".to_owned(),
    }
}

/// The flags that raise `limit` by so much, in its unit.
fn raise_by(limit: Limit, more: u64) -> String {
    match limit {
        Limit::RunTime => "--timeout +30m".to_owned(),
        Limit::Usd => format!("--budget-usd +{}", Usd::from_micros(more)),
        Limit::Tokens => format!("--budget-tokens +{more}"),
        Limit::Launches | Limit::RunBytes => format!("--set {}=+{more}", limit.key()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::Liveness;
    use super::super::sample::Story;
    use super::*;
    use crate::event::{Kind, Verdict};
    use crate::plan::Role;

    fn commands(story: &Story, liveness: Liveness) -> Vec<String> {
        let facts = Facts { liveness, diff: None, called: String::new() };
        let steps = Summary::of(&story.events).next_steps(&facts);
        steps.into_iter().map(|step| step.command.replace("20261121-093312-a1b2", "RUN")).collect()
    }

    #[test]
    fn what_to_type_next_fits_how_the_run_stands() {
        for (kind, typed) in [
            (Kind::RunFinished { verdict: RunVerdict::Planned, exit: 0 }, "orchestra resume RUN"),
            (Kind::RunFinished { verdict: RunVerdict::Failed, exit: 1 }, "orchestra resume RUN"),
            (Kind::RunFinished { verdict: RunVerdict::Success, exit: 0 }, "orchestra apply RUN"),
            (Kind::RunFinished { verdict: RunVerdict::Denied, exit: 5 }, "orchestra run --plan RUN"),
            (Kind::RunStopped { why: StopCause::Signal(15) }, "orchestra resume RUN"),
            (
                Kind::RunStopped { why: StopCause::Limit("limits.run".to_owned()) },
                "orchestra resume RUN --timeout +30m",
            ),
            (
                Kind::RunStopped { why: StopCause::Limit("limits.launches".to_owned()) },
                "orchestra resume RUN --set limits.launches=+200",
            ),
        ] {
            let mut story = Story::opening("t", &[("a", Role::Implement)]);
            story.add(None, kind);
            assert_eq!(commands(&story, Liveness::Gone)[0], typed);
        }
    }

    #[test]
    fn what_led_here_leads_back_here() {
        let mut story = Story::opening("t", &[("a", Role::Implement)]);
        story.add(None, Kind::RunFinished { verdict: RunVerdict::Failed, exit: 1 });
        let called = " --config 'a b.yaml'".to_owned();
        let facts = Facts { liveness: Liveness::Gone, diff: None, called };
        let first = Summary::of(&story.events).next_steps(&facts).remove(0);
        assert_eq!(first.command, "orchestra resume 20261121-093312-a1b2 --config 'a b.yaml'");
    }

    #[test]
    fn an_open_decision_names_what_is_to_be_decided() {
        let mut story = Story::opening("t", &[("a", Role::Implement)]);
        story.add(Some("a"), Kind::ApprovalRequested {}).add(Some("a"), Kind::ApprovalRequested {});
        story.add(None, Kind::RunStopped { why: StopCause::Approval });
        let typed = ["orchestra resume RUN --approve a", "orchestra resume RUN --reject a"];
        assert_eq!(commands(&story, Liveness::Gone), typed);
    }

    #[test]
    fn an_interrupted_attempt_that_is_held_is_run_again_or_left_out() {
        let mut story = Story::opening("t", &[("a", Role::Implement)]);
        story.add(Some("a"), Kind::ApprovalRequested {});
        story.events.last_mut().unwrap().attempt = Some(2);
        story.add(None, Kind::RunStopped { why: StopCause::Approval });
        let typed = ["orchestra resume RUN --decide a=rerun", "orchestra resume RUN --decide a=skip"];
        assert_eq!(commands(&story, Liveness::Gone), typed);
    }

    #[test]
    fn nothing_is_to_be_applied_twice_or_while_it_runs() {
        let mut story = Story::red_to_green();
        let onto = crate::event::AppliedOnto {
            path: "/p".to_owned(),
            before: crate::ids::ObjectId::new(&"1".repeat(40)).unwrap(),
            after: crate::ids::ObjectId::new(&"2".repeat(40)).unwrap(),
            run: None,
        };
        story.add(None, Kind::ChangeApplied { onto });
        assert_eq!(commands(&story, Liveness::Gone), [""; 0]);
        let mut running = Story::opening("t", &[("a", Role::Implement)]);
        assert_eq!(commands(&running, Liveness::Live), ["orchestra runs show RUN"]);
        running.start("a").says("a", "x").succeed("a", Verdict::Unchecked).end(RunVerdict::Unverified);
        assert_eq!(commands(&running, Liveness::Gone), ["orchestra runs show RUN", "orchestra apply RUN"]);
    }
}
