//! Bad input: refused with its place and a way on, whatever the bytes.

use proptest::prelude::*;

use super::tests::World;
use super::*;
use crate::sys::env::Env;
use crate::sys::fs;

#[test]
fn unknown_keys_are_all_named_with_their_place_and_what_was_meant() {
    let world = World::new().named("run:\n  job: 2\n  attemps: 3\nlimts: {run: 1h}\nworkspace: {mode: cpy}\n");
    assert_eq!(
        world.faults(),
        [
            "2:3 run.job: there is no key `job` here | did you mean `jobs`?",
            "3:3 run.attemps: there is no key `attemps` here | did you mean `attempts`?",
            "4:1 limts: there is no key `limts` here | did you mean `limits`?",
            "5:19 workspace.mode: `cpy` is not one of the choices | did you mean `copy`?",
        ]
    );
}

/// The one fault of a named file.
fn fault(text: &str) -> String {
    let faults = World::new().named(text).faults();
    assert_eq!(faults.len(), 1, "{text}: {faults:?}");
    faults[0].clone()
}

#[test]
fn numbers_out_of_range_are_refused_at_their_place() {
    for number in
        ["0", "-1", "65", "9223372036854775808", "-9223372036854775809", "1.5", ".nan", ".inf", "-.inf", "1e999"]
    {
        let said = fault(&format!("run: {{jobs: {number}}}\n"));
        assert!(said.starts_with("1:13 run.jobs: "), "{number}: {said}");
        assert!(said.contains("expected `auto` or a whole number from 1 to 64, found"), "{number}: {said}");
    }
    for (text, place) in [
        ("run: {attempts: 21}", "1:17 run.attempts"),
        ("planner: {max_tasks: 501}", "1:22 planner.max_tasks"),
        ("limits: {launches: 0}", "1:20 limits.launches"),
        ("limits: {task: 0s}", "1:16 limits.task"),
        ("limits: {idle: -5m}", "1:16 limits.idle"),
        ("limits: {run: 99999d}", "1:15 limits.run"),
        ("limits: {run: .inf}", "1:15 limits.run"),
        ("limits: {run_bytes: 0}", "1:21 limits.run_bytes"),
        ("limits: {run_bytes: 99999999999999}", "1:21 limits.run_bytes"),
        ("limits: {output_bytes: 4095}", "1:24 limits.output_bytes"),
        ("budget: {usd: 0}", "1:15 budget.usd"),
        ("budget: {usd: 0.0000000}", "1:15 budget.usd"),
        ("budget: {usd: -1}", "1:15 budget.usd"),
        ("budget: {usd: -0.5}", "1:15 budget.usd"),
        ("budget: {usd: .nan}", "1:15 budget.usd"),
        ("budget: {usd: .inf}", "1:15 budget.usd"),
        ("budget: {usd: 1e308}", "1:15 budget.usd"),
        ("budget: {usd: 1000001}", "1:15 budget.usd"),
        ("budget: {usd: 9223372036854775808}", "1:15 budget.usd"),
        ("budget: {usd: 99999999999999999999999999}", "1:15 budget.usd"),
        ("budget: {usd: 5 dollars}", "1:15 budget.usd"),
        ("budget: {usd: $5}", "1:15 budget.usd"),
        ("budget: {usd: true}", "1:15 budget.usd"),
        ("budget: {task_usd: 0}", "1:20 budget.task_usd"),
        ("budget: {tokens: 0}", "1:18 budget.tokens"),
        ("budget: {tokens: -1}", "1:18 budget.tokens"),
        ("budget: {tokens: 1.5}", "1:18 budget.tokens"),
        ("budget: {tokens: .inf}", "1:18 budget.tokens"),
        ("budget: {tokens: 9223372036854775808}", "1:18 budget.tokens"),
        ("budget: {task_tokens: many}", "1:23 budget.task_tokens"),
        ("budget: {unknown: perhaps}", "1:19 budget.unknown"),
        ("budget: 5", "1:9 budget"),
        ("limits: {task: 90}", "1:16 limits.task"),
        ("checks: {a: {run: [x], timeout: 0s}}", "1:33 checks.a.timeout"),
        ("version: 2", "1:10 version"),
        ("run: {continue_on_error: yes}", "1:26 run.continue_on_error"),
        ("run: [1]", "1:6 run"),
        ("roles: {test: ../x}", "1:15 roles.test"),
        ("checks: {../x: {run: [x]}}", "1:10 checks.../x"),
        ("checks: {a: {timeout: 5m}}", "1:13 checks.a.run"),
        ("checks: {a: {run: []}}", "1:14 checks.a.run"),
        ("checks: {a: {run: make test}}", "1:19 checks.a.run"),
        ("workspace: {setup: [npm ci]}", "1:21 workspace.setup[0]"),
        ("workspace: {copy: [../.env]}", "1:13 workspace.copy"),
        ("agents: {a: {command: {}}}", "1:23 agents.a.command"),
        ("agents: {a: {comand: {argv: [x]}}}", "1:14 agents.a"),
        ("agents: {builtin: {command: {argv: [x]}}}", "1:10 agents.builtin"),
        ("agents: {a: {command: {argv: [x], pass_env: [A=b]}}}", "1:35 agents.a.command.pass_env"),
    ] {
        assert!(fault(text).starts_with(&format!("{place}: ")), "{text}: {}", fault(text));
    }
}

