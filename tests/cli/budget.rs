//! What a run may cost: counted by the account of its agents, warned of, stopped at, raised, and never paid twice.

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

use crate::scene::{Scene, appears, text};

/// Research tasks by number, each after the one before.
fn looking(scene: &Scene, count: usize) {
    let tasks: Vec<Value> = (0..count)
        .map(|n| {
            let before: Vec<String> = n.checked_sub(1).map(|n| format!("t{n}")).into_iter().collect();
            json!({"id": format!("t{n}"), "role": "research", "depends_on": before})
        })
        .collect();
    scene.plan(&tasks);
}

/// A scene whose agents say that they used this.
fn spending(usage: &Value) -> Scene {
    let scene = Scene::new();
    scene.answers(&[json!({"task": "*", "summary": "Seen.", "usage": usage})]);
    scene
}

/// The limit as the report has it: what is used, and of how much.
fn gauge(scene: &Scene, limit: &str) -> (u64, u64) {
    let report = scene.json("report.json");
    let limits = report["limits"].as_array().unwrap();
    let gauge = limits.iter().find(|gauge| gauge["limit"] == limit).unwrap();
    (gauge["used"].as_u64().unwrap(), gauge["of"].as_u64().unwrap())
}

#[test]
fn tokens_that_are_used_up_end_a_run_with_4_and_more_of_them_finish_it_without_paying_twice() {
    let scene = spending(&json!({"input_tokens": 500, "output_tokens": 100}));
    looking(&scene, 3);
    let output = scene.run(&["--budget-tokens", "1000"]);
    output.exits(4).says("budget.tokens is used up: 1200 of 1000").says("--budget-tokens +1000");
    assert_eq!(scene.tasks_of("attempt.started"), ["t0", "t1"]);
    assert_eq!(gauge(&scene, "budget.tokens"), (1200, 1000));
    let report = scene.json("report.json");
    assert_eq!((&report["exit_code"], &report["verdict"]), (&json!(4), &json!("stopped")));
    assert!(text(&report["stopped"]).contains("1200 of 1000"), "{report}");
    assert!(scene.text("report.md").contains("1200 of 1000"));
    assert!(scene.text("junit.xml").contains("1200 of 1000"));
    let shown = scene.orchestra(["runs", "show"]);
    assert!(shown.stdout.contains("1200 of 1000"), "{shown}");
    // Asking again without more of it begins nothing.
    scene.resume(&[]).exits(4).says("1200 of 1000");
    scene.resume(&["--budget-tokens", "1200"]).exits(4);
    scene.resume(&["--budget-tokens", "+1000"]).exits(0);
    assert_eq!(scene.tasks_of("attempt.started"), ["t0", "t1", "t2"]);
    let raised: Vec<Value> = scene.events("budget.raised").into_iter().map(|(_, data)| data).collect();
    assert_eq!(
        raised,
        [
            json!({"limit": "budget.tokens", "from": 1000, "to": 1200, "by": "command line"}),
            json!({"limit": "budget.tokens", "from": 1200, "to": 2200, "by": "command line"}),
        ]
    );
    assert_eq!(gauge(&scene, "budget.tokens"), (1800, 2200));
}

#[test]
fn money_is_counted_exactly_and_kept_across_processes() {
    let scene = spending(&json!({"usd": 0.1}));
    looking(&scene, 4);
    let output = scene.run(&["--max-budget-usd", "0.30"]);
    output.exits(4).says("$0.30 of $0.30").says("--budget-usd +0.30");
    assert_eq!(scene.tasks_of("attempt.started"), ["t0", "t1", "t2"], "three times 0.1 is 0.3 and not more");
    // As much as an attempt may use is set aside, and never more than is left.
    let aside: Vec<Value> =
        scene.events("attempt.started").into_iter().map(|(_, data)| data["budget"].clone()).collect();
    let amounts: Vec<Value> = aside.iter().map(|aside| aside["usd"].clone()).collect();
    assert_eq!(amounts, [json!(0.3), json!(0.2), json!(0.1)]);
    scene.resume(&["--budget-usd", "+0.1"]).exits(0);
    assert_eq!(gauge(&scene, "budget.usd"), (400_000, 400_000));
}

