//! The examples in every `--help`: found by walking the commands, and run, each in a world of its own.

use super::look_at;
use super::place::Place;
use crate::world::World;

/// One example, and whose it is.
struct Example {
    of: String,
    command: String,
}

#[test]
fn every_example_in_the_help_runs() {
    let examples = examples();
    assert!(examples.len() > 20, "{} examples were found", examples.len());
    let (reading, doing): (Vec<Example>, Vec<Example>) = examples.into_iter().partition(|it| reads(&it.command));
    // What only looks may look at the same world; everything else has one of its own.
    let mut groups: Vec<Vec<Example>> = doing.into_iter().map(|example| vec![example]).collect();
    groups.insert(0, reading);
    let problems = look_at(&groups, |group| {
        let place = Place::named(world(&group[0].command)).unwrap();
        group.iter().filter_map(|example| runs(&place, example)).collect()
    });
    assert!(problems.is_empty(), "{} problems\n\n{}\n", problems.len(), problems.join("\n\n"));
}

/// What is wrong with an example.
fn runs(place: &Place, example: &Example) -> Option<String> {
    let command = place.with_runs(&example.command);
    let output = place.session.types(&command);
    let fine = output.code == 0 && !output.stdout.contains("panicked at");
    (!fine).then(|| format!("{} --help: `{command}`: {output}", example.of))
}

/// Whether an example leaves everything as it was.
fn reads(command: &str) -> bool {
    ["runs list", "runs show", "runs report", "runs diff", "plan check", "plan show", "plan graph", "config"]
        .iter()
        .any(|looks| command.contains(&format!("orchestra {looks}")))
}

/// The world that an example needs.
fn world(command: &str) -> &'static str {
    match command {
        _ if reads(command) => "project",
        _ if command.contains("--decide") => "held",
        _ if command.contains("--approve") || command.contains("--reject") => "waiting",
        _ if command.starts_with("orchestra init") => "empty",
        _ if command.starts_with("orchestra run ") || command.starts_with("orchestra plan ") => "planned",
        _ => "project",
    }
}

/// All examples of all commands.
fn examples() -> Vec<Example> {
    let mut found = Vec::new();
    for (of, help) in helps() {
        let shown = of_section(&help, "Examples:").into_iter().filter_map(|line| example(&line)).collect::<Vec<_>>();
        assert!(!shown.is_empty(), "{of} --help shows no example");
        found.extend(shown.into_iter().map(|command| Example { of: of.clone(), command }));
    }
    found
}

/// Every command, such as `orchestra plan check`, with its help.
fn helps() -> Vec<(String, String)> {
    let (world, mut found) = (World::new(), Vec::new());
    let mut commands = vec!["orchestra".to_owned()];
    while let Some(command) = commands.pop() {
        let help = world.orchestra(command.split(' ').skip(1).chain(["--help"])).exits(0).stdout.clone();
        for line in of_section(&help, "Commands:") {
            commands.push(format!("{command} {}", line.split_whitespace().next().unwrap()));
        }
        found.push((command, help));
    }
    found
}

#[test]
fn the_readme_has_every_command() {
    let readme = std::fs::read_to_string(super::place::repository().join("README.md")).unwrap();
    let table = readme.split("\n## Commands\n").nth(1).unwrap().split("\n## ").next().unwrap();
    // A group is there by its commands.
    let commands = helps().into_iter().filter(|(_, help)| of_section(help, "Commands:").is_empty());
    let missing: Vec<String> = commands
        .map(|(command, _)| command.trim_start_matches("orchestra ").to_owned())
        .filter(|name| ![format!("`orchestra {name}"), format!("`{name}")].iter().any(|shown| table.contains(shown)))
        .collect();
    assert!(missing.is_empty(), "not in the README's table: {missing:?}");
}

/// The lines under a heading of a help, up to the next empty one.
fn of_section(help: &str, heading: &str) -> Vec<String> {
    let below = help.lines().skip_while(|line| *line != heading).skip(1);
    let lines = below.take_while(|line| line.starts_with("  "));
    // A name stands two columns in; what is further in goes on with the line above.
    lines.filter(|line| !line.starts_with("    ")).map(str::to_owned).collect()
}

/// The command of a line, without the words that explain it.
fn example(line: &str) -> Option<String> {
    let line = line.trim();
    let end = line.find("   ").unwrap_or(line.len());
    (!line.starts_with('#')).then(|| line[..end].trim_end().to_owned())
}

#[test]
fn an_example_ends_where_its_explanation_begins() {
    assert_eq!(example("  orchestra resume          the newest").as_deref(), Some("orchestra resume"));
    assert_eq!(example("  # words"), None);
    let help = "Usage: x\n\nCommands:\n  run   Run it\n        at once\n  plan  Plan\n\nOptions:\n  -h\n";
    assert_eq!(of_section(help, "Commands:"), ["  run   Run it", "  plan  Plan"]);
}
