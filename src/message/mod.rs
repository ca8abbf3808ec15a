//! PURE: the hand-off: what a task is told, and what it answers.
