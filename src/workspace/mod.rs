//! Where work happens: the shadow repository, trees, diffs, apply.
