//! What the chat agent costs: tokens that are billed, processor time beside bare requests, and memory of a long conversation.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use super::billed::billed;
use super::measure::{Sample, mebibytes, run};
use super::programs::Programs;
use super::provider::Provider;
use super::table::{Aim, Table, Unit};

const ROUNDS: usize = 3;
/// Turns of one task, in the run that is billed.
const TURNS: usize = 10;
/// Turns of a long conversation, and of a short one beside it.
const LONG: usize = 200;
const SHORT: usize = 20;
/// Bytes that each turn reads: with the numbers of its lines about 1,700 tokens.
const READ: usize = 6_000;
/// Bytes of the ticket: with the rest of what all tasks share, about 6,000 tokens.
const TICKET: usize = 18_000;
/// The tasks, with what they depend on.
const TASKS: [(&str, &str, &[&str]); 8] = [
    ("look", "research", &[]),
    ("ask", "research", &[]),
    ("core", "implement", &["look"]),
    ("edge", "implement", &["ask"]),
    ("wire", "implement", &["core", "edge"]),
    ("prove", "test", &["wire"]),
    ("read", "review", &["prove"]),
    ("judge", "review", &["prove"]),
];

/// The first argument with which this program sends bare requests instead of measuring.
pub const BARE: &str = "--bare-requests";

/// What is billed, what a request takes, and what a long conversation holds.
pub fn measure(programs: &Programs) -> Result<Table, Box<dyn Error>> {
    let mut table = Table::new("Models");
    let (mut uncached, mut part) = (Vec::new(), Vec::new());
    let (mut extra, mut growth) = (Vec::new(), Vec::new());
    for _ in 0..programs.rounds(ROUNDS) {
        let of = whole_run(programs)?;
        uncached.push(of.plain / 1e3);
        part.push(of.cached / 1e3);
        let (long, asked) = conversation(programs, LONG)?;
        let (short, fewer) = conversation(programs, SHORT)?;
        let ours = each(long, short);
        let floor = each(bare(programs, &asked)?, bare(programs, &fewer)?);
        extra.push(ours - floor);
        growth.push(mebibytes(long.memory) - mebibytes(short.memory));
    }
    let tasks = format!("{} tasks of {TURNS} turns: thousand input tokens", TASKS.len());
    table.figure(&format!("{tasks}, without a cache"), &uncached, (Unit::Number, Aim::None));
    table.figure(&format!("{tasks}, as billed"), &part, (Unit::Number, Aim::AtMost(270.0)));
    table.figure("processor time of a request, over a bare one", &extra, (Unit::Seconds, Aim::AtMost(0.005)));
    let memory = format!("memory of {LONG} turns over {SHORT}");
    table.figure(&memory, &growth, (Unit::Mebibytes, Aim::AtMost(8.0)));
    Ok(table)
}

fn whole_run(programs: &Programs) -> Result<super::billed::Billed, Box<dyn Error>> {
    let provider = Provider::start(TURNS, |turn| format!("src/part-{turn}.txt"))?;
    let project = project(programs, &provider, TURNS, READ)?;
    let plan = plan(&project, &TASKS)?;
    run(&mut command(programs, &project, &plan), &programs.complaints())?;
    let asked = provider.take()?;
    if asked.len() != TASKS.len() * TURNS {
        return Err(format!("{} requests instead of {}", asked.len(), TASKS.len() * TURNS).into());
    }
    let requests = asked.iter().map(|body| serde_json::from_slice(body)).collect::<Result<Vec<Value>, _>>()?;
    Ok(billed(&requests))
}

/// What was asked: each the body of a request.
type Bodies = Vec<Vec<u8>>;

/// One task of so many turns, each of which reads little.
fn conversation(programs: &Programs, turns: usize) -> Result<(Sample, Bodies), Box<dyn Error>> {
    let provider = Provider::start(turns, |turn| format!("src/part-{turn}.txt"))?;
    let project = project(programs, &provider, turns, 1_000)?;
    let plan = plan(&project, &TASKS[..1])?;
    let sample = run(&mut command(programs, &project, &plan), &programs.complaints())?;
    Ok((sample, provider.take()?))
}

