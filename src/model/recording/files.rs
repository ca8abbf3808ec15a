//! What is kept of a question and its answer: a folder with a file for each, and one for each model that answered.
//!
//! `DIR/<digest>-<n>.json` is the n-th answer to the same question, `DIR/model-<name>.json` what was known of who gave it.
//! Both carry the version of their format; another one is refused by name.

use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::event::{Failure, Usage};
use crate::ids::{Digest, ModelName};
use crate::model::{Again, Known, ModelFailure, Prices, Reply, Request};
use crate::sys::fs::{self, FileError};
use crate::text::{Redactor, printable};
use crate::time::Span;

/// The version of both formats.
const VERSION: u32 = 1;
/// The longest wait that anyone waits for; a longer one ended the request, and does so again.
const WAITED: Span = Span::from_secs(60);
/// The most that is read of a file.
const MOST: u64 = 64 << 20;

/// Why recordings cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum RecordingError {
    /// It cannot be read.
    #[error(transparent)]
    File(#[from] FileError),
    /// It is no recording, or was changed.
    #[error("{}: this is no recording: {why}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        why: String,
    },
    /// A later version wrote it.
    #[error("{}: it is written in version {found} of the format of recordings; this build knows version {VERSION}", path.display())]
    Version {
        /// The file.
        path: PathBuf,
        /// Its version.
        found: u64,
    },
    /// Nothing is there.
    #[error("there are no recordings in {}", .0.display())]
    Empty(PathBuf),
    /// Others are there.
    #[error("{} has recordings of {}; call the model that replays by one of these names", dir.display(), names.join(", "))]
    Whose {
        /// The folder.
        dir: PathBuf,
        /// The models that answered.
        names: Vec<String>,
    },
}

/// A question and its answer.
#[derive(Debug, Serialize)]
pub(super) struct Kept<'a> {
    pub v: u32,
    pub digest: &'a Digest,
    pub n: u32,
    pub model: &'a ModelName,
    pub request: &'a Request,
    pub answer: Answer,
}

/// The part of it that answers.
#[derive(Debug, Deserialize)]
struct Found {
    digest: Digest,
    answer: Answer,
}

/// What came of a question.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Answer {
    Reply(Reply),
    Failure(Failed),
}

/// A failure as it is kept.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Failed {
    failure: Failure,
    usage: Usage,
    again: Repeats,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    request_id: Option<String>,
}

/// Whether the same request was sent again. For how long it waited is not kept: a replay does not wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Repeats {
    Never,
    Soon,
    /// The provider asked for such a wait; it decides whether anyone waits.
    After(Span),
}

/// What was known of a model when it answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct About {
    pub name: ModelName,
    pub digest: Digest,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prices: Option<Prices>,
    pub context_tokens: u64,
    pub max_output_tokens: u32,
}

#[derive(Deserialize)]
struct Versioned {
    v: u64,
}

#[derive(Serialize)]
struct Stamped<'a, T> {
    v: u32,
    #[serde(flatten)]
    value: &'a T,
}

impl About {
    pub(super) fn of(known: &Known) -> Self {
        Self {
            name: known.name.clone(),
            digest: known.digest.clone(),
            prices: known.prices,
            context_tokens: known.context_tokens,
            max_output_tokens: known.max_output_tokens,
        }
    }

    /// Writes it where a replay looks for it.
    pub(super) fn write(&self, dir: &Path) -> Result<(), FileError> {
        let text = serde_json::to_string_pretty(&Stamped { v: VERSION, value: self }).unwrap_or_default();
        fs::write_whole(&dir.join(format!("model-{}.json", self.name)), format!("{text}\n").as_bytes())
    }

