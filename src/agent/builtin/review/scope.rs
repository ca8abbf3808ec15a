//! PURE: files that were changed although the task under review does not speak of them.

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};

use crate::message::{Finding, Severity};
use crate::plan::Scope;

/// A finding for each path that no glob of the scope covers. A task without a scope says nothing about paths.
pub(super) fn look(paths: &[String], scope: &Scope) -> Vec<Finding> {
    let globs: Vec<&String> = scope.read.iter().chain(&scope.write).collect();
    let Some(set) = (!globs.is_empty()).then(|| compile(&globs)).and_then(Result::ok) else {
        return Vec::new();
    };
    let outside = paths.iter().filter(|path| !set.is_match(path));
    outside
        .map(|path| Finding {
            file: Some(path.clone()),
            line: None,
            severity: Severity::Warning,
            text: "it was changed, and lies outside the scope of this task".to_owned(),
        })
        .collect()
}

/// A folder's name covers what is in it. A plan's globs were found sound when it was read.
fn compile(globs: &[&String]) -> Result<GlobSet, globset::Error> {
    let mut set = GlobSetBuilder::new();
    for glob in globs {
        let glob = glob.trim_end_matches('/');
        for form in [glob.to_owned(), format!("{glob}/**")] {
            set.add(GlobBuilder::new(&form).literal_separator(true).build()?);
        }
    }
    set.build()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_scope_makes_paths_foreign() {
        let paths = ["src/a.rs".to_owned(), "docs/b.md".to_owned()];
        assert!(look(&paths, &Scope::default()).is_empty());
        let scope = Scope { read: vec!["src/".to_owned()], ..Scope::default() };
        let found = look(&paths, &scope);
        assert_eq!(found.iter().map(|f| f.file.as_deref()).collect::<Vec<_>>(), [Some("docs/b.md")]);
    }
}