#[test]
fn roles_name_agents_that_exist() {
    let said = fault("agents: {mine: {command: {argv: [x]}}}\nroles: {test: min}\n");
    assert_eq!(said, "2:15 roles.test: there is no agent `min` | did you mean `mine`?");
}

#[test]
fn duplicate_keys_tags_merges_and_second_documents_are_refused() {
    for (text, place, words) in [
        ("run:\n  jobs: 1\n  jobs: 2\n", "3:3", "`jobs` stands here a second time"),
        ("run: {jobs: 1}\nrun: {attempts: 2}\n", "2:1", "`run` stands here a second time"),
        ("run: !secret {jobs: 1}\n", "1:", "tag"),
        ("run: !!python/object {jobs: 1}\n", "1:", "tag"),
        ("a: &a {jobs: 1}\nrun: {<<: *a}\n", "2:", "merge keys"),
        ("run: {jobs: 1}\n---\nrun: {jobs: 2}\n", "", "second YAML document"),
        ("run: {jobs: 1\n", "", "not YAML"),
        ("run: *nothing\n", "1:", "anchor"),
    ] {
        let said = fault(text);
        assert!(said.starts_with(place) && said.contains(words), "{text}: {said}");
    }
}

#[test]
fn bombs_and_very_deep_or_very_large_texts_end_soon() {
    let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..9 {
        let below = vec![format!("*a{}", level - 1); 9].join(", ");
        bomb.extend(["a", &level.to_string(), ": &a", &level.to_string(), " [", &below, "]\n"]);
    }
    for text in [
        bomb,
        "[".repeat(200_000),
        "{a: ".repeat(100_000),
        "- ".repeat(100_000),
        format!("checks: [{}]", "x, ".repeat(30_000)),
    ] {
        let said = fault(&text);
        assert!(said.len() < 400, "{said}");
    }
    let many = (0..3_000).map(|number| format!("  a{number}: {{run: [x]}}\n")).collect::<Vec<_>>().concat();
    let loaded = World::new().discovered(&format!("checks:\n{many}")).load().unwrap();
    assert_eq!((loaded.ignored.len(), loaded.config.checks.len()), (3_000, 0));
    let said = World::new().named(" ".repeat((1 << 20) + 1)).faults();
    assert!(said[0].contains("larger than 1024 KiB"), "{said:?}");
}

#[test]
fn bytes_that_are_no_text_are_named_by_place_and_an_empty_file_says_nothing() {
    let said = World::new().named(b"version: 1\nrun: {ask: \xff}\n").faults();
    assert_eq!(said, ["2:12 : this is not UTF-8 text | -"]);
    for text in ["", "\n# nothing\n", "---\n", "\u{feff}run:\nchecks:\n"] {
        World::new().named(text).load().unwrap();
    }
    assert_eq!(World::new().named("\u{feff}run: {jobs: 2}\r\n").load().unwrap().config.run.jobs, Jobs::Count(2));
}

#[test]
fn a_missing_named_file_and_two_project_files_are_said() {
    let mut world = World::new();
    world.named = Some("absent.yaml".into());
    assert!(world.faults()[0].contains("No such file"), "{:?}", world.faults());
    let world = World::new().discovered("version: 1").file("project/.orchestra.yaml", "version: 1");
    assert!(world.faults()[0].contains("two configurations"), "{:?}", world.faults());
}

