//! `plan graph`: plans and runs drawn as Mermaid, for Graphviz, and as JSON.

use serde_json::{Value, json};

use crate::scene::{Scene, appears, plan};
use crate::world::World;

/// What a title could break out of a drawing with.
const HOSTILE: &str = "end \"] --> x\n%%{init: {}}%% #quot; &lt; \\N \u{1b}[31m\u{202e} `c` ]]> </svg>";

fn diamond() -> Value {
    let mut plan = plan(&[
        json!({"id": "end", "role": "research", "title": "Find it"}),
        json!({"id": "fix", "title": HOSTILE, "depends_on": ["end"]}),
        json!({"id": "docs", "title": "Say so", "depends_on": ["end"]}),
        json!({"id": "subgraph", "role": "review", "title": "Judge it", "depends_on": ["fix", "docs"]}),
    ]);
    plan["plan_id"] = json!("OP-20261121-093312-A1B2");
    plan
}

fn world() -> World {
    let world = World::new();
    world.file("plan.json", diamond().to_string());
    world
}

#[test]
fn a_plan_is_drawn_as_mermaid_with_its_batches_and_its_longest_chain() {
    let drawn = world().orchestra(["plan", "graph", "plan.json"]);
    insta::assert_snapshot!(drawn.exits(0).stdout, @r#"
        flowchart TB
          subgraph B1["B1, 1 task"]
            t1["end<br/>Find it<br/>research"]
          end
          subgraph B2["B2, 2 tasks, independent"]
            t2["fix<br/>end #34;#93; #45;#45;#62; x #37;#37;#123;init#58; #123;#125;#125;#37;#37; #35;quot#59; #38;lt#59; #92;N #92;u#123;1b#125;#91;31m#92;u#123;202e#125; #96;c#96; #93;#93;#62; #60;#47;svg#62;<br/>implement"]
            t3["docs<br/>Say so<br/>implement"]
          end
          subgraph B3["B3, 1 task"]
            t4["subgraph<br/>Judge it<br/>review"]
          end
          t1 ==> t2
          t1 --> t3
          t2 ==> t4
          t3 --> t4
          classDef critical stroke-width:3px
          class t1,t2,t4 critical
        "#);
    assert_eq!(drawn.stderr, "");
}

#[test]
fn a_plan_is_drawn_for_graphviz() {
    let drawn = world().orchestra(["plan", "graph", "plan.json", "--format", "dot"]);
    insta::assert_snapshot!(drawn.exits(0).stdout, @r##"
        digraph plan {
          graph [label="A plan", labelloc=t, fontname="sans-serif"];
          node [shape=box, style="rounded,filled", fillcolor="#ffffff", fontcolor="#1f2328", fontname="sans-serif"];
          subgraph cluster_1 {
            label="B1, 1 task"; style="dashed"; color="#6e7781";
            t1 [label="end\nFind it\nresearch", penwidth=3];
          }
          subgraph cluster_2 {
            label="B2, 2 tasks, independent"; style="dashed"; color="#6e7781";
            t2 [label="fix\nend \"] --> x %%{init: {}}%% #quot; &amp;lt;\n\\N \\u{1b}[31m\\u{202e} `c` ]]> </svg>\nimplement", penwidth=3];
            t3 [label="docs\nSay so\nimplement"];
          }
          subgraph cluster_3 {
            label="B3, 1 task"; style="dashed"; color="#6e7781";
            t4 [label="subgraph\nJudge it\nreview", penwidth=3];
          }
          t1 -> t2 [penwidth=3];
          t1 -> t3;
          t2 -> t4 [penwidth=3];
          t3 -> t4;
        }
        "##);
}

#[test]
fn a_graph_in_json_holds_every_task_edge_and_batch() {
    let world = world();
    let graph = world.orchestra(["plan", "graph", "--json", "plan.json"]).exits(0).json();
    assert_eq!((&graph["schema"], &graph["run"]), (&json!("orchestra.graph/v1"), &Value::Null));
    assert_eq!(graph["critical_path"], json!(["end", "fix", "subgraph"]));
    assert_eq!(graph["batches"][1], json!({"name": "B2", "tasks": ["fix", "docs"]}));
    assert_eq!(graph["edges"][1], json!({"from": "end", "to": "docs", "critical": false}));
    // A plan's titles are one line, with what misleads a terminal written out.
    let title = HOSTILE.replace('\n', " ").replace('\u{1b}', "\\u{1b}").replace('\u{202e}', "\\u{202e}");
    assert_eq!((&graph["nodes"][1]["title"], &graph["nodes"][1]["status"]), (&json!(title), &Value::Null));
    let same = world.orchestra(["plan", "graph", "--format", "json", "plan.json"]);
    assert_eq!(same.exits(0).json(), graph);
    let piped = world.orchestra_with(["plan", "graph", "--output", "jsonl", "-"], diamond().to_string().as_bytes());
    assert_eq!(piped.exits(0).stdout.lines().count(), 1);
}

#[test]
fn the_same_plan_is_drawn_the_same_way_twice() {
    let world = world();
    for format in ["mermaid", "dot"] {
        let draw = || world.orchestra(["plan", "graph", "plan.json", "--format", format]).exits(0).stdout.clone();
        assert_eq!(draw(), draw());
    }
}

#[test]
fn a_run_is_drawn_with_how_each_task_stands() {
    let scene = Scene::new();
    scene.plan(&[
        json!({"id": "a", "role": "research"}),
        json!({"id": "b", "depends_on": ["a"], "checks": [appears("b.txt")]}),
        json!({"id": "c", "depends_on": ["b"]}),
    ]);
    scene.run(&[]).exits(3);
    let run = scene.runs().pop().unwrap();
    let newest = scene.orchestra(["plan", "graph"]);
    newest.exits(0).says(&run);
    for class in ["class t1 verified", "class t2 failed", "class t3 skipped"] {
        assert!(newest.stdout.contains(class), "{class}\n{newest}");
    }
    // By the beginning of its id, as `latest`, and by its folder.
    for name in [&run[..17], "latest", &format!("runs/{run}"), "runs/latest"] {
        assert_eq!(scene.orchestra(["plan", "graph", name]).exits(0).stdout, newest.stdout, "{name}");
    }
    let graph = scene.orchestra(["plan", "graph", "--json"]).exits(0).json();
    assert_eq!(graph["run"], json!(run));
    let stands = |at: usize| (graph["nodes"][at]["status"].clone(), graph["nodes"][at]["verdict"].clone());
    assert_eq!(stands(0), (json!("succeeded"), json!("verified")));
    assert_eq!(stands(1), (json!("failed"), Value::Null));
    // The plan's file is a plan, whoever ran it.
    let of_file = scene.orchestra(["plan", "graph", &format!("runs/{run}/plan.json")]);
    assert!(!of_file.exits(0).stdout.contains("class t1 verified"), "{of_file}");
    assert!(scene.text("report.md").contains(&format!("```mermaid\n{}```", newest.stdout)), "the report has the same");
}

#[test]
fn a_plan_too_large_for_a_page_is_drawn_by_batches_in_the_report() {
    let scene = Scene::new();
    let tasks: Vec<Value> = (0..70).map(|n| json!({"id": format!("t{n}"), "role": "research"})).collect();
    scene.plan(&tasks).run(&["--plan-only"]).exits(0);
    let report = scene.text("report.md");
    assert!(report.contains("t1[\"B1<br/>70 tasks<br/>70 pending\"]"), "{report}");
    assert!(report.contains("70 tasks with 0 dependencies are too many for one picture"), "{report}");
    let run = scene.runs().pop().unwrap();
    assert_eq!(scene.orchestra(["plan", "graph", &run]).exits(0).stdout.matches("[\"t").count(), 70);
}

#[test]
fn more_than_mermaid_takes_is_drawn_and_said() {
    let world = World::new();
    let tasks: Vec<Value> = (0..502)
        .map(|n| {
            json!({"id": format!("t{n}"), "depends_on": (n > 0).then(|| format!("t{}", n - 1))
            .into_iter().collect::<Vec<_>>()})
        })
        .collect();
    world.file("plan.json", plan(&tasks).to_string());
    let drawn = world.orchestra(["plan", "graph", "plan.json"]);
    assert_eq!(drawn.exits(0).says("more than 500 arrows").stdout.matches("==>").count(), 501);
    assert_eq!(world.orchestra(["plan", "graph", "plan.json", "--format", "dot"]).exits(0).stderr, "");
}

#[test]
fn what_cannot_be_drawn_is_refused_with_its_place() {
    let world = world();
    world.orchestra(["plan", "graph", "--json", "--format", "dot", "plan.json"]).exits(2).says("no JSON document");
    world.orchestra(["plan", "graph", "plan.jsn"]).exits(2).says("did you mean `plan.json`?");
    world.orchestra(["plan", "graph", "2026"]).exits(2).says("begins with `2026`");
    world.orchestra(["plan", "graph"]).exits(2).says("this project has no run yet");
    world.orchestra(["plan", "graph", "."]).exits(2).says("run");
    world.orchestra(["plan", "graph", "--format", "png", "plan.json"]).exits(2).says("mermaid");
    let cycle = plan(&[json!({"id": "a", "depends_on": ["b"]}), json!({"id": "b", "depends_on": ["a"]})]);
    world.file("plan.json", cycle.to_string());
    world.orchestra(["plan", "graph", "plan.json"]).exits(2).says("$.tasks[").says("hint: ");
    for bad in ["null", "[]", "{\"tasks\": 7}", ""] {
        let output = world.orchestra_with(["plan", "graph", "--json", "-"], bad.as_bytes());
        assert_eq!(output.exits(2).json()["error"]["exit"], 2);
    }
    world.orchestra(["plan", "graph", "-m", "x"]).exits(2);
}
