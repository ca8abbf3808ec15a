//! PURE: whether a change stays where its task may write.

use std::path::{Path, PathBuf};

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};

use super::error::WorkspaceError;
use crate::plan::{Role, Scope};

/// Those of `changed` that a task of this role and scope may not write. A glob that names a folder allows all below it.
pub fn outside_scope(role: Role, scope: &Scope, changed: &[PathBuf]) -> Result<Vec<PathBuf>, WorkspaceError> {
    let allowed = match (role, scope.write.as_slice()) {
        (Role::Research | Role::Review, _) | (Role::Test, []) => GlobSet::empty(),
        (Role::Implement, []) => return Ok(Vec::new()),
        (Role::Implement | Role::Test, globs) => set(globs)?,
    };
    Ok(changed.iter().filter(|path| !covers(&allowed, path)).cloned().collect())
}

fn covers(allowed: &GlobSet, path: &Path) -> bool {
    path.ancestors().take_while(|step| !step.as_os_str().is_empty()).any(|step| allowed.is_match(step))
}

fn set(globs: &[String]) -> Result<GlobSet, WorkspaceError> {
    let mut builder = GlobSetBuilder::new();
    for glob in globs {
        let glob = glob.trim_start_matches("./").trim_end_matches('/');
        // `.` and the empty rest of `./` name the project itself.
        let glob = if glob.is_empty() || glob == "." { "**" } else { glob };
        builder.add(GlobBuilder::new(glob).literal_separator(true).build()?);
    }
    Ok(builder.build()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outside(role: Role, write: &[&str], changed: &[&str]) -> Vec<String> {
        let scope = Scope { write: write.iter().map(ToString::to_string).collect(), ..Scope::default() };
        let changed: Vec<PathBuf> = changed.iter().map(PathBuf::from).collect();
        let found = outside_scope(role, &scope, &changed).unwrap();
        found.iter().map(|path| path.display().to_string()).collect()
    }

    #[test]
    fn a_folder_allows_what_is_below_it_and_a_star_stays_in_its_folder() {
        assert!(outside(Role::Implement, &["src/"], &["src/a/b.rs"]).is_empty());
        assert_eq!(outside(Role::Implement, &["src/*.rs"], &["src/a.rs", "src/a/b.rs", "x"]), ["src/a/b.rs", "x"]);
        assert!(outside(Role::Implement, &["**/*.md", "."], &["a/b/c.md", "d"]).is_empty());
        assert_eq!(outside(Role::Implement, &["src"], &["src2/a"]), ["src2/a"]);
    }

    #[test]
    fn without_globs_an_implement_task_is_free_and_every_other_may_write_nothing() {
        assert!(outside(Role::Implement, &[], &["a"]).is_empty());
        assert_eq!(outside(Role::Test, &[], &["a"]), ["a"]);
        assert!(outside(Role::Test, &["tests"], &["tests/a"]).is_empty());
        assert_eq!(outside(Role::Research, &["a"], &["a"]), ["a"]);
        assert_eq!(outside(Role::Review, &["a"], &["a"]), ["a"]);
    }

    #[test]
    fn a_malformed_glob_is_an_error_not_a_hole() {
        let scope = Scope { write: vec!["a[".into()], ..Scope::default() };
        assert!(outside_scope(Role::Implement, &scope, &["a".into()]).is_err());
    }
}
