//! The machine as seen by the rest: files, environment, clock, signals.
