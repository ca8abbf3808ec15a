//! Where everything in a run directory is. Paths only: nothing here touches the disk.

use std::path::{Path, PathBuf};

use crate::ids::TaskId;

/// The directory of one run.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RunDir {
    root: PathBuf,
}

macro_rules! paths {
    ($($(#[$doc:meta])* $name:ident = $file:literal;)*) => {
        $($(#[$doc])* pub fn $name(&self) -> PathBuf { self.root.join($file) })*
    };
}

impl RunDir {
    /// The run directory at `root`, which need not exist.
    pub fn at(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// The directory itself.
    pub fn root(&self) -> &Path {
        &self.root
    }

    paths! {
        /// The journal: the truth.
        journal = "events.jsonl";
        /// The ticket as it was understood.
        ticket = "ticket.md";
        /// The effective configuration, without secrets.
        config = "config.yaml";
        /// The plan that is carried out.
        plan = "plan.json";
        /// Every revision of the plan.
        plans = "plans";
        /// Diagnostics of the processes that worked on the run.
        trace = "trace.jsonl";
        /// The files of all attempts, each written only when it has content.
        tasks = "tasks";
        /// Empty folders that attempts are lent.
        lent = "tasks/.lent";
        /// Files the run keeps.
        artifacts = "artifacts";
        /// What those files are.
        manifest = "artifacts/manifest.json";
        /// The same as it is noted by tasks, until the list is made of it.
        manifest_lines = "artifacts/.manifest.jsonl";
        /// The run's own repository.
        shadow = "shadow.git";
        /// The whole change as a patch.
        patch = "changes.patch";
        /// The report for people.
        report = "report.md";
        /// The report for programs.
        report_json = "report.json";
        /// The report for CI.
        junit = "junit.xml";
        /// What an apply is about to do, while it is under way.
        apply_record = "apply.json";
        /// Held by the process that owns the run.
        lock = "lock";
        /// Held by every supervisor of the run: free once none is left.
        supervisors_lock = "supervisors.lock";
    }

    /// One revision of the plan, counted from 1.
    pub fn plan_revision(&self, revision: u32) -> PathBuf {
        self.root.join(format!("plans/{revision:04}.json"))
    }

    /// A proposal that was unsound, by the number of the event that it came with.
    pub fn plan_rejected(&self, seq: u64) -> PathBuf {
        self.root.join(format!("plans/rejected-{seq:04}.txt"))
    }

    /// What the names of one attempt's files in [`RunDir::tasks`] begin with. `ordinal` is the task's place in the plan,
    /// counted from 1. They stand side by side: a folder for each attempt would cost more than all else that is written
    /// for it.
    pub fn attempt_prefix(ordinal: usize, task: &TaskId, attempt: u32) -> String {
        format!("{ordinal}-{task}.{attempt}.")
    }

    /// The folder of what one attempt left for others, if it left anything.
    pub fn attempt_artifacts(&self, ordinal: usize, task: &TaskId, attempt: u32) -> PathBuf {
        let mut name = Self::attempt_prefix(ordinal, task, attempt);
        name.push_str("artifacts");
        self.tasks().join(name)
    }

    /// The folder of a task's artifacts within [`RunDir::artifacts`].
    ///
    /// It is the task's id; only an id that would hide the manifest gets a suffix.
    pub fn artifact_folder(task: &TaskId) -> String {
        let mut stem = task.as_str().to_ascii_lowercase();
        while let Some(shorter) = stem.strip_suffix(".task") {
            stem.truncate(shorter.len());
        }
        match stem.as_str() {
            "manifest.json" => format!("{task}.task"),
            _ => task.to_string(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_task_cannot_hide_the_manifest_nor_share_a_folder() {
        let folder = |id: &str| RunDir::artifact_folder(&TaskId::new(id).unwrap());
        assert_eq!(folder("fix"), "fix");
        assert_eq!(folder("x.task"), "x.task");
        assert_eq!(folder("manifest.json"), "manifest.json.task");
        assert_eq!(folder("Manifest.json.task"), "Manifest.json.task.task");
    }

    #[test]
    fn attempts_have_names_of_their_own() {
        let id = |id: &str| TaskId::new(id).unwrap();
        assert_eq!(RunDir::attempt_prefix(3, &id("fix"), 2), "3-fix.2.");
        assert_eq!(RunDir::at("/r").attempt_artifacts(3, &id("fix"), 2), Path::new("/r/tasks/3-fix.2.artifacts"));
        assert_ne!(RunDir::attempt_prefix(1, &id("a"), 12), RunDir::attempt_prefix(1, &id("a.1"), 2));
        assert_eq!(RunDir::at("/r").plan_revision(1), Path::new("/r/plans/0001.json"));
    }
}
