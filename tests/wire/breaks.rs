//! Connections that break, and answers that stop: the wait has its end, and what may be tried again says so.

use std::time::Duration;

use orchestra::event::FailureClass::{Cancelled, Timeout, Transient};
use orchestra::model::{Again, Endpoint, ModelFailure, Timeouts};
use orchestra::time::Span;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::fake::{Fake, Step, chunk, chunked_head, nobody, stream, stream_head};
use crate::rig::{Api, asked, clean, endpoint, failure, is, request, send};

const SHORT: Span = Span::from_millis(300);
const LONG: Span = Span::from_secs(100);

fn waits(base: &str, set: impl FnOnce(&mut Timeouts)) -> Endpoint {
    let mut endpoint = endpoint(base);
    endpoint.timeouts = Timeouts { connect: LONG, headers: LONG, idle: LONG, total: LONG };
    set(&mut endpoint.timeouts);
    endpoint
}

async fn failed(api: Api, fake: &Fake, set: impl FnOnce(&mut Timeouts)) -> ModelFailure {
    let failure = send(&api.model(waits(&fake.base(), set))).await.expect_err("a failure");
    clean(&failure);
    // Nobody holds the connection any longer.
    fake.wait_until_left().await;
    failure
}

#[tokio::test]
async fn an_answer_that_is_cut_off_is_no_answer_however_clean_the_cut_looks() {
    for api in Api::ALL {
        // The connection is closed as at an end.
        let clean_cut = failure(api, stream(api.torn())).await;
        is(&clean_cut, Transient, Again::Backoff, "cut off before its end");
        // In the middle of what was announced.
        let torn = [chunked_head(), chunk(api.torn())].concat();
        is(&failure(api, vec![Step::Write(torn)]).await, Transient, Again::Backoff, "broke off");
        let short = format!("HTTP/1.1 200 OK\r\ncontent-length: 900000\r\n\r\n{}", api.document());
        is(&failure(api, vec![Step::Write(short.into_bytes())]).await, Transient, Again::Backoff, "broke off");
        // Before a word of it.
        is(&failure(api, vec![]).await, Transient, Again::Backoff, "broke off");
    }
}

#[tokio::test]
async fn what_an_answer_used_up_to_its_cut_is_told_as_a_part() {
    let failure = failure(Api::Anthropic, stream(Api::Anthropic.torn())).await;
    assert!(failure.usage.partial, "{:?}", failure.usage);
    assert_eq!((failure.usage.input_tokens, failure.usage.cache_read_tokens), (Some(42), Some(5000)));
    assert_eq!((failure.status, failure.request_id.as_deref()), (Some(200), Some("req_7")));
}

#[tokio::test]
async fn a_connection_that_is_reset_or_refused_may_be_tried_again() {
    for api in Api::ALL {
        let head = [stream_head(), api.torn().to_vec()].concat();
        is(&failure(api, vec![Step::Write(head), Step::Reset]).await, Transient, Again::Backoff, "broke off");
        is(&failure(api, vec![Step::Reset]).await, Transient, Again::Backoff, "broke off");
        let refused = send(&api.model(endpoint(&nobody()))).await.expect_err("a failure");
        clean(&refused);
        is(&refused, Transient, Again::Backoff, "no connection to 127.0.0.1:");
        assert_eq!(refused.usage.tokens(), Some(0), "nothing was sent, so nothing was used");
    }
}

#[tokio::test]
async fn an_error_within_an_answer_is_told_in_the_providers_words() {
    for api in Api::ALL {
        let first = api.stream().find("\n\n").unwrap() + 2;
        let text = format!("{}{}", &api.stream()[..first], api.error_event());
        is(&failure(api, stream(text.as_bytes())).await, Transient, Again::Backoff, "Overloaded");
    }
}

#[tokio::test]
async fn silence_has_its_end_before_and_within_an_answer() {
    for api in Api::ALL {
        let silent = Fake::always(vec![Step::Silence]);
        let late = failed(api, &silent, |waits| waits.headers = SHORT).await;
        is(&late, Transient, Again::Backoff, "did not begin to answer within 300ms");
        let stalls = Fake::always(vec![Step::Write([stream_head(), api.torn().to_vec()].concat()), Step::Silence]);
        let stalled = failed(api, &stalls, |waits| waits.idle = SHORT).await;
        is(&stalled, Transient, Again::Backoff, "was silent for 300ms in the middle of its answer");
    }
}

#[tokio::test]
async fn an_answer_that_only_drips_comes_to_the_end_of_all_its_time() {
    for api in Api::ALL {
        // Signs of life, as providers send them, but never an answer.
        for drop in [": ping\n\n", "data: {\"type\":\"ping\"}\n\n"] {
            let fake = Fake::always(vec![
                Step::Write(stream_head()),
                Step::Endless(drop.as_bytes().to_vec(), Duration::from_millis(10)),
            ]);
            let drips = failed(api, &fake, |waits| waits.total = SHORT).await;
            is(&drips, Timeout, Again::Never, "was not done with its answer after 300ms");
        }
    }
}

#[tokio::test]
async fn an_error_whose_text_does_not_come_is_told_all_the_same() {
    let fake = Fake::always(vec![
        Step::Write(b"HTTP/1.1 529 Overloaded\r\ncontent-length: 100\r\n\r\n{\"er".to_vec()),
        Step::Silence,
    ]);
    let failure = failed(Api::Anthropic, &fake, |waits| waits.idle = SHORT).await;
    is(&failure, Transient, Again::Backoff, "529");
}

#[tokio::test]
async fn after_a_cancellation_the_connection_is_gone_at_once() {
    for api in Api::ALL {
        for script in
            [vec![Step::Silence], vec![Step::Write([stream_head(), api.torn().to_vec()].concat()), Step::Silence]]
        {
            let fake = Fake::always(script);
            let (deltas, _live) = mpsc::channel(1);
            let cancel = CancellationToken::new();
            let sent = tokio::spawn(api.model(waits(&fake.base(), |_| {})).send(request(), cancel.clone(), deltas));
            fake.wait_until_asked().await;
            cancel.cancel();
            is(&sent.await.unwrap().expect_err("a failure"), Cancelled, Again::Never, "cancelled");
            fake.wait_until_left().await;
        }
    }
}

#[tokio::test]
async fn who_asks_tries_again_what_broke_and_has_the_answer() {
    for api in Api::ALL {
        let whole = stream(api.stream().as_bytes());
        let fake = Fake::start(vec![stream(api.torn()), vec![Step::Reset], whole]);
        let (answer, asides) = asked(api, &fake).await;
        assert_eq!(answer.unwrap().calls().count(), 1);
        assert_eq!((fake.asked().len(), asides.len()), (3, 2), "{asides:?}");
        let bodies: Vec<String> = fake.asked().into_iter().map(|asked| asked.body).collect();
        assert!(bodies.windows(2).all(|two| two[0] == two[1]), "the same is asked again");
    }
}

#[tokio::test]
async fn who_asks_gives_up_after_so_many_tries() {
    for api in Api::ALL {
        let fake = Fake::always(stream(api.torn()));
        let (answer, _) = asked(api, &fake).await;
        assert!(answer.unwrap_err().to_string().contains("cut off before its end"));
        assert_eq!(fake.asked().len(), 3);
    }
}
