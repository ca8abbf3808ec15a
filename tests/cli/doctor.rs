//! `doctor`: what is there, what is not, and what to do about it; whatever is broken, it is told and not died of.

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use rustix::process::{Pid, test_kill_process};
use serde_json::{Value, json};

use crate::scene::{files, git, text};
use crate::world::{Output, World, run};

/// A project in git, and a PATH of nothing but what the test puts there.
struct Machine {
    world: World,
}

impl Machine {
    /// One with git and a shell.
    fn new() -> Self {
        let machine = Self::bare();
        let path = std::env::var_os("PATH").unwrap();
        for name in ["git", "sh"] {
            let real = std::env::split_paths(&path).map(|dir| dir.join(name)).find(|path| path.is_file()).unwrap();
            std::os::unix::fs::symlink(real, machine.bin().join(name)).unwrap();
        }
        machine
    }

    /// One without any program.
    fn bare() -> Self {
        let machine = Self { world: World::new() };
        git(&machine.world.project(), &["init", "-q"]);
        machine.world.file(".gitignore", "/runs/\n");
        std::fs::create_dir(machine.bin()).unwrap();
        machine
    }

    fn bin(&self) -> PathBuf {
        self.world.project().join("../bin")
    }

    /// Installs a program.
    fn program(&self, name: &str, script: &str) -> &Self {
        let path = self.world.file(&format!("../bin/{name}"), format!("#!/bin/sh\n{script}\n"));
        std::fs::set_permissions(path, PermissionsExt::from_mode(0o755)).unwrap();
        self
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = self.world.command([&["doctor"], args].concat());
        command.env("PATH", self.bin().canonicalize().unwrap());
        command
    }

    fn doctor(&self, args: &[&str]) -> Output {
        run(self.command(args), &[])
    }

    /// What is found with `--json`, and the exit code that must come with it.
    #[track_caller]
    fn finds(&self, args: &[&str], code: i32) -> Findings {
        Findings::of(&self.doctor(&[args, &["--json"]].concat()), code)
    }
}

/// All that was found.
struct Findings(Value);

impl Findings {
    #[track_caller]
    fn of(output: &Output, code: i32) -> Self {
        let document = output.exits(code).json();
        assert_eq!(document["exit"], code, "{output}");
        Self(document)
    }

    /// The one finding that says this, as `status area: says → hint`.
    #[track_caller]
    fn that(&self, part: &str) -> String {
        let all = self.0["findings"].as_array().unwrap().iter();
        let found: Vec<String> = all
            .filter(|finding| text(&finding["says"]).contains(part))
            .map(|finding| {
                let hint = finding["hint"].as_str().map_or_else(String::new, |hint| format!(" → {hint}"));
                format!("{} {}: {}{hint}", text(&finding["status"]), text(&finding["area"]), text(&finding["says"]))
            })
            .collect();
        assert_eq!(found.len(), 1, "{part}: {found:?} of {:#}", self.0);
        found.into_iter().next().unwrap()
    }

    #[track_caller]
    fn has(&self, part: &str, shown: &str) {
        let found = self.that(part);
        assert!(found.starts_with(shown), "{found} is not {shown}");
    }
}

#[test]
fn where_everything_is_there_nothing_stands_in_the_way_and_nothing_is_changed() {
    let machine = Machine::new();
    machine.program("cargo", "exit 1");
    machine.world.file("Cargo.toml", "[package]\nname = \"x\"\n");
    let root = machine.world.project().join("..");
    let before = files(&root);
    let found = machine.finds(&[], 0);
    assert_eq!((&found.0["sandbox"], &found.0["problems"]), (&json!("none"), &json!(0)));
    found.has("version 2.", "ok git");
    found.has("cargo-build, cargo-test: ", "ok checks");
    found.has("git leaves the runs out", "ok folders");
    found.has("no agent writes code", "warning agents");
    found.has("none yet: agents and checks run with your own rights", "note sandbox");
    for what in ["Landlock", "seccomp", "user namespaces", "pidfd", "control groups"] {
        found.that(what);
    }
    for finding in found.0["findings"].as_array().unwrap() {
        let needs_hint = matches!(text(&finding["status"]).as_str(), "warning" | "problem");
        assert_eq!(finding["hint"].is_string(), needs_hint, "{finding}");
    }
    assert_eq!(files(&root), before);
    let output = machine.doctor(&[]);
    output.exits(0).says("ready to run");
    assert!(output.stdout.lines().any(|line| line.starts_with("ok       git      version 2.")), "{output}");
}

#[test]
fn without_git_home_programs_or_project_all_of_that_is_told() {
    let machine = Machine::bare();
    let mut command = machine.command(&["-C", "../data", "--json"]);
    command.env_remove("HOME").env_remove("XDG_CONFIG_HOME");
    let found = Findings::of(&run(command, &[]), 6);
    found.has("there is no git", "problem git: there is no git → install git 2.38 or newer");
    found.has("HOME is not set", "warning system");
    found.has("there is no sh", "warning system");
    found.has("no orchestra.yaml", "note config");
    let output = machine.doctor(&[]);
    output.exits(6).says("must be fixed before a run").says("fix what is marked");
    machine.finds(&["--set", "workspace.mode=in-place"], 0).has("there is no git", "warning git");
}

