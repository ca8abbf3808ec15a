//! A task that says much: `flood MEBIBYTES`, in lines.

use std::io::Write;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mebibytes: usize = std::env::args().nth(1).ok_or("how much?")?.parse()?;
    let line = "a line that nobody reads, one of a great many that all say the same\n";
    let block = line.repeat((1 << 16) / line.len());
    let mut left = mebibytes << 20;
    let mut out = std::io::stdout().lock();
    while left > 0 {
        let piece = &block.as_bytes()[..block.len().min(left)];
        out.write_all(piece)?;
        left -= piece.len();
    }
    Ok(())
}
