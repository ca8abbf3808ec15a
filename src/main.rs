//! The binary: the supervisor entry first, then the command line.

fn main() {}
