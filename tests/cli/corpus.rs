//! Tickets and plans as people and tools wrote them: each is handled, none hangs, none panics.

use std::path::{Path, PathBuf};

use crate::scene::Scene;

fn corpus(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(folder);
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<PathBuf> =
        files.filter(|path| path.is_file() && path.extension().is_some_and(|end| end != "gitattributes")).collect();
    files.sort();
    assert!(files.len() >= 5);
    files
}

#[test]
fn every_ticket_becomes_a_sound_plan() {
    let scene = Scene::new();
    for ticket in corpus("tickets") {
        let name = ticket.display().to_string();
        let output = scene.orchestra(["run", &name, "--plan-only"]);
        output.exits(0).quick();
        let plan = scene.dir().join("plan.json").display().to_string();
        let document = scene.orchestra(["plan", "check", "--json", &plan]).exits(0).json();
        let tasks = document["tasks"].as_array().unwrap();
        assert!(tasks.len() >= 3 && document["repairs"] == serde_json::json!([]), "{name}: {document}");
        let shown = format!("{}{}", output.stdout, output.stderr);
        assert!(!shown.contains(['\u{1b}', '\r', '\u{202e}']), "{name}: {output}");
    }
}

#[test]
fn every_plan_text_is_judged_in_time_and_words() {
    let scene = Scene::new();
    for plan in corpus("plans") {
        let name = plan.display().to_string();
        let output = scene.orchestra(["plan", "check", &name]);
        output.exits(if output.code == 0 { 0 } else { 2 }).quick();
        assert!(
            output.code == 0 || (output.stderr.contains('$') && output.stderr.contains("hint:")),
            "{name}: {output}"
        );
    }
}
