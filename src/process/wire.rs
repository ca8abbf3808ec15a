//! The words between us and a supervisor. Requests are frames (length, tag, fields); reports are eight bytes each. Both
//! ends are the same program, so the format carries no version.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::command::{End, Signal, Straggler};

/// Bytes before the body of a request: its length and its tag.
pub(super) const HEADER: usize = 5;
/// No kernel takes a longer argument list than this.
pub(super) const MAX_BODY: usize = 16 << 20;
/// Bytes of a report.
pub(super) const REPORT: usize = 8;

/// What a supervisor is told.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Request {
    /// Keep the descriptor that comes along until you end.
    Hold,
    /// Run this; stdin, stdout and stderr come along.
    Run(Order),
    /// Start what was held back.
    Start,
    /// End the tree: TERM, grace, KILL.
    Stop,
    /// End the tree without grace.
    Kill,
    /// Stop every process of the tree where it is.
    Pause,
    /// Let them go on.
    Resume,
}

/// A command, resolved: nothing is looked up any more.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Order {
    pub(super) program: PathBuf,
    pub(super) argv: Vec<OsString>,
    pub(super) env: Vec<(OsString, OsString)>,
    pub(super) cwd: PathBuf,
    pub(super) grace: Duration,
    pub(super) begin: Begin,
}

/// When a command is started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Begin {
    AtOnce,
    /// With the word to start. Until then there is nothing that could do anything.
    AtWord,
}

/// What a supervisor says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Report {
    /// Said of what runs longer than a moment.
    Started {
        pid: i32,
    },
    NotStarted {
        errno: i32,
    },
    /// The command itself is over.
    Ended {
        code: i32,
    },
    Killed {
        signal: i32,
    },
    /// The command is over and has left these behind; so many bytes of [`Straggler`]s follow.
    Left {
        length: i32,
    },
    /// Nothing of the tree is left.
    Gone {
        leaked: i32,
    },
}

/// Bytes that are no message of ours: one of the two ends is not what it should be.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a message of a supervisor")]
pub(super) struct Garbled;

impl From<Garbled> for std::io::Error {
    fn from(error: Garbled) -> Self {
        Self::new(std::io::ErrorKind::InvalidData, error)
    }
}

impl Request {
    pub(super) fn encode(&self) -> Vec<u8> {
        let (tag, body) = match self {
            Self::Hold => (0, Vec::new()),
            Self::Run(order) => (1, order.encode()),
            Self::Stop => (2, Vec::new()),
            Self::Kill => (3, Vec::new()),
            Self::Pause => (4, Vec::new()),
            Self::Resume => (5, Vec::new()),
            Self::Start => (6, Vec::new()),
        };
        let mut frame = Vec::with_capacity(HEADER + body.len());
        frame.extend_from_slice(&count(body.len()));
        frame.push(tag);
        frame.extend_from_slice(&body);
        frame
    }

    pub(super) fn decode(tag: u8, body: &[u8]) -> Result<Self, Garbled> {
        match (tag, body) {
            (0, []) => Ok(Self::Hold),
            (1, body) => Order::decode(body).map(Self::Run),
            (2, []) => Ok(Self::Stop),
            (3, []) => Ok(Self::Kill),
            (4, []) => Ok(Self::Pause),
            (5, []) => Ok(Self::Resume),
            (6, []) => Ok(Self::Start),
            _ => Err(Garbled),
        }
    }

    /// The length and the tag of the request that follows `header`.
    pub(super) fn header(header: [u8; HEADER]) -> Result<(usize, u8), Garbled> {
        let [a, b, c, d, tag] = header;
        let length = u32::from_le_bytes([a, b, c, d]) as usize;
        if length > MAX_BODY { Err(Garbled) } else { Ok((length, tag)) }
    }
}

