//! Answers that are too much, and answers that are none: memory is bounded, and each is named.

use std::time::Duration;

use orchestra::event::FailureClass::{BadOutput, Transient};
use orchestra::model::{Again, Caps, Endpoint};

use crate::fake::{Fake, Step, stream, stream_head, whole};
use crate::rig::{Api, asked, clean, endpoint, failure, is, send};

const KIB: u64 = 1024;
const CAPS: Caps = Caps { body: 1024 * KIB, line: 64 * 1024 };
/// What the sockets of both sides may hold beside it.
const UNDERWAY: u64 = 16 * 1024 * KIB;

#[tokio::test]
async fn an_answer_without_end_is_left_as_soon_as_it_is_too_long() {
    let event = format!("data: {{\"type\":\"ping\",\"x\":\"{}\"}}\n\n", "x".repeat(1000));
    let document = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n{\"x\":\"".to_vec();
    let line = |head: &[u8]| [head, b"data: "].concat();
    for api in Api::ALL {
        for (head, piece, detail) in [
            (stream_head(), event.clone().into_bytes(), "longer than 1048576 bytes"),
            (line(&stream_head()), vec![b'x'; 9000], "longer than 65536 bytes"),
            (stream_head(), b"data: 0123456789abcdef\n".to_vec(), "longer than 65536 bytes"),
            (document.clone(), vec![b'x'; 9000], "longer than 1048576 bytes"),
            (document.clone(), b"\n".repeat(5000), "longer than 1048576 bytes"),
        ] {
            let fake = Fake::always(vec![Step::Write(head), Step::Endless(piece, Duration::ZERO)]);
            let failure = send(&api.model(Endpoint { caps: CAPS, ..endpoint(&fake.base()) })).await.unwrap_err();
            clean(&failure);
            assert!(matches!(failure.failure.class, BadOutput | Transient), "{failure}");
            assert!(failure.failure.detail.contains(detail), "`{detail}`: {failure}");
            fake.wait_until_left().await;
            assert!(fake.written() < CAPS.body + UNDERWAY, "{} bytes were taken", fake.written());
        }
    }
}

#[tokio::test]
async fn an_error_without_end_is_told_by_its_beginning() {
    for api in Api::ALL {
        let head = b"HTTP/1.1 500 Oops\r\n\r\nthe first words ".to_vec();
        let fake = Fake::always(vec![Step::Write(head), Step::Endless(vec![b'x'; 9000], Duration::ZERO)]);
        let failure = send(&api.model(endpoint(&fake.base()))).await.unwrap_err();
        assert!(failure.failure.detail.starts_with("HTTP 500: the first words xxx"), "{failure}");
        assert!(failure.failure.detail.len() < 1000);
        fake.wait_until_left().await;
        assert!(fake.written() < UNDERWAY);
    }
}

#[tokio::test]
async fn what_is_no_answer_is_named_and_may_be_tried_again() {
    let html = b"<!doctype html><title>Sign in</title>";
    for api in Api::ALL {
        for (script, detail) in [
            (whole("200 OK", &[("content-type", "text/html; charset=utf-8")], html), "a web page"),
            (whole("200 OK", &[("content-type", "text/event-stream")], html), "a web page"),
            (whole("200 OK", &[("content-type", "application/json")], html), "a web page"),
            (whole("200 OK", &[], html), "a web page"),
            (whole("200 OK", &[("content-type", "application/json")], b""), "empty"),
            (whole("200 OK", &[("content-type", "text/event-stream")], b""), "empty"),
            (whole("204 No Content", &[], b""), "empty"),
            (stream(b": only a comment\n\n"), "not a stream of events"),
            (stream(b"data: {\"type\":\"\xff\xfe\"}\n\n"), "not UTF-8"),
            (whole("200 OK", &[("content-type", "application/json")], b"{\"a\":\"\xff\"}"), "not UTF-8"),
            (whole("200 OK", &[("content-type", "application/json")], b"{\"a\":"), "not JSON"),
            (whole("200 OK", &[("content-type", "application/json")], b"[1, 2]"), "has no `"),
            (whole("200 OK", &[("content-type", "application/json")], &b"[".repeat(10_000)), "not JSON"),
            (stream(b"data: {\"a\":\n\n"), "not JSON"),
        ] {
            let failure = failure(api, script).await;
            is(&failure, Transient, Again::Backoff, detail);
        }
    }
}

#[tokio::test]
async fn what_is_no_answer_is_asked_for_so_often_and_no_more() {
    for api in Api::ALL {
        let fake = Fake::always(whole("200 OK", &[("content-type", "text/html")], b"<html>"));
        assert!(asked(api, &fake).await.0.unwrap_err().to_string().starts_with("transient: the answer is a web page"));
        assert_eq!(fake.asked().len(), 3);
        let fake = Fake::start(vec![stream(b""), stream(api.stream().as_bytes())]);
        asked(api, &fake).await.0.unwrap();
        assert_eq!(fake.asked().len(), 2);
    }
}
