//! The only printer: progress on stderr, data on stdout.
