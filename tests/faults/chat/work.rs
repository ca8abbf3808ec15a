//! The work: turns, tools by role, the end, and what is left on record.

use super::rig::*;

use orchestra::message::{ResultStatus, ReviewVerdict, Score};
use orchestra::model::Keep;

#[tokio::test]
async fn a_model_reads_changes_runs_and_finishes_and_all_of_it_is_on_record() {
    let world = World::new();
    let edit = json!({"path": "src/a.txt", "old": "two", "new": "2"});
    let steps = vec![
        Step::Says(vec![
            Said::Text("I look first.\nThen I see".to_owned()),
            call("read", &json!({"path": "src/a.txt"})),
            call("list", &json!({})),
        ]),
        calls("edit", edit),
        calls("bash", json!({"command": "pwd; cat src/a.txt; echo oops >&2"})),
        calls(
            "finish",
            json!({"status": "done", "summary": "Line 2 is 2.", "findings": [{"file": "src/a.txt", "line": 2, "text": "was two"}]}),
        ),
    ];
    let done = world.implement(steps).await;
    let claim = done.claim();
    assert_eq!((claim.status, claim.summary.as_str(), claim.findings.len()), (ResultStatus::Done, "Line 2 is 2.", 1));
    assert_eq!(world.read("project/src/a.txt"), "one\n2\nthree\n");
    let results = done.results();
    assert_eq!(results[0].0, "     1\tone\n     2\ttwo\n     3\tthree\n");
    assert_eq!(results[1].0, "src/  1 file\n");
    assert!(
        results[2].0.starts_with("changed src/a.txt:\n") && results[2].0.contains("     2\t2\n"),
        "{}",
        results[2].0
    );
    assert_eq!(results[3], (".\none\n2\nthree\noops".to_owned(), false));

    let each = |n: u64| Usage {
        input_tokens: Some(100 * n),
        output_tokens: Some(10 * n),
        cache_read_tokens: Some(50 * n),
        usd: Some(Usd::from_micros(600 * n)),
        ..Usage::default()
    };
    assert_eq!(done.outcome.usage, each(4));
    let told = [Note::Usage(each(1)), Note::Usage(each(2)), Note::Usage(each(3)), Note::Answer(each(4))];
    assert_eq!(done.notes.iter().filter(|note| told.contains(note)).count(), done.notes.len());
    assert_eq!(done.notes.last(), Some(&told[3]));

    let lines =
        |delta: &str| done.deltas.iter().any(|seen| matches!(seen, Delta::Text(it) | Delta::Aside(it) if it == delta));
    assert!(
        lines("I look first.") && lines("Then I see") && lines("edit src/a.txt") && lines("oops"),
        "{:?}",
        done.deltas
    );

    let transcript = world.read("attempt/transcript.jsonl");
    let steps: Vec<Value> = transcript.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(steps.iter().all(|step| step["v"] == 1), "{transcript}");
    let kinds = [
        "opened", "asked", "answered", "gave", "gave", "asked", "answered", "gave", "asked", "answered", "gave",
        "asked", "answered", "finished",
    ];
    assert_eq!(steps.len(), kinds.len(), "{transcript}");
    assert!(steps.iter().zip(kinds).all(|(step, kind)| step.get(kind).is_some()), "{transcript}");
    assert!(world.read("attempt/prompt.md").contains("Mend the second line."));
    let size = |name: &str| fs::metadata(world.root.path().join("attempt").join(name)).unwrap().len();
    let all = ["message.json", "prompt.md", "transcript.jsonl", "result.json"].map(size).iter().sum::<u64>();
    assert_eq!(done.outcome.bytes, all);
}

