//! Agents as real processes: whatever one prints or does, the run learns what happened, and never more than a claim.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::Duration;

use orchestra::agent::{Agents, AttemptFiles, Change, Context, Fault, Job, Link, Outcome, Spec};
use orchestra::event::{AttemptOutcome, Ended, FailureClass};
use orchestra::ids::{AgentName, Digest, PlanId, RunId, TaskId, TraceId};
use orchestra::message::{MESSAGE_SCHEMA, MessageLimits, ResultStatus, TaskMessage, TaskResult, TicketNote};
use orchestra::model::Delta;
use orchestra::plan::{Role, Scope};
use orchestra::policy::Limits;
use orchestra::process::{Gate, Options, Supervisors};
use orchestra::sys::env::Env;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// A project folder with the files of one attempt beside it.
struct World {
    root: tempfile::TempDir,
    cancel: CancellationToken,
    limits: Limits,
}

impl World {
    fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        for folder in ["project", "artifacts", "tmp"] {
            fs::create_dir(root.path().join(folder)).unwrap();
        }
        let limits = Limits { grace: Duration::from_millis(300), ..Limits::default() };
        Self { root, cancel: CancellationToken::new(), limits }
    }

    fn project(&self) -> std::path::PathBuf {
        self.root.path().join("project")
    }

    fn job(&self, role: Role) -> Job {
        Job {
            message: message(role),
            attempt: 1,
            prompt: "Do it.".to_owned(),
            workspace: self.project(),
            files: AttemptFiles::new(self.root.path().join("attempt")),
            artifacts: self.root.path().join("artifacts"),
            inputs: self.root.path().join("inputs"),
            trace: TraceId::new("0af7651916cd43dd8448eb211c80319c").unwrap(),
            limits: self.limits,
            cap: None,
            gate: Gate::default(),
            change: Change::default(),
        }
    }

    fn context(&self) -> Context {
        let program = env!("CARGO_BIN_EXE_orchestra").into();
        let path = "/usr/local/bin:/usr/bin:/bin".to_owned();
        let temp = self.root.path().join("tmp").display().to_string();
        Context {
            supervisors: Supervisors::start(Options { program, guard: None }).unwrap(),
            env: Env::from_iter([("PATH", path), ("TMPDIR", temp), ("HANDED", "on".into()), ("KEPT", "back".into())]),
            project: self.project(),
            models: orchestra::model::Models::default(),
            patience: orchestra::model::Patience::default(),
            facts: orchestra::prompt::Facts::default(),
            templates: orchestra::prompt::Templates::built_in().unwrap(),
        }
    }

    /// One attempt by the agent that `spec` describes, and the deltas it sent.
    async fn attempt(&self, spec: &str, job: Job) -> (Outcome, Vec<Delta>) {
        let name = AgentName::new("mine").unwrap();
        let specs = BTreeMap::from([(name.clone(), serde_yaml::from_str::<Spec>(spec).unwrap())]);
        let context = self.context();
        let agents = Agents::build(&specs, &context).unwrap();
        let (deltas, mut live) = mpsc::channel(64);
        let (notes, _) = mpsc::unbounded_channel();
        let link = Link { deltas, notes, cancel: self.cancel.clone() };
        let outcome = agents.get(&name).unwrap().attempt(job, link).await;
        drop(agents);
        context.supervisors.shutdown().await;
        let mut seen = Vec::new();
        while let Some(delta) = live.recv().await {
            seen.push(delta);
        }
        (outcome, seen)
    }

    async fn sh(&self, script: &str, settings: &str) -> Outcome {
        self.attempt(&sh(script, settings), self.job(Role::Implement)).await.0
    }

    async fn scripted(&self, script: &str) -> Outcome {
        fs::write(self.project().join("script.yaml"), script).unwrap();
        self.attempt("scripted: {file: script.yaml}", self.job(Role::Implement)).await.0
    }

    fn read(&self, path: &str) -> String {
        fs::read_to_string(self.root.path().join(path)).unwrap()
    }

    fn errors(&self, spec: &str) -> orchestra::agent::AgentError {
        let specs = BTreeMap::from([(AgentName::new("mine").unwrap(), serde_yaml::from_str(spec).unwrap())]);
        Agents::build(&specs, &self.context()).err().unwrap()
    }
}

