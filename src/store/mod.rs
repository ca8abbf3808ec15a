//! The run directory: journal, lock, artifacts, files that appear whole.
