//! How soon a run that was killed halfway goes on, and what of it is done twice.

use std::collections::HashSet;
use std::error::Error;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread::sleep;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use super::measure::{Pairs, start};
use super::peers::Peer;
use super::programs::Programs;
use super::runs::{Project, Setup, Sync};
use super::shapes::{Graph, Shape};
use super::table::{Aim, Table, Unit};

const TASKS: usize = 10_000;
const JOBS: usize = 2;
/// Times that it is gone on with; all but the last end in another kill.
const ROUNDS: usize = 7;
/// Tasks that are let run before such a kill.
const LET_RUN: u64 = 40;
/// The length of a line of the log.
const LINE: u64 = 40;
/// The longest that anything may take.
const PATIENCE: Duration = Duration::from_secs(300);

/// A run of ours and of each peer, killed at half of its tasks, gone on with several times, and brought to its end.
pub fn measure(programs: &Programs) -> Result<Table, Box<dyn Error>> {
    let peers = Peer::installed();
    let mut sides = vec![Side::ours(programs)?];
    for peer in &peers {
        sides.push(Side::of(*peer, programs)?);
    }
    for side in &mut sides {
        side.until_half(programs)?;
    }
    let rounds = programs.rounds(ROUNDS);
    for round in 1..=rounds {
        for side in &mut sides {
            let until = if round == rounds { Until::End } else { Until::Stamps(LET_RUN) };
            side.go_on(programs, until)?;
        }
    }
    let mut table = Table::new("A run of 10,000 tasks that was killed at half of them");
    let ours = &sides[0];
    table.figure("until the first new task starts", &ours.first, (Unit::Seconds, Aim::AtMost(0.030)));
    for (peer, side) in peers.iter().zip(&sides[1..]) {
        let mut pairs = Pairs::default();
        ours.first.iter().zip(&side.first).for_each(|(ours, theirs)| pairs.push(*ours, *theirs));
        let name = format!("`{} -j{JOBS}`", peer.name());
        table.row("until the first new task starts", &name, &pairs, (Unit::Seconds, Aim::AtMost(1.0)));
    }
    table.figure("finished tasks run again, all times together", &[ours.again()], (Unit::Number, Aim::AtMost(0.0)));
    for (peer, side) in peers.iter().zip(&sides[1..]) {
        let name = format!("the same of `{} -j{JOBS}`", peer.name());
        table.figure(&name, &[side.again()], (Unit::Number, Aim::None));
    }
    Ok(table)
}

fn graph(programs: &Programs) -> Graph {
    Graph { shape: Shape::Layered, tasks: programs.size(TASKS) }
}

/// How far it is let go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Until {
    Stamps(u64),
    End,
}

/// One of those that are compared.
struct Side {
    graph: Graph,
    /// What begins, and what goes on.
    commands: [Command; 2],
    log: PathBuf,
    recorded: Recorded,
    /// Seconds from each start to its first task.
    first: Vec<f64>,
    again: u32,
}

/// Where it is on record what is finished.
enum Recorded {
    Journal(PathBuf),
    Outputs(PathBuf),
}

impl Side {
    fn ours(programs: &Programs) -> Result<Self, Box<dyn Error>> {
        let graph = graph(programs);
        let plan = programs.folder().join(graph.file("json"));
        graph.write_plan(&plan)?;
        let log = programs.folder().join("stamps-orchestra");
        let mut setup = Setup::of(&programs.floor_path("stamp"), Sync::Power);
        setup.argv.push(log.display().to_string());
        let project = Project::new(programs, &setup)?;
        let commands = [project.run(programs, &plan, JOBS), project.resume(programs)];
        Ok(Self { graph, commands, log, recorded: Recorded::Journal(project.journal()), first: Vec::new(), again: 0 })
    }

