//! How much is said, in what form, and what the world around allows.

use std::io::IsTerminal;

use clap::ValueEnum;

/// What the user asked for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Options {
    /// What stdout carries.
    pub output: Output,
    /// How much stderr carries.
    pub verbosity: Verbosity,
    /// Whether anything is coloured.
    pub color: ColorChoice,
}

/// What stdout carries.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum Output {
    /// Lines for people
    #[default]
    Text,
    /// Exactly one JSON document
    Json,
    /// One JSON object a line, as things happen
    Jsonl,
}

/// How much stderr carries.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verbosity {
    /// Only what went wrong.
    Quiet,
    /// What a user wants to follow.
    #[default]
    Normal,
    /// Every step.
    Verbose,
}

/// Whether anything is coloured.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum ColorChoice {
    /// On a terminal, unless NO_COLOR or CI is set
    #[default]
    Auto,
    /// Everywhere
    Always,
    /// Nowhere
    Never,
}

/// What the world around allows. Plain values, so that tests bring their own.
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own, named where it is given")]
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Surroundings {
    /// `NO_COLOR` is set.
    pub no_color: bool,
    /// `CI` is set.
    pub ci: bool,
    /// `TERM`.
    pub term: Option<String>,
    /// The first that is set of `LC_ALL`, `LC_CTYPE` and `LANG`.
    pub locale: Option<String>,
    /// Whether stdout is a terminal.
    pub stdout_is_terminal: bool,
    /// Whether stderr is a terminal.
    pub stderr_is_terminal: bool,
}

impl Surroundings {
    /// Those of this process; `lookup` gives a variable's value, or nothing when it is unset or empty.
    pub fn of_process(lookup: impl Fn(&str) -> Option<String>) -> Self {
        Self {
            no_color: lookup("NO_COLOR").is_some(),
            ci: lookup("CI").is_some(),
            term: lookup("TERM"),
            locale: ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(lookup),
            stdout_is_terminal: std::io::stdout().is_terminal(),
            stderr_is_terminal: std::io::stderr().is_terminal(),
        }
    }

    fn is_dumb(&self) -> bool {
        self.term.as_deref() == Some("dumb")
    }

    /// Whether marks beyond ASCII can be shown. Without any locale UTF-8 is assumed: a pipe into a file and
    /// a container have none.
    pub(super) fn speaks_unicode(&self) -> bool {
        let utf8 = self.locale.as_deref().is_none_or(|locale| {
            let locale = locale.to_ascii_lowercase();
            locale.contains("utf-8") || locale.contains("utf8")
        });
        utf8 && !self.is_dumb()
    }

    /// Whether stderr is a terminal that can keep a region at its bottom, and a person looks at it.
    pub(super) fn draws(&self, options: Options) -> bool {
        let speaks = match options.output {
            Output::Text => options.verbosity > Verbosity::Quiet,
            Output::Json | Output::Jsonl => false,
        };
        speaks && self.stderr_is_terminal && !self.ci && self.term.is_some() && !self.is_dumb()
    }

    pub(super) fn colours(&self, choice: ColorChoice, is_terminal: bool) -> bool {
        match choice {
            ColorChoice::Always => true,
            ColorChoice::Never => false,
            ColorChoice::Auto => is_terminal && !self.no_color && !self.ci && !self.is_dumb(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn terminal() -> Surroundings {
        Surroundings { term: Some("xterm".to_owned()), stderr_is_terminal: true, ..Surroundings::default() }
    }

    #[test]
    fn colour_needs_a_terminal_that_nobody_objects_to() {
        assert!(terminal().colours(ColorChoice::Auto, true));
        assert!(!terminal().colours(ColorChoice::Auto, false));
        assert!(!terminal().colours(ColorChoice::Never, true));
        let objections = [
            Surroundings { no_color: true, ..terminal() },
            Surroundings { ci: true, ..terminal() },
            Surroundings { term: Some("dumb".to_owned()), ..terminal() },
        ];
        for around in objections {
            assert!(!around.colours(ColorChoice::Auto, true), "{around:?}");
            assert!(around.colours(ColorChoice::Always, false), "{around:?}");
        }
    }

    #[test]
    fn drawing_needs_a_person_at_a_terminal_that_can() {
        assert!(terminal().draws(Options::default()));
        assert!(Surroundings { no_color: true, ..terminal() }.draws(Options::default()), "colour is another question");
        let others = [
            Surroundings { stderr_is_terminal: false, ..terminal() },
            Surroundings { ci: true, ..terminal() },
            Surroundings { term: Some("dumb".to_owned()), ..terminal() },
            Surroundings { term: None, ..terminal() },
        ];
        for around in others {
            assert!(!around.draws(Options::default()), "{around:?}");
        }
        for output in [Output::Json, Output::Jsonl] {
            assert!(!terminal().draws(Options { output, ..Options::default() }));
        }
        assert!(!terminal().draws(Options { verbosity: Verbosity::Quiet, ..Options::default() }));
    }

    #[test]
    fn marks_are_ascii_where_the_locale_says_so() {
        for (locale, term, unicode) in [
            (None, "xterm", true),
            (Some("de_DE.UTF-8"), "xterm", true),
            (Some("C.utf8"), "xterm", true),
            (Some("C"), "xterm", false),
            (Some("POSIX"), "xterm", false),
            (Some("de_DE.UTF-8"), "dumb", false),
        ] {
            let locale = locale.map(str::to_owned);
            let around = Surroundings { locale, term: Some(term.to_owned()), ..Surroundings::default() };
            assert_eq!(around.speaks_unicode(), unicode, "{around:?}");
        }
    }

    #[test]
    fn the_first_locale_that_is_set_decides() {
        let around = Surroundings::of_process(|name| match name {
            "LC_CTYPE" => Some("C".to_owned()),
            "LANG" => Some("de_DE.UTF-8".to_owned()),
            _ => None,
        });
        assert_eq!(around.locale.as_deref(), Some("C"));
    }
}
