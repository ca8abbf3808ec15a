//! `prompts.dir`: templates of one's own in the place of the built-in ones.

use crate::world::World;

/// A program as an agent that shows what it is told.
const CONFIG: &str = "prompts: {dir: mine}\nverify: {unchecked: allow}\nworkspace: {mode: copy}\n\
    agents: {shown: {command: {argv: [sh, -c, 'printf %s \"$1\" > \"$ORCHESTRA_ARTIFACTS/told.md\"', sh, \"{prompt}\"]}}}\n\
    roles: {research: shown}\n";

const PLAN: &str = r#"{"title": "T", "tasks": [{"id": "look", "role": "research", "title": "Look {{ 7*7 }}",
    "artifacts": ["told.md"], "checks": []}]}"#;

fn world() -> World {
    let world = World::new();
    world.file("orchestra.yaml", CONFIG);
    world.file("plan.json", PLAN);
    world.file("README.md", "A project.\n");
    world
}

fn go(world: &World) -> crate::world::Output {
    world.orchestra(["run", "-m", "Fix the `parser` now", "--plan", "plan.json", "--config", "orchestra.yaml"])
}

#[test]
fn a_template_of_ones_own_is_told_in_the_place_of_the_built_in_one() {
    let world = world();
    world.file("mine/research.md.j2", "\nOnly look, for: {{ task.title | line }}.\n");
    world.file("mine/examples/bug.ticket.md", "");
    world.file("mine/.swp", "left by an editor");
    go(&world).exits(0);
    let run = world.project().join("runs/latest");
    let told = std::fs::read_to_string(run.join("artifacts/look/told.md")).unwrap();
    assert!(told.contains("\nOnly look, for: Look {{ 7*7 }}.\n"), "{told}");
    assert!(
        told.contains("# The ticket: Fix the `parser` now") && !told.contains("Find out what the people"),
        "{told}"
    );
}

#[test]
fn what_is_wrong_with_a_folder_of_prompts_is_said_before_anything_runs() {
    let refused = |make: &dyn Fn(&World), says: &[&str]| {
        let world = world();
        make(&world);
        let output = go(&world);
        output.exits(2).quick();
        for part in says {
            output.says(part);
        }
        assert!(!world.project().join("runs/latest").exists(), "{output}");
    };
    refused(&|_| {}, &["(`prompts.dir`) cannot be used", "mine"]);
    let with = |name: &'static str, text: &'static str| move |world: &World| drop(world.file(name, text));
    refused(
        &with("mine/reserch.md.j2", "x"),
        &["named `reserch.md.j2`; did you mean `research.md.j2`?", "hint: prompts"],
    );
    refused(&with("mine/test.md.j2", "{{ task.titel }}"), &["uses `task.titel`", "did you mean `task.title`?"]);
    refused(&with("mine/test.md.j2", "{% if %}"), &["test.md.j2 cannot be read as a template"]);
    refused(&with("mine/examples/bug.plan.json", "{\"tasks\": []}"), &["the example examples/bug.plan.json", "empty"]);
    refused(&with("mine/test.md.j2/x", ""), &["test.md.j2", "folder"]);
    refused(&|world| drop(world.file("mine/test.md.j2", b"a\xff")), &["test.md.j2", "UTF-8"]);
}

#[test]
fn a_file_that_came_with_the_project_does_not_say_what_agents_are_told() {
    let world = World::new();
    world.file("orchestra.yaml", "prompts: {dir: mine}\n");
    world.file("mine/nonsense", "");
    world.orchestra(["config", "check"]).says("a project file may not say what agents are told");
}
