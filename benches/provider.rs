//! A provider on loopback that speaks Anthropic's Messages: each conversation reads one file a turn, and then finishes.
//! What it is asked is kept.

use std::error::Error;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

/// Answers until it is dropped; its threads end with the process.
pub struct Provider {
    port: u16,
    asked: Arc<Mutex<Vec<Vec<u8>>>>,
}

impl Provider {
    /// One whose conversations take `turns` turns, the last of which finishes. `file` names what each turn reads.
    pub fn start(turns: usize, file: fn(usize) -> String) -> Result<Self, Box<dyn Error>> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let port = listener.local_addr()?.port();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let all = Arc::clone(&asked);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let asked = Arc::clone(&all);
                // A client that goes away ends its own connection and nothing else.
                std::thread::spawn(move || drop(serve(stream, turns, file, &asked)));
            }
        });
        Ok(Self { port, asked })
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// The bodies of all requests so far, in their order, and none of them again.
    pub fn take(&self) -> Result<Vec<Vec<u8>>, Box<dyn Error>> {
        let mut asked = self.asked.lock().map_err(|_| "a thread of the provider panicked")?;
        Ok(std::mem::take(&mut *asked))
    }
}

fn serve(
    stream: TcpStream,
    turns: usize,
    file: fn(usize) -> String,
    asked: &Mutex<Vec<Vec<u8>>>,
) -> std::io::Result<()> {
    let mut out = stream.try_clone()?;
    let mut reader = BufReader::new(stream);
    loop {
        let mut length = 0;
        let mut line = String::new();
        loop {
            line.clear();
            if reader.read_line(&mut line)? == 0 {
                return Ok(());
            }
            if let Some((name, value)) = line.split_once(':')
                && name.eq_ignore_ascii_case("content-length")
            {
                length = value.trim().parse().unwrap_or(0);
            }
            if line.trim_end().is_empty() {
                break;
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body)?;
        let turn = turn_of(&body);
        let answer = if turn + 1 < turns { read(turn, &file(turn)) } else { finish() };
        let events = events(&answer, &body);
        if let Ok(mut asked) = asked.lock() {
            asked.push(body);
        }
        write!(
            out,
            "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncontent-length: {}\r\n\r\n{events}",
            events.len()
        )?;
        out.flush()?;
    }
}

/// How many turns of the model's the conversation holds.
fn turn_of(body: &[u8]) -> usize {
    let request: Value = serde_json::from_slice(body).unwrap_or_default();
    let messages = request["messages"].as_array().map(Vec::as_slice).unwrap_or_default();
    messages.iter().filter(|message| message["role"] == "assistant").count()
}

fn read(turn: usize, path: &str) -> Value {
    json!({"type": "tool_use", "id": format!("call_{turn}"), "name": "read", "input": {"path": path}})
}

fn finish() -> Value {
    let input = json!({"status": "done", "summary": "Read what it needed.", "verdict": "approve", "score": 1.0});
    json!({"type": "tool_use", "id": "call_end", "name": "finish", "input": input})
}

/// The answer as Anthropic streams it.
fn events(block: &Value, body: &[u8]) -> String {
    let usage = json!({"input_tokens": body.len() / 4, "output_tokens": 1});
    let mut start = block.clone();
    start["input"] = json!({});
    let input = block["input"].to_string();
    let message =
        json!({"id": "msg_1", "type": "message", "role": "assistant", "model": "bench", "content": [], "usage": usage});
    let all = [
        json!({"type": "message_start", "message": message}),
        json!({"type": "content_block_start", "index": 0, "content_block": start}),
        json!({"type": "content_block_delta", "index": 0, "delta": {"type": "input_json_delta", "partial_json": input}}),
        json!({"type": "content_block_stop", "index": 0}),
        json!({"type": "message_delta", "delta": {"stop_reason": "tool_use"}, "usage": {"output_tokens": 30}}),
        json!({"type": "message_stop"}),
    ];
    let lines =
        all.iter().map(|event| format!("event: {}\ndata: {event}\n\n", event["type"].as_str().unwrap_or_default()));
    lines.collect::<Vec<_>>().concat()
}