/// Seconds of processor time that each further turn took.
#[expect(clippy::cast_precision_loss, reason = "a few hundred")]
fn each(long: Sample, short: Sample) -> f64 {
    (long.cpu.as_secs_f64() - short.cpu.as_secs_f64()) / (LONG - SHORT) as f64
}

/// The same requests, sent by nothing but the HTTP client.
fn bare(programs: &Programs, asked: &[Vec<u8>]) -> Result<Sample, Box<dyn Error>> {
    let folder = programs.new_folder()?;
    for (number, body) in asked.iter().enumerate() {
        std::fs::write(folder.join(format!("{number:04}")), body)?;
    }
    let provider = Provider::start(LONG, |_| "src/part-0.txt".to_owned())?;
    let mut command = programs.settled(&std::env::current_exe()?);
    command.arg(BARE).arg(&folder).arg(provider.url());
    run(&mut command, &programs.complaints())
}

/// Sends the files of `folder` to `url`, one after the other.
pub fn send_bare(folder: &Path, url: &str) -> Result<(), Box<dyn Error>> {
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(folder)?.map(|entry| entry.map(|entry| entry.path())).collect::<Result<_, _>>()?;
    files.sort();
    drop(rustls::crypto::ring::default_provider().install_default());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let client = reqwest::Client::builder().no_proxy().tls_certs_only([]).build()?;
        for file in files {
            let body = std::fs::read(file)?;
            client.post(format!("{url}/v1/messages")).body(body).send().await?.bytes().await?;
        }
        Ok(())
    })
}

fn project(programs: &Programs, provider: &Provider, files: usize, bytes: usize) -> Result<PathBuf, Box<dyn Error>> {
    let folder = programs.new_folder()?;
    std::fs::create_dir(folder.join("src"))?;
    for part in 0..files {
        let line = format!("part {part} says how the amount of one order is told from that of the next\n");
        std::fs::write(folder.join(format!("src/part-{part}.txt")), line.repeat(bytes / line.len()))?;
    }
    let settings = format!(
        "version: 1\n\
         models: {{main: {{anthropic: {{model: bench, base_url: {:?}, context_tokens: 200000, prices: {{input: 0, output: 0}}}}}}}}\n\
         planner: {{use: template}}\n\
         roles: {{research: chat, implement: chat, test: chat, review: chat}}\n\
         agents: {{chat: {{chat: {{model: main, turns: {LONG}}}}}}}\n\
         workspace: {{mode: in-place}}\n\
         verify: {{unchecked: allow}}\n\
         budget: {{tokens: 1000000000, task_tokens: 1000000000}}\n",
        provider.url()
    );
    std::fs::write(folder.join("settings.yaml"), settings)?;
    Ok(folder)
}

fn plan(folder: &Path, tasks: &[(&str, &str, &[&str])]) -> Result<PathBuf, Box<dyn Error>> {
    let tasks: Vec<Value> = tasks
        .iter()
        .map(|(id, role, after)| {
            let title = format!("The part `{id}` of the work");
            json!({"id": id, "role": role, "title": title, "instructions": "Read what you need, then finish.", "depends_on": after})
        })
        .collect();
    let sentence = "An order that is paid twice is paid back once, and the customer is told so on the same day. ";
    let text = format!("# Orders that are paid twice\n\n{}\n", sentence.repeat(TICKET / sentence.len()));
    let digest = orchestra::ids::Digest::of(text.as_bytes());
    let plan = json!({
        "schema": "orchestra.plan/v1", "plan_id": "OP-20261121-093312-A1B2", "title": "Orders that are paid twice",
        "goal": {"summary": "No order stays paid twice."}, "created_at": "2026-11-21T09:33:12Z",
        "ticket": {"digest": digest, "text": text}, "tasks": tasks,
    });
    let path = folder.join("plan.json");
    std::fs::write(&path, plan.to_string())?;
    Ok(path)
}

fn command(programs: &Programs, folder: &Path, plan: &Path) -> Command {
    let mut command = programs.orchestra();
    command
        .args(["run", "--quiet", "--plan"])
        .arg(plan)
        .arg("-C")
        .arg(folder)
        .arg("--config")
        .arg(folder.join("settings.yaml"));
    command
}
