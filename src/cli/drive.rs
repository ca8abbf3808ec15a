//! A run from its first decision to its last word: signals in, events out, questions asked, the report left behind.

use std::io::{self, BufRead as _};
use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Runtime;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::MissedTickBehavior;

use super::junit::JunitFile;
use super::listen::{Listener, Told};
use super::{CliError, Exit, Session, TraceOf, leave};
use crate::console::{Doing, Progress};
use crate::dispatch::{self, Ending, Glimpse, Link, Opened, Order, Question, Sight};
use crate::event::{Decision, Event};
use crate::report::{Facts, Liveness};
use crate::run::Phase;
use crate::store::RunDir;
use crate::sys::{clock, machine};
use crate::text;

/// How long what was said may still take to be read after a second signal.
const PATIENCE: Duration = Duration::from_secs(1);
/// How often what is going on is drawn, at most.
const TICK: Duration = Duration::from_millis(100);
/// Glimpses that wait to be seen; further ones are lost.
const GLIMPSES: usize = 256;

/// Runs what was opened to its end and leaves its report, in the file that `junit` names as well. `before` are the events
/// of earlier processes.
pub(super) async fn drive(
    session: &Session,
    opened: Opened,
    before: Arc<Vec<Event>>,
    listener: Listener,
    junit: Option<&JunitFile>,
) -> Result<Exit, CliError> {
    let Opened { state, journal, work, lock, events, notes } = opened;
    for note in &notes {
        session.console.note(note);
    }
    let of = TraceOf { trace_id: work.trace.clone(), run: state.run.clone() };
    if let Err(error) = session.trace.attach(&work.dir.trace(), of) {
        session.console.warn(&format!("diagnostics are not kept: {error}"));
    }
    let (show, shown) = mpsc::unbounded_channel();
    let (ask, asked) = mpsc::unbounded_channel();
    let questions = session.can_ask().then_some(ask);
    let Told { orders, suspensions } = listener.attach();
    let given_up = gives_up(orders.clone());
    let mut after = orders.clone();
    let (glimpse, glimpses) = mpsc::channel(GLIMPSES);
    let desk = Desk { shown, glimpses, asked, terminal: ask_on_terminal(session) };
    // Where nothing is drawn nobody looks, and looking costs nothing.
    let can_draw = session.console.could_draw();
    let link = Link { events: show, orders, suspensions, questions, glimpses: can_draw.then_some(glimpse) };
    let dir = work.dir.clone();
    // In a thread of its own: whoever does not read what it says holds up neither the run nor its end.
    let runtime = tokio::runtime::Handle::current();
    let console = session.console.clone();
    let telling = tokio::task::spawn_blocking(move || {
        // What earlier processes did is summed up beside the run, which needs none of it to go on.
        let mut progress = Progress::resumed(console, &before);
        progress.begin_drawing(&before);
        drop(before);
        runtime.block_on(tell(progress, desk))
    });
    let ended = on_a_thread(dispatch::drive(state, journal, Arc::clone(&work), link, events)).await?;
    // Whatever was ordered so far was about the run itself.
    after.borrow_and_update();
    let progress = tokio::select! {
        told = telling => told.map_err(|error| CliError::internal(&error))?,
        () = given_up => {
            // All of it is on record; `runs report` makes what is not written here.
            session.console.abandon();
            return Ok(ended.map_or_else(|error| CliError::from(error).exit(), |ending| exit_of(&ending)));
        }
    };
    let ending = ended.map_err(|error| {
        tell_ci(session, junit, &progress);
        leads_on(session, &dir, error.into())
    })?;
    let left = tokio::select! {
        left = leave::report(session, &work, &ending.state, &progress) => left.map_err(|error| leads_on(session, &dir, error)),
        signalled = signalled(after) => Err(signalled.hint(format!(
            "everything is recorded: `orchestra runs show {}{}` shows it", run_name(&dir), session.called()
        ))),
    };
    let results = left.inspect_err(|_| tell_ci(session, junit, &progress))?;
    drop(listener);
    let written = junit.map_or(Ok(()), |file| file.write(&results));
    drop(lock);
    let exit = exit_of(&ending);
    if exit == Exit::Success
        && let Some(spaces) = work.hands.space.isolated()
        && let Err(error) = spaces.remove()
    {
        // All of it is in the shadow repository; what stays is only room on a disk.
        tracing::warn!(%error, "the workspaces could not be removed");
    }
    if let Ok(work) = Arc::try_unwrap(work) {
        work.hands.supervisors.shutdown().await;
    }
    written.map(|()| exit)
}

