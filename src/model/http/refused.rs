//! What an answer that is no answer means: its class, whether to ask again, and the provider's own words.

use reqwest::StatusCode;
use reqwest::header::{HeaderMap, HeaderValue, LOCATION};
use serde_json::Value;

use super::wait;
use crate::event::{FailureClass, Usage};
use crate::model::{Again, ModelFailure};
use crate::text;

/// The longest part of a provider's words that is kept, in characters.
const WORDS: usize = 600;

/// What a provider says went wrong.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::model) struct Told {
    /// Its names for the kind of error: `type`, `code`, `status`.
    kinds: Vec<String>,
    /// Its words, on one clean line.
    message: String,
}

impl Told {
    /// Out of an error object in any of the forms that providers and servers use.
    pub(in crate::model) fn of(value: &Value) -> Self {
        let value = match value {
            // Some gateways put the one error into a list.
            Value::Array(items) => items.first().unwrap_or(&Value::Null),
            value => value,
        };
        let inner = value.get("error").filter(|error| !error.is_null()).unwrap_or(value);
        let mut kinds = Vec::new();
        for key in ["type", "code", "status"] {
            match inner.get(key) {
                Some(Value::String(kind)) => kinds.push(kind.to_ascii_lowercase()),
                Some(Value::Number(code)) => kinds.push(code.to_string()),
                _ => {}
            }
        }
        let words = [Some(inner), inner.get("message"), inner.get("detail"), value.get("message"), value.get("detail")];
        let words = words.into_iter().flatten().find_map(|words| match words {
            Value::String(words) if !words.trim().is_empty() => Some(words.clone()),
            Value::Array(details) if !details.is_empty() => Some(Value::Array(details.clone()).to_string()),
            _ => None,
        });
        Self { kinds, message: words.map(|words| text::printable(words.trim(), WORDS)).unwrap_or_default() }
    }

    fn of_body(body: &[u8]) -> Self {
        if let Ok(value) = serde_json::from_slice::<Value>(body) {
            return Self::of(&value);
        }
        let message = match String::from_utf8_lossy(body).trim() {
            "" => String::new(),
            page if is_page(page.as_bytes()) => "a web page instead of an error".to_owned(),
            words => text::printable(words, WORDS),
        };
        Self { kinds: Vec::new(), message }
    }

    fn is(&self, names: &[&str]) -> bool {
        self.kinds.iter().any(|kind| names.contains(&kind.as_str()))
    }

    /// Whether it is about money rather than speed: waiting does not help. By their names where there are any that mean it,
    /// else by words that no limit of speed is told with.
    fn is_spent(&self) -> bool {
        const NAMES: [&str; 6] = [
            "insufficient_quota",
            "billing_error",
            "billing_hard_limit_reached",
            "billing_not_active",
            "quota_exceeded",
            "insufficient_balance",
        ];
        const WORDS: [&str; 8] = [
            "credit balance",
            "spend limit",
            "spending limit",
            "spend cap",
            "billing",
            "insufficient balance",
            "insufficient credits",
            "specified api usage limits",
        ];
        let message = self.message.to_ascii_lowercase();
        self.is(&NAMES) || WORDS.iter().any(|words| message.contains(words))
    }

    /// The words, else the kind, else nothing.
    fn words(&self) -> String {
        if !self.message.is_empty() {
            return self.message.clone();
        }
        self.kinds.first().map(|kind| text::printable(kind, 80)).unwrap_or_default()
    }

    /// What an error within a stream, or in an answer with a good status, means. It has no status, so its kind decides.
    pub(in crate::model) fn failure(&self) -> ModelFailure {
        let words = self.words();
        let detail = if words.is_empty() { "the provider ended the answer with an error".to_owned() } else { words };
        let (class, again) = if self.is_spent() {
            (FailureClass::Quota, Again::Never)
        } else if self.is(&["authentication_error", "permission_error", "invalid_api_key", "401", "403"]) {
            (FailureClass::Auth, Again::Never)
        } else if self.is(&["rate_limit_error", "rate_limit_exceeded", "429"]) {
            (FailureClass::RateLimited, Again::Backoff)
        } else if self.is(&[
            "invalid_request_error",
            "not_found_error",
            "request_too_large",
            "invalid_prompt",
            "context_length_exceeded",
            "bio_policy",
            "content_filter",
            "400",
            "404",
            "413",
            "422",
        ]) {
            (FailureClass::Unusable, Again::Never)
        } else {
            (FailureClass::Transient, Again::Backoff)
        };
        ModelFailure::new(class, &detail, again)
    }
}

