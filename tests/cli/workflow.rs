//! The workflow `plan-code-review`, by its example: what each step hands the next, and what follows when one fails.

use std::fmt::Write;
use std::path::Path;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::scene::{Scene, appears, files, text};
use crate::world::{Output, run};

/// What the agent of the example is to let fail.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Rehearse {
    Nothing,
    Plan,
    Code,
    Veto,
}

impl Rehearse {
    fn value(self) -> &'static str {
        match self {
            Self::Nothing => "",
            Self::Plan => "plan",
            Self::Code => "code",
            Self::Veto => "veto",
        }
    }
}

/// The example, copied to where a run leaves nothing behind.
struct Example {
    scene: Scene,
}

impl Example {
    fn new() -> Self {
        let scene = Scene::bare();
        for file in ["answers.json", "orchestra.yaml", "README.md", ".gitignore"] {
            std::fs::remove_file(scene.world.project().join(file)).unwrap();
        }
        let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/plan-code-review");
        for (path, content) in files(&example) {
            if !path.starts_with("runs") {
                scene.world.file(path.to_str().unwrap(), content);
            }
        }
        Self { scene }
    }

    fn call(&self, rehearse: Rehearse, args: &[&str]) -> Output {
        let mut command = self.scene.world.command(args);
        command.env("REHEARSE", rehearse.value());
        run(command, &[])
    }

    fn run(&self, rehearse: Rehearse, more: &[&str]) -> Output {
        self.call(rehearse, &[&["run", "ticket.md", "--config", "orchestra.yaml"], more].concat())
    }

    /// What a step left, as the run keeps it.
    fn handed(&self, step: &str) -> Value {
        self.scene.json(&format!("artifacts/{step}/{step}.json"))
    }

    /// The steps that have a file among the artifacts, by the manifest, each held against the file itself.
    #[track_caller]
    fn kept(&self) -> Vec<String> {
        if !self.scene.dir().join("artifacts/manifest.json").exists() {
            return Vec::new();
        }
        let manifest = self.scene.json("artifacts/manifest.json");
        let entries =
            manifest["artifacts"].as_array().unwrap().iter().filter(|entry| entry["type"] == "application/json");
        entries
            .map(|entry| {
                let path = text(&entry["path"]);
                let bytes = std::fs::read(self.scene.dir().join("artifacts").join(&path)).unwrap();
                assert_eq!(entry["sha256"], sha256(&bytes), "{path}");
                assert_eq!(entry["size"], bytes.len(), "{path}");
                assert_eq!(path, format!("{0}/{0}.json", text(&entry["task"])));
                text(&entry["task"])
            })
            .collect()
    }

    /// How a step's message says that one before it ended.
    fn told(&self, folder: &str, dependency: &str) -> Value {
        let message = self.scene.message(folder, 1);
        let told = message["dependencies"].as_array().unwrap().iter().find(|told| told["task_id"] == dependency);
        told.unwrap_or_else(|| panic!("{dependency} is not in {message}")).clone()
    }
}

fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

#[test]
fn each_step_reads_what_the_step_before_left_and_all_three_files_are_kept() {
    let example = Example::new();
    let before = example.scene.tree();
    example.run(Rehearse::Nothing, &[]).exits(0);
    example.scene.stands("plan:succeeded code:succeeded review:succeeded");
    assert_eq!(example.kept(), ["code", "plan", "review"]);
    let (plan, code, review) = (example.handed("plan"), example.handed("code"), example.handed("review"));
    // Each says word for word what only the file before it says.
    assert_eq!(text(&code["summary"]), format!("As planned: {}", text(&plan["summary"])));
    assert_eq!(code["files"], plan["steps"][0]["files"]);
    assert_eq!(text(&review["summary"]), format!("Read: {}", text(&code["summary"])));
    assert_eq!(review["verdict"], "approve");
    let told = example.told("3-review", "code");
    assert_eq!(told["artifacts"][0]["path"], "code/code.json");
    assert_eq!(
        told["artifacts"][0]["sha256"],
        sha256(&std::fs::read(example.scene.dir().join("artifacts/code/code.json")).unwrap())
    );
    // The journal names the same content.
    let succeeded = example.scene.events("task.succeeded");
    assert_eq!(succeeded[1].1["artifacts"], told["artifacts"]);
    assert_eq!(example.scene.tree(), before, "the project stays as it is");
}

