//! How long a provider asks to wait, in every spelling, as who asks keeps to it.

use std::time::{Duration, Instant, SystemTime};

use orchestra::event::FailureClass::Quota;
use orchestra::model::{Again, AskFailure};
use orchestra::time::{Span, Timestamp};

use crate::fake::{Fake, stream, whole};
use crate::rig::{Api, asked, is};

const BUSY: &str = r#"{"error":{"type":"rate_limit_error","message":"slow down"}}"#;

fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
    Timestamp::from_millis(i64::try_from(since.as_millis()).unwrap())
}

/// Refuses once with these headers, then answers. How long it was until it was asked again.
async fn waited(api: Api, headers: &[(&str, &str)]) -> Duration {
    let busy = whole("429 Too Many Requests", headers, BUSY.as_bytes());
    let fake = Fake::start(vec![busy, stream(api.stream().as_bytes())]);
    let (answer, asides) = asked(api, &fake).await;
    answer.unwrap();
    let asked = fake.asked();
    assert_eq!((asked.len(), asides.len()), (2, 1), "{asides:?}");
    asked[1].at.duration_since(asked[0].at)
}

#[tokio::test]
async fn seconds_milliseconds_dates_and_resets_are_waited_for() {
    // Our own waits take no time here, so all that passes was asked for.
    let date = [("date", "Sun, 06 Nov 1994 08:49:36 GMT"), ("retry-after", "Sun, 06 Nov 1994 08:49:37 GMT")];
    let limits = [("x-ratelimit-remaining-requests", "0"), ("x-ratelimit-reset-requests", "700ms")];
    for (headers, least) in [
        (&[("retry-after", "1")][..], 1000),
        (&[("retry-after", "0.6")], 600),
        (&[("retry-after-ms", "400"), ("retry-after", "9999")], 400),
        (&date, 1000),
        (&limits, 700),
    ] {
        for api in Api::ALL {
            let waited = waited(api, headers).await;
            assert!(waited >= Duration::from_millis(least), "{api:?} {headers:?}: {waited:?}");
        }
    }
}

#[tokio::test]
async fn a_wait_that_cannot_be_meant_is_not_waited_for() {
    let start = Instant::now();
    for bad in [
        "soon",
        "-1",
        "-99999999",
        "NaN",
        "inf",
        "1e99",
        "99999999999999999999999",
        "",
        "Sun, 06 Nov 1994 08:49:37 GMT",
    ] {
        for api in Api::ALL {
            waited(api, &[("retry-after", bad)]).await;
            waited(api, &[("retry-after-ms", bad)]).await;
        }
    }
    // Any of them, taken at its word, is more.
    assert!(start.elapsed() < Duration::from_secs(600));
}

#[tokio::test]
async fn who_is_told_to_come_back_in_a_day_asks_once_and_says_when() {
    for api in Api::ALL {
        for headers in [[("retry-after", "86400")], [("retry-after-ms", "86400000")]] {
            let fake = Fake::always(whole("429 Too Many Requests", &headers, BUSY.as_bytes()));
            let before = now();
            let answer = asked(api, &fake).await.0;
            let Err(AskFailure::Model(failure)) = answer else { panic!("{answer:?}") };
            assert_eq!(fake.asked().len(), 1);
            is(&failure, Quota, Again::Never, "slow down");
            let in_a_day = failure.failure.retry_at.unwrap().since(before);
            assert!(in_a_day > Span::from_secs(86_000) && in_a_day < Span::from_secs(87_000), "{in_a_day}");
        }
    }
}

#[tokio::test]
async fn a_server_that_is_overloaded_may_say_for_how_long_too() {
    let busy = whole("529 Overloaded", &[("retry-after-ms", "500")], BUSY.as_bytes());
    let fake = Fake::start(vec![busy, stream(Api::Anthropic.stream().as_bytes())]);
    asked(Api::Anthropic, &fake).await.0.unwrap();
    let asked = fake.asked();
    assert!(asked[1].at.duration_since(asked[0].at) >= Duration::from_millis(500));
}