    /// What was recorded of `name`, or of the only model there is.
    pub(super) fn find(dir: &Path, name: &ModelName) -> Result<Self, RecordingError> {
        let own = dir.join(format!("model-{name}.json"));
        if fs::kind(&own)?.is_some() {
            return read(&own);
        }
        let empty = || RecordingError::Empty(dir.to_path_buf());
        let entries = match fs::list(dir) {
            Err(error) if error.is_not_found() => return Err(empty()),
            entries => entries?,
        };
        let names = entries.iter().filter_map(|entry| {
            let file = entry.name.to_str()?;
            file.strip_prefix("model-")?.strip_suffix(".json").map(|name| printable(name, 64))
        });
        match names.collect::<Vec<_>>().as_slice() {
            [] => Err(empty()),
            [only] => read(&dir.join(format!("model-{only}.json"))),
            names => Err(RecordingError::Whose { dir: dir.to_path_buf(), names: names.to_vec() }),
        }
    }
}

impl Answer {
    /// As it is kept, with the price it had then, so that a replay costs what the recording cost.
    pub(super) fn of(outcome: &Result<Reply, ModelFailure>, prices: Option<Prices>) -> Self {
        let at_price = |usage: Usage| Usage { usd: usage.usd.or_else(|| prices?.cost(&usage)), ..usage };
        match outcome {
            Ok(reply) => Self::Reply(Reply { usage: at_price(reply.usage), ..reply.clone() }),
            Err(failed) => Self::Failure(Failed {
                failure: failed.failure.clone(),
                usage: at_price(failed.usage),
                again: match failed.again {
                    Again::Never => Repeats::Never,
                    Again::Backoff => Repeats::Soon,
                    Again::After(wait) => Repeats::After(wait),
                },
                status: failed.status,
                request_id: failed.request_id.clone(),
            }),
        }
    }

    pub(super) fn outcome(self) -> Result<Reply, Box<ModelFailure>> {
        let failed = match self {
            Self::Reply(reply) => return Ok(reply),
            Self::Failure(failed) => failed,
        };
        Err(Box::new(ModelFailure {
            failure: failed.failure,
            usage: failed.usage,
            again: match failed.again {
                Repeats::Never => Again::Never,
                Repeats::After(wait) if wait > WAITED => Again::After(wait),
                Repeats::Soon | Repeats::After(_) => Again::After(Span::ZERO),
            },
            status: failed.status,
            request_id: failed.request_id,
        }))
    }

    /// The `n`-th answer to the question with this digest, if there is one.
    pub(super) fn find(dir: &Path, digest: &Digest, n: u32) -> Result<Option<Self>, RecordingError> {
        let path = file(dir, digest, n);
        if fs::kind(&path)?.is_none() {
            return Ok(None);
        }
        let found: Found = read(&path)?;
        if found.digest != *digest {
            return Err(RecordingError::Damaged {
                path,
                why: "it answers another question than its name says".to_owned(),
            });
        }
        Ok(Some(found.answer))
    }
}

impl Kept<'_> {
    pub(super) const VERSION: u32 = VERSION;

    /// Writes it, whole, with `redactor` over all of it.
    pub(super) fn write(&self, dir: &Path, redactor: &Redactor) -> Result<(), FileError> {
        let text = serde_json::to_string_pretty(self).unwrap_or_default();
        fs::write_whole(&file(dir, self.digest, self.n), format!("{}\n", redactor.text(&text)).as_bytes())
    }
}

/// Where the `n`-th answer to a question is.
pub(super) fn file(dir: &Path, digest: &Digest, n: u32) -> PathBuf {
    dir.join(format!("{digest}-{n}.json"))
}

fn read<T: DeserializeOwned>(path: &Path) -> Result<T, RecordingError> {
    let text = fs::read_text(path, MOST)?;
    let damaged =
        |error: serde_json::Error| RecordingError::Damaged { path: path.to_path_buf(), why: error.to_string() };
    // The version first: what follows may be of a shape that nobody here knows.
    let Versioned { v } = serde_json::from_str(&text).map_err(damaged)?;
    if v != u64::from(VERSION) {
        return Err(RecordingError::Version { path: path.to_path_buf(), found: v });
    }
    serde_json::from_str(&text).map_err(damaged)
}
