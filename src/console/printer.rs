//! The console itself: who may write what, where.

use std::fmt;
use std::io::{self, Write};
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;

use super::live::{Scene, Terminal, frame};
use super::sink::Sink;
use super::style::{Mark, Paint, Style};
use super::{Options, Output, Surroundings, Verbosity};
use crate::text;

/// How long a terminal may take to be cleared.
const PATIENCE: Duration = Duration::from_millis(200);

/// Both streams, shared: a clone writes to the same ones.
#[derive(Clone)]
pub struct Console {
    shared: Arc<Shared>,
}

struct Shared {
    stdout: Sink,
    stderr: Sink,
    options: Options,
    stdout_is_terminal: bool,
    stdout_style: Style,
    stderr_style: Style,
    /// What can keep a region on stderr.
    terminal: Option<Terminal>,
}

impl fmt::Debug for Console {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Console").field("options", &self.shared.options).finish_non_exhaustive()
    }
}

impl Console {
    /// The console of this process.
    pub fn new(options: Options, around: &Surroundings) -> Self {
        let terminal = around.draws(options).then_some(Terminal::STDERR);
        Self::of(options, around, terminal, [Box::new(io::stdout()), Box::new(io::stderr())])
    }

    /// A console that writes elsewhere.
    pub fn with_streams(
        options: Options,
        around: &Surroundings,
        stdout: Box<dyn Write + Send>,
        stderr: Box<dyn Write + Send>,
    ) -> Self {
        Self::of(options, around, None, [stdout, stderr])
    }

    fn of(
        options: Options,
        around: &Surroundings,
        terminal: Option<Terminal>,
        [stdout, stderr]: [Box<dyn Write + Send>; 2],
    ) -> Self {
        let unicode = around.speaks_unicode();
        let style = |is_terminal| Style { colour: around.colours(options.color, is_terminal), unicode };
        Self {
            shared: Arc::new(Shared {
                stdout: Sink::new(stdout),
                stderr: Sink::new(stderr),
                options,
                stdout_is_terminal: around.stdout_is_terminal,
                stdout_style: style(around.stdout_is_terminal),
                stderr_style: style(around.stderr_is_terminal),
                terminal,
            }),
        }
    }

    /// What stdout carries.
    pub fn output(&self) -> Output {
        self.shared.options.output
    }

    /// How much stderr carries.
    pub fn verbosity(&self) -> Verbosity {
        self.shared.options.verbosity
    }

    /// Whether stderr is coloured.
    pub fn colours_stderr(&self) -> bool {
        self.shared.stderr_style.colour
    }

    /// Whether marks beyond ASCII may be shown.
    pub fn speaks_unicode(&self) -> bool {
        self.shared.stderr_style.unicode
    }

    /// Data on stdout, as it is but for what could mislead a terminal. The caller ends its lines.
    pub fn data(&self, data: &str) {
        self.answer(&text::clean(data));
    }

    /// A document for other programs on stdout, such as a patch: byte for byte into a file or a pipe, cleaned
    /// only for a terminal. The caller ends its lines.
    pub fn exact(&self, document: &str) {
        if self.shared.stdout_is_terminal { self.data(document) } else { self.answer(document) }
    }

    /// A line for people on stdout.
    pub fn line(&self, line: &str) {
        self.answer(&(self.shared.stdout_style.plain(line) + "\n"));
    }

    /// A JSON document on stdout, indented by two.
    pub fn document(&self, document: &impl Serialize) -> serde_json::Result<()> {
        let json = serde_json::to_string_pretty(document)?;
        self.answer(&(text::json(&json).into_owned() + "\n"));
        Ok(())
    }

    /// A JSON value on a line of its own on stdout.
    pub fn json_line(&self, value: &impl Serialize) -> serde_json::Result<()> {
        let json = serde_json::to_string(value)?;
        self.answer(&(text::json(&json).into_owned() + "\n"));
        Ok(())
    }

    /// A line on stderr that a user wants to see; `-q` keeps it away.
    pub fn note(&self, note: &str) {
        self.say(Verbosity::Normal, &(self.shared.stderr_style.plain(note) + "\n"));
    }

    /// A line on stderr for `-v`.
    pub fn detail(&self, detail: &str) {
        self.say(Verbosity::Verbose, &(self.shared.stderr_style.plain(detail) + "\n"));
    }

    /// A warning on stderr, always.
    pub fn warn(&self, warning: &str) {
        let line = self.shared.stderr_style.line(Mark::Warn, &[(Paint::Warn, "warning: "), (Paint::Plain, warning)]);
        self.say(Verbosity::Quiet, &line);
    }