/// Whether it begins as HTML or XML does.
pub(super) fn is_page(body: &[u8]) -> bool {
    body.trim_ascii_start().first() == Some(&b'<')
}

/// What a status other than of success means. `body` may be a part of it.
pub(super) fn refused(status: StatusCode, headers: &HeaderMap, body: &[u8]) -> ModelFailure {
    let told = Told::of_body(body);
    let code = status.as_u16();
    let (class, again) = meant(code, &told, headers);
    let detail = match (status.is_redirection(), told.words()) {
        (true, _) => redirected(code, headers),
        (false, words) if words.is_empty() => format!("HTTP {status}"),
        (false, words) => format!("HTTP {code}: {words}"),
    };
    let mut failure = ModelFailure::new(class, &detail, again);
    // What was not begun costs nothing. Behind a gateway that failed, something may have been.
    if code < 500 || matches!(code, 503 | 529) {
        failure.usage = Usage::NOTHING;
    }
    failure
}

fn meant(code: u16, told: &Told, headers: &HeaderMap) -> (FailureClass, Again) {
    let (class, again) = match code {
        402 => return (FailureClass::Quota, Again::Never),
        400 | 403 | 429 if told.is_spent() => return (FailureClass::Quota, Again::Never),
        401 | 403 => return (FailureClass::Auth, Again::Never),
        300..=399 => return (FailureClass::Unusable, Again::Never),
        429 => (FailureClass::RateLimited, wait::again(headers)),
        408 | 409 | 500..=599 => (FailureClass::Transient, wait::again(headers)),
        _ => (FailureClass::Unusable, Again::Never),
    };
    match (headers.get("x-should-retry").map(HeaderValue::as_bytes), again) {
        (Some(b"false"), _) => (class, Again::Never),
        (Some(b"true"), Again::Never) => (FailureClass::Transient, wait::again(headers)),
        (_, again) => (class, again),
    }
}

fn redirected(code: u16, headers: &HeaderMap) -> String {
    let location = headers.get(LOCATION).and_then(|to| to.to_str().ok()).unwrap_or_default();
    let host = reqwest::Url::parse(location).ok().and_then(|url| url.host_str().map(str::to_owned));
    let to = host.map_or_else(|| "another path".to_owned(), |host| format!("`{}`", text::printable(&host, 100)));
    format!("HTTP {code}: it redirects to {to}, and a redirect is not followed; correct its base_url")
}

#[cfg(test)]
mod tests {
    use reqwest::header::HeaderName;

    use super::*;
    use crate::time::Span;

    fn failure(code: u16, headers: &[(&'static str, &'static str)], body: &str) -> ModelFailure {
        let headers = headers.iter().map(|(n, v)| (HeaderName::from_static(n), HeaderValue::from_static(v)));
        refused(StatusCode::from_u16(code).expect("a status"), &headers.collect(), body.as_bytes())
    }

    fn class(code: u16, headers: &[(&'static str, &'static str)], body: &str) -> (FailureClass, Again) {
        let failure = failure(code, headers, body);
        (failure.failure.class, failure.again)
    }

    #[test]
    fn every_status_has_its_class() {
        use FailureClass::{Auth, Quota, RateLimited, Transient, Unusable};
        for (codes, expected) in [
            (&[401, 403][..], (Auth, Again::Never)),
            (&[400, 404, 405, 413, 414, 418, 422, 451], (Unusable, Again::Never)),
            (&[301, 302, 303, 304, 307, 308], (Unusable, Again::Never)),
            (&[402], (Quota, Again::Never)),
            (&[429], (RateLimited, Again::Backoff)),
            (&[408, 409, 500, 502, 503, 504, 520, 529, 599], (Transient, Again::Backoff)),
        ] {
            for code in codes {
                assert_eq!(class(*code, &[], ""), expected, "{code}");
            }
        }
        let wait = (RateLimited, Again::After(Span::from_secs(7)));
        assert_eq!(class(429, &[("retry-after", "7")], ""), wait);
        assert_eq!(class(503, &[("retry-after", "7")], ""), (Transient, wait.1));
    }