/// Waits for a signal that comes after the run's end.
async fn signalled(mut orders: watch::Receiver<Order>) -> CliError {
    let signal = loop {
        if orders.changed().await.is_err() {
            std::future::pending::<()>().await;
        }
        match *orders.borrow_and_update() {
            Order::GoOn => {}
            Order::Stop(signal) | Order::Kill(signal) => break signal,
        }
    };
    CliError::new(signal.into(), format!("ended by {} before the report was written", signal.name()))
}

/// Does the work on a thread of its own. The loop, its workers and what they wait for are together on it: what they say to
/// each other wakes no other thread.
async fn on_a_thread<T: Send + 'static>(work: impl Future<Output = T> + Send + 'static) -> Result<T, CliError> {
    let (done, output) = oneshot::channel();
    let thread = std::thread::Builder::new().name("run".to_owned()).spawn(move || {
        // Made there: one that is given up here, for want of a thread, could not be dropped where others wait.
        let output = runtime_of_a_run().map(|runtime| {
            let output = runtime.block_on(work);
            runtime.shutdown_background();
            output
        });
        // Nobody waits any more for the end of a run that was given up.
        drop(done.send(output));
    });
    let short = |error| CliError::internal(&error).what_for("cannot start the thread that the run needs");
    thread.map_err(short)?;
    // Without an answer it has panicked, and has said so.
    output.await.map_err(|error| CliError::internal(&error))?.map_err(short)
}

/// One thread for what blocks is there from the beginning and stays: tasks may start so many processes that there is no
/// further one to be had, and what blocks then waits for this one, where it would be a panic without any.
fn runtime_of_a_run() -> io::Result<Runtime> {
    const NEVER: Duration = Duration::from_secs(365 * 24 * 60 * 60);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().thread_keep_alive(NEVER).build()?;
    machine::try_threads(1)?;
    runtime.block_on(runtime.spawn_blocking(|| ()))?;
    Ok(runtime)
}

/// What CI is told of a run that could not be brought to its end.
fn tell_ci(session: &Session, junit: Option<&JunitFile>, progress: &Progress) {
    let facts = Facts { liveness: Liveness::Gone, diff: None, called: session.called() };
    if let Some(Err(error)) = junit.map(|file| file.write_of(progress.summary(), &facts)) {
        tracing::warn!(%error, "the results for CI could not be written");
    }
}

/// The error with the way to go on.
fn leads_on(session: &Session, dir: &RunDir, error: CliError) -> CliError {
    let go_on = format!("go on with `orchestra resume {}{}`", run_name(dir), session.called());
    if error.exit() == Exit::Records {
        let advice = error.in_short().1.unwrap_or("see that the disk has room").to_owned();
        error.hint(format!("what was recorded is kept: {advice}, then {go_on}"))
    } else {
        error.or_hint(go_on)
    }
}

