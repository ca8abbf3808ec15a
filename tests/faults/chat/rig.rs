//! A model that follows a script, and an attempt with everything around it.

pub use std::collections::{BTreeMap, VecDeque};
pub use std::fs;
pub use std::path::PathBuf;
pub use std::sync::{Arc, Mutex};
pub use std::time::Duration;

pub use futures_util::future::BoxFuture;
pub use orchestra::agent::{AgentError, Agents, AttemptFiles, Change, Context, Job, Link, Note, Outcome, Spec};
pub use orchestra::event::{Amount, AttemptOutcome, FailureClass, Usage};
pub use orchestra::ids::{AgentName, Digest, ModelName, PlanId, RunId, TaskId, TraceId};
pub use orchestra::message::{MESSAGE_SCHEMA, MessageLimits, TaskMessage, TaskResult, TicketNote};
pub use orchestra::model::{
    Delta, Known, Model, ModelFailure, Models, Part, Patience, Prices, Reply, Request, Said, Stop, ToolCall, Turn,
};
pub use orchestra::money::Usd;
pub use orchestra::plan::{Role, Scope};
pub use orchestra::policy::Limits;
pub use orchestra::process::{Gate, Options, Supervisors};
pub use orchestra::prompt::Templates;
pub use orchestra::sys::env::Env;
pub use orchestra::text::Redactor;
pub use orchestra::time::Span;
pub use serde_json::{Value, json};
pub use tokio::sync::mpsc;
pub use tokio_util::sync::CancellationToken;

/// The value of a variable that is handed on.
pub const SECRET: &str = "sk-very-secret-value";

/// What a scripted model does next.
pub enum Step {
    /// It answers.
    Says(Vec<Said>),
    /// It fails.
    Fails(ModelFailure),
    /// It says nothing until it is told to stop.
    Waits,
    /// It says nothing, and hears nothing.
    Deaf,
}

/// A model that follows a script; after its end it says the last line again and again.
pub struct Script {
    pub steps: Mutex<VecDeque<Step>>,
    /// What comes when the script is at its end.
    pub after: fn(usize) -> Vec<Said>,
    pub seen: Mutex<Vec<Request>>,
}

impl Model for Script {
    fn send(
        &self,
        request: Request,
        cancel: CancellationToken,
        deltas: mpsc::Sender<Delta>,
    ) -> BoxFuture<'static, Result<Reply, ModelFailure>> {
        let count = {
            let mut seen = self.seen.lock().unwrap();
            seen.push(request);
            seen.len()
        };
        let step = self.steps.lock().unwrap().pop_front();
        let step = step.unwrap_or_else(|| Step::Says((self.after)(count)));
        Box::pin(async move {
            match step {
                Step::Says(said) => {
                    for said in &said {
                        if let Said::Text(text) = said {
                            for piece in text.as_bytes().chunks(5) {
                                drop(deltas.try_send(Delta::Text(String::from_utf8_lossy(piece).into_owned())));
                            }
                        }
                    }
                    let calls = said.iter().any(|said| matches!(said, Said::Call(_)));
                    let end = if calls { Stop::Tools } else { Stop::End };
                    let usage = Usage {
                        input_tokens: Some(100),
                        output_tokens: Some(10),
                        cache_read_tokens: Some(50),
                        ..Usage::default()
                    };
                    Ok(Reply { said, stop: end, usage, model: "scripted-1".to_owned(), request_id: None })
                }
                Step::Fails(failure) => Err(failure),
                Step::Waits => {
                    cancel.cancelled().await;
                    Err(ModelFailure::cancelled())
                }
                Step::Deaf => std::future::pending().await,
            }
        })
    }
}

/// A project folder with the files of one attempt beside it, and a model.
pub struct World {
    pub root: tempfile::TempDir,
    pub cancel: CancellationToken,
    pub limits: Limits,
    pub cap: Option<Amount>,
    pub settings: &'static str,
    pub context_tokens: u64,
    pub priced: bool,
    pub after: fn(usize) -> Vec<Said>,
}

