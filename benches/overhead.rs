//! What a run costs beyond the commands that it runs.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use super::check::{thousands, write_plan};
use super::measure::{Pairs, run};
use super::programs::Programs;
use super::table::{Aim, Table, Unit};

/// Tasks, jobs, rounds.
const CASES: [(usize, usize, usize); 3] = [(1_000, 1, 9), (1_000, 2, 9), (10_000, 2, 1)];
/// The command that does nothing.
const NOTHING: &str = "true";

const CONFIG: &str = r#"version: 1
agents: {nothing: {command: {argv: ["true"], parser: text}}}
roles: {implement: nothing}
workspace: {mode: in-place}
verify: {unchecked: allow}
journal: {sync: power}
limits: {launches: 100000, plan_tasks: 100000, plan_bytes: 100000000}
"#;

/// A plan of tasks whose agent does nothing, beside a loop that starts the same command as often and waits for it.
pub fn measure(programs: &Programs) -> Result<Table, Box<dyn Error>> {
    let nothing = find(NOTHING)?;
    let config = programs.folder().join("config.yaml");
    std::fs::write(&config, CONFIG)?;
    let plan = |tasks: usize| programs.folder().join(format!("{tasks}.json"));
    for tasks in [1_000, 10_000] {
        write_plan(&plan(tasks), tasks)?;
    }
    let mut measured: Vec<Pairs> = CASES.iter().map(|_| Pairs::default()).collect();
    let most = CASES.iter().map(|(_, _, rounds)| *rounds).max().unwrap_or(0);
    for round in 0..most {
        for ((tasks, jobs, rounds), pairs) in CASES.iter().zip(&mut measured) {
            if round < *rounds {
                let floor = spawn_and_wait(&nothing, *tasks, *jobs)?;
                let ours = whole_run(programs, &config, &plan(*tasks), *jobs)?;
                pairs.push(ours, floor);
            }
        }
    }
    let mut table = Table::new("A run whose tasks do nothing", "the same commands in a loop");
    for ((tasks, jobs, _), pairs) in CASES.iter().zip(&measured) {
        let name = format!("{} tasks, `--jobs {jobs}`", thousands(*tasks));
        table.row(&name, pairs, Unit::Seconds, Aim::AtMost(2.5));
    }
    Ok(table)
}

fn whole_run(programs: &Programs, config: &Path, plan: &Path, jobs: usize) -> Result<f64, Box<dyn Error>> {
    let project = tempfile::tempdir_in(programs.folder())?;
    let mut command = programs.orchestra();
    command.current_dir(project.path()).args(["run", "--quiet", "--jobs", &jobs.to_string(), "--plan"]);
    command.arg(plan).arg("--config").arg(config).arg("-C").arg(project.path());
    Ok(run(&mut command, &programs.complaints())?.wall.as_secs_f64())
}

/// Starts the command so many times, `jobs` at a time, and waits for each: nothing is recorded, read or limited.
fn spawn_and_wait(program: &Path, times: usize, jobs: usize) -> Result<f64, Box<dyn Error>> {
    let begun = AtomicUsize::new(0);
    let started = Instant::now();
    let work = || -> std::io::Result<()> {
        while begun.fetch_add(1, Ordering::Relaxed) < times {
            let mut command = Command::new(program);
            command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn()?.wait()?;
        }
        Ok(())
    };
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..jobs).map(|_| scope.spawn(work)).collect();
        workers
            .into_iter()
            .try_for_each(|worker| worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
    })?;
    Ok(started.elapsed().as_secs_f64())
}

fn find(name: &str) -> Result<PathBuf, Box<dyn Error>> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path).map(|folder| folder.join(name)).find(|program| program.is_file());
    found.ok_or_else(|| format!("`{name}` is not in PATH").into())
}
