//! Build tools on the same graphs. They keep no journal and look after nothing, but a person who has one wonders.

use std::error::Error;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::Command;

use super::programs::{Programs, find};
use super::shapes::Graph;

/// One that is compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Peer {
    Ninja,
    Make,
}

impl Peer {
    pub fn name(self) -> &'static str {
        match self {
            Self::Ninja => "ninja",
            Self::Make => "make",
        }
    }

    /// Those that are installed. One that is missing is missed loudly.
    pub fn installed() -> Vec<Self> {
        let (there, missing): (Vec<Self>, Vec<Self>) =
            [Self::Ninja, Self::Make].into_iter().partition(|peer| find(peer.name()).is_ok());
        for peer in missing {
            let name = peer.name();
            eprintln!("!!! {name} IS MISSING: nothing is compared with it. Install it with `just bench-peers`.");
        }
        there
    }

    /// Writes the graph as this tool's file into `folder`; each task is carried out by the command for its number, which
    /// makes the file that is named after the task, or none.
    pub fn write(self, graph: Graph, folder: &Path, command: impl Fn(usize) -> String) -> io::Result<()> {
        let mut file = BufWriter::new(File::create(folder.join(self.file()))?);
        let named =
            |tasks: Vec<usize>| tasks.iter().fold(String::new(), |all, task| all + " out/t" + &task.to_string());
        let all = named((0..graph.tasks).collect());
        match self {
            Self::Ninja => writeln!(file, "rule task\n  command = $run\n  description = $out")?,
            Self::Make => writeln!(file, "all:{all}")?,
        }
        for task in 0..graph.tasks {
            let (deps, run) = (named(graph.shape.deps(graph.tasks, task)), command(task));
            match self {
                Self::Ninja => writeln!(file, "build out/t{task}: task{deps}\n  run = {run}")?,
                Self::Make => writeln!(file, "out/t{task}:{deps}\n\t@{run}")?,
            }
        }
        if self == Self::Ninja {
            writeln!(file, "build all: phony{all}\ndefault all")?;
        }
        std::fs::create_dir_all(folder.join("out"))?;
        file.flush()
    }

    fn file(self) -> &'static str {
        match self {
            Self::Ninja => "build.ninja",
            Self::Make => "Makefile",
        }
    }

    /// Carries out what was written into `folder`.
    pub fn build(self, programs: &Programs, folder: &Path, jobs: usize) -> Result<Command, Box<dyn Error>> {
        let mut command = programs.settled(&find(self.name())?);
        command.current_dir(folder).arg(format!("-j{jobs}"));
        command.arg(match self {
            Self::Ninja => "--quiet",
            Self::Make => "--silent",
        });
        Ok(command)
    }
}

/// A folder with the graph in it as `peer` reads it, whose commands are all `nothing`.
pub fn idle(peer: Peer, graph: Graph, programs: &Programs, nothing: &Path) -> Result<PathBuf, Box<dyn Error>> {
    let folder = programs.new_folder()?;
    peer.write(graph, &folder, |_| nothing.display().to_string())?;
    Ok(folder)
}