impl Order {
    fn encode(&self) -> Vec<u8> {
        let mut body = Vec::new();
        let mut put = |bytes: &[u8]| {
            body.extend_from_slice(&count(bytes.len()));
            body.extend_from_slice(bytes);
        };
        put(&u64::try_from(self.grace.as_millis()).unwrap_or(u64::MAX).to_le_bytes());
        put(match self.begin {
            Begin::AtOnce => &[0],
            Begin::AtWord => &[1],
        });
        put(self.program.as_os_str().as_bytes());
        put(self.cwd.as_os_str().as_bytes());
        put(&count(self.argv.len()));
        self.argv.iter().for_each(|arg| put(arg.as_bytes()));
        for (name, value) in &self.env {
            put(name.as_bytes());
            put(value.as_bytes());
        }
        body
    }

    fn decode(body: &[u8]) -> Result<Self, Garbled> {
        let mut rest = Fields(body);
        let grace = Duration::from_millis(u64::from_le_bytes(rest.array()?));
        let begin = match rest.bytes()? {
            [0] => Begin::AtOnce,
            [1] => Begin::AtWord,
            _ => return Err(Garbled),
        };
        let program = Path::new(rest.text()?).to_path_buf();
        let cwd = Path::new(rest.text()?).to_path_buf();
        let arguments = u32::from_le_bytes(rest.array()?);
        let argv = (0..arguments).map(|_| rest.text().map(OsStr::to_owned)).collect::<Result<_, _>>()?;
        let mut env = Vec::new();
        while !rest.0.is_empty() {
            env.push((rest.text()?.to_owned(), rest.text()?.to_owned()));
        }
        Ok(Self { program, argv, env, cwd, grace, begin })
    }
}

impl Report {
    pub(super) fn encode(self) -> [u8; REPORT] {
        let (tag, value): (u32, i32) = match self {
            Self::Started { pid } => (0, pid),
            Self::NotStarted { errno } => (1, errno),
            Self::Ended { code } => (2, code),
            Self::Killed { signal } => (3, signal),
            Self::Gone { leaked } => (4, leaked),
            Self::Left { length } => (5, length),
        };
        let mut frame = [0; REPORT];
        frame[..4].copy_from_slice(&tag.to_le_bytes());
        frame[4..].copy_from_slice(&value.to_le_bytes());
        frame
    }

    pub(super) fn decode(frame: [u8; REPORT]) -> Result<Self, Garbled> {
        let (tag, value) = frame.split_at(REPORT / 2);
        let value = i32::from_le_bytes(value.try_into().map_err(|_| Garbled)?);
        match u32::from_le_bytes(tag.try_into().map_err(|_| Garbled)?) {
            0 => Ok(Self::Started { pid: value }),
            1 => Ok(Self::NotStarted { errno: value }),
            2 => Ok(Self::Ended { code: value }),
            3 => Ok(Self::Killed { signal: value }),
            4 => Ok(Self::Gone { leaked: value }),
            5 => Ok(Self::Left { length: value }),
            _ => Err(Garbled),
        }
    }

    /// The end this report tells of, if it tells of one.
    pub(super) fn end(self) -> Option<End> {
        match self {
            Self::Ended { code } => Some(End::Code(code)),
            Self::Killed { signal } => Some(End::Signal(Signal::of_status(signal))),
            Self::Started { .. } | Self::NotStarted { .. } | Self::Left { .. } | Self::Gone { .. } => None,
        }
    }
}

impl Straggler {
    /// As many as are named; their number is in [`Report::Gone`].
    pub(super) const MAX: usize = 8;
    /// Bytes of a name that are kept: no kernel gives more.
    const NAME: usize = 64;

    /// The report that names these, with what follows it.
    pub(super) fn encode(all: &[Self]) -> Vec<u8> {
        let mut body = Vec::new();
        for Self { pid, name } in all.iter().take(Self::MAX) {
            let name = &name.as_bytes()[..name.len().min(Self::NAME)];
            body.extend_from_slice(&pid.to_le_bytes());
            body.extend_from_slice(&count(name.len()));
            body.extend_from_slice(name);
        }
        let length = i32::try_from(body.len()).unwrap_or_default();
        [Report::Left { length }.encode().as_slice(), &body].concat()
    }

