//! The commands of a block: whole ones, as a shell would take them one after the other.

use std::process::Command;

use crate::world::run;

/// One command, and what the document shows of its output.
#[derive(Debug, PartialEq, Eq)]
pub struct Line {
    /// Lines below the block's fence, from 1.
    pub at: usize,
    pub command: String,
    pub output: String,
}

/// The commands of a `sh` block.
pub fn of_script(text: &str) -> Vec<Line> {
    let (mut found, mut open): (Vec<Line>, Option<Line>) = (Vec::new(), None);
    for (at, line) in (1..).zip(text.lines()) {
        let command = match open.take() {
            Some(begun) => Line { command: format!("{}\n{line}", begun.command), ..begun },
            None if line.trim().is_empty() || line.trim_start().starts_with('#') => continue,
            None => Line { at, command: line.to_owned(), output: String::new() },
        };
        if is_whole(&command.command) { found.push(command) } else { open = Some(command) }
    }
    found.extend(open);
    found
}

/// The commands of a `console` block: after `$ `, and its output below.
pub fn of_transcript(text: &str) -> Vec<Line> {
    let mut found: Vec<Line> = Vec::new();
    for (at, line) in (1..).zip(text.lines()) {
        if let Some(command) = line.strip_prefix("$ ") {
            found.push(Line { at, command: command.to_owned(), output: String::new() });
        } else if let Some(last) = found.last_mut() {
            match line.strip_prefix("> ").filter(|_| last.output.is_empty() && !is_whole(&last.command)) {
                Some(more) => last.command.extend(["\n", more]),
                None => last.output.extend([line, "\n"]),
            }
        }
    }
    found
}

/// Whether a shell would not wait for more.
fn is_whole(command: &str) -> bool {
    if command.ends_with('\\') {
        return false;
    }
    let mut heredocs = command.match_indices("<<").filter_map(|(at, _)| {
        let word =
            command[at + 2..].trim_start_matches(['-', '\'', '"']).split(|c: char| !c.is_alphanumeric()).next()?;
        (!word.is_empty()).then_some(word)
    });
    if heredocs.any(|word| !command.lines().any(|line| line.trim() == word)) {
        return false;
    }
    let mut shell = Command::new("sh");
    shell.args(["-n", "-c", command]);
    run(shell, &[]).code == 0
}

#[test]
fn a_command_ends_where_a_shell_would_begin_the_next() {
    let script =
        "# words\na 'b\nc' \\\n  d\n\ncat > x <<'EOF'\nif\nEOF\nfor i in 1 2; do\n  echo $i\ndone\nlast  # words\n";
    let commands: Vec<(usize, String)> = of_script(script).into_iter().map(|line| (line.at, line.command)).collect();
    let expected = [
        (2, "a 'b\nc' \\\n  d"),
        (6, "cat > x <<'EOF'\nif\nEOF"),
        (9, "for i in 1 2; do\n  echo $i\ndone"),
        (12, "last  # words"),
    ];
    assert_eq!(commands, expected.map(|(at, text)| (at, text.to_owned())));
}

#[test]
fn a_transcript_is_commands_with_their_output() {
    let lines = of_transcript("$ a 'b\n> c'\nsaid\n> more\n$ d\n");
    let shown: Vec<(&str, &str)> = lines.iter().map(|line| (line.command.as_str(), line.output.as_str())).collect();
    assert_eq!(shown, [("a 'b\nc'", "said\n> more\n"), ("d", "")]);
}
