//! The example as its reader would first try it with a model: the ticket without its change, a server that others wrote as
//! the model, which plans and does all the work, and cargo as the judge. Then the same again from what was recorded, with
//! the server gone.

use std::path::Path;

use serde_json::{Value, json};

use crate::rig::KEY;
use crate::scene::{Scene, files, merge};
use crate::servers::Server;
use crate::world::{Output, run as call};

const WRONG: &str = "(sorted[middle] + sorted[middle + 1]) / 2.0";
const RIGHT: &str = "(sorted[middle - 1] + sorted[middle]) / 2.0";

/// What the tasks are told, by which the server knows them.
const MEND: &str = "Correct the two indices in the last branch.";
const PROVE: &str = "Look once more at the two indices and run nothing.";
const JUDGE: &str = "Compare the change with the acceptance criteria.";

/// One to mend it, one to look at it, one to judge it.
fn plan() -> Value {
    let task = |id: &str, role: &str, instructions: &str| {
        json!({
            "id": id, "title": format!("To {id} the median"), "role": role, "instructions": instructions, "depends_on": [],
            "scope": {"read": ["src/lib.rs", "tests/stats.rs"], "write": []}, "checks": [], "artifacts": [],
        })
    };
    let mut tasks = vec![task("mend", "implement", MEND), task("prove", "test", PROVE), task("judge", "review", JUDGE)];
    merge(&mut tasks[0], json!({"checks": ["unit"], "scope": {"write": ["src/lib.rs"]}}));
    merge(&mut tasks[1], json!({"checks": ["unit"], "depends_on": ["mend"]}));
    merge(&mut tasks[2], json!({"depends_on": ["prove"]}));
    json!({
        "title": "Mend the median of lists of even length",
        "goal": {"summary": "`median()` is right.", "success_criteria": ["an even number of values has the right median"]},
        "tasks": tasks,
    })
}

/// The model: each answer follows from what the request shows, so that a result which never came back stops it.
fn fixtures() -> Value {
    // As each of the protocols names it.
    let used = json!({"input_tokens": 1000, "output_tokens": 100, "prompt_tokens": 1000, "completion_tokens": 100});
    let says = |asked: Value, said: &str| json!({"match": asked, "response": {"content": said, "usage": used}});
    let calls = |asked: Value, tool: &str, arguments: Value| json!({"match": asked, "response": {"toolCalls": [{"name": tool, "arguments": arguments}], "usage": used}});
    let done = |summary: &str| json!({"status": "done", "summary": summary});
    let mend = |turn: u32| json!({"userMessage": MEND, "toolName": "edit", "turnIndex": turn});
    let with = |mut asked: Value, result: &str| {
        asked["toolResultContains"] = json!(result);
        asked
    };
    let approves = json!({"verdict": "approve", "score": 0.9, "status": "done", "summary": "It does what is asked."});
    json!({"fixtures": [
        calls(mend(0), "read", json!({"path": "src/lib.rs"})),
        calls(with(mend(1), WRONG), "edit", json!({"path": "src/lib.rs", "old": WRONG, "new": RIGHT})),
        // What differs from run to run must not matter when it is replayed.
        calls(mend(2), "bash", json!({"command": "grep -c 'middle - 1' src/lib.rs; date +at-%s-%N"})),
        calls(with(mend(3), "at-"), "finish", done("The median takes the middle two.")),
        calls(json!({"userMessage": PROVE, "turnIndex": 0}), "search", json!({"pattern": "middle - 1"})),
        calls(
            json!({"userMessage": PROVE, "turnIndex": 1, "toolResultContains": "src/lib.rs"}),
            "finish", done("It was corrected where it was wrong."),
        ),
        calls(json!({"userMessage": JUDGE, "turnIndex": 0}), "finish", approves),
        says(json!({"userMessage": "Now plan the ticket"}), &plan().to_string()),
        says(json!({"userMessage": "The work is over."}), "The median of an even number of values is right now."),
    ]})
}