    /// A question on stderr, always, without a line end.
    pub fn ask(&self, question: &str) {
        self.say(Verbosity::Quiet, &self.shared.stderr_style.plain(question));
    }

    /// Takes away what is drawn until [`Console::go_on`]: someone else is about to use the terminal. It waits for the
    /// terminal a moment, not for one that takes nothing.
    pub fn make_room(&self) {
        if let Some(writer) = self.shared.stderr.writer() {
            writer.hold();
            writer.settle(PATIENCE);
        }
    }

    /// What is drawn may be drawn again.
    pub fn go_on(&self) {
        if let Some(writer) = self.shared.stderr.writer() {
            writer.release();
        }
    }

    /// Lines on stderr that their maker has already cleaned and coloured: rendered errors.
    pub fn rendered(&self, rendered: &str) {
        self.say(Verbosity::Quiet, rendered);
    }

    /// Says nothing more, and waits for nobody who does not read what was said.
    pub fn abandon(&self) {
        self.shared.stdout.abandon();
        self.shared.stderr.abandon();
    }

    /// Whether all data reached stdout. A closed pipe is not an error; a full disk is.
    pub fn finish(&self) -> io::Result<()> {
        self.shared.stdout.failure()
    }

    pub(super) fn mark(&self, from: Verbosity, mark: Mark, pieces: &[(Paint, &str)]) {
        self.say(from, &self.shared.stderr_style.line(mark, pieces));
    }

    /// Whether there is something to draw on. It may still be refused.
    pub fn could_draw(&self) -> bool {
        self.shared.terminal.is_some()
    }

    /// From now on stderr may be drawn on; false where it cannot be. Ended by [`Console::end_drawing`], once.
    pub(super) fn begin_drawing(&self) -> bool {
        self.shared.terminal.is_some_and(|terminal| self.shared.stderr.lend(terminal))
    }

    /// Whether what is drawn can be seen just now.
    pub(super) fn is_drawing(&self) -> bool {
        let ours = self.shared.terminal.is_some_and(|terminal| (terminal.is_ours)());
        ours && self.shared.stderr.writer().is_some()
    }

    pub(super) fn stderr_style(&self) -> Style {
        self.shared.stderr_style
    }

    /// Draws this as the region below what is said.
    pub(super) fn draw(&self, scene: &Scene<'_>) {
        if let (Some(terminal), Some(writer)) = (self.shared.terminal, self.shared.stderr.writer()) {
            let size = (terminal.size)();
            writer.show(frame(scene, size), size);
        }
    }

    /// Nothing is drawn any more, and nothing of it is left. Waits until all that was said is on the terminal.
    pub(super) fn end_drawing(&self) {
        self.shared.stderr.take_back();
    }

    /// What is for stdout.
    fn answer(&self, text: &str) {
        let shared = (self.shared.stdout_is_terminal).then(|| self.shared.stderr.writer()).flatten();
        if let Some(writer) = &shared {
            // It goes to the same terminal, past the thread that draws.
            writer.hold();
            writer.settle(PATIENCE);
        }
        self.shared.stdout.write(text);
        if let Some(writer) = &shared {
            writer.release();
        }
    }