#[test]
fn a_failed_plan_step_stops_both_others_with_the_flag_and_without() {
    for flag in [&[][..], &["--continue-on-error"]] {
        let example = Example::new();
        example.run(Rehearse::Plan, flag).exits(1).says("rehearsed: there is no good plan");
        example.scene.stands("plan:failed code:skipped review:skipped");
        assert_eq!(example.scene.tasks_of("attempt.started"), ["plan"]);
        let skipped = example.scene.events("task.skipped");
        assert_eq!(skipped.len(), 2);
        let causes: Vec<String> = skipped.iter().map(|(task, data)| format!("{task} {}", data["cause"])).collect();
        assert_eq!(causes, [r#"code {"dependency":"plan"}"#, r#"review {"dependency":"code"}"#]);
        assert_eq!(example.kept(), [""; 0]);
    }
}

#[test]
fn a_failed_code_step_stops_the_run_without_the_flag() {
    let example = Example::new();
    example.run(Rehearse::Code, &[]).exits(1).says("rehearsed: greet.sh does not want to be changed");
    example.scene.stands("plan:succeeded code:failed review:skipped");
    assert_eq!(example.kept(), ["plan"]);
}

#[test]
fn after_a_failed_code_step_the_review_runs_with_the_flag_and_is_told_why() {
    let example = Example::new();
    example.run(Rehearse::Code, &["--continue-on-error"]).exits(1);
    assert_eq!(example.scene.tasks_of("attempt.started"), ["plan", "code", "review"]);
    let told = example.told("3-review", "code");
    assert_eq!(told["status"], "failed");
    assert!(text(&told["summary"]).contains("rehearsed: greet.sh does not want to be changed"), "{told}");
    assert_eq!(example.told("3-review", "plan")["artifacts"][0]["path"], "plan/plan.json");
    // The agent read it there.
    let finding = text(&example.handed("review")["findings"][0]["text"]);
    assert!(finding.contains("rehearsed: greet.sh does not want to be changed"), "{finding}");
}

#[test]
fn a_review_that_rejects_ends_the_run_with_1_and_is_not_asked_again() {
    let example = Example::new();
    let output = example.run(Rehearse::Veto, &["--set", "run.attempts=3", "--set", "run.backoff=0s"]);
    output.exits(1).says("the review rejects the change: greet.sh:3: rehearsed: an empty name");
    example.scene.stands("plan:succeeded code:succeeded review:failed");
    assert_eq!(example.scene.tasks_of("attempt.started"), ["plan", "code", "review"]);
    assert_eq!(example.scene.events("task.failed")[0].1["class"], "reported");
    assert_eq!(example.kept(), ["code", "plan", "review"], "what a review rejects is there to be read");
    assert_eq!(example.handed("review")["verdict"], "reject");
    let report = example.scene.json("report.json");
    assert_eq!(report["final_review"]["findings"][0]["severity"], "error", "{}", report["final_review"]);
    // Asked again by a person, it is not told that its no was a failure.
    example.call(Rehearse::Nothing, &["resume"]).exits(0);
    assert_eq!(example.scene.message("3-review", 2).get("previous_failure"), None);
    assert_eq!(example.handed("review")["verdict"], "approve");
}

#[test]
fn a_resume_after_a_failed_code_step_hands_on_the_plan_that_is_there() {
    for flag in [&[][..], &["--continue-on-error"]] {
        let example = Example::new();
        example.run(Rehearse::Code, flag).exits(1);
        let plan = example.handed("plan");
        example.call(Rehearse::Nothing, &["resume"]).exits(0);
        example.scene.stands("plan:succeeded code:succeeded review:succeeded");
        let started = example.scene.tasks_of("attempt.started");
        assert_eq!(started.iter().filter(|task| *task == "plan").count(), 1, "{started:?}");
        assert_eq!(example.handed("plan"), plan);
        assert_eq!(text(&example.handed("code")["summary"]), format!("As planned: {}", text(&plan["summary"])));
        assert_eq!(example.kept(), ["code", "plan", "review"]);
    }
}

#[test]
fn the_workflow_runs_without_any_program_of_the_users() {
    const BUILTIN: [&str; 6] =
        ["--set", "roles.research=builtin", "--set", "roles.implement=builtin", "--set", "roles.review=builtin"];
    let example = Example::new();
    example.run(Rehearse::Nothing, &BUILTIN).exits(0);
    let (plan, code, review) = (example.handed("plan"), example.handed("code"), example.handed("review"));
    assert_eq!(plan["steps"][0]["files"], json!(["greet.sh"]));
    assert_eq!(code["files"], json!(["greet.sh"]));
    assert_eq!(code["departures"], json!([]), "the plan was read, and followed");
    assert!(text(&code["tested"][0]).contains("greets"), "{code}");
    assert_eq!(review["verdict"], "approve");
    assert_eq!(example.kept(), ["code", "plan", "review"]);

    // A diff that does not fit fails the code step; the review says so.
    let ticket = example.scene.world.read("ticket.md").replace("-name=$1", "-name=$2");
    example.scene.world.file("ticket.md", ticket);
    example.run(Rehearse::Nothing, &[&BUILTIN[..], &["--continue-on-error"]].concat()).exits(1);
    example.scene.stands("plan:succeeded code:failed review:failed");
    let review = example.handed("review");
    assert_eq!(review["verdict"], "request_changes");
    assert!(text(&review["findings"][0]["text"]).contains("the task `code` before this one failed"), "{review}");
}

#[test]
fn a_workflow_that_does_not_exist_is_refused_with_what_was_meant() {
    let example = Example::new();
    let output = example.run(Rehearse::Nothing, &["--set", "planner.template=plan-code-reviews"]);
    output.exits(2).says("`plan-code-reviews` is not one of the choices").says("did you mean `plan-code-review`?");
    assert!(example.scene.runs().is_empty());
    let other = example.run(Rehearse::Nothing, &["--set", "planner.template=default", "--dry-run"]);
    assert!(other.exits(0).stdout.contains("after  implement"), "{other}");
}

/// A task of this role with this artifact, and an agent that does what the script says.
fn promised(role: &str, artifact: &str, script: &str) -> (Scene, Output) {
    let scene = Scene::new();
    scene.shell("text", script);
    scene.plan(&[json!({"id": "step", "role": role, "artifacts": [artifact], "checks": []})]);
    let output = scene.run(&["--set", "run.attempts=1", "--set", "verify.unchecked=allow"]);
    (scene, output)
}

#[test]
fn a_task_that_does_not_leave_what_its_plan_declares_fails_as_bad_output() {
    let review = |body: &str| format!("echo '{body}' > $ORCHESTRA_ARTIFACTS/review.json");
    for (role, artifact, script, said) in [
        ("implement", "notes.md", "echo done", "the artifact `notes.md` that its task declares is not there"),
        ("implement", "notes.md", "ln -s /etc/passwd $ORCHESTRA_ARTIFACTS/notes.md", "it is a link or a special file"),
        ("review", "review.json", &*review("no json"), "`review.json` cannot be read"),
        ("review", "review.json", &*review(r#"{"version": 9}"#), "this build reads version 1"),
        ("review", "review.json", &*review(r#"{"version": 1, "verdict": "reject"}"#), "does not say why"),
        (
            "review",
            "review.json",
            &*review(r#"{"version":1,"verdict":"approve","findings":[{"severity":"error","text":"a hole"}]}"#),
            "it approves a change with an error in it: a hole",
        ),
        (
            "research",
            "plan.json",
            "echo '{\"version\":1,\"steps\":[]}' > $ORCHESTRA_ARTIFACTS/plan.json",
            "it has no step",
        ),
    ] {
        let (scene, output) = promised(role, artifact, script);
        output.exits(1).says(said);
        assert_eq!(scene.events("task.failed")[0].1["class"], "bad-output", "{script}");
    }
}

#[test]
fn a_pattern_promises_nothing_and_a_file_of_another_role_is_only_a_file() {
    promised("implement", "*.md", "echo done").1.exits(0);
    promised("implement", "review.json", "echo nonsense > $ORCHESTRA_ARTIFACTS/review.json").1.exits(0);
    // It may lie in the workspace as well.
    promised("implement", "./out/notes.md", "mkdir out; echo x > out/notes.md").1.exits(0);
}

#[test]
fn a_kept_file_that_somebody_altered_is_not_handed_on() {
    let scene = Scene::new();
    let script = "case $ORCHESTRA_TASK_ID in look) echo 1 > $ORCHESTRA_ARTIFACTS/a;; \
                  meddle) echo 2 > $ORCHESTRA_INPUTS/look/a;; *) touch fix.txt;; esac; echo done";
    scene.shell("text", script);
    scene.plan(&[
        json!({"id": "look", "role": "research", "artifacts": ["a"]}),
        json!({"id": "meddle", "role": "research", "depends_on": ["look"]}),
        json!({"id": "fix", "depends_on": ["look", "meddle"], "checks": [appears("fix.txt")]}),
    ]);
    scene.run(&[]).exits(7).says("artifacts/look/a is no longer what a task left").says("hint:");
    std::fs::write(scene.dir().join("artifacts/look/a"), "1\n").unwrap();
    scene.resume(&[]).exits(0);
}

#[test]
fn an_agent_can_be_given_the_folder_of_inputs_as_an_argument() {
    let scene = Scene::new();
    scene.config(json!({
        "agents": {"sh": {"command": {"argv": ["sh", "-c", "test \"$1\" = \"$ORCHESTRA_INPUTS\" && cat $1/look/a.txt", "sh", "{inputs}"], "parser": "text"}}},
        "roles": {"review": "sh"},
    }));
    scene.answers(&[json!({"task": "look", "leaves": {"a.txt": "what was left\n"}, "summary": "Looked."})]);
    scene.plan(&[
        json!({"id": "look", "role": "research"}),
        json!({"id": "read", "role": "review", "depends_on": ["look"]}),
    ]);
    scene.run(&[]).exits(0);
    assert_eq!(scene.text("tasks/2-read.1.stdout.log"), "what was left\n");
}

#[test]
fn a_worker_in_between_hands_the_files_on() {
    let example = Example::new();
    example.scene.world.file("worker.yaml", "version: 1\n");
    let worker = json!({"command": {
        "argv": [env!("CARGO_BIN_EXE_orchestra"), "agent", "{role}", "--config", "worker.yaml"], "parser": "json",
    }});
    let more = [
        format!("agents={{worker: {worker}}}"),
        "roles.research=worker".to_owned(),
        "roles.implement=worker".to_owned(),
        "roles.review=builtin".to_owned(),
    ];
    let sets: Vec<&str> = more.iter().flat_map(|set| ["--set", set]).collect();
    example.run(Rehearse::Nothing, &sets).exits(0);
    assert_eq!(example.kept(), ["code", "plan", "review"]);
    assert_eq!(example.handed("code")["departures"], json!([]), "the plan was read, and followed");
    assert_eq!(example.handed("review")["verdict"], "approve");

    // Alone, it is told where they are.
    let message = example.scene.message("2-code", 1).to_string();
    let inputs = example.scene.dir().join("artifacts");
    let call = |more: &[&str]| {
        let args = [&["agent", "implement", "--artifacts", "out"][..], more].concat();
        example.scene.world.orchestra_with(args, message.as_bytes())
    };
    call(&["--inputs", inputs.to_str().unwrap()]).exits(0);
    let code: Value = serde_json::from_str(&example.scene.world.read("out/code.json")).unwrap();
    assert_eq!(code["departures"], json!([]));
    call(&[]).exits(0).says("the message names 2 files of earlier tasks, and nothing is there; --inputs DIR");
    let code: Value = serde_json::from_str(&example.scene.world.read("out/code.json")).unwrap();
    assert!(text(&code["departures"][0]).starts_with("plan/plan.json: cannot open"), "{code}");
}

#[test]
fn a_result_that_is_taken_again_hands_on_its_files_too() {
    let scene = Scene::new();
    scene.shell(
        "text",
        "case $ORCHESTRA_TASK_ID in make) echo made > $ORCHESTRA_ARTIFACTS/made; touch fix.txt;; \
         read) cat $ORCHESTRA_INPUTS/make/made;; esac; echo $ORCHESTRA_ATTEMPT",
    );
    let mut tasks = [
        json!({"id": "look", "role": "research"}),
        json!({"id": "make", "artifacts": ["made"], "checks": [appears("fix.txt")]}),
        json!({"id": "read", "role": "review", "depends_on": ["look", "make"]}),
    ];
    scene.plan(&tasks);
    scene.run(&[]).exits(0);
    // `look` is edited: `make` was put on top of it and has the same inputs as before, `read` has not.
    tasks[0]["instructions"] = json!("Look closer.");
    tasks[2]["instructions"] = json!("Read closer.");
    scene.plan(&tasks);
    let run = scene.runs()[0].clone();
    scene.resume(&[&run, "--plan", "plan.json", "--accept-changed"]).exits(0);
    assert_eq!(scene.tasks_of("task.reused"), ["make"]);
    assert_eq!(scene.tasks_of("attempt.started"), ["look", "make", "read", "look", "read"]);
    assert_eq!(scene.text("tasks/3-read.2.stdout.log"), "made\n2\n");
}
