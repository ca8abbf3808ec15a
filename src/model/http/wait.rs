//! How long a provider asks to wait: every spelling of it, and none that cannot be meant.

use jiff::fmt::{rfc2822, strtime};
use reqwest::header::{DATE, HeaderMap, RETRY_AFTER};

use crate::model::Again;
use crate::sys::clock;
use crate::time::{Span, Timestamp};

/// What is longer is not meant: no provider lets one wait for months.
const LONGEST: Span = Span::from_secs(60 * 24 * 3600);

/// When to ask again: what the headers say, where that makes sense; else a wait of our own choice.
pub(super) fn again(headers: &HeaderMap) -> Again {
    let text = |name: &str| headers.get(name)?.to_str().ok().map(str::trim);
    let told = text("retry-after-ms")
        .and_then(|text| span(text, 1.0))
        .or_else(|| text(RETRY_AFTER.as_str()).and_then(|text| retry_after(text, text_date(headers))))
        .or_else(|| used_up(&text));
    told.map_or(Again::Backoff, Again::After)
}

/// Source: RFC 9110, section 10.2.3: seconds or a date. Some send parts of seconds.
fn retry_after(text: &str, now: Timestamp) -> Option<Span> {
    span(text, 1000.0).or_else(|| sound(date(text)?.since(now)))
}

/// The provider's clock where it says what it shows: its date is to be read by that one.
fn text_date(headers: &HeaderMap) -> Timestamp {
    headers.get(DATE).and_then(|value| date(value.to_str().ok()?)).unwrap_or_else(clock::now)
}

/// A plain decimal number of units of `millis` milliseconds that can be meant as a wait.
fn span(text: &str, millis: f64) -> Option<Span> {
    number(text, millis).and_then(sound)
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is held to the range before")]
fn number(text: &str, millis: f64) -> Option<Span> {
    let plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    let millis = text.parse::<f64>().ok().filter(|_| plain)? * millis;
    // Beyond this no whole number is exact, and no wait is sound.
    (0.0..=9e15).contains(&millis).then(|| Span::from_millis(millis.ceil() as u64))
}

/// No time at all is no answer to the question how long to wait.
fn sound(span: Span) -> Option<Span> {
    (Span::ZERO < span && span <= LONGEST).then_some(span)
}

/// Source: RFC 9110, section 5.6.7: the one form that is sent, and the two old ones that must be read.
fn date(text: &str) -> Option<Timestamp> {
    let old = |format| strtime::parse(format, text).ok()?.to_datetime().ok()?.to_zoned(jiff::tz::TimeZone::UTC).ok();
    let at = rfc2822::DateTimeParser::new()
        .parse_timestamp(text)
        .ok()
        .or_else(|| Some(old("%A, %d-%b-%y %H:%M:%S GMT")?.timestamp()))
        .or_else(|| Some(old("%a %b %e %H:%M:%S %Y")?.timestamp()))?;
    Some(Timestamp::from_millis(at.as_millisecond()))
}

/// `x-ratelimit-reset-requests: 1m26.4s` beside `x-ratelimit-remaining-requests: 0`, and the same of tokens: the longest of
/// what is used up.
fn used_up<'a>(text: &impl Fn(&str) -> Option<&'a str>) -> Option<Span> {
    let waits = ["requests", "tokens"].into_iter().filter_map(|kind| {
        let remaining = text(&format!("x-ratelimit-remaining-{kind}"))?;
        let reset = text(&format!("x-ratelimit-reset-{kind}"))?;
        (remaining == "0").then(|| units(reset)).flatten()
    });
    waits.max().and_then(sound)
}

/// A duration as Go writes it.
fn units(text: &str) -> Option<Span> {
    let mut rest = text;
    let mut sum = Span::ZERO;
    while !rest.is_empty() {
        let number_end = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.').len();
        let unit = rest[number_end..].find(|c: char| c.is_ascii_digit()).map_or(rest.len(), |at| number_end + at);
        let millis = match &rest[number_end..unit] {
            "ms" => 1.0,
            "s" => 1000.0,
            "m" => 60_000.0,
            "h" => 3_600_000.0,
            _ => return None,
        };
        sum = sum.plus(number(&rest[..number_end], millis)?);
        rest = &rest[unit..];
    }
    Some(sum)
}

#[cfg(test)]
mod tests {
    use reqwest::header::{HeaderName, HeaderValue};

    use super::*;

    fn asked(pairs: &[(&'static str, &str)]) -> Again {
        let headers = pairs.iter().map(|(name, value)| {
            (HeaderName::from_static(name), HeaderValue::from_str(value).expect("a header's value"))
        });
        again(&headers.collect())
    }

    fn millis(millis: u64) -> Again {
        Again::After(Span::from_millis(millis))
    }

    #[test]
    fn seconds_milliseconds_and_dates_are_read() {
        assert_eq!(asked(&[("retry-after", "3")]), millis(3000));
        assert_eq!(asked(&[("retry-after", " 1.5 ")]), millis(1500));
        assert_eq!(asked(&[("retry-after", "86400")]), millis(86_400_000));
        assert_eq!(asked(&[("retry-after-ms", "250"), ("retry-after", "3")]), millis(250));
        assert_eq!(asked(&[("retry-after-ms", "soon"), ("retry-after", "3")]), millis(3000));
        for date in ["Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"] {
            let headers = [("date", "Sun, 06 Nov 1994 08:49:30 GMT"), ("retry-after", date)];
            assert_eq!(asked(&headers), millis(7000), "{date}");
        }
    }

    #[test]
    fn what_cannot_be_meant_leads_to_a_wait_of_our_own_choice() {
        for bad in [
            "",
            "-1",
            "+1",
            "NaN",
            "nan",
            "inf",
            "1e3",
            "1e300",
            "0",
            "0.0",
            ".",
            "soon",
            "99999999999999999999",
            "1 day",
            "31536000",
            "Sun, 06 Nov 1994 08:49:37 GMT",
            "Xun, 99 Nov 2094",
            "\t",
        ] {
            assert_eq!(asked(&[("retry-after", bad)]), Again::Backoff, "{bad:?}");
            if bad != "31536000" {
                assert_eq!(asked(&[("retry-after-ms", bad)]), Again::Backoff, "{bad:?}");
            }
        }
        assert_eq!(asked(&[]), Again::Backoff);
    }

    #[test]
    fn a_date_without_the_providers_clock_is_read_by_ours() {
        let soon = clock::now().as_millis() / 1000 + 90;
        let soon =
            jiff::Timestamp::from_second(soon).expect("a time").strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
        let Again::After(wait) = asked(&[("retry-after", &soon)]) else { panic!("no wait from {soon}") };
        assert!((60_000..=91_000).contains(&wait.as_millis()), "{wait}");
    }

    #[test]
    fn a_limit_that_is_used_up_says_when_it_is_full_again() {
        let limits = |requests, tokens| {
            asked(&[
                ("x-ratelimit-remaining-requests", requests),
                ("x-ratelimit-reset-requests", "120ms"),
                ("x-ratelimit-remaining-tokens", tokens),
                ("x-ratelimit-reset-tokens", "1m6.5s"),
            ])
        };
        assert_eq!(limits("0", "7"), millis(120));
        assert_eq!(limits("0", "0"), millis(66_500));
        assert_eq!(limits("1", "1"), Again::Backoff);
        for (text, expected) in
            [("6m0s", Some(360_000)), ("1h", Some(3_600_000)), ("1x", None), ("s", None), ("5", None)]
        {
            assert_eq!(units(text), expected.map(Span::from_millis), "{text}");
        }
    }
}
