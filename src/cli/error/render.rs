//! An error as lines for people, and as a document for programs.

use serde_json::{Value, json};

use super::{CliError, Flaw};
use crate::console::Console;
use crate::text::clean;

/// Faults shown to people; a program gets all.
const SHOWN: usize = 20;

impl CliError {
    /// The lines for stderr. Words of strangers in it are cleaned; only our own escapes are left.
    pub fn text(&self, console: &Console) -> String {
        let paint = |code: &str, text: &str| {
            if console.colours_stderr() { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
        };
        let mut out = vec![format!("{} {}\n", paint("1;31", "error:"), indented(&self.message))];
        out.extend(self.causes.iter().map(|cause| format!("  caused by: {}\n", indented(cause))));
        for fault in self.faults.iter().take(SHOWN) {
            out.push(format!("  {}: {}\n", clean(&fault.place()), indented(&fault.message)));
            out.extend(fault.excerpt.clone());
            let hint = fault.hint.as_ref().filter(|hint| Some(*hint) != self.hint.as_ref());
            out.extend(hint.map(|hint| format!("    {} {}\n", paint("36", "hint:"), indented(hint))));
        }
        if self.faults.len() > SHOWN {
            out.push(format!("  and {} more; --json shows them all\n", self.faults.len() - SHOWN));
        }
        out.extend(self.hint.as_ref().map(|hint| format!("\n{} {}\n", paint("1;36", "hint:"), indented(hint))));
        out.concat()
    }

    /// The document for stdout.
    pub fn json(&self) -> Value {
        json!({
            "error": {
                "exit": self.exit.code(),
                "message": self.message,
                "causes": self.causes,
                "faults": self.faults,
                "hint": self.hint,
            }
        })
    }
}

impl Flaw {
    /// Where it is, as people write it: `orchestra.yaml:3:7: run.jobs`, `$.tasks[1].id (line 3, column 7)`.
    pub(super) fn place(&self) -> String {
        let at = self.line.zip(self.column);
        match (&self.source, at) {
            (None, None) => self.path.clone(),
            (None, Some((line, column))) => format!("{} (line {line}, column {column})", self.path),
            (Some(source), at) => {
                let at = at.map_or_else(String::new, |(line, column)| format!(":{line}:{column}"));
                let key = if self.path.is_empty() { String::new() } else { format!(": {}", self.path) };
                format!("{source}{at}{key}")
            }
        }
    }
}

/// Clean, and with further lines set under the first.
fn indented(text: &str) -> String {
    clean(text).trim_end().replace('\n', "\n    ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::exit::Exit;
    use crate::console::{Options, Surroundings};

    fn console() -> Console {
        let sink = || Box::new(std::io::sink());
        Console::with_streams(Options::default(), &Surroundings::default(), sink(), sink())
    }

    #[test]
    fn an_error_says_what_where_why_and_what_next() {
        let missing = std::io::Error::new(std::io::ErrorKind::NotFound, "no such\u{1b}[31m file");
        let flaw = Flaw {
            path: "$.tasks[1].id".to_owned(),
            source: None,
            line: Some(3),
            column: Some(7),
            message: "is missing".to_owned(),
            hint: Some("add one".to_owned()),
            excerpt: None,
        };
        let error = CliError::usage("plan.json cannot be used").because(&missing).flaws([flaw]).hint("mend it");
        insta::assert_snapshot!(error.text(&console()), @r"
        error: plan.json cannot be used
          caused by: no such\u{1b}[31m file
          $.tasks[1].id (line 3, column 7): is missing
            hint: add one

        hint: mend it
        ");
        let document = error.json();
        assert_eq!(document["error"]["exit"], 2);
        assert_eq!(document["error"]["faults"][0]["line"], 3);
    }

    #[test]
    fn a_cause_that_repeats_the_message_is_said_once() {
        #[derive(Debug, thiserror::Error)]
        #[error("cannot open x")]
        struct Outer(#[source] Inner);
        #[derive(Debug, thiserror::Error)]
        #[error("cannot open x")]
        struct Inner;
        assert_eq!(CliError::of(Exit::State, &Outer(Inner)).causes, Vec::<String>::new());
    }
}
