//! The clients against a mock of the providers that others wrote: text, tools, schemas, usage, and a replay of it all.

use orchestra::event::Usage;
use orchestra::model::{Block, Keep, Known, Options, Part, Reply, Request, Said, Schema, Stop, Tool, ToolResult, Turn};
use serde_json::{Value, json};

use crate::servers::{Server, asked, configured};

/// Each protocol as it is configured.
const PROVIDERS: [(&str, &str); 3] = [("anthropic", ""), ("openai-chat", "/v1"), ("openai", "/v1")];

fn model(server: &Server, (provider, path): (&str, &str), options: &Options) -> Known {
    let base = format!("{}{path}", server.base);
    let service =
        format!("{{model: a-model, base_url: '{base}', api_key_env: TEST_KEY, prices: {{input: 1, output: 2}}}}");
    configured(&format!("main: {{{provider}: {service}}}"), options)
}

fn user(text: &str) -> Turn {
    Turn::User(vec![Part::Text(Block { text: text.to_owned(), keep: Keep::Once })])
}

fn request(turns: Vec<Turn>) -> Request {
    let system = vec![Block { text: "Be brief.".to_owned(), keep: Keep::Cached }];
    Request { system, turns, max_output_tokens: 500, ..Request::default() }
}

fn reads() -> Tool {
    let parameters = json!({
        "type": "object", "properties": {"path": {"type": "string"}}, "required": ["path"], "additionalProperties": false
    });
    Tool { name: "read".to_owned(), description: "Reads a file.".to_owned(), parameters }
}

fn fixtures() -> Value {
    let used = json!({"input_tokens": 11, "output_tokens": 7, "prompt_tokens": 11, "completion_tokens": 7});
    let plan = json!({"title": "a plan", "tasks": [{"id": "t1"}]}).to_string();
    json!({"fixtures": [
        {"match": {"userMessage": "greet", "systemMessage": "Be brief."},
         "response": {"content": "Grüße, “friend” of the wire!", "usage": used}},
        {"match": {"userMessage": "look", "hasToolResult": true, "toolResultContains": "fn main"},
         "response": {"content": "It has a main.", "usage": used}},
        {"match": {"userMessage": "look", "toolName": "read"},
         "response": {"toolCalls": [{"name": "read", "arguments": {"path": "src/a.rs"}}], "usage": used}},
        {"match": {"userMessage": "plan", "responseFormat": "json_schema"}, "response": {"content": plan, "usage": used}},
        {"match": {"userMessage": "plan"}, "response": {"content": plan, "usage": used}},
        {"match": {"userMessage": "cut"}, "response": {"content": "This is only hal", "finishReason": "length"}},
    ]})
}

#[track_caller]
fn costs(reply: &Reply) {
    let Usage { input_tokens, output_tokens, usd, .. } = reply.usage;
    assert_eq!((input_tokens, output_tokens), (Some(11), Some(7)), "{reply:?}");
    assert_eq!(usd.map(orchestra::money::Usd::as_micros), Some(11 + 14));
}

#[tokio::test]
async fn text_comes_whole_from_each_protocol_with_what_it_used_and_cost() {
    let Some(server) = Server::aimock(&fixtures()) else { return };
    for provider in PROVIDERS {
        let reply = asked(&model(&server, provider, &Options::default()), &request(vec![user("greet")])).await.unwrap();
        assert_eq!((reply.text().as_str(), reply.stop), ("Grüße, “friend” of the wire!", Stop::End), "{provider:?}");
        costs(&reply);
    }
    let journal = server.http("GET", "/__aimock/journal", &Value::Null);
    let paths: Vec<&str> = journal.as_array().unwrap().iter().filter_map(|entry| entry["path"].as_str()).collect();
    assert_eq!(paths, ["/v1/messages", "/v1/chat/completions", "/v1/responses"]);
}

