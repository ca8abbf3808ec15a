//! Why a ticket was refused. All of it is the caller's to mend, so each fault knows a hint.

use std::io;

use crate::sys::fs::FileError;

use super::{MAX_BYTES, Source};

/// A ticket that cannot be used: what, where, and with [`TicketError::hint`] what to do about it.
#[derive(Debug, thiserror::Error)]
pub enum TicketError {
    /// An argument without whitespace that names no file.
    #[error("there is no file `{argument}`")]
    NoSuchFile {
        /// As it was typed.
        argument: String,
        /// A file beside it with nearly that name.
        near: Option<String>,
    },
    /// A folder was named.
    #[error("{path}: is a folder, not a ticket")]
    Folder {
        /// As it was typed.
        path: String,
    },
    /// A pipe, socket or device was named: reading it could wait for ever.
    #[error("{path}: is a pipe, a socket or a device, not a regular file")]
    Special {
        /// As it was typed.
        path: String,
    },
    /// The file could not be read.
    #[error("{path}: cannot be read")]
    Unreadable {
        /// As it was typed.
        path: String,
        /// What was tried, and what the system said.
        #[source]
        source: FileError,
    },
    /// Standard input could not be read.
    #[error("standard input cannot be read")]
    Stdin(#[source] io::Error),
    /// More than [`MAX_BYTES`].
    #[error("{from}: is larger than {MAX_BYTES} bytes")]
    TooLarge {
        /// What was read.
        from: Source,
    },
    /// Not text.
    #[error("{from}:{line}: is not UTF-8 text (byte {offset})")]
    NotUtf8 {
        /// What was read.
        from: Source,
        /// The line, from 1.
        line: usize,
        /// The first bad byte, from 0.
        offset: usize,
    },
    /// A NUL, which no argument list and few tools can carry.
    #[error("{from}:{line}: holds a NUL byte")]
    Nul {
        /// What was read.
        from: Source,
        /// The line, from 1.
        line: usize,
    },
    /// Nothing but whitespace.
    #[error("{from}: is empty")]
    Empty {
        /// What was read.
        from: Source,
    },
    /// Front matter that is no YAML mapping of the known shape.
    #[error("{from}:{line}:{column}: the front matter cannot be used")]
    FrontMatter {
        /// What was read.
        from: Source,
        /// The line, from 1.
        line: usize,
        /// The column, from 1.
        column: usize,
        /// What the parser said.
        #[source]
        source: Box<serde_yaml::Error>,
    },
    /// Front matter without a closing `---`.
    #[error("{from}:1: the front matter that begins here is never closed")]
    FrontMatterOpen {
        /// What was read.
        from: Source,
    },
    /// JSON that is broken or of another shape.
    #[error("{from}:{}:{}: the JSON ticket cannot be used", .source.line(), .source.column())]
    Json {
        /// What was read.
        from: Source,
        /// What the parser said.
        #[source]
        source: serde_json::Error,
    },
}

impl TicketError {
    /// What to type or change next.
    pub fn hint(&self) -> String {
        match self {
            Self::NoSuchFile { near: Some(near), .. } => {
                format!("did you mean `{near}`? To run the argument as text, use `-m TEXT`")
            }
            Self::NoSuchFile { near: None, .. } => {
                "name a file that exists, `-` for standard input, or give the text with `-m TEXT`".to_owned()
            }
            Self::Folder { .. } => "name a file in it".to_owned(),
            Self::Special { .. } => "to read a pipe, use `-` and redirect it to standard input".to_owned(),
            Self::Unreadable { .. } => "check that it exists and that you may read it".to_owned(),
            Self::Stdin(_) => "redirect a file or a pipe to it, or name a file".to_owned(),
            Self::TooLarge { .. } => {
                "shorten it, and hand long logs over as files of the project".to_owned()
            }
            Self::NotUtf8 { .. } => "save it as UTF-8, for example with `iconv -t UTF-8`".to_owned(),
            Self::Nul { .. } => "remove the NUL bytes; is it a binary file, or UTF-16 text?".to_owned(),
            Self::Empty { .. } => "say what is to be done: a title is enough".to_owned(),
            Self::FrontMatter { .. } => {
                "front matter is YAML between two `---` lines, such as `title: Fix the parser`; quote values that hold `: `"
                    .to_owned()
            }
            Self::FrontMatterOpen { .. } => "end it with a line `---`".to_owned(),
            Self::Json { .. } => {
                "it must be one object, as `gh issue view NUMBER --json number,title,body,url,labels` prints".to_owned()
            }
        }
    }
}
