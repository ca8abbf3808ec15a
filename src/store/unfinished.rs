//! What a killed process was writing: files and folders under the names that things have until they are whole.

use super::RunDir;
use crate::sys::fs;

/// Removes what an earlier owner of the run left unfinished. The caller owns it, so nobody is at work on any of it.
pub fn remove_unfinished(dir: &RunDir) {
    for folder in [dir.root().to_path_buf(), dir.artifacts(), dir.plans()] {
        // A folder that is not there holds nothing; and in vain at worst, for nobody ever looks at these names.
        for entry in fs::list(&folder).unwrap_or_default() {
            if entry.name.as_encoded_bytes().starts_with(fs::UNFINISHED.as_bytes()) {
                drop(fs::remove_tree(&entry.path));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_killed_process_was_writing_is_removed_and_nothing_else() {
        let temp = tempfile::tempdir().unwrap();
        let dir = RunDir::at(temp.path());
        remove_unfinished(&dir);
        for folder in ["artifacts/.new-a/deep", "artifacts/a", "plans"] {
            fs::create_dirs(&temp.path().join(folder)).unwrap();
        }
        let write = |path: &str| fs::write(&temp.path().join(path), b"half").unwrap();
        let files = ["report.md", ".new-x1", "plans/.new-y2", "plans/0001.json", "artifacts/.new-z3"];
        let more = ["artifacts/.new-a/deep/f", "artifacts/a/.new-kept", "artifacts/.manifest.jsonl"];
        files.into_iter().chain(more).for_each(write);
        remove_unfinished(&dir);
        let names = |path: &str| {
            let entries = fs::list(&temp.path().join(path)).unwrap();
            entries.into_iter().map(|entry| entry.name.into_string().unwrap()).collect::<Vec<_>>()
        };
        assert_eq!(names(""), ["artifacts", "plans", "report.md"]);
        assert_eq!(names("plans"), ["0001.json"]);
        assert_eq!(names("artifacts"), [".manifest.jsonl", "a"]);
        assert_eq!(names("artifacts/a"), [".new-kept"], "what a task left is its own");
    }
}
