//! The environment, read once into a table, so that nothing depends on when a variable is looked up and tests can bring
//! their own.
#![expect(clippy::disallowed_methods, reason = "this is the wrapper around the environment")]

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};

/// The variables of this process at the moment of [`Env::read`].
#[derive(Debug, Clone, Default)]
pub struct Env {
    table: BTreeMap<OsString, OsString>,
}

impl Env {
    /// Reads the whole environment. Called once, at the edge; everything else is handed the table.
    pub fn read() -> Self {
        std::env::vars_os().collect()
    }

    /// The value of `name`; an empty value counts as unset, as it does for `NO_COLOR` and the XDG variables.
    pub fn get(&self, name: &str) -> Option<&OsStr> {
        self.table.get(OsStr::new(name)).map(OsString::as_os_str).filter(|value| !value.is_empty())
    }

    /// Like [`Env::get`], for values that must be text; anything else counts as unset.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.get(name).and_then(OsStr::to_str)
    }

    pub fn table(&self) -> &BTreeMap<OsString, OsString> {
        &self.table
    }
}

impl<N: Into<OsString>, V: Into<OsString>> FromIterator<(N, V)> for Env {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(pairs: I) -> Self {
        Self { table: pairs.into_iter().map(|(name, value)| (name.into(), value.into())).collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_value_counts_as_unset() {
        let env = Env::from_iter([("NO_COLOR", ""), ("TERM", "dumb")]);
        assert_eq!(env.text("NO_COLOR"), None);
        assert_eq!(env.text("TERM"), Some("dumb"));
        assert_eq!(env.table().len(), 2);
    }
}
