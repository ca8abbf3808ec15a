//! Runs that change their mind: another plan for what failed, work that a review sends back, words about the results; and
//! the same run again from what was recorded.

use serde_json::{Value, json};

use crate::planning::{TICKET, mends, plan, run, scene};
use crate::provider::{Asked, Provider, Say};

/// How a request for another plan begins.
const GIVEN_UP: &str = "was given up";

fn says(asked: &Asked, sentence: &str) -> bool {
    asked.text().contains(sentence)
}

/// Finishes at once.
fn done(summary: &str) -> Say {
    Say::Call("finish", json!({"status": "done", "summary": summary}))
}

/// A change of the plan: another task in the place of the one that failed, and the test after it waits for that.
fn patch() -> Value {
    let mut plan = plan();
    let mut mend = plan["tasks"][0].take();
    mend["id"] = json!("mend-again");
    mend["instructions"] = json!("Write the whole file anew.");
    let mut prove = plan["tasks"][1].take();
    prove["depends_on"] = json!(["mend-again"]);
    json!({"reason": "It must be written anew.", "add": [mend], "replace": [prove], "remove": []})
}

#[test]
fn what_fails_for_good_leads_to_another_plan_that_succeeds() {
    let provider = Provider::start(|asked| match asked.has_tools() {
        false if says(asked, GIVEN_UP) => Say::Text(patch().to_string()),
        false if asked.body["response_format"].is_object() => Say::Text(plan().to_string()),
        false => Say::Text("It was **mended** at the second try.".to_owned()),
        true if says(asked, "Write the whole file anew.") => match asked.turn() {
            0 => Say::Call("write", json!({"path": "greeting.txt", "content": "hello\n"})),
            _ => done("Written anew."),
        },
        // Says that it is done, and has done nothing.
        true => done("It says hello now."),
    });
    let scene = scene(&provider, json!({"run": {"attempts": 1}}));
    run(&scene, &["run", "ticket.md"]).exits(0);
    scene.stands("mend:replaced prove:succeeded mend-again:succeeded");
    assert_eq!(provider.planned().len(), 2);
    let report = scene.text("report.md");
    assert!(report.contains("at the second try"), "{report}");
    assert!(!report.contains("**mended**"), "what a model says is text: {report}");
    assert_eq!(scene.events("plan.revised").len(), 1);
    assert_eq!(scene.events("summary.written").len(), 1);
    assert_eq!(scene.json("plans/0002.json")["tasks"].as_array().unwrap().len(), 3);
}

#[test]
fn a_patch_that_touches_what_was_begun_is_refused_and_costs_a_replan() {
    let provider = Provider::start(|asked| match asked.has_tools() {
        true => done("It says hello now."),
        false if says(asked, GIVEN_UP) => {
            let mut patch = patch();
            patch["remove"] = json!(["mend"]);
            Say::Text(patch.to_string())
        }
        false => Say::Text(plan().to_string()),
    });
    let scene = scene(&provider, json!({"run": {"attempts": 1}, "planner": {"max_replans": 2}}));
    run(&scene, &["run", "ticket.md"]).exits(3);
    let rejected = scene.events("plan.rejected");
    assert_eq!(rejected.len(), 2);
    assert!(rejected[0].1["faults"].to_string().contains("mend"), "{rejected:?}");
    let last = provider.planned().pop().unwrap().text();
    assert!(last.contains("`mend`"), "the second request tells what was wrong with the first: {last}");
}

/// The plan with a review at its end.
fn reviewed() -> Value {
    let mut plan = plan();
    plan["tasks"][1] = json!({
        "id": "judge", "title": "Judge it", "role": "review", "instructions": "Judge the greeting.", "depends_on": ["mend"],
        "scope": {"read": ["greeting.txt"], "write": []}, "checks": [], "artifacts": [],
    });
    plan
}

#[test]
fn a_review_below_the_threshold_sends_the_work_back_with_its_findings() {
    let provider = Provider::start(|asked| match asked.has_tools() {
        false if asked.body["response_format"].is_object() => Say::Text(reviewed().to_string()),
        false => Say::Text("Done.".to_owned()),
        true if says(asked, "Judge the greeting.") && says(asked, "+hello\n+there") => {
            Say::Call("finish", json!({"status": "done", "summary": "Good.", "verdict": "approve", "score": 0.9}))
        }
        true if says(asked, "Judge the greeting.") => Say::Call(
            "finish",
            json!({
                "status": "done", "summary": "Too short.", "verdict": "request_changes", "score": 0.4,
                "findings": [{"file": "greeting.txt", "line": 1, "severity": "error", "text": "It greets nobody."}],
            }),
        ),
        true if says(asked, "It greets nobody.") => match asked.turn() {
            0 => Say::Call("write", json!({"path": "greeting.txt", "content": "hello\nthere\n"})),
            _ => done("It greets somebody."),
        },
        true => mends(asked),
    });
    let scene = scene(&provider, json!({}));
    run(&scene, &["run", "ticket.md"]).exits(0);
    scene.stands("mend:succeeded judge:succeeded");
    let message = scene.message("1-mend", 2);
    assert_eq!(message["review"]["findings"][0]["text"], "It greets nobody.", "{message}");
    assert_eq!(message["review"]["score"], 0.4);
    let report = scene.text("report.md");
    assert!(report.contains("0.9"), "{report}");
}

#[test]
fn a_recorded_run_is_run_again_offline_to_the_same_plan_tree_and_verdict() {
    let provider = Provider::start(|asked| match asked.has_tools() {
        true => mends(asked),
        false if asked.body["response_format"].is_object() => Say::Text(plan().to_string()),
        false => Say::Text("It says hello.".to_owned()),
    });
    let scene = scene(&provider, json!({}));
    run(&scene, &["run", "ticket.md", "--set", "model.record=tapes"]).exits(0);
    let first = (tasks(&scene.json("plan.json")), scene.json("report.json")["verdict"].clone(), trees(&scene));
    let asked = provider.asked().len();
    let mut config: Value = serde_json::from_str(&scene.world.read("orchestra.yaml")).unwrap();
    config["models"]["main"] = json!({"replay": {"dir": "tapes"}});
    scene.world.file("orchestra.yaml", config.to_string());
    scene.orchestra(["run", "ticket.md"]).exits(0);
    assert_eq!((tasks(&scene.json("plan.json")), scene.json("report.json")["verdict"].clone(), trees(&scene)), first);
    assert_eq!(provider.asked().len(), asked, "nobody was asked");
    // Another question has no answer.
    scene.world.file("ticket.md", format!("{TICKET}\nAnd it should be loud.\n"));
    scene.orchestra(["run", "ticket.md"]).exits(6).says("nothing is recorded for this question");
}

fn tasks(plan: &Value) -> Value {
    plan["tasks"].clone()
}

fn trees(scene: &crate::scene::Scene) -> Vec<Value> {
    scene.events("task.succeeded").into_iter().map(|(_, data)| data["tree"].clone()).collect()
}