/// Asks, calls the tool that is asked for, and tells its result.
async fn conversation(known: &Known, result: &str) -> [Reply; 2] {
    let tools = vec![reads()];
    let first = asked(known, &Request { tools: tools.clone(), ..request(vec![user("look")]) }).await.unwrap();
    assert_eq!(first.stop, Stop::Tools, "{first:?}");
    let call = first.calls().next().unwrap().clone();
    assert_eq!(serde_json::from_str::<Value>(&call.arguments).unwrap(), json!({"path": "src/a.rs"}));
    let result = ToolResult { call: call.id, text: result.to_owned(), failed: false };
    let turns = vec![user("look"), Turn::Model(first.said.clone()), Turn::User(vec![Part::ToolResult(result)])];
    let second = asked(known, &Request { tools, ..request(turns) }).await.unwrap();
    assert_eq!((second.text().as_str(), second.stop), ("It has a main.", Stop::End));
    [first, second]
}

#[tokio::test]
async fn a_tool_is_called_and_its_result_is_understood_by_each_protocol() {
    let Some(server) = Server::aimock(&fixtures()) else { return };
    for provider in PROVIDERS {
        for reply in conversation(&model(&server, provider, &Options::default()), "fn main() {}").await {
            costs(&reply);
        }
    }
}

#[tokio::test]
async fn a_schema_is_asked_for_in_each_protocols_own_way() {
    let Some(server) = Server::aimock(&fixtures()) else { return };
    let schema = json!({"type": "object", "properties": {"title": {"type": "string"}}, "required": ["title"]});
    for provider in PROVIDERS {
        let schema = Some(Schema { name: "plan".to_owned(), schema: schema.clone() });
        let request = Request { schema, ..request(vec![user("plan")]) };
        let reply = asked(&model(&server, provider, &Options::default()), &request).await.unwrap();
        let text = reply.text();
        assert_eq!(serde_json::from_str::<Value>(&text).unwrap()["title"], "a plan", "{provider:?}");
    }
    let journal = server.http("GET", "/__aimock/journal", &Value::Null);
    let chat = &journal.as_array().unwrap()[1]["body"];
    assert_eq!(chat["response_format"]["type"], "json_schema", "{chat}");
}

#[tokio::test]
async fn an_answer_that_was_cut_off_is_never_taken_for_one() {
    let Some(server) = Server::aimock(&fixtures()) else { return };
    // What ends early it tells in these two protocols only.
    for provider in &PROVIDERS[..2] {
        let cut =
            asked(&model(&server, *provider, &Options::default()), &request(vec![user("cut")])).await.unwrap_err();
        assert!(
            cut.to_string().contains("max_output_tokens") || cut.to_string().contains("500"),
            "{provider:?}: {cut}"
        );
    }
}

#[tokio::test]
async fn a_recorded_conversation_replays_without_the_server_though_its_tools_say_something_else() {
    let Some(server) = Server::aimock(&fixtures()) else { return };
    for provider in PROVIDERS {
        let folder = tempfile::tempdir().unwrap();
        let options = Options { record: Some(folder.path().to_path_buf()), ..Options::default() };
        let recorded = conversation(&model(&server, provider, &options), "fn main() {} // 0.12 s").await;
        let asked_before = server.http("GET", "/__aimock/journal", &Value::Null).as_array().unwrap().len();
        let dir = folder.path().display();
        let again = configured(&format!("main: {{replay: {{dir: '{dir}'}}}}"), &Options::default());
        let replayed = conversation(&again, "fn main() {} // 7.5 s").await;
        for (recorded, replayed) in recorded.iter().zip(&replayed) {
            assert_eq!((&replayed.said, replayed.usage), (&recorded.said, recorded.usage), "{provider:?}");
            assert!(!recorded.said.iter().any(|said| matches!(said, Said::Text(text) if text.is_empty())));
        }
        let asked_now = server.http("GET", "/__aimock/journal", &Value::Null).as_array().unwrap().len();
        assert_eq!(asked_now, asked_before, "a replay asks nobody");
    }
}
