//! What the kernel has for a sandbox. There is none yet, and nothing here stands in the way of a run.

use super::finding::{Area, Finding};
use crate::sys::kernel::{Cgroups, Kernel};

/// Looks at the kernel.
pub(super) fn look() -> Vec<Finding> {
    let kernel = Kernel::look();
    let fact = |is_there: bool, says: String| {
        if is_there { Finding::ok(Area::Sandbox, says) } else { Finding::note(Area::Sandbox, says) }
    };
    let has = |is_there: bool, what: &str| {
        fact(is_there, format!("{what}: {}", if is_there { "there" } else { "not there" }))
    };
    vec![
        Finding::note(
            Area::Sandbox,
            "none yet: agents and checks run with your own rights; what this kernel has for one:",
        ),
        fact(
            kernel.landlock.is_some(),
            match kernel.landlock {
                Some(version) => format!("Landlock: version {version} of its interface (kernel {})", kernel.release),
                None => format!("Landlock: not there (kernel {})", kernel.release),
            },
        ),
        has(kernel.seccomp, "seccomp filters"),
        fact(
            kernel.user_namespaces.is_ok(),
            match kernel.user_namespaces {
                Ok(()) => "user namespaces: not forbidden".to_owned(),
                Err(why) => format!("user namespaces: not for ordinary users, {why}"),
            },
        ),
        has(kernel.pidfd, "pidfd"),
        fact(
            kernel.cgroups == Cgroups::Delegated,
            match kernel.cgroups {
                Cgroups::Delegated => "control groups: version 2, ours to divide",
                Cgroups::Unified => "control groups: version 2, not ours to divide",
                Cgroups::Old => "control groups: no version 2",
            }
            .to_owned(),
        ),
    ]
}
