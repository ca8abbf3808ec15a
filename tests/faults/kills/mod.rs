//! Killed at every call that changes a disk, and again while it is resumed: nothing is lost, nothing is done twice.

mod commands;
mod failing;
mod order;
mod scene;
mod sweep;
