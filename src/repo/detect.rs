//! What kind of project this is, and the commands that check it. Only what stands at the root decides.
//!
//! Deliberately absent: flags about the network and lock files, which are the project's own affair, and
//! anything that would have to run to find out.

use std::fmt;
use std::path::Path;

use serde::Deserialize;

use crate::ids::CheckName;
use crate::plan::{Check, CheckKind, Expect};
use crate::sys::fs::{self, Cause, Kind};

use super::RepoError;

/// Manifests above this are not read: then only their presence counts.
const MAX_MANIFEST: u64 = 1 << 20;

/// A kind of project whose checks we know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ProjectKind {
    /// `Cargo.toml`.
    Cargo,
    /// `package.json` with scripts, run by npm, pnpm, yarn or bun.
    Npm,
    /// Python with tests that pytest finds.
    Pytest,
    /// `go.mod`.
    Go,
    /// A Makefile with a target `test` or `check`.
    Make,
}

impl fmt::Display for ProjectKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Cargo => "cargo",
            Self::Npm => "npm",
            Self::Pytest => "pytest",
            Self::Go => "go",
            Self::Make => "make",
        })
    }
}

/// A project that was recognised.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Detected {
    /// What it is.
    pub kind: ProjectKind,
    /// The file or folder that says so.
    pub because: String,
    /// Builds before suites; all of them `expect: keep`.
    pub checks: Vec<Check>,
}

impl Detected {
    /// The program its checks need, as found on `PATH`.
    pub fn tool(&self) -> Option<&str> {
        self.checks.first().and_then(|check| check.run.first()).map(String::as_str)
    }
}

/// All detected checks: builds first, then suites, each in the order cargo, npm, pytest, go, make.
pub fn checks(root: &Path) -> Result<Vec<Check>, RepoError> {
    let mut all: Vec<Check> = detect(root)?.into_iter().flat_map(|found| found.checks).collect();
    all.sort_by_key(|check| match check.kind {
        CheckKind::Build => 0,
        CheckKind::Suite => 1,
    });
    Ok(all)
}

/// Recognises what stands at `root`. A Makefile counts only where no other suite was found: most wrap the
/// project's own tool, and running its tests twice proves nothing more.
pub fn detect(root: &Path) -> Result<Vec<Detected>, RepoError> {
    let mut found: Vec<Detected> = Vec::new();
    for detector in [cargo, npm, pytest, go] {
        found.extend(detector(root)?.filter(|detected| !detected.checks.is_empty()));
    }
    let has_suite = found.iter().flat_map(|detected| &detected.checks).any(|check| check.kind == CheckKind::Suite);
    if !has_suite {
        found.extend(make(root)?);
    }
    Ok(found)
}

fn cargo(root: &Path) -> Result<Option<Detected>, RepoError> {
    let Some(manifest) = text(root, "Cargo.toml")? else { return Ok(None) };
    let workspace =
        manifest.lines().map(str::trim).any(|line| line == "[workspace]" || line.starts_with("[workspace."));
    let scope: &[&str] = if workspace { &["--workspace"] } else { &[] };
    let checks = vec![
        check("cargo-build", CheckKind::Build, &[&["cargo", "build", "--all-targets"], scope].concat())?,
        check("cargo-test", CheckKind::Suite, &[&["cargo", "test"], scope].concat())?,
    ];
    Ok(Some(Detected { kind: ProjectKind::Cargo, because: "Cargo.toml".to_owned(), checks }))
}

#[derive(Deserialize)]
struct Package {
    #[serde(default)]
    scripts: std::collections::BTreeMap<String, serde_json::Value>,
}