#[test]
fn a_flag_and_a_variable_are_named_in_their_faults() {
    let world = World::new()
        .set("run.jbs=2")
        .set("run.jobs=many")
        .set("nonsense")
        .set("run..jobs=1")
        .var("ORCHESTRA_CFG__RUN__ASK", "maybe");
    let errors = world.load().unwrap_err();
    let said: Vec<String> = errors.faults().iter().map(ToString::to_string).collect();
    assert_eq!(
        said,
        [
            "--set: `nonsense` is not key=value",
            "--set run..jobs: this is not the name of a key",
            "$ORCHESTRA_CFG__RUN__ASK: run.ask: `maybe` is not one of the choices",
            "--set run.jbs: run.jbs: there is no key `jbs` here",
            "--set run.jobs: run.jobs: expected `auto` or a whole number from 1 to 64, found the text `many`",
        ]
    );
    assert_eq!(errors.faults()[4].spot.column, 10);
}

#[test]
fn secrets_are_refused_and_not_shown() {
    let secret = format!("sk-ant-api03-{}", "4f".repeat(12));
    for text in [
        format!("agents: {{a: {{command: {{argv: [x], env: {{KEY: {secret}}}}}}}}}"),
        format!("agents: {{a: {{command: {{argv: [x, --key={secret}]}}}}}}\nrun: {{jbs: 1}}"),
        format!("models: {{main: {{openai: {{model: m, api_key_env: {secret}}}}}}}"),
        format!("verify: {{pass_env: [{secret}]}}"),
    ] {
        let errors = World::new().named(&text).load().unwrap_err();
        let shown = render(&errors);
        assert!(shown.contains("looks like a secret") && shown.contains("pass_env"), "{shown}");
        assert!(!shown.contains(&secret), "{shown}");
    }
    World::new().named("checks: {a: {run: [sk-learn-tests-2-of-them-all, task-1234567890123456]}}").load().unwrap_err();
}

#[test]
fn a_fault_is_underlined_and_no_escape_reaches_the_terminal() {
    let errors = World::new().named("run:\n  job: 2 # \u{202e}\u{9}ok\n").load().unwrap_err();
    let shown = render(&errors);
    assert!(!shown.contains('\u{202e}'), "{shown}");
    assert!(shown.contains("job: 2") && shown.contains("did you mean `jobs`?"), "{shown}");
    assert!(shown.contains("named.yaml:2:3"), "{shown}");
    let shown = render(&World::new().named("run:\n  ask: \u{1b}[31m\n").load().unwrap_err());
    assert!(!shown.contains('\u{1b}') && shown.contains("named.yaml:2:8"), "{shown}");
}

fn render(errors: &ConfigErrors) -> String {
    let mut shown = String::new();
    let theme = miette::GraphicalTheme::unicode_nocolor();
    miette::GraphicalReportHandler::new_themed(theme).render_report(&mut shown, errors).unwrap();
    shown
}

/// Loads `bytes` as the named file of a world.
fn survives(world: &World, bytes: &[u8]) {
    fs::write(&world.path("project/named.yaml"), bytes).unwrap();
    let _ = world.load().map_err(|errors| render(&errors));
}

#[test]
fn no_bytes_make_it_panic() {
    let world = World::new().named("");
    proptest!(|(bytes in prop::collection::vec(any::<u8>(), 0..200))| survives(&world, &bytes));
}

#[test]
fn no_text_that_looks_like_yaml_makes_it_panic() {
    let world = World::new().named("");
    let yaml =
        "((run|jobs|agents|checks|a|&x|\\*x|!t|<<|é|\u{1b})(: |:\n  |, |\n|- |\\{|\\}|\\[|\\]|\"|'|#|\\|\n)?){0,30}";
    proptest!(|(text in yaml)| survives(&world, text.as_bytes()));
}

#[test]
fn no_flag_makes_it_panic() {
    let env = Env::default();
    proptest!(|(text in "(run|agents|é|\\.)*=?(\\PC|\n){0,20}")| {
        let sources = Sources { named: None, sets: vec![text], dir: Dir::Current("/".into()), env: &env };
        let _ = load(&sources).map_err(|errors| render(&errors));
    });
}

#[test]
fn a_workflow_is_named_or_is_a_file_and_a_misspelt_name_is_refused() {
    use crate::planner::Workflow;
    let template = |value: &str| {
        let world = World::new().named(format!("planner: {{template: {value}}}\n"));
        world.load().unwrap().config.planner.template
    };
    assert_eq!(template("plan-code-review"), Template::BuiltIn(Workflow::PlanCodeReview));
    assert!(matches!(template("./plan-code-review"), Template::File(_)));
    assert_eq!(
        fault("planner: {template: plan-code-reveiw}\n"),
        "1:21 planner.template: `plan-code-reveiw` is not one of the choices | did you mean `plan-code-review`?"
    );
    let found = World::new().discovered("planner: {template: plan-code-review}\n").load().unwrap();
    assert_eq!(found.config.planner.template, Template::BuiltIn(Workflow::PlanCodeReview));
}
