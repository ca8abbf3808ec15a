//! `agent ROLE`: one task message in, one result out, whatever becomes of the work.

use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use rustix::process::{Pid, Signal, kill_process, test_kill_process};
use serde_json::{Value, json};

use crate::scene::{Scene, files, git, shell, text};
use crate::world::{Output, eventually, run};

/// The message of a task of this role, as a run of it gave it to its agent.
fn message(scene: &Scene, role: &str) -> Value {
    scene.plan(&[json!({"id": "the-task", "role": role, "checks": []})]);
    scene.run(&["-m", TICKET, "--set", "verify.unchecked=allow", "--set", "workspace.mode=copy"]).exits(0);
    scene.message("1-the-task", 1)
}

/// A ticket that names a file and brings a diff.
const TICKET: &str = "# Say hello\n\nREADME.md must say hello.\n\n```diff\n--- a/README.md\n+++ b/README.md\n\
    @@ -1 +1,2 @@\n A project.\n+Hello.\n```\n";

/// Calls `agent ROLE` with a message.
fn agent(scene: &Scene, role: &str, message: &Value, more: &[&str]) -> Output {
    scene.world.orchestra_with([&["agent", role], more].concat(), message.to_string().as_bytes())
}

/// The same with the scene's configuration.
fn configured(scene: &Scene, role: &str, message: &Value, more: &[&str]) -> Output {
    agent(scene, role, message, &[&["--config", "orchestra.yaml"], more].concat())
}

/// The one result on stdout.
#[track_caller]
fn result(output: &Output) -> Value {
    assert_eq!(output.stdout.matches('\n').count(), 1, "one line: {output}");
    let result = output.json();
    assert_eq!(result["schema"], "orchestra.result/v1");
    result
}

/// Asserts that nothing was said on stdout, and this on stderr.
#[track_caller]
fn refused(output: &Output, why: &str) {
    output.exits(2).says(why).says("hint:");
    assert_eq!(output.stdout, "", "{output}");
}

/// The process whose number is in this file.
fn pid(path: &Path) -> Pid {
    let number = std::fs::read_to_string(path).unwrap().trim().parse().unwrap();
    Pid::from_raw(number).unwrap()
}

#[test]
fn the_built_in_agent_does_every_role_where_it_is_called() {
    let scene = Scene::new();
    let research = message(&scene, "research");
    let output = agent(&scene, "research", &research, &["--artifacts", "../out", "--logs", "../logs"]);
    output.exits(0);
    assert_eq!(result(&output)["findings"][0]["file"], "README.md");
    let kept = |folder: &str| files(&scene.world.project().join(folder)).into_keys().collect::<Vec<PathBuf>>();
    assert_eq!(kept("../out"), [PathBuf::from("research.md")]);
    assert!(kept("../logs").contains(&"message.json".into()));

    let done = agent(&scene, "implement", &message(&scene, "implement"), &[]);
    assert_eq!(result(done.exits(0))["status"], "done");
    assert_eq!(scene.world.read("README.md"), "A project.\nHello.\n");

    scene.world.file("change.patch", git(&scene.world.project(), &["diff"]));
    let review = message(&scene, "review");
    let read = agent(&scene, "review", &review, &["--change", "change.patch"]);
    assert!(text(&result(read.exits(0))["summary"]).starts_with("Read a change of 1 file (+1 -0)."), "{read}");
    refused(&agent(&scene, "review", &review, &[]), "none was given");

    assert_eq!(result(agent(&scene, "test", &message(&scene, "test"), &[]).exits(0))["status"], "done");
    assert_eq!(files(&scene.world.project().join("../tmp")).len(), 0, "nothing temporary is left");
}

#[test]
fn a_program_works_in_the_folder_that_is_named_and_its_whole_answer_is_the_result() {
    let scene = Scene::new();
    let asked = message(&scene, "implement");
    std::fs::create_dir(scene.world.project().join("../checkout")).unwrap();
    let long = "x".repeat(50_000);
    scene.shell(
        "json",
        "echo working >&2; pwd > here; cp $ORCHESTRA_MESSAGE message.json; echo $ORCHESTRA_ATTEMPT > attempt; echo a > $ORCHESTRA_ARTIFACTS/a; \
         printf '{\"status\":\"done\",\"summary\":\"Did it.\",\"output\":\"%050000d\",\"usage\":{\"usd\":0.5}}' 0",
    );
    let more = ["-C", "../checkout", "--config", "../project/orchestra.yaml", "--attempt", "3"];
    let output = agent(&scene, "implement", &asked, &more);
    let result = result(output.exits(0).says("working").says("--artifacts DIR"));
    assert_eq!((text(&result["output"]).len(), &result["usage"]["usd"]), (long.len(), &json!(0.5)));
    let checkout = scene.world.project().join("../checkout").canonicalize().unwrap();
    let read = |name: &str| std::fs::read_to_string(checkout.join(name)).unwrap();
    assert_eq!((read("here").trim(), read("attempt").trim()), (checkout.to_str().unwrap(), "3"));
    assert_eq!(serde_json::from_str::<Value>(&read("message.json")).unwrap(), asked);
    assert!(!checkout.join("runs").exists(), "no journal is written");
}

