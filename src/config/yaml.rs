//! What the YAML reader refuses, in our words.

use serde_yaml::Error;
use serde_yaml::budget::BudgetBreach;

/// What is wrong.
pub(super) fn message(error: &Error) -> String {
    match error {
        Error::DuplicateMappingKey { key: Some(key), .. } => format!("the key `{key}` stands here a second time"),
        Error::DuplicateMappingKey { key: None, .. } => "a key stands here a second time".to_owned(),
        Error::MultipleDocuments { .. } | Error::Budget { breach: BudgetBreach::Documents { .. }, .. } => {
            "a second YAML document begins here".to_owned()
        }
        Error::UnsupportedTag { tag, .. } => format!("the tag `{tag}` is not allowed"),
        Error::MergeKeyNotAllowed { .. } => "merge keys (`<<`) are not allowed".to_owned(),
        Error::Budget { .. }
        | Error::AliasReplayLimitExceeded { .. }
        | Error::AliasExpansionLimitExceeded { .. }
        | Error::AliasReplayStackDepthExceeded { .. }
        | Error::AliasReplayCounterOverflow { .. } => {
            "this is larger, nested deeper or repeated more often than a configuration may be".to_owned()
        }
        Error::UnknownAnchor { .. } => "there is no anchor of this name".to_owned(),
        other => format!("this is not YAML that can be used: {}", plain(other)),
    }
}

/// What to do about it.
pub(super) fn hint(error: &Error) -> Option<&'static str> {
    match error {
        Error::DuplicateMappingKey { .. } => Some("keep one of the two; which one counts must not depend on luck"),
        Error::MultipleDocuments { .. } | Error::Budget { breach: BudgetBreach::Documents { .. }, .. } => {
            Some("a configuration is one document: remove `---` and what follows")
        }
        Error::UnsupportedTag { .. } => Some("put a text that begins with `!` in quotes"),
        _ => None,
    }
}

/// The reader's own words without the place, which is shown apart.
fn plain(error: &Error) -> String {
    let text = error.to_string();
    let line = text.lines().next().unwrap_or_default();
    let cut = line.find(" at line ").unwrap_or(line.len());
    line[..cut].trim_start_matches("error: ").to_owned()
}
