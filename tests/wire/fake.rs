//! A server on loopback that answers the n-th request with the n-th script, byte by byte, and remembers what it was asked.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

/// What it does with a connection after a request has come.
#[derive(Clone)]
pub enum Step {
    /// Writes these.
    Write(Vec<u8>),
    /// Writes these one by one, each in a packet of its own as far as it can tell.
    Single(Vec<u8>),
    /// Says nothing until the client is gone.
    Silence,
    /// Writes this again and again until the client is gone, at this pace.
    Endless(Vec<u8>, Duration),
    /// Breaks the connection off instead of closing it.
    Reset,
}

/// A request as it came.
#[derive(Debug, Clone)]
pub struct Asked {
    /// `POST /path HTTP/1.1` and the headers, names in lower case.
    pub head: String,
    pub body: String,
    pub at: Instant,
}

pub struct Fake {
    address: SocketAddr,
    asked: Arc<Mutex<Vec<Asked>>>,
    /// Bytes written so far, over all connections.
    written: Arc<AtomicU64>,
    /// Connections whose client has gone before the script was over.
    left: Arc<AtomicU64>,
    stop: Arc<AtomicBool>,
}

impl Fake {
    /// The last script answers all later requests as well.
    pub fn start(scripts: Vec<Vec<Step>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let fake = Self {
            address: listener.local_addr().unwrap(),
            asked: Arc::default(),
            written: Arc::default(),
            left: Arc::default(),
            stop: Arc::default(),
        };
        let (asked, written, left, stop) =
            (Arc::clone(&fake.asked), Arc::clone(&fake.written), Arc::clone(&fake.left), Arc::clone(&fake.stop));
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                if stop.load(Ordering::SeqCst) {
                    return;
                }
                let (asked, written, left, scripts) =
                    (Arc::clone(&asked), Arc::clone(&written), Arc::clone(&left), scripts.clone());
                thread::spawn(move || {
                    let Some(request) = read(&stream) else { return };
                    let number = {
                        let mut asked = asked.lock().unwrap();
                        asked.push(request);
                        asked.len() - 1
                    };
                    let script = &scripts[number.min(scripts.len() - 1)];
                    if !play(stream, script, &written) {
                        left.fetch_add(1, Ordering::SeqCst);
                    }
                });
            }
        });
        fake
    }

    /// Answers every request with this.
    pub fn always(script: Vec<Step>) -> Self {
        Self::start(vec![script])
    }

    pub fn base(&self) -> String {
        format!("http://{}/v1", self.address)
    }

    pub fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }

    pub fn written(&self) -> u64 {
        self.written.load(Ordering::SeqCst)
    }

    /// Waits until a client went away before the script was over.
    pub async fn wait_until_left(&self) {
        until("the client closes the connection", || self.left.load(Ordering::SeqCst) > 0).await;
    }

    /// Waits until a request has come.
    pub async fn wait_until_asked(&self) {
        until("a request comes", || !self.asked.lock().unwrap().is_empty()).await;
    }
}

impl Drop for Fake {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        // It waits for a connection, so it gets one.
        drop(TcpStream::connect(self.address));
    }
}

/// A port on which nobody listens.
pub fn nobody() -> String {
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    format!("http://{address}/v1")
}

/// `status`, `headers` and a body of known length.
pub fn whole(status: &str, headers: &[(&str, &str)], body: &[u8]) -> Vec<Step> {
    let mut head = format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n", body.len());
    for (name, value) in headers {
        head.extend([name, ": ", value, "\r\n"]);
    }
    let mut bytes = (head + "\r\n").into_bytes();
    bytes.extend_from_slice(body);
    vec![Step::Write(bytes)]
}

/// The head of a stream of events that ends when the connection does.
pub fn stream_head() -> Vec<u8> {
    b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\nconnection: close\r\nx-request-id: req_7\r\n\r\n"
        .to_vec()
}

/// The head of one in chunks, so that its end can be missing.
pub fn chunked_head() -> Vec<u8> {
    b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n".to_vec()
}

pub fn chunk(body: &[u8]) -> Vec<u8> {
    [format!("{:x}\r\n", body.len()).as_bytes(), body, b"\r\n"].concat()
}

/// A stream that is whole.
pub fn stream(body: &[u8]) -> Vec<Step> {
    vec![Step::Write([stream_head(), body.to_vec()].concat())]
}

fn read(stream: &TcpStream) -> Option<Asked> {
    let mut reader = BufReader::new(stream);
    let mut head = String::new();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        if line == "\r\n" {
            break;
        }
        head += &line;
    }
    let length =
        head.lines().find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length:")?.trim().parse().ok());
    let mut body = vec![0; length.unwrap_or(0)];
    reader.read_exact(&mut body).ok()?;
    Some(Asked { head, body: String::from_utf8(body).ok()?, at: Instant::now() })
}

/// Whether the script came to its end.
fn play(mut stream: TcpStream, script: &[Step], written: &AtomicU64) -> bool {
    drop(stream.set_nodelay(true));
    let write = |stream: &mut TcpStream, bytes: &[u8]| {
        let done = stream.write_all(bytes).is_ok();
        written.fetch_add(bytes.len() as u64, Ordering::SeqCst);
        done
    };
    for step in script {
        let done = match step {
            Step::Write(bytes) => write(&mut stream, bytes),
            Step::Single(bytes) => bytes.iter().all(|byte| write(&mut stream, &[*byte])),
            Step::Silence => {
                let _gone = stream.read(&mut [0; 64]);
                false
            }
            Step::Endless(bytes, pace) => {
                while write(&mut stream, bytes) {
                    thread::sleep(*pace);
                }
                false
            }
            Step::Reset => {
                rustix::net::sockopt::set_socket_linger(&stream, Some(Duration::ZERO)).unwrap();
                return true;
            }
        };
        if !done {
            return false;
        }
    }
    true
}

async fn until(what: &str, is: impl Fn() -> bool) {
    let end = Instant::now() + Duration::from_secs(60);
    while !is() {
        assert!(Instant::now() < end, "waited for a minute until {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
