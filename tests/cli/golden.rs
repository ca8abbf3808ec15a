//! Three runs, word for word: what stands in their journals and reports, but for what differs from run to run.
//!
//! `UPDATE_GOLDEN=1 cargo test --test cli golden` writes the files anew; the difference is then for a person to read.

use std::path::{Path, PathBuf};

use serde_json::json;

use crate::scene::{Scene, appears};

#[test]
fn the_quickstart() {
    let scene = Scene::bare();
    std::fs::remove_file(scene.world.project().join("answers.json")).unwrap();
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/quickstart");
    for (path, content) in crate::scene::files(&example) {
        if !path.starts_with("target") && !path.starts_with("runs") {
            scene.world.file(path.to_str().unwrap(), content);
        }
    }
    scene.orchestra(["run", "ticket.md"]).exits(0);
    compare(&scene, "quickstart");
}

#[test]
fn a_run_that_fails() {
    let scene = Scene::new();
    scene.config(json!({"run": {"attempts": 2}}));
    scene.answers(&[
        json!({"task": "look", "summary": "The cause is in README.md.", "findings": [
            {"file": "README.md", "line": 1, "severity": "warning", "text": "It says \"project\"."}
        ]}),
        json!({"task": "mend", "writes": {"other.txt": "x\n"}, "summary": "Done."}),
        json!({"task": "*", "fail": {"class": "exited", "detail": "it ended with exit code 9"}}),
    ]);
    scene.plan(&[
        json!({"id": "look", "role": "research", "title": "Find the cause"}),
        json!({"id": "mend", "title": "Mend it", "depends_on": ["look"], "checks": [appears("fix.txt")]}),
        json!({"id": "docs", "title": "Write it down", "depends_on": ["look"], "checks": [appears("docs.txt")]}),
        json!({"id": "judge", "role": "review", "title": "Judge it", "depends_on": ["mend", "docs"]}),
    ]);
    scene.run(&["--continue-on-error", "-m", "The README is wrong\n", "--ref", "T-7"]).exits(1);
    compare(&scene, "failing");
}

#[test]
fn a_run_with_artifacts_and_a_second_attempt() {
    let scene = Scene::new();
    scene.answers(&[
        json!({"task": "look", "summary": "It is in README.md.", "leaves": {"notes.md": "# Notes\n"}}),
        json!({"task": "mend", "attempt": 1, "writes": {"wrong.txt": "x\n"}, "summary": "Done, surely."}),
        json!({"task": "mend", "attempt": 2, "writes": {"fix.txt": "fixed\n"}, "artifacts": ["fix.txt"], "summary": "Now it is."}),
        json!({"task": "*", "summary": "It is good."}),
    ]);
    scene.plan(&[
        json!({"id": "look", "role": "research", "title": "Find the cause"}),
        json!({"id": "mend", "title": "Mend it", "depends_on": ["look"], "artifacts": ["*.txt"], "checks": [appears("fix.txt")]}),
        json!({"id": "judge", "role": "review", "title": "Judge it", "depends_on": ["mend"]}),
    ]);
    scene.run(&[]).exits(0);
    compare(&scene, "artifacts");
}

/// Holds journal and report of the newest run against the files kept under `name`.
#[track_caller]
fn compare(scene: &Scene, name: &str) {
    for file in ["events.jsonl", "report.md"] {
        let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/fixtures/golden/{name}.{file}"));
        let mut plain = Plain::default();
        let text = plain.text(scene, &scene.text(file));
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            std::fs::create_dir_all(golden.parent().unwrap()).unwrap();
            std::fs::write(&golden, text).unwrap();
            continue;
        }
        let kept = std::fs::read_to_string(&golden).unwrap_or_default();
        let pairs = kept.lines().map(Some).chain(std::iter::repeat(None)).zip(text.lines().map(Some));
        for (at, (kept, now)) in pairs.enumerate() {
            assert_eq!(kept, now, "line {} of {}; UPDATE_GOLDEN=1 takes it over", at + 1, golden.display());
        }
        assert_eq!(kept.lines().count(), text.lines().count(), "{} is longer", golden.display());
    }
}