    fn say(&self, from: Verbosity, text: &str) {
        if self.shared.options.verbosity >= from {
            self.shared.stderr.write(text);
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use std::sync::Mutex;

    use super::super::live::Size;
    use super::super::{ColorChoice, Progress};
    use super::*;
    use crate::plan::Role;
    use crate::report::sample::Story;
    use crate::time::Span;

    /// A stream whose text can be read back.
    #[derive(Clone, Default)]
    pub(in super::super) struct Paper(Arc<Mutex<Vec<u8>>>);

    impl Paper {
        pub(in super::super) fn read(&self) -> String {
            String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
        }
    }

    impl Write for Paper {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    pub(in super::super) fn console(options: Options, around: &Surroundings) -> (Console, Paper, Paper) {
        let (out, err) = (Paper::default(), Paper::default());
        let console = Console::with_streams(options, around, Box::new(out.clone()), Box::new(err.clone()));
        (console, out, err)
    }

    /// A console on a terminal of 100 columns and 12 rows, and what it shows.
    fn drawing() -> (Console, Paper) {
        let size = || Size { columns: 100, rows: 12 };
        let paper = Paper::default();
        let streams: [Box<dyn Write + Send>; 2] = [Box::new(paper.clone()), Box::new(paper.clone())];
        let around = Surroundings { stdout_is_terminal: true, ..Surroundings::default() };
        let terminal = Terminal { size, is_ours: || true };
        (Console::of(Options::default(), &around, Some(terminal), streams), paper)
    }

    fn screen(paper: &Paper) -> Vec<String> {
        let [rows, columns] = [12, 100].map(|n| std::num::NonZero::new(n).unwrap());
        let mut parser = vt100::Parser::new(rows, columns, 0);
        parser.process(paper.read().replace('\n', "\r\n").as_bytes());
        parser.screen().contents().lines().map(str::to_owned).collect()
    }

    #[test]
    fn a_run_is_drawn_below_its_lines_until_it_ends() {
        let (console, paper) = drawing();
        let mut progress = Progress::new(console.clone());
        progress.begin_drawing(&[]);
        assert!(progress.is_drawing());
        let mut story = Story::opening("Fix median", &[("find", Role::Research), ("fix", Role::Implement)]);
        story.start("find");
        for event in &story.events {
            progress.event(event).unwrap();
        }
        let (find, now) = (story.events[2].task.clone().unwrap(), story.events[2].at.after(Span::from_secs(7)));
        progress.heard(&find, "looking \u{1b}[2Jaround\r".to_owned());
        progress.draw(now);
        let writer = console.shared.stderr.writer().unwrap();
        writer.settle(Duration::from_secs(10));
        let shown = screen(&paper);
        let region = ["", "⠧ research   find     7s  1/2  looking around", "  0/2 done · 9s"];
        assert_eq!(shown[shown.len() - 3..], region, "{shown:?}");
        assert!(!shown.iter().any(|line| line.contains("attempt 1")), "what is drawn needs no line: {shown:?}");
        // Data on the same terminal goes between the lines and the region.
        console.line("data");
        writer.settle(Duration::from_secs(10));
        let shown = screen(&paper);
        assert_eq!(shown[shown.len() - 4], "data", "{shown:?}");
        drop(progress);
        console.note("the end");
        let shown = screen(&paper);
        assert_eq!(shown[shown.len() - 2..], ["data", "the end"], "{shown:?}");
        assert!(!console.is_drawing());
    }

    #[test]
    fn data_goes_to_stdout_and_everything_else_to_stderr() {
        let (console, out, err) = console(Options::default(), &Surroundings::default());
        console.data("a,b\n");
        console.line("line → \u{1b}[31m");
        console.note("note");
        console.detail("detail");
        console.warn("careful");
        console.ask("go on? ");
        assert_eq!(out.read(), "a,b\nline → \\u{1b}[31m\n");
        assert_eq!(err.read(), "note\n! warning: careful\ngo on? ");
    }

    #[test]
    fn a_patch_is_exact_in_a_pipe_and_clean_on_a_terminal() {
        for (stdout_is_terminal, shown) in [(false, "+a\r\n\u{1b}"), (true, "+a\n\\u{1b}")] {
            let around = Surroundings { stdout_is_terminal, ..Surroundings::default() };
            let (console, out, _) = console(Options::default(), &around);
            console.exact("+a\r\n\u{1b}");
            assert_eq!(out.read(), shown);
        }
    }

    #[test]
    fn quiet_keeps_warnings_and_verbose_adds_details() {
        for (verbosity, said) in [(Verbosity::Quiet, "! warning: w\n"), (Verbosity::Verbose, "n\nd\n! warning: w\n")] {
            let (console, _, err) = console(Options { verbosity, ..Options::default() }, &Surroundings::default());
            console.note("n");
            console.detail("d");
            console.warn("w");
            assert_eq!(err.read(), said);
        }
    }

    #[test]
    fn a_document_is_one_safe_json_text() {
        let (console, out, _) = console(Options::default(), &Surroundings::default());
        let value = serde_json::json!({"a": "x\u{202e}\u{1b}"});
        console.document(&value).unwrap();
        assert_eq!(out.read(), "{\n  \"a\": \"x\\u202e\\u001b\"\n}\n");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&out.read()).unwrap(), value);
    }

    #[test]
    fn colour_is_forced_by_always_only() {
        for (color, coloured) in [(ColorChoice::Always, true), (ColorChoice::Auto, false)] {
            let (console, _, err) = console(Options { color, ..Options::default() }, &Surroundings::default());
            console.warn("w");
            assert_eq!(err.read().contains('\u{1b}'), coloured);
        }
    }
}
