//! What an agent is told, what it is kept from, and what of it is kept.

use std::os::unix::fs::PermissionsExt;

use serde_json::{Value, json};

use crate::scene::{Scene, appears, files, text};
use crate::world::run;

/// The keys of an object, in order.
fn keys(value: &Value) -> Vec<String> {
    let mut keys: Vec<String> = value.as_object().unwrap().keys().cloned().collect();
    keys.sort();
    keys
}

#[test]
fn a_message_holds_summaries_and_artifact_paths_and_nothing_else_of_other_tasks() {
    let scene = Scene::new();
    scene.answers(&[
        json!({
            "task": "find", "summary": "It is in README.md.", "output": "THE-WHOLE-OUTPUT",
            "findings": [{"text": "A-FINDING"}], "leaves": {"notes.md": "THE-NOTES\n"}
        }),
        json!({"task": "fix", "writes": {"fix.txt": "x"}, "summary": "Mended."}),
        json!({"task": "*", "summary": "Looked."}),
    ]);
    scene.plan(&[
        json!({"id": "find", "role": "research", "scope": {"constraints": ["Keep the licence."]}}),
        json!({"id": "other", "role": "research", "instructions": "NOT-FOR-OTHERS"}),
        json!({"id": "fix", "depends_on": ["find"], "scope": {"write": ["*.txt"]}, "checks": [appears("fix.txt")]}),
    ]);
    scene.run(&["-m", "Mend the README.\n", "--ref", "T-1"]).exits(0);

    let message = scene.message("3-fix", 1);
    let expected = [
        "checks",
        "constraints",
        "dependencies",
        "instructions",
        "limits",
        "parent_id",
        "role",
        "run",
        "schema",
        "scope",
        "task_id",
        "ticket",
        "title",
    ];
    assert_eq!(keys(&message), expected);
    assert_eq!(message["schema"], "orchestra.message/v1");
    assert_eq!(message["constraints"], json!(["Keep the licence."]));
    assert_eq!(message["checks"], json!(["fix-txt-is-there"]));
    assert_eq!((&message["ticket"]["ref"], &message["ticket"]["title"]), (&json!("T-1"), &json!("Mend the README")));
    let told = message["dependencies"].as_array().unwrap();
    assert_eq!(told.len(), 1);
    assert_eq!(keys(&told[0]), ["artifacts", "status", "summary", "task_id"]);
    assert_eq!(told[0]["summary"], "It is in README.md.");
    assert_eq!(keys(&told[0]["artifacts"][0]), ["path", "sha256", "size"]);
    assert!(text(&told[0]["artifacts"][0]["path"]).ends_with("notes.md"));
    let whole = message.to_string();
    let project = scene.world.project().display().to_string();
    for foreign in ["THE-WHOLE-OUTPUT", "A-FINDING", "THE-NOTES", "NOT-FOR-OTHERS", "PATH", &project] {
        assert!(!whole.contains(foreign), "{foreign}: {whole}");
    }
}

#[test]
fn the_message_is_the_same_on_stdin_in_a_file_and_on_record() {
    let scene = Scene::new();
    scene.shell(
        "text",
        "cat > $ORCHESTRA_ARTIFACTS/stdin.json; cp $ORCHESTRA_MESSAGE $ORCHESTRA_ARTIFACTS/file.json; echo done",
    );
    scene.plan(&[json!({"id": "look", "role": "research"})]);
    scene.run(&[]).exits(0);
    let kept = files(&scene.dir().join("artifacts"));
    let named = |name: &str| kept.iter().find(|(path, _)| path.ends_with(name)).unwrap().1;
    assert_eq!(named("stdin.json"), named("file.json"));
    let recorded = std::fs::read(scene.dir().join("tasks/1-look.1.message.json")).unwrap();
    assert_eq!(*named("stdin.json"), recorded);
}

#[test]
fn a_child_sees_the_documented_variables_and_no_others() {
    let scene = Scene::new();
    scene.shell("text", "env | cut -d= -f1 > $ORCHESTRA_ARTIFACTS/env; echo done");
    scene.plan(&[json!({"id": "look", "role": "research"})]);
    let mut command = scene.command(["run", "--plan", "plan.json"]);
    command.env("SECRET_KEY", "abc").env("GIT_DIR", "/nowhere").env("LD_AUDIT", "");
    run(command, &[]).exits(0);
    let kept = files(&scene.dir().join("artifacts"));
    let listed = kept.iter().find(|(path, _)| path.ends_with("env")).unwrap().1;
    let mut seen: Vec<&str> = std::str::from_utf8(listed).unwrap().lines().collect();
    // The shell's own.
    seen.retain(|name| !["PWD", "OLDPWD", "SHLVL", "_"].contains(name));
    seen.sort_unstable();
    for name in &seen {
        let documented = ["PATH", "HOME", "LANG", "TERM", "TMPDIR", "TRACEPARENT"].contains(name)
            || name.starts_with("ORCHESTRA_")
            || name.starts_with("LC_");
        assert!(documented, "{name} of {seen:?}");
    }
    for name in ["RUN_ID", "TASK_ID", "ATTEMPT", "ROLE", "MESSAGE", "ARTIFACTS"] {
        assert!(seen.contains(&format!("ORCHESTRA_{name}").as_str()), "{name} of {seen:?}");
    }
}