    fn of(peer: Peer, programs: &Programs) -> Result<Self, Box<dyn Error>> {
        let graph = graph(programs);
        let folder = programs.new_folder()?;
        let log = programs.folder().join(format!("stamps-{}", peer.name()));
        let stamp = format!("{} {}", programs.floor_path("stamp").display(), log.display());
        peer.write(graph, &folder, |task| format!("{stamp} t{task} out/t{task}"))?;
        let commands = [peer.build(programs, &folder, JOBS)?, peer.build(programs, &folder, JOBS)?];
        Ok(Self { graph, commands, log, recorded: Recorded::Outputs(folder.join("out")), first: Vec::new(), again: 0 })
    }

    fn until_half(&mut self, programs: &Programs) -> Result<(), Box<dyn Error>> {
        let mut child = start(&mut self.commands[0], &programs.complaints())?;
        self.wait_for(self.graph.tasks as u64 / 2, &mut child, programs)?;
        self.kill(&mut child)
    }

    fn go_on(&mut self, programs: &Programs, until: Until) -> Result<(), Box<dyn Error>> {
        let done = self.recorded.read()?;
        let before = self.stamps();
        let began = SystemTime::now().duration_since(UNIX_EPOCH)?;
        let mut child = start(&mut self.commands[1], &programs.complaints())?;
        match until {
            Until::Stamps(some) => {
                self.wait_for(before + some, &mut child, programs)?;
                self.kill(&mut child)?;
            }
            Until::End => {
                let ended = child.wait()?;
                if !ended.success() {
                    return Err(std::fs::read_to_string(programs.complaints())?.into());
                }
            }
        }
        let stamps = read_from(&self.log, before)?;
        let first = stamps.iter().map(|(_, at)| *at).min().ok_or("nothing was run")?;
        self.first.push(first.saturating_sub(began).as_secs_f64());
        self.again += stamps.iter().map(|(task, _)| u32::from(done.contains(task))).sum::<u32>();
        Ok(())
    }

    /// What ends by itself after a kill has its time to.
    fn kill(&self, child: &mut std::process::Child) -> Result<(), Box<dyn Error>> {
        child.kill()?;
        child.wait()?;
        let mut before = None;
        while before.replace(self.stamps()) != Some(self.stamps()) {
            sleep(Duration::from_millis(200));
        }
        Ok(())
    }

    fn wait_for(
        &self,
        stamps: u64,
        child: &mut std::process::Child,
        programs: &Programs,
    ) -> Result<(), Box<dyn Error>> {
        let since = Instant::now();
        while self.stamps() < stamps {
            if child.try_wait()?.is_some() || since.elapsed() > PATIENCE {
                return Err(
                    format!("it did not come to half\n{}", std::fs::read_to_string(programs.complaints())?).into()
                );
            }
            sleep(Duration::from_millis(1));
        }
        Ok(())
    }

    fn stamps(&self) -> u64 {
        std::fs::metadata(&self.log).map_or(0, |log| log.len() / LINE)
    }

    fn again(&self) -> f64 {
        f64::from(self.again)
    }
}

impl Recorded {
    fn read(&self) -> Result<HashSet<String>, Box<dyn Error>> {
        match self {
            Self::Outputs(folder) => {
                let names =
                    std::fs::read_dir(folder)?.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()));
                names.collect()
            }
            Self::Journal(path) => {
                let journal = std::fs::read_to_string(path)?;
                let ended = journal.lines().filter(|line| line.contains(r#""kind":"task.succeeded""#));
                ended
                    .map(|line| {
                        let event: serde_json::Value = serde_json::from_str(line)?;
                        Ok(event["task"].as_str().ok_or("a success without a task")?.to_owned())
                    })
                    .collect()
            }
        }
    }
}

/// The stamps behind the first so many: whose, and when.
fn read_from(log: &Path, before: u64) -> Result<Vec<(String, Duration)>, Box<dyn Error>> {
    let mut file = std::fs::File::open(log)?;
    file.seek(SeekFrom::Start(before * LINE))?;
    let mut text = String::new();
    file.read_to_string(&mut text)?;
    let stamp = |line: &str| -> Result<(String, Duration), Box<dyn Error>> {
        let (task, at) = line.split_once(' ').ok_or("no stamp")?;
        Ok((task.to_owned(), Duration::from_nanos(at.trim().parse()?)))
    };
    text.lines().map(stamp).collect()
}
