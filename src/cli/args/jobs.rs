//! The value of `--jobs`.

use std::fmt;
use std::str::FromStr;

/// Most tasks at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Jobs {
    /// So many; how many there may be is the configuration's to say.
    Count(u32),
    /// As many as machine and plan have a use for.
    Auto,
}

/// Why a text is no number of tasks.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("it must be `auto` or a whole number from 1")]
pub struct NoJobs;

impl FromStr for Jobs {
    type Err = NoJobs;

    fn from_str(text: &str) -> Result<Self, NoJobs> {
        match (text, text.parse()) {
            ("auto", _) => Ok(Self::Auto),
            (_, Ok(0) | Err(_)) => Err(NoJobs),
            (_, Ok(count)) => Ok(Self::Count(count)),
        }
    }
}

impl fmt::Display for Jobs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Count(count) => count.fmt(f),
            Self::Auto => f.write_str("auto"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jobs_are_a_number_or_left_to_us() {
        assert_eq!("auto".parse(), Ok(Jobs::Auto));
        assert_eq!("3".parse(), Ok(Jobs::Count(3)));
        for bad in ["", "0", "-1", "many", "Auto", "1.5", "99999999999"] {
            assert_eq!(bad.parse::<Jobs>(), Err(NoJobs), "{bad}");
        }
    }
}