#[tokio::test]
async fn every_request_begins_like_the_one_before_and_says_what_to_keep() {
    let world = World::new();
    let steps = (0..4).map(|n| calls("search", json!({"pattern": format!("o{n}")}))).chain([finishes()]).collect();
    let done = world.implement(steps).await;
    for pair in done.requests.windows(2) {
        assert_eq!((&pair[0].system, &pair[0].tools), (&pair[1].system, &pair[1].tools));
        assert!(pair[1].turns.starts_with(&pair[0].turns), "what was said is not changed");
    }
    for request in &done.requests {
        let system = request.system.iter().filter(|block| block.keep == Keep::Cached).count();
        let turns = request.turns.iter().flat_map(|turn| match turn {
            Turn::User(parts) => parts.as_slice(),
            Turn::Model(_) => &[],
        });
        let turns = turns.filter(|part| matches!(part, Part::Text(block) if block.keep == Keep::Cached)).count();
        assert_eq!((system, turns, request.keep), (1, 1, Keep::Cached));
    }
    // Another task of the same run shares all but its own part.
    let mut job = world.job(Role::Research);
    job.message.instructions = "Quite another thing.".to_owned();
    let other = world.attempt(job, vec![finishes()]).await;
    assert_eq!(other.requests[0].system, done.requests[0].system);
    assert_eq!(other.requests[0].tools, done.requests[0].tools);
    assert_ne!(other.requests[0].turns, done.requests[0].turns);
    let all: String = done.requests[0].system.iter().map(|block| block.text.as_str()).collect();
    assert!(all.contains("It is broken.") && !all.contains("20261121"), "{all}");
}

#[tokio::test]
async fn who_may_change_nothing_has_nothing_to_change_it_with() {
    let world = World::new();
    for (role, has) in [
        (Role::Research, vec!["read", "list", "search", "leave", "finish"]),
        (Role::Review, vec!["read", "list", "search", "change", "leave", "finish"]),
        (Role::Implement, vec!["read", "list", "search", "edit", "write", "bash", "leave", "finish"]),
        (Role::Test, vec!["read", "list", "search", "edit", "write", "bash", "leave", "finish"]),
    ] {
        let steps = ["write", "edit", "bash"]
            .map(|tool| call(tool, &json!({"path": "x", "content": "y", "command": "touch x"})));
        let done = world.attempt(world.job(role), vec![Step::Says(steps.to_vec())]).await;
        let told = format!("Your tools for this task: {}.", has.join(", "));
        assert!(format!("{:?}", done.requests[0].turns).contains(&told), "{role}: {:?}", done.requests[0].turns);
        if role.is_read_only() {
            assert!(!world.project().join("x").exists());
            let results = done.results();
            assert!(results.iter().all(|(said, failed)| *failed && said.contains("is not for a")), "{results:?}");
        }
    }
}

#[tokio::test]
async fn a_shell_can_be_left_out() {
    let world = World { settings: ", bash: {use: never}", ..World::new() };
    let done = world.implement(vec![calls("bash", json!({"command": "touch x"})), finishes()]).await;
    assert!(done.results()[0].0.contains("there is no tool `bash`") && !world.project().join("x").exists());
}

#[tokio::test]
async fn whoever_ends_without_a_call_is_done_in_its_own_words() {
    let world = World::new();
    let done = world.implement(vec![says("I looked.\n\nThe bound was wrong; it is right now.")]).await;
    assert_eq!(done.claim().summary, "The bound was wrong; it is right now.");
    assert!(matches!(done.notes.last(), Some(Note::Answer(_))));
    let done =
        world.implement(vec![calls("finish", json!({"status": "failed", "summary": "It cannot be done."}))]).await;
    assert_eq!(done.claim().status, ResultStatus::Failed);
}

#[tokio::test]
async fn a_review_says_a_verdict_and_a_score_or_is_asked_once_for_them() {
    let world = World::new();
    let verdict = json!({"status": "done", "summary": "Not yet.", "verdict": "request_changes", "score": 0.4,
        "findings": [{"file": "src/a.txt", "line": 2, "severity": "error", "text": "still two"}]});
    let mut job = world.job(Role::Review);
    job.change = Change::of_patch(
        "diff --git a/src/a.txt b/src/a.txt\n--- a/src/a.txt\n+++ b/src/a.txt\n@@ -1 +1 @@\n-x\n+one\n",
    );
    let steps = || {
        vec![
            calls("change", json!({"path": "src/a.txt"})),
            calls("finish", json!({"status": "done", "summary": "Looks good."})),
            says("I would not take it."),
            calls("finish", verdict.clone()),
        ]
    };
    let done = world.attempt(job.clone(), steps()).await;
    let claim = done.claim();
    assert_eq!((claim.verdict, claim.score), (Some(ReviewVerdict::RequestChanges), Score::new(0.4).ok()));
    let results = done.results();
    assert!(results[0].0.contains("\t+one") && results[1].1 && results[1].0.contains("`verdict`"), "{results:?}");
    let Turn::User(first) = &done.requests[0].turns[0] else { panic!() };
    assert!(matches!(&first[0], Part::Text(block) if block.text.contains("```diff\ndiff --git")), "{first:?}");

    let done = world.attempt(job, vec![says("Fine."), says("Fine, I said.")]).await;
    let (class, detail) = done.failure();
    assert!(class == FailureClass::BadOutput && detail.contains("without a verdict"), "{detail}");
    assert_eq!(done.requests.len(), 2);
}