fn npm(root: &Path) -> Result<Option<Detected>, RepoError> {
    let Some(manifest) = text(root, "package.json")? else { return Ok(None) };
    // A manifest that its own tool cannot read tells us nothing; saying so is the tool's task.
    let Ok(package) = serde_json::from_str::<Package>(&manifest) else { return Ok(None) };
    let locks = [("pnpm-lock.yaml", "pnpm"), ("yarn.lock", "yarn"), ("bun.lock", "bun"), ("bun.lockb", "bun")];
    let tool = locks.iter().find(|(lock, _)| is_file(root, lock)).map_or("npm", |(_, tool)| tool);
    let script = |name: &str| {
        package.scripts.get(name).and_then(serde_json::Value::as_str).filter(|text| !text.trim().is_empty())
    };
    let mut checks = Vec::new();
    for name in ["build", "typecheck", "type-check"] {
        if script(name).is_some() {
            checks.push(check(&format!("{tool}-{name}"), CheckKind::Build, &[tool, "run", name])?);
        }
    }
    // What `npm init` writes is a promise to fail.
    if script("test").is_some_and(|text| !text.contains("no test specified")) {
        checks.push(check(&format!("{tool}-test"), CheckKind::Suite, &[tool, "run", "test"])?);
    }
    Ok(Some(Detected { kind: ProjectKind::Npm, because: "package.json".to_owned(), checks }))
}

fn pytest(root: &Path) -> Result<Option<Detected>, RepoError> {
    let Some(because) = pytest_sign(root)? else { return Ok(None) };
    let locks = [("uv.lock", "uv"), ("poetry.lock", "poetry"), ("pdm.lock", "pdm"), ("Pipfile.lock", "pipenv")];
    let run: Vec<&str> = match locks.iter().find(|(lock, _)| is_file(root, lock)) {
        Some((_, tool)) => vec![tool, "run", "pytest"],
        None => vec!["python3", "-m", "pytest"],
    };
    let checks = vec![check("pytest", CheckKind::Suite, &run)?];
    Ok(Some(Detected { kind: ProjectKind::Pytest, because, checks }))
}

/// What says that pytest has something to run here: its configuration, or test files where it looks for them.
fn pytest_sign(root: &Path) -> Result<Option<String>, RepoError> {
    for name in ["pytest.ini", "conftest.py"] {
        if is_file(root, name) {
            return Ok(Some(name.to_owned()));
        }
    }
    for (name, table) in [("pyproject.toml", "[tool.pytest"), ("setup.cfg", "[tool:pytest]"), ("tox.ini", "[pytest]")] {
        if text(root, name)?.is_some_and(|text| text.lines().any(|line| line.trim_start().starts_with(table))) {
            return Ok(Some(name.to_owned()));
        }
    }
    for folder in ["tests", "test", "."] {
        if fs::kind(&root.join(folder))? != Some(Kind::Folder) {
            continue;
        }
        let is_test = |name: &str| {
            let stem = name.strip_suffix(".py");
            stem.is_some_and(|stem| stem.starts_with("test_") || stem.ends_with("_test") || stem == "conftest")
        };
        let entries = fs::list(&root.join(folder))?;
        let test = entries
            .iter()
            .filter(|entry| entry.kind == Kind::File)
            .filter_map(|entry| entry.name.to_str())
            .find(|name| is_test(name));
        if let Some(name) = test {
            return Ok(Some(if folder == "." { name.to_owned() } else { format!("{folder}/{name}") }));
        }
    }
    Ok(None)
}

fn go(root: &Path) -> Result<Option<Detected>, RepoError> {
    if !is_file(root, "go.mod") {
        return Ok(None);
    }
    let checks = vec![
        check("go-build", CheckKind::Build, &["go", "build", "./..."])?,
        check("go-test", CheckKind::Suite, &["go", "test", "./..."])?,
    ];
    Ok(Some(Detected { kind: ProjectKind::Go, because: "go.mod".to_owned(), checks }))
}

fn make(root: &Path) -> Result<Option<Detected>, RepoError> {
    // In the order in which make itself looks.
    for name in ["GNUmakefile", "makefile", "Makefile"] {
        let Some(text) = text(root, name)? else { continue };
        let Some(target) = ["test", "check"].into_iter().find(|target| has_target(&text, target)) else {
            return Ok(None);
        };
        let checks = vec![check(&format!("make-{target}"), CheckKind::Suite, &["make", target])?];
        return Ok(Some(Detected { kind: ProjectKind::Make, because: name.to_owned(), checks }));
    }
    Ok(None)
}

