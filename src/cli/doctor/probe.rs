//! Asking a program for its version: in a folder of its own, with nothing to read, and not for long.

use std::ffi::OsString;
use std::path::Path;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::policy::{Limits, child_environment};
use crate::process::{Command, End, Sink, Stdin, Supervisors};
use crate::sys::env::Env;
use crate::text::printable;

/// The longest an answer may take. Some agents are slow to start, and none is worth waiting longer for.
const WALL: Duration = Duration::from_secs(5);

/// What programs are asked with.
pub(super) struct Probe {
    /// Start them.
    pub supervisors: Supervisors,
    /// Ends them when we are asked to end.
    pub cancel: CancellationToken,
    /// An empty folder: nothing of a project decides what they do.
    pub folder: tempfile::TempDir,
    /// Our own environment, of which they see the usual part.
    pub env: Env,
}

impl Probe {
    /// The first line that `program` answers with to `argument`, if it is content with it.
    pub(super) async fn ask(&self, program: &Path, argument: &str) -> Option<String> {
        // Nobody is to look for updates, to colour, or to ask.
        let explicit = ["CI", "NO_COLOR", "OPENCODE_DISABLE_AUTOUPDATE", "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC"];
        let explicit = explicit.into_iter().map(|name| (name.to_owned(), OsString::from("1"))).collect();
        let command = Command {
            argv: vec![program.into(), argument.into()],
            env: child_environment(self.env.table(), &[], &explicit),
            cwd: self.folder.path().to_path_buf(),
            stdin: Stdin::Null,
            stdout: Sink::Memory { cap: 4096 },
            stderr: Sink::Memory { cap: 4096 },
            limits: Limits {
                wall: WALL,
                idle: WALL,
                grace: Duration::from_millis(500),
                output_bytes: 1 << 20,
                ..Limits::default()
            },
        };
        let exit = self.supervisors.run(command, &self.cancel).await.ok()?;
        let said = String::from_utf8_lossy(&exit.stdout.bytes).into_owned();
        let first = said.lines().map(str::trim).find(|line| !line.is_empty())?;
        (exit.end == End::Code(0)).then(|| printable(first, 60))
    }
}
