//! Fold, decide and survey, driven through scripted worlds: every order of small runs, thousands of random ones, every cut,
//! every illegal pair, each held against a naive reading of the rules, and all of it against bugs that are seeded.
//!
//! It is compiled into the library's own tests, because seeded bugs exist only there: see `src/run/seeded.rs`.

mod again;
mod answers;
mod bugs;
mod cases;
mod conclusion;
mod cuts;
mod laws;
mod naive;
mod orders;
mod pairs;
mod plans;
mod random;
mod script;
mod tale;
mod turns;
mod watch;
mod words;
mod world;
