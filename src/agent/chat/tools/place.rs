//! PURE: which file a model means, and where it may be: paths that cannot leave their folder.

use std::path::{Component, Path, PathBuf};

use crate::text::printable;

/// The longest path, in bytes.
const MAX: usize = 1024;
/// What stands for the folder with what earlier tasks left.
const INPUTS: &str = "$ORCHESTRA_INPUTS";
/// What stands for the folder with what this task leaves.
const ARTIFACTS: &str = "$ORCHESTRA_ARTIFACTS";

/// A path by the folder that it is relative to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Place {
    /// The workspace.
    Workspace(PathBuf),
    /// What earlier tasks left. Only for reading.
    Inputs(PathBuf),
    /// What this task leaves.
    Artifacts(PathBuf),
}

/// Reads a path as a model wrote it. The error says what is wrong with it.
pub(super) fn place(path: &str) -> Result<Place, String> {
    for (variable, make) in
        [(INPUTS, Place::Inputs as fn(PathBuf) -> Place), (ARTIFACTS, Place::Artifacts as fn(PathBuf) -> Place)]
    {
        let bare = variable.trim_start_matches('$');
        let after = path.strip_prefix(variable).or_else(|| path.strip_prefix(format!("${{{bare}}}").as_str()));
        match after {
            Some("") => return Ok(make(PathBuf::new())),
            Some(after) if after.starts_with('/') => return relative(after.trim_start_matches('/')).map(make),
            Some(_) | None => {}
        }
    }
    relative(path).map(Place::Workspace)
}

/// A path of parts that only lead down.
pub(super) fn relative(path: &str) -> Result<PathBuf, String> {
    let shown = printable(path, 200);
    let refuse = |why: &str| Err(format!("`{shown}` is not taken: {why}"));
    if path.len() > MAX {
        return refuse("it is too long");
    }
    if path.chars().any(char::is_control) {
        return refuse("it holds a control character");
    }
    let mut clean = PathBuf::new();
    for part in Path::new(path).components() {
        match part {
            Component::Normal(name) if name.eq_ignore_ascii_case(".git") => {
                return refuse("what git keeps is left alone");
            }
            Component::Normal(name) => clean.push(name),
            Component::CurDir => {}
            Component::ParentDir => return refuse("paths stay in the workspace, and have no `..`"),
            Component::RootDir | Component::Prefix(_) => {
                return refuse("paths are relative to the workspace, and this one is absolute");
            }
        }
    }
    Ok(clean)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_leads_down_or_is_refused_with_the_reason() {
        assert_eq!(place("./src//a.rs").unwrap(), Place::Workspace("src/a.rs".into()));
        assert_eq!(place(".").unwrap(), Place::Workspace(PathBuf::new()));
        for (bad, why) in [
            ("/etc/passwd", "absolute"),
            ("../x", "`..`"),
            ("a/../../x", "`..`"),
            (".git/config", "git"),
            ("a/.GIT/hooks/x", "git"),
            ("a\nb", "control"),
            ("a\0b", "control"),
        ] {
            assert!(place(bad).unwrap_err().contains(why), "{bad}");
        }
        assert!(place(&"a/".repeat(600)).unwrap_err().contains("too long"));
        assert!(place(".gitignore").is_ok() && place(".github/x.yml").is_ok());
    }

    #[test]
    fn the_folders_of_the_variables_are_known_by_their_names() {
        assert_eq!(place("$ORCHESTRA_INPUTS/plan/plan.json").unwrap(), Place::Inputs("plan/plan.json".into()));
        assert_eq!(place("${ORCHESTRA_INPUTS}").unwrap(), Place::Inputs(PathBuf::new()));
        assert_eq!(place("$ORCHESTRA_ARTIFACTS/a").unwrap(), Place::Artifacts("a".into()));
        assert!(place("$ORCHESTRA_INPUTS/../x").is_err());
        assert_eq!(place("$ORCHESTRA_INPUTSX").unwrap(), Place::Workspace("$ORCHESTRA_INPUTSX".into()));
    }
}
