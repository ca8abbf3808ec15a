//! The only spawner: supervisors, output caps, timeouts.
