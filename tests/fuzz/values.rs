//! The small things: names, times, spans, globs.

use std::path::PathBuf;

use orchestra::ids::{AgentName, CheckName, Digest, ObjectId, PlanId, RunId, TaskId, TraceId};
use orchestra::plan::{Role, Scope, is_sound_glob};
use orchestra::time::{Span, Timestamp};
use orchestra::workspace::outside_scope;
use proptest::prelude::*;

use crate::kit::{changed_text, hold, is_live, soon, words};

#[test]
fn a_name_that_is_taken_is_what_was_given_and_harmless_everywhere() {
    macro_rules! of {
        ($text:expr; $($name:ident),*) => {$(
            match $name::new($text) {
                Ok(name) => {
                    assert_eq!(name.as_str(), $text);
                    assert_eq!(serde_json::from_value::<$name>($text.into()).unwrap(), name);
                    assert!($text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte)));
                    assert!(!$text.is_empty() && $text.len() <= 64 && !$text.starts_with(['-', '.']) && !$text.contains(".."));
                }
                Err(error) => {
                    assert!(!error.to_string().chars().any(is_live), "{error}");
                    assert!(serde_json::from_value::<$name>($text.into()).is_err());
                }
            }
        )*};
    }
    let corpus = ["fix-2.b_c", "20261121-093312-a1b2", "OP-20261121-093312-A1B2", &"0a".repeat(32), &"f".repeat(40)];
    hold(1, prop_oneof![changed_text(corpus), words()], |text| {
        let text = text.as_str();
        of!(text; TaskId, CheckName, AgentName, RunId, PlanId, Digest, ObjectId, TraceId);
    });
}

#[test]
fn a_span_and_a_time_are_written_and_read_to_the_same_again() {
    let corpus = [
        "90s",
        "1h30m",
        "250ms",
        "3650d",
        "2026-11-21T09:33:12.123Z",
        "-009999-01-01T00:00:00Z",
        "1970-01-01 00:00+01",
    ];
    hold(1, changed_text(corpus), |text| {
        if let Ok(span) = text.parse::<Span>() {
            assert_eq!(span.to_string().parse::<Span>(), Ok(span));
            assert!(span.as_millis() <= 10 * 366 * 24 * 3_600_000);
        }
        if let Ok(at) = text.parse::<Timestamp>() {
            assert_eq!(at.to_string().parse::<Timestamp>(), Ok(at), "{at}");
        }
    });
    hold(1, (any::<i64>(), any::<u64>()), |(millis, later)| {
        let at = Timestamp::from_millis(millis);
        assert_eq!(at.to_string().parse::<Timestamp>(), Ok(at), "{at}");
        let after = at.after(Span::from_millis(later));
        assert!(after >= at && after.since(at) <= Span::from_millis(later));
    });
}

#[test]
fn a_glob_that_a_plan_may_hold_is_one_that_a_scope_can_be_judged_by() {
    let corpus = ["src/**/*.rs", "docs/*.md", "{a,b}/[a-z]*.{rs,toml}", "tests/", "a?b/**", "[!x]/\\*"];
    hold(1, prop_oneof![changed_text(corpus), words()], |glob| {
        if !soon(glob.len(), || is_sound_glob(&glob)) {
            return;
        }
        let scope = Scope { write: vec![glob.clone()], ..Scope::default() };
        let changed: Vec<PathBuf> = ["src/a.rs", "a", "a/b/c", "é/\u{1}"].map(PathBuf::from).into();
        let outside = soon(glob.len(), || outside_scope(Role::Implement, &scope, &changed)).unwrap();
        assert!(outside.len() <= changed.len());
        assert!(!glob.starts_with('/') && !glob.split('/').any(|part| part == ".."), "{glob:?}");
    });
}
