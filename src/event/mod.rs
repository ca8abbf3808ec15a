//! PURE: the one vocabulary of a run.
