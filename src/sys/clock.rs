//! The only clock. Wall-clock time is for people and records; durations come from the monotonic clock alone, so a clock
//! that is set back never makes one negative.
#![expect(clippy::disallowed_methods, reason = "this is the wrapper around the clocks")]

use std::sync::OnceLock;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::time::Timestamp;

/// The wall clock, to the millisecond, in UTC. It is asked once: from there on the monotonic clock counts, so that within
/// one process time never goes back and a clock that is set does not use up a run's time.
pub fn now() -> Timestamp {
    static START: OnceLock<(Timestamp, Instant)> = OnceLock::new();
    let (wall, start) = START.get_or_init(|| (wall(), Instant::now()));
    wall.after(start.elapsed().into())
}

fn wall() -> Timestamp {
    let millis = match SystemTime::now().duration_since(UNIX_EPOCH) {
        Ok(since) => i64::try_from(since.as_millis()).unwrap_or(i64::MAX),
        Err(before) => i64::try_from(before.duration().as_millis()).map_or(i64::MIN, i64::wrapping_neg),
    };
    Timestamp::from_millis(millis)
}

/// The monotonic clock: only differences mean something.
pub fn monotonic() -> Instant {
    Instant::now()
}

/// `span` after `instant`; a span too long for the clock counts as thirty years, which is as good as never.
pub fn later(instant: Instant, span: Duration) -> Instant {
    const NEVER: Duration = Duration::from_secs(30 * 365 * 24 * 60 * 60);
    instant.checked_add(span.min(NEVER)).unwrap_or(instant)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_span_does_not_overflow() {
        let now = monotonic();
        assert!(later(now, Duration::MAX) > later(now, Duration::from_secs(1)));
    }

    #[test]
    fn the_wall_clock_is_after_this_was_written() {
        assert!(now().as_millis() > 1_700_000_000_000);
    }
}
