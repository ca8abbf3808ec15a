//! Answers as providers send them: however their bytes arrive, they mean the same.

use orchestra::model::{Delta, Reply, Said, Stop};
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::fake::{Fake, Step, chunk, chunked_head, stream, stream_head, whole};
use crate::rig::{Api, KEY, endpoint, not_streamed, request, send, usage};

const TEXT: &str = "I look  at “src/a.rs” 🎉.";

#[track_caller]
fn is_the_recorded_answer(api: Api, reply: &Reply) {
    assert_eq!(reply.text(), TEXT, "{api:?}");
    assert_eq!((reply.stop, reply.usage), (Stop::Tools, usage()), "{api:?}");
    let calls: Vec<_> = reply.calls().collect();
    let [call] = calls.as_slice() else { panic!("{api:?}: {calls:?}") };
    let (id, model) = match api {
        Api::Anthropic => ("toolu_01T1x1fJ34qAmk2tNTrN7Up6", "claude-sonnet-5"),
        Api::Chat | Api::Responses => ("call_abc", "gpt-5.1-2025-11-13"),
    };
    assert_eq!((call.id.as_str(), call.name.as_str(), reply.model.as_str()), (id, "read", model));
    assert_eq!(serde_json::from_str::<Value>(&call.arguments).unwrap(), json!({"path": "src/a..é.rs"}));
    let kept: Vec<&Value> =
        reply.said.iter().filter_map(|said| if let Said::Kept(kept) = said { Some(kept) } else { None }).collect();
    let expected = match api {
        Api::Anthropic => vec![json!({
            "type": "thinking", "thinking": "The bound is  off: é🎉",
            "signature": "EqMBCkYIBRgCKkDrJ7wq+3pT2nKf0o1yWc8mZz0kq5vQ==",
        })],
        Api::Chat => vec![],
        Api::Responses => vec![
            json!({"id": "rs_1", "type": "reasoning", "summary": [], "encrypted_content": "gAAAAABpZ0"}),
            json!({"phase": "commentary"}),
        ],
    };
    assert_eq!(kept, expected.iter().collect::<Vec<_>>(), "{api:?}");
}

#[tokio::test]
async fn a_recorded_stream_is_put_together_and_its_text_comes_live() {
    for api in Api::ALL {
        let fake = Fake::always(stream(api.stream().as_bytes()));
        let (deltas, mut live) = mpsc::channel(64);
        let model = api.model(endpoint(&fake.base()));
        let reply = model.send(request(), CancellationToken::new(), deltas).await.unwrap();
        is_the_recorded_answer(api, &reply);
        assert_eq!(reply.request_id.as_deref(), Some("req_7"));
        let mut heard = String::new();
        while let Ok(Delta::Text(text)) = live.try_recv() {
            heard += &text;
        }
        assert_eq!(heard, TEXT, "{api:?}");
    }
}

#[tokio::test]
async fn single_bytes_other_line_ends_and_chunks_anywhere_change_nothing() {
    for api in Api::ALL {
        let text = api.stream();
        let pieces: Vec<u8> = text.as_bytes().chunks(7).flat_map(chunk).collect();
        let ways = [
            vec![Step::Write(stream_head()), Step::Single(text.as_bytes().to_vec())],
            stream(text.replace('\n', "\r\n").as_bytes()),
            stream(format!("\u{feff}{}", text.replace('\n', "\r")).as_bytes()),
            vec![Step::Write([chunked_head(), pieces, b"0\r\n\r\n".to_vec()].concat())],
            // The end was told: what comes after it, or does not come, changes nothing.
            vec![Step::Write([stream_head(), text.as_bytes().to_vec()].concat()), Step::Silence],
        ];
        for way in ways {
            let fake = Fake::always(way);
            is_the_recorded_answer(api, &send(&api.model(endpoint(&fake.base()))).await.unwrap());
        }
    }
}

#[tokio::test]
async fn an_answer_that_comes_whole_means_the_same_asked_for_or_not() {
    for api in Api::ALL {
        let json = [("content-type", "application/json")];
        let fake = Fake::always(whole("200 OK", &json, api.document().as_bytes()));
        is_the_recorded_answer(api, &send(&api.model(not_streamed(&fake.base()))).await.unwrap());
        is_the_recorded_answer(api, &send(&api.model(endpoint(&fake.base()))).await.unwrap());
        let bodies: Vec<Value> = fake.asked().iter().map(|asked| serde_json::from_str(&asked.body).unwrap()).collect();
        assert_eq!((bodies[0].get("stream"), bodies[1].get("stream")), (None, Some(&json!(true))), "{api:?}");
    }
}

