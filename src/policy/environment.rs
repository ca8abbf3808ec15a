//! The environment allow-list: a child sees a short list of names and what was declared for it, nothing else.
//! Secrets in our own environment therefore stay here unless someone passed them on by name.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};

/// Names every child gets when the parent has them. `LC_*` belongs to them and is matched by prefix.
const ALWAYS: [&str; 5] = ["PATH", "HOME", "LANG", "TERM", "TMPDIR"];

/// The complete environment of a child: the always-allowed names and the declared `pass` names as the parent has
/// them, then the `explicit` values, which win. A declared name that the parent lacks is left out.
pub fn child_environment(
    parent: &BTreeMap<OsString, OsString>,
    pass: &[String],
    explicit: &BTreeMap<String, OsString>,
) -> BTreeMap<OsString, OsString> {
    let inherited = parent
        .iter()
        .filter(|(name, _)| {
            is_always_allowed(name) || pass.iter().any(|declared| name.as_os_str() == OsStr::new(declared))
        })
        .map(|(name, value)| (name.clone(), value.clone()));
    let given = explicit.iter().map(|(name, value)| (OsString::from(name), value.clone()));
    inherited.chain(given).collect()
}

fn is_always_allowed(name: &OsStr) -> bool {
    ALWAYS.iter().any(|allowed| name == OsStr::new(allowed)) || name.as_encoded_bytes().starts_with(b"LC_")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(pairs: &[(&str, &str)]) -> BTreeMap<OsString, OsString> {
        pairs.iter().map(|(name, value)| (name.into(), value.into())).collect()
    }

    #[test]
    fn a_child_sees_the_short_list_and_nothing_else() {
        let parent = table(&[
            ("PATH", "/bin"),
            ("HOME", "/h"),
            ("LC_ALL", "C"),
            ("API_KEY", "secret"),
            ("LD_PRELOAD", "x.so"),
            ("GIT_DIR", "/r"),
        ]);
        let child = child_environment(&parent, &[], &BTreeMap::new());
        assert_eq!(child, table(&[("PATH", "/bin"), ("HOME", "/h"), ("LC_ALL", "C")]));
    }

    #[test]
    fn declared_names_pass_and_explicit_values_win() {
        let parent = table(&[("FOO", "parent"), ("TOKEN", "t"), ("TMPDIR", "/tmp")]);
        let explicit = BTreeMap::from([("FOO".to_owned(), "mine".into()), ("TMPDIR".to_owned(), "/private".into())]);
        let child = child_environment(&parent, &["FOO".to_owned(), "TOKEN".to_owned(), "ABSENT".to_owned()], &explicit);
        assert_eq!(child, table(&[("FOO", "mine"), ("TOKEN", "t"), ("TMPDIR", "/private")]));
    }
}
