//! From what the user typed to a ticket: decides whether it is a file, standard input or text, and reads it.

use std::io::Read;
use std::path::Path;

use crate::sys::fs::{self, Kind};

use super::{MAX_BYTES, Source, Ticket, TicketError, normal};

/// How the ticket was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked<'a> {
    /// The argument `TICKET`: a file, `-`, or text with whitespace in it.
    Argument(&'a str),
    /// `-m TEXT`: text, whatever it looks like.
    Message(&'a str),
}

impl Ticket {
    /// Reads and parses what was asked for. `folder` is what a relative file name begins from; `stdin` is
    /// read, to its end or to the cap, only for `-`.
    pub fn load(asked: Asked<'_>, folder: &Path, stdin: &mut dyn Read) -> Result<Self, TicketError> {
        match asked {
            Asked::Message(text) => Self::parse(text, Source::Text),
            Asked::Argument("-") => {
                let mut bytes = Vec::new();
                let cap = u64::try_from(MAX_BYTES).unwrap_or(u64::MAX).saturating_add(1);
                stdin.take(cap).read_to_end(&mut bytes).map_err(TicketError::Stdin)?;
                Self::parse(&normal::decode(&bytes, &Source::Stdin)?, Source::Stdin)
            }
            Asked::Argument(argument) => match place(argument, folder)? {
                Place::Text => Self::parse(argument, Source::Text),
                Place::File => {
                    let source = Source::File(argument.to_owned());
                    let bytes = read(argument, &folder.join(argument), &source)?;
                    Self::parse(&normal::decode(&bytes, &source)?, source)
                }
            },
        }
    }
}

enum Place {
    File,
    Text,
}

/// Whether an argument names a file or is text. Text needs whitespace, so that a mistyped name is never run.
fn place(argument: &str, folder: &Path) -> Result<Place, TicketError> {
    let is_text = argument.contains(char::is_whitespace);
    if argument.is_empty() {
        return Err(TicketError::Empty { from: Source::Text });
    }
    let path = folder.join(argument);
    // A whole ticket as an argument is too long for a name, and that error only says that it is none.
    let kind = match fs::kind(&path) {
        // Followed by the kernel: a pipe behind /dev/stdin has no path of its own.
        Ok(Some(Kind::Link)) => match fs::target_kind(&path) {
            Ok(Some(kind)) => Some(kind),
            // A link to nothing: told in the words of whoever tries to open it.
            Ok(None) => Some(Kind::File),
            Err(source) => return Err(TicketError::Unreadable { path: argument.to_owned(), source }),
        },
        Ok(kind) => kind,
        Err(_) if is_text => None,
        Err(source) => return Err(TicketError::Unreadable { path: argument.to_owned(), source }),
    };
    match kind {
        Some(Kind::File) => Ok(Place::File),
        Some(Kind::Folder) => Err(TicketError::Folder { path: argument.to_owned() }),
        Some(Kind::Special | Kind::Link) => Err(TicketError::Special { path: argument.to_owned() }),
        None if is_text => Ok(Place::Text),
        None => Err(TicketError::NoSuchFile { argument: argument.to_owned(), near: near(argument, folder) }),
    }
}

fn read(argument: &str, path: &Path, source: &Source) -> Result<Vec<u8>, TicketError> {
    let cap = u64::try_from(MAX_BYTES).unwrap_or(u64::MAX);
    fs::read(path, cap).map_err(|fault| match fault.cause {
        fs::Cause::TooLarge { .. } => TicketError::TooLarge { from: source.clone() },
        fs::Cause::IsFolder => TicketError::Folder { path: argument.to_owned() },
        fs::Cause::Io(_) | fs::Cause::NotText { .. } => {
            TicketError::Unreadable { path: argument.to_owned(), source: fault }
        }
    })
}

/// The file in the argument's folder whose name is closest to it, if it is close at all.
fn near(argument: &str, folder: &Path) -> Option<String> {
    let (parent, name) = argument.rsplit_once('/').map_or(("", argument), |(parent, name)| (parent, name));
    let entries =
        fs::list(&folder.join(if argument.starts_with('/') && parent.is_empty() { "/" } else { parent })).ok()?;
    let mut best: Option<(f64, String)> = None;
    for entry in entries {
        let Some(candidate) = entry.name.to_str().filter(|_| matches!(entry.kind, Kind::File | Kind::Link)) else {
            continue;
        };
        let likeness = strsim::normalized_damerau_levenshtein(&name.to_lowercase(), &candidate.to_lowercase());
        // A name without its ending is what people type most.
        let stem =
            candidate.rsplit_once('.').is_some_and(|(stem, _)| !stem.is_empty() && stem.eq_ignore_ascii_case(name));
        let likeness = if stem { 0.99 } else { likeness };
        if likeness >= 0.6 && best.as_ref().is_none_or(|(known, _)| likeness > *known) {
            best = Some((likeness, candidate.to_owned()));
        }
    }
    let (_, name) = best?;
    Some(if argument.contains('/') { format!("{parent}/{name}") } else { name })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(argument: &str, folder: &Path) -> Result<Ticket, TicketError> {
        Ticket::load(Asked::Argument(argument), folder, &mut std::io::empty())
    }

    fn folder() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        fs::write(&folder.path().join("ticket.md"), b"# Fix it\n\nNow.\n").unwrap();
        fs::write(&folder.path().join("my ticket.md"), b"# Other\n").unwrap();
        fs::create_dir(&folder.path().join("docs")).unwrap();
        folder
    }

    #[test]
    fn a_file_standard_input_and_text_all_become_tickets() {
        let folder = folder();
        let file = load("ticket.md", folder.path()).unwrap();
        assert_eq!((file.title.as_str(), &file.source), ("Fix it", &Source::File("ticket.md".into())));
        let piped = Ticket::load(Asked::Argument("-"), folder.path(), &mut &b"# Fix it\r\n\r\nNow.\r\n"[..]).unwrap();
        assert_eq!((piped.digest, piped.source), (file.digest, Source::Stdin));
        assert_eq!(load("my ticket.md", folder.path()).unwrap().title, "Other");
        let text = load("Fix the off-by-one in median()", folder.path()).unwrap();
        assert_eq!((text.title.as_str(), text.source), ("Fix the off-by-one in median()", Source::Text));
        let word = Ticket::load(Asked::Message("ticket.md"), folder.path(), &mut std::io::empty()).unwrap();
        assert_eq!((word.title.as_str(), word.source), ("ticket.md", Source::Text));
    }

    #[test]
    fn a_mistyped_name_is_refused_and_the_near_one_shown() {
        let folder = folder();
        for typed in ["tiket.md", "ticket", "TICKET.txt"] {
            let fault = load(typed, folder.path()).unwrap_err();
            assert!(fault.hint().contains("did you mean `ticket.md`"), "{typed}: {}", fault.hint());
        }
        let fault = load("./docs/../tikcet.md", folder.path()).unwrap_err();
        assert!(fault.hint().contains("`./docs/../ticket.md`"), "{}", fault.hint());
        let fault = load("something-else-entirely", folder.path()).unwrap_err();
        assert_eq!(fault.to_string(), "there is no file `something-else-entirely`");
        assert!(!fault.hint().contains("did you mean"));
    }

    #[test]
    fn folders_pipes_and_devices_are_refused_without_being_opened() {
        let folder = folder();
        assert!(matches!(load("docs", folder.path()), Err(TicketError::Folder { .. })));
        assert!(matches!(load("/dev/zero", folder.path()), Err(TicketError::Special { .. })));
        let pipe = folder.path().join("pipe");
        rustix::fs::mknodat(rustix::fs::CWD, &pipe, rustix::fs::FileType::Fifo, rustix::fs::Mode::RWXU, 0).unwrap();
        assert!(matches!(load("pipe", folder.path()), Err(TicketError::Special { .. })));
        fs::symlink(&pipe, &folder.path().join("link")).unwrap();
        assert!(matches!(load("link", folder.path()), Err(TicketError::Special { .. })));
        fs::symlink(Path::new("gone"), &folder.path().join("broken")).unwrap();
        assert!(matches!(load("broken", folder.path()), Err(TicketError::Unreadable { .. })));
    }

    #[test]
    fn the_cap_holds_for_files_standard_input_and_endless_input() {
        let folder = folder();
        fs::write(&folder.path().join("big.md"), &vec![b'x'; MAX_BYTES + 1]).unwrap();
        assert!(matches!(load("big.md", folder.path()), Err(TicketError::TooLarge { .. })));
        let endless = Ticket::load(Asked::Argument("-"), folder.path(), &mut std::io::repeat(b'x'));
        assert!(matches!(endless, Err(TicketError::TooLarge { .. })));
    }

    #[test]
    fn a_whole_ticket_as_an_argument_is_text_however_long() {
        let text = "Fix this: ".to_owned() + &"and that ".repeat(1000);
        assert_eq!(load(&text, Path::new(".")).unwrap().source, Source::Text);
        assert!(matches!(load("", Path::new(".")), Err(TicketError::Empty { .. })));
    }
}
