//! `--jobs auto`: how many tasks at a time, chosen by machine and plan.

use super::Session;
use crate::config::{Config, Jobs};
use crate::event::Terms;
use crate::plan::Plan;
use crate::report::words;
use crate::run::{Chosen, Means, choose_jobs};
use crate::sys::machine;

/// Where `run.jobs` is `auto`: chooses how many tasks of this plan go at a time, and says what decided it.
pub(super) fn settle(session: &Session, config: &Config, terms: &mut Terms, plan: Option<&Plan>) {
    match config.run.jobs {
        Jobs::Count(_) => {}
        Jobs::Auto => {
            let means = Means { processors: machine::cpus(), memory: machine::free_memory() };
            let Chosen { jobs, why } = match plan {
                Some(plan) => choose_jobs(plan, terms.in_place, means),
                None => Chosen { jobs: 1, why: "there is no plan yet".to_owned() },
            };
            let tasks = words::count(jobs, "task");
            session.console.note(&format!("`--jobs auto`: {tasks} at a time ({why})"));
            (terms.jobs, terms.jobs_why) = (jobs, Some(why));
        }
    }
}
