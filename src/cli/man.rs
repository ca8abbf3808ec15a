//! `man`: manual pages, made from the help itself, so that they cannot drift.

use clap::{Command, CommandFactory};
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, roman};
use serde_json::{Value, json};

use super::args::{Cli, ManArgs};
use super::{CliError, Exit, Session};
use crate::sys::fs::{self, Existing};

/// What begins a document: the apostrophe as a string of its own, for readers of both kinds.
const PREAMBLE: &str = ".ie \\n(.g .ds Aq \\(aq\n.el .ds Aq '\n";

/// One page.
struct Page {
    /// Its file, as in `orchestra-plan-graph.1`.
    file: String,
    roff: String,
}

/// `man [COMMAND]…`.
pub(super) fn man(session: &Session, args: &ManArgs) -> Result<Exit, CliError> {
    let mut root = Cli::command();
    root.build();
    let pages = match &args.out_dir {
        Some(_) => all(&root)?,
        None => vec![page(find(&root, &args.command)?, &root)?],
    };
    if let Some(folder) = &args.out_dir {
        let folder = session.path(folder);
        let unusable =
            |error: &_| CliError::of(Exit::Usage, error).hint("--out-dir takes a folder that you may write to");
        fs::create_dirs_shared(&folder).map_err(|error| unusable(&error))?;
        for page in &pages {
            fs::write_whole_shared(&folder.join(&page.file), page.roff.as_bytes(), Existing::Replaced)
                .map_err(|error| unusable(&error))?;
        }
        let files: Vec<&str> = pages.iter().map(|page| page.file.as_str()).collect();
        session.document(&json!({ "folder": folder, "pages": files }))?;
        session.console.note(&format!("{} pages are in {}", files.len(), folder.display()));
        return Ok(Exit::Success);
    }
    for page in &pages {
        session.document(&json!({ "page": page.file, "roff": Value::from(page.roff.as_str()) }))?;
        if !session.is_for_programs() {
            session.console.exact(&page.roff);
        }
    }
    Ok(Exit::Success)
}

fn find<'a>(root: &'a Command, words: &[String]) -> Result<&'a Command, CliError> {
    let mut command = root;
    for word in words {
        command = command.find_subcommand(word).ok_or_else(|| {
            let known: Vec<&str> = command.get_subcommands().map(Command::get_name).collect();
            let hint = match known.as_slice() {
                [] => format!("`{}` has no commands of its own", command.get_name()),
                known => format!("there are: {}", known.join(", ")),
            };
            CliError::usage(format!("there is no command `{}`", crate::text::printable(&words.join(" "), 80)))
                .hint(hint)
        })?;
    }
    Ok(command)
}

/// The pages of a command and of all below it.
fn all(root: &Command) -> Result<Vec<Page>, CliError> {
    let mut pages = Vec::new();
    let mut commands = vec![root];
    while let Some(command) = commands.pop() {
        pages.push(page(command, root)?);
        commands.extend(command.get_subcommands().filter(|inner| !inner.is_hide_set()));
    }
    pages.sort_by(|a, b| a.file.cmp(&b.file));
    Ok(pages)
}

fn page(command: &Command, root: &Command) -> Result<Page, CliError> {
    let man = Man::new(command.clone());
    let mut roff = Vec::new();
    let written = man
        .render_name_section(&mut roff)
        .and_then(|()| synopsis(command).to_writer(&mut roff))
        .and_then(|()| man.render_description_section(&mut roff))
        .and_then(|()| man.render_options_section(&mut roff))
        .and_then(|()| if command.has_subcommands() { man.render_subcommands_section(&mut roff) } else { Ok(()) });
    written.map_err(|error| CliError::internal(&error))?;
    let mut roff = String::from_utf8(roff).map_err(|error| CliError::internal(&error))?;
    let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
    roff.push_str(&sections(&help));
    // Each section was rendered as if it stood alone; a space at a line's end would be one in the page.
    let body: Vec<&str> = roff.lines().map(str::trim_end).collect();
    let body = (body.join("\n") + "\n").replace(PREAMBLE, "");
    let file = man.get_filename();
    let name = file.trim_end_matches(".1").to_uppercase();
    let program = format!("{} {}", root.get_name(), root.get_version().unwrap_or_default());
    // The date stays empty: the same version gives the same page. Unquoted, it would not count as an argument.
    let title = format!(".TH {name} 1 \"\" \"{program}\" \"User Commands\"\n");
    Ok(Page { file, roff: format!("{PREAMBLE}{title}{body}") })
}

/// The usage, as the help has it: all flags in a row would say less.
fn synopsis(command: &Command) -> Roff {
    let usage = command.clone().render_usage().to_string();
    let mut roff = Roff::new();
    roff.control("SH", ["SYNOPSIS"]);
    roff.control("nf", []);
    for line in usage.trim_start_matches("Usage:").lines() {
        roff.text([bold(line.trim())]);
    }
    roff.control("fi", []);
    roff
}

/// What stands below the options in a help: examples, whose lines stay as they are, and what exit codes mean.
fn sections(help: &str) -> String {
    let mut roff = Roff::new();
    for part in help.split("\n\n") {
        let (title, text) = match (part.strip_prefix("Examples:\n"), part.strip_prefix("Exit codes: ")) {
            (Some(examples), _) => ("EXAMPLES", examples),
            (None, Some(codes)) => ("EXIT STATUS", codes),
            (None, None) => ("NOTES", part),
        };
        if text.trim().is_empty() {
            continue;
        }
        roff.control("SH", [title]);
        roff.control("nf", []);
        for line in text.lines() {
            roff.text([roman(line)]);
        }
        roff.control("fi", []);
    }
    roff.to_roff()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_has_a_page_with_its_examples_as_they_are_typed() {
        let mut root = Cli::command();
        root.build();
        let pages = all(&root).unwrap();
        assert!(pages.iter().any(|page| page.file == "orchestra.1"));
        let graph = pages.iter().find(|page| page.file == "orchestra-plan-graph.1").unwrap();
        assert!(graph.roff.contains(".SH EXAMPLES\n.nf\n"), "{}", graph.roff);
        for page in &pages {
            assert_eq!(page.roff.matches(PREAMBLE).count(), 1, "{}", page.file);
            assert!(page.roff.contains("\n.TH ORCHESTRA") && page.roff.contains(".SH EXAMPLES"), "{}", page.file);
        }
    }

    #[test]
    fn no_line_of_an_example_becomes_a_request() {
        let roff = sections("Examples:\n  .x\n'y\n\\z\n\nExit codes: 0, 1,\n2.");
        let lines: Vec<&str> = roff.lines().filter(|line| line.starts_with(['.', '\''])).collect();
        assert!(lines.iter().all(|line| [".ie", ".el", ".SH", ".nf", ".fi"].contains(&&line[..3])), "{roff}");
        assert!(roff.contains("EXIT STATUS"), "{roff}");
    }
}
