//! The clients against a server that others wrote to break clients, and that judges them afterwards.

use orchestra::event::FailureClass;
use orchestra::model::{AskFailure, Block, Keep, Known, Options, Part, Request, Timeouts, Turn};
use orchestra::time::Span;
use serde_json::{Value, json};

use crate::servers::{Server, asked, configured};

const PROVIDERS: [(&str, &str); 3] = [("anthropic", "/anthropic"), ("openai-chat", "/v1"), ("openai", "/v1")];

fn model(server: &Server, (provider, path): (&str, &str)) -> Known {
    let service = format!("{{model: a-model, base_url: '{}{path}', api_key_env: TEST_KEY}}", server.base);
    let timeouts = Timeouts { idle: Span::from_secs(3), headers: Span::from_secs(30), ..Timeouts::default() };
    configured(&format!("main: {{{provider}: {service}}}"), &Options { timeouts, ..Options::default() })
}

/// No two questions are equal, so that the server tells a repetition from a new one.
fn request(question: &str) -> Request {
    let block = Block { text: question.to_owned(), keep: Keep::Once };
    Request { turns: vec![Turn::User(vec![Part::Text(block)])], max_output_tokens: 500, ..Request::default() }
}

/// The server's judgement, which must find nothing wrong, and how many requests it saw.
#[track_caller]
fn clean(server: &Server, provider: (&str, &str), what: &str) -> u64 {
    let verdict = server.http("GET", "/_llmock/verdict", &Value::Null);
    assert_eq!((&verdict["errors"], &verdict["warnings"]), (&json!(0), &json!(0)), "{provider:?} {what}: {verdict:#}");
    verdict["attempts"].as_u64().unwrap()
}

/// Every fault that passes, in turn.
async fn faults(provider: (&str, &str)) {
    let Some(server) = Server::llmock() else { return };
    let model = model(&server, provider);
    for (what, behaviors, requests) in [
        ("limited", json!([{"type": "fail", "status": 429, "retry_after": 1, "times": 2}]), 3),
        ("down", json!([{"type": "fail", "status": 503, "times": 2}]), 3),
        ("failing", json!([{"type": "fail", "status": 500, "times": 1}]), 2),
        ("overloaded", json!([{"type": "fail", "status": 529, "times": 1}]), 2),
        ("dropped", json!([{"type": "stream_fault", "kind": "disconnect", "after_chunks": 3, "times": 1}]), 2),
        ("truncated", json!([{"type": "stream_fault", "kind": "truncate", "after_chunks": 3, "times": 1}]), 2),
        ("malformed", json!([{"type": "stream_fault", "kind": "malformed", "after_chunks": 5, "times": 1}]), 2),
        (
            "stalled",
            json!([{"type": "stream_fault", "kind": "stall", "stall_seconds": 8, "after_chunks": 2, "times": 1}]),
            2,
        ),
        ("slow", json!([{"type": "slow_first_token", "seconds": 1, "times": 1}]), 1),
    ] {
        server.http("POST", "/_llmock/reset", &Value::Null);
        server.http("POST", "/_llmock/scenario", &json!({"behaviors": behaviors}));
        let reply = asked(&model, &request(&format!("{provider:?} {what}"))).await;
        let reply = reply.unwrap_or_else(|failed| panic!("{provider:?} {what}: {failed}"));
        assert!(!reply.text().is_empty() && reply.usage.output_tokens.is_some(), "{provider:?} {what}: {reply:?}");
        assert_eq!(clean(&server, provider, what), requests, "{provider:?} {what}");
    }
}

#[tokio::test]
async fn faults_that_pass_are_waited_out_as_the_server_wants_by_anthropics_client() {
    faults(PROVIDERS[0]).await;
}

#[tokio::test]
async fn faults_that_pass_are_waited_out_as_the_server_wants_by_the_client_for_chat() {
    faults(PROVIDERS[1]).await;
}

#[tokio::test]
async fn faults_that_pass_are_waited_out_as_the_server_wants_by_the_client_for_responses() {
    faults(PROVIDERS[2]).await;
}

#[tokio::test]
async fn faults_that_stay_are_asked_once_and_told() {
    let Some(server) = Server::llmock() else { return };
    for provider in PROVIDERS {
        let model = model(&server, provider);
        for (status, class) in [
            (400, FailureClass::Unusable),
            (401, FailureClass::Auth),
            (403, FailureClass::Auth),
            (404, FailureClass::Unusable),
            (422, FailureClass::Unusable),
        ] {
            server.http("POST", "/_llmock/reset", &Value::Null);
            server.http(
                "POST",
                "/_llmock/scenario",
                &json!({"behaviors": [{"type": "fail", "status": status, "times": null}]}),
            );
            let failed = asked(&model, &request(&format!("{provider:?} {status}"))).await.unwrap_err();
            let AskFailure::Model(failed) = failed else { panic!("{failed}") };
            assert_eq!((failed.failure.class, failed.status), (class, Some(status)), "{provider:?}: {failed}");
            assert_eq!(clean(&server, provider, &status.to_string()), 1, "{provider:?} {status}");
        }
    }
}
