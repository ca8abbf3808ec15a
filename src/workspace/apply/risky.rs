//! PURE: files that run without anyone calling them, so that a reader of a change looks at these first.

use std::path::Path;

const FOLDERS: [&str; 11] = [
    ".github/",
    ".gitlab/",
    ".circleci/",
    ".buildkite/",
    ".ci/",
    ".husky/",
    ".githooks/",
    ".vscode/",
    ".devcontainer/",
    ".cargo/",
    ".claude/",
];
const NAMES: [&str; 30] = [
    ".envrc",
    ".gitlab-ci.yml",
    ".travis.yml",
    ".pre-commit-config.yaml",
    ".pre-commit-hooks.yaml",
    "lefthook.yml",
    ".gitmodules",
    ".gitattributes",
    ".npmrc",
    ".yarnrc.yml",
    ".mise.toml",
    "mise.toml",
    ".mcp.json",
    "jenkinsfile",
    "azure-pipelines.yml",
    "makefile",
    "gnumakefile",
    "justfile",
    "dockerfile",
    "package.json",
    "build.rs",
    "setup.py",
    "conftest.py",
    "sitecustomize.py",
    "pyproject.toml",
    "noxfile.py",
    "tox.ini",
    "build.gradle",
    "build.gradle.kts",
    "rakefile",
];

/// Whether a changed file at this path may run by itself: in CI, on a commit, on entering a folder, on a build or on install.
pub fn runs_by_itself(path: &Path) -> bool {
    let text = path.to_string_lossy().to_lowercase();
    let name = text.rsplit('/').next().unwrap_or(&text);
    FOLDERS.iter().any(|folder| text.starts_with(folder) || text.contains(&format!("/{folder}")))
        || NAMES.contains(&name)
        || Path::new(name).extension().is_some_and(|ending| ending == "pth")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_runs_by_itself_is_seen_wherever_it_lies() {
        for path in [
            ".github/workflows/ci.yml",
            "sub/.envrc",
            "Makefile",
            "a/package.json",
            "crates/x/build.rs",
            ".husky/pre-commit",
        ] {
            assert!(runs_by_itself(Path::new(path)), "{path}");
        }
        for path in ["src/main.rs", "docs/makefile.md", "build.rs.txt"] {
            assert!(!runs_by_itself(Path::new(path)), "{path}");
        }
    }
}
