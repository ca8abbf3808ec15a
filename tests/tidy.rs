//! Holds the architecture by reading the source tree as text: who may name whom, sizes, and that the documents say
//! what the code says. Each rule's checker is tested on small sources of its own, so that a rule can be seen to fail.
#![expect(clippy::disallowed_methods, reason = "reads the source tree")]

use std::collections::{BTreeMap, BTreeSet};

#[path = "tidy/docs.rs"]
mod docs;
#[path = "tidy/layers.rs"]
mod layers;
#[path = "tidy/shape.rs"]
mod shape;
#[path = "tidy/source.rs"]
mod source;

use source::{Source, exists, read, sources, tracked};

/// Prints every violation, not the first only.
#[track_caller]
fn none(rule: &str, found: &[String]) {
    assert!(found.is_empty(), "{rule}:\n  {}\n", found.join("\n  "));
}

fn everywhere<I: IntoIterator<Item = String>>(folders: &[&str], rule: fn(&Source) -> I) -> Vec<String> {
    sources(folders).iter().flat_map(rule).collect()
}

/// True once a room holds more than its opening line: from then on its documents are compared.
fn is_built(room: &str) -> bool {
    !layers::declared(&Source::new("mod.rs", &read(&format!("src/{room}/mod.rs")))).is_empty()
}

fn markdown() -> Vec<String> {
    let mut files = tracked();
    files.retain(|path| source::has_extension(path, "md"));
    files
}

#[test]
fn a_room_names_only_the_rooms_it_may() {
    none("who may name whom (docs/architecture.md)", &everywhere(&["src"], layers::violations));
}

#[test]
fn every_room_has_a_row_and_a_line_in_the_architecture() {
    let declared = layers::declared(&Source::new("src/lib.rs", &read("src/lib.rs")));
    let rows: Vec<&str> = layers::TABLE.iter().map(|(room, _)| *room).filter(|room| *room != "main").collect();
    assert_eq!(declared, rows, "src/lib.rs and the table, both in reading order");

    let table: BTreeMap<String, Vec<String>> = layers::TABLE
        .iter()
        .map(|(room, names)| ((*room).to_owned(), names.iter().map(|name| (*name).to_owned()).collect()))
        .collect();
    let architecture = read("docs/architecture.md");
    assert_eq!(layers::documented(&architecture), table, "docs/architecture.md and the table");
    let described: Vec<String> =
        docs::rows(&architecture, "room", "what it is for").into_iter().map(|(room, _)| room).collect();
    assert_eq!(described, rows, "the list of rooms in docs/architecture.md");
}

#[test]
fn the_sets_that_config_may_name_are_documented() {
    let rows = docs::rows(&read("docs/design/002-what-config-names.md"), "room", "type");
    let documented: Vec<(String, String)> = rows
        .into_iter()
        .flat_map(|(room, types)| docs::quoted(&types).into_iter().map(move |t| (room.clone(), t)))
        .collect();
    let listed = layers::SETTINGS.map(|(room, name)| (room.to_owned(), name.to_owned()));
    assert_eq!(documented, listed);
}

#[test]
fn pure_rooms_touch_nothing_of_the_world() {
    none("no I/O, async, clock, environment in a pure room", &everywhere(&["src"], layers::impurities));
}

#[test]
fn every_file_opens_by_saying_what_it_is_for() {
    none("a file opens with //!", &everywhere(&["src", "tests"], shape::opening));
}

#[test]
fn no_file_holds_two_subjects() {
    none("a file that wants more has two subjects in it", &everywhere(&["src", "tests"], shape::length));
}

#[test]
fn children_are_started_in_one_room() {
    none("only src/process starts children", &everywhere(&["src"], shape::spawns));
}

#[test]
fn nothing_is_allowed_silently_or_left_for_later() {
    none("no allowed lints, no stubs, no markers", &everywhere(&["src", "tests"], shape::leftovers));
}

#[test]
fn the_exit_codes_in_the_docs_are_the_enums() {
    if !is_built("cli") {
        return;
    }
    let code = docs::discriminants(&Source::new("src/cli/exit.rs", &read("src/cli/exit.rs")));
    assert!(!code.is_empty(), "src/cli/exit.rs: an enum with its codes as discriminants is expected");
    assert_eq!(docs::column(&read("docs/exit-codes.md"), "code"), code);
}

#[test]
fn every_exit_code_and_every_failure_class_is_in_the_troubleshooting() {
    let document = read("docs/troubleshooting.md");
    let codes = docs::discriminants(&Source::new("src/cli/exit.rs", &read("src/cli/exit.rs")));
    let headings = docs::headings(&document, "By exit code").join(" ");
    let told = headings.split(|c: char| !c.is_ascii_digit()).filter(|word| !word.is_empty()).map(str::to_owned);
    assert_eq!(told.collect::<BTreeSet<String>>(), codes, "docs/troubleshooting.md, by exit code");

    let classes = docs::names(&Source::new("src/event/failure.rs", &read("src/event/failure.rs")));
    assert!(classes.len() > 10, "src/event/failure.rs: {classes:?}");
    let told = docs::headings(&document, "By failure class").iter().flat_map(|text| docs::quoted(text)).collect();
    assert_eq!(classes, told, "docs/troubleshooting.md, by failure class");
}

