//! Validated newtypes for everything that is named: runs, plans, tasks, checks, digests, git objects.
//!
//! Each is a string that was checked once, when it was made; serde checks it again on the way in, so
//! that no other code has to.

use std::borrow::Borrow;
use std::fmt;
use std::marker::PhantomData;
use std::str::FromStr;
use std::sync::Arc;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest as _, Sha256};

/// Why a name was refused. The `Display` text is a whole sentence part: "`a/b` is not a task id: …".
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{}` is not a {what}: {why}", crate::text::printable(.given, 80))]
pub struct InvalidId {
    /// What it should have been, in words.
    pub what: &'static str,
    /// The text as given.
    pub given: String,
    /// The rule it breaks.
    pub why: &'static str,
}

/// Reads an id where the text stands: plans and journals are full of them, and each would be copied once more.
struct Checked<T>(PhantomData<T>);

impl<T: FromStr<Err = InvalidId>> Visitor<'_> for Checked<T> {
    type Value = T;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }
    fn visit_str<E: de::Error>(self, text: &str) -> Result<T, E> {
        text.parse().map_err(E::custom)
    }
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $what:literal, $pattern:literal, $check:expr) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Arc<str>);

        impl $name {
            /// Checks `text` and wraps it.
            pub fn new(text: &str) -> Result<Self, InvalidId> {
                let check: fn(&str) -> Result<(), &'static str> = $check;
                match check(text) {
                    Ok(()) => Ok(Self(text.into())),
                    Err(why) => Err(InvalidId { what: $what, given: text.to_owned(), why }),
                }
            }

            /// The id as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(&self.0, f)
            }
        }
        impl FromStr for $name {
            type Err = InvalidId;
            fn from_str(text: &str) -> Result<Self, InvalidId> {
                Self::new(text)
            }
        }
        impl TryFrom<String> for $name {
            type Error = InvalidId;
            fn try_from(text: String) -> Result<Self, InvalidId> {
                Self::new(&text)
            }
        }
        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.0.as_ref().to_owned()
            }
        }
        impl Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserializer.deserialize_str(Checked(PhantomData))
            }
        }
        impl JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }
            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({"type": "string", "pattern": $pattern})
            }
        }
    };
}

id!(
    /// A run: `YYYYMMDD-HHMMSS-xxxx` in UTC. Sortable, and safe to merge from two machines.
    RunId, "run id", r"^[0-9]{8}-[0-9]{6}-[0-9a-f]{4}$",
    |text| shape(text, b"dddddddd-dddddd-xxxx").then_some(()).ok_or("it has the form YYYYMMDD-HHMMSS-xxxx")
);
id!(
    /// A plan: `OP-YYYYMMDD-HHMMSS-XXXX` in UTC.
    PlanId, "plan id", r"^OP-[0-9]{8}-[0-9]{6}-[0-9A-F]{4}$",
    |text| shape(text, b"OP-dddddddd-dddddd-XXXX").then_some(()).ok_or("it has the form OP-YYYYMMDD-HHMMSS-XXXX")
);
id!(
    /// A task within a plan: `[A-Za-z0-9][A-Za-z0-9._-]{0,63}`, safe as a file name, an argument and a ref.
    TaskId, "task id", r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$", name
);
id!(
    /// A check, as named in the config or by detection; same form as a task id.
    CheckName, "check name", r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$", name
);
id!(
    /// An agent, as named in the config; same form as a task id.
    AgentName, "agent name", r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$", name
);

id!(
    /// The name of a language model in the config.
    ModelName, "model name", r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$", name
);
id!(
    /// A SHA-256 as 64 lowercase hex digits.
    Digest, "SHA-256 digest", r"^[0-9a-f]{64}$",
    |text| (text.len() == 64 && text.bytes().all(lower_hex)).then_some(()).ok_or("it has 64 lowercase hex digits")
);
id!(
    /// A git object (a tree or a commit) of the shadow repository, as lowercase hex.
    ObjectId, "git object id", r"^([0-9a-f]{40}|[0-9a-f]{64})$",
    |text| (matches!(text.len(), 40 | 64) && text.bytes().all(lower_hex)).then_some(()).ok_or("it has 40 or 64 lowercase hex digits")
);
id!(
    /// A W3C trace id: 32 lowercase hex digits, not all zero. Source: W3C Trace Context, section 3.2.2.3.
    TraceId, "trace id", r"^[0-9a-f]{32}$",
    |text| (text.len() == 32 && text.bytes().all(lower_hex) && text.bytes().any(|b| b != b'0')).then_some(()).ok_or("it has 32 lowercase hex digits, not all zero")
);

fn name(text: &str) -> Result<(), &'static str> {
    let bytes = text.as_bytes();
    match bytes {
        [] => Err("it is empty"),
        _ if bytes.len() > 64 => Err("it is longer than 64 characters"),
        [first, ..] if !first.is_ascii_alphanumeric() => Err("it must begin with a letter or a digit"),
        _ if !bytes.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-')) => {
            Err("only letters, digits, `.`, `_` and `-` are allowed")
        }
        // git refuses refs that end so, in these very letters.
        _ if bytes.ends_with(b".lock") || text.contains("..") || text.ends_with('.') => {
            Err("it must not contain `..` nor end in `.` or `.lock`")
        }
        _ => Ok(()),
    }
}

fn lower_hex(b: u8) -> bool {
    matches!(b, b'0'..=b'9' | b'a'..=b'f')
}

/// `d` a digit, `x` a lowercase and `X` an uppercase hex digit; anything else stands for itself.
fn shape(text: &str, form: &[u8]) -> bool {
    text.len() == form.len()
        && text.bytes().zip(form).all(|(b, form)| match form {
            b'd' => b.is_ascii_digit(),
            b'x' => lower_hex(b),
            b'X' => matches!(b, b'0'..=b'9' | b'A'..=b'F'),
            _ => b == *form,
        })
}

impl Digest {
    /// The SHA-256 of `bytes`.
    pub fn of(bytes: &[u8]) -> Self {
        Self(hex(&Sha256::digest(bytes)).into())
    }

    /// The digest of a value's JSON, whose key order is that of its type.
    pub fn of_json<T: Serialize>(value: &T) -> Result<Self, serde_json::Error> {
        serde_json::to_vec(value).map(|bytes| Self::of(&bytes))
    }

    /// Finishes a running hash.
    pub fn finish(hash: Sha256) -> Self {
        Self(hex(&hash.finalize()).into())
    }

    /// The first twelve digits, for people.
    pub fn short(&self) -> &str {
        &self.0[..12]
    }
}

impl ObjectId {
    /// The first ten digits, for people.
    pub fn short(&self) -> &str {
        &self.0[..10]
    }
}

/// Lowercase hex of `bytes`.
pub fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        text.push(char::from(DIGITS[usize::from(byte >> 4)]));
        text.push(char::from(DIGITS[usize::from(byte & 15)]));
    }
    text
}

impl RunId {
    /// The id of a run that starts at `at`; `salt` tells apart those that start in the same second.
    pub fn at(at: crate::time::Timestamp, salt: u16) -> Self {
        Self(format!("{}-{salt:04x}", at.compact()).into())
    }
}

impl RunId {
    /// The part that tells the second, `YYYYMMDD-HHMMSS`.
    pub fn second(&self) -> &str {
        &self.0[..15]
    }
}

impl PlanId {
    /// The id of a plan that is made at `at`; `salt` tells apart those made in the same second.
    pub fn at(at: crate::time::Timestamp, salt: u16) -> Self {
        Self(format!("OP-{}-{salt:04X}", at.compact()).into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn task_ids_are_safe_as_file_names_arguments_and_refs() {
        for good in ["a", "A1", "fix-2.b_c", "9", &"x".repeat(64)] {
            assert!(TaskId::new(good).is_ok(), "{good}");
        }
        for bad in ["", "-x", ".", "..", "a/b", "a b", "a\u{202e}", "a\n", "é", "a..b", "x.lock", "a.", &"x".repeat(65)]
        {
            assert!(TaskId::new(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn stamped_ids_keep_their_form() {
        let at = crate::time::Timestamp::from_millis(1_795_253_592_123);
        assert_eq!(RunId::new(RunId::at(at, 0xa1b2).as_str()), Ok(RunId::at(at, 0xa1b2)));
        assert_eq!(PlanId::new(PlanId::at(at, 7).as_str()), Ok(PlanId::at(at, 7)));
        assert!(RunId::new("20261121-0933").is_err());
    }

    #[test]
    fn serde_refuses_what_the_constructor_refuses() {
        assert!(serde_json::from_str::<TaskId>("\"../x\"").is_err());
        assert_eq!(serde_json::to_string(&TaskId::new("t1").unwrap()).unwrap(), "\"t1\"");
    }

    #[test]
    fn an_error_never_carries_control_characters() {
        let error = TaskId::new("a\u{1b}[31m").unwrap_err().to_string();
        assert!(!error.contains('\u{1b}'), "{error:?}");
    }

    #[test]
    fn the_digest_of_nothing_is_the_published_one() {
        assert_eq!(Digest::of(b"").as_str(), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    }
}
