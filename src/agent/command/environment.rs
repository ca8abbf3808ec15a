//! PURE: the environment of an agent: the short list everyone has, what was declared for it, and where it is.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::Path;

use super::super::job::Job;
use super::super::spec::CommandSpec;
use crate::ids::Digest;
use crate::policy::child_environment;

/// The variable that counts orchestras above one another.
const DEPTH: &str = "ORCHESTRA_DEPTH";

/// The complete environment of one attempt. Ours is put in last: nobody can declare it away.
pub(in crate::agent) fn environment(
    parent: &BTreeMap<OsString, OsString>,
    spec: &CommandSpec,
    job: &Job,
    temp: &Path,
) -> BTreeMap<OsString, OsString> {
    let declared = spec.env.iter().map(|(name, value)| (name.clone(), OsString::from(value))).collect();
    let mut env = child_environment(parent, &spec.pass_env, &declared);
    let message = &job.message;
    env.extend([
        ("ORCHESTRA_RUN_ID".into(), message.run.as_str().into()),
        ("ORCHESTRA_TASK_ID".into(), message.task_id.as_str().into()),
        ("ORCHESTRA_ATTEMPT".into(), job.attempt.to_string().into()),
        ("ORCHESTRA_ROLE".into(), message.role.as_str().into()),
        ("ORCHESTRA_MESSAGE".into(), job.files.message().into_os_string()),
        ("ORCHESTRA_ARTIFACTS".into(), job.artifacts.clone().into_os_string()),
        ("ORCHESTRA_INPUTS".into(), job.inputs.clone().into_os_string()),
        (DEPTH.into(), (depth(parent) + 1).to_string().into()),
        ("TRACEPARENT".into(), traceparent(job).into()),
        ("TMPDIR".into(), temp.as_os_str().to_owned()),
    ]);
    env
}

/// How many orchestras are above this one: whoever calls itself, through its own configuration, counts up.
fn depth(parent: &BTreeMap<OsString, OsString>) -> u32 {
    let above = parent.get(OsStr::new(DEPTH)).and_then(|depth| depth.to_str()?.parse::<u32>().ok());
    above.unwrap_or(0).min(u32::MAX - 1)
}

/// Why `name` cannot be declared for an agent.
pub(in crate::agent) fn refused(name: &str) -> Option<&'static str> {
    if name.is_empty() || name.contains(['=', '\0']) {
        Some("no variable can have this name")
    } else if name.starts_with("ORCHESTRA_") || matches!(name, "TRACEPARENT" | "TMPDIR") {
        Some("orchestra sets it itself")
    } else {
        None
    }
}

/// The trace's header for a child: version, trace, the attempt as parent span, sampled.
/// Source: W3C Trace Context, section 3.2.
fn traceparent(job: &Job) -> String {
    let message = &job.message;
    let span = Digest::of(format!("{} {} {}", message.run, message.task_id, job.attempt).as_bytes());
    format!("00-{}-{}-01", job.trace, &span.as_str()[..16])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_own_variables_cannot_be_declared() {
        for name in ["ORCHESTRA_RUN_ID", "TMPDIR", "TRACEPARENT", "", "A=B"] {
            assert!(refused(name).is_some(), "{name}");
        }
        assert_eq!(refused("API_KEY"), None);
    }
}