/// Takes out what differs from run to run: ids, times, hashes, folders, and what describes the machine.
#[derive(Default)]
struct Plain {
    /// Hashes in the order in which they were met, so that equal ones stay equal.
    hashes: Vec<String>,
}

impl Plain {
    fn text(&mut self, scene: &Scene, text: &str) -> String {
        let mut text = text.to_owned();
        for (folder, name) in [(scene.world.project(), "<project>"), (cache(scene), "<cache>")] {
            text = text.replace(folder.to_str().unwrap(), name);
        }
        text.split_inclusive('\n').map(|line| self.line(line)).collect()
    }

    fn line(&mut self, line: &str) -> String {
        let mut line = line.to_owned();
        for (key, end) in [
            ("\"crc\":", "}"),
            ("\"host\":", "}"),
            ("\"pid\":", ","),
            ("\"ms\":", ","),
            ("\"bytes\":", ","),
            ("\"git\":", "}"),
        ] {
            line = blank(&line, key, end);
        }
        // What this machine's cargo prints is no contract of ours.
        if let Some((before, tail)) = line.split_once(r#""tail":"running"#) {
            line = format!(r#"{before}"tail":"_{}"#, &tail[tail.find(r#""}}"#).unwrap()..]);
        }
        let (mut out, mut word) = (String::new(), String::new());
        for c in line.chars() {
            if c.is_ascii_alphanumeric() || "-:.".contains(c) {
                word.push(c);
                continue;
            }
            out.push_str(&self.word(&std::mem::take(&mut word)));
            out.push(c);
        }
        out.push_str(&self.word(&word));
        out
    }

    fn word(&mut self, word: &str) -> String {
        let bare = word.trim_end_matches([':', '.']);
        let rest = &word[bare.len()..];
        let hex = bare.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        let plain = match shape(bare).as_str() {
            "9-9-9" if bare.len() == 10 => "<date>".to_owned(),
            "9:9:9" | "9-9-9T9:9:9.9Z" => "<time>".to_owned(),
            "9ms" | "9s" | "9.9s" => "<span>".to_owned(),
            _ if bare == env!("CARGO_PKG_VERSION") => "<version>".to_owned(),
            _ if bare.starts_with("OP-2") && bare.len() == 23 => "<plan>".to_owned(),
            _ if is_run(bare) => "<run>".to_owned(),
            _ if hex && [32, 40, 64].contains(&bare.len()) => {
                let known = self.hashes.iter().position(|hash| hash == bare).unwrap_or_else(|| {
                    self.hashes.push(bare.to_owned());
                    self.hashes.len() - 1
                });
                format!("<hash {}>", known + 1)
            }
            _ => bare.to_owned(),
        };
        plain + rest
    }
}

/// Where the workspaces of a scene lie.
fn cache(scene: &Scene) -> PathBuf {
    scene.world.project().with_file_name("cache")
}

/// Blanks the value of every `key` up to `end`, which stays; a value ends at its line's end at the latest.
fn blank(line: &str, key: &str, end: &str) -> String {
    let mut parts = line.split(key);
    let mut out = parts.next().unwrap_or("").to_owned();
    for part in parts {
        let close = part.find([end.chars().next().unwrap(), '}']).unwrap_or(part.len());
        out.push_str(key);
        out.push('_');
        out.push_str(&part[close..]);
    }
    out
}

/// The word with every row of digits as one `9`.
fn shape(word: &str) -> String {
    let mut shape = String::new();
    for c in word.chars() {
        match c {
            '0'..='9' if shape.ends_with('9') => {}
            '0'..='9' => shape.push('9'),
            c => shape.push(c),
        }
    }
    shape
}

/// `YYYYMMDD-HHMMSS-xxxx`.
fn is_run(word: &str) -> bool {
    let parts: Vec<&str> = word.split('-').collect();
    let lengths: Vec<usize> = parts.iter().map(|part| part.len()).collect();
    lengths == [8, 6, 4] && parts[..2].iter().all(|part| part.bytes().all(|byte| byte.is_ascii_digit()))
}