#[tokio::test]
async fn each_provider_is_asked_at_its_path_with_its_own_header_for_the_key() {
    for (api, path, key) in [
        (Api::Anthropic, "/v1/messages", format!("x-api-key: {KEY}\r\n")),
        (Api::Chat, "/v1/chat/completions", format!("authorization: Bearer {KEY}\r\n")),
        (Api::Responses, "/v1/responses", format!("authorization: Bearer {KEY}\r\n")),
    ] {
        let fake = Fake::always(stream(api.stream().as_bytes()));
        send(&api.model(endpoint(&fake.base()))).await.unwrap();
        let head = fake.asked()[0].head.clone();
        assert!(head.starts_with(&format!("POST {path} HTTP/1.1\r\n")), "{head}");
        assert!(head.contains(&key) && head.contains("content-type: application/json\r\n"), "{head}");
        assert!(head.contains(&format!("user-agent: orchestra/{}\r\n", env!("CARGO_PKG_VERSION"))), "{head}");
        assert_eq!(head.contains("anthropic-version: 2023-06-01"), api == Api::Anthropic);
    }
}

/// What Ollama, llama.cpp, vLLM and gateways leave out or put elsewhere.
#[tokio::test]
async fn what_compatible_servers_leave_out_is_unknown_and_no_error() {
    let odd = [
        // No usage, no index, no id, arguments as an object, `stop` with calls, no `[DONE]`.
        concat!(
            r#"data: {"choices":[{"delta":{"role":"assistant","content":null,"tool_calls":[{"function":{"name":"read","arguments":{"path":"a"}}}]}}]}"#,
            "\n\n",
            r#"data: {"choices":[{"delta":{"tool_calls":[{"function":{"name":"list","arguments":{}}}]},"finish_reason":"stop"}]}"#,
            "\n\n"
        ),
        // Everything in one piece, as a message.
        concat!(
            r#"data: {"choices":[{"message":{"content":"","tool_calls":[{"id":"","type":"function","function":{"name":"read","arguments":"{\"path\":\"a\"}"}},{"function":{"name":"list"}}]},"finish_reason":"tool_calls"}]}"#,
            "\n\ndata: [DONE]\n\n"
        ),
        // Pieces of two calls without numbers, told apart by their ids.
        concat!(
            r#"data: {"choices":[{"delta":{"tool_calls":[{"id":"call_1","function":{"name":"read","arguments":"{\"path\":"}}]}}]}"#,
            "\n\n",
            r#"data: {"choices":[{"delta":{"tool_calls":[{"function":{"arguments":"\"a\"}"}}]}}]}"#,
            "\n\n",
            r#"data: {"choices":[{"delta":{"tool_calls":[{"id":"call_2","function":{"name":"list","arguments":""}}]}}]}"#,
            "\n\n",
            r#"data: {"choices":[{"delta":{},"finish_reason":"tool_calls"}]}"#,
            "\n\ndata: [DONE]\n\n"
        ),
    ];
    for text in odd {
        let fake = Fake::always(stream(text.as_bytes()));
        let reply = send(&Api::Chat.model(endpoint(&fake.base()))).await.unwrap();
        assert_eq!(reply.stop, Stop::Tools);
        assert!(reply.usage.is_unknown(), "{:?}", reply.usage);
        let calls: Vec<(&str, &str, &str)> =
            reply.calls().map(|call| (call.id.as_str(), call.name.as_str(), call.arguments.as_str())).collect();
        assert_eq!(calls, [("call_1", "read", r#"{"path":"a"}"#), ("call_2", "list", "{}")], "{text}");
    }
}

#[tokio::test]
async fn thoughts_beside_a_call_are_kept_and_go_back_with_it() {
    let text = concat!(
        r#"data: {"choices":[{"delta":{"reasoning_content":"Let me "}}]}"#,
        "\n\n",
        r#"data: {"choices":[{"delta":{"reasoning_content":"see."}}]}"#,
        "\n\n",
        r#"data: {"choices":[{"delta":{"tool_calls":[{"index":0,"id":"c","extra_content":{"google":{"thought_signature":"x"}},"function":{"name":"list","arguments":"{}"}}]},"finish_reason":"tool_calls"}]}"#,
        "\n\ndata: [DONE]\n\n"
    );
    let fake = Fake::always(stream(text.as_bytes()));
    let model = Api::Chat.model(endpoint(&fake.base()));
    let reply = send(&model).await.unwrap();
    let mut next = request();
    next.turns.push(orchestra::model::Turn::Model(reply.said));
    let (deltas, _live) = mpsc::channel(1);
    model.send(next, CancellationToken::new(), deltas).await.unwrap();
    let body: Value = serde_json::from_str(&fake.asked()[1].body).unwrap();
    let expected = json!({
        "role": "assistant", "content": "", "reasoning_content": "Let me see.",
        "tool_calls": [{
            "id": "c", "type": "function", "function": {"name": "list", "arguments": "{}"},
            "extra_content": {"google": {"thought_signature": "x"}},
        }],
    });
    assert_eq!(body["messages"][1], expected);
}