#[test]
fn a_secret_that_was_passed_on_is_nowhere_in_the_records_or_on_the_screen() {
    const SECRET: &str = "hunter2-correct-horse-battery";
    let scene = Scene::new();
    scene.config(json!({
        "agents": {"sh": {"command": {
            "argv": ["sh", "-c", "echo \"the key is $KEY\" >&2; echo \"$KEY\" > $ORCHESTRA_ARTIFACTS/key.txt; \
                      printf '{\"status\":\"failed\",\"summary\":\"I used %s\",\"output\":\"%s\"}\n' \"$KEY\" \"$KEY\""],
            "parser": "json", "pass_env": ["KEY"],
        }}},
        "roles": {"research": "sh"},
        "verify": {"pass_env": ["KEY"]},
    }));
    let check = json!({"name": "leaky", "run": ["sh", "-c", "echo checked with $KEY; exit 1"], "expect": "change"});
    scene.plan(&[json!({"id": "look", "role": "research"}), json!({"id": "fix", "checks": [check]})]);
    let mut command = scene.command(["run", "--plan", "plan.json", "--continue-on-error", "-v"]);
    command.env("KEY", SECRET);
    let output = run(command, &[]);
    output.exits(1).says("I used");
    assert!(!output.stderr.contains(SECRET) && !output.stdout.contains(SECRET), "{output}");
    for (path, content) in files(&scene.dir()) {
        // What an agent leaves as a file is its own; all else is ours.
        let left = |attempt: u32| path.starts_with(format!("tasks/1-look.{attempt}.artifacts"));
        let ours = !path.starts_with("artifacts") && !left(1) && !left(2);
        let holds = content.windows(SECRET.len()).any(|bytes| bytes == SECRET.as_bytes());
        assert!(!(ours && holds), "{}", path.display());
    }
}

#[test]
fn records_are_for_their_owner_only() {
    let scene = Scene::new();
    scene.answers(&[json!({"task": "*", "writes": {"fix.txt": "x"}, "leaves": {"a/b.txt": "x"}, "summary": "Done."})]);
    scene.plan(&[json!({"id": "fix", "checks": [appears("fix.txt")]})]);
    scene.run(&[]).exits(0);
    let mut folders = vec![scene.dir()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            let meta = std::fs::symlink_metadata(&path).unwrap();
            let mode = meta.permissions().mode() & 0o777;
            // What an agent makes in its own folder has the modes it likes; nobody else gets there.
            if folder.ends_with("tasks/1-fix.1.artifacts") {
                continue;
            }
            if meta.is_dir() {
                assert_eq!(mode, 0o700, "{}", path.display());
                folders.push(path);
            } else {
                // Git makes its objects read-only.
                assert!(mode == 0o600 || mode == 0o400, "{mode:o} {}", path.display());
            }
        }
    }
}

#[test]
fn what_a_child_prints_reaches_neither_terminal_nor_report_alive() {
    let scene = Scene::new();
    let hostile = "\\033[31mred\\033[0m \\033]0;title\\007 \\342\\200\\256bidi \\377\\376 \\r\\n# A forged heading\\n\\n<script>x</script>\\n";
    // The summary, the output, the failure and a finding, each in its turn.
    for (script, code) in [
        (format!("printf '{hostile}'"), 0),
        (format!("printf '{hostile}' >&2; exit 7"), 1),
        (r#"printf '{"status":"done","summary":"\\u001b[31mred\\u202e\\n# A forged heading\\n<script>","output":"\\u001b]0;x\\u0007\\n# A forged heading\\n```","findings":[{"file":"\\u001b[1m","text":"\\n# A forged heading <script>"}]}'"#.to_owned(), 0),
    ] {
        let parser = if script.contains("status") { "json" } else { "text" };
        let mut config = crate::scene::shell(parser, &script);
        config["run"] = json!({"attempts": 1});
        scene.config(config);
        scene.plan(&[json!({"id": "look", "role": "research", "title": "\u{202e}A title\n# A forged heading"})]);
        let output = scene.run(&["-v"]);
        output.exits(code);
        let report = scene.text("report.md");
        for (what, shown) in [("stderr", &output.stderr), ("stdout", &output.stdout), ("report", &report)] {
            let dead = |c: char| (c.is_control() && c != '\n' && c != '\t') || ('\u{202a}'..='\u{202e}').contains(&c);
            assert!(!shown.contains(dead), "{what}: {shown:?}");
        }
        let prose = outside_fences(&report);
        assert!(!prose.iter().any(|line| line.trim_start().starts_with("# A forged")), "{report}");
        assert!(!prose.iter().any(|line| line.contains("<script>")), "{report}");
        // JSONL is valid whatever bytes there were.
        assert!(!scene.journal().is_empty());
        let shown = scene.orchestra(["runs", "show"]);
        assert!(!shown.stdout.contains(['\u{1b}', '\u{7}', '\u{202e}', '\r']), "{shown}");
    }
}

/// The lines of a Markdown text that are not in a fenced block.
fn outside_fences(text: &str) -> Vec<&str> {
    let mut open: Option<String> = None;
    let mut outside = Vec::new();
    for line in text.lines() {
        let ticks: String = line.chars().take_while(|c| *c == '`').collect();
        match &open {
            Some(fence) if ticks.len() >= fence.len() && line == ticks => open = None,
            Some(_) => {}
            None if ticks.len() >= 3 => open = Some(ticks),
            None => outside.push(line),
        }
    }
    assert_eq!(open, None, "a block that never ends: {text}");
    outside
}