/// What came of an attempt.
pub struct Done {
    pub outcome: Outcome,
    pub requests: Vec<Request>,
    pub deltas: Vec<Delta>,
    pub notes: Vec<Note>,
}

impl World {
    pub fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        for folder in ["project/src", "artifacts", "inputs/plan", "tmp"] {
            fs::create_dir_all(root.path().join(folder)).unwrap();
        }
        fs::write(root.path().join("project/src/a.txt"), "one\ntwo\nthree\n").unwrap();
        Self {
            root,
            cancel: CancellationToken::new(),
            limits: Limits { grace: Duration::from_millis(500), ..Limits::default() },
            cap: None,
            settings: "",
            context_tokens: 200_000,
            priced: true,
            after: |_| vec![Said::Text("I have nothing more to say.".to_owned())],
        }
    }

    pub fn project(&self) -> PathBuf {
        self.root.path().join("project")
    }

    pub fn read(&self, path: &str) -> String {
        fs::read_to_string(self.root.path().join(path)).unwrap()
    }

    pub fn job(&self, role: Role) -> Job {
        Job {
            message: message(role),
            attempt: 1,
            prompt: String::new(),
            workspace: self.project(),
            files: AttemptFiles::new(self.root.path().join("attempt")),
            artifacts: self.root.path().join("artifacts"),
            inputs: self.root.path().join("inputs"),
            trace: TraceId::new("0af7651916cd43dd8448eb211c80319c").unwrap(),
            limits: self.limits,
            cap: self.cap,
            gate: Gate::default(),
            change: Change::default(),
        }
    }

    pub fn context(&self, script: &Arc<Script>) -> Context {
        let program = env!("CARGO_BIN_EXE_orchestra").into();
        let path = "/usr/local/bin:/usr/bin:/bin".to_owned();
        let temp = self.root.path().join("tmp").display().to_string();
        let supervisors = Supervisors::start(Options { program, guard: None }).unwrap();
        let price = |micros| Usd::from_micros(micros);
        let prices = Prices { input: price(3_000_000), output: price(15_000_000), cache_write: None, cache_read: None };
        let known = Known {
            name: ModelName::new("main").unwrap(),
            model: Arc::<Script>::clone(script),
            prices: self.priced.then_some(prices),
            context_tokens: self.context_tokens,
            max_output_tokens: 1000,
            digest: Digest::of(b"scripted"),
        };
        Context {
            supervisors: supervisors.redacting(Redactor::new([("HANDED".to_owned(), SECRET.to_owned())])),
            env: Env::from_iter([
                ("PATH", path),
                ("TMPDIR", temp),
                ("HANDED", SECRET.to_owned()),
                ("KEPT", "kept-back-value".into()),
            ]),
            project: self.project(),
            models: Models::from_iter([known]),
            patience: Patience { first: Span::from_millis(1), ..Patience::default() },
            facts: orchestra::prompt::Facts::default(),
            templates: Templates::built_in().unwrap(),
        }
    }

    /// One attempt by a chat agent whose model follows `steps`.
    pub async fn attempt(&self, job: Job, steps: Vec<Step>) -> Done {
        let script =
            Arc::new(Script { steps: Mutex::new(steps.into()), after: self.after, seen: Mutex::new(Vec::new()) });
        let context = self.context(&script);
        let name = AgentName::new("mine").unwrap();
        let spec = format!("chat: {{model: main{}}}", self.settings);
        let specs = BTreeMap::from([(name.clone(), serde_yaml::from_str::<Spec>(&spec).unwrap())]);
        let agents = Agents::build(&specs, &context).unwrap();
        let (deltas, mut live) = mpsc::channel(1024);
        let (notes, mut told) = mpsc::unbounded_channel();
        let link = Link { deltas, notes, cancel: self.cancel.clone() };
        let outcome = agents.get(&name).unwrap().attempt(job, link).await;
        drop(agents);
        context.supervisors.shutdown().await;
        let requests = std::mem::take(&mut *script.seen.lock().unwrap());
        let (mut seen, mut heard) = (Vec::new(), Vec::new());
        while let Some(delta) = live.recv().await {
            seen.push(delta);
        }
        while let Some(note) = told.recv().await {
            heard.push(note);
        }
        Done { outcome, requests, deltas: seen, notes: heard }
    }

    pub async fn implement(&self, steps: Vec<Step>) -> Done {
        self.attempt(self.job(Role::Implement), steps).await
    }

    /// What one call gives, and whether it failed.
    pub async fn gives(&self, role: Role, tool: &str, arguments: Value) -> (String, bool) {
        let job = self.job(role);
        self.gives_in(job, tool, arguments).await
    }

    pub async fn gives_in(&self, job: Job, tool: &str, arguments: Value) -> (String, bool) {
        let done = self.attempt(job, vec![Step::Says(vec![call(tool, &arguments)])]).await;
        done.results().remove(0)
    }

    pub fn errors(&self, spec: &str) -> AgentError {
        let script = Arc::new(Script { steps: Mutex::default(), after: self.after, seen: Mutex::default() });
        let specs = BTreeMap::from([(AgentName::new("mine").unwrap(), serde_yaml::from_str(spec).unwrap())]);
        Agents::build(&specs, &self.context(&script)).err().unwrap()
    }
}

