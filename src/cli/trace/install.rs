//! The subscriber: the one global of the program, installed once.

use std::io;
use std::path::Path;

use tracing_subscriber::filter::{EnvFilter, ParseError};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::prelude::*;

use super::lines::JsonLines;
use super::sink::Sink;
use crate::cli::args::Globals;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::console::Console;
use crate::ids::{RunId, TraceId};
use crate::sys::env::Env;
use crate::sys::fs::FileError;

/// The variable that says what is traced.
const VARIABLE: &str = "ORCHESTRA_LOG";

/// The diagnostics of this process. A clone is the same one.
#[derive(Debug, Clone)]
pub struct Trace {
    sink: Sink,
}

/// What every line of a run's trace names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TraceOf {
    /// The W3C trace id.
    pub trace_id: TraceId,
    /// The run.
    pub run: RunId,
}

impl Trace {
    /// Begins tracing, once per process. `ORCHESTRA_LOG` is stronger than `-v` and `-q`.
    pub fn install(globals: &Globals, env: &Env, console: &Console) -> Result<Self, CliError> {
        let sink = Sink::default();
        let (stderr, file) = env.text(VARIABLE).map_or_else(|| levels(globals), |asked| (asked, asked));
        let lines = tracing_subscriber::fmt::layer()
            .with_writer(Stderr(console.clone()))
            // Plain also on a terminal: colours of tracing are a feature of its crate that is left out.
            .with_ansi(false)
            .without_time()
            .with_filter(filter(stderr)?);
        let json = JsonLines::new(sink.clone()).with_filter(filter(file)?);
        tracing_subscriber::registry()
            .with(lines)
            .with(json)
            .try_init()
            .map_err(|error| CliError::of(Exit::Internal, &error))?;
        Ok(Self { sink })
    }

    /// From now on every line, and those from before, go to the file at `path`, which may have lines already.
    pub fn attach(&self, path: &Path, of: TraceOf) -> Result<(), FileError> {
        self.sink.attach(path, of)
    }
}

/// What stderr and the file hold when nobody says otherwise. What is not ours is told from warnings on.
fn levels<'a>(globals: &Globals) -> (&'a str, &'a str) {
    match (globals.quiet, globals.verbose) {
        (true, _) => ("error", "warn"),
        (false, 0) => ("error", "warn,orchestra=info"),
        (false, 1) => ("warn", "warn,orchestra=debug"),
        (false, 2) => ("warn,orchestra=info", "info,orchestra=trace"),
        (false, 3) => ("info,orchestra=debug", "debug,orchestra=trace"),
        (false, _) => ("trace", "trace"),
    }
}

fn filter(directives: &str) -> Result<EnvFilter, CliError> {
    EnvFilter::builder().parse(directives).map_err(|error: ParseError| {
        CliError::usage(format!("{VARIABLE} cannot be understood"))
            .because(&error)
            .hint("it takes a level, or a filter such as info,orchestra::dispatch=debug")
    })
}

/// Hands whole lines to the console, which alone writes to stderr.
#[derive(Debug)]
struct Stderr(Console);

struct Line {
    console: Console,
    bytes: Vec<u8>,
}

impl<'a> MakeWriter<'a> for Stderr {
    type Writer = Line;

    fn make_writer(&'a self) -> Line {
        Line { console: self.0.clone(), bytes: Vec::new() }
    }
}

impl io::Write for Line {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.bytes.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.console.rendered(&String::from_utf8_lossy(&self.bytes));
    }
}