/// Whether a rule for `target` stands in a makefile: `a test: deps`, but neither `test := x` nor a recipe.
fn has_target(makefile: &str, target: &str) -> bool {
    makefile.lines().filter(|line| !line.starts_with(['\t', '#'])).any(|line| {
        line.split_once(':').is_some_and(|(targets, rest)| {
            let assigns = rest.trim_start_matches(':').starts_with('=');
            !assigns && !targets.contains('=') && targets.split_whitespace().any(|name| name == target)
        })
    })
}

fn check(name: &str, kind: CheckKind, run: &[&str]) -> Result<Check, RepoError> {
    let run = run.iter().map(|word| (*word).to_owned()).collect();
    Ok(Check { name: CheckName::new(name)?, run, timeout: None, expect: Expect::Keep, kind })
}

fn is_file(root: &Path, name: &str) -> bool {
    matches!(fs::kind(&root.join(name)), Ok(Some(Kind::File)))
}

/// The text of a manifest, empty if it is too large or no text; `None` if there is none. Links do not count.
fn text(root: &Path, name: &str) -> Result<Option<String>, RepoError> {
    let path = root.join(name);
    if fs::kind(&path)? != Some(Kind::File) {
        return Ok(None);
    }
    match fs::read_text(&path, MAX_MANIFEST) {
        Ok(text) => Ok(Some(text)),
        Err(fault) => match fault.cause {
            Cause::TooLarge { .. } | Cause::NotText { .. } => Ok(Some(String::new())),
            Cause::IsFolder => Ok(None),
            Cause::Io(_) => Err(fault.into()),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::super::files::tests::tree;
    use super::*;

    fn runs(files: &[(&str, &str)]) -> Vec<String> {
        let root = tree(files);
        checks(root.path()).unwrap().iter().map(|check| check.run.join(" ")).collect()
    }

    #[test]
    fn each_kind_is_known_by_its_files() {
        for (files, expected) in [
            (&[("Cargo.toml", "[package]\n")][..], &["cargo build --all-targets", "cargo test"][..]),
            (&[("Cargo.toml", "[workspace]\n")], &["cargo build --all-targets --workspace", "cargo test --workspace"]),
            (&[("package.json", r#"{"scripts":{"test":"vitest","build":"tsc"}}"#)], &["npm run build", "npm run test"]),
            (&[("package.json", r#"{"scripts":{"test":"x"}}"#), ("pnpm-lock.yaml", "")], &["pnpm run test"]),
            (&[("package.json", r#"{"scripts":{"test":"echo \"Error: no test specified\" && exit 1"}}"#)], &[]),
            (&[("package.json", "{}")], &[]),
            (&[("package.json", "not json")], &[]),
            (&[("pyproject.toml", "[tool.pytest.ini_options]\n"), ("uv.lock", "")], &["uv run pytest"]),
            (&[("tests/test_a.py", "")], &["python3 -m pytest"]),
            (&[("pyproject.toml", "[project]\n"), ("tests/data.txt", "")], &[]),
            (&[("go.mod", "module x\n")], &["go build ./...", "go test ./..."]),
            (&[("Makefile", "all: x\n\nlint test: all\n\tgo\n")], &["make test"]),
            (&[("Makefile", "check:\n"), ("GNUmakefile", "check:\n")], &["make check"]),
            (&[("Makefile", "test := 1\nx:\n\ttest: no\n# test:\n")], &[]),
            (&[("README.md", "")], &[]),
        ] {
            assert_eq!(runs(files), expected, "{files:?}");
        }
    }

    #[test]
    fn builds_come_before_suites_and_a_makefile_only_where_nothing_else_tests() {
        let files = [("Cargo.toml", ""), ("go.mod", ""), ("Makefile", "test:\n")];
        assert_eq!(runs(&files), ["cargo build --all-targets", "go build ./...", "cargo test", "go test ./..."]);
        let root = tree(&files);
        let found = detect(root.path()).unwrap();
        assert_eq!((found[0].kind.to_string(), found[0].tool()), ("cargo".to_owned(), Some("cargo")));
        assert!(checks(root.path()).unwrap().iter().all(|check| check.expect == Expect::Keep));
    }
}
