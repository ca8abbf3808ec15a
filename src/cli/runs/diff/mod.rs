//! `runs diff`: in what two runs differ. Each side is read from its own directory; neither has to be finished.

mod patch;
mod plan;
mod settings;
mod shown;
mod side;

use super::super::args::DiffArgs;
use super::super::error::CliError;
use super::super::session::Session;
use super::super::which::named;
use side::Side;

pub(super) fn diff(session: &Session, args: &DiffArgs) -> Result<(), CliError> {
    let runs = session.config_of_runs(&args.runs)?.config.runs.dir;
    let side = |name: &str| Side::read(named(session, &runs, name)?, session);
    let difference = Difference::of(&side(&args.a)?, &side(&args.b)?);
    if session.is_for_programs() {
        return session.document(&difference.json(args.patch));
    }
    for line in difference.lines() {
        session.console.line(&line);
    }
    if args.patch {
        session.console.data(&difference.patch.text());
    }
    Ok(())
}

/// All in which two runs differ.
struct Difference {
    a: side::Numbers,
    b: side::Numbers,
    settings: Vec<settings::Setting>,
    plan: plan::PlanDiff,
    tasks: Vec<side::TaskPair>,
    patch: patch::PatchDiff,
}

impl Difference {
    fn of(a: &Side, b: &Side) -> Self {
        Self {
            a: a.numbers(),
            b: b.numbers(),
            settings: settings::compare(&a.settings, &b.settings),
            plan: plan::compare(a.plan.as_ref(), b.plan.as_ref()),
            tasks: side::pairs(a, b),
            patch: patch::compare(&a.patch, &b.patch),
        }
    }
}