#[test]
fn what_is_no_message_for_this_role_is_refused_before_anything_starts() {
    let scene = Scene::new();
    let good = message(&scene, "implement");
    scene.shell("text", "echo started > started");
    let changed = |key: &str, value: Value| {
        let mut message = good.clone();
        message[key] = value;
        message
    };
    refused(&configured(&scene, "test", &good, &[]), "the message asks for implement, and test was called");
    refused(
        &configured(&scene, "implement", &changed("schema", json!("orchestra.message/v2")), &[]),
        "orchestra.message/v2",
    );
    refused(&configured(&scene, "implement", &changed("colour", json!("red")), &[]), "colour");
    refused(&configured(&scene, "implement", &changed("ticket", json!({"digest": 7})), &[]), "$.ticket.digest");
    refused(
        &configured(&scene, "implement", &changed("limits", json!({"time": "0s", "idle": "1s"})), &[]),
        "$.limits.time",
    );
    let raw = |bytes: &[u8]| scene.world.orchestra_with(["agent", "implement", "--config", "orchestra.yaml"], bytes);
    refused(&raw(b""), "nothing on standard input");
    refused(&raw(b"{\n  \"schema\": \"orchestra.message/v1\",\n  \"role\": }"), "standard input:3:");
    refused(&raw(b"\xff"), "UTF-8");
    refused(&raw(format!("{good} {good}").as_bytes()), "trailing");
    refused(&raw(" ".repeat((16 << 20) + 1).as_bytes()), "bytes");
    let unknown = scene.world.orchestra(["agent", "cook"]);
    unknown.exits(2).says("research, implement, test, review");
    let document = scene.world.orchestra_with(["agent", "implement", "--json"], b"{}").exits(2).json();
    assert_eq!(document["error"]["faults"][0]["path"], "$.schema", "who asks for JSON gets the error as JSON");
    assert!(!scene.world.project().join("started").exists());
}

