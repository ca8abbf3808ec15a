//! What orchestra costs beside the least that a program of its kind can cost: `just bench`, or a part of it,
//! `just bench startup`. Prints a table and writes it into `docs/performance.md`.
//!
//! Every round runs all that is compared, one after the other, so that a busy moment of the machine hits both sides. What
//! counts is the median of the rounds' ratios.
#![expect(clippy::disallowed_methods, reason = "a program of its own, outside the rooms")]
#![expect(clippy::disallowed_types, reason = "starts what it measures")]
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "its table is its output")]

mod billed;
mod check;
mod growth;
mod machine;
mod makespan;
mod measure;
mod models;
mod overhead;
mod peers;
mod programs;
mod provider;
mod resume;
mod runs;
mod shapes;
mod startup;
mod table;

use std::error::Error;
use std::process::ExitCode;

use programs::{Extent, Programs};
use table::Table;

const USAGE: &str = "\
usage: just bench [PART]... [--no-write] [--quick]

Parts, all when none is named:
  startup    `orchestra --help` beside a command line that can hardly do less
  check      `plan check` of 1,000 to 1,000,000 tasks beside parsing and sorting them
  overhead   1,000 and 10,000 tasks of no work beside starting their commands in a loop, and beside ninja and make
  growth     what a task costs when another prints much, or the plan is large
  resume     how soon a run of 10,000 tasks goes on that was killed at half of them, beside ninja and make
  makespan   tasks that sleep, at 2, 4 and 8 jobs, beside an ideal run
  models     tokens that are billed, what a request takes, and the memory of a long conversation

--no-write   leave docs/performance.md as it is
--quick      once, and a tenth as large: to see that it works; writes nothing";

type Part = fn(&Programs) -> Result<Table, Box<dyn Error>>;
const PARTS: [(&str, Part); 7] = [
    ("startup", startup::measure),
    ("check", check::measure),
    ("overhead", overhead::measure),
    ("growth", growth::measure),
    ("resume", resume::measure),
    ("makespan", makespan::measure),
    ("models", models::measure),
];

fn main() -> ExitCode {
    let mut asked: Vec<String> = std::env::args().skip(1).collect();
    if let [models::BARE, folder, url] = asked.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        return ended(models::send_bare(folder.as_ref(), url));
    }
    if !asked.iter().any(|argument| argument == "--bench") {
        // `cargo test --benches` starts it too, and measures nothing.
        eprintln!("nothing is measured without `cargo bench`");
        return ExitCode::SUCCESS;
    }
    asked.retain(|argument| argument != "--bench");
    ended(figures(&asked))
}

fn ended(result: Result<(), Box<dyn Error>>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn figures(asked: &[String]) -> Result<(), Box<dyn Error>> {
    let (flags, names): (Vec<&String>, Vec<&String>) = asked.iter().partition(|argument| argument.starts_with('-'));
    let known = |name: &&&String| PARTS.iter().any(|(part, _)| part == **name);
    let extent = if flags.iter().any(|flag| *flag == "--quick") { Extent::Quick } else { Extent::Full };
    if flags.iter().any(|flag| !["--no-write", "--quick"].contains(&flag.as_str()))
        || !names.iter().all(|name| known(&name))
    {
        return Err(USAGE.into());
    }
    let programs = Programs::build(extent)?;
    for (name, part) in PARTS.iter().filter(|(name, _)| names.is_empty() || names.iter().any(|asked| asked == name)) {
        eprintln!("measuring {name} …");
        let table = part(&programs)?;
        println!("\n{}", table.text());
        if flags.is_empty() {
            table.write(name)?;
        }
    }
    println!("{}", machine::line(programs.folder()));
    Ok(())
}
