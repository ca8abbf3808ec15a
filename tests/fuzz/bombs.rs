//! Texts that are small and would like to be large: each ends with its exit code, soon, in memory that fits its size.

use std::fs::{self, File};
use std::process::{Command, Stdio};
use std::time::Duration;

use wait4::Wait4;

/// What the program itself takes, with room for how it was built.
const ITSELF: u64 = 64 << 20;
/// Bytes of memory for a byte of text.
const EACH: u64 = 100;

/// Runs the program on `text` and expects an end that is no accident.
fn ends(args: &[&str], name: &str, text: &str) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join(name);
    fs::write(&file, text).unwrap();
    let said = folder.path().join("said");
    let mut command = Command::new(env!("CARGO_BIN_EXE_orchestra"));
    command.args(args).arg(&file).current_dir(folder.path()).env_clear().env("HOME", folder.path());
    command.stdin(Stdio::null()).stdout(File::create(&said).unwrap()).stderr(File::create(&said).unwrap());
    let ended = command.spawn().unwrap().wait4().unwrap();
    let begin: String = text.chars().take(24).collect();
    let code = ended.status.code();
    assert!(matches!(code, Some(0 | 2)), "{begin:?}: {code:?} {}", fs::read_to_string(&said).unwrap_or_default());
    let used = ended.rusage.utime + ended.rusage.stime;
    assert!(used < Duration::from_secs(20), "{begin:?} took {used:?}");
    let size = text.len() as u64;
    assert!(ended.rusage.maxrss <= ITSELF + EACH * size, "{begin:?}: {} bytes for {size}", ended.rusage.maxrss);
}

#[test]
fn plans_that_would_like_to_be_large_are_refused_in_their_own_size() {
    let item = r#"{"id":1,"title":"t","status":"pending","dependencies":[],"subtasks":["#;
    for text in [
        "[".repeat(200_000),
        "{\"tasks\":".repeat(200_000),
        format!("{{\"tasks\":[{}", "{\"id\":\"a\"},".repeat(30_000)),
        format!("{{\"tasks\":[{}]}}", vec!["1"; 200_000].join(",")),
        format!("{{\"tasks\":[{}", r#"{"id":"a","depends_on":[0,0,0,0],"x":1},"#.repeat(9_000)),
        format!(
            r#"{{"tasks":[{{"id":"a","title":"t","role":"test","depends_on":[{}]}}]}}"#,
            vec!["{}"; 200_000].join(",")
        ),
        format!(r#"{{"tasks":[{{"id":"a","title":"t","role":"test","checks":[{}]}}]}}"#, vec!["1"; 200_000].join(",")),
        format!(r#"{{"tasks":[{{"id":"a","title":"t","role":"test"}}],"x":[{}1]}}"#, "{a:1,},".repeat(60_000)),
        format!("{{\"title\":\"{}\"}}", "\\u0001".repeat(60_000)),
        format!("{{\"master\":{{\"tasks\":[{}", item.repeat(4_000)),
        "{\"id\":\"x-1\",\"title\":\"t\",\"status\":\"open\"}\n".repeat(9_000),
        "```json\n{".repeat(60_000),
        "\u{202e}".repeat(100_000),
    ] {
        ends(&["plan", "check"], "plan.json", &text);
    }
}

#[test]
fn a_plan_of_many_knots_is_judged_in_its_own_size() {
    let tasks = |deps: &dyn Fn(usize) -> String, count: usize| {
        let task = |n: usize| format!(r#"{{"id":"t{n}","title":"t","role":"test","depends_on":[{}]}}"#, deps(n));
        format!(r#"{{"tasks":[{}]}}"#, (0..count).map(task).collect::<Vec<_>>().join(","))
    };
    let all_before = |n: usize| (0..n).map(|k| format!("\"t{k}\"")).collect::<Vec<_>>().join(",");
    for text in [
        tasks(&|n| format!("\"t{}\"", (n + 1) % 5_000), 5_000),
        tasks(&all_before, 400),
        tasks(&|_| vec!["\"nobody\""; 40].join(","), 500),
        tasks(&|_| vec!["\"t0\""; 200].join(","), 2_000),
    ] {
        ends(&["plan", "check"], "plan.json", &text);
        ends(&["plan", "graph", "--format", "dot"], "plan.json", &text);
    }
}

#[test]
fn tickets_that_would_like_to_be_large_are_read_in_their_own_size() {
    for text in [
        "> ".repeat(100_000),
        "- ".repeat(100_000),
        "#".repeat(200_000),
        "[".repeat(200_000),
        "`a.rs` ".repeat(20_000),
        "- [ ] fix `src/a.rs`\n".repeat(6_000),
        "```diff\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n".repeat(4_000),
    ] {
        ends(&["run", "--plan-only", "--runs-dir", "runs"], "ticket.md", &text);
    }
    ends(&["run", "--plan-only", "--runs-dir", "runs"], "ticket.json", &format!("{{\"title\":{}", "[".repeat(200_000)));
    ends(&["run", "--plan-only", "--runs-dir", "runs"], "ticket.md", &format!("---\na: {}", "{a: ".repeat(50_000)));
}

#[test]
fn configurations_that_would_like_to_be_large_are_refused_in_their_own_size() {
    let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..12 {
        let below = vec![format!("*a{}", level - 1); 9].join(", ");
        bomb.extend([format!("a{level}: &a{level} [{below}]\n")]);
    }
    for text in [
        bomb,
        "[".repeat(200_000),
        "? ".repeat(100_000),
        "a: &a\n".repeat(50_000),
        "*a ".repeat(60_000),
        "checks: {".to_owned() + &"a: {run: [x]}, ".repeat(30_000),
        "x".repeat(300_000),
        "\"\\x41".repeat(50_000),
    ] {
        ends(&["config", "check"], "orchestra.yaml", &text);
    }
}
