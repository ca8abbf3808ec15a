//! Keys: named by their variable, never shown.

use std::fmt;

use reqwest::header::HeaderValue;

use crate::text::Redactor;

/// A key and the variable it came from. Neither `Debug` nor an error shows its value.
#[derive(Clone, PartialEq, Eq)]
pub struct Key {
    variable: String,
    value: String,
}

/// Why a value cannot be a key. It does not say what the value is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the value of `{variable}` is not a key: {}", fault(*.empty))]
pub struct KeyError {
    /// The variable.
    pub variable: String,
    /// Whether there is nothing in it, or something that no header can hold.
    empty: bool,
}

/// What a provider knows us by.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Access {
    /// It asks for nothing, as servers on the own machine do.
    #[default]
    Open,
    /// A key.
    Key(Key),
    /// A key that is not there: nothing is sent, and the failure names the variable.
    Missing {
        /// The variable that is not set.
        variable: String,
    },
}

impl Key {
    /// The value of `variable`, without the blanks and newlines that files end with.
    pub fn new(variable: &str, value: &str) -> Result<Self, KeyError> {
        let value = value.trim();
        let fault = |empty| KeyError { variable: variable.to_owned(), empty };
        if value.is_empty() {
            return Err(fault(true));
        }
        if HeaderValue::from_str(value).is_err() || !value.is_ascii() {
            return Err(fault(false));
        }
        Ok(Self { variable: variable.to_owned(), value: value.to_owned() })
    }

    /// The variable it came from.
    pub fn variable(&self) -> &str {
        &self.variable
    }

    /// The header's value, marked so that nothing prints it.
    pub(super) fn header(&self, prefix: &str) -> Option<HeaderValue> {
        let mut value = HeaderValue::from_str(&format!("{prefix}{}", self.value)).ok()?;
        value.set_sensitive(true);
        Some(value)
    }

    /// Takes the key out of a text: providers repeat it in their errors.
    pub(super) fn hide(&self, text: &str) -> String {
        Redactor::new([(self.variable.clone(), self.value.clone())]).text(text)
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key({})", self.variable)
    }
}

fn fault(empty: bool) -> &'static str {
    if empty { "it is empty" } else { "it holds characters that no key has" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_shown_by_the_name_of_its_variable_only() {
        let key = Key::new("MY_KEY", " sk-very-secret\n").expect("a key");
        let access = Access::Key(key.clone());
        assert_eq!(format!("{key:?} {access:?}"), "Key(MY_KEY) Key(Key(MY_KEY))");
        assert_eq!(key.hide("Incorrect API key: sk-very-secret."), "Incorrect API key: [MY_KEY].");
        let header = key.header("Bearer ").expect("a header");
        assert!(header.is_sensitive() && header == "Bearer sk-very-secret");
    }

    #[test]
    fn what_can_be_no_key_is_refused_without_being_shown() {
        assert_eq!(
            Key::new("K", " \n").map_err(|e| e.to_string()),
            Err("the value of `K` is not a key: it is empty".into())
        );
        for bad in ["sk\nsecret", "sk\u{0}secret", "sk-sécret"] {
            let error = Key::new("K", bad).expect_err(bad).to_string();
            assert!(error.contains("`K`") && !error.contains("cret"), "{error}");
        }
    }
}
