//! From the process's arguments to its exit code.

use std::ffi::OsString;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;

use clap::Parser;

use super::args::{Cli, Command, DoctorArgs, PlanArgs, PlanCommand};
use super::error::{CliError, Typed, asked_output};
use super::exit::Exit;
use super::panics::Panics;
use super::session::Session;
use super::{agent, apply, completions, man, resume, run};
use super::{configure, doctor, init, plan_check, plan_graph, runs};
use crate::console::{Console, Options, Output, Surroundings};
use crate::sys::env::Env;
use crate::sys::machine;

/// Carries out what this process was called for. Never panics, and ends with a documented code.
pub fn main() -> ExitCode {
    let panics = Panics::watch();
    let env = Env::read();
    let args = machine::arguments();
    let exit = catch_unwind(AssertUnwindSafe(|| start(&args, &env)));
    let Some(panic) = panics.first() else {
        return exit.unwrap_or(Exit::Internal).into();
    };
    // Also when it was in another thread, and whatever was made of it there.
    let options = asked_output(&args);
    let told = exit.is_ok();
    fail(&console(options, &env), &panic.error(), if told { Told::Document } else { Told::Nothing });
    Exit::Internal.into()
}

/// Whether stdout has its document already.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Told {
    Document,
    Nothing,
}

fn start(args: &[OsString], env: &Env) -> Exit {
    let mut cli = match Cli::try_parse_from(args) {
        Ok(cli) => cli,
        Err(error) => {
            let console = console(asked_output(args), env);
            return match Typed::of(&error) {
                Typed::Asked(text) => {
                    console.data(&text);
                    close(&console, Exit::Success)
                }
                Typed::Wrong(error) => fail(&console, &error, Told::Nothing),
            };
        }
    };
    let console = console(cli.globals.console(), env);
    if let Command::Resume(args) = &mut cli.command
        && let Err((set, why)) = args.take_raises(&mut cli.globals.set)
    {
        let set = crate::text::printable(&set, 60);
        let error = CliError::usage(format!("--set {set}: {why}")).hint("write for example --set limits.launches=+10");
        return fail(&console, &error, Told::Nothing);
    }
    let session = match Session::open(cli.globals, env.clone(), console.clone()) {
        Ok(session) => session,
        Err(error) => return fail(&console, &error, Told::Nothing),
    };
    match carry_out(&session, cli.command) {
        Ok(exit) => close(&console, exit),
        Err(error) => fail(&console, &error, if session.has_answered() { Told::Document } else { Told::Nothing }),
    }
}

fn carry_out(session: &Session, command: Command) -> Result<Exit, CliError> {
    match command {
        Command::Run(args) => session.block_on(run::run(session, &args))?,
        Command::Resume(args) => session.block_on(resume::resume(session, &args))?,
        Command::Apply(args) => session.block_on(apply::apply(session, &args))?,
        Command::Plan(asked) if asked.command.is_some() && asked.asks_for_a_plan() => {
            Err(CliError::usage("`plan check`, `plan show` and `plan graph` take nothing that is for a new plan"))
        }
        Command::Plan(PlanArgs { command: Some(PlanCommand::Check(file)), .. }) => plan_check::check(session, &file),
        Command::Plan(PlanArgs { command: Some(PlanCommand::Show(file)), .. }) => plan_check::show(session, &file),
        Command::Plan(PlanArgs { command: Some(PlanCommand::Graph(asked)), .. }) => plan_graph::graph(session, &asked),
        Command::Plan(asked) => {
            let args = asked.into_run();
            plan_check::not_a_mistyped_command(session, &args.ask)?;
            session.block_on(run::run(session, &args))?
        }
        Command::Runs(asked) => runs::runs(session, asked.command),
        Command::Config(asked) => configure::configure(session, asked.command),
        Command::Init(args) => init::init(session, &args),
        Command::Doctor(DoctorArgs) => doctor::doctor(session),
        Command::Agent(args) => agent::agent(session, &args),
        Command::Completions(args) => completions::completions(session, &args),
        Command::Man(args) => man::man(session, &args),
    }
}

fn console(options: Options, env: &Env) -> Console {
    Console::new(options, &Surroundings::of_process(|name| env.text(name).map(str::to_owned)))
}

/// Tells of `error`: lines on stderr, and where stdout is for programs, the document that is still owed.
fn fail(console: &Console, error: &CliError, told: Told) -> Exit {
    console.rendered(&error.text(console));
    // A value made of text and numbers always has JSON.
    let _ = match (console.output(), told) {
        (Output::Json, Told::Nothing) => console.document(&error.json()),
        (Output::Jsonl, Told::Nothing) => console.json_line(&error.json()),
        (Output::Text, _) | (_, Told::Document) => Ok(()),
    };
    error.exit()
}

/// The command's code, unless what it said never arrived. A reader that has gone is no error.
fn close(console: &Console, exit: Exit) -> Exit {
    match console.finish() {
        Ok(()) => exit,
        Err(error) => {
            let lost = CliError::new(Exit::Records, "cannot write to standard output").because(&error);
            fail(console, &lost.hint("make room where it is redirected to"), Told::Document)
        }
    }
}
