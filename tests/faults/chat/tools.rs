//! The tools: what they give, what they refuse, and that none reaches outside.

use super::rig::*;

#[tokio::test]
async fn no_tool_reaches_outside_the_workspace() {
    let world = World::new();
    let outside = world.root.path().join("outside");
    fs::create_dir(&outside).unwrap();
    fs::write(outside.join("secret"), "top secret").unwrap();
    std::os::unix::fs::symlink(&outside, world.project().join("link")).unwrap();
    std::os::unix::fs::symlink(outside.join("secret"), world.project().join("file")).unwrap();
    fs::create_dir(world.project().join(".git")).unwrap();
    fs::write(world.project().join(".git/config"), "top secret").unwrap();
    let absolute = outside.join("secret").display().to_string();
    let hostile = [
        "../outside/secret",
        "link/secret",
        "file",
        "src/../../outside/secret",
        absolute.as_str(),
        "/proc/self/environ",
        ".git/config",
        ".GIT/config",
        "./.git/hooks/x",
        "src/.git/config",
        "$ORCHESTRA_INPUTS/../outside/secret",
        "$ORCHESTRA_ARTIFACTS/../outside/secret",
        "a\nb",
        "a\0b",
        "link/new",
        "",
    ];
    let steps = hostile.iter().flat_map(|path| {
        [
            calls("read", json!({"path": path})),
            calls("edit", json!({"path": path, "old": "top", "new": "no"})),
            calls("write", json!({"path": path, "content": "changed"})),
            calls("list", json!({"path": path})),
            calls("search", json!({"pattern": "top secret", "path": path})),
        ]
    });
    let settings = World { settings: ", turns: 200", ..world };
    let done = settings.implement(steps.chain([finishes()]).collect()).await;
    assert_eq!(done.claim().summary, "All is done.");
    for (said, _) in done.results() {
        assert!(!said.contains("top secret"), "{said}");
    }
    assert_eq!(settings.read("outside/secret"), "top secret");
    assert_eq!(settings.read("project/.git/config"), "top secret");
    assert_eq!(fs::read_dir(&outside).unwrap().count(), 1);
    let top = fs::read_dir(settings.root.path()).unwrap().count();
    assert_eq!(top, 6, "project, artifacts, inputs, tmp, outside, attempt");
}

#[tokio::test]
async fn what_is_refused_says_why() {
    let world = World::new();
    fs::write(world.project().join("image"), b"\x89PNG\0\x01").unwrap();
    fs::write(world.project().join("latin"), b"caf\xe9\n").unwrap();
    std::os::unix::fs::symlink("src/a.txt", world.project().join("alias")).unwrap();
    for (tool, arguments, why) in [
        ("read", json!({"path": "none"}), "No such file"),
        ("read", json!({"path": "src"}), "is a folder"),
        ("read", json!({"path": "image"}), "binary file of 6 bytes"),
        ("read", json!({"path": "alias"}), "link to src/a.txt"),
        ("read", json!({"path": "/etc/passwd"}), "absolute"),
        ("edit", json!({"path": "src/a.txt", "old": "t", "new": "x"}), "stands there 2 times, in the lines 2, 3;"),
        ("edit", json!({"path": "src/a.txt", "old": "twoo", "new": "x"}), "the nearest is line 2: `two`"),
        ("edit", json!({"path": "none", "old": "a", "new": "b"}), "No such file"),
        ("write", json!({"path": "src", "content": ""}), "folder"),
        ("search", json!({"pattern": "a("}), "no regular expression"),
        ("search", json!({"pattern": ""}), "a pattern has 1 to"),
        ("list", json!({"path": "src/a.txt"}), "is a file"),
        ("list", json!({"path": "none"}), "there is no folder"),
        ("read", json!({"path": "src/a.txt", "lines": 3}), "unknown field `lines`"),
        ("bash", json!({}), "missing field `command`"),
    ] {
        let (said, failed) = world.gives(Role::Implement, tool, arguments.clone()).await;
        assert!(failed && said.contains(why), "{tool} {arguments}: {said}");
        assert!(!said.contains(world.root.path().to_str().unwrap()), "{said}");
    }
    let (said, failed) = world.gives(Role::Implement, "read", json!({"path": "latin"})).await;
    assert!(!failed && said.starts_with("[not UTF-8 from byte 3 of 5"), "{said}");
}

#[tokio::test]
async fn what_the_task_may_not_write_is_refused_at_once() {
    let world = World::new();
    let mut job = world.job(Role::Implement);
    job.message.scope.write = vec!["src/**".to_owned()];
    let (said, failed) = world.gives_in(job.clone(), "write", json!({"path": "docs/x.md", "content": "x"})).await;
    assert!(failed && said.contains("this task may write only src/**"), "{said}");
    let (said, failed) = world.gives_in(job, "write", json!({"path": "src/new/x.txt", "content": "x"})).await;
    assert!(!failed && said == "made src/new/x.txt of 1 byte", "{said}");
    let edit = json!({"path": "src/a.txt", "old": "one", "new": "1"});
    let (said, failed) = world.gives(Role::Test, "edit", edit).await;
    assert!(failed && said.contains("may write no file"), "{said}");
    assert_eq!(world.read("project/src/a.txt"), "one\ntwo\nthree\n");
}