/// The name of a run, as it is typed.
pub(super) fn run_name(dir: &RunDir) -> String {
    dir.root().file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

fn exit_of(ending: &Ending) -> Exit {
    match &ending.state.phase {
        Phase::Finished(verdict) => (*verdict).into(),
        Phase::Stopped(cause) => Exit::from_code(cause.exit()),
        Phase::Planning { .. } | Phase::Executing => Exit::Internal,
    }
}

/// Returns a moment after a second signal: whoever sends one waits for no reader.
async fn gives_up(mut orders: watch::Receiver<Order>) {
    if orders.wait_for(|order| matches!(order, Order::Kill(_))).await.is_err() {
        std::future::pending::<()>().await;
    }
    tokio::time::sleep(PATIENCE).await;
}

/// What comes from the run to people.
struct Desk {
    shown: mpsc::UnboundedReceiver<Event>,
    glimpses: mpsc::Receiver<Glimpse>,
    asked: mpsc::UnboundedReceiver<Question>,
    terminal: mpsc::UnboundedSender<Question>,
}

/// Shows every event as it becomes durable, and a question after what it is about; gives the progress back when the run
/// has ended.
async fn tell(mut progress: Progress, mut desk: Desk) -> Progress {
    let mut ticks = tokio::time::interval(TICK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let event = tokio::select! {
            biased;
            event = desk.shown.recv() => event,
            Some(question) = desk.asked.recv() => {
                // Its sender drops the answer too when the terminal is gone.
                drop(desk.terminal.send(question));
                continue;
            }
            _ = ticks.tick(), if !desk.glimpses.is_closed() => {
                progress.draw(clock::now());
                continue;
            }
            Some(glimpse) = desk.glimpses.recv() => {
                look(&mut progress, glimpse);
                continue;
            }
        };
        let Some(event) = event else {
            progress.end_drawing();
            return progress;
        };
        if let Err(error) = progress.event(&event) {
            tracing::error!(%error, seq = event.seq, "an event could not be shown");
        }
    }
}

fn look(progress: &mut Progress, glimpse: Glimpse) {
    let doing = match glimpse.sight {
        Sight::Output(line) => {
            if let Some(task) = &glimpse.task {
                progress.heard(task, line);
            }
            return;
        }
        Sight::Preparing => Doing::Preparing,
        Sight::Working => Doing::Working,
        Sight::Asking(model) => Doing::Asking(model),
        Sight::Checking(check) => Doing::Checking(check),
        Sight::CheckingBase(check) => Doing::CheckingBase(check),
    };
    progress.glimpse(glimpse.task.as_ref(), doing, clock::now());
}

/// A thread that asks on the terminal, one question at a time. It ends with the process: a read cannot be taken back.
fn ask_on_terminal(session: &Session) -> mpsc::UnboundedSender<Question> {
    let (questions, mut asked) = mpsc::unbounded_channel::<Question>();
    let console = session.console.clone();
    std::thread::spawn(move || {
        while let Some(question) = asked.blocking_recv() {
            let asked = words_of(&question);
            console.make_room();
            let decision = loop {
                console.ask(&format!("{asked} [y/n] "));
                let mut line = String::new();
                match io::stdin().lock().read_line(&mut line) {
                    Ok(0) | Err(_) => {
                        // The line of the question has no end.
                        console.note("");
                        break None;
                    }
                    Ok(_) => {}
                }
                match line.trim().to_ascii_lowercase().as_str() {
                    "y" | "yes" => break Some(Decision::Approve),
                    "n" | "no" => break Some(Decision::Reject),
                    other => console.note(&format!("`{}` is neither yes nor no", text::printable(other, 40))),
                }
            };
            console.go_on();
            if let Some(decision) = decision {
                // The run may have ended meanwhile; then nobody waits for the answer.
                let _ = question.answer.send(decision);
            }
        }
    });
    questions
}

fn words_of(question: &Question) -> String {
    match (&question.task, question.interrupted) {
        (None, _) => "run this plan?".to_owned(),
        (Some(task), None) => format!("run task `{task}`?"),
        (Some(task), Some(attempt)) => format!("attempt {attempt} of task `{task}` was interrupted; run it again?"),
    }
}