#[test]
fn a_git_that_is_too_old_or_silent_is_a_problem() {
    for (script, says) in [("echo git version 2.30.1", "git 2.30.1, at "), ("exit 1", "does not say its version")] {
        let machine = Machine::bare();
        machine.program("git", script);
        machine.finds(&[], 6).has(says, "problem git");
    }
}

#[test]
fn agents_are_asked_for_their_version_and_none_keeps_us_waiting() {
    let machine = Machine::new();
    let pid = machine.world.project().join("../pid");
    machine.program("claude", &format!("echo $$ > {}; while :; do :; done", pid.display()));
    machine.program("codex", "test \"$1\" = --version && printf 'codex 1.2\\033[31m\\nmore\\n'");
    machine.program("gemini", "echo broken; exit 3");
    machine.program("mine", "echo $@ > called");
    machine.world.file("named.yaml", "agents: {mine: {command: {argv: [mine]}}}\nroles: {implement: mine}\n");
    let output = machine.doctor(&["--json", "--config", "named.yaml"]);
    assert!(output.took < Duration::from_secs(30), "{output}");
    let found = Findings::of(&output, 0);
    found.has("claude is installed: version unknown", "note agents");
    found.has("codex is installed: codex 1.2", "note agents");
    found.has("gemini is installed: version unknown", "note agents");
    found.has("mine does implement: command: mine", "ok agents");
    assert!(!output.stdout.contains("\\u001b"), "{output}");
    assert!(!machine.world.project().join("called").exists(), "what is not known is not called");
    let number = std::fs::read_to_string(&pid).unwrap().trim().parse().unwrap();
    assert!(test_kill_process(Pid::from_raw(number).unwrap()).is_err(), "it is alive");
}

#[test]
fn a_broken_configuration_is_one_problem_among_the_others() {
    let machine = Machine::bare();
    machine.world.file("orchestra.yaml", "version: 1\nrun:\n  job: 2\n");
    let found = machine.finds(&[], 2);
    let fault = found.that("run.job");
    assert!(
        fault.starts_with("problem config: the configuration has a fault: ") && fault.contains("orchestra.yaml:3:3"),
        "{fault}"
    );
    found.has("as if there were no project file", "note config");
    found.has("there is no git", "problem git");
    machine.world.file("../config/orchestra/config.yaml", "- no map\n");
    machine.finds(&[], 2).has("there is no git", "problem git");
    machine.finds(&["--config", "absent.yaml"], 2).has("absent.yaml", "problem config");
    machine.finds(&["--set", "run.jobs=0"], 2).has("run.jobs", "problem config");
}

#[test]
fn what_a_found_file_says_in_vain_is_a_warning_each() {
    let machine = Machine::new();
    machine.world.file("orchestra.yaml", "checks: {mine: {run: [rm]}}\n");
    let found = machine.finds(&[], 0);
    found.has("checks.mine does not count", "warning config");
}

#[test]
fn an_agent_that_cannot_be_started_is_a_problem_where_a_role_needs_it() {
    let machine = Machine::new();
    let agent = |argv: &str, roles: &str| {
        machine
            .world
            .file("named.yaml", format!("agents: {{mine: {{command: {{argv: {argv}}}}}}}\nroles: {{{roles}}}\n"));
    };
    agent("[no-such-tool]", "implement: mine");
    let found = machine.finds(&["--config", "named.yaml"], 6).that("no-such-tool");
    assert!(found.starts_with("problem agents") && found.contains("(it does implement)"), "{found}");
    agent("[no-such-tool]", "");
    machine.finds(&["--config", "named.yaml"], 0).has("no-such-tool", "warning agents");
    agent("[sh, '{mesage}']", "implement: mine");
    machine.finds(&["--config", "named.yaml"], 2).has("{mesage}", "problem agents");
}

#[test]
fn keys_are_named_and_never_shown() {
    const SECRET: &str = "sk-hunter2-correct-horse";
    let machine = Machine::new();
    machine.world.file(
        "named.yaml",
        "agents: {mine: {command: {argv: [sh], pass_env: [MY_KEY, OTHER_KEY]}}}\nroles: {implement: mine}\n",
    );
    for more in [&["--json"][..], &["-v"]] {
        let mut command = machine.command(&[&["--config", "named.yaml"], more].concat());
        command.env("OPENAI_API_KEY", SECRET).env("MY_KEY", format!("{SECRET}\n")).env("GEMINI_API_KEY", "");
        command.env("HTTPS_PROXY", format!("http://user:{SECRET}@proxy"));
        let output = run(command, &[]);
        output.exits(0);
        assert!(!output.stdout.contains("hunter2") && !output.stderr.contains("hunter2"), "{output}");
        if more == ["--json"] {
            let found = Findings::of(&output, 0);
            assert!(found.that("names them").ends_with(": MY_KEY, OPENAI_API_KEY"), "{output}");
            found.has("MY_KEY begins or ends with white space", "warning keys");
            found.has("mine is to be given OTHER_KEY", "warning keys");
            found.has("a proxy is set (HTTPS_PROXY), and mine does not see it", "warning system");
        }
    }
    machine.finds(&[], 0).has("no key that is known", "note keys");
}