    #[test]
    fn a_header_that_says_whether_to_ask_again_wins_but_over_key_and_money() {
        let no = [("x-should-retry", "false"), ("retry-after", "1")];
        let yes = [("x-should-retry", "true"), ("retry-after", "1")];
        let wait = Again::After(Span::from_secs(1));
        assert_eq!(class(429, &no, ""), (FailureClass::RateLimited, Again::Never));
        assert_eq!(class(529, &no, ""), (FailureClass::Transient, Again::Never));
        assert_eq!(class(400, &yes, ""), (FailureClass::Transient, wait));
        assert_eq!(class(529, &yes, ""), (FailureClass::Transient, wait));
        assert_eq!(class(401, &yes, ""), (FailureClass::Auth, Again::Never));
        assert_eq!(class(429, &yes, r#"{"error":{"code":"insufficient_quota"}}"#), (FailureClass::Quota, Again::Never));
    }

    #[test]
    fn money_that_is_spent_is_told_from_speed() {
        for (code, body) in [
            (
                429,
                r#"{"error":{"message":"You exceeded your current quota","type":"insufficient_quota","code":"insufficient_quota"}}"#,
            ),
            (
                429,
                r#"{"type":"error","error":{"type":"rate_limit_error","message":"This request would exceed your workspace's monthly spend limit."}}"#,
            ),
            (
                400,
                r#"{"type":"error","error":{"type":"invalid_request_error","message":"Your credit balance is too low to access the API."}}"#,
            ),
            (403, r#"{"type":"error","error":{"type":"billing_error","message":"x"}}"#),
        ] {
            assert_eq!(class(code, &[("retry-after", "1")], body), (FailureClass::Quota, Again::Never), "{body}");
        }
        let speed = r#"{"error":{"message":"Rate limit reached for requests per minute (quota: 60)","type":"requests","code":"rate_limit_exceeded"}}"#;
        assert_eq!(class(429, &[], speed), (FailureClass::RateLimited, Again::Backoff));
    }

    #[test]
    fn the_detail_is_the_providers_own_message_clean_and_short() {
        for (body, words) in [
            (r#"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#, "HTTP 400: Overloaded"),
            (r#"{"error":"model 'x' not found"}"#, "HTTP 400: model 'x' not found"),
            (r#"{"object":"error","message":"too long","type":"BadRequestError","code":400}"#, "HTTP 400: too long"),
            (r#"{"detail":[{"loc":["body"]}]}"#, r#"HTTP 400: [{"loc":["body"]}]"#),
            (r#"[{"error":{"code":400,"message":"API key","status":"INVALID"}}]"#, "HTTP 400: API key"),
            (r#"{"error":{"type":"api_error"}}"#, "HTTP 400: api_error"),
            ("<html><h1>Bad</h1></html>", "HTTP 400: a web page instead of an error"),
            ("plain \u{1b}[2Jwords\n", "HTTP 400: plain \\u{1b}[2Jwords"),
            ("\"\"", "HTTP 400 Bad Request"),
            ("", "HTTP 400 Bad Request"),
        ] {
            assert_eq!(failure(400, &[], body).failure.detail, words);
        }
        let long = format!("{{\"error\":{{\"message\":\"{}\"}}}}", "x".repeat(100_000));
        assert!(failure(400, &[], &long).failure.detail.len() < 700);
    }

    #[test]
    fn a_redirect_names_the_host_and_nothing_of_its_path() {
        let to = |location| failure(302, &[("location", location)], "").failure.detail;
        assert_eq!(
            to("https://evil.example/take?key=secret"),
            "HTTP 302: it redirects to `evil.example`, and a redirect is not followed; correct its base_url"
        );
        assert!(to("/v2/messages").contains("to another path"));
    }

    #[test]
    fn an_error_within_an_answer_is_told_by_its_kind() {
        for (body, expected) in [
            (r#"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#, FailureClass::Transient),
            (r#"{"type":"error","error":{"type":"rate_limit_error"}}"#, FailureClass::RateLimited),
            (r#"{"type":"error","error":{"type":"invalid_request_error"}}"#, FailureClass::Unusable),
            (r#"{"error":{"code":"insufficient_quota"}}"#, FailureClass::Quota),
            (r#"{"error":{"message":"boom","code":500}}"#, FailureClass::Transient),
            (r#"{"error":{"message":"no","code":401}}"#, FailureClass::Auth),
            ("null", FailureClass::Transient),
        ] {
            let value = serde_json::from_str(body).expect("JSON");
            assert_eq!(Told::of(&value).failure().failure.class, expected, "{body}");
        }
    }
}
