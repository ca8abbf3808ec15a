//! The shell of a run: loop, workers, resume, approval.
