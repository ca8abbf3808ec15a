//! Flags that are keys of the configuration under another name: said as `--set` would say them, so that ranges,
//! precedence and origins are the configuration's own.

use std::fmt::Display;
use std::path::Path;

use super::plan::PlanCaps;
use super::run::Pace;
use super::{Allowance, Ask, ResumeArgs, RunArgs, RunsDir};

/// Flags that set keys.
pub trait Settings {
    /// Each as `key=value`.
    fn settings(&self) -> Vec<String>;
}

impl Settings for PlanCaps {
    fn settings(&self) -> Vec<String> {
        [("limits.plan_tasks", self.max_tasks), ("limits.plan_bytes", self.max_bytes)]
            .into_iter()
            .filter_map(|(key, value)| set(key, value))
            .collect()
    }
}

impl Settings for Pace {
    fn settings(&self) -> Vec<String> {
        // The flag can only switch it on.
        let on = self.continue_on_error.then_some(true);
        set("run.jobs", self.jobs).into_iter().chain(set("run.continue_on_error", on)).collect()
    }
}

impl Settings for RunsDir {
    fn settings(&self) -> Vec<String> {
        set("runs.dir", self.dir.as_deref().map(quoted)).into_iter().collect()
    }
}

impl Settings for RunArgs {
    fn settings(&self) -> Vec<String> {
        let ask = self.ask_before.map(|ask| match ask {
            Ask::Plan => "plan",
            Ask::Task => "task",
            Ask::Never => "never",
        });
        let own = [
            set("run.ask", ask),
            set("limits.run", self.timeout),
            set("limits.task", self.task_timeout),
            set("budget.usd", self.budget_usd),
            set("budget.tokens", self.budget_tokens),
        ];
        let mut all: Vec<String> = own.into_iter().flatten().collect();
        all.extend(self.caps.settings());
        all.extend(self.pace.settings());
        all.extend(self.runs.settings());
        all
    }
}

impl Settings for ResumeArgs {
    fn settings(&self) -> Vec<String> {
        fn whole<T: Copy>(asked: Option<Allowance<T>>) -> Option<T> {
            match asked {
                Some(Allowance::Set(all)) => Some(all),
                Some(Allowance::Add(_)) | None => None,
            }
        }
        let own = [
            set("limits.run", whole(self.timeout)),
            set("budget.usd", whole(self.budget_usd)),
            set("budget.tokens", whole(self.budget_tokens)),
        ];
        let mut all: Vec<String> = own.into_iter().flatten().collect();
        all.extend(self.caps.settings());
        all.extend(self.pace.settings());
        all
    }
}

fn set(key: &str, value: Option<impl Display>) -> Option<String> {
    value.map(|value| format!("{key}={value}"))
}

/// A path as a YAML string, whatever it holds.
fn quoted(path: &Path) -> String {
    serde_json::Value::from(path.to_string_lossy()).to_string()
}

#[cfg(test)]
mod tests {
    use super::super::jobs::Jobs;
    use super::*;
    use crate::time::Span;

    #[test]
    fn flags_become_settings_of_the_configuration() {
        let args = RunArgs {
            ask_before: Some(Ask::Task),
            timeout: Some(Span::from_secs(90)),
            pace: Pace { jobs: Some(Jobs::Count(3)), continue_on_error: true },
            runs: RunsDir { dir: Some("a: #b".into()) },
            ..RunArgs::default()
        };
        let said =
            ["run.ask=task", "limits.run=1m30s", "run.jobs=3", "run.continue_on_error=true", "runs.dir=\"a: #b\""];
        assert_eq!(args.settings(), said);
        assert!(RunArgs::default().settings().is_empty());
    }
}
