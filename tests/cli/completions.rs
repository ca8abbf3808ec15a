//! `completions` and `man`: read by the shells and the readers of manuals that are there.

use std::process::Command;

use crate::world::{Output, World, run};

const SHELLS: [&str; 5] = ["bash", "elvish", "fish", "powershell", "zsh"];

/// Calls a program of this machine, if it has it.
fn if_there(world: &World, program: &str, args: &[&str]) -> Option<Output> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).find(|folder| folder.join(program).is_file())?;
    let mut command = Command::new(program);
    command.args(args).current_dir(world.project()).env_clear().env("PATH", path).env("HOME", world.project());
    Some(run(command, &[]))
}

#[test]
fn every_shell_gets_a_script_that_knows_every_command() {
    let world = World::new();
    for shell in SHELLS {
        let script = world.orchestra(["completions", shell]);
        for word in ["resume", "completions", "continue-on-error", "graph"] {
            assert!(script.exits(0).stdout.contains(word), "{word} in the script for {shell}");
        }
        assert_eq!(script.stderr, "");
        let document = world.orchestra(["completions", shell, "--json"]).exits(0).json();
        assert_eq!((&document["shell"], &document["script"]), (&shell.into(), &script.stdout.as_str().into()));
    }
    world.orchestra(["completions", "csh"]).exits(2).says("bash");
    world.orchestra(["completions"]).exits(2).says("SHELL");
}

#[test]
fn bash_completes_commands_flags_and_values() {
    let world = World::new();
    world.file("orchestra.bash", &world.orchestra(["completions", "bash"]).stdout);
    let completes = |words: &str, at: usize, last: &str| {
        let script = format!(
            "source ./orchestra.bash && COMP_WORDS=({words}) && COMP_CWORD={at} && _orchestra orchestra '{last}' x && \
             echo \"${{COMPREPLY[@]}}\""
        );
        if_there(&world, "bash", &["--norc", "-c", &script]).map(|output| output.exits(0).stdout.trim().to_owned())
    };
    let Some(commands) = completes("orchestra plan gr", 2, "gr") else { return };
    assert_eq!(commands, "graph");
    assert_eq!(completes("orchestra run --conti", 2, "--conti").unwrap(), "--continue-on-error");
}

#[test]
fn fish_and_zsh_take_their_scripts() {
    let world = World::new();
    world.file("orchestra.fish", &world.orchestra(["completions", "fish"]).stdout);
    world.file("_orchestra", &world.orchestra(["completions", "zsh"]).stdout);
    let fish = "source orchestra.fish; complete -C 'orchestra plan gr'";
    if let Some(output) = if_there(&world, "fish", &["--no-config", "-c", fish]) {
        assert!(output.exits(0).stdout.starts_with("graph"), "{output}");
    }
    if let Some(output) = if_there(&world, "zsh", &["-f", "-n", "_orchestra"]) {
        output.exits(0);
    }
}

#[test]
fn a_page_has_what_a_manual_needs() {
    let world = World::new();
    let page = world.orchestra(["man", "plan", "graph"]).exits(0).stdout.clone();
    for line in
        [".TH ORCHESTRA-PLAN-GRAPH 1 \"\" \"orchestra ", ".SH NAME", ".SH SYNOPSIS", ".SH OPTIONS", ".SH EXAMPLES"]
    {
        assert!(page.lines().any(|found| found.starts_with(line)), "{line} in\n{page}");
    }
    assert!(world.orchestra(["man"]).exits(0).stdout.contains(".SH \"EXIT STATUS\""));
    assert_eq!(world.orchestra(["man", "plan", "graph", "--json"]).exits(0).json()["roff"], page.as_str());
    world.orchestra(["man", "plan", "grph"]).exits(2).says("graph");
    world.orchestra(["man", "resume", "x"]).exits(2).says("no commands of its own");
}

#[test]
fn all_pages_are_written_for_a_package_and_read_without_a_complaint() {
    let world = World::new();
    world.orchestra(["man", "--out-dir", "deep/man1"]).exits(0).says("pages are in");
    let folder = world.project().join("deep/man1");
    let mut names: Vec<String> =
        std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    for name in ["orchestra.1", "orchestra-run.1", "orchestra-runs-report.1", "orchestra-completions.1"] {
        assert!(names.iter().any(|found| found == name), "{name} in {names:?}");
    }
    for name in &names {
        let path = folder.join(name);
        if let Some(output) = if_there(&world, "groff", &["-man", "-ww", "-z", path.to_str().unwrap()]) {
            assert_eq!((output.code, output.stderr.as_str()), (0, ""), "{name}");
        }
    }
    world.file("a-file", "x");
    world.orchestra(["man", "--out-dir", "a-file"]).exits(2).says("hint: ");
    world.orchestra(["man", "run", "--out-dir", "x"]).exits(2);
    let told = world.orchestra(["man", "--out-dir", "m", "--json"]).exits(0).json();
    assert_eq!(told["pages"].as_array().unwrap().len(), names.len());
}