#[tokio::test]
async fn files_are_listed_and_searched_without_what_is_ignored() {
    let world = World::new();
    for (path, text) in [
        (".gitignore", "out/\n"),
        ("out/made.txt", "needle\n"),
        ("src/b.rs", "a Needle here\r\nand there\n"),
        ("src/deep/c.rs", "x = needle(1);\n"),
    ] {
        fs::create_dir_all(world.project().join(path).parent().unwrap()).unwrap();
        fs::write(world.project().join(path), text).unwrap();
    }
    let given = async |tool, arguments| world.gives(Role::Research, tool, arguments).await.0;
    assert_eq!(given("list", json!({"path": "src"})).await, "deep/  1 file\na.txt  14\nb.rs  25\n");
    assert_eq!(given("list", json!({"glob": "*.rs"})).await, "src/b.rs  25\nsrc/deep/c.rs  15\n");
    assert_eq!(given("search", json!({"pattern": "needle"})).await, "src/deep/c.rs:1: x = needle(1);\n");
    let all = given("search", json!({"pattern": "NEEDLE", "ignore_case": true})).await;
    assert_eq!(all, "src/b.rs:1: a Needle here\nsrc/deep/c.rs:1: x = needle(1);\n");
    assert_eq!(
        given("search", json!({"pattern": "needle(1)", "literal": true, "path": "src/deep"})).await,
        "src/deep/c.rs:1: x = needle(1);\n"
    );
    assert_eq!(given("search", json!({"pattern": "^and .here$", "glob": "src/*.rs"})).await, "src/b.rs:2: and there\n");
    assert_eq!(given("search", json!({"pattern": "nowhere"})).await, "[nothing in 4 files]\n");
}

#[tokio::test]
async fn long_output_is_shown_by_its_beginning_and_its_end() {
    let world = World { settings: ", tool_output: 2000", ..World::new() };
    let (said, failed) = world.gives(Role::Implement, "bash", json!({"command": "seq 1 100000"})).await;
    assert!(!failed && said.len() < 2200, "{}", said.len());
    assert!(
        said.starts_with("1\n2\n") && said.ends_with("\n100000") && said.contains("bytes are left out here"),
        "{said}"
    );
    fs::write(world.project().join("many"), "needle and more\n".repeat(5000)).unwrap();
    let (said, _) = world.gives(Role::Implement, "search", json!({"pattern": "needle"})).await;
    assert!(said.len() < 2200, "{}", said.len());
}

#[tokio::test]
async fn a_command_sees_what_was_handed_on_and_the_model_never_sees_its_value() {
    let world = World { settings: ", pass_env: [HANDED], env: {LOG: info}", ..World::new() };
    let command =
        "env | sort; echo \"$HANDED\" > handed; cat handed; echo \"$TMPDIR\"; ls -d \"$TMPDIR\" >/dev/null && pwd";
    let done = world
        .implement(vec![
            calls("bash", json!({"command": command})),
            calls("read", json!({"path": "handed"})),
            finishes(),
        ])
        .await;
    let results = done.results();
    let (said, failed) = &results[0];
    assert!(!failed && said.contains("HANDED=[HANDED]\n") && said.contains("LOG=info\n"), "{said}");
    assert!(
        said.contains("ORCHESTRA_TASK_ID=t1") && said.contains("ORCHESTRA_ARTIFACTS=$ORCHESTRA_ARTIFACTS\n"),
        "{said}"
    );
    assert!(said.contains("TMPDIR=$TMPDIR\n") && said.ends_with("\n$TMPDIR\n."), "{said}");
    assert!(!said.contains("KEPT") && !said.contains("kept-back-value"), "{said}");
    assert_eq!(results[1].0, "     1\t[HANDED]\n");
    let all = format!("{:?} {:?} {}", done.requests, done.deltas, world.read("attempt/transcript.jsonl"));
    assert!(!all.contains(SECRET) && !all.contains(world.root.path().to_str().unwrap()), "{said}");
    assert!(world.read("project/handed").contains(SECRET), "the command itself has it");
}

#[tokio::test]
async fn a_command_that_fails_hangs_or_leaves_something_running_is_told() {
    let world = World::new();
    let given = async |arguments| world.gives(Role::Implement, "bash", arguments).await;
    assert_eq!(given(json!({"command": "echo no; exit 3"})).await, ("no\n[exit code 3]".to_owned(), false));
    assert_eq!(given(json!({"command": "true"})).await.0, "[it printed nothing]");
    let (said, failed) = given(json!({"command": "echo begun; sleep 60", "timeout_seconds": 1})).await;
    assert!(failed && said == "begun\n[it took longer than 1 s and was ended]", "{said}");
    let (said, failed) = given(json!({"command": "kill -9 $$"})).await;
    assert!(failed && said.starts_with("[killed by SIGKILL"), "{said}");
    let done =
        world.implement(vec![calls("bash", json!({"command": "setsid sleep 300 & echo started"})), finishes()]).await;
    assert_eq!(done.results()[0].0, "started\n[1 process it left running were ended]");
    assert_eq!((done.outcome.leaked, done.outcome.left.len()), (1, 1));
    let (said, _) = given(json!({"command": "cat; printf '\\033[31mred\\033[0m\\r\\n\\377'"})).await;
    assert_eq!(said, "red\n\u{fffd}");
}
