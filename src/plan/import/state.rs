//! What a status means for a plan: work, work that is over, or work that is not to be done now.

/// How an item stands by its own word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum State {
    /// To be done.
    Open,
    /// To be done; a part of it may be there.
    Begun,
    /// Nothing is to be done.
    Over(Over),
    /// Not to be done now.
    Held(Held),
}

/// Why nothing is to be done. Who waits for it need not wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Over {
    Done,
    InReview,
    GivenUp,
    NotWork,
}

/// Why it is not to be done now. Who waits for it is not done either.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Held {
    Deferred,
    /// Blocked by its status; taken back where the file says by what.
    Blocked,
    /// It waits for something outside of any plan.
    Gate,
    /// It is for when something else fails.
    AfterFailure,
    /// A word we do not know.
    Unknown(String),
    /// It waits for an item that is held.
    WaitsFor(usize),
    /// It is part of an item that is held.
    PartOf(usize),
    /// A part of it is held.
    Lacks(usize),
}

impl State {
    /// The meaning of a status word. Case, `-`, `_` and blanks do not matter.
    pub fn of(word: &str) -> Self {
        let plain: String = word.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect();
        match plain.as_str() {
            "pending" | "todo" | "open" | "ready" | "new" | "notstarted" | "reopened" => Self::Open,
            "inprogress" | "doing" | "started" | "active" | "wip" | "hooked" => Self::Begun,
            "done" | "completed" | "complete" | "closed" | "finished" | "resolved" => Self::Over(Over::Done),
            "review" | "inreview" => Self::Over(Over::InReview),
            "cancelled" | "canceled" | "tombstone" | "deleted" => Self::Over(Over::GivenUp),
            "pinned" => Self::Over(Over::NotWork),
            "deferred" | "postponed" | "onhold" | "paused" => Self::Held(Held::Deferred),
            "blocked" => Self::Held(Held::Blocked),
            _ => Self::Held(Held::Unknown(word.to_owned())),
        }
    }

    /// Whether it is over by its own word.
    pub fn is_over(&self) -> bool {
        matches!(self, Self::Over(_))
    }

    /// Whether it is to be done by its own word.
    pub fn is_open(&self) -> bool {
        matches!(self, Self::Open | Self::Begun)
    }
}

impl Over {
    pub const ALL: [Self; 4] = [Self::Done, Self::InReview, Self::GivenUp, Self::NotWork];

    /// After "is" or "are".
    pub fn words(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::InReview => "in review",
            Self::GivenUp => "cancelled",
            Self::NotWork => "no work",
        }
    }
}
