//! PURE: changed paths that decide what a check shows: a green that came by editing them deserves a second look.

use std::path::{Path, PathBuf};

/// Those of `changed` that hold tests, by the names test runners go by.
pub fn touched_tests(changed: &[PathBuf]) -> Vec<PathBuf> {
    changed.iter().filter(|path| is_test(path)).cloned().collect()
}

/// Those of `changed` that say how checks are run: CI, build and test configuration, and our own.
pub fn touched_check_files(changed: &[PathBuf]) -> Vec<PathBuf> {
    changed.iter().filter(|path| is_check_file(path)).cloned().collect()
}

fn is_test(path: &Path) -> bool {
    const FOLDERS: [&str; 6] = ["test", "tests", "__tests__", "spec", "specs", "__snapshots__"];
    let in_test_folder = path.parent().is_some_and(|folder| {
        folder.components().any(|part| FOLDERS.contains(&&*part.as_os_str().to_string_lossy().to_lowercase()))
    });
    let stem = path.file_stem().unwrap_or_default().to_string_lossy().to_lowercase();
    let by_name = ["_test", "_tests", ".test", ".spec", "_spec"].iter().any(|end| stem.ends_with(end))
        || stem.starts_with("test_")
        || matches!(stem.as_str(), "test" | "tests" | "conftest");
    in_test_folder || by_name
}

fn is_check_file(path: &Path) -> bool {
    const NAMES: [&str; 26] = [
        "cargo.toml",
        "nextest.toml",
        "package.json",
        "pyproject.toml",
        "pytest.ini",
        "setup.cfg",
        "tox.ini",
        "noxfile.py",
        "conftest.py",
        "go.mod",
        "makefile",
        "gnumakefile",
        "justfile",
        "clippy.toml",
        ".clippy.toml",
        "rust-toolchain",
        "rust-toolchain.toml",
        "build.rs",
        ".gitlab-ci.yml",
        ".travis.yml",
        "jenkinsfile",
        "azure-pipelines.yml",
        "tsconfig.json",
        "orchestra.yaml",
        ".eslintrc.json",
        ".pre-commit-config.yaml",
    ];
    const FOLDERS: [&str; 6] = [".github", ".gitlab", ".circleci", ".buildkite", ".ci", ".cargo"];
    const PREFIXES: [&str; 4] = ["jest.config.", "vitest.config.", "vite.config.", "eslint.config."];
    let name = path.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
    NAMES.contains(&name.as_str())
        || PREFIXES.iter().any(|prefix| name.starts_with(prefix))
        || path.components().any(|part| FOLDERS.contains(&&*part.as_os_str().to_string_lossy()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(names: &[&str]) -> Vec<PathBuf> {
        names.iter().map(PathBuf::from).collect()
    }

    #[test]
    fn tests_are_known_by_their_names_and_folders() {
        let tests = ["tests/a.rs", "src/x_test.go", "a/b.test.ts", "test_x.py", "pkg/__tests__/a.js", "src/tests.rs"];
        assert_eq!(touched_tests(&paths(&tests)), paths(&tests));
        assert!(touched_tests(&paths(&["src/main.rs", "src/latest.rs", "docs/testing.md", "contest.py"])).is_empty());
    }

    #[test]
    fn what_says_how_checks_run_is_known() {
        let files = ["Cargo.toml", "a/package.json", ".github/workflows/ci.yml", "vitest.config.ts", "Makefile"];
        assert_eq!(touched_check_files(&paths(&files)), paths(&files));
        assert!(touched_check_files(&paths(&["src/main.rs", "README.md"])).is_empty());
    }
}
