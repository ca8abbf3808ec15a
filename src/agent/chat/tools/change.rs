//! `change`: what the tasks before a review changed, file by file.

use serde::Deserialize;
use serde_json::{Value, json};

use super::kit::{Kit, Told};
use super::read::lines;
use crate::agent::job::Extent;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Arguments {
    #[serde(default)]
    path: Option<String>,
    #[serde(default)]
    offset: Option<usize>,
    #[serde(default)]
    limit: Option<usize>,
}

pub(super) fn parameters() -> Value {
    json!({
        "type": "object",
        "properties": {
            "path": {"type": "string", "description": "only the change of this file"},
            "offset": {"type": "integer", "minimum": 1, "description": "the first line of the patch, counted from 1"},
            "limit": {"type": "integer", "minimum": 1, "description": "how many lines; 1000 if left out"},
        },
        "additionalProperties": false,
    })
}

pub(super) fn change(kit: &Kit, arguments: &str) -> Result<Told, Told> {
    let Arguments { path, offset, limit } = super::arguments::read(arguments).map_err(Told::Wrong)?;
    let change = &kit.job.change;
    if change.patch.is_empty() {
        return Ok(Told::Done("[the tasks before this one changed nothing]".to_owned()));
    }
    let shown = match &path {
        None => change.patch.clone(),
        Some(path) => of_file(&change.patch, path.trim_start_matches("./")),
    };
    if shown.is_empty() {
        let cut = match change.extent {
            Extent::Whole => "",
            Extent::Cut => " in the part of it that is kept; `read` shows the file as it is now",
        };
        return Err(Told::Failed(format!(
            "there is no change of this file{cut}; changed: {}",
            change.paths.join(", ")
        )));
    }
    Ok(Told::Done(lines(shown.as_bytes(), offset, limit, kit.cap)))
}

/// The part of a patch that is about this file.
fn of_file(patch: &str, file: &str) -> String {
    let (mut out, mut section) = (String::new(), String::new());
    let (mut is_head, mut is_meant) = (false, false);
    for line in patch.split_inclusive('\n') {
        if line.starts_with("diff --git ") {
            out.push_str(if is_meant { &section } else { "" });
            section.clear();
            (is_head, is_meant) = (true, names(line, file));
        }
        is_head &= !line.starts_with("@@");
        is_meant |=
            is_head && ["--- ", "+++ ", "rename "].iter().any(|start| line.starts_with(start)) && names(line, file);
        section.push_str(line);
    }
    out.push_str(if is_meant { &section } else { "" });
    out
}

/// Whether a line of a patch's head ends with this path.
fn names(line: &str, path: &str) -> bool {
    let line = line.trim_end().trim_end_matches('"');
    line.strip_suffix(path)
        .is_some_and(|before| before.ends_with('/') || before.ends_with(' ') || before.ends_with('"'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_change_of_one_file_is_cut_out_of_the_whole() {
        let patch = "diff --git a/x/a.rs b/x/a.rs\n--- a/x/a.rs\n+++ b/x/a.rs\n@@ -1 +1 @@\n-a\n+b.rs\ndiff --git a/b.rs b/b.rs\n--- a/b.rs\n+++ /dev/null\n@@ -1 +0,0 @@\n-b\n";
        assert!(of_file(patch, "x/a.rs").ends_with("+b.rs\n"));
        assert!(of_file(patch, "b.rs").starts_with("diff --git a/b.rs") && of_file(patch, "b.rs").ends_with("-b\n"));
        assert_eq!(of_file(patch, "c.rs"), "");
    }
}
