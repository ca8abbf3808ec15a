//! The documents: each is read from top to bottom by someone who types everything in it.

use super::blocks::{Block, Document, Says};
use super::place::{Place, repository};
use super::{lines, look_at, shown};

use serde_json::Value;

/// What is not run, by document and first command. Each has its reason in the document; a new one is thought about here.
const SKIPPED: [(&str, &str); 1] = [("CONTRIBUTING.md", "cargo test --locked")];

/// The documents that a reader types from.
fn documents() -> Vec<String> {
    let mut found: Vec<String> = ["README.md", "CONTRIBUTING.md"].map(str::to_owned).into();
    let mut folders = vec!["docs".to_owned(), "examples".to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(repository().join(&folder)).unwrap() {
            let entry = entry.unwrap();
            let path = format!("{folder}/{}", entry.file_name().to_str().unwrap());
            if entry.path().is_dir() {
                // What running an example left there is no document.
                folders.extend((!path.ends_with("/target") && !path.ends_with("/runs")).then_some(path));
            } else if path.ends_with("/README.md")
                || path.starts_with("docs/") && entry.path().extension().is_some_and(|end| end == "md")
            {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

fn document(path: &str) -> Document {
    Document::read(path, &std::fs::read_to_string(repository().join(path)).unwrap())
}

#[test]
fn every_command_in_the_documents_does_what_they_say() {
    let problems = look_at(&documents(), |path| {
        let document = document(path);
        let mut reader = Reader::new(path);
        document.blocks.iter().for_each(|block| reader.takes(block));
        reader.problems.extend(document.faults);
        reader.problems
    });
    assert!(problems.is_empty(), "{} problems\n\n{}\n", problems.len(), problems.join("\n\n"));
}

#[test]
fn few_commands_are_skipped_and_each_is_known_here() {
    let mut skipped = Vec::new();
    for path in documents() {
        for block in document(&path).blocks {
            if block.says.iter().any(|said| matches!(said, Says::Skip(_))) {
                let first = commands(&block).into_iter().next().map(|line| line.command).unwrap_or_default();
                skipped.push((path.clone(), first.split("  #").next().unwrap().trim().to_owned()));
            }
        }
    }
    skipped.sort();
    let known = SKIPPED.map(|(path, command)| (path.to_owned(), command.to_owned()));
    assert_eq!(skipped, known, "left: skipped by a document; right: known to this test");
}

fn commands(block: &Block) -> Vec<lines::Line> {
    if block.lang == "console" { lines::of_transcript(&block.text) } else { lines::of_script(&block.text) }
}

/// Someone in front of a document.
struct Reader<'a> {
    path: &'a str,
    /// The world, from the first command on.
    place: Option<Place>,
    /// What the commands since the last block with commands have printed.
    printed: String,
    problems: Vec<String>,
}

impl<'a> Reader<'a> {
    fn new(path: &'a str) -> Self {
        Self { path, place: None, printed: String::new(), problems: Vec::new() }
    }

    fn takes(&mut self, block: &Block) {
        let exits =
            block.says.iter().find_map(|said| if let Says::Exit(codes) = said { Some(codes.clone()) } else { None });
        let typed = block.says.iter().filter_map(|said| match said {
            Says::Type(command) => Some(lines::Line { at: 0, command: command.clone(), output: String::new() }),
            _ => None,
        });
        let typed: Vec<lines::Line> = typed.collect();
        for said in &block.says {
            match said {
                Says::Skip(_) => return,
                Says::World(name) => match Place::named(name) {
                    Some(place) => self.place = Some(place),
                    None => self.problem(block.line, &format!("there is no world `{name}`")),
                },
                Says::File(path) => self.place().session.writes(path, &block.text),
                Says::Same(path) => {
                    let file = std::fs::read_to_string(repository().join(path)).unwrap_or_default();
                    if file != block.text {
                        self.problem(block.line, &format!("the block is not {path}"));
                    }
                }
                Says::Config => self.config(block),
                Says::Exit(_) | Says::Type(_) | Says::Shown => {}
            }
        }
        let commands = if typed.is_empty() && block.is_commands() { commands(block) } else { typed };
        if !commands.is_empty() {
            self.types(block.line, &commands, exits);
        }
        if block.says.contains(&Says::Shown) {
            self.shown(block.line, &block.text);
        }
        self.language(block);
    }

    fn language(&mut self, block: &Block) {
        match block.lang.as_str() {
            "" => self.problem(block.line, "the fence names no language: sh, console, text, yaml, …"),
            "text" if block.text.lines().any(is_command) && !block.says.contains(&Says::Shown) => {
                self.problem(block.line, "`text` that holds commands: the language is `sh` or `console`");
            }
            "json" => self.parses(block, |text| serde_json::from_str::<Value>(text).map_err(|e| e.to_string())),
            "yaml" => self.parses(block, |text| serde_yaml::from_str::<Value>(text).map_err(|e| e.to_string())),
            _ => {}
        }
    }

    /// The world: by where the document lies, if it does not say.
    fn place(&mut self) -> &Place {
        let usual = if self.path.starts_with("docs/") { "project" } else { "clone" };
        self.place.get_or_insert_with(|| Place::named(usual).unwrap())
    }

    fn types(&mut self, below: usize, commands: &[lines::Line], codes: Option<Vec<i32>>) {
        let codes = codes.unwrap_or_else(|| vec![0; commands.len()]);
        if codes.len() != commands.len() {
            let told = format!("{} exit codes for {} commands", codes.len(), commands.len());
            return self.problem(below, &told);
        }
        self.printed.clear();
        for (line, code) in commands.iter().zip(codes) {
            let at = below + line.at;
            let place = self.place();
            let command = place.with_runs(&line.command);
            let output = place.session.types(&command);
            if output.code != code {
                self.problem(at, &format!("exit {code} was expected of `{command}`: {output}"));
            }
            if output.stdout.contains("panicked at") {
                self.problem(at, &format!("`{command}` panicked: {output}"));
            }
            self.printed.push_str(&output.stdout);
            if !line.output.is_empty() {
                for missing in shown::missing(&line.output, &output.stdout) {
                    self.problem(at, &format!("`{command}` does not print what is shown: {missing}\n{output}"));
                }
            }
        }
    }

    fn shown(&mut self, line: usize, text: &str) {
        for missing in shown::missing(text, &self.printed) {
            let told = format!("this is shown and was not printed: {missing}\n--- printed\n{}", self.printed);
            self.problem(line, &told);
        }
    }

    fn config(&mut self, block: &Block) {
        let place = Place::named("empty").unwrap();
        place.session.writes("orchestra.yaml", &block.text);
        let output = place.session.types("orchestra config check --config orchestra.yaml");
        if output.code != 0 {
            self.problem(block.line, &format!("it is no sound configuration: {output}"));
        }
    }

    fn parses(&mut self, block: &Block, parse: impl Fn(&str) -> Result<Value, String>) {
        if let Err(why) = parse(&block.text) {
            self.problem(block.line, &format!("it is no {}: {why}", block.lang));
        }
    }

    fn problem(&mut self, line: usize, what: &str) {
        self.problems.push(format!("{}:{line}: {what}", self.path));
    }
}

/// Whether someone would type this line.
fn is_command(line: &str) -> bool {
    let line = line.trim();
    let word = line.strip_prefix("$ ").map_or_else(|| line.split(' ').next(), |_| Some("orchestra"));
    matches!(word, Some("orchestra" | "cargo" | "git" | "just" | "export" | "cd" | "gh"))
}
