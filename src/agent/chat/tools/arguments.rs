//! PURE: a call's arguments, read strictly. What is wrong is told back with its place.

use serde::de::DeserializeOwned;

use crate::text;

/// The arguments of a call. The error says which field is wrong, and what was expected.
pub(super) fn read<T: DeserializeOwned>(arguments: &str) -> Result<T, String> {
    // Some models write nothing where there is nothing to say.
    let arguments = if arguments.trim().is_empty() { "{}" } else { arguments };
    let mut json = serde_json::Deserializer::from_str(arguments);
    let read = serde_path_to_error::deserialize(&mut json);
    let value = read.map_err(|error| {
        let path = error.path().to_string();
        let said = text::printable(&error.inner().to_string(), 300);
        if path == "." { format!("the arguments: {said}") } else { format!("the argument `{path}`: {said}") }
    })?;
    json.end().map_err(|error| format!("the arguments: {error}"))?;
    Ok(value)
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(deny_unknown_fields)]
    struct Sample {
        path: String,
        #[serde(default)]
        lines: Vec<u32>,
    }

    #[test]
    fn what_is_wrong_is_named_with_its_place() {
        let wrong = |arguments: &str| read::<Sample>(arguments).unwrap_err();
        assert_eq!(read::<Sample>(r#"{"path":"a"}"#).unwrap(), Sample { path: "a".into(), lines: Vec::new() });
        assert!(wrong("").contains("missing field `path`"), "{}", wrong(""));
        assert!(wrong(r#"{"path":"a","lines":[1,"x"]}"#).starts_with("the argument `lines[1]`: invalid type: string"));
        assert!(wrong(r#"{"pfad":"a"}"#).contains("unknown field `pfad`, expected `path` or `lines`"));
        for bad in ["[]", "null", "7", r#"{"path":"a"}{}"#, r#"{"path":"a""#, r#"{"path":"a","path":"b"}"#] {
            assert!(!wrong(bad).is_empty(), "{bad}");
        }
    }
}
