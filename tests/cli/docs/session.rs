//! A shell that a reader of a document types into: folder and variables last from one command to the next.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::world::{Output, World, run};

/// What every step is wrapped in. Both streams go the same way, so that what is printed stays in its order.
const STEP: &str = r#"exec 2>&1
set -o pipefail
if [ -f "$DOCS_STATE/env" ]; then . "$DOCS_STATE/env"; cd "$(cat "$DOCS_STATE/folder")" || exit 99; fi
. "$DOCS_STATE/step"
code=$?
export -p > "$DOCS_STATE/env"
pwd > "$DOCS_STATE/folder"
exit "$code"
"#;

/// Commands in front of everything else on the path: the program itself, and stand-ins for what is not here.
const PROGRAMS: [(&str, &str); 4] = [
    ("my-agent", include_str!("programs/my-agent")),
    ("gh", include_str!("programs/gh")),
    ("dot", include_str!("programs/dot")),
    // The program that is tested was built already: building it again would only take time.
    ("cargo", include_str!("programs/cargo")),
];

/// A world with a shell in it.
pub struct Session {
    pub world: World,
}

impl Session {
    pub fn new() -> Self {
        let session = Self { world: World::new() };
        let programs = session.programs();
        std::fs::create_dir(&programs).unwrap();
        std::fs::create_dir(session.state()).unwrap();
        for (name, text) in PROGRAMS {
            let path = programs.join(name);
            std::fs::write(&path, text).unwrap();
            executable(&path);
        }
        std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_orchestra"), programs.join("orchestra")).unwrap();
        session
    }

    /// Types one command.
    pub fn types(&self, command: &str) -> Output {
        std::fs::write(self.state().join("step"), format!("{command}\n")).unwrap();
        let mut shell = Command::new("bash");
        shell.args(["--noprofile", "--norc", "-c", STEP]);
        self.world.settle(&mut shell);
        let path = std::env::var("PATH").unwrap_or_default();
        shell.env("PATH", format!("{}:{path}", self.programs().display())).env("DOCS_STATE", self.state());
        for who in ["AUTHOR", "COMMITTER"] {
            shell.env(format!("GIT_{who}_NAME"), "you").env(format!("GIT_{who}_EMAIL"), "you@example.org");
        }
        run(shell, &[])
    }

    /// Types one command that must succeed.
    #[track_caller]
    pub fn succeeds(&self, command: &str) -> Output {
        let output = self.types(command);
        assert_eq!(output.code, 0, "{command}: {output}");
        output
    }

    /// Writes a file where the shell stands.
    pub fn writes(&self, path: &str, text: &str) {
        let path = self.folder().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    /// Where the shell stands.
    pub fn folder(&self) -> PathBuf {
        let said = std::fs::read_to_string(self.state().join("folder"));
        said.map_or_else(|_| self.world.project(), |folder| folder.trim_end().into())
    }

    fn programs(&self) -> PathBuf {
        self.world.root().join("programs")
    }

    fn state(&self) -> PathBuf {
        self.world.root().join("shell")
    }
}

fn executable(path: &Path) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
}

#[test]
fn folder_and_variables_last_and_both_streams_are_seen() {
    let session = Session::new();
    session.succeeds("mkdir a && cd a && export X='1 2'");
    let output = session.types("echo \"$X\"; pwd >&2; false | cat");
    assert_eq!(output.code, 1, "a command that fails in a pipe is seen: {output}");
    assert!(output.stdout.starts_with("1 2\n") && output.stdout.trim_end().ends_with("/project/a"), "{output}");
    assert!(session.folder().ends_with("project/a"));
}
