//! The identity of a task's work. Same key: the same work on the same inputs, whoever runs it, wherever, whenever.

use serde::Serialize;

use crate::ids::{Digest, ObjectId};
use crate::message::TaskResult;
use crate::plan::{Check, Role, Scope};

/// Counted up when what goes into a key changes; older results are then no longer found.
pub const KEY_VERSION: u32 = 1;

/// What a key is made of. Never in it: run id, attempt, time, absolute paths, earlier failures, limits, prices, versions
/// of agent or orchestra.
#[derive(Debug, Clone, Serialize)]
pub struct KeyParts<'a> {
    /// Always [`KEY_VERSION`].
    pub version: u32,
    /// What kind of work.
    pub role: Role,
    /// What it is told.
    pub instructions: &'a str,
    /// Where it may work.
    pub scope: &'a Scope,
    /// What decides over it.
    pub checks: &'a [Check],
    /// What it is to leave for others. Left out where there is nothing, so that such work keeps the key it always had.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    pub artifacts: &'a [String],
    /// What was asked for in the first place.
    pub ticket: &'a Digest,
    /// The templates its prompt is made from.
    pub prompt: &'a Digest,
    /// Kind, model and flags of the agent.
    pub agent: &'a Digest,
    /// What it builds on.
    pub dependencies: Vec<DependencyPart>,
    /// What the run starts from.
    pub base: Option<&'a ObjectId>,
    /// The rules it works under.
    pub policy: &'a Digest,
}

/// What a dependency contributes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DependencyPart {
    /// Its tree, where there are trees.
    pub tree: Option<ObjectId>,
    /// SHA-256 of its result.
    pub result: Digest,
    /// SHA-256 of each of its artifacts, in their order.
    pub artifacts: Vec<Digest>,
}

impl DependencyPart {
    /// The digest of what a dependency said.
    pub fn result_digest(result: &TaskResult) -> Result<Digest, serde_json::Error> {
        Digest::of_json(result)
    }
}

impl KeyParts<'_> {
    /// The key.
    pub fn key(&self) -> Result<Digest, serde_json::Error> {
        Digest::of_json(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_without_artifacts_keeps_its_key_and_a_new_artifact_changes_it() {
        let nothing = Digest::of(b"");
        let (scope, mut artifacts) = (Scope::default(), Vec::new());
        let key = |artifacts: &[String]| {
            let parts = KeyParts {
                version: KEY_VERSION,
                role: Role::Implement,
                instructions: "Do it.",
                scope: &scope,
                checks: &[],
                artifacts,
                ticket: &nothing,
                prompt: &nothing,
                agent: &nothing,
                dependencies: Vec::new(),
                base: None,
                policy: &nothing,
            };
            parts.key().unwrap()
        };
        // As it was before artifacts had a part in it.
        let before = key(&artifacts);
        assert_eq!(before.short(), "4483236e5958");
        artifacts.push("plan.json".to_owned());
        assert_ne!(key(&artifacts), before);
    }
}