#[test]
fn folders_that_cannot_hold_a_run_are_told() {
    let machine = Machine::new();
    machine.world.file(".gitignore", "");
    machine.finds(&[], 0).has(
        "git does not leave the runs out",
        "warning folders: git does not leave the runs out → put the line /runs/",
    );
    machine.world.file("runs", "not a folder");
    machine.finds(&[], 6).has("is no folder", "problem folders: runs: ");
    std::fs::remove_file(machine.world.project().join("runs")).unwrap();

    let mut command = machine.command(&["--json"]);
    command.env("XDG_CACHE_HOME", machine.world.project().join("cache"));
    Findings::of(&run(command, &[]), 2).has("in the project itself", "problem folders");

    let mut command = machine.command(&["--json"]);
    command.env("TMPDIR", machine.world.project().join("../absent"));
    let found = Findings::of(&run(command, &[]), 6);
    found.has("temporary files: ", "problem folders");
    found.has("version 2.", "ok git");
}

#[test]
fn a_check_whose_program_is_missing_is_told_with_its_kind_of_project() {
    let machine = Machine::new();
    machine.world.file("go.mod", "module x\n");
    let found = machine.finds(&[], 0).that("go-build, go-test");
    assert!(
        found.starts_with("warning checks") && found.contains("command not found: go (this is a project of go)"),
        "{found}"
    );
    std::fs::remove_file(machine.world.project().join("go.mod")).unwrap();
    machine.finds(&[], 0).has("no check was found", "warning checks");
    let setup = ["--set", "workspace.setup=[[no-such-tool, ci]]"];
    machine.finds(&setup, 6).has("the set-up command `no-such-tool ci`", "problem checks");
}

/// A server that answers every request with this status, and notes what it was asked.
fn server(status: &'static str) -> (String, std::sync::Arc<std::sync::Mutex<Vec<String>>>) {
    use std::io::{Read, Write};
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let asked = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let heard = std::sync::Arc::clone(&asked);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            let mut begun = [0; 4096];
            let length = stream.read(&mut begun).unwrap_or(0);
            heard.lock().unwrap().push(String::from_utf8_lossy(&begun[..length]).into_owned());
            drop(write!(stream, "HTTP/1.1 {status}\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{{}}"));
        }
    });
    (base, asked)
}

#[test]
fn of_each_model_it_is_told_whether_it_can_be_asked_and_a_key_is_never_shown() {
    const KEY: &str = "sk-doctor-0123456789abcdef";
    let machine = Machine::new();
    let ((good, asked), (bad, _)) = (server("200 OK"), server("401 Unauthorized"));
    let gone = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        format!("http://{}", listener.local_addr().unwrap())
    };
    let service = |base: &str| format!("model: m, base_url: '{base}', api_key_env: MY_KEY");
    machine.world.file(
        "named.yaml",
        format!(
            "planner: {{use: template}}\nmodels:\n  good: {{anthropic: {{{}, prices: {{input: 1, output: 2}}}}}}\n  bad: {{openai: {{{}}}}}\n  \
             gone: {{openai-chat: {{{}}}}}\n  keyless: {{openai: {{model: m, api_key_env: NOT_SET}}}}\n  tape: {{replay: {{dir: none}}}}\n",
            service(&good),
            service(&format!("{bad}/v1")),
            service(&format!("{gone}/v1"))
        ),
    );
    let looked = |more: &[&str], code: i32| {
        let mut command = machine.command(&[&["--json", "--config", "named.yaml"], more].concat());
        command.env("MY_KEY", KEY);
        let output = run(command, &[]);
        assert!(!format!("{output}").contains(KEY), "{output}");
        Findings::of(&output, code)
    };
    let found = looked(&[], 0);
    found.has("good can be asked: m at http://127.0.0.1:", "ok models");
    found.has("bad cannot be asked", "warning models");
    assert!(found.that("bad cannot be asked").contains("MY_KEY"), "{}", found.that("bad cannot be asked"));
    found.has("gone cannot be asked", "warning models");
    found.has("`NOT_SET` is not set", "warning models");
    found.has("there are no recordings in", "warning models");
    found.has("what bad costs is unknown", "note models");
    let heard = asked.lock().unwrap().join("\n");
    assert!(heard.starts_with("GET /v1/models HTTP/1.1") && heard.contains(KEY), "{heard}");

    // What a run would ask stands in its way.
    looked(&["--set", "planner.use=model", "--set", "planner.model=gone"], 6)
        .has("gone cannot be asked", "problem models");
    looked(&["--set", "planner.use=model", "--set", "planner.model=keyless"], 6).has("`NOT_SET`", "problem models");
    let chat = ["--set", "agents.coder.chat.model=good", "--set", "roles.implement=coder"];
    looked(&chat, 0).has("coder does implement", "ok agents");
}
