//! A long journal, taken apart by all processors: each takes the next lines as soon as it has done with its last ones. A
//! resume starts nothing before it knows them all.

use std::sync::{Mutex, PoisonError};
use std::thread;

use super::StoreError;
use super::read::{Origin, Reader};
use crate::event::Event;
use crate::sys::machine;

/// Bytes of lines that are worth a thread's while.
const ENOUGH: usize = 128 << 10;
/// With more threads than this, finding the lines is what takes the time.
const MOST_HELPERS: usize = 7;

/// What became of some lines.
struct Piece {
    /// The number of the first of them; behind all others what came after the last.
    first: u64,
    events: Result<Vec<Event>, StoreError>,
}

/// The events of a journal, of which the first was read. Errors come as if all had been read one after the other.
pub(super) fn parse(reader: &mut Reader, first: Event) -> Result<Vec<Event>, StoreError> {
    let origin = reader.origin();
    let helpers = if reader.is_longer_than(ENOUGH) { (machine::cpus() - 1).min(MOST_HELPERS) } else { 0 };
    let supply = Mutex::new(reader);
    let mut pieces = thread::scope(|scope| {
        // Where no further thread is allowed, fewer do it.
        let help = |_| thread::Builder::new().spawn_scoped(scope, || work(&supply, &origin)).ok();
        let helpers: Vec<_> = (0..helpers).filter_map(help).collect();
        let mut pieces = work(&supply, &origin);
        for helper in helpers {
            pieces.append(&mut helper.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        }
        pieces
    });
    pieces.sort_unstable_by_key(|piece| piece.first);
    let pieces = pieces.into_iter().map(|piece| piece.events).collect::<Result<Vec<_>, _>>()?;
    let mut events = Vec::with_capacity(1 + pieces.iter().map(Vec::len).sum::<usize>());
    events.push(first);
    for mut piece in pieces {
        events.append(&mut piece);
    }
    Ok(events)
}

/// Takes lines, and takes them apart, as long as there are any.
fn work(supply: &Mutex<&mut Reader>, origin: &Origin) -> Vec<Piece> {
    let (mut pieces, mut lines) = (Vec::new(), Vec::new());
    loop {
        let next = supply.lock().unwrap_or_else(PoisonError::into_inner).sound_lines(&mut lines, ENOUGH);
        match next {
            Ok(Some(first)) => pieces.push(Piece { first, events: events(origin, first, &lines) }),
            Ok(None) => return pieces,
            Err(error) => {
                pieces.push(Piece { first: u64::MAX, events: Err(error) });
                return pieces;
            }
        }
    }
}

fn events(origin: &Origin, first: u64, lines: &[u8]) -> Result<Vec<Event>, StoreError> {
    /// A usual line is longer.
    const SHORT: usize = 256;
    let mut events = Vec::with_capacity(lines.len().min(ENOUGH) / SHORT);
    for (number, line) in (first..).zip(lines.split_inclusive(|byte| *byte == b'\n')) {
        events.push(origin.event(line.strip_suffix(b"\n").unwrap_or(line), number)?);
    }
    Ok(events)
}
