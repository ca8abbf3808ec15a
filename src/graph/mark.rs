//! How a task of a run stands, as a colour. The words beside it say the same: nobody needs to see colours.

/// The colour of a box. In order, those first that a reader should look at first: of many tasks the first counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mark {
    /// It failed.
    Failed,
    /// Its process ended before its work did.
    Interrupted,
    /// A person ended it.
    Cancelled,
    /// Its agent works, or its checks run.
    Running,
    /// It succeeded, and no check speaks for it.
    Unverified,
    /// It will not run.
    Skipped,
    /// It has not started, or waits to start again.
    Pending,
    /// It succeeded, and nothing speaks against it.
    Verified,
}

/// What a box is drawn with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Colours {
    pub(super) fill: &'static str,
    pub(super) line: &'static str,
    pub(super) is_dashed: bool,
}

/// The colour of all letters: on each fill it has a contrast of more than 7 to 1, on a dark page too.
pub(super) const INK: &str = "#1f2328";

impl Mark {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Failed,
        Self::Interrupted,
        Self::Cancelled,
        Self::Running,
        Self::Unverified,
        Self::Skipped,
        Self::Pending,
        Self::Verified,
    ];

    /// Its name, which is that of its class in a drawing.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Failed => "failed",
            Self::Interrupted => "interrupted",
            Self::Cancelled => "cancelled",
            Self::Running => "running",
            Self::Unverified => "unverified",
            Self::Skipped => "skipped",
            Self::Pending => "pending",
            Self::Verified => "verified",
        }
    }

    pub(super) fn colours(self) -> Colours {
        let (fill, line) = match self {
            Self::Failed => ("#ffd8d3", "#cf222e"),
            Self::Interrupted => ("#ffdfc6", "#bc4c00"),
            Self::Cancelled => ("#f3e0f7", "#8250df"),
            Self::Running => ("#d6e8ff", "#0969da"),
            Self::Unverified => ("#fff3c4", "#9a6700"),
            Self::Skipped => ("#eaeef2", "#6e7781"),
            Self::Pending => ("#ffffff", "#6e7781"),
            Self::Verified => ("#d2f4da", "#1a7f37"),
        };
        let is_dashed = match self {
            Self::Skipped | Self::Cancelled => true,
            Self::Failed | Self::Interrupted | Self::Running | Self::Unverified | Self::Pending | Self::Verified => {
                false
            }
        };
        Colours { fill, line, is_dashed }
    }
}