#[test]
fn an_account_that_makes_no_sense_counts_as_all_that_was_set_aside() {
    let scene = Scene::new();
    let told = [
        "{\"usd\": -5}",
        "{\"usd\": 1e308}",
        "{\"usd\": \"0\"}",
        "{\"usd\": 18446744073709551616}",
        "{\"usd\": 0, \"usd\": 0}",
        "\"nothing\"",
        "null",
        "{}",
    ];
    let config = json!({"agents": {"sh": {"command": {
        "argv": ["sh", "-c", "printf '{\"status\": \"done\", \"usage\": %s}' \"$(cat \"$FILES/$ORCHESTRA_TASK_ID\")\""],
        "parser": "json", "env": {"FILES": scene.world.project().join("../told").display().to_string()},
    }}}, "roles": {"research": "sh"}});
    scene.config(config);
    std::fs::create_dir(scene.world.project().join("../told")).unwrap();
    for (n, usage) in told.iter().enumerate() {
        std::fs::write(scene.world.project().join(format!("../told/t{n}")), usage).unwrap();
    }
    looking(&scene, told.len() + 1);
    let output = scene.run(&["--budget-usd", "4", "--set", "budget.task_usd=0.5"]);
    output.exits(4).says("$4.00 of $4.00");
    assert_eq!(scene.tasks_of("attempt.started").len(), told.len(), "{output}");
}

#[test]
fn an_agent_of_unknown_price_is_refused_where_a_budget_of_money_was_set() {
    let scene = Scene::new();
    scene.shell("text", "echo done");
    looking(&scene, 12);
    let refused = scene.run(&["--budget-usd", "1"]);
    refused.exits(2).says("agent `sh` (research) does not report what it costs").says("budget.unknown=allow");
    assert_eq!(scene.runs(), Vec::<String>::new(), "nothing ran");
    scene.run(&["--budget-usd", "1", "--dry-run"]).exits(0).says("it would be refused");
    // The plan alone costs nothing; carrying it out does.
    scene.run(&["--budget-usd", "1", "--plan-only"]).exits(0);
    scene.resume(&[]).exits(2).says("budget.unknown=allow");
    // Where it is allowed, what nobody tells counts in full.
    let allowed = ["--budget-usd", "1", "--set", "budget.unknown=allow", "--set", "budget.task_usd=0.25"];
    scene.run(&allowed).exits(4).says("$1.00 of $1.00");
    assert_eq!(scene.tasks_of("attempt.started").len(), 4);
    // Nobody asked for the budget that is built in: it stops nobody who costs nothing.
    scene.run(&[]).exits(0);
}

#[test]
fn the_built_in_budget_holds_for_those_that_tell() {
    let scene = spending(&json!({"usd": 2.0}));
    looking(&scene, 5);
    scene.run(&[]).exits(4).says("$6.00 of $5.00");
    assert_eq!(scene.tasks_of("attempt.started"), ["t0", "t1", "t2"]);
    assert_eq!(scene.events("attempt.started")[0].1["budget"], Value::Null, "a net sets nothing aside");
}

#[test]
fn the_built_in_agent_costs_nothing_and_says_so() {
    let scene = spending(&json!({"usd": 1.0}));
    scene.config(json!({"roles": {"review": "builtin"}}));
    scene.plan(&[
        json!({"id": "look", "role": "research"}),
        json!({"id": "read", "role": "review", "depends_on": ["look"]}),
    ]);
    // All the money is gone, and what costs nothing goes on.
    scene.run(&["--budget-usd", "1"]).exits(0);
    let usage = &scene.events("attempt.finished")[1].1["usage"];
    assert_eq!(usage, &json!({"input_tokens": 0, "output_tokens": 0, "usd": 0}));
}

#[test]
fn an_attempt_whose_agent_was_never_started_costs_nothing() {
    let scene = spending(&json!({"usd": 1.0}));
    looking(&scene, 1);
    let limits = ["--budget-usd", "5", "--set", "budget.task_usd=1", "--set", "run.attempts=1"];
    let fails = ["--set", "workspace.setup=[[sh, -c, exit 9]]"];
    scene.run(&[&limits[..], &fails[..]].concat()).exits(6);
    assert_eq!(scene.events("attempt.started")[0].1["budget"]["usd"], 1, "it was set aside");
    assert_eq!(gauge(&scene, "budget.usd"), (0, 5_000_000), "and given back: nobody was asked for anything");
    // The same of a command that is not there by the time that it is needed.
    let agent = json!({"agents": {"gone": {"command": {"argv": ["./gone.sh"], "parser": "json"}}}, "roles": {"research": "gone"}});
    scene.config(agent);
    scene.world.file("gone.sh", "#!/bin/sh\necho '{}'\n");
    scene.world.file("gone.sh", "not to be executed");
    scene.run(&limits).exits(6);
    assert_eq!(gauge(&scene, "budget.usd"), (0, 5_000_000));
}

