//! The clients against a server that others wrote to break clients, and that judges them afterwards.

use orchestra::event::FailureClass;
use orchestra::model::{AskFailure, Block, Keep, Known, Options, Part, Request, Timeouts, Turn};
use orchestra::time::Span;
use serde_json::{Value, json};

use crate::servers::{Server, asked, configured};

const PROVIDERS: [(&str, &str); 3] = [("anthropic", "/anthropic"), ("openai-chat", "/v1"), ("openai", "/v1")];

fn model(server: &Server, provider: (&str, &str)) -> Known {
    named(server, provider, "a-model")
}

fn named(server: &Server, (provider, path): (&str, &str), name: &str) -> Known {
    let service = format!("{{model: {name}, base_url: '{}{path}', api_key_env: TEST_KEY}}", server.base);
    let timeouts = Timeouts { idle: Span::from_secs(3), headers: Span::from_secs(30), ..Timeouts::default() };
    configured(&format!("main: {{{provider}: {service}}}"), &Options { timeouts, ..Options::default() })
}

/// No two questions are equal, so that the server tells a repetition from a new one.
fn request(question: &str) -> Request {
    let block = Block { text: question.to_owned(), keep: Keep::Once };
    Request { turns: vec![Turn::User(vec![Part::Text(block)])], max_output_tokens: 500, ..Request::default() }
}

/// What it says of a question that was never asked again. It takes a repetition for another question where that comes before
/// it has noticed the end of the first; that each was asked again shows in how many requests there were.
const ASKED_ONCE: [&str; 3] = ["truncated_stream_accepted", "malformed_chunk_ignored", "gave_up"];

/// The server's judgement, which must find nothing wrong, and how many requests it saw.
#[track_caller]
fn clean(server: &Server, what: &str, severities: &[&str]) -> u64 {
    let verdict = server.http("GET", "/_llmock/verdict", &Value::Null);
    let says = |finding: &Value, key: &str, these: &[&str]| these.contains(&finding[key].as_str().unwrap());
    let findings = verdict["findings"].as_array().unwrap().iter();
    let wrong = findings.filter(|it| says(it, "severity", severities) && !says(it, "code", &ASKED_ONCE)).count();
    assert_eq!(wrong, 0, "{what}: {verdict:#}");
    verdict["attempts"].as_u64().unwrap()
}

const ALL: [&str; 2] = ["error", "warning"];

/// Every fault that passes, in turn.
async fn faults(provider: (&str, &str)) {
    let Some(server) = Server::llmock(&[]) else { return };
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
        assert_eq!(clean(&server, what, &ALL), requests, "{provider:?} {what}");
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
    let Some(server) = Server::llmock(&[]) else { return };
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
            assert_eq!(clean(&server, &status.to_string(), &ALL), 1, "{provider:?} {status}");
        }
    }
}

/// Up to three of them in a row are survived, whichever they are.
fn chain(at: usize) -> Vec<Value> {
    let broken = |kind: &str, after: usize| json!({"type": "stream_fault", "kind": kind, "after_chunks": after});
    let all = [
        json!({"type": "fail", "status": 429, "retry_after": 0.5}),
        broken("disconnect", 0),
        json!({"type": "fail", "status": 500}),
        broken("truncate", 2),
        json!({"type": "fail", "status": 503, "retry_after": 0.2}),
        broken("malformed", 1),
        json!({"type": "fail", "status": 529}),
        broken("truncate", 0),
        json!({"type": "fail", "status": 502}),
        broken("disconnect", 4),
        json!({"type": "fail", "status": 408}),
    ];
    (0..=at % 3).map(|step| all[(at + step * 4) % all.len()].clone()).collect()
}

/// The faults of one question at a time would not show what one question does to another.
#[tokio::test]
async fn many_questions_at_once_survive_a_chain_of_faults_each_and_nothing_is_wrong_with_how() {
    let Some(server) = Server::llmock(&[]) else { return };
    let mut questions = tokio::task::JoinSet::new();
    let mut expected = 0;
    for provider in PROVIDERS {
        for at in 0..11 {
            let name = format!("{}-{at}", provider.0);
            let mut behaviors = chain(at);
            expected += behaviors.len() as u64 + 1;
            for behavior in &mut behaviors {
                behavior["match"] = json!({"model": name});
            }
            server.http("POST", "/_llmock/scenario", &json!({"behaviors": behaviors}));
            let model = named(&server, provider, &name);
            questions.spawn(async move { (asked(&model, &request(&name)).await, name) });
        }
    }
    while let Some(answer) = questions.join_next().await {
        let (reply, name) = answer.unwrap();
        let reply = reply.unwrap_or_else(|failed| panic!("{name}: {failed}"));
        assert!(!reply.text().is_empty() && reply.usage.output_tokens.is_some(), "{name}: {reply:?}");
    }
    // Waits are drawn by chance, so that two in a row may look alike, which it warns of.
    assert_eq!(clean(&server, "many", &["error"]), expected);
}

#[tokio::test]
async fn a_quota_is_waited_out_for_as_long_as_the_server_says() {
    let Some(server) = Server::llmock(&["--rpm", "12"]) else { return };
    for provider in &PROVIDERS[..2] {
        let model = model(&server, *provider);
        for at in 0..14 {
            asked(&model, &request(&format!("{provider:?} {at}"))).await.unwrap();
        }
        clean(&server, "quota", &ALL);
    }
}