impl Done {
    pub fn claim(&self) -> &TaskResult {
        match &self.outcome.outcome {
            AttemptOutcome::Ok(result) => result,
            AttemptOutcome::Failed(failure) => panic!("{failure:?}"),
        }
    }

    pub fn failure(&self) -> (FailureClass, &str) {
        match &self.outcome.outcome {
            AttemptOutcome::Ok(result) => panic!("{result:?}"),
            AttemptOutcome::Failed(failure) => (failure.class, &failure.detail),
        }
    }

    /// What all tools gave, as the last request tells it, and whether they failed.
    pub fn results(&self) -> Vec<(String, bool)> {
        let turns = &self.requests.last().unwrap().turns;
        let parts = turns.iter().filter_map(|turn| match turn {
            Turn::User(parts) => Some(parts),
            Turn::Model(_) => None,
        });
        let results = parts.flatten().filter_map(|part| match part {
            Part::ToolResult(result) => Some((result.text.clone(), result.failed)),
            Part::Text(_) => None,
        });
        results.collect()
    }
}

pub fn call(tool: &str, arguments: &Value) -> Said {
    raw(tool, &arguments.to_string())
}

pub fn raw(tool: &str, arguments: &str) -> Said {
    Said::Call(ToolCall { id: format!("call-{tool}"), name: tool.to_owned(), arguments: arguments.to_owned() })
}

#[expect(clippy::needless_pass_by_value, reason = "it is made where it is handed over")]
pub fn calls(tool: &str, arguments: Value) -> Step {
    Step::Says(vec![call(tool, &arguments)])
}

pub fn says(text: &str) -> Step {
    Step::Says(vec![Said::Text(text.to_owned())])
}

pub fn finishes() -> Step {
    calls("finish", json!({"status": "done", "summary": "All is done."}))
}

pub fn message(role: Role) -> TaskMessage {
    TaskMessage {
        schema: MESSAGE_SCHEMA.to_owned(),
        task_id: TaskId::new("t1").unwrap(),
        parent_id: PlanId::new("OP-20261121-093312-A1B2").unwrap(),
        run: RunId::new("20261121-093312-a1b2").unwrap(),
        role,
        title: "Mend it".to_owned(),
        ticket: TicketNote {
            reference: None,
            digest: Digest::of(b"x"),
            title: "Broken".to_owned(),
            text: "It is broken.".to_owned(),
            acceptance: Vec::new(),
            diffs: Vec::new(),
            paths: Vec::new(),
            identifiers: Vec::new(),
        },
        instructions: "Mend the second line.".to_owned(),
        constraints: Vec::new(),
        dependencies: Vec::new(),
        scope: Scope::default(),
        checks: Vec::new(),
        artifacts: Vec::new(),
        limits: MessageLimits::default(),
        previous_failure: None,
        review: None,
    }
}
