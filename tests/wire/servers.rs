//! Servers that nobody here wrote, started for one test each: `tests/wire/servers/install` puts them into
//! `target/wire-servers`. Where they are not installed, a test that needs them is left out loudly, and fails in CI.

use std::fs::File;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use orchestra::model::{AskFailure, Known, Meter, Options, Patience, Reply, Request, Share, ask, build};
use orchestra::sys::env::Env;
use orchestra::time::Span;
use serde_json::Value;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::rig::KEY;

/// One that runs; dropped, it ends.
pub struct Server {
    child: Child,
    /// `http://127.0.0.1:PORT`
    pub base: String,
    log: PathBuf,
    _folder: tempfile::TempDir,
}

impl Server {
    /// Answers what `fixtures` say, as Anthropic and as OpenAI.
    pub fn aimock(fixtures: &Value) -> Option<Self> {
        let program = installed("node/node_modules/@copilotkit/aimock/dist/cli.js")?;
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("fixtures.json");
        std::fs::write(&file, fixtures.to_string()).unwrap();
        let mut command = Command::new("node");
        command.arg(program).args(["--port", "0", "--chunk-size", "7", "--validate-on-load", "--fixtures"]).arg(file);
        // A turn that nobody scripted is an error, not answered by the one before it.
        command.env("AIMOCK_STRICT_TURN_INDEX", "1");
        Some(Self::start(command, folder))
    }

    /// Breaks in every way there is, and judges how its client took it.
    pub fn llmock(more: &[&str]) -> Option<Self> {
        let program = installed("python/bin/llmock")?;
        let mut command = Command::new(program);
        command.args(["serve", "--port", "0"]).args(more);
        Some(Self::start(command, tempfile::tempdir().unwrap()))
    }

    fn start(mut command: Command, folder: tempfile::TempDir) -> Self {
        let log = folder.path().join("log");
        let out = File::create(&log).unwrap();
        command.current_dir(folder.path()).env_remove("HTTP_PROXY").env_remove("http_proxy");
        command.stdin(Stdio::null()).stderr(out.try_clone().unwrap()).stdout(out);
        let child = command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}"));
        let mut server = Self { child, base: String::new(), log, _folder: folder };
        let end = Instant::now() + Duration::from_secs(400);
        loop {
            let said = server.said();
            if let Some(base) = address(&said)
                && TcpStream::connect(base.trim_start_matches("http://")).is_ok()
            {
                server.base = base;
                return server;
            }
            let ended = server.child.try_wait().unwrap();
            assert!(ended.is_none() && Instant::now() < end, "the server does not start ({ended:?}): {said}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    fn said(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// Its answer, beside any model.
    pub fn http(&self, method: &str, path: &str, body: &Value) -> Value {
        let mut stream = TcpStream::connect(self.base.trim_start_matches("http://")).unwrap();
        let body = if body.is_null() { String::new() } else { body.to_string() };
        write!(
            stream,
            "{method} {path} HTTP/1.0\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        assert!(head.lines().next().unwrap().contains(" 20"), "{method} {path}: {answer}\n{}", self.said());
        serde_json::from_str(body).unwrap_or(Value::Null)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// The last address in its log that has a port.
fn address(said: &str) -> Option<String> {
    let from = said.rfind("http://127.0.0.1:")?;
    let port: String = said[from + "http://127.0.0.1:".len()..].chars().take_while(char::is_ascii_digit).collect();
    (port.parse::<u16>().ok()? > 0).then(|| format!("http://127.0.0.1:{port}"))
}

fn installed(inside: &str) -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/wire-servers");
    // Written last: a half-made folder is none.
    if root.join("pinned").is_file() && root.join(inside).exists() {
        return Some(root.join(inside));
    }
    let how = "tests/wire/servers/install puts it there";
    assert!(std::env::var_os("CI").is_none(), "{} is missing: {how}", root.join(inside).display());
    // Past the harness, which keeps what a passing test prints to itself.
    let mut stderr = File::options().append(true).open("/dev/stderr").ok();
    if let Some(stderr) = &mut stderr {
        drop(writeln!(stderr, "LEFT OUT, NOT TESTED: {} is missing: {how}", root.join(inside).display()));
    }
    None
}

/// The model `main` of a configuration, its key in place.
pub fn configured(yaml: &str, options: &Options) -> Known {
    let env: Env = [("TEST_KEY", KEY)].into_iter().collect();
    let specs = serde_json::from_value(yaml_value(yaml)).unwrap();
    let models = build(&specs, options, &env).unwrap();
    models.get(&"main".parse().unwrap()).unwrap().clone()
}

fn yaml_value(yaml: &str) -> Value {
    serde_yaml::from_str(yaml).unwrap()
}

/// Asks as a run does, waiting as the server wants but hardly of its own accord; and how often it was asked.
pub async fn asked(known: &Known, request: &Request) -> Result<Reply, AskFailure> {
    let patience =
        Patience { tries: 4, first: Span::from_millis(100), max: Span::from_millis(400), asked: Span::from_secs(60) };
    let (deltas, mut live) = mpsc::channel(1024);
    let mut meter = Meter::Share(Share::default());
    let cancel = CancellationToken::new();
    let answer = ask(known, request, &mut meter, &patience, &cancel, &deltas);
    let answer = tokio::time::timeout(Duration::from_secs(120), answer).await.expect("it is over within two minutes");
    live.close();
    answer
}