/// A copy of the example whose ticket brings no change, and whose planner and agents are the model.
fn scene(model: &Value) -> Scene {
    let scene = Scene::bare();
    std::fs::remove_file(scene.world.project().join("answers.json")).unwrap();
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/quickstart");
    for (path, content) in files(&example) {
        if !path.starts_with("target") && !path.starts_with("runs") {
            scene.world.file(path.to_str().unwrap(), content);
        }
    }
    let ticket = scene.world.read("ticket.md");
    let (told, _) = ticket.split_once("## Proposed change").unwrap();
    scene.world.file("ticket.md", told);
    configure(&scene, model);
    scene
}

/// The example's own configuration with this model, beside the project: it is no part of what is worked on.
fn configure(scene: &Scene, model: &Value) {
    let mut config: Value = serde_yaml::from_str(&scene.world.read("orchestra.yaml")).unwrap();
    let roles = json!({"research": "chat", "implement": "chat", "test": "chat", "review": "chat"});
    config["models"] = json!({"main": model});
    merge(&mut config, json!({"project": {"root": "project"}, "planner": {"use": "model"}, "roles": roles}));
    scene.world.file("../model.yaml", config.to_string());
}

fn run(scene: &Scene, more: &[&str]) -> Output {
    let mut command = scene.world.command(["run", "ticket.md", "--config", "../model.yaml"].iter().chain(more));
    command.env("TEST_KEY", KEY);
    call(command, &[])
}

/// What must be the same whenever this is run: the plan's tasks, what each left behind, and the verdict.
fn outcome(scene: &Scene) -> (Value, Vec<(String, Value)>, Value) {
    let ended = scene.events("task.succeeded").into_iter().map(|(task, data)| (task, data["tree"].clone()));
    (scene.json("plan.json")["tasks"].clone(), ended.collect(), scene.json("report.json")["verdict"].clone())
}

/// From the ticket to the mended project, with the provider at `path` of the server, and again without it.
fn from_a_ticket_to_a_mended_project(provider: &str, path: &str) {
    let Some(server) = Server::aimock(&fixtures()) else { return };
    let service = json!({
        "model": "a-model", "base_url": format!("{}{path}", server.base), "api_key_env": "TEST_KEY",
        "prices": {"input": 1, "output": 2},
    });
    let scene = scene(&json!({provider: service}));
    let tapes = scene.world.root().join("tapes");
    run(&scene, &["--set", &format!("model.record={}", tapes.display())]).exits(0);
    scene.stands("mend:succeeded prove:succeeded judge:succeeded");
    assert_eq!(scene.json("plan.json")["planned_by"], "model main");
    let first = outcome(&scene);
    assert_eq!((first.1.len(), &first.2), (3, &json!("success")), "{first:?}");
    assert!(first.1[2].1.is_string(), "{first:?}");
    let report = scene.text("report.md");
    assert!(report.contains("0.9") && report.contains("0.0108 USD"), "nine requests at $0.0012: {report}");
    let mut recorded = files(&tapes);
    // What the model was, for its prices and limits.
    assert!(recorded.remove(Path::new("model-main.json")).is_some(), "{:?}", recorded.keys());
    // The plan, four turns, two turns, one, and the summary.
    assert_eq!(recorded.len(), 9, "{:?}", recorded.keys());
    assert!(!recorded.values().any(|tape| tape.windows(KEY.len()).any(|part| part == KEY.as_bytes())));

    drop(server);
    configure(&scene, &json!({"replay": {"dir": tapes}}));
    run(&scene, &[]).exits(0);
    assert_eq!(scene.runs().len(), 2);
    assert_eq!(outcome(&scene), first);
    assert!(scene.world.read("src/lib.rs").contains(WRONG), "nothing is changed before it is applied");
    scene.world.orchestra(["apply"]).exits(0);
    assert!(scene.world.read("src/lib.rs").contains(RIGHT));
}

#[test]
fn the_example_is_planned_mended_judged_and_replayed_with_anthropics_protocol() {
    from_a_ticket_to_a_mended_project("anthropic", "");
}

#[test]
fn the_example_is_planned_mended_judged_and_replayed_with_the_protocol_for_chat() {
    from_a_ticket_to_a_mended_project("openai-chat", "/v1");
}

#[test]
fn the_example_is_planned_mended_judged_and_replayed_with_the_protocol_for_responses() {
    from_a_ticket_to_a_mended_project("openai", "/v1");
}
