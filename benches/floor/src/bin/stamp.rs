//! A task of no work that leaves a trace: one line of its name and the time, and the file that it is asked to make.
//!
//! `stamp LOG [NAME FILE]`; as an agent its name is that of its task.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::time::{SystemTime, UNIX_EPOCH};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_nanos();
    let mut args = std::env::args().skip(1);
    let log = args.next().ok_or("where is it to be written?")?;
    let name = args.next().map_or_else(|| std::env::var("ORCHESTRA_TASK_ID"), Ok)?;
    // All lines are of one length, so that whoever waits for some of them looks at the size alone.
    let line = format!("{name:12} {now:26}\n");
    OpenOptions::new().append(true).create(true).open(log)?.write_all(line.as_bytes())?;
    if let Some(file) = args.next() {
        File::create(file)?;
    }
    Ok(())
}