#[test]
fn the_events_in_the_docs_are_the_enums() {
    if !is_built("event") {
        return;
    }
    let code: BTreeSet<String> = docs::renames(&Source::new("src/event/kind.rs", &read("src/event/kind.rs")));
    assert!(!code.is_empty(), "src/event: an enum whose variants are renamed to `noun.past-participle` is expected");
    let document = read("docs/events.md");
    for table in ["when", "executing"] {
        let rows = docs::rows(&document, "event", table);
        let names: BTreeSet<String> = rows.into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, code, "docs/events.md, the table with the column `{table}`");
    }
}

#[test]
fn every_dependency_says_why_it_is_here() {
    let documented = docs::column(&read("docs/design/001-dependencies.md"), "crate");
    assert_eq!(documented, docs::dependencies(&read("Cargo.toml")), "docs/design/001-dependencies.md and Cargo.toml");
}

/// The files that read the environment or make one for a child.
const ENVIRONMENTS: [&str; 7] = [
    "src/agent/command/agent.rs",
    "src/agent/command/environment.rs",
    "src/cli/equip.rs",
    "src/config/sources.rs",
    "src/console/options.rs",
    "src/policy/environment.rs",
    "src/workspace/environment.rs",
];

#[test]
fn every_variable_we_read_or_set_is_documented() {
    let code: BTreeSet<String> = sources(&["src"]).iter().flat_map(docs::variables).collect();
    let documented = docs::ours(&read("docs/environment.md"));
    let missing: Vec<String> = code.difference(&documented).cloned().collect();
    none("named in src and absent from docs/environment.md", &missing);

    let documented: BTreeSet<String> = docs::quoted(&read("docs/environment.md")).into_iter().collect();
    let named = ENVIRONMENTS.iter().flat_map(|path| docs::environment(&Source::new(path, &read(path))));
    let missing: BTreeSet<String> = named.filter(|name| !documented.contains(name)).collect();
    none("a variable that is absent from docs/environment.md", &missing.into_iter().collect::<Vec<_>>());
}

#[test]
fn the_readme_ci_and_just_call_the_same_commands() {
    const QUICKSTART: &str =
        "cargo run --locked -- run examples/quickstart/ticket.md --config examples/quickstart/orchestra.yaml";
    const TESTS: &str = "cargo test --locked";
    let mut places = vec![
        ("justfile", QUICKSTART),
        ("examples/quickstart/README.md", QUICKSTART),
        ("justfile", TESTS),
        ("CONTRIBUTING.md", TESTS),
        (".ci/run", TESTS),
        (".github/workflows/ci.yml", ".ci/run"),
    ];
    if is_built("cli") {
        places.extend([("README.md", QUICKSTART), ("README.md", TESTS)]);
    }
    let missing = places.iter().filter(|(path, command)| !read(path).contains(command));
    none("a command that is absent", &missing.map(|(path, command)| format!("{path}: {command}")).collect::<Vec<_>>());
}

#[test]
fn the_documents_link_to_what_exists() {
    let mut broken = Vec::new();
    for path in markdown() {
        let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
        for link in docs::links(&read(&path)) {
            let target = if folder.is_empty() { link.clone() } else { format!("{folder}/{link}") };
            if !exists(&target) {
                broken.push(format!("{path}: {link}"));
            }
        }
    }
    none("links that lead nowhere", &broken);
}

#[test]
fn the_map_names_places_that_exist() {
    let map = docs::quoted(&read("docs/architecture.md"));
    let places =
        map.iter().filter(|text| ["src/", "tests/", "config/", "docs/"].iter().any(|top| text.starts_with(top)));
    // Until the last room stands, the map is ahead of the code.
    let missing = places.filter(|place| is_built("cli") && !exists(place));
    none("named in docs/architecture.md and absent", &missing.cloned().collect::<Vec<_>>());
}

#[test]
fn every_promise_names_a_test_that_exists() {
    let mut missing = Vec::new();
    for (document, promise) in [("docs/architecture.md", "- **Invariant:**"), ("docs/reliability.md", "- **")] {
        let text = read(document);
        let promises: Vec<&str> = text.lines().filter(|line| line.starts_with(promise)).collect();
        let kept = promises.iter().filter_map(|line| line.split_once(" Kept by ")).map(|(_, kept)| docs::quoted(kept));
        let kept: Vec<Vec<String>> = kept.collect();
        assert!(!kept.is_empty() && promises.len() == kept.len(), "{document}: each promise says what keeps it");
        for names in kept {
            let (files, tests): (Vec<String>, Vec<String>) = names.into_iter().partition(|name| name.contains('/'));
            let found: String = files.iter().filter(|path| exists(path)).map(|path| read(path)).collect();
            missing.extend(files.into_iter().filter(|path| !exists(path)));
            missing.extend(tests.into_iter().filter(|test| !found.contains(&format!("fn {test}("))));
        }
    }
    none("named as what keeps a promise and absent", &missing);
}

#[test]
fn no_file_names_a_folder_of_one_machine() {
    let readable = tracked().into_iter().filter_map(|path| {
        let text = std::fs::read_to_string(source::root().join(&path)).ok()?;
        Some(docs::machine_paths(&path, &text))
    });
    none("folders that exist on one machine only", &readable.flatten().collect::<Vec<_>>());
}