fn sh(script: &str, settings: &str) -> String {
    format!("command: {{argv: [sh, -c, {}]{settings}}}", serde_json::to_string(script).unwrap())
}

fn message(role: Role) -> TaskMessage {
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
        instructions: "Mend it.".to_owned(),
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

fn claim(outcome: &Outcome) -> &TaskResult {
    match &outcome.outcome {
        AttemptOutcome::Ok(result) => result,
        AttemptOutcome::Failed(failure) => panic!("{failure:?}"),
    }
}

fn failure(outcome: &Outcome) -> (FailureClass, &str) {
    match &outcome.outcome {
        AttemptOutcome::Ok(result) => panic!("{result:?}"),
        AttemptOutcome::Failed(failure) => (failure.class, &failure.detail),
    }
}

#[tokio::test]
async fn an_agent_reads_its_message_and_its_output_is_kept_shown_and_summed_up() {
    let world = World::new();
    let script = "cat > seen.json; echo one; echo aside >&2; echo; echo 'Mended it.'";
    let (outcome, deltas) = world.attempt(&sh(script, ""), world.job(Role::Implement)).await;
    assert_eq!(claim(&outcome).summary, "Mended it.");
    assert_eq!((outcome.exit, outcome.leaked, outcome.truncated), (Some(Ended::Code(0)), 0, false));
    assert_eq!(world.read("attempt/stdout.log"), "one\n\nMended it.\n");
    assert_eq!(world.read("attempt/stderr.log"), "aside\n");
    assert!(deltas.contains(&Delta::Text("one".to_owned())) && deltas.contains(&Delta::Aside("aside".to_owned())));
    let seen: TaskMessage = serde_json::from_str(&world.read("project/seen.json")).unwrap();
    assert_eq!(seen, message(Role::Implement));
    assert_eq!(world.read("project/seen.json"), world.read("attempt/message.json"));
}

#[tokio::test]
async fn an_agent_sees_what_was_declared_for_it_and_nothing_else() {
    let world = World::new();
    let settings = ", env: {LOG: info}, pass_env: [HANDED, ABSENT], stdin: none";
    let script = "env | sort > env; ls -d \"$TMPDIR\" >> env; wc -c < /dev/stdin > in; pwd > cwd";
    claim(&world.sh(script, settings).await);
    let env = world.read("project/env");
    let has = |line: &str| env.lines().any(|seen| seen == line);
    assert!(has("ORCHESTRA_RUN_ID=20261121-093312-a1b2") && has("ORCHESTRA_TASK_ID=t1"), "{env}");
    assert!(has("ORCHESTRA_ATTEMPT=1") && has("ORCHESTRA_ROLE=implement"), "{env}");
    assert!(has("LOG=info") && has("HANDED=on") && !env.contains("KEPT") && !env.contains("ABSENT"), "{env}");
    assert!(env.contains("ORCHESTRA_MESSAGE=/") && env.contains("ORCHESTRA_ARTIFACTS=/"), "{env}");
    assert!(env.contains("\nTRACEPARENT=00-0af7651916cd43dd8448eb211c80319c-"), "{env}");
    let temp = env.lines().find_map(|line| line.strip_prefix("TMPDIR=")).unwrap();
    assert!(temp.contains("orchestra-") && !Path::new(temp).exists(), "{temp}");
    assert_eq!(world.read("project/in").trim(), "0");
    assert!(world.read("project/cwd").trim().ends_with("/project"));
}

#[tokio::test]
async fn placeholders_are_filled_in_and_not_read_again() {
    let world = World::new();
    let mut job = world.job(Role::Test);
    job.prompt = "Use {message} and $HOME; `touch x`".to_owned();
    let spec = "command: {argv: [printf, '%s|', '{prompt}', 'r={role}', '{{x}}', '{prompt_file}']}";
    let (outcome, _) = world.attempt(spec, job).await;
    let said = &claim(&outcome).summary;
    assert!(said.starts_with("Use {message} and $HOME; `touch x`|r=test|{x}|/"), "{said}");
    assert_eq!(world.read("attempt/prompt.md"), "Use {message} and $HOME; `touch x`");
}

#[tokio::test]
async fn an_agent_that_dies_in_the_middle_of_a_line_has_exited() {
    let world = World::new();
    let half = world.sh("printf '{\"status\":\"done\",\"summ'; echo boom >&2; exit 3", ", parser: json").await;
    assert_eq!(failure(&half), (FailureClass::Exited, "it ended with exit code 3\nboom"));
    let killed = world.sh("echo last words; kill -9 $$", "").await;
    assert_eq!(killed.exit, Some(Ended::Signal(9)));
    assert!(failure(&killed).1.ends_with("last words"));
}

#[tokio::test]
async fn what_is_no_result_is_bad_output_and_says_why() {
    let world = World::new();
    let cases = [
        ("printf '{\"status\":\"done\",\"summ'", "EOF while parsing"),
        ("true", "printed no result"),
        ("echo Done!", "is not a task result"),
        ("echo '{\"status\":\"done\"}{\"status\":\"done\"}'", "trailing characters"),
        ("printf '\\377\\376\\n'", "is not a task result"),
    ];
    for (script, why) in cases {
        let outcome = world.sh(script, ", parser: json").await;
        let (class, detail) = failure(&outcome);
        assert!(class == FailureClass::BadOutput && detail.contains(why), "{script}: {detail}");
    }
}

#[tokio::test]
async fn bytes_that_are_no_text_are_kept_as_they_are_and_read_as_well_as_can_be() {
    let world = World::new();
    let outcome = world.sh("printf '\\377ok\\n'", "").await;
    assert_eq!(claim(&outcome).summary, "\u{fffd}ok");
    assert_eq!(fs::read(world.root.path().join("attempt/stdout.log")).unwrap(), b"\xffok\n");
}

#[tokio::test]
async fn of_two_results_the_last_line_counts_and_its_whole_text_is_kept() {
    let world = World::new();
    let first = r#"{"status":"failed","summary":"first"}"#;
    let second = r#"{"status":"done","summary":"second","findings":[{"text":"f"}],"usage":{"output_tokens":9}}"#;
    let outcome = world.sh(&format!("echo '{first}'; echo '{second}'"), ", parser: json").await;
    assert_eq!((claim(&outcome).status, claim(&outcome).summary.as_str()), (ResultStatus::Done, "second"));
    assert_eq!(outcome.usage.output_tokens, Some(9));
    let kept: TaskResult = serde_json::from_str(&world.read("attempt/result.json")).unwrap();
    assert_eq!(kept.findings.len(), 1);
}

#[tokio::test]
async fn whoever_we_ended_has_not_done_it_whatever_it_says() {
    let mut world = World::new();
    world.limits.wall = Duration::from_millis(300);
    let script = "trap 'echo Done; exit 0' TERM; echo started; while :; do sleep 0.05; done";
    let late = world.sh(script, "").await;
    assert_eq!((failure(&late).0, late.exit), (FailureClass::Timeout, Some(Ended::TimedOut)));
    world.limits = Limits { idle: Duration::from_millis(200), grace: Duration::from_millis(200), ..Limits::default() };
    assert_eq!(failure(&world.sh("sleep 60", "").await).0, FailureClass::Stalled);
    world.cancel.cancel();
    assert_eq!(failure(&world.sh("echo Done", "").await).0, FailureClass::Cancelled);
}

#[tokio::test]
async fn a_flood_is_cut_and_the_answer_at_its_end_is_still_found() {
    let world = World::new();
    let script = "head -c 12000000 /dev/zero | tr '\\0' x; echo; echo '{\"status\":\"done\",\"summary\":\"end\"}'";
    let outcome = world.sh(script, ", parser: json").await;
    assert_eq!((claim(&outcome).summary.as_str(), outcome.truncated), ("end", true));
    assert!(fs::metadata(world.root.path().join("attempt/stdout.log")).unwrap().len() <= 4 << 20);
}

#[tokio::test]
async fn an_argument_longer_than_the_system_takes_is_named_before_it_is_tried() {
    let world = World::new();
    let mut job = world.job(Role::Implement);
    job.prompt = "x".repeat(200_000);
    let (outcome, _) = world.attempt("command: {argv: [echo, '{prompt}']}", job).await;
    assert_eq!(failure(&outcome).0, FailureClass::Unusable);
    assert!(failure(&outcome).1.contains("{prompt_file}"));
}

#[tokio::test]
async fn what_cannot_be_started_is_said_before_anything_runs() {
    let world = World::new();
    let missing = world.errors("command: {argv: [no-such-program-here]}");
    assert_eq!((missing.fault(), missing.to_string().as_str()), (Fault::Machine, "the agent `mine` cannot be started"));
    assert!(missing.hint().contains("agents.mine.command.argv"));
    for (spec, why) in [
        ("command: {argv: []}", "argv is empty"),
        ("command: {argv: [sh, '{mesage}']}", "did you mean `{message}`?"),
        ("command: {argv: [sh], env: {ORCHESTRA_RUN_ID: x}}", "orchestra sets it itself"),
        ("scripted: {file: absent.yaml}", "has no script"),
    ] {
        let error = world.errors(spec);
        assert!(error.fault() == Fault::Config && error.to_string().contains(why), "{spec}: {error}");
        assert!(!error.hint().is_empty());
    }
}

#[tokio::test]
async fn a_liar_says_done_and_does_nothing() {
    let world = World::new();
    let script =
        "version: 1\nanswers:\n- {task: t1, summary: All tests pass., files: [src/never.rs], artifacts: [no.txt]}\n";
    let outcome = world.scripted(script).await;
    assert_eq!((claim(&outcome).status, claim(&outcome).summary.as_str()), (ResultStatus::Done, "All tests pass."));
    assert_eq!(claim(&outcome).files, ["src/never.rs"]);
    assert_eq!(fs::read_dir(world.project()).unwrap().count(), 1, "only the script is there");
}

#[tokio::test]
async fn a_script_writes_fails_and_leaves_what_it_says() {
    let world = World::new();
    fs::write(world.project().join("old"), "x").unwrap();
    let script = "version: 1\nanswers:\n- task: '*'\n  writes: {a/b.txt: hello}\n  deletes: [old]\n  leaves: {n.md: note}\n  \
                  fail: {class: transient, detail: gone}\n";
    let outcome = world.scripted(script).await;
    assert_eq!(failure(&outcome), (FailureClass::Transient, "gone"));
    assert_eq!((world.read("project/a/b.txt"), world.read("artifacts/n.md")), ("hello".into(), "note".into()));
    assert!(!world.project().join("old").exists());
}

#[tokio::test]
async fn a_script_with_a_fault_is_refused_with_its_place() {
    let world = World::new();
    fs::write(world.project().join("s.yaml"), "version: 1\nanswers:\n- task: a\n  sumary: x\n").unwrap();
    let error = world.errors("scripted: {file: s.yaml}");
    let cause = std::error::Error::source(&error).unwrap().to_string();
    assert!(cause.contains("sumary") && cause.contains('4'), "{cause}");
    fs::write(world.project().join("s.yaml"), "version: 1\nanswers:\n- {task: a, writes: {../x: y}}\n").unwrap();
    let error = world.errors("scripted: {file: s.yaml}").to_string();
    assert!(error.contains("answer 1 (task `a`): `../x` does not stay inside"), "{error}");
}

#[tokio::test]
async fn a_script_waits_until_it_is_let_go() {
    let world = World::new();
    let go = world.root.path().join("project/go");
    let script = "version: 1\nanswers:\n- {task: t1, wait_for: go, summary: went}\n";
    let (outcome, ()) = tokio::join!(world.scripted(script), async {
        tokio::task::yield_now().await;
        fs::write(&go, "").unwrap();
    });
    assert_eq!(claim(&outcome).summary, "went");
}

const FIX: &str = "--- a/src/a.txt\n+++ b/src/a.txt\n@@ -1,2 +1,2 @@\n one\n-two\n+three\n";

/// An attempt by the builtin agent on a project whose `src/a.txt` is one, two.
async fn builtin(world: &World, diffs: &[&str]) -> Outcome {
    fs::create_dir_all(world.project().join("src")).unwrap();
    if !world.project().join("src/a.txt").exists() {
        fs::write(world.project().join("src/a.txt"), "one\ntwo\n").unwrap();
    }
    let mut job = world.job(Role::Implement);
    job.message.ticket.diffs = diffs.iter().map(|diff| (*diff).to_owned()).collect();
    world.attempt("builtin: {}", job).await.0
}

#[tokio::test]
async fn the_builtin_agent_applies_the_tickets_diffs_in_order_and_skips_what_is_there() {
    let world = World::new();
    let next = "--- a/src/a.txt\n+++ b/src/a.txt\n@@ -1,2 +1,3 @@\n one\n three\n+four\n";
    let outcome = builtin(&world, &[FIX, next]).await;
    assert_eq!(claim(&outcome).files, ["src/a.txt"]);
    assert_eq!(world.read("project/src/a.txt"), "one\nthree\nfour\n");
    let again = builtin(&world, &[next]).await;
    assert!(claim(&again).summary.contains("already; nothing was changed"), "{}", claim(&again).summary);
}

#[tokio::test]
async fn a_diff_that_does_not_fit_is_reported_with_what_to_do() {
    let world = World::new();
    fs::create_dir(world.project().join("src")).unwrap();
    fs::write(world.project().join("src/a.txt"), "quite\nanother\nfile\n").unwrap();
    let outcome = builtin(&world, &[FIX]).await;
    let (class, detail) = failure(&outcome);
    assert!(class == FailureClass::Reported && detail.contains("diff 1 of 1") && detail.contains("hint:"), "{detail}");
    let outcome = builtin(&world, &[]).await;
    assert!(failure(&outcome).1.contains("brings no diff"), "{outcome:?}");
}

#[tokio::test]
async fn a_script_applies_a_diff() {
    let world = World::new();
    fs::create_dir(world.project().join("src")).unwrap();
    fs::write(world.project().join("src/a.txt"), "one\ntwo\n").unwrap();
    let diff = serde_json::to_string(FIX).unwrap();
    let outcome = world.scripted(&format!("version: 1\nanswers:\n- {{task: t1, diff: {diff}}}\n")).await;
    claim(&outcome);
    assert_eq!(world.read("project/src/a.txt"), "one\nthree\n");
}

#[tokio::test]
async fn the_builtin_agent_researches_tests_and_reviews_and_leaves_the_project_as_it_was() {
    let world = World::new();
    fs::write(world.project().join("median.rs"), "fn median() {}\n").unwrap();
    for (role, said) in [
        (Role::Research, "The ticket seems to be about median.rs:1"),
        (Role::Test, "the checks that orchestra runs"),
        (Role::Review, "Read a change of 0 files"),
    ] {
        let mut job = world.job(role);
        job.message.ticket.identifiers = vec!["median".to_owned()];
        let (outcome, _) = world.attempt("builtin: {}", job).await;
        assert!(claim(&outcome).summary.contains(said), "{}", claim(&outcome).summary);
    }
    assert!(world.read("artifacts/research.md").contains("fn median() {}"));
    assert_eq!(fs::read_dir(world.project()).unwrap().count(), 1);
}
