//! Validated newtypes for everything that is named: runs, plans, tasks, digests.
