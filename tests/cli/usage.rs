//! Arguments: help, versions, mistakes.

use crate::world::World;

#[test]
fn help_and_version_are_data() {
    let world = World::new();
    for args in [&["--help"][..], &["-h"], &["plan", "--help"], &["plan", "check", "--help"], &["--version"]] {
        let output = world.orchestra(args);
        output.exits(0);
        assert!(!output.stdout.is_empty() && output.stderr.is_empty(), "{output}");
    }
    assert_eq!(world.orchestra(["--version"]).stdout, format!("orchestra {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn no_command_shows_what_there_is() {
    let world = World::new();
    world.orchestra([""; 0]).exits(2).says("a command is missing").says("Usage: orchestra");
    let output = world.orchestra(["plan"]);
    insta::assert_snapshot!(output.exits(2).stderr, @r#"
    error: a command is missing
    
    hint: Usage: orchestra plan [OPTIONS] [TICKET] [COMMAND]
          check  Check that a plan is valid, and list every fault
          show   Show the tasks, batches and critical path of a plan
          graph  Draw the dependency graph of a plan or a run
        see --help
    "#);
}

#[test]
fn a_mistyped_flag_or_command_is_met_with_what_was_meant() {
    let world = World::new();
    world.orchestra(["plan", "chek"]).exits(2).says("did you mean `plan check FILE`?");
    let output = world.orchestra(["runs", "lst"]);
    insta::assert_snapshot!(output.exits(2).stderr, @r#"
    error: unrecognized subcommand 'lst'
    
    hint: did you mean `list`?
    "#);
    let output = world.orchestra(["plan", "check", "x", "--max-taks", "3"]);
    insta::assert_snapshot!(output.exits(2).stderr, @r#"
    error: unexpected argument '--max-taks' found
    
    hint: did you mean `--max-tasks`?
    "#);
    let output = world.orchestra(["plan", "check", "x", "--max-tasks", "0"]);
    insta::assert_snapshot!(output.exits(2).stderr, @r#"
    error: invalid value '0' for '--max-tasks <N>': 0 is not in 1..=4294967295
    
    hint: see --help
    "#);
}

#[test]
fn who_asks_for_json_gets_one_document_also_for_a_mistake() {
    let world = World::new();
    let document = world.orchestra(["--json", "runs", "lst"]).exits(2).json();
    assert_eq!(document["error"]["exit"], 2);
    assert!(document["error"]["message"].as_str().unwrap().contains("lst"), "{document}");
}

#[test]
fn escapes_in_an_argument_never_reach_the_terminal() {
    let output = World::new().orchestra(["plan", "check", "\u{1b}]0;x\u{7}\u{202e}"]);
    assert!(!output.exits(2).stderr.contains(['\u{1b}', '\u{7}', '\u{202e}']), "{:?}", output.stderr);
}

#[test]
fn a_folder_to_work_in_must_be_one() {
    let world = World::new();
    world.file("f", "");
    world.orchestra(["-C", "absent", "plan", "check", "x"]).exits(2).says("absent");
    world.orchestra(["-C", "f", "plan", "check", "x"]).exits(2).says("is not a folder");
}

#[test]
fn a_filter_that_cannot_be_read_is_named() {
    let world = World::new();
    let mut command = world.command(["plan", "check", "x"]);
    command.env("ORCHESTRA_LOG", "a=b=c");
    crate::world::run(command, &[]).exits(2).says("ORCHESTRA_LOG");
}

#[test]
fn a_reader_that_has_gone_is_no_error_and_a_full_disk_is_one() {
    let world = World::new();
    let script = |redirection: &str| {
        let mut command = std::process::Command::new("sh");
        let program = env!("CARGO_BIN_EXE_orchestra");
        command.args(["-c", &format!("{{ '{program}' --help; echo $? >&2; }} {redirection}")]);
        crate::world::run(command, &[])
    };
    drop(world);
    assert_eq!(script("| true").stderr.trim(), "0");
    let full = script("> /dev/full");
    assert!(full.stderr.contains("cannot write to standard output") && full.stderr.trim().ends_with('8'), "{full}");
}
