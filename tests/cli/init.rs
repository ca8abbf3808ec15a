//! `init`: a first configuration that holds at once, and runs that version control leaves out.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::scene::{git, text};
use crate::world::{Output, World, run};

/// A project of some kind, in git.
fn project(files: &[(&str, &str)]) -> World {
    let world = World::new();
    git(&world.project(), &["init", "-q"]);
    for (path, content) in files {
        world.file(path, content);
    }
    world
}

/// Calls the program where no coding agent is installed.
fn orchestra(world: &World, args: &[&str]) -> Output {
    let mut command = world.command(args);
    command.env("PATH", "/usr/bin:/bin");
    run(command, &[])
}

/// What a run would check, by its dry run.
fn checks(preview: &Value) -> Vec<Value> {
    let tasks = preview["tasks"].as_array().unwrap().iter();
    let checks = tasks.flat_map(|task| task["checks"].as_array().unwrap().clone());
    // Those of a configuration are in the order of their names.
    let mut checks: Vec<Value> = checks.map(|check| check["run"].clone()).collect();
    checks.sort_by_key(Value::to_string);
    checks.dedup();
    checks
}

/// The file with its example of agents and checks made valid.
fn uncommented(file: &str) -> String {
    let lines = file.lines().map(|line| match line.strip_prefix("# ") {
        Some(rest) if rest.starts_with(' ') || rest.ends_with(':') && !rest.contains(' ') => rest,
        Some(_) | None => line,
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn the_file_is_short_and_explains_itself() {
    let world = project(&[("Cargo.toml", "[package]\nname = \"x\"\n")]);
    let output = orchestra(&world, &["init"]);
    output.exits(0).says("next: orchestra doctor");
    insta::assert_snapshot!(output.stdout, @r"
    wrote orchestra.yaml (cargo, by Cargo.toml)
    checks: cargo-build, cargo-test
    added /runs/ to .gitignore
    ");
    insta::assert_snapshot!(world.read("orchestra.yaml"), @r#"
    # How orchestra works on this project (cargo, by Cargo.toml). All settings and their sources: orchestra config show --origin
    version: 1

    planner:
      use: auto       # auto: a model if you bring one, else the template; template: a fixed workflow, no model
      max_tasks: 20   # maximum number of tasks in a plan

    # The agent for each role: a name under `agents`, or builtin, which has no model and only applies diffs in the ticket.
    roles:
      research: builtin    # finds the code that the ticket is about
      implement: builtin   # changes it
      test: builtin        # writes tests
      review: builtin      # reads the change

    limits:
      run: 8h         # time limit of a run
      task: 30m       # time limit of one attempt at a task
      idle: 5m        # maximum time without output of an agent
      launches: 200   # maximum number of agent launches in a run

    # The settings below run commands. They apply only if you trust this file by naming it: --config orchestra.yaml

    # A language model of yours, which then plans; `implement: chat` under `roles` has it change the code as well. docs/models.md has more.
    # models: {main: {anthropic: {model: claude-sonnet-5-5}}}   # or openai; the key stays in ANTHROPIC_API_KEY or OPENAI_API_KEY

    # Your own agent: any program that takes a prompt and edits files.
    # agents:
    #   mine:
    #     command:
    #       argv: [my-agent, --prompt-file, "{prompt_file}"]   # the program and its arguments; no shell
    #       pass_env: [MY_AGENT_API_KEY]                       # other variables of yours are not passed on

    # Checks: these were detected, and are used unless you set your own here.
    # checks:
    #   cargo-build: {run: [cargo, build, --all-targets], kind: build}
    #   cargo-test: {run: [cargo, test]}
    "#);
}

#[test]
fn every_kind_of_project_gets_a_file_that_holds_at_once() {
    for (kind, files) in [
        ("cargo", &[("Cargo.toml", "[workspace]\n")][..]),
        ("npm", &[("package.json", r#"{"scripts":{"test":"vitest","build":"tsc"}}"#)]),
        ("pytest", &[("tests/test_a.py", "")]),
        ("go", &[("go.mod", "module x\n")]),
        ("make", &[("Makefile", "test:\n\ttrue\n")]),
        ("several", &[("go.mod", "module x\n"), ("Cargo.toml", ""), ("Makefile", "check:\n")]),
        ("none", &[("a.py", "")]),
        ("empty", &[]),
    ] {
        let world = project(files);
        let dry = |args: &[&str]| orchestra(&world, &[&["run", "-m", "Mend it", "--dry-run", "--json"], args].concat());
        let previewed = |output: &Output| {
            let mut preview = output.exits(0).json();
            // It holds when it was made.
            preview.as_object_mut().unwrap().remove("plan");
            preview
        };
        let before = previewed(&dry(&[]));
        orchestra(&world, &["init"]).exits(0);
        // Found, named, and with its examples switched on: nothing of it is refused, and nothing changes.
        assert_eq!(orchestra(&world, &["config", "check"]).exits(0).stderr, "", "{kind}");
        orchestra(&world, &["config", "check", "orchestra.yaml"]).exits(0);
        let after = dry(&[]);
        assert!(!after.exits(0).stderr.contains("ignored"), "{kind}: {after}");
        assert_eq!(previewed(&after), before, "{kind}");
        let whole = uncommented(&world.read("orchestra.yaml"));
        assert!(whole.contains("\nagents:\n  mine:\n") && whole.contains("\nchecks:\n"), "{whole}");
        world.file("whole.yaml", &whole);
        orchestra(&world, &["config", "check", "whole.yaml"]).exits(0);
        if !matches!(kind, "none" | "empty") {
            assert_eq!(checks(&dry(&["--config", "whole.yaml"]).exits(0).json()), checks(&before), "{kind}");
            assert!(!checks(&before).is_empty(), "{kind}");
        }
    }
}

#[test]
fn what_the_users_own_file_says_is_repeated_so_that_nothing_of_it_is_lost() {
    let world = project(&[]);
    world.file(
        "../config/orchestra/config.yaml",
        "limits: {run: 1h}\nagents: {mine: {command: {argv: [sh]}}}\nroles: {implement: mine}\n",
    );
    let mut command = world.command(["init", "--set", "limits.task=5m"]);
    command.env("ORCHESTRA_CFG__LIMITS__LAUNCHES", "3");
    run(command, &[]).exits(0);
    let shown = orchestra(&world, &["config", "show", "--json"]);
    assert_eq!(shown.exits(0).stderr, "", "{shown}");
    let shown = shown.json();
    let (limits, roles) = (&shown["limits"], &shown["roles"]);
    assert_eq!([&limits["run"], &limits["task"], &limits["launches"]], [&json!("1h"), &json!("5m"), &json!(200)]);
    assert_eq!(roles["implement"], "mine");
}

#[test]
fn a_file_that_is_there_is_never_written_over_unasked() {
    for name in ["orchestra.yaml", ".orchestra.yaml"] {
        let world = project(&[(name, "run: {jobs: [broken\n")]);
        orchestra(&world, &["init"]).exits(2).says(name).says("--force");
        assert_eq!(world.read(name), "run: {jobs: [broken\n");
        assert!(!world.project().join(".gitignore").exists(), "nothing is half done");
        orchestra(&world, &["init", "--force"]).exits(0);
        orchestra(&world, &["config", "check"]).exits(0);
        let first = (world.read(name), world.read(".gitignore"));
        orchestra(&world, &["init", "--force"]).exits(0);
        assert_eq!((world.read(name), world.read(".gitignore")), first, "the same again");
    }
    let both = project(&[("orchestra.yaml", ""), (".orchestra.yaml", "")]);
    orchestra(&both, &["init", "--force"]).exits(2).says("remove one");
    let linked = project(&[("other.yaml", "mine\n")]);
    std::os::unix::fs::symlink("other.yaml", linked.project().join("orchestra.yaml")).unwrap();
    orchestra(&linked, &["init", "--force"]).exits(2).says("not a plain file");
    assert_eq!(linked.read("other.yaml"), "mine\n");
}

#[test]
fn what_is_printed_is_what_would_be_written_and_nothing_is() {
    let world = project(&[("go.mod", "module x\n")]);
    let printed = orchestra(&world, &["init", "--print"]).exits(0).stdout.clone();
    assert!(!world.project().join("orchestra.yaml").exists() && !world.project().join(".gitignore").exists());
    orchestra(&world, &["init"]).exits(0);
    assert_eq!(world.read("orchestra.yaml"), printed);
    assert_eq!(text(&orchestra(&world, &["init", "--print", "--json"]).exits(0).json()["text"]), printed);
}

#[test]
fn the_runs_are_left_out_of_git_by_one_line_that_keeps_the_rest_of_the_file() {
    for (before, after) in [
        (None, "/runs/\n"),
        (Some("/target\n"), "/target\n/runs/\n"),
        (Some("/target"), "/target\n/runs/\n"),
        (Some("a\r\nb"), "a\r\nb\r\n/runs/\r\n"),
        (Some("runs\n"), "runs\n"),
        (Some("*\n!/src\n"), "*\n!/src\n"),
        (Some("/runs/*\n!/runs/README.md\n"), "/runs/*\n!/runs/README.md\n"),
    ] {
        let world = project(&[]);
        if let Some(before) = before {
            world.file(".gitignore", before);
        }
        orchestra(&world, &["init"]).exits(0);
        assert_eq!(world.read(".gitignore"), after);
        world.file("runs/20261121-093312-a1b2/events.jsonl", "");
        let seen = git(&world.project(), &["status", "--porcelain", "--untracked-files=all"]);
        assert!(!seen.contains("runs/"), "{before:?}: {seen}");
    }
}

#[test]
fn it_works_below_a_repository_in_a_linked_worktree_and_without_git() {
    let world = project(&[("sub/go.mod", "module x\n"), (".gitignore", "/runs/\n")]);
    orchestra(&world, &["init", "sub"]).exits(0).says("-C sub");
    assert_eq!(
        (world.read("sub/.gitignore"), world.read(".gitignore")),
        ("/runs/\n".to_owned(), "/runs/\n".to_owned())
    );
    let identity = ["-c", "user.name=u", "-c", "user.email=u@example.org"];
    git(&world.project(), &["add", "--all"]);
    git(&world.project(), &[&identity[..], &["commit", "-qm", "x"]].concat());

    git(&world.project(), &["worktree", "add", "-q", "--detach", "../linked"]);
    let linked = world.project().join("../linked");
    let exclude = world.project().join(".git/info/exclude");
    std::fs::write(exclude, "/runs\n").unwrap();
    std::fs::remove_file(linked.join(".gitignore")).unwrap();
    orchestra(&world, &["-C", "../linked", "init"]).exits(0);
    assert!(linked.join("orchestra.yaml").is_file() && !linked.join(".gitignore").exists(), "excluded already");

    let bare = World::new();
    let made = orchestra(&bare, &["init", "new/project"]);
    assert_eq!(
        made.exits(0).stdout.lines().next(),
        Some("wrote new/project/orchestra.yaml (nothing known by its files)")
    );
    assert_eq!(bare.read("new/project/.gitignore"), "/runs/\n");
    let rights = |path: PathBuf| std::fs::metadata(path).unwrap().permissions().mode();
    let plain = rights(bare.file("plain", ""));
    assert_eq!(
        rights(bare.project().join("new/project/orchestra.yaml")),
        plain,
        "a file of the project like any other"
    );
    orchestra(&bare, &["-C", "new/project", "run", "-m", "Mend it", "--dry-run"]).exits(0);
}

#[test]
fn what_cannot_be_written_is_said_in_words() {
    let world = project(&[("a-file", ""), ("runs-elsewhere/x", "")]);
    orchestra(&world, &["init", "a-file"]).exits(2).says("a-file");
    orchestra(&world, &["init", "--config", "x.yaml"]).exits(2).says("--config");
    std::fs::create_dir(world.project().join(".gitignore")).unwrap();
    orchestra(&world, &["init"]).exits(0).says("add /runs/");
}

#[test]
fn agents_that_are_installed_are_named_and_none_is_configured() {
    let world = project(&[]);
    let bin = world.file("../bin/codex", "#!/bin/sh\nexit 9\n");
    std::fs::set_permissions(&bin, PermissionsExt::from_mode(0o755)).unwrap();
    let mut command = world.command(["init", "--json"]);
    command.env("PATH", format!("{}:/usr/bin:/bin", bin.parent().map(Path::display).unwrap()));
    let document = run(command, &[]).exits(0).json();
    assert_eq!(document["agents"], json!(["codex"]));
    assert_eq!(document["runs"]["added"], "/runs/");
    assert!(world.read("orchestra.yaml").contains("Found here: codex"));
    assert_eq!(orchestra(&world, &["config", "show", "--json"]).exits(0).json()["agents"], json!({}));
}