#[test]
fn each_way_to_fail_has_its_result_and_its_code() {
    let scene = Scene::new();
    let asked = message(&scene, "implement");
    let mut hurried = asked.clone();
    hurried["limits"] = json!({"time": "300ms", "idle": "300ms"});
    let mut watched = asked.clone();
    watched["limits"] = json!({"time": "200s", "idle": "300ms"});
    for (parser, script, message, class, code) in [
        ("text", "echo no key >&2; exit 7", &asked, "exited", 1),
        ("json", "echo hello", &asked, "bad-output", 1),
        ("text", "while true; do echo x; sleep 0.05; done", &hurried, "timeout", 1),
        ("text", "sleep 300", &watched, "stalled", 1),
    ] {
        scene.shell(parser, script);
        let output = configured(&scene, "implement", message, &["-q"]);
        output.exits(code).says("was not done").says("--logs DIR");
        let result = result(&output);
        assert_eq!((&result["status"], &result["failure"]["class"]), (&json!("failed"), &json!(class)), "{output}");
        output.quick();
    }
    scene.shell("json", r#"echo '{"status":"failed","summary":"Too hard."}'"#);
    let output = configured(&scene, "implement", &asked, &[]);
    output.exits(1).says("Too hard.");
    assert_eq!(result(&output), json!({"schema": "orchestra.result/v1", "status": "failed", "summary": "Too hard."}));

    let mut config = shell("text", "true");
    config["agents"]["sh"]["command"]["argv"] = json!(["no-such-agent"]);
    scene.config(config);
    let output = configured(&scene, "implement", &asked, &[]);
    output.exits(6).says("no-such-agent");
    assert_eq!(output.stdout, "");
    scene.world.file("a-file", "");
    agent(&scene, "research", &message(&Scene::new(), "research"), &["--logs", "a-file/logs"]).exits(8).says("a-file");
}

#[test]
fn the_configuration_bounds_what_a_message_may_take() {
    let scene = Scene::new();
    let asked = message(&scene, "implement");
    scene.shell("text", "sleep 300");
    let output = configured(&scene, "implement", &asked, &["--set", "limits.task=300ms"]);
    assert_eq!(result(output.exits(1))["failure"]["class"], "timeout");
}

#[test]
fn a_signal_ends_the_agent_with_all_that_it_started() {
    let scene = Scene::new();
    let asked = message(&scene, "implement");
    // Of the second the hidden part does not even listen: after the grace it is killed.
    for (signal, code, trap) in [(Signal::INT, 130, "TERM"), (Signal::TERM, 143, "'' TERM")] {
        let hidden = format!(r"trap {trap}; echo \$\$ > inner; while true; do sleep 1; done");
        scene.shell("text", &format!("setsid sh -c \"{hidden}\" & echo $$ > outer; wait"));
        let mut command = scene.command(["agent", "implement"]);
        let input = scene.world.file("../message.json", asked.to_string());
        let child = command.stdin(std::fs::File::open(input).unwrap()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = child.spawn().unwrap();
        let (inner, outer) = (scene.world.project().join("inner"), scene.world.project().join("outer"));
        let whole = |path: &Path| std::fs::read_to_string(path).is_ok_and(|text| text.ends_with('\n'));
        eventually("the agent's start", || (whole(&inner) && whole(&outer)).then_some(()));
        kill_process(Pid::from_child(&child), signal).unwrap();
        let status = child.wait().unwrap();
        assert_eq!(status.code(), Some(code));
        for file in [&inner, &outer] {
            assert!(test_kill_process(pid(file)).is_err(), "{} is alive", file.display());
            std::fs::remove_file(file).unwrap();
        }
        let mut stdout = String::new();
        child.stdout.take().unwrap().read_to_string(&mut stdout).unwrap();
        let result: Value = serde_json::from_str(&stdout).unwrap();
        assert_eq!(result["failure"]["class"], "cancelled");
    }
}

#[test]
fn an_agent_that_calls_itself_is_stopped() {
    let scene = Scene::new();
    let asked = message(&scene, "implement");
    let program = env!("CARGO_BIN_EXE_orchestra");
    let argv = json!([program, "agent", "implement", "--config", scene.world.project().join("orchestra.yaml")]);
    scene.config(
        json!({"agents": {"self": {"command": {"argv": argv, "parser": "json"}}}, "roles": {"implement": "self"}}),
    );
    let output = configured(&scene, "implement", &asked, &[]);
    output.exits(1).says("an agent seems to call itself").says("--config");
    assert_eq!(result(&output)["failure"]["class"], "exited");
}

#[test]
fn a_run_whose_agent_is_a_worker_comes_to_the_same_as_one_without() {
    let scene = Scene::new();
    let program = env!("CARGO_BIN_EXE_orchestra");
    let check = json!({"hello": {"run": ["grep", "-q", "Hello", "README.md"], "expect": "change"}});
    let worker = json!({"command": {"argv": [program, "agent", "{role}", "--change", "{change}"], "parser": "json", "stdin": "message"}});
    let roles = json!({"research": "worker", "implement": "worker", "test": "worker", "review": "worker"});
    scene.config(json!({"agents": {"worker": worker}, "roles": roles, "checks": check}));
    scene.world.file("ticket.md", TICKET);
    scene.orchestra(["run", "ticket.md"]).exits(0);
    let ours = scene.json("report.json");
    let artifacts: Vec<PathBuf> = files(&scene.dir().join("artifacts")).into_keys().collect();
    assert!(artifacts.iter().any(|path| path.ends_with("research.md")), "{artifacts:?}");
    assert!(scene.text("changes.patch").contains("+Hello."));
    let claims: Vec<String> =
        scene.events("attempt.finished").iter().map(|(_, finished)| finished.to_string()).collect();
    assert!(claims.iter().any(|claim| claim.contains("Read a change of 1 file (+1 -0).")), "{claims:?}");

    let roles = json!({"research": "builtin", "implement": "builtin", "test": "builtin", "review": "builtin"});
    scene.config(
        json!({"roles": roles, "checks": {"hello": {"run": ["grep", "-q", "Hello", "README.md"], "expect": "change"}}}),
    );
    scene.orchestra(["run", "ticket.md"]).exits(0);
    let plain = scene.json("report.json");
    let stands = |report: &Value| -> Vec<(String, String, String)> {
        let steps = report["steps"].as_array().unwrap().iter();
        steps.map(|step| (text(&step["id"]), text(&step["status"]), text(&step["verdict"]))).collect()
    };
    assert_eq!(stands(&ours), stands(&plain));
    assert_eq!(run(scene.command(["apply"]), &[]).exits(0).code, 0);
    assert_eq!(scene.world.read("README.md"), "A project.\nHello.\n");
}
