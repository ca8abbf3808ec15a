//! What was mended while a plan was read. The list of kinds is closed; each use is recorded.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::fault::Place;

/// One thing that the text had otherwise than it should.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Repair {
    /// What kind of thing.
    pub kind: RepairKind,
    /// Where, as a JSON path; `$` for the text as a whole.
    pub path: String,
    /// Where in the text, known for repairs of syntax.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<Place>,
    /// What was done, for people; clean for a terminal.
    pub note: String,
}

impl fmt::Display for Repair {
    /// As a line for people: what was done, where, and how.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.kind.verb(), self.path)?;
        if let Some(place) = self.place {
            write!(f, " ({place})")?;
        }
        write!(f, ": {}", self.note)
    }
}

/// Every repair there is. What none of them covers is a fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum RepairKind {
    /// The plan stood in a fenced code block.
    FencedBlock,
    /// There was prose before or after the plan.
    ProseAround,
    /// The text began with a byte order mark.
    ByteOrderMark,
    /// A comma before a closing bracket.
    TrailingComma,
    /// A `//` or `/* */` comment.
    Comment,
    /// A key without quotes.
    UnquotedKey,
    /// A line break or tab inside a string, not escaped.
    RawNewline,
    /// Typographic quotes around a string.
    SmartQuotes,
    /// A field under another of its names.
    Alias,
    /// A role under another of its names.
    RoleName,
    /// A number where an id is text.
    NumberAsId,
    /// The goal as one text.
    GoalAsText,
    /// Something left out that could be filled in.
    Filled,
    /// A field that means nothing here.
    IgnoredField,
    /// One of several lists in a file of another tool, taken because none was named.
    TagChosen,
    /// Items of another tool's file that are over.
    LeftOut,
    /// Items of another tool's file that are not to be done now.
    HeldBack,
    /// A dependency of another tool's file on something that is not there.
    Dangling,
    /// A part that waits for what it is part of.
    WaitsForItsWhole,
    /// Open parts of something that is done.
    StillOpen,
    /// An id that cannot be a task's.
    Renamed,
    /// Records and links of another tool's file that say nothing about order or work.
    PassedOver,
}

impl RepairKind {
    /// What was done with the text: most is mended, some is not taken over.
    fn verb(self) -> &'static str {
        match self {
            Self::FencedBlock
            | Self::ProseAround
            | Self::ByteOrderMark
            | Self::TrailingComma
            | Self::Comment
            | Self::UnquotedKey
            | Self::RawNewline
            | Self::SmartQuotes
            | Self::Alias
            | Self::RoleName
            | Self::NumberAsId
            | Self::GoalAsText
            | Self::Filled
            | Self::IgnoredField
            | Self::WaitsForItsWhole
            | Self::Renamed => "mended",
            Self::TagChosen | Self::StillOpen => "taken",
            Self::LeftOut | Self::HeldBack => "left out",
            Self::PassedOver => "passed over",
            Self::Dangling => "dangling",
        }
    }

    /// What was done, for the repairs of syntax that need no more words.
    pub(super) fn note(self) -> &'static str {
        match self {
            Self::FencedBlock => "taken out of its fenced block",
            Self::ProseAround => "the text around the plan was left out",
            Self::ByteOrderMark => "a byte order mark was skipped",
            Self::TrailingComma => "a trailing comma was skipped",
            Self::Comment => "a comment was skipped",
            Self::UnquotedKey => "a key without quotes was taken as a key",
            Self::RawNewline => "a raw line break or tab in a string was kept as one",
            Self::SmartQuotes => "typographic quotes were taken as quotes",
            Self::Alias => "read under its own name",
            Self::RoleName => "read as one of the roles",
            Self::NumberAsId => "a number was taken as an id",
            Self::GoalAsText => "the goal's text was taken as its summary",
            Self::Filled => "filled in",
            Self::IgnoredField => "an unknown field was ignored",
            Self::TagChosen => "one of several tags was taken",
            Self::LeftOut => "left out",
            Self::HeldBack => "left out for now",
            Self::Dangling => "a dependency on nothing was left out",
            Self::WaitsForItsWhole => "a dependency on its own whole was left out",
            Self::StillOpen => "taken as open",
            Self::Renamed => "given another id",
            Self::PassedOver => "passed over",
        }
    }
}
