//! The limits of one command. All of them are finite by default: nothing runs, waits or prints for ever.

use std::time::Duration;

/// What one command may use before it is stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// From the start of the command to its end.
    pub wall: Duration,
    /// The longest silence: no byte on stdout or stderr for this long means stalled.
    pub idle: Duration,
    /// From SIGTERM to SIGKILL.
    pub grace: Duration,
    /// Bytes on stdout and stderr together. What a sink keeps is its own, smaller cap; reaching this one stops the command.
    pub output_bytes: u64,
    /// Bytes of each stream that are kept; what is more is cut, and the command goes on.
    pub kept_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            wall: Duration::from_secs(30 * 60),
            idle: Duration::from_secs(5 * 60),
            grace: Duration::from_secs(5),
            output_bytes: 1 << 30,
            // A flood on both, and an answer of nothing but escapes, stay below 20 MB.
            kept_bytes: 4 << 20,
        }
    }
}

impl Limits {
    /// The same limits with another wall time. Idle never outlasts it, so that it stays meaningful.
    #[must_use]
    pub fn with_wall(self, wall: Duration) -> Self {
        Self { wall, idle: self.idle.min(wall), ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shorter_wall_time_shortens_idle_too() {
        let limits = Limits::default().with_wall(Duration::from_secs(2));
        assert_eq!(limits.wall, Duration::from_secs(2));
        assert_eq!(limits.idle, Duration::from_secs(2));
    }
}
