//! The floor under a run: starts a command so many times, so many at a time, and waits for each. Nothing is recorded,
//! read, limited or looked after.

use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args_os().skip(1);
    let mut number = || args.next().and_then(|arg| arg.to_str()?.parse::<usize>().ok());
    let (times, jobs) = (number().ok_or("how often?")?, number().ok_or("how many at a time?")?);
    let program = args.next().ok_or("which program?")?;
    let begun = AtomicUsize::new(0);
    let work = || -> std::io::Result<()> {
        while begun.fetch_add(1, Ordering::Relaxed) < times {
            Command::new(&program).spawn()?.wait()?;
        }
        Ok(())
    };
    let ended: std::io::Result<()> = std::thread::scope(|scope| {
        // This thread is one of them, so that one at a time needs no other.
        let others: Vec<_> = (1..jobs).map(|_| scope.spawn(work)).collect();
        let mine = work();
        let joined = others.into_iter().map(|other| other.join());
        joined.map(|other| other.unwrap_or_else(|panic| std::panic::resume_unwind(panic))).chain([mine]).collect()
    });
    Ok(ended?)
}
