//! What can be typed as a value: taken for what it says, or refused.

use proptest::prelude::*;

use super::size::Size;
use super::values::{
    Allowance, ApprovalTarget, more_money, more_time, more_tokens, some_money, some_number, some_time,
};
use crate::kit::{changed_text, hold, words};
use crate::money::Usd;
use crate::time::Span;

#[test]
fn a_value_is_taken_for_what_it_says_or_refused() {
    let corpus =
        ["+30m", "2h", "0.05", "+5.25", "2000000", "500M", "1.5GiB", "18446744073709551615", "plan", "fix-1", "0s"];
    hold(1, prop_oneof![changed_text(corpus), words()], |text| {
        if let Ok(span) = some_time(&text) {
            assert!(span > Span::ZERO && text.parse() == Ok(span));
        }
        match more_time(&text) {
            Ok(Allowance::Add(span)) => assert!(text.starts_with('+') && span > Span::ZERO),
            Ok(Allowance::Set(span)) => assert!(!text.starts_with('+') && span > Span::ZERO),
            Err(_) => {}
        }
        if let Ok(usd) = some_money(&text) {
            assert_eq!(usd.to_string().trim_start_matches('$').parse(), Ok(usd), "{text:?}");
            assert_eq!(serde_json::from_str::<Usd>(&serde_json::to_string(&usd).unwrap()).unwrap(), usd);
        }
        if let Ok(number) = some_number(&text) {
            assert!(number > 0 && text.bytes().all(|byte| byte.is_ascii_digit()));
        }
        for added in [more_money(&text).is_ok(), more_tokens(&text).is_ok()] {
            assert!(
                !added || text.trim_start_matches('+').starts_with(|c: char| c.is_ascii_digit() || c == '.'),
                "{text:?}"
            );
        }
        if let Ok(target) = text.parse::<ApprovalTarget>() {
            assert_eq!(target.to_string(), text);
        }
        if let Ok(Size(bytes)) = text.parse::<Size>() {
            assert_eq!(bytes.to_string().parse(), Ok(Size(bytes)));
            assert!(text.trim().starts_with(|c: char| c.is_ascii_digit()));
        }
    });
}
