//! PURE: argv as a template. Every placeholder is known before anything runs.

use std::ffi::OsString;
use std::path::Path;

use super::super::error::nearest;
use super::super::job::Job;

/// The longest argument the kernel takes, its closing NUL included: 32 pages of 4 KiB (`MAX_ARG_STRLEN` of Linux).
pub(in crate::agent) const MAX_ARGUMENT: usize = 128 * 1024;

/// One argument: text and what is filled in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Argument(Vec<Piece>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Text(String),
    Slot(Slot),
}

/// What can be filled in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Slot {
    /// The path of `message.json`.
    Message,
    /// The prompt itself.
    Prompt,
    /// The path of `prompt.md`.
    PromptFile,
    /// The path of the workspace.
    Workspace,
    /// The path of the artifact folder.
    Artifacts,
    /// The path of the folder with what earlier tasks left.
    Inputs,
    /// The path of the patch with what the tasks before changed.
    Change,
    /// The task's id.
    Task,
    /// The task's role.
    Role,
}

impl Slot {
    const ALL: [Self; 9] = [
        Self::Message,
        Self::Prompt,
        Self::PromptFile,
        Self::Workspace,
        Self::Artifacts,
        Self::Inputs,
        Self::Change,
        Self::Task,
        Self::Role,
    ];

    fn as_str(self) -> &'static str {
        match self {
            Self::Message => "message",
            Self::Prompt => "prompt",
            Self::PromptFile => "prompt_file",
            Self::Workspace => "workspace",
            Self::Artifacts => "artifacts",
            Self::Inputs => "inputs",
            Self::Change => "change",
            Self::Task => "task",
            Self::Role => "role",
        }
    }

    fn named(name: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|slot| slot.as_str() == name).ok_or_else(|| {
            let names = Self::ALL.map(Self::as_str);
            match nearest(name, &names) {
                Some(near) => format!("`{{{name}}}` is not known; did you mean `{{{near}}}`?"),
                None => format!("`{{{name}}}` is not known; there are {{{}}}", names.join("}, {")),
            }
        })
    }

    fn fill(self, job: &Job) -> OsString {
        let path = |path: &Path| path.as_os_str().to_owned();
        match self {
            Self::Message => path(&job.files.message()),
            Self::Prompt => (&job.prompt).into(),
            Self::PromptFile => path(&job.files.prompt()),
            Self::Workspace => path(&job.workspace),
            Self::Artifacts => path(&job.artifacts),
            Self::Inputs => path(&job.inputs),
            Self::Change => path(&job.files.change()),
            Self::Task => job.message.task_id.as_str().into(),
            Self::Role => job.message.role.as_str().into(),
        }
    }
}

impl Argument {
    /// Reads an argument: `{name}` is filled in and must be known, `{{name}}` stands for `{name}`. Every other brace is
    /// text, `${name}` too, so that shell and JSON can be written as they are. The error says what is wrong in words.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        if text.contains('\0') {
            return Err("it holds a NUL byte".to_owned());
        }
        let mut pieces = Vec::new();
        let mut plain = String::new();
        let mut rest = text;
        while let Some(at) = rest.find('{') {
            let (before, tail) = rest.split_at(at);
            plain.push_str(before);
            if let Some((escaped, after)) = braced(tail, "{{", "}}") {
                plain.extend(["{", escaped, "}"]);
                rest = after;
            } else if let Some((name, after)) = braced(tail, "{", "}").filter(|_| !before.ends_with('$')) {
                if !plain.is_empty() {
                    pieces.push(Piece::Text(std::mem::take(&mut plain)));
                }
                pieces.push(Piece::Slot(Slot::named(name)?));
                rest = after;
            } else {
                plain.push('{');
                rest = &tail[1..];
            }
        }
        plain.push_str(rest);
        if !plain.is_empty() {
            pieces.push(Piece::Text(plain));
        }
        Ok(Self(pieces))
    }

    /// The argument for one attempt. What is filled in is never read as a template again.
    pub(super) fn fill(&self, job: &Job) -> OsString {
        let mut argument = OsString::new();
        for piece in &self.0 {
            match piece {
                Piece::Text(text) => argument.push(text),
                Piece::Slot(slot) => argument.push(slot.fill(job)),
            }
        }
        argument
    }

    /// Whether `slot` is part of it.
    pub(super) fn uses(&self, slot: Slot) -> bool {
        self.0.contains(&Piece::Slot(slot))
    }

    /// The text, if nothing is filled in.
    pub(super) fn fixed(&self) -> Option<&str> {
        match self.0.as_slice() {
            [] => Some(""),
            [Piece::Text(text)] => Some(text),
            [Piece::Slot(_)] | [_, _, ..] => None,
        }
    }
}

/// A name at the very beginning between `open` and `close`, and what follows.
fn braced<'a>(text: &'a str, open: &str, close: &str) -> Option<(&'a str, &'a str)> {
    let inner = text.strip_prefix(open)?;
    let end = inner.find(|c: char| !c.is_ascii_lowercase() && c != '_')?;
    let after = inner[end..].strip_prefix(close)?;
    (end > 0).then(|| (&inner[..end], after))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_are_known_or_refused_with_what_was_meant() {
        let argument = Argument::parse("--in={message}:{{x}}").unwrap();
        assert!(argument.uses(Slot::Message) && !argument.uses(Slot::Prompt));
        assert_eq!(argument.0[2], Piece::Text(":{x}".to_owned()));
        assert_eq!(Argument::parse("{mesage}").unwrap_err(), "`{mesage}` is not known; did you mean `{message}`?");
        assert!(Argument::parse("{model}").unwrap_err().contains("there are {message}, {prompt}"));
        assert!(Argument::parse("x\0y").is_err());
        assert_eq!(Argument::parse("{role}").unwrap().fixed(), None);
    }

    #[test]
    fn shell_and_json_are_written_as_they_are() {
        for text in ["plain", "${message}", "{ ls; }", r#"{"a":{"b":1}}"#, "{", "}", "x{}y", "awk '{ print }'"] {
            assert_eq!(Argument::parse(text).unwrap().fixed(), Some(text));
        }
        assert_eq!(Argument::parse("{{message}}").unwrap().fixed(), Some("{message}"));
    }
}
