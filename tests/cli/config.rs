//! `config show|check|schema`: what counts, who said so, and every kind of fault.

use crate::world::{World, run};

#[test]
fn the_defaults_are_shown_and_are_a_sound_configuration_themselves() {
    let world = World::new();
    let yaml = world.orchestra(["config", "show"]).exits(0).stdout.clone();
    world.file("again.yaml", yaml);
    world.orchestra(["config", "check", "again.yaml"]).exits(0);
    let shown = world.orchestra(["config", "show", "--json"]).exits(0).json();
    assert_eq!(shown["run"]["jobs"], 1);
}

#[test]
fn each_layer_is_stronger_than_the_one_before_and_is_named() {
    let world = World::new();
    world.file("orchestra.yaml", "run:\n  attempts: 1\n");
    world.file("../config/orchestra/config.yaml", "run:\n  jobs: 3\n  backoff: 2s\n");
    let mut command = world.command(["config", "show", "--origin", "--set", "run.ask=plan"]);
    command.env("ORCHESTRA_CFG__RUN__JOBS", "4");
    let output = run(command, &[]);
    output.exits(0);
    let line = |key: &str| output.stdout.lines().find(|line| line.starts_with(key)).unwrap_or_default().to_owned();
    assert!(line("run.jobs:").contains("4 ") && line("run.jobs:").ends_with("# $ORCHESTRA_CFG__RUN__JOBS"), "{output}");
    assert!(line("run.ask:").contains("plan ") && line("run.ask:").ends_with("# --set run.ask"), "{output}");
    assert!(line("run.attempts:").ends_with("orchestra.yaml:2"), "{output}");
    assert!(line("run.backoff:").ends_with("config.yaml:3"), "{output}");
    assert!(line("limits.run:").ends_with("# default"), "{output}");
}

#[test]
fn a_typo_is_underlined_and_met_with_what_was_meant() {
    let world = World::new();
    world.file("orchestra.yaml", "version: 1\nrun:\n  job: 2\n");
    let output = world.orchestra(["config", "check", "orchestra.yaml"]);
    let stderr = output.exits(2).stderr.replace(&format!("{}/", world.project().display()), "");
    insta::assert_snapshot!(stderr, @r#"
    error: the configuration has a fault
      orchestra.yaml:3:3: run.job: there is no key `job` here
        3 |   job: 2
          |   ^^^
        hint: did you mean `jobs`?
    
    hint: `orchestra config show --origin` shows every key and where its value comes from
    "#);
    let document = world.orchestra(["config", "check", "--json"]).exits(2).json();
    let fault = &document["error"]["faults"][0];
    assert_eq!((&fault["line"], &fault["column"]), (&3.into(), &3.into()), "{document}");
}

#[test]
fn every_kind_of_unsound_file_is_refused_with_its_place() {
    let world = World::new();
    let aliases: Vec<String> = (0..60).map(|n| format!("k{n}: [*a, *a]\n")).collect();
    let bomb = format!("a: &a [x]\n{}", aliases.concat());
    let large = "# x\n".repeat(5 << 20);
    for (text, place) in [
        ("run: {jobs: 1}\nrun: {jobs: 2}\n", "orchestra.yaml:2"),
        ("run: {jobs: 0}\n", "run.jobs"),
        ("run: {jobs: -1}\n", "run.jobs"),
        ("run: {jobs: .nan}\n", "run.jobs"),
        ("run: {jobs: .inf}\n", "run.jobs"),
        ("run: {jobs: 9223372036854775808}\n", "run.jobs"),
        ("limits: {run: 0s}\n", "limits.run"),
        ("version: 2\n", "version"),
        ("run: {jobs: !!str 2}\n", "orchestra.yaml:1"),
        ("run: {}\n---\nrun: {}\n", "orchestra.yaml"),
        ("run: [\n", "orchestra.yaml"),
        (bomb.as_str(), "orchestra.yaml"),
        (large.as_str(), "orchestra.yaml"),
    ] {
        world.file("orchestra.yaml", text);
        let output = world.orchestra(["config", "check", "orchestra.yaml"]);
        output.exits(2).says(place).quick();
    }
    world.file("orchestra.yaml", b"run: {}\n# \xff\n");
    world.orchestra(["config", "check", "orchestra.yaml"]).exits(2).says("UTF-8");
    world.orchestra(["config", "check", "absent.yaml"]).exits(2).says("absent.yaml");
    world.orchestra(["config", "check", "."]).exits(2).says("folder");
}

#[test]
fn what_a_discovered_file_may_not_say_is_told_and_without_effect() {
    let world = World::new();
    world.file("orchestra.yaml", "checks:\n  mine: {run: [rm, -rf, /]}\n");
    let output = world.orchestra(["config", "show"]);
    output.exits(0).says("checks.mine ignored").says("--config FILE");
    assert!(!output.stdout.contains("rm"), "{output}");
    let named = world.orchestra(["config", "show", "--config", "orchestra.yaml"]);
    assert!(named.exits(0).stdout.contains("mine"), "{named}");
}

#[test]
fn an_unsound_flag_or_variable_is_named() {
    let world = World::new();
    world.orchestra(["config", "show", "--set", "run.jbos=2"]).exits(2).says("--set run.jbos").says("jobs");
    world.orchestra(["config", "show", "-c", "jobs"]).exits(2).says("key=value");
    let mut command = world.command(["config", "show"]);
    command.env("ORCHESTRA_CFG__RUN__JOBS", "many");
    run(command, &[]).exits(2).says("$ORCHESTRA_CFG__RUN__JOBS");
}

#[test]
fn the_schema_is_one_json_document() {
    let world = World::new();
    let schema = world.orchestra(["config", "schema"]).exits(0).json();
    assert_eq!(schema, world.orchestra(["config", "schema", "--json"]).exits(0).json());
    assert!(schema["properties"]["run"].is_object());
}
