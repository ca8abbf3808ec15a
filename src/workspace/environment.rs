//! The environment of set-up commands and checks: what the user's own shell would give a build tool, and nothing secret.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::Path;

use crate::policy::child_environment;
use crate::sys::env::Env;

/// Where toolchains say that they keep themselves. Without these a tool that was moved is not found.
const TOOLCHAINS: [&str; 21] = [
    "ANDROID_HOME",
    "CARGO_HOME",
    "DOTNET_ROOT",
    "GOCACHE",
    "GOMODCACHE",
    "GOPATH",
    "GOPROXY",
    "GOROOT",
    "JAVA_HOME",
    "NVM_DIR",
    "PIP_CACHE_DIR",
    "PYENV_ROOT",
    "RUSTUP_HOME",
    "RUSTUP_TOOLCHAIN",
    "SSL_CERT_DIR",
    "SSL_CERT_FILE",
    "TZ",
    "UV_CACHE_DIR",
    "VIRTUAL_ENV",
    "XDG_CACHE_HOME",
    "npm_config_cache",
];

/// What a build tool run in `folder` gets: the allow-list, the toolchains' places, and `pass` by name.
pub fn tool_environment(parent: &Env, pass: &[String], folder: &Path) -> BTreeMap<OsString, OsString> {
    let names: Vec<String> = TOOLCHAINS.iter().map(ToString::to_string).chain(pass.iter().cloned()).collect();
    let above = folder.parent().unwrap_or(folder).as_os_str().to_owned();
    let explicit = BTreeMap::from([
        ("CI".to_owned(), "1".into()),
        ("NO_COLOR".to_owned(), "1".into()),
        ("TERM".to_owned(), "dumb".into()),
        // A repository above the cache, such as a home folder under git, is not the workspace's.
        ("GIT_CEILING_DIRECTORIES".to_owned(), above),
    ]);
    child_environment(parent.table(), &names, &explicit)
}
