//! Texts out of a project for somebody to read: as much of each as there is room for.

use std::path::Path;

use crate::sys::fs::{self, FileError};

use super::{Files, ProjectFile};

/// The most of a file that somebody names to be read as a whole.
const MAX_NAMED: u64 = 256 << 10;

/// Text out of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProjectText {
    /// Relative to the project, or its bare name for a file from elsewhere.
    pub path: String,
    /// The text, of which there may be more.
    pub text: String,
    /// Whether there is.
    pub cut: bool,
}

impl Files {
    /// The beginning of a file, whole lines of at most `most` bytes; nothing of one that cannot be read or is no text.
    pub fn beginning(&self, file: &ProjectFile, most: usize) -> Option<ProjectText> {
        let bytes = fs::read_head(&self.root().join(&file.path), most as u64 + 1).ok()?;
        let is_more = bytes.len() > most;
        let kept = bytes.get(..most.min(bytes.len())).unwrap_or_default();
        let text = match std::str::from_utf8(kept) {
            Ok(text) => text,
            // Only a character that the end cuts in two is no fault of the file.
            Err(fault) if is_more && fault.error_len().is_none() => {
                std::str::from_utf8(kept.get(..fault.valid_up_to())?).ok()?
            }
            Err(_) => return None,
        };
        if text.contains('\0') {
            return None;
        }
        let whole = if is_more { text.rfind('\n').map_or(text, |end| &text[..=end]) } else { text };
        Some(ProjectText { path: file.path.clone(), text: whole.to_owned(), cut: is_more })
    }
}

/// A file that somebody named to be read as a whole. `path` is absolute, and only what lies in the project says where.
pub fn named_text(root: &Path, path: &Path) -> Result<ProjectText, FileError> {
    let text = fs::read_text(path, MAX_NAMED)?;
    let resolved = fs::canonical(path)?;
    let within = fs::canonical(root).ok().and_then(|root| resolved.strip_prefix(root).map(Path::to_path_buf).ok());
    let shown = match &within {
        Some(within) => within.as_path(),
        None => path.file_name().map_or(path, Path::new),
    };
    Ok(ProjectText { path: shown.to_string_lossy().into_owned(), text, cut: false })
}

#[cfg(test)]
mod tests {
    use super::super::files::tests::tree;
    use super::*;

    #[test]
    fn a_beginning_ends_with_a_line_and_never_in_a_character() {
        let root = tree(&[("a.md", "one\ntwo\nthree\n"), ("b.md", "ééé"), ("c.bin", "a\0b"), ("d.md", "")]);
        fs::write(&root.path().join("e.bin"), b"abc\xff\xfe").unwrap();
        let files = Files::list(root.path()).unwrap();
        let read = |name: &str, most: usize| {
            let file = files.iter().find(|file| file.path == name).unwrap();
            files.beginning(file, most).map(|read| (read.text, read.cut))
        };
        assert_eq!(read("a.md", 9), Some(("one\ntwo\n".to_owned(), true)));
        assert_eq!(read("a.md", 14), Some(("one\ntwo\nthree\n".to_owned(), false)));
        assert_eq!(read("b.md", 3), Some(("é".to_owned(), true)));
        assert_eq!((read("c.bin", 9), read("e.bin", 9)), (None, None));
        assert_eq!(read("d.md", 9), Some((String::new(), false)));
    }

    #[test]
    fn a_named_file_is_read_whole_or_not_at_all_and_says_no_folder_of_this_machine() {
        let root = tree(&[("docs/a.md", "text")]);
        let elsewhere = tree(&[("b.md", "more"), ("big", &"x".repeat(300 << 10))]);
        let read = named_text(root.path(), &root.path().join("docs/../docs/a.md")).unwrap();
        assert_eq!((read.path.as_str(), read.text.as_str()), ("docs/a.md", "text"));
        assert_eq!(named_text(root.path(), &elsewhere.path().join("b.md")).unwrap().path, "b.md");
        fs::write(&root.path().join("bad"), b"a\xff").unwrap();
        for bad in [elsewhere.path().join("big"), root.path().join("bad"), root.path().join("none"), root.path().into()]
        {
            assert!(named_text(root.path(), &bad).is_err(), "{}", bad.display());
        }
    }
}
