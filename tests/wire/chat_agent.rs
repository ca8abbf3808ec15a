//! An agent that is a model, from its configuration to its claim: the real client, a real socket, real tools.

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::{Value, json};

use crate::fake::{Asked, Fake, Step, stream_head};

const KEY: &str = "sk-local-0123456789";

/// A call as OpenAI's chat completions stream it, its arguments in two pieces.
fn calls(id: &str, tool: &str, arguments: &Value) -> Vec<Step> {
    let arguments = arguments.to_string();
    let (first, second) = arguments.split_at(arguments.len() / 2);
    let called =
        |function: Value| json!({"tool_calls": [{"index": 0, "id": id, "type": "function", "function": function}]});
    let choice = |delta: Value, end: Value| json!({"id": "c", "object": "chat.completion.chunk", "model": "local-7b", "choices": [{"index": 0, "delta": delta, "finish_reason": end}]});
    let usage = json!({"id": "c", "object": "chat.completion.chunk", "model": "local-7b", "choices": [], "usage": {"prompt_tokens": 1000, "completion_tokens": 50, "total_tokens": 1050}});
    let events = [
        choice(called(json!({"name": tool, "arguments": first})), Value::Null),
        choice(json!({"tool_calls": [{"index": 0, "function": {"arguments": second}}]}), Value::Null),
        choice(json!({}), json!("tool_calls")),
        usage,
    ];
    let mut bytes = stream_head();
    for event in events {
        bytes.extend_from_slice(format!("data: {event}\n\n").as_bytes());
    }
    bytes.extend_from_slice(b"data: [DONE]\n\n");
    vec![Step::Write(bytes)]
}

/// `orchestra agent ROLE` in `folder`, with `message` on its standard input.
fn agent(folder: &Path, role: &str) -> Output {
    let at = |name: &str| folder.join(name);
    let mut command = Command::new(env!("CARGO_BIN_EXE_orchestra"));
    command
        .args(["agent", role, "--logs", "../logs", "--config", "../orchestra.yaml"])
        .current_dir(at("project"))
        .env_clear()
        .env("PATH", "/usr/local/bin:/usr/bin:/bin")
        .env("HOME", at("home"))
        .env("TMPDIR", at("tmp"))
        .env("LOCAL_KEY", KEY)
        .stdin(Stdio::from(fs::File::open(at("message.json")).unwrap()));
    command.output().unwrap()
}

fn world(base: &str) -> tempfile::TempDir {
    let world = tempfile::tempdir().unwrap();
    for folder in ["project/src", "home", "tmp"] {
        fs::create_dir_all(world.path().join(folder)).unwrap();
    }
    let config = format!(
        "version: 1\nproject: {{root: project}}\n\
         models: {{main: {{openai-chat: {{model: local-7b, base_url: \"{base}\", api_key_env: LOCAL_KEY, \
         context_tokens: 32000, max_output_tokens: 2000, prices: {{input: 1, output: 2}}}}}}}}\n\
         roles: {{implement: chat}}\n"
    );
    fs::write(world.path().join("orchestra.yaml"), config).unwrap();
    fs::write(world.path().join("project/src/a.txt"), "one\ntwo\n").unwrap();
    let message = json!({
        "schema": "orchestra.message/v1", "task_id": "mend", "parent_id": "OP-20261121-093312-A1B2",
        "run": "20261121-093312-a1b2", "role": "implement", "title": "Mend the second line",
        "ticket": {"digest": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
            "title": "Line two", "text": "Line two is to be 2."},
        "instructions": "Write 2 into the second line.",
        "limits": {"time": "5m", "idle": "2m"},
    });
    fs::write(world.path().join("message.json"), message.to_string()).unwrap();
    world
}

fn body(asked: &Asked) -> Value {
    serde_json::from_str(&asked.body).unwrap()
}

#[test]
fn a_model_behind_a_socket_mends_a_file_and_says_so() {
    let fake = Fake::start(vec![
        calls("call_1", "read", &json!({"path": "src/a.txt"})),
        calls("call_2", "edit", &json!({"path": "src/a.txt", "old": "two", "new": "2"})),
        calls("call_3", "bash", &json!({"command": "cat src/a.txt; echo $LOCAL_KEY"})),
        calls("call_4", "finish", &json!({"status": "done", "summary": "The second line is 2."})),
    ]);
    let world = world(&fake.base());
    let output = agent(world.path(), "implement");
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{out}\n{err}");
    let result: Value = serde_json::from_str(&out).unwrap();
    assert_eq!((&result["status"], &result["summary"]), (&json!("done"), &json!("The second line is 2.")));
    assert_eq!(result["usage"]["input_tokens"], 4000);
    assert_eq!(result["usage"]["usd"], 0.0044);
    assert_eq!(fs::read_to_string(world.path().join("project/src/a.txt")).unwrap(), "one\n2\n");

    let asked = fake.asked();
    assert_eq!(asked.len(), 4);
    assert!(asked.iter().all(|asked| asked.head.contains(&format!("authorization: Bearer {KEY}"))));
    let last = body(&asked[3]);
    let told: Vec<&Value> = last["messages"].as_array().unwrap().iter().filter(|it| it["role"] == "tool").collect();
    assert_eq!(told[0]["tool_call_id"], "call_1");
    assert_eq!(told[0]["content"], "     1\tone\n     2\ttwo\n");
    assert_eq!(told[2]["content"], "one\n2", "a command never sees the model's key");
    let earlier = body(&asked[2])["messages"].as_array().unwrap().clone();
    assert!(last["messages"].as_array().unwrap().starts_with(&earlier), "what was sent stays what it was");
    let transcript = fs::read_to_string(world.path().join("logs/transcript.jsonl")).unwrap();
    assert!(transcript.contains("\"finished\"") && !transcript.contains(KEY), "{transcript}");
}

#[test]
fn a_model_that_refuses_the_key_is_asked_once_and_the_variable_is_named() {
    let refusal = crate::fake::whole(
        "401 Unauthorized",
        &[],
        br#"{"error":{"message":"Incorrect API key","type":"invalid_request_error"}}"#,
    );
    let fake = Fake::always(refusal);
    let world = world(&fake.base());
    let output = agent(world.path(), "implement");
    let err = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(6), "{err}");
    assert_eq!(fake.asked().len(), 1);
    assert!(err.contains("LOCAL_KEY") && !err.contains(KEY), "{err}");
}