#[test]
fn what_an_agent_told_is_counted_though_the_run_is_stopped_while_its_work_is_taken() {
    let scene = Scene::new();
    let told = scene.world.project().join("../told");
    let script = format!("touch {}; echo '{{\"status\": \"done\", \"usage\": {{\"usd\": 0.25}}}}'", told.display());
    scene.shell("json", &script);
    looking(&scene, 1);
    // A git that does not answer when it is first asked after the agent.
    let tools = scene.world.project().join("../tools");
    let path = std::env::var("PATH").unwrap();
    let git = path.split(':').map(|folder| format!("{folder}/git")).find(|git| std::path::Path::new(git).exists());
    let slow = format!(
        "#!/bin/sh\nif [ -e {0} ] && ! [ -e {0}.taken ]; then touch {0}.taken; exec sleep 300; fi\nexec {1} \"$@\"\n",
        told.display(),
        git.unwrap()
    );
    std::fs::create_dir(&tools).unwrap();
    std::fs::write(tools.join("git"), slow).unwrap();
    std::fs::set_permissions(tools.join("git"), std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let mut command = scene.command(["run", "--plan", "plan.json"]);
    let mut child = command.env("PATH", format!("{}:{path}", tools.display())).spawn().unwrap();
    let taken = std::path::PathBuf::from(format!("{}.taken", told.display()));
    let patience = std::time::Instant::now() + std::time::Duration::from_secs(60);
    while !taken.exists() {
        assert!(std::time::Instant::now() < patience, "its work was never taken");
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    kill_process(Pid::from_child(&child), Signal::INT).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(130));
    let (_, ended) = scene.events("attempt.finished").remove(0);
    assert_eq!(ended["outcome"]["failed"]["class"], "interrupted", "{ended}");
    assert_eq!((&ended["usage"]["usd"], &ended["exit"]["code"]), (&json!(0.25), &json!(0)), "{ended}");
    std::fs::remove_file(&told).unwrap();
    scene.resume(&[]).exits(0);
    assert_eq!(gauge(&scene, "budget.usd").0, 500_000);
}

#[test]
fn limits_that_are_raised_beyond_all_bounds_leave_a_run_that_can_be_gone_on_with() {
    let scene = spending(&json!({"usd": 1.0}));
    looking(&scene, 2);
    scene.run(&["--budget-usd", "5", "--set", "limits.launches=1"]).exits(4);
    let more = ["--budget-usd", "+1000000000", "--timeout", "+3650d", "--budget-tokens", "+18446744073709551615"];
    for _ in 0..2 {
        scene.resume(&more).exits(4).says("1 of 1");
        scene.orchestra(["runs", "show"]).exits(0);
    }
    scene.resume(&["--set", "limits.launches=+4294967295"]).exits(0);
    assert_eq!(gauge(&scene, "budget.usd"), (2_000_000, 1_000_000_000_000_000));
}

#[test]
fn a_limit_is_warned_of_once_until_it_is_raised() {
    let scene = Scene::new();
    looking(&scene, 10);
    let warnings = |scene: &Scene| scene.events("budget.warned").into_iter().map(|(_, data)| data).collect::<Vec<_>>();
    let output = scene.run(&["--set", "limits.launches=5"]);
    output.exits(4).says("launches: 4 of 5 used").says("5 of 5").says("--set limits.launches=+5");
    let first = json!({"limit": "limits.launches", "used": 4, "of": 5});
    assert_eq!(warnings(&scene), std::slice::from_ref(&first));
    let concerns = scene.json("report.json")["concerns"].clone();
    assert!(concerns.as_array().unwrap().iter().any(|it| it["kind"] == "budget"), "{concerns}");
    scene.resume(&[]).exits(4);
    assert_eq!(warnings(&scene), std::slice::from_ref(&first), "it was said before");
    // Adding adds, and stays: it is not ten again in the next process.
    scene.resume(&["--set", "limits.launches=+3"]).exits(4).says("8 of 8");
    let second = json!({"limit": "limits.launches", "used": 7, "of": 8});
    assert_eq!(warnings(&scene), [first, second]);
    scene.resume(&[]).exits(4).says("8 of 8");
    scene.resume(&["-c", "limits.launches=+2"]).exits(0);
    assert_eq!(scene.tasks_of("attempt.started").len(), 10);
}

#[test]
fn what_would_add_is_never_taken_for_what_sets() {
    let scene = Scene::new();
    looking(&scene, 1);
    for set in ["limits.launches=+10", "limits.run=+1h", "run.jobs=+2", "budget.usd=+5"] {
        scene.run(&["--set", set]).exits(2).says("only `orchestra resume` adds");
    }
    scene.run(&["--budget-usd", "+5"]).exits(2).says("only `orchestra resume` adds");
    assert_eq!(scene.runs(), Vec::<String>::new());
    scene.run(&["--plan-only"]).exits(0);
    scene.resume(&["--set", "run.jobs=+2"]).exits(2).says("only `orchestra resume` adds");
    scene.resume(&["--set", "limits.launches=+many"]).exits(2).says("not a whole number");
    for bad in ["0", "-1", "NaN", "inf", "5 dollars", "1e3", "9223372036854775808"] {
        scene.run(&["--budget-usd", bad]).exits(2);
        scene.run(&["--budget-tokens", bad]).exits(2);
        scene.resume(&["--budget-usd", bad]).exits(2);
        scene.resume(&["--budget-tokens", bad]).exits(2);
    }
    assert_eq!(scene.runs().len(), 1);
    scene.resume(&[]).exits(0);
}

#[test]
fn a_run_directory_that_grew_too_large_ends_the_run_and_is_remembered() {
    let scene = Scene::new();
    scene.answers(&[json!({"task": "*", "leaves": {"big.txt": "x".repeat(200_000)}, "summary": "Seen."})]);
    looking(&scene, 3);
    let output = scene.run(&["--set", "limits.run_bytes=100000"]);
    output.exits(4).says("limits.run_bytes is used up").says("--set limits.run_bytes=+2");
    assert_eq!(scene.tasks_of("attempt.started"), ["t0"]);
    let (used, of) = gauge(&scene, "limits.run_bytes");
    assert!(used > 200_000 && used < 230_000 && of == 100_000, "{used} of {of}");
    scene.resume(&[]).exits(4);
    scene.resume(&["--set", "limits.run_bytes=+10000000"]).exits(0);
    assert!(gauge(&scene, "limits.run_bytes").0 > 3 * 200_000);
}

#[test]
fn files_that_a_task_changed_count_for_the_run_directory() {
    let scene = Scene::new();
    scene.answers(&[json!({"task": "*", "writes": {"big.txt": "x".repeat(200_000)}, "summary": "Done."})]);
    scene.plan(&[
        json!({"id": "one", "checks": [appears("big.txt")]}),
        json!({"id": "two", "role": "research", "depends_on": ["one"]}),
    ]);
    scene.run(&["--set", "limits.run_bytes=100000"]).exits(4);
    assert_eq!(scene.tasks_of("attempt.started"), ["one"]);
}

#[test]
fn what_is_kept_of_an_agents_output_can_be_set_and_what_is_cut_is_said() {
    let scene = Scene::new();
    scene.shell("text", "head -c 100000 /dev/zero | tr '\\0' x; echo; echo; echo Seen.");
    looking(&scene, 1);
    scene.run(&["--set", "limits.output_bytes=5000"]).exits(0);
    assert_eq!(scene.text("tasks/1-t0.1.stdout.log").len(), 5000);
    assert_eq!(scene.events("attempt.finished")[0].1["truncated"], true);
    assert_eq!(scene.json("report.json")["steps"][0]["summary"], "Seen.", "the answer is at its end");
}

#[test]
fn more_money_than_there_can_be_leaves_a_run_that_can_be_read() {
    let scene = spending(&json!({"usd": 0.1}));
    looking(&scene, 2);
    scene.run(&["--budget-usd", "0.05"]).exits(4);
    scene.resume(&["--budget-usd", "+1000000000", "--set", "limits.launches=1"]).exits(4);
    scene.resume(&["--set", "limits.launches=5"]).exits(0);
}

#[test]
fn the_amount_that_is_named_lets_a_run_go_on_that_used_far_more_than_it_might() {
    let scene = spending(&json!({"usd": 3}));
    looking(&scene, 2);
    scene.run(&["--budget-usd", "0.01"]).exits(4).says("--budget-usd +3.00");
    scene.resume(&["--budget-usd", "+3.00"]).exits(0);
}

/// A scene whose agent is a program that answers in JSON, and asks `$ORCHESTRA_TASK_ID` what else it does.
fn telling(script: &str) -> Scene {
    let scene = Scene::new();
    scene.shell("json", script);
    scene
}

#[test]
fn an_agent_that_tells_with_its_answer_is_not_ended_for_it() {
    // It takes a while to end after it has answered, as programs do.
    let scene = telling("echo '{\"status\": \"done\", \"usage\": {\"usd\": 1.5}}'; sleep 0.5");
    looking(&scene, 2);
    scene.run(&["--budget-usd", "2", "--set", "budget.task_usd=1"]).exits(0);
    assert_eq!(gauge(&scene, "budget.usd"), (3_000_000, 2_000_000));
}

#[test]
fn an_agent_that_tells_less_and_less_takes_nothing_back() {
    let scene = telling(
        "echo '{\"usage\": {\"usd\": 0.5}}'; echo '{\"usage\": {\"usd\": 0.1}}'; \
         echo '{\"status\": \"done\", \"usage\": {\"usd\": 0, \"input_tokens\": 7}}'",
    );
    looking(&scene, 1);
    scene.run(&[]).exits(0);
    assert_eq!((gauge(&scene, "budget.usd").0, gauge(&scene, "budget.tokens").0), (500_000, 7));
}