    pub(super) fn decode(body: &[u8]) -> Result<Vec<Self>, Garbled> {
        let mut rest = Fields(body);
        let mut all = Vec::new();
        while !rest.0.is_empty() {
            let (pid, after) = rest.0.split_first_chunk::<4>().ok_or(Garbled)?;
            rest.0 = after;
            let name = String::from_utf8_lossy(rest.bytes()?).into_owned();
            all.push(Self { pid: u32::from_le_bytes(*pid), name });
        }
        Ok(all)
    }
}

/// The fields of a body, one after another.
struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    fn bytes(&mut self) -> Result<&'a [u8], Garbled> {
        let (length, rest) = self.0.split_first_chunk::<4>().ok_or(Garbled)?;
        let length = u32::from_le_bytes(*length) as usize;
        let (field, rest) = rest.split_at_checked(length).ok_or(Garbled)?;
        self.0 = rest;
        Ok(field)
    }

    fn text(&mut self) -> Result<&'a OsStr, Garbled> {
        self.bytes().map(OsStr::from_bytes)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Garbled> {
        self.bytes()?.try_into().map_err(|_| Garbled)
    }
}

/// A length as it is written. What does not fit is refused by the reader's cap.
fn count(length: usize) -> [u8; 4] {
    u32::try_from(length).unwrap_or(u32::MAX).to_le_bytes()
}

#[cfg(test)]
mod tests {
    use std::os::unix::ffi::OsStringExt;

    use super::*;

    fn order() -> Order {
        Order {
            program: "/bin/sh".into(),
            argv: vec!["sh".into(), OsString::from_vec(vec![0xff, b'a']), "".into()],
            env: vec![("PATH".into(), "/bin".into()), ("EMPTY".into(), "".into())],
            cwd: "/tmp".into(),
            grace: Duration::from_millis(1500),
            begin: Begin::AtWord,
        }
    }

    #[test]
    fn every_request_survives_the_way() {
        let at_once = Request::Run(Order { begin: Begin::AtOnce, ..order() });
        let runs = [Request::Run(order()), at_once, Request::Start];
        let words = [Request::Hold, Request::Stop, Request::Kill, Request::Pause, Request::Resume];
        for request in runs.into_iter().chain(words) {
            let frame = request.encode();
            let (length, tag) = Request::header(frame[..HEADER].try_into().unwrap()).unwrap();
            assert_eq!(length, frame.len() - HEADER);
            assert_eq!(Request::decode(tag, &frame[HEADER..]).unwrap(), request);
        }
    }

    #[test]
    fn every_report_survives_the_way() {
        for report in [
            Report::Started { pid: 77 },
            Report::NotStarted { errno: 2 },
            Report::Ended { code: -1 },
            Report::Killed { signal: 9 },
            Report::Gone { leaked: 3 },
            Report::Left { length: 12 },
        ] {
            assert_eq!(Report::decode(report.encode()).unwrap(), report);
        }
        assert_eq!(Report::decode([9; REPORT]), Err(Garbled));
    }

    #[test]
    fn those_left_behind_survive_the_way_or_are_refused() {
        let all: Vec<_> = [(7, "sleep"), (4_000_000, "a b"), (1, "")]
            .map(|(pid, name): (u32, &str)| Straggler { pid, name: name.to_owned() })
            .into();
        let frame = Straggler::encode(&all);
        let (header, body) = frame.split_first_chunk::<REPORT>().unwrap();
        let length = i32::try_from(body.len()).unwrap();
        assert_eq!(Report::decode(*header).unwrap(), Report::Left { length });
        assert_eq!(Straggler::decode(body).unwrap(), all);
        for cut in 1..body.len() {
            assert!(Straggler::decode(&body[..cut]).is_err() || Straggler::decode(&body[..cut]).unwrap().len() < 3);
        }
    }

    #[test]
    fn a_body_cut_anywhere_is_refused_or_shorter_but_never_a_panic() {
        let frame = Request::Run(order()).encode();
        let body = &frame[HEADER..];
        for cut in 0..body.len() {
            if let Ok(Request::Run(read)) = Request::decode(1, &body[..cut]) {
                assert!(read.env.len() < order().env.len());
            }
        }
        assert_eq!(Request::header([0xff; HEADER]), Err(Garbled));
    }
}
