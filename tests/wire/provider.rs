//! A provider on loopback that speaks OpenAI's Chat Completions and answers as a test tells it to.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

/// A request as it came.
#[derive(Debug, Clone)]
pub struct Asked {
    pub body: Value,
    pub authorization: Option<String>,
}

impl Asked {
    /// Whether it brings tools, as those of the chat agent do.
    pub fn has_tools(&self) -> bool {
        self.body["tools"].as_array().is_some_and(|tools| !tools.is_empty())
    }

    /// All that it says, of whatever role.
    pub fn text(&self) -> String {
        let messages = self.body["messages"].as_array().cloned().unwrap_or_default();
        messages.iter().map(|message| text(&message["content"])).collect::<Vec<_>>().join("\n")
    }

    /// How many answers of the model's the conversation holds.
    pub fn turn(&self) -> usize {
        let messages = self.body["messages"].as_array().map(Vec::as_slice).unwrap_or_default();
        messages.iter().filter(|message| message["role"] == "assistant").count()
    }
}

fn text(content: &Value) -> String {
    match content {
        Value::String(text) => text.clone(),
        Value::Array(parts) => parts.iter().filter_map(|part| part["text"].as_str()).collect::<Vec<_>>().join("\n"),
        _ => String::new(),
    }
}

/// What a request gets.
#[derive(Debug, Clone)]
pub enum Say {
    Text(String),
    /// The named tool is called with these arguments.
    Call(&'static str, Value),
    /// Another status, with an error in it.
    Refuse(u16, &'static str),
    /// Nothing, and the connection stays open.
    Nothing,
}

/// Answers until the test is over.
pub struct Provider {
    port: u16,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Provider {
    /// One that answers each request with what `answer` says of it.
    pub fn start(answer: impl Fn(&Asked) -> Say + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (all, answer) = (Arc::clone(&asked), Arc::new(answer));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (asked, answer) = (Arc::clone(&all), Arc::clone(&answer));
                // A client that goes away ends its own connection and nothing else.
                std::thread::spawn(move || drop(serve(stream, &asked, &*answer)));
            }
        });
        Self { port, asked }
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}/v1", self.port)
    }

    /// All requests so far, in their order.
    pub fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }

    /// Those for a plan, or another plan: they bring the schema of one.
    pub fn planned(&self) -> Vec<Asked> {
        self.asked().into_iter().filter(|asked| asked.body["response_format"].is_object()).collect()
    }
}

fn serve(stream: TcpStream, all: &Mutex<Vec<Asked>>, answer: &dyn Fn(&Asked) -> Say) -> std::io::Result<()> {
    let mut out = stream.try_clone()?;
    let mut reader = BufReader::new(stream);
    loop {
        let (mut length, mut authorization) = (0, None);
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line)? == 0 {
                return Ok(());
            }
            let Some((name, value)) = line.split_once(':') else {
                if line.trim_end().is_empty() {
                    break;
                }
                continue;
            };
            match name.to_ascii_lowercase().as_str() {
                "content-length" => length = value.trim().parse().unwrap_or(0),
                "authorization" => authorization = Some(value.trim().to_owned()),
                _ => {}
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body)?;
        let asked = Asked { body: serde_json::from_slice(&body).unwrap_or_default(), authorization };
        let said = answer(&asked);
        all.lock().unwrap().push(asked);
        let (status, answer) = match said {
            Say::Text(text) => (200, completion(&json!({"role": "assistant", "content": text}), "stop")),
            Say::Call(name, arguments) => {
                let call = json!({"id": "call_1", "type": "function", "function": {"name": name, "arguments": arguments.to_string()}});
                (200, completion(&json!({"role": "assistant", "content": null, "tool_calls": [call]}), "tool_calls"))
            }
            Say::Refuse(status, why) => (status, json!({"error": {"message": why, "type": "error"}})),
            Say::Nothing => {
                // Until the client has had enough.
                reader.read_to_end(&mut Vec::new())?;
                return Ok(());
            }
        };
        let answer = answer.to_string();
        let length = answer.len();
        write!(
            out,
            "HTTP/1.1 {status} X\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n{answer}"
        )?;
        out.flush()?;
    }
}

fn completion(message: &Value, reason: &str) -> Value {
    json!({
        "id": "cmpl-1",
        "object": "chat.completion",
        "model": "scripted-1",
        "choices": [{"index": 0, "message": message, "finish_reason": reason}],
        "usage": {"prompt_tokens": 1000, "completion_tokens": 100, "total_tokens": 1100},
    })
}