#[tokio::test]
async fn files_are_handed_on_through_the_folders_of_the_variables() {
    let world = World::new();
    fs::write(world.root.path().join("inputs/plan/plan.json"), "{\"version\":1}\n").unwrap();
    let steps = vec![
        calls("read", json!({"path": "$ORCHESTRA_INPUTS/plan/plan.json"})),
        calls("list", json!({"path": "$ORCHESTRA_INPUTS"})),
        calls("leave", json!({"path": "review.json", "content": "{}"})),
        calls("leave", json!({"path": "$ORCHESTRA_INPUTS/plan/plan.json", "content": "{}"})),
        calls("leave", json!({"path": "../escaped", "content": "{}"})),
        finishes(),
    ];
    let done = world.attempt(world.job(Role::Research), steps).await;
    let results = done.results();
    assert_eq!((results[0].0.as_str(), results[1].0.as_str()), ("     1\t{\"version\":1}\n", "plan/\n"));
    assert_eq!(results[2], ("made review.json of 2 bytes".to_owned(), false));
    assert!(results[3].1 && results[4].1, "{results:?}");
    assert_eq!(world.read("artifacts/review.json"), "{}");
    assert_eq!(world.read("inputs/plan/plan.json"), "{\"version\":1}\n");
    assert!(!world.root.path().join("escaped").exists());
}

#[tokio::test]
async fn an_agent_without_its_model_is_refused_with_what_to_write() {
    let world = World::new();
    let error = world.errors("chat: {model: mian}");
    assert_eq!(error.to_string(), "the agent `mine` has no model");
    assert!(error.hint().contains("did you mean `main`?"), "{}", error.hint());
    for (spec, key) in
        [("turns: 0", "turns"), ("tool_output: 5", "tool_output"), ("bash: {timeout: 0s}", "bash.timeout")]
    {
        let error = world.errors(&format!("chat: {{model: main, {spec}}}"));
        assert!(
            error.to_string().contains(key) && error.hint().contains(&format!("agents.mine.chat.{key}")),
            "{error}"
        );
    }
    let error = world.errors("chat: {model: main, pass_env: [ORCHESTRA_RUN_ID]}");
    assert!(error.to_string().contains("orchestra sets it itself"), "{error}");
}

#[tokio::test]
async fn there_is_a_chat_agent_wherever_there_is_a_main_model() {
    let world = World::new();
    let script = Arc::new(Script { steps: Mutex::default(), after: world.after, seen: Mutex::default() });
    let context = world.context(&script);
    let name = AgentName::new("chat").unwrap();
    let agents = Agents::build(&BTreeMap::new(), &context).unwrap();
    let record = agents.get(&name).unwrap().record();
    assert_eq!((record.kind.as_str(), record.model.as_deref()), ("chat", Some("main")));
    let without = Context { models: Models::default(), ..context.clone() };
    let error = Agents::build(&BTreeMap::new(), &without).unwrap().get(&name).err().unwrap();
    assert!(error.hint().contains("models: {main:"), "{}", error.hint());
    let specs = BTreeMap::from([(name.clone(), serde_yaml::from_str("command: {argv: [sh]}").unwrap())]);
    let error = Agents::build(&specs, &context).err().unwrap().to_string();
    assert!(error.contains("`chat` belongs to an agent that is always there"), "{error}");

    // What identifies its work is the model and the settings.
    let digest = |spec: &str, context: &Context| {
        let specs = BTreeMap::from([(name.clone(), serde_yaml::from_str(spec).unwrap())]);
        Agents::build(&specs, context).unwrap().digest(&name).unwrap().clone()
    };
    let plain = digest("chat: {model: main}", &context);
    assert_eq!(plain, *agents.digest(&name).unwrap());
    assert_ne!(plain, digest("chat: {model: main, turns: 9}", &context));
}
