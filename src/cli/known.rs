//! Coding agents that people have installed, as far as they are known by name. How each is called is not written here: that
//! changes with their versions, and belongs into the user's configuration.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use crate::process;
use crate::sys::env::Env;

/// Programs that work as coding agents.
pub const AGENTS: [&str; 7] = ["claude", "codex", "gemini", "opencode", "copilot", "qwen", "aider"];

/// Those of them that are on `PATH`, each with its path.
pub fn agents_on_path(env: &Env, folder: &Path) -> Vec<(&'static str, PathBuf)> {
    AGENTS.into_iter().filter_map(|name| Some((name, on_path(name, env, folder)?))).collect()
}

/// Where a program is that a command would find.
pub fn on_path(program: &str, env: &Env, folder: &Path) -> Option<PathBuf> {
    process::find(OsStr::new(program), env.get("PATH").map(OsStr::to_owned), folder).ok()
}
